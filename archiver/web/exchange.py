"""One archived answer, read from its record by place and length."""

from __future__ import annotations

import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from archiver.errors import ArchiveDamaged
from archiver.store.timeline import StoredCapture, Timeline
from archiver.warc import coding, message, reader
from archiver.warc.storage import Storage

MOST_DECODED = 32 << 20
"""Most bytes a page may decode to: what the crawl takes at most. A gzip body can hide a thousandfold."""

MEMORY = 32 << 20
"""Bytes of answers kept in memory: the pages and files of an evening's reading."""

_MOST_HOPS = 5  # from a revisit to its original, which should be one
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r?$")
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """An answer of the blog as it was recorded."""

    status: int
    reason: bytes
    headers: Mapping[bytes, bytes]
    """The first of each name, by lower-case name."""
    codings: list[str]
    """The content codings, in the order the blog applied them."""
    entity: bytes
    """The body without chunked coding, still content-coded."""
    method: str = "GET"
    """Method of the request it answers, if a record next to it says so."""
    fragment: str | None = None
    """Which part of the content it is, as named in the answer to a request for a part."""

    @property
    def location(self) -> bytes | None:
        """A redirect's target; None for other answers."""
        return self.headers.get(b"location") if 300 <= self.status < 400 else None

    @property
    def is_blank(self) -> bool:
        """Whether it succeeded but shows nothing of the page: an answer without a body, or to another method."""
        return 200 <= self.status < 300 and (not self.entity or self.method != "GET")

    def decoded(self) -> bytes:
        """Return the content, with its content coding undone.

        Raises ContentTooLarge when it is larger than any page.
        """
        return coding.decode(self.entity, self.codings, MOST_DECODED)


class Exchanges:
    """Reads the answers of captures, and keeps the last ones in memory: every page loads the same styles and scripts.

    May be shared by threads. A record never changes, so a kept answer stays true.
    """

    def __init__(self, storage: Storage, timeline: Timeline, memory: int = MEMORY) -> None:
        """Read from these WARC files; keep up to `memory` bytes."""
        self._storage = storage
        self._timeline = timeline
        self._left = memory
        self._largest = memory // 16
        self._kept: OrderedDict[tuple[str, int, str], RecordedResponse] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, held: StoredCapture) -> RecordedResponse:
        """Return the answer of a capture; a revisit has its own head and the payload of its original.

        Raises ArchiveDamaged when the record, or that of the original, cannot be read.
        """
        key = (held.warc_file, held.warc_offset, held.record_id)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        exchange = self._read(held)
        if len(exchange.entity) <= self._largest:
            self._keep(key, exchange)
        return exchange

    def _keep(self, key: tuple[str, int, str], exchange: RecordedResponse) -> None:
        with self._lock:
            if key in self._kept:  # another thread was faster
                return
            self._kept[key] = exchange
            self._left -= len(exchange.entity)
            while self._left < 0:
                self._left += len(self._kept.popitem(last=False)[1].entity)

    def _read(self, held: StoredCapture) -> RecordedResponse:
        head = _read(self._storage, held)
        original, source = head, held
        for _ in range(_MOST_HOPS):
            if source.revisit_of is None:
                break
            found = self._timeline.original(source)
            if found is None:
                raise ArchiveDamaged(f"{held.url}: expected the record {source.revisit_of} it refers to, found none")
            source, original = found, _read(self._storage, found)
        if source.revisit_of is not None:
            raise ArchiveDamaged(f"{held.url}: expected the record {held.revisit_of} to hold a payload, found revisits")
        shown = original if head.status in (None, 304) else head
        if shown.status is None or shown.status < 200:
            raise ArchiveDamaged(
                f"{held.url}: expected an HTTP response in {held.warc_file}, found {head.start_line!r}"
            )
        return _exchange(shown, original.entity, _method(self._storage, held, self._timeline.end_before(held)))


def _exchange(shown: message.Message, entity: bytes, method: str) -> RecordedResponse:
    """Return an answer as it may go out to anyone.

    A part that is the whole is not a part. A coding that the body is not in was never applied, or undone on the way.
    """
    headers = {name.lower(): value for name, value in reversed(shown.headers)}
    codings = message.tokens(shown.headers, b"content-encoding") if b"content-encoding" in headers else []
    if codings and not coding.fits(entity, codings[-1]):
        codings = []
        del headers[b"content-encoding"]
    status, reason = shown.status or 0, shown.reason.encode("latin-1")
    if status != 206:
        return RecordedResponse(status, reason, headers, codings, entity, method)
    place = headers.get(b"content-range", b"several ranges")
    whole = place.replace(b" ", b"") == b"bytes0-%d/%d" % (len(entity) - 1, len(entity))
    return RecordedResponse(200, b"OK", headers, codings, entity, method, None if whole else place.decode("latin-1"))


def _method(storage: Storage, held: StoredCapture, start: int) -> str:
    """Return the method of the request a capture answers; GET if no record next to it says.

    `start` is where the capture before it ends.
    """
    try:
        request = reader.request_of(storage.file(held.warc_file), held.warc_offset, start=start)
    except (ArchiveDamaged, OSError):  # an unreadable record is reported where it is requested
        return "GET"
    return (message.parse(request.block).method if request else "") or "GET"


def _read(storage: Storage, held: StoredCapture) -> message.Message:
    """Return the HTTP message of a record."""
    quickly = _plain(storage, held)
    if quickly is not None:
        return quickly
    # An unusual record, or none: the careful reader says which.
    record = reader.read_record(storage, held.warc_file, held.warc_offset)
    if record.record_id != held.record_id:
        where = f"{held.warc_file}, offset {held.warc_offset}"
        raise ArchiveDamaged(f"{where}: expected the record {held.record_id}, found {record.record_id}")
    return record.response


def _plain(storage: Storage, held: StoredCapture) -> message.Message | None:
    """Return the message of a record that is whole and where the row says; None if in doubt.

    One read, one inflation and one copy: half the time of reading a record of which only the offset is known.
    """
    try:
        data = _inflated(storage, held)
    except (ArchiveDamaged, OSError, ValueError, zlib.error):
        return None
    start = data.find(_END) + len(_END)
    end = len(data) - len(_END)
    claimed = _CONTENT_LENGTH.search(data, 0, start)
    if not claimed or int(claimed[1]) != end - start or not data.endswith(_END):
        return None
    if data.find(held.record_id.encode(), 0, start) < 0:
        return None
    payload = data.find(_END, start, end) + len(_END)
    if payload < start:  # no empty line of the usual kind
        return None
    head = message.parse(data[start:payload])
    if head.status is None or head.is_interim:  # no answer, or only an interim one
        return None
    if head.payload:  # the empty line was a different one
        return message.parse(data[start:end])
    return replace(head, payload=data[payload:end])


def _inflated(storage: Storage, held: StoredCapture) -> bytes:
    member = storage.read(held.warc_file, held.warc_offset, held.warc_length)
    decoder = zlib.decompressobj(wbits=31)
    data = decoder.decompress(member, reader.MAX_RECORD)
    if not decoder.eof or decoder.unused_data:
        raise ValueError("not one whole member")
    return data
