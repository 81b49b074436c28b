"""The database that a rebuild replaces: what it holds that the new one reads differently.

A newer program may read the same bytes differently. Then the current revision of a post is shown as it is read now, and
those before it as they were read when they were current, each with the version of the program that did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from archiver.errors import ArchiveDamaged, UsageError
from archiver.store import chronicle, embedded, query, vector_index
from archiver.store.database import Archive
from archiver.store.results import Row
from archiver.text import EXTRACTOR_VERSION

Database = str | Path
"""A database's URL, or its SQLite file."""

PATIENCE = 600.0
"""Seconds a query of the whole database may take."""

_POSTS = """
SELECT p.id, p.title, c.record_id, p.markdown, p.text FROM posts AS p
JOIN post_revisions AS r ON r.id = p.current_revision_id JOIN captures AS c ON c.id = r.capture_id ORDER BY p.id
"""
_KEYS = {
    "captures": "SELECT record_id FROM captures",
    "post_revisions": "SELECT c.record_id FROM post_revisions AS r JOIN captures AS c ON c.id = r.capture_id",
    "comments": "SELECT id FROM comments",
    "comment_revisions": "SELECT comment_id, seen_at FROM comment_revisions",
    "pages": "SELECT url FROM pages",
    "page_revisions": "SELECT p.url, r.seen_at FROM page_revisions AS r JOIN pages AS p ON p.id = r.page_id",
    "page_comments": "SELECT p.url, c.id FROM page_comments AS c JOIN pages AS p ON p.id = c.page_id",
    "files": "SELECT url, sha256 FROM files",
}
"""What identifies the rows that must not be lost, by table; pictures and formulas are part of a version."""

_TABLES = {
    True: "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    False: "SELECT name FROM sqlite_master",
}
"""Queries for the names of tables, on a server or in a file."""

_VECTORS = """
SELECT v.post_id, p.title, p.markdown, v.model, v.vectors FROM post_vectors AS v
JOIN posts AS p ON p.id = v.post_id AND p.current_revision_id = v.revision_id ORDER BY v.post_id
"""
_FORMULAS = "SELECT post_id, tex FROM formulas ORDER BY post_id, position"
_OLDER = """
SELECT r.post_id, c.record_id, r.title, r.markdown, r.text, r.extractor_version, r.engine, r.status, r.issues
FROM post_revisions AS r JOIN captures AS c ON c.id = r.capture_id JOIN posts AS p ON p.id = r.post_id
WHERE r.id <> p.current_revision_id AND r.extractor_version < :version ORDER BY r.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostChange:
    """A post that differs between the new database and the former one."""

    post_id: int
    title: str
    same_version: bool
    """Whether both read the same capture: then the reading has changed, not the blog."""
    formulas_lost: int
    formulas_new: int
    characters_before: int
    characters_after: int
    markdown_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseComparison:
    """The former database compared with the new one."""

    changed: tuple[PostChange, ...] = ()
    missing: tuple[int, ...] = ()
    """Posts of the former one that no WARC file holds."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Rows of the former one that no WARC file holds, by table; none of tables without such rows."""
    kept: int = 0
    """Older revisions that keep the text they were once read with."""
    vectors_lost: int = 0
    """Posts whose vectors were made from a text that no post has now."""
    unreadable: str = ""
    """Why the former one cannot be read, if it cannot."""

    @property
    def is_less(self) -> bool:
        """Whether the former one held what no WARC file does."""
        return bool(self.missing or self.lost)

    @property
    def alone(self) -> bool:
        """Whether the former one may hold what nothing else does."""
        return self.is_less or bool(self.unreadable)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A post in one of the databases."""

    title: str
    record_id: str
    markdown: str
    text: str
    formulas: Counter[str]


def compare(former: Database, archive: Archive, new: Database) -> DatabaseComparison:
    """Let older revisions of the new database keep the text they had, and return what else reads differently."""
    try:
        tables = _tables(former)
        kept = _keep(former, archive)
        vectors_lost = _keep_vectors(former, archive) if "post_vectors" in tables else 0
        archive.commit()
        changed: list[PostChange] = []
        missing: list[int] = []
        with _posts(former) as before, _posts(new) as after:
            now = next(after, None)
            for number, was in before:
                while now and now[0] < number:
                    now = next(after, None)
                if now is None or now[0] != number:
                    missing.append(number)
                elif change := _change(number, was, now[1]):
                    changed.append(change)
        return DatabaseComparison(
            changed=tuple(changed),
            missing=tuple(missing),
            lost=_lost(former, new, tables),
            kept=kept,
            vectors_lost=vectors_lost,
        )
    except (UsageError, ArchiveDamaged) as error:
        return DatabaseComparison(unreadable=str(error))


def _keep(former: Database, archive: Archive) -> int:
    kept = 0
    with query.stream(former, _OLDER, {"version": EXTRACTOR_VERSION}, timeout=PATIENCE) as older:
        for post_id, record_id, *values in older.rows:
            reading = dict(zip(older.columns[2:], values, strict=True))
            kept += chronicle.keep_reading(archive.session, post_id, record_id, reading)
    _keep_pictures(former, archive)
    return kept


def _keep_pictures(former: Database, archive: Archive) -> None:
    """Take over the pictures of former readings: their texts show them, although they are read differently now."""
    for picture in embedded.read(former):
        if embedded.is_whole(picture):
            embedded.keep(archive.session, [picture])


def _keep_vectors(former: Database, archive: Archive) -> int:
    """Take over the vectors of posts that read the same; return how many posts lose theirs."""
    lost = 0
    with query.stream(former, _VECTORS, timeout=PATIENCE) as vectors:
        for number, title, markdown, model, stored in vectors.rows:
            lost += not vector_index.take_over(archive, number, title, markdown, model, bytes(stored))
    return lost


def _tables(database: Database) -> set[str]:
    """Return the names of a database's tables: an earlier version lacks some."""
    with query.stream(database, _TABLES[query.sqlite_file(database) is None]) as found:
        return {str(name) for (name,) in found.rows}


def _lost(former: Database, new: Database, tables: Collection[str]) -> dict[str, int]:
    """Return how many rows of the former database, which has these tables, the new one does not have, by table."""
    counts = {table: _rows_lost(former, new, keys) for table, keys in _KEYS.items() if table in tables}
    return {table: count for table, count in counts.items() if count}


def _rows_lost(former: Database, new: Database, keys: str) -> int:
    with query.stream(new, keys, timeout=PATIENCE) as after:
        known = set(after.rows)
    with query.stream(former, keys, timeout=PATIENCE) as before:
        return sum(row not in known for row in before.rows)


@contextmanager
def _posts(database: Database) -> Iterator[Iterator[tuple[int, _Shown]]]:
    """Give every post of a database, by number, one at a time."""
    with (
        query.stream(database, _POSTS, timeout=PATIENCE) as posts,
        query.stream(database, _FORMULAS, timeout=PATIENCE) as formulas,
    ):
        yield _joined(posts.rows, formulas.rows)


def _joined(posts: Iterator[Row], formulas: Iterator[Row]) -> Iterator[tuple[int, _Shown]]:
    groups = groupby(formulas, itemgetter(0))
    owner, own = next(groups, (0, iter(())))
    for number, title, record_id, markdown, text in posts:
        while owner and owner < number:
            owner, own = next(groups, (0, iter(())))
        tex = Counter(source for _, source in own) if owner == number else Counter()
        yield number, _Shown(title, record_id, markdown, text, tex)


def _change(number: int, was: _Shown, now: _Shown) -> PostChange | None:
    if (was.title, was.markdown, was.text, was.formulas) == (now.title, now.markdown, now.text, now.formulas):
        return None
    return PostChange(
        post_id=number,
        title=now.title,
        same_version=was.record_id == now.record_id,
        formulas_lost=(was.formulas - now.formulas).total(),
        formulas_new=(now.formulas - was.formulas).total(),
        characters_before=len(was.text),
        characters_after=len(now.text),
        markdown_changed=was.markdown != now.markdown,
    )
