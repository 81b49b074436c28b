"""The profile that is drafted of what a blog says of itself."""

from __future__ import annotations

import pytest

from archiver.probe.draft import Draft


@pytest.mark.parametrize(
    ("zones", "zone"),
    [
        ([], "+00:00"),
        ([["+00:00"] * 3], "+00:00"),
        ([["+00:00"] * 3, ["+08:00"]], "+08:00"),
        ([["-05:00", "-05:00", "-04:00"]], "-05:00"),
        ([["+02:00", "+02:00", "+01:00"], ["+00:00"]], "+01:00"),
        ([["+01:00", "+01:00"], ["+00:00"] * 9], "+01:00"),
        ([["+01:00", "+01:00", "+00:00"]], "+00:00"),
    ],
    ids=["nothing", "UTC", "Beijing", "New York", "Berlin", "Berlin in winter", "London"],
)
def test_the_zone_is_that_in_which_a_list_writes_its_dates_in_winter(zones: list[list[str]], zone: str) -> None:
    draft = Draft(origin="https://chalk.example", zones=tuple(map(tuple, zones)))
    assert draft.profile().zone == zone
    assert ("In summer" in draft.toml()) is any(len({*each}) > 1 for each in zones)


def test_without_a_zone_it_is_that_of_those_who_read_the_language() -> None:
    assert Draft(origin="https://chalk.example", language="zh-CN", zones=(("+00:00",),)).profile().zone == "+08:00"
