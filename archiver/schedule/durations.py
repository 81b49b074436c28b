"""Durations and times of day as people write them: `26h`, `1d12h`, `2 days`; `04:30`."""

from __future__ import annotations

import re
from datetime import time, timedelta

from archiver.errors import UsageError

SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Length of each unit, longest first; `m` is a minute, there are no months."""

LONGEST = timedelta(days=36_500)
"""A hundred years: more is a typing error, and would overflow dates."""

_LENGTH = re.compile(
    r"""
    (?: (?P<w> [0-9]{1,9} ) \s* (?: weeks? | w ) \s* )?
    (?: (?P<d> [0-9]{1,9} ) \s* (?: days? | d ) \s* )?
    (?: (?P<h> [0-9]{1,9} ) \s* (?: hours? | hrs? | h ) \s* )?
    (?: (?P<m> [0-9]{1,9} ) \s* (?: minutes? | mins? | m ) \s* )?
    (?: (?P<s> [0-9]{1,9} ) \s* (?: seconds? | secs? | s ) \s* )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def parse_duration(text: str) -> timedelta:
    """Return the duration that a person wrote: `26h`, `90m`, `1d12h`, `45s`, `2 days`.

    Whole numbers with a unit each, the longer unit first; weeks, days, hours, minutes and seconds. Raises UsageError
    for anything else, for a duration of zero and for more than a hundred years.
    """
    found = _LENGTH.fullmatch(text.strip())
    # A bare number would be seconds to one person and hours to the next, so it is refused as well.
    if not found or not text.strip():
        raise UsageError(f"expected a duration such as 26h, 90m, 1d12h or '2 days', found {text!r}")
    seconds = sum(int(found[unit] or 0) * length for unit, length in SECONDS.items())
    if not 0 < seconds <= LONGEST.total_seconds():
        raise UsageError(f"expected a duration from 1s to {LONGEST.days}d, found {text!r}")
    return timedelta(seconds=seconds)


def format_duration(length: timedelta) -> str:
    """Return a duration as `parse_duration` reads it, in units up to days and to the second: `1d12h`."""
    rest = max(round(length.total_seconds()), 0)
    parts = []
    for unit in "dhms":
        count, rest = divmod(rest, SECONDS[unit])
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def parse_time(text: str) -> time:
    """Return the time of day that a person wrote as `HH:MM`.

    Raises UsageError for anything else.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise UsageError(f"expected a time of day such as 04:30, found {text!r}")
    return time(int(found[1]), int(found[2]))
