"""The command that sets everything up: five questions, then whatever the answers need."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from archiver import config
from archiver.cli import settings, steps
from archiver.cli.context import Context
from archiver.cli.steps import NEVER, NONE, PLACES, SetupAnswers, found_home, given, is_ours
from archiver.errors import ArchiverError, UsageError

BOOTED = Path("/run/systemd/system")
"""Exists where systemd runs the machine: sd_booted(3)."""

_HOST = re.compile(r"localhost|[\w-]+(\.[\w-]+)+|[0-9a-f:]+")

_NOTHING = "Everything is already set up."

_NOBODY = "Neither systemd nor cron was found here: no crawl begins by itself; `archiver watch` crawls while it runs."

_WAYS = "the URL of an ntfy topic, an e-mail address, an Apprise URL or a command; none"


@click.command("setup", short_help="Ask a few questions, and set everything up.")
@click.option("--blog", metavar="URL", help="Which blog.")
@click.option("--every", metavar="DURATION", help="How often it is crawled: 12h, 7d, never.")
@click.option("--notify", metavar="HOW", hide_input=True, help=f"How to notify you of a crawl: {_WAYS}.")
@click.option("--reader/--no-reader", default=None, help="Serve the reader from the time you log in.")
@click.option("--by", type=click.Choice(["systemd", "cron"]), help="What runs the crawls. [what this machine has]")
@click.option("--print", "print_", is_flag=True, help="Print files and commands instead of writing and running them.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults where no option says otherwise.")
@click.pass_context
def setup(ctx: click.Context, /, print_: bool, yes: bool, by: str | None, **said: Any) -> None:
    """Ask where, which blog, how often, how to notify you and whether to run the reader; then set all that up.

    Nothing is done before you agree, an existing settings file is never changed, and a second setup starts from it.
    """
    if not yes and not print_ and not sys.stdin.isatty():
        raise UsageError("expected a terminal to ask at, found none; say --yes for the defaults, or --print to look")
    asking = not yes and sys.stdin.isatty()
    by = by or _keeper()
    home = _home(ctx.find_root(), asking)
    root = _at(ctx.find_root(), home)
    answers = _answers(root, asking, by, said)
    if by is None and said["every"] is None:
        click.echo(_NOBODY, err=True)
    found = list(steps.steps(root, answers, by))
    if print_:
        click.echo("\n".join(step.printed for step in found) or _NOTHING)
        return
    if not found:
        click.echo(_NOTHING)
    for step in found:
        click.echo(f"- {step.said}")
    if found and asking and not click.confirm("Do this?", default=True):
        click.echo("Nothing was done.")
        return
    for line in dict.fromkeys(line for step in found for line in step.do()):
        click.echo(line)
    click.echo(_next(root.obj, answers, by))


def _keeper() -> str | None:
    """Return what can run something by the clock on this machine."""
    if shutil.which("systemctl") and BOOTED.is_dir():
        return "systemd"
    return "cron" if shutil.which("crontab") else None


def _home(root: click.Context, asking: bool) -> Path:
    """Return the folder of the archive: one that is named or exists already, or else one in the user's own."""
    obj: Context = root.obj
    known = obj.home_given or (obj.home / "archive.db").exists() or root.params["home"] is not None
    default = (obj.home if known else Path.home() / "blog-archive").absolute()
    if not asking or obj.home_given:
        return _writable(str(default))
    return Path(_asked("Folder of the archive", str(default), _writable))


def _writable(text: str) -> Path:
    import tempfile

    path = Path(text).expanduser().absolute()
    there = next(each for each in (path, *path.parents) if each.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()  # the permissions that the system reports are not everything
    except OSError as error:
        raise UsageError(f"expected a folder that can be written to, found {there}: {error.strerror}") from error
    return path


def _at(root: click.Context, home: Path) -> click.Context:
    """Return the context of a command that has this home, with what else was given before this one."""
    words = ["--home", str(home)]
    for name in PLACES:
        if given(root, name):
            words += [f"--{name}", str(root.params[name.replace("-", "_")])]
    at = root.command.make_context(root.info_name, [*words, "setup"])
    db, warc, keep = (at.params[name.replace("-", "_")] for name in PLACES)
    at.obj = replace(root.obj, home=home, home_given=True, db=db or None, warc_url=warc or None, keep_local=keep)
    return at


def _answers(root: click.Context, asking: bool, by: str | None, said: dict[str, Any]) -> SetupAnswers:
    """Ask for everything that no option gives; raise UsageError for an invalid answer."""
    obj: Context = root.obj

    def answer(name: str, question: str, default: str, check: Callable[[str], Any]) -> Any:
        if said[name] is not None:
            return check(said[name])
        return _asked(question, default, check) if asking else check(default)

    blog = answer("blog", "Which blog", obj.site().profile.address, lambda text: _blog(obj, text))
    every = answer("every", "How often (12h, 24h, 7d; never)", _often(root, by), lambda text: _every(text, by))
    ways = (_is_set(root, "notify", name) for name in ("ntfy", "email", "apprise", "command"))
    known = next((str(way[0] if isinstance(way, list) else way) for way in ways if way), NONE)
    how = answer("notify", f"Notify you by ({_WAYS})", known, lambda text: _way(text, known))
    notify = None if how == known else _notify(how, asking)
    from archiver import schedule as schedules

    reader = said["reader"]
    if reader is None:
        reader = is_ours(schedules.READER, obj.home)
        if asking and by == "systemd":
            reader = click.confirm("Serve the reader from the time you log in", default=reader)
    if reader and by != "systemd":
        raise UsageError(
            f"expected systemd for a reader from the time you log in, found {by or 'nothing that starts it'}; run "
            "`archiver serve` by hand, or add --by systemd to print units for a machine that has it"
        )
    return SetupAnswers(blog=blog, every=every, notify=notify, reader=reader)


def _asked(question: str, default: str, check: Callable[[str], Any]) -> Any:
    def checked(text: str) -> Any:
        try:
            return check(text)
        except ArchiverError as error:
            raise click.UsageError(str(error)) from error

    return click.prompt(question, default=default, value_proc=checked, show_default=bool(default))


def _often(root: click.Context, by: str | None) -> str:
    """Return how often crawls run, or will run by default."""
    if every := _is_set(root, "schedule", str(by), "every"):
        return str(every)
    begun = root.meta[settings.LAYERS][0].file.exists()
    return "24h" if by and not begun else NEVER


def _is_set(root: click.Context, *place: str) -> Any:
    """Return the value of a setting in the first file that has it; None if none does."""
    for layer in root.meta[settings.LAYERS]:
        found: Any = layer.said
        for word in place:
            found = found.get(word, {}) if isinstance(found, dict) else {}
        if found != {}:
            return found
    return None


def _blog(obj: Context, text: str) -> str:
    """Return the address of a blog; raise UsageError if it is not one, or not that of the existing archive."""
    url = text.strip() if "://" in text else f"https://{text.strip()}"
    host = None
    with suppress(ValueError):
        host = urlsplit(url).hostname if url.startswith(("http://", "https://")) else None
    if not host or not _HOST.fullmatch(host):
        raise UsageError(f"expected the address of a blog, such as https://example.org/, found {text!r}")
    from archiver import sites
    from archiver.store import runs

    known = obj.site().profile
    begun = sites.in_home(obj.home) is not None or runs.any_known(obj.database())
    if host not in known.hosts and begun:
        raise UsageError(f"{obj.home}: expected the blog of the archive there, {known.address}, found {url}")
    return known.address if host in known.hosts else url


def _every(text: str, by: str | None) -> str:
    from archiver.schedule import Schedule, parse_duration

    if text.strip() == NEVER:
        return NEVER
    if by is None:
        raise UsageError(
            "expected systemd or cron on this machine, found neither; say never, and use `archiver watch`, or add --by "
            "to print what is for a machine that has one"
        )
    _ = Schedule(home=Path(), every=parse_duration(text)).period
    return text.strip()


def _way(text: str, known: str) -> str:
    """Return a way to notify; raise UsageError for an empty answer if one is set, and for an invalid URL."""
    from archiver.notices import ntfy

    how = text.strip() or NONE
    if how == NONE and known != NONE:
        raise UsageError(
            f"expected a way to notify you, found none, but {known!r} is set; remove it from the file yourself"
        )
    return ntfy.check(how) if how.startswith(("http://", "https://")) else how


def _notify(how: str, asking: bool) -> dict[str, Any]:
    """Return the settings for a way to notify, recognised by its form."""
    from archiver.notices import mail

    if how.startswith(("http://", "https://")):
        return {"ntfy": how}
    if "://" in how:
        return {"apprise": [how]}
    if "@" not in how or " " in how:
        return {"command": how}
    found: dict[str, Any] = {"email": [how]}
    if not asking:
        return found
    found["smtp"] = _asked("Mail server, such as smtps://me@mail.example.org", "smtp://localhost", mail.check)
    if urlsplit(found["smtp"]).username:
        found["password-file"] = str(_asked("File with its password", str(config.user_file().with_name("smtp")), _file))
    return found


def _file(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _next(obj: Context, answers: SetupAnswers, by: str | None) -> str:
    """Return what to do now."""
    own = "archiver" if found_home() == obj.home else f"archiver --home {shlex.quote(str(obj.home))}"
    own_time = "; otherwise it starts by itself" if answers.every != NEVER else ""
    tries = {"crawl": f"begins now{own_time}", "status --watch": "shows how far it is"}
    tries |= {"notify --test": "sends a notice"} if answers.notify else {}
    tries |= {} if answers.reader else {"serve": "is the reader"}
    tries |= {"watch": "crawls every day while it runs"} if by is None else {}
    width = max(map(len, tries))
    lines = ["Set up. A first crawl of a large blog takes hours, and may be stopped at any time:"]
    return "\n".join([*lines, *(f"  {own} {words:<{width}}   {said}" for words, said in tries.items())])


COMMANDS = (setup,)
