"""What latex2mathml writes as MathML Core (https://www.w3.org/TR/mathml-core/), so that every program shows it.

Scripts on a matrix are on all of it, letters of a style are those of Unicode (Core knows no `mathvariant` but
`normal`), limits are below their operator in display style, and no attribute leads elsewhere or styles the page.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby

from lxml import etree

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

ARITY = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3,
}  # fmt: skip
"""Children of the elements that have a fixed number of them (MathML Core, section 3)."""

_SCRIPTS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
"""Elements for scripts next to something, by those for scripts below and above it."""

_LIMITS = {"lim", "max", "min", "sup", "inf"}
"""Operators with limits that latex2mathml does not mark as such."""

_LARGE = re.compile("[\u220f-\u2211\u22c0-\u22c3\u2a00-\u2a06\u2a09]")
"""Sums, products, unions and the like; integrals have their limits next to them."""

_BARS = frozenset("|\u2016")
"""Brackets that MathML makes as high as what is next to them, and TeX only after `\\left`."""

_SIZED = frozenset({"stretchy", "minsize"})

_UNSAFE = frozenset({"href", "style", "class", "id"})
"""Attributes of links and looks: a text from elsewhere decides neither."""

_COMMANDS = {"\\{": "{", "\\}": "}"}
"""Delimiters that latex2mathml leaves as they are after `\\big`, and has no character for."""

# Characters latex2mathml would write as markup, and what stands for them meanwhile.
HIDDEN = {ord("<"): "\ue000", ord(">"): "\ue001", ord("&"): "\ue002"}
_SHOWN = {ord(hidden): chr(sign) for sign, hidden in HIDDEN.items()}
_TOKENS = ("mi", "mn", "mo", "mtext", "ms")
_COLOR = re.compile(
    r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|aqua|black|blue|fuchsia|gray|green|lime|maroon|navy|olive|purple|red|silver|"
    r"teal|white|yellow"
)  # https://www.w3.org/TR/MathML3/chapter2.html#fund.color
_COLORS = {
    "brown": "#a52a2a", "cyan": "#00ffff", "darkblue": "#00008b", "darkgreen": "#006400", "magenta": "#ff00ff",
    "orange": "#ffa500", "pink": "#ffc0cb", "skyblue": "#87ceeb", "violet": "#ee82ee",
}  # fmt: skip
"""Further names of colours in TeX, by https://www.w3.org/TR/css-color-4/#named-colors."""

_STYLES = r"BOLD|ITALIC|SCRIPT|FRAKTUR|BLACK-LETTER|DOUBLE-STRUCK|SANS-SERIF|MONOSPACE"
_STYLED = re.compile(rf"(?:MATHEMATICAL )?((?:{_STYLES})(?: (?:{_STYLES}))*) ")
_LETTERS = (*range(0x2102, 0x2139), *range(0x1D400, 0x1D800))
"""Where Unicode has letters of a style: the first ones, and the rest in a block of their own."""


def make_core(math: etree._Element) -> bool:
    """Replace, in place, what MathML Core does not have; return whether all of the formula could be kept."""
    for node in list(math.iter(etree.Element)):
        name = _name(node)
        for attribute in _UNSAFE & set(map(str, node.attrib)):
            del node.attrib[attribute]
        _set_color(node)
        if name in _TOKENS and not _set_text(node):
            return False
        if name == "mo" and node.text in _BARS and not _SIZED & set(map(str, node.attrib)):
            node.set("stretchy", "false")
        if name in ARITY and not _gather_base(node, ARITY[name]):
            return False
    for node in math.iter(*(f"{{{NAMESPACE}}}{name}" for name in _SCRIPTS)):
        _set_limits(node)
    for node in list(math.iter(f"{{{NAMESPACE}}}mrow")):
        _set_lines(node)
    return True


def _set_color(node: etree._Element) -> None:
    color = node.get("mathcolor")
    if color is not None and not _COLOR.fullmatch(color):
        if color in _COLORS:
            node.set("mathcolor", _COLORS[color])
        else:
            del node.attrib["mathcolor"]
    if node.get("columnspacing") == "":
        del node.attrib["columnspacing"]


def _set_text(node: etree._Element) -> bool:
    """Make a token hold text alone, in the letters of its style; return whether it is not a command."""
    text = "".join(map(str, node.itertext())).translate(_SHOWN)
    node[:] = []
    if text.startswith("\\") and len(text) > 1:
        text = _sign(text)
    style = node.get("mathvariant", "normal")
    if style != "normal":
        del node.attrib["mathvariant"]
        text = "".join(letters(style).get(sign, sign) for sign in text)
    node.text = text
    return not (text.startswith("\\") and len(text) > 1)


def _sign(command: str) -> str:
    from latex2mathml.symbols_parser import convert_symbol

    code = convert_symbol(command)
    return chr(int(code, 16)) if code else _COMMANDS.get(command, command)


@cache
def letters(style: str) -> dict[str, str]:
    """Return plain letters as those of a style such as `bold-italic`, as `mathvariant` names it."""
    found: dict[str, str] = {}
    wanted = style.upper().replace("-", " ").replace("DOUBLE STRUCK", "DOUBLE-STRUCK")
    for code in _LETTERS:
        named = _STYLED.match(unicodedata.name(chr(code), ""))
        kind, _, plain = unicodedata.decomposition(chr(code)).partition(" ")
        if named and kind == "<font>" and named[1].replace("BLACK-LETTER", "FRAKTUR") == wanted:
            found[chr(int(plain, 16))] = chr(code)
    # Some characters have no italic form: digits are only bold.
    return {**letters("bold"), **found} if style == "bold-italic" else found


def _gather_base(node: etree._Element, arity: int) -> bool:
    """Put the base of scripts into one row where it is several elements, such as brackets around a table."""
    excess = len(node) - arity
    if excess > 0 and _name(node) in _SCRIPTS:
        row = etree.Element(f"{{{NAMESPACE}}}mrow")
        row.extend(list(node)[: excess + 1])
        node.insert(0, row)
    return len(node) == arity


def _set_limits(node: etree._Element) -> None:
    """Put limits below and above an operator that has them; `movablelimits` puts them next to it within a line."""
    operator = node[0]
    while len(operator) == 1 and _name(operator) == "mrow":
        operator = operator[0]
    text = (operator.text or "").strip()
    movable = operator.get("movablelimits") == "true" or text in _LIMITS or _LARGE.fullmatch(text)
    if _name(operator) == "mo" and movable:
        operator.set("movablelimits", "true")
        node.tag = f"{{{NAMESPACE}}}{_SCRIPTS[_name(node)]}"


def _set_lines(row: etree._Element) -> None:
    """Put what is on several lines, as in `gathered`, into rows of a table: Core breaks no line."""
    if not any(map(_is_break, row)):
        return
    lines = [list(line) for broken, line in groupby(list(row), _is_break) if not broken]
    row[:] = []
    table = etree.SubElement(row, f"{{{NAMESPACE}}}mtable", displaystyle="true")
    for line in lines:
        etree.SubElement(etree.SubElement(table, f"{{{NAMESPACE}}}mtr"), f"{{{NAMESPACE}}}mtd").extend(line)


def _is_break(node: etree._Element) -> bool:
    return _name(node) == "mspace" and node.get("linebreak") == "newline"


def _name(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2]
