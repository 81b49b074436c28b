"""The programs of others that judge our files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warc.samples import Judge


@pytest.fixture
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Give programs of others a file to judge: those installed beside this Python, or else on the PATH."""

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        found = shutil.which(program, path=places)
        if found is None:
            pytest.skip(f"{program} is not installed: pip install {program}")
        return subprocess.run(
            [found, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path_factory.mktemp("judge"),
        )

    return run
