"""The time, from the one place that asks the system; and how the archive writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ahead = timedelta(0)
"""How far this process is ahead of the system's clock: to simulate a year, or a wrong clock."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC) + ahead


def timestamp(moment: datetime | None = None) -> str:
    """Return a time with a zone, now by default, as stored: ISO 8601 UTC with seconds and `Z`."""
    # And not strftime, which leaves out the zeros of early years.
    return (moment or now()).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
