"""The gzip members of a WARC file one after the other, each inflated once and to its end.

Made for checking whole files: nothing is read twice, and what a record says of itself is looked at without taking it
apart further than needed. `reader` is for reading.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archiver.warc import message
from archiver.warc.reader import MAX_RECORD, next_record

GZIP_HEADER = 10
"""Bytes a gzip member begins with before any optional field: RFC 1952, section 2.3."""

_PIECE = 1 << 16
_SIP = 512  # bytes fed at once to a broken member, to get out what is before the break
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HTTP_HEAD_END = re.compile(rb"\n\r?\n")  # as lenient as archiver.warc.message
_VERSION = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])")
_FIELD = re.compile(r"\n([^:\n]+):[ \t]*([^\n]*)")
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
        end = _HTTP_HEAD_END.search(self.content, self.start, len(self.content) - len(_END))
        head = self.content[self.start : end.start() if end else None]
        if b"chunked" in head.lower():
            yield message.parse(bytes(block)).entity
        yield block[end.end() - self.start :] if end else b""


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
    decoder = zlib.decompressobj(wbits=31)
    header = buffer[:GZIP_HEADER]
    pieces = [decoder.decompress(buffer)]
    taken = len(buffer)
    size = len(pieces[0])
    while not decoder.eof:
        piece = file.read(_PIECE)
        if not piece:
            raise _Torn(f"the end of the file after {taken} bytes of it")
        pieces.append(decoder.decompress(piece))
        taken += len(piece)
        size += len(pieces[-1])
        if size > MAX_RECORD:
            raise _Torn(f"one of more than {MAX_RECORD} bytes")
    rest = decoder.unused_data
    return Member(offset, taken - len(rest), header, b"".join(pieces)), rest


def parse(content: bytes) -> RawRecord:
    """Take a record's own headers off; raise Malformed when the content is not exactly one record."""
    if not _VERSION.match(content):
        raise Malformed("a WARC record", repr(content[:40]))
    end = _HEAD_END.search(content)
    if not end:
        raise Malformed("a blank line after the headers of the record", "none")
    headers = _headers(_text(content[: end.start()]))
    for required in ("warc-type", "warc-record-id", "warc-date", "content-length"):
        if required not in headers:
            raise Malformed(f"a record with {required}", "one without it")
    claimed = headers["content-length"]
    actual = len(content) - end.end() - len(_END)
    if not claimed.isdigit() or int(claimed) != actual:
        raise Malformed(f"a block of {claimed} bytes, as its Content-Length says", f"{actual} bytes")
    if content[-len(_END) :] != _END:
        raise Malformed("two line ends after the block", repr(content[-len(_END) :]))
    return RawRecord(headers, content, end.end())


def _headers(head: str) -> dict[str, str]:
    if _FOLD.search(head):  # as old programs do
        head = _FOLD.sub(" ", head)
    return {name.rstrip().lower(): value.rstrip() for name, value in reversed(_FIELD.findall(head))}


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
    name = algorithm.strip().lower().replace("sha-", "sha")
    if name not in hashlib.algorithms_guaranteed or name.startswith("shake"):
        return None
    return any(_same(hashlib.new(name, data, usedforsecurity=False).digest(), value.strip()) for data in candidates)


def _same(digest: bytes, value: str) -> bool:
    return any(_decoded(decode, value) == digest for decode in _BASES)


def _decoded(decode: Callable[[str], bytes], value: str) -> bytes | None:
    try:
        return decode(value)
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
_BASES = (_base32, bytes.fromhex, _base64)
