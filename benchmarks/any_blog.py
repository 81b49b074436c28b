"""What is made of pages of any site: a line for each HTML file of a folder.

    python benchmarks/any_blog.py FOLDER

Titles, authors, dates and tags are for the eye; formulas, listings and pictures, and the issues that the reading has
with itself, are counted. Pages to try it on: the `gh-pages` branches of blogs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tabulate import tabulate

from archiver.errors import PageNotRecognised
from archiver.pages.article import parse_article

HEAD = (
    "page",
    "title",
    "author",
    "date",
    "tags",
    "found by",
    "letters",
    "formulas",
    "code",
    "pictures",
    "issues",
    "ms",
)


def line(path: Path) -> list[object]:
    """Return what is made of a page."""
    begun = time.perf_counter()
    try:
        article = parse_article("", path.read_bytes())
    except PageNotRecognised as error:
        return [path.name, error.missing]
    content = article.content
    return [
        f"{path.parent.name}/{path.name}"[-30:],
        article.title[:30],
        ", ".join(article.authors)[:20],
        (article.published_at or "")[:10],
        ", ".join(article.tags)[:20],
        article.quality.engine,
        len(content.text),
        len(content.formulas),
        len(content.code_blocks),
        len(content.images),
        len(article.quality.issues),
        round(1000 * (time.perf_counter() - begun)),
    ]


if __name__ == "__main__":
    print(tabulate(map(line, sorted(Path(sys.argv[1]).rglob("*.html"))), HEAD))
