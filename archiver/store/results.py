"""Rows as people and programs read them: a table, JSON, JSON lines, CSV.

Every format yields text with its line ends, so `stdout.writelines(as_csv(result))` writes it, row by row where the
format allows.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archiver.errors import UsageError

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Rows that were read."""

    columns: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows that are read one after the other, only once."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


MOST_ROWS = 1_000_000
"""Rows kept in memory at once; more are for formats that write them as they come."""

LEAST_WIDTH = 6
"""Characters a column keeps however narrow the terminal is."""

_GAP = 2  # spaces between columns, in tabulate's "simple" form
_PADDING = 2  # columns tabulate leaves beside a name

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet may take for the start of a formula: OWASP, "CSV Injection", including full-width forms."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def held(rows: Iterable[Row]) -> list[Row]:
    """Return rows as a list; raise UsageError for more than `MOST_ROWS`, which an endless query would have."""
    found = list(islice(rows, MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise UsageError(f"the query found more than {MOST_ROWS:,} rows: add a LIMIT, or ask for CSV or JSON lines")
    return found


def as_table(result: Result | Stream, width: int | None = None) -> Iterator[str]:
    """Yield the rows as an aligned table; with a `width`, that of the terminal, long cells are cut with `…`.

    A Chinese character counts as two columns. A cell stays on its line; control characters, which could command the
    terminal, are replaced.
    """
    from tabulate import tabulate

    rows = held(result.rows)
    cells = [[shown(value) for value in row] for row in rows]
    names = [shown(name) for name in result.columns]
    if width is not None:
        most = _widest(names, cells, width)
        names = [_shortened(name, most - _PADDING) for name in names]
        cells = [[_shortened(cell, most) for cell in row] for row in cells]
    align = ["right" if _numeric(column) else "left" for column in zip(*rows, strict=True)]
    # Without rows tabulate knows no columns to align.
    yield tabulate(cells, names, tablefmt="simple", disable_numparse=True, colalign=align or None) + "\n"


def as_json(result: Result | Stream) -> Iterator[str]:
    """Yield the rows as a JSON list of objects, one per line; see `as_lines`."""
    yield "["
    before = "\n"
    for line in as_lines(result):
        yield before + line.rstrip("\n")
        before = ",\n"
    yield "\n]\n"


def as_lines(result: Result | Stream) -> Iterator[str]:
    """Yield the rows as JSON objects, one per line.

    A repeated column name gets a number (`id`, `id_2`). Bytes are `{"$base64": true, "encoded": ...}`, what
    JSON has no type for is text.
    """
    names = _distinct(result.columns)
    for row in result.rows:
        values = (_json_value(value) for value in row)
        yield json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, default=str) + "\n"


def as_csv(result: Result | Stream) -> Iterator[str]:
    """Yield the rows as CSV (RFC 4180) with a header.

    Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers are left alone. NULL is empty,
    bytes are hexadecimal.
    """
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    for row in _chained(result.columns, result.rows):
        writer.writerow([_neutral(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _chained(first: Row, others: Iterable[Row]) -> Iterator[Row]:
    yield first
    yield from others


def shown(value: Any) -> str:
    """Return a value as one line of text that is safe to show on a terminal."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return "".join(map(_visible, str(value).replace("\r\n", "\n")))


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    # Joiners and variation selectors (Cf, Mn) belong to the text; controls, and marks that turn the reading
    # direction of the rest of the line, do not.
    turns = unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return "\ufffd" if turns or unicodedata.category(character) in {"Cc", "Cs"} else character


def _numeric(column: Iterable[Any]) -> bool:
    return all(value is None or isinstance(value, int | float) for value in column)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def _widest(names: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> int:
    """Return the width to cut the widest columns to, so that a line takes at most `width`."""
    widths = [
        max([_columns(name) + _PADDING, *map(_columns, column)]) for name, *column in zip(names, *cells, strict=True)
    ]
    room = width - _GAP * (len(widths) - 1)
    most = max(room, LEAST_WIDTH)
    while most > LEAST_WIDTH and sum(min(each, most) for each in widths) > room:
        most -= 1
    return most


def _shortened(text: str, width: int) -> str:
    if len(text) * 2 <= width or _columns(text) <= width:
        return text
    text = text[:width]  # no character takes a negative number of columns, and most take one
    while _columns(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the names, with a number after each repeated one."""
    found: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found


def _json_value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity
    return value


def _neutral(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value
