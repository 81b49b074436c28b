"""An archive's database when its storage fails, and the files it uses besides its own."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from archiver.errors import DiskFull, UsageError
from archiver.store import frontier, runs
from archiver.store.database import Archive

NOW = "2026-11-21T00:00:00Z"
ADDRESS = "https://kexue.fm/archives/1"


def test_a_disk_that_is_full_is_told_until_the_end_and_what_was_committed_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    with Archive(url) as archive:
        runs.begin(archive.session, "crawl", now=NOW)
        archive.commit()
        connection = archive.session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
        frontier.skip(archive.session, ADDRESS, "post", "kept", run_id=1, now=NOW)
        archive.commit()
        with pytest.raises(DiskFull, match="no room left"), archive.savepoint() as session:
            frontier.skip(session, f"{ADDRESS}?", "post", "lost" * 10_000, run_id=1, now=NOW)
        assert isinstance(archive.failure, DiskFull)
        with pytest.raises(DiskFull, match="no room left"):
            archive.session.connection().exec_driver_sql("ROLLBACK TO SAVEPOINT block")
        archive.session.rollback()
    with Archive(url) as archive:
        assert frontier.is_known(archive.session, ADDRESS)
        assert not frontier.is_known(archive.session, f"{ADDRESS}?")


def test_an_interrupt_amid_a_statement_of_a_savepoint_stays_one(tmp_path: Path) -> None:
    def interrupted(_cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT"):
            raise KeyboardInterrupt

    with Archive(f"sqlite:///{tmp_path / 'archive.db'}") as archive:
        event.listen(archive.engine, "do_execute", interrupted)
        with pytest.raises(KeyboardInterrupt), archive.savepoint() as session:
            runs.begin(session, "crawl", now=NOW)
        event.remove(archive.engine, "do_execute", interrupted)
        archive.session.rollback()
        assert runs.begin(archive.session, "crawl", now=NOW)[0] == 1


def test_an_interrupt_stays_one_in_a_savepoint_whose_archive_is_closed(tmp_path: Path) -> None:
    with Archive(f"sqlite:///{tmp_path / 'archive.db'}") as archive:
        block = archive.savepoint()
        block.__enter__()
    assert not block.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


@pytest.mark.skipif(sys.platform != "linux", reason="open files are looked up in /proc")
def test_a_database_that_is_refused_is_let_go_of(tmp_path: Path) -> None:
    file = tmp_path / "archive.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE something_else (id)")
    with pytest.raises(UsageError) as refused:
        Archive(f"sqlite:///{file}")
    assert str(file) not in _open_files(), refused


@pytest.mark.skipif(sys.platform != "linux", reason="open files are looked up in /proc")
def test_what_a_savepoint_may_have_to_undo_is_in_no_file(tmp_path: Path) -> None:
    with Archive(f"sqlite:///{tmp_path / 'archive.db'}") as archive:
        runs.begin(archive.session, "crawl", now=NOW)
        for number in range(1000):
            frontier.skip(archive.session, f"{ADDRESS}{number}", "post", "kept" * 100, run_id=1, now=NOW)
        archive.commit()
        with archive.savepoint() as session:
            before = _open_files()
            for number in range(1000):
                frontier.skip(session, f"{ADDRESS}{number}", "post", "more" * 100, run_id=1, now=NOW)
            assert _open_files() - before == set()


def _open_files() -> set[str]:
    """Return the files this process has open; one that was deleted has a path that says so."""
    return {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if os.path.lexists(link)}
