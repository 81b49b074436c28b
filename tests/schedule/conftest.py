"""Programs that stand in for those of the system: no test may change the crontab or the units of who runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Stub = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def stub(path: Path) -> Stub:
    """Put a shell script on the PATH."""

    def write(name: str, script: str) -> Path:
        program = path / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    return write
