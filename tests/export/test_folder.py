"""Folders that are put in the place of earlier ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archiver.durable import replacing
from archiver.errors import ArchiveLocked, UsageError
from archiver.export.folder import replacing_folder


def fill(target: Path, *names: str, text: str = "x") -> None:
    with replacing_folder(target) as folder:
        for name in names:
            folder.write(name, text)


def names(target: Path) -> set[str]:
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}


def test_files_of_an_earlier_export_go_and_those_of_others_stay(tmp_path: Path) -> None:
    target = tmp_path / "vault"
    fill(target, "old.md", "images/a.png")
    (target / ".obsidian").mkdir()
    (target / ".obsidian" / "app.json").write_text("{}", encoding="utf-8")
    (target / "note.md").write_text("mine", encoding="utf-8")
    fill(target, "new.md")
    assert names(target) == {"new.md", "note.md", ".obsidian/app.json", ".archiver-export"}
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def test_an_export_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "vault"
    fill(target, "old.md")
    with pytest.raises(ZeroDivisionError), replacing_folder(target) as folder:
        folder.write("new.md", str(1 // 0))
    assert names(target) == {"old.md", ".archiver-export"}
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def test_an_exchange_that_was_cut_off_is_undone(tmp_path: Path) -> None:
    target = tmp_path / "vault"
    fill(target, "old.md")
    (target / "note.md").write_text("mine", encoding="utf-8")
    target.rename(tmp_path / ".vault.old")
    fill(target, "new.md")
    assert names(target) == {"new.md", "note.md", ".archiver-export"}


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="found other files"):
        fill(tmp_path, "new.md")
    with pytest.raises(UsageError, match="found a file"):
        fill(tmp_path / "note.md", "new.md")
    assert names(tmp_path) == {"note.md"}


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "vault").symlink_to("disk")
    (tmp_path / "book").symlink_to("disk.book")
    for _ in range(2):
        fill(tmp_path / "vault", "a.md")
        with replacing(tmp_path / "book") as file:
            file.write(b"x")
    assert (tmp_path / "vault").is_symlink()
    assert names(tmp_path / "disk") == {"a.md", ".archiver-export"}
    assert (tmp_path / "book").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "vault", "book", "disk.book"}


def test_the_folder_one_works_in_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "vault", "images/a.png")
    monkeypatch.chdir(tmp_path / "vault" / "images")
    with pytest.raises(UsageError, match="you are not in"):
        fill(tmp_path / "vault", "new.md")
    assert names(tmp_path / "vault") == {"images/a.png", ".archiver-export"}


def test_two_exports_into_one_place_do_not_mix(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "vault") as folder, replacing(tmp_path / "book") as file:
        folder.write("first.md", "x")
        file.write(b"first")
        with pytest.raises(ArchiveLocked, match="another program"):
            fill(tmp_path / "vault", "second.md")
        with pytest.raises(ArchiveLocked, match="another program"), replacing(tmp_path / "book") as second:
            second.write(b"second, and longer")
    assert names(tmp_path) == {"book", "vault/first.md", "vault/.archiver-export"}
    assert (tmp_path / "book").read_text("utf-8") == "first"


def test_what_a_killed_export_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".vault.new" / "images").mkdir(parents=True)
    (tmp_path / ".vault.new" / ".archiver-export").write_text("half", encoding="utf-8")
    (tmp_path / ".vault.new" / "half.md").write_text("half", encoding="utf-8")
    (tmp_path / ".book.new").write_text("half, and longer than whole", encoding="utf-8")
    fill(tmp_path / "vault", "whole.md")
    with replacing(tmp_path / "book") as file:
        file.write(b"whole")
    assert names(tmp_path) == {"book", "vault/whole.md", "vault/.archiver-export"}
    assert (tmp_path / "book").read_text("utf-8") == "whole"


def test_a_file_takes_the_place_of_no_folder_and_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    for target in (tmp_path / "pipe", tmp_path / "folder", Path(".."), Path(), Path("/")):
        with pytest.raises(UsageError, match="expected a file or nothing"), replacing(target):
            pass
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "folder"}


def test_a_file_beside_that_is_somebodys_stays(tmp_path: Path) -> None:
    (tmp_path / "book.new").write_text("mine", encoding="utf-8")
    with replacing(tmp_path / "book") as file:
        file.write(b"x")
    assert (tmp_path / "book.new").read_text("utf-8") == "mine"
