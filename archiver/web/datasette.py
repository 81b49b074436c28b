"""The archive in Datasette: its tables described, with search, facets and labels.

Datasette's stable version reads one file as metadata, 1.0 reads what it shows from metadata and what it does from
configuration; one file serves as all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from archiver.durable import writing
from archiver.profile import Profile
from archiver.store import schema

FILE_NAME = "datasette.json"
"""Name of the file in the archive's home."""

_TABLES: dict[str, dict[str, Any]] = {
    "post_overview": {
        "fts_table": "posts_fts",
        "fts_pk": "id",
        "sort_desc": "published_on",
        "facets": ["year", "categories", "status"],
    },
    "posts": {
        "label_column": "title",
        "fts_table": "posts_fts",
        "fts_pk": "id",
        "sort_desc": "published_on",
        "size": 10,  # they would come with all of their text
    },
    "pages": {"label_column": "title", "fts_table": "pages_fts", "fts_pk": "id", "size": 10},
    "comments": {
        "label_column": "author",
        "fts_table": "comments_fts",
        "fts_pk": "id",
        "sort_desc": "published_on",
        "facets": ["is_owner", "post_id"],
    },
    "formulas": {"label_column": "tex", "facets": ["display", "environment", "provenance"]},
    "post_categories": {"facets": ["category_id"]},
    "post_tags": {"facets": ["tag_id"]},
    "links": {"facets": ["kind"]},
    "captures": {"label_column": "url", "sort_desc": "fetched_at", "facets": ["status", "content_type"]},
    "frontier": {"facets": ["kind", "state"]},
    "gaps": {"facets": ["kind", "state"]},
    "topic_outline": {"facets": ["topic", "status"]},
    "categories": {"label_column": "name"},
    "tags": {"label_column": "name"},
    "topics": {"label_column": "name"},
}
"""What Datasette is told about tables and views in addition to their descriptions."""


_SEARCH = """
SELECT posts.id, posts.title, posts.url, posts.published_on, round(-bm25(posts_fts, 10.0, 1.0), 2) AS score
FROM posts_fts JOIN posts ON posts.id = posts_fts.rowid
WHERE posts_fts MATCH escape_fts(:words)
ORDER BY bm25(posts_fts, 10.0, 1.0) LIMIT 100
"""
"""A search with our ranking; that of Datasette's tables has none."""


def configuration(database: str, profile: Profile) -> dict[str, Any]:
    """Return what Datasette is told about an archive; `database` is its name for the file, which lacks the suffix."""
    described = {
        one.name: {"description": one.about, "columns": {column.name: column.about for column in one.columns}}
        for one in (*schema.tables(), *schema.views())
    }
    tables = {name: {**words, **_TABLES.get(name, {})} for name, words in described.items()}
    queries = {_slug(question): {"title": question, "sql": sql.strip()} for question, sql in schema.EXAMPLES.items()}
    queries["search"] = {"title": "Search posts, the best first", "sql": _SEARCH.strip()}
    return {
        "title": f"The archive of {profile.name}",
        "source": profile.name,
        "source_url": profile.address,
        "databases": {database: {"tables": tables, "queries": queries}},
    }


def command(file: Path, home: Path, profile: Profile, more: Sequence[str] = ()) -> list[str]:
    """Write the configuration into the archive's home, and return the command that serves its SQLite file."""
    written = home / FILE_NAME
    text = json.dumps(configuration(file.stem, profile), ensure_ascii=False, indent=2) + "\n"
    with writing(written):
        written.write_text(text, encoding="utf-8")
    arguments = ["datasette", "serve", str(file), "--metadata", str(written)]
    if major() >= 1:
        arguments += ["--config", str(written)]
    return [*arguments, *more]


def major() -> int:
    """Return the first number of Datasette's version; the stable one's if it is not installed."""
    try:
        return int(version("datasette").partition(".")[0])
    except PackageNotFoundError:
        return 0


def installed() -> bool:
    """Return whether Datasette is installed."""
    try:
        return bool(version("datasette"))
    except PackageNotFoundError:
        return False


def _slug(question: str) -> str:
    return re.sub(r"[^a-z]+", "_", question.lower()).strip("_")
