"""Commands that read: sql, show, runs, gaps, status; and migrate."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from archiver import clock
from archiver.cli import progress
from archiver.cli.context import Command, Context, PostOrPage, Seconds, as_json, as_rows, length, print_rows
from archiver.cli.process import complain
from archiver.errors import ArchiverError, ExitCode, NotArchived, UsageError
from archiver.store import missing
from archiver.store.totals import LAST_COMPLETE, TOTALS


def query_options(command: Command) -> Command:
    """Add the options of a command that runs SQL."""
    for option in (
        click.option("--timeout", type=Seconds(0.001), default=30, show_default=True, help="Time limit in seconds."),
        click.option("--schema", is_flag=True, help="Describe every table, view and column instead."),
        as_rows,
        click.argument("query", required=False),
    ):
        command = option(command)
    return command


@click.command(short_help="Query the archive in SQL, read-only.")
@query_options
@click.option("--markdown", is_flag=True, help="Describe them in Markdown (this is how docs/schema.md is made).")
@click.pass_obj
def sql(obj: Context, query: str | None, format_: str | None, schema: bool, markdown: bool, timeout: float) -> None:
    """Query the archive in SQL; it is opened read-only, whatever the QUERY says."""
    from archiver.store import query as queries

    if schema:
        from archiver.store import schema as described

        click.echo(described.as_markdown() if markdown else described.as_text(), nl=False)
        return
    if not query:
        raise UsageError('expected a query, for example: archiver sql "SELECT title FROM posts LIMIT 5"')
    with queries.stream(obj.database(), query, timeout=timeout, stuck=_leave) as found:
        print_rows(found, format_)


def _leave(message: str) -> None:
    """End the process at once: nothing was opened for writing."""
    complain(f"Error: {message}")
    os._exit(ExitCode.USAGE)


@click.command(short_help="Print a POST, or a page.")
@click.argument("post", type=PostOrPage())
@click.option("--format", "format_", type=click.Choice(["markdown", "text", "json"]), default="markdown")
@click.pass_obj
def show(obj: Context, post: int | str, format_: str) -> None:
    """Print a POST, given by its number, its address or the last part of that; or a page, given by its address."""
    if isinstance(post, int):
        result, named = obj.ask("SELECT * FROM posts WHERE id = ?", post), f"post {post}"
    else:
        result, named = obj.ask("SELECT * FROM pages WHERE url = ?", post), post
    if not result.rows:
        raise NotArchived(named)
    row = dict(zip(result.columns, result.rows[0], strict=True))
    if format_ == "json":
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        head = f"# {row['title']}\n\n" if format_ == "markdown" else f"{row['title']}\n\n"
        click.echo(head + row[format_])


@click.command()
@as_rows
@click.pass_obj
def runs(obj: Context, format_: str | None) -> None:
    """List the runs, newest first."""
    columns = "id, started_at, finished_at, outcome, exit_code, requests, new, changed, failed, command"
    result = obj.ask(f"SELECT {columns} FROM run_log ORDER BY id DESC")  # noqa: S608
    print_rows(result, format_)


@click.command(short_help="List the series of posts.")
@as_rows
@click.pass_obj
def series(obj: Context, format_: str | None) -> None:
    """List the series, each with the number of its first post: --series of an export takes that, or the name."""
    print_rows(obj.ask(_SERIES), format_)


_SERIES = """
SELECT series_id AS series, min(series) AS name, count(*) AS posts,
    min(published_on) AS first_published_on, max(published_on) AS last_published_on
FROM series_outline GROUP BY series_id ORDER BY series_id
"""


@click.command(short_help="List what the archive knows of but does not hold, and why.")
@as_rows
@click.pass_obj
def gaps(obj: Context, format_: str | None) -> None:
    """List every address the archive knows but does not hold, with the reason; and posts with incomplete comments."""
    print_rows(obj.ask(missing.IN_BRIEF), format_)


@click.command(short_help="Show what the archive holds, and what needs attention.")
@click.option(
    "--max-age", metavar="DURATION", callback=length, help="Fail unless a run completed within this time, such as 26h."
)
@click.option("--watch", "watch_", is_flag=True, help="Show how far the run under way is, until Ctrl-C.")
@as_json
@click.pass_obj
def status(obj: Context, /, max_age: timedelta | None, watch_: bool, json_: bool) -> None:
    """Show what the archive holds, how large it is, how the last run went, and what needs attention."""
    from archiver.store import sizes

    if watch_:
        progress.watch(obj, json_)
        return
    facts = dict(zip(*_status(obj), strict=True)) | asdict(sizes.measure(obj.home, obj.database()))
    if json_:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        width = max(map(len, facts))
        for name, value in facts.items():
            click.echo(f"{name.replace('_', ' '):<{width}}  {_shown(name, value)}")
    if max_age is not None:
        _check_age(facts["last_complete_run_at"], max_age)


def _shown(name: str, value: Any) -> str:
    """Return a fact for people: `1234567` as a number of bytes is `1,234,567`."""
    return "-" if value is None else f"{value:,}" if name.endswith("_bytes") else str(value)


def _check_age(last: str | None, most: timedelta) -> None:
    """Raise ArchiverError when the last complete run is too long ago: a dead man's check."""
    from archiver.schedule import format_duration

    wanted = f"expected a complete run in the last {format_duration(most)}, found "
    if last is None:
        raise ArchiverError(wanted + "none at all; see `archiver runs`")
    if clock.now() - datetime.fromisoformat(last) > most:
        raise ArchiverError(wanted + f"the last one at {last}; see `archiver runs` and `archiver gaps`")


def _status(obj: Context) -> tuple[list[str], list[Any]]:
    result = obj.ask(STATUS)
    return list(result.columns), list(result.rows[0])


STATUS = f"""
SELECT {TOTALS},
       (SELECT max(id) FROM runs) AS last_run,
       (SELECT started_at FROM runs ORDER BY id DESC LIMIT 1) AS last_run_started_at,
       (SELECT outcome FROM runs ORDER BY id DESC LIMIT 1) AS last_run_outcome,
       {LAST_COMPLETE}
"""  # noqa: S608  # both are constants


@click.command(short_help="Upgrade the database to this version of the program.")
@click.pass_obj
def migrate(obj: Context) -> None:
    """Upgrade the database's tables to this version of the program; every crawl does so by itself."""
    from archiver.store import relations
    from archiver.store.database import Archive
    from archiver.store.migrate import HEAD

    obj.home.mkdir(parents=True, exist_ok=True)
    with Archive(obj.database()) as archive:
        relations.refresh(archive.session)
        archive.commit()
        click.echo(f"{obj.database()}: tables of revision {HEAD}")


COMMANDS = (sql, show, runs, series, gaps, status, migrate)
