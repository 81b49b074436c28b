from __future__ import annotations

import gzip
import importlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.warc import coding

LIMIT = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


@given(st.binary(max_size=20_000), st.sampled_from([gzip.compress, zlib.compress, raw_deflate]))
def test_bodies_are_decoded(body: bytes, compress: object) -> None:
    name = "gzip" if compress is gzip.compress else "deflate"
    assert callable(compress)
    assert coding.decode(compress(body), [name], LIMIT) == body


def test_brotli() -> None:
    brotli = pytest.importorskip("brotli")
    body = "苏剑林".encode() * 5000
    assert coding.decode(brotli.compress(body), ["br"], LIMIT) == body


def test_zstandard() -> None:
    compress = pytest.importorskip("backports.zstd").compress
    body = "科学空间".encode() * 5000
    assert coding.decode(compress(body), ["zstd"], LIMIT) == body


def test_servers_are_told_every_coding_that_can_be_undone() -> None:
    assert coding.accepted() == "gzip, deflate, br, zstd"


def test_codings_are_undone_last_first() -> None:
    assert coding.decode(gzip.compress(zlib.compress(b"twice")), ["deflate", "gzip"], LIMIT) == b"twice"


def test_more_codings_than_any_server_applies_are_not_tried() -> None:
    body = gzip.compress(b"body")
    assert coding.undo(body, ["gzip"] * 100_000, LIMIT) == (body, True)


def test_gzip_of_several_members_and_padding() -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 5000
    assert coding.decode(members, ["gzip"], LIMIT) == b"one two"


def test_a_body_that_breaks_off_gives_what_there_is() -> None:
    body = bytes(range(256)) * 400
    decoded = coding.decode(gzip.compress(body)[:-20], ["gzip"], LIMIT)
    assert decoded
    assert body.startswith(decoded)


def test_a_body_that_is_damaged_gives_what_precedes_the_damage() -> None:
    body = b"".join(b"%d\n" % number for number in range(100_000))
    coded = bytearray(gzip.compress(body))
    coded[len(coded) // 2] ^= 0xFF
    decoded = coding.decode(bytes(coded), ["gzip"], LIMIT)
    assert decoded[:100_000] == body[:100_000]


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "deflate", "br", "zstd", "unheard-of", "identity"])
def test_a_body_that_is_not_in_its_coding_comes_back(name: str) -> None:
    assert coding.decode(b"<html>plain</html>", [name], LIMIT) == b"<html>plain</html>"


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_stays_empty(name: str) -> None:
    assert coding.decode(b"", [name], LIMIT) == b""


def test_an_empty_body_that_was_compressed_is_empty() -> None:
    assert coding.decode(gzip.compress(b""), ["gzip"], LIMIT) == b""


@pytest.mark.parametrize(
    ("name", "module"), [("gzip", "gzip"), ("deflate", "zlib"), ("br", "brotli"), ("zstd", "backports.zstd")]
)
def test_a_bomb_is_refused_before_it_bursts(name: str, module: str) -> None:
    compress = pytest.importorskip(module).compress
    bomb = compress(b"\0" * (20 * LIMIT))
    with pytest.raises(coding.ContentTooLarge, match=f"at most {LIMIT} bytes of content after undoing {name}"):
        coding.decode(bomb, [name], LIMIT)


def test_a_body_of_exactly_the_limit_passes() -> None:
    assert len(coding.decode(gzip.compress(b"\0" * LIMIT), ["gzip"], LIMIT)) == LIMIT


def test_codings_of_missing_packages_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    assert coding.decode(b"coded", ["br"], LIMIT) == b"coded"
    assert coding.decode(b"coded", ["zstd"], LIMIT) == b"coded"
    assert coding.accepted() == "gzip, deflate"


WHOLE = "科学空间，苏剑林。".encode() * 3000


def coded(name: str) -> bytes:
    if name == "br":
        return bytes(pytest.importorskip("brotli").compress(WHOLE))
    if name == "zstd":
        return bytes(pytest.importorskip("backports.zstd").compress(WHOLE))
    if name == "raw":
        return raw_deflate(WHOLE)
    return gzip.compress(WHOLE) if name == "gzip" else zlib.compress(WHOLE)


def whole(entity: bytes, codings: list[str], limit: int) -> bool:
    """Tell whether all codings of a body end in order."""
    return coding.undo(entity, codings, limit)[1]


@pytest.mark.parametrize("name", ["gzip", "deflate", "raw", "br", "zstd"])
def test_a_coding_is_whole_when_its_stream_ends_in_order_and_at_no_place_before(name: str) -> None:
    body, kind = coded(name), "deflate" if name == "raw" else name
    assert whole(body, [kind], LIMIT)
    for end in {1, len(body) // 2, len(body) - 9, len(body) - 4, len(body) - 1}:
        cut = body[:end]
        assert not whole(cut, [kind], LIMIT) or coding.decode(cut, [kind], LIMIT) == cut


@pytest.mark.parametrize("place", [-8, -4], ids=["sum", "length"])
def test_a_trailer_that_is_not_true_makes_no_body_whole(place: int) -> None:
    body = bytearray(gzip.compress(WHOLE))
    body[place] ^= 1
    assert not whole(bytes(body), ["gzip"], LIMIT)


def test_padding_and_further_members_are_whole() -> None:
    two = gzip.compress(WHOLE) + gzip.compress(b"more")
    assert whole(two, ["gzip"], LIMIT)
    assert whole(two + bytes(512), ["gzip"], LIMIT)
    assert not whole(two[:-3], ["gzip"], LIMIT)


@pytest.mark.parametrize("place", [-8, -4, -30], ids=["sum", "length", "stream"])
def test_a_further_member_that_is_damaged_makes_no_body_whole(place: int) -> None:
    body = bytearray(gzip.compress(b"one") + gzip.compress(bytes(range(256))))
    body[place] ^= 1
    assert not whole(bytes(body), ["gzip"], LIMIT)
    assert coding.decode(bytes(body), ["gzip"], LIMIT).startswith(b"one")


@pytest.mark.parametrize("size", [1, 2, 100, 5000])
def test_frames_of_zstandard_may_follow_one_another(size: int) -> None:
    compress = pytest.importorskip("backports.zstd").compress
    first = bytes(range(250)) * size
    assert coding.decode(compress(first) + compress(WHOLE), ["zstd"], 4 * LIMIT) == first + WHOLE
    assert not whole(compress(first) + compress(WHOLE)[:-1], ["zstd"], 4 * LIMIT)


def test_what_is_in_no_coding_that_is_known_has_no_end_to_be_told() -> None:
    assert whole(WHOLE, [], LIMIT)
    assert whole(WHOLE, ["gzip"], LIMIT)  # which it is not
    assert whole(WHOLE, ["compress"], LIMIT)
    assert whole(b"", ["gzip"], LIMIT)
