"""WARC files to try things on, and programs of others to try them with."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.warc.writer import Location, WarcWriter


@dataclass
class Synced:
    """Takes the place of `os.fsync`: notes each time the file or folder, its size, and the names in a folder."""

    folder: Path
    calls: list[tuple[int, int, list[str]]] = field(default_factory=list)

    def __call__(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self.calls.append((status.st_ino, status.st_size, sorted(path.name for path in self.folder.iterdir())))


START = datetime(2026, 11, 21, 17, 45, tzinfo=UTC)

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
_PAGE = gzip.compress("<p>科学空间 $a_1<b$</p>".encode() * 40, mtime=0)
_CODED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_PAGE), _PAGE)

EXCHANGES: dict[str, tuple[str, bytes]] = {
    "robots": ("https://kexue.fm/robots.txt", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nUser-agent: *\n"),
    "page": (
        "https://kexue.fm/archives/1008",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Encoding: gzip\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + _CODED,
    ),
    "redirect": ("https://kexue.fm/archives/1008/", b"HTTP/1.1 301 Moved\r\nLocation: /archives/1008\r\n\r\n"),
    "missing": ("https://kexue.fm/archives/1", b"HTTP/1.1 404 Not Found\r\ncontent-type:text/html\r\n\r\n<h1>404</h1>"),
    "broken": ("https://kexue.fm/archives/2", b"HTTP/1.1 503\r\nContent-Type: text/html \r\n\r\n"),
    "image": ("https://kexue.fm/usr/uploads/公式.png", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + _PNG),
    "escaped": ("https://kexue.fm/tag/%E6%95%B0%E5%AD%A6/", b"HTTP/1.0 200 OK\r\nContent-Type: \r\n\r\nx"),
    "port": ("http://127.0.0.1:8000/content.html?b=2&A=1", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nx"),
    "query": ("https://kexue.fm/search?q=a b&q=%20#top", b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nno type"),
    "no headers": ("https://kexue.fm/204", b"HTTP/1.1 204 No Content\r\n\r\n"),
    "latin-1": ("https://kexue.fm/l", b"HTTP/1.1 200 caf\xe9\r\nContent-Type: text/html;\xe9\r\n\r\nx"),
    "folded": ("https://kexue.fm/f", b"HTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n charset=x\r\nno colon\r\n\r\nx"),
    "line feeds": ("https://kexue.fm/n", b"HTTP/1.1 200 OK\nContent-Type: text/css\n\nx"),
    "odd start": ("https://kexue.fm/o", b"ICY 200 OK\r\nContent-Type: a/b, c/d\r\n\r\nx"),
    "no start": ("https://kexue.fm/s", b"\r\nContent-Type: a/b\r\n\r\nx"),
    "empty": ("https://kexue.fm/e", b""),
    "again": ("https://kexue.fm/robots.txt", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nUser-agent: *\n"),
}
"""Addresses and responses of every kind an index or a check has to cope with."""


def write_exchange(target: WarcWriter, uri: str, response: bytes, number: int = 0) -> Location:
    """Append an exchange, so many seconds after START."""
    return target.write_exchange(
        target_uri=uri,
        request=b"GET / HTTP/1.1\r\nHost: kexue.fm\r\n\r\n",
        response=response,
        fetched_at=START + timedelta(seconds=number),
        ip_address="127.0.0.1",
    )


def write_pages(directory: Path, count: int, seed: int = 1, size: int = 3000) -> list[Location]:
    """Write one file of so many pages of random bytes, which no compression makes smaller."""
    source = random.Random(seed)
    with WarcWriter(directory, "kexue.fm", software="test", now=lambda: START) as target:
        return [
            write_exchange(
                target,
                f"https://kexue.fm/archives/{number}",
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + source.randbytes(size),
                number,
            )
            for number in range(count)
        ]


def foreign_record(kind: str, uri: str, block: bytes, **headers: str) -> bytes:
    """Return a record as another program might write it, not compressed; headers as `WARC_Date="2020"`.

    One that is empty is left out.
    """
    number = hashlib.sha1(kind.encode() + uri.encode() + block + repr(headers).encode()).hexdigest()
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:x:{number}>",
        "WARC-Date": "2020-01-02T03:04:05Z",
        "WARC-Target-URI": uri,
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(block)),
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"WARC/1.1\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Return a response with a page."""
    kind = b"Content-Type: text/html; charset=utf-8"
    return b"\r\n".join([b"HTTP/1.1 " + status, kind, *headers, b"", body])


class Judge:
    """Programs of others: those installed beside this Python, as the test group does, or else on the PATH."""

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder

    def find(self, program: str) -> str:
        """Return where a program is."""
        places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        found = shutil.which(program, path=places)
        assert found, f"expected {program}, found none: install the test group"
        return found

    def __call__(
        self, program: str, *arguments: str | Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program with arguments, in a folder of its own unless one is given."""
        return subprocess.run(
            [self.find(program), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd or self._new_folder(),
        )
