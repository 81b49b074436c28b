"""What a fleet's jobs do in addition to crawling: commands run for one of its blogs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from archiver.cli.context import Context
from archiver.cli.exporting import export
from archiver.cli.keeping import verify
from archiver.cli.rebuilding import rebuilt
from archiver.counting import counted
from archiver.errors import ExitCode

if TYPE_CHECKING:
    from archiver.fleet.blogs import Blog, Fleet


@dataclass(frozen=True, slots=True)
class JobContext(Context):
    """Options of a command that is a job: those of any, and whose job it is."""

    fleet: str = ""
    """URL of the fleet's database."""
    blog: str = ""

    @contextmanager
    def opened(self) -> Iterator[tuple[Fleet, Blog]]:
        """Lend the fleet, and the blog in it."""
        from archiver.fleet.blogs import Fleet

        with Fleet(self.fleet) as known:
            yield known, known.blog(self.blog)


@click.command("read-pages", hidden=True)
@click.argument("file")
@click.pass_obj
def read_pages(obj: JobContext, /, file: str) -> None:
    """Read the pages in a WARC FILE ahead of a rebuild."""
    from archiver.fleet import readings

    with obj.opened() as (known, blog):
        click.echo(f"{counted(readings.read(known, blog, obj.home, file), 'page')} read")


@click.command()
@click.option("--processes", type=click.IntRange(1), metavar="N", help="Processes that read pages. [one per processor]")
@click.pass_obj
def rebuild(obj: JobContext, /, processes: int | None) -> None:
    """Rebuild the database from the WARC files and from pages that were read ahead."""
    from archiver.fleet import readings

    with obj.opened() as (known, blog):
        report = readings.rebuild(known, blog, obj.home, processes=processes, keep_local=obj.keep_local)
    click.echo(rebuilt(report))
    sys.exit(ExitCode.DAMAGED if report.comparison.is_less else ExitCode.DONE)


JOBS: dict[str, click.Command] = {
    "verify": verify,
    "rebuild": rebuild,
    "export": export,
    "read-pages": read_pages,
}
"""Commands that may be jobs, by their name."""
