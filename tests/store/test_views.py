"""What the views answer, on a small archive whose answers are known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from archiver.store import migrate, models, views
from archiver.urls import Site

NOW = "2026-11-21T17:45:00Z"
LATER = "2026-11-22T17:45:00Z"


def post(number: int, title: str, text: str = "正文", **columns: Any) -> models.Post:
    url = f"https://kexue.fm/archives/{number}"
    given = {"author": "苏剑林", "markdown": text, "first_seen_at": NOW, "last_seen_at": NOW, "last_changed_at": NOW}
    return models.Post(id=number, title=title, url=url, text=text, **{**given, **columns})


def revision(number: int, post_id: int, title: str, text: str, seen_at: str, status: str = "good") -> models.Base:
    return models.PostRevision(
        id=number,
        post_id=post_id,
        capture_id=1,
        seen_at=seen_at,
        content_sha256=str(number),
        title=title,
        markdown=text,
        text=text,
        extractor_version=1,
        engine="site",
        status=status,
        issues="[]",
    )


def link(post_id: int, position: int, target: int | None, kind: str = "post") -> models.Link:
    url = f"https://kexue.fm/archives/{target}" if target else "https://arxiv.org/abs/1706.03762"
    return models.Link(post_id=post_id, position=position, url=url, text="x", kind=kind, target_post_id=target)


def comment(number: int, parent: int | None, **columns: Any) -> models.Comment:
    given = {"page": 1, "author": "读者", "is_owner": False, "markdown": "", "text": f"c{number}"}
    seen = {"first_seen_at": NOW, "last_seen_at": NOW}
    return models.Comment(id=number, post_id=8265, parent_id=parent, **{**given, **seen, **columns})


def capture(number: int, url: str, fetched_at: str, status: int = 200) -> models.Capture:
    return models.Capture(
        id=number,
        url=url,
        target_uri=url,
        run_id=1,
        fetched_at=fetched_at,
        status=status,
        content_type="text/html",
        payload_sha256="0",
        warc_file="a.warc.gz",
        warc_offset=number,
        warc_length=1,
        record_id=f"<urn:{number}>",
    )


def address(url: str, state: str, last_done_at: str | None = None, **columns: Any) -> models.FrontierEntry:
    given = {"kind": "post", "seq": 1, "first_seen_at": NOW, "run_id": 1}
    return models.FrontierEntry(url=url, state=state, last_done_at=last_done_at, **{**given, **columns})


def rows() -> Iterator[list[models.Base]]:
    """Yield the rows of the archive, those that others refer to first."""
    counts = json.dumps({"requests": 12, "bytes": 5_000_000_000, "new": 2, "changed": 0, "failed": 1})
    yield [
        models.Run(id=1, started_at=NOW, command="crawl", version="0.1.0", cycle=1, counts=counts),
        models.Run(id=2, started_at=LATER, command="crawl", version="0.1.0", cycle=1, counts="{}"),
        models.Category(id=1, name="数学研究", slug="Mathematics"),
        models.Category(id=2, name="信息时代", slug="Big-Data"),
        models.Tag(id=1, name="优化"),
        models.Tag(id=2, name="attention"),
        models.Topic(id=1, position=1, name="优化器"),
        models.Topic(id=2, position=0, name="Transformer"),
    ]
    yield [
        post(8265, "RoPE", "旋转位置编码", published_on="2021-03-23", comment_count=9, reader_count=100),
        post(10795, "Muon", "优化", status="gone"),
        capture(1, "https://kexue.fm/archives/8265", NOW),
        capture(2, "https://kexue.fm/archives/8265", LATER),
        capture(3, "https://kexue.fm/archives/8265", "2026-11-23T00:00:00Z", status=503),
        capture(4, "https://kexue.fm/content.html", NOW),
        capture(5, "https://kexue.fm/content.html", NOW),
        capture(6, "https://kexue.fm/archives/1", NOW, status=404),
    ]
    yield [
        revision(1, 8265, "RoPE", "旋转", NOW),
        revision(2, 10795, "Muon", "优化", NOW, status="review"),
        revision(3, 8265, "RoPE 2", "旋转位置编码", LATER),
        models.PostCategory(post_id=8265, category_id=1),
        models.PostCategory(post_id=8265, category_id=2),
        models.PostTag(post_id=8265, position=1, tag_id=1),
        models.PostTag(post_id=8265, position=2, tag_id=2),
        models.TopicPost(topic_id=1, position=0, post_id=10795, title="Muon 优化器", url=Site().post_url(10795)),
        models.TopicPost(topic_id=2, position=1, post_id=1, title="没有了", url=Site().post_url(1)),
        models.TopicPost(topic_id=2, position=0, post_id=8265, title="旋转位置编码", url=Site().post_url(8265)),
        models.Formula(post_id=8265, position=0, display=True, tex="$$x$$"),
        models.Formula(post_id=8265, position=1, display=False, tex="$y$"),
        models.Image(post_id=8265, position=0, url="u", alt="", caption=""),
        models.CodeBlock(post_id=8265, position=0, language="", code=""),
        link(8265, 0, 10795),
        link(8265, 1, 10795),
        link(8265, 2, 8265),
        link(8265, 3, 1),
        link(8265, 4, None, kind="external"),
        link(10795, 0, 8265),
        comment(90, None),
        comment(100, None),
        comment(1001, 90, is_owner=True, author="苏剑林"),
        comment(1002, 1001),
        comment(1003, 90, deleted_at=LATER),
    ]
    yield [
        address("https://kexue.fm/archives/8265", "done", NOW),
        address("https://kexue.fm/archives/10795", "pending", NOW),
        address("https://kexue.fm/archives/1", "failed", reason="404", permanent=True, attempts=1),
        address("https://kexue.fm/archives/2", "failed", NOW, reason="timeout", attempts=3),
        address("https://kexue.fm/archives/3", "pending", not_before=LATER),
        address("https://kexue.fm/archives/4", "leased"),
        address("https://kexue.fm/usr/a.zip", "skipped", reason="robots.txt", kind="image"),
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("views") / "archive.db"
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    migrate.upgrade(engine)
    with Session(engine) as session:
        for batch in rows():
            session.add_all(batch)
            session.flush()
        session.get_one(models.Post, 8265).current_revision_id = 3
        session.get_one(models.Post, 10795).current_revision_id = 2
        session.commit()
    return file


def select(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("view", views.VIEWS, ids=lambda view: view.name)
def test_every_column_is_described_in_order(file: Path, view: views.View) -> None:
    columns = [name for (name,) in select(file, f"SELECT name FROM pragma_table_info('{view.name}')")]
    assert columns == list(view.columns)
    assert all(text.endswith(".") for text in (view.about, *view.columns.values()))


@pytest.mark.parametrize("view", views.VIEWS, ids=lambda view: view.name)
def test_only_the_two_translated_functions_are_sqlites_own(view: views.View) -> None:
    translated = view.statement("postgresql")
    for word in ("group_concat", "json_extract", "printf", "ifnull", "julianday", "instr"):
        assert word not in translated
    assert view.statement("sqlite").endswith(view.sql.strip())


def test_post_overview(file: Path) -> None:
    columns = "title, year, categories, tags, char_count, formulas, images, code_blocks, comments, comment_count"
    assert select(file, f"SELECT {columns}, reader_count FROM post_overview WHERE id = 8265") == [
        ("RoPE", 2021, "信息时代, 数学研究", "attention, 优化", 6, 2, 1, 1, 4, 9, 100)
    ]
    assert select(file, "SELECT id, year, categories, tags, status, review, revisions FROM post_overview") == [
        (8265, 2021, "信息时代, 数学研究", "attention, 优化", "live", 0, 2),
        (10795, None, None, None, "gone", 1, 1),
    ]


def test_citations(file: Path) -> None:
    assert sorted(select(file, "SELECT * FROM citations")) == [
        (8265, "RoPE", 1, None, 1),
        (8265, "RoPE", 10795, "Muon", 2),
        (10795, "Muon", 8265, "RoPE", 1),
    ]


def test_backlinks(file: Path) -> None:
    assert sorted(select(file, "SELECT * FROM backlinks")) == [
        (8265, "RoPE", 10795, "Muon", None, 1),
        (10795, "Muon", 8265, "RoPE", "2021-03-23", 2),
    ]


def test_comment_threads_read_in_order(file: Path) -> None:
    found = select(file, "SELECT id, thread_id, depth, author FROM comment_threads WHERE post_id = 8265 ORDER BY path")
    assert found == [
        (90, 90, 0, "读者"),
        (1001, 90, 1, "苏剑林"),
        (1002, 90, 2, "读者"),
        (1003, 90, 1, "读者"),
        (100, 100, 0, "读者"),
    ]
    assert select(file, "SELECT path FROM comment_threads WHERE id = 1001") == [("0000000090/0000001001",)]


def test_topic_outline(file: Path) -> None:
    columns = "topic_position, topic, position, post_id, index_title, title, published_on, status"
    assert select(file, f"SELECT {columns} FROM topic_outline") == [
        (0, "Transformer", 0, 8265, "旋转位置编码", "RoPE", "2021-03-23", "have"),
        (0, "Transformer", 1, 1, "没有了", None, None, "missing"),
        (1, "优化器", 0, 10795, "Muon 优化器", "Muon", None, "have"),
    ]


def test_revision_changes(file: Path) -> None:
    columns = "revision_id, previous_revision_id, previous_title, char_count, char_change, title_changed"
    assert select(file, f"SELECT {columns} FROM revision_changes ORDER BY revision_id") == [
        (1, None, None, 2, None, 0),
        (2, None, None, 2, None, 0),
        (3, 1, "RoPE", 6, 4, 1),
    ]


def test_gaps(file: Path) -> None:
    columns = "url, state, reason, permanent, attempts, last_done_at, last_answer_at, not_before"
    assert sorted(select(file, f"SELECT {columns} FROM gaps")) == [
        ("https://kexue.fm/archives/1", "failed", "404", 1, 1, None, NOW, None),
        ("https://kexue.fm/archives/2", "failed", "timeout", 0, 3, NOW, None, None),
        ("https://kexue.fm/archives/3", "pending", None, 0, 0, None, None, LATER),
        ("https://kexue.fm/archives/4", "leased", None, 0, 0, None, None, None),
        ("https://kexue.fm/usr/a.zip", "skipped", "robots.txt", 0, 0, None, None, None),
    ]


def test_run_log(file: Path) -> None:
    assert select(file, "SELECT id, requests, bytes, new, changed, failed, gone FROM run_log ORDER BY id") == [
        (1, 12, 5_000_000_000, 2, 0, 1, None),
        (2, None, None, None, None, None, None),
    ]


def test_captures_latest(file: Path) -> None:
    assert select(file, "SELECT url, id FROM captures_latest ORDER BY url") == [
        ("https://kexue.fm/archives/8265", 2),
        ("https://kexue.fm/content.html", 5),
    ]


@pytest.mark.parametrize("sql", ["SELECT * FROM captures_latest WHERE url = 'u'", "SELECT * FROM gaps"])
def test_captures_are_found_by_their_index(file: Path, sql: str) -> None:
    """They are the longest table: a scan for each row would take minutes on a large archive."""
    plan = " ".join(row[3] for row in select(file, f"EXPLAIN QUERY PLAN {sql}"))
    assert "SCAN c " not in plan + " "
    assert "ix_captures_url_fetched_at" in plan
