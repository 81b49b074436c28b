from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.clock import timestamp
from archiver.dates import clock, day_by, parse_date, parse_start
from archiver.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21", "2026-11-21T23:59:59Z"),
        ("2026-11-21T17:45", "2026-11-21T17:45:00Z"),
        ("2026-11-21T17:45:00+08:00", "2026-11-21T09:45:00Z"),
        ("2026-11-21 17:45:00Z", "2026-11-21T17:45:00Z"),
        ("2026", "2026-12-31T23:59:59Z"),
        ("0999-12-31T23:00:00Z", "0999-12-31T23:00:00Z"),
    ],
)
def test_a_date_means_the_end_of_its_day(text: str, expected: str) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21", "2026-11-21"),
        ("20261121", "2026-11-21"),
        ("2026-W47", "2026-11-16"),
        ("2026-11-21T17:45:00+08:00", "2026-11-21T09:45:00Z"),
        ("2026", "2026"),
        ("202611", "2026-11"),
        ("2026112117", "2026-11-21T17"),
        ("202611211745", "2026-11-21T17:45"),
        ("20261121174501", "2026-11-21T17:45:01Z"),
    ],
)
def test_the_start_of_a_date_sorts_before_every_moment_of_it(text: str, expected: str) -> None:
    assert parse_start(text) == expected <= parse_date(text)


def test_times_sort_as_text_from_the_first_year_on() -> None:
    moments = [datetime(year, 1, 1, tzinfo=UTC) for year in (1, 999, 1000, 2026)]
    assert sorted(map(timestamp, moments)) == [timestamp(moment) for moment in moments]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "20261", "2026-11-21T25:00", "0001-01-01T00:00:00+12:00", "９９９９"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"found {text!r}".replace("+", "[+]")):
        parse_date(text)


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2024-07-05T22:30:00+00:00", "Europe/Berlin", "2024-07-06"),
        ("2024-01-05T22:30:00+00:00", "Europe/Berlin", "2024-01-05"),
        ("2024-07-05T22:30:00+00:00", "+01:00", "2024-07-05"),
        ("2024-07-05T23:30:00+02:00", "+01:00", "2024-07-05"),
        ("2024-07-05T00:30:00+02:00", "+01:00", "2024-07-05"),
        ("2024-07-05T00:30:00+03:00", "+01:00", "2024-07-04"),
        ("2024-07-05T00:30:00+03:00", "Europe/Berlin", "2024-07-04"),
    ],
)
def test_a_moment_is_of_a_day_by_the_clock_of_a_zone_in_summer_too(moment: str, zone: str, day: str) -> None:
    assert day_by(datetime.fromisoformat(moment), zone) == day


@pytest.mark.parametrize("zone", ["", "Europe", "Europe/Bonn", "../zone", "/etc/passwd", "+8", "+25:00", "+08:00:00"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="there is no zone"):
        clock(zone)
