"""What time it is: the one place that asks the system; and how the archive writes a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ahead = timedelta(0)
"""By how much this process takes it to be later than the system does: a year can be simulated, and a wrong clock."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC) + ahead


def timestamp(moment: datetime | None = None) -> str:
    """Return a moment with a zone, now by default, as stored: ISO 8601 UTC with seconds and `Z`."""
    # And not strftime, which leaves out the zeros of early years.
    return (moment or now()).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
