"""What holds for every test: no network beyond this machine, and no time limit on generated examples."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

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


@pytest.fixture(scope="session")
def archiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The command, as a function of its arguments."""
    zygote = Zygote(tmp_path_factory.mktemp("zygote"))
    yield zygote
    zygote.close()
