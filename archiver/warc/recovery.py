"""Tidies up what an interrupted run left behind.

A run that was killed leaves a file under its `.open` name, perhaps with a torn end: half a record, or the zeros some
file systems show for data that never reached the disk. The end is cut off and the file closed; nothing is ever appended
to it. Whatever is whole stays: the database's rows may lag behind the file by what was not committed, so `orphans`
finds the responses no row knows of.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver import errors
from archiver.counting import counted
from archiver.durable import expect_file, sync_directory, writing
from archiver.warc import journal
from archiver.warc.reader import Damage, Record, iter_records
from archiver.warc.storage import SUFFIX, Storage, WarcFile
from archiver.warc.writer import OPEN_SUFFIX, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of one file that had been left open."""

    warc_file: str
    """Name within the folder, without `.open`."""
    exchanges: int
    """How many of its records stay, not counting requests and the file's own description; 0 when it was removed."""
    kept: int
    """Bytes that stay, which is also the offset of the cut; 0 when the file was removed."""
    dropped: int
    """Bytes that were cut off."""
    reason: str | None
    """What was expected at the cut, and what was found; None when nothing was cut."""
    damage: tuple[Damage, ...] = ()
    """Stretches before the cut that hold no whole record; they were left as they are."""
    undone: bool = False
    """Whether it is from an import that did not finish and left nothing in the database."""

    @property
    def removed(self) -> bool:
        """Whether the file held no exchange and was removed."""
        return not self.exchanges

    @property
    def sentence(self) -> str:
        """What became of it, as a sentence."""
        if self.undone:
            return f"removed {self.warc_file}: the import that wrote it did not finish, import it again"
        cut = f", {counted(self.dropped, 'byte')} of a torn end cut off" if self.dropped else ""
        return f"closed {self.warc_file}, which an earlier run left open: {counted(self.exchanges, 'record')}{cut}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What was found at the start of a run."""

    files: tuple[Recovered, ...] = ()
    in_use: tuple[str, ...] = ()
    """Names, without `.open`, of files that another process is writing; they were not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    """What an open file holds."""

    end: int
    exchanges: int
    reason: str | None
    damage: tuple[Damage, ...]


def recover(directory: Path, known: Container[str] | None = None) -> Recovery:
    """Cut every file left open to its last whole record and give it its closed name; remove it when it has no exchange.

    A whole response stays, even without its request: a row may point at it, and WARC 1.1 requires no request.
    A request at the end stays only with its response: alone it cannot be looked up, and the page is fetched again.

    `known` are the names of files the database has captures of. An import has happened once its captures are there: the
    file of one that has not is removed. None keeps all.

    If it is killed at any moment, the next call resumes. The caller holds the archive's lock; beyond that, a file whose
    writer still lives is left alone where the file system has locks.

    Raises ArchiverError when a file cannot be changed, or when its closed name is taken.
    """
    files: list[Recovered] = []
    in_use: list[str] = []
    for path in sorted(directory.glob(f"*{SUFFIX}{OPEN_SUFFIX}")):
        expect_file(path)
        with writing(path), path.open("r+b") as file:
            if _locked_elsewhere(file):
                in_use.append(path.name.removesuffix(OPEN_SUFFIX))
            elif known is not None and _is_import(path) and path.name.removesuffix(OPEN_SUFFIX) not in known:
                files.append(_removed(path, file))
            else:
                files.append(_close(path, file))
    return Recovery(files=tuple(files), in_use=tuple(in_use))


def _locked_elsewhere(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    return False


def _is_import(path: Path) -> bool:
    first = next(iter_records(path, on_damage=lambda _: None), None)
    start = journal.RunStart.of(first.block) if first and first.type == "warcinfo" else None
    return start is not None and start.is_import


def _removed(path: Path, file: BinaryIO) -> Recovered:
    size = os.fstat(file.fileno()).st_size
    path.unlink()
    sync_directory(path.parent)
    name = path.name.removesuffix(OPEN_SUFFIX)
    return Recovered(warc_file=name, exchanges=0, kept=0, dropped=size, reason=None, undone=True)


def _close(path: Path, file: BinaryIO) -> Recovered:
    closed = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    if closed.exists():
        raise errors.ArchiverError(
            f"expected one of {closed} and {path.name} next to it, found both; compare them and move one away"
        )
    survey = _survey(path)
    size = os.fstat(file.fileno()).st_size
    if survey.exchanges:
        # In this order: until the new name is on the disk, everything can be repeated.
        file.truncate(survey.end)
        os.fsync(file.fileno())
        path.rename(closed)
    else:
        path.unlink()
    sync_directory(path.parent)
    kept = survey.end if survey.exchanges else 0
    return Recovered(
        warc_file=closed.name,
        exchanges=survey.exchanges,
        kept=kept,
        dropped=size - kept,
        reason=survey.reason,
        damage=survey.damage,
    )


def _survey(path: Path) -> _Survey:
    """Return where the last record worth keeping ends, and what comes before and after it."""
    damage: list[Damage] = []
    end = exchanges = 0
    lone: Record | None = None
    before = ""
    for record in iter_records(path, on_damage=damage.append):
        if record.type == "request" and record.header("WARC-Concurrent-To") != before:
            lone = lone or record
        else:
            lone = None
            end = record.offset + record.length
            exchanges += record.type not in ("request", "warcinfo")
        before = record.record_id
    reasons = [found.reason for found in damage if found.offset >= end]
    if lone:
        reasons.append("expected a request and its response, found a request alone")
    return _Survey(
        end=end,
        exchanges=exchanges,
        reason=next(iter(reasons), None),
        damage=tuple(found for found in damage if found.offset < end),
    )


def responses(
    source: WarcFile, start: int = 0, on_damage: Callable[[Damage], object] = lambda _: None
) -> Iterator[tuple[Record, Location]]:
    """Yield the responses of a file, and its revisits, in order, from `start`, which must be where a record begins.

    One record is in memory at a time. Damaged stretches are reported to `on_damage` and skipped.
    """
    for record in iter_records(source, start=start, on_damage=on_damage):
        if record.is_capture:
            yield record, location(record)


def location(record: Record) -> Location:
    """Return where a record is and what it holds, as the writer said when it wrote it.

    A revisit's payload is in another record, so its SHA-256 is unknown here: that of no bytes is given.
    """
    return Location(
        warc_file=record.warc_file,
        offset=record.offset,
        length=record.length,
        record_id=record.record_id,
        target_uri=record.target_uri or "",
        date=record.date,
        payload_digest=record.header("WARC-Payload-Digest"),
        payload_sha256=hashlib.sha256(record.entity).hexdigest(),
        revisit_of=record.header("WARC-Refers-To") if record.type == "revisit" else None,
    )


def orphans(storage: Storage, ends: Mapping[str, int]) -> Iterator[tuple[Record, Location]]:
    """Yield the responses that have no row, file by file in the order of their names.

    `ends` says for each file with rows where the last response that has one ends: offset plus length. Rows are
    committed in the order of the file, so what has none comes after. A file in the folder that ends there is not even
    opened; what has gone elsewhere had its rows before.
    """
    for path in sorted(storage.folder.glob(f"*{SUFFIX}")):
        start = ends.get(path.name, 0)
        if path.stat().st_size > start:
            yield from responses(path, start)
