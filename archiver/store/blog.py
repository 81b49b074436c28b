"""Which blog an archive is of."""

from __future__ import annotations

from pathlib import Path

from archiver import sites
from archiver.errors import ArchiverError
from archiver.store import query
from archiver.urls import Site

_BLOG = "SELECT blog FROM runs WHERE blog IS NOT NULL ORDER BY id LIMIT 1"


def site(home: Path, database: str, base: str = "") -> Site:
    """Return the blog an archive is of: by its owner's profile, or the bundled one that its runs name.

    An archive that does not say is, or will be, of the blog the program was made for. `base` is where the blog
    is fetched from, if not from its own server. Raises ProfileInvalid when the owner's profile cannot be read.
    """
    return Site(sites.in_home(home) or sites.of(_named(database)), base)


def _named(database: str) -> str | None:
    try:
        rows = query.run(database, _BLOG).rows
    except ArchiverError:  # none yet, or one of an older program
        return None
    return str(rows[0][0]) if rows else None
