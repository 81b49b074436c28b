"""What somebody keeps of an archive as one JSON file, written and read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from archiver.errors import UsageError
from archiver.store.own import Highlight, Kept, Listed, Mark, Note
from archiver.urls import LARGEST_POST

VERSION = 1
"""Version of the file format."""

_LONGEST = 100_000  # characters of one text
_HALF = re.compile("[\ud800-\udfff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def dumps(kept: Kept) -> str:
    """Return what is kept as JSON; missing values are left out."""
    rows = {
        each.name: [
            {name: value for name, value in asdict(row).items() if value is not None}
            for row in getattr(kept, each.name)
        ]
        for each in fields(kept)
    }
    return json.dumps({"version": VERSION, **rows}, ensure_ascii=False, indent=1) + "\n"


def loads(text: str) -> Kept:
    """Return what `dumps` wrote.

    Raises UsageError when the text is something else.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"expected JSON that `archiver own export` wrote, found: {error}") from error
    if not isinstance(found, dict) or found.get("version") != VERSION:
        version = found.get("version") if isinstance(found, dict) else None
        raise UsageError(f"expected version {VERSION} of what `archiver own export` writes, found {str(version)[:80]}")
    return Kept(**{name: tuple(_row(kind, row, name) for row in _listed(found, name)) for name, kind in _KINDS.items()})


_KINDS: Mapping[str, type[Any]] = {"marks": Mark, "reading_list": Listed, "notes": Note, "highlights": Highlight}


def _listed(found: Mapping[str, Any], name: str) -> list[Any]:
    rows = found.get(name, [])
    if not isinstance(rows, list):
        raise UsageError(f"{name}: expected a list, found {str(rows)[:80]!r}")
    return rows


def _row(kind: type[Any], row: Any, where: str) -> Any:
    """Return a row of a kind.

    Raises UsageError when a value is missing or invalid.
    """
    names = {each.name for each in fields(kind)}
    if not isinstance(row, dict) or not row.keys() <= names:
        raise UsageError(f"{where}: expected objects with {', '.join(sorted(names))}, found {str(row)[:80]}")
    for name, value in row.items():
        if not _CHECKS[name](value):
            raise UsageError(f"{where}: expected a {name} as `own export` writes it, found {str(value)[:80]!r}")
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: expected whole rows, found {str(row)[:80]}: {error}") from error


def _number(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _text(value: Any) -> bool:
    # Half a UTF-16 character, which JSON can express, is not text to the database.
    return isinstance(value, str) and len(value) <= _LONGEST and not _HALF.search(value)


def _time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "post_id": _number(1, LARGEST_POST),
    "url": _text,
    "favourite_at": _time,
    "read_at": _time,
    "stopped_at": _time,
    "anchor": _text,
    "block": _number(0, 1_000_000),
    "share": _number(0, 100),
    "text": _text,
    "tags": lambda value: isinstance(value, list) and all(map(_text, value)),
    "changed_at": _time,
    "key": _text,
    "quote": _text,
    "before": _text,
    "after": _text,
    "note": _text,
    "revision": _text,
    "made_at": _time,
}
