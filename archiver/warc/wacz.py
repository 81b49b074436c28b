"""Packs an archive into one file that replay tools open directly: WACZ 1.1.1.

A WACZ is a zip with the WARC files as they are (`archive/`, stored, so that a record can be read from its offset),
their index in blocks (`indexes/`), lists of pages with their text (`pages/`) and a manifest of it all with
sizes and SHA-256 (`datapackage.json`, itself guarded by `datapackage-digest.json`). The same archive gives the same
bytes. See https://specs.webrecorder.net/wacz/1.1.1/ for the format and `wacz_checks` for the way back.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from archiver import errors
from archiver.durable import replacing
from archiver.warc.storage import WarcFile, pieces, size
from archiver.warc.wacz_checks import verify_wacz

__all__ = ["WaczPage", "verify_wacz", "write_wacz"]

VERSION = "1.1.1"
"""Of the format."""

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: real times would make two packages of one archive differ
_MODE = 0o100644 << 16  # a plain file, readable by all
_UNIX = 3
_BLOCK_LINES = 1024  # as other writers of WACZ do: what a reader fetches to look up one address


@dataclass(frozen=True, slots=True, kw_only=True)
class WaczPage:
    """A page a reader may start from."""

    url: str
    """As asked for: a response with this target URI is in the WARC files."""
    ts: str
    """When it was fetched: ISO 8601 UTC, as in its record."""
    title: str
    text: str
    """What a search in the package looks through."""


def write_wacz(
    target: Path,
    warcs: Iterable[WarcFile],
    lines: Iterable[str],
    pages: Sequence[WaczPage],
    extra: Iterable[WaczPage] = (),
    *,
    created: str,
    software: str,
    title: str | None = None,
    description: str | None = None,
    main_page: WaczPage | None = None,
) -> None:
    """Write a package; until it is whole and on the disk, `target` stays as it was.

    `warcs` are closed WARC files, `lines` their sorted index as in `index.cdxj`, `pages` are those to start from,
    `extra` those that are reached from them and found by a search of texts as well, `created` is a time in ISO 8601
    UTC, `description` Markdown. Memory holds a block of the index, however large the archive.

    Raises UsageError for a name that does not end in `.wacz` or when there is nothing to pack, ArchiveDamaged when a
    WARC file cannot be read or the lines are not sorted, DiskFull and ArchiverError when the package cannot be written.
    """
    files = sorted(warcs, key=_name)
    if target.suffix != ".wacz":
        raise errors.UsageError(f"expected a file name that ends in .wacz, found {target}")
    if not files:
        raise errors.UsageError("expected WARC files to pack, found none: run `archiver crawl` first")
    with replacing(target) as file, zipfile.ZipFile(file, "w") as package:
        parts = _Parts(package)
        for path in files:
            parts.add_warc(path)
        parts.add_index(lines)
        parts.add("pages/pages.jsonl", _page_lines("pages", "Pages to Start From", pages))
        # Includes those to start from: ReplayWeb.page searches this list alone, and calls it all pages.
        parts.add("pages/extraPages.jsonl", _page_lines("extra-pages", "All Pages", chain(pages, extra)))
        details = {"title": title, "description": description, "created": created, "software": software}
        if main_page:
            details |= {"mainPageUrl": main_page.url, "mainPageDate": main_page.ts}
        parts.finish({name: value for name, value in details.items() if value is not None})


def _name(source: WarcFile) -> str:
    return source.name


class _Parts:
    """The files of a package, and what the manifest says of them."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._resources: list[dict[str, str | int]] = []

    def add_warc(self, source: WarcFile) -> None:
        """Copy a WARC file as it is."""
        self.add(f"archive/{source.name}", _content(source), stored=True, size=_size(source))

    def add_index(self, lines: Iterable[str]) -> None:
        """Write the index in blocks that are gzip members of their own, and the list of the blocks."""
        summary = [b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
        self.add("indexes/index.cdx.gz", _blocks(lines, summary), stored=True)
        self.add("indexes/index.idx", summary)

    def add(self, path: str, pieces: Iterable[bytes], *, stored: bool = False, size: int = 0) -> None:
        """Write a file; `size`, where it is known, tells the zip whether it needs 64 bits for it."""
        info = _info(path, stored=stored)
        info.file_size = size
        digest = hashlib.sha256()
        total = 0
        with self._package.open(info, "w", force_zip64=size >= zipfile.ZIP64_LIMIT) as part:
            for piece in pieces:
                part.write(piece)
                digest.update(piece)
                total += len(piece)
        name = path.rpartition("/")[2].lower()
        self._resources.append({"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": total})

    def finish(self, details: dict[str, str]) -> None:
        """Write the manifest and its digest."""
        manifest = _json({"profile": "data-package", "wacz_version": VERSION, **details, "resources": self._resources})
        guard = _json({"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(manifest).hexdigest()}"})
        self._package.writestr(_info("datapackage.json"), manifest)
        self._package.writestr(_info("datapackage-digest.json"), guard)


def _info(path: str, *, stored: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _DATE)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = _MODE
    return info


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n"


@contextmanager
def _reading(source: WarcFile) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.ArchiveDamaged(f"expected the WARC file {source}, found: {error.strerror or error}") from error


def _size(source: WarcFile) -> int:
    with _reading(source), source.open("rb") as file:
        return size(file)


def _content(source: WarcFile) -> Iterator[bytes]:
    with _reading(source):
        yield from pieces(source)


def _blocks(lines: Iterable[str], summary: list[bytes]) -> Iterator[bytes]:
    """Yield gzip members of so many lines each; note in `summary` where each begins and with which page."""
    rest = _in_order(lines)
    offset = 0
    while block := list(islice(rest, _BLOCK_LINES)):
        compressor = zlib.compressobj(9, wbits=31)
        member = compressor.compress("".join(block).encode()) + compressor.flush()
        place = {"offset": offset, "length": len(member), "digest": f"sha256:{hashlib.sha256(member).hexdigest()}"}
        summary.append(f"{block[0].partition(' {')[0]} {json.dumps(place)}\n".encode())
        offset += len(member)
        yield member


def _in_order(lines: Iterable[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line <= before or not line.endswith("\n"):
            raise errors.ArchiveDamaged(
                f"expected the sorted lines of an index, found {line[:80]!r} after {before[:80]!r}; rebuild it"
            )
        before = line
        yield line


def _page_lines(name: str, title: str, pages: Iterable[WaczPage]) -> Iterator[bytes]:
    yield _line({"format": "json-pages-1.0", "id": name, "title": title, "hasText": True})
    for number, page in enumerate(pages):  # ReplayWeb.page keeps pages by id: so its `page:0` is the main page
        key = f"{number:06}-{hashlib.sha256(f'{page.ts} {page.url}'.encode('utf-8', 'replace')).hexdigest()[:16]}"
        yield _line({"id": key, "url": page.url, "ts": page.ts, "title": page.title, "text": page.text})


def _line(value: dict[str, str | bool]) -> bytes:
    # A lone surrogate, which UTF-8 cannot encode, becomes its JSON escape.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
