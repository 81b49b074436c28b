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
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from archiver.warc import index
from archiver.warc.checks import Lines
from archiver.warc.findings import Finding, Severity
from archiver.warc.verify import Tally, Verifier
from archiver.warc.zips import BROKEN, MOST_INFLATION, BadEntry, Entry, Survey

PAGES = "pages/pages.jsonl"
MANIFEST = "datapackage.json"
DIGEST = "datapackage-digest.json"

MOST_MANIFEST = 64 << 20
"""Most bytes of the manifest, which is held in memory."""

MOST_LINE = 32 << 20
"""Most bytes of a line of a page list or an index: a page with all its text."""

_WARC = re.compile(r"archive/[^/]+\.warc(?:\.gz)?")
_CDXJ = re.compile(r"indexes/[^/]+\.cdxj?(?:\.gz)?")
_IDX = re.compile(r"indexes/[^/]+\.idx")
_PAGE_LIST = re.compile(r"pages/[^/]+\.jsonl")
_FOLDERS = {"archive": [_WARC], "indexes": [_CDXJ, _IDX], "pages": [_PAGE_LIST]}
_STORED = re.compile(r"archive/.*|indexes/.*\.gz")
_ALGORITHMS = frozenset({"sha256", "sha512", "sha1", "md5"})


def verify_wacz(path: Path, tally: Tally | None = None) -> Iterator[Finding]:
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
            yield from _Package(path.name, file, Survey(file, package), tally).findings()
    except OSError as error:
        yield _damage("unreadable file", path.name, "a file that can be read", error.strerror or str(error))


def _damage(what: str, file: str, expected: str, found: str) -> Finding:
    return Finding(severity=Severity.DAMAGE, what=what, file=file, expected=expected, found=found)


class _Package:
    """One package, and what has been read of it."""

    def __init__(self, name: str, file: BinaryIO, survey: Survey, tally: Tally | None) -> None:
        self._name = name
        self._file = file
        self._survey = survey
        self._entries = survey.entries
        self._verifier = Verifier(tally=tally)

    def findings(self) -> Iterator[Finding]:
        """Read all of the package and yield what is wrong with it."""
        for name, problem in self._survey.problems:
            yield _damage("entry" if name else "zip", name or self._name, problem.expected, problem.found)
        yield from self._layout()
        yield from self._contents(_Manifest(self._entries.get(MANIFEST), self._entries.get(DIGEST)))
        for name in self._matching(_PAGE_LIST):
            yield from _page_list(self._entries[name])
        for name in self._matching(_IDX):
            yield from self._blocks(name)
        yield from self._records()

    def _matching(self, pattern: re.Pattern[str]) -> list[str]:
        return [name for name in self._entries if pattern.fullmatch(name)]

    def _layout(self) -> Iterator[Finding]:
        """Check that what must be there is there, and as it must be."""
        wanted = {"a WARC file in archive/": self._matching(_WARC), "an index in indexes/": self._matching(_CDXJ)}
        wanted |= {name: self._matching(re.compile(re.escape(name))) for name in (PAGES, MANIFEST, DIGEST)}
        for what, there in wanted.items():
            if not there:
                yield _damage("missing entry", self._name, what, "none")
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
        """Check that a list of blocks leads to the blocks of a compressed index."""
        lines = [line for line in _lines(self._entries[name])]
        ...

    def _records(self) -> Iterator[Finding]:
        """Check the WARC files, and the index against them."""
        ...
