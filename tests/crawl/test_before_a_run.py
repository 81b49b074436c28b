"""What is wrong with a request is found before a run begins: no lock, no run, no file, nothing asked of the blog."""

from __future__ import annotations

import errno
import gzip
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.cli import main
from archiver.errors import ExitCode
from archiver.store.lock import locked
from tests.zygote import Zygote

from .conftest import Crawled


def left_in(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*")) if home.exists() else []


def assert_refused(archive: Crawled, *words: str | Path, reason: str) -> None:
    """Run a command that makes no sense, and find that it left no trace."""
    before = left_in(archive.home)
    done = archive.archiver("--home", archive.home, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert left_in(archive.home) == before
    assert archive.asked(None) == []


@pytest.fixture
def archive(crawled: Callable[..., Crawled]) -> Crawled:
    """A blog of which nothing is archived."""
    return crawled()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"# Only words\n\n[elsewhere](https://example.org/)", "links to posts"),
        (b"", "links to posts"),
        (b"\x00\x01\xff" * 50, "--index"),
    ],
)
def test_a_wrong_index_is_found_before_a_run_begins(
    archive: Crawled, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    index = tmp_path / "index.md"
    if content is not None:
        index.write_bytes(content)
    assert_refused(archive, "crawl", "--site", archive.site, "--delay", "0", "--index", index, reason=reason)


@pytest.mark.parametrize(
    "site", ["kexue.fm", "http://", "http://:80", "http://127.0.0.1:", "http://127.0.0.1:99999", "http://[x", "ftp://a"]
)
def test_a_site_that_is_no_origin_is_found_before_a_run_begins(archive: Crawled, site: str) -> None:
    assert_refused(archive, "crawl", "--site", site, "--delay", "0", reason="--site: expected an origin")


def test_an_index_that_is_a_folder_or_no_url_is_found_before_a_run_begins(archive: Crawled, tmp_path: Path) -> None:
    for index, reason in (
        (str(tmp_path), "directory"),
        ("http://", "the URL of a page"),
        ("https://[kexue.fm/index", "the URL of a page"),
        ("http://kexue.fm:port/index", "the URL of a page"),
    ):
        assert_refused(archive, "crawl", "--site", archive.site, "--delay", "0", "--index", index, reason=reason)


@pytest.mark.parametrize(
    "slug", ["", "a/2", "a?page=2", "Big Data", "https://kexue.fm/category/Big-Data", "a\nb", ".."]
)
def test_what_can_be_no_category_is_found_before_a_run_begins(archive: Crawled, slug: str) -> None:
    assert_refused(archive, "crawl", "--site", archive.site, "--delay", "0", "--category", slug, reason="--category")


def test_a_category_the_blog_does_not_have_is_no_success(archive: Crawled) -> None:
    done = archive.crawl("category", "--category", "Nowhere", "--category", "Mathematics")
    assert done.returncode == 1
    assert "the blog has no category Nowhere;" in done.stdout
    assert archive.rows("SELECT count(*) > 0 FROM posts") == [(1,)]
    again = archive.crawl("--category", "Nowhere")
    assert (again.returncode, "no category Nowhere" in again.stdout) == (1, True)
    assert archive.crawl().returncode == 0


def test_a_wrong_date_is_found_before_a_run_begins(archive: Crawled) -> None:
    assert archive.crawl("--limit", "1").returncode == 0
    archive.blog.requests.clear()
    copy = Crawled(archive.archiver, archive.home.with_name("copy"), archive.blog, archive.site)
    for date in ("yesterday", "2026-13-01", "0001-01-01T00:00:00+12:00", "20261"):
        assert_refused(copy, "crawl", "--from", archive.home, "--at", date, reason="expected a date")
    assert_refused(copy, "crawl", "--at", "2026", reason="--from")


def test_a_file_that_is_no_warc_is_found_before_an_import_begins(archive: Crawled, tmp_path: Path) -> None:
    book, packed, named, empty = (tmp_path / name for name in ("x.epub", "x.gz", "x.wacz", "x.warc"))
    with zipfile.ZipFile(book, "w") as file:
        file.writestr("mimetype", "application/epub+zip")
    packed.write_bytes(gzip.compress(b"not a record"))
    named.write_bytes(b"not a package")
    empty.touch()
    for file_ in (book, packed, named, empty):
        assert_refused(archive, "import", file_, reason="expected a WARC file or a WACZ")


def test_a_command_that_ended_in_an_error_is_no_run_that_died(archive: Crawled, tmp_path: Path) -> None:
    assert archive.crawl("--limit", "1").returncode == 0
    (archive.home / "warc" / "x.warc.gz").write_bytes(b"")
    source = tmp_path / "x.warc"
    source.write_bytes(b"WARC/1.1 and no more")
    assert archive.archiver("--home", archive.home, "import", source).returncode != 0
    assert (archive.home / "lock").read_bytes() == b""
    assert "died" not in archive.crawl().stdout


def test_records_without_their_database_are_rebuilt_and_not_fetched_again(archive: Crawled, archiver: Zygote) -> None:
    assert archive.crawl().returncode == 0
    posts = archive.rows("SELECT id, text FROM posts ORDER BY id")
    archive.blog.requests.clear()
    for path in archive.home.glob("archive.db*"):
        path.unlink()
    for command in (
        ("crawl", "--site", archive.site),
        ("probe", "--site", archive.site),
        ("watch", "--every", "1h", "--site", archive.site),
    ):
        done = archiver("--home", archive.home, *command)
        assert done.returncode == 2
        assert "archiver rebuild" in done.stderr
    assert archive.asked(None) == []
    assert not (archive.home / "archive.db").exists()
    for make in ((archive.home / "archive.db").touch, lambda: archiver("--home", archive.home, "migrate")):
        make()  # an empty database is no better
        assert archive.crawl().returncode == 2
    assert archiver("--home", archive.home, "rebuild", "--processes", "1").returncode == 0
    assert archive.rows("SELECT id, text FROM posts ORDER BY id") == posts
    assert archive.crawl().returncode == 0


def test_a_full_disk_while_locking_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("pwrite", "open"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            done = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "crawl", "--site", "http://127.0.0.1:9"])
        assert (done.exit_code, done.stdout) == (ExitCode.DISK_FULL, "")
        assert re.fullmatch(r"Error: expected to write [^\n]+/lock, found: No space left[^\n]+\n", done.stderr)
    with locked(tmp_path / "home") as before:
        assert before == ""
