"""Formulas as pictures, for readers of books that know no MathML: SVG outlines of STIX Two, by ziamath.

A picture is in the text itself, in its size and colour. The outlines are written where they are drawn: MuPDF shows
none of those it has to look up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from archiver.text.mathml_core import NAMESPACE
from archiver.text.outlines import shortened

SVG = "http://www.w3.org/2000/svg"

_SIZE = 20
"""Size of the letters that are drawn, which decides how thick the lines are."""

_GRID = 10
"""Grid points per unit of that size: 200 per em, a third of what a printer sets at 10 points."""

_EM = _SIZE * _GRID

_COLOR = re.compile(r"#?[0-9A-Za-z]+")
_LENGTHS = ("x", "y", "width", "height", "cx", "cy", "rx", "ry", "stroke-width")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A formula as a picture."""

    shapes: str
    """Elements of SVG."""
    box: tuple[int, int, int, int]
    """Left, top, width and height, so many per em of the text around it; the baseline is at 0."""

    def picture(self, tex: str, *, display: bool) -> etree._Element:
        """Return the drawing as an `svg` with its source in words, in the size of the text around it."""
        left, top, width, height = self.box
        size = f"width:{width / _EM:.4g}em;height:{height / _EM:.4g}em"
        if not display:
            size += f";vertical-align:{-(top + height) / _EM:.4g}em"
        return etree.fromstring(
            f'<svg xmlns="{SVG}" viewBox="{left} {top} {width} {height}" style="{size}" role="img" '
            f"aria-label={quoteattr(tex)}>{self.shapes}</svg>"
        )


def draw(math: etree._Element) -> Drawing | None:
    """Return MathML as a picture; None if the font lacks a character, such as a Chinese one, or it cannot be drawn."""
    ziamath = _ziamath()
    markup = etree.tostring(_simplified(math), encoding="unicode", with_tail=False)
    try:
        drawn = ziamath.Math(markup, size=_SIZE)
        if any(_lacks(drawn.font, sign) for text in math.itertext() for sign in str(text)):
            return None
        root = drawn.svgxml()
        return Drawing(shapes="".join(_shapes(root)), box=_box(root))
    except Exception:  # of any kind: it knows only part of MathML
        return None


def _simplified(math: etree._Element) -> etree._Element:
    """Return a formula without rows that hold one thing: each costs as much again as everything in it."""
    plain = deepcopy(math)
    for row in list(plain.iter(f"{{{NAMESPACE}}}mrow")):
        outer = row.getparent()
        if outer is None or row.attrib or any(child.get("linebreak") for child in row):
            continue
        alone = len(outer) == 1 and str(outer.tag).endswith(("}math", "}mtd"))
        # Within another row, brackets around a symbol say that it is not an operator.
        if alone or (len(row) == 1 and not str(outer.tag).endswith(("}mrow", "}mstyle"))):
            place = outer.index(row)
            outer[place : place + 1] = list(row)
    return plain


def _box(root: Any) -> tuple[int, int, int, int]:
    left, top, width, height = map(_on_grid, root.get("viewBox").split())
    return left, top, width, height


def _shapes(root: Any) -> Iterator[str]:
    """Yield the shapes of a drawing as SVG, adjacent glyphs of one colour as one path.

    Raises ValueError where it holds anything else.
    """
    shapes = (shape for shape in root.iter() if shape.tag not in ("svg", "g"))
    for (sign, colors), group in groupby(shapes, key=lambda shape: (_is_sign(shape), _colors(shape))):
        if sign:
            yield f'<path{colors} d="{"".join(shortened(shape.get("d"), _GRID) for shape in group)}"/>'
        else:
            yield from (f"<{shape.tag}{colors}{_lengths(shape)}/>" for shape in group)


def _is_sign(shape: Any) -> bool:
    return shape.tag == "path" and not shape.get("stroke")


def _lengths(shape: Any) -> str:
    """Return where a line, a box or an ellipse is."""
    if shape.tag == "path":
        return f' d="{shortened(shape.get("d"), _GRID)}" stroke-width="{_on_grid(shape.get("stroke-width"))}"'
    if shape.tag not in ("rect", "ellipse"):
        raise ValueError(shape.tag)
    return "".join(f' {name}="{_on_grid(shape.get(name))}"' for name in _LENGTHS if shape.get(name))


def _on_grid(length: str) -> int:
    return round(float(length) * _GRID)


def _colors(shape: Any) -> str:
    """Return the colours of a shape as attributes: black becomes the colour of the text around it."""
    colors = {name: shape.get(name) for name in ("fill", "stroke") if shape.get(name)}
    if not all(map(_COLOR.fullmatch, colors.values())):
        raise ValueError(colors)
    if colors.get("fill") == "black":
        del colors["fill"]
    return "".join(f' {name}="{"currentColor" if color == "black" else color}"' for name, color in colors.items())


@cache
def _ziamath() -> Any:
    import ziamath
    from ziafont.config import config

    config.svg2 = False  # the other form takes two brackets of different heights for the same one
    config.precision = 4
    return ziamath


def _lacks(font: Any, sign: str) -> bool:
    return sign.isprintable() and not sign.isspace() and font.glyphindex(sign) == 0
