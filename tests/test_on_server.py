"""An archive whose tables are on a server: every command does what it does with a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import compress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import make_url

from archiver.bundled import sample_folder
from archiver.errors import ArchiveLocked, ExitCode
from archiver.sample import SampleBlog, serving
from archiver.store import progress, query
from archiver.store.location import database_url
from archiver.store.lock import locked
from archiver.urls import Site
from archiver.warc.writer import WarcWriter
from tests.crawl.conftest import few
from tests.test_import import page
from tests.warc.samples import foreign_record, http
from tests.zygote import ROOT, Completed, Zygote

pytestmark = pytest.mark.postgresql


@dataclass(frozen=True)
class Pair:
    """One blog, crawled into a file and into a schema on a server."""

    archiver: Zygote
    blog: SampleBlog
    site: str
    file: Path
    home: Path
    url: str

    def on_server(self, *words: str, home: Path | None = None) -> Completed:
        return self.archiver("--home", home or self.home, "--db", self.url, *words)

    def in_file(self, *words: str) -> Completed:
        return self.archiver("--home", self.file, *words)


CRAWL = ("crawl", "--delay", "0", "--concurrency", "1", "--index", str(sample_folder() / "index.md"))


@pytest.fixture(scope="module")
def pair(archiver: Zygote, server: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder, blog = tmp_path_factory.mktemp("pair"), SampleBlog(source=few())
    url = make_url(server()).update_query_dict({"options": "-csearch_path=kexue"}).render_as_string(False)
    with serving(blog) as site:
        pair = Pair(archiver, blog, site, folder / "file", folder / "server", url)
        for run in (pair.in_file, pair.on_server):
            done = run(*CRAWL, "--site", site)
            assert done.returncode == 0, done.stdout + done.stderr
        yield pair


@pytest.mark.parametrize(
    "command",
    [
        "notify --command cat",
        "show 131",
        "show 131 --format text",
        "accept",
        "accept 131",
        "verify",
        "search 概率",
        "search --json 概率 -生日",
        "search in:comments 的",
        "search --rebuild",
        "sql --csv 'SELECT id FROM posts WHERE title LIKE '%' ORDER BY title'",
        "walk",
    ],
)
def test_a_command_says_what_it_says_of_a_file(pair: Pair, command: str) -> None:
    words = command.split() if "'" not in command else ["sql", "--csv", command.split("'", 1)[1][:-1]]
    there, here = pair.in_file(*words), pair.on_server(*words)
    assert (here.returncode, here.stderr) == (there.returncode, there.stderr)
    assert here.stdout == there.stdout


@pytest.mark.parametrize("command", ["status", "runs", "gaps", "history 131"])
def test_a_command_tells_as_much_as_of_a_file(pair: Pair, command: str) -> None:
    there, here = pair.in_file(*command.split(), "--json"), pair.on_server(*command.split(), "--json")
    assert (here.returncode, here.stderr) == (0, "")

    def kept(told: str) -> str:
        text = json.dumps(json.loads(told), ensure_ascii=False)
        return "".join(character for character in text if not character.isdigit())

    assert kept(here.stdout) == kept(there.stdout)


def test_a_run_is_seen_to_be_as_far_as_in_a_file(pair: Pair) -> None:
    there, here = progress.last(database_url(pair.file)), progress.last(pair.url)
    assert there
    assert here
    assert (here.run, here.exit_code, here.requests, here.settled, here.left, here.failed) == (
        *(there.run, there.exit_code, there.requests, there.settled, there.left, there.failed),
    )
    assert here.bytes > 0


@pytest.mark.parametrize(
    "form", ["markdown", "jsonl", "anki.txt", "bibtex.bib", "epub.epub", "atom", "wacz.wacz", "cdxj"]
)
def test_an_export_is_made_and_holds_the_same(pair: Pair, tmp_path: Path, form: str) -> None:
    name = form.partition(".")[0]
    for run, where in ((pair.in_file, "file"), (pair.on_server, "server")):
        (tmp_path / where).mkdir()
        done = run("export", name, str(tmp_path / where / form))
        assert (done.returncode, done.stderr) == (0, "")
    files = [
        sorted(path.relative_to(tmp_path / where) for path in (tmp_path / where).rglob("*"))
        for where in ("file", "server")
    ]
    assert files[0] == files[1] != []


def test_a_copy_in_sqlite_has_the_rows_of_the_server(pair: Pair, tmp_path: Path) -> None:
    here, there = tmp_path / "server.db", tmp_path / "file.db"
    assert pair.on_server("export", "sqlite", str(here)).returncode == 0
    assert pair.in_file("export", "sqlite", str(there)).returncode == 0
    for sql in ("SELECT name FROM sqlite_master ORDER BY name", "SELECT id, title, markdown FROM posts ORDER BY id"):
        assert query.run(here, sql).rows == query.run(there, sql).rows
    assert [path.name for path in tmp_path.iterdir() if "draft" in path.name] == []


# -- one writer --------------------------------------------------------------------------------------------------------


def test_a_second_crawl_from_another_home_is_refused(pair: Pair, tmp_path: Path) -> None:
    with locked(pair.home, pair.url):
        done = pair.on_server(*CRAWL, "--site", pair.site, home=tmp_path)
        assert done.returncode == ExitCode.LOCKED
        for part in ("kexue", f"process {os.getpid()} on", "another home", "wait for it"):
            assert part in done.stderr
        assert not list(tmp_path.glob("warc/*"))
        for words in (("rebuild",), ("accept", "131"), ("probe", "--site", pair.site)):
            assert pair.on_server(*words, home=tmp_path).returncode == ExitCode.LOCKED
        others = make_url(pair.url).update_query_dict({"options": "-csearch_path=other"}).render_as_string(False)
        with locked(tmp_path, others):
            pass
    with locked(tmp_path, pair.url):
        pass


def test_a_lock_is_free_as_soon_as_it_is_let_go(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    psycopg = pytest.importorskip("psycopg")
    closing = psycopg.Connection.close
    late: list[Any] = []

    def close_late(connection: Any) -> None:
        late.append(connection)

    monkeypatch.setattr(psycopg.Connection, "close", close_late)
    try:
        for _ in range(2):
            with locked(tmp_path, pair.url):
                pass
    finally:
        for connection in late:
            closing(connection)
    assert len(late) >= 2


def test_the_lock_of_a_process_that_was_killed_is_free(pair: Pair, tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from archiver.store.lock import locked\n"
    code += "with locked(Path(sys.argv[1]), sys.argv[2]): print('held', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(tmp_path / "one"), pair.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ArchiveLocked), locked(tmp_path / "two", pair.url):
            pass
        holder.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while True:
        try:
            with locked(tmp_path / "two", pair.url):
                return
        except ArchiveLocked:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_files_of_two_homes_have_names_of_their_own(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    names = set[str]()
    for home in ("one", "two", "one"):
        with WarcWriter(tmp_path / home, "blog", software="test", taken=names, now=lambda: at) as writer:
            writer.write_metadata(b"x", "text/plain", "2026-01-01T00:00:00Z")
            assert writer.path
            names.add(writer.path.name.removesuffix(".open"))
    assert len(names) == 3


def test_a_crawl_from_another_home_goes_on_with_what_the_database_knows(pair: Pair, tmp_path: Path) -> None:
    done = pair.on_server(*CRAWL, "--site", pair.site, home=tmp_path)
    assert done.returncode == 0, done.stderr
    files = "SELECT warc_file, count(DISTINCT run_id) FROM captures GROUP BY 1"
    assert {runs for _, runs in query.run(pair.url, files).rows} == {1}
    assert "missing" in done.stdout


# -- what others recorded ----------------------------------------------------------------------------------------------


def test_an_import_takes_place_with_the_new_tables(pair: Pair, server: Callable[[], str], tmp_path: Path) -> None:
    url, home = server(), tmp_path / "home"
    shutil.copytree(pair.file, home)
    (home / "archive.db").unlink()
    assert pair.archiver("--home", home, "--db", url, "rebuild", "--processes", "1").returncode == 0
    theirs = tmp_path / "theirs.warc.gz"
    theirs.write_bytes(compress(foreign_record("response", f"{Site().origin}/archives/58", http(page(58)))))
    done = pair.archiver("--home", home, "--db", url, "import", theirs)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    (imported,) = query.run(url, "SELECT warc_file FROM captures WHERE fetched_at < '2021'").rows
    assert (home / "warc" / imported[0]).exists()
    assert pair.archiver("--home", home, "--db", url, "verify").returncode == 0


def test_psycopg_is_only_imported_for_a_server() -> None:
    code = "import sys; from archiver.store import database, library, search; from archiver.store import lock\n"
    code += "from pathlib import Path\nfrom archiver.store.location import database_url\n"
    code += "with database.Archive(database_url(Path(sys.argv[1]))): pass\n"
    code += "print([name for name in sys.modules if name.startswith('psycopg')])"
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert done.stdout == "[]\n"


def test_init_sees_the_archive_on_a_server_and_a_crawl_its_absence(
    archiver: Zygote, demo: Path, demo_on_server: str, server: Callable[[], str], tmp_path: Path
) -> None:
    nowhere = ("init", "http://127.0.0.1:9/")
    taken = archiver("--home", tmp_path, "--db", demo_on_server, *nowhere)
    assert (taken.returncode, "expected a home without an archive, found that in" in taken.stderr) == (2, True)
    empty = server()
    free = archiver("--home", tmp_path, "--db", empty, *nowhere)
    assert "expected a home without" not in free.stderr
    home = shutil.copytree(demo, tmp_path / "home", ignore=shutil.ignore_patterns("archive.db*"))
    lost = archiver("--home", home, "--db", empty, "crawl", "--site", "http://127.0.0.1:9")
    assert (lost.returncode, "`archiver rebuild` builds it" in lost.stderr) == (2, True), lost
