"""Views over the tables of several archives on one server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from archiver.errors import ArchiverError
from archiver.store import drafts, migrate, query, schema, schema_views
from archiver.store.server import in_schema
from tests.schemas import copied

pytestmark = pytest.mark.postgresql

_NUMBERS = count()


@pytest.fixture
def views(blogs: str) -> Iterator[str]:
    """An empty schema for views."""
    name = f"views_{next(_NUMBERS)}"
    run(blogs, f"CREATE SCHEMA {name}")
    yield name
    run(blogs, f"DROP SCHEMA {name} CASCADE")


def run(url: str, statement: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(statement)


def rows(url: str, into: str, sql: str) -> list[Any]:
    return query.run(in_schema(url, into), sql).rows


def test_each_view_has_the_rows_of_all_blogs(blogs: str, views: str) -> None:
    assert schema_views.refresh(blogs, ["even", "odd"], into=views)
    assert not schema_views.refresh(blogs, ["odd", "even"], into=views)
    for one in schema.of_fleet((*schema.tables(), *schema.views())):
        found = query.run(in_schema(blogs, views), f"SELECT * FROM {one.name}")
        assert list(found.columns) == [column.name for column in one.columns]
        names = ", ".join(column.name for column in one.columns[1:])
        for blog in ("even", "odd"):
            there = query.run(in_schema(blogs, blog), f"SELECT {names} FROM {one.name}").rows
            assert sorted(map(repr, there)) == sorted(repr(row[1:]) for row in found.rows if row[0] == blog)


def test_blogs_come_and_go_and_what_people_made_stays(blogs: str, views: str) -> None:
    schema_views.refresh(blogs, ["even", "not_there_yet"], into=views)
    run(blogs, f"CREATE VIEW {views}.theirs AS SELECT blog, count(*) AS posts FROM {views}.posts GROUP BY blog")
    assert [blog for blog, _ in rows(blogs, views, "SELECT * FROM theirs")] == ["even"]
    assert schema_views.refresh(blogs, ["even", "odd"], into=views)
    assert sorted(blog for blog, _ in rows(blogs, views, "SELECT * FROM theirs")) == ["even", "odd"]
    assert schema_views.refresh(blogs, ["odd"], into=views)
    assert [blog for blog, _ in rows(blogs, views, "SELECT * FROM theirs")] == ["odd"]
    with pytest.raises(ArchiverError, match="other objects depend on it"):
        schema_views.refresh(blogs, [], into=views)


def test_a_condition_reaches_the_tables(blogs: str, views: str) -> None:
    schema_views.refresh(blogs, ["even", "odd", "whole"], into=views)
    with create_engine(in_schema(blogs, views), poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")

        def plan(sql: str) -> list[str]:
            return [line for (line,) in connection.exec_driver_sql(f"EXPLAIN {sql}")]

        (scan,) = [line for line in plan("SELECT title FROM posts WHERE blog = 'odd' AND id = 159") if "Scan" in line]
        assert "Index" in scan
        by_address = plan("SELECT title FROM posts WHERE url = 'https://kexue.fm/archives/159'")
        assert len([line for line in by_address if "Index Cond: ((url)" in line]) == 3


def test_a_rebuild_is_not_refused_and_its_tables_are_shown(blogs: str, views: str) -> None:
    copied(blogs, "odd", "rebuilt")
    url = in_schema(blogs, "rebuilt")
    schema_views.refresh(blogs, ["even", "rebuilt"], into=views)
    migrate.upgrade(drafts.draft_of(url))
    drafts.swap(url, alone=False)
    assert {blog for (blog,) in rows(blogs, views, "SELECT blog FROM posts")} == {"even"}


def test_tables_of_an_older_version_lack_columns(blogs: str, views: str) -> None:
    copied(blogs, "odd", "older")
    run(blogs, "DROP VIEW older.post_overview, older.tag_overview; DROP TABLE older.tags CASCADE")
    run(blogs, "ALTER TABLE older.posts DROP COLUMN reader_count CASCADE")
    schema_views.refresh(blogs, ["older"], into=views)
    run(blogs, f"GRANT SELECT ON {views}.posts TO pg_monitor")
    assert "reader_count" not in query.run(in_schema(blogs, views), "SELECT * FROM posts").columns
    schema_views.refresh(blogs, ["even", "older"], into=views)
    found = rows(blogs, views, "SELECT DISTINCT blog FROM posts WHERE reader_count IS NULL")
    assert ("older",) in found
    assert {blog for (blog,) in rows(blogs, views, "SELECT blog FROM tags")} == {"even"}
    granted = f"SELECT has_table_privilege('pg_monitor', '{views}.posts', 'SELECT')"
    assert rows(blogs, views, granted) == [(True,)]


def test_who_only_reads_asks_the_views_there_are(blogs: str, views: str) -> None:
    schema_views.refresh(blogs, ["even"], into=views)
    options = {"options": f"-csearch_path={views} -crole=pg_read_all_data"}
    reader = make_url(blogs).update_query_dict(options).render_as_string(False)
    assert not schema_views.refresh(reader, ["even", "odd"], into=views)
    assert query.run(reader, "SELECT DISTINCT blog FROM posts").rows == [("even",)]
