"""The record with the payload of a revisit, however programs name it: by id, by address and date, or by digest.

It may come before or after the revisit, in the same file or in another one (WARC 1.1, section 6.7). A revisit that
leads nowhere, or in a circle, shows nothing, not even an empty page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.items import Capture
from archiver.warc import dates, members
from archiver.warc.head import address
from archiver.warc.reader import Record


@dataclass(frozen=True, slots=True)
class Payload:
    """What a record holds, and where it is."""

    record_id: str
    warc_file: str
    offset: int
    sha256: str
    """Lower-case hex, of the entity."""
    status: int
    content_type: str
    truncated: str | None
    """Why it is not whole; None when it is."""


@dataclass(frozen=True, slots=True)
class _Revisit:
    number: int
    """The number of its capture."""
    record_id: str
    refers_to: str | None
    place: tuple[str, str] | None
    """Address and date of what it refers to."""
    digest: tuple[str, bytes] | None


class Originals:
    """The payloads of an archive, and the revisits still without theirs."""

    def __init__(self) -> None:
        self._by_id: dict[str, Payload] = {}
        self._by_place: dict[tuple[str, str], Payload] = {}
        self._by_digest: dict[tuple[str, bytes], Payload] = {}
        self._waiting: list[_Revisit] = []

    def get(self, record_id: str | None) -> Payload | None:
        """Return what the record with this id holds; None when it holds no payload, or has not been read yet."""
        return self._by_id.get(record_id or "")

    def add(self, record: Record, capture: Capture) -> None:
        """Note what a record holds."""
        payload = Payload(
            record.record_id,
            record.warc_file,
            record.offset,
            capture.payload_sha256,
            capture.status,
            capture.content_type,
            capture.truncated,
        )
        self._by_id.setdefault(record.record_id, payload)
        if not record.entity or capture.truncated:
            return
        self._by_place.setdefault((record.target_uri or "", record.date), payload)
        said = members.digest_value(record.header("WARC-Payload-Digest") or "")
        for digest in (said or _sha1(record.entity), ("sha256", bytes.fromhex(capture.payload_sha256))):
            self._by_digest.setdefault(digest, payload)

    def wait(self, number: int, record: Record) -> None:
        """Note a revisit whose payload has not been read yet."""
        uri, date = address(record.header("WARC-Refers-To-Target-URI")), record.header("WARC-Refers-To-Date")
        when = dates.normal(date) if date else None
        self._waiting.append(
            _Revisit(
                number=number,
                record_id=record.record_id,
                refers_to=record.header("WARC-Refers-To"),
                place=(uri, when) if uri and when else None,
                digest=members.digest_value(record.header("WARC-Payload-Digest") or ""),
            )
        )

    def settled(self) -> Iterator[tuple[int, Payload | None]]:
        """Yield each revisit that waited, by the number of its capture, with its payload or None."""
        by_id = {revisit.record_id: revisit for revisit in self._waiting}
        for revisit in self._waiting:
            yield revisit.number, self._payload(revisit, by_id)

    def _payload(self, revisit: _Revisit, by_id: dict[str, _Revisit]) -> Payload | None:
        seen: set[str] = set()
        link: _Revisit | None = revisit
        while link and link.record_id not in seen:
            seen.add(link.record_id)
            found = self.get(link.refers_to)
            found = found or (self._by_place.get(link.place) if link.place else None)
            found = found or (self._by_digest.get(link.digest) if link.digest else None)
            if found:
                return found
            link = by_id.get(link.refers_to or "")
        return None


def _sha1(entity: bytes) -> tuple[str, bytes]:
    return "sha1", hashlib.sha1(entity, usedforsecurity=False).digest()
