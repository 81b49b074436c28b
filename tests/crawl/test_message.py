from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.crawl.message import unchunked
from archiver.warc import message

HEAD = b"HTTP/1.1 200 Fine\r\nServer: x\r\nTRANSFER-encoding:  chunked \r\nX-Odd\xe9: \xff\r\nx-odd: 2\r\n\r\n"


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_only_the_chunks_and_their_line_go(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    found = unchunked(HEAD + chunked(pieces))
    assert found == HEAD.replace(b"TRANSFER-encoding:  chunked ", b"Content-Length: %d" % len(body)) + body
    assert message.parse(found).entity == body


def test_a_response_without_chunks_stays_as_it_is() -> None:
    for response in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200\nTransfer-Encoding: x\n\nok",
        b"",
    ):
        assert unchunked(response) == response


def test_a_chunked_response_cut_short_keeps_what_came() -> None:
    found = message.parse(unchunked(HEAD + b"5\r\nabcde\r\n5\r\nfg"))
    assert found.payload == b"abcdefg"
    assert (b"Content-Length", b"7") in found.headers
