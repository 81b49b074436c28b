"""A small HTTP/1.1 server for this machine only: one request per connection, answered by a function.

Why not a framework: an archived answer has a reason phrase, header names and bytes of its own, which ASGI has no place
for; and a page makes many small requests, most of them on new connections, where threads that wait for a connection
each answered in 0.30 ms, asyncio in 0.38, Starlette on uvicorn in 0.54 (medians, same answers, one machine). One
request per connection also leaves nothing to confuse: no pipelining, no body taken for a request.
"""

from __future__ import annotations

import errno
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Self

from archiver.errors import ArchiverError
from archiver.web.conditions import conditioned
from archiver.web.messages import Request, Response

logger = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
_HTTP = 80
NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names by which a browser on this machine may call the server. Any other is that of a page elsewhere, which now
resolves to this machine (DNS rebinding)."""

_THREADS = 64  # a browser keeps up to six connections for each page, some of them ahead of need
_BACKLOG = 1024  # silent connections wait here
_LONGEST_HEAD = 1 << 15
_HEAD_SECONDS = 10.0  # to send a request: a browser that opened a connection ahead of need may never send one
_SEND_SECONDS = 60.0
_REST_BYTES, _REST_SECONDS = 1 << 16, 1.0  # of a request's body, which is not read
_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([!-~\x80-\xff]+) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*)")


Respond = Callable[[Request], Response]


class _BadRequest(Exception):
    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class LoopbackServer:
    """Serves until it is closed; a context manager."""

    def __init__(self, respond: Respond, port: int = 0) -> None:
        """Listen on a port of this machine, any free one for 0.

        Raises ArchiverError when the port is taken.
        """
        self._respond = respond
        self._listener = listening(ADDRESS, port)
        if hasattr(socket, "TCP_DEFER_ACCEPT"):  # without it, a silent connection keeps a thread
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, int(_HEAD_SECONDS))
        self.port: int = self._listener.getsockname()[1]
        self._hosts = hosts_at(self.port)
        self._closing = False
        self._silent: set[socket.socket] = set()  # connections on which a request is awaited
        self._threads = [
            threading.Thread(target=self._work, name=f"replay-{number}", daemon=True) for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://{ADDRESS}:{self.port}/"

    def close(self, patience: float = 2.0) -> None:
        """Accept no more connections, and wait briefly for the answers under way."""
        self._closing = True
        for _ in self._threads:  # each of them waits for a connection, on some systems for nothing else
            with suppress(OSError):
                socket.create_connection((ADDRESS, self.port), timeout=1).close()
        for connection in list(self._silent):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while not self._closing:
            with suppress(OSError):  # the client left, or never sent anything
                connection, _ = self._listener.accept()
                with connection:
                    if not self._closing:
                        self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        """Take one request and answer it."""
        try:
            request = _parsed(self._head(connection), self._hosts)
        except _BadRequest as error:
            response, bodiless, whole = _plain(error.status, str(error)), False, False
        else:
            response = self._answer(request)
            bodiless = request.method == "HEAD" or response.status in (204, 304)
            whole = request.method in ("GET", "HEAD") and "content-length" not in request.headers
        connection.settimeout(_SEND_SECONDS)
        _send(connection, response.head(), b"" if bodiless else response.body)
        if not whole:
            _hang_up(connection)

    def _head(self, connection: socket.socket) -> bytes:
        self._silent.add(connection)
        try:
            return _received(connection)
        finally:
            self._silent.discard(connection)

    def _answer(self, request: Request) -> Response:
        try:
            return conditioned(request, self._respond(request))
        except Exception:
            logger.exception("a fault of the archiver at %s %s", request.method, request.target)
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the archiver, please report it")


def _received(connection: socket.socket) -> bytes:
    """Return the head of a request.

    Raises OSError when the client sends none in time.
    """
    connection.settimeout(_HEAD_SECONDS)
    data = connection.recv(_LONGEST_HEAD)
    until = time.monotonic() + _HEAD_SECONDS
    while (end := (data := data.lstrip(b"\r\n")).find(b"\r\n\r\n")) < 0:  # empty lines first: RFC 9112, 2.2
        if len(data) >= _LONGEST_HEAD:
            raise _BadRequest(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"expected a request of at most {_LONGEST_HEAD}"
            )
        connection.settimeout(max(0.001, until - time.monotonic()))
        piece = connection.recv(_LONGEST_HEAD - len(data))
        if not piece:
            raise ConnectionError("the client left")
        data += piece
    return data[:end]


def _send(connection: socket.socket, head: bytes, body: bytes) -> None:
    """Send an answer without joining its parts."""
    sent = connection.sendmsg((head, body))
    if sent < len(head) + len(body):
        connection.sendall((head + body)[sent:])


def _parsed(head: bytes, hosts: frozenset[str]) -> Request:
    """Parse the head of a request: exactly as HTTP/1.1 has it, or not at all (RFC 9112, sections 3 and 5)."""
    first, *lines = head.split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    found = [_HEADER.fullmatch(each) for each in lines]
    fields = [(each[1].decode().lower(), each[2].decode("latin-1").rstrip(" \t")) for each in found if each]
    if not line or len(fields) < len(lines):
        raise _BadRequest(HTTPStatus.BAD_REQUEST, "expected a request of HTTP/1.1, found something else")
    target = line[2].decode("utf-8", "surrogateescape")
    named = [value for name, value in fields if name == "host"]
    if target.startswith("http://"):  # as to a proxy: section 3.2.2
        authority, slash, path = target[len("http://") :].partition("/")
        named, target = [*named[:1], authority], slash + path
    if not named or any(name.lower() not in hosts for name in named) or len(set(named)) > 1:
        raise _BadRequest(HTTPStatus.FORBIDDEN, f"expected this server under one of its own names, found {named}")
    if not target.startswith("/") and (line[1], target) != (b"OPTIONS", "*"):
        raise _BadRequest(HTTPStatus.BAD_REQUEST, "expected a path that begins with a slash")
    headers = {name: value for name, value in fields if name != "host"}
    return Request(line[1].decode(), target, f"http://{named[0].lower()}", headers)


def _plain(status: HTTPStatus, text: str) -> Response:
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Response(status, headers, f"{status} {status.phrase}: {text}\n".encode("utf-8", "replace"))


def _hang_up(connection: socket.socket) -> None:
    """End a connection on which more may be coming: closed with something unread, it would take the answer with it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_REST_SECONDS)
    taken = 0
    while taken < _REST_BYTES and (piece := connection.recv(_REST_BYTES)):
        taken += len(piece)


def hosts_at(port: int) -> frozenset[str]:
    """Return the `Host` names by which this machine may be asked at a port, which only HTTP's own may omit."""
    return frozenset(f"{name}:{port}" for name in NAMES) | (NAMES if port == _HTTP else frozenset())


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address of this machine, any free port for 0.

    Raises ArchiverError when the port is taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ArchiverError(_refusal(host, port, error)) from error
    # An answer in two pieces would wait 40 ms for the first one to be acknowledged; connections inherit this.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken: end what listens there, or choose another one with --port"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} may not be used by this user: choose one above 1023 with --port"
    return f"expected to listen on port {port} of {host}, found: {error}"
