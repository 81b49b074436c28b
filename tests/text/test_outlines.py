"""Outlines of signs, written short, are the outlines they were."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from archiver.text.outlines import shortened

COMMANDS = {"M": 1, "L": 1, "Q": 2, "C": 3}
points = st.tuples(st.integers(-400, 400), st.integers(-400, 400))
steps = st.sampled_from("MLLQC").flatmap(
    lambda command: st.tuples(st.just(command), st.lists(points, min_size=(n := COMMANDS[command]), max_size=n))
)
contours = st.lists(st.one_of(steps, st.just(("Z", []))), min_size=1, max_size=12)


def places(path: str) -> list[tuple[int, int]]:
    """Return the points of a path as SVG reads it, whatever its commands are relative to."""
    found, x, y, start, kept = [], 0, 0, (0, 0), ""
    tokens = iter(re.findall(r"[a-zA-Z]|-?\d+", path))
    for token in tokens:
        if token == "z":
            (x, y), kept = start, "z"
            continue
        kept = token if token.isalpha() else kept
        first = next(tokens) if token.isalpha() else token
        count = {"M": 2, "m": 2, "l": 2, "h": 1, "v": 1, "q": 4, "c": 6}[kept]
        numbers = [int(first), *(int(next(tokens)) for _ in range(count - 1))]
        if kept in "hv":
            numbers = [numbers[0], 0] if kept == "h" else [0, numbers[0]]
        pairs = [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
        found += pairs
        x, y = pairs[-1]
        if kept in "Mm":
            start = (x, y)
    return found


@given(points, contours)
def test_a_short_path_leads_through_the_same_points(first: tuple[int, int], contours: list[tuple[str, list]]) -> None:  # type: ignore[type-arg]
    parts = [("M", [first]), *contours]
    path = " ".join(f"{command} {' '.join(f'{x} {y}' for x, y in along)}".strip() for command, along in parts)
    expected, now, start = [], None, first
    for command, along in parts:
        if command == "Z":
            now = start
            continue
        if command != "L" or along[0] != now:
            expected += along
        now = along[-1]
        start = now if command == "M" else start
    assert places(shortened(path, 1)) == expected


def test_a_path_is_put_on_a_grid_from_its_first_point_on() -> None:
    path = "M 0.26 -1 L 0.26 -1 L 1.26 -1 Q 2 2 3.3 -1 Z M 5 5 L 5 6 Z"
    assert shortened(path, 10) == "M3 -10h10q7 30 20 0zm47 60v10z"
