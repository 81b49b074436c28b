"""Principle 1: the database deleted and made again from the WARC files has the same rows."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, insert, literal, select, text, update
from sqlalchemy.pool import NullPool
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import media
from archiver.bundled import sample_folder
from archiver.errors import ArchiveLocked, ArchiverError, UsageError
from archiver.items import Gap, Item, Post
from archiver.rebuild import files, pool, reading
from archiver.rebuild.importing import import_warc
from archiver.rebuild.reading import Task
from archiver.rebuild.swap import RebuildReport, rebuild
from archiver.sample import SampleBlog, SampleComment, SampleResponse, SampleSource, serving
from archiver.store import models, posts, query, search_check
from archiver.store.database import Archive
from archiver.store.lock import locked
from archiver.text import EXTRACTOR_VERSION
from archiver.urls import Site
from archiver.warc import journal
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.reader import iter_records
from archiver.warc.storage import Storage
from archiver.warc.verify import verify
from archiver.warc.writer import WarcWriter
from tests.zygote import ROOT, Completed, Zygote

from .crawl.conftest import Crawled

LEFT_OUT = {
    # Not in the bytes: when and in which order an address was found, and how often it was asked for in vain.
    "frontier": {"seq", "first_seen_at", "attempts", "not_before"},
}
"""Columns that a rebuild need not give back."""

SAME = {
    # Numbers that count what was stored stand for it. They follow the order of the records, and in a crawl the order in
    # which pages were settled, which is another one when pages come faster than they are stored.
    "posts": "SELECT *, (SELECT capture_id FROM post_revisions AS r WHERE r.id = current_revision_id) AS "
    "current_revision_id FROM posts",
    "post_revisions": "SELECT *, row_number() OVER (PARTITION BY post_id ORDER BY id) AS id FROM post_revisions",
    "formulas": "SELECT *, position AS id FROM formulas",
    "categories": "SELECT *, slug AS id FROM categories",
    "tags": "SELECT *, name AS id FROM tags",
    "post_categories": "SELECT *, (SELECT slug FROM categories WHERE id = category_id) AS category_id "
    "FROM post_categories",
    "post_tags": "SELECT *, (SELECT name FROM tags WHERE id = tag_id) AS tag_id FROM post_tags",
    "pages": "SELECT *, url AS id FROM pages",
    **{
        table: f"SELECT *, (SELECT url FROM pages WHERE id = page_id) AS page_id FROM {table}"
        for table in ("page_revisions", "page_formulas", "page_comments")
    },
}
"""How rows are compared: all columns of all other tables as they are, the numbers of runs and captures included."""

TABLES = (
    *(
        "captures",
        "posts",
        "post_revisions",
        "post_stats",
        "comments",
        "formulas",
        "shapes",
        "code_blocks",
        "images",
        "links",
        "comment_formulas",
    ),
    *("categories", "post_categories", "tags", "post_tags", "topics", "topic_posts", "sightings", "runs", "frontier"),
    *("external_references", "series", "series_posts", "doubts", "comment_revisions", "comment_pages"),
    *("page_endings", "pages", "page_revisions", "page_formulas", "page_comments", "files", "embedded_pictures"),
    "warc_files",
    "post_vectors",
)

EDITED, THREADED, DELETED, FAILING, TORN, NEW = 131, 207, 144, 105, 178, 900
ONE_AT_A_TIME = ("--concurrency", "1")


@pytest.fixture(scope="module")
def lived(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """An archive that has seen much, kills included."""
    blog = SampleBlog(gate=True, broken={f"/archives/{FAILING}": [500] * 5, f"/archives/{TORN}": "truncate"})
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("lived"), blog, site)
        live(archive)
        yield archive


@pytest.fixture(scope="module")
def small(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """An archive after one run over a category."""
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("small"), blog, site)
        assert archive.crawl("category", "--category", "Astronomy", *ONE_AT_A_TIME, index=False).returncode == 0
    return archive


def live(archive: Crawled) -> None:
    blog = archive.blog
    crawl(archive, code=3)
    blog.broken.clear()
    crawl(archive)
    change(blog)
    blog.overrides["/archives/12"] = SampleResponse(301, {"Location": "/archives/58"}, b"")
    crawl(archive, "--recheck", "100")
    crawl(archive, "--full")
    blog.source = blog.source.deleted(DELETED).edited(EDITED, body="<p>没了。</p>")
    for _ in range(3):
        crawl(archive, "--recheck", "5")
    assert archive.rows("SELECT status FROM posts WHERE id = ?", DELETED) == [("gone",)]
    archive.archiver("--home", archive.home, "probe", "--site", archive.site, "--delay", "0")
    crawl(archive, "--full", "--limit", "2")
    blog.overrides["/content.html"] = SampleResponse(
        200, {"Content-Type": "text/html"}, b"<html><p>A new theme</p></html>"
    )
    crawl(archive, code=6)
    blog.overrides.clear()
    crawl(archive)
    for requests in (9, 21):
        kill(archive, requests, "--full")
    crawl(archive, "--full")
    whole, blog.source = blog.source, reworded(blog.source, body="<p>没了。</p>")
    crawl(archive, "--full", code=3)
    blog.source = whole
    crawl(archive)


def crawl(archive: Crawled, *options: str, code: int = 0) -> Completed:
    done = archive.crawl(*ONE_AT_A_TIME, *options)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def change(blog: SampleBlog) -> None:
    source = blog.source
    old, threaded = source.post(EDITED), source.post(THREADED)
    assert old
    assert threaded
    source = source.published(replace(old, id=NEW, title="新文", date="2026-01-01", comments=()))
    source = source.edited(FAILING, title="改了的题目", tags=("新标签",))
    source = source.edited(EDITED, body=old.body + "<p>后来补充：$a&lt;b$。</p>")
    further = (comment(9001), comment(9002, threaded.comments[0].id))
    source = source.edited(THREADED, comments=(*threaded.comments[:-1], *further))
    page = source.pages[0]
    blog.source = reworded(source, body=f"{page.body}<p>又及：$x$。</p>", comments=(page.comments[0], comment(9003)))


def reworded(source: SampleSource, **changes: Any) -> SampleSource:
    """Return the blog with its independent page changed."""
    page, *others = source.pages
    return replace(source, pages=(replace(page, **changes), *others))


def comment(number: int, parent: int | None = None) -> SampleComment:
    return SampleComment(id=number, parent=parent, author="后来人", url=None, date="2026-01-02", html="<p>新的。</p>")


def kill(archive: Crawled, requests: int, *options: str) -> None:
    """Start a run and kill it after so many requests, before any of them is made durable by the clock."""
    until = len(archive.blog.requests) + requests
    words = ["--home", str(archive.home), "crawl", "--site", archive.site, "--delay", "0.02", *ONE_AT_A_TIME, *options]
    index = ["--index", str(sample_folder() / "index.md")]
    process = subprocess.Popen(
        [sys.executable, "-c", UNHURRIED, *words, *index],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while len(archive.blog.requests) < until and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


UNHURRIED = (
    "from archiver.cli import main; from archiver.crawl import work; work.COMMIT_SECONDS = 1000.0; "
    "main(prog_name='archiver')"
)
"""The command, which makes things durable by their number only: what a kill costs does not depend on the machine."""


def without_database(archive: Crawled, home: Path) -> Path:
    """Return a copy of an archive of which only the WARC files are left."""
    shutil.copytree(archive.home / "warc", home / "warc")
    return home


@pytest.fixture(scope="module")
def again(lived: Crawled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RebuildReport]:
    """The database of the archive, made again on two processes."""
    home = without_database(lived, tmp_path_factory.mktemp("again"))
    report = rebuild(home, processes=2)
    return home / "archive.db", report


@pytest.fixture(scope="module")
def again_on_server(lived: Crawled, server: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same on a server."""
    url = server()
    rebuild(without_database(lived, tmp_path_factory.mktemp("again-on-server")), url, processes=2)
    return url


def rows(database: Path | str, table: str, left_out: set[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a table in a fixed order, without some columns, and without a rebuild's own run."""
    with query.stream(database, SAME.get(table, f"SELECT * FROM {table}")) as cursor:
        found = [dict(zip(cursor.columns, map(plain, row), strict=True)) for row in cursor.rows]
    kept = [{name: value for name, value in row.items() if name not in (left_out or ())} for row in found]
    return sorted((row for row in kept if row.get("command") != "rebuild"), key=repr)


def plain(value: object) -> object:
    """Return a value as a file has it, where a server has truths."""
    return int(value) if isinstance(value, bool) else value


# -- the same rows -----------------------------------------------------------------------------------------------------


def test_the_archive_has_seen_what_the_comparison_is_about(lived: Crawled) -> None:
    outcomes = {row[0] for row in lived.rows("SELECT outcome FROM runs")}
    assert outcomes == {"complete", "incomplete", "markup changed", "recognised", "limited", None}
    statuses = {row[0] for row in lived.rows("SELECT status FROM captures")}
    assert statuses >= {200, 301, 304, 403, 404, 500}
    assert lived.rows("SELECT count(*) FROM captures WHERE truncated IS NOT NULL")[0][0] > 0
    assert lived.rows("SELECT count(*) FROM comments WHERE deleted_at IS NOT NULL")[0][0] > 0
    assert len(lived.rows("SELECT 1 FROM post_revisions WHERE post_id = ?", EDITED)) == 3
    assert lived.rows("SELECT count(*) FROM post_revisions WHERE status = 'review'")[0][0] > 0
    assert lived.rows("SELECT count(*) FROM page_revisions") == [(1,)]  # not what had lost all of its formulas
    assert lived.rows("SELECT id, deleted_at IS NULL FROM page_comments ORDER BY id") == [(77, 1), (78, 0), (9003, 1)]


def test_what_a_kill_left_behind_is_in_it(lived: Crawled) -> None:
    fetched = "SELECT url FROM captures JOIN runs ON runs.id = run_id WHERE outcome IS {} NULL AND status = 200"
    killed = {row[0] for row in lived.rows(fetched.format("")) if "/archives/" in row[0]}
    assert killed
    once = "SELECT count(*) FROM captures JOIN runs ON runs.id = run_id WHERE cycle = ? AND url = ? AND status = 200"
    (cycle,) = {row[0] for row in lived.rows("SELECT cycle FROM runs WHERE outcome IS NULL")}
    assert 2 in {lived.rows(once, cycle, url)[0][0] for url in killed}  # fetched, lost, and fetched again


@pytest.mark.parametrize("table", TABLES)
def test_rebuilt_is_equal_to_live(lived: Crawled, again: tuple[Path, RebuildReport], table: str) -> None:
    database, _ = again
    left_out = LEFT_OUT.get(table)
    assert rows(database, table, left_out) == rows(lived.home / "archive.db", table, left_out)


@pytest.mark.postgresql
@pytest.mark.parametrize("table", TABLES)
def test_rebuilt_on_a_server_is_equal_to_live(lived: Crawled, again_on_server: str, table: str) -> None:
    left_out = LEFT_OUT.get(table)
    assert rows(again_on_server, table, left_out) == rows(lived.home / "archive.db", table, left_out)


def test_no_table_is_forgotten(lived: Crawled) -> None:
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%fts%'"
    )
    shown_as_view = {"post_revisions"}
    assert {row[0] for row in lived.rows(tables)} == {*TABLES, "alembic_version", "revisions"} - shown_as_view


def test_one_process_gives_the_same(lived: Crawled, again: tuple[Path, RebuildReport], tmp_path: Path) -> None:
    report = rebuild(without_database(lived, tmp_path), processes=1)
    assert report.processes == 1
    left_out = {"first_seen_at"}
    for table in TABLES:
        mine = rows(tmp_path / "archive.db", table, left_out if table == "frontier" else None)
        assert mine == rows(again[0], table, left_out if table == "frontier" else None), table


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """A standard executor, as a caller would hand one in."""
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as made:
        made.submit(int).result()  # its processes have the folder of now
        yield made


def test_an_executor_of_the_caller_gives_the_same(
    lived: Crawled,
    again: tuple[Path, RebuildReport],
    executor: Executor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "read", None)  # nothing is read here
    without_database(lived, tmp_path)
    monkeypatch.chdir(tmp_path)  # which is not where the executor's processes are
    rebuild(Path(), executor=executor)
    for table in TABLES:
        left_out = LEFT_OUT.get(table)
        assert rows(tmp_path / "archive.db", table, left_out) == rows(again[0], table, left_out), table


def test_an_executor_with_another_version_of_the_program_is_refused(
    small: Crawled, executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = shutil.copytree(small.home, tmp_path / "home")
    before = rows(home / "archive.db", "posts")
    monkeypatch.setattr(reading, "VERSION", "9.9, extractor 99")
    with pytest.raises(ArchiverError, match=r"blog-archiver 9\.9, extractor 99 on .* found .* install the same"):
        rebuild(home, executor=executor)
    assert rows(home / "archive.db", "posts") == before
    assert not list(home.glob("archive.db.*"))


def test_an_executor_that_fails_is_named_and_leaves_everything_as_it_was(small: Crawled, tmp_path: Path) -> None:
    home = shutil.copytree(small.home, tmp_path / "home")
    ended = ProcessPoolExecutor(1)
    ended.shutdown()
    with pytest.raises(ArchiverError, match=r"expected the executor to read pages, found RuntimeError: .* try again"):
        rebuild(home, executor=ended)
    assert not list(home.glob("archive.db.*"))


def test_the_report_says_what_was_read(lived: Crawled, again: tuple[Path, RebuildReport]) -> None:
    _, report = again
    assert (report.captures,) == lived.rows("SELECT count(*) FROM captures")[0]
    assert (report.runs,) == lived.rows("SELECT count(*) FROM runs")[0]
    assert (report.backup, report.notes, report.comparison.changed) == (None, (), ())
    assert set(report.pages) == {"catalogue", "category", "comments", "file", "index", "page", "post"}
    assert report.as_dict()["comparison"]["missing"] == ()


def test_the_index_holds_the_words_of_the_rows_those_that_changed_too(again: tuple[Path, RebuildReport]) -> None:
    database, _ = again
    assert search_check.differing(database) == []


def test_progress_goes_up_to_the_end(small: Crawled, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    report = rebuild(without_database(small, tmp_path), processes=1, progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert {what for what, _, _ in told} == {"reading files", "reading pages", "writing the index"}
    assert all(done <= total for _, done, total in told)
    assert ("reading pages", report.captures, report.captures) in told
    assert told[-1][1] == told[-1][2]


# -- what comes after --------------------------------------------------------------------------------------------------


def test_the_next_crawl_asks_for_no_more_than_it_would_have(lived: Crawled, archiver: Zygote, tmp_path: Path) -> None:
    rebuild(without_database(lived, tmp_path), processes=1)
    lived.blog.requests.clear()
    after = Crawled(archiver, tmp_path, lived.blog, lived.site)
    crawl(after, "--recheck", "0")
    assert {target for target in lived.asked() if not target.startswith("/category/")} == {
        "/robots.txt",
        "/content.html",
    }
    (_, crawled), (_, rebuilt) = after.rows("SELECT id, command FROM runs ORDER BY id DESC LIMIT 2")
    assert (crawled.split()[0], rebuilt) == ("crawl", "rebuild")


def test_after_a_first_crawl_was_killed_and_the_database_lost_nothing_is_missed(
    archiver: Zygote, tmp_path: Path
) -> None:
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path, blog, site)
        kill(archive, 24)
        for path in tmp_path.glob("archive.db*"):
            path.unlink()
        rebuild(tmp_path, processes=1)
        before = archive.rows("SELECT count(*) FROM posts")[0][0]
        assert 0 < before < len(blog.source.posts)
        blog.requests.clear()
        crawl(archive, "--recheck", "0")
    assert archive.rows("SELECT count(*) FROM posts") == [(len(blog.source.posts),)]
    comments = sum(len(post.comments) for post in blog.source.posts)
    assert archive.rows("SELECT count(*) FROM comments") == [(comments,)]
    lost = "SELECT url FROM images WHERE url LIKE 'https://kexue.fm/%' AND url NOT IN (SELECT url FROM captures)"
    assert archive.rows(lost) == []
    assert len([target for target in archive.asked() if target.startswith("/archives/")]) <= (
        len(blog.source.posts) - before + 1
    )


def test_what_answers_without_a_page_came_to_is_the_same_when_a_killed_run_is_read_again(
    archiver: Zygote, tmp_path: Path
) -> None:
    answers = {
        302: SampleResponse(302, {}, b""),
        304: SampleResponse(304, {}, b""),
        404: SampleResponse(404, {}, b""),
        500: SampleResponse(500, {}, b""),
    }
    blog = SampleBlog()
    posts_of = dict(zip(answers, (f"/archives/{post.id}" for post in blog.source.posts), strict=False))
    blog.overrides |= {posts_of[status]: answer for status, answer in answers.items()}
    with serving(blog) as site:
        crawled = Crawled(archiver, tmp_path / "live", blog, site)
        crawl(crawled, code=3)
    asked = "SELECT url, state, reason, permanent FROM frontier WHERE kind = 'post' AND state <> 'done' ORDER BY url"
    assert {row[2].split()[1] for row in crawled.rows(asked)} == {str(status) for status in answers}
    home = without_database(crawled, tmp_path / "again")
    (file,) = (home / "warc").glob("*.gz")
    with file.open("r+b") as records:  # as a kill leaves it: without the record of the run's end
        records.truncate(max(record.offset for record in iter_records(file)))
    rebuild(home, processes=1)
    assert Crawled(archiver, home, blog, site).rows(asked) == crawled.rows(asked)


def test_the_former_database_stays_beside_the_new_one(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    former = b"not a database"
    (home / "archive.db").write_bytes(former)
    (home / "archive.db-wal").write_bytes(b"its log")
    report = rebuild(home, processes=1)
    assert report.backup
    assert Path(report.backup).read_bytes() == former
    assert Path(report.backup + "-wal").read_bytes() == b"its log"
    assert "a file that is none" in report.comparison.unreadable
    assert sorted(path.name for path in home.iterdir() if ".bak-" not in path.name) == [
        *("archive.db", "index.cdxj", "lock", "warc")
    ]
    assert (home / "index.cdxj").read_bytes() == (small.home / "index.cdxj").read_bytes()
    assert rows(home / "archive.db", "posts") == rows(small.home / "archive.db", "posts")


def test_the_last_two_former_databases_are_kept_with_their_logs(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    rebuild(home, processes=1)
    others = ("archive.db.bak-mine", "other.db.bak-20200101T000000Z")
    old = ("archive.db.bak-20200101T000000Z", "archive.db.bak-20990101T000000Z-2", "archive.db.bak-20990101T000000Z")
    for name in (*others, *(name + end for name in old for end in ("", "-wal", "-shm"))):
        (home / name).touch()
    made = [rebuild(home, processes=1).backup for _ in range(2)]
    assert made[0] == str(home / Path(made[0] or "").name)
    kept = sorted(path.name for path in home.iterdir() if ".bak-" in path.name)
    # By the clock, which had jumped: the newest of the others, and always the one made just now.
    assert [name for name in kept if name not in others and not name.endswith(("-wal", "-shm"))] == sorted(
        [Path(made[1] or "").name, "archive.db.bak-20990101T000000Z-2"]
    )
    assert set(others) < set(kept)
    assert "archive.db.bak-20200101T000000Z-wal" not in kept


def test_a_former_database_with_what_nothing_else_holds_is_never_removed(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    rebuild(home, processes=1)
    with closing(sqlite3.connect(home / "archive.db")) as database, database:
        database.execute("UPDATE captures SET record_id = 'urn:lost' WHERE id = 1")
    database.close()
    first = rebuild(home, processes=1)
    assert first.comparison.lost == {"captures": 1}
    assert first.backup
    for _ in range(3):
        assert rebuild(home, processes=1).comparison.lost == {}
    assert Path(first.backup).exists()
    assert len([path for path in home.glob("archive.db.bak-*") if not path.name.endswith(("-wal", "-shm"))]) == 3


def test_a_rebuild_that_fails_leaves_everything_as_it_was(
    small: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = without_database(small, tmp_path)
    (home / "archive.db").write_bytes(b"as it was")
    monkeypatch.setattr(reading, "read", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rebuild(home, processes=1)
    assert sorted(path.name for path in home.iterdir()) == ["archive.db", "lock", "warc"]
    assert (home / "archive.db").read_bytes() == b"as it was"


def test_the_database_may_be_elsewhere(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path / "home")
    report = rebuild(home, f"sqlite:///{tmp_path / 'elsewhere.db'}", processes=1)
    assert report.database == str(tmp_path / "elsewhere.db")
    assert not (home / "archive.db").exists()
    assert rows(tmp_path / "elsewhere.db", "posts") == rows(small.home / "archive.db", "posts")


@pytest.mark.postgresql
def test_a_database_on_a_server_is_filled_in_one_transaction_if_it_is_empty(
    small: Crawled, server: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, url = without_database(small, tmp_path / "home"), server()
    with monkeypatch.context() as context:
        context.setattr(reading, "read", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuild(home, url, processes=1)
    assert rows(url, "runs") == []
    report = rebuild(home, url, processes=1)
    assert rows(url, "posts") == rows(small.home / "archive.db", "posts")
    assert (report.backup, report.database) == (None, "the database on the server")


@pytest.mark.postgresql
def test_a_database_on_a_server_that_is_filled_stays_beside_the_new_one(
    small: Crawled, server: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, url = without_database(small, tmp_path / "home"), server()
    rebuild(home, url, processes=1)
    alter(url, "UPDATE posts SET title = 'as it was'", "CREATE TABLE mine (id int)", "CREATE ROLE reader")
    alter(url, "GRANT SELECT ON posts, post_overview TO reader")
    with monkeypatch.context() as context:
        context.setattr(reading, "read", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuild(home, url, processes=1)
    assert {row["title"] for row in rows(url, "posts")} == {"as it was"}
    report = rebuild(home, url, processes=1)
    assert rows(url, "posts") == rows(small.home / "archive.db", "posts")
    assert {each.title for each in report.comparison.changed} == {row["title"] for row in rows(url, "posts")}
    assert {row["title"] for row in rows(url, f"{report.backup}.post_overview")} == {"as it was"}
    assert rows(url, "mine") == []
    rights = "SELECT has_table_privilege('reader', name, 'SELECT') FROM unnest(ARRAY['posts', 'post_overview']) AS name"
    assert query.run(url, rights).rows == [(True,), (True,)]
    alter(url, "DELETE FROM captures WHERE NOT EXISTS (SELECT FROM post_revisions WHERE capture_id = captures.id)")
    for _ in range(3):
        rebuild(home, url, processes=1)
    schemas = query.run(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public%' ORDER BY 1").rows
    assert len(schemas) == 3
    assert ("public_new",) not in schemas
    assert search_check.differing(url) == []


def test_vectors_stay_with_the_posts_that_read_the_same(
    archiver: Zygote, small: Crawled, database: str, tmp_path: Path
) -> None:
    home = without_database(small, tmp_path / "home")
    rebuild(home, database, processes=1)
    with Archive(database) as archive:
        session = archive.session
        changed, outdated, *_ = session.scalars(text("SELECT id FROM posts ORDER BY id"))
        one = {"model": "a model", "vectors": b"\0\1"}
        revision = models.Post.current_revision_id
        every = select(models.Post.id, revision, *(literal(value) for value in one.values()))
        session.execute(insert(models.PostVectors).from_select(["post_id", "revision_id", *one], every))
        session.execute(update(models.Post).where(models.Post.id == changed).values(title="as it was"))
        other = select(func.max(revision)).where(models.Post.id != outdated).scalar_subquery()
        of_another = update(models.PostVectors).where(models.PostVectors.post_id == outdated)
        session.execute(of_another.values(revision_id=other))
        archive.commit()
    done = archiver("--home", home, "--db", database, "rebuild")
    assert "without vectors: 1 post; `archiver search --vectors`" in done.stdout
    kept = "SELECT post_id, model FROM post_vectors AS v JOIN posts ON current_revision_id = revision_id"
    expected = f"SELECT id, 'a model' FROM posts WHERE id NOT IN ({changed}, {outdated})"
    assert sorted(query.run(database, kept).rows) == sorted(query.run(database, expected).rows) != []


@pytest.mark.postgresql
def test_a_former_database_on_a_server_that_alone_holds_something_is_never_removed(
    archiver: Zygote, small: Crawled, server: Callable[[], str], tmp_path: Path
) -> None:
    home, url = without_database(small, tmp_path / "home"), server()
    rebuild(home, url, processes=1)
    alter(url, "UPDATE captures SET record_id = 'lost' WHERE id = 1")
    done = archiver("--home", home, "--db", url, "rebuild", "--processes", "1", "--json")
    assert (done.returncode, json.loads(done.stdout)["comparison"]["lost"]) == (4, {"captures": 1})
    assert json.loads(done.stdout)["backup"].endswith("_only_copy")


@pytest.mark.postgresql
def test_views_of_others_on_a_server_are_named_before_anything_is_made(
    small: Crawled, server: Callable[[], str], tmp_path: Path
) -> None:
    home, url = without_database(small, tmp_path / "home"), server()
    rebuild(home, url, processes=1)
    alter(url, "CREATE VIEW titles AS SELECT title FROM post_overview")
    with pytest.raises(UsageError, match=r"found public\.titles"):
        rebuild(home, url, processes=1)


def alter(url: str, *statements: str) -> None:
    """Change a database on a server."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_without_files_there_is_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        rebuild(tmp_path)


def test_a_database_in_memory_is_refused_as_nothing_would_be_left_of_it(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(UsageError, match="in memory"):
            rebuild(home, url, processes=1)


def test_a_run_that_writes_is_not_disturbed(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    with locked(home), pytest.raises(ArchiveLocked):
        rebuild(home)


# -- reading anew ------------------------------------------------------------------------------------------------------


def test_a_newer_extractor_reads_current_revisions_anew_and_leaves_older_ones_as_they_were(
    lived: Crawled, tmp_path: Path
) -> None:
    """Case 61."""
    home = without_database(lived, tmp_path)
    shutil.copy(lived.home / "archive.db", home / "archive.db")
    captures = "SELECT capture_id, r.id = current_revision_id FROM post_revisions AS r JOIN posts ON posts.id = post_id"
    of_post = dict(lived.rows(f"{captures} WHERE post_id = ? ORDER BY r.id", EDITED))
    current, former = next(each for each, shown in of_post.items() if shown), min(of_post)
    with closing(sqlite3.connect(home / "archive.db")) as old, old:
        old.execute(
            "UPDATE revisions SET text = CASE WHEN text IS NOT NULL THEN 'as read then' END, extractor_version = 0 "
            "WHERE post_id = ?",
            (EDITED,),
        )
        old.execute("UPDATE posts SET text = 'as read then' WHERE id = ?", (EDITED,))
        old.execute("DELETE FROM formulas WHERE id = (SELECT min(id) FROM formulas WHERE post_id = ?)", (EDITED,))
        old.execute(
            "UPDATE formulas SET tex = '$x$' WHERE id = (SELECT min(id) FROM formulas WHERE post_id = ?)", (EDITED,)
        )
    old.close()
    report = rebuild(home, processes=1)
    new = {row["capture_id"]: row for row in rows(home / "archive.db", "post_revisions") if row["post_id"] == EDITED}
    assert (new[former]["text"], new[former]["extractor_version"]) == ("as read then", 0)
    assert new[current]["text"] != "as read then"
    assert new[current]["extractor_version"] == EXTRACTOR_VERSION
    (changed,) = report.comparison.changed
    assert (changed.post_id, changed.same_version, changed.markdown_changed) == (EDITED, True, False)
    assert (changed.formulas_lost, changed.formulas_new) == (1, 2)
    assert changed.characters_before == len("as read then") < changed.characters_after
    assert report.comparison.missing == ()


def test_pictures_that_former_readings_show_are_taken_over_if_they_are_whole(small: Crawled, tmp_path: Path) -> None:
    home = without_database(small, tmp_path)
    shutil.copy(small.home / "archive.db", home / "archive.db")
    kept, lost = media.digest_url(b"1"), media.digest_url(b"2")
    with closing(sqlite3.connect(home / "archive.db")) as old:
        put = "INSERT INTO embedded_pictures VALUES (?, 'image/png', 1, '', x'31')"
        old.executemany(put, [(kept,), (lost,)])
        old.commit()
    rebuild(home, processes=1)
    found = {row["url"]: row["data"] for row in rows(home / "archive.db", "embedded_pictures")}
    assert found[kept] == b"1"
    assert lost not in found


def test_posts_of_the_former_database_that_no_file_holds_are_named(lived: Crawled, tmp_path: Path) -> None:
    home = without_database(lived, tmp_path)
    shutil.copy(lived.home / "archive.db", home / "archive.db")
    for path in sorted((home / "warc").iterdir())[2:]:
        path.unlink()
    report = rebuild(home, processes=1)
    assert report.comparison.missing == (NEW,)
    assert EDITED in {change.post_id for change in report.comparison.changed if not change.same_version}


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (
            "UPDATE captures SET record_id = 'urn:x' WHERE id = (SELECT min(capture_id) FROM revisions)",
            "post_revisions",
        ),
        ("UPDATE comments SET id = 999999999 WHERE id = (SELECT min(id) FROM comments)", "comments"),
        (
            """INSERT INTO comment_revisions (comment_id, replaced_at, seen_at, author, markdown, text)
            SELECT min(id), '2020', '2019', '', '', '' FROM comments""",
            "comment_revisions",
        ),
    ],
)
def test_what_only_the_former_database_had_is_said_and_ends_with_4(
    archiver: Zygote, small: Crawled, tmp_path: Path, change: str, lost: str
) -> None:
    home = without_database(small, tmp_path)
    rebuild(home, processes=1)
    with closing(sqlite3.connect(home / "archive.db")) as database, database:
        database.execute(change)
    database.close()
    done = archiver("--home", home, "rebuild", "--processes", "1", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["comparison"]["lost"][lost] == 1


def test_a_page_that_cannot_be_stored_is_a_gap_and_the_others_are_there(
    small: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = without_database(small, tmp_path)
    number = min(row["id"] for row in rows(small.home / "archive.db", "posts"))
    save = posts.save

    def faulty(session: Any, post: Any, **how: Any) -> Any:
        change = save(session, post, **how)
        return 1 / 0 if post.id == number else change

    monkeypatch.setattr(posts, "save", faulty)
    report = rebuild(home, processes=1)
    (note,) = report.notes
    assert f"/archives/{number}: a fault of the archiver" in note
    numbers = {row["id"] for row in rows(home / "archive.db", "posts")}
    assert numbers == {row["id"] for row in rows(small.home / "archive.db", "posts")} - {number}
    (row,) = (row for row in rows(home / "archive.db", "frontier") if row["url"].endswith(f"/archives/{number}"))
    assert row["state"] == "failed"


def test_a_revisit_stands_for_the_page_it_refers_to(tmp_path: Path) -> None:
    html = page(SampleBlog(), f"/archives/{EDITED}")
    path = outside(tmp_path / "warc", [(LONG_AGO, f"{HOST}/archives/{EDITED}", html)])
    original = next(record for record in iter_records(path) if record.type == "response")
    with path.open("ab") as file:
        warc = WARCWriter(file, gzip=True, warc_version="1.1")
        record = warc.create_revisit_record(
            f"{HOST}/archives/{EDITED}", original.header("WARC-Payload-Digest"), original.target_uri, LONG_AGO,
            StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
            warc_headers_dict={"WARC-Date": "2016-05-01T00:00:00Z", "WARC-Refers-To": original.record_id},
        )  # fmt: skip
        warc.write_record(record)
    report = rebuild(tmp_path, processes=1)
    assert (report.captures, report.pages) == (2, {"post": 2})
    first, second = rows(tmp_path / "archive.db", "captures")
    assert (first["payload_sha256"], second["revisit_of"]) == (second["payload_sha256"], original.record_id)
    (post,) = rows(tmp_path / "archive.db", "posts")
    assert (post["first_seen_at"], post["last_seen_at"]) == (LONG_AGO, "2016-05-01T00:00:00Z")


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_what_a_run_left_to_be_fetched_again_is_not_stored(tmp_path: Path, state: str) -> None:
    """A run that ends has looked at every answer: what still waits then was not believed, such as a page cut short."""
    url, moment = f"{HOST}/archives/{EDITED}", "2026-01-01T00:00:00Z"
    start = RunStart(run=1, cycle=1, command="crawl", site=HOST, started_at=moment)
    address = {"url": url, "kind": "post", "state": state, "reason": "cut", "permanent": False, "attempts": 1}
    end = RunEnd(
        run=1, finished_at=moment, outcome="incomplete", exit_code=3, rest_until=None, missing_counted=False,
        counts={}, addresses=[{**address, "not_before": None, "run_id": 1, "first_seen_at": moment}],
    )  # fmt: skip
    with WarcWriter(tmp_path / "warc", "kexue.fm", software="blog-archiver/1", info=start.as_fields()) as writer:
        writer.write_exchange(
            target_uri=url, request=b"GET / HTTP/1.1\r\n\r\n", fetched_at=moment, ip_address=None,
            response=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(SampleBlog(), f"/archives/{EDITED}"),
        )  # fmt: skip
        writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, moment)
    assert rebuild(tmp_path, processes=1).captures == 1
    database = tmp_path / "archive.db"
    assert len(rows(database, "posts")) == (state != "pending")
    assert [(row["url"], row["state"]) for row in rows(database, "frontier")][:1] == [(url, state)]


# -- files -------------------------------------------------------------------------------------------------------------


def written(directory: Path, run: int, moment: str, *, cycle: int | None = None) -> Path:
    """Write a WARC file as a run would."""
    start = RunStart(run=run, cycle=cycle or run, command="crawl", site="https://kexue.fm", started_at=moment)
    before = set(directory.glob("*.gz"))
    with WarcWriter(
        directory,
        "kexue.fm",
        software="blog-archiver/1",
        info=start.as_fields(),
        now=lambda: datetime.fromisoformat(moment),
    ) as writer:
        writer.write_exchange(
            target_uri="https://kexue.fm/archives/7", request=b"GET / HTTP/1.1\r\n\r\n",
            response=b"HTTP/1.1 404 Not Found\r\n\r\n", fetched_at=moment, ip_address=None,
        )  # fmt: skip
    (path,) = set(directory.glob("*.gz")) - before
    return path


def test_runs_are_in_the_order_of_their_numbers_when_clocks_jump(tmp_path: Path) -> None:
    paths = [written(tmp_path, run, moment) for run, moment in
             ((1, "2026-01-01T00:00:00Z"), (2, "1970-01-01T00:00:00Z"), (5, "2026-01-02T00:00:00Z"))]  # fmt: skip
    found = files.runs(Storage(tmp_path))
    assert [(run.id, run.paths) for run in found] == [
        (number, (path,)) for number, path in zip((1, 2, 5), paths, strict=True)
    ]


def test_runs_of_a_database_that_was_lost_come_first_and_the_later_ones_get_new_numbers(tmp_path: Path) -> None:
    written(tmp_path, 1, "2026-01-01T00:00:00Z")
    written(tmp_path, 2, "2026-01-02T00:00:00Z")
    written(tmp_path, 1, "2026-01-03T00:00:00Z")
    written(tmp_path, 2, "2026-01-04T00:00:00Z", cycle=1)
    assert [(run.id, run.start.cycle, run.start.started_at[:10]) for run in files.runs(Storage(tmp_path))] == [
        (1, 1, "2026-01-01"), (2, 2, "2026-01-02"), (3, 3, "2026-01-03"), (4, 3, "2026-01-04"),
    ]  # fmt: skip


def test_runs_of_a_cycle_stay_together_when_the_first_left_no_file(tmp_path: Path) -> None:
    written(tmp_path, 6, "2026-01-01T00:00:00Z", cycle=5)
    written(tmp_path, 7, "2026-01-02T00:00:00Z", cycle=5)
    assert [(run.id, run.start.cycle) for run in files.runs(Storage(tmp_path))] == [(6, 6), (7, 6)]


def test_files_of_one_run_belong_together(tmp_path: Path) -> None:
    for _ in range(2):
        written(tmp_path, 3, "2026-01-01T00:00:00Z")
    (run,) = files.runs(Storage(tmp_path))
    assert [path.name[-13:] for path in run.paths] == ["00001.warc.gz", "00002.warc.gz"]


def test_damage_is_said_and_passed_over(lived: Crawled, tmp_path: Path) -> None:
    home = without_database(lived, tmp_path)
    path = min((home / "warc").iterdir())
    post = next(record for record in iter_records(path) if record.type == "response" and record.http_status == 200
                and "/archives/" in (record.target_uri or ""))  # fmt: skip
    data = bytearray(path.read_bytes())
    data[post.offset + post.length // 2] ^= 0xFF
    path.write_bytes(data)
    report = rebuild(home, processes=1)
    (note,) = report.notes
    assert f"{path.name}, offset {post.offset}: {post.length:,} bytes cannot be read" in note
    assert (
        len(rows(home / "archive.db", "captures"))
        == report.captures
        == len(rows(lived.home / "archive.db", "captures")) - 1
    )
    # It was fetched again in later runs.
    assert len(rows(home / "archive.db", "posts")) == len(rows(lived.home / "archive.db", "posts"))


def test_a_file_left_open_is_closed_first(archiver: Zygote, tmp_path: Path) -> None:
    blog = SampleBlog()
    with serving(blog) as site:
        kill(Crawled(archiver, tmp_path, blog, site), 8)
    (path,) = (tmp_path / "warc").iterdir()
    assert path.name.endswith(".open")
    report = rebuild(tmp_path, processes=1)
    assert [note.split(",")[0] for note in report.notes] == [f"closed {path.name.removesuffix('.open')}"]
    assert report.captures >= 7


# -- what a run says about itself --------------------------------------------------------------------------------------


def test_a_run_is_written_and_read_back() -> None:
    start = RunStart(run=7, cycle=3, command="crawl --index https://x.org/a.md", site="http://h:1", started_at="then")
    block = "".join(f"{name}: {value}\r\n" for name, value in start.as_fields().items()).encode()
    assert RunStart.of(b"software: blog-archiver/1.2\r\n" + block) == start
    assert (start.index_url, start.is_import) == ("https://x.org/a.md", False)
    end = RunEnd(
        run=7, finished_at="later", outcome="complete", exit_code=0, rest_until=None, missing_counted=True,
        counts={"new": 1, "pages": {"post": 2}}, addresses=[{"url": "https://kexue.fm/x", "reason": "中文"}],
    )  # fmt: skip
    assert RunEnd.of(end.as_block()) == end
    assert (RunEnd.of(b"format: WARC"), RunStart.of(block.replace(b"7", b"seven"))) == (None, None)


def test_another_programs_words_are_not_taken_for_ours() -> None:
    assert journal.software(b"software: warcprox/2\r\n") == ""
    assert journal.software(b"Software: blog-archiver/0.1.0\r\nformat: x\r\n") == "0.1.0"


def test_neither_scrapy_nor_twisted_is_needed() -> None:
    code = "import sys, archiver.rebuild.importing; sys.exit('scrapy' in sys.modules or 'twisted' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# -- processes ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tasks(lived: Crawled) -> list[Task]:
    found = lived.rows(
        "SELECT warc_file, warc_offset, target_uri FROM captures WHERE url LIKE '%/archives/%' AND status = 200"
    )
    return [
        Task(file, offset, "post", url, Site(base=lived.site)) for file, offset, url in found[:20] if "page" not in url
    ]


def read_all(tasks: list[Task], home: Path, processes: int) -> list[Item | None]:
    with pool.Pool(Storage(home / "warc"), processes) as readers:
        return [item for _, item in readers.read_all(zip(count(), tasks, strict=False))]


def test_pages_come_in_the_order_asked_for(lived: Crawled, tasks: list[Task]) -> None:
    assert read_all(tasks, lived.home, 3) == read_all(tasks, lived.home, 1)


def test_the_process_that_stores_is_given_the_shape_of_each_formula(lived: Crawled, tasks: list[Task]) -> None:
    contents = [item.content for item in read_all(tasks, lived.home, 2) if isinstance(item, Post)]
    counted = [(len(content.shapes or ()), len(content.formulas)) for content in contents]
    assert any(formulas for _, formulas in counted)
    assert all(shapes == formulas for shapes, formulas in counted)


def test_a_process_that_is_killed_costs_no_page(lived: Crawled, tasks: list[Task]) -> None:
    expected = read_all(tasks, lived.home, 1)
    with pool.Pool(Storage(lived.home / "warc"), 2) as readers:
        found = readers.read_all(zip(count(), tasks * 3, strict=False))
        items = [next(found)[1]]
        os.kill(min(readers._executor._processes), signal.SIGKILL)
        assert items + [item for _, item in found] == expected * 3


LETHAL = """
import os
from multiprocessing.connection import Connection
from archiver.rebuild import pool, reading
from archiver.urls import Site

original, read_page = pool._read, reading.read

def die_at_once():
    os._exit(1)

def die_within_the_answer():
    def send(connection, message):
        os.write(connection.fileno(), bytes(message)[:512])  # POSIX's least PIPE_BUF
        os._exit(1)
    Connection._send = send

def read(directory, tasks, spool):
    def of_one(directory, task):
        if task.kind.startswith("die"):
            globals()[task.kind]()
        return read_page(directory, task)
    reading.read = of_one
    return original(directory, tasks, spool)
"""


@pytest.fixture
def poisoned(tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Task]]:
    """A function that gives the tasks, with one among them that ends its process in the way it says."""
    (tmp_path / "lethal.py").write_text(LETHAL)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(pool, "_read", importlib.import_module("lethal").read)
    return lambda way: [*tasks[:3], replace(tasks[3], kind=way), *tasks[4:]]


def test_a_page_that_kills_is_the_only_one_lost(
    lived: Crawled, tasks: list[Task], poisoned: Callable[[str], list[Task]]
) -> None:
    found = read_all(poisoned("die_at_once"), lived.home, 2)
    expected = read_all(tasks, lived.home, 1)
    assert found == [*expected[:3], Gap(reason=pool.FATAL), *expected[4:]]


def test_a_process_that_dies_within_its_answer_holds_nobody_up(
    lived: Crawled, tasks: list[Task], poisoned: Callable[[str], list[Task]]
) -> None:
    found = read_all(poisoned("die_within_the_answer"), lived.home, 2)
    expected = read_all(tasks, lived.home, 1)
    assert [*found[:3], *found[4:]] == [*expected[:3], *expected[4:]]


def _end(*_: object) -> None:
    os._exit(1)


def test_processes_that_cannot_read_at_all_are_no_fault_of_the_pages(
    lived: Crawled, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_read", _end)
    with pytest.raises(ArchiverError, match="expected processes that read pages, found that they end before"):
        read_all(tasks, lived.home, 2)


def test_a_script_on_standard_input_rebuilds_with_several_processes(small: Crawled, tmp_path: Path) -> None:
    home = shutil.copytree(small.home, tmp_path / "home")
    script = f"""
from pathlib import Path
from archiver.rebuild.swap import rebuild
report = rebuild(Path({str(home)!r}), processes=2)
print(report.pages["post"], report.unrecognised)
"""
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, cwd=ROOT, timeout=60)
    posts = len(rows(small.home / "archive.db", "posts"))
    assert (done.stdout, done.stderr) == (f"{posts} 0\n", "")


# -- other programs' captures ------------------------------------------------------------------------------------------

LONG_AGO = "2015-05-01T00:00:00Z"
JUST_NOW = "2999-01-01T00:00:00Z"
HOST = "https://kexue.fm"


def outside(folder: Path, pages: list[tuple[str, str, bytes]]) -> Path:
    """Write a WARC file as another program would: dates, addresses, bodies."""
    with WarcWriter(folder, "web", software="another/1") as writer:
        for date, url, body in pages:
            writer.write_exchange(
                target_uri=url,
                request=b"GET / HTTP/1.1\r\n\r\n",
                response=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body,
                fetched_at=date,
                ip_address=None,
            )
    (path,) = folder.glob("web-*.warc.gz")
    return path


def page(blog: SampleBlog, path: str) -> bytes:
    return blog.respond("GET", path, {"Host": "kexue.fm"}).body


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Captures by another program: a post as it once was, one long gone, one of the future, and other things."""
    blog = SampleBlog()
    old = blog.source.post(EDITED)
    assert old
    blog.source = blog.source.edited(EDITED, title="从前的题目")
    blog.source = blog.source.published(replace(old, id=77, title="早已删除", comments=()))
    pages = [
        (LONG_AGO, f"http://www.spaces.ac.cn/archives/{EDITED}/", page(blog, f"/archives/{EDITED}")),
        (LONG_AGO, f"{HOST}/archives/77", page(blog, "/archives/77")),
        (LONG_AGO, f"{HOST}/content.html", page(blog, "/content.html")),
        (LONG_AGO, "https://example.org/", b"elsewhere"),
    ]
    blog.source = blog.source.edited(THREADED, title="将来的题目")
    pages.append((JUST_NOW, f"{HOST}/archives/{THREADED}", page(blog, f"/archives/{THREADED}")))
    return outside(tmp_path / "theirs", pages)


def titles(home: Path, number: int) -> list[tuple[str, str]]:
    found = [row for row in rows(home / "archive.db", "post_revisions") if row["post_id"] == number]
    return [(row["title"], row["seen_at"]) for row in sorted(found, key=lambda row: row["id"])]


def test_an_old_capture_becomes_an_older_revision(small: Crawled, theirs: Path, tmp_path: Path) -> None:
    home = without_database(small, tmp_path / "home")
    rebuild(home, processes=1)
    posts = {row["id"]: row for row in rows(home / "archive.db", "posts")}
    captures = rows(home / "archive.db", "captures")
    number = next(number for number in posts if number not in (EDITED, THREADED))
    report = import_warc(theirs, home, processes=1)
    assert (report.tally.copied, report.tally.elsewhere, report.tally.known, report.tally.notes) == (4, 1, 0, [])
    now = {row["id"]: row for row in rows(home / "archive.db", "posts")}
    assert now.keys() - posts.keys() == {77, EDITED, THREADED} - posts.keys()
    assert now[number] == posts[number]
    assert [row for row in rows(home / "archive.db", "captures") if row in captures] == captures
    assert now[77]["first_seen_at"] == LONG_AGO
    assert titles(home, EDITED)[0][0] == "从前的题目"
    assert not any(row["post_id"] == 77 for row in rows(home / "archive.db", "sightings"))
    assert report.rebuilt
    assert report.rebuilt.backup
    assert report.rebuilt.comparison.missing == ()


def test_captures_come_in_at_their_dates(lived: Crawled, theirs: Path, tmp_path: Path) -> None:
    home = without_database(lived, tmp_path / "home")
    import_warc(theirs, home, processes=1)
    before, after = titles(home, EDITED), titles(lived.home, EDITED)
    assert before == [("从前的题目", LONG_AGO), *after]
    posts = {row["id"]: row for row in rows(home / "archive.db", "posts")}
    assert posts[EDITED]["title"] == after[0][0]
    assert (posts[THREADED]["title"], posts[THREADED]["last_seen_at"]) == ("将来的题目", JUST_NOW)
    assert rows(home / "archive.db", "sightings") == rows(lived.home / "archive.db", "sightings")
    mine = {row["record_id"]: (row["id"], row["run_id"]) for row in rows(home / "archive.db", "captures")}
    live = {row["record_id"]: (row["id"], row["run_id"]) for row in rows(lived.home / "archive.db", "captures")}
    assert {record_id: mine[record_id] for record_id in live} == live


def test_the_records_are_copied_byte_for_byte(small: Crawled, theirs: Path, tmp_path: Path) -> None:
    home = without_database(small, tmp_path / "home")
    import_warc(theirs, home, processes=1)
    copy = max((home / "warc").iterdir(), key=lambda path: path.stat().st_mtime)
    first, *_ = copied = list(iter_records(copy))
    start = RunStart.of(first.block)
    assert start
    assert (start.command, start.is_import) == (f"import {theirs.name}", True)
    blocks = {record.record_id: (record.headers, record.block) for record in copied}
    for record in iter_records(theirs):
        if record.type == "warcinfo" or "example.org" not in (record.target_uri or ""):
            assert blocks[record.record_id] == (record.headers, record.block)
    assert not any("example.org" in (record.target_uri or "") for record in copied)
    assert [finding for finding in verify(Storage(home / "warc")) if finding.severity == "damage"] == []


@pytest.mark.parametrize("form", ["plain", "compressed as a whole", "package"])
def test_every_form_of_a_file_comes_in(small: Crawled, theirs: Path, tmp_path: Path, form: str) -> None:
    records = gzip.decompress(theirs.read_bytes())
    source = tmp_path / ("theirs.wacz" if form == "package" else "theirs.warc")
    if form == "package":
        with zipfile.ZipFile(source, "w") as package:
            package.write(theirs, f"archive/{theirs.name}")
    else:
        source.write_bytes(records if form == "plain" else gzip.compress(records))
    home = without_database(small, tmp_path / "home")
    assert import_warc(source, home, processes=1).tally.copied == 4
    assert titles(home, 77) == [("早已删除", LONG_AGO)]


def test_what_is_there_already_is_not_taken_again(small: Crawled, theirs: Path, tmp_path: Path) -> None:
    home = without_database(small, tmp_path / "home")
    import_warc(theirs, home, processes=1)
    before = sorted((home / "warc").iterdir())
    again = import_warc(theirs, home, processes=1)
    assert (again.tally.copied, again.tally.known, again.rebuilt) == (0, 4, None)
    assert sorted((home / "warc").iterdir()) == before


def test_what_is_not_what_was_written_stays_outside(small: Crawled, theirs: Path, tmp_path: Path) -> None:
    records = gzip.decompress(theirs.read_bytes())
    source = tmp_path / "theirs.warc"
    start = records.rindex(b"/archives/77\r\n")
    source.write_bytes(records[:start] + records[start:].replace("早已删除".encode(), "早已修改".encode(), 1))
    home = without_database(small, tmp_path / "home")
    tally = import_warc(source, home, processes=1).tally
    assert (tally.damaged, tally.copied) == (1, 3)
    assert any("block digest" in note and "/archives/77" in note for note in tally.notes)
    assert titles(home, 77) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>"])
def test_what_is_no_archive_is_refused_and_leaves_nothing(small: Crawled, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "source").write_bytes(content)
    home = without_database(small, tmp_path / "home")
    before = sorted((home / "warc").iterdir())
    with pytest.raises(ArchiverError, match="source"):
        import_warc(tmp_path / "source", home)
    assert sorted((home / "warc").iterdir()) == before
    assert {path.name for path in home.iterdir()} - {"lock"} == {"warc"}


READING = """
import sys, time
from pathlib import Path
from archiver.rebuild.pool import Pool
from archiver.rebuild.reading import Task
from archiver.urls import Site
from archiver.warc.storage import Storage
with Pool(Storage(Path(sys.argv[1])), 2) as pool:
    for _ in pool.read_all([(1, Task("none.warc.gz", 0, "post", "https://kexue.fm/archives/1", Site()))]):
        print("reading", flush=True)
        time.sleep(60)
"""


def test_processes_that_read_pages_end_with_a_rebuild_that_is_killed(tmp_path: Path) -> None:
    """All of them have its output open, which ends with the last."""
    command = [sys.executable, "-c", READING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"reading\n"
        process.kill()
        process.communicate(timeout=20)


def test_what_a_killed_rebuild_left_of_pages_is_cleared_by_the_next_and_nothing_of_a_living_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def there() -> set[Path]:
        return {path for path in tmp_path.iterdir() if not path.name.startswith("pymp-")}  # Python's own

    foreign = tmp_path / "blog-posts"
    foreign.mkdir()
    command = [sys.executable, "-c", READING, str(tmp_path)]
    told = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=told) as process:
        assert process.stdout
        assert process.stdout.readline() == b"reading\n"
        process.kill()
        process.communicate(timeout=20)
    left = there() - {foreign}
    assert left
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pool.Pool(Storage(tmp_path), 2):
        living = there()
        assert left.isdisjoint(living)
        with pool.Pool(Storage(tmp_path), 2):
            assert living < there()
        assert there() == living
    assert there() == {foreign}
