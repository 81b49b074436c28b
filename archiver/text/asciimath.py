r"""AsciiMath as MathML, and so as TeX, for pages whose authors typed it.

The names and the grammar are those of http://asciimath.org:

    v ::= [A-Za-z] | greek letters | numbers | other constant symbols
    u ::= sqrt | text | bb | other unary symbols for font commands
    b ::= frac | root | stackrel | other binary symbols
    l ::= ( | [ | { | (: | {:
    r ::= ) | ] | } | :) | :}
    S ::= v | lEr | uS | bSS
    I ::= S_S | S^S | S_S^S | S
    E ::= IE | I/I

What it leaves open is read as MathJax reads it. Any text is valid AsciiMath, even prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from lxml import etree

from archiver.text import dom, presentation

CONVERTER = "asciimath-to-tex 1"
"""The name under which rows tell what was converted here; raised when the same source would read differently."""

MAX_LENGTH = 2000
"""Characters of a formula; those in the project's own examples have up to 100."""
MAX_DEPTH = 50
"""How deep brackets, roots and the like may be nested."""


class _Kind(Enum):
    SIGN = auto()
    NUMBER = auto()
    WORD = auto()
    """Is surrounded by spaces: `and`."""
    TEXT = auto()
    SPACE = auto()
    PAIR = auto()
    """`dx` and its like."""
    FUNCTION = auto()
    LARGE = auto()
    """Takes its scripts under and over it."""
    UNARY = auto()
    BINARY = auto()
    STYLE = auto()
    """`color(red)`, before what it is about."""
    LEFT = auto()
    RIGHT = auto()
    BAR = auto()
    """Opens and closes, or divides."""
    INFIX = auto()
    END = auto()


def _named(names: str) -> dict[str, str]:
    """Return names by what follows each."""
    words = names.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SIGNS = _named(
    r"""
    alpha α beta β chi χ delta δ Delta Δ epsi ϵ epsilon ϵ varepsilon ε eta η gamma γ Gamma Γ iota ι kappa κ lambda λ
    Lambda Λ lamda λ Lamda Λ mu μ nu ν omega ω Omega Ω phi ϕ varphi φ Phi Φ pi π Pi Π psi ψ Psi Ψ rho ρ sigma σ Sigma Σ
    tau τ theta θ vartheta ϑ Theta Θ upsilon υ xi ξ Xi Ξ zeta ζ
    * ⋅ cdot ⋅ ** ∗ ast ∗ *** ⋆ star ⋆ // / \\ \ backslash \ setminus ∖ xx × times × |>< ⋉ ltimes ⋉ ><| ⋊ rtimes ⋊
    |><| ⋈ bowtie ⋈ -: ÷ div ÷ divide ÷ @ ∘ circ ∘ o+ ⊕ oplus ⊕ o- ⊖ ominus ⊖ ox ⊗ otimes ⊗ o. ⊙ odot ⊙ ^^ ∧ wedge ∧
    vv ∨ vee ∨ nn ∩ cap ∩ uu ∪ cup ∪ dag † dagger † ddag ‡ ddagger ‡
    != ≠ ne ≠ := := lt < <= ≤ le ≤ lt= ≤ leq ≤ gt > >= ≥ ge ≥ gt= ≥ geq ≥ mlt ≪ mgt ≫ -< ≺ prec ≺ -lt ≺
    >- ≻ succ ≻ -<= ⪯ preceq ⪯ >-= ⪰ succeq ⪰ in ∈ !in ∉ notin ∉ sub ⊂ subset ⊂ !sub ⊄ notsubset ⊄ sup ⊃ supset ⊃
    !sup ⊅ notsupset ⊅ sube ⊆ subseteq ⊆ !sube ⊈ notsubseteq ⊈ supe ⊇ supseteq ⊇ !supe ⊉ notsupseteq ⊉ -= ≡ equiv ≡
    !-= ≢ notequiv ≢ ~= ≅ cong ≅ ~~ ≈ approx ≈ ~ ∼ sim ∼ prop ∝ propto ∝
    not ¬ neg ¬ => ⇒ implies ⇒ <=> ⇔ iff ⇔ AA ∀ forall ∀ EE ∃ exists ∃ _|_ ⊥ bot ⊥ TT ⊤ top ⊤ |-- ⊢ vdash ⊢
    |== ⊨ models ⊨ :|: |
    int ∫ oint ∮ del ∂ partial ∂ grad ∇ nabla ∇ +- ± pm ± -+ ∓ mp ∓ O/ ∅ emptyset ∅ oo ∞ infty ∞ aleph ℵ ... …
    ldots … :. ∴ therefore ∴ :' ∵ because ∵ /_ ∠ angle ∠ /_\ △ triangle △ ' ' prime ' frown ⌢ cdots ⋯ vdots ⋮
    ddots ⋱ diamond ⋄ square □ |__ ⌊ lfloor ⌊ __| ⌋ rfloor ⌋ |~ ⌈ lceiling ⌈ ~| ⌉ rceiling ⌉ CC ℂ NN ℕ QQ ℚ RR ℝ
    ZZ ℤ hbar ℏ dim dim mod mod lub lub glb glb
    uarr ↑ uparrow ↑ darr ↓ downarrow ↓ rarr → rightarrow → -> → to → >-> ↣ rightarrowtail ↣ ->> ↠
    twoheadrightarrow ↠ >->> ⤖ twoheadrightarrowtail ⤖ |-> ↦ mapsto ↦ larr ← leftarrow ← harr ↔ leftrightarrow ↔
    rArr ⇒ Rightarrow ⇒ lArr ⇐ Leftarrow ⇐ dArr ⇓ Downarrow ⇓ hArr ⇔ Leftrightarrow ⇔ rightleftharpoons ⇌
    """
)
_LARGE = _named(
    "sum ∑ prod ∏ ^^^ ⋀ bigwedge ⋀ vvv ⋁ bigvee ⋁ nnn ⋂ bigcap ⋂ uuu ⋃ bigcup ⋃ lim lim Lim Lim min min max max"
)
_LEFT = _named("( ( left( ( [ [ left[ [ { { (: ⟨ langle ⟨ << ⟨ |: |") | {"{:": ""}
_RIGHT = _named(") ) right) ) ] ] right] ] } } :) ⟩ rangle ⟩ >> ⟩ :| |") | {":}": ""}
_FUNCTIONS = (
    "sin cos tan sinh cosh tanh cot sec csc arcsin arccos arctan arcsec arccsc arccot coth sech csch exp log ln det "
    "gcd lcm Sin Cos Tan Arcsin Arccos Arctan Sinh Cosh Tanh Cot Sec Csc Log Ln f g"
)
_FENCED = {"abs": "||", "Abs": "||", "norm": "‖‖", "floor": "⌊⌋", "ceil": "⌈⌉"}
_OVER = _named("hat ^ tilde ~ bar ¯ overline ¯ vec → dot . ddot .. overarc ⏜ overparen ⏜ obrace ⏞ overbrace ⏞")
_UNDER = _named("ul _ underline _ ubrace ⏟ underbrace ⏟")
_BRACES = frozenset({"obrace", "overbrace", "ubrace", "underbrace"})
_FONTS = _named(
    "bb bold mathbf bold sf sans-serif mathsf sans-serif bbb double-struck mathbb double-struck cc script "
    "mathcal script tt monospace mathtt monospace fr fraktur mathfrak fraktur"
)

_NAMES: dict[str, tuple[_Kind, str]] = {
    **{name: (_Kind.SIGN, sign) for name, sign in _SIGNS.items()},
    **{name: (_Kind.LARGE, sign) for name, sign in _LARGE.items()},
    **{name: (_Kind.LEFT, sign) for name, sign in _LEFT.items()},
    **{name: (_Kind.RIGHT, sign) for name, sign in _RIGHT.items()},
    **{name: (_Kind.FUNCTION, name) for name in _FUNCTIONS.split()},
    **{name: (_Kind.UNARY, name) for name in ("sqrt", "cancel", *_FENCED, *_OVER, *_UNDER, *_FONTS)},
    **{name: (_Kind.BINARY, name) for name in ("frac", "root", "stackrel", "overset", "underset")},
    **{name: (_Kind.PAIR, name) for name in ("dx", "dy", "dz", "dt")},
    **{name: (_Kind.WORD, name) for name in ("and", "or", "if")},
    **{name: (_Kind.INFIX, name) for name in ("_", "^", "/")},
    "|": (_Kind.BAR, "|"),
    "quad": (_Kind.SPACE, "1em"),
    "qquad": (_Kind.SPACE, "2em"),
    "\\ ": (_Kind.TEXT, "\u00a0"),
}


def _bracketed(name: str) -> str:
    """Return a pattern of text in brackets, which ends at the first closing one or at the end of the formula."""
    pairs = (r"\{([^}]*)\}?", r"\(([^)]*)\)?", r"\[([^\]]*)\]?")
    return rf"{name}\s*(?:{'|'.join(pairs)})"


_TOKEN = re.compile(
    r"\s*(?:\\(?![\\\s]))?(?:"
    rf"{_bracketed(r'(?P<text>text|mbox)')}|{_bracketed(r'(?P<style>color|class|id)')}|(?P<quote>\")([^\"]*)\"?"
    rf"|(?P<name>{'|'.join(map(re.escape, sorted(_NAMES, key=len, reverse=True)))})"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<other>\S))",
)
_COLOR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+")


class _Token(NamedTuple):
    kind: _Kind
    name: str
    sign: str
    """What it shows, or the text that belongs to it."""
    apart: bool
    """Whether a space follows it."""


_END = _Token(_Kind.END, "", "", False)


class _TooDeep(Exception):  # never leaves this module
    pass


def convert(source: str) -> str | None:
    """Return the TeX of a formula, without delimiters; None for one that is too long or too deep to be read."""
    math = mathml(source)
    return None if math is None else presentation.convert(math)


def mathml(source: str) -> etree._Element | None:
    """Return a formula as a `math` element without a namespace; None for one too long or too deep to be read."""
    if len(source) > MAX_LENGTH:
        return None
    try:
        return _node("math", *_Parser(list(_tokens(dom.clean(source)))).expression())
    except _TooDeep:
        return None


def _tokens(source: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(source):
        apart = source[found.end() : found.end() + 1].isspace()
        if name := found["text"] or found["quote"]:
            yield _Token(_Kind.TEXT, name, _inside(found), apart)
        elif name := found["style"]:
            yield _Token(_Kind.STYLE, name, _inside(found), apart)
        elif name := found["name"]:
            yield _Token(_NAMES[name][0], name, _NAMES[name][1], apart)
        else:
            kind = _Kind.NUMBER if found["number"] else _Kind.SIGN
            yield _Token(kind, found["number"] or found["other"], found["number"] or found["other"], apart)
    yield _END


def _inside(found: re.Match[str]) -> str:
    """Return the text in the brackets of a token: the one group without a name that took part."""
    named = set(found.re.groupindex.values())
    return next((text for at, text in enumerate(found.groups(), 1) if text is not None and at not in named), "")


class _Parser:
    """Reads the tokens of one formula, the last of which is its end."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._open: list[_Kind] = []
        self._depth = 0
        self._bars: dict[int, tuple[etree._Element, int] | None] = {}
        """What each bar opens, and where that ends; None where it opens nothing. Each is tried once."""

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._token
        self._at += token.kind is not _Kind.END
        return token

    def _takes(self, name: str) -> bool:
        """Step over a token if it is the next."""
        if self._token.kind is not _Kind.INFIX or self._token.name != name:
            return False
        self._at += 1
        return True

    def _ends(self) -> bool:
        """Return whether what is open ends here; a bar there opens something itself."""
        return self._token.kind is _Kind.END or bool(self._open and self._token.kind is _Kind.RIGHT)

    def expression(self) -> list[etree._Element]:
        """Read up to the token that closes it, and leave that."""
        found: list[etree._Element] = []
        while not self._ends():
            if found and self._token.kind is _Kind.BAR and self._open[-1:] == [_Kind.BAR]:
                break
            node = self._intermediate()
            if self._takes("/"):
                node = _node("mfrac", _bare(node), self._argument(self._intermediate))
            found.append(node)
        return found

    def _argument(self, read: Callable[[], etree._Element]) -> etree._Element:
        """Read what follows an infix: with a sign before it, without the brackets around it."""
        if self._ends():
            return _leaf("mo", "□")
        token = self._token
        if token.name == "-" and not token.apart:
            self._take()
            return _leaf("mo", "-") if self._ends() else _node("mrow", _leaf("mo", "-"), read())
        return _bare(read())

    def _intermediate(self) -> etree._Element:
        first = self._token
        node = self._simple()
        under = first.kind is _Kind.LARGE or first.name in _BRACES
        lower = self._argument(self._simple) if self._takes("_") else None
        upper = self._argument(self._simple) if self._takes("^") else None
        if lower is None and upper is None:
            return node
        if lower is None:
            node = _node("mover" if under else "msup", node, upper)
        elif upper is None:
            node = _node("munder" if under else "msub", node, lower)
        else:
            node = _node("munderover" if under else "msubsup", node, lower, upper)
        if first.kind is _Kind.FUNCTION and self._has_argument(first):
            return _node("mrow", node, self._intermediate())
        return node

    def _has_argument(self, function: _Token) -> bool:
        following = self._token
        if self._ends() or following.kind in (_Kind.INFIX, _Kind.RIGHT):
            return False
        return len(function.name) > 1 or following.kind is _Kind.LEFT

    def _simple(self) -> etree._Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep
        token = self._token
        node = self._bar() if token.kind is _Kind.BAR else self._read(self._take())
        self._depth -= 1
        return node

    def _read(self, token: _Token) -> etree._Element:
        match token.kind:
            case _Kind.NUMBER:
                return _leaf("mn", token.sign)
            case _Kind.TEXT:
                return _leaf("mtext", token.sign)
            case _Kind.WORD:
                return _leaf("mtext", f" {token.sign} ")
            case _Kind.SPACE:
                return _node("mspace", width=token.sign)
            case _Kind.PAIR:
                return _node("mrow", *(_leaf("mi", letter) for letter in token.sign))
            case _Kind.FUNCTION:
                return self._function(token)
            case _Kind.LEFT:
                return self._group(token)
            case _Kind.STYLE:
                return self._styled(token)
            case _Kind.UNARY:
                return _leaf("mo", token.name) if self._ends() else _UNARY[token.name](_bare(self._simple()))
            case _Kind.BINARY:
                return self._binary(token)
            case _:
                return _leaf("mi" if token.sign.isalpha() else "mo", token.sign)

    def _function(self, token: _Token) -> etree._Element:
        following = self._token
        alone = following.kind in (_Kind.INFIX, _Kind.BAR) or following.name == ","
        if self._ends() or alone or (len(token.name) == 1 and following.name != "("):
            return _leaf("mi", token.sign)
        return _node("mrow", _leaf("mi", token.sign), self._simple())

    def _styled(self, token: _Token) -> etree._Element:
        inside = _bare(self._simple()) if not self._ends() else _node("mrow")
        if token.name == "color" and _COLOR.fullmatch(token.sign):
            return _node("mstyle", inside, mathcolor=token.sign)
        return inside

    def _binary(self, token: _Token) -> etree._Element:
        parts = [_leaf("mo", "□") if self._ends() else _bare(self._simple()) for _ in range(2)]
        tag = {"frac": "mfrac", "root": "mroot", "underset": "munder"}.get(token.name, "mover")
        return _node(tag, *(parts if token.name == "frac" else reversed(parts)))

    def _group(self, left: _Token) -> etree._Element:
        self._open.append(_Kind.LEFT)
        inside = self.expression()
        self._open.pop()
        if self._token.kind is not _Kind.RIGHT:
            return _node("mrow", _leaf("mo", left.sign), *inside)
        right = self._take()
        return _fenced(left.sign, inside, right.sign)

    def _bar(self) -> etree._Element:
        start = self._at
        if start not in self._bars:
            self._bars[start] = self._opened()
        found = self._bars[start]
        self._at = found[1] if found else start + 1
        return found[0] if found else _leaf("mo", "∣")

    def _opened(self) -> tuple[etree._Element, int] | None:
        """Return what a bar opens, if another closes it: the first does not stand for itself, as before a comma."""
        self._take()
        if self._token.name == ",":
            return None
        self._open.append(_Kind.BAR)
        inside = self.expression()
        self._open.pop()
        return (_fenced("|", inside, "|"), self._at + 1) if self._token.kind is _Kind.BAR else None


def _leaf(tag: str, text: str) -> etree._Element:
    element = etree.Element(tag)
    element.text = text
    return element


def _node(tag: str, *children: etree._Element | None, **attributes: str) -> etree._Element:
    element = etree.Element(tag, attributes)
    element.extend([child for child in children if child is not None])
    return element


def _fenced(left: str, inside: list[etree._Element], right: str) -> etree._Element:
    table = _matrix(inside, right)
    return _node("mrow", _leaf("mo", left), *(inside if table is None else [table]), _leaf("mo", right))


def _fences(node: etree._Element) -> tuple[str | None, str | None]:
    """Return what a row begins and ends with, if it is a row of more than one."""
    return (node[0].text, node[-1].text) if node.tag == "mrow" and len(node) > 1 else (None, None)


def _bare(node: etree._Element) -> etree._Element:
    """Return a row without the brackets around it, which only show where it begins and ends."""
    left, right = _fences(node)
    if left is not None and left in "([{" and left and node[0].tag == "mo":
        node.remove(node[0])
        if right is not None and right in ")]}" and right and node[-1].tag == "mo":
            node.remove(node[-1])
    return node


def _matrix(rows: list[etree._Element], closer: str) -> etree._Element | None:
    """Return a table from rows in brackets with commas between them, equally many in each; None for anything else."""
    commas = rows[1::2]
    fences = {_fences(row) for row in rows[::2]}
    if not len(rows) % 2 or not all(map(_is_comma, commas)) or fences not in ({("(", ")")}, {("[", "]")}):
        return None
    cells = [_cells(row) for row in rows[::2]]
    widths = set(map(len, cells))
    if (fences == {("(", ")")} and closer == "}") or len(widths) > 1 or (len(cells) == 1 and widths == {1}):
        return None
    lines = [at for at, cell in enumerate(cells[0]) if [each.text for each in cell] == ["∣"]]
    kept = [at for at in range(len(cells[0])) if at not in lines]
    drawn = ["solid" if at + 1 in lines else "none" for at in kept[:-1]]
    table = _node("mtable", *(_node("mtr", *(_node("mtd", *row[at]) for at in kept)) for row in cells))
    if "solid" in drawn:
        table.set("columnlines", " ".join(drawn))
    if not closer:
        table.set("columnalign", "left")
    return table


def _is_comma(node: etree._Element) -> bool:
    return node.tag == "mo" and node.text == ","


def _cells(row: etree._Element) -> list[list[etree._Element]]:
    cells: list[list[etree._Element]] = [[]]
    for node in list(row)[1:-1]:
        if _is_comma(node):
            cells.append([])
        else:
            cells[-1].append(node)
    return cells


# What a name makes of the one thing after it


def _accent(tag: str, sign: str, inside: etree._Element) -> etree._Element:
    return _node(tag, inside, _leaf("mo", sign))


def _between(fences: str, inside: etree._Element) -> etree._Element:
    return _node("mrow", _leaf("mo", fences[0]), inside, _leaf("mo", fences[1]))


def _cancelled(inside: etree._Element) -> etree._Element:
    return _node("menclose", inside, notation="updiagonalstrike")


def _in_font(variant: str, inside: etree._Element) -> etree._Element:
    for token in inside.iter("mi", "mn", "mtext"):
        if token.tag == "mtext" and (token.text or "").isalnum():
            token.tag = "mi"
        token.set("mathvariant", variant)
    return inside


_UNARY: dict[str, Callable[[etree._Element], etree._Element]] = {
    "sqrt": partial(_node, "msqrt"),
    "cancel": _cancelled,
    **{name: partial(_between, fences) for name, fences in _FENCED.items()},
    **{name: partial(_accent, "mover", sign) for name, sign in _OVER.items()},
    **{name: partial(_accent, "munder", sign) for name, sign in _UNDER.items()},
    **{name: partial(_in_font, variant) for name, variant in _FONTS.items()},
}
