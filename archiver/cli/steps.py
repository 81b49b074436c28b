"""What `archiver setup` does, step by step; each step can be printed instead of done."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from archiver import config
from archiver.cli import settings
from archiver.cli.context import Context
from archiver.cli.meeting import init
from archiver.cli.scheduling import planned, schedule

if TYPE_CHECKING:
    from archiver.schedule import Schedule

NEVER = "never"
NONE = "none"
"""Answers to how often, and how to be notified."""

PLACES = ("db", "warc", "keep-local")
"""Options before `setup` that go into the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupAnswers:
    """The answers given."""

    blog: str
    every: str
    """As `parse_duration` reads it, or NEVER."""
    notify: dict[str, Any] | None
    """New settings of `archiver notify`; None if the present ones stay."""
    reader: bool


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step."""

    said: str
    """What it is, in words."""
    printed: str
    """The same for doing it by hand: a file with its name before it, or a command."""
    do: Callable[[], list[str]]
    """Does it; returns lines on what is left to do by hand."""


def steps(root: click.Context, answers: SetupAnswers, by: str | None) -> Iterator[SetupStep]:
    """Yield the steps, in an order that leaves nothing half done that would run by itself."""
    obj: Context = root.obj
    own, users = settings.files(obj.home)
    if text := _own_settings(root, answers, by):
        yield from _settings(root.command, own, text)
    if found_home() is None:
        yield from _settings(root.command, users, f"home = {_toml(str(obj.home))}\n")
    if answers.blog != obj.site().profile.address:
        yield _meeting(root, answers.blog)
    if by:
        yield from _schedule(root, answers.every, by)
    yield from _reader(obj, answers.reader)


def _own_settings(root: click.Context, answers: SetupAnswers, by: str | None) -> str:
    """Return the settings file that the answers give, in tables."""
    places = {name: root.params[name.replace("-", "_")] for name in PLACES if given(root, name)}
    lines = [f"{name} = {_toml(str(value))}" for name, value in places.items()]
    if answers.every != NEVER and by:
        lines += ["", f"[schedule.{by}]", f"every = {_toml(answers.every)}"]
    if answers.notify:
        lines += ["", "[notify]", *(f"{name} = {_toml(value)}" for name, value in answers.notify.items())]
    return "\n".join(lines).strip() + "\n" if lines else ""


def _toml(value: Any) -> str:
    """Return a value in TOML, whose strings and lists of strings are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


_ABOUT = "# Settings: `archiver config --all` lists what can be set here, and what applies.\n\n"


def _settings(command: click.Command, file: Path, text: str) -> Iterator[SetupStep]:
    """Yield the step that writes a settings file; for an existing one, what would have to be added by hand."""
    import tomllib

    wanted, found = tomllib.loads(text), config.read(file)
    settings.checked(command, wanted, file)
    if _covers(found, wanted):
        return
    if file.exists():
        said = f"Add to {file}, which is left as it is:\n{text.rstrip()}"
        yield SetupStep(f"Leave {file} as it is; its lines are yours to change", f"# in {file}\n{text}", lambda: [said])
        return

    password = wanted.get("notify", {}).get("password-file")
    missing = [f"Write the password of the mail server into {password}, which only you may read."]

    def write() -> list[str]:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Only its owner may read it: addresses of notifications hold secrets.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(_ABOUT + text)
        return missing if password and not Path(password).exists() else []

    yield SetupStep(f"Write {file}", f"# {file}\n{_ABOUT}{text}", write)


def _covers(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Return whether a table has everything that another one has."""
    return all(
        _covers(found.get(name, {}), value) if isinstance(value, dict) else found.get(name) == value
        for name, value in wanted.items()
    )


def _meeting(root: click.Context, url: str) -> SetupStep:
    def meet() -> list[str]:
        with init.make_context("init", [url], parent=root) as ctx:
            init.invoke(ctx)
        return []

    said = f"Look at {url} (some pages, three seconds apart), and write its profile, {root.obj.home / 'site.toml'}"
    return SetupStep(said, _command(root.obj, "init", url), meet)


def _command(obj: Context, *words: str) -> str:
    return f"# a command\n{shlex.join(_plan(obj).command(*words))}\n"


def _plan(obj: Context) -> Schedule:
    return planned(obj, ())


def _timed(root: click.Context, every: str, by: str) -> Schedule:
    """Return a schedule as `archiver schedule` makes it of its own settings, except for the period."""
    group = schedule.make_context("schedule", [by], parent=root)
    command = schedule.commands[by].make_context(by, ["--every", every], parent=group)
    return planned(root.obj, **{name: value for name, value in command.params.items() if name != "action"})


def _schedule(root: click.Context, every: str, by: str) -> Iterator[SetupStep]:
    from archiver import schedule as schedules

    obj: Context = root.obj
    if every == NEVER:
        gone: Callable[[], object] = partial(schedules.uninstall_systemd, _plan(obj), config.user_config_home())
        if by == "cron":
            gone = partial(schedules.uninstall_cron, _plan(obj))
        if is_ours(schedules.TIMER, obj.home) if by == "systemd" else _is_said(root, by):
            undo = _command(obj, "schedule", by, "--uninstall")
            yield SetupStep(f"Stop {by} from crawling", undo, lambda: _done(gone(), _UNSAID))
        return
    plan = _timed(root, every, by)
    if by == "cron":
        text = f"# for the crontab\n{schedules.cron_block(plan)}"
        yield SetupStep(f"Have cron crawl every {every}", text, lambda: _done(schedules.install_cron(plan)))
        return

    def keep() -> list[str]:
        schedules.install_systemd(plan, config.user_config_home())
        return _to_run(schedules.enable_systemd())

    units = schedules.systemd_units(plan)
    if _are_to_come(units, plan):
        yield SetupStep(f"Have systemd crawl every {every}", _units(units, schedules.TIMER), keep)


def _is_said(root: click.Context, by: str) -> bool:
    """Return whether a file says how often something crawls."""
    return any(by in layer.said.get("schedule", {}) for layer in root.meta[settings.LAYERS])


def _reader(obj: Context, wanted: bool) -> Iterator[SetupStep]:
    from archiver import schedule as schedules

    plan = _plan(obj)
    units = schedules.reader_unit(plan)
    if not wanted:
        if is_ours(schedules.READER, obj.home):
            undo = _command(obj, "schedule", "reader", "--uninstall")
            gone = partial(schedules.uninstall_reader, plan, config.user_config_home())
            yield SetupStep("Stop systemd from serving the reader", undo, lambda: _done(gone()))
        return

    def serve() -> list[str]:
        schedules.install_reader(plan, config.user_config_home())
        return _to_run(schedules.enable_systemd(schedules.READER))

    if _are_to_come(units, plan):
        yield SetupStep(
            "Have systemd serve the reader from the time you log in", _units(units, schedules.READER), serve
        )


def _to_run(commands: list[str]) -> list[str]:
    return [f"Now run: {command}" for command in commands]


_UNSAID = f"Remove `every` from [schedule] in {config.FILE} if it is there."


def _done(_: object, *left: str) -> list[str]:
    """Return what is left to do by hand after what was done."""
    return [*left]


def unit(name: str) -> Path:
    """Return where a unit of the user's own manager is, or would be."""
    from archiver.schedule.systemd import folder_of_units

    return folder_of_units(config.user_config_home()) / name


def is_ours(name: str, home: Path) -> bool:
    """Return whether there is a unit of this name for this archive."""
    from archiver.schedule.systemd import MARKER

    path = unit(name)
    return path.is_file() and path.read_text("utf-8", "replace").startswith(f"{MARKER}{home}\n")


def _are_to_come(units: dict[str, str], plan: Schedule) -> bool:
    """Return whether any of these units is missing or different; raise UsageError if another is in its place."""
    from archiver.schedule.systemd import refuse_foreign

    for name in units:
        refuse_foreign(unit(name), plan)
    return any(not unit(name).exists() or unit(name).read_text("utf-8", "replace") != units[name] for name in units)


def _units(units: dict[str, str], started: str) -> str:
    files = [f"# {unit(name)}\n{text}" for name, text in units.items()]
    return "\n".join(
        [*files, f"# a command\nsystemctl --user daemon-reload && systemctl --user enable --now {started}\n"]
    )


def given(root: click.Context, name: str) -> bool:
    """Return whether an option before the command was given."""
    return root.get_parameter_source(name.replace("-", "_")) is ParameterSource.COMMANDLINE


def found_home() -> Path | None:
    """Return the archive that commands use by default, from the environment or the user's file; None if no other."""
    named = os.environ.get("ARCHIVER_HOME") or config.read(config.user_file()).get(settings.HOME)
    return Path(named).expanduser() if named else None
