r"""MathML from KaTeX's drawing of a formula, for pages on which nothing else of it is left (`output: "html"`).

KaTeX writes nested `span` elements whose classes are the kinds of atoms of TeX (`mord`, `mrel`, ..) and of what is made
of them (`mfrac`, `msupsub`, ..). Parts one above the other are in a `vlist`; its order says nothing, the heights in
their styles do. Signs that grow are drawings in SVG, known by how their first path begins. What is between them
(struts, kerns, lines) only serves the drawing. Of anything else nothing is read, nor of the formula it is in.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from lxml import etree

from archiver.text import drawn

MAX_DEPTH = 100
"""Formulas with elements deeper than this are not read; KaTeX wraps each part in up to eight."""

_ATOMS = frozenset({"mord", "mbin", "mrel", "mopen", "mclose", "mpunct", "minner", "mop"})
_SIGNS = frozenset({"delimcenter", "mclose", "mop", "mopen"})
"""Classes of what KaTeX may put one character inside without saying again what it is."""
_FACES = {
    "amsrm": "", "boldsymbol": "bold-italic", "mainit": "", "mainrm": "", "mathbb": "double-struck", "mathbf": "bold",
    "mathboldfrak": "bold-fraktur", "mathboldsf": "bold-sans-serif", "mathcal": "script", "mathdefault": "",
    "mathfrak": "fraktur", "mathit": "", "mathitsf": "sans-serif", "mathnormal": "", "mathrm": "normal",
    "mathscr": "script", "mathsf": "sans-serif", "mathsfit": "sans-serif", "mathtt": "monospace",
    "textbb": "double-struck", "textfrak": "fraktur", "textscr": "script",
}  # fmt: skip
"""Classes of typefaces, and the `mathvariant` of letters in them."""
_TEXT_FACES = frozenset({"textbf", "textit", "textrm", "textsf", "texttt", "textmd", "textup"})
_LOOKS = frozenset(
    {"allowbreak", "base", "boxpad", "cancel-lap", "cancel-pad", "cramped", "delimcenter", "displaystyle", "enclosing"}
    | {"large-op", "mtight", "nobreak", "op-symbol", "scriptscriptstyle", "scriptstyle", "sizing", "small-op", "smash"}
    | {"textstyle", "uncramped", "x-arrow-pad"}
)
"""Classes that change only how something looks."""
_LOOK = re.compile(r"(?:reset-)?size\d+|delim-size\d|[a-z]+_fallback")
_UNSEEN = frozenset({"eqn-num", "fix", "pstrut", "strut"})
_WIDTH = re.compile(r"(?:^|;)\s*(?:margin-right|width):\s*(-?\d*\.?\d+)em")
_NO_WIDTH = re.compile(r"(?:^|;)\s*border-(?:right|top)-width:\s*0(?:\.0+)?em")
_TOP = re.compile(r"(?:^|;)\s*top:\s*(-?\d*\.?\d+)em")
_HEIGHT = re.compile(r"(?:^|;)\s*height:\s*(\d*\.?\d+)em")
_COLOR = re.compile(r"(?:^|;)\s*color:\s*([#\w]+)")
_STYLES = frozenset(
    {"border-style", "border-width", "bottom", "color", "height", "left", "margin-left", "position"}
    | {"margin-right", "min-width", "padding-left", "top", "vertical-align", "width", "border-bottom-width"}
    | {"border-right-style", "border-right-width", "border-top-width", "margin-top"}
)
_ROWS = frozenset({"math", "mrow", "msqrt", "mtd"})
_QUAD = 0.9
"""Em of the least space that is written; the spaces around operators have up to 0.28."""
_NEAR = 0.01
"""Em that the same height may differ by after KaTeX has rounded its parts."""
_TOKEN = re.compile(r"\d+(?:\.\d+)*|[\s\S]")
_WORD = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)*|[\s\S]")
_INVISIBLE = "\u200b\u200c\u2060"
_BARS = {"∣": "|", "∥": "‖"}
"""Signs of relations that KaTeX also draws as brackets."""
_SLASH = "\ue020"
"""What KaTeX's own font has for the slash of `\\not`."""
_ACCENTS = frozenset("^~ˉ˙¨ˇ˘´ˊ`ˋ")
_OVER = _ACCENTS | {"→", "⏞", "⏟"}
_COMMON_ACCENTS = {"ˊ": "´", "ˋ": "`"}
_SHAPES = (
    ("M377 20c0-5.333", "→"), ("M0 241v40h399891c-47.3", "→"), ("M400000 241H110l3-3c68.7", "←"),
    ("M6 548l-6-6v-35", "⏞"), ("M0 6l6-6h17c12.688", "⏟"), ("M200 55.538c-77", "~"), ("M344 55.266c-142", "~"),
    ("M786 59C457 59", "~"), ("M786 58C457 58", "~"), ("M529 0h5l519 115", "^"), ("M1181 0h2l1171", "^"),
    ("M403 1759 V84 H666 V0 H319 V1759 v# v1759", "["), ("M347 1759 V0 H0 V84 H263 V1759 v# v1759", "]"),
    ("M319 602 V0 H403 V602 v# v1715", "⌊"), ("M319 602 V0 H403 V602 v# v1799", "⌋"),
    ("M403 1759 V84 H666 V0 H319 V1759 v# v602", "⌈"), ("M347 1759 V0 H0 V84 H263 V1759 v# v602", "⌉"),
    ("M863,9c0,-2", "("), ("M76,0c-16.7", ")"),
)  # fmt: skip
"""How the paths of signs that grow begin (`svgGeometry` of KaTeX), without the length of their middle."""
_BAR = re.compile(r"M145 15 v585 v-?[\d.]+ v585 ")
_SECOND_BAR = re.compile(r"M367 15 v585 ")


class _UnreadError(Exception):
    """Something of a drawing is not known, so that the formula cannot be read."""


class _Stacked(NamedTuple):
    """A part of a `vlist`."""

    height: float
    """Em of its base line below that of the whole; less is higher."""
    element: etree._Element
    parts: list[etree._Element]


def mathml(drawing: etree._Element) -> etree._Element | None:
    """Return a new `math` element that says what a `katex-html` element shows, or None where it cannot be told."""
    math = etree.Element("math")
    try:
        _fill_with(math, _lines(drawing), 0)
        _negate(math)
        _gather_colors(math)
        label = _label(drawing)
    except _UnreadError:
        return None
    return _labelled(math, label) if label is not None and len(math) else math if len(math) else None


def _lines(drawing: etree._Element) -> list[etree._Element]:
    """Return the parts between which a formula may be broken."""
    found = [child for child in _children(drawing) if "tag" not in _classes(child)]
    if not all({"base", "newline"}.intersection(_classes(child)) for child in found):
        raise _UnreadError
    return found


def _label(drawing: etree._Element) -> etree._Element | None:
    """Return a cell with the number of a formula; numbers that the page's style counts are not in it."""
    tags = [child for child in drawing.iterchildren(etree.Element) if "tag" in _classes(child)]
    if not any(text.strip(_INVISIBLE) for tag in tags for text in _texts(tag)):
        return None
    if len(tags) != 1:
        raise _UnreadError
    cell = etree.Element("mtd")
    _fill(cell, tags[0], 0)
    return cell


def _labelled(math: etree._Element, label: etree._Element) -> etree._Element:
    whole = etree.Element("math")
    line = etree.SubElement(etree.SubElement(whole, "mtable"), "mlabeledtr")
    line.append(label)
    etree.SubElement(line, "mtd").extend(list(math))
    return whole


def _fill(row: etree._Element, parent: etree._Element, depth: int) -> None:
    """Add the MathML of what stands inside an element."""
    _fill_with(row, _children(parent), depth)


def _fill_with(row: etree._Element, elements: Sequence[etree._Element], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _UnreadError
    scripts = [element for element in elements if "msupsub" in _classes(element)]
    if not scripts:
        for element in elements:
            _add(row, element, depth + 1)
        return
    if scripts != [elements[-1]]:
        raise _UnreadError
    _add_scripts(row, elements[:-1], scripts[0], depth + 1)


def _children(element: etree._Element) -> list[etree._Element]:
    children = list(element.iterchildren(etree.Element))
    said = (element.text or "", *(child.tail or "" for child in children))
    if children and any(text.strip(_INVISIBLE + " \n\t") for text in said):
        raise _UnreadError
    return children


def _classes(element: etree._Element) -> list[str]:
    """Return the classes of an element; from KaTeX 0.19 on, some begin with `katex-`."""
    return [name.removeprefix("katex-") for name in element.get("class", "").split()]


def _add(row: etree._Element, element: etree._Element, depth: int) -> None:
    """Add the MathML of one element to a row."""
    if element.tag not in ("span", "a"):
        raise _UnreadError
    _check_style(element)
    classes = _classes(element)
    reader = next((_READERS[name] for name in classes if name in _READERS), None)
    if reader is not None:
        reader(row, element, depth)
    elif _UNSEEN.isdisjoint(classes):
        _check(classes)
        _add_plain(row, element, classes, depth)
    elif len(element) or element.text:
        raise _UnreadError


def _check(classes: Sequence[str]) -> None:
    for name in classes:
        if not (name in _ATOMS or name in _FACES or name in _TEXT_FACES or name in _LOOKS or _LOOK.fullmatch(name)):
            raise _UnreadError


def _check_style(element: etree._Element) -> None:
    for said in filter(str.strip, element.get("style", "").split(";")):
        if said.partition(":")[0].strip().lower() not in _STYLES:
            raise _UnreadError


def _add_plain(row: etree._Element, element: etree._Element, classes: Sequence[str], depth: int) -> None:
    """Add what has no layout of its own: a row of others, or characters."""
    if not len(element):
        _add_signs(row, element, classes)
    elif "mop" in classes and (name := _function(element)):
        _token(row, "mi", name, "" if len(name) > 1 else "normal")
    elif any("vlist-t" in _classes(child) for child in element):
        _add_enclosed(row, element, depth)
    elif "minner" in classes or _is_framed(element):
        made = etree.SubElement(row, "mrow")
        _fill(made, element, depth)
        if len(made) == 3 and "right" in made[1].get("columnalign", ""):
            etree.SubElement(made, "mspace")  # aligned lines behind a brace are not the table of `cases`
    else:
        _fill(row, element, depth)


def _is_framed(element: etree._Element) -> bool:
    r"""Return whether an element is a fraction between two brackets, such as `\binom`."""
    kinds = [_classes(child) for child in element]
    return len(kinds) == 3 and "mfrac" in kinds[1] and "mopen" in kinds[0] and "nulldelimiter" not in kinds[0]


def _function(element: etree._Element) -> str:
    """Return the name that an operator in upright letters is, or an empty string."""
    if not all(map(_is_upright, element.iterdescendants(etree.Element))):
        return ""
    name = "".join(_texts(element)).strip(_INVISIBLE)
    return name if name.isascii() and name.isalpha() else ""


def _is_upright(element: etree._Element) -> bool:
    classes, above = set(_classes(element)), element.getparent()
    if not classes <= {"mop", "mord", "mspace", "mathrm", "mtight", "text"}:
        return False
    silent = not (element.text or "").strip(_INVISIBLE)
    return silent or "mord" not in classes or "mathrm" in classes or (above is not None and "text" in _classes(above))


# Characters


def _add_signs(row: etree._Element, element: etree._Element, classes: Sequence[str]) -> None:
    text = (element.text or "").strip(_INVISIBLE)
    if not text:
        return
    if not _is_sign(element) or (unicodedata.category(text[0]) == "Co" and text != _SLASH):
        raise _UnreadError
    color = _color(element)
    if color == "transparent":
        row, color = etree.SubElement(row, "mphantom"), ""
    if not _TEXT_FACES.isdisjoint(classes):
        _token(row, "mtext", text, color=color)
    elif "mop" in classes and len(text) > 1 and text.isascii() and text.isalpha():
        _token(row, "mi", text, color=color)
    else:
        face = next((_FACES[name] for name in classes if name in _FACES), None)
        relation = "mrel" in classes
        for sign in (_TOKEN if not face else _WORD).findall(text):
            _add_sign(row, sign, face or "", color, relation=relation)


def _is_sign(element: etree._Element) -> bool:
    """Return whether characters may stand in an element by itself: in an atom, or directly in a bracket or operator."""
    above = element.getparent()
    around = _classes(above) if above is not None else []
    return not _ATOMS.isdisjoint(_classes(element)) or not _SIGNS.isdisjoint([*_classes(element), *around])


def _color(element: etree._Element) -> str:
    found = _COLOR.search(element.get("style", ""))
    return found[1] if found else ""


def _add_sign(row: etree._Element, sign: str, face: str, color: str, *, relation: bool) -> None:
    if sign[0].isdigit() and sign.isascii():
        _extend(row, "mn", sign, face, color)
    elif sign == "\u00a0":
        _token(row, "mtext", sign)
    elif face == "normal" and sign.isascii() and sign.isalpha():
        _extend(row, "mi", sign, face, color)
    elif (sign.isalpha() and (sign.isascii() or unicodedata.category(sign[0]) != "Lo")) or face.startswith("bold"):
        _token(row, "mi", sign, face, color)
    elif sign.isalpha():
        _token(row, "mi", sign, color=color)
    else:
        made = _token(row, "mo", sign if relation else _BARS.get(sign, sign), color=color)
        made.set("stretchy", "false")


def _extend(row: etree._Element, name: str, text: str, variant: str, color: str) -> None:
    """Add digits or upright letters to those before them: up to 0.12, KaTeX writes each by itself."""
    last = row[-1] if len(row) else None
    looks = variant, color
    if last is not None and last.tag == name and (last.get("mathvariant", ""), last.get("mathcolor", "")) == looks:
        last.text = f"{last.text}{text}"
    else:
        _token(row, name, text, variant, color)


def _token(row: etree._Element, name: str, text: str, variant: str = "", color: str = "") -> etree._Element:
    made = etree.SubElement(row, name)
    made.text = text
    if variant:
        made.set("mathvariant", variant)
    if color:
        made.set("mathcolor", color)
    return made


def _negate(math: etree._Element) -> None:
    r"""Put the slash of `\not` through what follows it."""
    signs = list(math.iter("mo", "mi", "mn", "mtext"))
    for at, slash in enumerate(signs):
        if slash.text != _SLASH:
            continue
        struck = signs[at + 1] if at + 1 < len(signs) else None
        text = unicodedata.normalize("NFC", (struck.text or "") + "\u0338") if struck is not None else ""
        if struck is None or len(text) != 1:
            raise _UnreadError
        struck.text = text
        above = slash.getparent()
        if above is not None:
            above.remove(slash)


def _gather_colors(math: etree._Element) -> None:
    """Give the colour that adjacent elements have to one element around them: KaTeX colours each character."""
    for node in reversed(list(math.iter(etree.Element))):
        colors = [child.get("mathcolor") for child in node]
        if node.tag != "math" and colors and colors[0] and set(colors) == {colors[0]}:
            node.set("mathcolor", colors[0])
            for child in node:
                del child.attrib["mathcolor"]
        elif node.tag in _ROWS:
            runs = [(color, list(run)) for color, run in groupby(list(node), lambda child: child.get("mathcolor"))]
            for color, run in runs:
                if color and len(run) > 1:
                    row = etree.Element("mrow", mathcolor=color)
                    run[0].addprevious(row)
                    for child in run:
                        del child.attrib["mathcolor"]
                        row.append(child)


def _add_text(row: etree._Element, element: etree._Element, depth: int) -> None:
    r"""Add what `\text` holds: words, and formulas among them."""
    if depth > MAX_DEPTH:
        raise _UnreadError
    if not len(element):
        text = (element.text or "").strip(_INVISIBLE)
        classes = _classes(element)
        if not text:
            return
        if not _FACES.keys().isdisjoint(classes):
            _add_signs(row, element, classes)
            return
        if unicodedata.category(text[0]) == "Co":
            raise _UnreadError
        color = _color(element)
        if color == "transparent":
            row, color = etree.SubElement(row, "mphantom"), ""
        last = row[-1] if len(row) else None
        if last is not None and last.tag == "mtext" and last.get("mathcolor", "") == color:
            last.text = (last.text or "") + text
        else:
            _token(row, "mtext", text, color=color)
        return
    children = _children(element)
    if any("msupsub" in _classes(child) for child in children):
        _fill_with(row, children, depth + 1)
        return
    for child in children:
        classes = _classes(child)
        known = {"mord", "text", "mtight", *_TEXT_FACES, *_LOOKS, *_FACES}
        if "mspace" in classes and (child.text or "").strip(_INVISIBLE):
            _add_text(row, child, depth + 1)
        elif known.issuperset(name for name in classes if not _LOOK.fullmatch(name)) and child.tag == "span":
            _check_style(child)
            _add_text(row, child, depth + 1)
        else:
            _add(row, child, depth + 1)


def _add_space(row: etree._Element, element: etree._Element, depth: int) -> None:
    del depth
    if "newline" in _classes(element):
        etree.SubElement(row, "mspace", linebreak="newline")
        return
    width = _WIDTH.search(element.get("style", ""))
    if text := "".join(_texts(element)).strip(_INVISIBLE):
        if text.strip():
            raise _UnreadError
        _token(row, "mtext", "\u00a0")
    elif width and (float(width[1]) >= _QUAD or _is_typed(element)):
        etree.SubElement(row, "mspace", width=f"{width[1]}em")


def _is_typed(space: etree._Element) -> bool:
    """Return whether the author typed a space: TeX puts none between two ordinary atoms."""
    beside = (space.getprevious(), space.getnext())
    return all(element is not None and "mord" in _classes(element) for element in beside)


def _add_rule(row: etree._Element, element: etree._Element, depth: int) -> None:
    r"""Leave out a rule that is not seen, as in `\vdots`."""
    del row, depth
    if not _NO_WIDTH.search(element.get("style", "")):
        raise _UnreadError


# What stands one above the other


def _layers(element: etree._Element) -> list[_Stacked]:
    """Return the parts of the only `vlist` among an element's children, the highest first."""
    lists = [child for child in _children(element) if "root" not in _classes(child)]
    if len(lists) != 1 or "vlist-t" not in _classes(lists[0]):
        raise _UnreadError
    line, *others = _children(lists[0]) or [lists[0]]
    if any(text.strip(_INVISIBLE) for other in others for text in _texts(other)):
        raise _UnreadError
    box = next(iter(line), None)
    if box is None or "vlist" not in _classes(box):
        raise _UnreadError
    return sorted(map(_layer, box.iterchildren(etree.Element)), key=lambda layer: layer.height)


def _layer(element: etree._Element) -> _Stacked:
    _check_style(element)
    top = _TOP.search(element.get("style", ""))
    strut = next(iter(element), None)
    height = _HEIGHT.search(strut.get("style", "")) if strut is not None and "pstrut" in _classes(strut) else None
    if not top or not height:
        raise _UnreadError
    return _Stacked(float(top[1]) + float(height[1]), element, _children(element)[1:])


def _row_of(parent: etree._Element, parts: Sequence[etree._Element], depth: int) -> etree._Element:
    """Add a row of what some elements are; return it, or the only element it would hold."""
    row = etree.SubElement(parent, "mrow")
    _fill_with(row, parts, depth + 1)
    if len(row) == 1:
        only = row[0]
        parent.replace(row, only)
        return only
    return row


def _add_scripts(row: etree._Element, base: Sequence[etree._Element], scripts: etree._Element, depth: int) -> None:
    layers = _layers(scripts)
    if len(layers) > 2:
        raise _UnreadError
    above = [layer for layer in layers if layer.height < 0]
    below = [layer for layer in layers if layer.height > 0]
    if len(layers) == 2 and len(above) != 1:
        above, below = layers[:1], layers[1:]
    if len(above) + len(below) != len(layers) or not layers:
        raise _UnreadError
    number = row[-1] if len(row) and row[-1].tag == "mn" else None
    made = etree.SubElement(row, "msubsup" if above and below else "msup" if above else "msub")
    written = _row_of(made, base, depth)
    if number is not None and written.tag == "mn" and written.get("mathvariant") == number.get("mathvariant"):
        # Each digit is one of its own to TeX, so that the script of a number is its last one's.
        written.text = f"{number.text}{written.text}"
        row.remove(number)
    for layer in (*below, *above):
        _row_of(made, layer.parts, depth)


def _add_limits(row: etree._Element, element: etree._Element, depth: int) -> None:
    layers = _layers(element)
    base = min(layers, key=lambda layer: abs(layer.height), default=None)
    if base is None or len(layers) not in (2, 3) or (len(layers) == 3 and base is not layers[1]):
        raise _UnreadError
    below = [layer for layer in layers if layer.height > base.height]
    above = [layer for layer in layers if layer.height < base.height]
    made = etree.SubElement(row, "munderover" if below and above else "munder" if below else "mover")
    for layer in (base, *below, *above):
        _row_of(made, layer.parts, depth)


def _add_fraction(row: etree._Element, element: etree._Element, depth: int) -> None:
    layers = _layers(element)
    lines = [layer for layer in layers if any("frac-line" in _classes(part) for part in layer.parts)]
    parts = [layer for layer in layers if layer not in lines]
    if len(parts) != 2 or len(lines) > 1:
        raise _UnreadError
    made = etree.SubElement(row, "mfrac")
    if not lines:
        made.set("linethickness", "0")
    for layer in parts:
        _row_of(made, layer.parts, depth)


def _add_root(row: etree._Element, element: etree._Element, depth: int) -> None:
    index = [child for child in element if "root" in _classes(child)]
    layers = _layers(element)
    drawings = [layer for layer in layers if _drawing(layer.parts) is not None]
    inside = [layer for layer in layers if layer not in drawings]
    if len(inside) != 1 or len(drawings) != 1 or len(index) > 1:
        raise _UnreadError
    made = etree.SubElement(row, "mroot" if index else "msqrt")
    _row_of(made, inside[0].parts, depth)
    if index:
        layers = _layers(index[0])
        if len(layers) != 1:
            raise _UnreadError
        _row_of(made, layers[0].parts, depth)


def _drawing(parts: Sequence[etree._Element]) -> etree._Element | None:
    """Return the first picture in some elements that are nothing else."""
    found = [picture for part in parts for picture in part.iter("svg")]
    said = any((text or "").strip(_INVISIBLE) for part in parts for text in _texts(part))
    return found[0] if found and not said else None


def _texts(part: etree._Element) -> Iterator[str]:
    for inner in part.iter(etree.Element):
        yield from (inner.text or "", (inner.tail or "") if inner is not part else "")


def _shape(picture: etree._Element) -> str:
    """Return the sign that a picture shows."""
    path = next(picture.iter("path"), None)
    drawn_as = " ".join(path.get("d", "").split()) if path is not None else ""
    if _BAR.match(drawn_as):
        return "‖" if _SECOND_BAR.search(drawn_as) else "|"
    for begins, sign in _SHAPES:
        pattern = re.escape(begins).replace(r"\#", r"-?[\d.]+")
        if re.match(pattern, drawn_as):
            return sign
    raise _UnreadError


def _add_accent(row: etree._Element, element: etree._Element, depth: int) -> None:
    r"""Add an accent, a brace or an arrow over or under something."""
    layers = _layers(element)
    signs = [layer for layer in layers if _is_accent(layer)]
    if len(layers) != 2 or len(signs) != 1:
        raise _UnreadError
    sign = signs[0]
    (base,) = (layer for layer in layers if layer is not sign)
    picture = _drawing(sign.parts)
    text = _shape(picture) if picture is not None else "".join(_texts(sign.element)).strip(_INVISIBLE)
    if picture is None and text not in _ACCENTS:
        raise _UnreadError
    under = sign.height > base.height + _NEAR
    if (text == "⏟") != under or text not in _OVER:
        raise _UnreadError
    made = etree.SubElement(row, "munder" if under else "mover")
    _row_of(made, base.parts, depth)
    mark = _token(made, "mo", _COMMON_ACCENTS.get(text, text))
    if "svg-align" not in _classes(sign.element):
        mark.set("stretchy", "false")


def _is_accent(layer: _Stacked) -> bool:
    if "svg-align" in _classes(layer.element):
        return _drawing(layer.parts) is not None
    return any("accent-body" in _classes(part) for part in layer.parts)


def _add_braced(row: etree._Element, element: etree._Element, depth: int) -> None:
    """Add a brace over or under something, or a note above or below one."""
    layers = _layers(element)
    if any(_is_accent(layer) for layer in layers):
        _add_accent(row, element, depth)
        return
    base, note = (layers[1], layers[0]) if "mover" in _classes(element) else (layers[0], layers[-1])
    if len(layers) != 2:
        raise _UnreadError
    made = etree.SubElement(row, "mover" if "mover" in _classes(element) else "munder")
    _row_of(made, base.parts, depth)
    _row_of(made, note.parts, depth)


def _add_lined(row: etree._Element, element: etree._Element, depth: int) -> None:
    over = "overline" in _classes(element)
    line = "overline-line" if over else "underline-line"
    inside = [layer for layer in _layers(element) if not any(line in _classes(part) for part in layer.parts)]
    if len(inside) != 1:
        raise _UnreadError
    made = etree.SubElement(row, "mover" if over else "munder")
    _row_of(made, inside[0].parts, depth)
    _token(made, "mo", "‾")


def _add_arrow(row: etree._Element, element: etree._Element, depth: int) -> None:
    """Add an arrow with something above it, and perhaps below."""
    layers = _layers(element)
    picture = _drawing(layers[1].parts) if len(layers) in (2, 3) else None
    arrow = _shape(picture) if picture is not None else ""
    if arrow not in ("→", "←"):
        raise _UnreadError
    made = etree.SubElement(row, "mover" if len(layers) == 2 else "munderover")
    _token(made, "mo", arrow)
    for layer in (*layers[2:], layers[0]):
        _row_of(made, layer.parts, depth)


def _add_enclosed(row: etree._Element, element: etree._Element, depth: int) -> None:
    """Add what has a frame around it or a line through it, or a table with lines between its rows."""
    layers = [layer for layer in _layers(element) if not any(map(_is_rule, layer.parts))]
    if len(layers) == 1 and abs(layers[0].height) <= _NEAR:
        _fill_with(row, layers[0].parts, depth)
        return
    frames = [layer for layer in layers if _notation(layer)]
    inside = [layer for layer in layers if layer not in frames]
    if len(frames) != 1 or len(inside) != 1:
        raise _UnreadError
    made = etree.SubElement(row, "menclose", notation=_notation(frames[0]))
    _row_of(made, inside[0].parts, depth)


def _is_rule(part: etree._Element) -> bool:
    return not {"hline", "hdashline"}.isdisjoint(_classes(part))


def _notation(layer: _Stacked) -> str:
    """Return the notation of `menclose` that a part draws, or an empty string."""
    if any("fbox" in _classes(part) for part in layer.parts):
        return "box"
    picture = _drawing(layer.parts)
    lines = list(picture.iter("line")) if picture is not None else []
    if len(lines) != 1:
        return ""
    ends = tuple(lines[0].get(name, "") for name in ("x1", "y1", "x2", "y2"))
    return _STRIKES.get(ends, "")


_STRIKES: dict[tuple[str, ...], str] = {
    ("0", "100%", "100%", "0"): "updiagonalstrike",
    ("0", "0", "100%", "100%"): "downdiagonalstrike",
}


# Brackets


def _add_bracket(row: etree._Element, element: etree._Element, depth: int) -> None:
    del depth
    pieces = "".join(_texts(element)).strip(_INVISIBLE)
    pieces = "".join(sign for sign in pieces if sign not in _INVISIBLE)
    if not pieces:
        picture = next(element.iter("svg"), None)
        if picture is None:
            raise _UnreadError
        pieces = _shape(picture)
    sign = drawn.sign(pieces)
    if len(sign) != 1:
        raise _UnreadError
    _token(row, "mo", _BARS.get(sign, sign))


def _add_fence(row: etree._Element, element: etree._Element, depth: int) -> None:
    r"""Add a bracket of `\left` and `\right` that does not grow, or is not seen."""
    if "nulldelimiter" in _classes(element):
        above = element.getparent()
        if above is not None and "minner" in _classes(above):
            _token(row, "mo", "")
        return
    _check(_classes(element))
    text = (element.text or "").strip(_INVISIBLE)
    above = element.getparent()
    grows = above is not None and ("minner" in _classes(above) or _is_framed(above))
    if len(element) or not grows or len(text) != 1:
        _add_plain(row, element, _classes(element), depth)
    else:
        _token(row, "mo", _BARS.get(text, text))


# Tables


def _add_table(row: etree._Element, element: etree._Element, depth: int) -> None:
    columns: list[tuple[str, list[_Stacked]]] = []
    gaps: list[bool] = []
    lines: list[str] = []
    gap, line = False, "none"
    for part in _children(element):
        classes = _classes(part)
        if "arraycolsep" in classes:
            width = _WIDTH.search(part.get("style", ""))
            gap = width is not None and float(width[1]) > 0
        elif "vertical-separator" in classes:
            line = "dashed" if "dashed" in part.get("style", "") else "solid"
        elif classes and classes[0].startswith("col-align-"):
            columns.append((_SIDES.get(classes[0], ""), _layers(part)))
            gaps.append(gap)
            lines.append(line)
            gap, line = False, "none"
        else:
            raise _UnreadError
    if not columns or not all(side for side, _ in columns):
        raise _UnreadError
    made = etree.SubElement(row, "mtable")
    sides = [side for side, _ in columns]
    if set(sides) != {"center"}:
        made.set("columnalign", " ".join(sides))
        made.set("columnspacing", "1em" if any(gaps[1::2]) else "0em")
    if "solid" in lines[1:]:
        made.set("columnlines", " ".join(lines[1:]))
    heights = _distinct(layer.height for _, cells in columns for layer in cells)
    drawn_rows = [etree.SubElement(made, "mtr") for _ in heights]
    for _, cells in columns:
        column = [etree.SubElement(drawn_row, "mtd") for drawn_row in drawn_rows]
        for layer in cells:
            _fill_with(column[bisect_right(heights, layer.height + _NEAR / 2) - 1], layer.parts, depth + 1)
    for drawn_row in drawn_rows:
        while len(drawn_row) > 1 and not len(drawn_row[-1]):
            drawn_row.remove(drawn_row[-1])


_SIDES = {"col-align-l": "left", "col-align-c": "center", "col-align-r": "right"}


def _distinct(heights: Iterator[float]) -> list[float]:
    found: list[float] = []
    for height in sorted(heights):
        if not found or height - found[-1] > _NEAR:
            found.append(height)
    return found


def _add_overlap(row: etree._Element, element: etree._Element, depth: int) -> None:
    r"""Add what takes no width of its own: the slash of `\not` and `\notin`; what is there for its height is none."""
    inside = etree.Element("mrow")
    for inner in element.iter(etree.Element):
        if "inner" in _classes(inner):
            _fill(inside, inner, depth + 1)
            break
    signs = [token.text for token in inside.iter("mo", "mi", "mn", "mtext")]
    if signs == [_SLASH]:
        _token(row, "mo", _SLASH)
    elif signs == ["/"] and len(row) and row[-1].tag == "mo" and len(row[-1].text or "") == 1:
        row[-1].text = unicodedata.normalize("NFC", f"{row[-1].text}\u0338")
        if len(row[-1].text) != 1:
            raise _UnreadError
    elif any(child.tag != "mphantom" for child in inside):
        raise _UnreadError


_Reader = Callable[[etree._Element, etree._Element, int], None]
_READERS: dict[str, _Reader] = {
    "mspace": _add_space,
    "rule": _add_rule,
    "op-limits": _add_limits,
    "mfrac": _add_fraction,
    "sqrt": _add_root,
    "accent": _add_accent,
    "accentunder": _add_accent,
    "mover": _add_braced,
    "munder": _add_braced,
    "overline": _add_lined,
    "underline": _add_lined,
    "x-arrow": _add_arrow,
    "delimsizing": _add_bracket,
    "mopen": _add_fence,
    "mclose": _add_fence,
    "mtable": _add_table,
    "text": _add_text,
    "vbox": _add_overlap,
    "rlap": _add_overlap,
    "llap": _add_overlap,
}
