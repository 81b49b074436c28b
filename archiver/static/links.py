"""What the reader's pages are called as files, and where their links lead: relative, so they work at any address."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape, unescape
from urllib.parse import parse_qs, quote, unquote

from archiver.web.reader.desk import Desk
from archiver.web.reader.lists import PER_PAGE
from archiver.web.reader.queries import Choice

FRONT = "index.html"
SEARCH = "search.html"
WORKER, MANIFEST, LIST, INDEX = OF_THE_SITE = ("worker.js", "manifest.webmanifest", "files.json", "search/index.js")
"""Files of the site that are not pages: its service worker, its manifest as an app, all names, and the search index."""

_TAG = re.compile(r'<[a-zA-Z][^\s<>/]*(?:\s+[^\s=<>"]+(?:="[^"]*")?)*\s*/?>')
"""A tag as templates and the allow list write it: what is between tags has no `<`."""
_LINK = re.compile(r'(\s(?:href|src|action|data-files|data-index|data-worker))="([/?][^"]*)"')

Picture = Callable[[str], str | None]
"""Returns the file of a picture by its address, or a `data:` address; None where the archive has none."""


class Links:
    """The files of a site, and how pages lead to them."""

    def __init__(self, here: Desk, picture: Picture, pages: Mapping[str, str]) -> None:
        """Take an archive, a function to call for each picture that a page shows, and the files of its pages."""
        self._here = here
        self._picture = picture
        self._pages = pages
        self.files: set[str] = set()
        """The program's own files that pages need."""

    def relative(self, html: str, address: str) -> str:
        """Return the page at an address with all links relative; links that lead nowhere are removed."""
        at = self._pages.get(address, "")

        def link(found: re.Match[str]) -> str:
            to = self.target(at, address.partition("?")[0], unescape(found[2]))
            return "" if to is None else f'{found[1]}="{escape(to)}"'

        return _TAG.sub(lambda tag: _LINK.sub(link, tag[0]), html)

    def target(self, at: str, path: str, to: str) -> str | None:
        """Return where a link of the reader leads from the file of the page at a path."""
        whole, mark, fragment = to.partition("#")
        if whole.startswith("?"):
            whole = path + whole
        path, _, query = whole.partition("?")
        if name := self._pages.get(whole):
            return _from(at, name) + mark + fragment
        if path == "/search" and path in self._pages:
            return _from(at, SEARCH) + ("?" + query if query else "")
        if path == "/media":
            name = self._picture(parse_qs(query)["url"][0])
            return _from(at, name) if name and not name.startswith("data:") else name
        if path.startswith("/posts/"):
            return self._elsewhere(path)
        if path.startswith("/categories/"):
            return self._category(unquote(path.removeprefix("/categories/")))
        if path.startswith("/original/"):
            return self._original(at, whole.removeprefix("/original")) + mark + fragment
        if path.startswith("/static/"):
            self.files.add(path[1:])
        elif path[1:] not in OF_THE_SITE:
            return None
        return _from(at, path[1:])

    def _elsewhere(self, path: str) -> str | None:
        """Return the blog's own address for a post that the archive does not have."""
        number = path.removeprefix("/posts/")
        if not number.isdigit():
            return None
        return self._here.site.post_url(int(number)) or self._here.queries.linked(int(number))

    def _category(self, slug: str) -> str | None:
        """Return the blog's own address of a category, if its categories have addresses."""
        site = self._here.site
        return site.category_url(slug) if any(site.profile.rules("category", "slug", "page")) else None

    def _original(self, at: str, path: str) -> str:
        """Return where a link to the blog other than to a post leads: to the archived page, or to the blog."""
        site = self._here.site
        url = site.resolve(path)
        row = self._here.queries.page_at(url) if url else None
        name = self._pages.get(f"/pages/{row['id']}") if row else None
        return _from(at, name) if name else site.origin + path


def named(here: Desk) -> Iterator[tuple[str, str]]:
    """Yield the addresses of all pages of the reader, as links have them, and the names of their files."""
    queries = here.queries
    yield "/", FRONT
    yield "/search", SEARCH
    yield from ((f"/{each}", f"{each}.html") for each in ("pages", "tags", "citations"))
    yield from _listed("/posts", "posts", queries.count())
    for number in queries.numbers():
        yield f"/posts/{number}", f"posts/{number}.html"
        yield f"/posts/{number}/citation.bib", f"posts/{number}.bib"
    yield from ((f"/pages/{row['id']}", f"pages/{row['id']}.html") for row in queries.pages())
    yield from ((f"/series/{row['id']}", f"series/{row['id']}.html") for row in queries.series())
    yield from ((f"/topics/{row['id']}", f"topics/{row['id']}.html") for row in queries.topics())
    for row in queries.categories():
        choice = Choice(category=row["slug"])
        yield from _listed(
            f"/categories/{quote(row['slug'], safe='')}", f"categories/{_safe(row['slug'])}", queries.count(choice)
        )
    for row in queries.tags():
        yield from _listed(f"/tags/{quote(row['name'], safe='')}", f"tags/{_safe(row['name'])}", row["posts"])
    for row in queries.years():
        yield from _listed(f"/years/{row['year']}", f"years/{row['year']}", row["posts"])


def _listed(address: str, name: str, posts: int) -> Iterator[tuple[str, str]]:
    """Yield the pages of a list of posts; an empty list has none, unless it is that of all posts."""
    if posts or address == "/posts":
        yield address, f"{name}.html"
    for number in range(2, -(-posts // PER_PAGE) + 1):
        yield f"{address}?page={number}", f"{name}-{number}.html"


def _safe(name: str) -> str:
    """Return a name that every file system and host takes, and that differs in more than capitals from others."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{plain}{'-' * bool(plain)}{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _from(at: str, name: str) -> str:
    return quote(posixpath.relpath(name, posixpath.dirname(at) or "."))
