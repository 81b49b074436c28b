"""Archiver of the blog kexue.fm: posts, comments, images and every version of them, with the bytes they came from.

>>> import archiver
>>> with archiver.open("data") as library:  # doctest: +SKIP
...     print(library.post(8265).title)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.store.library import Library

__all__ = ["__version__", "open"]

__version__ = "0.1.0"


def open(home: str | Path = "data", *, db: str | None = None) -> Library:  # noqa: A001 - as in gzip, tarfile, shelve
    """Return the archive in a folder, or with its tables at the database URL `db`, for reading; see docs/api.md.

    Raises UsageError when there is none.
    """
    from archiver.store.database import database_url
    from archiver.store.library import Library

    return Library(database_url(Path(home), db))
