"""Commands that find: search, datasette."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from archiver import extras
from archiver.cli.context import Context, as_rows, print_found
from archiver.counting import counted
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.store.database import Archive
    from archiver.store.passages import Segments
    from archiver.store.search import Hit, Results


HELP = """Find posts by WORDS, in Chinese, English or TeX; all have to match.

\b
"低秩近似"       exactly this phrase (in a shell: '"低秩近似"')
-蒸馏            without this
Muon OR Adam     either of the two
quant*           words that begin like this
title:  tag:  category:  topic:  author:        in the title; by name
after:2021  before:2024-03  year:2024           by date
tex:'\\msign'      exactly this in a formula; with {*} for anything, in any spelling
like:'QK^T'      a formula or part of one, in any spelling and with any letters
has:code  has:images  has:formulas  has:comments
in:comments  in:pages             only comments, or only independent pages
sort:newest  sort:oldest          by date

If few posts match, those that cover most of the words follow, and with the
extra `meaning` those that are close to them in meaning (see --vectors).
"""
# Not a docstring: a raw one would show click's mark that keeps lines apart.


# Excluded words begin with a minus sign, so this command has no one-letter options.
@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    help=HELP,
    short_help="Find posts by WORDS, in Chinese, English or TeX.",
)
@click.argument("words", nargs=-1)
@click.option(
    "--limit", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Maximum number of hits."
)
@click.option("--rebuild", is_flag=True, help="Rebuild the index from the database first; crawls keep it up to date.")
@click.option(
    "--vectors",
    is_flag=True,
    help="Make the vectors for search by meaning first, seconds per post; crawls keep them up to date.",
)
@as_rows
@click.pass_obj
def search(  # noqa: D103 - click has HELP
    obj: Context, /, words: tuple[str, ...], limit: int, rebuild: bool, vectors: bool, format_: str | None
) -> None:
    from archiver.store import search as searching
    from archiver.store import suggestions

    query = asked(words)
    if rebuild:
        _rebuild(obj)
    if vectors:
        _make_vectors(obj)
    if (rebuild or vectors) and not words:
        return
    with searching.opened(obj.database()) as index:
        found = searching.search(index, query, obj.site(), limit=limit)
        meant = None if found.exact else suggestions.meant(index, query)
    if format_:
        told = as_dict(found)
        print_found(told | {"meant": meant}, told["hits"], HIT, format_)
        return
    click.echo("\n".join(as_lines(found)))
    if meant:
        click.echo(f"\nDid you mean: {meant}")


def asked(words: Sequence[str]) -> str:
    """Return the query that words make; raises UsageError for one that looks like an option but is not."""
    unknown = next((word for word in words if word.startswith("--") and len(word) > len("--")), None)
    if unknown:
        raise UsageError(f"expected words or an option, found {unknown}; `archiver search --help` lists the options")
    return " ".join(words)


def _rebuild(obj: Context) -> None:
    from archiver.store import query, search_index
    from archiver.store.database import Archive

    query.run(obj.database(), "SELECT id FROM posts LIMIT 1")  # a new archive is not what was meant
    with Archive(obj.database()) as archive:
        rows = search_index.rebuild(archive.session.connection())
        archive.commit()
    posts, comments, formulas = (counted(rows[f"{noun}s_fts"], noun) for noun in ("post", "comment", "formula"))
    click.echo(f"index of {posts}, {comments} and {formulas}")


def _make_vectors(obj: Context) -> None:
    from archiver.store import query
    from archiver.store.database import Archive
    from archiver.text import embedding

    embedding.expect()
    query.run(obj.database(), "SELECT id FROM posts LIMIT 1")  # a new archive is not what was meant
    with Archive(obj.database()) as archive:
        made = bring_vectors_up_to_date(obj, archive)
    click.echo(f"vectors of {counted(made, 'post')} made")


HIT = (
    *("post_id", "comment_id", "page_id", "title", "url", "author", "published_on", "categories"),
    *("passage", "marks", "formulas", "related", "by"),
)
"""The fields of a hit for programs."""


def bring_vectors_up_to_date(obj: Context, archive: Archive) -> int:
    """Make the vectors of new and changed posts, and return how many posts these were; on a terminal a bar moves."""
    from archiver.store import vector_index

    if obj.verbosity != 0 or not sys.stderr.isatty():
        return vector_index.bring_up_to_date(archive)
    with click.progressbar(
        length=vector_index.due(archive), label="Vectors of posts", show_pos=True, file=sys.stderr
    ) as bar:
        return vector_index.bring_up_to_date(archive, lambda: bar.update(1))


def as_dict(found: Results, blogs: Sequence[str] = ()) -> dict[str, Any]:
    """Return what was found for JSON; `blogs` names that of each hit, where several were searched."""
    return {
        "understood": found.understood,
        "exact": found.exact,
        "related": found.related,
        "hits": [
            ({"blog": blogs[at]} if blogs else {})
            | {
                "post_id": hit.post_id,
                "comment_id": hit.comment_id,
                "page_id": hit.page_id,
                "title": _text(hit.title),
                "url": hit.url,
                "author": hit.author,
                "published_on": hit.published_on,
                "categories": list(hit.categories),
                "passage": _text(hit.passage),
                "marks": _marks(hit.passage),
                "formulas": list(hit.formulas),
                "related": hit.related,
                "by": hit.by,
            }
            for at, hit in enumerate(found.hits)
        ],
    }


def _text(segments: Segments) -> str:
    return "".join(segment.text for segment in segments)


def _marks(segments: Segments) -> list[tuple[int, int]]:
    """Return the first character of each marked piece, and the one after its last."""
    marks, at = [], 0
    for text, marked in segments:
        if marked:
            marks.append((at, at + len(text)))
        at += len(text)
    return marks


def _width() -> int | None:
    """Return the columns of the terminal; None when there is none."""
    from shutil import get_terminal_size

    return get_terminal_size().columns if sys.stdout.isatty() else None


def as_lines(found: Results, blogs: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of a report for people: how the query was understood, and the hits, each with its blog."""
    width = _width()
    yield f"{_counted(found)}: {found.understood}"
    for number, hit in enumerate(found.hits):
        if hit.related and (number == 0 or not found.hits[number - 1].related):
            yield ""
            yield _divider(found)
        yield from _hit_lines(hit, width, blogs[number] if blogs else "")


def _divider(found: Results) -> str:
    """Return what to say before the related hits."""
    before = "" if found.exact else "No post matches all of it. "
    if all(hit.by == "words" for hit in found.hits):
        return f"{before}These cover most of it:"
    return f"{before}These cover most of it, or are close to it in meaning:"


def _counted(found: Results) -> str:
    parts = [counted(found.exact, "hit")]
    parts += [f"{found.related} related"] if found.related else []
    parts += [f"the first {len(found.hits)} shown"] if len(found.hits) < found.total else []
    return ", ".join(parts)


def _hit_lines(hit: Hit, width: int | None, blog: str) -> Iterator[str]:
    yield ""
    about = ["independent page"] if hit.page_id else [hit.published_on or "", *hit.categories, hit.author]
    near = "" if hit.by == "words" else "related by meaning"
    yield from _wrapped([*hit.title, ("  " + " · ".join(filter(None, [*about, blog, near])), False)], width, "")
    yield f"  {hit.url}"
    yield from _wrapped(((" ".join(text.split("\n")), marked) for text, marked in hit.passage), width, "  ")
    for formula in hit.formulas:
        yield from _wrapped([(" ".join(formula.split()), False)], width, "  ")


_WORD = re.compile(r"[!-~]+|.", re.DOTALL)  # Chinese may be broken anywhere


def _wrapped(segments: Iterable[tuple[str, bool]], width: int | None, indent: str) -> Iterator[str]:
    """Yield pieces of text as lines of this width, the marked ones emphasised on a terminal."""
    from wcwidth import wcswidth

    from archiver.store.results import shown

    line: list[tuple[str, bool]] = []
    room = full = None if width is None else width - len(indent)
    for text, marked in segments:
        for word in _WORD.findall(shown(text)):
            columns = max(wcswidth(word), 0)
            if room is not None and full is not None:
                if columns > room and line:
                    yield indent + _emphasised(line)
                    line, room = [], full
                room -= columns
            line.append((word, marked and width is not None))
    yield indent + _emphasised(line)


def _emphasised(words: Iterable[tuple[str, bool]]) -> str:
    runs = ((marked, "".join(word for word, _ in run)) for marked, run in groupby(words, key=itemgetter(1)))
    return "".join(click.style(text, bold=True, fg="yellow") if marked else text for marked, text in runs).rstrip()


@click.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Print the command that opens the archive in Datasette.",
)
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
@click.option("--run", is_flag=True, help="Run it instead of printing it.")
@click.pass_obj
def datasette(obj: Context, /, more: tuple[str, ...], run: bool) -> None:
    """Print the command that opens the archive in Datasette, with search, facets and descriptions.

    Further arguments are passed on: archiver datasette --run --port 8002
    """
    import os
    import shlex
    from pathlib import Path

    from archiver.store import query
    from archiver.store.search import indexed_file
    from archiver.web import datasette as configured

    file = indexed_file(obj.database())
    query.run(file, "SELECT id FROM posts LIMIT 1")
    words = configured.command(file, obj.home, obj.site().profile, more)
    if not configured.installed():
        message = extras.missing("datasette")
        if run:
            raise UsageError(message)
        click.echo(message, err=True)
    if run:
        beside = Path(sys.executable).with_name(words[0])
        program = str(beside) if beside.exists() else words[0]
        os.execvp(program, words)  # noqa: S606
    click.echo(shlex.join(words))


COMMANDS = (search, datasette)
