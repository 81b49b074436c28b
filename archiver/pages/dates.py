"""Dates as pages write them: next to a comment, one way of writing at a time; of an article, with the time of day."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from archiver.dates import day_by


class DateFormat(Protocol):
    """A way of writing dates: returns the first one in a text as `YYYY-MM-DD`, with where it begins and ends."""

    def __call__(self, text: str, /) -> tuple[str, int, int] | None:
        """Return date, begin and end; None when there is none, or it does not exist."""
        ...


_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ENGLISH = re.compile(rf"\b({_MONTH})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,\s+(\d{{4}})\b")
_NUMBERS = re.compile(r"(?<!\d)(\d{4})([-/.年])(\d{1,2})(?:[-/.]|(?<=\d)月)(\d{1,2})(?!\d)日?")


def english(text: str, /) -> tuple[str, int, int] | None:
    """Read `June 20th, 2025` or `Jun 20, 2025`."""
    if "," not in text:
        return None
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


_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+({_MONTH})[a-z]*\.?,?[\s-]+(\d{{4}})\b", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?!\d)"
)
OFFSET = re.compile(r"[+-]\d\d:\d\d\Z")
"""The offset from UTC in the results of `moment` that have one."""
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T[\d:+-]+Z?)?")
EARLIEST = 1980
"""Year of the oldest article that any page can be expected to hold; dates before it are those of templates."""


def day_first(text: str, /) -> tuple[str, int, int] | None:
    """Read `20 June 2025` or `20-Jun-2025`."""
    for found in _DAY_FIRST.finditer(text):
        if day := iso(int(found[3]), _MONTH.split("|").index(found[2].capitalize()) + 1, int(found[1])):
            return day, *found.span()
    return None


FORMS: tuple[DateFormat, ...] = (english, numbers, day_first)
"""Ways of writing dates in English and by numbers, which come before those of other languages."""


_ABROAD = {
    name: number
    for number, names in enumerate(
        (
            "januar jänner janvier enero gennaio janeiro januari stycznia января",
            "februar février febrero febbraio fevereiro februari lutego февраля",
            "märz mars marzo março maart marca марта",
            "april avril abril aprile kwietnia апреля",
            "mai mayo maggio maio mei maj maja мая",
            "juni juin junio giugno junho czerwca июня",
            "juli juillet julio luglio julho lipca июля",
            "august août agosto augustus augusti sierpnia августа",
            "september septembre septiembre settembre setembro września сентября",
            "oktober octobre octubre ottobre outubro października октября",
            "november novembre noviembre novembro listopada ноября",
            "dezember décembre diciembre dicembre dezembro december grudnia декабря",
        ),
        1,
    )
    for name in names.split()
}
"""Months in German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish and Russian."""

_DAY_ABROAD = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:er|\.)?\s+(?:de\s+)?({'|'.join(_ABROAD)}),?\s+(?:de\s+)?(\d{{4}})(?!\d)", re.IGNORECASE
)
_DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.])")
_TIME = re.compile(
    r"[\s,]*(?:(?:at|um|à|a las|alle|às|om|kl\.?|o|в)\s+)?(?:上午|下午|凌晨|早上|中午|晚上)?\s*"
    r"\d{1,2}[:h]\d{2}(?::\d{2})?(?:\s*[ap]\.?m\b\.?|\s*Uhr\b)?",
    re.IGNORECASE,
)


def abroad(text: str, /) -> tuple[str, int, int] | None:
    """Read `3. März 2024`, `3 mars 2024`, `3 de marzo de 2024` or `03.03.2024`."""
    for found in _DAY_ABROAD.finditer(text):
        if day := iso(int(found[3]), _ABROAD[found[2].lower()], int(found[1])):
            return day, *found.span()
    for found in _DOTTED.finditer(text):
        if day := iso(int(found[3]), int(found[2]), int(found[1])):
            return day, *found.span()
    return None


def without_time(text: str) -> str:
    """Return what follows a date, without the time of day it begins with: `at 5:12 pm`, `下午5:12`, `um 17:12`."""
    found = _TIME.match(text)
    return text[found.end() :] if found else text


def moment(text: str) -> str | None:
    """Return the first date in a text as ISO 8601, as exact as it is given: a day, with its time, with its zone.

    >>> moment("2024-05-01 08:30:00 +0800")
    '2024-05-01T08:30:00+08:00'
    """
    if exact := _with_time(text):
        return exact if int(exact[:4]) >= EARLIEST else None
    compact = _COMPACT.fullmatch(text.strip())
    day = iso(*map(int, compact.groups())) if compact else None
    found = min(filter(None, (form(text) for form in FORMS)), key=lambda each: each[1], default=None)
    day = day or (found[0] if found else None)
    return day if day and int(day[:4]) >= EARLIEST else None


_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)(?:/(\d\d)/(\d\d)[/-]|-(\d\d)-(\d\d)-)(?=[^/\d])")


def in_address(url: str) -> str | None:
    """Return the day that an address has before the name of its article.

    >>> in_address("https://chalk.example/2024/05/01/on-limits/")
    '2024-05-01'
    """
    found = _IN_ADDRESS.search(url)
    return iso(*(int(part) for part in found.groups() if part)) if found else None


def day_at(text: str, zone: str) -> str | None:
    """Return the day of a date written for programs, by the clock of a zone, as in `archiver.dates.clock`.

    Where none is given, it is the day as written.
    """
    exact = moment(text)
    if not zone or exact is None or len(exact) <= len("2024-01-01T00:00:00"):
        return exact and exact[:10]
    with suppress(OverflowError):
        return day_by(datetime.fromisoformat(exact), zone)
    return exact[:10]


def _with_time(text: str) -> str | None:
    found = _CLOCK.search(text)
    with suppress(ValueError, OverflowError, TypeError, IndexError):
        if not found:
            return parsedate_to_datetime(text).isoformat() if _RFC_5322.match(text) else None
        zone = found[3] or ""
        return datetime.fromisoformat(f"{found[1]}T{found[2]:0>5}{'Z' if zone.isalpha() else zone}").isoformat()
    return None


_RFC_5322 = re.compile(rf"\s*(?:[A-Z][a-z]{{2}},\s+)?\d{{1,2}}\s+(?:{_MONTH})\s+(?!00)\d{{4}}\s+\d")
"""A date of mails and feeds; Hugo's for undated pages is in the year 0001, which would be read as 2001."""


def common(texts: Collection[str]) -> DateFormat | None:
    """Return the first way of writing that any of several texts follows."""
    return next((form for form in (*FORMS, abroad) if any(map(form, texts))), None)


def iso(year: int, month: int, day: int) -> str | None:
    """Return a day as `YYYY-MM-DD`; None when the calendar has no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
