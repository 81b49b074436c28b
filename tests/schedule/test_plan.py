from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.errors import UsageError
from archiver.schedule import Schedule
from archiver.schedule.plan import own_command

HOUR = timedelta(hours=1)


def test_the_command_is_found_beside_the_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python, script = tmp_path / "python", tmp_path / "archiver"
    python.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python))
    assert own_command() == (str(python), "-m", "archiver")
    script.touch(mode=0o755)
    assert own_command() == (str(script),)


def test_options_before_the_command_are_those_of_a_crawl_alone() -> None:
    plan = Schedule(home=Path("/a"), options=("--warc", "s3://bucket/blog"), program=("/archiver",))
    assert plan.crawl == ("/archiver", "--home", "/a", "--warc", "s3://bucket/blog", "crawl")
    assert plan.status == ("/archiver", "--home", "/a", "status")


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = Path.cwd()
    arguments = ("catalogue", "--index", "topics.md", "--index=b.md", "--category", "catalogue")
    db = "sqlite+pysqlite:///a.db?timeout=5"
    plan = Schedule(home=Path("data"), db=db, arguments=arguments, program=("/archiver",))
    assert plan.crawl == (
        *("/archiver", "--home", f"{here}/data", "--db", f"sqlite+pysqlite:///{here}/a.db?timeout=5"),
        *("crawl", "catalogue", "--index", f"{here}/topics.md", f"--index={here}/b.md", "--category", "catalogue"),
    )
    assert Schedule(home=Path("x/../data")).home == here.resolve() / "data"


@pytest.mark.parametrize(
    "db", ["postgresql://me@host/blog", "sqlite:////srv/a b.db", "sqlite:///:memory:", "sqlite://"]
)
def test_other_databases_stay_as_they_are(db: str) -> None:
    assert Schedule(home=Path("/a"), db=db).db == db


@pytest.mark.parametrize("index", ["https://example.org/index.md", ""])
def test_an_index_elsewhere_stays_as_it_is(index: str) -> None:
    assert Schedule(home=Path("/a"), arguments=("--index", index)).arguments == ("--index", index)


@pytest.mark.parametrize("word", ["a\nb", "\0", "\x85", "\x1b[0m"])
def test_control_characters_are_refused(word: str) -> None:
    with pytest.raises(UsageError, match="expected a schedule without control characters, found"):
        Schedule(home=Path("/a"), arguments=("--category", word))
    with pytest.raises(UsageError, match="expected a schedule without control characters, found"):
        Schedule(home=Path("/a"), on_failure=word)


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a schedule in UTF-8, found '/\\\\udcff'"):
        Schedule(home=Path("/\udcff"))


@pytest.mark.parametrize("hours", [1, 2, 3, 4, 6, 8, 12, 24, 168])
def test_a_calendar_can_say_these_periods(hours: int) -> None:
    assert Schedule(home=Path("/a"), every=hours * HOUR).period == hours


@pytest.mark.parametrize("hours", [0.5, 1.5, 5, 26, 48, 336])
def test_and_no_others(hours: float) -> None:
    with pytest.raises(UsageError, match=r"expected runs every 1h, 2h, .*; `archiver watch` can wait for any duration"):
        _ = Schedule(home=Path("/a"), every=hours * HOUR).period


@pytest.mark.parametrize(("hours", "longest"), [(1, "1d"), (12, "1d12h"), (24, "3d"), (168, "21d")])
def test_three_periods_without_a_complete_run_are_too_many(hours: int, longest: str) -> None:
    plan = Schedule(home=Path("/a"), every=hours * HOUR, program=("/archiver",))
    assert plan.deadline == ("/archiver", "--home", "/a", "status", "--max-age", longest)
