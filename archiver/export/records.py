"""The records of an archive for other programs: the index, and the package that replay tools open.

Both hold what is in closed WARC files; a file being written by a crawl is included next time. Nothing in the archive is
changed, so no lock is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from archiver import __version__
from archiver.durable import replacing
from archiver.errors import ArchiverError, StorageUnreachable, UsageError
from archiver.pages.document import parse
from archiver.pages.gate import is_gate
from archiver.profile import Gate
from archiver.store import query
from archiver.urls import Site
from archiver.warc import index
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage
from archiver.warc.wacz import WaczPage, write_wacz

PATIENCE = 600.0
"""Seconds the query of all texts may take."""

_POSTS = """
SELECT c.target_uri, c.fetched_at, p.title, p.text, c.warc_file FROM posts AS p
JOIN post_revisions AS r ON r.id = p.current_revision_id JOIN captures AS c ON c.id = r.capture_id ORDER BY p.id
"""
_PAGES = """
SELECT c.target_uri, c.fetched_at, g.title, g.text, c.warc_file FROM pages AS g
JOIN captures AS c ON c.id = g.capture_id ORDER BY g.url
"""
_OTHERS = """
SELECT url, target_uri, fetched_at, warc_file, warc_offset FROM captures WHERE id IN (
    SELECT max(id) FROM captures WHERE status = 200 AND truncated IS NULL AND revisit_of IS NULL
    AND content_type LIKE 'text/html%'
    AND url NOT IN (SELECT url FROM posts) AND url NOT IN (SELECT url FROM pages) GROUP BY url
) ORDER BY url
"""
_UNSEEN = ("head", "script", "style", "noscript", "template", etree.Comment, etree.ProcessingInstruction)
_LAST = "SELECT max(fetched_at) FROM captures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What went into a package."""

    files: int
    pages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _PageRecord:
    """A page that is neither a post nor an independent page, and where its record is."""

    url: str
    target_uri: str
    fetched_at: str
    warc_file: str
    warc_offset: int


def export_cdxj(home: Path, storage: Storage, target: Path) -> int:
    """Write the index of an archive; return the number of lines. Raises UsageError when there is nothing to index."""
    lines = index.current_lines(_filled(storage), home / index.NAME)
    count = 0
    with replacing(target) as file:
        for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the answer
            file.write(line.encode())
    return count


def export_wacz(home: Path, storage: Storage, database: str, site: Site, target: Path) -> Packed:
    """Pack a blog's archive: WARC files, index, pages with title and text (front page, posts, independent ones first).

    The same archive gives the same bytes. Raises as `write_wacz` does, and UsageError when there is no database.
    """
    warcs, gate = _filled(storage).closed(), site.profile.gate
    closed = set(warcs)
    lines = index.current_lines(storage, home / index.NAME)
    read = [*_pages(database, _POSTS, closed), *_pages(database, _PAGES, closed)]
    held = list(_others(database, closed))
    main = next((one for url in (site.front_url(), site.catalogue_url()) for one in held if one.url == url), None)
    start = _read(storage, main, gate) if main else None
    write_wacz(
        target,
        warcs.values(),
        (line for line in lines if not index.is_unchanged(line)),
        [start, *read] if start else read,
        (page for one in held if one != main and (page := _read(storage, one, gate))),
        created=str(query.run(database, _LAST).rows[0][0]),
        software=f"blog-archiver/{__version__}",
        title=site.profile.name,
        main_page=start,
    )
    return Packed(files=len(warcs), pages=len(read) + bool(start), bytes=target.stat().st_size)


def _filled(storage: Storage) -> Storage:
    """Return the archive's WARC files; raise UsageError when there are none to pack."""
    if not storage.names():
        raise UsageError(f"expected WARC files in {storage.folder}, found none: run `archiver crawl` first")
    return storage


def _pages(database: str, rows: str, closed: set[str]) -> Iterator[WaczPage]:
    with query.stream(database, rows, timeout=PATIENCE) as found:
        for url, fetched_at, title, text, warc_file in found.rows:
            if warc_file in closed:
                yield WaczPage(url=url, ts=fetched_at, title=title, text=text)


def _others(database: str, closed: set[str]) -> Iterator[_PageRecord]:
    with query.stream(database, _OTHERS, timeout=PATIENCE) as found:
        yield from (held for row in found.rows if (held := _PageRecord(*row)).warc_file in closed)


def _read(storage: Storage, held: _PageRecord, gate: Gate) -> WaczPage | None:
    """Return a page with the title and text from its record; None for one that cannot be read or is the gate."""
    try:
        body = read_record(storage, held.warc_file, held.warc_offset).body
        if is_gate(gate, 200, body):
            return None
        document = parse(held.url, body)
    except StorageUnreachable:
        raise
    except ArchiverError:  # `archiver verify` reports damage; an empty page has no title
        return None
    title = document.findtext(".//title") or ""
    etree.strip_elements(document, *_UNSEEN, with_tail=False)
    text = " ".join(str(piece) for piece in document.itertext())
    return WaczPage(url=held.target_uri, ts=held.fetched_at, title=" ".join(title.split()), text=" ".join(text.split()))
