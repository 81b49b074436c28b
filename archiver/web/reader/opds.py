"""The archive for e-readers and feed readers: a catalogue of books (OPDS 1.2) and two feeds (RFC 4287).

https://specs.opds.io/opds-1.2: a catalogue is a set of feeds that link to each other; books are made when they are
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from lxml import etree
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from archiver.export import atom
from archiver.export.books import Busy
from archiver.store.library import Library
from archiver.store.pool import Row
from archiver.store.values import Post
from archiver.web.reader import words
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.queries import MOST_LISTED, Choice
from archiver.web.reader.view import number_in

_ATOM = "http://www.w3.org/2005/Atom"
_TERMS = "http://purl.org/dc/terms/"
_EPUB = "application/epub+zip"
_FEED = "application/atom+xml"
_NAVIGATION = f"{_FEED};profile=opds-catalog;kind=navigation"
_ACQUISITION = f"{_FEED};profile=opds-catalog;kind=acquisition"
_BOOK = "http://opds-spec.org/acquisition/open-access"
_NEVER = "1970-01-01T00:00:00Z"
_NEWEST = 50
_RETRY = 60  # seconds


class _Feed:
    """A feed of the catalogue, being written."""

    def __init__(self, request: Request, path: str, title: str, kind: str) -> None:
        self._here = desk(request)
        self._kind = kind
        self._updated = _updated(self._here)
        self._root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM, "dc": _TERMS})  # type: ignore[dict-item]
        self._add(self._root, "id", self._id(path))
        self._add(self._root, "title", title)
        self._add(self._root, "updated", self._updated)
        self._add(self._add(self._root, "author"), "name", self._here.site.profile.title)
        self._link(self._root, "self", path, kind)
        self._link(self._root, "start", "/opds", _NAVIGATION)
        if path != "/opds":
            self._link(self._root, "up", "/opds", _NAVIGATION)

    def part(self, path: str, title: str, about: str, kind: str, relation: str = "subsection") -> None:
        """Add a link to another feed."""
        entry = self._entry(path, title, self._updated, about)
        self._link(entry, relation, path, kind)

    def book(self, path: str, title: str, about: str) -> None:
        """Add a book of several posts."""
        self._offer(self._entry(path, title, self._updated, about), path)

    def post(self, post: Post) -> None:
        """Add a post as a book."""
        path = f"/posts/{post.id}"
        entry = self._entry(path, post.title, post.last_changed_at, post.published_on or "")
        self._add(self._add(entry, "author"), "name", post.author)
        if post.published_on:
            self._add(entry, f"{{{_TERMS}}}issued", post.published_on)
        for name in (*post.categories, *post.tags):
            self._add(entry, "category").attrib.update({"term": name, "label": name})
        self._offer(entry, path)

    def answer(self) -> Response:
        """Return the feed."""
        data = etree.tostring(self._root, encoding="utf-8", xml_declaration=True, pretty_print=True)
        return Response(data, headers={"Content-Type": self._kind, "Vary": "Accept-Language, Cookie"})

    def _entry(self, path: str, title: str, updated: str, about: str) -> etree._Element:
        entry = self._add(self._root, "entry")
        self._add(entry, "id", self._id(path))
        self._add(entry, "title", title)
        self._add(entry, "updated", updated)
        self._add(entry, "content", about).set("type", "text")
        return entry

    def _offer(self, entry: etree._Element, path: str) -> None:
        """Say where the book is, and the reader's page with the same content."""
        self._add(entry, f"{{{_TERMS}}}language", self._here.site.profile.tongue)
        self._link(entry, _BOOK, f"/opds/books{path}.epub", _EPUB)
        self._link(entry, "alternate", path, "text/html")

    def _id(self, path: str) -> str:
        profile = self._here.site.profile
        return f"tag:{urlsplit(profile.origin).hostname},{profile.since}:archive{path}"

    def _link(self, parent: etree._Element, relation: str, path: str, kind: str) -> None:
        self._add(parent, "link").attrib.update({"rel": relation, "href": f"{self._here.root}{path}", "type": kind})

    def _add(self, parent: etree._Element, tag: str, text: str = "") -> etree._Element:
        child = etree.SubElement(parent, tag if tag.startswith("{") else f"{{{_ATOM}}}{tag}")
        child.text = "".join(sign for sign in text if sign.isprintable()) or None
        return child


def start(request: Request) -> Response:
    """Show what the catalogue leads to."""
    queries, said = desk(request).queries, _said(request)
    feed = _Feed(request, "/opds", desk(request).site.profile.title, _NAVIGATION)
    feed.part("/opds/new", said("Newest posts"), "", _ACQUISITION, "http://opds-spec.org/sort/new")
    for name, found, kind in (
        ("Years", queries.years(), _NAVIGATION),
        ("Series", queries.series(), _ACQUISITION),
        ("Topics", queries.topics(), _ACQUISITION),
    ):
        if found:
            feed.part(f"/opds/{name.lower()}", said(name), str(len(found)), kind)
    return feed.answer()


def newest(request: Request) -> Response:
    """Show the latest posts."""
    return _posts(request, "/opds/new", _said(request)("Newest posts"), Choice(), _NEWEST)


def years(request: Request) -> Response:
    """Show the years, the latest first."""
    said = _said(request)
    feed = _Feed(request, "/opds/years", said("Years"), _NAVIGATION)
    for row in reversed(desk(request).queries.years()):
        feed.part(f"/opds/years/{row['year']}", str(row["year"]), said("{} posts", row["posts"]), _ACQUISITION)
    return feed.answer()


def year(request: Request) -> Response:
    """Show the posts of a year."""
    number = number_in(request)
    return _posts(request, f"/opds/years/{number}", str(number), Choice(year=number), MOST_LISTED)


def series(request: Request) -> Response:
    """Show the series, each as a book."""
    return _groups(request, "Series", desk(request).queries.series())


def topics(request: Request) -> Response:
    """Show the topics of the curated index, each as a book."""
    return _groups(request, "Topics", desk(request).queries.topics())


def _groups(request: Request, name: str, groups: Iterable[Row]) -> Response:
    said, path = _said(request), f"/{name.lower()}"
    feed = _Feed(request, f"/opds{path}", said(name), _ACQUISITION)
    for row in groups:
        if row["posts"]:
            feed.book(f"{path}/{row['id']}", row["name"], said("{} posts", row["posts"]))
    return feed.answer()


def _posts(request: Request, path: str, title: str, choice: Choice, most: int) -> Response:
    here = desk(request)
    numbers = [row["id"] for row in here.queries.posts(choice, most)]
    if not numbers:
        raise Missing(title)
    feed = _Feed(request, path, title, _ACQUISITION)
    with Library(here.pool.database, here.site) as library:
        for post in library.posts(numbers):
            feed.post(post)
    return feed.answer()


def _said(request: Request) -> words.Translate:
    return words.translator(words.chosen(request))


def book(request: Request) -> Response:
    """Return a post, a series or a topic as a book."""
    here, number = desk(request), number_in(request)
    kind = request.url.path.split("/")[-2]
    title, posts = _FOUND[kind](here, number)
    if not posts:
        raise Missing(f"book {number}")
    try:
        data = here.books.book(title, posts, _updated(here))
    except Busy as error:
        return PlainTextResponse(f"{error}\n", 503, {"Retry-After": str(_RETRY)})
    name = f"{here.site.profile.name}-{kind}-{number}.epub"
    return Response(data, media_type=_EPUB, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _post(here: Desk, number: int) -> tuple[str, list[int]]:
    row = here.queries.post(number)
    return (row["title"], [number]) if row else ("", [])


def _series(here: Desk, number: int) -> tuple[str, list[int]]:
    parts = here.queries.parts(number)
    return (parts[0]["name"] if parts else ""), [row["id"] for row in parts]


def _topic(here: Desk, number: int) -> tuple[str, list[int]]:
    row = here.queries.topic(number)
    held = [one["id"] for one in here.queries.outline(number) if one["title"] is not None]
    return (row["name"] if row else ""), list(dict.fromkeys(held))


_FOUND: dict[str, Callable[[Desk, int], tuple[str, list[int]]]] = {
    "posts": _post,
    "series": _series,
    "topics": _topic,
}


def _updated(here: Desk) -> str:
    """Return when the last run ended, or began: the archive has not changed since."""
    run = next(iter(here.ledger.runs(1)), None)
    return str(run["finished_at"] or run["started_at"]) if run else _NEVER


def new_feed(request: Request) -> Response:
    """Return the feed of new posts."""
    return _feed(desk(request), atom.new_posts)


def changes_feed(request: Request) -> Response:
    """Return the feed of changes."""
    return _feed(desk(request), atom.changes)


def _feed(here: Desk, written: Callable[[Library], bytes]) -> Response:
    with Library(here.pool.database, here.site) as library:
        return Response(written(library), headers={"Content-Type": f"{_FEED}; charset=utf-8"})


ROUTES = [
    Route("/opds", start, methods=["GET"]),
    Route("/opds/new", newest, methods=["GET"]),
    Route("/opds/years", years, methods=["GET"]),
    Route("/opds/years/{id:int}", year, methods=["GET"]),
    Route("/opds/series", series, methods=["GET"]),
    Route("/opds/topics", topics, methods=["GET"]),
    *(Route(f"/opds/books/{kind}/{{id:int}}.epub", book, methods=["GET"]) for kind in _FOUND),
    Route("/feeds/new.xml", new_feed, methods=["GET"]),
    Route("/feeds/changes.xml", changes_feed, methods=["GET"]),
]
