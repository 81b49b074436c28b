from __future__ import annotations

import base64
import gzip
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from archiver.warc import index, members, reader, recovery
from archiver.warc.storage import Storage
from archiver.warc.verify import Finding, KnownCapture, Severity, VerifiedCounts, verify, verify_file
from archiver.warc.writer import IDENTICAL, Location, Original, WarcWriter, sha1_digest
from benchmarks import damage
from tests.warc.samples import EXCHANGES, START, Judge, write_exchange

SOFTWARE = "blog-archiver/test"


def known(location: Location) -> KnownCapture:
    return damage.known(location)


class Archive:
    """An archive of one file with five exchanges, its database and its index."""

    def __init__(self, home: Path) -> None:
        self.warc = home / "warc"
        self.index = home / index.NAME
        source = random.Random(5)
        with WarcWriter(self.warc, "kexue.fm", software=SOFTWARE, now=lambda: START) as target:
            self.locations = [
                write_exchange(target, f"https://kexue.fm/archives/{number}", page(source.randbytes(900)), number)
                for number in range(1, 6)
            ]
        self.known = [known(location) for location in self.locations]
        self.path = self.warc / self.locations[0].warc_file
        self.data = self.path.read_bytes()
        self.records = list(reader.iter_records(self.path))
        index.update_index(Storage(self.warc), self.index)

    def check(self, tally: VerifiedCounts | None = None) -> list[Finding]:
        """Verify against the database."""
        return list(verify(Storage(self.warc), self.known, None, tally))

    def check_index(self) -> list[Finding]:
        """Verify against the index."""
        return list(verify(Storage(self.warc), None, self.index))

    def write(self, data: bytes) -> None:
        """Replace the file's bytes."""
        self.path.write_bytes(data)

    def without(self, number: int) -> bytes:
        """Return the file's bytes without one record."""
        record = self.records[number]
        return self.data[: record.offset] + self.data[record.offset + record.length :]


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Give an archive without a flaw."""
    return Archive(tmp_path)


def test_an_archive_without_a_flaw(archive: Archive) -> None:
    tally = VerifiedCounts()
    assert archive.check(tally) == []
    assert archive.check_index() == []
    assert tally == VerifiedCounts(files=1, records=11, bytes=len(archive.data))


def test_every_kind_of_answer_passes(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", "kexue.fm", software=SOFTWARE, now=lambda: START, max_bytes=4000) as target:
        locations = [write_exchange(target, uri, response) for uri, response in EXCHANGES.values()]
    index.update_index(Storage(tmp_path / "warc"), tmp_path / index.NAME)
    assert list(verify(Storage(tmp_path / "warc"), map(known, locations), tmp_path / index.NAME)) == []


def test_all_44_damages_are_found(tmp_path: Path) -> None:
    sample = damage.make_sample(tmp_path, 1)
    missed = [
        number
        for number, each in enumerate(damage.damages(sample, 1))
        if not damage.found_by_us(sample, each.data, tmp_path, with_known=True)
    ]
    assert missed == []


def test_20_clean_files_raise_no_alarm(tmp_path: Path) -> None:
    for seed in range(20):
        sample = damage.make_sample(tmp_path / str(seed), seed, chunked=bool(seed % 2))
        assert list(verify(Storage(tmp_path / str(seed)), sample.known)) == []


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Give an archive for tests that replace its file each time."""
    return Archive(tmp_path_factory.mktemp("home"))


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_bit_that_means_something_is_guarded(worn: Archive, position: float, bit: int) -> None:
    data = bytearray(worn.data)
    data[int(position * len(data))] ^= 1 << bit
    worn.write(bytes(data))
    if not worn.check():
        assert gzip.decompress(data) == gzip.decompress(worn.data)
        assert int(position * len(data)) + 9 in {record.offset + record.length for record in worn.records}


@given(cut=st.floats(0, 1))
def test_a_file_is_clean_again_after_recovery_wherever_it_was_torn(worn: Archive, cut: float) -> None:
    size = int(cut * len(worn.data))
    worn.path.unlink(missing_ok=True)
    worn.path.with_name(worn.path.name + ".open").write_bytes(worn.data[:size])
    recovery.recover(worn.warc)
    known = [each for each in worn.known if each.warc_offset + each.warc_length <= size]
    assert list(verify(Storage(worn.warc), known)) == []


def test_a_flipped_bit_is_named_and_the_other_records_are_read(archive: Archive) -> None:
    third = archive.locations[2]
    data = bytearray(archive.data)
    data[third.offset + 600] ^= 1
    archive.write(bytes(data))
    tally = VerifiedCounts()
    (finding,) = archive.check(tally)
    assert (finding.severity, finding.what, finding.file) == (Severity.DAMAGE, "gzip member", archive.path.name)
    assert (finding.offset, finding.record_id, finding.url) == (third.offset, third.record_id, third.target_uri)
    assert finding.affected == (third.record_id,)
    assert finding.expected == "a whole gzip member"
    assert finding.found.endswith(f"; {third.length} bytes hold no whole record")
    assert tally.records == 10


def test_what_was_damaged_is_told_from_the_record_itself_where_no_database_knows_it(archive: Archive) -> None:
    third = archive.locations[2]
    data = bytearray(archive.data)
    data[third.offset + third.length - 8] ^= 1  # in the checksum
    archive.write(bytes(data))
    (finding,) = verify(Storage(archive.warc))
    assert (finding.offset, finding.record_id, finding.url) == (third.offset, third.record_id, third.target_uri)
    assert "incorrect data check" in str(finding)


def test_a_finding_is_one_line(archive: Archive) -> None:
    archive.write(archive.data[:-1])
    (finding,) = archive.check()
    last = archive.locations[-1]
    assert str(finding) == (
        f"{archive.path.name}, offset {last.offset}: gzip member: expected a whole gzip member, found the end of the "
        f"file after {last.length - 1} bytes of it; {last.length - 1} bytes hold no whole record "
        f"(https://kexue.fm/archives/5, record {last.record_id})"
    )


def test_noise_between_records(archive: Archive) -> None:
    second = archive.records[3]
    noise = bytes(700) + b"\x1f\x8b\x08" + bytes(20)
    archive.write(archive.data[: second.offset] + noise + archive.data[second.offset :])
    found = {(finding.what, finding.offset) for finding in verify(Storage(archive.warc))}
    assert found == {("gzip member", second.offset)}


def test_zeros_at_the_end(archive: Archive) -> None:
    archive.write(archive.data + bytes(5000))
    (finding,) = archive.check()
    assert (finding.what, finding.offset) == ("gzip member", len(archive.data))


def test_an_exchange_that_was_taken_out_is_missed_by_the_database_and_by_the_index(archive: Archive) -> None:
    request, response = archive.records[3:5]
    archive.write(archive.data[: request.offset] + archive.data[response.offset + response.length :])
    assert list(verify(Storage(archive.warc))) == []
    missing, moved = archive.check()
    assert (missing.what, missing.record_id, missing.url) == ("missing record", response.record_id, response.target_uri)
    assert moved.what == "moved record"
    assert moved.found == f"{request.length + response.length} bytes before"
    assert moved.affected == tuple(location.record_id for location in archive.locations[2:])
    wrong, beside = archive.check_index()
    assert {wrong.what, beside.what} == {"index"}


@pytest.mark.parametrize("number", range(11))
def test_a_record_that_was_taken_out_is_missed_by_its_neighbours(archive: Archive, number: int) -> None:
    archive.write(archive.without(number))
    assert {finding.what for finding in verify(Storage(archive.warc))} == {"missing record"}
    assert Severity.DAMAGE in {finding.severity for finding in archive.check()}


def test_a_cut_between_two_exchanges_is_missed_by_the_database(archive: Archive) -> None:
    third = archive.locations[2]
    archive.write(archive.data[: third.offset + third.length])
    assert list(verify(Storage(archive.warc))) == []
    (finding,) = archive.check()
    assert finding.what == "missing record"
    assert finding.expected == "2 known responses from here on"
    assert finding.found == f"the end of the file at {third.offset + third.length}"
    assert finding.affected == tuple(location.record_id for location in archive.locations[3:])
    assert [each.what for each in archive.check_index()] == ["index"]


def test_a_file_that_is_gone(archive: Archive) -> None:
    archive.path.unlink()
    (finding,) = archive.check()
    assert (finding.what, finding.file, finding.found) == ("missing file", archive.path.name, "none")
    assert finding.affected == tuple(location.record_id for location in archive.locations)


def test_a_file_that_was_renamed(archive: Archive) -> None:
    archive.path.rename(archive.path.with_name("other.warc.gz"))
    named, unknown, missing = archive.check()
    assert (named.what, named.severity, named.expected) == ("file name", Severity.WARNING, archive.path.name)
    assert (unknown.what, unknown.severity) == ("unknown record", Severity.WARNING)
    assert missing.found == "its records in other.warc.gz: rename it back"


def test_an_empty_file(archive: Archive) -> None:
    archive.write(b"")
    assert [finding.what for finding in verify(Storage(archive.warc))] == ["empty file"]
    assert {finding.what for finding in archive.check()} == {"empty file", "missing record"}


def test_a_file_that_cannot_be_read(archive: Archive) -> None:
    archive.path.unlink()
    archive.path.mkdir()
    (finding,) = archive.check()
    assert (finding.what, finding.found) == ("unreadable file", "Is a directory")
    assert len(finding.affected) == 5


def test_responses_the_database_does_not_know(archive: Archive) -> None:
    archive.known = archive.known[:3]
    (finding,) = archive.check()
    assert (finding.severity, finding.what) == (Severity.WARNING, "unknown record")
    assert finding.offset == archive.locations[3].offset
    assert finding.found == "2 it does not know of; the next run adds them"


def test_a_database_without_captures_knows_nothing(archive: Archive) -> None:
    archive.known = []
    assert [finding.what for finding in archive.check()] == ["unknown record"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"record_id": "<urn:uuid:other>"}, "missing record"),
        ({"target_uri": "https://kexue.fm/other"}, "address"),
        ({"warc_length": 1}, "length"),
        ({"payload_sha256": "0" * 64}, "payload"),
    ],
)
def test_a_row_that_says_otherwise(archive: Archive, change: dict[str, str], what: str) -> None:
    archive.known[1] = replace(archive.known[1], **change)  # type: ignore[arg-type]
    finding = archive.check()[0]
    assert (finding.severity, finding.what) == (Severity.DAMAGE, what)
    assert finding.offset == archive.locations[1].offset


def test_a_record_that_is_there_twice(archive: Archive) -> None:
    archive.path.with_name("copy.warc.gz").write_bytes(archive.data)
    twice = [finding for finding in archive.check() if finding.what == "record id"]
    assert len(twice) == 11
    assert twice[0].found == "the one of copy.warc.gz, offset 0"


@pytest.mark.parametrize("kept", [True, False])
def test_a_reference_to_a_record_that_is_gone(tmp_path: Path, kept: bool) -> None:
    with WarcWriter(tmp_path, "kexue.fm", software=SOFTWARE) as target:
        first = write_exchange(target, "https://kexue.fm/a", page(b"x" * 600), 1)
    original = Original(
        record_id=first.record_id, target_uri=first.target_uri, date=first.date, profile=IDENTICAL,
        payload_digest=first.payload_digest, payload_sha256=first.payload_sha256,
    )  # fmt: skip
    with WarcWriter(tmp_path, "kexue.fm", software=SOFTWARE) as target:
        second = target.write_exchange(
            target_uri="https://kexue.fm/b", request=b"GET / HTTP/1.1\r\n\r\n", response=page(b"x" * 600),
            fetched_at=START, ip_address=None, original=original,
        )  # fmt: skip
    if not kept:
        (tmp_path / first.warc_file).unlink()
    expected = [] if kept else [("missing record", second.offset, f"the record {first.record_id} that has its payload")]
    assert [(each.what, each.offset, each.expected) for each in verify(Storage(tmp_path))] == expected


def rewritten(archive: Archive, number: int, old: bytes, new: bytes) -> bytes:
    """Return the file's bytes with something else in a record, and a checksum that fits."""
    record = archive.records[number]
    end = record.offset + record.length
    content = gzip.decompress(archive.data[record.offset : end])
    assert old in content
    member = bytearray(gzip.compress(content.replace(old, new, 1)))
    member[:10] = archive.data[:10]
    return archive.data[: record.offset] + bytes(member) + archive.data[end:]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"200 OK", b"404 OK", ["block digest"]),
        (b"\r\n\r\nHTTP", b"\r\n\r\nXHTTP", ["record"]),
        (b"Content-Length: ", b"Content-Length: 1", ["record"]),
        (b"Content-Length: ", b"Content-Length: x", ["record"]),
        (b"WARC-Record-ID", b"X-Record-ID", ["record"]),
        (b"WARC/1.1", b"HTTP/1.1", ["record"]),
        (b"WARC-Block-Digest: sha1:", b"WARC-Block-Digest: sha1:X", ["block digest"]),
        (b"WARC-Payload-Digest: sha1:", b"WARC-Payload-Digest: X:", ["payload digest"]),
    ],
)
def test_what_a_checksum_does_not_tell(archive: Archive, old: bytes, new: bytes, found: list[str]) -> None:
    archive.write(rewritten(archive, 2, old, new))
    assert [finding.what for finding in verify(Storage(archive.warc))] == found


def test_a_forged_body_fails_both_digests_and_the_database(archive: Archive) -> None:
    body = archive.records[2].entity
    archive.write(rewritten(archive, 2, body, body[::-1]))
    assert [finding.what for finding in archive.check()] == ["block digest", "payload digest", "payload"]


def foreign(headers: bytes, block: bytes, kind: bytes = b"response") -> bytes:
    number = hashlib.sha1(headers + block).hexdigest()
    return gzip.compress(
        b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:x:%s>\r\n" % (kind, number.encode())
        + b"WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: http://a/\r\nContent-Type: application/http\r\n"
        + headers
        + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
    )


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"
CHUNKS = CHUNKED.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("payload", [b"Wikipedia", CHUNKS], ids=["by the standard", "by habit"])
def test_both_conventions_for_chunked_payloads_pass(tmp_path: Path, payload: bytes) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(b"WARC-Payload-Digest: " + sha1_digest(payload).encode() + b"\r\n", CHUNKED))
    assert list(verify_file(path)) == []


def test_a_third_convention_does_not(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(b"WARC-Payload-Digest: " + sha1_digest(CHUNKED).encode() + b"\r\n", CHUNKED))
    assert [finding.what for finding in verify_file(path)] == ["payload digest"]


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "base 32": lambda data: "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode(),
    "lower case": lambda data: "SHA-1:" + base64.b32encode(hashlib.sha1(data).digest()).decode().lower(),
    "base 16": lambda data: "sha1:" + hashlib.sha1(data).hexdigest(),
    "base 64": lambda data: "sha1:" + base64.b64encode(hashlib.sha1(data).digest()).decode(),
    "base 64 for URLs": lambda data: "sha512:" + base64.urlsafe_b64encode(hashlib.sha512(data).digest()).decode(),
    "sha256": lambda data: "sha256:" + hashlib.sha256(data).hexdigest().upper(),
    "sha256 in base 32": lambda data: "sha256:" + base64.b32encode(hashlib.sha256(data).digest()).decode(),
    "blake3": lambda data: "blake3:" + blake3(data).hexdigest(),
    "md5 without padding": lambda data: "md5:" + base64.b32encode(hashlib.md5(data).digest()).decode().rstrip("="),
}


@given(block=st.binary(max_size=200), spelling=st.sampled_from(list(SPELLINGS)))
def test_digests_are_understood_however_they_are_written(
    tmp_path_factory: pytest.TempPathFactory, block: bytes, spelling: str
) -> None:
    path = tmp_path_factory.mktemp("warc") / "other.warc.gz"
    label = SPELLINGS[spelling](block).encode()
    path.write_bytes(foreign(b"WARC-Block-Digest: " + label + b"\r\n", block))
    assert list(verify_file(path)) == []
    path.write_bytes(foreign(b"WARC-Block-Digest: " + label + b"\r\n", block + b"x"))
    assert [finding.what for finding in verify_file(path)] == ["block digest"]


@pytest.mark.parametrize("value", ["sha1", "sha1:", "sha1:!!", "sha1:" + "1" * 32, "sha1:" + "A_" * 16])
def test_a_digest_that_is_none_is_found(tmp_path: Path, value: str) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(b"WARC-Block-Digest: " + value.encode() + b"\r\n", b"block"))
    assert [finding.what for finding in verify_file(path)] == ["block digest"]


def test_an_unknown_algorithm_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(b"WARC-Block-Digest: xxh3:abc\r\n", b"block"))
    (finding,) = verify_file(path)
    assert (finding.severity, finding.what, finding.found) == (Severity.WARNING, "block digest", "xxh3:abc")


@pytest.mark.parametrize(
    ("kind", "headers"), [(b"revisit", b""), (b"response", b"WARC-Segment-Number: 1\r\n")], ids=["revisit", "segment"]
)
def test_payload_digests_of_something_else_are_not_compared(tmp_path: Path, kind: bytes, headers: bytes) -> None:
    path = tmp_path / "other.warc.gz"
    headers += b"WARC-Payload-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n"
    path.write_bytes(foreign(headers, b"HTTP/1.1 200 OK\r\n\r\n", kind))
    assert list(verify_file(path)) == []


def test_files_of_other_programs_are_not_held_to_our_habits(tmp_path: Path) -> None:
    """Without requests, with a description elsewhere, gzip headers of all sorts, bare line feeds and folded headers."""
    path = tmp_path / "other.warc.gz"
    named = b"WARC-Warcinfo-ID: <urn:elsewhere>\r\n"
    info = foreign(b"", b"software: other\r\n", b"warcinfo")
    careless = gzip.compress(
        b"WARC/1.0\nwarc-type : response\nWARC-Record-ID:\n <urn:x>\nWARC-Date: 2026\nContent-Length: 1\n\nx\r\n\r\n"
    )
    path.write_bytes(info + foreign(named, b"1") + foreign(named, b"2") + careless)
    (finding,) = verify_file(path)
    assert (finding.severity, finding.what) == (Severity.WARNING, "missing record")


def test_an_id_that_comes_twice_is_another_programs_custom_and_damage_in_a_file_of_ours(
    archive: Archive, tmp_path: Path
) -> None:
    twice = foreign(b"", b"HTTP/1.1 200 OK\r\n\r\n")
    path = tmp_path / "other.warc.gz"
    path.write_bytes(twice + twice)
    (custom,) = verify_file(path)
    assert (custom.severity, custom.what) == (Severity.WARNING, "record id")
    archive.write(archive.data + archive.data)
    assert {(found.severity, found.what) for found in archive.check_index()} >= {(Severity.DAMAGE, "record id")}


def test_what_follows_a_record_that_is_none_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    noise = random.Random(1).randbytes(100_000)
    path.write_bytes(foreign(b"", b"1") + gzip.compress(b"none") + foreign(b"", noise) + foreign(b"", b"2"))
    tally = VerifiedCounts()
    (finding,) = verify_file(path, tally)
    assert (finding.what, tally.records) == ("record", 3)


def test_a_file_without_a_description_of_its_own_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(b"WARC-Warcinfo-ID: <urn:elsewhere>\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))
    (finding,) = verify_file(path)
    assert (finding.severity, finding.what) == (Severity.WARNING, "missing record")


def test_a_file_that_is_being_written_is_clean(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "kexue.fm", software=SOFTWARE) as target:
        location = write_exchange(target, *EXCHANGES["page"])
        path = tmp_path / f"{location.warc_file}.open"
        with path.open("ab") as file:
            file.write(b"\x1f\x8b\x08 half an exchange")
        assert list(verify(Storage(tmp_path), [])) == []
        beyond = replace(known(location), warc_offset=path.stat().st_size - 5, record_id="<urn:lost>")
        findings = list(verify(Storage(tmp_path), [known(location), beyond]))
        assert [(finding.what, finding.severity) for finding in findings] == [("gzip member", Severity.DAMAGE)]


def test_a_file_that_was_left_open_is_a_warning(archive: Archive) -> None:
    archive.path.rename(archive.path.with_name(archive.path.name + ".open"))
    (finding,) = archive.check()
    assert (finding.severity, finding.what) == (Severity.WARNING, "open file")
    (archive.warc / (archive.path.name + ".open")).write_bytes(archive.data[:-1])
    archive.known.pop()
    assert {finding.severity for finding in archive.check()} == {Severity.WARNING}


def test_a_bomb_does_not_burst(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MAX_RECORD", 100_000)
    monkeypatch.setattr(reader, "MAX_RECORD", 100_000)
    bomb = foreign(b"", bytes(50_000_000))
    third = archive.records[5]
    archive.write(archive.data[: third.offset] + bomb + archive.data[third.offset :])
    (finding,) = verify(Storage(archive.warc))
    assert (finding.offset, finding.url) == (third.offset, "http://a/")
    assert finding.found == f"a larger one; {len(bomb)} bytes hold no whole record"


def test_an_index_that_is_not_there_is_a_warning(archive: Archive) -> None:
    archive.index.unlink()
    (finding,) = archive.check_index()
    assert (finding.severity, finding.what, finding.file) == (Severity.WARNING, "index", index.NAME)


def test_a_file_that_is_not_indexed_yet_is_a_warning(archive: Archive) -> None:
    archive.index.write_bytes(b"")
    (finding,) = archive.check_index()
    assert finding.severity is Severity.WARNING
    assert finding.expected == f"lines about {archive.path.name}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"text/html", b"text/plain"),
        (b'"status": "200"', b'"status": "404"'),
        (b"fm,kexue)/archives/1 ", b"fm,kexue)/archives/0 "),
        (b'"offset": "', b'"offset": "1'),
        (b'"offset": "', b'"offset": "x'),
        (b"}\n", b""),
        (b"archives/2 2026", b"archives/1 2026"),
        (b"\n", b"\n\xff"),
    ],
)
def test_an_index_that_disagrees_is_damage(archive: Archive, old: bytes, new: bytes) -> None:
    archive.index.write_bytes(archive.index.read_bytes().replace(old, new, 1))
    assert Severity.DAMAGE in {finding.severity for finding in archive.check_index()}


def test_index_lines_about_a_file_that_is_not_there(archive: Archive) -> None:
    archive.path.unlink()
    (finding,) = archive.check_index()
    assert finding.found == f"5 about {archive.path.name}"


def test_damage_is_not_held_against_the_index_too(archive: Archive) -> None:
    data = bytearray(archive.data)
    data[archive.locations[1].offset + 300] ^= 1
    archive.write(bytes(data))
    assert [finding.what for finding in archive.check_index()] == ["gzip member"]


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    assert list(verify(Storage(tmp_path / "warc"), [])) == []


def test_fastwarc_finds_our_files_whole(archive: Archive, judge: Judge) -> None:
    done = judge("fastwarc", "check", "-q", "-p", archive.path)
    assert done.returncode == 0, done.stdout + done.stderr
