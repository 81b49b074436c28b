from __future__ import annotations

import socket
from pathlib import Path

import pytest

from archiver.errors import ArchiverError, UsageError
from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client


def test_only_names_of_this_machine_are_answered(reader: Client) -> None:
    for host in (
        "evil.example",
        f"evil.example:{reader.port}",
        "127.0.0.1",
        f"127.0.0.1:{reader.port}.evil.example",
        "",
    ):
        assert reader.get("/", Host=host).status in (400, 403), host
    assert reader.get("/", Host=f"localhost:{reader.port}").status == 200


def test_nothing_but_reading_is_answered(reader: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert reader.get("/sql?q=SELECT+1", method).status == 405
    assert reader.get("/", "HEAD").body == b""
    assert reader.get("/", "POST", Origin="http://[").status == 403


def test_other_sites_may_link_but_not_read(reader: Client) -> None:
    assert reader.get("/api/posts", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403
    assert reader.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    headers = reader.get("/api/posts").headers
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_what_is_too_long_is_refused(reader: Client) -> None:
    assert reader.get("/sql?q=" + "x" * 20_000).status == 414
    assert reader.get("/" + "x" * 3000).status == 414


def test_other_machines_need_a_word_and_a_token(library: Path) -> None:
    database = database_url(library)
    for host in ("0.0.0.0", "127.0.0.9"):
        refused = pytest.raises(
            UsageError, match=r"one of 127\.0\.0\.1, ::1, localhost; any other needs --allow-remote"
        )
        with refused, serving(library, database, ServeOptions(host=host)):
            pass
    options = ServeOptions(port=0, remote=True, token="secret")
    with serving(library, database_url(library), options) as address:
        assert address.endswith("/?token=secret")
        client = Client(int(address.partition("/?")[0].rpartition(":")[2]))
        assert client.get("/").status == 401
        assert client.get("/api/posts", Authorization="Bearer wrong").status == 401
        first = client.get("/posts/1001?token=secret&x=1")
        assert (first.status, first.headers["location"]) == (303, "/posts/1001?x=1")
        assert "HttpOnly" in first.headers["set-cookie"]
        assert client.get("/posts/1001", Cookie=first.headers["set-cookie"].partition(";")[0]).status == 200
        assert client.get("/api/posts", Authorization="Bearer secret").status == 200
        assert client.get("//evil.example/?token=secret").headers["location"] == "/evil.example/"


def test_a_port_that_is_taken_is_told_so(reader: Client, library: Path) -> None:
    with (
        pytest.raises(ArchiverError, match=f"port {reader.port} of 127.0.0.1 is taken"),
        serving(library, database_url(library), ServeOptions(port=reader.port, replay_port=0)),
    ):
        pass


def test_clients_that_do_not_read_hold_nobody_up(reader: Client) -> None:
    slow = []
    for _ in range(50):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", reader.port))
        request = f"GET /static/mathjax/tex-chtml-full.js HTTP/1.1\r\nHost: 127.0.0.1:{reader.port}\r\n\r\n"
        client.sendall(request.encode())
        slow.append(client)
    try:
        assert reader.get("/").status == 200
    finally:
        for client in slow:
            client.close()
