"""The contents of a book: one tree of headings, for EPUB 3 (nav) and for older readers (NCX)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_NCX = """<?xml version="1.0" encoding="utf-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1" xml:lang="{tongue}">
<head><meta name="dtb:uid" content="{identifier}"/></head>
<docTitle><text>{title}</text></docTitle>
<navMap>
{points}</navMap>
</ncx>
"""
"""https://daisy.org/activities/standards/daisy/daisy-3/z39-86-2005-r2012-specifications-for-the-digital-talking-book/#NCX"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsEntry:
    """A place in a book, with those within it."""

    title: str
    href: str = ""
    """Where it leads; empty if it only holds others."""
    within: tuple[ContentsEntry, ...] = ()

    @property
    def start(self) -> str:
        """Where it leads, or where the first of those within it does."""
        return self.href or self.within[0].start


def as_list(headings: Sequence[ContentsEntry]) -> str:
    """Return headings as a list in XHTML, lists within lists."""
    return f"<ol>\n{''.join(map(_item, headings))}</ol>"


def as_ncx(headings: Sequence[ContentsEntry], *, title: str, tongue: str, identifier: str) -> str:
    """Return headings as an NCX file."""
    points = "".join(_points(headings, iter(range(1, 1 + _count(headings)))))
    return _NCX.format(title=escape(title), tongue=tongue, identifier=identifier, points=points)


def _item(heading: ContentsEntry) -> str:
    title = escape(heading.title)
    text = f'<a href="{heading.href}">{title}</a>' if heading.href else f"<span>{title}</span>"
    within = f"\n{as_list(heading.within)}" if heading.within else ""
    return f"<li>{text}{within}</li>\n"


def _count(headings: Sequence[ContentsEntry]) -> int:
    return sum(1 + _count(heading.within) for heading in headings)


def _points(headings: Sequence[ContentsEntry], numbers: Iterator[int]) -> Iterator[str]:
    for heading in headings:
        yield f'<navPoint id="point-{next(numbers)}"><navLabel><text>{escape(heading.title)}</text></navLabel>'
        yield f'<content src="{heading.start}"/>'
        yield from _points(heading.within, numbers)
        yield "</navPoint>\n"
