"""The command that writes the archive in other formats: export, with one sub-command per format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import STANDARD_OUTPUT, Context, PostNumber, Target, write_text
from archiver.counting import counted
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.store.library import Library
    from archiver.store.values import PostGroup

path = click.argument("path", type=Target())
comments = click.option("--comments", is_flag=True, help="Append the comments to each post.")


@click.group()
def export() -> None:
    """Write the archive in another format, with its licence."""


@export.command()
@path
@click.pass_obj
def jsonl(obj: Context, /, path: Path) -> None:
    """Write posts, comments and formulas as JSON Lines to a folder."""
    from archiver.export import jsonl

    _export(obj, path, jsonl.write)


@export.command(short_help="Write posts in chunks for retrieval, as JSON Lines.")
@path
@click.pass_obj
def chunks(obj: Context, /, path: Path) -> None:
    """Write every post in chunks for retrieval to a file, as JSON Lines; no formula is cut."""
    from archiver.export import chunks

    _export(obj, path, chunks.write)


@export.command()
@path
@click.pass_obj
def parquet(obj: Context, /, path: Path) -> None:
    """Write posts, comments and formulas as Parquet to a folder."""
    from archiver.export import parquet

    _export(obj, path, parquet.write)


@export.command(short_help="Write Parquet with a data card, as `datasets` loads it.")
@path
@click.pass_obj
def huggingface(obj: Context, /, path: Path) -> None:
    """Write the same as Parquet with a data card, as Hugging Face's `datasets` loads it."""
    from archiver.export import huggingface

    _export(obj, path, huggingface.write)


@export.command(short_help="Write one SQLite file to share.")
@path
@click.pass_obj
def sqlite(obj: Context, /, path: Path) -> None:
    """Write one SQLite file to share, without the crawler's bookkeeping."""
    from archiver.export import sqlite

    _export(obj, path, sqlite.write)


@export.command()
@path
@click.pass_obj
def atom(obj: Context, /, path: Path) -> None:
    """Write two feeds to a folder: new posts, and changes to posts."""
    from archiver.export import atom

    _export(obj, path, atom.write)


@export.command(short_help="Write one Markdown file per post, with its pictures.")
@path
@click.option("--exact", is_flag=True, help="Leave formulas byte for byte, so that environments have no dollar signs.")
@comments
@click.pass_obj
def markdown(obj: Context, /, path: Path, exact: bool, comments: bool) -> None:
    """Write one Markdown file per post, with its pictures, to a folder that Obsidian can open."""
    from archiver.export import markdown

    _export(obj, path, markdown.write, warc=obj.storage(), exact=exact, comments=comments)


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose posts."""
    for option in (
        click.option("--topic", metavar="NAME", help="Only this topic of the curated index."),
        click.option("--series", metavar="NAME", help="Only this series, by its name or the number of its first post."),
        click.option(
            "--post", "posts", type=PostNumber(), multiple=True, metavar="N", help="Only this post; may be repeated."
        ),
    ):
        command = option(command)
    return command


@export.command(short_help="Write a BibTeX entry per post.")
@click.argument("path", type=Target(dash=True))
@_choosing
@click.pass_obj
def bibtex(obj: Context, /, path: Path, **chosen: Any) -> None:
    """Write every post, or those chosen, as a BibTeX entry to a file; - is standard output."""
    from archiver.export import bibtex

    _, posts = _chosen(obj, **chosen)
    if path != STANDARD_OUTPUT:
        _export(obj, path, bibtex.write, posts=posts)
        return
    with obj.library() as library:
        for part in bibtex.parts(library, posts):
            click.echo(part, nl=False)


@export.command(short_help="Write labelled equations as cards that Anki imports.")
@path
@_choosing
@click.pass_obj
def anki(obj: Context, /, path: Path, **chosen: Any) -> None:
    """Write the labelled equations of every post, or of those chosen, as cards to a text file that Anki imports."""
    from archiver.export import anki

    title, posts = _chosen(obj, **chosen)
    _export(obj, path, anki.write, title=title, posts=posts)


@export.command(short_help="Write a book of all posts, or of the chosen ones.")
@path
@_choosing
@comments
@click.option(
    "--formulas",
    type=click.Choice(["svg", "mathml"]),
    default="svg",
    show_default=True,
    help="Formulas as pictures, which every e-reader shows, or as MathML.",
)
@click.pass_obj
def epub(obj: Context, /, path: Path, comments: bool, formulas: str, **chosen: Any) -> None:
    """Write a book of all posts, or of the chosen ones, with pictures and formulas inside."""
    from archiver.export import epub
    from archiver.processes import processors

    title, posts = _chosen(obj, **chosen)
    chapters = {"title": title, "posts": posts, "comments": comments, "formulas": formulas}
    _export(obj, path, epub.write, warc=obj.storage(), processes=processors(), **chapters)


@export.command(short_help="Write a PDF of the chosen posts, by Chromium.")
@path
@_choosing
@comments
@click.option("--browser", metavar="PATH", help="The Chromium that typesets the pages. [the one on the path]")
@click.pass_obj
def pdf(obj: Context, /, path: Path, comments: bool, browser: str | None, **chosen: Any) -> None:
    """Write a PDF of the chosen posts, for printing or sharing; needs Chromium."""
    from archiver.export import pdf
    from archiver.processes import processors

    title, posts = _chosen(obj, **chosen)
    if posts is None:
        raise UsageError("expected --post, --series or --topic, found none; for the whole blog, use `export epub`")
    chapters = {"title": title, "posts": posts, "comments": comments, "browser": browser}
    _export(obj, path, pdf.write, warc=obj.storage(), processes=processors(), **chapters)


language = click.option(
    "--language", type=click.Choice(["zh", "en"]), help="Language of buttons and headings; by default the blog's own."
)


@export.command(short_help="Write the reader as a folder of web pages.")
@path
@language
@click.pass_obj
def site(obj: Context, /, path: Path, language: str | None) -> None:
    """Write the reader as a folder of web pages, for any web host or none."""
    from archiver.static import folder

    _export(obj, path, folder.write, home=obj.home, warc=obj.storage(), language=language or _tongue(obj))
    click.echo(_public(obj), err=True)


@export.command()
@path
@language
@click.pass_obj
def zim(obj: Context, /, path: Path, language: str | None) -> None:
    """Write the reader as one ZIM file, which Kiwix opens."""
    from archiver.static import zim

    _export(obj, path, zim.write, home=obj.home, warc=obj.storage(), language=language or _tongue(obj))


@export.command(short_help="Write a post as one HTML file with everything in it.")
@click.argument("post", type=PostNumber())
@click.argument("path", required=False, type=Target(dash=True))
@click.option("--comments", is_flag=True, help="Append the comments to the text.")
@language
@click.pass_obj
def html(obj: Context, /, post: int, path: Path | None, comments: bool, language: str | None) -> None:
    """Write a post as one HTML file with pictures, formulas, citation and licence in it.

    Without PATH the file is named after the post; - is standard output.
    """
    from archiver.static import alone

    with obj.library() as library:
        page, report = alone.page(
            library, obj.home, obj.storage(), post, comments=comments, language=language or _tongue(obj)
        )
        target = path or Path(f"{library.site.name(library.post(post).url)}.html")
    write_text(target, page, "written")
    if report:
        click.echo(report, err=True)


@export.command(short_help="Pack all records into one WACZ file.")
@path
@click.pass_obj
def wacz(obj: Context, /, path: Path) -> None:
    """Pack all records into one WACZ file, which replay tools open directly."""
    from archiver.export.records import export_wacz

    packed = export_wacz(obj.home, obj.storage(), obj.database(), obj.site(), path)
    click.echo(
        f"{path}: {counted(packed.files, 'WARC file')}, {counted(packed.pages, 'page')}, {packed.bytes / 1e6:.1f} MB"
    )


@export.command(short_help="Write the index of all records, as replay tools read it.")
@path
@click.pass_obj
def cdxj(obj: Context, /, path: Path) -> None:
    """Write the index of all records to a file, as replay tools read it."""
    from archiver.export.records import export_cdxj

    click.echo(f"{path}: {counted(export_cdxj(obj.home, obj.storage(), path), 'line')}")


def _tongue(obj: Context) -> str:
    """Return the language of buttons and headings that matches the blog's."""
    return "zh" if obj.site().profile.tongue.startswith("zh") else "en"


def _public(obj: Context) -> str:
    """Return what the licence means for anybody who puts an export on the web."""
    from archiver.export.notice import notice

    with obj.library() as library:
        return notice(library.posts(), library.site.profile).on_the_web


def _chosen(
    obj: Context, posts: tuple[int, ...], series: str | None, topic: str | None
) -> tuple[str | None, list[int] | None]:
    """Return the title and the posts that the options choose; None for all posts, or no title of their own."""
    if sum(map(bool, (posts, series, topic))) > 1:
        raise UsageError("expected one of --post, --series and --topic, found several")
    with obj.library() as library:
        if posts:
            title = library.post(posts[0]).title if len(posts) == 1 else None
            return title, [library.post(number).id for number in posts]
        if series or topic:
            group = _group("series", library.series, series) if series else _group("topic", library.topics, topic or "")
            return group.name, list(dict.fromkeys(entry.post_id for entry in group.entries))
    return None, None


def _group(kind: str, groups: Sequence[PostGroup], wanted: str) -> PostGroup:
    """Return the series or topic that is meant: by its whole name, its number, or a part that only its name has."""
    for meant in (
        [group for group in groups if wanted in (group.name, str(group.id))],
        [group for group in groups if wanted.casefold() in group.name.casefold()],
    ):
        if len(meant) == 1:
            return meant[0]
    if not groups:
        raise UsageError(f"expected a {kind} of this archive, found {wanted!r}; it has none: choose posts with --post")
    names = ", ".join(group.name for group in groups)
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
    """Give a function to call after each post; on a terminal it moves a bar."""
    if obj.verbosity != 0 or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=library.count(), label="Exporting", file=sys.stderr) as bar:
        yield lambda: bar.update(1)


COMMANDS = (export,)
