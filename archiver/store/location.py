"""Where an archive's database is: for commands that only query a file, without loading anything that writes."""

from __future__ import annotations

import re
from pathlib import Path

from archiver.errors import UsageError

FILE_NAME = "archive.db"

DRIVER = "psycopg"
"""The driver for PostgreSQL."""

_FILE = re.compile(r"sqlite:///([^?#%]+)")


def database_url(home: Path, url: str | None = None) -> str:
    """Return the SQLAlchemy URL of an archive: the one given, or the SQLite file in its home.

    One that names PostgreSQL as its own tools do, without a driver, names ours. Raises UsageError for another driver or
    another kind of database.
    """
    scheme, colon, rest = (url or "").partition("://")
    kind, _, driver = scheme.partition("+")
    if kind not in ("postgresql", "postgres"):
        if colon and kind not in ("", "sqlite"):  # no scheme at all is for the reader of the URL
            raise UsageError(f"expected a URL that begins with sqlite:// or postgresql://, found {scheme}://")
        return url or _url(home / FILE_NAME)
    if driver not in ("", DRIVER):
        raise UsageError(f"expected a URL that begins with postgresql:// or postgresql+psycopg://, found {scheme}://")
    return f"postgresql+{DRIVER}{colon}{rest}"


def plain_file(url: str) -> Path | None:
    """Return the SQLite file of a URL without anything to decode; None where SQLAlchemy has to read it."""
    found = _FILE.fullmatch(url)
    return Path(found[1]) if found and found[1] != ":memory:" else None


def _url(file: Path) -> str:
    plain = f"sqlite:///{file}"
    if _FILE.fullmatch(plain):
        return plain
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(file)).render_as_string()
