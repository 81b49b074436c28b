"""The command that shows settings: which value applies, and where it comes from."""

from __future__ import annotations

import json
import os
from typing import Any

import click
from click.core import ParameterSource

from archiver.cli import settings
from archiver.cli.context import as_rows, print_rows
from archiver.cli.settings import Layer, Setting
from archiver.config import HIDDEN, without_secrets
from archiver.errors import UsageError


@click.command("config", short_help="Show what is set, and where.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "all_", is_flag=True, help="Show also what is not set.")
@click.option("--path", "path_", is_flag=True, help="Print the settings files, the one that wins first.")
@as_rows
@click.pass_context
def config(ctx: click.Context, /, names: tuple[str, ...], all_: bool, path_: bool, format_: str | None) -> None:
    """Show what is set, and where: by option, variable, the archive's config.toml or the user's.

    NAMES are settings or tables of them, such as crawl.delay or crawl; these are shown even if they are not set.
    Secrets are not shown. Change the files with any editor.
    """
    from archiver.store.results import Result

    root = ctx.find_root()
    layers: tuple[Layer, Layer] = root.meta[settings.LAYERS]
    if path_:
        for each in layers:
            click.echo(each.file.absolute())
        return
    known = list(settings.settings(root.command))
    wanted = _named(known, names)
    rows = [(each.name, *_counting(root, layers, each), each.variable, each.option.help) for each in wanted]
    shown = [row for row in rows if all_ or names or row[2] != DEFAULT]
    if format_ is None and not shown:
        click.echo(
            f"Nothing is set; `archiver config --all` lists what can be, in {layers[0].file} or {layers[1].file}."
        )
        return
    columns = ("setting", "value", "from", "variable", "meaning")
    cut = len(columns) if format_ else 4
    print_rows(Result(columns[:cut], [tuple(_cell(each, format_) for each in row[:cut]) for row in shown]), format_)


DEFAULT = "default"


def _named(known: list[Setting], names: tuple[str, ...]) -> list[Setting]:
    """Return the settings of these names, or in tables of these names; all if there are none."""
    for name in names:
        if not any(f"{each.name}.".startswith(f"{name}.") for each in known):
            raise UsageError(
                f"expected a setting or a table of them, found {name!r}; `archiver config --all` lists all"
            )
    return [each for each in known if not names or any(f"{each.name}.".startswith(f"{name}.") for name in names)]


def _counting(root: click.Context, layers: tuple[Layer, Layer], setting: Setting) -> tuple[Any, str]:
    """Return the value of a setting that counts, and where it is from."""
    option = setting.option
    given = root.params.get(str(option.name)) if not setting.place else None
    if not setting.place and root.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE:
        return _shown(option, given), "option"
    if variable := os.environ.get(setting.variable):
        return _shown(option, variable), f"${setting.variable}"
    for layer in layers:
        if (value := layer.get(setting)) is not None:
            return _shown(option, value), str(layer.file)
    default = option.to_info_dict()["default"]
    return default if isinstance(default, (str, int, float, bool)) and default != "" else None, DEFAULT


def _shown(option: click.Option, value: Any) -> Any:
    """Return a value without the secrets in it."""
    if isinstance(value, (list, tuple)):
        return [_shown(option, each) for each in value]
    if option.hide_input:
        return HIDDEN
    return without_secrets(str(value)) if isinstance(value, str) or not _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float))


def _cell(value: Any, format_: str | None) -> Any:
    """Return a value as a cell of a row: lists are JSON there, and for people true and false are as in the file."""
    as_json = isinstance(value, list) or (format_ is None and isinstance(value, bool))
    return json.dumps(value, ensure_ascii=False) if as_json else value


COMMANDS = (config,)
