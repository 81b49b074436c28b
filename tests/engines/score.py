"""How much of what was put into a blog an archive of it has."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engines.posts import Code, Post


@dataclass
class Line:
    """One thing that was compared, post by post."""

    right: int = 0
    of: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.right}/{self.of}"


Remark = tuple[str, str, str, str | None]
"""A comment: author, text, day, and the text of the one it answers."""


@dataclass(frozen=True)
class Row:
    """A post as the archive has it."""

    id: int
    title: str
    author: str
    published_on: str
    markdown: str


_APART = re.compile(r"!\[[^\]]*\]\([^)]*\)|```.*?```|(\$\$?).*?\1|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)
"""Pictures, listings and formulas in a text."""


def score(home: Path, posts: tuple[Post, ...]) -> dict[str, Line]:
    """Return what an archive has of these posts, by what it is compared by."""
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        archive = _Archive(connection)
        lines = {"posts": Line(), **{name: Line() for name in LINES}}
        rows = {row.title: row for row in archive.rows()}
        for post in posts:
            row = rows.pop(post.title, None)
            _count(lines["posts"], post.title, "a post", "a post" if row else "none")
            if row:
                for name, (wanted, found) in LINES.items():
                    _count(lines[name], post.title, wanted(post), found(archive, row))
        for title in rows:
            _count(lines["posts"], title, "none", "a post")
    return lines


def table(lines: dict[str, Line]) -> str:
    """Return the lines for people, with two examples of what is wrong in each."""
    return "\n".join(
        "\n  wrong: ".join([f"{name:12}{line}", *line.wrong[:2]]) for name, line in lines.items() if line.of
    )


def _count(line: Line, title: str, wanted: object, found: object) -> None:
    line.of += 1
    line.right += wanted == found
    if wanted != found:
        line.wrong.append(f"{title}: {_difference(wanted, found)}")


def _difference(wanted: object, found: object) -> str:
    if isinstance(wanted, Counter) and isinstance(found, Counter):
        return f"missing {[*(wanted - found)]}, added {[*(found - wanted)]}"
    return f"expected {wanted!r}, found {found!r}"


class _Archive:
    """Asks the database of an archive."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self) -> Iterator[Row]:
        query = "SELECT id, title, author, published_on, markdown FROM posts WHERE status = 'live'"
        return (Row(*row) for row in self._connection.execute(query))

    def ask(self, query: str, row: Row) -> list[Any]:
        return self._connection.execute(query, {"post": row.id}).fetchall()

    def names(self, query: str, row: Row) -> list[str]:
        return sorted(name for (name,) in self.ask(query, row))

    def formulas(self, row: Row) -> list[tuple[str, bool]]:
        query = "SELECT tex, display FROM formulas WHERE post_id = :post ORDER BY position"
        return [(_bare(tex), bool(display)) for tex, display in self.ask(query, row)]

    def listings(self, row: Row) -> list[Code]:
        query = "SELECT language, code FROM code_blocks WHERE post_id = :post ORDER BY position"
        return [Code(language, code.strip("\n")) for language, code in self.ask(query, row)]

    def pictures(self, row: Row) -> list[tuple[str, str, int]]:
        query = (
            "SELECT i.url, coalesce(nullif(i.caption, ''), i.alt), count(DISTINCT c.url) FROM images AS i "
            "LEFT JOIN captures AS c ON c.url = i.url AND c.status = 200 WHERE post_id = :post GROUP BY i.position"
        )
        return [(url.rsplit("/", 1)[1], words, held) for url, words, held in self.ask(query, row)]

    def prose(self, row: Row) -> str:
        captions = {words for _, words, _ in self.pictures(row)}
        rest = _APART.sub(" ", row.markdown)
        return "\n".join(line for line in rest.splitlines() if line not in captions)

    def comments(self, row: Row) -> Counter[Remark]:
        query = (
            "SELECT c.author, c.text, c.published_on, p.text FROM comments AS c "
            "LEFT JOIN comments AS p ON p.id = c.parent_id WHERE c.post_id = :post AND c.deleted_at IS NULL"
        )
        found = self.ask(query, row)
        return Counter((author, text.strip(), day, parent and parent.strip()) for author, text, day, parent in found)


def _bare(tex: str) -> str:
    r"""Return TeX without what is around it: dollars, `\(` or `\[`."""
    found = re.fullmatch(r"\s*(?:\$\$(.*)\$\$|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\])\s*", tex, re.DOTALL)
    return next(filter(None, found.groups()), "").strip() if found else tex.strip()


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def _prose(post: Post) -> str:
    """Return the words of a text between its formulas, listings and pictures."""
    flat = [each for part in post.parts for each in (part if isinstance(part, tuple) else (part,))]
    return " ".join(each for each in flat if isinstance(each, str))


def _remarks(post: Post) -> Counter[Remark]:
    texts = [comment.text for comment in post.comments]
    return Counter(
        (each.author, each.text, each.moment.date().isoformat(), None if each.parent is None else texts[each.parent])
        for each in post.comments
    )


_CATEGORIES = (
    "SELECT c.name FROM categories AS c JOIN post_categories AS p ON p.category_id = c.id WHERE p.post_id = :post"
)
_TAGS = "SELECT t.name FROM tags AS t JOIN post_tags AS p ON p.tag_id = t.id WHERE p.post_id = :post"

LINES: dict[str, tuple[Callable[[Post], object], Callable[[_Archive, Row], object]]] = {
    "author": (lambda post: post.author, lambda _, row: row.author),
    "date": (lambda post: post.moment.date().isoformat(), lambda _, row: row.published_on),
    "categories": (lambda post: sorted(post.categories), lambda archive, row: archive.names(_CATEGORIES, row)),
    "tags": (lambda post: sorted(post.tags), lambda archive, row: archive.names(_TAGS, row)),
    "text": (lambda post: _words(_prose(post)), lambda archive, row: _words(archive.prose(row))),
    "formulas": (
        lambda post: [(each.tex, each.display) for each in post.formulas],
        lambda archive, row: archive.formulas(row),
    ),
    "code": (lambda post: post.listings, lambda archive, row: archive.listings(row)),
    "pictures": (
        lambda post: [(each.name, each.caption, 1) for each in post.pictures],
        lambda archive, row: archive.pictures(row),
    ),
    "comments": (_remarks, lambda archive, row: archive.comments(row)),
}
"""What is compared: what was put into a post, and what the archive has of it."""
