"""Settings: every option of every command may be in a file or in the environment.

An option that is given counts first, then its variable, then `config.toml` in the archive's folder, then the user's.
The commands themselves define what a file may say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import click

from archiver import config
from archiver.errors import ArchiverError, UsageError

HOME = "home"
"""The setting that says where the archive is: the only one that the file in it cannot have."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An option as a setting."""

    place: tuple[str, ...]
    """The commands that lead to the option, below `archiver`: the table of the file."""
    option: click.Option

    @property
    def key(self) -> str:
        """Its key in its table."""
        return max(self.option.opts, key=len).lstrip("-")

    @property
    def name(self) -> str:
        """Its name in sentences: `crawl.delay`."""
        return ".".join((*self.place, self.key))

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return str(self.option.envvar)


def settings(command: click.Command, place: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Yield the settings of a command and of those below it: each option that is a parameter of its own."""
    options = [each for each in command.params if isinstance(each, click.Option) and each.expose_value]
    names = [each.name for each in options]
    yield from (Setting(place, each) for each in options if names.count(each.name) == 1 and not each.hidden)
    for name, below in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
        if not below.hidden:
            yield from settings(below, (*place, name))


def name_variables(command: click.Command) -> None:
    """Give each setting its environment variable, `ARCHIVER_CRAWL_DELAY`, unless it has one."""
    for each in settings(command):
        if each.option.envvar is None:
            each.option.envvar = "_".join(("ARCHIVER", *each.place, each.key)).replace("-", "_").upper()


Defaults = dict[str, Any]
"""Values as click takes them: by the names of parameters, those of commands below in a table each."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a file says."""

    file: Path
    values: Defaults
    said: dict[str, Any]
    """The values as they are in the file."""

    def get(self, setting: Setting) -> Any:
        """Return its value for a setting, None if it has none."""
        found: Any = self.values
        for word in setting.place:
            found = found.get(word, {})
        return found.get(setting.option.name)


def files(home: Path) -> tuple[Path, Path]:
    """Return the files that apply to an archive, the one that wins first."""
    return home / config.FILE, config.user_file()


class Home(click.Path):
    """The folder of an archive. The empty name, which an unset shell variable leaves, is not the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; raises UsageError."""
        if str(value) == "":
            raise UsageError("--home: expected the folder of an archive, found ''; `.` is the current folder")
        return super().convert(value, param, ctx)


def home_of(ctx: click.Context, option: click.Parameter, given: Path | None) -> Path | None:
    """Let the files set what no option and no variable does; return the home that is given.

    A callback for `--home`, which comes before all others. Raises UsageError when a file or a variable says what makes
    no sense.
    """
    _check_variables(ctx.command)
    users = layer(ctx.command, config.user_file())
    named = users.values.get(HOME)
    home = given or (Path(named).expanduser() if named else None)
    own = layer(ctx.command, (home or Path(DEFAULT_HOME)) / config.FILE, own=True)
    ctx.meta[LAYERS] = (own, users)
    ctx.default_map = _over(own.values, users.values)
    return home


DEFAULT_HOME = "data"
LAYERS = "archiver.cli.settings"
"""Key of the layers in the `meta` of a context."""


def layer(command: click.Command, file: Path, *, own: bool = False) -> Layer:
    """Return what a file says, checked; `own` is the one in an archive's folder. Raises UsageError."""
    found = config.read(file)
    if own and HOME in found:
        raise _wrong(file, HOME, "the folder of the archive in the user's own file only", "it in this archive's")
    return Layer(file, checked(command, found, file), found)


def _check_variables(command: click.Command) -> None:
    """Raise UsageError for the variable of a setting whose value the option does not take."""
    ctx = click.Context(command)
    for each in settings(command):
        if (value := each.option.value_from_envvar(ctx)) is not None:
            kind, wanted = _kind(each.option)
            try:
                _take(
                    ctx, each.option, value, f"what --{each.key} takes" if kind is str else f"{wanted} for --{each.key}"
                )
            except UsageError as error:
                raise UsageError(f"${each.variable}: {error}; change or unset it") from error


def _over(own: Defaults, users: Defaults) -> Defaults:
    tables = {name: _over(own[name], users[name]) for name in own.keys() & users.keys() if isinstance(own[name], dict)}
    return users | own | tables


def checked(command: click.Command, table: Mapping[str, Any], file: Path, place: tuple[str, ...] = ()) -> Defaults:
    """Return a table of a file as click takes it; raise UsageError for settings that no command has."""
    own = {each.key: each.option for each in settings(command) if not each.place}
    below = {name: each for name, each in getattr(command, "commands", {}).items() if not each.hidden}
    found: Defaults = {}
    for key, value in table.items():
        name = ".".join((*place, key))
        if key in own:
            found[str(own[key].name)] = _value(command, own[key], value, file, name)
        elif key in below:
            if not isinstance(value, dict):
                raise _wrong(file, name, f"a table [{name}]", repr(value))
            found[key] = checked(below[key], value, file, (*place, key))
        else:
            from difflib import get_close_matches

            known = [*own, *below]
            near = get_close_matches(key.replace("_", "-"), known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else "`archiver config --all` lists all"
            wanted = f"a setting of `{' '.join(('archiver', *place))}`" if known else "no settings here"
            raise UsageError(f"{file}: {name}: expected {wanted}, found none of that name; {advice}")
    return found


def _value(command: click.Command, option: click.Option, value: Any, file: Path, name: str) -> Any:
    """Return a value that the option takes, as it is in the file."""
    kind, wanted = _kind(option)
    values = value if option.multiple and isinstance(value, list) else [value]
    fits = all(isinstance(each, kind) and (kind is bool or not isinstance(each, bool)) for each in values)
    if not fits or option.multiple is not isinstance(value, list):
        found = config.HIDDEN if option.hide_input else config.without_secrets(_written(value))
        raise _wrong(file, name, f"a list, each {wanted}" if option.multiple else wanted, found)
    try:
        _take(click.Context(command), option, value, f"what {max(option.opts, key=len)} takes")
    except UsageError as error:
        raise UsageError(f"{file}: {name}: {error}; fix it there") from error
    return value


def _take(ctx: click.Context, option: click.Option, value: Any, wanted: str) -> None:
    """Raise UsageError, which names no place, for a value that the option does not take."""
    try:
        read = option.type_cast_value(ctx, value)
    except click.BadParameter as error:
        raise UsageError(f"expected {wanted}, found that {error.message.rstrip('.')}") from error
    try:
        if option.callback and option.name != HOME:
            option.callback(ctx, option, read)
    except (ArchiverError, click.BadParameter) as error:
        raise UsageError(str(getattr(error, "message", error))) from error


def _kind(option: click.Option) -> tuple[type | tuple[type, ...], str]:
    """Return the type in TOML that an option takes, and its name."""
    if option.is_flag:
        return bool, "true or false"
    if isinstance(option.type, click.types.IntParamType):
        return int, "a whole number"
    if isinstance(option.type, click.types.FloatParamType):
        return (int, float), "a number"
    return str, "a string in quotes"


def _written(value: Any) -> str:
    """Return a value roughly as in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    return str(value) if isinstance(value, datetime | date | time) else repr(value)


def _wrong(file: Path, name: str, wanted: str, found: str) -> UsageError:
    return UsageError(f"{file}: {name}: expected {wanted}, found {found.rstrip('.')}; fix it there")
