"""The gate itself; what it measures needs a server from outside the project (see eval_gate.py)."""

from __future__ import annotations

import json

from tests.eval_gate import FLOORS, below, raised


def test_a_share_below_its_floor_is_named() -> None:
    assert below({"title": 1.0, "tags": 0.98}, {"title": 1.0, "tags": 0.99}) == [
        "tags: expected at least 99.0000%, found 98.0000%"
    ]


def test_a_share_that_was_not_measured_is_named() -> None:
    assert below({}, {"title": 1.0}) == ["title: expected at least 100.0000%, found nothing"]


def test_floors_only_rise() -> None:
    assert raised({"title": 0.9, "tags": 1.0}, {"title": 0.95, "author": 0.5}) == {
        "title": 0.95,
        "tags": 1.0,
        "author": 0.5,
    }


def test_the_floors_ask_for_everything_that_has_been_reached() -> None:
    floors = json.loads(FLOORS.read_text())
    assert {"formulas_exact", "formulas_in_markdown", "prose_recall", "comments_parent"} <= set(floors)
    assert min(floors.values()) >= 0.9995
