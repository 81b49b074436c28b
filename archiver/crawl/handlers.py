"""Answers requests from the archive: a crawl with no network, by the same spiders and middlewares.

A page comes as it was recorded, content coding included, redirects and missing pages too. The bytes are passed to the
recorder with the date they were fetched at, so an archive made offline from another has the same rows.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archiver.clock import timestamp
from archiver.crawl.message import request_bytes
from archiver.crawl.run import site_of
from archiver.crawl.wire import Exchange, keep_exchange
from archiver.dates import parse_date
from archiver.errors import ResponseNotArchived
from archiver.pages.gate import is_gate, may_be
from archiver.storage.elsewhere import storage
from archiver.store.location import database_url
from archiver.store.timeline import END_OF_TIME, StoredCapture, Timeline
from archiver.urls import Site
from archiver.warc import message
from archiver.warc.reader import Record, read_record, request_of

HANDLER = "archiver.crawl.handlers.ArchiveDownloadHandler"

OFFLINE = {
    "DOWNLOAD_HANDLERS": {
        "file": None, "data": None, "ftp": None, "s3": None, "http": HANDLER, "https": HANDLER,
    },
    # Nobody is asked, so nobody has to be spared, and nobody refuses.
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 1,
    "DOWNLOADER_MIDDLEWARES": {
        "archiver.crawl.boundaries.BoundariesMiddleware": 50,
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        "archiver.crawl.middlewares.GateMiddleware": 560,
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
        "archiver.crawl.middlewares.ContentCodingMiddleware": 590,
        "archiver.crawl.middlewares.WarcMiddleware": 1000,
    },
}  # fmt: skip
"""Settings of a crawl that is answered from an archive: `ARCHIVER_FROM` names its folder, `ARCHIVER_AT` a date."""


class ArchiveDownloadHandler:
    """Answers with the latest capture of an address, or the latest as of `ARCHIVER_AT`.

    A response that was cut short, met the gate or was refused is only used if there is nothing else. Raises
    ResponseNotArchived for an address of which the archive has nothing.
    """

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._home = Path(settings["ARCHIVER_FROM"])
        self._site = site_of(settings)
        self._until = parse_date(settings["ARCHIVER_AT"]) if settings.get("ARCHIVER_AT") else END_OF_TIME
        self._timeline = Timeline(database_url(self._home))
        self._storage = storage(self._home, database_url(self._home))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the handler for a crawler."""
        return cls(crawler)

    async def close(self) -> None:
        """Close the archive."""
        self._timeline.close()

    async def download_request(self, request: Request) -> Response:
        """Return the archive's response for an address."""
        url = self._site.resolve(request.url) or request.url
        place, record = self._found(url)
        keep_exchange(request, _exchange(place, record, self._request(place) or request_bytes(request)))
        # The entity has its chunks joined.
        headers = Headers(
            [(name, value) for name, value in record.http_headers if name.lower() != b"transfer-encoding"]
        )
        kind = responsetypes.from_args(headers=headers, url=request.url, body=record.entity)
        return kind(
            url=request.url,
            status=place.status,
            headers=headers,
            body=record.entity,
            protocol="HTTP/1.1",
        )

    def _found(self, url: str) -> tuple[StoredCapture, Record]:
        """Return the capture that answers for an address, and the record with its content."""
        second: tuple[StoredCapture, Record] | None = None
        for place in self._timeline.answers(url, self._until):
            record = self._read(place)
            gate = self._site.profile.gate
            # A body longer in its coding than a gate can be is not one, and need not be decoded.
            shut = may_be(gate, len(record.entity)) and is_gate(gate, place.status, record.body)
            if place.truncated is None and not shut:
                return place, record
            second = second or (place, record)
        if second is None:
            raise ResponseNotArchived(self._missing(url))
        return second

    def _read(self, place: StoredCapture) -> Record:
        record = read_record(self._storage, place.warc_file, place.warc_offset)
        original = self._timeline.original(place) if place.revisit_of else None
        if original is None:
            return record
        return _joined(record, read_record(self._storage, original.warc_file, original.warc_offset))

    def _request(self, place: StoredCapture) -> bytes:
        """Return the request that a capture answers, as it was sent; empty when there is no record of it."""
        file = self._storage.file(place.warc_file)
        found = request_of(file, place.warc_offset, start=self._timeline.end_before(place))
        return found.block if found else b""

    def _missing(self, url: str) -> str:
        before, after = self._timeline.around(url, min(self._until, timestamp()))
        near = ", ".join(f"one of {each}" for each in (before, after) if each)
        when = f" as of {self._until}" if self._until != END_OF_TIME else ""
        return f"expected a capture of {url}{when} in {self._home}, found {near or 'none'}; fetch it from the blog"


def recorded_origin(home: Path, site: Site) -> str:
    """Return the origin an archive of a blog was fetched from, under which its pages name each other."""
    with closing(Timeline(database_url(home))) as timeline:
        return timeline.fetched_from(site)


def _joined(revisit: Record, original: Record) -> Record:
    """Return a revisit with the payload it refers to: the response as it was, if that can still be determined."""
    coding = b"transfer-encoding"
    if revisit.http_status is None or revisit.http_header(coding) != original.http_header(coding):
        return original
    payload = message.parse(original.block).payload
    return replace(revisit, block=revisit.block + payload, entity=original.entity)


def _exchange(place: StoredCapture, record: Record, request: bytes) -> Exchange:
    return Exchange(
        request=request,
        response=record.response,
        truncated=place.truncated,
        ip_address=record.ip or "",
        sent_at=datetime.fromisoformat(record.date),
    )
