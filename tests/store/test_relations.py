"""Series and external references follow posts and links."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, event

from archiver.store import models, relations
from archiver.store.database import Archive
from archiver.urls import Site

NOW = "2026-11-21T17:45:00Z"


@pytest.fixture
def archive(database: str) -> Iterator[Archive]:
    with Archive(database) as archive:
        yield archive


def add(archive: Archive, number: int, title: str, *links: str) -> None:
    seen = {"first_seen_at": NOW, "last_seen_at": NOW, "last_changed_at": NOW}
    url = f"https://kexue.fm/archives/{number}"
    archive.session.add(models.Post(id=number, title=title, url=url, author="苏剑林", markdown="", text="", **seen))
    archive.session.flush()
    for position, link in enumerate(links):
        target = int(link.rpartition("/")[2]) if "/archives/" in link else None
        kind = "post" if target else "external"
        archive.session.add(
            models.Link(post_id=number, position=position, url=link, text="x", kind=kind, target_post_id=target)
        )
    archive.session.flush()


def rows(archive: Archive, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in archive.session.connection().exec_driver_sql(sql)]


OUTLINE = "SELECT series_id, series, position, label, post_id FROM series_outline"


def test_series_are_rows_in_order(archive: Archive) -> None:
    add(archive, 30, "漫谈（二）：乙")
    add(archive, 20, "漫谈（三）：丙")
    add(archive, 40, "漫谈（一）：甲")
    add(archive, 50, "别的")
    relations.refresh(archive.session)
    assert rows(archive, OUTLINE) == [(40, "漫谈", 0, "一", 40), (40, "漫谈", 1, "二", 30), (40, "漫谈", 2, "三", 20)]


def test_a_series_changes_with_its_posts(archive: Archive) -> None:
    add(archive, 30, "漫谈（二）：乙")
    add(archive, 20, "漫谈（三）：丙")
    relations.refresh(archive.session)
    add(archive, 10, "漫谈（一）：甲")
    archive.session.get_one(models.Post, 20).title = "改了名"
    archive.session.flush()
    relations.refresh(archive.session)
    assert rows(archive, OUTLINE) == [(10, "漫谈", 0, "一", 10), (10, "漫谈", 1, "二", 30)]
    archive.session.get_one(models.Post, 30).title = "也改了名"
    archive.session.flush()
    relations.refresh(archive.session)
    assert rows(archive, "SELECT * FROM series") == []


def test_works_are_listed_once_however_they_are_linked(archive: Archive) -> None:
    add(archive, 1, "甲", "https://arxiv.org/abs/1706.03762v5", "https://arxiv.org/pdf/1706.03762", "https://a.org/")
    add(archive, 2, "乙", "https://papers.cool/arxiv/1706.03762", "https://github.com/bojone/bert4keras/issues/1")
    relations.refresh(archive.session)
    assert rows(archive, "SELECT kind, identifier, url, posts, links FROM cited_works ORDER BY kind") == [
        ("arxiv", "1706.03762", "https://arxiv.org/abs/1706.03762", 2, 3),
        ("github", "bojone/bert4keras", "https://github.com/bojone/bert4keras", 1, 1),
    ]
    assert rows(archive, "SELECT position, version FROM external_references WHERE post_id = 1") == [(0, 5), (1, None)]
    archive.session.execute(delete(models.Link).where(models.Link.post_id == 2))
    relations.refresh(archive.session)
    assert rows(archive, "SELECT posts, links FROM cited_works") == [(1, 2)]


def test_nothing_is_written_when_nothing_changed(archive: Archive) -> None:
    add(archive, 1, "漫谈（一）", "https://arxiv.org/abs/1706.03762")
    add(archive, 2, "漫谈（二）")
    relations.refresh(archive.session)
    said: list[str] = []
    event.listen(archive.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    relations.refresh(archive.session)
    assert said
    assert all(statement.startswith("SELECT") for statement in said)


def test_links_of_the_index_without_a_post_are_named_with_the_reason(archive: Archive) -> None:
    add(archive, 1, "甲")
    archive.session.add(models.Run(id=1, started_at=NOW, command="test", version="0"))
    archive.session.add(models.Topic(id=1, name="基础", position=0))
    archive.session.flush()
    for position, number in enumerate((1, 2, 3)):
        archive.session.add(
            models.TopicPost(
                topic_id=1, position=position, post_id=number, title=f"第{number}篇", url=Site().post_url(number)
            )
        )
    url = "https://kexue.fm/archives/2"
    state = {"state": "failed", "reason": "HTTP 404", "seq": 1, "first_seen_at": NOW, "run_id": 1}
    archive.session.add(models.FrontierEntry(url=url, kind="post", **state))
    archive.session.flush()
    assert rows(archive, "SELECT * FROM topic_gaps") == [
        ("基础", 1, 2, "第2篇", "failed", "HTTP 404"),
        ("基础", 2, 3, "第3篇", None, None),
    ]
