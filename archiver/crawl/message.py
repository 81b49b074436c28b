"""HTTP messages as bytes: where they were not seen, rebuilt from what Scrapy keeps of them.

Scrapy keeps neither the order and case of headers nor the reason phrase nor chunking; the rebuilt message says what was
said, not how.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from archiver import clock
from archiver.crawl.wire import Exchange
from archiver.warc import message


def rebuilt(request: Request, response: Response) -> Exchange:
    """Return an exchange whose bytes were not seen, from what Scrapy kept of it."""
    return Exchange(
        request=request_bytes(request),
        response=message.parse(response_bytes(response)),
        truncated="unspecified" if {"dataloss", "download_stopped"} & set(response.flags) else None,
        ip_address=str(response.ip_address or ""),
        # The downloader's latency ends when the headers arrive; a record is dated by its request.
        sent_at=clock.now() - timedelta(seconds=request.meta.get("download_latency", 0.0)),
    )


def request_bytes(request: Request) -> bytes:
    """Return the request as an HTTP/1.1 message."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1".encode("latin-1")]
    if b"Host" not in request.headers:
        lines.append(b"Host: " + parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii"))
    return _message(lines + _header_lines(request.headers), request.body)


def response_bytes(response: Response) -> bytes:
    """Return the response as an HTTP/1.1 message; its body has its content coding but no longer chunks."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"{response.protocol or 'HTTP/1.1'} {response.status} {phrase}".encode("latin-1")]
    headers = [line for line in _header_lines(response.headers) if not line.lower().startswith(b"content-length:")]
    return _message([*lines, *headers, b"Content-Length: %d" % len(response.body)], response.body)


def _header_lines(headers: object) -> list[bytes]:
    return [name + b": " + value for name, values in headers.items() for value in values]  # type: ignore[attr-defined]


def _message(lines: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
