"""Which captures of an address there are, and which of them shows or answers for it best at a moment. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from archiver.store.pool import ReadOnlyPool
from archiver.urls import Site, origin

END_OF_TIME = "9999-12-31T23:59:59Z"
"""A moment after every capture."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """One capture and where its record is; see the table `captures`."""

    id: int
    url: str
    target_uri: str
    fetched_at: str
    status: int
    content_type: str
    payload_sha256: str
    warc_file: str
    warc_offset: int
    warc_length: int
    record_id: str
    revisit_of: str | None
    truncated: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the frontier says of an address."""

    state: str
    reason: str | None
    first_seen_at: str


@dataclass(frozen=True, slots=True)
class Linking:
    """A post that links to an address."""

    url: str
    title: str


_COLUMNS = ", ".join(StoredCapture.__slots__)

# What shows a page best: the whole page, a redirect, half of it, its absence, a refusal. A refusal, or the page missing
# for once, must not hide what was there before; a 304 only says that the capture before it still holds.
_WORTH = """CASE
    WHEN status BETWEEN 200 AND 299 AND status <> 206 AND truncated IS NULL THEN 0
    WHEN status IN (301, 302, 303, 307, 308) THEN 1
    WHEN status BETWEEN 200 AND 299 THEN 2
    WHEN status IN (404, 410) THEN 3
    ELSE 4
END"""

_BEST = f"""
SELECT {_COLUMNS} FROM captures WHERE url = :url AND fetched_at <= :until AND fetched_at >= :since AND status <> 304
ORDER BY {_WORTH}, fetched_at DESC, id DESC LIMIT 1 OFFSET :skip
"""  # noqa: S608 - names of ours

# What answers for an address as the blog did: a whole answer that lasts comes before one that says only that it could
# not be had just then, a later one before an earlier one, be it that the page is gone.
_ANSWERS = f"""
SELECT {_COLUMNS} FROM captures WHERE url = :url AND fetched_at <= :until AND status NOT IN (0, 304)
ORDER BY CASE WHEN status IN (200, 301, 302, 303, 307, 308, 404, 410) AND truncated IS NULL THEN 0 ELSE 1 END,
    fetched_at DESC, id DESC
"""  # noqa: S608

_AROUND = """
SELECT max(CASE WHEN fetched_at <= :moment THEN fetched_at END), min(CASE WHEN fetched_at > :moment THEN fetched_at END)
FROM captures WHERE url = :url
"""

_NEXT = f"""
SELECT {_COLUMNS} FROM captures WHERE url = :url AND fetched_at > :after AND status <> 304
ORDER BY {_WORTH}, fetched_at, id LIMIT 1 OFFSET :skip
"""  # noqa: S608

_ALL = f"""
SELECT {_COLUMNS} FROM captures WHERE url = :url ORDER BY fetched_at DESC, id DESC LIMIT :most
"""  # noqa: S608

# The payload's digest and the address have indexes; a record's id has none.
_RECORD = f"""
SELECT {_COLUMNS} FROM captures WHERE record_id = :record AND (payload_sha256 = :sha256 OR url = :url) LIMIT 1
"""  # noqa: S608
_RECORD_ANYWHERE = f"SELECT {_COLUMNS} FROM captures WHERE record_id = :record LIMIT 1"  # noqa: S608

_END_BEFORE = """
SELECT warc_offset + warc_length FROM captures WHERE warc_file = :file AND warc_offset < :offset
ORDER BY warc_offset DESC LIMIT 1
"""

_BEFORE = """
SELECT DISTINCT url FROM captures WHERE url < :url AND url >= :first AND status = 200 AND fetched_at <= :until
ORDER BY url DESC LIMIT :most
"""
_AFTER = """
SELECT DISTINCT url FROM captures WHERE url > :url AND url < :last AND status = 200 AND fetched_at <= :until
ORDER BY url LIMIT :most
"""
_WITH_QUERY = """
SELECT url FROM captures WHERE url >= :first AND url < :last AND status = 200 ORDER BY fetched_at DESC LIMIT 1
"""
_DAYS = """
SELECT substr(fetched_at, 1, 10) AS day, count(*), count(DISTINCT url) FROM captures
GROUP BY substr(fetched_at, 1, 10) ORDER BY day DESC LIMIT :most
"""
_LINKING = """
SELECT DISTINCT p.url, p.title, p.id FROM links AS l JOIN posts AS p ON p.id = l.post_id WHERE l.url = :url
ORDER BY p.id LIMIT :most
"""
_LAST_TARGET = """
SELECT target_uri FROM captures WHERE url >= :first AND url < :last
ORDER BY CASE WHEN url = :catalogue THEN 0 ELSE 1 END, fetched_at DESC LIMIT 1
"""
_TARGETS = """
SELECT min(target_uri), max(target_uri) FROM captures WHERE url >= :first AND url < :last GROUP BY run_id
"""


class Timeline:
    """The captures of an archive, for asking by address and moment; may be shared by threads."""

    def __init__(self, database: str) -> None:
        """Open the archive whose database has this URL.

        Raises UsageError when there is none.
        """
        self._reading = ReadOnlyPool(database)

    def close(self) -> None:
        """Let go of the file."""
        self._reading.close()

    def best(self, url: str, until: str = END_OF_TIME, *, since: str = "", skip: int = 0) -> StoredCapture | None:
        """Return the capture that shows an address best as of a moment, after those that did not serve.

        A whole page comes before anything else, later captures before earlier ones.
        """
        return self._one(_BEST, url=url, until=until, since=since, skip=skip)

    def next(self, url: str, after: str, *, skip: int = 0) -> StoredCapture | None:
        """Return the capture after a moment that shows an address best, after those that did not serve.

        A whole page comes before anything else, earlier captures before later ones.
        """
        return self._one(_NEXT, url=url, after=after, skip=skip)

    def all(self, url: str, most: int) -> list[StoredCapture]:
        """Return the captures of an address, latest first."""
        return [StoredCapture(*row) for row in self._ask(_ALL, url=url, most=most)]

    def answers(self, url: str, until: str = END_OF_TIME) -> list[StoredCapture]:
        """Return what may answer for an address as the blog did at a moment, the best first."""
        return [StoredCapture(*row) for row in self._ask(_ANSWERS, url=url, until=until)]

    def around(self, url: str, moment: str) -> tuple[str | None, str | None]:
        """Return when an address was last captured up to a moment, and when first after it."""
        ((before, after),) = self._ask(_AROUND, url=url, moment=moment)
        return before, after

    def original(self, revisit: StoredCapture) -> StoredCapture | None:
        """Return the capture that holds the payload of a revisit."""
        record = revisit.revisit_of
        found = self._one(_RECORD, record=record, sha256=revisit.payload_sha256, url=revisit.url)
        return found or self._one(_RECORD_ANYWHERE, record=record)

    def end_before(self, held: StoredCapture) -> int:
        """Return where in its file the capture before another one ends: what belongs to that one comes after it."""
        found = self._ask(_END_BEFORE, file=held.warc_file, offset=held.warc_offset)
        return int(found[0][0]) if found else 0

    def near(self, url: str, until: str, most: int) -> list[str]:
        """Return addresses archived by a moment, on both sides of one in the order of the alphabet."""
        first, last = _within(origin(url))
        before = self._ask(_BEFORE, url=url, first=first, until=until, most=most)
        after = self._ask(_AFTER, url=url, last=last, until=until, most=most)
        return [str(row[0]) for row in (*reversed(before), *after)]

    def with_any_query(self, url: str) -> str | None:
        """Return the address last archived that is this one and a query."""
        found = self._ask(_WITH_QUERY, first=url + "?", last=url + "@")  # @ follows ?
        return str(found[0][0]) if found else None

    def known(self, url: str) -> Known | None:
        """Return what the frontier says of an address; None when it was never seen."""
        rows = self._ask("SELECT state, reason, first_seen_at FROM frontier WHERE url = :url", url=url)
        return Known(*rows[0]) if rows else None

    def linking(self, url: str, most: int) -> list[Linking]:
        """Return posts whose text links to an address, by number."""
        return [Linking(str(address), str(title)) for address, title, _ in self._ask(_LINKING, url=url, most=most)]

    def days(self, most: int) -> list[tuple[str, int, int]]:
        """Return the days with captures, latest first: the date, how many captures and of how many addresses."""
        return [(str(day), int(captures), int(urls)) for day, captures, urls in self._ask(_DAYS, most=most)]

    def hosts(self, blog: str) -> frozenset[str]:
        """Return host and port of every server that addresses with this canonical origin were fetched from."""
        first, last = _within(blog)
        rows = self._ask(_TARGETS, first=first, last=last)
        return frozenset(urlsplit(target).netloc for row in rows for target in row)

    def fetched_from(self, site: Site) -> str:
        """Return where the blog was last fetched from, by the captures of its catalogue or else of its other pages."""
        first, last = _within(site.origin)
        found = self._ask(_LAST_TARGET, first=first, last=last, catalogue=site.catalogue_url())
        return origin(found[0][0]) if found else site.origin

    def _one(self, sql: str, **values: Any) -> StoredCapture | None:
        rows = self._ask(sql, **values)
        return StoredCapture(*rows[0]) if rows else None

    def _ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._reading.tuples(sql, values)


def _within(origin: str) -> tuple[str, str]:
    """Return between which texts the addresses of an origin are in the order of the alphabet: `0` follows `/`."""
    return f"{origin}/", f"{origin}0"
