"""The description of tables and views, and the page made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from archiver.store import migrate, query, schema

EVERYTHING = (*schema.tables(), *schema.views(), *schema.full_text())
PAGE = Path(__file__).parents[2] / "docs" / "schema.md"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("schema") / "archive.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == schema.as_markdown(), f"generate it again: {schema.COMMAND}"


def test_every_table_and_column_of_a_database_is_described(file: Path) -> None:
    inspector = inspect(create_engine(f"sqlite:///{file}", poolclass=NullPool))
    described = {one.name: [column.name for column in one.columns] for one in EVERYTHING}
    for name in (*inspector.get_table_names(), *inspector.get_view_names()):
        if name != "alembic_version" and "_fts_" not in name:
            assert described.pop(name) == [column["name"] for column in inspector.get_columns(name)]
    assert not described


@pytest.mark.parametrize("one", EVERYTHING, ids=lambda one: one.name)
def test_descriptions_are_sentences(one: schema.Described) -> None:
    for text in (one.about, *(column.about for column in one.columns)):
        assert re.fullmatch(r"[^|\s]([^|\n]*\S)?\.", text), text


def test_the_text_names_keys_references_and_what_may_be_missing() -> None:
    text = schema.as_text()
    for line in (
        r"^posts: Every post of the blog",
        r"^  id +integer, key +The blog's own number of the post\.$",
        r"^  current_revision_id +integer, → revisions\.id, or NULL +The revision",
        r"^  is_owner +0 or 1 +1 if",
        r"^post_overview: Every post without its text",
        r"^  char_count +Characters of its text\.$",
    ):
        assert re.search(line, text, re.MULTILINE), line
    assert not re.search(r" $", text, re.MULTILINE)


@pytest.mark.parametrize("question", schema.EXAMPLES)
def test_the_examples_can_be_asked(file: Path, question: str) -> None:
    assert question.endswith("?")
    assert query.run(file, schema.EXAMPLES[question]).columns


@pytest.mark.parametrize("view", [one.name for one in schema.views()])
def test_every_view_can_be_asked(file: Path, view: str) -> None:
    assert query.run(file, f"SELECT * FROM {view}").rows == []
