"""Points in time as addresses write them: `/@20260101/archives/8265` is that page as of the end of that day.

Times are UTC and in the archive's form (`2026-01-01T23:59:59Z`), which sorts as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from archiver.clock import timestamp
from archiver.dates import last_second

_VIEW = re.compile(r"/@(\d{4,14})?(id_)?(/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReplayAddress:
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


def parse_view(path: str) -> ReplayAddress | None:
    """Return what an address asks for; None when it begins with `/@` and asks for no page.

    Raises UsageError for digits that are not a date.
    """
    if not path.startswith("/@"):
        return ReplayAddress(path)
    found = _VIEW.fullmatch(path)
    if not found or not (found[1] or found[2]):
        return None
    if found[1]:
        last_second(found[1])
    return ReplayAddress(found[3] or "", found[1] or "", bool(found[2]))


def parse_http_date(text: str) -> str | None:
    """Return the time of an HTTP date, in the archive's form; None if it is not one."""
    try:
        moment = parsedate_to_datetime(text)
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def digits_of(fetched_at: str) -> str:
    """Return the 14 digits of a time in the archive's form."""
    return re.sub(r"\D", "", fetched_at)[:14]


def http_date(fetched_at: str) -> str:
    """Return a time in the archive's form as HTTP writes dates (RFC 9110, section 5.6.7)."""
    return format_datetime(datetime.fromisoformat(fetched_at).astimezone(UTC), usegmt=True)
