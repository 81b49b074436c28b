"""Dates as people write them. Times are UTC and in the archive's form (`2026-01-01T23:59:59Z`), which sorts as text."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from archiver.errors import UsageError

_LENGTHS = {4: "year", 6: "month", 8: "day", 10: "hour", 12: "minute", 14: "second"}
_EXPECTED = "expected a date such as 2026-01-01, 2026-01-01T12:30:00Z or 4 to 14 digits from year to second"


def last_second(digits: str) -> str:
    """Return the end of a year, month, day, hour, minute or second, given as 4 to 14 digits.

    Raises UsageError when there is none such.
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
    return written(moment)


def parse_date(text: str) -> str:
    """Return the moment a person means by a date: the end of a day, an ISO 8601 time, or as `last_second`.

    Raises UsageError when it is none.
    """
    if text.isdigit():
        return last_second(text)
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-01-01"):
            moment = moment.replace(hour=23, minute=59, second=59)
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{_EXPECTED}, found {text!r}") from error


def written(moment: datetime) -> str:
    """Return a moment in the archive's form."""
    # And not strftime, which leaves out the zeros of early years.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
