"""The programs of others that judge our files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.warc.samples import Judge


@pytest.fixture
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Give programs of others a file to judge."""

    def folder() -> Path:
        return tmp_path_factory.mktemp("judge")

    return Judge(folder)
