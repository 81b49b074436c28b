from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archiver import errors
from archiver.warc import index, reader, writer
from archiver.warc.storage import Storage
from archiver.warc.verify import verify_file
from archiver.warc.writer import IDENTICAL, Location, Original, WarcWriter
from tests.warc.samples import Synced

NOW = datetime(2026, 11, 21, 17, 45, tzinfo=UTC)
REQUEST = b"GET /archives/1 HTTP/1.1\r\nHost: kexue.fm\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>\xe5\xa5\xbd</p>"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"


def new_writer(directory: Path, **options: Any) -> WarcWriter:
    return WarcWriter(directory, "kexue.fm", software="blog-archiver/test", now=lambda: NOW, **options)


def add(target: WarcWriter, response: bytes = PAGE, **options: Any) -> Location:
    exchange: dict[str, Any] = {
        "target_uri": "https://kexue.fm/archives/1",
        "request": REQUEST,
        "fetched_at": NOW,
        "ip_address": "127.0.0.1",
    }
    return target.write_exchange(response=response, **(exchange | options))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def problems_seen_by_warcio(path: Path) -> list[str]:
    with path.open("rb") as file:
        found = []
        for record in ArchiveIterator(file, check_digests=True):
            record.raw_stream.read()
            found += record.digest_checker.problems
            assert record.digest_checker.passed is not None
        return found


def test_an_exchange_is_a_request_and_a_response(tmp_path: Path) -> None:
    with new_writer(tmp_path / "warc") as target:
        location = add(target)
    (path,) = (tmp_path / "warc").iterdir()
    info, request, response = reader.iter_records(path)
    assert location.warc_file == path.name == "kexue.fm-20261121T174500Z-00001.warc.gz"
    assert (location.offset, location.length) == (response.offset, response.length)
    assert location.record_id == response.record_id
    assert (response.type, response.block) == ("response", PAGE)
    assert (request.type, request.block) == ("request", REQUEST)
    assert request.header("WARC-Concurrent-To") == response.record_id
    for record in (response, request):
        assert record.target_uri == "https://kexue.fm/archives/1"
        assert record.date == "2026-11-21T17:45:00.000000Z"
        assert record.ip == "127.0.0.1"
        assert record.header("WARC-Truncated") is None
        assert record.header("WARC-Warcinfo-ID") == info.record_id
        assert record.header("Content-Type") == f"application/http;msgtype={record.type}"


def test_a_file_gets_its_name_when_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = Synced(tmp_path)
    monkeypatch.setattr("os.fsync", synced)
    with new_writer(tmp_path) as target:
        add(target)
        assert [call[0] for call in synced.calls] == [tmp_path.stat().st_ino]  # the new name
        synced.calls.clear()
    (path,) = tmp_path.iterdir()
    (file, size, before), (folder, _, after) = synced.calls
    assert (file, size, before) == (path.stat().st_ino, path.stat().st_size, [f"{path.name}.open"])
    assert (folder, after) == (tmp_path.stat().st_ino, [path.name])


def test_what_was_written_is_on_the_disk_when_it_is_asked_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = Synced(tmp_path)
    monkeypatch.setattr("os.fdatasync", synced, raising=False)
    with new_writer(tmp_path) as target:
        target.sync()
        assert synced.calls == []
        place = add(target)
        target.sync()
        assert synced.calls[0][:2] == (target.path.stat().st_ino, place.offset + place.length)  # type: ignore[union-attr]
    assert len(synced.calls) == 1


def test_the_file_begins_with_who_wrote_it_and_how(tmp_path: Path) -> None:
    with new_writer(tmp_path, info={"isPartOf": "run 7", "note": "two\r\nlines"}) as target:
        add(target)
    info = next(reader.iter_records(tmp_path / names(tmp_path)[0]))
    assert info.type == "warcinfo"
    assert info.header("WARC-Filename") == info.warc_file
    assert info.block.decode().splitlines() == [
        "software: blog-archiver/test",
        "format: WARC File Format 1.1",
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots: classic",
        "isPartOf: run 7",
        "note: two lines",
    ]


def test_every_record_is_a_gzip_member_of_warc_1_1(tmp_path: Path) -> None:
    with new_writer(tmp_path) as target:
        add(target)
    path = tmp_path / names(tmp_path)[0]
    data = path.read_bytes()
    for record in reader.iter_records(path):
        assert gzip.decompress(data[record.offset : record.offset + record.length]).startswith(b"WARC/1.1\r\n")


def test_digests_are_over_the_block_and_the_payload(tmp_path: Path) -> None:
    with new_writer(tmp_path) as target:
        location = add(target, PAGE)
    record = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert record.header("WARC-Block-Digest") == sha1(PAGE)
    assert record.header("WARC-Payload-Digest") == location.payload_digest == sha1(record.entity)


def test_chunks_stay_and_make_no_claim_that_readers_disagree_about(tmp_path: Path) -> None:
    with new_writer(tmp_path) as target:
        location = add(target, CHUNKED)
    record = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert record.block == CHUNKED
    assert record.header("WARC-Block-Digest") == sha1(CHUNKED)
    assert (record.header("WARC-Payload-Digest"), location.payload_digest) == (None, None)
    assert location.payload_sha256 == hashlib.sha256(b"Wikipedia").hexdigest()
    assert problems_seen_by_warcio(tmp_path / location.warc_file) == []
    assert warcio_check(tmp_path, location.warc_file).returncode == 0


def test_a_revisit_has_the_head_and_refers_to_the_payload(tmp_path: Path) -> None:
    again = b"HTTP/1.1 200 OK\r\nX: caf\xe9\r\n\r\n" + PAGE.partition(b"\r\n\r\n")[2]
    with new_writer(tmp_path) as target:
        first = add(target, PAGE)
        original = Original(
            record_id=first.record_id,
            target_uri=first.target_uri,
            date=first.date,
            payload_digest=first.payload_digest,
            payload_sha256=first.payload_sha256,
            profile=IDENTICAL,
        )
        location = add(target, again, original=original)
    assert (location.revisit_of, location.payload_sha256) == (first.record_id, first.payload_sha256)
    record = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert (record.type, record.block) == ("revisit", b"HTTP/1.1 200 OK\r\nX: caf\xe9\r\n\r\n")
    fields = dict(record.headers)
    assert [fields[f"WARC-{name}"] for name in ("Profile", "Refers-To", "Refers-To-Target-URI", "Truncated")] == [
        *(IDENTICAL, first.record_id, first.target_uri, "length")
    ]
    assert (fields["WARC-Refers-To-Date"], fields["WARC-Payload-Digest"]) == (first.date, first.payload_digest)
    assert index.cdxj_line(location, again) == index.record_line(record)
    assert list(verify_file(tmp_path / location.warc_file)) == []
    assert warcio_check(tmp_path, location.warc_file).returncode == 0


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def test_payload_digests_keep_the_content_coding(tmp_path: Path) -> None:
    coded = gzip.compress(b"page")
    with new_writer(tmp_path) as target:
        location = add(target, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + coded)
    assert location.payload_sha256 == hashlib.sha256(coded).hexdigest()


RESPONSES = {
    "page": PAGE,
    "empty body": b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    "no headers": b"HTTP/1.1 204 No Content\r\n\r\n",
    "no reason": b"HTTP/1.1 200 \r\nX: y\r\n\r\nbody",
    "twice the same header": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nbody",
    "utf-8 header": b"HTTP/1.1 200 OK\r\nX-Title: \xe7\xa7\x91\xe5\xad\xa6; name=\xc3\xa9\r\n\r\nbody",
    "latin-1 header": b"HTTP/1.1 200 OK\r\nX-Title: caf\xe9\r\n\r\nbody",
    "folded header": b"HTTP/1.1 200 OK\r\nX: one\r\n\ttwo\r\nno colon\r\nY : z\r\n\r\nbody",
    "bare line feeds": b"HTTP/1.0 200 OK\nX: y\n\nbody",
    "head without end": b"HTTP/1.1 200 OK\r\nX: y",
    "binary": b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + bytes(range(256)) * 300,
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES.keys())
def test_responses_are_kept_to_the_byte_and_warcio_agrees(tmp_path: Path, response: bytes) -> None:
    with new_writer(tmp_path) as target:
        location = add(target, response)
    assert reader.read_record(Storage(tmp_path), location.warc_file, location.offset).block == response
    assert problems_seen_by_warcio(tmp_path / location.warc_file) == []


def warcio_check(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    check = [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", name]
    return subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)


def test_warcio_check_passes(tmp_path: Path) -> None:
    with new_writer(tmp_path) as target:
        for response in RESPONSES.values():
            add(target, response)
    done = warcio_check(tmp_path, names(tmp_path)[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("digest pass") == 1 + 2 * len(RESPONSES)


header_lines = st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=5)


@given(headers=header_lines, body=st.binary(max_size=2000), request_body=st.binary(max_size=50))
def test_arbitrary_exchanges_come_back_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, headers: list[bytes], body: bytes, request_body: bytes
) -> None:
    directory = tmp_path_factory.mktemp("warc")
    response = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", body])
    request = b"\r\n".join([b"POST /archives/1 HTTP/1.1", *headers, b"", request_body])
    with new_writer(directory) as target:
        location = add(target, response, request=request)
    _, *records = reader.iter_records(directory / location.warc_file)
    assert [record.block for record in records] == [request, response]


@pytest.mark.parametrize("reason", sorted(writer.TRUNCATIONS))
def test_a_response_cut_short_says_why(tmp_path: Path, reason: str) -> None:
    with new_writer(tmp_path) as target:
        add(target, truncated=reason)
    _, request, response = reader.iter_records(tmp_path / names(tmp_path)[0])
    assert response.header("WARC-Truncated") == reason
    assert request.header("WARC-Truncated") is None


def test_without_an_address_there_is_no_header_for_it(tmp_path: Path) -> None:
    with new_writer(tmp_path) as target:
        location = add(target, ip_address=None)
    record = reader.read_record(Storage(tmp_path), location.warc_file, location.offset)
    assert record.ip is None
    assert record.header("WARC-IP-Address") is None


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006Z"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=8))), "2026-01-01T16:00:00.000000Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.25+08:00", "2026-01-01T19:04:05.250000Z"),
    ],
)
def test_dates(moment: datetime | str, date: str) -> None:
    assert writer.warc_date(moment) == date


@pytest.mark.parametrize(
    "wrong",
    [
        {"fetched_at": datetime(2026, 1, 1)},
        {"fetched_at": "2026-01-01T00:00:00"},
        {"fetched_at": "yesterday"},
        {"target_uri": "https://kexue.fm/\r\nWARC-Type: warcinfo"},
        {"ip_address": "127.0.0.1\r\nX: y"},
        {"truncated": "because"},
    ],
)
def test_what_does_not_fit_into_a_record_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with new_writer(tmp_path) as target:
        add(target)
        with pytest.raises(ValueError, match=r"expected|Invalid isoformat"):
            add(target, **wrong)
        add(target)
    assert len(list(reader.iter_records(tmp_path / names(tmp_path)[0]))) == 5


def test_no_exchange_no_file(tmp_path: Path) -> None:
    with new_writer(tmp_path / "warc") as target:
        target.sync()
    assert not (tmp_path / "warc").exists()


def test_the_file_is_open_until_it_is_closed(tmp_path: Path) -> None:
    target = new_writer(tmp_path)
    location = add(target)
    target.sync()
    assert names(tmp_path) == [location.warc_file + ".open"]
    assert len(list(reader.iter_records(tmp_path / names(tmp_path)[0]))) == 3
    target.close()
    target.close()
    assert names(tmp_path) == [location.warc_file]
    with pytest.raises(ValueError, match="found a closed one"):
        add(target)


def test_an_error_of_the_caller_still_closes_the_file(tmp_path: Path) -> None:
    def fail() -> None:
        with new_writer(tmp_path) as target:
            add(target)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == ["kexue.fm-20261121T174500Z-00001.warc.gz"]


def test_an_old_file_is_followed_by_the_next(tmp_path: Path) -> None:
    moments = iter(datetime(2026, 11, 21, hour, tzinfo=UTC) for hour in range(24))
    with WarcWriter(tmp_path, "x", software="test", max_age=timedelta(hours=2), now=lambda: next(moments)) as target:
        files = [add(target).warc_file for _ in range(4)]
    assert [files.index(name) for name in files] == [0, 0, 2, 2]


def test_a_full_file_is_followed_by_the_next(tmp_path: Path) -> None:
    with new_writer(tmp_path, max_bytes=1500) as target:
        locations = [add(target, PAGE + bytes(range(256))) for _ in range(4)]
    files = [location.warc_file for location in locations]
    assert files == sorted(files)
    assert (
        names(tmp_path)
        == [f"kexue.fm-20261121T174500Z-{serial:05}.warc.gz" for serial in (1, 2, 3, 4)][: len(set(files))]
    )
    assert 1 < len(set(files)) < 4
    for location in locations:
        assert (
            reader.read_record(Storage(tmp_path), location.warc_file, location.offset).record_id == location.record_id
        )
    for name in set(files):
        assert next(reader.iter_records(tmp_path / name)).type == "warcinfo"


def test_writers_do_not_share_files(tmp_path: Path) -> None:
    with new_writer(tmp_path) as first:
        assert add(first).warc_file.endswith("-00001.warc.gz")
        with new_writer(tmp_path) as second:
            assert add(second).warc_file.endswith("-00002.warc.gz")
    with new_writer(tmp_path) as third:
        assert add(third).warc_file.endswith("-00003.warc.gz")
    assert [len(list(reader.iter_records(tmp_path / name))) for name in names(tmp_path)] == [3, 3, 3]


def test_running_out_of_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_MOST_SERIALS", 1)
    with new_writer(tmp_path) as first:
        add(first)
    with pytest.raises(errors.ArchiverError, match="found all taken"), new_writer(tmp_path) as second:
        add(second)


class FullDisk(FileIO):
    """Takes so many bytes more, then refuses as a real disk does: after a part."""

    room = 100
    error = errno.ENOSPC
    stuck = False

    def write(self, data: Any, /) -> int:
        if not self.room:
            raise OSError(self.error, "No room")
        taken = super().write(bytes(data[: self.room]))
        self.room -= taken
        return taken

    def truncate(self, size: int | None = None, /) -> int:
        if self.stuck:
            raise OSError(errno.EIO, "stuck")
        return super().truncate(size)


@pytest.fixture
def full_disk(tmp_path: Path) -> Callable[[], tuple[WarcWriter, FullDisk]]:
    """Give a writer with one exchange in it, and the disk under it."""

    def start() -> tuple[WarcWriter, FullDisk]:
        target = new_writer(tmp_path)
        add(target)
        assert target._file is not None
        target._file._raw.close()
        disk = FullDisk(tmp_path / names(tmp_path)[0], "r+")
        target._file._raw = disk
        return target, disk

    return start


@pytest.mark.parametrize(
    ("error", "raised"),
    [(errno.ENOSPC, errors.DiskFull), (errno.EDQUOT, errors.DiskFull), (errno.EIO, errors.ArchiverError)],
)
def test_a_write_that_fails_leaves_no_trace(
    tmp_path: Path,
    full_disk: Callable[[], tuple[WarcWriter, FullDisk]],
    error: int,
    raised: type[errors.ArchiverError],
) -> None:
    target, disk = full_disk()
    size = (tmp_path / names(tmp_path)[0]).stat().st_size
    disk.error = error
    with pytest.raises(errors.ArchiverError, match=r"expected to write .*\.open, found: No room; ") as caught:
        add(target)
    assert type(caught.value) is raised
    assert (tmp_path / names(tmp_path)[0]).stat().st_size == size
    disk.room = 1 << 20
    location = add(target)
    target.close()
    assert reader.read_record(Storage(tmp_path), location.warc_file, location.offset).block == PAGE
    assert len(list(reader.iter_records(tmp_path / location.warc_file))) == 5


def test_what_cannot_be_cut_off_at_once_is_cut_off_later(
    tmp_path: Path, full_disk: Callable[[], tuple[WarcWriter, FullDisk]]
) -> None:
    target, disk = full_disk()
    disk.stuck = True
    with pytest.raises(errors.DiskFull):
        add(target)
    disk.stuck = False
    target.close()
    assert len(list(reader.iter_records(tmp_path / names(tmp_path)[0]))) == 3


def test_a_disk_full_from_the_start_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "FileIO", FullDisk)
    with pytest.raises(errors.DiskFull), new_writer(tmp_path) as target:
        add(target)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "warc").write_text("a file")
    with pytest.raises(errors.ArchiverError, match="check the folder"), new_writer(tmp_path / "warc") as target:
        add(target)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from archiver import errors
from archiver.warc.writer import WarcWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
target = WarcWriter(Path(sys.argv[1]), "kexue.fm", software="test")
import random
written = 0
try:
    while True:
        target.write_exchange(
            target_uri="https://kexue.fm/", request=b"GET / HTTP/1.1\\r\\n\\r\\n", fetched_at="2026-01-01T00:00:00Z",
            response=b"HTTP/1.1 200 OK\\r\\n\\r\\n" + random.randbytes(3000), ip_address=None)
        written += 1
except errors.ArchiverError as error:
    print(error, file=sys.stderr)
target.close()
print(written)
"""


def test_a_real_limit_of_the_operating_system(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "File too large" in done.stderr
    records = list(reader.iter_records(tmp_path / names(tmp_path)[0]))
    assert len(records) == 1 + 2 * int(done.stdout)
    assert int(done.stdout) > 1
