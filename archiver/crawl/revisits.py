"""Payloads that need not be recorded again, because the archive has them.

The record with the payload is read and compared first, so that nothing is left out in favour of bytes that are damaged
or no longer there. A response in chunks is always recorded whole: readers disagree about the digest of its payload, by
which they would look for it. Nor is its record referred to: the first response without chunks is recorded whole, too,
and later ones refer to that.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from archiver.errors import ArchiverError
from archiver.items import Holder
from archiver.store import captures
from archiver.store.database import Archive
from archiver.warc import reader
from archiver.warc.message import Message
from archiver.warc.storage import Storage
from archiver.warc.writer import IDENTICAL, UNMODIFIED, Original

SMALLEST = 512
"""Bytes of a payload below which its record is no larger than a reference to another one."""


def original(archive: Archive, warc: Storage, response: Message, confirmed: Holder | None) -> Original | None:
    """Return the record that has the payload of a whole response; None when the response has to be recorded whole.

    `confirmed` is the capture whose validators were sent with the request.
    """
    if response.status == HTTPStatus.NOT_MODIFIED:
        return _unmodified(archive, warc, confirmed) if confirmed else None
    if len(response.payload) < SMALLEST or response.entity is not response.payload:
        return None
    holders = captures.holders(archive.session, hashlib.sha256(response.payload).hexdigest())
    records = (_read(warc, holder, IDENTICAL) for holder in holders)
    return next((found for found in records if found and found.payload_digest), None)


def _unmodified(archive: Archive, warc: Storage, confirmed: Holder) -> Original | None:
    holder: Holder | None = confirmed
    if confirmed.revisit_of:
        holder = captures.holder(archive.session, confirmed.payload_sha256, confirmed.revisit_of)
    return _read(warc, holder, UNMODIFIED) if holder else None


def _read(warc: Storage, holder: Holder, profile: str) -> Original | None:
    """Return a record to refer to, if it holds what its row says."""
    try:
        record = reader.read_record(warc, holder.warc_file, holder.warc_offset)
    except ArchiverError:
        return None
    same = hashlib.sha256(record.entity).hexdigest() == holder.payload_sha256
    if not same or record.record_id != holder.record_id:
        return None
    return Original(
        record_id=record.record_id,
        target_uri=record.target_uri or "",
        date=record.date,
        payload_digest=record.header("WARC-Payload-Digest"),
        payload_sha256=holder.payload_sha256,
        profile=profile,
    )
