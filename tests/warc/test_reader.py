from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from archiver import errors
from archiver.warc import coding, reader
from archiver.warc.storage import Storage
from archiver.warc.writer import Location, WarcWriter

HEAD = b"HTTP/1.1 200 All Right\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nX: \xe9\r\nX: 2\r\n\r\n"
CODED = gzip.compress("<p>科学空间</p>".encode())
RESPONSE = HEAD + b"%x\r\n%s\r\n0\r\n\r\n" % (len(CODED), CODED)


@pytest.fixture
def location(tmp_path: Path) -> Location:
    """Write one file with one exchange."""
    with WarcWriter(tmp_path, "kexue.fm", software="test") as target:
        return target.write_exchange(
            target_uri="https://kexue.fm/archives/1",
            request=b"GET /archives/1 HTTP/1.1\r\nHost: kexue.fm\r\n\r\n",
            response=RESPONSE,
            fetched_at="2026-11-21T17:45:00Z",
            ip_address="::1",
        )


def member(content: bytes) -> bytes:
    return gzip.compress(content)


def record(headers: bytes = b"", block: bytes = b"block", length: int | None = None, end: bytes = b"\r\n\r\n") -> bytes:
    size = len(block) if length is None else length
    head = b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x>\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
    return head + headers + b"Content-Length: %d\r\n\r\n" % size + block + end


def test_a_response_in_all_its_forms(tmp_path: Path, location: Location) -> None:
    found = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert found.block == RESPONSE
    assert found.entity == CODED
    assert found.body == "<p>科学空间</p>".encode()
    assert (found.http_status, found.http_reason) == (200, "All Right")
    assert found.http_headers[-2:] == ((b"X", b"\xe9"), (b"X", b"2"))
    assert (found.type, found.ip, found.target_uri) == ("response", "::1", "https://kexue.fm/archives/1")
    assert (found.warc_file, found.offset, found.length) == (location.warc_file, location.offset, location.length)


def test_the_request_of_a_response_is_its_own(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "kexue.fm", software="test") as target:
        places = [
            target.write_exchange(
                target_uri=f"https://kexue.fm/{number}",
                request=b"GET /%d HTTP/1.1\r\n\r\n" % number,
                response=RESPONSE,
                fetched_at="2026-11-21T17:45:00Z",
                ip_address=None,
            )
            for number in range(3)
        ]
    file = Storage(tmp_path).file(places[0].warc_file)
    found = [reader.request_of(file, place.offset, start=0) for place in places]
    assert [request and request.block[:6] for request in found] == [b"GET /0", b"GET /1", b"GET /2"]


def test_other_records_have_no_status(tmp_path: Path, location: Location) -> None:
    info, request, _ = reader.iter_records(tmp_path / location.warc_file)
    assert (info.http_status, info.http_reason, info.http_headers, info.entity) == (None, "", (), info.block)
    assert (request.http_status, request.http_headers) == (None, ((b"Host", b"kexue.fm"),))


def test_a_file_still_being_written_can_be_read(tmp_path: Path, location: Location) -> None:
    path = tmp_path / location.warc_file
    path.rename(path.with_name(path.name + ".open"))
    found = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert found.warc_file == location.warc_file
    assert [each.warc_file for each in reader.iter_records(path.with_name(path.name + ".open"))] == [path.name] * 3


def test_more_than_the_caller_wants(tmp_path: Path, location: Location) -> None:
    found = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    with pytest.raises(
        coding.ContentTooLarge, match=r"^https://kexue.fm/archives/1 in .*, offset \d+: expected at most 5 "
    ):
        found.decoded(max_size=5)


def test_records_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(member(record()) + member(record(b"warc-target-uri: <http://a b/>\r\n", b"")))
    first, second = reader.iter_records(path)
    assert (first.block, first.target_uri, first.header("warc-record-id")) == (b"block", None, "<urn:x>")
    assert (second.block, second.target_uri) == (b"", "http://a%20b/")


DAMAGED = {
    "torn": (member(record())[:-5], "expected a whole gzip member, found the end of the file after"),
    "flipped": (
        member(record())[:30] + b"\xff\xff\xff" + member(record())[33:],
        "expected a whole gzip member, found Error",
    ),
    "zeros": (b"\0" * 100, "expected a whole gzip member, found Error"),
    "plain": (record(), "expected a whole gzip member, found Error"),
    "not a record": (member(b"<html>"), "expected a WARC record, found b'<html>'"),
    "empty": (member(b""), "expected a WARC record, found b''"),
    "short block": (
        member(record(length=50)),
        "expected a block of 50 bytes, as its Content-Length says, found 5 bytes",
    ),
    "long block": (member(record(length=2)), "found b'ock"),
    "no length": (member(record().replace(b"Content-Length: 5", b"X: y")), "expected a record with content-length"),
    "bad length": (
        member(record().replace(b"Length: 5", b"Length: -5")),
        "expected one Content-Length, in digits, found '-5'",
    ),
    "two in one": (member(record() + record()), "expected one record and two line ends, found"),
    "no date": (member(record().replace(b"WARC-Date", b"X-Date")), "expected a record with warc-date"),
}


@pytest.mark.parametrize(("tail", "message"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_named_with_its_place(tmp_path: Path, location: Location, tail: bytes, message: str) -> None:
    path = tmp_path / location.warc_file
    good = path.stat().st_size
    with path.open("ab") as file:
        file.write(tail)
    records = reader.iter_records(path)
    last = [next(records) for _ in range(3)][-1]
    with pytest.raises(errors.ArchiveDamaged) as caught:
        next(records)
    assert str(caught.value).startswith(f"{path.name}, offset {good}: expected ")
    assert message in str(caught.value)
    assert str(caught.value).endswith(
        "run `archiver verify` to see what else is damaged, then restore the file from a copy"
    )
    assert last.offset + last.length == good


@pytest.mark.parametrize("offset", [1, 10**9])
def test_a_wrong_offset(tmp_path: Path, location: Location, offset: int) -> None:
    with pytest.raises(errors.ArchiveDamaged, match=f"offset {offset}: expected a whole gzip member"):
        reader.read_record(Storage(tmp_path), location.warc_file, offset)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(errors.ArchiveDamaged, match=r"gone\.warc\.gz, found none; restore it"):
        reader.read_record(Storage(tmp_path), "gone.warc.gz", 0)


@pytest.mark.parametrize("name", ["../secret.warc.gz", "/etc/passwd", "", "a/b", ".."])
def test_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.ArchiveDamaged):
        reader.read_record(Storage(tmp_path), name, 0)


def test_reading_goes_on_after_damage_when_it_is_reported(tmp_path: Path, location: Location) -> None:
    path = tmp_path / location.warc_file
    data = path.read_bytes()
    size = len(data)
    noise = b"\x1f\x8b\x08 noise " * 20_000 + member(b"WARC/1.1\r\nwhich begins like a record")
    path.write_bytes(data + noise + data + member(b"<html>") + data)
    damage: list[reader.Damage] = []
    found = [each.type for each in reader.iter_records(path, on_damage=damage.append)]
    assert found == ["warcinfo", "request", "response"] * 3
    assert [(each.offset, each.length) for each in damage] == [
        (size, len(noise)),
        (2 * size + len(noise), len(member(b"<html>"))),
    ]
    assert damage[1].reason == "expected a WARC record, found b'<html>'"


def test_a_record_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_RECORD", 1000)
    path = tmp_path / "other.warc.gz"
    path.write_bytes(member(record(block=b"\0" * 2000)) + member(record()))
    with pytest.raises(errors.ArchiveDamaged, match="expected a record of at most 1000 bytes, found more"):
        next(reader.iter_records(path))
    assert [each.block for each in reader.iter_records(path, on_damage=str)] == [b"block"]


def test_headers_of_the_message(tmp_path: Path, location: Location) -> None:
    found = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert (found.http_header(b"x"), found.http_header(b"content-encoding")) == ("é", "gzip")
    assert found.http_header(b"etag") is None
