"""From a response to the row that says where it is: the same for one just recorded and one read from its file."""

from __future__ import annotations

from collections.abc import Callable

from archiver import items
from archiver.urls import Site
from archiver.warc.reader import Record
from archiver.warc.writer import Location

_OK = 200
_MOST_DIGITS = 18
_TO_THE_SECOND = len("2026-11-21T17:45:00")


def capture(
    location: Location, url: str, status: int | None, header: Callable[[bytes], str | None], truncated: str | None
) -> items.Capture:
    """Return the row of a response: `header` gives the first of a (lower-case) name, `url` is the canonical address."""
    return items.Capture(
        url=url,
        target_uri=location.target_uri,
        fetched_at=f"{location.date[:_TO_THE_SECOND]}Z",
        status=status or 0,
        content_type=header(b"content-type") or "",
        payload_sha256=location.payload_sha256,
        warc_file=location.warc_file,
        warc_offset=location.offset,
        warc_length=location.length,
        record_id=location.record_id,
        revisit_of=location.revisit_of,
        # Half a page must never be confirmed as current by a 304.
        etag=None if truncated else header(b"etag"),
        last_modified=None if truncated else header(b"last-modified"),
        truncated=truncated,
    )


def recorded(record: Record, location: Location, site: Site) -> items.Capture:
    """Return the row of a response record, as the run that wrote it stored it."""
    target = location.target_uri
    return capture(location, site.asked(target) or target, record.http_status, record.http_header, _truncated(record))


def _truncated(record: Record) -> str | None:
    """Return why a response is not whole: its record says so, or it has fewer bytes than the server announced."""
    if record.type != "response":
        return None
    said = record.header("WARC-Truncated")
    if said or record.http_status != _OK or record.http_header(b"transfer-encoding"):
        return said
    length = (record.http_header(b"content-length") or "").strip()
    short = length.isascii() and length.isdigit() and len(record.entity) < int(length[:_MOST_DIGITS])
    return "unspecified" if short else None
