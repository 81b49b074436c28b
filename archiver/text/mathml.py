r"""A post's formulas as MathML, for readers without a TeX renderer.

latex2mathml knows neither the author's macros nor numbers and references. So macros are expanded first (the blog
defines them within formulas, `\newcommand` without its backslash included), labels are removed, and numbers are
counted as MathJax does with `autoNumber: "AMS"`. What it cannot translate is recognised by what leaks into the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from archiver.text.mathml_core import HIDDEN, NAMESPACE, make_core

MOST_EXPANSIONS = 2000
"""Expansions of macros in a formula: one that names itself would never end."""

_NUMBERED = {"equation", "align", "gather", "multline", "eqnarray", "alignat", "flalign"}
_ROWS = {"align", "gather", "eqnarray", "alignat", "flalign"}
_PLAIN = {
    "equation": None, "multline": "gather*", "gather": "gather*", "align": "align*", "eqnarray": "align*",
    "flalign": "align*", "split": "align*", "aligned": "align*", "gathered": "gather*",
}  # fmt: skip
"""Environments and what shows the same without numbers; None where the contents alone do."""

_INNER = {
    "equation": None, "multline": "gathered", "gather": "gathered", "align": "aligned", "eqnarray": "aligned",
    "flalign": "aligned", "alignat": "alignedat",
}  # fmt: skip
"""Environments by what may be inside a displayed formula; None where the inside alone may."""

_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_GROUP = r"\{((?:[^{}\\]|\\[\s\S]|\{(?:[^{}\\]|\\[\s\S]|\{(?:[^{}\\]|\\[\s\S]|\{[^{}]*\})*\})*\})*)\}"
_MACRO = re.compile(rf"\\?(?:re)?newcommand\s*(?:\{{\s*\\?([A-Za-z]+)\s*\}}|\\([A-Za-z]+))\s*(?:\[(\d)\])?\s*{_GROUP}")
_OPERATOR = re.compile(rf"\\DeclareMathOperator(\*?)\s*\{{?\\([A-Za-z]+)\}}?\s*{_GROUP}")
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(rf"\\tag\*?\s*{_GROUP}")
_REFERENCE = re.compile(r"\\(eq)?ref\s*\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\begin\{([a-z]+)(\*?)\}")
_EDGE = re.compile(r"\\(begin|end)\{([a-z]+)(\*?)\}(?(1))")
_UNNUMBERED = re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])")
_UNSEEN = re.compile(r"\\(?:(?:nonumber|notag|displaystyle|allowbreak)(?![A-Za-z])|require\s*\{[^{}]*\})")
_BOX = re.compile(rf"\\bbox\s*(?:\[[^\[\]]*\])?\s*{_GROUP}")
_TEXT = re.compile(rf"\\(?:text|mathrm|textbf|mbox)\s*{_GROUP}")
_NO_LIMITS = re.compile(r"\\nolimits(?![A-Za-z])\s*")
_GAP = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
_NAMED = re.compile(r"\\mathop\s*\{\s*\\(?:text|mathrm|operatorname)\s*\{([A-Za-z ]+)\}\s*\}")
_NAMING = re.compile(rf"\\(?:mathop|operatorname\*?)\s*{_GROUP}\s*")
_UPRIGHT = re.compile(r"\\mathrm\s*(?:\{\s*([A-Za-z])\s*\}|([A-Za-z]))")
_COLORED = re.compile(rf"\\color\s*(\{{[^{{}}]*\}})(?=\s*{_GROUP})")
_SCRIPT = re.compile(rf"([_^])(\\[A-Za-z]+\s*{_GROUP})(?!\s*\{{)")
_ARGUMENT = re.compile(rf"\s*(?:{_GROUP}|(\\[A-Za-z]+|\\?[^\s{{}}]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFormula:
    """A formula as MathML."""

    element: etree._Element | None
    """A `math` element, or None when it could not be translated."""
    number: str
    """Its number, such as `3`; empty without one."""


class Formulas:
    """The formulas of one post: the macros and numbers of one apply to all."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._macros: dict[str, tuple[int, str]] = {}
        self._references: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._numbers: list[str] = []
        count = 0
        for source in sources:
            self._define(source)
            count = self._number(source, count)

    def reference(self, text: str) -> str:
        """Return text with references to formulas replaced by their numbers."""
        return _REFERENCE.sub(self._referred, text)

    def referred(self, source: str) -> tuple[str, int | None] | None:
        r"""Return what a formula that is only a reference, such as `\eqref{eq:1}`, says, and the place it leads to."""
        found = _REFERENCE.fullmatch(source)
        return (self._referred(found), self._places.get(found[2])) if found else None

    def labelled(self, label: str) -> str:
        """Return the number of the line with a label, such as `3`; empty where there is none."""
        return self._references.get(label, "")

    def render(self, position: int, source: str, *, display: bool) -> RenderedFormula:
        """Return the formula with this index among the sources."""
        number = self._numbers[position] if position < len(self._numbers) else ""
        prepared = self._prepared(source)
        return RenderedFormula(element=_translated(prepared, display, source), number=number)

    def _define(self, source: str) -> None:
        for found in _MACRO.finditer(source):
            self._macros[found[1] or found[2]] = (int(found[3] or 0), found[4])
        for found in _OPERATOR.finditer(source):
            self._macros[found[2]] = (0, rf"\operatorname{found[1]}{{{found[3]}}}")

    def _number(self, source: str, count: int) -> int:
        """Note the numbers of a formula's lines and what its labels refer to; return the last number given."""
        environment = _ENVIRONMENT.match(source)
        numbered = bool(environment and environment[1] in _NUMBERED and not environment[2])
        lines = _lines(source) if environment and environment[1] in _ROWS else [source]
        numbers: list[str] = []
        for line in lines:
            tag = _TAG.search(line)
            number = ""
            if tag:
                number = tag[1]
            elif numbered and not re.search(r"\\(?:nonumber|notag)(?![A-Za-z])", line):
                count += 1
                number = str(count)
            if number:
                numbers.append(number)
            for label in _LABEL.findall(line):
                # One that is repeated, in a comment that quotes the post, is the first.
                self._references.setdefault(label, number or "?")
                self._places.setdefault(label, len(self._numbers))
        self._numbers.append(numbers[0] if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}" if numbers else "")
        return count

    def _referred(self, found: re.Match[str]) -> str:
        number = self._references.get(found[2], "?")
        return f"({number})" if found[1] else number

    def alone(self, source: str) -> str:
        r"""Return the TeX of a formula for between `\[` and `\]`: macros expanded, without definitions and numbers."""
        return _EDGE.sub(_inner_edge, _UNNUMBERED.sub("", self._bare(source, whole=False))).strip()

    def _prepared(self, source: str) -> str:
        source = _UNSEEN.sub("", self._bare(source))
        source = _COLORED.sub(r"\\textcolor\1", _NAMED.sub(r"\\operatorname*{\1}", _NO_LIMITS.sub("{}", source)))
        source = _GAP.sub(r"\\\\", source)
        source = _UPRIGHT.sub(r"\\mathrm{{\1\2}}", source)
        source = _SCRIPT.sub(r"\1{\2}", _BOX.sub(r"\\boxed{\1}", source))
        source = _TEXT.sub(lambda found: found[0].translate(HIDDEN), source.replace(r"\&", HIDDEN[ord("&")]))
        return _EDGE.sub(_plain_edge, source).strip()

    def _bare(self, source: str, *, whole: bool = True) -> str:
        """Return a formula without its delimiters, definitions, labels and tags; references are numbers.

        What an operator of the blog's own stands for is put in braces where it has to be one whole: MathJax would set
        its limits next to it.
        """
        for opener, closer in _DELIMITERS:
            if source.startswith(opener) and source.endswith(closer) and len(source) >= len(opener) + len(closer):
                source = source[len(opener) : -len(closer)]
                break
        source = _MACRO.sub("", _OPERATOR.sub("", source))
        source = _TAG.sub("", _LABEL.sub("", self._expanded(source, whole)))
        return _REFERENCE.sub(lambda found: rf"\text{{{self._referred(found)}}}", source)

    def _expanded(self, source: str, whole: bool) -> str:
        if not self._macros:
            return source
        pattern = re.compile(rf"\\({'|'.join(self._macros)})(?![A-Za-z])")
        position = 0
        for _ in range(MOST_EXPANSIONS):
            found = pattern.search(source, position)
            if not found:
                break
            arity, body = self._macros[found[1]]
            end = found.end()
            for index in range(1, arity + 1):
                argument = _ARGUMENT.match(source, end)
                if not argument:
                    break
                body = body.replace(f"#{index}", argument[1] if argument[1] is not None else argument[2])
                end = argument.end()
            if whole or not _NAMING.fullmatch(body):
                body = f"{{{body}}}"
            source = source[: found.start()] + body + source[end:]
            position = found.start()
        return source


def _lines(source: str) -> list[str]:
    """Return the lines of an environment, those of environments within it not split."""
    lines, depth, start = [], 0, 0
    for found in re.finditer(r"\\begin\{|\\end\{|\\\\", source):
        depth += {"\\begin{": 1, "\\end{": -1}.get(found[0], 0)
        if found[0] == "\\\\" and depth == 1:
            lines.append(source[start : found.start()])
            start = found.end()
    rest = source[start:]
    return [*lines, rest] if re.sub(r"\\end\{[a-z*]+\}", "", rest).strip() or not lines else lines


def _plain_edge(found: re.Match[str]) -> str:
    return _edge(found, _PLAIN)


def _inner_edge(found: re.Match[str]) -> str:
    return _edge(found, _INNER)


def _edge(found: re.Match[str], names: Mapping[str, str | None]) -> str:
    name = names.get(found[2], found[2] + found[3])
    return f"\\{found[1]}{{{name}}}" if name else ""


def _translated(source: str, display: bool, original: str) -> etree._Element | None:
    markup = _markup(source, display) if source else f'<math xmlns="{NAMESPACE}"/>'.encode()
    try:
        element = etree.fromstring(markup) if markup else None
    except etree.XMLSyntaxError:
        element = None
    if element is None:
        return None
    if not make_core(element):
        return None
    element.set("alttext", " ".join(original.split()))
    return element


@lru_cache(maxsize=4096)  # a post has many formulas of one letter
def _markup(source: str, display: bool) -> bytes | None:
    from latex2mathml.converter import convert

    try:
        return str(convert(source, display="block" if display else "inline")).encode()
    except Exception:
        return None
