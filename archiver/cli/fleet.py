"""Commands for a fleet of blogs, each with an archive of its own in one database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from archiver.cli.context import Context
from archiver.cli.crawling import crawl
from archiver.errors import UsageError


@click.group()
def fleet() -> None:
    """Keep many blogs: a list of them in PostgreSQL, and workers on any machines (docs/fleet.md).

    --db or $ARCHIVER_DB names the database, --home the folder that a worker keeps the blogs' files in.
    """


def crawl_origin(words: Sequence[str]) -> str:
    """Check words for `archiver crawl`; return the origin to fetch from that they name, or nothing.

    Raises UsageError for what makes no sense there, or not in a fleet.
    """
    try:
        asked = crawl.make_context("crawl", list(words), help_option_names=[]).params
    except click.ClickException as error:
        raise UsageError(f"options: {error.format_message()}") from error
    if asked["source"] is not None:
        raise UsageError("options: expected a crawl of the blog itself, found --from")
    return str(asked["site"])


@fleet.command()
@click.argument("target", metavar="FILE.toml|URL")
@click.option("--name", default="", help="Name of the blog. [by its address]")
@click.option("--every", default="", metavar="LENGTH", help="From the end of a crawl to the next. [1d]")
@click.option("--profile", default="", metavar="FILE", help="Its profile. [what `archiver init` finds]")
@click.option("--warc", default="", metavar="URL", help="Object storage for its records. [the worker's home]")
@click.option("--option", "options", multiple=True, metavar="WORD", help="Word for `archiver crawl`; may be repeated.")
@click.pass_obj
def add(obj: Context, /, target: str, options: tuple[str, ...], **asked: str) -> None:
    """Put a blog on the list, or all of a file; those that are there already are changed."""
    from archiver.fleet import files
    from archiver.fleet.blogs import Fleet

    if urlsplit(target).scheme in ("http", "https"):
        blogs = [files.of(target, crawl_origin, Path(), url=target, options=options, **asked)]
    elif options or any(asked.values()):
        raise UsageError(f"expected options with the address of one blog, found them with {target}")
    else:
        blogs = files.read(Path(target), crawl_origin)
    with Fleet(obj.db, make=True) as known:
        known.add(blogs)
    click.echo("\n".join(f"{each.name}: {each.url}" for each in blogs))


@fleet.command()
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def remove(obj: Context, /, names: tuple[str, ...]) -> None:
    """Take blogs off the list; their archives stay as they are."""
    from archiver.fleet.blogs import Fleet

    with Fleet(obj.db) as known:
        for name in known.remove(names):
            click.echo(f"{name}: removed from the list; its archive is in the schema {name}")


COMMANDS = (fleet,)
