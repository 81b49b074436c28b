r"""What people type into a search box, understood.

    梯度下降 LoRA          words: each must be there, wherever; 線性 finds 线性 as well
    Muon OR Adam           one of the two
    quant*                 words that begin so
    "低秩近似"             exactly so, one after the other
    -蒸馏                  not there; before anything else, too
    title:优化器           in the title
    tag:  category:  topic:   by name, a category also by its slug
    author:苏剑林          part of the name; with in:comments, of who commented
    after:2021  before:2024-03-05   from the beginning of 2021 on, before that day; a year, month or day
    year:2024
    tex:\msign  \frac{1}{2}   exactly so in a formula, capitals and all; so is a Latin word with a backslash by itself
    tex:\frac{*}{\sqrt{*}}   in a formula in any spelling, {*} being anything in a group
    like:softmax(QK^T)V    in a formula in any spelling, and with other letters
    has:code  has:images  has:formulas  has:comments
    in:comments            among the comments, not the posts
    in:pages               among the independent pages alone; else they come after the posts
    sort:newest  sort:oldest   by date, not by how well they match

Quotes hold together what has spaces: `tag:"deep learning"`. What looks like a filter but is not one is a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from archiver.counting import counted
from archiver.errors import UsageError
from archiver.store import cjk
from archiver.store.search_shapes import Pattern, pattern
from archiver.text.shapes import has_placeholder, open_braces

LONGEST = 1000
"""Characters of a query."""

MOST_TERMS = 64
"""Terms of a query: SQLite takes an expression of no more than a few hundred."""

SORTS = ("newest", "oldest")
"""What `sort:` may ask for."""

HAS = ("code", "comments", "formulas", "images")
"""What `has:` may ask for."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for."""

    text: str
    exact: bool = False
    """Whether it was in quotes: only then it has to be there when nothing matches all of a query."""
    begins: bool = False
    """Whether words that begin so will do."""
    others: tuple[Term, ...] = ()
    """What will do in its place, typed after it with OR."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that will do: itself, the others, and each in simplified characters; `*` ends the beginning of a word."""
        found: dict[str, None] = {}
        for term in (self, *self.others):
            for text in (term.text, cjk.simplified(term.text)):
                found[text + "*" * term.begins] = None
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows a search down; as arguments of a program, or read from a query. Empty ones narrow nothing."""

    categories: tuple[str, ...] = ()
    """Names or slugs; each must be one of the post's. So with tags and topics."""
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    """Parts of the author's name."""
    has: tuple[str, ...] = ()
    """Of `HAS`."""
    after: str | None = None
    """First day, as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    before: str | None = None
    """The day after the last one."""
    comments: bool = False
    """Search the comments instead of the posts."""
    pages: bool = False
    """Search the independent pages alone."""

    @property
    def narrow_pages(self) -> bool:
        """Whether anything is asked for that only posts and comments have."""
        return self != Filters(pages=self.pages)

    def __and__(self, other: Filters) -> Filters:
        """Return what narrows down to what both let through."""
        return Filters(
            categories=self.categories + other.categories,
            tags=self.tags + other.tags,
            topics=self.topics + other.topics,
            authors=self.authors + other.authors,
            has=self.has + other.has,
            after=max(filter(None, (self.after, other.after)), default=None),
            before=min(filter(None, (self.before, other.before)), default=None),
            comments=self.comments or other.comments,
            pages=self.pages or other.pages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search, understood."""

    words: tuple[Term, ...] = ()
    titles: tuple[Term, ...] = ()
    """What must be in the title."""
    tex: tuple[str, ...] = ()
    """What must be in a formula, byte for byte; in any spelling where it has `{*}`, which stands for anything."""
    like: tuple[str, ...] = ()
    """What must be in a formula in any spelling, its letters under whatever names."""
    without: Query | None = None
    """What must not be there; each part of it by itself excludes."""
    filters: Filters = field(default_factory=Filters)
    sort: str = ""
    """Order of what matches all of it, of `SORTS`; the best first if empty."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that is looked for in words."""
        return self.words + self.titles

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The formulas that are looked for by their shape.

        Raises UsageError for one that has nothing to look for, or whose braces are not all closed.
        """
        wild = (pattern(_whole("tex", tex), renamed=False) for tex in self.tex if has_placeholder(tex))
        return (*wild, *(pattern(_whole("like", tex), renamed=True) for tex in self.like))

    @property
    def fragments(self) -> tuple[str, ...]:
        """What is looked for in formulas byte for byte."""
        return tuple(tex for tex in self.tex if not has_placeholder(tex))

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return replace(self, sort="") == Query()


def _whole(field: str, tex: str) -> str:
    """Return a formula; raise UsageError for one that stops in a group, as after a space outside quotes."""
    if count := open_braces(tex):
        found = f"{tex} with {counted(count, 'brace')} left open"
        raise UsageError(f'{field}: expected a whole formula, found {found}; if it has spaces, write {field}:"…"')
    return tex


_QUOTES = {'"': '"', "“": "”", "”": "“", "＂": "＂", "「": "」"}
_FIELD = re.compile(r"([A-Za-z]+)[:：]")
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?", re.ASCII)
_TEX = re.compile(r"\\[A-Za-z]")
_FIELDS = ("title", "tag", "category", "topic", "author", "after", "before", "year", "tex", "like", "has", "in", "sort")


def parse(text: str) -> Query:
    """Return what a text asks for.

    Raises UsageError for a filter with a value that makes no sense, and for a query that is too long.
    """
    if len(text) > LONGEST:
        raise UsageError(f"expected a query of at most {LONGEST} characters, found {len(text)}: ask for a part of it")
    wanted, unwanted = _Builder(), _Builder()
    pieces = _pieces(_clean(text))
    if len(pieces) > MOST_TERMS:
        raise UsageError(f"expected at most {MOST_TERMS} words, found {len(pieces)}: put a phrase in quotes")
    around = zip([None, *pieces], pieces, [*pieces[1:], None], strict=False)
    for before, piece, after in around:
        if piece.is_or and before and after and before.is_words and after.is_words:
            wanted.either = True
        else:
            (unwanted if piece.negated else wanted).add(piece)
    found = wanted.query()
    without = unwanted.query()
    return found if without.empty else replace(found, without=without)


def _clean(text: str) -> str:
    """Return what of a text can be looked for: no lone surrogates, no controls."""
    whole = cjk.plain(text.encode("utf-8", "ignore").decode("utf-8"))
    return "".join(c if c.isprintable() else " " for c in whole)


@dataclass(frozen=True, slots=True)
class _QueryTerm:
    """One thing between spaces."""

    field: str
    value: str
    quoted: bool
    negated: bool

    @property
    def is_or(self) -> bool:
        """Whether it may be between two words of which one will do."""
        return self.value == "OR" and not (self.field or self.quoted or self.negated)

    @property
    def is_words(self) -> bool:
        """Whether it is looked for in the text."""
        return not (self.field or self.negated or self.is_tex) and has_words(self.value)

    @property
    def is_tex(self) -> bool:
        """Whether it is TeX without saying so."""
        return not self.quoted and bool(_TEX.search(self.value)) and not any(map(cjk.is_wide, self.value))


def _pieces(text: str) -> list[_QueryTerm]:
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        piece, at = _piece(text, at)
        if piece:
            found.append(piece)
    return found


def _piece(text: str, at: int) -> tuple[_QueryTerm | None, int]:
    negated = text[at] in "-－" and at + 1 < len(text) and not text[at + 1].isspace()
    at += negated
    name = _FIELD.match(text, at)
    known = name is not None and name[1].lower() in _FIELDS
    start = name.end() if name and known else at
    value, quoted, end = _value(text, start)
    field_ = name[1].lower() if name and known else ""
    return (_QueryTerm(field_, value, quoted, negated) if value or field_ else None), max(end, at + 1)


def _value(text: str, at: int) -> tuple[str, bool, int]:
    """Return a value, whether it was in quotes, and where it ends; quotes that are not closed end with the text."""
    if at < len(text) and text[at] in _QUOTES:
        end = text.find(_QUOTES[text[at]], at + 1)
        if end < 0:
            return text[at + 1 :].strip(), True, len(text)
        return text[at + 1 : end].strip(), True, end + 1
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[at:end], False, end


class _Builder:
    """Collects the pieces of a query, or of what it does not want."""

    def __init__(self) -> None:
        self.words: list[Term] = []
        self.titles: list[Term] = []
        self.tex: list[str] = []
        self.like: list[str] = []
        self.filters = Filters()
        self.sort = ""
        self.either = False
        """Whether what comes will do in place of the last word."""

    def query(self) -> Query:
        return Query(
            words=tuple(self.words),
            titles=tuple(self.titles),
            tex=tuple(self.tex),
            like=tuple(self.like),
            filters=self.filters,
            sort=self.sort,
        )

    def add(self, piece: _QueryTerm) -> None:
        if not piece.field:
            self._add_words(self.words, piece, tex=not piece.quoted)
            return
        if not piece.value:
            raise UsageError(f"{piece.field}: expected something right after the colon, found nothing")
        if piece.field == "title":
            self._add_words(self.titles, piece, tex=False)
        elif piece.field == "tex":
            self.tex.append(piece.value)
        elif piece.field == "like":
            self.like.append(_unquoted(piece.value))
        elif piece.field == "sort" and not piece.negated:
            self.sort = _one_of("sort", piece.value, SORTS)
        else:
            self.filters &= _filter(piece)

    def _add_words(self, to: list[Term], piece: _QueryTerm, *, tex: bool) -> None:
        if tex and piece.is_tex:
            self.tex.append(piece.value)
            return
        if piece.quoted:
            found = [Term(piece.value.rstrip("*"), exact=True)] if has_words(piece.value) else []
        else:
            found = [_term(part) for part in _parts(piece.value)]
        if self.either and to:
            to[-1] = replace(to[-1], others=(*to[-1].others, *found[:1]))
            found = found[1:]
        self.either = False
        to += found


def _term(part: str) -> Term:
    """Return a word; one that ends in an asterisk may continue. Chinese always may."""
    text = part.rstrip("*")
    return Term(text, begins=text != part and not cjk.is_wide(text[-1]))


def _unquoted(tex: str) -> str:
    """Return a formula without quotes meant for a shell; a prime alone belongs to it."""
    return tex[1:-1] if len(tex) > 1 and tex[0] == tex[-1] == "'" else tex


_APART = re.compile(r"[，。、；：？！…（）《》〈〉【】「」『』—·～“”‘’,;?!()\[\]]+")
"""Punctuation that separates what was typed without spaces: a sentence, or a title with its subtitle."""


def _parts(value: str) -> list[str]:
    return [part for part in _APART.split(value) if has_words(part)]


def has_words(text: str) -> bool:
    """Return whether there is anything in a text that the index knows."""
    return any(character.isalnum() for character in text)


def _filter(piece: _QueryTerm) -> Filters:
    name, value = piece.field, piece.value
    if piece.negated and name in ("after", "before", "year", "in", "has", "sort"):
        raise UsageError(f"-{name}: expected a word, a title, a tag or an author after the minus sign, found {name}:")
    match name:
        case "tag":
            return Filters(tags=(value,))
        case "category":
            return Filters(categories=(value,))
        case "topic":
            return Filters(topics=(value,))
        case "author":
            return Filters(authors=(value,))
        case "after":
            return Filters(after=_date(name, value))
        case "before":
            return Filters(before=_date(name, value))
        case "year":
            return _year(value)
        case "has":
            return Filters(has=(_one_of(name, value, HAS),))
        case _:
            among = _one_of(name, value, ("posts", "comments", "pages"))
            return Filters(comments=among == "comments", pages=among == "pages")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        raise UsageError(f"{name}: expected one of {', '.join(choices)}, found {value!r}")
    return value.lower()


def _date(name: str, value: str) -> str:
    found = _DATE.fullmatch(value)
    if not found or int(found[2] or 1) not in range(1, 13) or int(found[3] or 1) not in range(1, 32):
        raise UsageError(f"{name}: expected a year, month or day such as 2024, 2024-03 or 2024-03-05, found {value!r}")
    return "-".join(f"{int(part):0{4 if place == 0 else 2}}" for place, part in enumerate(found.groups()) if part)


def _year(value: str) -> Filters:
    date = _date("year", value)
    if len(date) != len("YYYY"):
        raise UsageError(f"year: expected a year such as 2024, found {value!r}")
    return Filters(after=date, before=f"{int(date) + 1:04}")
