"""ARC files, the format before WARC, as WARC records (https://archive.org/web/researcher/ArcFileFormat.php).

Each record is a line of columns and so many bytes; the first one of a file names the columns. They have no ids: a
substitute is derived from address, date and content, so that a record always gets the same one.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from archiver.urls import from_bytes
from archiver.warc.head import END

FIRST = b"filedesc://"
"""The beginning of the first record of a file, which describes it."""

COLUMNS = 5
"""Columns of version 1: address, IP address, date, content type, length; version 2 has ten, the last the length."""

LONGEST_HEAD = 1 << 12
"""Most bytes of the head of a record made of a line."""

NEXT = re.compile(rb"\n(?=[a-z][a-z0-9+.-]{1,20}:[^\n]{1,3000} [0-9a-f.:]{2,40} \d{12,17} [^\n]{0,300}\d\r?\n)")
"""Precedes a line that may begin a record, to continue after one that does not."""

_LENGTH = re.compile(rb"\d{1,15}")
_DATE = re.compile(rb"\d{12,17}")


@dataclass(frozen=True, slots=True)
class ArcHeader:
    """The line that begins a record."""

    url: str
    ip: str
    date: str
    content_type: str
    length: int


def columns(description: bytes) -> int:
    """Return how many columns the lines of a file have, by the content of its first record."""
    lines = description.splitlines()
    named = len(lines[1].split()) if len(lines) > 1 else COLUMNS
    return named if named > COLUMNS else COLUMNS


def entry(line: bytes, columns: int) -> ArcHeader | None:
    """Return the values in a line of so many columns; None if it is not one."""
    # An address may hold spaces, and the first line of version 2 has the columns of version 1.
    for number in (columns, COLUMNS):
        parts = line.strip().rsplit(b" ", number - 1)
        if len(parts) == number and _LENGTH.fullmatch(parts[-1]) and _DATE.fullmatch(parts[2]):
            url, ip, date, content_type = (from_bytes(part) for part in parts[:4])
            return ArcHeader(url, ip, date[:14].ljust(14, "0"), content_type, int(parts[-1]))
    return None


def record(line: ArcHeader, block: bytes, length: int) -> bytes:
    """Return the WARC record of an ARC record; `length` is that of the block, even if it is not given."""
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{line.url} {line.date} {hashlib.sha256(block).hexdigest()}")
    if line.url.startswith(FIRST.decode()):
        kind, content_type = "warcinfo", "application/warc-fields"
    elif block.startswith(b"HTTP/") or not block:
        kind, content_type = "response", "application/http; msgtype=response"
    else:
        kind, content_type = "resource", line.content_type
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{number}>",
        "WARC-Date": line.date,
        "WARC-Target-URI": "" if kind == "warcinfo" else line.url,
        "WARC-IP-Address": "" if line.ip == "0.0.0.0" else line.ip,  # noqa: S104 - the format's way to say none
        "Content-Type": content_type,
        "Content-Length": str(length),
    }
    head = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in fields.items() if value)
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + END
