from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from archiver.store.location import database_url
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.warc.storage import Storage
from archiver.web.banner import Banner
from archiver.web.replay import Replay
from archiver.web.server import LoopbackServer
from tests.web.conftest import HTML, Client, Shelf

PAGE = "<html><head><title>x</title></head><body data-x='>' class=y><p>天</p></body></html>".encode()


@contextmanager
def bannered(shelf: Shelf) -> Iterator[Client]:
    with closing(Timeline(database_url(shelf.home))) as timeline:
        banner = Banner(Replay(Storage(shelf.home / "warc"), timeline, Site()), timeline, "http://127.0.0.1:7777")
        with LoopbackServer(banner.respond) as server:
            yield Client(server.port)


def test_a_page_says_when_it_was_recorded_and_what_was_before_and_after(shelf: Shelf) -> None:
    for day in (1, 2, 3):
        shelf.put("/archives/8", PAGE, HTML, at=f"2026-01-0{day}T12:00:00Z")
    with bannered(shelf) as client:
        body = client.get("/@20260102/archives/8").body
        assert b"Archived 2026-01-02T12:00:00Z" in body
        assert b'href="/@20260101120000/archives/8">Earlier' in body
        assert b'href="/@20260103120000/archives/8">Later' in body
        before, _, after = body.partition(b"<archive-banner")
        assert before + after.partition(b"</archive-banner>")[2] == PAGE
        assert before.endswith(b"class=y>")
        assert client.get("/@reader/archives/8").header("Location") == "http://127.0.0.1:7777/posts/8"
        other = client.get("/@reader/sql?q=1").header("Location")
        assert other == "http://127.0.0.1:7777/captures?url=https%3A%2F%2Fkexue.fm%2Fsql%3Fq%3D1"


def test_what_is_no_page_of_its_own_stays_as_it_was(shelf: Shelf) -> None:
    shelf.put("/archives/8", PAGE, HTML)
    shelf.put("/a.css", b"a{}", "Content-Type: text/css")
    with bannered(shelf) as client:
        assert client.get("/@id_/archives/8").body == PAGE
        assert client.get("/@20260101id_/archives/8").body == PAGE
        assert client.get("/archives/8", "Sec-Fetch-Dest: iframe").body == PAGE
        assert client.get("/a.css").body == b"a{}"
        assert b"<archive-banner" not in client.get("/archives/9").body


def test_a_body_that_a_script_or_comment_speaks_of_is_none(shelf: Shelf) -> None:
    head = b"<head><!-- <body> --><script>write('<body>')</script><style>/*<body>*/</style></head>"
    shelf.put("/archives/8", b"<html>" + head + b"<body class=y><p>text", HTML)
    with bannered(shelf) as client:
        before, _, after = client.get("/archives/8").body.partition(b"<archive-banner")
    assert before == b"<html>" + head + b"<body class=y>"
    assert after.endswith(b"<p>text")
