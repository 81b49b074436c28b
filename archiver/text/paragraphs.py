"""Reads a copy of whole paragraphs and lists as trafilatura reads it, without asking it: most posts hold no more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile
from typing import NamedTuple

from trafilatura.utils import RE_FILTER

from archiver.text import dom
from archiver.text.tokens import CopiedElement

_LINES = frozenset({"p", *dom.HEADINGS})
_BOXES = frozenset({"article", "blockquote", "div", "section"})
_LISTS = frozenset({"ol", "ul"})
_SOURCE = "\0"
"""Stands for a source in a line; no text has it."""


class _Paragraph(NamedTuple):
    tag: str
    lead: str
    """What is written before it."""
    texts: list[str | int]
    """Text and the numbers of sources."""


def read(article: CopiedElement, sources: list[str]) -> str | None:
    """Return the text that trafilatura would find in an article if it kept all of it; None where only it can tell.

    That is where there is anything else that it lays out, such as cells, paragraphs in a list and lines in a paragraph,
    or leaves out: labels of buttons, a heading or a `<div>` at the end, one of several in a quote, a paragraph that
    occurs twice, invisible characters.
    """
    lines: list[str] = []
    tag = before = ""
    for paragraph in _paragraphs(article, are_joined=False):
        if paragraph is None:
            return None
        tag, lead, texts = paragraph
        line = " ".join("".join([part if isinstance(part, str) else _SOURCE for part in texts]).split())
        prose = line.replace(_SOURCE, "")
        if RE_FILTER.match(line) or prose == line == before or not prose.isprintable():
            return None
        before = line
        if len(prose) < len(line):
            hidden = [sources[part] for part in texts if isinstance(part, int)]
            first, *rest = line.split(_SOURCE)
            line = "".join([first, *(piece for pair in zip(hidden, rest, strict=True) for piece in pair)])
        lines.append(f"{lead}{line}")
    return "\n".join(lines) if tag in ("p", "li") else None


def _paragraphs(box: CopiedElement, *, are_joined: bool) -> Iterator[_Paragraph | None]:
    """Yield the paragraphs and items in a box, and None for anything else.

    A `<div>` with nothing but text is one, too, unless it is in a quote with others: those are joined.
    """
    texts, elements = _parts(box)
    if box.tag in _LISTS:
        yield from _items(box, "- ")
    elif not elements and (box.tag in _LINES or (box.tag == "div" and not are_joined)):
        if texts:
            yield _Paragraph(box.tag, "", texts)
    elif texts or box.tag not in _BOXES:
        yield None
    else:
        are_joined |= box.tag == "blockquote" and (len(elements) > 1 or bool(elements and _parts(elements[0])[1]))
        for element in elements:
            yield from _paragraphs(element, are_joined=are_joined)


def _items(listing: CopiedElement, lead: str) -> Iterator[_Paragraph | None]:
    """Yield the items of a list, each of one text and perhaps lists after it, and None for anything else."""
    between, items = _parts(listing)
    if between:
        yield None
    for item in items:
        texts, lists = _parts(item)
        behind = dropwhile(_is_text, item.inside) if lists else ()
        is_whole = item.tag == "li" and texts and not any(_is_text(part) and not _is_blank(part) for part in behind)
        yield _Paragraph("li", lead, texts) if is_whole else None
        for each in lists:
            yield from _items(each, f"  {lead}") if each.tag in _LISTS else (None,)


def _parts(box: CopiedElement) -> tuple[list[str | int], list[CopiedElement]]:
    """Return the texts in a box, none where all are blank, and the elements in it."""
    texts = [part for part in box.inside if not isinstance(part, CopiedElement)]
    elements = [part for part in box.inside if isinstance(part, CopiedElement)] if len(texts) < len(box.inside) else []
    return [] if all(map(_is_blank, texts)) else texts, elements


def _is_text(part: str | int | CopiedElement) -> bool:
    return not isinstance(part, CopiedElement)


def _is_blank(part: str | int | CopiedElement) -> bool:
    return isinstance(part, str) and part.isspace()
