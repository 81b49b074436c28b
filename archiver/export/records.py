"""The records of an archive for other programs: the index, and the package that replay tools open.

Both hold what is in closed WARC files; a file that a crawl is writing to comes next time. Nothing of the archive is
changed, so no lock is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver import __version__
from archiver.errors import UsageError
from archiver.store import query
from archiver.urls import catalogue_url
from archiver.warc import index
from archiver.warc.durable import replacing
from archiver.warc.recovery import SUFFIX
from archiver.warc.wacz import Page, write_wacz

PATIENCE = 600.0
"""Seconds the query of all texts may take."""

_POSTS = """
SELECT c.target_uri, c.fetched_at, p.title, p.text, c.warc_file FROM posts AS p
JOIN post_revisions AS r ON r.id = p.current_revision_id JOIN captures AS c ON c.id = r.capture_id ORDER BY p.id
"""
_MAIN = """
SELECT target_uri, fetched_at, 'All posts', '', warc_file FROM captures
WHERE url = ? AND status = 200 AND truncated IS NULL ORDER BY id DESC
"""
_LAST = "SELECT max(fetched_at) FROM captures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What went into a package."""

    files: int
    pages: int
    bytes: int


def export_cdxj(home: Path, target: Path) -> int:
    """Write the index of an archive; return the number of lines. Raises UsageError when there is nothing to index."""
    lines = index.current_lines(_warcs(home)[0].parent, home / index.NAME)
    count = 0
    with replacing(target) as file:
        for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the answer
            file.write(line.encode())
    return count


def export_wacz(home: Path, database: str, target: Path) -> Packed:
    """Pack an archive: WARC files, index, and the posts with title and text as pages.

    The same archive gives the same bytes. Raises as `write_wacz` does, and UsageError when there is no database.
    """
    warcs = _warcs(home)
    closed = {path.name for path in warcs}
    main = next(_pages(database, _MAIN, closed, catalogue_url()), None)
    pages = list(_pages(database, _POSTS, closed))
    write_wacz(
        target,
        warcs,
        index.current_lines(home / "warc", home / index.NAME),
        [main, *pages] if main else pages,
        created=str(query.run(database, _LAST).rows[0][0]),
        software=f"blog-archiver/{__version__}",
        title="kexue.fm",
        main_page=main,
    )
    return Packed(files=len(warcs), pages=len(pages) + bool(main), bytes=target.stat().st_size)


def _warcs(home: Path) -> list[Path]:
    found = sorted((home / "warc").glob(f"*{SUFFIX}"))
    if not found:
        raise UsageError(f"expected WARC files in {home / 'warc'}, found none: run `archiver crawl` first")
    return found


def _pages(database: str, sql: str, closed: set[str], *parameters: str) -> Iterator[Page]:
    with query.stream(database, sql, parameters, timeout=PATIENCE) as found:
        for url, fetched_at, title, text, warc_file in found.rows:
            if warc_file in closed:
                yield Page(url=url, ts=fetched_at, title=title, text=text)
