"""Some weeks of a blog that lives, as `python -m benchmarks.year` simulates a year of one."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.truth import follows
from benchmarks.year import Year

SEED, RUNS = 5, 20


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Some weeks in which much happens."""
    with Year(tmp_path_factory.mktemp("weeks") / "archive", SEED, posts=8, recheck=4, pace=2.0) as year:
        year.live(RUNS)
        yield year


def test_an_archive_holds_every_state_that_its_blog_showed_it(weeks: Year) -> None:
    assert weeks.wrong == []


LOSSES = {
    "a revision less": "DELETE FROM revisions WHERE id = (SELECT min(id) FROM revisions)",
    "a revision twice": """
        INSERT INTO revisions
        SELECT id + 100000, post_id, capture_id, seen_at, content_sha256, title, markdown, text, extractor_version,
            engine, status, issues, notes
        FROM revisions WHERE id = (SELECT max(id) FROM revisions WHERE status = 'good')""",
    "a former state as the current one": """
        UPDATE posts SET current_revision_id = (SELECT min(id) FROM revisions AS r WHERE r.post_id = posts.id)
        WHERE id = (SELECT post_id FROM revisions GROUP BY post_id HAVING count(*) > 1 LIMIT 1)""",
    "a post held to be gone": "UPDATE posts SET status = 'gone' WHERE id = (SELECT max(id) FROM posts)",
    "a gone post held to be there": "UPDATE posts SET status = 'live' WHERE status = 'gone'",
    "a comment less": "DELETE FROM comments WHERE id = (SELECT max(id) FROM comments WHERE deleted_at IS NULL)",
    "a comment held to be deleted": """
        UPDATE comments SET deleted_at = last_seen_at
        WHERE id = (SELECT max(id) FROM comments WHERE deleted_at IS NULL)""",
    "a deleted comment held to be there": "UPDATE comments SET deleted_at = NULL",
    "a comment in other words": "UPDATE comments SET text = text || '?' WHERE id = (SELECT max(id) FROM comments)",
    "a former wording less": "DELETE FROM comment_revisions",
    "a category under its former name": "UPDATE categories SET name = name || '?'",
    "a tag less": "DELETE FROM post_tags WHERE position = 0",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_an_archive_lacks_is_found(weeks: Year, tmp_path: Path, loss: str) -> None:
    shutil.copytree(weeks.home, tmp_path / "archive")
    assert weeks.truth.differences(tmp_path / "archive", settled=True) == []
    with contextlib.closing(sqlite3.connect(tmp_path / "archive" / "archive.db")) as database, database:
        assert database.execute(LOSSES[loss]).rowcount
    assert weeks.truth.differences(tmp_path / "archive", settled=True)


@pytest.mark.parametrize(
    ("stored", "served", "right"),
    [
        ("", [], True),
        ("a", [("a", True), ("a", True)], True),
        ("aba", [("a", True), ("b", True), ("a", True)], True),
        ("ab", [("a", True), ("b", True), ("a", True)], False),
        ("aa", [("a", True), ("a", True)], False),
        ("a", [("a", True), ("b", True)], False),
        ("ab", [("a", True)], False),
        ("ba", [("a", True), ("b", True)], False),
        ("ab", [("a", True), ("b", False), ("b", False)], True),
        ("a", [("a", True), ("b", False)], True),
        ("aa", [("a", True), ("b", False), ("a", True)], False),
        ("b", [("a", False), ("b", True)], True),
    ],
)
def test_states_are_stored_as_they_were_served(stored: str, served: list[tuple[str, bool]], right: bool) -> None:
    assert follows(stored, served) == right
