"""What every answer of the reader draws on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from archiver.export.books import Books
from archiver.storage.elsewhere import storage
from archiver.store import blog
from archiver.store.own import Own
from archiver.store.pool import ReadOnlyPool, Row
from archiver.store.sizes import Sizes, measure
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.web.exchange import Exchanges
from archiver.web.reader.ledger import Ledger
from archiver.web.reader.queries import MOST_LISTED, ReaderQueries


class Missing(Exception):
    """There is no such thing in the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """How pages are written that need no server: without forms, histories and anything of one's own."""

    sentences: tuple[str, ...]
    """The statement of author and licence on every page."""
    alone: bool = False
    """Whether a post is to be one file without others."""
    without_comments: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """The archive, opened for reading."""

    home: Path
    site: Site
    pool: ReadOnlyPool
    queries: ReaderQueries
    ledger: Ledger
    timeline: Timeline
    exchanges: Exchanges
    books: Books
    replay_port: int | None
    """Where the blog is served as it was; None if it is not."""
    root: str = ""
    """Path below which the reader of the blog is, such as `/chalk`, if it is one of several."""
    static: Static | None = None
    """How pages are written as files; None where a server answers."""

    @property
    def own(self) -> Own | None:
        """The user's own marks and notes; the reader of several blogs, and a site of files, keep none."""
        return None if self.root or self.static else Own(self.home)

    @classmethod
    def open(
        cls, home: Path, database: str, replay_port: int | None = None, *, site: Site | None = None, root: str = ""
    ) -> Desk:
        """Open an archive; it says itself which blog it is of, unless `site` does.

        Raises UsageError when there is none.
        """
        pool = ReadOnlyPool(database)
        timeline = Timeline(database)
        warc = storage(home, database)
        site = site or blog.site(home, database)
        return cls(
            home, site, pool, ReaderQueries(pool), Ledger(pool), timeline,
            Exchanges(warc, timeline), Books(warc, database, site), replay_port, root,
        )  # fmt: skip

    def captures(self, url: str, limit: int = MOST_LISTED) -> list[Row]:
        """Return the captures of an address, latest first; that of a page may be any that leads to it."""
        return self.queries.captures(self.site.asked(url) or url, limit)

    def close(self) -> None:
        """Close the files."""
        self.books.close()
        self.timeline.close()
        self.pool.close()

    @property
    def sizes(self) -> Sizes:
        """The room that the archive takes."""
        return measure(self.home, self.pool.database)


def desk(request: Request) -> Desk:
    """Return the desk that a request is answered from."""
    found: Desk = request.app.state.desk
    return found
