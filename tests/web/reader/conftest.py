"""One archive and one server for all tests of the reader."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.conftest import ON_BOTH
from tests.web.reader.library import filled


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks a server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)  # a book is made meanwhile
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return found

    def post(self, path: str, headers: Mapping[str, str] | None = None, **fields: object) -> Answer:
        """Send a form."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        connection.request("POST", path, urlencode(fields), named)
        answer = connection.getresponse()
        found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return found


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with everything there is to show."""
    return filled(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session", params=ON_BOTH)
def reader(request: pytest.FixtureRequest, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The reader of that archive, whose tables are in a file or on a server."""
    home, url = library, database_url(library)
    if request.param == "server":
        made: Callable[[], str] = request.getfixturevalue("server")
        url = made()
        home = filled(tmp_path_factory.mktemp("library-on-server"), db=url)
    with serving(home, url, ServeOptions(port=0, replay_port=0)) as address:
        yield Client(int(address.rstrip("/").rpartition(":")[2]))
