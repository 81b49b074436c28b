"""What the files around the code promise, held to the code."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import archiver

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def required(section: str) -> list[Requirement]:
    declared = project()
    lines = declared["project"]["dependencies"] if section == "runtime" else declared["dependency-groups"][section]
    return [Requirement(line) for line in lines]


def pins() -> dict[str, str]:
    return dict(line.split("==") for line in read("constraints.txt").splitlines())


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    for line in read("constraints.txt").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.+!]*", line), line


@pytest.mark.parametrize("section", ["runtime", "test", "lint"])
def test_what_is_required_is_pinned_within_its_bounds(section: str) -> None:
    pinned = {canonicalize_name(name): version for name, version in pins().items()}
    for requirement in required(section):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), str(requirement)


@pytest.mark.parametrize(
    ("section", "heading"), [("runtime", "Run time"), ("test", "Tests"), ("lint", "Lint and types")]
)
def test_dependencies_are_explained(section: str, heading: str) -> None:
    table = read("docs/dependencies.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines() if row.startswith("|")][2:]
    assert [row[0] for row in rows] == sorted(requirement.name for requirement in required(section))
    assert all(len(row) == 3 and all(row) for row in rows)


def test_the_changelog_begins_with_this_version() -> None:
    heading = re.search(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", read("CHANGELOG.md"), re.MULTILINE)
    assert heading
    assert heading[1] == archiver.__version__


def test_contributing_is_short() -> None:
    assert len(read("CONTRIBUTING.md").splitlines()) <= 20


def test_every_python_we_name_is_tested() -> None:
    named = re.findall(r"Python :: (3\.\d+)", " ".join(project()["project"]["classifiers"]))
    matrix = re.search(r"python: \[(.*)\]", read(".github/workflows/ci.yml"))
    assert matrix
    assert re.findall(r"3\.\d+", matrix[1]) == named
    assert project()["project"]["requires-python"] == f">={named[0]}"


def test_continuous_integration_can_be_run_by_hand() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert ".ci/run" in read(".github/workflows/ci.yml")
    assert 'make PYTHON="$python" test' in read(".ci/run").splitlines()[-1]


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert phony
    explained = re.findall(r"^([a-z-]+):.*## \S", read("Makefile"), re.MULTILINE)
    assert sorted(explained) == sorted(phony[1].split())


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names GitHub gives a page's headings: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_of_the_documentation_leads_to_a_file_and_a_heading(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", without_code(page))
    for link in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", text):
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not heading or heading in anchors(target), link


def test_the_first_page_of_the_documentation_lists_all_others() -> None:
    listed = re.findall(r"^\| \[([^\]]+)\]\(\1\)", read("docs/README.md"), re.MULTILINE)
    others = {page.name for page in (ROOT / "docs").iterdir() if page.suffix in (".md", ".ipynb")} - {"README.md"}
    assert sorted(listed) == sorted(others)
