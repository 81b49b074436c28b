"""Several archives on one server, searched as if they were one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from archiver.errors import UsageError
from archiver.store import search_schemas
from archiver.store.schemas import Schemas
from archiver.store.search import Results, opened, search
from archiver.store.search_schemas import Gathered
from archiver.store.server import in_schema
from archiver.urls import Site

pytestmark = pytest.mark.postgresql

QUERIES = (
    "概率",
    "概率 -生日",
    "生日 概率",
    "title:的",
    "的 为什么",
    r"\frac",
    "tex:n",
    "year:2015",
    "has:code",
    "in:comments 的",
    "in:comments author:a",
    "in:pages 的",
    "tag:概率",
    "一个班里两个人同一天生日的概率有多大",
    "梯度 连分数 逼近 没有这个词",
    "nothing",
)


def gathered(url: str, names: tuple[str, ...], query: str, limit: int = 20, offset: int = 0) -> Gathered:
    with Schemas(url, names) as schemas:
        return search_schemas.search(schemas, query, lambda _: Site(), limit=limit, offset=offset)


def alone(url: str, query: str, limit: int = 20, offset: int = 0) -> Results:
    with opened(in_schema(url, "whole")) as index:
        return search(index, query, Site(), limit=limit, offset=offset)


@pytest.mark.parametrize("query", QUERIES)
def test_a_blog_by_itself_is_searched_as_ever(blogs: str, query: str) -> None:
    for limit, offset in ((20, 0), (3, 0), (3, 3)):
        here, there = gathered(blogs, ("whole",), query, limit, offset), alone(blogs, query, limit, offset)
        assert here.hits == there.hits
        assert (here.exact, here.related, here.understood) == (there.exact, there.related, there.understood)
        assert here.failed == {}


@pytest.mark.parametrize("query", [query for query in QUERIES if "in:pages" not in query])
def test_hits_stand_where_one_index_of_all_posts_has_them(blogs: str, query: str) -> None:
    for limit, offset in ((20, 0), (3, 3)):
        here, there = gathered(blogs, ("even", "odd"), query, limit, offset), alone(blogs, query, limit, offset)
        posts = [(hit, blog) for hit, blog in zip(here.hits, here.blogs, strict=True) if hit.post_id]
        assert [hit for hit, _ in posts] == [hit for hit in there.hits if hit.post_id]
        assert [blog for _, blog in posts] == [("even", "odd")[(hit.post_id or 0) % 2] for hit, _ in posts]
        assert here.related == there.related


@pytest.fixture
def server_connection(blogs: str) -> Iterator[Connection]:
    engine = create_engine(blogs, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def test_a_blog_that_does_not_answer_is_named(blogs: str, server_connection: Connection) -> None:
    server_connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS bare")
    server_connection.commit()
    server_connection.exec_driver_sql("LOCK TABLE odd.posts")  # as a rebuild does at its end
    found = gathered(blogs, ("none", "bare", "odd", "even"), "概率")
    assert set(found.blogs) == {"even"}
    assert "none" not in found.failed  # nothing of it is archived, so that there is nothing to be found
    assert "expected a full-text index" in found.failed["bare"]
    assert "lock timeout" in found.failed["odd"]


def test_time_is_bounded(blogs: str) -> None:
    with Schemas(blogs, ("whole", "even")) as schemas:
        answers = schemas.ask(lambda _, connection: connection.exec_driver_sql("SELECT pg_sleep(9)"), patience=0.2)
        assert set(answers.failed) == {"whole", "even"}
        assert all("time" in reason for reason in answers.failed.values())
        assert "not asked" in schemas.ask(lambda name, _: name, patience=-1).failed["even"]


def test_a_server_that_is_not_there_is_told_once(server: Callable[[], str]) -> None:
    with Schemas(server() + "&port=1", ("one", "other")) as schemas, pytest.raises(UsageError, match="SQL"):
        schemas.ask(lambda name, _: name)
