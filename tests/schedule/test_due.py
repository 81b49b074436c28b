from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.schedule.cron import cron_block
from archiver.schedule.due import next_run
from archiver.schedule.durations import parse_duration, parse_time
from archiver.schedule.plan import PERIODS, Schedule
from archiver.schedule.systemd import TIMER, systemd_units

from .conftest import Stub

NOW = datetime(2026, 11, 21, 17, 45, tzinfo=UTC)  # a Saturday


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def plan(home: Path, every: str = "24h", at: str = "4:10") -> Schedule:
    return Schedule(home=home, every=parse_duration(every), at=parse_time(at))


@pytest.mark.parametrize(
    ("every", "at", "expected"),
    [
        ("24h", "4:10", "2026-11-22T04:10"),
        ("24h", "18:00", "2026-11-21T18:00"),
        ("6h", "1:30", "2026-11-21T19:30"),
        ("1h", "0:05", "2026-11-21T18:05"),
        ("7d", "4:10", "2026-11-23T04:10"),
    ],
)
def test_the_next_run_of_a_crontab_is_told(stub: Stub, tmp_path: Path, every: str, at: str, expected: str) -> None:
    table = tmp_path / "table"
    table.write_text("0 0 * * * true\n" + cron_block(plan(tmp_path, every, at)))
    stub("crontab", f"exec /bin/cat {table}")
    assert next_run(tmp_path, NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert next_run(tmp_path / "another", NOW) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.sampled_from(PERIODS), st.times(), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_it_is_never_further_away_than_the_period(
    stub: Stub, tmp_path: Path, hours: int, at: time, now: datetime
) -> None:
    table = tmp_path / "table"
    table.write_text(cron_block(Schedule(home=tmp_path, every=timedelta(hours=hours), at=at)))
    stub("crontab", f"exec /bin/cat {table}")
    found = next_run(tmp_path, now.replace(tzinfo=UTC))
    assert found
    assert timedelta(0) < found - now.replace(tzinfo=UTC) <= timedelta(hours=hours)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (json.dumps([{"next": int(NOW.timestamp() * 1e6), "unit": TIMER}]), NOW),
        ("[]", None),
        ('[{"next": null}]', None),
        ("no json", None),
    ],
)
def test_the_next_run_of_a_timer_is_told(
    stub: Stub, tmp_path: Path, config: Path, answer: str, expected: datetime | None
) -> None:
    folder = config / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / TIMER).write_text(systemd_units(plan(tmp_path))[TIMER])
    stub("systemctl", f"printf '%s' '{answer}'")
    assert next_run(tmp_path, NOW) == expected
    assert next_run(tmp_path / "another", NOW) is None


def test_programs_that_are_not_there_or_fail_start_nothing(stub: Stub, tmp_path: Path) -> None:
    assert next_run(tmp_path, NOW) is None
    stub("crontab", "echo no crontab >&2; exit 1")
    assert next_run(tmp_path, NOW) is None
