"""Process death and storage (faults, group A): whatever ends a run, the archive is in order and the next goes on."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from archiver.clock import timestamp
from archiver.crawl.pipelines import StorePipeline
from archiver.crawl.place import ArchiveLocation
from archiver.crawl.run import Run
from archiver.errors import ArchiverError, DiskFull
from archiver.items import Gap, Outcome
from archiver.sample import SampleSource, serving
from archiver.store import frontier
from archiver.store.models import Capture, FrontierEntry
from archiver.urls import Site
from archiver.warc.reader import iter_records
from archiver.warc.writer import WarcWriter
from benchmarks.kill import differences, disorder
from tests.zygote import Completed

from .conftest import few
from .meddler import (
    Meddled,
    Meddler,
    Meddling,
    Watched,
    committing_every,
    database_fails,
    database_full,
    dying,
    free,
    recording_fails,
    shifted,
    without_reserve,
)

KILLS = 6
MIB = 1 << 20
EVERYTHING = ("catalogue", "category", "index")


@contextmanager
def served(meddler: Meddler, folder: Path, source: SampleSource | None = None) -> Iterator[Meddled]:
    blog = Watched(source=source)
    with serving(blog) as site:
        yield Meddled(meddler, folder / "archive", blog, site)


@pytest.fixture(scope="module")
def meddler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meddler]:
    meddler = Meddler(tmp_path_factory.mktemp("meddler"))
    yield meddler
    meddler.close()


@pytest.fixture(scope="module")
def whole(meddler: Meddler, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of an archive of the four posts that nothing happened to."""
    with served(meddler, tmp_path_factory.mktemp("whole"), few()) as archive:
        assert archive.run().returncode == 0
        return archive.home


@pytest.fixture
def archive(meddler: Meddler, tmp_path: Path) -> Iterator[Meddled]:
    """The four posts, of which nothing is archived yet."""
    with served(meddler, tmp_path, few()) as archive:
        yield archive


@pytest.fixture(scope="module")
def one_post(meddler: Meddler, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of an archive of one of the four posts."""
    with served(meddler, tmp_path_factory.mktemp("one"), few()) as archive:
        assert archive.run("--limit", "1").returncode == 0
        return archive.home


@pytest.fixture
def begun(archive: Meddled, one_post: Path) -> Meddled:
    """The four posts, one of which is archived."""
    shutil.copytree(one_post, archive.home)
    return archive


def recorded(archive: Meddled) -> int:
    """Return how many whole exchanges are on the disk."""
    found = 0
    for path in (archive.home / "warc").iterdir():
        for record in iter_records(path, on_damage=lambda _: None):
            found += record.type in ("response", "revisit")
    return found


def assert_goes_on(archive: Meddled, whole: Path) -> Completed:
    """Run again, and compare with an archive nothing happened to."""
    done = archive.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert differences(whole, archive.home) == []
    assert disorder(archive.home) == []
    return done


def assert_asked_once(archive: Meddled) -> None:
    again = {target: count for target, count in Counter(archive.asked()).items() if count > 1}
    assert set(again) <= {"/robots.txt", "/content.html"}  # which every run reads


# -- death -------------------------------------------------------------------------------------------------------------


def test_a_crawl_killed_at_random_moments_loses_nothing_and_doubles_nothing(meddler: Meddler, tmp_path: Path) -> None:
    """Case 1. `python -m benchmarks.kill` does the same with more kills, and with any site."""
    moments = random.Random(41)
    with served(meddler, tmp_path / "whole") as whole:
        assert whole.run(*EVERYTHING).returncode == 0
    with served(meddler, tmp_path / "killed") as archive:
        for kill in range(KILLS):
            running = archive.start(*EVERYTHING, meddling=[committing_every(3)])
            if kill % 3 == 0:  # while it starts and looks what the last one left
                time.sleep(moments.uniform(0, 0.1))
                running.kill()
            else:
                archive.watched.at = {archive.watched.count + moments.randint(5, 10): running.kill}
            assert running.wait().returncode == -signal.SIGKILL
            assert disorder(archive.home, at_rest=False) == []
        done = archive.run(*EVERYTHING)
        assert (done.returncode, done.stderr) == (0, "")
        assert differences(whole.home, archive.home) == []
        assert disorder(archive.home) == []
        counts = Counter(target for target in archive.asked(None) if target != "/robots.txt")
        assert max(counts.values()) <= 1 + KILLS
        assert counts.total() - len(counts) <= 8 * KILLS  # what was in flight, and what was not committed


@pytest.mark.parametrize(("moment", "nth"), [("in a record", 7), ("before the sync", 2), ("before the commit", 3)])
def test_what_a_kill_left_between_record_and_row_is_found_at_the_next_start(
    archive: Meddled, whole: Path, moment: str, nth: int
) -> None:
    """Case 2."""
    died = archive.run(meddling=[committing_every(4), dying(moment, nth)])
    assert died.returncode == -signal.SIGKILL
    assert disorder(archive.home, at_rest=False) == []
    ((rows,),) = archive.rows("SELECT count(*) FROM captures")
    orphans = recorded(archive) - rows
    assert orphans > 0
    done = assert_goes_on(archive, whole)
    assert re.search(r"closed kexue\.fm-\S+\.warc\.gz, which an earlier run left open: \d+ records", done.stdout)
    assert f"{orphans} exchanges were on disk without a row; they have one now" in done.stdout
    assert ("bytes of a torn end cut off" in done.stdout) == (moment == "in a record")


def test_mending_that_is_killed_too_is_taken_up_by_the_next_run(archive: Meddled, whole: Path) -> None:
    """Case 2."""
    for death in (dying("in a record", 7), dying("before the orphans"), dying("before the commit")):
        assert archive.run(meddling=[committing_every(50), death]).returncode == -signal.SIGKILL
        assert disorder(archive.home, at_rest=False) == []
    orphans = recorded(archive)
    assert archive.rows("SELECT count(*) FROM captures") == [(0,)]
    assert f"{orphans} exchanges were on disk without a row" in assert_goes_on(archive, whole).stdout


def test_half_an_answer_without_a_row_is_taken_for_half_a_one_as_in_a_rebuild(tmp_path: Path) -> None:
    half = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 99\r\n\r\nhalf'
    with WarcWriter(tmp_path / "warc", "kexue.fm", software="test") as writer:
        writer.write_exchange(
            target_uri="https://kexue.fm/archives/1",
            request=b"GET /archives/1 HTTP/1.1\r\n\r\n",
            response=half,
            fetched_at=datetime.now(UTC),
            ip_address=None,
        )
    run = Run(ArchiveLocation(home=tmp_path), "test")
    try:
        taken_up = run.archive.session.execute(select(Capture.truncated, Capture.etag)).one()
    finally:
        run.close()
    assert tuple(taken_up) == ("unspecified", None)


def test_once_the_database_has_failed_nothing_more_is_stored_in_it(tmp_path: Path) -> None:
    """Case 6. What has room after all would follow what has not."""
    run = Run(ArchiveLocation(home=tmp_path), "test")
    stored, url = StorePipeline(run), "https://kexue.fm/archives/1"
    gap = Outcome(item=Gap(reason="kept"), kind="post", url=url, capture_id=None, fetched_at=None)
    try:
        frontier.add(run.archive.session, url, "post", run_id=run.id, now=timestamp())
        stored.process_item(gap)
        run.commit()
        connection = run.archive.session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 8}")
        frontier.skip(run.archive.session, f"{url}?", "post", "not committed", run_id=run.id, now=timestamp())
        large = replace(gap, item=Gap(reason="lost" * 20_000))
        for item in (large, replace(gap, item=Gap(reason="has room"))):
            with pytest.raises(DiskFull):
                stored.process_item(item)
        run.end("disk full", 8)
        reasons = run.archive.session.execute(select(FrontierEntry.reason)).scalars().all()
    finally:
        run.close()
    assert isinstance(run.fatal, DiskFull)
    assert reasons == ["kept"]


@pytest.mark.parametrize("failed", [False, True])
def test_an_index_that_cannot_be_written_is_told_unless_the_run_has_failed(tmp_path: Path, failed: bool) -> None:
    (tmp_path / ".index.cdxj.new").mkdir()
    run = Run(ArchiveLocation(home=tmp_path), "test")
    if failed:
        run.stop(DiskFull("expected room, found none"))
    with nullcontext() if failed else pytest.raises(ArchiverError, match=r"index\.cdxj"):
        run.close()
    run.archive.close()


@pytest.mark.parametrize("moment", ["before the close", "before the index", "before the index is replaced"])
def test_an_index_a_kill_kept_from_being_written_is_made_up_for_by_the_next_run(
    archive: Meddled, whole: Path, moment: str
) -> None:
    """Case 3. After its last commit a run was complete."""
    assert archive.run(meddling=[dying(moment)]).returncode == -signal.SIGKILL
    assert archive.last_run() == ("complete", 0)
    assert not (archive.home / "index.cdxj").exists()
    done = assert_goes_on(archive, whole)
    assert ("left open" in done.stdout) == (moment == "before the close")
    assert [path.name for path in archive.home.glob("index*")] == ["index.cdxj"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish_and_asks_for_nothing_more(
    archive: Meddled, whole: Path, number: signal.Signals
) -> None:
    """Case 4."""

    def interrupt() -> None:
        running.kill(number)
        time.sleep(0.2)

    running = archive.start("--concurrency", "1")
    archive.watched.at = {4: interrupt}
    done = running.wait()
    assert (done.returncode, done.stderr) == (130, "")
    assert "interrupted; nothing is lost, run again to resume" in done.stdout
    assert archive.last_run() == ("interrupted", 130)
    assert archive.rows("SELECT count(*) FROM runs WHERE finished_at IS NULL") == [(0,)]
    *_, (_, in_flight, status) = archive.blog.requests
    assert (len(archive.blog.requests), status) == (4, 200)
    assert archive.rows("SELECT state FROM frontier WHERE url = ?", f"https://kexue.fm{in_flight}") == [("done",)]
    assert disorder(archive.home) == []
    assert_goes_on(archive, whole)
    assert_asked_once(archive)


def interrupted_twice(archive: Meddled) -> Completed:
    """Run a crawl that gets two signals while the server holds back an answer."""
    ended = threading.Event()

    def interrupt() -> None:
        running.kill(signal.SIGTERM)
        time.sleep(0.1)
        running.kill(signal.SIGINT)
        ended.wait(10)

    running = archive.start()
    archive.watched.at = {4: interrupt}
    done = running.wait()
    ended.set()
    return done


def test_a_second_signal_ends_at_once_and_leaves_an_archive_that_goes_on(archive: Meddled, whole: Path) -> None:
    """Case 4."""
    began = time.monotonic()
    done = interrupted_twice(archive)
    assert time.monotonic() - began < 8  # it waited for no answer
    assert (done.returncode != 0, done.stderr) == (True, "")
    assert disorder(archive.home) == []
    assert_goes_on(archive, whole)


def test_a_second_signal_is_an_interruption_too(archive: Meddled) -> None:
    """Case 4."""
    done = interrupted_twice(archive)
    assert (done.returncode, archive.last_run()) == (130, ("interrupted", 130))


# -- disks -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(meddler: Meddler, tmp_path: Path) -> Iterator[Path]:
    """A disk of four MiB, which only the command sees; in its place others see an empty folder."""
    if not meddler.has_disks:
        pytest.skip("needs to mount file systems: as root, or with user namespaces")
    folder = tmp_path / "disk"
    folder.mkdir()
    meddler.disks("mount", "-t", "tmpfs", "-o", "size=4m", "none", folder)
    yield folder
    meddler.disks("umount", folder)


def fill(disk: Path, leave: int) -> None:
    """Write a file that leaves so many bytes free."""
    (disk / "filler").unlink(missing_ok=True)
    (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - leave))


def test_a_disk_that_is_full_while_a_record_is_written_ends_the_run_with_whole_records(
    archive: Meddled, whole: Path
) -> None:
    """Case 5."""
    done = archive.run(meddling=[recording_fails(errno.ENOSPC, 5)])
    assert (done.returncode, done.stderr) == (8, "")
    assert "No space left on device; free some space and run again" in done.stdout
    assert archive.last_run() == ("disk full", 8)
    assert archive.rows("SELECT count(*) FROM captures") == [(3,)]
    assert recorded(archive) == 3
    assert disorder(archive.home) == []
    assert_goes_on(archive, whole)


def test_a_disk_that_is_really_full_ends_the_run_with_whole_records(
    archive: Meddled, meddler: Meddler, one_post: Path, whole: Path, disk: Path, tmp_path: Path
) -> None:
    """Case 5."""
    archive.home, archive.db = disk / "archive", tmp_path / "archive.db"
    home = shutil.copytree(one_post, meddler.seen(archive.home))
    shutil.move(home / "archive.db", archive.db)
    fill(meddler.seen(disk), leave=6000)
    done = archive.run(meddling=[without_reserve()])
    assert (done.returncode, done.stderr) == (8, "")
    fill(meddler.seen(disk), leave=2 * MIB)
    assert archive.run(meddling=[without_reserve()]).returncode == 0
    shutil.copy(archive.db, home)
    shutil.copytree(home, tmp_path / "copy")
    assert differences(whole, tmp_path / "copy") == []
    assert disorder(tmp_path / "copy") == []


def test_a_full_disk_is_told_in_one_line_by_every_command(meddler: Meddler, one_post: Path, disk: Path) -> None:
    shutil.copytree(one_post, meddler.seen(disk / "archive"))
    fill(meddler.seen(disk), leave=0)
    for words in (
        ("crawl", "--site", "http://127.0.0.1:9"),
        ("migrate",),
        ("rebuild", "--processes", "1"),
        ("export", "sqlite", disk / "x.sqlite"),
        ("export", "jsonl", disk / "x"),
        ("datasette",),
    ):
        done = meddler.start(("--home", disk / "archive", *words)).wait()
        assert (done.returncode, done.stdout) == (8, ""), words
        assert re.fullmatch(r"Error: [^\n]+\n", done.stderr)
    for words in (("status",), ("runs",), ("verify",)):  # what only reads needs no room
        assert meddler.start(("--home", disk / "archive", *words)).wait().returncode == 0


def test_a_disk_that_is_full_in_a_commit_ends_the_run_and_keeps_what_was_committed(
    begun: Meddled, meddler: Meddler, whole: Path, disk: Path
) -> None:
    """Case 6."""
    begun.db = disk / "archive.db"
    shutil.copy(begun.home / "archive.db", meddler.seen(disk))
    fill(meddler.seen(disk), leave=100_000)
    done = begun.run(meddling=[committing_every(2)])
    assert (done.returncode, done.stderr) == (8, "")
    assert "no room left on the disk; free some and run again, nothing is lost" in done.stdout
    fill(meddler.seen(disk), leave=2 * MIB)
    assert begun.run().returncode == 0
    shutil.copy(meddler.seen(begun.db), begun.home)
    assert differences(whole, begun.home) == []
    assert disorder(begun.home) == []


def test_a_database_that_cannot_grow_ends_the_run_and_keeps_what_was_committed(begun: Meddled, whole: Path) -> None:
    """Case 6: the statement fails, not the commit."""
    ((pages,),) = begun.rows("PRAGMA page_count")
    for more in (0, 2, 4):
        done = begun.run(meddling=[database_full(pages + more)])
        assert (done.returncode, done.stderr) == (8, "")
        assert "no room left on the disk; free some and run again, nothing is lost" in done.stdout
    assert_goes_on(begun, whole)


def test_a_run_ends_before_the_disk_is_full(archive: Meddled, whole: Path) -> None:
    """Case 7."""
    done = archive.run("--concurrency", "1", meddling=[committing_every(2), free(1 << 40, 1 << 40, MIB)])
    assert (done.returncode, done.stderr) == (8, "")
    assert "1 MiB free, 64 wanted; make room and run again" in done.stdout
    assert archive.last_run() == ("disk full", 8)
    assert len(archive.blog.requests) < 10
    assert disorder(archive.home) == []
    assert_goes_on(archive, whole)
    assert_asked_once(archive)


def test_a_run_on_a_disk_that_is_nearly_full_asks_for_nothing(archive: Meddled) -> None:
    """Case 7."""
    done = archive.run(meddling=[free(MIB)])
    assert done.returncode == 8
    assert "1 MiB free, 64 wanted; make room and run again" in done.stdout + done.stderr
    assert archive.blog.requests == []


@pytest.mark.parametrize("sizes", [(MIB,), (1 << 40, MIB)])
def test_the_exit_code_is_the_one_of_the_row_wherever_the_disk_is_nearly_full(
    archive: Meddled, sizes: tuple[int, ...]
) -> None:
    """Case 7."""
    done = archive.run("--limit", "1", meddling=[free(*sizes)])
    if archive.blog.requests:
        assert archive.last_run()[1] == done.returncode
    assert done.stdout.count("\n") > 1 or done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "place",
    [
        ".",
        "warc",
        "logs",
        "archive.db",
    ],
)
def test_what_cannot_be_written_to_is_refused_before_anything_is_asked_for(
    begun: Meddled, meddler: Meddler, whole: Path, place: str
) -> None:
    """Case 8."""
    archived = "SELECT url FROM frontier WHERE state = 'done'"
    before = begun.rows(archived), len(begun.blog.requests)
    with read_only(meddler, begun.home / place):
        done = begun.run()
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(rf"Error: .*{re.escape(str(begun.home))}.*\n", done.stderr)
        assert meddler("--home", begun.home, "status").returncode == 0
    assert before == (begun.rows(archived), len(begun.blog.requests))
    assert_goes_on(begun, whole)


@contextmanager
def read_only(meddler: Meddler, path: Path) -> Iterator[None]:
    """Let nobody write to a folder or file; root may write to it whatever its mode, so it has to be mounted anew."""
    if meddler.has_disks:
        meddler.disks("mount", "--bind", path, path)
        meddler.disks("mount", "-o", "remount,ro,bind", path)
        yield
        meddler.disks("umount", path)
    else:
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        if os.access(path, os.W_OK):
            pytest.skip("needs a user for whom a mode counts, or to mount file systems")
        yield
        path.chmod(mode)


def test_a_disk_that_fails_ends_the_run_with_whole_records(archive: Meddled, whole: Path) -> None:
    """Case 8."""
    done = archive.run(meddling=[recording_fails(errno.EIO, 5)])
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"expected to write \S+\.warc\.gz\.open, found: Input/output error; check", done.stdout)
    assert archive.last_run() == ("failed", 1)
    assert recorded(archive) == 3
    assert disorder(archive.home) == []
    assert_goes_on(archive, whole)


@pytest.mark.parametrize("nth", [15, 60])
def test_a_database_that_fails_ends_the_run_in_one_line(begun: Meddled, whole: Path, nth: int) -> None:
    """Case 8: at the start, and in the middle."""
    done = begun.run(meddling=[database_fails(nth)])
    assert done.returncode == 1
    said = done.stderr or done.stdout.partition("\n")[0]
    assert re.search(r"(Error|Run 2): .*archive\.db: expected to read and write it, found: disk I/O error; check", said)
    assert done.stderr.count("\n") == (nth == 15)
    assert_goes_on(begun, whole)


# -- others ------------------------------------------------------------------------------------------------------------


def test_who_writes_to_the_database_is_waited_for_and_who_reads_it_is_not(begun: Meddled, whole: Path) -> None:
    """Case 9."""
    asked = len(begun.blog.requests)
    other = sqlite3.connect(begun.home / "archive.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    running = begun.start()
    time.sleep(1)
    assert len(begun.blog.requests) == asked
    other.execute("COMMIT")
    other.execute("BEGIN")
    ((posts,),) = other.execute("SELECT count(*) FROM posts")
    done = running.wait()
    assert (done.returncode, done.stderr) == (0, "")
    assert other.execute("SELECT count(*) FROM posts").fetchall() == [(posts,)]  # as of when it began to read
    other.close()
    assert differences(whole, begun.home) == []
    assert disorder(begun.home) == []


def test_a_second_crawl_is_refused_and_names_the_first(archive: Meddled) -> None:
    """Case 10."""
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go_on.wait(10)

    archive.watched.at = {3: hold}
    first = archive.start("--concurrency", "1")
    assert reached.wait(10)
    second = archive.run()
    asked = archive.watched.count
    go_on.set()
    assert (second.returncode, second.stdout, asked) == (5, "", 3)
    named = re.fullmatch(r"Error: .*another run is writing to this archive \((.*), since (.*)\); .*\n", second.stderr)
    ((started_at,),) = archive.rows("SELECT started_at FROM runs")
    assert named
    assert named[1] == f"pid {first.pid}"
    assert timedelta(0) <= datetime.fromisoformat(started_at) - datetime.fromisoformat(named[2]) < timedelta(minutes=1)
    assert first.wait().returncode == 0
    assert archive.rows("SELECT count(*) FROM runs") == [(1,)]


def killed(archive: Meddled) -> int:
    """Kill a crawl at its third request; return the number of the process."""
    running = archive.start()
    archive.watched.at = {3: running.kill}
    running.wait()
    assert f"pid {running.pid}," in (archive.home / "lock").read_text()
    return running.pid


def test_the_lock_of_a_dead_process_is_taken_over(archive: Meddled, whole: Path) -> None:
    """Case 11."""
    dead = killed(archive)
    assert_goes_on(archive, whole)
    assert f"pid {dead}," not in (archive.home / "lock").read_text()


def test_a_run_that_takes_over_the_lock_of_a_dead_process_says_so(archive: Meddled) -> None:
    """Case 11."""
    dead = killed(archive)
    done = archive.run()
    assert re.search(rf"the lock of a run that died \(pid {dead}, since \S+\)", done.stdout)
    assert "the lock of a run that died" not in archive.run().stdout


def test_a_run_says_which_warc_files_are_gone(begun: Meddled) -> None:
    gone = min((begun.home / "warc").glob("*.warc.gz"))
    gone.unlink()
    done = begun.run()
    assert f"found 1 missing, such as {gone.name}" in done.stdout


# -- time --------------------------------------------------------------------------------------------------------------


def test_revisions_are_in_order_though_the_clock_jumps_back(archive: Meddled) -> None:
    """Case 18. All times are in UTC, so summer time is no matter."""
    for number, seconds in enumerate((0, -3600, -1800)):
        post = archive.blog.source.post(105)
        assert post
        archive.blog.source = archive.blog.source.edited(105, body=f"{post.body}<p>第{number}次修改。</p>")
        assert archive.run(meddling=[shifted(seconds)]).returncode == 0
    revisions = archive.rows("SELECT id, markdown, seen_at FROM post_revisions WHERE post_id = 105 ORDER BY id")
    assert [re.findall(r"第(\d)次修改", markdown)[-1] for _, markdown, _ in revisions] == ["0", "1", "2"]
    seen = [seen_at for *_, seen_at in revisions]
    assert seen[1] < seen[2] < seen[0]
    post_row = "SELECT current_revision_id, markdown, status, missing_runs FROM posts WHERE id = 105"
    assert archive.rows(post_row) == [(revisions[-1][0], revisions[-1][1], "live", 0)]
    assert archive.rows("SELECT outcome, cycle = id FROM runs ORDER BY id") == [("complete", 1)] * 3
    assert disorder(archive.home) == []


def test_a_wait_from_before_the_clock_jumped_back_holds_nobody_up(begun: Meddled) -> None:
    """Case 18."""
    later = timestamp(datetime.now(UTC) + timedelta(hours=1))
    with closing(sqlite3.connect(begun.home / "archive.db")) as database, database:
        database.execute("UPDATE frontier SET not_before = ? WHERE state = 'pending'", (later,))
    database.close()
    run = Run(ArchiveLocation(home=begun.home, site=Site(base=begun.site)), "crawl")
    try:
        assert frontier.lease(run.archive.session, run_id=run.id, now=timestamp())
    finally:
        run.close()


# -- packages ----------------------------------------------------------------------------------------------------------


def pack(meddler: Meddler, home: Path, target: Path, *meddling: Meddling) -> Completed:
    return meddler.start(("--home", home, "export", "wacz", target), meddling).wait()


def assert_packs(meddler: Meddler, home: Path, target: Path, left: set[str]) -> None:
    """Pack again: the package is whole, the archive too, and nothing else is left."""
    assert pack(meddler, home, target).returncode == 0
    for words in ((target,), ()):
        assert meddler("--home", home, "verify", *words).returncode == 0
    assert {path.name for path in meddler.seen(target).parent.iterdir()} == {*left, target.name}


def test_packing_that_is_killed_leaves_the_package_that_was_there(
    meddler: Meddler, whole: Path, tmp_path: Path
) -> None:
    """Cases 2 and 3, for a package."""
    target = tmp_path / "blog.wacz"
    target.write_bytes(b"as it was")
    assert pack(meddler, whole, target, dying("before the index is replaced")).returncode == -9
    assert target.read_bytes() == b"as it was"
    assert_packs(meddler, whole, target, set())


def test_a_disk_that_is_full_while_packing_keeps_the_package_that_was_there(
    meddler: Meddler, whole: Path, disk: Path
) -> None:
    """Case 5, for a package."""
    target = disk / "blog.wacz"
    meddler.seen(target).write_bytes(b"as it was")
    fill(meddler.seen(disk), leave=6000)
    done = pack(meddler, whole, target)
    assert done.returncode == 8
    assert re.fullmatch(r"Error: .*No space left on device; free some space and run again\n", done.stderr)
    assert {path.name for path in meddler.seen(disk).iterdir()} == {"blog.wacz", "filler"}
    assert meddler.seen(target).read_bytes() == b"as it was"
    fill(meddler.seen(disk), leave=2 * MIB)
    assert_packs(meddler, whole, target, {"filler"})


def test_a_folder_that_cannot_be_written_to_gets_no_package(meddler: Meddler, whole: Path, tmp_path: Path) -> None:
    """Case 8, for a package."""
    with read_only(meddler, tmp_path):
        done = pack(meddler, whole, tmp_path / "blog.wacz")
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"Error: expected to write .*blog\.wacz.*\n", done.stderr)
    assert_packs(meddler, whole, tmp_path / "blog.wacz", set())


def test_a_rebuild_that_is_killed_leaves_the_database_that_was_there(
    meddler: Meddler, whole: Path, tmp_path: Path
) -> None:
    """Case 15: and the next one goes through."""
    home = shutil.copytree(whole, tmp_path / "home")
    before = (home / "archive.db").read_bytes()
    words = ("--home", home, "rebuild", "--processes", "1")
    assert meddler.start(words, [dying("before the index is replaced")]).wait().returncode == -9
    assert (home / "archive.db").read_bytes() == before
    assert meddler("--home", home, "rebuild", "--processes", "1").returncode == 0
    assert differences(whole, home) == []
    assert disorder(home) == []
