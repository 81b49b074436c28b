"""Commands that query all blogs of a fleet at once: search, sql, serve, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from archiver.cli.asking import query_options
from archiver.cli.context import Context, as_rows, print_found, print_rows
from archiver.cli.process import complain
from archiver.cli.searching import HIT, as_dict, as_lines, asked
from archiver.cli.serving import serve_options, tell
from archiver.counting import counted
from archiver.errors import ArchiverError, UsageError

if TYPE_CHECKING:
    from archiver.fleet.blogs import Blog

chosen = click.option("--blog", "names", multiple=True, metavar="NAME", help="Only this blog; may be repeated.")


# Excluded words begin with a minus sign, so this command has no one-letter options.
@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    short_help="Search the posts of all blogs for WORDS.",
)
@click.argument("words", nargs=-1)
@click.option(
    "--limit", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Maximum number of hits."
)
@chosen
@as_rows
@click.pass_obj
def search(obj: Context, /, words: tuple[str, ...], limit: int, names: tuple[str, ...], format_: str | None) -> None:
    """Search the posts of all blogs for WORDS; `archiver search --help` describes what these can be.

    Hits are ranked together, as if all posts were in one blog. A blog that cannot be searched is named.
    """
    from archiver.fleet import profiles
    from archiver.store import search_schemas
    from archiver.store.schemas import Schemas

    url, blogs = listed(obj, names)
    with Schemas(url, list(blogs)) as schemas:
        found = search_schemas.search(schemas, asked(words), lambda name: profiles.site(blogs[name]), limit=limit)
    if format_:
        told = as_dict(found, found.blogs) | {"failed": found.failed}
        print_found(told, told["hits"], ("blog", *HIT), format_)
    else:
        click.echo("\n".join(as_lines(found, found.blogs)))
    report(blogs, found.failed)


def listed(obj: Context, names: Sequence[str] = ()) -> tuple[str, dict[str, Blog]]:
    """Return the URL of the fleet's database, and its blogs, or those named, by name.

    Raises UsageError where there is no fleet, and for a name that no blog has.
    """
    from archiver.fleet.blogs import Fleet

    with Fleet(obj.db) as fleet:
        return fleet.url, {blog.name: blog for blog in fleet.blogs(names)}


def report(blogs: Mapping[str, Blog], failed: Mapping[str, str]) -> None:
    """Name the blogs that could not be read; raises ArchiverError if none could."""
    for name, reason in failed.items():
        complain(f"{name}: left out: {reason}")
    if blogs and len(failed) == len(blogs):
        raise ArchiverError("expected blogs that can be read, found none")


@click.command(short_help="Query all blogs at once in SQL.")
@query_options
@click.pass_obj
def sql(obj: Context, query: str | None, format_: str | None, schema: bool, timeout: float) -> None:
    """Query all blogs at once in SQL: each table and view has the rows of all blogs, with a column `blog`.

    They are views in the schema `fleet`, for any PostgreSQL client; this command keeps them up to date.
    """
    from archiver.fleet import views
    from archiver.fleet.blogs import Fleet
    from archiver.fleet.tables import SCHEMA
    from archiver.store import query as queries
    from archiver.store import server

    if schema:
        from archiver.store import schema as described

        click.echo(described.as_text_of_fleet(), nl=False)
        return
    if not query:
        raise UsageError('expected a query, such as: archiver fleet sql "SELECT blog, title FROM posts LIMIT 5"')
    with Fleet(obj.db) as known:
        views.refresh(known)
    with queries.stream(server.in_schema(known.url, SCHEMA), query, timeout=timeout) as found:
        print_rows(found, format_)


@click.command(short_help="Serve a reader of all blogs, with one search.")
@serve_options
@click.pass_obj
def serve(obj: Context, /, port: int, host: str, allow_remote: bool, token: str | None) -> None:
    """Serve a reader of all blogs: a list of them, one search, and the reader of each below its name.

    Pictures are shown for blogs whose records are below --home, as on a worker. There is no replay.
    """
    from archiver.fleet import profiles
    from archiver.web.reader.serve import ServeOptions, serving_shelf
    from archiver.web.reader.serve import serve as run
    from archiver.web.reader.shelf import Shelf, Volume

    url, _ = listed(obj)

    def volumes() -> dict[str, Volume]:
        _, blogs = listed(obj)
        return {name: Volume(profiles.site(blog), obj.home / name) for name, blog in blogs.items()}

    with closing(Shelf(url, volumes)) as shelf:
        run(serving_shelf(shelf, ServeOptions(port=port, host=host, remote=allow_remote, token=token)), tell)


@click.group(short_help="Write the archives of all blogs in another format.")
def export() -> None:
    """Write the archives of all blogs in another format, with their licences."""


@export.command("parquet", short_help="Write one Parquet data set by blog and year.")
@click.argument("target", metavar="DIR|URL")
@click.pass_obj
def export_parquet(obj: Context, /, target: str) -> None:
    """Write one Parquet data set, partitioned by blog and year, to a folder or to object storage (s3://bucket/prefix).

    A second export replaces what has changed and removes what is gone; a blog that cannot be read stays as it was.
    """
    from archiver.export import dataset
    from archiver.fleet import profiles
    from archiver.store.library import Library
    from archiver.store.schemas import Schemas
    from archiver.store.server import in_schema

    url, blogs = listed(obj)

    def opened(blog: Blog) -> dataset.Open:
        return lambda: Library(in_schema(url, blog.name), profiles.site(blog))

    with Schemas(url, list(blogs)) as schemas:
        there = schemas.there(schemas.names)
    done = dataset.write({name: opened(blog) for name, blog in blogs.items() if name in there}, target)
    click.echo(f"{target}: {counted(done.written, 'file')} written, {done.same} unchanged, {done.removed} removed")
    report(blogs, done.failed)


COMMANDS = (search, sql, serve, export)
