from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import errors
from archiver.warc import reader, recovery
from archiver.warc.recovery import Recovered, Recovery, recover
from archiver.warc.storage import Storage
from archiver.warc.writer import Location, WarcWriter
from tests.warc.samples import Synced

NAME = "blog.warc.gz"
TORN = "expected a whole gzip member, found the end of the file after"


def exchange(target: WarcWriter, number: int) -> Location:
    return target.write_exchange(
        target_uri=f"https://kexue.fm/archives/{number}",
        request=b"GET /archives/%d HTTP/1.1\r\nHost: kexue.fm\r\n\r\n" % number,
        response=b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(b"page %d" % number * 50),
        fetched_at="2026-11-21T17:45:00Z",
        ip_address="127.0.0.1",
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Location]]:
    """Give the bytes of a file with three exchanges, and where the responses are."""
    directory = tmp_path_factory.mktemp("whole")
    with WarcWriter(directory, "kexue.fm", software="test") as target:
        locations = [exchange(target, number) for number in (1, 2, 3)]
    (path,) = directory.iterdir()
    return path.read_bytes(), locations


def left_open(directory: Path, data: bytes) -> Path:
    """Write the data as a file that was left open; return where it must be closed."""
    directory.mkdir(exist_ok=True)
    (directory / f"{NAME}.open").write_bytes(data)
    return directory / NAME


def ends(locations: list[Location]) -> list[int]:
    return [location.offset + location.length for location in locations]


def test_a_whole_file_is_closed_as_it_is(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, _ = whole
    closed = left_open(tmp_path, data)
    (file,) = recover(tmp_path).files
    assert file == Recovered(warc_file=NAME, exchanges=3, kept=len(data), dropped=0, reason=None)
    assert closed.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_wherever_a_file_was_torn_its_whole_exchanges_stay(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, locations = whole
    for cut in sorted({*range(0, len(data), 7), *(end + step for end in ends(locations) for step in (-1, 0))}):
        closed = left_open(tmp_path, data[:cut])
        kept = [end for end in ends(locations) if end <= cut]
        (file,) = recover(tmp_path).files
        assert (file.exchanges, file.removed) == (len(kept), not kept)
        assert (file.kept, file.dropped) == (max(kept, default=0), cut - max(kept, default=0))
        if kept:
            assert closed.read_bytes() == data[: kept[-1]]
            assert (file.reason is None) == (file.dropped == 0)
        assert list(tmp_path.iterdir()) == [closed][: len(kept)]
        closed.unlink(missing_ok=True)


TAILS = {
    "zeros": (b"\0" * 4096, "expected a whole gzip member, found Error -3"),
    "garbage": (bytes(range(256)), "expected a whole gzip member, found Error -3"),
    "start of a member": (b"\x1f\x8b\x08", TORN),
    "no record": (gzip.compress(b"<html>"), "expected a WARC record, found b'<html>'"),
    "half a member": (gzip.compress(b"WARC/1.1\r\n")[:-1], TORN),
}


@pytest.mark.parametrize(("tail", "reason"), TAILS.values(), ids=TAILS.keys())
def test_a_bad_tail_is_cut_off(tmp_path: Path, whole: tuple[bytes, list[Location]], tail: bytes, reason: str) -> None:
    data, _ = whole
    closed = left_open(tmp_path, data + tail)
    (file,) = recover(tmp_path).files
    assert (file.kept, file.dropped) == (len(data), len(tail))
    assert file.reason is not None
    assert file.reason.startswith(reason)
    assert closed.read_bytes() == data


def test_what_is_whole_after_a_damage_stays_too(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, (_, second, _) = whole
    broken = data[: second.offset + 20] + b"\0" * 40 + data[second.offset + 60 :]
    closed = left_open(tmp_path, broken + b"\0" * 9)
    (file,) = recover(tmp_path).files
    assert (file.exchanges, file.kept, file.dropped) == (2, len(data), 9)
    (damage,) = file.damage
    assert (damage.warc_file, damage.offset, damage.length) == (NAME, second.offset, second.length)
    assert closed.read_bytes() == broken
    assert [found.target_uri for found, _ in recovery.responses(closed)] == [
        "https://kexue.fm/archives/1",
        "https://kexue.fm/archives/3",
    ]


def test_a_response_is_kept_without_its_request(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, (first, *_) = whole
    response = data[first.offset : first.offset + first.length]
    closed = left_open(tmp_path, response)
    assert recover(tmp_path).files[0].exchanges == 1
    assert closed.read_bytes() == response


def test_a_request_after_its_response_is_kept(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    """As other programs order them."""
    data, (first, *_) = whole
    (request,) = [found for found in records(tmp_path, data) if found.header("WARC-Concurrent-To") == first.record_id]
    pair = data[first.offset : first.offset + first.length] + data[request.offset : request.offset + request.length]
    closed = left_open(tmp_path, pair)
    assert recover(tmp_path).files[0].dropped == 0
    assert closed.read_bytes() == pair


def records(directory: Path, data: bytes) -> list[reader.Record]:
    path = directory / "whole"
    path.write_bytes(data)
    found = list(reader.iter_records(path))
    path.unlink()
    return found


@pytest.mark.parametrize("exchanges", [-1, 0])
def test_a_file_without_an_exchange_is_removed(
    tmp_path: Path, whole: tuple[bytes, list[Location]], exchanges: int
) -> None:
    data, _ = whole
    description = records(tmp_path, data)[0].length
    left_open(tmp_path, data[: description if exchanges == 0 else 0])
    (file,) = recover(tmp_path).files
    assert (file.removed, file.exchanges, file.kept, file.reason) == (True, 0, 0, None)
    assert list(tmp_path.iterdir()) == []


def test_closed_files_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "closed.warc.gz").write_bytes(b"torn")
    (tmp_path / "notes.open").write_bytes(b"")
    assert recover(tmp_path) == Recovery()
    assert len(list(tmp_path.iterdir())) == 2


def test_an_archive_that_does_not_exist_yet(tmp_path: Path) -> None:
    assert recover(tmp_path / "warc") == Recovery()
    assert list(recovery.orphans(Storage(tmp_path / "warc"), {})) == []
    assert not (tmp_path / "warc").exists()


def test_a_file_somebody_is_writing_is_left_alone(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "kexue.fm", software="test") as target:
        location = exchange(target, 1)
        assert recover(tmp_path) == Recovery(in_use=(location.warc_file,))
        exchange(target, 2)
    assert len(list(reader.iter_records(tmp_path / location.warc_file))) == 5
    assert recover(tmp_path) == Recovery()


def test_a_name_that_is_taken(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    closed = left_open(tmp_path, whole[0])
    closed.write_bytes(b"older")
    with pytest.raises(errors.ArchiverError, match=r"found both; compare them and move one away"):
        recover(tmp_path)
    assert closed.read_bytes() == b"older"
    assert (tmp_path / f"{NAME}.open").read_bytes() == whole[0]


def test_a_file_that_must_not_be_changed(
    tmp_path: Path, whole: tuple[bytes, list[Location]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object) -> None:  # root, as whom tests may run, is not stopped by permissions
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    left_open(tmp_path, whole[0][:-1])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(
            errors.ArchiverError, match=r"expected to write .*\.open, found: Read-only file system; check"
        ):
            recover(tmp_path)
    assert (tmp_path / f"{NAME}.open").read_bytes() == whole[0][:-1]


@pytest.mark.parametrize("step", ["fsync", "rename", "sync_directory"])
def test_a_recovery_that_was_stopped_is_finished_by_the_next(
    tmp_path: Path, whole: tuple[bytes, list[Location]], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    data, locations = whole
    closed = left_open(tmp_path, data[:-1])
    owner = {"fsync": os, "rename": Path, "sync_directory": recovery}[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(Killed):
            recover(tmp_path)
    recover(tmp_path)
    assert closed.read_bytes() == data[: ends(locations)[1]]
    assert recover(tmp_path) == Recovery()


def test_what_is_recovered_gets_its_name_when_it_is_on_the_disk(
    tmp_path: Path, whole: tuple[bytes, list[Location]], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = left_open(tmp_path, whole[0][:-1])
    synced = Synced(tmp_path)
    monkeypatch.setattr("os.fsync", synced)
    recover(tmp_path)
    file, folder = closed.stat(), tmp_path.stat()
    assert [call[0] for call in synced.calls] == [file.st_ino, folder.st_ino]
    assert [call[2] for call in synced.calls] == [[f"{NAME}.open"], [NAME]]
    assert synced.calls[0][1] == file.st_size


def test_responses_come_with_the_places_the_writer_gave(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, locations = whole
    left_open(tmp_path, data)
    recover(tmp_path)
    found = list(recovery.responses(tmp_path / NAME))
    assert [(place.offset, place.length, place.record_id, place.payload_sha256) for _, place in found] == [
        (place.offset, place.length, place.record_id, place.payload_sha256) for place in locations
    ]
    assert [place.warc_file for _, place in found] == [NAME] * 3
    assert all(record.record_id == place.record_id for record, place in found)


@given(known=st.integers(0, 3))
def test_orphans_are_the_responses_after_the_last_known_one(
    tmp_path_factory: pytest.TempPathFactory, whole: tuple[bytes, list[Location]], known: int
) -> None:
    data, locations = whole
    directory = tmp_path_factory.mktemp("warc")
    (directory / NAME).write_bytes(data)
    last = {NAME: ends(locations)[known - 1]} if known else {}
    orphans = [place.offset for _, place in recovery.orphans(Storage(directory), last)]
    assert orphans == [place.offset for place in locations[known:]]


def test_a_file_without_orphans_is_not_read(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    data, locations = whole
    path = tmp_path / NAME
    path.write_bytes(b"\0" * len(data))
    assert list(recovery.orphans(Storage(tmp_path), {NAME: ends(locations)[-1]})) == []


def test_damage_is_reported_to_who_asks(tmp_path: Path, whole: tuple[bytes, list[Location]]) -> None:
    path = tmp_path / NAME
    path.write_bytes(whole[0][:-1])
    damage: list[reader.Damage] = []
    assert len(list(recovery.responses(path, on_damage=damage.append))) == 2
    assert [found.offset for found in damage] == [whole[1][-1].offset]


KILLED = """
import random, sys
from pathlib import Path
from archiver.warc.writer import WarcWriter

target = WarcWriter(Path(sys.argv[1]), "kexue.fm", software="test")
for number in range(10**9):
    target.write_exchange(
        target_uri=f"https://kexue.fm/{number}",
        request=b"GET / HTTP/1.1\\r\\n\\r\\n",
        response=b"HTTP/1.1 200 OK\\r\\n\\r\\n" + random.randbytes(200_000),
        fetched_at="2026-01-01T00:00:00Z",
        ip_address=None,
    )
    target.sync()
    print(number, flush=True)
"""


@pytest.mark.parametrize("exchanges", [1, 5, 20])
def test_a_killed_writer_loses_nothing_it_had_synced(tmp_path: Path, exchanges: int) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        synced = [int(child.stdout.readline()) for _ in range(exchanges)]
        child.send_signal(signal.SIGKILL)
        child.wait()
        synced += [int(line) for line in child.stdout]
    (file,) = recover(tmp_path).files
    found = [record.target_uri for record, _ in recovery.responses(tmp_path / file.warc_file)]
    assert found[: len(synced)] == [f"https://kexue.fm/{number}" for number in synced]
    assert len(found) - len(synced) in (0, 1)
    assert file.damage == ()
