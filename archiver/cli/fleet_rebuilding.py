"""The command that reads a fleet's blogs again."""

from __future__ import annotations

import click

from archiver.cli.context import Context
from archiver.cli.process import complain
from archiver.counting import counted
from archiver.errors import ArchiverError


@click.command("rebuild", short_help="Queue rebuilds, which read all pages again.")
@click.argument("names", nargs=-1)
@click.option(
    "--older-than",
    type=int,
    metavar="EXTRACTOR",
    help="Only blogs that an extractor older than this read. [this one's]",
)
@click.option(
    "--split",
    type=click.IntRange(0),
    metavar="PAGES",
    help="Split the reading of blogs with this many pages or more. [10000]",
)
@click.pass_obj
def rebuild(obj: Context, /, names: tuple[str, ...], older_than: int | None, split: int | None) -> None:
    """Queue rebuilds, which read all pages again: of blogs that an older extractor read, or of those named.

    A blog with many pages is read by one job per WARC file, before the job that rebuilds its database.
    """
    from archiver.fleet import readings
    from archiver.fleet.blogs import Fleet
    from archiver.text import EXTRACTOR_VERSION

    bound = older_than if older_than is not None or names else EXTRACTOR_VERSION
    with Fleet(obj.db) as known:
        queued = 0
        for blog in known.blogs(names):
            try:
                if bound is not None and not readings.is_older(known, blog, bound):
                    continue
                files = readings.queue(known, blog, large=readings.LARGE if split is None else split)
            except ArchiverError as error:  # one that was never crawled, or is older than this program's tables
                complain(f"{blog.name}: left out: {error}")
                continue
            queued += files is not None
            if files is None:
                click.echo(f"{blog.name}: queued already")
            else:
                click.echo(f"{blog.name}: queued" + (f", {counted(files, 'file')} to be read first" if files else ""))
    if not queued:
        click.echo("Nothing was queued.")


COMMANDS = (rebuild,)
