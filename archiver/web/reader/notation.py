r"""What formulas name: equations by their labels, and macros by `\newcommand` and its like."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote

from markupsafe import Markup

from archiver.store import passages
from archiver.store.pool import ReadOnlyPool, Row
from archiver.text import commonmark, macros
from archiver.text.mathml import Formulas
from archiver.text.tex import is_formula
from archiver.web.reader import markup

LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
MOST_EXAMPLES = 6
"""How many formulas show what a macro is for."""

_CONTEXT = 160  # characters around a reference
_PIECE = re.compile(r"\S{1,60}")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(equation|align|gather|multline|flalign|eqnarray)\*?\}")
_NUMBERING = re.compile(r"\\label\s*\{[^{}]*\}|\\tag\*?\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])")
_DELIMITED = re.compile(r"\s*(?:\$\$([\s\S]*)\$\$|\\\[([\s\S]*)\\\]|\\\(([\s\S]*)\\\)|\$([\s\S]*)\$)\s*")


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text refers to an equation."""

    heading: markup.Heading | None
    """Heading of the section it is in; None before the first one."""
    passage: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation with a label."""

    label: str
    tex: str
    number: str
    """Its number, such as `3`; empty without one."""


@dataclass(frozen=True, slots=True)
class MacroDefinition:
    """A macro, as one definition gives it."""

    definition: str
    posts: tuple[int, ...]


def labels(pool: ReadOnlyPool) -> dict[str, list[int]]:
    """Return the labels of all posts, each with the posts that have it, the newest first."""
    found: dict[str, list[int]] = {}
    for post, tex in pool.tuples(_LABELLED):
        for label in LABEL.findall(tex):
            numbers = found.setdefault(label, [])
            if post not in numbers:
                numbers.append(post)
    return dict(sorted(found.items(), key=lambda each: (each[0].casefold(), each[0])))


def equations(pool: ReadOnlyPool, post: int) -> list[Equation]:
    """Return the labelled equations of a post in order; one with several labels is repeated for each."""
    sources = [tex for (tex,) in pool.tuples(_FORMULAS, {"post": post})]
    labelled = [(label, tex) for tex in sources for label in LABEL.findall(tex)]
    known = numbers(pool, post) if labelled else Formulas(())
    return [Equation(label, tex, known.labelled(label)) for label, tex in labelled]


def numbers(pool: ReadOnlyPool, post: int) -> Formulas:
    """Return the formulas of a post, with their numbers."""
    return Formulas(tex for (tex,) in pool.tuples(_FORMULAS, {"post": post}))


def unnumbered(tex: str) -> str:
    """Return an equation to be shown alone: next to its own number MathJax would put the page's first."""
    return _ENVIRONMENT.sub(r"\\\1{\2*}", _NUMBERING.sub("", tex))


def section(text: str, label: str, headings: Sequence[markup.Heading]) -> markup.Heading | None:
    """Return the heading of the section of a post that an equation is in; None before the first one."""
    named = re.compile(rf"\\label\s*\{{{re.escape(label)}\}}")
    return next((heading for heading, _ in _blocks(text, named, headings)), None)


def mentions(text: str, label: str, headings: Sequence[markup.Heading], numbers: Formulas) -> list[Mention]:
    """Return where a text refers to an equation, in order, each with the words around it."""
    referring = re.compile(rf"\\(?:eq)?ref\s*\{{{re.escape(label)}\}}")
    found = []
    for heading, block in _blocks(text, referring, headings):
        visible = commonmark.read(block)
        reference = referring.search(visible.text)
        cut = passages.passage(
            visible.text, [reference[0]] if reference else [], formulas=visible.formulas, width=_CONTEXT
        )
        pieces = (markup.piece(numbers.reference(text)) for text in _joined(part.text for part in cut))
        found.append(Mention(heading, tuple(pieces)))
    return found


def _joined(pieces: Iterable[str]) -> Iterator[str]:
    """Yield pieces of a passage, with prose joined: a match is a piece by itself, and a reference may be in two."""
    for place, parts in groupby(enumerate(pieces), lambda each: each[0] if is_formula(each[1]) else None):
        del place
        yield "".join(text for _, text in parts)


def linking(pool: ReadOnlyPool, post: int, url: str, label: str) -> tuple[list[Row], list[Row]]:
    """Return the other posts, and the comments of any, that link to an equation by the anchor MathJax gives it."""
    anchor = re.compile(re.escape(f"{url}#mjx-eqn") + r"(?:-|:|%3A)([^\s)\"'<>]+)", re.IGNORECASE)
    values = {"post": post, "anchor": f"{url}#mjx-eqn"}
    posts, remarks = (
        [row for row in pool.rows(sql, values) if label in map(unquote, anchor.findall(row["markdown"]))]
        for sql in (_LINKING_POSTS, _LINKING_COMMENTS)
    )
    return posts, remarks


def remarks(pool: ReadOnlyPool, post: int, label: str, numbers: Formulas) -> list[tuple[Row, Mention]]:
    """Return the comments under a post that refer to an equation, each with the words around it."""
    rows = pool.rows(_REFERRING, {"post": post, "braced": f"{{{label}}}"})
    return [(row, found) for row in rows for found in mentions(row["markdown"], label, (), numbers)[:1]]


def same(pool: ReadOnlyPool, post: int, tex: str) -> list[Row]:
    """Return other posts with the same formula, whatever its label, delimiters and spaces: id, title, published_on."""
    core = _core(tex)
    piece = max(_PIECE.findall(_ENVIRONMENT.sub(" ", _NUMBERING.sub(" ", _inside(tex)))), key=len, default="")
    rows = pool.rows(_HOLDING, {"post": post, "piece": piece}) if piece else []
    having = {row["id"]: row for row in rows if _core(row["tex"]) == core}
    return [{name: row[name] for name in ("id", "title", "published_on")} for row in having.values()]


def sought(tex: str) -> str | None:
    """Return the query that finds a formula wherever it is part of one; None if no query can express it."""
    parts = _PARTED.split(_ENVIRONMENT.sub("\n", _NUMBERING.sub("\n", _inside(tex))))
    text = max((part.strip() for part in parts), key=len, default="")
    return f"tex:'{text}'" if text and "'" not in text and len(text) <= _LONGEST_SOUGHT else None


_LONGEST_SOUGHT = 200  # characters; a longer formula is nowhere else
_PARTED = re.compile(r"\\\\(?:\[[^\[\]]*\])?|\n")  # where lines end, written or set


def all_macros(pool: ReadOnlyPool) -> dict[str, list[MacroDefinition]]:
    """Return the macros of all posts by name, each in its wordings, the most used first."""
    posts: defaultdict[str, defaultdict[str, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
    for post, tex in pool.tuples(_DEFINING):
        for definition in macros.definitions(tex):
            if name := macros.name(definition):
                posts[name][" ".join(definition.split())][post] = None
    worded = {
        name: [
            MacroDefinition(text, tuple(found)) for text, found in sorted(each.items(), key=lambda one: -len(one[1]))
        ]
        for name, each in posts.items()
    }
    return dict(sorted(worded.items(), key=lambda each: (-_defining(each[1]), each[0].casefold(), each[0])))


def _defining(worded: Iterable[MacroDefinition]) -> int:
    return len({post for each in worded for post in each.posts})


def defined(pool: ReadOnlyPool, post: int) -> list[str]:
    """Return the names of the macros that a post defines, in its order."""
    found = (macros.name(each) for _, tex in pool.tuples(_DEFINED, {"post": post}) for each in macros.definitions(tex))
    return list(dict.fromkeys(filter(None, found)))


def uses(pool: ReadOnlyPool, name: str) -> list[tuple[int, str]]:
    """Return the formulas with a macro, each with its post: those of posts that define it."""
    found = pool.tuples(_USING, {"command": f"\\{name}", "named": f"%{name}%"})
    return [(post, tex) for post, tex in found if macros.uses(tex, name)]


def examples(found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return some of the formulas with a macro: from each post the longest of those that can be read at a glance.

    They have no numbers and no definitions.
    """
    best: dict[int, str] = {}
    for post, whole in found:
        tex = unnumbered(macros.without_definitions(whole))
        if len(tex) <= passages.TELLING and len(tex) > len(best.get(post, "")):
            best[post] = tex
    return list(best.items())[:MOST_EXAMPLES]


def times(found: Iterable[tuple[int, str]]) -> Counter[int]:
    """Return how many formulas of each post have a macro."""
    return Counter(post for post, _ in found)


def _blocks(
    text: str, pattern: re.Pattern[str], headings: Sequence[markup.Heading]
) -> Iterator[tuple[markup.Heading | None, str]]:
    """Yield the blocks of a text with a pattern in them, each with the heading of its section."""
    number = 0
    for token in commonmark.new_parser().parse(text):
        number += token.type == "heading_open"
        if token.type not in ("fence", "code_block") and pattern.search(token.content):
            yield headings[number - 1] if 0 < number <= len(headings) else None, token.content


def _inside(tex: str) -> str:
    found = _DELIMITED.fullmatch(tex)
    return next(part for part in found.groups() if part is not None) if found else tex


def _core(tex: str) -> str:
    """Return the part of a formula that is the same wherever it is."""
    return "".join(_ENVIRONMENT.sub("", _NUMBERING.sub("", _inside(tex))).split())


_LABELLED = """
SELECT f.post_id, f.tex FROM formulas AS f JOIN posts AS p ON p.id = f.post_id
WHERE f.label IS NOT NULL ORDER BY p.published_on DESC, p.id DESC, f.position
"""
_FORMULAS = "SELECT tex FROM formulas WHERE post_id = :post ORDER BY position"
_HOLDING = """
SELECT p.id, p.title, p.published_on, f.tex FROM formulas AS f JOIN posts AS p ON p.id = f.post_id
WHERE f.post_id <> :post AND instr(f.tex, :piece) ORDER BY p.published_on DESC, p.id DESC
"""
_DEFINING = r"""
SELECT f.post_id, f.tex FROM formulas AS f JOIN posts AS p ON p.id = f.post_id
WHERE instr(f.tex, 'newcommand') OR instr(f.tex, '\def') OR instr(f.tex, 'MathOperator')
ORDER BY p.published_on DESC, p.id DESC, f.position
"""
_DEFINED = r"""
SELECT position, tex FROM formulas
WHERE post_id = :post AND (instr(tex, 'newcommand') OR instr(tex, '\def') OR instr(tex, 'MathOperator'))
ORDER BY position
"""
_USING = r"""
SELECT f.post_id, f.tex FROM formulas AS f JOIN posts AS p ON p.id = f.post_id
WHERE instr(f.tex, :command) AND f.post_id IN (
    SELECT post_id FROM formulas
    WHERE tex LIKE :named AND (instr(tex, 'newcommand') OR instr(tex, '\def') OR instr(tex, 'MathOperator'))
) ORDER BY p.published_on DESC, p.id DESC, f.position
"""
_LINKING_POSTS = "SELECT id, title, published_on, markdown FROM posts WHERE id <> :post AND instr(markdown, :anchor)"
_LINKING_COMMENTS = """
SELECT c.id, c.post_id, c.author, c.published_on, c.markdown, p.title FROM comments AS c
JOIN posts AS p ON p.id = c.post_id
WHERE instr(c.markdown, :anchor)
"""
_REFERRING = """
SELECT id, post_id, author, published_on, markdown, text FROM comments
WHERE post_id = :post AND instr(markdown, :braced) ORDER BY id
"""
