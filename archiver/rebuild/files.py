"""The WARC files of an archive, run by run in the order in which the runs took place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from archiver import profile as profiles
from archiver import sites
from archiver.errors import ArchiveDamaged
from archiver.profile import Profile
from archiver.urls import Site
from archiver.warc import journal
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.reader import iter_records
from archiver.warc.storage import SUFFIX, Storage, WarcFile
from archiver.warc.writer import OPEN_SUFFIX

FOREIGN = f"{journal.IMPORT} (files of another program)"
"""Command of a run that no record describes."""


@dataclass(slots=True, kw_only=True)
class RunFiles:
    """One run, and the files it wrote."""

    start: RunStart
    """Its start, with the numbers of the run and its cycle in the new database."""
    version: str
    """Version of the program; empty when another program wrote the files."""
    paths: tuple[WarcFile, ...]
    profile: Profile
    end: RunEnd | None = None
    """None until its record is met; stays None when the run was killed."""
    indexes: list[tuple[str, int, str]] = field(default_factory=list)
    """File, offset and name of the curated indexes that came from files."""

    @property
    def id(self) -> int:
        """Number of the run."""
        return self.start.run

    @property
    def site(self) -> Site:
        """Where the blog was fetched from."""
        return Site(self.profile, self.start.site)

    @property
    def is_content(self) -> bool:
        """Whether what it fetched was stored: a probe only looks."""
        return self.start.command != journal.PROBE

    @property
    def unsettled(self) -> frozenset[str]:
        """Addresses that were perhaps fetched but not stored: they were still pending at the end."""
        waiting = (each for each in self.end.addresses if each["state"] == "pending") if self.end else ()
        return frozenset(each["url"] for each in waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceFile:
    """One file, and what its first record says."""

    path: WarcFile
    start: RunStart | None
    version: str
    date: str

    @property
    def serial(self) -> str:
        """Number of the file within its run, as its name ends with it."""
        return self.path.name.removesuffix(OPEN_SUFFIX).removesuffix(SUFFIX).rpartition("-")[2]

    @property
    def run(self) -> tuple[str, int]:
        """What distinguishes its run from others: a number alone may occur twice, after a database was lost."""
        return (self.start.started_at, self.start.run) if self.start else (self.path.name, 0)


def runs(storage: Storage, incoming: Path | None = None, profile: Profile | None = None) -> list[RunFiles]:
    """Return the runs that wrote an archive's files, in their order; other programs' files are runs of their own, last.

    `incoming` is a file that is still open but counts; `profile` is what the archive's owner says of the
    blog.

    Runs keep their numbers. Only where a number occurs twice, because a database was lost and begun again, do the later
    runs get new ones.
    """
    closed: list[WarcFile] = [*storage.closed().values(), *([incoming] if incoming else [])]
    files = [_first(file) for file in sorted(closed, key=lambda file: file.name)]
    ours = [file for file in files if file.start]
    by_run = {run: sorted(own, key=lambda each: each.serial) for run, own in _grouped(ours)}
    numbers = [number for _, number in by_run]
    # By number rather than by time, because clocks jump; unless numbers start again.
    order = sorted(by_run) if len(set(numbers)) < len(numbers) else sorted(by_run, key=lambda run: run[1])
    found = _numbered((by_run[run] for run in order), profile)
    last = max((each.id for each in found), default=0)
    others = [file for file in files if not file.start]
    return found + [_foreign(file, last + number, profile or _blog(found)) for number, file in enumerate(others, 1)]


def _grouped(files: Iterable[_SourceFile]) -> list[tuple[tuple[str, int], list[_SourceFile]]]:
    ordered = sorted(files, key=lambda file: file.run)
    return [(run, list(own)) for run, own in groupby(ordered, key=lambda file: file.run)]


def _numbered(found: Iterable[list[_SourceFile]], profile: Profile | None) -> list[RunFiles]:
    """Return the runs with rising numbers, and their cycles' numbers."""
    last = 0
    numbers: dict[int, int] = {}
    numbered = []
    for own in found:
        start = own[0].start
        if start is None:
            raise ValueError(f"expected a file of ours, found {own[0].path}")
        last = max(last + 1, start.run)
        numbers[start.run] = last
        # The run a cycle began with may have left no file.
        start = replace(start, run=last, cycle=numbers.setdefault(start.cycle, last))
        paths = tuple(file.path for file in own)
        numbered.append(RunFiles(start=start, version=own[0].version, paths=paths, profile=profile or _profile(start)))
    return numbered


def _profile(start: RunStart) -> Profile:
    """Return the profile a run was made with: the owner's, which it wrote down, or a bundled one."""
    return profiles.read("\n".join(start.profile), f"run {start.run}") if start.profile else sites.of(start.blog)


def _blog(ours: list[RunFiles]) -> Profile:
    """Return the profile of the blog that the last run of ours was made with; without one, the first bundled one.

    So another program's files are read as those of the archive they are in.
    """
    return ours[-1].profile if ours else sites.first()


def _foreign(file: _SourceFile, number: int, profile: Profile) -> RunFiles:
    start = RunStart(run=number, cycle=number, command=FOREIGN, site=profile.origin, started_at=file.date)
    return RunFiles(start=start, version=file.version, paths=(file.path,), profile=profile)


def _first(path: WarcFile) -> _SourceFile:
    """Return what the first record of a file says; nothing for a file that begins with damage."""
    try:
        record = next(iter_records(path), None)
    except ArchiveDamaged:
        record = None
    if record is None or record.type != "warcinfo":
        return _SourceFile(path=path, start=None, version="", date=record.date if record else "")
    return _SourceFile(
        path=path, start=RunStart.of(record.block), version=journal.software(record.block), date=record.date
    )
