"""The headers of a record: the one place where they are read, whoever wrote them.

Unusable records are refused here with a reason, so that nothing further on has to expect them: a record that gets past
this has a type, an id, a date and a length. Section numbers are those of WARC 1.1 (ISO 28500:2017).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from archiver.warc import dates

LONGEST = 1 << 20
"""Most bytes of a head: real ones have one thousand."""

END = b"\r\n\r\n"
"""What follows the block of each record (section 4)."""

ANSWERS = frozenset({"response", "revisit"})
"""Types of record that stand for an answer of the server."""

_FILES = frozenset({"resource", "conversion"})
_VERSION = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])[ \t]*\r?\n")
_FIELD = re.compile(r"\n([^:\s]+)[ \t]*:[ \t]*([^\n]*)")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_LONGEST_ID = 2000
_HTTP = "application/http"
_REQUIRED = ("warc-type", "warc-record-id", "warc-date")  # section 5.1
CONCURRENT = "warc-concurrent-to"


class Malformed(Exception):
    """Something is not a WARC record that can be used."""

    def __init__(self, expected: str, found: str, size: int = 0) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.size = size
        """Bytes of what would be the record, if that at least is known."""


@dataclass(frozen=True)
class Head:
    """What a record says about itself."""

    pairs: tuple[tuple[str, str], ...]
    """All headers as spelt, in order."""
    fields: dict[str, str]
    """By name in lower case; the first of several with one name."""
    size: int
    """Bytes up to the block, including the empty line."""
    length: int
    """Bytes of the block, as claimed."""
    date: str
    """As `archiver.warc.dates` writes it."""

    @property
    def type(self) -> str:
        """Type of the record, in lower case."""
        return self.fields["warc-type"].lower()

    @property
    def record_id(self) -> str:
        """With its angle brackets: `<urn:uuid:...>`."""
        return self.fields["warc-record-id"]

    @property
    def target_uri(self) -> str | None:
        """What the record is about, as readers take it: see `address`."""
        return address(self.fields.get("warc-target-uri"))

    @property
    def content_type(self) -> str:
        """Of the block, in lower case; empty when the record does not say."""
        return self.fields.get("content-type", "").lower()

    @cached_property
    def concurrent(self) -> tuple[str, ...]:
        """Ids of the records of the same event (section 5.7: the only header that may be repeated)."""
        return tuple(value for name, value in self.pairs if name.lower() == CONCURRENT)

    @property
    def is_saved_file(self) -> bool:
        """Whether the block is what was at an address, without the HTTP around it."""
        return is_saved_file(self.type, self.target_uri)

    def holds_http(self, block: bytes | memoryview) -> bool:
        """Return whether the block is an HTTP message: the record says so, or, if it does not, the block does."""
        if self.content_type.startswith(_HTTP):
            return True
        return self.type in ("response", "revisit") and bytes(block[:5]) == b"HTTP/"


def is_saved_file(kind: str, target_uri: str | None) -> bool:
    """Return whether a record of that (lower-case) type holds a page or file as it was saved."""
    return kind in _FILES and (target_uri or "").lower().startswith(("http://", "https://"))


def is_capture(kind: str, target_uri: str | None) -> bool:
    """Return whether a record of that (lower-case) type says what was at an address on its date."""
    return kind in ANSWERS or is_saved_file(kind, target_uri)


def parse(content: bytes) -> Head:
    """Return the head that `content` begins with.

    Raises Malformed for anything but a WARC record, and for one without a type, id, length or readable date.
    """
    version = _VERSION.match(content)
    if not version:
        raise Malformed("a WARC record", repr(content[:40]))
    end, start = blank_line(content, 0, min(len(content), LONGEST))
    if end == start:
        raise Malformed("a blank line after the headers of the record", "none")
    if 0 in content[:end]:
        raise Malformed("headers of text", "a zero byte in them")
    pairs = _pairs(content[version.end() - 1 : end])
    fields = {name.lower(): value for name, value in reversed(pairs)}
    length = _length(pairs)
    try:
        return Head(tuple(pairs), fields, start, length, _date(fields))
    except Malformed as error:
        raise Malformed(error.expected, error.found, start + length + len(END)) from error


def _length(pairs: list[tuple[str, str]]) -> int:
    claims = sorted({value for name, value in pairs if name.lower() == "content-length"})
    if not claims:
        raise Malformed("a record with content-length", "one without it")
    if len(claims) > 1 or not _LENGTH.fullmatch(claims[0]):
        raise Malformed("one Content-Length, in digits", " and ".join(repr(claim[:40]) for claim in claims))
    return int(claims[0])


def _date(fields: dict[str, str]) -> str:
    """Return the date of a record that has all it must have."""
    for required in _REQUIRED:
        if not fields.get(required):
            raise Malformed(f"a record with {required}", "one without it")
    if len(fields["warc-record-id"]) > _LONGEST_ID:
        raise Malformed(f"an id of at most {_LONGEST_ID} characters", str(len(fields["warc-record-id"])))
    date = dates.normal(fields["warc-date"])
    if date is None:
        raise Malformed("a WARC-Date such as 2026-11-21T17:45:00Z", repr(fields["warc-date"][:60]))
    return date


def _pairs(lines: bytes) -> list[tuple[str, str]]:
    """Return names and values of header lines, which begin with a line end."""
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        text = lines.decode("latin-1")
        return [(name, _escaped(name, value)) for name, value in _fields(text)]
    return _fields(text)


def _fields(text: str) -> list[tuple[str, str]]:
    if "\n " in text or "\n\t" in text:  # folded, as old programs do
        text = _FOLD.sub(" ", text)
    return [(name, value.rstrip()) for name, value in _FIELD.findall(text)]


def _escaped(name: str, value: str) -> str:
    """Return a value that was read as Latin-1; in an address, bytes outside ASCII are escaped."""
    if value.isascii() or not name.lower().endswith("-uri"):
        return value
    return "".join(char if char.isascii() else f"%{ord(char):02X}" for char in value)


def address(value: str | None) -> str | None:
    """Return WARC-Target-URI as readers understand it: some programs wrote it in angle brackets, or with spaces."""
    if value and value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    if not value or (value.isprintable() and " " not in value):
        return value
    return "".join(char if char.isprintable() and char != " " else quote(char) for char in value)


def block_of(content: bytes, head: Head) -> memoryview:
    """Return the block of a record that is all of `content`; raise Malformed when it is not exactly one record."""
    stop = head.size + head.length
    if len(content) - len(END) < stop:
        found = max(len(content) - head.size - len(END), 0)
        raise Malformed(f"a block of {head.length} bytes, as its Content-Length says", f"{found} bytes")
    if content[stop:] != END:
        raise Malformed("one record and two line ends", f"{content[stop : stop + 40]!r} after the block")
    return memoryview(content)[head.size : stop]


def blank_line(content: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return where the first empty line begins and ends, with the line feed before it; twice `stop` if there is none.

    As `archiver.warc.message` takes it, many times faster than its expression.
    """
    crlf = content.find(b"\n\r\n", start, stop)
    lf = content.find(b"\n\n", start, crlf + 1 if crlf >= 0 else stop)
    if lf >= 0:
        return lf, lf + 2
    return (crlf, crlf + 3) if crlf >= 0 else (stop, stop)
