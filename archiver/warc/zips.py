"""Zip files from anywhere, read without believing them: names, kinds, offsets and sizes are checked first.

Section numbers are those of the format's APPNOTE.TXT.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from archiver.warc import members

MOST_INFLATION = 100
"""How many times its size an entry may inflate to: text reaches 5, an index 20, an attack 1,000."""

SMALL = 64 << 20
"""Bytes an entry may inflate to in any case: it costs a moment and no memory."""

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
"""What Python's library raises for anything that is not a zip, or has a coding it does not know."""

_PIECE = 1 << 20
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|^[A-Za-z]:|(?:^|/)\.{0,2}(?:/|$)")
_HEADER = struct.Struct("<4s2xHH4xLLLHH")  # section 4.3.7: flags, method, CRC, both sizes, lengths of name and extra
_DESCRIPTOR = 24  # section 4.3.9: bytes that may follow an entry whose size was not known when it was begun
_IN_EXTRA = 0xFFFFFFFF  # section 4.4.8: the size is among the extra fields


class BadEntry(Exception):
    """An entry of a zip is not what it should be."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file in a zip that may be read."""

    package: zipfile.ZipFile
    info: zipfile.ZipInfo
    start: int
    """Where its content begins in the zip."""

    @property
    def stored(self) -> bool:
        """Whether the content is stored in the zip uncompressed."""
        return self.info.compress_type == zipfile.ZIP_STORED

    def open(self) -> IO[bytes]:
        """Open the content for reading from its beginning."""
        return self.package.open(self.info)

    def region(self, file: BinaryIO) -> BinaryIO:
        """Return the content of a stored entry as a file of its own; `file` is the zip."""
        return members.region(file, self.start, self.info.file_size)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content; raise BadEntry when its checksum or its coding is wrong."""
        try:
            with self.open() as content:
                while piece := content.read(_PIECE):
                    yield piece
        except BROKEN as error:
            raise BadEntry("an entry that is whole", str(error)) from error


class ZipContents:
    """What is in a zip, and what is wrong with it as a zip."""

    def __init__(self, file: BinaryIO, package: zipfile.ZipFile) -> None:
        """Look at the directory of the zip and the header of each entry."""
        self.entries: dict[str, ZipEntry] = {}
        """Those that may be read, by name."""
        self.problems: list[tuple[str, BadEntry]] = []
        """With the name of the entry; empty for the zip as a whole."""
        self._file = file
        self._package = package
        self._names: set[str] = set()
        end = room = 0
        for info in sorted(package.infolist(), key=_header_offset):
            self._require(info.filename, end, info.header_offset, room)
            end = self._add(info)
            room = _DESCRIPTOR if info.flag_bits & 8 else 0
        self._require("", end, package.start_dir, room)

    def _require(self, name: str, end: int, start: int, room: int) -> None:
        """Note an entry that overlaps the one before, or leaves a gap before it that nobody would read."""
        if not end <= start <= end + room:
            self.problems.append((name, BadEntry(f"something that begins at {end}", f"its beginning at {start}")))

    def _add(self, info: zipfile.ZipInfo) -> int:
        """Keep an entry, or note why it may not be read; return where it ends."""
        start = info.header_offset
        try:
            start = self._content_start(info)
            _refuse(info)
            if info.filename.casefold() in self._names:
                raise BadEntry("a name that is used once", "one that is used again")
            if not info.is_dir():
                self.entries[info.filename] = ZipEntry(self._package, info, start)
        except BadEntry as problem:
            self.problems.append((info.filename, problem))
        self._names.add(info.filename.casefold())
        return start + info.compress_size

    def _content_start(self, info: zipfile.ZipInfo) -> int:
        if info.header_offset < 0:  # the directory is closer to the beginning than it says: bytes before it are gone
            raise BadEntry("an entry within the package", f"one {-info.header_offset} bytes before it")
        self._file.seek(info.header_offset)
        data = self._file.read(_HEADER.size)
        if len(data) < _HEADER.size or not data.startswith(b"PK\3\4"):
            raise BadEntry("the header of an entry", repr(data[:4]))
        _, flags, method, crc, compressed, size, name_length, extra_length = _HEADER.unpack(data)
        later = flags & 8
        same = (flags, method) == (info.flag_bits, info.compress_type)
        same &= bool(later) or crc == info.CRC
        same &= bool(later) or compressed in (info.compress_size, _IN_EXTRA)
        same &= bool(later) or size in (info.file_size, _IN_EXTRA)
        if not same:
            raise BadEntry("a header that agrees with the directory", "another one")
        return info.header_offset + _HEADER.size + int(name_length) + int(extra_length)


def _header_offset(info: zipfile.ZipInfo) -> int:
    return info.header_offset


def _refuse(info: zipfile.ZipInfo) -> None:
    """Raise BadEntry for an entry that is dangerous to unpack or to read."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if _UNSAFE.search(info.filename.removesuffix("/")) or info.filename != info.orig_filename:
        raise BadEntry("a name that stays within the package", repr(info.orig_filename))
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadEntry("a plain file", "a link" if kind == stat.S_IFLNK else "something else")
    if info.flag_bits & 1:
        raise BadEntry("an entry that is not encrypted", "one that is")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadEntry("an entry that is stored or deflated", f"method {info.compress_type}")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise BadEntry(f"{info.compress_size} bytes, as are stored", f"{info.file_size}")
    if info.file_size > max(SMALL, MOST_INFLATION * info.compress_size):
        raise BadEntry(f"at most {MOST_INFLATION} times {info.compress_size} bytes", str(info.file_size))
