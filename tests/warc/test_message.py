from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.warc import message


def test_a_response_is_taken_apart() -> None:
    parsed = message.parse(b"HTTP/1.1 404 Not Found\r\nSet-Cookie: a=1\r\nset-cookie:  b=2 \r\n\r\nbody")
    assert (parsed.status, parsed.reason, parsed.payload) == (404, "Not Found", b"body")
    assert parsed.headers == ((b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"))


@pytest.mark.parametrize(
    ("start_line", "status", "reason"),
    [
        (b"HTTP/1.1 200", 200, ""),
        (b"HTTP/1.1 200 ", 200, ""),
        (b"HTTP/1.0 200 \xc3\xa9t\xe9", 200, "\u00c3\u00a9t\u00e9"),
        (b"HTTP/2 204", 204, ""),
        (b"HTTP/1.1 2000 OK", None, ""),
        (b"GET / HTTP/1.1", None, ""),
        (b"", None, ""),
    ],
)
def test_status_lines(start_line: bytes, status: int | None, reason: str) -> None:
    parsed = message.parse(start_line + b"\r\n\r\n")
    assert (parsed.status, parsed.reason) == (status, reason)


@pytest.mark.parametrize(
    ("start_line", "method"),
    [(b"GET / HTTP/1.1", "GET"), (b"post /", "POST"), (b"M-SEARCH * HTTP/1.1", "M-SEARCH"),
     (b"HTTP/1.1 200 OK", None), (b"GET", None), (b"", None)],
)  # fmt: skip
def test_methods(start_line: bytes, method: str | None) -> None:
    assert message.parse(start_line + b"\r\n\r\n").method == method


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: y\r\n" + b" z\r\n" * 400_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000 + b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["folded", "interim"],
)
def test_a_head_of_megabytes_is_read_in_no_time(head: bytes) -> None:
    began = time.process_time()
    message.parse(head + b"\r\nbody")
    assert time.process_time() - began < 3


def test_careless_heads() -> None:
    parsed = message.parse(b"HTTP/1.1 200 OK\nX: one\n  two\nno colon\nEmpty:\n\nbody\r\n\r\nmore")
    assert parsed.headers == ((b"X", b"one two"), (b"Empty", b""))
    assert parsed.payload == b"body\r\n\r\nmore"


def test_a_head_that_breaks_off_has_no_body() -> None:
    parsed = message.parse(b"HTTP/1.1 200 OK\r\nContent-Le")
    assert (parsed.status, parsed.headers, parsed.payload) == (200, (), b"")


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=20))
def test_chunks_are_joined_however_they_are_cut(body: bytes, sizes: list[int]) -> None:
    assert message.dechunk(chunked(body, sizes)) == body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    pieces, position = [], 0
    for size in [*sizes, len(body) or 1]:
        if piece := body[position : position + size]:
            pieces.append(b"%X;ext=1\r\n%s\r\n" % (len(piece), piece))
        position += size
    return b"".join(pieces) + b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("payload", "entity"),
    [
        (b"", b""),
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n5\r\nwor", b"hellowor"),  # cut short within a chunk
        (b"5\r\nhello\r\n", b"hello"),  # cut short between two
        (b"5\r\nhelloXX5\r\nworld\r\n", b"hello"),  # no line end where one must be
        (b"5\nhello\n0\n\n", b"hello"),
        (b"<html>not chunked at all", b"<html>not chunked at all"),
        (b"-5\r\nhello", b"-5\r\nhello"),
        (b"FFFFFFFFFFFFFFFFFFFFFFFF\r\nx", b"FFFFFFFFFFFFFFFFFFFFFFFF\r\nx"),
    ],
)
def test_dechunking_what_servers_send(payload: bytes, entity: bytes) -> None:
    assert message.dechunk(payload) == entity


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"gzip, chunked", b"gzip\r\nTransfer-Encoding: chunked"])
def test_chunked_must_be_the_last_transfer_coding(coding: bytes) -> None:
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    assert message.parse(block).entity == b"ab"


def test_other_bodies_are_left_alone() -> None:
    assert message.parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n2\r\nab").entity == b"2\r\nab"
    assert message.parse(b"HTTP/1.1 200 OK\r\n\r\n2\r\nab\r\n0\r\n\r\n").entity == b"2\r\nab\r\n0\r\n\r\n"


@given(st.binary(max_size=400))
def test_any_bytes_can_be_parsed(block: bytes) -> None:
    parsed = message.parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + block)
    assert isinstance(parsed.entity, bytes)
