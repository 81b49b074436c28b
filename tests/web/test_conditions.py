"""Answers that depend on what the client has, or are a part: RFC 9110, sections 13 and 14."""

from __future__ import annotations

import pytest

from .conftest import HTML, Client, Shelf
from .test_replay import Replayed

BODY = bytes(range(100))
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.fixture
def client(shelf: Shelf, replayed: Replayed) -> Client:
    shelf.put("/a.png", BODY, "Content-Type: image/png", f"Last-Modified: {DATE}", "ETag: recorded")
    shelf.put("/archives/1", b'<a href="https://kexue.fm/">x</a>', HTML)
    shelf.put("/archives/9", b"gone", HTML, status="404 Not Found")
    shelf.put("/empty.css", b"", "Content-Type: text/css")
    return replayed(shelf.home)


@pytest.mark.parametrize("target", ["/a.png", "/archives/1", "/@2026/archives/1", "/@id_/a.png"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_an_answer_is_told_that_it_still_holds(client: Client, target: str, method: str) -> None:
    first = client.get(target)
    tag = first.header("ETag")
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(target, f"If-None-Match: {known}", method=method)
        assert (answer.status, answer.body) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary", "Content-Location", "Memento-Datetime"):
            assert answer.header(name) == first.header(name)
        assert (answer.header("Content-Type"), answer.header("Content-Length")) == (None, None)
    assert client.get(target, 'If-None-Match: "other"', method=method).status == 200


def test_another_answer_has_another_tag(client: Client) -> None:
    tags = [client.get(target).header("ETag") for target in ("/archives/1", "/@2026/archives/1", "/@id_/archives/1")]
    assert len({*tags}) == 3


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ((f"If-Modified-Since: {DATE}",), 304),
        (("If-Modified-Since: Fri, 02 Jan 2026 00:00:00 GMT",), 304),
        (("If-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT",), 200),
        (("If-Modified-Since: yesterday",), 200),
        ((f"If-Modified-Since: {DATE}", 'If-None-Match: "other"'), 200),  # the tag counts: section 13.2.2
    ],
)
def test_a_date_serves_where_no_tag_is_known(client: Client, conditions: tuple[str, ...], status: int) -> None:
    assert client.get("/a.png", *conditions).status == status
    assert client.get("/archives/1", f"If-Modified-Since: {DATE}").status == 200  # has no date to compare with


@pytest.mark.parametrize(
    ("wished", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=10-10", 10, 10),
        ("Bytes=90-", 90, 99),
        ("bytes=-1", 99, 99),
        ("bytes=-1000", 0, 99),
        ("bytes=50-" + "9" * 30, 50, 99),
    ],
)
def test_a_part_is_given_where_one_is_wished_for(client: Client, wished: str, first: int, last: int) -> None:
    answer = client.get("/a.png", f"Range: {wished}")
    assert (answer.status, answer.body) == (206, BODY[first : last + 1])
    assert answer.header("Content-Range") == f"bytes {first}-{last}/100"
    assert answer.header("ETag") == client.get("/a.png").header("ETag")
    head = client.get("/a.png", f"Range: {wished}", method="HEAD")
    assert (head.status, head.header("Content-Length")) == (200, "100")


@pytest.mark.parametrize("wished", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_part_there_is_not_is_refused_with_the_size_of_the_whole(client: Client, wished: str) -> None:
    answer = client.get("/a.png", f"Range: {wished}")
    assert (answer.status, answer.header("Content-Range"), answer.body) == (416, "bytes */100", b"")


@pytest.mark.parametrize("wished", ["bytes=5-4", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes 0-1"])
def test_a_wish_that_makes_no_sense_or_is_for_several_parts_gets_the_whole(client: Client, wished: str) -> None:
    answer = client.get("/a.png", f"Range: {wished}")
    assert (answer.status, answer.body, answer.header("Content-Range")) == (200, BODY, None)


def test_a_part_is_of_what_the_client_has_or_the_whole(client: Client) -> None:
    tag = client.get("/a.png").header("ETag")
    for had, status in ((tag, 206), (DATE, 206), ('"other"', 200), (f"W/{tag}", 200), ("recorded", 200)):
        assert client.get("/a.png", "Range: bytes=0-1", f"If-Range: {had}").status == status


def test_parts_are_only_of_what_was_found(client: Client) -> None:
    assert client.get("/archives/9", "Range: bytes=0-1").status == 404
    assert client.get("/archives/9", "If-None-Match: *").status == 404
    assert client.get("/archives/8", "Range: bytes=0-1").status == 404
    assert client.get("/empty.css", "Range: bytes=-1").status == 200
    assert client.get("/empty.css", "Range: bytes=0-").status == 416


def test_a_recorded_part_is_never_given_as_one(shelf: Shelf, replayed: Replayed) -> None:
    png = "Content-Type: image/png"
    part, other = {"status": "206 Partial Content", "at": "2026-02-01T12:00:00Z"}, "multipart/byteranges; boundary=x"
    shelf.put("/whole.png", BODY, png, "Content-Range: bytes 0-99/100", **part)
    shelf.put("/part.png", BODY, png, "Content-Range: bytes 5-104/200", **part)
    shelf.put("/parts.png", BODY, f"Content-Type: {other}", **part)
    shelf.put("/both.png", b"all of it", png)
    shelf.put("/both.png", BODY, png, "Content-Range: bytes 0-99/100000", **part)
    client = replayed(shelf.home)
    assert client.get("/both.png").body == b"all of it"
    cut = {"/whole.png": None, "/part.png": "bytes 5-104/200", "/parts.png": "several ranges"}
    for path, fragment in cut.items():
        for target in (path, f"/@id_{path}", f"/@20260201120000{path}"):
            answer = client.get(target)
            assert (answer.status, answer.body) == (200, BODY)
            assert (answer.header("X-Archive-Truncated"), answer.header("Content-Range")) == (fragment, None)
        assert client.get(path, "Range: bytes=0-1").status == (200 if fragment else 206)
