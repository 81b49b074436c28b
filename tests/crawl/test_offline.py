"""A crawl answered from an archive, with no network, comes to the same rows as the crawl that made it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.bundled import sample_folder
from archiver.crawl.handlers import recorded_origin
from archiver.errors import UsageError
from archiver.sample import SampleBlog, SampleResponse, serving
from archiver.urls import Site
from archiver.warc.reader import iter_records
from tests.zygote import Zygote

from .conftest import Crawled

OWN = {
    "comments": {"capture_id"},
    "files": {"capture_id"},
    "pages": {"capture_id"},
    "captures": {"id", "run_id", "warc_file", "warc_offset", "warc_length", "record_id", "revisit_of"},
    "post_revisions": {"id", "capture_id"},
    "posts": {"current_revision_id"},
    "formulas": {"id"},
    "categories": {"id"},
    "tags": {"id"},
    "runs": {"id", "started_at", "finished_at", "command", "counts"},
}
"""Columns by which the copy may differ: its own run, where its own records are, and numbers in the order of storing."""

NAMED = {
    "post_categories": "SELECT post_id, slug FROM post_categories JOIN categories ON categories.id = category_id",
    "post_tags": "SELECT post_id, name FROM post_tags JOIN tags ON tags.id = tag_id",
}
"""Tables whose rows are such numbers: what they stand for."""

TABLES = (
    *("captures", "posts", "post_revisions", "post_stats", "comments", "formulas", "code_blocks", "images", "links"),
    *("categories", "post_categories", "tags", "post_tags", "topics", "topic_posts", "sightings", "runs"),
    *("pages", "page_formulas", "page_comments", "files"),
)

OFFLINE = """
import os, sys

def refuse(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple)
    ):
        print(event, args, file=sys.stderr)
        sys.stderr.flush()
        os._exit(99)

sys.addaudithook(refuse)
"""
"""Ends the process at once when it reaches for the network."""


class Offline(Crawled):
    """An archive made from another one."""

    def __init__(self, source: Crawled, home: Path) -> None:
        super().__init__(source.archiver, home, source.blog, source.site)
        self.source = source

    def copy(self, *words: str) -> dict[str, Any]:
        """Crawl the other archive with no network; return the report."""
        given = ("crawl", "--from", str(self.source.home), "--index", str(sample_folder() / "index.md"), "--json")
        done = self.archiver.after(OFFLINE, "--home", self.home, *given, *words)
        assert done.stderr == ""
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == report["exit_code"]
        return report

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table as an archive has them, without what is its own."""
        columns = [row[1] for row in self.rows(f"PRAGMA table_info({name})") if row[1] not in OWN.get(name, ())]
        return sorted(self.rows(NAMED.get(name, f"SELECT {', '.join(columns)} FROM {name}")), key=repr)


@pytest.fixture(scope="module")
def source(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """An archive of the sample blog after one run; its server is gone."""
    blog = SampleBlog()
    picture, moved = (
        next(path for path in blog.source.files if path.startswith("/usr/uploads/")),
        "/usr/uploads/moved.png",
    )
    blog.overrides[picture] = SampleResponse(301, {"Location": moved}, b"")
    blog.overrides[moved] = SampleResponse(200, {"Content-Type": "image/png"}, blog.source.files[picture])
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("source"), blog, site)
        assert archive.crawl("--concurrency", "1").returncode == 0
    return archive


@pytest.fixture(scope="module")
def copied(source: Crawled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Offline, dict[str, Any]]:
    """An archive made from it with no network, and the report."""
    copy = Offline(source, tmp_path_factory.mktemp("copy"))
    return copy, copy.copy()


@pytest.mark.parametrize("table", TABLES)
def test_the_copy_has_the_rows_of_the_archive(
    source: Crawled, copied: tuple[Offline, dict[str, Any]], table: str
) -> None:
    copy, _ = copied
    expected = Offline(source, source.home).table(table)
    if table == "captures":
        expected = [row for row in expected if not any(str(value).endswith("/robots.txt") for value in row)]
    assert copy.table(table) == expected
    assert expected


def test_the_report_is_that_of_a_complete_run(copied: tuple[Offline, dict[str, Any]]) -> None:
    copy, report = copied
    assert (report["outcome"], report["exit_code"], report["unfinished"]) == ("complete", 0, 0)
    assert report["counts"]["statuses"]["301"] == 1
    missing = copy.rows("SELECT count(*) FROM captures WHERE status = 404 AND url NOT LIKE '%/static/%'")
    assert missing == [(1,)]


def test_the_records_are_the_same_bytes_with_the_same_dates(
    source: Crawled, copied: tuple[Offline, dict[str, Any]]
) -> None:
    def exchanges(archive: Crawled) -> list[tuple[str, str, str | None, str | None, bytes]]:
        (path,) = (archive.home / "warc").iterdir()
        return sorted(
            (record.type, record.date, record.target_uri, record.ip, record.block)
            for record in iter_records(path)
            if record.type in ("request", "response") and "robots.txt" not in (record.target_uri or "")
        )

    assert exchanges(copied[0]) == exchanges(source)


def test_the_site_is_the_one_the_archive_was_fetched_from(source: Crawled) -> None:
    assert recorded_origin(source.home, Site()) == source.site


# -- which capture answers ---------------------------------------------------------------------------------------------


@pytest.fixture
def changed(crawled: Callable[..., Crawled]) -> Crawled:
    """Return an archive of two runs, between which a post was edited; later answers for others are no pages."""
    archive = crawled()
    assert archive.crawl("catalogue", index=False).returncode == 0
    old = archive.blog.source.post(131)
    assert old
    archive.blog.source = archive.blog.source.edited(131, body=old.body + "<p>后来补充的话。</p>")
    archive.blog.broken |= {"/archives/105": 500, "/archives/144": "truncate"}
    time.sleep(1 - time.time() % 1)  # captures are dated by the second
    archive.crawl("catalogue", "--full", "--concurrency", "1", index=False)
    return archive


def test_the_latest_capture_answers_unless_it_is_no_page(changed: Crawled, tmp_path: Path) -> None:
    statuses = {row[0] for row in changed.rows("SELECT status FROM captures")}
    assert statuses >= {200, 304, 500}
    copy = Offline(changed, tmp_path / "copy")
    report = copy.copy("catalogue")
    pages = report["counts"]["requests"] - 1  # the sample has no MathJax to give
    assert (report["exit_code"], report["counts"]["statuses"]) == (0, {"200": pages, "404": 1})
    assert "后来补充的话。" in copy.rows("SELECT text FROM posts WHERE id = 131")[0][0]
    assert copy.rows("SELECT count(*) FROM posts") == changed.rows("SELECT count(*) FROM posts")


def test_the_archive_answers_as_of_a_date(changed: Crawled, tmp_path: Path) -> None:
    ((last,),) = changed.rows("SELECT max(fetched_at) FROM captures WHERE run_id = 1")
    copy = Offline(changed, tmp_path / "copy")
    report = copy.copy("catalogue", "--at", last)
    assert report["exit_code"] == 0
    assert "后来补充的话。" not in copy.rows("SELECT text FROM posts WHERE id = 131")[0][0]
    assert max(copy.rows("SELECT fetched_at FROM captures"))[0] <= last


def test_what_is_not_archived_is_one_named_gap(crawled: Callable[..., Crawled], tmp_path: Path) -> None:
    archive = crawled()
    assert archive.crawl("catalogue", "--limit", "3", "--no-images", index=False).returncode == 0
    copy = Offline(archive, tmp_path / "copy")
    report = copy.copy("catalogue", "--no-images")
    posts = len(archive.blog.source.posts)
    assert (report["exit_code"], report["counts"]["new"], report["counts"]["failed"]) == (3, 3, posts - 3)
    reasons = {reason for (reason,) in copy.rows("SELECT reason FROM gaps")}
    assert len(reasons) == posts - 3
    assert all(reason.startswith("ResponseNotArchived: expected a capture of https://kexue.fm/") for reason in reasons)
    before = copy.copy("catalogue", "--at", "2020-01-01")
    assert before["exit_code"] != 0
    ((reason,),) = copy.rows("SELECT reason FROM gaps WHERE kind = 'catalogue'")
    assert "as of 2020-01-01T23:59:59Z" in reason
    assert "found one of 20" in reason


def test_an_archive_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found nothing"):
        recorded_origin(tmp_path, Site())


def test_an_archive_does_not_answer_for_itself_and_only_an_archive_answers_as_of_a_date(source: Crawled) -> None:
    for words, reason in ((("--from", source.home), "another archive"), (("--at", "2026"), "expected --from")):
        done = source.archiver("--home", source.home, "crawl", *words)
        assert done.returncode == 2
        assert reason in done.stderr
