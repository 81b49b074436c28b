r"""MathML from the drawing of a formula, for pages on which nothing else of it is left.

Both outputs of MathJax 3 and 4 mirror the MathML they were made of: CHTML by an element `mjx-msub` for each `msub`, SVG
by groups with `data-mml-node="msub"`; glyphs are `mjx-c` of a class `mjx-c1D453`, or shapes with `data-c="1D453"`. What
is between them (boxes, struts, lines, surds) only serves the drawing. Of two scripts the upper one is drawn first.
Pandoc, if told no way to show mathematics, writes letters, `<sub>` and `<sup>`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lxml import etree

MAX_DEPTH = 150
"""Elements deeper than this are left out; drawings wrap each node in up to six."""

_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_ROWS = {"texatom": "mrow", "math": "math", "inferredmrow": "mrow", "mlabeledtr": "mtr"}
_NODES = frozenset(
    {
        "maction",
        "menclose",
        "mfrac",
        "mmultiscripts",
        "mover",
        "mpadded",
        "mphantom",
        "mroot",
        "mrow",
        "mspace",
        "msqrt",
    }
    | {"mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtr", "munder", "munderover"}
)
_PAIRED = frozenset({"msubsup", "munderover"})
_LIMITED = frozenset({"mover", "munder", "munderover"})
_UNREAD = frozenset(
    {"defs", "mjx-assistive-mml", "mjx-nstrut", "mjx-dstrut", "mjx-speech", "mjx-surd", "rect", "style"}
)
_CODE = re.compile(r"(?:^|\s)mjx-c([0-9A-F]{2,6})(?=\s|$)")
_CALLIGRAPHIC = re.compile(r"(?:^|\s)mjx-cal(?=\s|$)|-B?C-")
"""A class in CHTML, part of the address of a glyph in SVG."""
_HEIGHT = re.compile(r"translate\(\s*[-\d.]+[\s,]+([-\d.]+)")
_WIDTH = re.compile(r"(?:^|;)\s*width:\s*([-\d.]+em)")
_SIDE = re.compile(r"(?:^|;)\s*text-align:\s*(left|right)")
_TOUCHES = re.compile(r"(?:^|;)\s*padding-right:\s*0(?:px|em)?\s*(?:;|\Z)")
_COLOR = re.compile(r"(?:^|;)\s*color:\s*([#\w]+)")
_PIECES = {
    "(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "{": "⎧⎨⎩⎪", "}": "⎫⎬⎭⎪", "|": "∣|", "‖": "∥‖",
}  # fmt: skip
_BRACES = {"\ue152": "⏟", "\ue150": "⏞"}  # by the first of the pieces that MathJax's own fonts have for them
_BARS = {"–": "¯"}
_STYLES = ("bold italic", "bold script", "bold fraktur", "bold", "script", "fraktur", "double-struck", "sans-serif")


def mathml(container: etree._Element) -> etree._Element | None:
    """Return a new `math` element that mirrors what is drawn inside a container, or None when nothing is."""
    root = next((node for node in container.iter(etree.Element) if _name(node) == "math"), None)
    if root is None:
        return None
    math = etree.Element("math")
    _fill(math, root, 0)
    return math if len(math) else None


def _name(node: etree._Element) -> str:
    """Return the name of the MathML element that a drawn one stands for, empty for what only serves the drawing."""
    written = node.get("data-mml-node") or (str(node.tag)[4:] if str(node.tag).startswith("mjx-") else "")
    name = written.lower()
    return _ROWS.get(name, name if name in _NODES or name in _TOKENS else "")


def _fill(target: etree._Element, node: etree._Element, depth: int) -> None:
    """Add the MathML of what stands inside a drawn element."""
    if depth > MAX_DEPTH:
        return
    for child in _scripts(node) if _name(node) in _LIMITED else node.iterchildren(etree.Element):
        name = _name(child)
        if child.tag in _UNREAD or (name == "mo" and _is_surd(child)):
            continue
        if not name:
            _fill(target, child, depth + 1)
        elif name in _TOKENS:
            _add_token(target, child, name)
        else:
            made = etree.SubElement(target, name)
            if width := _WIDTH.search(child.get("style", "")):
                made.set("width", width[1])
            color = _COLOR.search(child.get("style", ""))
            if name == "mstyle" and (said := color[1] if color else child.get("fill")):
                made.set("mathcolor", said)
            if name == "mtd" and (side := _SIDE.search(child.get("style", ""))):
                made.set("columnalign", side[1])
            _fill(made, child, depth + 1)
            _order(made, child, name)


def _scripts(node: etree._Element) -> Iterator[etree._Element]:
    """Yield the parts of a drawn base with limits, the base first: in CHTML what is over it comes before it."""
    found: dict[str, etree._Element] = {}
    waiting = [node]
    while waiting:
        box = waiting.pop()
        for child in reversed(list(box.iterchildren(etree.Element))):
            if child.tag in ("mjx-base", "mjx-over", "mjx-under"):
                found.setdefault(str(child.tag), child)
            elif child.tag in ("mjx-box", "mjx-munder", "mjx-row"):
                waiting.append(child)
    if "mjx-base" not in found:
        yield from node.iterchildren(etree.Element)
        return
    yield from (found[tag] for tag in ("mjx-base", "mjx-over", "mjx-under") if tag in found)


def _order(made: etree._Element, node: etree._Element, name: str) -> None:
    """Put what is under a base before what is over it, and what is under a root before its index, as MathML does."""
    if name in _PAIRED and len(made) == 3:
        heights = [height for part in _drawn(node) for height in [_height(part)]]
        if len(heights) != 3 or heights[1] >= heights[2]:
            made.append(made[1])
    elif (
        name == "mfrac"
        and next((part for part in node.iter("rect", "mjx-line") if _fraction(part) is node), None) is None
    ):
        made.set("linethickness", "0")
    elif name == "mtable":
        _align(made, node)
    elif name == "mtr":
        while len(made) and not len(made[-1]):
            made.remove(made[-1])
    elif name == "mroot" and len(made) == 2 and str(node.tag).startswith("mjx-"):
        made.append(made[0])


def _align(table: etree._Element, node: etree._Element) -> None:
    """Give a table what its cells in CHTML say: how they are aligned, and whether the first touches the next."""
    longest = max(table.iterchildren("mtr"), key=len, default=None)
    sides = [cell.get("columnalign", "center") for cell in longest] if longest is not None else []
    if set(sides) - {"center"}:
        first = next(node.iter("mjx-mtd"))
        table.set("columnalign", " ".join(sides))
        table.set("columnspacing", "0em" if _TOUCHES.search(first.get("style", "")) else "1em")


def _fraction(line: etree._Element) -> etree._Element | None:
    """Return the innermost drawn node that a line is part of."""
    return next((box for box in line.iterancestors() if _name(box)), None)


def _drawn(node: etree._Element) -> list[etree._Element]:
    """Return the groups of a drawing in SVG that are the parts of one."""
    return [child for child in node.iterchildren("g") if _name(child)]


def _height(part: etree._Element) -> float:
    found = _HEIGHT.search(part.get("transform", ""))
    return float(found[1]) if found else 0.0


def _is_surd(node: etree._Element) -> bool:
    above = node.getparent()
    return above is not None and _name(above) in ("msqrt", "mroot") and "√" in "".join(_glyphs(node))


def _add_token(target: etree._Element, node: etree._Element, name: str) -> None:
    glyphs = list(_glyphs(node))
    text = "".join(glyphs)
    made = etree.SubElement(target, name)
    made.text = sign(text) if name == "mo" else "".join(map(_plain, text)) if name in ("mi", "mn") else text
    if name in ("mi", "mn") and (style := _style(text, node)):
        made.set("mathvariant", style)


def sign(text: str) -> str:
    """Return the character that the pieces of a stretched one make up."""
    if len(text) > 1 and (whole := _BRACES.get(text[0])):
        return whole
    whole = next((sign for sign, pieces in _PIECES.items() if text and set(text) <= set(pieces)), text)
    return _BARS.get(whole, whole.strip("−") or whole)


def _plain(sign: str) -> str:
    """Return the letter of a mathematical alphabet; ϵ and ε are two letters."""
    kind, *code = unicodedata.decomposition(sign).split() or [""]
    return chr(int(code[0], 16)) if kind == "<font>" else sign


def _style(text: str, node: etree._Element) -> str:
    """Return the `mathvariant` of letters; upright letters in a font of their own have none."""
    if any(_CALLIGRAPHIC.search(_font(glyph)) for glyph in node.iter(etree.Element)):
        return "script"
    said = unicodedata.name(text[0], "").lower() if text else ""
    if not said.startswith(("mathematical ", "double-struck ", "script ", "black-letter ")):
        return "normal" if len(text) == 1 and text.isascii() and text.isalpha() else ""
    said = said.replace("black-letter", "fraktur")
    return next((style.replace(" ", "-") for style in _STYLES if style in said), "")


def _font(glyph: etree._Element) -> str:
    return str(glyph.get("class") or glyph.get("{http://www.w3.org/1999/xlink}href") or glyph.get("xlink:href") or "")


def _glyphs(node: etree._Element) -> Iterator[str]:
    """Yield the characters of a token: by their numbers, or as text where a font of MathJax lacks them."""
    for glyph in node.iter(etree.Element):
        stretched = str(glyph.tag).startswith("mjx-stretchy")
        code = glyph.get("data-c") or ((found := _CODE.search(glyph.get("class", ""))) and found[1])
        if code and not any(str(box.tag).startswith("mjx-stretchy") for box in glyph.iterancestors()):
            yield chr(int(code, 16))
        elif glyph.tag in ("text", "mjx-utext") or (stretched and not code):
            yield "".join(map(str, glyph.itertext()))


# Formulas in the tags of plain HTML

_LETTERS = frozenset({"b", "em", "i", "strong"})
_SCRIPTS = {"sub": "msub", "sup": "msup"}
_PART = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|\S")
_WIDTHS = re.compile("[\u2004-\u2006]")
"""Spaces that pandoc puts around operators."""


def typeset(element: etree._Element) -> etree._Element | None:
    """Return a new `math` element for letters with `<sub>` and `<sup>`; None where other tags are, or all is TeX."""
    tags = {str(inner.tag) for inner in element.iterdescendants()}
    shown = "".join(map(str, element.itertext()))
    if not tags <= _LETTERS | _SCRIPTS.keys() or "\\" in shown or not (tags or _WIDTHS.search(shown)):
        return None
    math = etree.Element("math")
    _set(math, element, "", 0)
    return math


def _set(row: etree._Element, element: etree._Element, token: str, depth: int) -> None:
    """Add the characters of an element to a row; a script belongs to the last of them."""
    _add_signs(row, element.text or "", token)
    for child in element if depth <= MAX_DEPTH else ():
        if script := _SCRIPTS.get(str(child.tag)):
            _set(_script(row, script), child, "", depth + 1)
        else:
            _set(row, child, "mi", depth + 1)
            if child.tag in ("b", "strong") and len(row):
                row[-1].set("mathvariant", "bold")
        _add_signs(row, child.tail or "", token)


def _script(row: etree._Element, script: str) -> etree._Element:
    """Return a new row for a script of the last character in a row, which may already have the other script."""
    base = row[-1] if len(row) else etree.SubElement(row, "mrow")
    if base.tag == "msub" and script == "msup":
        base.tag = "msubsup"
        return etree.SubElement(base, "mrow")
    made = etree.SubElement(row, script)
    made.append(base)
    return etree.SubElement(made, "mrow")


def _add_signs(row: etree._Element, text: str, token: str) -> None:
    for part in _PART.findall(text):
        etree.SubElement(row, token or ("mn" if part[0].isdigit() else "mo")).text = part
