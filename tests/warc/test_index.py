from __future__ import annotations

import errno
import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import errors
from archiver.warc import index, reader
from archiver.warc.recovery import recover
from archiver.warc.storage import Storage
from archiver.warc.writer import WarcWriter
from tests.warc.samples import EXCHANGES, START, Judge, write_exchange, write_pages


def write_sample(directory: Path) -> list[str]:
    """Write all exchanges into several files; return the lines as they come when writing."""
    lines = []
    with WarcWriter(directory, "kexue.fm", software="test", now=lambda: START, max_bytes=4000) as target:
        for number, (uri, response) in enumerate(EXCHANGES.values()):
            lines.append(index.cdxj_line(write_exchange(target, uri, response, number), response))
    return lines


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give an archive without an index."""
    write_sample(tmp_path / "warc")
    return tmp_path


def rebuilt(home: Path) -> bytes:
    (home / "rebuilt.cdxj").unlink(missing_ok=True)
    index.update_index(Storage(home / "warc"), home / "rebuilt.cdxj")
    return (home / "rebuilt.cdxj").read_bytes()


def test_lines_of_known_answers(tmp_path: Path) -> None:
    uri, response = EXCHANGES["image"]
    with WarcWriter(tmp_path, "kexue.fm", software="test", now=lambda: START) as target:
        location = write_exchange(target, uri, response)
    key, time, fields = index.cdxj_line(location, response).split(" ", 2)
    assert (key, time) == ("fm,kexue)/usr/uploads/%e5%85%ac%e5%bc%8f.png", "20261121174500")
    assert list(json.loads(fields).items()) == [
        ("url", location.target_uri),
        ("mime", "image/png"),
        ("status", "200"),
        ("digest", location.payload_digest),
        ("length", str(location.length)),
        ("offset", str(location.offset)),
        ("filename", location.warc_file),
    ]


def test_what_an_answer_does_not_tell_is_left_out(tmp_path: Path) -> None:
    lines = dict(zip(EXCHANGES, write_sample(tmp_path), strict=True))
    told = {name: json.loads(line[line.index(" {") :]) for name, line in lines.items()}
    assert "mime" not in told["no headers"]
    assert told["escaped"]["mime"] == ""
    assert not {"mime", "status"} & told["empty"].keys()
    assert lines["query"].startswith("fm,kexue)/search?q=%20&q=a%20b 2026")
    assert lines["image"].isascii()


def test_the_index_is_what_cdxj_indexer_makes(home: Path, judge: Judge) -> None:
    done = judge("cdxj-indexer", "--sort", home / "warc")
    assert done.returncode == 0, done.stderr
    assert rebuilt(home).decode() == done.stdout
    assert done.stdout.count("\n") == len(EXCHANGES)


def test_lines_made_when_writing_are_those_made_when_reading(tmp_path: Path) -> None:
    written = write_sample(tmp_path / "warc")
    assert "".join(sorted(written)).encode() == rebuilt(tmp_path)


heads = st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=4)
paths = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(path=paths, start=st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1", b"", b" "]), lines=heads, body=st.binary())
def test_arbitrary_answers_have_one_line(
    tmp_path_factory: pytest.TempPathFactory, path: str, start: bytes, lines: list[bytes], body: bytes
) -> None:
    directory = tmp_path_factory.mktemp("warc")
    response = b"\r\n".join([start, b"Content-Type: a/b" + bytes(lines[0] if lines else b""), *lines, b"", body])
    with WarcWriter(directory, "kexue.fm", software="test", now=lambda: START) as target:
        location = write_exchange(target, f"https://kexue.fm/{path}", response)
    assert [index.cdxj_line(location, response)] == list(index.file_lines(directory / location.warc_file))


OTHERS = {
    "no digest": (
        "response",
        b"WARC-Target-URI: http://a/\r\nContent-Type: application/http\r\n",
        EXCHANGES["page"][1],
    ),
    "revisit": (
        "revisit",
        b"WARC-Target-URI: http://a/\r\nWARC-Payload-Digest: sha1:X\r\nContent-Type: application/http\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    ),
    "empty revisit": ("revisit", b"WARC-Target-URI: http://a/\r\n", b""),
    "resource": ("resource", b"WARC-Target-URI: urn:text:x\r\nContent-Type: text/plain\r\n", b"text"),
    "metadata": ("metadata", b"WARC-Target-URI: http://a/\r\nContent-Type: application/json\r\n", b"{}"),
    "fields": ("metadata", b"WARC-Target-URI: http://a/\r\nContent-Type: application/warc-fields\r\n", b"a: b\r\n"),
    "dns": ("response", b"WARC-Target-URI: dns:kexue.fm\r\nContent-Type: text/dns\r\n", b"20260101\r\n127.0.0.1"),
    "request": (
        "request",
        b"WARC-Target-URI: http://a/\r\nContent-Type: application/http\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ),
}


def test_records_of_other_programs(tmp_path: Path, judge: Judge) -> None:
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "other.warc.gz").write_bytes(b"".join(foreign(*record) for record in OTHERS.values()))
    lines = rebuilt(tmp_path).decode()
    assert lines.count("\n") == len(OTHERS) - 2
    done = judge("cdxj-indexer", "--sort", tmp_path / "warc")
    assert done.returncode == 0, done.stderr
    assert lines == done.stdout


def foreign(kind: str, headers: bytes, block: bytes, date: bytes = b"2026-01-01T00:00:00Z") -> bytes:
    return gzip.compress(
        b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:x>\r\nWARC-Date: %s\r\n" % (kind.encode(), date)
        + headers
        + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
    )


@pytest.mark.parametrize(
    ("date", "time"),
    [(b"2026", "20260101000000"), (b"2026-11", "20261101000000"), (b"2026-11-21T17:45:09.999999Z", "20261121174509")],
)
def test_dates_of_less_or_more_than_a_second(tmp_path: Path, date: bytes, time: str) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(foreign(*OTHERS["resource"], date=date))
    (line,) = index.file_lines(path)
    assert line.split(" ")[1] == time


def test_a_head_of_megabytes_is_not_read_for_its_line(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + b" x\r\n" * 500_000
    with WarcWriter(tmp_path, "kexue.fm", software="test", now=lambda: START) as target:
        place = write_exchange(target, "https://kexue.fm/archives/1", head + b"\r\nx")
    began = time.process_time()
    line = index.cdxj_line(place, head + b"\r\nx")
    assert time.process_time() - began < 3
    assert '"mime"' not in line


def test_a_run_adds_its_lines(home: Path) -> None:
    target = home / index.NAME
    index.update_index(Storage(home / "warc"), target)
    written = write_sample(home / "warc")
    assert index.update_index(Storage(home / "warc"), target, written) == 2 * len(EXCHANGES)
    assert target.read_bytes() == rebuilt(home)


def test_files_of_the_run_are_not_read_again(home: Path) -> None:
    target = home / index.NAME
    index.update_index(Storage(home / "warc"), target)
    before = {path.name for path in (home / "warc").iterdir()}
    written = write_sample(home / "warc")
    expected = rebuilt(home)
    for path in (home / "warc").iterdir():
        if path.name not in before:
            path.write_bytes(b"")
    index.update_index(Storage(home / "warc"), target, written)
    assert target.read_bytes() == expected


def test_files_the_index_knows_are_not_read_again(home: Path) -> None:
    target = home / index.NAME
    index.update_index(Storage(home / "warc"), target)
    known = target.read_bytes()
    for path in (home / "warc").iterdir():
        path.write_bytes(b"damaged")
    damage: list[reader.Damage] = []
    index.update_index(Storage(home / "warc"), target, on_damage=damage.append)
    assert (damage, target.read_bytes()) == ([], known)
    assert list(index.current_lines(Storage(home / "warc"), target)) == known.decode().splitlines(keepends=True)


def test_lines_are_there_once_however_often_they_are_given(home: Path) -> None:
    target = home / index.NAME
    for _ in range(3):
        index.update_index(
            Storage(home / "warc"), target, written := list(index.file_lines(next((home / "warc").iterdir())))
        )
    assert written
    assert target.read_bytes() == rebuilt(home)


def test_what_a_killed_run_left_is_indexed_by_the_next(home: Path) -> None:
    target = home / index.NAME
    index.update_index(Storage(home / "warc"), target)
    write_sample(home / "warc")  # killed before its lines reached the index
    lost = sorted((home / "warc").iterdir())[-1]
    torn = lost.read_bytes()[:-1]
    lost.with_name(lost.name + ".open").write_bytes(torn)
    lost.unlink()
    recover(home / "warc")
    index.update_index(Storage(home / "warc"), target)
    assert target.read_bytes() == rebuilt(home)


def test_lines_of_files_that_are_gone_are_dropped(home: Path) -> None:
    target = home / index.NAME
    index.update_index(Storage(home / "warc"), target)
    next((home / "warc").iterdir()).unlink()
    index.update_index(Storage(home / "warc"), target)
    assert 0 < target.read_bytes().count(b"\n") < len(EXCHANGES)
    assert target.read_bytes() == rebuilt(home)


NO_INDEX = [
    b"",
    b"\xff\xfe",
    b"no line\n",
    b'key 2026 {"filename": 1}\n',
    b'key 2026 {"url": "x"}\n',
    b'b 2026 {"filename": "x"}\na 2026 {"filename": "x"}\n',
    b'key 2026 {"filename": "x"}',
]


@pytest.mark.parametrize("content", NO_INDEX)
def test_an_index_that_is_none_is_made_anew(home: Path, content: bytes) -> None:
    target = home / index.NAME
    target.write_bytes(content)
    index.update_index(Storage(home / "warc"), target)
    assert target.read_bytes() == rebuilt(home)


def test_an_index_of_nothing_is_empty(tmp_path: Path) -> None:
    assert index.update_index(Storage(tmp_path / "warc"), tmp_path / index.NAME) == 0
    assert (tmp_path / index.NAME).read_bytes() == b""


def test_files_that_are_still_written_are_left_out(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", "kexue.fm", software="test") as target:
        write_exchange(target, *EXCHANGES["page"])
        assert index.update_index(Storage(tmp_path / "warc"), tmp_path / index.NAME) == 0
    assert index.update_index(Storage(tmp_path / "warc"), tmp_path / index.NAME) == 1


def test_damage_is_reported_and_the_rest_indexed(tmp_path: Path) -> None:
    locations = write_pages(tmp_path / "warc", 3)
    path = tmp_path / "warc" / locations[0].warc_file
    data = bytearray(path.read_bytes())
    data[locations[1].offset + 50] ^= 1
    path.write_bytes(data)
    damage: list[reader.Damage] = []
    assert index.update_index(Storage(tmp_path / "warc"), tmp_path / index.NAME, on_damage=damage.append) == 2
    assert [found.offset for found in damage] == [locations[1].offset]


def test_the_old_index_stays_when_the_new_one_cannot_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = home / index.NAME
    target.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(errors.DiskFull, match=r"expected to write .*index\.cdxj, found: No room; free some space"):
        index.update_index(Storage(home / "warc"), target)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in home.iterdir()) == [index.NAME, "warc"]


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No room")
