"""What programs read: posts, pages, comments, formulas and files as rows of plain values, in described columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archiver.export.notice import Attribution
from archiver.store.library import Library

Step = Callable[[], object]
"""Called after each post, to show how far an export is."""


class Type(StrEnum):
    """Type of a column."""

    INTEGER = "integer"
    TEXT = "text"
    FLAG = "true or false"
    TEXTS = "list of texts"
    INTEGERS = "list of integers"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    type: Type
    about: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns."""

    name: str
    about: str
    columns: tuple[Column, ...]

    def row(self, value: Any) -> dict[str, Any]:
        """Return a value of the library as a row, its columns in order."""
        found = {column.name: getattr(value, column.name) for column in self.columns}
        return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in found.items()}


POSTS = Table(
    "posts",
    "One row per post, in its current revision.",
    (
        Column("id", Type.INTEGER, "The blog's own number of the post."),
        Column("title", Type.TEXT, "Title."),
        Column("url", Type.TEXT, "Canonical address."),
        Column("author", Type.TEXT, "Author as the page names them."),
        Column("published_on", Type.TEXT, "Date of publication, YYYY-MM-DD."),
        Column("categories", Type.TEXTS, "Names of its categories."),
        Column("tags", Type.TEXTS, "Its tags, in the order of the page."),
        Column("markdown", Type.TEXT, "Full text as Markdown, formulas byte for byte."),
        Column("text", Type.TEXT, "Full text without markup."),
        Column("license", Type.TEXT, "Licence as the page words it."),
        Column("license_url", Type.TEXT, "Address of the licence."),
        Column("reader_count", Type.INTEGER, "Readers the page counted when last seen."),
        Column("comment_count", Type.INTEGER, "Comments the page claimed when last seen."),
        Column("status", Type.TEXT, "`live`, or `gone` when the blog no longer has it."),
        Column("first_seen_at", Type.TEXT, "When the archive first fetched it, ISO 8601 UTC."),
        Column("last_seen_at", Type.TEXT, "When the archive last fetched it."),
        Column("last_changed_at", Type.TEXT, "When the archive first saw this revision."),
    ),
)

COMMENTS = Table(
    "comments",
    "One row per comment, including those no longer on the blog.",
    (
        Column("id", Type.INTEGER, "The blog's own number of the comment."),
        Column("post_id", Type.INTEGER, "The post it is under."),
        Column("parent_id", Type.INTEGER, "The comment it answers; null at the top level."),
        Column("author", Type.TEXT, "Name as shown."),
        Column("author_url", Type.TEXT, "Homepage the name links to."),
        Column("is_owner", Type.FLAG, "Whether the blog's author wrote it."),
        Column("is_trackback", Type.FLAG, "Whether it is another page's notice of a link."),
        Column("published_on", Type.TEXT, "Date, YYYY-MM-DD."),
        Column("markdown", Type.TEXT, "Text as Markdown, formulas byte for byte."),
        Column("text", Type.TEXT, "Text without markup."),
        Column("first_seen_at", Type.TEXT, "When the archive first saw it, ISO 8601 UTC."),
        Column("last_seen_at", Type.TEXT, "When the archive last saw it."),
        Column("deleted_at", Type.TEXT, "When the archive found it gone."),
        Column("quotes_id", Type.INTEGER, "The first comment its text links; not every one exists."),
        Column("kind", Type.TEXT, "`comment`, `pingback` or `trackback`."),
    ),
)

FORMULAS = Table(
    "formulas",
    "One row per formula of a post, in page order.",
    (
        Column("post_id", Type.INTEGER, "The post."),
        Column("position", Type.INTEGER, "Place in the post, from 0."),
        Column("display", Type.FLAG, "Whether it stands on its own line."),
        Column("environment", Type.TEXT, "Outermost environment, for example equation."),
        Column("label", Type.TEXT, "Its first label."),
        Column("tag", Type.TEXT, "Its first explicit number."),
        Column("tex", Type.TEXT, "Exact source with delimiters or environment."),
        Column("provenance", Type.TEXT, "`served`, `annotation`, `attribute`, or `converted`, which is not exact."),
        Column("converter", Type.TEXT, "Name and version of what converted it."),
    ),
)

PAGES = Table(
    "pages",
    "One row per independent page, such as the one about the author.",
    (
        Column("id", Type.INTEGER, "Number in this archive; it may differ in another archive."),
        Column("title", Type.TEXT, "Title."),
        Column("url", Type.TEXT, "Canonical address."),
        Column("markdown", Type.TEXT, "Full text as Markdown, formulas byte for byte."),
        Column("text", Type.TEXT, "Full text without markup."),
        Column("first_seen_at", Type.TEXT, "When the archive first fetched it, ISO 8601 UTC."),
        Column("last_seen_at", Type.TEXT, "When the archive last fetched it."),
        Column("last_changed_at", Type.TEXT, "When the archive first saw its present wording."),
    ),
)

_PAGE = Column("page_id", Type.INTEGER, "The page, as in pages.")


def _of_pages(table: Table, about: str) -> Table:
    """Return the table of the same things for independent pages."""
    columns = tuple(_PAGE if column.name == "post_id" else column for column in table.columns)
    return Table(f"page_{table.name}", about, columns)


PAGE_COMMENTS = _of_pages(COMMENTS, "One row per comment on an independent page, as in comments.")

PAGE_FORMULAS = _of_pages(FORMULAS, "One row per formula of an independent page, as in formulas.")

FILES = Table(
    "files",
    "One row per linked file that is not a picture; its bytes are in the archive's records.",
    (
        Column("url", Type.TEXT, "Canonical address."),
        Column("content_type", Type.TEXT, "Media type the server named."),
        Column("size", Type.INTEGER, "Bytes."),
        Column("sha256", Type.TEXT, "SHA-256 of the bytes."),
        Column("first_seen_at", Type.TEXT, "When the archive first fetched it, ISO 8601 UTC."),
        Column("last_seen_at", Type.TEXT, "When the archive last fetched it."),
        Column("posts", Type.INTEGERS, "Numbers of the posts that link it."),
    ),
)

EMBEDDED_PICTURES = Table(
    "embedded_pictures",
    "One row per picture embedded in a page: the Markdown names it by its address.",
    (
        Column("url", Type.TEXT, "Address, made of its digest: ni:///sha-256;... (RFC 6920)."),
        Column("media_type", Type.TEXT, "Media type, recognised by its bytes."),
        Column("size", Type.INTEGER, "Bytes."),
        Column("sha256", Type.TEXT, "SHA-256 of the bytes."),
        Column("data", Type.BYTES, "The bytes; in JSON as base64."),
    ),
)

TABLES = (POSTS, COMMENTS, FORMULAS, PAGES, PAGE_COMMENTS, PAGE_FORMULAS, FILES, EMBEDDED_PICTURES)


def rows(library: Library, table: Table, step: Step) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, in the order of their keys; the library has a method of the table's name."""
    for value in getattr(library, table.name)():
        yield table.row(value)
        if table is POSTS:
            step()


def readme(notice: Attribution, suffix: str) -> str:
    """Return a page that says what the files are, for files with a suffix such as `.jsonl`."""
    parts = ["# The archive as tables\n", "\n\n".join(notice.sentences()), ""]
    parts += [described(table, table.columns, suffix) for table in TABLES]
    return "\n".join(parts)


def described(table: Table, columns: Sequence[Column], suffix: str) -> str:
    """Return what a table and its columns are, in Markdown."""
    head = [f"## {table.name}{suffix}\n\n{table.about}\n", "| column | type | meaning |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| {column.name} | {column.type} | {column.about} |" for column in columns), ""])
