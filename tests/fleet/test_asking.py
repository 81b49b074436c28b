"""All blogs of a fleet asked at once, by the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from archiver import sites
from archiver.fleet.blogs import Blog
from archiver.fleet.blogs import Fleet as Listed
from archiver.store import server as stores
from tests.fleet.conftest import QUICK, Fleet
from tests.schemas import copied
from tests.zygote import ROOT, Completed, Zygote

pytestmark = pytest.mark.postgresql

Ask = Callable[..., Completed]


@pytest.fixture(scope="module")
def listed(blogs: str) -> str:
    """The database of a fleet of three blogs: of one nothing is archived yet."""
    profile = sites.first().written[0]
    with Listed(blogs, make=True) as fleet:
        fleet.add(
            [
                Blog(name=name, url=f"https://kexue.fm/{name}", base="https://kexue.fm", profile=profile)
                for name in ("even", "odd", "fresh")
            ]
        )
    return blogs


@pytest.fixture
def ask(listed: str, archiver: Zygote, tmp_path: Path) -> Ask:
    return lambda *words: archiver("--home", tmp_path, "--db", listed, "fleet", *words)


def test_search_names_the_blog_of_each_hit(ask: Ask) -> None:
    done = ask("search", "概率", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {hit["blog"] for hit in found["hits"]} == {"even", "odd"}
    assert found["failed"] == {}
    read = ask("search", "概率", "-生日", "--limit", "3").stdout
    assert " · odd\n" in read
    only = json.loads(ask("search", "概率", "--blog", "even", "--json").stdout)
    assert {hit["blog"] for hit in only["hits"]} == {"even"}
    assert ask("search", "概率", "--blog", "none").returncode == 2


def test_a_blog_that_cannot_be_searched_is_named(ask: Ask, listed: str) -> None:
    copied(listed, "odd", "halved")
    with Listed(listed) as fleet, create_engine(listed, poolclass=NullPool).begin() as connection:
        connection.execute(text("DROP TABLE halved.posts_fts"))
        fleet.add([Blog(name="halved", url="https://kexue.fm/halved", base="https://kexue.fm")])
    try:
        done = ask("search", "概率")
        assert done.returncode == 0
        assert done.stderr.startswith("halved: left out: expected a full-text index")
        assert done.stderr.count("\n") == 1
        alone = ask("search", "概率", "--blog", "halved")
        assert alone.returncode == 1
        assert "found none" in alone.stderr
    finally:
        with Listed(listed) as fleet:
            fleet.remove(["halved"])


def test_sql_asks_the_tables_of_all_blogs(ask: Ask, listed: str) -> None:
    done = ask("sql", "SELECT blog, count(*) AS posts FROM posts GROUP BY blog ORDER BY blog", "--csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["blog,posts", "even,9", "odd,7"]
    with psycopg.connect(stores.conninfo(listed)) as others:  # any program that speaks to the server
        assert others.execute("SELECT count(*) FROM fleet.posts JOIN fleet.blogs ON name = blog").fetchone() == (16,)
    assert ask("sql", "SELECT count(*) FROM gaps").returncode == 0
    described = ask("sql", "--schema").stdout
    assert "blog     text, key" in described
    for refused in ("DELETE FROM posts", "SELECT 1; DELETE FROM posts"):
        assert ask("sql", refused).returncode == 2
    slow = ask("sql", "SELECT pg_sleep(5)", "--timeout", "0.2")
    assert "stopped after the time" in slow.stderr


def test_an_export_has_what_the_views_have(ask: Ask, tmp_path: Path) -> None:
    import pyarrow.dataset as ds

    done = ask("export", "parquet", str(tmp_path / "set"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "files written, 0 unchanged, 0 removed" in done.stdout
    posts = ds.dataset(tmp_path / "set" / "posts", partitioning="hive").to_table(columns=["blog", "id"]).to_pylist()
    seen = json.loads(ask("sql", "SELECT blog, id FROM posts", "--json").stdout)
    assert sorted(map(repr, posts)) == sorted(map(repr, seen))
    assert ask("export", "parquet", str(tmp_path / "set")).stdout.count(" 0 files written") == 1


def test_the_queries_of_the_documentation_run(ask: Ask) -> None:
    section = (ROOT / "docs" / "fleet.md").read_text("utf-8").partition("## Across blogs")[2].partition("\n## ")[0]
    queries = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    assert len(queries) >= 5
    for query in queries:
        done = ask("sql", query)
        assert (done.returncode, done.stderr) == (0, ""), query


def test_the_views_show_what_a_worker_has_crawled(fleet: Fleet) -> None:
    for name in ("one", "two"):
        fleet.serve(name, *QUICK, "--limit", "2")
    fleet.work()
    counted = "SELECT blog, count(*) FROM fleet.posts GROUP BY blog ORDER BY blog"
    assert fleet.rows(counted) == [("one", 2), ("two", 2)]
    assert "two" in fleet("search", "的").stdout
    fleet("remove", "two")
    assert "one,2\n" in fleet("sql", "--csv", counted).stdout.replace("\r", "")
    assert fleet.rows(counted) == [("one", 2)]
