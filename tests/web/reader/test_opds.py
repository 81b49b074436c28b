"""What e-readers and feed readers are given, read by a program of theirs."""

from __future__ import annotations

import base64
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from archiver.errors import ArchiverError
from archiver.export import books
from archiver.export.books import Books, Busy
from archiver.store import blog
from archiver.store.location import database_url
from archiver.warc.storage import Storage
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client

CATALOGUE = "application/atom+xml;profile=opds-catalog;kind="
BOOK = "http://opds-spec.org/acquisition/open-access"
ATOM = "{http://www.w3.org/2005/Atom}"


def feed(reader: Client, path: str) -> Any:
    """Return a feed that any reader of feeds would take."""
    answer = reader.get(path)
    assert answer.status == 200, path
    found = feedparser.parse(io.BytesIO(answer.body))
    assert not found.bozo, found.get("bozo_exception")
    root = etree.fromstring(answer.body)
    for element in (root, *root.iterfind(f"{ATOM}entry")):  # RFC 4287, sections 4.1.1 and 4.1.2
        for tag in ("id", "title", "updated"):
            assert element.findtext(f"{ATOM}{tag}"), (path, tag)
    ids = [entry.id for entry in found.entries]
    assert len(set(ids)) == len(ids)
    return found


def test_a_catalogue_leads_to_every_book(reader: Client) -> None:
    waiting, seen, found = ["/opds"], {"/opds"}, set()
    while waiting:
        path = waiting.pop()
        here = feed(reader, path)
        kinds = {link.rel: link.type for link in here.feed.links}
        assert kinds["start"] == f"{CATALOGUE}navigation"
        assert reader.get(path).headers["content-type"] == kinds["self"]
        for entry in here.entries:
            links = {link.rel: link for link in entry.links}
            if BOOK in links:  # OPDS 1.2, section 5: an entry of an acquisition feed has one
                assert kinds["self"] == f"{CATALOGUE}acquisition"
                assert links[BOOK].type == "application/epub+zip"
                assert reader.get(links["alternate"].href).status == 200
                found.add(links[BOOK].href)
            else:
                assert kinds["self"] == f"{CATALOGUE}navigation"
                (link,) = entry.links
                if link.href not in seen:
                    seen.add(link.href)
                    waiting.append(link.href)
    kinds_of_books = {path.split("/")[3] for path in found}
    assert kinds_of_books == {"posts", "series", "topics"}
    for kind in kinds_of_books:
        first = min(path for path in found if path.split("/")[3] == kind)
        answer = reader.get(first)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/epub+zip")
        assert zipfile.ZipFile(io.BytesIO(answer.body)).read("mimetype") == b"application/epub+zip"
        assert reader.get(first).body == answer.body


@pytest.mark.parametrize("path", ["/opds/books/posts/9.epub", "/opds/books/series/9.epub", "/opds/years/1900"])
def test_what_is_not_in_the_archive_is_in_no_catalogue(reader: Client, path: str) -> None:
    assert reader.get(path).status == 404


@pytest.mark.parametrize("path", ["/feeds/new.xml", "/feeds/changes.xml"])
def test_feeds_are_found_by_their_pages(reader: Client, path: str) -> None:
    found = feed(reader, path)
    assert found.entries
    page = etree.HTML(reader.get("/").body)
    named = {link.get("href"): link.get("type") for link in page.iterfind(".//link[@rel='alternate']")}
    assert named[path] == "application/atom+xml"
    assert named["/opds"] == f"{CATALOGUE}navigation"


def test_an_e_reader_gives_the_token_as_a_password(library: Path) -> None:
    with serving(library, database_url(library), ServeOptions(port=0, remote=True, token="secret")) as address:
        client = Client(int(address.partition("/?")[0].rpartition(":")[2]))
        refused = client.get("/opds")
        assert (refused.status, refused.headers["www-authenticate"].split()[0]) == (401, "Basic")
        for word, status in (("anybody:secret", 200), (":secret", 200), ("secret:wrong", 401), ("secret", 401)):
            shown = base64.b64encode(word.encode()).decode()
            assert client.get("/opds", Authorization=f"Basic {shown}").status == status, word
        assert client.get("/opds", Authorization="Basic ÿ").status == 401


@pytest.fixture
def kept(library: Path) -> Iterator[Books]:
    database = database_url(library)
    held = Books(Storage(library / "warc"), database, blog.site(library, database))
    yield held
    held.close()


def test_a_book_that_ends_its_process_leaves_the_next_one_whole(kept: Books) -> None:
    book = kept.book("A", [1001], "then")
    assert kept._executor is not None
    for process in list(kept._executor._processes.values()):
        process.kill()
        process.join()
    with pytest.raises(ArchiverError, match="archiver export epub"):
        kept.book("A", [1001], "now")
    assert kept.book("A", [1001], "then") == book == kept.book("A", [1001], "later")


def test_books_wait_for_each_other_and_few_wait(kept: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, made = threading.Event(), threading.Event()
    written: list[str] = []

    def make(target: Path, title: str, posts: object) -> None:
        begun.set()
        made.wait(20)
        written.append(title)
        target.write_bytes(title.encode())

    monkeypatch.setattr(kept, "_make", make)
    waiting = [threading.Thread(target=kept.book, args=(str(n % 2), [1001], "")) for n in range(books.MOST_WAITING)]
    for thread in waiting:
        thread.start()
    begun.wait(20)
    deadline = time.monotonic() + 20
    while kept._waiting._value and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(Busy, match="try again"):
        kept.book("another", [1001], "")
    made.set()
    for thread in waiting:
        thread.join(20)
    assert sorted(written) == ["0", "1"]


def test_who_waits_for_a_book_at_the_end_is_told(kept: Books) -> None:
    said: list[str] = []

    def ask() -> None:
        try:
            kept.book("A", [1001], "")
        except ArchiverError as error:
            said.append(str(error))

    waiting = [threading.Thread(target=ask) for _ in range(2)]
    for thread in waiting:
        thread.start()
    while kept._executor is None and not said:
        time.sleep(0.001)
    kept.close()
    for thread in waiting:
        thread.join(20)
    assert len(said) == 2
    assert (kept._executor, kept._folder) == (None, None)


def test_few_books_are_kept(kept: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_make", lambda target, title, posts: target.write_bytes(title.encode()))
    for number in range(books.MOST_KEPT + 3):
        kept.book(str(number), [1001], "")
    assert kept._folder is not None
    assert len(list(Path(kept._folder.name).iterdir())) == books.MOST_KEPT
