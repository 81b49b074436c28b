r"""MathML's presentation markup as TeX, for formulas whose source the page no longer holds.

Elements and their meaning are those of MathML Core (https://www.w3.org/TR/mathml-core/) and, for what renderers still
write, of MathML 3. The result looks the same; it is not what the author typed. Characters without a command stay
 as they are: MathJax and LaTeX with unicode-math set them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, zip_longest

from lxml import etree

from archiver.text import tex

CONVERTER = "mathml-to-tex 1"
"""The name under which rows tell what was converted here; raised when the same markup would read differently."""

MAX_DEPTH = 100
"""Elements deeper than this keep only their text."""

_COMMANDS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "pm": "±", "mp": "∓", "times": "×", "div": "÷", "cdot": "⋅", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "∙",
    "oplus": "⊕", "ominus": "⊖", "otimes": "⊗", "oslash": "⊘", "odot": "⊙", "wedge": "∧", "vee": "∨", "cap": "∩",
    "cup": "∪", "sqcap": "⊓", "sqcup": "⊔", "uplus": "⊎", "setminus": "∖", "amalg": "⨿", "dagger": "†",
    "ddagger": "‡", "leq": "≤", "geq": "≥", "neq": "≠", "equiv": "≡", "sim": "∼", "simeq": "≃", "approx": "≈",
    "cong": "≅", "propto": "∝", "ll": "≪", "gg": "≫", "prec": "≺", "succ": "≻", "preceq": "⪯", "succeq": "⪰",
    "subset": "⊂", "supset": "⊃", "subseteq": "⊆", "supseteq": "⊇", "in": "∈", "notin": "∉", "ni": "∋", "perp": "⊥",
    "parallel": "∥", "mid": "∣", "vdash": "⊢", "dashv": "⊣", "models": "⊨", "asymp": "≍", "doteq": "≐",
    "lesssim": "≲", "gtrsim": "≳", "leqslant": "⩽", "geqslant": "⩾", "triangleq": "≜", "ltimes": "⋉", "rtimes": "⋊",
    "leftarrow": "←", "rightarrow": "→", "leftrightarrow": "↔", "Leftarrow": "⇐", "Rightarrow": "⇒",
    "Leftrightarrow": "⇔", "longleftarrow": "⟵", "longrightarrow": "⟶", "longleftrightarrow": "⟷",
    "Longleftarrow": "⟸", "Longrightarrow": "⟹", "Longleftrightarrow": "⟺", "mapsto": "↦", "longmapsto": "⟼",
    "hookrightarrow": "↪", "hookleftarrow": "↩", "uparrow": "↑", "downarrow": "↓", "updownarrow": "↕",
    "Uparrow": "⇑", "Downarrow": "⇓", "nearrow": "↗", "searrow": "↘", "swarrow": "↙", "nwarrow": "↖",
    "rightharpoonup": "⇀", "leftharpoonup": "↼", "rightleftharpoons": "⇌", "leadsto": "⇝",
    "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮", "bigcap": "⋂",
    "bigcup": "⋃", "bigvee": "⋁", "bigwedge": "⋀", "bigoplus": "⨁", "bigotimes": "⨂", "bigodot": "⨀",
    "bigsqcup": "⨆", "biguplus": "⨄", "infty": "∞", "partial": "∂", "nabla": "∇", "forall": "∀", "exists": "∃",
    "nexists": "∄", "neg": "¬", "emptyset": "∅", "aleph": "ℵ", "hbar": "ℏ", "ell": "ℓ", "wp": "℘", "Re": "ℜ",
    "Im": "ℑ", "angle": "∠", "triangle": "△", "square": "□", "blacksquare": "■", "top": "⊤", "prime": "′",
    "therefore": "∴", "because": "∵", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱",
    "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "Vert": "‖",
    "checkmark": "✓", "degree": "°", "S": "§", "diamond": "⋄", "imath": "ı", "jmath": "ȷ",
}  # fmt: skip
_SIGNS = {sign: f"\\{name}" for name, sign in _COMMANDS.items()}
_SIGNS |= {
    "−": "-",
    "⟩": r"\rangle",
    "〈": r"\langle",
    "〉": r"\rangle",
    "·": r"\cdot",
    "″": "''",
    "‴": "'''",
}
_SIGNS |= {sign: f"\\{sign}" for sign in "#$%&_{}"} | {"\\": r"\backslash", "^": r"\hat{}", "~": r"\sim"}
_SIGNS |= {"\u00a0": r"\ ", "\u2003": r"\quad", "\u2009": r"\,", "\u200a": "", "\u200b": "", "\u2005": r"\:"}
_SIGNS |= dict.fromkeys("\u2061\u2062\u2063\u2064", "")  # operators nobody sees
_FUNCTIONS = frozenset(
    {"arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd", "hom"}
    | {"inf", "ker", "lg", "lim", "ln", "log", "max", "min", "Pr", "sec", "sin", "sinh", "sup", "tan", "tanh"}
    | {"limsup", "liminf"}
)
_VARIANTS = {
    "bold": "mathbf", "bold-italic": "boldsymbol", "double-struck": "mathbb", "script": "mathcal", "normal": "mathrm",
    "bold-script": "mathcal", "fraktur": "mathfrak", "bold-fraktur": "mathfrak", "sans-serif": "mathsf",
    "bold-sans-serif": "mathsf", "sans-serif-italic": "mathsf", "sans-serif-bold-italic": "mathsf",
    "monospace": "mathtt",
}  # fmt: skip
_STYLES = (
    ("MATHEMATICAL BOLD ITALIC", "boldsymbol"), ("MATHEMATICAL BOLD SCRIPT", "mathcal"),
    ("MATHEMATICAL BOLD FRAKTUR", "mathfrak"), ("MATHEMATICAL BOLD", "mathbf"), ("MATHEMATICAL ITALIC", ""),
    ("MATHEMATICAL SCRIPT", "mathcal"), ("MATHEMATICAL FRAKTUR", "mathfrak"),
    ("MATHEMATICAL DOUBLE-STRUCK", "mathbb"), ("MATHEMATICAL SANS-SERIF", "mathsf"),
    ("MATHEMATICAL MONOSPACE", "mathtt"), ("DOUBLE-STRUCK", "mathbb"), ("SCRIPT CAPITAL", "mathcal"),
    ("BLACK-LETTER", "mathfrak"),
)  # fmt: skip
"""How the Unicode names of styled letters begin, and the command that styles the plain letter so."""
_OVER = {
    "^": "hat", "ˆ": "hat", "̂": "hat", "~": "tilde", "˜": "tilde", "∼": "tilde", "̃": "tilde", "¯": "bar", "ˉ": "bar",
    "―": "overline", "‾": "overline", "_": "overline", "→": "vec", "⃗": "vec", "˙": "dot", ".": "dot", "̇": "dot",
    "¨": "ddot", "..": "ddot", "⏞": "overbrace", "⏜": "overparen", "ˇ": "check", "˘": "breve", "´": "acute",
    "`": "grave",
}  # fmt: skip
_UNDER = {"⏟": "underbrace", "_": "underline", "―": "underline", "‾": "underline", "̲": "underline", "¯": "underline"}
_WIDE = {"hat": "widehat", "tilde": "widetilde", "vec": "overrightarrow", "bar": "overline"}
_ROUND = frozenset({("(", ")"), ("[", "]"), ("(", "]"), ("[", ")")})
_MATRICES = {
    ("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("{", "}"): "Bmatrix", ("|", "|"): "vmatrix", ("∣", "∣"): "vmatrix",
    ("‖", "‖"): "Vmatrix", ("∥", "∥"): "Vmatrix", ("{", ""): "cases",
}  # fmt: skip
_FENCES = frozenset("()[]{}|‖∥∣⟨⟩⌊⌋⌈⌉/\\")
_NOTATIONS = {"box": "boxed", "updiagonalstrike": "cancel", "downdiagonalstrike": "bcancel", "roundedbox": "boxed"}
_LIMITS = frozenset("∑∏∐⋂⋃⋁⋀⨁⨂⨀⨆⨄")
_INTEGRALS = frozenset("∫∬∭∮")
_LONGEST = 30  # characters of a command
_COMMANDS_END = re.compile(r"\\[A-Za-z]+ [A-Za-z]\Z")
_MERGING = re.compile(rf"{_COMMANDS_END.pattern}|\d \d\Z")
_COMMAND = re.compile(r"\\[A-Za-z]+(?:\{[^{}]*\})?")
_COLOR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+")
_TEXT_SIGN = re.compile(r"\\?[#$%&_{}]|\\")  # MathJax leaves `\&` as it is in `\text`
_SIZED = re.compile(r"\\(left|right)(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\?.)")
_NO_LINE = re.compile(r"0+(?:\.0+)?(?![.\d])")


def convert(math: etree._Element) -> str:
    """Return the TeX of a `math` element, without delimiters."""
    return tex.trimmed(_joined(_tex(child, 0) for child in _children(math)))


def _joined(pieces: Iterable[str], merging: re.Pattern[str] = _MERGING) -> str:
    r"""Join pieces, with a space where `\alpha` and a letter, or two numbers, would become one."""
    found = [piece for piece in pieces if piece]
    gaps = [" " if merging.search(f"{one[-_LONGEST:]} {other[0]}") else "" for one, other in pairwise(found)]
    return "".join(piece + gap for piece, gap in zip_longest(found, gaps, fillvalue=""))


def _name(node: etree._Element) -> str:
    """Return the name of an element without a prefix such as `mml:`."""
    return str(node.tag).rpartition("}")[2].rpartition(":")[2] if isinstance(node.tag, str) else ""


def _children(node: etree._Element) -> list[etree._Element]:
    return [child for child in node if isinstance(child.tag, str)]


def _tex(node: etree._Element, depth: int) -> str:
    if depth > MAX_DEPTH:
        return _signs("".join(map(str, node.itertext())))
    name = _name(node)
    written = _TOKENS[name](node) if name in _TOKENS else _LAYOUTS.get(name, _row)(node, depth + 1)
    color = node.get("mathcolor", "")
    return rf"\textcolor{{{color}}}{{{written}}}" if written and _COLOR.fullmatch(color) else written


def _row(node: etree._Element, depth: int) -> str:
    children = _children(node)
    if fenced := _fenced(children, depth):
        return fenced
    return _joined(_tex(child, depth + 1) for child in children)


def _fenced(children: Sequence[etree._Element], depth: int) -> str:
    r"""Return `\left..\right`, a matrix, cases or `\binom` for a row between brackets, or an empty string."""
    if len(children) < 3 or not (_is_sign(children[0]) and _is_sign(children[-1])):
        return ""
    fences = _text(children[0]), _text(children[-1])
    inside = children[1:-1]
    if not (_is_fence(fences[0]) and _is_fence(fences[1])) or fences == ("", ""):
        return ""
    only = _sole(inside)
    if only is not None and (named := _named(fences, only, depth)):
        return named
    if "false" in (children[0].get("stretchy"), children[-1].get("stretchy")):
        return ""
    if fences in _ROUND and not any(map(_is_tall, inside)):
        return ""
    content = _joined(_tex(child, depth + 1) for child in inside)
    return _joined([_sized(r"\left", fences[0]), content, _sized(r"\right", fences[1])])


def _is_sign(node: etree._Element) -> bool:
    """Return whether an element is an operator, even if alone inside rows."""
    inside = _sole([node])
    return inside is not None and _name(inside) == "mo"


def _sole(nodes: Sequence[etree._Element]) -> etree._Element | None:
    """Return the only element of a row, without the rows around it."""
    for _ in range(MAX_DEPTH):
        if len(nodes) != 1 or _name(nodes[0]) not in ("mrow", "mstyle"):
            break
        nodes = _children(nodes[0])
    return nodes[0] if len(nodes) == 1 else None


def _named(fences: tuple[str, str], inside: etree._Element, depth: int) -> str:
    if _name(inside) == "mfrac" and fences == ("(", ")") and _NO_LINE.match(inside.get("linethickness", "")):
        return r"\binom{{{}}}{{{}}}".format(*_parts(inside, 2, depth + 1))
    if _name(inside) == "mtable" and fences in _MATRICES:
        name = _MATRICES[fences]
        centred = set((inside.get("columnalign") or "center").split()) == {"center"}
        if "solid" in inside.get("columnlines", "").split() or (name != "cases" and not centred):
            return ""
        return rf"\begin{{{name}}}{_rows(inside, depth + 1)}\end{{{name}}}"
    return ""


def _sized(command: str, fence: str) -> str:
    return _joined([command, "|" if fence == "∣" else _signs(fence) or "."])


def _is_fence(sign: str) -> bool:
    return sign in _FENCES or not sign


def _is_tall(node: etree._Element) -> bool:
    return any(_name(inner) in ("mfrac", "mtable", "munderover", "munder") for inner in node.iter(etree.Element))


def _text(node: etree._Element) -> str:
    return " ".join("".join(map(str, node.itertext())).split())


def _signs(text: str) -> str:
    return _joined(map(_sign, text), _COMMANDS_END)


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isascii():
        return sign
    name = unicodedata.name(sign, "")
    plain = unicodedata.normalize("NFKC", sign)
    for style, command in _STYLES:
        if name.startswith(style) and len(plain) == 1:
            letter = _SIGNS.get(plain, plain)
            return f"\\{command}{{{letter}}}" if command else letter
    return sign


# Tokens


def _identifier(node: etree._Element) -> str:
    text = "".join(_text(node).split(" "))
    variant = node.get("mathvariant", "")
    if len(text) > 1 and text.isascii() and text.isalpha() and not variant.startswith(("bold", "double", "s", "f")):
        return f"\\{text}" if text in _FUNCTIONS else rf"\operatorname{{{text}}}" if not variant else _roman(text)
    written = _signs(text)
    command = _VARIANTS.get(variant)
    if not command or not written or (command == "mathrm" and not (text.isascii() and text.isalpha())):
        return written
    return f"\\{command}{{{written}}}"


def _roman(text: str) -> str:
    return rf"\mathrm{{{text}}}"


def _number(node: etree._Element) -> str:
    written = _signs(_text(node).replace(" ", ""))
    command = _VARIANTS.get(node.get("mathvariant", ""))
    return f"\\{command}{{{written}}}" if command and command != "mathrm" else written


def _operator(node: etree._Element) -> str:
    text = _text(node)
    if len(text) > 1 and text.isalpha() and text.isascii():
        return f"\\{text}" if text in _FUNCTIONS else rf"\operatorname{{{text}}}"
    if text == ":=":
        return ":="
    return _signs(text)


def _words(node: etree._Element) -> str:
    text = re.sub(r"[ \t\n]+", " ", "".join(map(str, node.itertext()))).replace("\u00a0", " ")
    if not text.strip():
        return r"\ " if text else ""
    return rf"\text{{{_TEXT_SIGN.sub(_escaped, text)}}}"


def _escaped(sign: re.Match[str]) -> str:
    r"""Return a character as it may be in `\text`, where a backslash by itself cannot."""
    return "∖" if sign[0] == "\\" else f"\\{sign[0][-1]}"


def _space(node: etree._Element) -> str:
    width = re.fullmatch(r"(-?[\d.]*\d)em", node.get("width", "").strip())
    if node.get("linebreak") == "newline":
        return r"\\"
    if not width:
        return ""
    steps = ((1.9, r"\qquad"), (0.9, r"\quad"), (0.25, r"\;"), (0.2, r"\:"), (0.1, r"\,"))
    return next((command for least, command in steps if float(width[1]) >= least), r"\!" * (float(width[1]) < 0))


def _nothing(node: etree._Element) -> str:
    del node
    return ""


_TOKENS: dict[str, Callable[[etree._Element], str]] = {
    "mi": _identifier,
    "mn": _number,
    "mo": _operator,
    "ms": _words,
    "mtext": _words,
    "mspace": _space,
    "annotation": _nothing,
    "annotation-xml": _nothing,
    "none": _nothing,
    "mprescripts": _nothing,
}

# Layouts


def _parts(node: etree._Element, count: int, depth: int) -> list[str]:
    """Return the TeX of the first children, empty where there are none."""
    found = [_tex(child, depth) for child in _children(node)[:count]]
    return found + [""] * (count - len(found))


def _fraction(node: etree._Element, depth: int) -> str:
    above, below = _parts(node, 2, depth)
    if _NO_LINE.match(node.get("linethickness", "")):
        return rf"{{{above}\atop {below}}}"
    return rf"\frac{{{above}}}{{{below}}}"


def _root(node: etree._Element, depth: int) -> str:
    base, index = _parts(node, 2, depth)
    return rf"\sqrt[{index}]{{{base}}}"


def _square_root(node: etree._Element, depth: int) -> str:
    return rf"\sqrt{{{_row(node, depth)}}}"


def _base(node: etree._Element, depth: int) -> str:
    """Return the base of scripts, in braces where they would belong to its last character only."""
    children = _children(node)
    if not children:
        return "{}"
    written = _tex(children[0], depth)
    single = _name(children[0]) in ("mi", "mn", "mo", "mtext") and len(_text(children[0])) == 1
    whole = single or len(written) == 1 or _is_fenced(written) or _COMMAND.fullmatch(written)
    return written if whole and written else f"{{{written}}}"


def _is_fenced(written: str) -> bool:
    r"""Return whether TeX begins with a `\left` and ends with its `\right`."""
    depth = 0
    for found in _SIZED.finditer(written) if written.startswith(r"\left") else ():
        depth += 1 if found[1] == "left" else -1
        if depth == 0:
            return found.end() == len(written)
    return False


def _script(mark: str, written: str) -> str:
    if not written:
        return ""
    if mark == "^" and re.fullmatch(r"(?:\\prime ?)+|'+", written):
        return "'" * max(written.count("\\prime"), written.count("'"))
    return f"{mark}{written}" if len(written) == 1 and written not in "'^_" else f"{mark}{{{written}}}"


def _scripts(*marks: str) -> Callable[[etree._Element, int], str]:
    def write(node: etree._Element, depth: int) -> str:
        written = [_tex(child, depth) for child in _children(node)[1:]]
        return _base(node, depth) + "".join(map(_script, marks, written))

    return write


def _accented(node: etree._Element, depth: int, marks: dict[str, str]) -> str | None:
    """Return an accent or a brace over or under something, or None if it is not one."""
    children = _children(node)
    if len(children) < 2 or _name(children[1]) != "mo":
        return None
    command = marks.get(_text(children[1]))
    if command is None:
        return None
    inside = _tex(children[0], depth)
    wide = len(_text(children[0])) > 1 and children[1].get("stretchy") != "false"
    return rf"\{_WIDE.get(command, command) if wide else command}{{{inside}}}"


def _takes_limits(node: etree._Element) -> bool:
    """Return whether TeX itself puts the scripts of a base under and over it."""
    base = _children(node)[0] if _children(node) else None
    if base is None:
        return False
    written = _text(base)
    return written in _LIMITS or written in _FUNCTIONS or _name(base) in ("mover", "munder") or len(written) > 1


def _over(node: etree._Element, depth: int) -> str:
    accented = _accented(node, depth, _OVER)
    if accented is not None:
        return accented
    base, above = _parts(node, 2, depth)
    if base.startswith(r"\overbrace") or (_takes_limits(node) and _text(node[0]) in _LIMITS):
        return base + _script("^", above)
    if _text(_children(node)[0]) in ("→", "⟶"):
        return rf"\xrightarrow{{{above}}}"
    return rf"\overset{{{above}}}{{{base}}}"


def _under(node: etree._Element, depth: int) -> str:
    accented = _accented(node, depth, _UNDER)
    if accented is not None:
        return accented
    base, below = _parts(node, 2, depth)
    if base.startswith(r"\underbrace") or (_takes_limits(node) and re.fullmatch(r"\\[A-Za-z]+", base)):
        return base + _script("_", below)
    if _text(_children(node)[0]) in _INTEGRALS:
        return rf"{base}\limits" + _script("_", below)
    if base.startswith(r"\operatorname{"):
        return base.replace("operatorname", "operatorname*", 1) + _script("_", below)
    return rf"\underset{{{below}}}{{{base}}}"


def _under_over(node: etree._Element, depth: int) -> str:
    base, below, above = _parts(node, 3, depth)
    if re.fullmatch(r"\\[A-Za-z]+", base) and (_takes_limits(node) or _text(_children(node)[0]) in _INTEGRALS):
        return base + ("" if _takes_limits(node) else r"\limits") + _script("_", below) + _script("^", above)
    return rf"\overset{{{above}}}{{\underset{{{below}}}{{{base}}}}}"


def _multiscripts(node: etree._Element, depth: int) -> str:
    children = _children(node)
    cut = next((at for at, child in enumerate(children) if _name(child) == "mprescripts"), len(children))
    after = [_tex(child, depth) for child in children[1:cut]]
    before = [_tex(child, depth) for child in children[cut + 1 :]]
    left = "".join("{}" + _script("_", one) + _script("^", two) for one, two in _pairs(before))
    right = "{}".join(_script("_", one) + _script("^", two) for one, two in _pairs(after))
    return left + _base(node, depth) + right


def _pairs(scripts: list[str]) -> list[tuple[str, str]]:
    even = scripts + [""] * (len(scripts) % 2)
    return list(zip(even[::2], even[1::2], strict=True))


def _table(node: etree._Element, depth: int) -> str:
    lines = [row for row in _children(node) if _name(row) in ("mtr", "mlabeledtr")]
    if len(lines) == 1 and len(_children(lines[0])) == 1 + (_name(lines[0]) == "mlabeledtr"):
        return _table_row(lines[0], depth)
    text = _rows(node, depth)
    columns, drawn = (node.get("columnalign") or "").split(), node.get("columnlines", "").split()
    touching = _NO_LINE.match(node.get("columnspacing") or "0")
    if len(columns) > 1 and set(columns) == {"right", "left"} and touching:
        return rf"\begin{{aligned}}{text}\end{{aligned}}"
    if "solid" in drawn or (columns and set(columns) != {"center"}):
        count = max((len(_children(row)) for row in _children(node)), default=1)
        letters = [each[0] for each in _repeated(columns or ["center"], count)]
        bars = ["|" if each == "solid" else "" for each in _repeated(drawn or ["none"], count - 1)]
        format_ = "".join(map("".join, zip_longest(letters, bars, fillvalue="")))
        return rf"\begin{{array}}{{{format_}}}{text}\end{{array}}"
    return rf"\begin{{matrix}}{text}\end{{matrix}}"


def _repeated(values: list[str], count: int) -> list[str]:
    """Return one value per column; the last is repeated for the rest."""
    return (values + values[-1:] * count)[:count]


def _rows(table: etree._Element, depth: int) -> str:
    rows = [_table_row(child, depth) for child in _children(table) if _name(child) in ("mtr", "mlabeledtr")]
    return r" \\ ".join(rows)


def _table_row(row: etree._Element, depth: int) -> str:
    cells = [child for child in _children(row) if _name(child) == "mtd"]
    labelled = _name(row) == "mlabeledtr" and cells
    tag = rf" \qquad {_row(cells[0], depth)}" if labelled and _text(cells[0]) else ""
    return " & ".join(_row(cell, depth) for cell in cells[1 if labelled else 0 :]) + tag


def _enclosed(node: etree._Element, depth: int) -> str:
    command = next((_NOTATIONS[word] for word in node.get("notation", "").split() if word in _NOTATIONS), None)
    inside = _row(node, depth)
    return rf"\{command}{{{inside}}}" if command else inside


def _bracketed(node: etree._Element, depth: int) -> str:
    """Return what `mfenced` of MathML 3 shows."""
    opener, closer, signs = node.get("open", "("), node.get("close", ")"), node.get("separators", ",").split() or [""]
    pieces: list[str] = []
    for at, child in enumerate(_children(node)):
        pieces += [_signs(signs[min(at - 1, len(signs) - 1)])] if at else []
        pieces.append(_tex(child, depth))
    return _joined([_sized(r"\left", opener), *pieces, _sized(r"\right", closer)])


def _phantom(node: etree._Element, depth: int) -> str:
    return rf"\phantom{{{_row(node, depth)}}}"


def _first(node: etree._Element, depth: int) -> str:
    children = _children(node)
    return _tex(children[0], depth) if children else ""


_LAYOUTS: dict[str, Callable[[etree._Element, int], str]] = {
    "mfrac": _fraction,
    "mroot": _root,
    "msqrt": _square_root,
    "msub": _scripts("_"),
    "msup": _scripts("^"),
    "msubsup": _scripts("_", "^"),
    "mover": _over,
    "munder": _under,
    "munderover": _under_over,
    "mmultiscripts": _multiscripts,
    "mtable": _table,
    "menclose": _enclosed,
    "mfenced": _bracketed,
    "mphantom": _phantom,
    "semantics": _first,
    "maction": _first,
}
