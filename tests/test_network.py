from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Callable

import pytest

OUTSIDE = ("192.0.2.1", 80)  # a documentation address, RFC 5737


def tcp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def connect() -> None:
    with tcp() as client:
        client.connect(OUTSIDE)


def connect_as_twisted_does() -> None:
    with tcp() as client:
        client.setblocking(False)
        client.connect_ex(OUTSIDE)


def send_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"?", OUTSIDE)


def fetch() -> None:
    urllib.request.urlopen("http://blog.invalid/", timeout=1)


def connect_with_asyncio() -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(*OUTSIDE), 1))


@pytest.mark.parametrize(
    "reach_out",
    [
        connect,
        connect_as_twisted_does,
        send_a_datagram,
        fetch,
        connect_with_asyncio,
        lambda: socket.getaddrinfo("blog.invalid", 80),
        lambda: socket.gethostbyname("blog.invalid"),
    ],
)
def test_other_machines_are_out_of_reach(reach_out: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match="expected the tests to stay on this machine"):
        reach_out()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_within_reach(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection((host, server.getsockname()[1]), timeout=5) as client:
            client.sendall(b"hello")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(5) == b"hello"
