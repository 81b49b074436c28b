"""WARC-Date, however a program wrote it: the one place where a date from outside is read.

WARC 1.0 and 1.1 (section 5.4) ask for W3CDTF (https://www.w3.org/TR/NOTE-datetime), in UTC, with up to nine digits of
a second. Anything else with a single meaning is accepted, too: a lower-case `t` or `z`, a space for the `T`, no zone
(UTC), and the 14 digits of ARC files and indexes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?([Zz]|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_LEAP = 60
_LAST_MOMENT = 999_999  # microseconds: a leap second is the end of the second before it, which Python can hold


@lru_cache(maxsize=256)
def normal(text: str) -> str | None:
    """Return a date as `2026-11-21T17:45:00.123456Z`, which sorts as text; None for anything else.

    Microseconds are kept, and missing parts are the earliest they can be. A leap second (`:60`) is the last moment of
    the second before it, so it stays in order.
    """
    text = text.strip()
    digits = _DIGITS.fullmatch(text)
    found = digits or _DATE.fullmatch(text)
    if found is None:
        return None
    parts = zip(found.groups()[:6], "011000", strict=True)
    year, month, day, hour, minute, second = (int(part or earliest) for part, earliest in parts)
    fraction, zone = (None, None) if digits else (found[7], found[8])
    micro = int(f"{fraction or 0:0<6}"[:6])
    if second == _LEAP:
        second, micro = _LEAP - 1, _LAST_MOMENT
    try:
        moment = datetime(year, month, day, hour, minute, second, micro, _zone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
