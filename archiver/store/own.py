"""What somebody keeps of an archive for themselves: marks, places, a reading list, notes, tags, highlights.

It is in a file of its own next to the archive, wherever the archive's tables are, so that no crawl, rebuild or import
touches it. The file is made when something is kept for the first time. A post is known by its number and its address.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from archiver.clock import timestamp
from archiver.counting import counted
from archiver.errors import ArchiverError, DatabaseTooNew

NAME = "own.db"
"""The file, in the archive's home."""

_STEPS = (
    """CREATE TABLE marks (
        post_id INTEGER PRIMARY KEY, url TEXT NOT NULL, favourite_at TEXT, read_at TEXT,
        stopped_at TEXT, anchor TEXT, block INTEGER, share INTEGER
    ) STRICT""",
    """CREATE TABLE reading_list (
        position INTEGER PRIMARY KEY, post_id INTEGER NOT NULL UNIQUE, url TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE notes (
        post_id INTEGER PRIMARY KEY, url TEXT NOT NULL, text TEXT NOT NULL, tags TEXT NOT NULL, changed_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE highlights (
        key TEXT PRIMARY KEY, post_id INTEGER NOT NULL, url TEXT NOT NULL, quote TEXT NOT NULL, before TEXT NOT NULL,
        after TEXT NOT NULL, note TEXT NOT NULL, revision TEXT NOT NULL, made_at TEXT NOT NULL
    ) STRICT""",
)
"""The statements that create the tables, one per version; `PRAGMA user_version` says how many were run."""

_OF = "WHERE post_id = :post_id OR :post_id IS NULL"
_PATIENCE = 10  # seconds to wait for another program that writes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPosition:
    """Where the user stopped in a post."""

    anchor: str = ""
    """Anchor of the heading before it; empty before the first one."""
    block: int = 0
    """Paragraphs, formulas and the like after that heading."""
    share: int = 0
    """How much of the text is before it, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is kept for a post; times are ISO 8601 UTC."""

    post_id: int
    url: str
    favourite_at: str | None = None
    read_at: str | None = None
    stopped_at: str | None = None
    anchor: str | None = None
    """As in `ReadingPosition`, and so are `block` and `share`; None when nobody stopped there."""
    block: int | None = None
    share: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an incomplete position."""
        place = (self.stopped_at, self.anchor, self.block, self.share)
        if any(each is None for each in place) and any(each is not None for each in place):
            raise ValueError("stopped_at, anchor, block and share come together")

    @property
    def blank(self) -> bool:
        """Whether nothing is kept."""
        return not (self.favourite_at or self.read_at or self.stopped_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A post of the reading list."""

    post_id: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the user wrote about a post."""

    post_id: int
    url: str
    text: str = ""
    tags: tuple[str, ...] = ()
    """The user's own tags, not the blog's; in the table as a JSON array."""
    changed_at: str

    def matches(self, words: Iterable[str]) -> bool:
        """Return whether each word is somewhere in the text or the tags, whatever its case."""
        written = "\n".join((self.text, *self.tags)).casefold()
        return all(word.casefold() in written for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A passage of a post, known by its words and those around it, in which formulas are TeX."""

    key: str
    """Random, so that no two homes generate the same."""
    post_id: int
    url: str
    quote: str
    before: str = ""
    after: str = ""
    note: str = ""
    revision: str = ""
    """When the version it was made in was first seen: numbers of versions do not outlive a rebuild."""
    made_at: str

    def values(self) -> dict[str, Any]:
        """Return the values by name."""
        return asdict(self)

    def fits(self, text: str) -> bool:
        """Return whether a text without its white space still has the passage."""
        return squeezed(self.quote) in text

    def matches(self, words: Iterable[str]) -> bool:
        """Return whether each word is somewhere in the passage or the note, whatever its case."""
        written = f"{self.quote}\n{self.note}".casefold()
        return all(word.casefold() in written for word in words)


def squeezed(text: str) -> str:
    """Return a text without its white space, which browsers and Markdown do not agree on."""
    return "".join(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Everything that is kept."""

    marks: tuple[Mark, ...] = ()
    """By number of the post."""
    reading_list: tuple[Listed, ...] = ()
    """In its order."""
    notes: tuple[Note, ...] = ()
    """By number of the post."""
    highlights: tuple[Highlight, ...] = ()
    """As they were made."""

    def __str__(self) -> str:
        nouns = {"marks": "mark", "reading_list": "listed post", "notes": "note", "highlights": "highlight"}
        return ", ".join(counted(len(getattr(self, each.name)), nouns[each.name]) for each in fields(self))


class Own:
    """What is kept for one archive; may be shared by threads."""

    def __init__(self, home: Path) -> None:
        """Keep it in the home of an archive."""
        self._file = home / NAME

    def marks(self, post_id: int | None = None) -> dict[int, Mark]:
        """Return what is kept for a post, or for each, by its number.

        Raises ArchiverError when the file cannot be read; so does everything here.
        """
        if not self._file.exists():
            return {}
        with self._open("BEGIN") as connection:
            rows = connection.execute(f"SELECT * FROM marks {_OF} ORDER BY post_id", {"post_id": post_id})  # noqa: S608
            return {row["post_id"]: Mark(**row) for row in rows}

    def favour(self, post_id: int, url: str, chosen: bool) -> None:
        """Make a post a favourite, or no longer."""
        self._set(post_id, url, favourite_at=timestamp() if chosen else None)

    def read(self, post_id: int, url: str, chosen: bool) -> None:
        """Mark a post as read, which forgets where reading stopped, or as unread."""
        if chosen:
            self._set(post_id, url, read_at=timestamp(), **_NOWHERE)
        else:
            self._set(post_id, url, read_at=None)

    def stop(self, post_id: int, url: str, place: ReadingPosition | None) -> None:
        """Keep where reading stopped in a post, or forget it."""
        if place is None:
            self._set(post_id, url, **_NOWHERE)
        else:
            self._set(post_id, url, stopped_at=timestamp(), **asdict(place))

    def everything(self) -> Kept:
        """Return everything that is kept."""
        return Kept(
            marks=tuple(self.marks().values()),
            reading_list=tuple(self.reading_list()),
            notes=tuple(self.notes().values()),
            highlights=tuple(self.highlights()),
        )

    def take(self, kept: Kept) -> None:
        """Add what was kept elsewhere.

        Marks and notes replace those of their posts; new posts are added to the end of the reading list.
        """
        if kept == Kept() and not self._file.exists():
            return
        with self._open() as connection:
            for mark in kept.marks:
                _put(connection, mark)
            _enlist(connection, kept.reading_list)
            for note in kept.notes:
                _write(connection, note)
            for highlight in kept.highlights:
                _highlight(connection, highlight)

    def reading_list(self) -> list[Listed]:
        """Return the posts to be read, in their order."""
        if not self._file.exists():
            return []
        with self._open("BEGIN") as connection:
            return _listed(connection)

    def enlist(self, posts: Iterable[Listed]) -> None:
        """Put posts at the end of the reading list, except those already in it."""
        with self._open() as connection:
            _enlist(connection, posts)

    def unlist(self, post_id: int) -> None:
        """Remove a post from the reading list."""
        if self._file.exists():
            with self._open() as connection:
                connection.execute("DELETE FROM reading_list WHERE post_id = ?", (post_id,))

    def move(self, post_id: int, by: int) -> None:
        """Move a post of the reading list by some places, down or, below 0, up."""
        if not self._file.exists():
            return
        with self._open() as connection:
            listed = _listed(connection)
            at = next((at for at, each in enumerate(listed) if each.post_id == post_id), None)
            if at is not None:
                listed.insert(max(at + by, 0), listed.pop(at))
                connection.execute("DELETE FROM reading_list")
                _enlist(connection, listed)

    def notes(self, post_id: int | None = None) -> dict[int, Note]:
        """Return the note on a post, or all of them, by the numbers of their posts."""
        if not self._file.exists():
            return {}
        with self._open("BEGIN") as connection:
            sql = f"SELECT * FROM notes {_OF} ORDER BY post_id"  # noqa: S608
            rows = connection.execute(sql, {"post_id": post_id}).fetchall()
        return {row["post_id"]: Note(**{**row, "tags": tuple(json.loads(row["tags"]))}) for row in rows}

    def annotate(self, note: Note) -> None:
        """Keep a note in place of the former one about its post; one without text and tags is removed."""
        if self._file.exists() or note.text or note.tags:
            with self._open() as connection:
                _write(connection, note)

    def highlights(self, post_id: int | None = None) -> list[Highlight]:
        """Return the highlights of a post, or all of them, as they were made."""
        if not self._file.exists():
            return []
        sql = f"SELECT * FROM highlights {_OF} ORDER BY made_at, key"  # noqa: S608
        with self._open("BEGIN") as connection:
            return [Highlight(**row) for row in connection.execute(sql, {"post_id": post_id})]

    def highlight(self, highlight: Highlight) -> None:
        """Keep a highlight, in place of the one with its key."""
        with self._open() as connection:
            _highlight(connection, highlight)

    def forget(self, key: str) -> None:
        """Remove the highlight with a key."""
        if self._file.exists():
            with self._open() as connection:
                connection.execute("DELETE FROM highlights WHERE key = ?", (key,))

    def _set(self, post_id: int, url: str, **values: Any) -> None:
        if not self._file.exists() and not any(values.values()):
            return
        with self._open() as connection:
            row = connection.execute("SELECT * FROM marks WHERE post_id = ?", (post_id,)).fetchone()
            _put(connection, Mark(**{**(row or {"post_id": post_id}), "url": url, **values}))

    @contextmanager
    def _open(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """Lend a connection for one transaction; one that only reads takes no lock that excludes others."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)) as connection:
                connection.row_factory = _named
                connection.execute(begin)
                self._migrate(connection)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise ArchiverError(
                f"expected to use {self._file}, found: {error}; "
                "if it is no longer a database, move it away and import what `archiver own export` wrote"
            ) from error

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()["user_version"])
        if version > len(_STEPS):
            raise DatabaseTooNew(
                f"expected version {len(_STEPS)} of {self._file} at most, found {version}; use a newer archiver"
            )
        if version < len(_STEPS):
            for statement in _STEPS[version:]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(_STEPS)}")


_NOWHERE: dict[str, None] = {"stopped_at": None, "anchor": None, "block": None, "share": None}


def _listed(connection: sqlite3.Connection) -> list[Listed]:
    return [Listed(**row) for row in connection.execute("SELECT post_id, url FROM reading_list ORDER BY position")]


def _enlist(connection: sqlite3.Connection, posts: Iterable[Listed]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO reading_list (post_id, url) VALUES (:post_id, :url)", map(asdict, posts)
    )


def _write(connection: sqlite3.Connection, note: Note) -> None:
    connection.execute("DELETE FROM notes WHERE post_id = ?", (note.post_id,))
    if note.text or note.tags:
        _insert(connection, "notes", {**asdict(note), "tags": json.dumps(note.tags, ensure_ascii=False)})


def _put(connection: sqlite3.Connection, mark: Mark) -> None:
    connection.execute("DELETE FROM marks WHERE post_id = ?", (mark.post_id,))
    if not mark.blank:
        _insert(connection, "marks", asdict(mark))


def _highlight(connection: sqlite3.Connection, highlight: Highlight) -> None:
    _insert(connection, "highlights", highlight.values())


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(f"REPLACE INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608 - names of ours


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
