"""The index of an archive: one line of CDXJ for each answer of the server, sorted.

A line is the page's key (see `surt`), the time in 14 digits and a JSON object::

    org,example)/archives/1008 20261121174500 {"url": "https://example.org/archives/1008", "mime": "text/html", ...}

with url, mime, status, digest, length, offset and filename, as strings, in this order; what a record does not tell is
left out. The file is to the byte what `cdxj-indexer --sort` makes of the same WARC files, so any replay tool can use
it. HTTP heads are read by warcio, as that program does, because on careless heads parsers differ.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path

from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders

from archiver.durable import expect_file, replacing
from archiver.warc.head import ANSWERS, blank_line
from archiver.warc.reader import Damage, Record, iter_records
from archiver.warc.storage import Storage, WarcFile
from archiver.warc.surt import surt
from archiver.warc.writer import Location, sha1_digest

NAME = "index.cdxj"
"""Name of the index in the archive's home."""

INDEXED = frozenset({"response", "revisit", "resource", "metadata"})
"""Types of record that get a line, save those of the latter two whose content is `application/warc-fields`."""

_FIELDS = "application/warc-fields"
_MIME_END = re.compile(r"[;\s]")
_NO_DIGIT = re.compile(r"\D")
_LONGEST_HEAD = 1 << 17
_EARLIEST = "10000101000000"  # completes a date with only a year, month or day
_LOADER = ArcWarcRecordLoader(verify_http=False, arc2warc=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRecord:
    """The values that a line is made of."""

    type: str
    target_uri: str | None
    date: str
    content_type: str | None
    """Of the record itself."""
    digest: str | None
    block: bytes
    warc_file: str
    offset: int
    length: int


def indexed(kind: str, content_type: str | None) -> bool:
    """Return whether a record of that type and content type gets a line."""
    return kind in INDEXED and (kind in ANSWERS or content_type != _FIELDS)


def cdxj_line(location: Location, response: bytes) -> str:
    """Return the line for a response or revisit record that was just written."""
    return line_of(
        IndexedRecord(
            type="revisit" if location.revisit_of else "response",
            target_uri=location.target_uri,
            date=location.date,
            content_type=None,
            digest=location.payload_digest,
            block=response,
            warc_file=location.warc_file,
            offset=location.offset,
            length=location.length,
        )
    )


def resource_line(location: Location, block: bytes, content_type: str) -> str:
    """Return the line for a file that was just written as a record of its own."""
    return line_of(
        IndexedRecord(
            type="resource",
            target_uri=location.target_uri,
            date=location.date,
            content_type=content_type,
            digest=location.payload_digest,
            block=block,
            warc_file=location.warc_file,
            offset=location.offset,
            length=location.length,
        )
    )


def record_line(record: Record) -> str | None:
    """Return the line of a record that was read; None for a record that gets none."""
    content_type = record.header("Content-Type")
    if not indexed(record.type, content_type):
        return None
    return line_of(
        IndexedRecord(
            type=record.type,
            target_uri=record.target_uri,
            date=record.date,
            content_type=content_type,
            digest=record.header("WARC-Payload-Digest"),
            block=record.block,
            warc_file=record.warc_file,
            offset=record.offset,
            length=record.length,
        )
    )


def line_of(entry: IndexedRecord) -> str:
    """Return the line, with its line end."""
    stream = BytesIO(entry.block)
    http = None if _is_endless(entry.block) else _http(entry, stream)
    mime = _content_type(entry, http)
    fields = {
        "url": entry.target_uri,
        "mime": _MIME_END.split(mime, maxsplit=1)[0] if mime else mime,
        "status": http.get_statuscode() if http else None,
        # Only files of other programs lack it; the substitute is over the payload as it is, chunks and all.
        "digest": entry.digest or (None if entry.type == "revisit" else sha1_digest(stream.read())),
        "length": str(entry.length),
        "offset": str(entry.offset),
        "filename": entry.warc_file,
    }
    told = {name: value for name, value in fields.items() if value is not None}
    return f"{surt(entry.target_uri or '')} {_timestamp(entry.date)} {json.dumps(told)}\n"


def _is_endless(block: bytes) -> bool:
    """Return whether a head is longer than any server's: warcio would take quadratic time for it."""
    return len(block) > _LONGEST_HEAD and blank_line(block, 0, _LONGEST_HEAD)[0] == _LONGEST_HEAD


def _http(entry: IndexedRecord, stream: BytesIO) -> StatusAndHeaders | None:
    return _LOADER.load_http_headers(entry.type, entry.target_uri or "", stream, len(entry.block)) or None


def is_unchanged(line: str) -> bool:
    """Return whether a line is about an answer that nothing had changed.

    Other players take such a record for an empty page, so packages leave its line out: the capture before it shows
    the page at that date as well.
    """
    return '"status": "304"' in line


def _content_type(entry: IndexedRecord, http: StatusAndHeaders | None) -> str | None:
    if entry.type == "revisit":
        return "warc/revisit"
    if entry.type == "response":
        return http.get_header("content-type") if http else None
    return entry.content_type


def _timestamp(date: str) -> str:
    digits = _NO_DIGIT.sub("", date)[:14]
    return digits + _EARLIEST[len(digits) :]


def file_lines(source: WarcFile, on_damage: Callable[[Damage], object] = lambda _: None) -> Iterator[str]:
    """Yield the lines of one WARC file in the file's order; damaged stretches are reported and skipped."""
    for record in iter_records(source, on_damage=on_damage):
        found = record_line(record)
        if found is not None:
            yield found


def write_index(lines: Iterable[str], target: Path) -> int:
    """Write an index of these lines, in whatever order they are; return their number.

    The old index stays in place until the new one is on the disk. Raises ArchiverError when it cannot be written.
    """
    return _replace(target, sorted(lines))


def update_index(
    storage: Storage,
    target: Path,
    written: Iterable[str] = (),
    on_damage: Callable[[Damage], object] = lambda _: None,
) -> int:
    """Bring the index up to date with the closed WARC files of an archive; return the number of lines.

    `written` are all lines of the files this run has written. A file that neither they nor the index know of, because
    a run was killed, is read; lines of files that are no longer there are dropped. An index that is missing, or is no
    sorted CDXJ, is rebuilt. So the outcome is what reading all files would give, for a fraction of the work; only
    that files which another machine stored elsewhere are left out, as each would have to be fetched whole.

    Raises UsageError when the index is no file, ArchiverError when it cannot be written; the old one is then still
    there.
    """
    files = storage.closed()
    new = [line for line in written if place(line)[0] in files]
    known = _files_of(target)
    covered = known | {place(line)[0] for line in new}
    for name in files.keys() - covered:
        if isinstance(files[name], Path):
            new += file_lines(files[name], on_damage)
    if not known:
        return _replace(target, sorted(new))
    with target.open(encoding="utf-8", newline="\n") as old:
        kept = (line for line in old if place(line)[0] in files)
        return _replace(target, heapq.merge(kept, sorted(new)))


def current_lines(storage: Storage, target: Path) -> Iterator[str]:
    """Yield the lines of all closed files, in order; only files that the index does not name are read."""
    files = storage.closed()
    known = _files_of(target)
    new = sorted(line for name in files.keys() - known for line in file_lines(files[name]))
    if not known:
        yield from new
        return
    with target.open(encoding="utf-8", newline="\n") as old:
        yield from heapq.merge((line for line in old if place(line)[0] in files), new)


def _files_of(index: Path) -> set[str]:
    """Return the WARC files an index names; none when it is missing, damaged or not sorted.

    Raises UsageError when it is no file.
    """
    expect_file(index)
    names: set[str] = set()
    before = ""
    try:
        with index.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                if line < before or not line.endswith("\n"):
                    return set()
                names.add(place(line)[0])
                before = line
    except (FileNotFoundError, ValueError):
        return set()
    return names


def place(line: str) -> tuple[str, int]:
    """Return file and offset of the record a line is about; raise ValueError for an invalid line."""
    try:
        fields = json.loads(line[line.index(" {") :])
        return str(fields["filename"]), int(fields["offset"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a line of CDXJ, found {line!r}") from error


def _replace(target: Path, lines: Iterable[str]) -> int:
    count = 0
    with replacing(target) as file:
        for line, _ in groupby(lines):  # a line occurs once, even if it came from two sides
            file.write(line.encode())
            count += 1
    return count
