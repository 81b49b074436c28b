"""Drawings that are in a page as `<svg>`: each that belongs to the text becomes a picture, as if it were a file.

Formulas that MathJax drew are formulas, and small icons next to words are not part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from lxml import etree
from lxml.html import HtmlElement

from archiver.media import SVG
from archiver.text import dom, embedded, svg

LARGEST_ICON = 40.0
"""Pixels of the longer side; icons next to words have 12 to 32, and drawings more than 100."""
LONGEST_ALT = 500
"""How many characters of a drawing's own words stand in for a missing description."""

_SHAPES = frozenset(
    {"circle", "ellipse", "foreignobject", "image", "line", "path", "polygon", "polyline", "rect", "text"}
)
_NOT_DRAWN = frozenset({"clippath", "defs", "lineargradient", "marker", "mask", "pattern", "radialgradient", "symbol"})
_NO_WORDS = frozenset({"desc", "metadata", "script", "style", "title"})
_SWALLOWED = frozenset({"p", "pre", "table", dom.FORMULA, *dom.HEADINGS})
"""What is never in a drawing: an unclosed one has swallowed the text after it."""
_HOLDERS = dom.DROPPED | {"math"}
_SIGNS = re.compile(r"(?:^|[\s_-])(?:anticon|bi|emoji|fa|feather|icons?|lucide|octicon|twemoji)(?=$|[\s_-])")
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b")
_STYLED = re.compile(r"(?:^|;)\s*(width|height)\s*:([^;]*)")
_LENGTH = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*(px|pt|em|rem|ex)?\s*")
_PIXELS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0}


def settle(body: HtmlElement) -> None:
    """Put a picture in place of each drawing, in the body itself."""
    for drawing in find(body):
        image = etree.Element("img", src=embedded.data_url(SVG, svg.file(drawing)), alt=_words(drawing))
        drawing.addprevious(image)
        cast("HtmlElement", drawing).drop_tree()


def find(body: HtmlElement) -> list[HtmlElement]:
    """Return the drawings of a text, in page order; one inside another is part of it."""
    return [drawing for drawing in body.iter("svg") if is_shown(drawing) and _is_whole(drawing)]


def is_shown(drawing: HtmlElement) -> bool:
    """Return whether an `<svg>` shows readers of the text something: it is neither an icon nor part of something."""
    return _is_seen(drawing) and _survey(drawing).draws


def awaits_script(drawing: HtmlElement) -> bool:
    """Return whether an `<svg>` is there for a script to draw in: it holds nothing to be seen or used."""
    return _is_seen(drawing) and next(drawing.iter(*_SHAPES, "symbol", "use"), None) is None


def _is_seen(drawing: HtmlElement) -> bool:
    if drawing.get("aria-hidden") == "true" or _HIDDEN.search(drawing.get("style", "")) or _is_small(drawing):
        return False
    parent = drawing.getparent()
    marks = (drawing.get("class", ""), parent.get("class", "") if parent is not None else "")
    if any(map(_SIGNS.search, marks)):
        return False
    return not dom.is_in_rendering(drawing) and not any(box.tag in _HOLDERS for box in drawing.iterancestors())


def _is_whole(drawing: HtmlElement) -> bool:
    survey = _survey(drawing)
    return not (survey.swallowed or survey.is_formula)


class _Survey(NamedTuple):
    draws: bool
    """Whether any of it is visible: a `<use>` of something defined elsewhere is not."""
    swallowed: bool
    is_formula: bool


def _survey(drawing: etree._Element) -> _Survey:
    draws = swallowed = is_formula = False
    used: list[str] = []
    walk = etree.iterwalk(drawing, events=("start",))
    for _, element in walk:
        draws |= element.tag in _SHAPES
        swallowed |= element.tag in _SWALLOWED
        is_formula |= element.get("data-mml-node") is not None
        if element.tag == "use":
            used.append(element.get("href") or element.get("xlink:href") or "")
        if element.tag in _NOT_DRAWN or element.tag == "foreignobject":
            walk.skip_subtree()
    if used and not draws:
        draws = not {f"#{element.get('id')}" for element in drawing.iter(etree.Element)}.isdisjoint(used)
    return _Survey(draws, swallowed, is_formula)


def _is_small(drawing: etree._Element) -> bool:
    """Return whether a drawing has the size of an icon; without a size, its view box decides."""
    styled = dict(_STYLED.findall(drawing.get("style", "")))
    given = [value for name in ("width", "height") if (value := styled.get(name) or drawing.get(name))]
    lengths = [float(side[1]) * _PIXELS[side[2]] for side in map(_LENGTH.fullmatch, given) if side]
    if not given:
        plane = drawing.get("viewbox", "").replace(",", " ").split()[2:4]
        lengths = [float(side[1]) for side in map(_LENGTH.fullmatch, plane) if side]
    return bool(lengths) and max(lengths) <= LARGEST_ICON


def _words(drawing: etree._Element) -> str:
    """Return the words that stand for a drawing: its label, title or description, or else the words inside it."""
    described = (drawing.find("title"), drawing.find("desc"))
    said = [
        drawing.get("aria-label", ""),
        *("".join(map(str, each.itertext())) for each in described if each is not None),
    ]
    said = [words for each in said if (words := " ".join(dom.clean(each).split()))]
    if said:
        return said[0]
    words = " ".join(" ".join(_texts(drawing)).split())
    return words if len(words) <= LONGEST_ALT else f"{words[:LONGEST_ALT]}…"


def _texts(drawing: etree._Element) -> Iterator[str]:
    walk = etree.iterwalk(drawing, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if element.tag in _NO_WORDS:
                walk.skip_subtree()
            elif element.text:
                yield dom.clean(element.text)
        elif element is not drawing and element.tail:
            yield dom.clean(element.tail)
