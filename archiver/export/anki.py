r"""Labelled equations as cards, in the text file that Anki imports: https://docs.ankiweb.net/importing/text-files.html.

The front is the post's title, the equation's number and the words that lead to it, the back the equation and where it
is. TeX is between `\(` and `\)`, `\[` and `\]`, as Anki's MathJax wants it, with the blog's macros expanded.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator
from html import escape
from pathlib import Path

from archiver.durable import replacing
from archiver.export.notice import license_of, notice
from archiver.export.rows import Step
from archiver.store import passages
from archiver.store.library import Library
from archiver.store.values import Formula, Post
from archiver.text import commonmark, tex
from archiver.text.mathml import Formulas

_HEAD = ("separator:tab", "html:true", "guid column:1", "tags column:4")
_KEY = 16  # hexadecimal digits of a card's key: two of a million cards share one by a chance of 1 in 10^7


def write(
    library: Library, target: Path, step: Step, *, title: str | None = None, posts: Collection[int] | None = None
) -> None:
    """Write a card for each labelled equation of all posts, or of those chosen, into the deck with that title.

    A card's key is made of its post and label, so importing the file again changes the cards that are there. Raises as
    `replacing` does.
    """
    text = io.StringIO(newline="")
    for line in (*_HEAD, f"deck:{' '.join((title or library.site.profile.title).split())}"):
        text.write(f"#{line}\n")
    for sentence in notice(library.posts(posts), library.site.profile).sentences():
        text.write(f"# {sentence}\n")
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    for post in library.posts() if posts is None else map(library.post, posts):
        rows.writerows(_cards(post, list(library.formulas(post.id))))
        step()
    with replacing(target) as file:
        file.write(text.getvalue().encode())


def _cards(post: Post, rows: list[Formula]) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, front, back and tags of each labelled equation."""
    formulas = Formulas(row.tex for row in rows)
    visible = commonmark.read(post.markdown)
    leading = dict(passages.leading(visible.text, visible.formulas, r"\label"))
    title = _set(post.title, formulas)
    source = f'<a href="{escape(post.url)}">{title}</a> · {escape(post.author)} · {escape(license_of(post)[0])}'
    labelled = {row.label: row for row in reversed(rows) if row.label is not None}  # of twins the first
    for label, row in reversed(labelled.items()):
        number = formulas.labelled(label)
        key = hashlib.sha256(f"{post.url}\n{label}".encode()).hexdigest()[:_KEY]
        front = f"<b>{title}</b> ({_set(number, formulas)})<br><br>{_set(leading.get(row.position, ''), formulas)}"
        back = rf"\[{escape(formulas.alone(row.tex), quote=False)}\]<br><small>{source}</small>"
        yield key, front, back, " ".join("_".join(tag.split()) for tag in post.tags)


def _set(text: str, formulas: Formulas) -> str:
    """Return text as HTML with its formulas as Anki's MathJax finds them."""
    pieces, at = list[str](), 0
    for span in tex.scan(text).spans:
        opener, closer = (r"\[", r"\]") if span.display else (r"\(", r"\)")
        inside = escape(formulas.alone(text[span.start : span.end]), quote=False)
        pieces += [_prose(text[at : span.start], formulas), f"{opener}{inside}{closer}" if inside else ""]
        at = span.end
    return "".join([*pieces, _prose(text[at:], formulas)])


def _prose(text: str, formulas: Formulas) -> str:
    return escape(formulas.reference(text)).replace("\n", "<br>")
