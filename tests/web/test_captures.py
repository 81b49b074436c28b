"""Which capture answers for an address: a good one, whatever else was recorded of it, and at any date."""

from __future__ import annotations

import io
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.urls import Site

from .conftest import HTML, Shelf
from .test_replay import Replayed

BLOG = Site().origin

LATER = "2026-02-01T12:00:00Z"


def put_revisit(shelf: Shelf, path: str, of: str | None, **columns: Any) -> None:
    """Record a capture that refers to another record; `of` None stands for itself."""
    made = shelf.put(path, b"", HTML, at=LATER, revisit_of=of or "<urn:uuid:gone>", **columns)
    if of is None:
        sql = "UPDATE captures SET revisit_of = record_id WHERE record_id = ?"
        shelf.archive.session.connection().exec_driver_sql(sql, (made.record_id,))
        shelf.commit()


def test_an_empty_answer_hides_no_page(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page", HTML)
    for number in range(1, 13):  # more than anybody would try by chance
        shelf.put("/archives/1", b"", HTML, at=f"2026-02-{number:02}T12:00:00Z")
    shelf.put("/empty.css", b"", "Content-Type: text/css")
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"page"
    assert client.get("/empty.css").status == 200
    exact = client.get("/@20260201120000/archives/1")
    assert (exact.status, exact.body) == (200, b"")


def test_nothing_shown_comes_before_an_absence(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"", HTML)
    shelf.put("/archives/1", b"gone", HTML, status="404 Not Found", at=LATER)
    shelf.put("/archives/2", b"", HTML)
    shelf.put("/archives/2", b"", "Location: /archives/3", status="301 Moved", at="2026-01-01T11:00:00Z")
    client = replayed(shelf.home)
    assert client.get("/archives/1").status == 200
    assert client.get("/archives/2").status == 301


def test_a_revisit_of_nothing_hides_no_page(shelf: Shelf, replayed: Replayed) -> None:
    for path in ("/archives/1", "/archives/2"):
        shelf.put(path, b"page", HTML)
    for number in range(12):
        put_revisit(shelf, "/archives/1", "<urn:uuid:gone>", payload_sha256=f"{number:064}")
    put_revisit(shelf, "/archives/2", None)
    put_revisit(shelf, "/archives/3", None)
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == client.get("/archives/2").body == b"page"
    lost = client.get("/archives/3")
    assert (lost.status, b"to hold a payload, found revisits" in lost.body) == (404, True)


def put_foreign(shelf: Shelf, exchanges: list[tuple[str, str, bytes]], *, response_first: bool) -> None:
    """Record method, path and body of exchanges as other programs do: the later record of two names the other."""
    with (shelf.home / "warc" / "foreign.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        for method, path, body in exchanges:
            asked = StatusAndHeaders(f"{method} {path} HTTP/1.1", [("Host", "kexue.fm")], is_http_request=True)
            answered = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            request = writer.create_warc_record(BLOG + path, "request", http_headers=asked)
            response = writer.create_warc_record(
                BLOG + path, "response", http_headers=answered, payload=io.BytesIO(body), length=len(body)
            )
            first, second = (response, request) if response_first else (request, response)
            second.rec_headers.add_header("WARC-Concurrent-To", first.rec_headers.get_header("WARC-Record-ID"))
            for record in (first, second):
                offset = file.tell()
                writer.write_record(record)
                if record is response:
                    place: dict[str, Any] = {"warc_offset": offset, "warc_length": file.tell() - offset}
            number = response.rec_headers.get_header("WARC-Record-ID")
            shelf.put(path, body, HTML, at=LATER, warc_file="foreign.warc.gz", record_id=number, **place)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
@pytest.mark.parametrize("response_first", [False, True])
def test_an_answer_to_another_method_hides_no_page(
    shelf: Shelf, replayed: Replayed, method: str, response_first: bool
) -> None:
    for number in (1, 2, 3):
        shelf.put(f"/archives/{number}", b"page", HTML)
    answers = [
        ("GET", "/archives/2", b"before"),
        (method, "/archives/1", b"submitted"),
        ("GET", "/archives/3", b"next"),
    ]
    put_foreign(shelf, answers, response_first=response_first)
    client = replayed(shelf.home)
    assert [client.get(f"/archives/{number}").body for number in (1, 2, 3)] == [b"page", b"before", b"next"]
    assert client.get("/@20260201120000/archives/1").body == b"submitted"


def test_a_date_before_the_first_capture_gives_the_first(shelf: Shelf, replayed: Replayed) -> None:
    for month in ("02", "03"):
        shelf.put("/archives/1", f"page of {month}".encode(), HTML, at=f"2026-{month}-01T12:00:00Z")
    shelf.put("/archives/1", b"busy", HTML, status="503 Busy", at="2026-01-15T12:00:00Z")
    shelf.put("/archives/2", b"gone", HTML, status="404 Not Found", at="2026-01-01T12:00:00Z")
    client = replayed(shelf.home)
    early = "Accept-Datetime: Thu, 01 Jan 2015 00:00:00 GMT"
    first = client.get("/archives/1", early)
    assert (first.status, first.body) == (200, b"page of 02")
    assert first.header("Memento-Datetime") == "Sun, 01 Feb 2026 12:00:00 GMT"
    assert first.header("Vary") == "Accept-Datetime"
    assert client.get("/archives/1", "Accept-Datetime: Mon, 09 Feb 2026 00:00:00 GMT").body == b"page of 02"
    assert client.get("/archives/2", early).status == 404
    assert client.get("/@2015/archives/1").status == 404  # an address with a date means that date


def test_the_list_of_captures_says_what_rfc_7089_asks(shelf: Shelf, replayed: Replayed) -> None:
    for month in ("02", "03"):
        shelf.put("/archives/1", b"page", HTML, at=f"2026-{month}-01T12:00:00Z")
    client = replayed(shelf.home)
    base = f"http://127.0.0.1:{client.port}"
    answer = client.get("/@link/archives/1")
    first, last = "Sun, 01 Feb 2026 12:00:00 GMT", "Sun, 01 Mar 2026 12:00:00 GMT"
    assert answer.body.decode().splitlines() == [
        f'<{BLOG}/archives/1>; rel="original",',
        f'<{base}/archives/1>; rel="timegate",',
        f'<{base}/@link/archives/1>; rel="self"; type="application/link-format"; from="{first}"; until="{last}",',
        f'<{base}/@20260201120000/archives/1>; rel="memento"; datetime="{first}",',
        f'<{base}/@20260301120000/archives/1>; rel="memento"; datetime="{last}"',
    ]
    missing = client.get("/archives/9")
    assert (missing.status, missing.header("Vary")) == (404, "Accept-Datetime")
