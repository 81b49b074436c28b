"""Formulas as pictures, for readers of books that know no MathML: SVG of the outlines of STIX Two, by ziamath."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from lxml import etree

_SIZE = 20
"""Units of a drawing that make an em."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A formula as a picture; lengths are in em of the text around it."""

    svg: str
    width: float
    height: float
    depth: float
    """How much of the height is below the line the text stands on."""


def available() -> bool:
    """Return whether what draws formulas is installed."""
    try:
        installed()
    except ImportError:
        return False
    return True


def draw(math: etree._Element) -> Drawing | None:
    """Return MathML as a picture; None where the font lacks a sign, such as Chinese ones, or it cannot be drawn."""
    markup = etree.tostring(math, encoding="unicode", with_tail=False)
    try:
        drawn = installed().Math(markup, size=_SIZE)
        if any(_lacks(drawn.font, sign) for text in math.itertext() for sign in str(text)):
            return None
        root = drawn.svgxml()
        _x, top, _width, height = map(float, root.get("viewBox").split())
        shown = drawn.svg()
    except Exception:  # of whatever kind: it knows less MathML than there is
        return None
    width = float(root.get("width"))
    return Drawing(svg=shown, width=width / _SIZE, height=height / _SIZE, depth=(top + height) / _SIZE)


@cache
def installed() -> Any:
    """Return ziamath, set up; raises ImportError where it is not installed."""
    import ziamath
    from ziafont.config import config

    config.svg2 = False  # outlines where they stand: MuPDF shows none of those it has to look up
    config.precision = 1
    return ziamath


def _lacks(font: Any, sign: str) -> bool:
    return sign.isprintable() and not sign.isspace() and font.glyphindex(sign) == 0
