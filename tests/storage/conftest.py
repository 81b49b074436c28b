"""Object storage that speaks S3 over HTTP, and the real command beside it."""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archiver.bundled import sample_folder
from archiver.sample import SampleBlog, serving
from archiver.storage.elsewhere import storage
from archiver.store import query
from archiver.store.results import Row
from archiver.warc import recovery
from archiver.warc.storage import Storage
from tests.crawl.conftest import QUICK, few
from tests.zygote import Completed, Zygote

from .gate import Gate, gated

BUCKET = "bucket"


@pytest.fixture(scope="session")
def gate() -> Iterator[Gate]:
    """The gate of a service with one empty bucket."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with gated(f"http://{host}:{port}") as gate:
        urllib.request.urlopen(urllib.request.Request(f"{gate.url}/{BUCKET}", method="PUT")).close()
        yield gate
    server.stop()


@pytest.fixture(scope="session")
def environment(gate: Gate) -> dict[str, str]:
    """What the environment says of the service."""
    keys = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret"}
    return {**keys, "AWS_ENDPOINT_URL": gate.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def command(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The command, in that environment."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        zygote = Zygote(tmp_path_factory.mktemp("zygote"))
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield zygote
    zygote.close()


@pytest.fixture
def service(gate: Gate, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The gate, which passes everything on, and this process in that environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    gate.reset()
    yield gate
    gate.reset()


class Machines:
    """An archive whose database and blog several machines know: each has a home of its own."""

    def __init__(self, command: Zygote, folder: Path, database: str, url: str, blog: SampleBlog, site: str) -> None:
        self.command, self.folder, self.database, self.url = command, folder, database, url
        self.blog, self.site = blog, site

    def home(self, machine: str) -> Path:
        return self.folder / machine

    def words(self, *arguments: str, machine: str = "one", keep: str | None = "0") -> list[str]:
        """Return the words of a command."""
        room = ("--keep-local", keep) if keep is not None else ()
        return ["--home", str(self.home(machine)), "--db", self.database, "--warc", self.url, *room, *arguments]

    def crawl_words(self, *arguments: str, machine: str = "one", keep: str | None = "0") -> list[str]:
        index = ("--index", str(sample_folder() / "index.md"))
        return self.words("crawl", "--site", self.site, *QUICK, *index, *arguments, machine=machine, keep=keep)

    def crawl(self, *arguments: str, machine: str = "one", keep: str | None = "0") -> Completed:
        return self.command(*self.crawl_words(*arguments, machine=machine, keep=keep))

    def __call__(self, *arguments: str, machine: str = "one") -> Completed:
        """Run a command that is told of home and database alone."""
        return self.command("--home", self.home(machine), "--db", self.database, *arguments)

    def rows(self, sql: str) -> list[Row]:
        return list(query.run(self.database, sql).rows)

    def files(self, machine: str = "one") -> set[str]:
        folder = self.home(machine) / "warc"
        return {path.name for path in folder.iterdir()} if folder.exists() else set()

    def storage(self, machine: str = "one") -> Storage:
        return storage(self.home(machine), self.database)

    def disorder(self, machine: str = "one") -> list[str]:
        """Say which rows have no bytes, and which bytes no row, as far as one machine and object storage go."""
        held = self.storage(machine)
        columns = "warc_file, warc_offset, warc_length, record_id"
        known = self.rows("SELECT name FROM warc_files WHERE lost_at IS NOT NULL")
        gone = {name for (name,) in known}
        rows = {row for row in self.rows(f"SELECT {columns} FROM captures") if row[0] not in gone}
        records = set()
        for file in [*held.closed().values(), *held.left_open()]:
            for _, place in recovery.responses(file):
                records.add((place.warc_file, place.offset, place.length, place.record_id))
        return [f"row without bytes: {row}" for row in rows - records] + [
            f"bytes without row: {record}" for record in records - rows
        ]


@pytest.fixture
def machines(command: Zygote, service: Gate, tmp_path: Path) -> Iterator[Machines]:
    """Four posts that several machines archive into one bucket."""
    blog = SampleBlog(source=few())
    with serving(blog) as site:
        database, url = f"sqlite:///{tmp_path / 'archive.db'}", f"s3://{BUCKET}/{tmp_path.name}"
        yield Machines(command, tmp_path, database, url, blog, site)


@pytest.fixture
def on_server(command: Zygote, service: Gate, tmp_path: Path, server: Callable[[], str]) -> Iterator[Machines]:
    """The same with the database on a server."""
    blog = SampleBlog(source=few())
    with serving(blog) as site:
        yield Machines(command, tmp_path, server(), f"s3://{BUCKET}/{tmp_path.name}", blog, site)
