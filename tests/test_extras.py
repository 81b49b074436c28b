"""Extras: what is said where one is not installed works there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archiver import extras
from tests.test_packaging import project


@pytest.mark.parametrize("extra", sorted(project()["project"]["optional-dependencies"]))
def test_a_missing_extra_is_named_with_its_packages_for_the_running_python(extra: str) -> None:
    said = extras.missing(extra)
    for requirement in project()["project"]["optional-dependencies"][extra]:
        assert requirement.partition(";")[0] in said
    assert said.startswith("expected ")
    assert sys.executable in said


@pytest.mark.parametrize(
    ("mark", "command"),
    [
        ("pipx_metadata.json", "pipx inject blog-archiver 'pyarrow>=18'"),
        ("uv-receipt.toml", "uv pip install --python "),
    ],
)
def test_it_is_added_by_what_installed_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, command: str
) -> None:
    prefix = tmp_path / "blog-archiver"
    prefix.mkdir()
    (prefix / mark).touch()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    assert extras.missing("parquet").partition(": ")[2].startswith(command)
