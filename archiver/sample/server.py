"""An HTTP/1.1 server for the sample blog on the loopback interface."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from archiver.sample.blog import SampleBlog, SampleResponse

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close() sends RST


@contextmanager
def serving(blog: SampleBlog, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve a blog on a loopback address while the context is open; gives the site's URL without a trailing slash."""
    server = _Server(blog, host, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sample-blog")
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them, so that nothing is left behind

    def __init__(self, blog: SampleBlog, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.blog = blog
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def connected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def hang_up(self) -> None:
        """End connections that clients keep open."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "sample"
    sys_version = ""
    disable_nagle_algorithm = True  # head and body are written separately
    timeout = 30

    def setup(self) -> None:
        super().setup()
        self.server.connected(self.connection)

    def finish(self) -> None:
        self.server.disconnected(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client left
            super().handle()

    def do_GET(self) -> None:
        response = self.server.blog.respond(self.command, self.path, dict(self.headers))
        status = 0 if response.fault == "reset" else response.status
        self.server.blog.requests.append((self.command, self.path, status))
        if response.fault == "reset":
            self._reset()
        else:
            self._send(response)

    do_HEAD = do_POST = do_GET  # noqa: N815 - names the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _send(self, response: SampleResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(len(response.body)))
        if response.fault or self.command not in ("GET", "HEAD"):
            self.send_header("Connection", "close")  # also so that a request's body is not taken for another request
        self.end_headers()
        if self.command != "HEAD":
            whole = len(response.body)
            self.wfile.write(response.body[: whole // 2 if response.fault else whole])

    def _reset(self) -> None:
        self.close_connection = True
        self.rfile.close()  # it holds the socket open
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()
