"""Dates as pages write them beside a comment, read one way of writing at a time."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
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


def common(texts: Collection[str]) -> Form | None:
    """Return the first way of writing that any of several texts follows."""
    return next((form for form in FORMS if any(map(form, texts))), None)


def iso(year: int, month: int, day: int) -> str | None:
    """Return a day as `YYYY-MM-DD`; None when the calendar has none such."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
