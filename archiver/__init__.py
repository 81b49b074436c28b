"""Archiver of a blog: posts, comments, images and every version of them, with the bytes they came from.

>>> import archiver
>>> with archiver.open("data") as library:  # doctest: +SKIP
...     print(library.post(8265).title)
>>> archiver.read("<h1>Zero</h1><p>Nothing comes before it but its sign.</p>").title
'Zero'
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.items import Article
    from archiver.store.library import Library

__all__ = ["__version__", "open", "read"]

__version__ = "0.1.0"


def open(home: str | Path = "data", *, db: str | None = None) -> Library:  # noqa: A001 - as in gzip, tarfile, shelve
    """Return the archive in a folder, or with its tables at the database URL `db`, for reading; see docs/api.md.

    Raises UsageError when there is none.
    """
    from archiver.store import blog
    from archiver.store.library import Library
    from archiver.store.location import database_url

    database = database_url(Path(home), db)
    return Library(database, blog.site(Path(home), database))


def read(html: bytes | str, url: str = "", scripts: Mapping[str, str] | None = None) -> Article:
    """Return the article of a page of any site, with what the page says about it; see docs/api.md.

    `url` is where the page comes from; without it links and pictures are found if the page says so itself. `scripts`
    are the sources of scripts it loads, by their addresses: one may configure MathJax or KaTeX. Nothing is fetched.
    Raises PageNotRecognised when there is no text, UsageError when `url` is no address.
    """
    from archiver.pages.article import parse_article

    body = html.encode("utf-8", "replace") if isinstance(html, str) else html
    return parse_article(url, body, (lambda asked: scripts) if scripts else None)
