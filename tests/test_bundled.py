from __future__ import annotations

from pathlib import Path

import pytest

from archiver import bundled

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_what_is_bundled_at_its_top() -> None:
    assert bundled.migrations_folder() == ROOT / "migrations"
    assert bundled.sample_folder() == ROOT / "data" / "sample"
    assert bundled.index_file() == ROOT / "data" / "index.md"


def test_an_installed_package_has_it_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_migrations").mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path)
    assert bundled.migrations_folder() == tmp_path / "_migrations"
