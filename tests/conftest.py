"""What holds for every test: no network beyond this machine, and no time limit on generated examples."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests import cluster
from tests.schemas import copied
from tests.zygote import Zygote

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class NetworkRefused(RuntimeError):
    """A test reached for another machine; not an OSError, so that no retry or fallback hides it."""


def refuse_other_machines(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: a wrapper around `socket.connect` would miss `connect_ex` (Twisted), datagrams and name look-ups."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket has a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host and host not in LOOPBACK:
        raise NetworkRefused(f"expected the tests to stay on this machine, found {event} to {host}")


sys.addaudithook(refuse_other_machines)

# Examples that write files take as long as the disk takes. On a build machine every run tries the same examples.
settings.register_profile("archiver", deadline=None, max_examples=50, derandomize="CI" in os.environ)
settings.load_profile("archiver")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `archiver demo` makes, run from another directory; to be read only."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "archiver", "demo"], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "16 posts, 49 comments" in done.stdout
    assert "Try next:" in done.stdout
    return folder / "data" / "demo"


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the settings of who runs the tests out of them."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("settings"))


@pytest.fixture(scope="session")
def archiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The command, as a function of its arguments."""
    zygote = Zygote(tmp_path_factory.mktemp("zygote"))
    yield zygote
    zygote.close()


ON_BOTH = ("file", pytest.param("server", marks=pytest.mark.postgresql))
"""Where an archive's tables may be, for fixtures and tests that want to be run on each."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """PostgreSQL, as a function that makes an empty archive in a database of its own and returns its URL."""
    if cluster.binaries() is None:
        message = "expected PostgreSQL's programs, found none; on Debian and Ubuntu: apt install postgresql"
        pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    numbers = count()
    with cluster.running(base.parent if worker else base) as url:
        engine = create_engine(url.format("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")

        def made() -> str:
            name = f"archive_{worker}_{next(numbers)}"
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {cluster.TEMPLATE}")
            return url.format(name)

        yield made


@pytest.fixture(scope="session")
def demo_on_server(server: Callable[[], str], demo: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of that archive's database made again on a server; to be read only."""
    from archiver.rebuild import swap

    home, url = tmp_path_factory.mktemp("demo-on-server") / "data", server()
    shutil.copytree(demo, home)
    swap.rebuild(home, url, processes=1)
    return url


@pytest.fixture(scope="session")
def blogs(server: Callable[[], str], demo: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with that archive in the schema `whole`, and its posts parted between `even` and `odd`."""
    from archiver.rebuild import swap
    from archiver.store.server import in_schema

    home, url = tmp_path_factory.mktemp("blogs") / "data", server()
    shutil.copytree(demo, home)
    swap.rebuild(home, in_schema(url, "whole"), processes=1)
    copied(url, "whole", "even", "number & 1 = 0")
    copied(url, "whole", "odd", "number & 1 = 1")
    return url


@pytest.fixture(params=ON_BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the database of an archive that holds nothing, in a file or on a server."""
    if request.param == "server":
        made: Callable[[], str] = request.getfixturevalue("server")
        return made()
    return f"sqlite:///{tmp_path / 'archive.db'}"


def pytest_collection_finish() -> None:
    """Keep what is loaded by now out of every collection of garbage to come."""
    gc.collect()
    gc.freeze()
