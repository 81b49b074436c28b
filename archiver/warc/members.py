"""The gzip members of a WARC file one after the other, each inflated once and to its end.

Made for checking whole files: nothing is read twice, and what a record says of itself is looked at without taking it
apart further than needed. `reader` is for reading.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from archiver.warc import head, message, segments
from archiver.warc.head import END, Head, Malformed, blank_line
from archiver.warc.reader import MAX_RECORD, next_record

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_HEADER = 10
"""Bytes a gzip member begins with before any optional field: RFC 1952, section 2.3."""

WHOLE = "a whole gzip member"
"""What is expected where there is none."""

_PIECE = 1 << 16
_MOST_AT_ONCE = 1 << 24  # bytes inflated of one piece: a member can hide a thousandfold
_LARGEST = 16 << 30  # bytes a member may inflate to: more cannot be a record, and would never end
_SIP = 512  # bytes fed at once to a broken member, to get out what is before the break
_INTERIM = re.compile(rb"http/\d(?:\.\d)? +1\d\d")
_ID = re.compile(rb"\nWARC-Record-ID:[ \t]*([^\r\n]+)\r?\n", re.IGNORECASE)
_URI = re.compile(rb"\nWARC-Target-URI:[ \t]*([^\r\n]+)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """One whole gzip member."""

    offset: int
    length: int
    """In the file."""
    header: bytes
    """The first bytes of the member, which no checksum covers."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of a file that holds no whole record."""

    offset: int
    length: int
    """Up to the next whole record, or the end of the file."""
    expected: str
    """At its start."""
    found: str


@dataclass(frozen=True, slots=True)
class Large:
    """A record of more bytes than are held in memory."""

    offset: int
    length: int
    """In the file."""
    head: bytes
    """What it begins with, the headers of the record at least."""
    size: int
    """Bytes it should have, by what it says of itself."""
    inflated: int
    """Bytes it has."""


class _Torn(Exception):
    """A gzip member does not end."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it is in a member's content."""

    head: Head
    content: bytes

    @property
    def block(self) -> memoryview:
        """The content of the record."""
        return memoryview(self.content)[self.head.size : -len(END)]

    def digests(self) -> Iterator[tuple[str, str, bool | None]]:
        """Yield which digests are told of what is in the record, as labelled, and whether they fit; None: who knows.

        The payload digest of a revisit is that of another record's payload, and that of a segment is of all segments.
        """
        fields = self.head.fields
        if label := fields.get("warc-block-digest"):
            yield "block digest", label, digest_fits(label, self.blocks())
        elsewhere = self.head.type == "revisit" or segments.NUMBER in fields
        if (label := fields.get("warc-payload-digest")) and not elsewhere:
            yield "payload digest", label, digest_fits(label, self.payloads())

    def blocks(self) -> Iterator[bytes | memoryview]:
        """Yield what a block digest may be over: the block, and of a revisit nothing (wget's --warc-dedup)."""
        yield self.block
        if self.head.type == "revisit":
            yield b""

    def payloads(self) -> Iterator[bytes | memoryview]:
        """Yield what a payload digest may be over: the entity without chunks (WARC 1.1), then with them (old habit)."""
        block = self.block
        if not self.head.holds_http(block):
            yield block
            return
        start = self.head.size
        end, payload = blank_line(self.content, start, len(self.content) - len(END))
        first = self.content[start:end].lower()
        if b"transfer-encoding" in first or _INTERIM.match(first):
            parsed = message.parse(bytes(block))
            yield parsed.entity
            yield parsed.payload
        yield block[payload - start :]


class _Region(io.RawIOBase):
    """A part of a file, which looks like a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._file.seek(self._start + self._position)
        piece = self._file.read(min(len(memoryview(buffer)), max(0, self._size - self._position)))
        memoryview(buffer)[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def region(file: BinaryIO, start: int, size: int) -> BinaryIO:
    """Return a part of a file as a file of its own: one entry of a zip, or a file that grows as far as it is now."""
    return io.BufferedReader(_Region(file, start, size), _PIECE)


def walk(file: BinaryIO, name: str) -> Iterator[Member | Large | Broken]:
    """Yield every gzip member of a file from its current position, and the stretches that hold none.

    After such a stretch it continues at the next whole record; only there may the caller have moved the position.
    `name` is what messages call the file.
    """
    offset = file.tell()
    buffer = b""
    while buffer := buffer or file.read(_PIECE):
        try:
            member, buffer = _inflate(file, buffer, offset)
        except (zlib.error, _Torn) as error:
            end = next_record(file, name, offset + 1)
            yield Broken(offset, end - offset, WHOLE, str(error))
            file.seek(end)
            offset, buffer = end, b""
        else:
            yield member
            offset += member.length


def _inflate(file: BinaryIO, buffer: bytes, offset: int) -> tuple[Member | Large, bytes]:
    """Return the member that begins the buffer, and what of the buffer follows it."""
    if len(buffer) < GZIP_HEADER:
        buffer += file.read(_PIECE)
    decoder = zlib.decompressobj(wbits=31)
    header = buffer[:GZIP_HEADER]
    pieces: list[bytes] = []
    taken = size = 0
    piece = buffer
    while not decoder.eof:
        if not piece:
            raise _Torn(f"the end of the file after {taken} bytes of it")
        taken += len(piece)
        for out in _outputs(decoder, piece):
            pieces.append(out)
            size += len(out)
            if size > MAX_RECORD:
                del pieces[1:]
            if size > _LARGEST:
                raise _Torn(f"one of more than {_LARGEST} bytes")
        piece = b"" if decoder.eof else file.read(_PIECE)
    rest = decoder.unused_data
    if size > MAX_RECORD:
        return Large(offset, taken - len(rest), pieces[0][:_PIECE], _claimed(pieces[0]), size), rest
    return Member(offset, taken - len(rest), header, b"".join(pieces)), rest


def _outputs(decoder: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """Yield what a piece inflates to, never too much at once."""
    while True:
        yield (out := decoder.decompress(piece, _MOST_AT_ONCE))
        piece = decoder.unconsumed_tail
        if decoder.eof or (not piece and len(out) < _MOST_AT_ONCE):
            return


def _claimed(content: bytes) -> int:
    """Return how many bytes a record of which this is the beginning has; 0 when that cannot be told."""
    try:
        found = head.parse(content)
    except Malformed as error:
        return error.size
    return found.size + found.length + len(END)


def parse(content: bytes) -> RawRecord:
    """Take a record's own headers off; raise Malformed when the content is not exactly one record."""
    found = head.parse(content)
    head.block_of(content, found)
    return RawRecord(found, content)


def salvage(file: BinaryIO, offset: int) -> bytes:
    """Return what comes out of a broken member before it breaks, its head at most; the file stays where it stands."""
    position = file.tell()
    file.seek(offset)
    decoder = zlib.decompressobj(wbits=31)
    start = b""
    try:
        while len(start) < _PIECE and not decoder.eof and (sip := file.read(_SIP)):
            start += decoder.decompress(sip, _PIECE)
    except zlib.error:
        pass
    file.seek(position)
    return start


def subject(content: bytes) -> tuple[str | None, str | None]:
    """Return record id and target URI of something that begins like a record."""
    if not content.startswith(b"WARC/"):
        return None, None
    record_id, uri = _ID.search(content, 0, _PIECE), _URI.search(content, 0, _PIECE)
    return record_id and record_id[1].decode("utf-8", "replace"), uri and uri[1].decode("utf-8", "replace")


def digest_value(label: str) -> tuple[str, bytes] | None:
    """Return algorithm and value of a labelled digest, however it is written; None when that cannot be told.

    WARC 1.1, section 5.8 leaves open how the value is written: base 16, 32 and 64 are understood.
    """
    algorithm, _, value = label.partition(":")
    name = algorithm.strip().lower().replace("-", "")
    known = _ALGORITHMS.get(name)
    decoded = _decoded(value.strip(), known[1]) if known else None
    return (name, decoded) if decoded else None


def digest_fits(label: str, candidates: Iterator[bytes | memoryview]) -> bool | None:
    """Return whether a labelled digest is that of one of the candidates; None for an algorithm that is unknown."""
    known = _ALGORITHMS.get(label.partition(":")[0].strip().lower().replace("-", ""))
    if known is None:
        return None
    found = digest_value(label)
    return found is not None and any(known[0](data) == found[1] for data in candidates)


def _decoded(value: str, size: int) -> bytes | None:
    """Return the bytes of a digest of that size; how they are written can be told by the length."""
    try:
        if len(value) == 2 * size:
            return bytes.fromhex(value)
        if len(value.rstrip("=")) == -(-8 * size // 5):
            return _base32(value)
        return _base64(value)
    except ValueError:
        return None


def _base32(value: str) -> bytes:
    # Python's own is in Python, and takes longer than the digest of a small record.
    value = value.rstrip("=").upper()
    if not value.isalnum():
        raise ValueError(value)
    bits = len(value) * 5
    return (int(value.translate(_BASE32_DIGITS), 32) >> bits % 8).to_bytes(bits // 8, "big")


def _base64(value: str) -> bytes:
    return base64.b64decode(value.translate({ord("-"): "+", ord("_"): "/"}) + "=" * (-len(value) % 4), validate=True)


# Digits of base 32 in the order of RFC 4648 for those of `int`; 0, 1, 8 and 9 are none.
_BASE32_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ2345670189", "0123456789ABCDEFGHIJKLMNOPQRSTUVzzzz")
_Digest = Callable[[bytes | memoryview], bytes]


def _of_python(name: str) -> _Digest:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


def _algorithms() -> dict[str, tuple[_Digest, int]]:
    """Return the digest of each algorithm that is known here, and its size in bytes."""
    names = ("sha1", "md5", "sha224", "sha256", "sha384", "sha512")
    known = {name: (_of_python(name), hashlib.new(name, usedforsecurity=False).digest_size) for name in names}
    try:
        blake3: Any = importlib.import_module("blake3").blake3
    except ImportError:  # it comes with the extra `foreign`
        return known
    return known | {"blake3": (lambda data: bytes(blake3(data).digest()), blake3.digest_size)}


_ALGORITHMS = _algorithms()
