"""The page about the Python API runs as it stands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import archiver
from archiver.errors import UsageError

PAGE = Path(__file__).parents[1] / "docs" / "api.md"


def test_every_example_of_the_page_runs(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(demo, tmp_path / "data" / "demo")
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    assert names["formulas"]
    assert "@online{kexuefm-131," in capsys.readouterr().out
    assert (tmp_path / "tables" / "posts.jsonl").exists()


def test_every_way_in_is_on_the_page() -> None:
    public = {name for name in dir(archiver.open) if not name.startswith("_")}
    assert not public
    page = PAGE.read_text("utf-8")
    from archiver.store.library import Library

    for name in vars(Library):
        if not name.startswith("_") and name not in ("held", "count"):
            assert f"library.{name}" in page, name


def test_an_archive_is_read_as_it_was_when_it_was_opened(demo: Path, tmp_path: Path) -> None:
    from archiver.store import models
    from archiver.store.database import Archive
    from archiver.store.location import database_url

    home = shutil.copytree(demo, tmp_path / "home")
    with archiver.open(home) as library:
        title = library.post(131).title
        with Archive(database_url(home)) as archive:
            archive.session.get_one(models.Post, 131).title = "改了"
            archive.commit()
        assert library.post(131).title == title
        assert library.query("SELECT title FROM posts WHERE id = 131").rows == [("改了",)]


def test_what_is_not_there_is_said(demo: Path, tmp_path: Path) -> None:
    with archiver.open(demo) as library:
        for ask in (library.post, library.revisions):
            with pytest.raises(UsageError, match="expected post 99999"):
                ask(99999)
            with pytest.raises(UsageError, match="found a larger one"):
                ask(10**23)
        assert [post.id for post in library.posts([99999, 131])] == [131]
    with pytest.raises(UsageError, match="expected the database of an archive"):
        archiver.open(tmp_path)


def test_links_are_seen_from_both_ends(demo: Path) -> None:
    with archiver.open(demo) as library:
        for source, target in library.query("SELECT post_id, target_post_id FROM citations").rows:
            if target in {entry.post_id for entry in library.cites(source)}:
                assert source in {entry.post_id for entry in library.cited_by(target)}
        assert any(library.cites(post.id) for post in library.posts())
