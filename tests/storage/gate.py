"""A server in front of object storage: it passes on what it is asked, unless a test says otherwise."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PASS, REFUSE, HANG_UP = "pass", "refuse", "hang up"

Rule = Callable[[str, str], str]
"""Told method and path; says what to do."""


def passing(_method: str, _path: str) -> str:
    return PASS


class Gate:
    """What is in front of the service at an address."""

    def __init__(self, service: str) -> None:
        self.service = urlsplit(service).netloc
        self.url = ""
        self.before: Rule = passing
        """Of a request that has come, and is not passed on yet."""
        self.after: Rule = passing
        """Of one that was answered, while nobody has been told."""
        self.asked: list[tuple[str, str]] = []

    def reset(self) -> None:
        self.before = self.after = passing
        self.asked.clear()

    def refuse(self, *methods: str) -> None:
        """Have requests of these methods answered with a 503."""
        self.before = lambda method, _path: REFUSE if method in methods else PASS


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gate: Gate

    def answer(self) -> None:
        gate, length = self.gate, int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        gate.asked.append((self.command, self.path))
        verdict = gate.before(self.command, self.path)
        if verdict == PASS:
            service = http.client.HTTPConnection(gate.service, timeout=30)
            service.request(self.command, self.path, body or None, dict(self.headers))
            answer = service.getresponse()
            content = answer.read()
            service.close()
            verdict = gate.after(self.command, self.path)
        if verdict == HANG_UP:
            self.close_connection = True
            return
        if verdict == REFUSE:
            self.send_response_only(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        told = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", told or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = answer  # noqa: N815 - names of the library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def gated(service: str) -> Iterator[Gate]:
    """Serve a gate in front of a service."""
    gate = Gate(service)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"gate": gate}))
    server.daemon_threads = True
    gate.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
