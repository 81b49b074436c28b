"""A notification by ntfy: a plain request to the address of a topic (https://docs.ntfy.sh/publish/)."""

from __future__ import annotations

import base64
import re
from email.header import Header
from urllib.parse import unquote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from archiver import __version__
from archiver.config import without_secrets
from archiver.errors import UsageError
from archiver.notices import addresses, refusal
from archiver.notices.notice import FAILED, Notice

LONGEST = 4_000
"""Bytes of a message: ntfy turns one of more than 4,096 into a file."""


def check(url: str) -> str:
    """Return the URL of a topic; raise UsageError if it is not one."""
    parts = addresses.of_server(url, ("http", "https"))
    if parts is None or not parts.path.strip("/") or re.search(r"[\x00-\x20\x7f-\uffff]", url):
        found = without_secrets(url)
        raise UsageError(f"expected the URL of a topic such as https://ntfy.sh/my-blog, found {found!r}")
    return url


def send(notice: Notice, url: str, seconds: float) -> None:
    """Post a notification to a topic. A name and password, or a token as password, may be in the URL.

    Raises ArchiverError when that fails, a redirect included: followed, it would no longer be a post.
    """
    parts = urlsplit(check(url))
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "User-Agent": f"blog-archiver/{__version__}",
        "Title": Header(notice.title, "utf-8", maxlinelen=998).encode(linesep=""),
    }
    if FAILED in notice.events:
        headers |= {"Priority": "high", "Tags": "warning"}
    if notice.reader:
        headers["Click"] = notice.reader
    if parts.username is not None or parts.password is not None:
        known = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(known.encode()).decode()
    server = parts.netloc.rpartition("@")[2]
    where = parts._replace(netloc=server).geturl()
    body = notice.text.encode(errors="backslashreplace")
    if len(body) > LONGEST:
        body = body[:LONGEST].decode("utf-8", "ignore").encode() + "…".encode()
    opener = OpenerDirector()
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    request = Request(where, body, headers, method="POST")  # noqa: S310  # checked
    with refusal.explained(server), opener.open(request, timeout=seconds) as answer:
        answer.read(LONGEST)
