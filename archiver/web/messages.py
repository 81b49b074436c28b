"""Requests to and answers of the server for this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Request:
    """A request."""

    method: str
    target: str
    """Path and query, as sent."""
    origin: str
    """The server by the client's name for it, such as `http://localhost:8080`."""
    headers: Mapping[str, str]
    """Headers by lower-case name, without `host`; of several with one name the last."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Headers without Content-Length and Connection, which the server adds."""
    body: bytes
    reason: bytes | None = None
    """The reason phrase; None for the usual one."""

    def header(self, name: str) -> str | None:
        """Return the first header of that (lower-case) name; None when there is none."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def head(self) -> bytes:
        """Return the start line and the headers, up to and including the empty line."""
        reason = self.reason if self.reason is not None else _usual_reason(self.status)
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers).encode("latin-1", "replace")
        # RFC 9110, section 8.6: none with 204, and with 304 only that of the answer it stands for.
        length = b"" if self.status in (204, 304) else b"Content-Length: %d\r\n" % len(self.body)
        return b"HTTP/1.1 %d %s\r\n" % (self.status, reason) + lines + length + b"Connection: close\r\n\r\n"


def _usual_reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
