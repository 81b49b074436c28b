"""Dates as pages write them: beside a comment, one way of writing at a time; of an article, with the time of day."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol


class Form(Protocol):
    """A way of writing dates: returns the first one in a text as `YYYY-MM-DD`, with where it begins and ends."""

    def __call__(self, text: str, /) -> tuple[str, int, int] | None:
        """Return date, begin and end; None when there is none, or none that exists."""
        ...


_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ENGLISH = re.compile(rf"\b({_MONTH})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,\s+(\d{{4}})\b")
_NUMBERS = re.compile(r"(?<!\d)(\d{4})([-/.年])(\d{1,2})(?:[-/.]|(?<=\d)月)(\d{1,2})(?!\d)日?")


def english(text: str, /) -> tuple[str, int, int] | None:
    """Read `June 20th, 2025` or `Jun 20, 2025`."""
    for found in _ENGLISH.finditer(text):
        if day := iso(int(found[3]), _MONTH.split("|").index(found[1]) + 1, int(found[2])):
            return day, *found.span()
    return None


def numbers(text: str, /) -> tuple[str, int, int] | None:
    """Read `2025-06-20`, `2025/6/20` or `2025年6月20日`."""
    for found in _NUMBERS.finditer(text):
        if day := iso(int(found[1]), int(found[3]), int(found[4])):
            return day, *found.span()
    return None


FORMS: tuple[Form, ...] = (english, numbers)
"""Ways of writing dates, the blog's own first."""


_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+({_MONTH})[a-z]*\.?,?[\s-]+(\d{{4}})\b", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?!\d)"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T[\d:+-]+Z?)?")
EARLIEST = 1980
"""Year of the oldest article that any page can be expected to hold; dates before it are those of templates."""


def day_first(text: str, /) -> tuple[str, int, int] | None:
    """Read `20 June 2025` or `20-Jun-2025`."""
    for found in _DAY_FIRST.finditer(text):
        if day := iso(int(found[3]), _MONTH.split("|").index(found[2].capitalize()) + 1, int(found[1])):
            return day, *found.span()
    return None


def moment(text: str) -> str | None:
    """Return the first date in a text as ISO 8601, as exact as it is given: a day, with its time, with its zone.

    >>> moment("2024-05-01 08:30:00 +0800")
    '2024-05-01T08:30:00+08:00'
    """
    if exact := _with_time(text):
        return exact if int(exact[:4]) >= EARLIEST else None
    compact = _COMPACT.fullmatch(text.strip())
    day = iso(*map(int, compact.groups())) if compact else None
    found = min(filter(None, (form(text) for form in (*FORMS, day_first))), key=lambda each: each[1], default=None)
    day = day or (found[0] if found else None)
    return day if day and int(day[:4]) >= EARLIEST else None


def _with_time(text: str) -> str | None:
    found = _CLOCK.search(text)
    with suppress(ValueError, OverflowError, TypeError, IndexError):
        if not found:
            return parsedate_to_datetime(text).isoformat() if _RFC_5322.match(text) else None
        zone = found[3] or ""
        return datetime.fromisoformat(f"{found[1]}T{found[2]:0>5}{'Z' if zone.isalpha() else zone}").isoformat()
    return None


_RFC_5322 = re.compile(rf"\s*(?:[A-Z][a-z]{{2}},\s+)?\d{{1,2}}\s+(?:{_MONTH})\s+\d{{4}}\s+\d")


def common(texts: Collection[str]) -> Form | None:
    """Return the first way of writing that any of several texts follows."""
    return next((form for form in FORMS if any(map(form, texts))), None)


def iso(year: int, month: int, day: int) -> str | None:
    """Return a day as `YYYY-MM-DD`; None when the calendar has none such."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
