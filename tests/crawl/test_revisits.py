"""What a further crawl finds unchanged is referred to, not kept again."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import archiver
from archiver import clock
from archiver.clock import timestamp
from archiver.crawl import revisits
from archiver.export.pictures import Pictures
from archiver.sample import SampleBlog, SampleResponse, serving
from archiver.store import captures, frontier, runs
from archiver.store.database import Archive
from archiver.warc import message
from archiver.warc.captures import capture
from archiver.warc.reader import Record, iter_records
from archiver.warc.storage import Storage
from archiver.warc.writer import IDENTICAL, UNMODIFIED, WarcWriter
from tests.zygote import Zygote

from .conftest import Crawled

STILL = "/usr/uploads/still.png"
"""A picture of a server that sends no validators."""

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


@pytest.fixture(scope="module")
def twice(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """An archive after two full crawls of a blog that did not change."""
    blog = SampleBlog()
    post = blog.source.posts[0]
    blog.source = blog.source.edited(post.id, body=f"{post.body}<p><img src='{STILL}'/></p>")
    blog.overrides[STILL] = SampleResponse(200, {"Content-Type": "image/png"}, PICTURE)
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("twice"), blog, site)
        for _ in range(2):
            done = archive.crawl("catalogue", "--full", "--concurrency", "1", index=False)
            assert done.returncode == 0, done.stdout
        yield archive


def records(archive: Crawled, run: int) -> dict[str, Record]:
    """Return the answers a run recorded, by their addresses."""
    files = {name for (name,) in archive.rows("SELECT DISTINCT warc_file FROM captures WHERE run_id = ?", run)}
    found = (record for name in sorted(files) for record in iter_records(archive.home / "warc" / name))
    return {record.target_uri or "": record for record in found if record.type in ("response", "revisit")}


def test_a_payload_on_record_is_referred_to(twice: Crawled) -> None:
    first, second = (records(twice, run)[twice.site + STILL] for run in (1, 2))
    assert (second.type, second.entity, second.header("WARC-Profile")) == ("revisit", b"", IDENTICAL)
    assert (second.header("WARC-Refers-To"), second.header("WARC-Refers-To-Date")) == (first.record_id, first.date)
    assert second.header("WARC-Payload-Digest") == first.header("WARC-Payload-Digest")
    rows = twice.rows(
        "SELECT payload_sha256, revisit_of, truncated FROM captures WHERE url LIKE '%still.png' ORDER BY id"
    )
    assert [row[1:] for row in rows] == [(None, None), (first.record_id, None)]
    assert rows[0][0] == rows[1][0]


def test_a_picture_that_is_only_referred_to_is_found(twice: Crawled) -> None:
    with archiver.open(twice.home) as library:
        found = Pictures(library, Storage(twice.home / "warc")).find("https://kexue.fm" + STILL)
    assert found
    assert (found.data, found.media_type) == (PICTURE, "image/png")


def test_what_a_server_confirms_refers_to_what_it_confirmed(twice: Crawled) -> None:
    first, second = records(twice, 1), records(twice, 2)
    confirmed = {uri: record for uri, record in second.items() if record.http_status == 304}
    assert confirmed
    for uri, record in confirmed.items():
        assert (record.type, record.header("WARC-Profile")) == ("revisit", UNMODIFIED)
        assert record.header("WARC-Refers-To") == first[uri].record_id


def test_the_archive_is_whole_for_all_readers(twice: Crawled) -> None:
    assert twice.archiver("--home", twice.home, "verify").returncode == 0
    before = twice.rows("SELECT url, payload_sha256, revisit_of FROM captures ORDER BY id")
    assert twice.archiver("--home", twice.home, "rebuild", "--processes", "1").returncode == 0
    assert twice.rows("SELECT url, payload_sha256, revisit_of FROM captures ORDER BY id") == before


def test_a_revisit_of_what_is_gone_is_damage(twice: Crawled, tmp_path: Path) -> None:
    (gone,) = twice.rows("SELECT warc_file FROM captures WHERE url LIKE '%still.png' AND revisit_of IS NULL")
    for path in (twice.home / "warc").iterdir():
        if path.name not in gone:
            (tmp_path / "warc").mkdir(exist_ok=True)
            (tmp_path / "warc" / path.name).hardlink_to(path)
    assert twice.archiver("--home", tmp_path, "rebuild", "--processes", "1").returncode == 0
    done = twice.archiver("--home", tmp_path, "verify", "--json")
    assert done.returncode == 4
    found = [finding for finding in json.loads(done.stdout)["findings"] if finding["what"] == "missing record"]
    assert any(finding["url"].endswith(STILL) for finding in found)


def test_what_is_damaged_is_recorded_again(twice: Crawled, tmp_path: Path) -> None:
    home = shutil.copytree(twice.home, tmp_path / "home")
    ((name, offset),) = twice.rows(
        "SELECT warc_file, warc_offset FROM captures WHERE url LIKE '%still.png' AND revisit_of IS NULL"
    )
    data = bytearray((home / "warc" / name).read_bytes())
    data[offset + 300] ^= 1
    (home / "warc" / name).write_bytes(data)
    archive = Crawled(twice.archiver, home, twice.blog, twice.site)
    archive.crawl("catalogue", "--full", index=False)
    newest = archive.rows("SELECT revisit_of FROM captures WHERE url LIKE '%still.png' ORDER BY id DESC LIMIT 1")
    assert newest == [(None,)]


@pytest.mark.parametrize(
    "lie", ["payload_sha256 = '{}'", "record_id = '<urn:uuid:00000000-0000-4000-8000-000000000000>'", ""]
)
def test_only_a_record_that_is_what_its_row_says_is_referred_to(twice: Crawled, tmp_path: Path, lie: str) -> None:
    other = PICTURE[::-1]
    payload = other if "payload" in lie else PICTURE
    home = shutil.copytree(twice.home, tmp_path / "home")
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        if lie:
            values = lie.format(hashlib.sha256(other).hexdigest())
            connection.execute(f"UPDATE captures SET {values} WHERE url LIKE '%still.png' AND revisit_of IS NULL")
    response = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + payload
    with Archive(f"sqlite:///{home / 'archive.db'}") as archive:
        found = revisits.original(archive, Storage(home / "warc"), message.parse(response), None)
    assert (found is None) == bool(lie)


def test_records_that_are_referred_to_are_whole_and_have_a_digest(tmp_path: Path) -> None:
    """A record in chunks has no digest to be looked up by, and one that refers to another has no payload."""
    url, head = "https://kexue.fm/x.png", b"HTTP/1.1 200 OK\r\nETag: W\r\n"
    plain, other = (head + b"\r\n" + payload for payload in (PICTURE, PICTURE[::-1]))
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(PICTURE), PICTURE)
    with Archive(f"sqlite:///{tmp_path / 'archive.db'}") as archive, WarcWriter(tmp_path, "x", software="") as writer:
        run, _ = runs.begin(archive.session, "crawl", now=timestamp())
        frontier.add(archive.session, url, "image", run_id=run, now=timestamp())
        ids, referred = list[str](), list[str | None]()
        for response in (chunked, plain, plain, other, other, b"HTTP/1.1 304 Not Modified\r\n\r\n"):
            answer, confirmed = message.parse(response), captures.validated(archive.session, url)
            found = revisits.original(archive, Storage(tmp_path), answer, confirmed)
            location = writer.write_exchange(
                target_uri=url,
                request=b"GET /x.png HTTP/1.1\r\n\r\n",
                response=answer,
                fetched_at=clock.now(),
                ip_address=None,
                original=found,
            )
            captures.add(archive.session, capture(location, url, answer.status, answer.header, None), run)
            frontier.finish(archive.session, url, now=timestamp())
            ids.append(location.record_id)
            referred.append(found.record_id if found else None)
    assert referred == [None, None, ids[1], None, ids[3], ids[3]]


def test_a_later_page_at_a_picture_s_address_does_not_hide_it(twice: Crawled) -> None:
    twice.blog.overrides[STILL] = SampleResponse(200, {"Content-Type": "image/png"}, b"<html>Not now</html>")
    assert twice.crawl("catalogue", "--full", "--concurrency", "1", index=False).returncode == 0
    with archiver.open(twice.home) as library:
        pictures = Pictures(library, Storage(twice.home / "warc"))
        found = pictures.find("https://kexue.fm" + STILL)
    assert (found and found.data, pictures.missing) == (PICTURE, set())
