"""Charts as SVG within the page, drawn by the server; colours and letters come from the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 26
_GAP = 0.25  # share of a bar's space


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a bar chart."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A label next to an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, ready for the template."""

    title: str
    path: str
    area: str
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    last: tuple[float, float] | None
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT
    base: int = _HEIGHT - _BOTTOM


def line(title: str, points: Sequence[tuple[str, int]]) -> Chart | None:
    """Return a line over labels in order; None for fewer than two points."""
    if len(points) < 2:
        return None
    top = _rounded_up(max(value for _, value in points))
    step = (_WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
    places = [(_LEFT + number * step, _height(value, top)) for number, (_, value) in enumerate(points)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    base = _HEIGHT - _BOTTOM
    area = f"{path}L{places[-1][0]:.1f} {base}L{_LEFT} {base}Z"
    across = [Tick(places[index][0], points[index][0]) for index in _some(len(points))]
    return Chart(title, path, area, (), tuple(across), _scale(top), places[-1])


def columns(title: str, points: Sequence[tuple[str, int]]) -> Chart | None:
    """Return bars over labels in order; None without points."""
    if not points:
        return None
    top = _rounded_up(max(value for _, value in points))
    place = (_WIDTH - _LEFT - _RIGHT) / len(points)
    bars = []
    for number, (label, value) in enumerate(points):
        y = _height(value, top)
        x = _LEFT + (number + _GAP / 2) * place
        bars.append(Bar(x, y, place * (1 - _GAP), _HEIGHT - _BOTTOM - y, label, value))
    across = [Tick(bars[index].x + bars[index].width / 2, points[index][0]) for index in _some(len(points), 8)]
    return Chart(title, "", "", tuple(bars), tuple(across), _scale(top), None)


def _height(value: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / top


def _scale(top: int) -> tuple[Tick, ...]:
    return tuple(Tick(_height(value, top), f"{value:,}") for value in dict.fromkeys((0, top // 2, top)))


def _rounded_up(value: int) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 40, .. that is not smaller."""
    power = 1
    while True:
        for factor in (2, 4, 6, 8):
            if value <= factor * power:
                return factor * power
        power *= 10


def _some(count: int, most: int = 6) -> list[int]:
    """Return which of so many positions are far enough apart to be labelled, including the first and last."""
    if count <= most:
        return list(range(count))
    return [round(number * (count - 1) / (most - 1)) for number in range(most)]
