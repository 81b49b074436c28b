"""Writes HTTP exchanges into WARC/1.1 files, byte for byte as they went over the wire.

A file is `NAME.warc.gz.open` while it grows and loses the `.open` when it is closed. What is on disk is whole records
at every moment this program can control: an exchange goes out in one write, and a write that fails is cut off again.
The request comes first, so that where a response ends the exchange ends too: of a torn exchange nothing is
left that anybody could look up, and the last known response says how long a file has to be.
Section numbers below are those of WARC 1.1 (ISO 28500:2017).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO, FileIO
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote
from uuid import uuid4

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import clock, errors
from archiver.durable import sync_directory, writing
from archiver.warc import message

OPEN_SUFFIX = ".open"
"""Ending of the name of a file that is still being written."""

LARGEST = 1 << 30
"""Bytes after which another file is begun: what tools and file systems handle easily."""

MAX_BLOCK = 128 << 20
"""Most bytes of one request or response: readers hold a record in memory and refuse larger ones."""

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
UNMODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisits: sections 6.7.2 and 6.7.3."""

TRUNCATIONS = frozenset({"length", "time", "disconnect", "unspecified"})
"""Why a response ends early: section 5.13."""

_FORMAT = {
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "robots": "classic",  # section 6.2: robots.txt is obeyed
}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")  # would end or split a header of the record
_MOST_SERIALS = 99_999
_KEPT = "".join(map(chr, range(128))).replace(" ", "")  # an address is escaped already, but for what it has raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a response record is, and what it holds."""

    warc_file: str
    """Name within the folder, without `.open`."""
    offset: int
    length: int
    """Offset and length of the record's gzip member, in bytes."""
    record_id: str
    """As in the record, with its angle brackets: `<urn:uuid:...>`."""
    target_uri: str
    date: str
    """WARC-Date: ISO 8601 UTC with microseconds."""
    payload_digest: str | None
    """WARC-Payload-Digest, for example `sha1:` and 32 characters; None only in files of other programs."""
    payload_sha256: str
    """Lower-case hex, over the body as received without chunked coding; a content coding is kept."""
    revisit_of: str | None = None
    """Record id of the response that holds the payload, if this record does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A recorded response whose payload is that of a later one."""

    record_id: str
    target_uri: str
    date: str
    """WARC-Date, as in the record."""
    payload_digest: str | None
    payload_sha256: str
    profile: str
    """How the payload is known to be the same: IDENTICAL or UNMODIFIED."""


class WarcWriter:
    """Appends exchanges to files of its own; for one thread.

    The first exchange opens the first file, so a writer that is given none leaves no file. Several writers may
    share a folder: each file belongs to the writer that created it.
    """

    def __init__(
        self,
        directory: Path,
        prefix: str,
        *,
        software: str,
        info: Mapping[str, str] = MappingProxyType({}),
        max_bytes: int = LARGEST,
        max_age: timedelta | None = None,
        taken: Collection[str] = (),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """Prepare to write to `directory`; nothing is created yet.

        `info` adds fields to the warcinfo record, or replaces `robots`. A file that has reached `max_bytes`, or is as
        old as `max_age`, is closed before the next exchange. `taken` are names of files elsewhere that none here may
        have. `now` must return times with a zone.
        """
        self.directory = directory
        self._prefix = prefix
        self._info = {"software": software, **_FORMAT, **info}
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._taken = taken
        self._now = now
        self._serial = 0
        self._file: _GrowingFile | None = None
        self._opened_at = datetime.min.replace(tzinfo=UTC)
        self._warcinfo_id = ""
        self._closed = False

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close the file, even after an error: what is in it is whole."""
        self.close()

    def write_exchange(
        self,
        *,
        target_uri: str,
        request: bytes,
        response: message.Message | bytes,
        fetched_at: datetime | str,
        ip_address: str | None,
        truncated: str | None = None,
        original: Original | None = None,
    ) -> Location:
        """Append a request record and its response record, and say where the response is.

        With an `original` the response becomes a revisit record, which has the head and refers to its payload.

        `request` and `response` are whole HTTP messages: start line, headers, empty line, body; a response may be
        parsed already. `target_uri` is the address as asked for; the record has it with what a URI may not hold
        escaped. `fetched_at` is a time with a zone (or its ISO 8601 form), `truncated` one of TRUNCATIONS.

        Raises DiskFull when there is no room and ArchiverError when the file cannot be written otherwise; the file is
        then as it was before. Raises ValueError for an argument that does not fit into a record.
        """
        if truncated is not None and truncated not in TRUNCATIONS:
            raise ValueError(f"expected one of {sorted(TRUNCATIONS)} as reason of truncation, found {truncated!r}")
        target_uri = _uri(target_uri)
        date = warc_date(fetched_at)
        file = self._writable_file()
        record_id = _new_record_id()
        common = [("WARC-Target-URI", target_uri), ("WARC-Date", date), ("WARC-Warcinfo-ID", self._warcinfo_id)]
        if ip_address:
            common.append(("WARC-IP-Address", ip_address))
        end = [("WARC-Truncated", truncated)] if truncated else []
        request_record = _http_record(
            "request",
            _new_record_id(),
            request,
            _payload_digest(message.parse(request)),
            [*common, ("WARC-Concurrent-To", record_id)],
        )
        parsed = message.parse(response) if isinstance(response, bytes) else response
        if original:
            digest, sha256 = original.payload_digest, original.payload_sha256
            response_record = _revisit_record(record_id, parsed, original, common)
        else:
            digest, sha256 = _payload_digest(parsed), hashlib.sha256(parsed.entity).hexdigest()
            response_record = _http_record("response", record_id, parsed.block, digest, common + end)
        return Location(
            warc_file=file.name,
            offset=file.append(request_record + response_record) + len(request_record),
            length=len(response_record),
            record_id=record_id,
            target_uri=target_uri,
            date=date,
            payload_digest=digest,
            payload_sha256=sha256,
            revisit_of=original.record_id if original else None,
        )

    def write_resource(self, target_uri: str, block: bytes, content_type: str, date: datetime | str) -> Location:
        """Append a file that no server sent, and say where it is; raises as `write_exchange` does."""
        digest = sha1_digest(block)
        headers = [("WARC-Target-URI", target_uri), ("WARC-Payload-Digest", digest)]
        return self._write_record("resource", block, content_type, date, headers)

    def write_metadata(self, block: bytes, content_type: str, date: datetime | str) -> Location:
        """Append a record about the file itself, and say where it is; raises as `write_exchange` does."""
        return self._write_record("metadata", block, content_type, date, [])

    def write_copy(self, member: bytes) -> None:
        """Append the gzip member of a record from another file as it is; raises as `write_exchange` does."""
        self._writable_file().append(member)

    def _write_record(
        self, kind: str, block: bytes, content_type: str, date: datetime | str, headers: list[tuple[str, str]]
    ) -> Location:
        file = self._writable_file()
        record_id, moment = _new_record_id(), warc_date(date)
        common = [("WARC-Record-ID", record_id), ("WARC-Date", moment), ("WARC-Warcinfo-ID", self._warcinfo_id)]
        member = _gzip_member(kind, content_type, block, [*common, *headers])
        return Location(
            warc_file=file.name,
            offset=file.append(member),
            length=len(member),
            record_id=record_id,
            target_uri=dict(headers).get("WARC-Target-URI", ""),
            date=moment,
            payload_digest=dict(headers).get("WARC-Payload-Digest"),
            payload_sha256=hashlib.sha256(block).hexdigest(),
        )

    def sync(self) -> None:
        """Wait until everything written so far is on the disk itself."""
        if self._file:
            self._file.sync()

    @property
    def path(self) -> Path | None:
        """The file that is being written, under its open name; None when there is none."""
        return self._file.open_path if self._file else None

    def abandon(self) -> None:
        """Release the file as it is, under its open name; the writer takes no more exchanges."""
        self._closed = True
        file, self._file = self._file, None
        if file:
            file.let_go()

    def close(self) -> None:
        """Finish the file, if there is one, under its final name; the writer takes no more exchanges."""
        self._closed = True
        self._finish_file()

    def _finish_file(self) -> None:
        file, self._file = self._file, None
        if file:
            file.finish()

    def _writable_file(self) -> _GrowingFile:
        if self._closed:
            raise ValueError("expected a WARC writer that is open, found a closed one")
        if self._file and (self._file.end >= self._max_bytes or self._is_old()):
            self._finish_file()
        if not self._file:
            self._file = self._next_file()
        return self._file

    def _is_old(self) -> bool:
        return self._max_age is not None and self._now() - self._opened_at >= self._max_age

    def _next_file(self) -> _GrowingFile:
        moment = self._opened_at = self._now()
        stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        for serial in range(self._serial + 1, _MOST_SERIALS + 1):
            name = f"{self._prefix}-{stamp}-{serial:05}.warc.gz"
            file = _GrowingFile.claim(self.directory, name) if name not in self._taken else None
            if file:
                break
        else:
            raise errors.ArchiverError(
                f"expected a free file name {self._prefix}-{stamp}-NNNNN.warc.gz in {self.directory}, found all taken; "
                "move finished files away"
            )
        self._warcinfo_id = _new_record_id()
        try:
            file.append(_warcinfo_record(self._warcinfo_id, file.name, warc_date(moment), self._info))
        except BaseException:
            file.discard()
            raise
        self._serial = serial
        return file


class _GrowingFile:
    """One file that grows by whole appends, under its `.open` name."""

    def __init__(self, path: Path, raw: FileIO) -> None:
        self.name = path.name
        self.end = 0
        self._path = path
        self.open_path = path.with_name(path.name + OPEN_SUFFIX)
        self._raw = raw

    @classmethod
    def claim(cls, directory: Path, name: str) -> _GrowingFile | None:
        """Create the file, or return None when the name is taken, by an open file or a finished one."""
        path = directory / name
        open_path = path.with_name(name + OPEN_SUFFIX)
        with writing(open_path):
            directory.mkdir(parents=True, exist_ok=True)
            try:
                raw = FileIO(open_path, "x")
            except FileExistsError:
                return None
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)  # tells `recovery` that somebody is writing here
            file = cls(path, raw)
            # Only the holder of the open name may take the final one, so this answer stays true.
            if path.exists():
                file.discard()
                return None
            sync_directory(directory)
            return file

    def append(self, data: bytes) -> int:
        """Write all of `data` or nothing; return the offset it starts at."""
        start = self.end
        try:
            with writing(self.open_path):
                self._raw.seek(start)
                self._write(data)
        except BaseException:  # including an interrupt between two parts
            with contextlib.suppress(OSError):
                self._raw.truncate(start)
            raise
        self.end = start + len(data)
        return start

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:  # a disk that fills up takes one part and refuses the rest
            rest = rest[self._raw.write(rest) :]

    def sync(self) -> None:
        """Wait until the appended bytes are on the disk."""
        with writing(self.open_path):
            getattr(os, "fdatasync", os.fsync)(self._raw.fileno())  # macOS has only the second

    def finish(self) -> None:
        """Flush everything to the disk, then give the file its final name."""
        with writing(self.open_path):
            with self._raw:
                self._raw.truncate(self.end)  # in case a failed append could not be cut off then
                os.fsync(self._raw.fileno())
            self.open_path.rename(self._path)
            sync_directory(self._path.parent)

    def let_go(self) -> None:
        """Leave the file as it is."""
        self._raw.close()

    def discard(self) -> None:
        """Remove the file."""
        self.let_go()
        self.open_path.unlink(missing_ok=True)


def _uri(address: str) -> str:
    """Return an address in the form of WARC-Target-URI (section 5.6): a URI, so without spaces and in ASCII."""
    return quote(address.strip(), safe=_KEPT)


def warc_date(moment: datetime | str) -> str:
    """Return a time in the form of WARC-Date: UTC with microseconds and a `Z` (section 5.4).

    Raises ValueError for a time without a zone.
    """
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if parsed.tzinfo is None:
        raise ValueError(f"expected a time with a zone, found {moment}")
    return parsed.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_LINE_END = re.compile(r"\s*[\r\n]\s*")


def _warcinfo_record(record_id: str, name: str, date: str, info: Mapping[str, str]) -> bytes:
    fields = "".join(f"{field}: {_LINE_END.sub(' ', value).strip()}\r\n" for field, value in info.items())
    headers = [("WARC-Record-ID", record_id), ("WARC-Date", date), ("WARC-Filename", name)]
    return _gzip_member("warcinfo", "application/warc-fields", fields.encode(), headers)


def _payload_digest(parsed: message.Message) -> str | None:
    """Return the payload's digest; None for one in chunks.

    The payload is the entity without its chunks (section 6.3.2), but warcio and wget digest the chunks too (warcio's
    issue 74), and each side calls the other's files damaged. The block's digest covers every byte in any case.
    """
    return sha1_digest(parsed.payload) if parsed.entity is parsed.payload else None


def _http_record(kind: str, record_id: str, block: bytes, digest: str | None, headers: list[tuple[str, str]]) -> bytes:
    payload = [("WARC-Payload-Digest", digest)] if digest else []
    media_type = f"application/http;msgtype={kind}"
    return _gzip_member(kind, media_type, block, [("WARC-Record-ID", record_id), *headers, *payload])


def _revisit_record(
    record_id: str, response: message.Message, original: Original, common: list[tuple[str, str]]
) -> bytes:
    """Return the record of a response without its payload."""
    refers = [
        ("WARC-Record-ID", record_id),
        *common,
        ("WARC-Profile", original.profile),
        ("WARC-Refers-To", original.record_id),
        ("WARC-Refers-To-Target-URI", original.target_uri),
        ("WARC-Refers-To-Date", original.date),
    ]
    refers += [("WARC-Payload-Digest", original.payload_digest)] if original.payload_digest else []
    refers += [("WARC-Truncated", "length")] if response.payload else []  # as section 6.7.2 requires
    head = response.block[: len(response.block) - len(response.payload)]
    return _gzip_member("revisit", "application/http;msgtype=response", head, refers)


def _gzip_member(kind: str, content_type: str, block: bytes, headers: list[tuple[str, str]]) -> bytes:
    for name, value in headers:
        if _UNSAFE.search(value):
            raise ValueError(f"expected {name} without control characters, found {value!r}")
    if len(block) > MAX_BLOCK:
        raise ValueError(f"expected a {kind} of at most {MAX_BLOCK} bytes, found {len(block)}")
    # The HTTP head goes in as part of the block: given as headers, warcio would re-encode it (its issue 128).
    record = ArcWarcRecord(
        "warc",
        kind,
        StatusAndHeaders(
            "",
            [("WARC-Type", kind), *headers, ("WARC-Block-Digest", sha1_digest(block))],
            protocol=WARCWriter.WARC_1_1,
        ),
        BytesIO(block),
        _HttpHead(block) if kind == "revisit" else None,  # warcio writes nothing else of a revisit
        content_type,
        len(block),
    )
    member = BytesIO()
    _MemberWriter(member, gzip=True, warc_version=WARCWriter.WARC_1_1).write_record(record)
    return member.getvalue()


class _MemberWriter(WARCWriter):  # type: ignore[misc]  # warcio has no types
    """Writes the digests it is given, and no others."""

    def ensure_digest(self, record: ArcWarcRecord, block: bool = True, payload: bool = True) -> None:
        """Leave the headers as they are: warcio would add the digest of a payload with its chunks."""


class _HttpHead:
    """The unchanged head of an HTTP message, where warcio expects one that it encodes again."""

    def __init__(self, block: bytes) -> None:
        self.headers_buff = block

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        """Do nothing: the bytes are there."""


def sha1_digest(data: bytes) -> str:
    """Return a digest as every WARC tool expects it: SHA-1 in base 32 (section 5.8)."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _new_record_id() -> str:
    return f"<urn:uuid:{uuid4()}>"
