"""When the next run is due, as systemd's timer or the crontab says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.config import user_config_home
from archiver.schedule.cron import begin_mark
from archiver.schedule.systemd import MARKER, TIMER, folder_of_units

PATIENCE = 3
"""Seconds that each program has: a page waits for the answer."""

_LINE = re.compile(r"(\d+) ([\d,]+|\*) \* \* (\*|1) ")
"""The beginning of a line of ours, see `cron_line`: minute, hours, any day or Monday."""


def next_run(home: Path, now: datetime) -> datetime | None:
    """Return when the next scheduled crawl of an archive begins; None when nothing of ours would start one.

    A scheduler that cannot be asked, because it is missing or does not answer, counts as having nothing. `now` has a
    zone, which is that of the crontab's hours.
    """
    home = home.resolve()
    found = [moment for moment in (_of_timer(home), _of_crontab(home, now)) if moment is not None]
    return min(found, default=None)


def _of_timer(home: Path) -> datetime | None:
    unit = folder_of_units(user_config_home()) / TIMER
    try:
        ours = f"{MARKER}{home}" in unit.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    listed = _answer("systemctl", "--user", "list-timers", "--output=json", TIMER) if ours else None
    try:
        moments = [timer["next"] for timer in json.loads(listed or "[]")]
        return datetime.fromtimestamp(moments[0] / 1e6, UTC) if moments and moments[0] else None
    except (KeyError, TypeError, ValueError):
        return None


def _of_crontab(home: Path, now: datetime) -> datetime | None:
    lines = (_answer("crontab", "-l") or "").splitlines()
    if begin_mark(home) not in lines:
        return None
    after = lines[lines.index(begin_mark(home)) :]
    line = next((found for found in map(_LINE.match, after) if found), None)
    return next((moment for moment in _moments(line, now) if moment > now), None) if line else None


def _moments(line: re.Match[str], now: datetime) -> Iterator[datetime]:
    """Yield the times at which a line of ours runs, for one week from the midnight before now; it must run by then."""
    hours = range(24) if line[2] == "*" else sorted(map(int, line[2].split(",")))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(8):
        date = midnight + timedelta(days=day)
        if line[3] == "*" or date.isoweekday() == int(line[3]):
            yield from (date.replace(hour=hour, minute=int(line[1])) for hour in hours)


def _answer(program: str, *words: str) -> str | None:
    """Return what a program prints; None when it is not there, fails, or takes too long."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run([path, *words], capture_output=True, timeout=PATIENCE, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
