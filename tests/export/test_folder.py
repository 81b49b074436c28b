"""Folders that are put in the place of earlier ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.errors import UsageError
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
