"""The gzip members of a WARC file one after the other, each inflated once and to its end.

Made for checking whole files: nothing is read twice, and what a record says of itself is looked at without taking it
apart further than needed. `reader` is for reading.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from archiver.warc import message
from archiver.warc.reader import MAX_RECORD, next_record

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_HEADER = 10
"""Bytes a gzip member begins with before any optional field: RFC 1952, section 2.3."""

_PIECE = 1 << 16
_SIP = 512  # bytes fed at once to a broken member, to get out what is before the break
_VERSION = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])")
_FIELD = re.compile(r"\n([^:\s]+)[ \t]*:[ \t]*([^\n]*)")
_FOLD = re.compile(r"\r?\n[ \t]+")
_END = b"\r\n\r\n"
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


class _Torn(Exception):
    """A gzip member does not come to an end."""


class Malformed(Exception):
    """The content of a gzip member is no WARC record."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it stands in a member's content."""

    headers: dict[str, str]
    """Names in lower case; the first of several with one name."""
    content: bytes
    start: int
    """Of the block within the content."""

    @property
    def block(self) -> memoryview:
        """The content of the record."""
        return memoryview(self.content)[self.start : -len(_END)]

    def payloads(self) -> Iterator[bytes | memoryview]:
        """Yield what a payload digest may be over: the entity without chunks (WARC 1.1), then with them (old habit)."""
        block = self.block
        if not self.headers.get("content-type", "").lower().startswith("application/http"):
            yield block
            return
        end, payload = _blank_line(self.content, self.start, len(self.content) - len(_END))
        if b"chunked" in self.content[self.start : end].lower():
            yield message.parse(bytes(block)).entity
        yield block[payload - self.start :]


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


def _blank_line(content: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return where the first empty line begins and ends, with the line feed before it; twice `stop` if there is none.

    As `archiver.warc.message` takes it, many times faster than its expression.
    """
    crlf = content.find(b"\n\r\n", start, stop)
    lf = content.find(b"\n\n", start, crlf + 1 if crlf >= 0 else stop)
    if lf >= 0:
        return lf, lf + 2
    return (crlf, crlf + 3) if crlf >= 0 else (stop, stop)


def walk(file: BinaryIO, name: str) -> Iterator[Member | Broken]:
    """Yield every gzip member of a file from where it stands, and the stretches that hold none.

    After such a stretch it goes on at the next whole record; only there may the caller have moved the file's position.
    `name` is what messages call the file.
    """
    offset = file.tell()
    buffer = b""
    while buffer := buffer or file.read(_PIECE):
        try:
            member, buffer = _inflate(file, buffer, offset)
        except (zlib.error, _Torn) as error:
            end = next_record(file, name, offset + 1)
            yield Broken(offset, end - offset, "a whole gzip member", str(error))
            file.seek(end)
            offset, buffer = end, b""
        else:
            yield member
            offset += member.length


def _inflate(file: BinaryIO, buffer: bytes, offset: int) -> tuple[Member, bytes]:
    """Return the member that begins the buffer, and what of the buffer follows it."""
    if len(buffer) < GZIP_HEADER:
        buffer += file.read(_PIECE)
    decoder = zlib.decompressobj(wbits=31)
    header = buffer[:GZIP_HEADER]
    pieces: list[bytes] = []
    taken, room = 0, MAX_RECORD + 1
    piece = buffer
    while not decoder.eof:
        if not piece:
            raise _Torn(f"the end of the file after {taken} bytes of it")
        pieces.append(decoder.decompress(piece, room))
        taken += len(piece)
        room -= len(pieces[-1])
        if not room:
            raise _Torn(f"one of more than {MAX_RECORD} bytes")
        piece = b"" if decoder.eof else file.read(_PIECE)
    rest = decoder.unused_data
    return Member(offset, taken - len(rest), header, b"".join(pieces)), rest


def parse(content: bytes) -> RawRecord:
    """Take a record's own headers off; raise Malformed when the content is not exactly one record."""
    if not _VERSION.match(content):
        raise Malformed("a WARC record", repr(content[:40]))
    end, start = _blank_line(content, 0, len(content))
    if end == start:
        raise Malformed("a blank line after the headers of the record", "none")
    headers = _headers(_text(content[:end]))
    for required in ("warc-type", "warc-record-id", "warc-date", "content-length"):
        if required not in headers:
            raise Malformed(f"a record with {required}", "one without it")
    claimed = headers["content-length"]
    actual = len(content) - start - len(_END)
    if not claimed.isdigit() or int(claimed) != actual:
        raise Malformed(f"a block of {claimed} bytes, as its Content-Length says", f"{actual} bytes")
    if content[-len(_END) :] != _END:
        raise Malformed("two line ends after the block", repr(content[-len(_END) :]))
    return RawRecord(headers, content, start)


def _headers(head: str) -> dict[str, str]:
    if "\n " in head or "\n\t" in head:  # as old programs do
        head = _FOLD.sub(" ", head)
    return {name.lower(): value.rstrip() for name, value in reversed(_FIELD.findall(head))}


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def salvage(file: BinaryIO, offset: int) -> bytes:
    """Return what comes out of a broken member before it breaks, its head at most; moves the file's position."""
    file.seek(offset)
    decoder = zlib.decompressobj(wbits=31)
    head = b""
    try:
        while len(head) < _PIECE and not decoder.eof and (sip := file.read(_SIP)):
            head += decoder.decompress(sip, _PIECE)
    except zlib.error:
        pass
    return head


def subject(content: bytes) -> tuple[str | None, str | None]:
    """Return record id and target URI of something that begins like a record."""
    if not _VERSION.match(content):
        return None, None
    record_id, uri = _ID.search(content, 0, _PIECE), _URI.search(content, 0, _PIECE)
    return record_id and _text(record_id[1]), uri and _text(uri[1])


def digest_fits(label: str, candidates: Iterator[bytes | memoryview]) -> bool | None:
    """Return whether a labelled digest is that of one of the candidates; None for an algorithm that is unknown.

    WARC 1.1, section 5.8 leaves open how the value is written: base 16, 32 and 64 are understood.
    """
    algorithm, _, value = label.partition(":")
    known = _ALGORITHMS.get(algorithm.strip().lower().replace("-", ""))
    if known is None:
        return None
    new, size = known
    expected = _decoded(value.strip(), size)
    return any(new(data, usedforsecurity=False).digest() == expected for data in candidates)


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
_ALGORITHMS: dict[str, tuple[Callable[..., hashlib._Hash], int]] = {
    name: (getattr(hashlib, name), hashlib.new(name, usedforsecurity=False).digest_size)
    for name in ("sha1", "md5", "sha224", "sha256", "sha384", "sha512")
}
