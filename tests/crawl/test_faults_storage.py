"""Process death and storage (faults, group A): whatever ends a run, the archive is in order and the next goes on.

Case 3, the CDXJ index, is not written by a crawl yet; what makes and checks it is in tests/warc.
"""

from __future__ import annotations

import errno
import json
import random
import re
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archiver.bundled import sample_folder
from archiver.sample import serving
from benchmarks.kill import contents, differences, disorder

from .conftest import QUICK, Completed, Crawled
from .meddler import Meddler, Meddling, Started, Watched, dying, failing, free, resolving, shifted, without_reserve

KILLS = 7
MIB = 1 << 20


class Archive(Crawled):
    """An archive, and the watched site it comes from."""

    archiver: Meddler
    blog: Watched

    def start(self, *arguments: str, meddling: tuple[Meddling, ...] = (), db: Path | None = None) -> Started:
        elsewhere = ("--db", f"sqlite:///{db}") if db else ()
        index = () if arguments[:1] == ("catalogue",) else ("--index", str(sample_folder() / "index.md"))
        words = ("--home", self.home, *elsewhere, "crawl", "--site", self.site, *QUICK, *index, *arguments)
        return self.archiver.start(*words, meddling=meddling)

    def run(self, *arguments: str, meddling: tuple[Meddling, ...] = (), db: Path | None = None) -> Completed:
        return self.start(*arguments, meddling=meddling, db=db).wait()

    def last_run(self) -> tuple[str, int, str | None]:
        """Return outcome, exit code and end of the last run."""
        (row,) = self.rows("SELECT outcome, exit_code, finished_at FROM runs ORDER BY id DESC LIMIT 1")
        return row


@pytest.fixture(scope="module")
def meddler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meddler]:
    meddler = Meddler(tmp_path_factory.mktemp("meddler"))
    yield meddler
    meddler.close()


@pytest.fixture(scope="module")
def whole(meddler: Meddler, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home of an archive nothing happened to."""
    blog = Watched()
    with serving(blog) as site:
        archive = Archive(meddler, tmp_path_factory.mktemp("whole"), blog, site)
        assert archive.run().returncode == 0
        yield archive.home


@pytest.fixture
def archive(meddler: Meddler, tmp_path: Path) -> Iterator[Archive]:
    blog = Watched()
    with serving(blog) as site:
        yield Archive(meddler, tmp_path / "archive", blog, site)


def test_a_crawl_killed_at_random_moments_loses_nothing_and_doubles_nothing(archive: Archive, whole: Path) -> None:
    """Case 1."""
    moments = random.Random(1)
    for kill in range(KILLS):
        running = archive.start()
        def kill_now() -> None:
            time.sleep(moments.random() / 20)
            running.kill()
        if kill % 3 == 0:
            time.sleep(moments.random() / 5)
            running.kill()
        else:
            archive.blog.at = {archive.blog.asked + moments.randint(1, 12): kill_now}
        done = running.wait()
        print(done, archive.blog.asked)
        if (archive.home/"archive.db").exists():
            try: print(archive.rows("select count(*) from posts"), archive.rows("select state,count(*) from frontier group by 1"))
            except Exception as e: print(e)
    done= archive.run()
    print(done, archive.blog.asked)
    assert done.returncode == 0
    assert differences(whole, archive.home) == []
    assert disorder(archive.home) == []
