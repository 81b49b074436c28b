from __future__ import annotations

from contextlib import suppress
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.schedule import format_duration, parse_duration, parse_time
from archiver.schedule.durations import LONGEST

lengths = st.integers(1, int(LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("26h", timedelta(hours=26)),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        ("45s", timedelta(seconds=45)),
        ("2 days", timedelta(days=2)),
        (" 1 Day 2 hours ", timedelta(hours=26)),
        ("1 week", timedelta(days=7)),
        ("5min", timedelta(minutes=5)),
        ("1w1d1h1m1s", timedelta(days=8, hours=1, minutes=1, seconds=1)),
        ("2592000s", timedelta(days=30)),
    ],
)
def test_a_length_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "26", "h", "1.5h", "-1h", "12h1d", "1h1h", "1d,2h", "1 month", "1hx", "1d12", "２６h", "inf"),
        *("0s", "0h0m", "36501d", "999999999w", "9999999999s"),
    ],
)
def test_anything_else_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(UsageError, match="expected a duration") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@given(lengths)
def test_what_is_written_is_read_again(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length


@given(st.text())
def test_no_text_gives_another_error(text: str) -> None:
    with suppress(UsageError):
        assert timedelta(0) < parse_duration(text) <= LONGEST


def test_no_time_is_written_too() -> None:
    assert [format_duration(timedelta(seconds=n)) for n in (-5, 0, 0.4, 59.6)] == ["0s", "0s", "0s", "1m"]


@pytest.mark.parametrize(("text", "at"), [("04:30", time(4, 30)), ("4:05", time(4, 5)), ("23:59", time(23, 59))])
def test_a_time_of_day_is_read(text: str, at: time) -> None:
    assert parse_time(text) == at


@pytest.mark.parametrize("text", ["", "24:00", "4:5", "04:60", "4", "04:30:00", "noon"])
def test_any_other_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a time of day such as 04:30, found"):
        parse_time(text)
