"""What every command shares: where the archive is, errors as one line, rows as asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from archiver.errors import ArchiverError, ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.crawl.run import Place
    from archiver.store.library import Library
    from archiver.store.results import Result, Stream

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """Options of every command."""

    home: Path
    home_given: bool
    db: str | None
    verbosity: int

    def place(self, site: str, *, mirror: bool = False) -> Place:
        """Return where the archive is and where the blog is fetched from."""
        from archiver.crawl.run import Place

        return Place(home=self.home, db=self.db, site=site, mirror=mirror)

    def database(self) -> str:
        """Return the URL of the archive's database."""
        from archiver.store.database import database_url

        return database_url(self.home, self.db)

    def library(self) -> Library:
        """Return the archive, for reading."""
        from archiver.store.library import Library

        return Library(self.database())

    def ask(self, sql: str, *parameters: Any) -> Result:
        """Return the answer of a read-only query."""
        from archiver.store import query

        return query.run(self.database(), sql, parameters)


class Group(click.Group):
    """Turns errors of ours into one line and their exit code, and an interrupt into 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ArchiverError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(ExitCode.INTERRUPTED)


def as_json(command: Command) -> Command:
    """Add the option to print JSON."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON.")(command)


def length(ctx: click.Context, option: click.Parameter, text: str | None) -> timedelta | None:
    """Read a length of time such as `26h`; a callback for options."""
    from archiver.schedule import parse_duration

    return parse_duration(text) if text else None


def origin(site: str) -> str:
    """Return the site's origin.

    Raises UsageError when it is not one.
    """
    parts = urlsplit(site)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise UsageError(f"--site: expected an origin such as https://kexue.fm, found {site!r}")
    return f"{parts.scheme}://{parts.netloc}"


def print_rows(found: Result | Stream, format_: str | None = None) -> None:
    """Print rows as asked for; a table by default, cut to the terminal's width only when there is a terminal."""
    from shutil import get_terminal_size

    from archiver.store import results

    if format_ is None:
        width = get_terminal_size().columns if sys.stdout.isatty() else None
        lines = results.as_table(found, width)
    else:
        lines = {"json": results.as_json, "lines": results.as_lines, "csv": results.as_csv}[format_](found)
    sys.stdout.writelines(lines)
