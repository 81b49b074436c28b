"""Blogs of a fleet read again: by one job, or by one for each WARC file and one that takes what they came to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver import sites
from archiver.errors import ArchiveLocked, ArchiverError
from archiver.fleet import jobs, readings
from archiver.fleet.blogs import Blog, Fleet
from archiver.rebuild import reading
from archiver.sample import SampleBlog, serving
from archiver.store import query
from archiver.text import EXTRACTOR_VERSION
from archiver.warc.storage import Storage
from tests.crawl.conftest import QUICK
from tests.zygote import Zygote

pytestmark = pytest.mark.postgresql

NAME = "small"
TEXTS = "SELECT id, title, markdown, text, first_seen_at FROM posts ORDER BY id"
COMMENTS = "SELECT * FROM comments ORDER BY id"
REBUILDS = "SELECT count(*) FROM runs WHERE command = 'rebuild'"


@dataclass(frozen=True)
class Kept:
    """A fleet of one blog, and the home of the worker that crawled it."""

    fleet: Fleet
    blog: Blog
    home: Path
    """Of the worker; the blog's is in it."""

    @property
    def own(self) -> Path:
        return self.home / NAME

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in (self.own / "warc").iterdir())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return query.run(self.fleet.database(self.blog), sql).rows

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the fleet's own database says."""
        return self.fleet.connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def crawled(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a worker whose blog has two WARC files."""
    home = tmp_path_factory.mktemp("worker")
    with serving(SampleBlog()) as site:
        for words in (("category", "--category", "Astronomy"), ("catalogue", "category")):
            done = archiver("--home", home / NAME, "crawl", "--site", site, *QUICK, *words)
            assert done.returncode == 0, done.stderr
    for path in (home / NAME).glob("archive.db*"):
        path.unlink()
    return home


@pytest.fixture
def kept(crawled: Path, server: Callable[[], str], tmp_path: Path) -> Iterator[Kept]:
    home = shutil.copytree(crawled, tmp_path / "worker")
    with Fleet(server(), make=True) as fleet:
        blog = Blog(name=NAME, url="https://kexue.fm/", base="https://kexue.fm")
        fleet.add([blog])
        jobs.end(fleet, NAME, "complete", 0)  # not due
        readings.rebuild(fleet, blog, home / NAME, processes=1)
        yield Kept(fleet, blog, home)


def read_ahead(kept: Kept) -> int:
    return sum(readings.read(kept.fleet, kept.blog, kept.own, name) for name in kept.files)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of pages that are read in this process."""
    addresses: list[str] = []
    original = reading.read

    def noted(storage: Storage, task: reading.Task) -> Any:
        addresses.append(task.url)
        return original(storage, task)

    monkeypatch.setattr(reading, "read", noted)
    return addresses


def test_a_blog_with_many_pages_is_read_by_file_and_made_again_from_that(kept: Kept, archiver: Zygote) -> None:
    fleet, home = ("--db", kept.fleet.url, "fleet"), ("--home", kept.home)
    assert archiver(*fleet, "rebuild").stdout == "Nothing was queued.\n"
    older = str(EXTRACTOR_VERSION + 1)
    done = archiver(*fleet, "rebuild", "--older-than", older, "--split", "10")
    assert done.stdout == f"{NAME}: queued, 2 files to be read first\n"
    assert archiver(*fleet, "rebuild", NAME).stdout == f"{NAME}: queued already\nNothing was queued.\n"
    before = kept.rows(TEXTS), kept.rows(COMMENTS)
    (rebuilds,) = kept.rows(REBUILDS)
    worked = archiver(*home, *fleet, "worker", "--concurrency", "3", "--until-idle")
    assert worked.returncode == 0, worked.stderr
    assert (kept.rows(TEXTS), kept.rows(COMMENTS)) == before
    assert kept.rows(REBUILDS) == [(1,)] == [rebuilds]  # a run of its own, in the new tables
    statuses = kept.asked("SELECT args -> 'words' ->> 0, status::text FROM procrastinate_jobs WHERE task_name = 'run'")
    assert sorted(statuses) == [("read-pages", "succeeded"), ("read-pages", "succeeded"), ("rebuild", "succeeded")]
    assert kept.asked("SELECT count(*) FROM readings") == [(0,)]
    assert kept.asked("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'small_bak%'") == [(1,)]


def test_what_was_read_ahead_is_not_read_again(kept: Kept, reads: list[str]) -> None:
    before = kept.rows(TEXTS), kept.rows(COMMENTS)
    assert read_ahead(kept) > 20
    readings.rebuild(kept.fleet, kept.blog, kept.own)
    assert (kept.rows(TEXTS), kept.rows(COMMENTS)) == before
    assert reads == []


def test_a_job_that_was_killed_is_taken_up_where_it_was(kept: Kept, reads: list[str]) -> None:
    pages = read_ahead(kept)
    lost = kept.asked("DELETE FROM readings WHERE key IN (SELECT key FROM readings ORDER BY key LIMIT 7) RETURNING key")
    assert read_ahead(kept) == len(lost) == 7
    kept.asked("DELETE FROM readings WHERE key IN (SELECT key FROM readings ORDER BY key LIMIT 7) RETURNING key")
    before = kept.rows(TEXTS)
    readings.rebuild(kept.fleet, kept.blog, kept.own)
    assert kept.rows(TEXTS) == before
    assert len(reads) == 7 < pages


def test_what_another_version_or_another_profile_came_to_is_left_alone(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = read_ahead(kept)
    assert read_ahead(kept) == 0
    (kept.own / sites.FILE).write_text(sites.first().written[0] + "\n# another\n")
    assert read_ahead(kept) == pages
    monkeypatch.setattr(reading, "VERSION", "9.9, extractor 99")
    assert read_ahead(kept) == pages
    assert kept.asked("SELECT count(DISTINCT version), count(*) FROM readings") == [(2, 3 * pages)]


def test_a_rebuild_waits_while_files_are_read(kept: Kept) -> None:
    assert readings.queue(kept.fleet, kept.blog, large=0) == 2
    with pytest.raises(ArchiveLocked, match="being read: 2 files"):
        readings.rebuild(kept.fleet, kept.blog, kept.own)


def test_a_worker_without_all_records_leaves_the_database_alone(kept: Kept) -> None:
    before = kept.rows("SELECT count(*) FROM captures")
    (kept.own / "warc" / kept.files[0]).unlink()
    with pytest.raises(ArchiverError, match=r"found none of kexue\.fm-.*: run this where they are"):
        readings.rebuild(kept.fleet, kept.blog, kept.own)
    with pytest.raises(ArchiverError, match="run this where they are"):
        readings.read(kept.fleet, kept.blog, kept.own, "kexue.fm-20260101T000000Z-00001.warc.gz")
    assert kept.rows("SELECT count(*) FROM captures") == before
    assert kept.asked("SELECT count(*) FROM readings") == [(0,)]


def test_a_blog_is_older_when_a_current_text_is(kept: Kept) -> None:
    assert not readings.is_older(kept.fleet, kept.blog, EXTRACTOR_VERSION)
    assert readings.is_older(kept.fleet, kept.blog, EXTRACTOR_VERSION + 1)
    kept.asked(
        f"UPDATE {NAME}.revisions SET extractor_version = 1 WHERE id = (SELECT max(current_revision_id) "
        f"FROM {NAME}.posts) RETURNING id"
    )
    assert readings.is_older(kept.fleet, kept.blog, EXTRACTOR_VERSION)
