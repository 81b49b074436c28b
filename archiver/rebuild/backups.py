"""The last two databases that rebuilds replaced: `archive.db.bak-20261126T152553Z`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

from archiver.clock import timestamp

KEPT = 2
"""How many former databases stay."""

ALONE = "-only-copy"
"""Ending of the name of one that holds what no WARC file does: it is never removed."""

LOGS = ("-wal", "-shm")
"""What SQLite keeps beside a database, under its name."""

_OURS = re.compile(r"\.bak-(\d{8}T\d{6}Z)(?:-(\d+))?")


def name_for(file: Path, *, alone: bool) -> Path:
    """Return an unused name for a database that another one replaces."""
    stamp = timestamp().replace(":", "").replace("-", "")
    first = file.with_name(f"{file.name}.bak-{stamp}{ALONE if alone else ''}")
    names = chain([first], (first.with_name(f"{first.name}-{number}") for number in count(2)))
    return next(name for name in names if not name.exists())


def prune(file: Path, newest: Path) -> None:
    """Remove all but the last former databases of a file, and what belongs to them; `newest` was made just now."""
    others = sorted(_ours(file, newest))
    for _, path in others[: max(len(others) - (KEPT - 1), 0)]:
        remove(path)


def remove(database: Path) -> None:
    """Remove a database, if it is there, and what SQLite keeps beside it."""
    for end in ("", *LOGS):
        database.with_name(database.name + end).unlink(missing_ok=True)


def _ours(file: Path, newest: Path) -> Iterator[tuple[tuple[str, int], Path]]:
    """Yield the others that a rebuild named, with keys to sort them by; those that people named are theirs."""
    for path in file.parent.iterdir():
        found = _OURS.fullmatch(path.name.removeprefix(file.name)) if path != newest else None
        if found:
            yield (found[1], int(found[2] or 1)), path
