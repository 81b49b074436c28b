from __future__ import annotations

import pytest

from archiver.dates import parse_date
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
    "text", ["", "yesterday", "2026-02-30", "20261", "2026-11-21T25:00", "0001-01-01T00:00:00+12:00", "９９９９"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"found {text!r}".replace("+", "[+]")):
        parse_date(text)
