"""Commands that ask all blogs of a fleet at once: search."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from archiver.cli.context import Context, as_json
from archiver.cli.searching import as_dict, as_lines
from archiver.errors import ArchiverError

if TYPE_CHECKING:
    from archiver.fleet.blogs import Blog

chosen = click.option("--blog", "names", multiple=True, metavar="NAME", help="Only this blog; may be repeated.")


# Words to leave out begin with a minus sign; so this command knows no options of one letter.
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Most hits to show.")
@chosen
@as_json
@click.pass_obj
def search(obj: Context, /, words: tuple[str, ...], limit: int, names: tuple[str, ...], json_: bool) -> None:
    """Find posts of all blogs by WORDS; what these may say is what `archiver search --help` tells.

    Hits are in one order, as if all posts were one blog's. A blog that cannot be searched is named.
    """
    from archiver.fleet import profiles
    from archiver.store import search_schemas
    from archiver.store.schemas import Schemas

    url, blogs = listed(obj, names)
    with Schemas(url, list(blogs)) as schemas:
        found = search_schemas.search(schemas, " ".join(words), lambda name: profiles.site(blogs[name]), limit=limit)
    if json_:
        told = as_dict(found, found.blogs) | {"failed": found.failed}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
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
    """Name the blogs that could not be read; raises ArchiverError where none could."""
    for name, reason in failed.items():
        click.echo(f"{name}: left out: {reason}", err=True)
    if blogs and len(failed) == len(blogs):
        raise ArchiverError("expected blogs that can be read, found none")


COMMANDS = (search,)
