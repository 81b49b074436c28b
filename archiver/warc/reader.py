"""Reads records back: one at a known place, or all of a file in order.

Every gzip member is inflated to its end, so its checksum is verified.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archiver import errors
from archiver.warc import coding, message
from archiver.warc import head as heads
from archiver.warc.head import Head, Malformed
from archiver.warc.storage import Storage, WarcFile, size
from archiver.warc.writer import MAX_BLOCK, OPEN_SUFFIX

MAX_BODY = 256 << 20
"""Most bytes a body may decode to unless the caller says otherwise: the blog's largest page is under 2 MB."""

MAX_RECORD = MAX_BLOCK + (1 << 20)
"""Most bytes a gzip member may inflate to: what can be written, and its headers. A member can hide a thousandfold."""

_PIECE = 1 << 16
_MAGIC = b"\x1f\x8b\x08"  # RFC 1952, section 2.3.1: every gzip member begins like this
_RECORD = b"WARC/"
_PROBE = 1024  # bytes of a member from which the start of its content can be read: its tables take a few hundred
_ADVICE = "run `archiver verify` to see what else is damaged, then restore the file from a copy"


class RecordDamaged(errors.ArchiveDamaged):
    """A place in a WARC file holds no whole record."""

    def __init__(self, warc_file: str, offset: int, reason: str, end: int | None = None) -> None:
        super().__init__(f"{warc_file}, offset {offset}: {reason}; {_ADVICE}")
        self.reason = reason
        """What was expected, and what was found."""
        self.end = end
        """Where the gzip member ends, if that at least is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A stretch of a WARC file that holds no whole record."""

    warc_file: str
    """Name within the folder, without `.open`."""
    offset: int
    length: int
    """In bytes, up to the next whole record or the end of the file."""
    reason: str
    """What was expected at its start, and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a WARC file."""

    warc_file: str
    """Name within the folder, without `.open`."""
    offset: int
    length: int
    """Offset and length of the record's gzip member, in bytes."""
    record_id: str
    """With its angle brackets: `<urn:uuid:...>`."""
    type: str
    """`warcinfo`, `response`, `request`, `revisit`, `metadata`, `resource`, `conversion` or `continuation`."""
    target_uri: str | None
    date: str
    """ISO 8601 UTC with microseconds, however it is written in the record: see `archiver.warc.dates`."""
    ip: str | None
    headers: tuple[tuple[str, str], ...]
    """All headers of the record itself, in order."""
    http_status: int | None
    """None unless the record holds a response with a readable status line; 200 for a page saved as a file."""
    http_reason: str
    http_headers: tuple[tuple[bytes, bytes], ...]
    """In the order received, duplicates kept; empty for a record that holds no HTTP message."""
    block: bytes
    """The whole content of the record; for an exchange the HTTP message as it went over the wire."""
    entity: bytes
    """The body without chunked coding, still content-coded; the block itself when it holds no HTTP message."""

    @property
    def is_capture(self) -> bool:
        """Whether the record says what was at an address on its date."""
        return heads.is_capture(self.type, self.target_uri)

    @property
    def concurrent(self) -> tuple[str, ...]:
        """Ids of the records of the same event."""
        return tuple(value for name, value in self.headers if name.lower() == heads.CONCURRENT)

    @property
    def response(self) -> message.Message:
        """The HTTP message of the record; for a page saved as a file, what a server would send."""
        if heads.is_saved_file(self.type, self.target_uri):
            return message.saved(self.block, self.header("Content-Type") or "")
        return message.parse(self.block)

    def header(self, name: str) -> str | None:
        """Return the first header of the record itself with that name, whatever its case."""
        return next((value for spelt, value in self.headers if spelt.lower() == name.lower()), None)

    def http_header(self, name: bytes) -> str | None:
        """Return the first header of the HTTP message with that (lower-case) name, read as Latin-1."""
        return next((value.decode("latin-1") for spelt, value in self.http_headers if spelt.lower() == name), None)

    @property
    def body(self) -> bytes:
        """The entity without content coding; see `decoded`."""
        return self.decoded()

    def decoded(self, max_size: int = MAX_BODY) -> bytes:
        """Return the entity with its content codings undone: gzip, deflate, br and zstd.

        A truncated body gives what there is of it. Raises ContentTooLarge above `max_size` bytes.
        """
        return self.undone(max_size)[0]

    def undone(self, max_size: int = MAX_BODY) -> tuple[bytes, bool]:
        """Return what `decoded` does, and whether the content codings end in order. Raises as it does."""
        codings = message.tokens(self.http_headers, b"content-encoding")
        try:
            return coding.undo(self.entity, codings, max_size)
        except coding.ContentTooLarge as error:
            raise coding.ContentTooLarge(
                f"{self.target_uri} in {self.warc_file}, offset {self.offset}: {error}"
            ) from error


def read_record(storage: Storage, warc_file: str, offset: int) -> Record:
    """Return the record that starts at `offset` of a file, even one that is still being written.

    Raises ArchiveDamaged when the file is missing or holds no whole record there.
    """
    with storage.open(warc_file) as file:
        return _read(file, warc_file, offset)


def iter_records(
    source: WarcFile, *, start: int = 0, on_damage: Callable[[Damage], object] | None = None
) -> Iterator[Record]:
    """Yield the records of a file in order, from `start`, which must be where a record begins.

    Raises ArchiveDamaged at the first place that holds no whole record; everything before it has been yielded, so the
    last record's offset plus length is where the good part ends. With `on_damage`, such a place is reported instead,
    and reading continues at the next whole record.
    """
    name = source.name.removesuffix(OPEN_SUFFIX)
    offset = start
    with source.open("rb") as file:
        while offset < size(file):
            try:
                record = _read(file, name, offset)
            except RecordDamaged as error:
                if on_damage is None:
                    raise
                end = next_record(file, name, error.end or offset + 1)
                on_damage(Damage(warc_file=name, offset=offset, length=end - offset, reason=error.reason))
                offset = end
            else:
                yield record
                offset += record.length


def request_of(source: WarcFile, offset: int, *, start: int) -> Record | None:
    """Return the record of the request that the response at `offset` answers; None when no neighbouring record says.

    Either of the two may name the other, and are before it (WARC 1.1, section 5.7). `start` is where the capture
    before the response ends. Damaged records are skipped.
    """
    requests: dict[str, Record] = {}
    response: Record | None = None
    for record in iter_records(source, start=start, on_damage=lambda _: None):
        if record.type == "request":
            requests[record.record_id] = record
        elif record.offset == offset:
            response = record
        elif record.offset > offset:
            break
        if response:
            found = (each for each in requests.values() if response.record_id in each.concurrent)
            request = next(found, None) or next(filter(None, map(requests.get, response.concurrent)), None)
            if request:
                return request
    return None


def next_record(file: BinaryIO, name: str, position: int) -> int:
    """Return where the next whole record begins, at `position` or after it; the end of the file when there is none.

    `name` is what messages call the file.
    """
    for candidate in _candidates(file, position):
        try:
            _read(file, name, candidate)
        except RecordDamaged:
            continue
        return candidate
    return size(file)


def _candidates(file: BinaryIO, position: int) -> Iterator[int]:
    """Yield the offsets of gzip members that begin like a record.

    Compressed pages within a record are members too, and chance makes a few: trying all of them would take long.
    """
    last = False
    while not last:
        file.seek(position)
        piece = file.read(_PIECE + _PROBE)
        last = len(piece) < _PIECE + _PROBE
        end = len(piece) if last else _PIECE + len(_MAGIC) - 1
        found = piece.find(_MAGIC, 0, end)
        while found >= 0:
            if _begins_record(piece[found : found + _PROBE]):
                yield position + found
            found = piece.find(_MAGIC, found + 1, end)
        position += _PIECE


def _begins_record(data: bytes) -> bool:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, len(_RECORD)) == _RECORD
    except zlib.error:
        return False


def _read(file: BinaryIO, name: str, offset: int) -> Record:
    data, length = _inflate(file, name, offset)
    try:
        return record_of(data, name, offset, length)
    except Malformed as error:
        raise _damaged(name, offset, error.expected, error.found, offset + length) from error


def record_of(content: bytes, name: str, offset: int, length: int) -> Record:
    """Return the record that `content` is; it is from an offset of the file that messages call `name`.

    Raises Malformed when it is not exactly one record.
    """
    head = heads.parse(content)
    block = bytes(heads.block_of(content, head))
    http = _response(head, block)
    return Record(
        warc_file=name,
        offset=offset,
        length=length,
        record_id=head.record_id,
        type=head.type,
        target_uri=head.target_uri,
        date=head.date,
        ip=head.fields.get("warc-ip-address"),
        headers=head.pairs,
        http_status=http.status if http else None,
        http_reason=http.reason if http else "",
        http_headers=http.headers if http else (),
        block=block,
        entity=http.entity if http else block,
    )


def _response(head: Head, block: bytes) -> message.Message | None:
    """Return the HTTP message that a record holds or stands for; None for others."""
    if head.holds_http(block):
        return message.parse(block)
    return message.saved(block, head.fields.get("content-type", "")) if head.is_saved_file else None


def _inflate(file: BinaryIO, name: str, offset: int) -> tuple[bytes, int]:
    """Return the content of the gzip member at `offset` and the member's length in the file."""
    file.seek(offset)
    decoder = zlib.decompressobj(wbits=31)
    pieces: list[bytes] = []
    taken, room = 0, MAX_RECORD + 1
    while not decoder.eof:
        piece = file.read(_PIECE)
        if not piece:
            raise _damaged(name, offset, "a whole gzip member", f"the end of the file after {taken} bytes of it")
        try:
            pieces.append(decoder.decompress(piece, room))
        except zlib.error as error:
            raise _damaged(name, offset, "a whole gzip member", str(error)) from error
        taken += len(piece)
        room -= len(pieces[-1])
        if not room:
            raise _damaged(name, offset, f"a record of at most {MAX_RECORD} bytes", "more")
    return b"".join(pieces), taken - len(decoder.unused_data)


def _damaged(name: str, offset: int, expected: str, found: str, end: int | None = None) -> RecordDamaged:
    return RecordDamaged(name, offset, f"expected {expected}, found {found}", end)
