"""HTTP/1 messages as they are in a record: start line, headers, entity.

Lenient where servers are careless (bare line feeds, folded headers, lines without a colon), because a record holds
whatever was received. Nothing here changes a byte of the message; see RFC 9112 for the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from archiver.warc import coding

_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?:[ \t]+(.*))?")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t].*")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_SWITCHING = 101  # the one answer of the 1xx that is the last: RFC 9110, section 15.2.2
_MOST_INTERIM = 100  # servers send one or two
_MOST_DECODED = 256 << 20  # of a transfer coding; what hides more stays as it is

Headers = tuple[tuple[bytes, bytes], ...]
"""Names as spelt and values without the white space around them, in the order received, duplicates kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request or response, taken apart."""

    block: bytes
    """All of it as received, with the interim responses before it."""
    start_line: bytes
    """Without its line end."""
    headers: Headers
    payload: bytes
    """Everything after the empty line, with its transfer coding."""

    @property
    def status(self) -> int | None:
        """Status code of a response; None for a request or a start line that is none."""
        found = _STATUS_LINE.fullmatch(self.start_line)
        return int(found[1]) if found else None

    @property
    def reason(self) -> str:
        """Reason phrase of a response, read as Latin-1; empty when there is none."""
        found = _STATUS_LINE.fullmatch(self.start_line)
        return (found[2] or b"").decode("latin-1") if found else ""

    @property
    def method(self) -> str | None:
        """Method of a request, in capitals; None for a response or a start line that is none."""
        found = _REQUEST_LINE.fullmatch(self.start_line)
        return found[1].decode().upper() if found else None

    def header(self, name: bytes) -> str | None:
        """Return the first header with that (lower-case) name, read as Latin-1."""
        return next((value.decode("latin-1") for spelt, value in self.headers if spelt.lower() == name), None)

    @property
    def is_interim(self) -> bool:
        """Whether a response only announces another one: 100, 103 and their kind (RFC 9110, section 15.2)."""
        return self.status is not None and 100 <= self.status < 200 and self.status != _SWITCHING

    @property
    def entity(self) -> bytes:
        """The body without transfer codings, content coding kept: the payload of WARC 1.1, section 6.3.2."""
        codings = tokens(self.headers, b"transfer-encoding")
        if not codings:
            return self.payload
        body = dechunk(self.payload) if codings[-1] == "chunked" else self.payload
        others = [each for each in codings if each not in ("chunked", "identity")]
        try:
            return coding.decode(body, others, _MOST_DECODED) if others else body
        except coding.ContentTooLarge:
            return body


def parse(block: bytes) -> Message:
    """Split a whole HTTP message; without an empty line all of it is the head.

    Of a response that interim ones announce, all in one record, it is the last that counts.
    """
    parsed, rest = _head(block, 0)
    for _ in range(_MOST_INTERIM):
        if not (parsed.is_interim and block.startswith(b"HTTP/", rest)):
            break
        parsed, rest = _head(block, rest)
    return replace(parsed, payload=block[rest:])


def saved(block: bytes, content_type: str) -> Message:
    """Return the answer a server would give with a file: what a page that was saved as a file is for readers."""
    start_line = b"HTTP/1.1 200 OK"
    headers = ((b"Content-Type", content_type.encode("utf-8")),) if content_type else ()
    head = b"".join(line + b"\r\n" for line in (start_line, *(b"%s: %s" % header for header in headers), b""))
    return Message(block=head + block, start_line=start_line, headers=headers, payload=block)


def _head(block: bytes, start: int) -> tuple[Message, int]:
    """Return the message that begins there, without its payload, and where that begins."""
    end = _HEAD_END.search(block, start)
    stop, rest = end.span() if end else (len(block), len(block))
    start_line, *lines = (line.removesuffix(b"\r") for line in block[start:stop].split(b"\n"))
    return Message(block=block, start_line=start_line, headers=_headers(lines), payload=b""), rest


def _headers(lines: Iterable[bytes]) -> Headers:
    headers: list[tuple[bytes, list[bytes]]] = []
    for line in lines:
        if line.startswith((b" ", b"\t")) and headers:  # folded: RFC 9112, section 5.2
            headers[-1][1].append(line.strip(b" \t"))
        elif b":" in line:
            name, _, value = line.partition(b":")
            headers.append((name.rstrip(b" \t"), [value.strip(b" \t")]))
    return tuple((name, b" ".join(parts)) for name, parts in headers)


def tokens(headers: Headers, name: bytes) -> list[str]:
    """Return the comma-separated values of every header of that (lower-case) name, in lower case."""
    joined = b",".join(value for spelt, value in headers if spelt.lower() == name)
    return [token for part in joined.decode("latin-1").lower().split(",") if (token := part.strip())]


def dechunk(payload: bytes) -> bytes:
    """Return the data of a chunked body (RFC 9112, section 7.1) without chunk extensions and trailers.

    A body cut short gives what had arrived. A body that was announced as chunked and is not comes back as it is.
    """
    found = list(chunks(payload))
    return b"".join(payload[start:end] for start, end in found) if found else payload


def chunks(body: bytes, position: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where the data of each chunk begins and ends, up to the empty one that is the last.

    Of a body cut short the last end may be beyond what is there; of one that is not in chunks there is nothing.
    """
    while size_line := _CHUNK_SIZE.match(body, position):
        start = size_line.end()
        end = start + int(size_line[1], 16)
        yield start, end
        line_end = _LINE_END.match(body, end)
        if start == end or not line_end:
            return
        position = line_end.end()
