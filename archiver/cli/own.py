"""Commands on what the reader keeps for its user."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli.context import Context, Target, write_text
from archiver.errors import UsageError


@click.group(short_help="Save what you keep in the reader to a file, or load it.")
def own() -> None:
    """Write what you keep in the reader (favourites, posts read, notes) to a file, or read it from one."""


@own.command(name="export")
@click.argument("file", type=Target(dash=True))
@click.pass_obj
def export_(obj: Context, /, file: Path) -> None:
    """Write it all to FILE, as JSON; - is standard output."""
    from archiver.export import own as form
    from archiver.store.own import Own

    kept = Own(obj.home).everything()
    write_text(file, form.dumps(kept), str(kept))


@own.command(name="import", short_help="Add what `archiver own export` wrote to FILE.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_(obj: Context, /, file: Path) -> None:
    """Add what `archiver own export` wrote to FILE; for a post in both, FILE's marks and note win."""
    from archiver.export import own as form
    from archiver.store.own import Own

    try:
        kept = form.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: expected JSON in UTF-8, found {error}") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    Own(obj.home).take(kept)
    click.echo(f"{obj.home}: {kept}")


COMMANDS = (own,)
