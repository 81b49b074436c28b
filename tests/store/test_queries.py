"""The worked queries of docs/queries.md answer on the sample blog, and say what our own search says."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archiver.store import query, search
from archiver.urls import Site

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
EXACT, _, COVERAGE = QUERIES[:3]


@pytest.fixture(scope="module")
def file(demo: Path) -> Path:
    return demo / "archive.db"


def has_logarithm() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            return bool(connection.execute("SELECT ln(1)").fetchone())
        except sqlite3.OperationalError:
            return False


def test_there_are_twelve_and_more() -> None:
    assert len(QUERIES) >= 12


@pytest.mark.parametrize("sql", QUERIES, ids=range(len(QUERIES)))
def test_each_query_has_rows(file: Path, sql: str) -> None:
    if "ln(" in sql and not has_logarithm():
        pytest.skip("this SQLite was built without mathematical functions")
    assert query.run(file, sql).rows


def asked(sql: str, words: str) -> str:
    return re.sub(r"asked\(q\) AS \(SELECT '[^']*'\)", lambda _: f"asked(q) AS (SELECT '{words}')", sql)


@pytest.mark.parametrize("words", ["逼近", "贝叶斯公式", "softmax", "连分数 逼近", "用MathJax", "的", "Newton square"])
def test_the_documented_search_finds_what_ours_finds(file: Path, words: str) -> None:
    with search.opened(file) as connection:
        ours = [hit.post_id for hit in search.search(connection, words, Site()).hits if hit.post_id and not hit.related]
    assert ours
    assert sorted(row[0] for row in query.run(file, asked(EXACT, words)).rows) == sorted(ours)


@pytest.mark.skipif(not has_logarithm(), reason="this SQLite was built without mathematical functions")
@pytest.mark.parametrize(
    ("words", "post"),
    [
        ("怎么用影子测地球倾斜的角度", 4),
        ("How do calculators find square roots", 219),
        ("向日葵种子的角度是怎么来的", 240),
    ],
)
def test_the_documented_ranking_of_a_sentence_has_the_same_first(file: Path, words: str, post: int) -> None:
    assert query.run(file, asked(COVERAGE, words)).rows[0][0] == post
    with search.opened(file) as connection:
        first = search.search(connection, words, Site()).hits[0]
    assert (first.post_id, first.related) == (post, True)
