"""What Datasette loads by the entry point `datasette`: its search box finds Chinese.

Datasette puts each word of a search in quotes by its own SQL function, which makes one word of a run of Chinese. Ours,
of the same name, asks for what our index holds. The name is internal to Datasette; a test checks that it is still used.
"""

from __future__ import annotations

from typing import Any

from datasette import hookimpl

from archiver.store import cjk
from archiver.store.search_query import has_words


def escape_fts(asked: str | None) -> str:
    """Return the query for a full-text table: all of the words, wherever they are."""
    words = [cjk.phrase(word) for word in (asked or "").split() if has_words(word)]
    return " AND ".join(words) or '""'


@hookimpl(trylast=True)
def prepare_connection(conn: Any) -> None:
    """Replace Datasette's function."""
    conn.create_function("escape_fts", 1, escape_fts)
