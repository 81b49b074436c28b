"""Checks that a WACZ is what the format asks for, that it is whole, and that it is safe to unpack.

Nothing is unpacked: entries are read where they are, piece by piece, and none for longer than it could honestly be. The
format is that of https://specs.webrecorder.net/wacz/1.1.1/, whose "should" is a "must" here: a package without a digest
of its manifest proves nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from archiver.warc import index
from archiver.warc.checks import Lines
from archiver.warc.findings import Finding, Severity
from archiver.warc.verify import VerifiedCounts, Verifier
from archiver.warc.zips import BROKEN, MOST_INFLATION, BadEntry, ZipContents, ZipEntry

PAGES = "pages/pages.jsonl"
MANIFEST = "datapackage.json"
DIGEST = "datapackage-digest.json"

MOST_MANIFEST = 16 << 20
"""Most bytes of the manifest, which is held in memory."""

MOST_LINE = 32 << 20
"""Most bytes of a line of a page list or an index: a page with all its text."""

SMALLEST_RECORD = 50
"""Bytes of the smallest possible record, which limits how many lines an index may have."""

_WARC = re.compile(r"archive/.+\.w?arc(?:\.gz|\.zst)?")
_CDXJ = re.compile(r"indexes/[^/]+\.cdxj?(?:\.gz)?")
_IDX = re.compile(r"indexes/[^/]+\.idx")
_PAGE_LIST = re.compile(r"pages/[^/]+\.jsonl")
_FOLDERS = {"archive": [_WARC], "indexes": [_CDXJ, _IDX], "pages": [_PAGE_LIST]}
_STORED = re.compile(r"archive/.*|indexes/.*\.gz")
_DRAFT = "1.0.0"  # as py-wacz wrote it in 2020: sizes and hashes in `stats`, no names, no digest of the manifest
_ALGORITHMS = frozenset({"sha256", "sha512", "sha1", "md5"})


def verify_wacz(path: Path, tally: VerifiedCounts | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a package: as a zip, as a WACZ, and with the records in it; nothing when all is well.

    Findings name the entry, or the WARC file within, as `file`. Memory holds one record, the index and all record ids.
    """
    try:
        with path.open("rb") as file:
            try:
                package = zipfile.ZipFile(file)
            except BROKEN as error:
                yield _damage("zip", path.name, "a zip file", str(error))
                return
            yield from _Package(path.name, file, ZipContents(file, package), tally).findings()
    except OSError as error:
        yield _damage("unreadable file", path.name, "a file that can be read", error.strerror or str(error))


def _damage(what: str, file: str, expected: str, found: str) -> Finding:
    return Finding(severity=Severity.DAMAGE, what=what, file=file, expected=expected, found=found)


class _Package:
    """One package, and what has been read of it."""

    def __init__(self, name: str, file: BinaryIO, survey: ZipContents, tally: VerifiedCounts | None) -> None:
        self._name = name
        self._file = file
        self._survey = survey
        self._entries = survey.entries
        self._verifier = Verifier(tally=tally)

    def findings(self) -> Iterator[Finding]:
        """Read all of the package and yield what is wrong with it."""
        for name, problem in self._survey.problems:
            yield _damage("entry" if name else "zip", name or self._name, problem.expected, problem.found)
        manifest = _Manifest(self._entries.get(MANIFEST), self._entries.get(DIGEST))
        yield from self._layout(manifest)
        yield from self._contents(manifest)
        for name in self._matching(_PAGE_LIST):
            yield from _page_list(self._entries[name])
        for name in self._matching(_IDX):
            yield from self._blocks(name)
        yield from self._records()

    def _matching(self, pattern: re.Pattern[str]) -> list[str]:
        return [name for name in self._entries if pattern.fullmatch(name)]

    def _layout(self, manifest: _Manifest) -> Iterator[Finding]:
        """Check that what must be there is there and in its proper form."""
        wanted = {"a WARC file in archive/": self._matching(_WARC), "an index in indexes/": self._matching(_CDXJ)}
        wanted |= {name: self._matching(re.compile(re.escape(name))) for name in (PAGES, MANIFEST, DIGEST)}
        for what, there in wanted.items():
            if not there:
                lacking = _damage("missing entry", self._name, what, "none")
                custom = what == DIGEST and manifest.is_draft
                yield replace(lacking, severity=Severity.WARNING) if custom else lacking
        for name, entry in self._entries.items():
            allowed = _FOLDERS.get(name.partition("/")[0])
            if allowed and not any(pattern.fullmatch(name) for pattern in allowed):
                yield _damage("layout", name, "only what the format puts into this folder", "something else")
            if _STORED.fullmatch(name) and not entry.stored:
                yield _damage("compression", name, "an entry that is stored: parts of it are read alone", "deflated")

    def _contents(self, manifest: _Manifest) -> Iterator[Finding]:
        """Read every entry to its end and hold it against the manifest."""
        yield from manifest.findings
        for name, entry in self._entries.items():
            listed = manifest.resources.pop(name, None)
            if listed is None and name not in (MANIFEST, DIGEST):
                yield _damage("manifest", name, "an entry the manifest lists", "one it does not")
            try:
                yield from _content(entry, listed or {})
            except BadEntry as error:
                yield _damage("entry", name, error.expected, error.found)
        for name in manifest.resources:
            yield _damage("missing entry", name, "an entry, as the manifest lists it", "none")

    def _blocks(self, name: str) -> Iterator[Finding]:
        """Check that a list of blocks leads to each block of a compressed index, in order and to its end."""
        try:
            rest = map(_fields, _lines(self._entries[name]))
            indexed = next(rest, {}).get("filename")
            target = self._entries.get(f"indexes/{indexed}")
            if target is None:
                raise BadEntry("the name of an index that is there", repr(indexed))
            end = 0
            for fields in rest:
                end = _check_block(target.region(self._file), fields, end)
            if end != target.info.file_size:
                raise BadEntry(f"blocks of {target.info.file_size} bytes", f"blocks of {end}")
        except BadEntry as error:
            yield _damage("index", name, error.expected, error.found)

    def _records(self) -> Iterator[Finding]:
        """Check the WARC files, and the index against them."""
        lines: dict[str, dict[int, str]] = defaultdict(dict)
        most = sum(self._entries[name].info.file_size for name in self._matching(_WARC)) // SMALLEST_RECORD
        indexes = self._matching(_CDXJ)
        for name in indexes:
            try:
                _read_index(self._entries[name], lines, most)
            except BadEntry as error:
                yield _damage("index", name, error.expected, error.found)
        for name in self._matching(_WARC):
            entry = self._entries[name]
            base = name.rpartition("/")[2]
            check = Lines(", ".join(indexes), lines.pop(base, {}), ours=False)
            if entry.stored:
                yield from self._verifier.stream(base, entry.region(self._file), check)
        for base, beside in sorted(lines.items()):
            yield _damage("index", ", ".join(indexes), "lines about files in archive/", f"{len(beside)} about {base}")


class _Manifest:
    """What `datapackage.json` says, and what is wrong with it on its own."""

    def __init__(self, manifest: ZipEntry | None, digest: ZipEntry | None) -> None:
        self.findings: list[Finding] = []
        self.resources: dict[str, dict[str, Any]] = {}
        """What it says of each entry, by path."""
        self.is_draft = False
        """Whether it is from before the format was specified."""
        try:
            data = _whole(manifest) if manifest else b""
            self._read(_object(data) if manifest else {})
            if manifest and digest:
                self._compare(data, _object(_whole(digest)))
        except BadEntry as error:
            self._add(error.expected, error.found)

    def _add(self, expected: str, found: object) -> None:
        self.findings.append(_damage("manifest", MANIFEST, expected, str(found)))

    def _read(self, manifest: Mapping[str, Any]) -> None:
        if not manifest:
            return
        profile, version = manifest.get("profile"), manifest.get("wacz_version")
        if profile not in ("data-package", "wacz"):
            self._add("the profile data-package", repr(profile))
        self.is_draft = version == _DRAFT
        known = profile == "wacz" or self.is_draft or version == "1.1.1"
        if not known:  # profile `wacz` means 1.2, which has no such field
            self._add("wacz_version 1.1.1", repr(version))
        resources = manifest.get("resources")
        for listed in resources if isinstance(resources, list) else []:
            resource: dict[str, Any] = listed if isinstance(listed, dict) else {}
            resource = _of_draft(resource) if self.is_draft else resource
            path = resource.get("path")
            if not isinstance(path, str) or not isinstance(resource.get("name"), str):
                self._add("resources with name and path", repr(listed)[:80])
            elif path in self.resources:
                self._add("each entry once", f"{path} twice")
            else:
                self.resources[path] = resource

    def _compare(self, data: bytes, guard: Mapping[str, Any]) -> None:
        if guard.get("path") != MANIFEST:
            self._add(f"the path {MANIFEST} in {DIGEST}", repr(guard.get("path")))
        label = str(guard.get("hash"))
        algorithm = label.partition(":")[0]
        if algorithm not in _ALGORITHMS:
            self._add(f"a hash by one of {sorted(_ALGORITHMS)} in {DIGEST}", label)
        elif label != f"{algorithm}:{hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()}":
            self._add(f"{label}, as {DIGEST} says", "another hash")
        if signed := guard.get("signedData"):
            self._signed(signed, label)

    def _signed(self, signed: object, label: str) -> None:
        """Report that a signature was not checked, and whether it could be about this manifest at all."""
        of = signed.get("hash", label) if isinstance(signed, dict) else signed
        if of != label:
            self._add(f"a signature of {label} in {DIGEST}", f"one of {of!r:.80}")
        expected = "no signature, as none is checked here"
        found = "a signature, not checked: who made the package is not proven"
        self.findings.append(
            Finding(severity=Severity.WARNING, what="signature", file=DIGEST, expected=expected, found=found)
        )


def _of_draft(listed: dict[str, Any]) -> dict[str, Any]:
    """Return what the draft's manifest says of an entry, in the terms of the format."""
    stats = listed.get("stats")
    if not isinstance(stats, dict):
        return listed
    label = f"{listed.get('hashing', 'sha256')}:{stats.get('hash')}"
    return {"name": listed.get("path"), **listed, "bytes": stats.get("bytes"), "hash": label}


def _content(entry: ZipEntry, listed: Mapping[str, Any]) -> Iterator[Finding]:
    """Read an entry to its end and compare it with what the manifest says of it."""
    name = entry.info.filename
    label = str(listed.get("hash", "sha256:"))
    algorithm = label.partition(":")[0]
    if algorithm not in _ALGORITHMS:
        yield _damage("manifest", name, f"a hash by one of {sorted(_ALGORITHMS)}", label)
        algorithm = "sha256"
    digest = hashlib.new(algorithm, usedforsecurity=False)
    size = 0
    for piece in entry.pieces():
        digest.update(piece)
        size += len(piece)
    if not listed:
        return
    if listed.get("bytes") != size:
        yield _damage("size", name, f"{listed.get('bytes')} bytes, as the manifest says", str(size))
    if label != f"{algorithm}:{digest.hexdigest()}":
        yield _damage("hash", name, f"{label}, as the manifest says", f"{algorithm}:{digest.hexdigest()}")


def _whole(entry: ZipEntry) -> bytes:
    if entry.info.file_size > MOST_MANIFEST:
        raise BadEntry(f"at most {MOST_MANIFEST} bytes in {entry.info.filename}", str(entry.info.file_size))
    return b"".join(entry.pieces())


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadEntry("JSON", str(error)) from error
    if not isinstance(value, dict):
        raise BadEntry("a JSON object", repr(value)[:80])
    return value


def _lines(entry: ZipEntry) -> Iterator[bytes]:
    """Yield the lines of an entry, inflated if its name ends in `.gz`, up to what it could honestly hold."""
    room = MOST_INFLATION * entry.info.file_size + MOST_LINE
    try:
        with entry.open() as content:
            stream: IO[bytes] = content
            if entry.info.filename.endswith(".gz"):
                stream = cast("IO[bytes]", gzip.GzipFile(fileobj=content))
            while line := stream.readline(MOST_LINE):
                room -= len(line)
                if len(line) == MOST_LINE or room < 0:
                    raise BadEntry(f"lines of less than {MOST_LINE} bytes", "more than it could honestly hold")
                yield line
    except (*BROKEN, gzip.BadGzipFile) as error:
        raise BadEntry("an entry that is whole", str(error)) from error


def _page_list(entry: ZipEntry) -> Iterator[Finding]:
    """Check that each line but a header has the address and time of a page; stop at the first that does not."""
    try:
        for number, line in enumerate(_lines(entry), 1):
            page = _object(line)
            if number == 1 and "format" in page:
                continue
            if not isinstance(page.get("url"), str) or not _is_time(page.get("ts")):
                raise BadEntry(f"url and ts in line {number}", repr(page)[:80])
    except BadEntry as error:
        yield _damage("page list", entry.info.filename, error.expected, error.found)


def _is_time(value: object) -> bool:
    """Return whether something is a time as in RFC 3339: with a zone."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _fields(line: bytes) -> dict[str, Any]:
    return _object(line[max(0, line.find(b" {")) :])


def _check_block(index_file: BinaryIO, fields: Mapping[str, Any], end: int) -> int:
    """Check the block that must begin at `end`; return where it ends."""
    offset, length, label = fields.get("offset"), fields.get("length"), fields.get("digest")
    if offset != end or not isinstance(length, int) or length <= 0:
        raise BadEntry(f"a block that begins at {end}", repr(fields)[:80])
    if label:
        index_file.seek(end)
        if label != f"sha256:{hashlib.sha256(index_file.read(length)).hexdigest()}":
            raise BadEntry(f"a block at {end} with {label}", "another hash")
    return end + length


def _read_index(entry: ZipEntry, lines: dict[str, dict[int, str]], most: int) -> None:
    """Add the lines of an index by file and offset; raise BadEntry at the first that is not one, or is one too many."""
    before = ""
    for number, data in enumerate(_lines(entry), 1):
        line = data.decode("utf-8", "replace")
        try:
            warc_file, offset = index.place(line)
        except ValueError as error:
            raise BadEntry(f"CDXJ in line {number}", repr(line[:80])) from error
        if line < before or number > most:
            raise BadEntry(f"sorted lines, one for each record, up to line {number}", repr(line[:80]))
        lines[warc_file.rpartition("/")[2]][offset] = line
        before = line
