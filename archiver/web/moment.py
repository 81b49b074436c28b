"""Points in time as addresses write them: `/@20260101/archives/8265` is that page as of the end of that day.

Times are UTC and in the archive's form (`2026-01-01T23:59:59Z`), which sorts as text.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from archiver.errors import UsageError

_LENGTHS = {4: "year", 6: "month", 8: "day", 10: "hour", 12: "minute", 14: "second"}
_VIEW = re.compile(r"/@(\d{4,14})?(id_)?(/.*)?", re.DOTALL)
_EXPECTED = "expected a date such as 2026-01-01, 2026-01-01T12:30:00Z or 4 to 14 digits from year to second"


@dataclass(frozen=True, slots=True)
class View:
    """How an address asks for a page: when, in which form, and which."""

    path: str
    """Path and query on the blog."""
    digits: str = ""
    """The date as written; empty for none."""
    raw: bool = False
    """Whether the recorded bytes are wanted, links unchanged."""

    @property
    def prefix(self) -> str:
        """What links on the page must begin with to stay at the same date."""
        return f"/@{self.digits}" if self.digits else ""


def parse_view(path: str) -> View | None:
    """Return what an address asks for; None when it begins with `/@` and asks for no page.

    Raises UsageError for digits that are no date.
    """
    if not path.startswith("/@"):
        return View(path)
    found = _VIEW.fullmatch(path)
    if not found or not (found[1] or found[2]):
        return None
    if found[1]:
        last_second(found[1])
    return View(found[3] or "", found[1] or "", bool(found[2]))


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
        if len(text) == len("2026-01-01"):
            moment = moment.replace(hour=23, minute=59, second=59)
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{_EXPECTED}, found {text!r}") from error


def parse_http_date(text: str) -> str | None:
    """Return the moment an HTTP date names; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    """Return a moment in the archive's form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digits_of(fetched_at: str) -> str:
    """Return the 14 digits of a time in the archive's form."""
    return re.sub(r"\D", "", fetched_at)[:14]


def http_date(fetched_at: str) -> str:
    """Return a time in the archive's form as HTTP writes dates (RFC 9110, section 5.6.7)."""
    return format_datetime(datetime.fromisoformat(fetched_at).astimezone(UTC), usegmt=True)
