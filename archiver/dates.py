"""Dates as people write them, and the clocks they follow.

Times are UTC and in the archive's form (`2026-01-01T23:59:59Z`), which sorts as text.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archiver.clock import timestamp
from archiver.errors import UsageError

_LENGTHS = {4: "year", 6: "month", 8: "day", 10: "hour", 12: "minute", 14: "second"}
_WRITTEN = {4: 4, 6: 7, 8: 10, 10: 13, 12: 16, 14: 20}
"""Characters of a moment that tell as much as so many digits."""
_EXPECTED = "expected a date such as 2026-01-01, 2026-01-01T12:30:00Z or 4 to 14 digits from year to second"


def last_second(digits: str) -> str:
    """Return the end of a year, month, day, hour, minute or second, given as 4 to 14 digits.

    Raises UsageError for an impossible one.
    """
    if len(digits) not in _LENGTHS or not digits.isascii() or not digits.isdigit():
        raise UsageError(f"{_EXPECTED}, found {digits!r}")
    try:
        month = int(digits[4:6] or 12)
        days = monthrange(int(digits[:4]), month)[1]
        whole = digits + f"{digits[:4]}{month:02}{days:02}235959"[len(digits) :]
        moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{_EXPECTED}, found {digits!r}, which is none") from error
    return timestamp(moment)


def parse_date(text: str) -> str:
    """Return the time that a person means by a date: the end of a day, an ISO 8601 time, or as `last_second`.

    Raises UsageError if it is not one.
    """
    if text.isdigit():
        return last_second(text)
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-01-01"):
            moment = moment.replace(hour=23, minute=59, second=59)
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{_EXPECTED}, found {text!r}") from error


def parse_start(text: str) -> str:
    """Return a date that a person means as text that sorts before every moment of it: a day as `2026-01-01`.

    It is written as for `parse_date`; raises UsageError if it is not one.
    """
    end = parse_date(text)
    if text.isdigit():
        return end[: _WRITTEN[len(text)]]
    return end[: len("2026-01-01")] if len(text) <= len("2026-01-01") else end


@cache
def clock(zone: str) -> tzinfo:
    """Return the clock of a zone: an offset from UTC such as `+08:00`, or a name such as `Europe/Berlin`.

    Raises ValueError for an unknown one.
    """
    try:
        if re.fullmatch(r"[+-]\d\d:\d\d", zone):
            return datetime.strptime(zone, "%z").tzinfo or UTC
        return ZoneInfo(zone)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:  # OSError: the name of a folder of zones
        raise ValueError(f"there is no zone {zone!r}") from error


def day_by(moment: datetime, zone: str) -> str:
    """Return the day, `YYYY-MM-DD`, of a time with an offset by the clock of a zone, as in `clock`.

    An offset alone is that of winter: a time with an offset one hour ahead is by the same clock in summer.
    """
    by = clock(zone)
    if isinstance(by, timezone) and moment.utcoffset() == by.utcoffset(None) + timedelta(hours=1):
        return moment.date().isoformat()
    return moment.astimezone(by).date().isoformat()
