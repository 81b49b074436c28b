"""Commands that hand the archive over in other formats: export."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli.context import Context


@click.group()
def export() -> None:
    """Hand the archive over in another format."""


@export.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def wacz(obj: Context, /, path: Path) -> None:
    """Pack everything into one WACZ file, which replay tools open directly."""
    from archiver.export.records import export_wacz

    packed = export_wacz(obj.home, obj.database(), path)
    click.echo(f"{path}: {packed.files} WARC files, {packed.pages} pages, {packed.bytes / 1e6:.1f} MB")


@export.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def cdxj(obj: Context, /, path: Path) -> None:
    """Write the index of all records, as replay tools read it."""
    from archiver.export.records import export_cdxj

    click.echo(f"{path}: {export_cdxj(obj.home, path)} lines")


COMMANDS = (export,)
