"""Archives in every form in which other programs write them, one record after the other.

Most have one gzip member per record; others are not compressed, compressed as a whole, in Zstandard with or
without a dictionary (https://iipc.github.io/warc-specifications/specifications/warc-zstd/), or ARC, the format before
WARC. Whatever the form, a fault costs the record it is in and no other.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, BinaryIO, cast

from archiver import errors
from archiver.warc import arc, coding, head, members
from archiver.warc.coding import ZSTANDARD
from archiver.warc.head import END, Head, Malformed
from archiver.warc.members import Broken, Large, Member
from archiver.warc.reader import MAX_RECORD

Found = Member | Large | Broken


class NoArchive(errors.UsageError):
    """A file is in none of the forms of archives."""


_GZIP = b"\x1f\x8b"
_LZ4 = b"\x04\x22\x4d\x18"  # https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
_DICTIONARY = b"\x5d\x2a\x4d\x18"  # the frame that holds it, by the format of WARC files in Zstandard
_TRAINED = b"\x37\xa4\x30\xec"  # RFC 8878, section 5
_MOST_DICTIONARY = 100 << 20
_PIECE = 1 << 16
_MOST_RETURNS = 8  # to an earlier offset, where a length was wrong by more than memory holds
_VERSION = b"WARC/"
_NEXT = re.compile(rb"\n(?=WARC/(?:1\.[01]|0\.1[78])[ \t]*\r?\n)")
_LONGEST_START = 4096
_BARE_END = b"\n\n"  # of old programs


def walk(file: BinaryIO, name: str) -> Iterator[Found]:
    """Yield every record of a file from its beginning, and the stretches that hold none.

    Offsets and lengths are those in the file; if it is compressed as a whole, those of its content. `name` is
    what messages call the file.

    Raises NoArchive for a file that is none, UsageError for one in a coding this Python cannot undo.
    """
    start = file.read(len(ZSTANDARD))
    file.seek(0)
    if start.startswith(_GZIP):
        return _in_gzip(file, name)
    if start in (ZSTANDARD, _DICTIONARY):
        return _in_stream(_zstandard(file), name)
    if start == _LZ4:
        raise errors.UsageError(f"expected a file in gzip or Zstandard, found {name} in LZ4; unpack it with `lz4 -d`")
    return _in_stream(file, name)


def _in_gzip(file: BinaryIO, name: str) -> Iterator[Found]:
    cut = _is_cut(file, name)
    file.seek(0)
    if not cut:
        yield from _in_stream(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), name)
        return
    for found in members.walk(file, name):
        if isinstance(found, Member) and not _is_blank(found):
            yield from _of_member(found, name)
        elif not isinstance(found, Member):
            yield found


def _is_cut(file: BinaryIO, name: str) -> bool:
    """Return whether a file has one gzip member per record: the first is one, or the second begins one."""
    for number, found in enumerate(found for found in members.walk(file, name) if not _is_blank(found)):
        if isinstance(found, Large) and found.size == found.inflated:
            return True
        if isinstance(found, Member) and (found.content.startswith(_VERSION) if number else _is_record(found)):
            return True
        if number and isinstance(found, Member):
            return False
    return False


def _is_record(member: Member) -> bool:
    try:
        members.parse(member.content)
    except Malformed as error:
        return error.size == len(member.content)
    return True


def _of_member(member: Member, name: str) -> Iterator[Found]:
    """Yield what a gzip member holds, which is usually one record."""
    if _is_record(member):
        yield member
        return
    try:
        inside = list(_in_stream(io.BytesIO(member.content), name))
    except NoArchive:
        inside = []
    if not inside:
        yield Broken(member.offset, member.length, "a WARC record", repr(member.content[:40]))
    for found in inside:
        yield replace(found, offset=member.offset, length=member.length)


def _is_blank(found: Found) -> bool:
    return isinstance(found, Member) and len(found.content) <= _PIECE and not found.content.strip()


class _Tape:
    """A stream of bytes, some of which can be looked at before they are taken."""

    def __init__(self, file: IO[bytes]) -> None:
        self.offset = 0
        """Offset of the first byte not yet taken."""
        self.ahead = bytearray()
        """What has been read and not yet taken."""
        self.fault = ""
        """Why there is no more, unless this is the end."""
        self._file = file
        self._ended = False
        self._returns = _MOST_RETURNS

    def has(self, size: int) -> bool:
        """Read until so many bytes are available; return whether there are as many."""
        while len(self.ahead) < size and not self._ended:
            try:
                piece = self._file.read(max(_PIECE, min(size - len(self.ahead), 1 << 20)))
            except Exception as error:  # the codecs' errors share no other base
                self.fault, piece = str(error) or type(error).__name__, b""
            self._ended = not piece
            self.ahead += piece
        return len(self.ahead) >= size

    def go_back(self, offset: int) -> bool:
        """Return to an earlier offset; this may unpack everything up to there again, but not without limit."""
        self._returns -= 1
        if self._returns < 0:
            return False
        self._file.seek(offset)
        self.offset, self.fault, self._ended = offset, "", False
        self.ahead.clear()
        return True

    def take(self, size: int) -> None:
        """Drop so many bytes, or as many as there are."""
        while size > len(self.ahead) and not (self._ended and not self.ahead):
            size -= len(self.ahead)
            self.offset += len(self.ahead)
            self.ahead.clear()
            self.has(1)
        self.offset += min(size, len(self.ahead))
        del self.ahead[:size]


def _in_stream(file: IO[bytes], name: str) -> Iterator[Found]:
    tape = _Tape(file)
    tape.has(_PIECE)
    first = bytes(tape.ahead[:_PIECE].lstrip(b"\r\n"))
    if first.startswith(arc.FIRST):
        yield from _arc(tape, name)
        return
    if not first.startswith(_VERSION) and not _NEXT.search(first):
        raise NoArchive(
            f"expected a WARC file or a WACZ, or an ARC file, found {name}, which begins with {first[:20]!r}"
        )
    while _at_record(tape):
        yield _record(tape)
    if tape.fault:
        yield Broken(tape.offset, 0, "more of the file", tape.fault)


def _at_record(tape: _Tape) -> bool:
    """Skip empty lines; return whether something follows."""
    while tape.has(1) and tape.ahead[0] in b"\r\n":
        tape.take(len(tape.ahead) - len(tape.ahead.lstrip(b"\r\n")))
    return bool(tape.ahead)


def _record(tape: _Tape) -> Found:
    """Take the next record, or whatever is in its place."""
    offset = tape.offset
    tape.has(_PIECE)
    if head.blank_line(bytes(tape.ahead[:_PIECE]), 0, _PIECE)[0] == _PIECE:
        tape.has(head.LONGEST)
    try:
        found = head.parse(bytes(tape.ahead[: head.LONGEST]))
    except Malformed as error:
        return _broken(tape, error.expected, error.found, error.size)
    size = found.size + found.length
    if size + len(END) > MAX_RECORD:
        return _large(tape, found)
    if not tape.has(size):
        claimed = f"a block of {found.length} bytes, as its Content-Length says"
        return _broken(tape, claimed, f"the end of the file after {max(len(tape.ahead) - found.size, 0)}")
    tape.has(size + len(END))
    after = bytes(tape.ahead[size : size + len(END)])
    end = next((each for each in (END, _BARE_END) if after.startswith(each)), None)
    if end is None and _may_end(tape, found):
        end = after
    if end is None:
        return _broken(tape, "two line ends after the block", repr(bytes(tape.ahead[size : size + 40])))
    content = bytes(tape.ahead[:size]) + END
    tape.take(size + len(end))
    return Member(offset, tape.offset - offset, b"", content)


def _may_end(tape: _Tape, found: Head) -> bool:
    """Return whether the last record ends with too few line ends, but certainly not with too few bytes.

    A description loses nothing either way: some programs counted the line ends after it as part of it.
    """
    if bytes(tape.ahead[found.size + found.length :]) not in (b"", b"\r\n", b"\n"):
        return False
    size = found.size + found.length
    payload = head.blank_line(bytes(tape.ahead[:size]), found.size, size)[1]
    return found.type == "warcinfo" or not tape.ahead[payload:size].endswith((b"\r\n", b"\n\n"))


def _large(tape: _Tape, found: Head) -> Found:
    """Skip a record that is too large to be held; if it does not end where it says, only its head."""
    offset, size = tape.offset, found.size + found.length
    first = bytes(tape.ahead[: found.size])
    tape.take(size)
    if tape.has(len(END)) and tape.ahead.startswith(END):
        tape.take(len(END))
        return Large(offset, tape.offset - offset, first, size + len(END), size + len(END))
    if tape.go_back(offset):
        tape.has(1)
    return _broken(tape, f"a block of {found.length} bytes, as its Content-Length says", "no end there", offset=offset)


def _broken(tape: _Tape, expected: str, found: str, size: int = 0, offset: int | None = None) -> Broken:
    """Skip what is not a record, by its length if that is known and fits; return what it was."""
    offset = tape.offset if offset is None else offset
    found += f" ({tape.fault})" if tape.fault else ""
    if 0 < size <= MAX_RECORD and tape.has(size) and tape.ahead[:size].endswith(END):
        tape.take(size)
        return Broken(offset, size, expected, found)
    _pass_to(tape, _NEXT)
    return Broken(offset, tape.offset - offset, expected, found)


def _pass_to(tape: _Tape, start: re.Pattern[bytes]) -> None:
    """Skip everything up to the next offset at which a record may start, or to the end."""
    position = 1
    while not (after := start.search(tape.ahead, position)):
        position = max(len(tape.ahead) - _LONGEST_START, 1)  # it may be split across two pieces
        if not tape.has(len(tape.ahead) + _PIECE) and len(tape.ahead) <= position + _LONGEST_START:
            tape.take(len(tape.ahead))
            return
        if position > MAX_RECORD:
            tape.take(position - 1)
            position = 1
    tape.take(after.end())


def _arc(tape: _Tape, name: str) -> Iterator[Found]:
    """Yield the records of an ARC file as WARC records."""
    columns = arc.COLUMNS
    while _at_record(tape):
        offset = tape.offset
        tape.has(_PIECE)
        line, _, _ = bytes(tape.ahead[:_PIECE]).partition(b"\n")
        entry = arc.entry(line, columns)
        if entry is None:
            _pass_to(tape, arc.NEXT)
            yield Broken(offset, tape.offset - offset, "the line that begins a record of an ARC file", repr(line[:60]))
            continue
        tape.take(len(line) + 1)
        if entry.length + arc.LONGEST_HEAD > MAX_RECORD:
            tape.take(entry.length)
            size = entry.length + arc.LONGEST_HEAD
            yield Large(offset, tape.offset - offset, arc.record(entry, b"", entry.length), size, size)
            continue
        if not tape.has(entry.length):
            tape.take(len(tape.ahead))
            yield Broken(
                offset, tape.offset - offset, f"{entry.length} bytes", f"the end of {name} {tape.fault}".strip()
            )
            return
        block = bytes(tape.ahead[: entry.length])
        tape.take(entry.length)
        if entry.url.startswith(arc.FIRST.decode()):
            columns = arc.columns(block)
        yield Member(offset, tape.offset - offset, b"", arc.record(entry, block, entry.length))
    if tape.fault:
        yield Broken(tape.offset, 0, "more of the file", tape.fault)


def _zstandard(file: IO[bytes]) -> IO[bytes]:
    """Return the content of a file in Zstandard as a file."""
    module = coding.zstandard()
    if module is None:
        raise errors.UsageError(
            "expected Python 3.14 or the package backports.zstd for a file in Zstandard, found neither; "
            "install backports.zstd, or unpack the file with `zstd -d`"
        )
    dictionary = None
    if file.read(len(_DICTIONARY)) == _DICTIONARY:
        (size,) = struct.unpack("<L", file.read(4).ljust(4, b"\0"))
        data = file.read(min(size, _MOST_DICTIONARY))
        try:
            data = module.decompress(data) if data.startswith(ZSTANDARD) else data
            dictionary = module.ZstdDict(data, is_raw=not data.startswith(_TRAINED)) if data else None
        except (ValueError, module.ZstdError) as error:
            raise errors.ArchiveDamaged(f"expected the dictionary of a file in Zstandard, found {error}") from error
    else:
        file.seek(0)
    return cast("IO[bytes]", module.ZstdFile(file, zstd_dict=dictionary))
