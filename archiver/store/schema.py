"""What the tables and views mean, for users of SQL: as text, and as the page docs/schema.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from archiver.store.models import Base
from archiver.store.search_tables import TABLES
from archiver.store.views import VIEWS

COMMAND = "archiver sql --schema --markdown > docs/schema.md"
"""The command that generates docs/schema.md after a change of the tables or views."""

CONVENTIONS = (
    "Times are ISO 8601 UTC (`2026-11-21T17:45:00Z`) and the blog's own dates `YYYY-MM-DD`, so both sort as text.",
    "Yes and no are 1 and 0. Unknown values are NULL.",
    "URLs are absolute and in the one form the archive uses.",
    "The numbers of posts and comments are the blog's own. Positions count from 0.",
)

EXAMPLES = {
    "How much was written each year?": """
SELECT year, count(*) AS posts, sum(char_count) AS characters
FROM post_overview GROUP BY year ORDER BY year
""",
    "Which posts do other posts link to most?": """
SELECT target_post_id, target_title, count(*) AS posts
FROM citations GROUP BY target_post_id, target_title ORDER BY posts DESC LIMIT 20
""",
    "Which posts mention a word?": """
SELECT id, title FROM posts WHERE text LIKE '%梯度%' ORDER BY published_on
""",
    "Which posts use a TeX command?": """
SELECT p.id, p.title, count(*) AS formulas
FROM formulas AS f JOIN posts AS p ON p.id = f.post_id
WHERE f.tex LIKE '%msign%' GROUP BY p.id, p.title ORDER BY formulas DESC
""",
    "What does the curated index list, and what is missing?": """
SELECT topic, position, post_id, index_title, status
FROM topic_outline ORDER BY topic_position, position
""",
    "What has the blog's author answered lately?": """
SELECT c.published_on, p.title, c.text
FROM comments AS c JOIN posts AS p ON p.id = c.post_id
WHERE c.is_owner ORDER BY c.published_on DESC LIMIT 20
""",
    "How did the discussion of a post go?": """
SELECT depth, author, text FROM comment_threads WHERE post_id = 8265 ORDER BY path
""",
    "What was rewritten?": """
SELECT seen_at, post_id, title, char_change, title_changed
FROM revision_changes WHERE previous_revision_id IS NOT NULL ORDER BY seen_at DESC
""",
    "Which papers are cited most?": """
SELECT url, count(DISTINCT post_id) AS posts
FROM links WHERE url LIKE '%arxiv.org/%' GROUP BY url ORDER BY posts DESC LIMIT 20
""",
    "Where are the bytes of a page?": """
SELECT warc_file, warc_offset, warc_length
FROM captures_latest WHERE url LIKE '%/archives/8265'
""",
    "What is missing, and why?": """
SELECT kind, state, reason, count(*) AS addresses
FROM gaps GROUP BY kind, state, reason ORDER BY addresses DESC
""",
}
"""Questions and the SQL that answers them; each runs on SQLite and PostgreSQL."""

_HEAD = f"""# Tables and views

Made by `{COMMAND}`; a test keeps it up to date.

Ask with `archiver sql 'SELECT ...'`, or with any program that opens SQLite: the file is `archive.db` in the archive's
home. `archiver sql` never writes.
"""

_TYPES: Mapping[type, str] = {bool: "0 or 1", bytes: "bytes", int: "integer", str: "text"}


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """A column and what it means."""

    name: str
    about: str
    type: str
    """`integer`, `text`, `bytes`, `0 or 1`; empty in a view."""
    key: bool
    """Whether it is the primary key or part of it."""
    nullable: bool
    refers: str | None
    """`table.column` a foreign key leads to."""

    @property
    def kind(self) -> str:
        """Type and rules in words: `integer, key` or `text, or NULL`."""
        rules = [self.type] if self.type else []
        rules += ["key"] if self.key else []
        rules += [f"→ {self.refers}"] if self.refers else []
        rules += ["or NULL"] if self.nullable and self.type else []
        return ", ".join(rules)


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view and what it means."""

    name: str
    about: str
    columns: tuple[ColumnDescription, ...]


BLOG = ColumnDescription("blog", "Name of the blog.", "text", True, False, None)
"""The column that each table and view of a fleet has first."""


def tables() -> tuple[Described, ...]:
    """Return the tables in the order of the models."""
    return tuple(
        Described(table.name, table.info["about"], tuple(map(_column, table.columns)))
        for table in Base.metadata.tables.values()
    )


def views() -> tuple[Described, ...]:
    """Return the views."""
    return tuple(Described(view.name, view.about, _untyped(view.columns)) for view in VIEWS)


def full_text() -> tuple[Described, ...]:
    """Return the tables of the full-text index."""
    return tuple(Described(table.name, table.about, _untyped(table.columns)) for table in TABLES)


def _untyped(columns: Mapping[str, str]) -> tuple[ColumnDescription, ...]:
    return tuple(ColumnDescription(name, about, "", False, True, None) for name, about in columns.items())


def _column(column: sa.Column[object]) -> ColumnDescription:
    refers = next((key.target_fullname for key in column.foreign_keys), None)
    kind = _TYPES[column.type.python_type]
    return ColumnDescription(column.name, column.doc or "", kind, column.primary_key, bool(column.nullable), refers)


def as_text() -> str:
    """Return every table and view with its columns, to be read on a terminal."""
    return "\n".join((*_text("Tables", tables()), *_text("Views", views()), *_text("Full text", full_text())))


def of_fleet(described: Iterable[Described]) -> tuple[Described, ...]:
    """Return tables or views as in a fleet; the column `blog` of runs, an origin, gives way to the blog's name."""
    return tuple(
        replace(one, columns=(BLOG, *(column for column in one.columns if column.name != BLOG.name)))
        for one in described
    )


def as_text_of_fleet() -> str:
    """Return every table and view as a fleet has it, of all blogs together, to be read on a terminal."""
    return "\n".join((*_text("Tables", of_fleet(tables())), *_text("Views", of_fleet(views()))))


def _text(heading: str, described: Iterable[Described]) -> Iterator[str]:
    yield f"{heading}\n"
    for one in described:
        yield f"{one.name}: {one.about}"
        name = max(len(column.name) for column in one.columns)
        kind = max(len(column.kind) for column in one.columns)
        for column in one.columns:
            middle = f"{column.kind:{kind}}  " if kind else ""
            yield f"  {column.name:{name}}  {middle}{column.about}"
        yield ""


def as_markdown() -> str:
    """Return the page docs/schema.md."""
    parts = (
        _HEAD,
        *(f"- {rule}" for rule in CONVENTIONS),
        "\n## Questions\n",
        *(f"{question}\n\n```sql\n{sql.strip()}\n```\n" for question, sql in EXAMPLES.items()),
        "## Tables\n",
        *_sections(tables()),
        "## Views\n",
        *_sections(views()),
        "## Full text\n",
        "How to query these is described in [search.md](search.md).\n",
        *_sections(full_text()),
    )
    return "\n".join(parts).rstrip("\n") + "\n"


def _sections(described: Iterable[Described]) -> Iterator[str]:
    for one in described:
        typed = any(column.kind for column in one.columns)
        yield f"### {one.name}\n\n{one.about}\n"
        yield "| column | type | meaning |\n| --- | --- | --- |" if typed else "| column | meaning |\n| --- | --- |"
        for column in one.columns:
            cells = (column.name, column.kind, column.about) if typed else (column.name, column.about)
            yield f"| {' | '.join(cells)} |"
        yield ""
