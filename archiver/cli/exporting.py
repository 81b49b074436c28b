"""The command that hands the archive over in other formats: export, with a command for each format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import Context, PostNumber
from archiver.counting import counted
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.store.library import Library
    from archiver.store.values import Group

path = click.argument("path", type=click.Path(path_type=Path))


@click.group()
def export() -> None:
    """Hand the archive over in another format, with its licence."""


@export.command()
@path
@click.pass_obj
def jsonl(obj: Context, /, path: Path) -> None:
    """Write posts, comments and formulas as JSON Lines to a folder."""
    from archiver.export import jsonl

    _export(obj, path, jsonl.write)


@export.command()
@path
@click.pass_obj
def parquet(obj: Context, /, path: Path) -> None:
    """Write posts, comments and formulas as Parquet to a folder."""
    from archiver.export import parquet

    _export(obj, path, parquet.write)


@export.command()
@path
@click.pass_obj
def bibtex(obj: Context, /, path: Path) -> None:
    """Write every post as a BibTeX entry to a file."""
    from archiver.export import bibtex

    _export(obj, path, bibtex.write)


@export.command()
@path
@click.pass_obj
def sqlite(obj: Context, /, path: Path) -> None:
    """Write one clean SQLite file to hand over."""
    from archiver.export import sqlite

    _export(obj, path, sqlite.write)


@export.command()
@path
@click.pass_obj
def atom(obj: Context, /, path: Path) -> None:
    """Write a feed of new posts and one of changes to old ones to a folder."""
    from archiver.export import atom

    _export(obj, path, atom.write)


@export.command()
@path
@click.option("--exact", is_flag=True, help="Leave formulas byte for byte: environments without dollar signs.")
@click.option("--comments", is_flag=True, help="Put the comments behind each post.")
@click.pass_obj
def markdown(obj: Context, /, path: Path, exact: bool, comments: bool) -> None:
    """Write a Markdown file a post and its pictures to a folder; it opens in Obsidian."""
    from archiver.export import markdown

    _export(obj, path, markdown.write, warc=obj.storage(), exact=exact, comments=comments)


@export.command()
@path
@click.option("--post", "posts", type=PostNumber(), multiple=True, metavar="N", help="Only this post; may be repeated.")
@click.option("--series", metavar="NAME", help="Only this series, by its name or the number of its first post.")
@click.option("--topic", metavar="NAME", help="Only this topic of the curated index.")
@click.option("--comments", is_flag=True, help="Put the comments behind each post.")
@click.option(
    "--formulas",
    type=click.Choice(["mathml", "svg"]),
    default="mathml",
    show_default=True,
    help="MathML, or pictures for e-readers that know none.",
)
@click.pass_obj
def epub(
    obj: Context,
    /,
    path: Path,
    posts: tuple[int, ...],
    series: str | None,
    topic: str | None,
    comments: bool,
    formulas: str,
) -> None:
    """Write a book of all posts, or of those chosen, with pictures and formulas inside."""
    from archiver.export import epub

    if sum(map(bool, (posts, series, topic))) > 1:
        raise UsageError("expected one of --post, --series and --topic, found several")
    with obj.library() as library:
        if posts:
            title = library.post(posts[0]).title if len(posts) == 1 else None
            chosen: list[int] | None = [library.post(number).id for number in posts]
        elif series or topic:
            group = _group(library.series if series else library.topics, series or topic or "")
            title, chosen = group.name, list(dict.fromkeys(entry.post_id for entry in group.entries))
        else:
            title, chosen = None, None
    chapters = {"title": title, "posts": chosen, "comments": comments, "formulas": formulas}
    _export(obj, path, epub.write, warc=obj.storage(), **chapters)


@export.command()
@path
@click.pass_obj
def wacz(obj: Context, /, path: Path) -> None:
    """Pack all records into one WACZ file, which replay tools open directly."""
    from archiver.export.records import export_wacz

    packed = export_wacz(obj.home, obj.storage(), obj.database(), obj.site(), path)
    click.echo(
        f"{path}: {counted(packed.files, 'WARC file')}, {counted(packed.pages, 'page')}, {packed.bytes / 1e6:.1f} MB"
    )


@export.command()
@path
@click.pass_obj
def cdxj(obj: Context, /, path: Path) -> None:
    """Write the index of all records to a file, as replay tools read it."""
    from archiver.export.records import export_cdxj

    click.echo(f"{path}: {counted(export_cdxj(obj.home, obj.storage(), path), 'line')}")


def _group(groups: Sequence[Group], wanted: str) -> Group:
    """Return the series or topic that is meant: by its whole name, its number, or what only its name holds."""
    for meant in (
        [group for group in groups if wanted in (group.name, str(group.id))],
        [group for group in groups if wanted.casefold() in group.name.casefold()],
    ):
        if len(meant) == 1:
            return meant[0]
    names = ", ".join(group.name for group in groups) or "none: run `archiver crawl` or `archiver migrate` first"
    raise UsageError(f"expected the name of one of these: {names}; found {wanted!r}")


def _export(obj: Context, path: Path, write: Callable[..., Any], **options: Any) -> None:
    """Run an export over all posts and say what it wrote."""
    with obj.library() as library, _progress(obj, library) as step:
        report = write(library, path, step=step, **options)
    click.echo(f"{path}: written")
    if report:
        click.echo(report, err=True)


@contextmanager
def _progress(obj: Context, library: Library) -> Iterator[Callable[[], object]]:
    """Give what to call after each post; on a terminal it moves a bar."""
    if obj.verbosity != 0 or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=library.count(), label="Exporting", file=sys.stderr) as bar:
        yield lambda: bar.update(1)


COMMANDS = (export,)
