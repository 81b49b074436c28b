"""Archives made by hand, one answer at a time, and a server that gives them back."""

from __future__ import annotations

import atexit
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archiver import items
from archiver.clock import timestamp
from archiver.store import captures, runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.store.timeline import END_OF_TIME, Timeline
from archiver.urls import Site
from archiver.warc import message
from archiver.warc.storage import Storage
from archiver.warc.writer import WarcWriter
from archiver.web.replay import Replay
from archiver.web.server import LoopbackServer

BLOG = Site().origin

HTML = "Content-Type: text/html; charset=UTF-8"


@cache
def _empty_database() -> Path:
    """Return a database with all tables: to make one takes longer than most tests."""
    home = Path(tempfile.mkdtemp(prefix="shelf-"))
    atexit.register(shutil.rmtree, home)
    Archive(database_url(home)).close()
    return home / "archive.db"


class Shelf:
    """An archive that is filled by hand."""

    def __init__(self, home: Path, site: str = BLOG) -> None:
        self.home, self.site = home, site
        home.mkdir()
        shutil.copy(_empty_database(), home / "archive.db")
        self.archive = Archive(database_url(home))
        self.writer = WarcWriter(home / "warc", home.name, software="test")
        self.run, _ = runs.begin(self.archive.session, "test", now=timestamp())

    def put(
        self,
        path: str,
        body: bytes = b"",
        *headers: str,
        at: str = "2026-01-01T12:00:00Z",
        status: str = "200 OK",
        **columns: Any,
    ) -> items.Capture:
        """Record an answer and its row; `columns` replace what the row says."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
        response = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        return self.record(path, response, at=at, **columns)

    def record(self, path: str, response: bytes, at: str, **columns: Any) -> items.Capture:
        """Record the bytes of an answer and its row."""
        parsed = message.parse(response)
        target = self.site + path
        place = self.writer.write_exchange(
            target_uri=target,
            request=f"GET {path} HTTP/1.1\r\nHost: kexue.fm\r\n\r\n".encode(),
            response=response,
            fetched_at=at,
            ip_address=None,
            truncated=columns.get("truncated"),
        )
        values = {
            "url": BLOG + path,
            "target_uri": target,
            "fetched_at": at,
            "status": parsed.status,
            "content_type": next((v.decode("latin-1") for n, v in parsed.headers if n.lower() == b"content-type"), ""),
            "payload_sha256": place.payload_sha256,
            "warc_file": place.warc_file,
            "warc_offset": place.offset,
            "warc_length": place.length,
            "record_id": place.record_id,
        }
        capture = items.Capture(**{**values, **columns})
        captures.add(self.archive.session, capture, self.run)
        self.commit()
        return capture

    def commit(self) -> None:
        """Make everything visible to the server."""
        self.writer.sync()
        self.archive.commit()

    def close(self) -> None:
        self.writer.close()
        self.archive.close()


@dataclass(frozen=True)
class Answer:
    """What came back, byte for byte."""

    status: int
    reason: str
    headers: message.Headers
    body: bytes

    def header(self, name: str) -> str | None:
        return next((v.decode("latin-1") for n, v in self.headers if n.decode().lower() == name.lower()), None)


class Client:
    """Asks a server on this machine, with nothing in between."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, target: str, *headers: str, method: str = "GET", host: str | None = None) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}", *headers]
        return self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n")

    def send(self, request: bytes) -> Answer:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            pieces = []
            while piece := connection.recv(1 << 16):
                pieces.append(piece)
        found = message.parse(b"".join(pieces))
        length = next((int(v) for n, v in found.headers if n == b"Content-Length"), 0)
        assert len(found.payload) == length or request.startswith(b"HEAD")
        assert found.status is not None
        return Answer(found.status, found.reason, found.headers, found.payload)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty archive."""
    shelf = Shelf(tmp_path / "shelf")
    yield shelf
    shelf.close()


@contextmanager
def replaying(home: Path, at: str = END_OF_TIME) -> Iterator[Client]:
    """Serve an archive while the block lasts."""
    timeline = Timeline(database_url(home))
    with closing(timeline), LoopbackServer(Replay(Storage(home / "warc"), timeline, Site(), at).respond) as server:
        yield Client(server.port)


@pytest.fixture
def replayed() -> Iterator[Callable[..., Client]]:
    """A function that serves an archive until the test ends."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(replaying(*arguments, **options))
