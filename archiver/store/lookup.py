"""What the archive has of an address: for answering from it, with no network. Opens the database for reading only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Engine, and_, create_engine, func, select
from sqlalchemy.pool import NullPool

from archiver import urls
from archiver.store import query, server
from archiver.store.chronicle import sqlite_file
from archiver.store.models import Capture
from archiver.urls import Site

LASTING = (200, 301, 302, 303, 307, 308, 404, 410)
"""Statuses that answer for an address; the others say only that it could not be had just then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A capture, and where its record is."""

    fetched_at: str
    status: int
    warc_file: str
    warc_offset: int
    record_id: str
    payload_sha256: str
    revisit_of: str | None
    truncated: str | None


class Lookup:
    """The captures of an archive, by address."""

    def __init__(self, url: str) -> None:
        """Open the database; raises UsageError when there is none."""
        self._engine = _reading(url)
        self._connection = self._engine.connect()

    def __enter__(self) -> Self:
        """Return the look-up itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
        self._engine.dispose()

    def captures(self, url: str, until: str | None = None) -> Iterator[Place]:
        """Yield what may answer for a canonical address at a time (now by default): the best first, then the newest.

        Whole answers that last come before those that only say that it could not be had. A 304 has no answer.
        """
        lasting = and_(Capture.status.in_(LASTING), Capture.truncated.is_(None))
        wanted = and_(Capture.url == url, Capture.status != 304, Capture.status != 0)
        if until is not None:
            wanted = and_(wanted, Capture.fetched_at <= until)
        order = (lasting.desc(), Capture.fetched_at.desc(), Capture.id.desc())
        return self._places(wanted, *order)

    def around(self, url: str, moment: str) -> tuple[str | None, str | None]:
        """Return when an address was last captured up to a time, and when first after it."""
        before = select(func.max(Capture.fetched_at)).where(Capture.url == url, Capture.fetched_at <= moment)
        after = select(func.min(Capture.fetched_at)).where(Capture.url == url, Capture.fetched_at > moment)
        return self._connection.execute(before).scalar(), self._connection.execute(after).scalar()

    def original(self, revisit: Place) -> Place | None:
        """Return the capture whose record has the payload of a revisit."""
        same = and_(Capture.payload_sha256 == revisit.payload_sha256, Capture.record_id == revisit.revisit_of)
        return next(self._places(same, Capture.id), None)

    def end_before(self, place: Place) -> int:
        """Return where the last capture before another one of its file ends: its request comes after that."""
        earlier = and_(Capture.warc_file == place.warc_file, Capture.warc_offset < place.warc_offset)
        end = select(Capture.warc_offset + Capture.warc_length).where(earlier)
        return int(self._connection.execute(end.order_by(Capture.warc_offset.desc()).limit(1)).scalar() or 0)

    def origin(self, site: Site) -> str:
        """Return where the blog was last fetched from, by the captures of its catalogue or else of its other pages."""
        blog = Capture.url.startswith(f"{site.origin}/")
        catalogue = (Capture.url == site.catalogue_url()).desc()
        newest = select(Capture.target_uri).where(blog).order_by(catalogue, Capture.fetched_at.desc()).limit(1)
        target = self._connection.execute(newest).scalar()
        return urls.origin(target) if target else site.origin

    def _places(self, condition: Any, *order: Any) -> Iterator[Place]:
        columns = [getattr(Capture, name) for name in Place.__slots__]
        for row in self._connection.execute(select(*columns).where(condition).order_by(*order)):
            yield Place(**row._mapping)


def _reading(url: str) -> Engine:
    file = sqlite_file(url)
    if file is None:
        return server.engine(url, isolation_level="AUTOCOMMIT")
    return create_engine("sqlite://", creator=lambda: query.connect(file), poolclass=NullPool)
