"""The notebook of the documentation runs as it stands, and is kept without what came of it."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def test_every_question_of_the_notebook_is_answered(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_HOME", str(demo))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]
    opened, formulas, citations, history, comments, exported = printed
    assert opened == "科学空间|Scientific Spaces 16 posts\n"
    assert formulas.splitlines()[0].split()[1] == "posts,"
    assert "2024 -> 2009 (1)" in citations
    assert "2019-05-05 岭回归" in history
    assert comments.count("#") == 49
    assert exported.startswith("16 posts; the longest is ")
