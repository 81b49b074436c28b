"""What somebody keeps beside an archive, carried in a file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli import main
from archiver.export import own as form
from archiver.store.own import NAME, Highlight, Kept, Listed, Mark, Note, Own, ReadingPosition
from archiver.urls import LARGEST_POST

times = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(1, LARGEST_POST)
places = st.none() | st.fixed_dictionaries(
    {"stopped_at": times, "anchor": texts, "block": st.integers(0, 1_000_000), "share": st.integers(0, 100)}
)


def _mark(number: int, url: str, favourite: str | None, read: str | None, place: dict[str, object] | None) -> Mark:
    return Mark(post_id=number, url=url, favourite_at=favourite, read_at=read, **(place or {}))  # type: ignore[arg-type]


marks = st.builds(_mark, numbers, texts, st.none() | times, st.none() | times, places).filter(lambda one: not one.blank)
listed = st.builds(Listed, post_id=numbers, url=texts)


def _unlike(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a few rows, each of another post."""
    return st.lists(rows, max_size=5, unique_by=lambda row: row.post_id).map(tuple)


notes = st.builds(
    Note, post_id=numbers, url=texts, text=texts, tags=st.lists(texts, max_size=3).map(tuple), changed_at=times
).filter(lambda one: bool(one.text or one.tags))
highlights = st.builds(
    Highlight, key=texts, post_id=numbers, url=texts, quote=texts, before=texts, after=texts, note=texts, made_at=times
)
kept = st.builds(
    Kept,
    marks=_unlike(marks),
    reading_list=_unlike(listed),
    notes=_unlike(notes),
    highlights=st.lists(highlights, max_size=5, unique_by=lambda one: one.key).map(tuple),
)


def archiver(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "own", *words])


@given(kept)
def test_what_is_kept_is_the_same_after_a_file(everything: Kept) -> None:
    with TemporaryDirectory() as folder:
        first, second, file = Path(folder) / "a", Path(folder) / "b", Path(folder) / "kept.json"
        Own(first).take(everything)
        assert archiver(first, "export", str(file)).exit_code == 0
        assert archiver(second, "import", str(file)).exit_code == 0
        assert Own(second).everything() == Own(first).everything()
        assert {each.post_id: each for each in everything.marks} == Own(second).marks()
        assert list(everything.reading_list) == Own(second).reading_list()
        assert {each.post_id: each for each in everything.notes} == Own(second).notes()
        assert sorted(everything.highlights, key=lambda one: (one.made_at, one.key)) == Own(second).highlights()


def test_a_file_adds_to_what_is_kept_and_counts_for_a_post_in_both(tmp_path: Path) -> None:
    here, there, file = Own(tmp_path / "here"), Own(tmp_path / "there"), tmp_path / "kept.json"
    here.favour(1, "https://example.org/1", True)
    here.favour(2, "https://example.org/2", True)
    there.stop(2, "https://example.org/2", ReadingPosition(anchor="s1", block=3, share=50))
    there.read(3, "https://example.org/3", True)
    archiver(tmp_path / "there", "export", str(file))
    assert archiver(tmp_path / "here", "import", str(file)).exit_code == 0
    found = here.marks()
    assert found[1].favourite_at
    assert (found[2].favourite_at, found[2].anchor) == (None, "s1")
    assert found[3].read_at


def test_a_reading_list_from_a_file_comes_after_ones_own(tmp_path: Path) -> None:
    here, there, file = Own(tmp_path / "here"), Own(tmp_path / "there"), tmp_path / "kept.json"
    here.enlist(Listed(post_id=number, url="") for number in (5, 1))
    there.enlist(Listed(post_id=number, url="") for number in (3, 1, 2))
    archiver(tmp_path / "there", "export", str(file))
    archiver(tmp_path / "here", "import", str(file))
    assert [each.post_id for each in here.reading_list()] == [5, 1, 3, 2]


def test_a_file_of_the_first_version_gets_the_later_tables(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(
            "CREATE TABLE marks (post_id INTEGER PRIMARY KEY, url TEXT NOT NULL, favourite_at TEXT, read_at TEXT, "
            "stopped_at TEXT, anchor TEXT, block INTEGER, share INTEGER) STRICT"
        )
        connection.execute("INSERT INTO marks VALUES (1, 'x', '2026-11-27T00:00:00Z', NULL, NULL, NULL, NULL, NULL)")
        connection.execute("PRAGMA user_version = 1")
    own = Own(tmp_path)
    own.enlist([Listed(post_id=2, url="y")])
    assert (list(own.marks()), own.reading_list()) == ([1], [Listed(post_id=2, url="y")])


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "\udcff", '{"version": 2}', '{"version": 1, "marks": {}}', '{"version": 1, "marks": [1]}',
        '{"version": 1, "marks": [{"post_id": 1}]}', '{"version": 1, "marks": [{"post_id": true, "url": "x"}]}',
        '{"version": 1, "marks": [{"post_id": 1, "url": "x", "read_at": "yesterday"}]}',
        '{"version": 1, "marks": [{"post_id": 1, "url": "x", "share": 3}]}',
        '{"version": 1, "marks": [{"post_id": 1, "url": "\\ud800", "read_at": "2026-11-27T00:00:00Z"}]}',
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_refused_in_one_line_and_changes_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = archiver(tmp_path / "home", "import", str(file))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {file}: ")
    assert "expected" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "home" / NAME).exists()


def test_nothing_kept_is_an_empty_file(tmp_path: Path) -> None:
    archiver(tmp_path / "home", "export", str(tmp_path / "kept.json"))
    assert form.loads((tmp_path / "kept.json").read_text()) == Kept()
    assert json.loads((tmp_path / "kept.json").read_text())["version"] == form.VERSION
    assert not (tmp_path / "home" / NAME).exists()


def test_a_dash_is_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = archiver(tmp_path / "home", "export", "-")
    assert done.exit_code == 0
    assert json.loads(done.output)
    assert not (tmp_path / "-").exists()
