"""One name for one thing: no two classes share one, and the words of the glossary are those of the code."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]

AS_READ, AS_STORED, AS_HANDED_OUT = "archiver/items.py", "archiver/store/models.py", "archiver/store/values.py"
"""A post is three classes of one name: what a page says, the rows, and what a library hands out."""


def classes() -> dict[str, list[str]]:
    """Return the modules that have a class of each public name, or a private one that is told from it by a line."""
    found = defaultdict(list)
    for folder in ("archiver", "spiders"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(path.relative_to(ROOT).as_posix())
    return found


def test_a_public_class_has_a_name_of_its_own() -> None:
    found = classes()
    for name, modules in found.items():
        others = [each for each in modules if each not in (AS_READ, AS_STORED, AS_HANDED_OUT)]
        read_or_handed_out = AS_READ in modules or AS_HANDED_OUT in modules
        if not name.startswith("_"):
            assert len(others) + read_or_handed_out <= 1, (name, modules)
            assert f"_{name}" not in found, (name, modules, found[f"_{name}"])


def test_the_words_of_the_glossary_that_name_classes_name_some() -> None:
    glossary = (ROOT / "docs/design.md").read_text("utf-8").partition("## Words\n")[2].partition("\n## ")[0]
    words = re.findall(r"^- \*\*([\w ]+)\*\*", glossary, re.M)
    named = set(re.findall(r"`([A-Z]\w+)`", glossary))
    assert 15 <= len(words) == len(set(words)) <= 25
    assert named
    assert named <= classes().keys()
