"""What time it is: the one place where the system is asked for that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ahead = timedelta(0)
"""By how much this process takes it to be later than the system does: a year can be simulated, and a wrong clock."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC) + ahead
