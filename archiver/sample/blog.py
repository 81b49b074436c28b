"""The sample blog as a function from requests to responses."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qs, quote, unquote

from archiver import sites
from archiver.sample import theme
from archiver.sample.source import SamplePost, SampleSource, load
from archiver.sample.theme import PageContext, Theme

Fault = int | Literal["truncate", "reset"]
"""A status to answer with, half a body, or a connection that is reset."""

HTML = "text/html; charset=UTF-8"
TYPES = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "application/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff": "font/woff",
    ".zip": "application/zip",
}
GATE_COOKIE = "passed=a1b2c3"
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")


@dataclass(frozen=True, slots=True)
class SampleResponse:
    """What the server sends."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: Literal["truncate", "reset"] | None = None
    """What goes wrong on the wire."""


class SampleBlog:
    """Answers requests as the blog would.

    `gate` asks for a cookie first. `broken` maps a path to what goes wrong there on every request, or to a list of
    what goes wrong on the first ones. `overrides` maps a target (path and query) to a whole response. `source` may
    be replaced at any time: the next request sees it. `requests` holds method, target and status of everything a
    server answered, in order; the status of a reset connection is 0.
    """

    def __init__(
        self,
        source: SampleSource | None = None,
        *,
        gate: bool = False,
        broken: Mapping[str, Fault | list[Fault]] | None = None,
        overrides: Mapping[str, SampleResponse] | None = None,
    ) -> None:
        self.source = source or _bundled()
        self.gate = gate
        self.broken = dict(broken or {})
        self.overrides = dict(overrides or {})
        self.requests: list[tuple[str, str, int]] = []
        self._theme = Theme(self.source)
        self._loads = itertools.count()

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        """Return the response to one request; nothing else in the request matters."""
        asked = {name.lower(): value for name, value in headers.items()}
        path = target.partition("?")[0]
        fault = self._fault(path)
        if isinstance(fault, int):
            return _failure(fault)
        if target in self.overrides:
            response = self.overrides[target]
        elif method not in ("GET", "HEAD"):
            response = SampleResponse(405, {"Allow": "GET, HEAD"}, b"")
        elif self._closed(path, asked):
            response = _page(403, self._current_theme().gate(), {"Set-Cookie": f"{GATE_COOKIE}; path=/"})
        else:
            response = self._answer(target, asked)
        return replace(_compressed(response, asked), fault=fault)

    def _fault(self, path: str) -> Fault | None:
        planned = self.broken.get(path)
        if isinstance(planned, list):
            return planned.pop(0) if planned else None
        return planned

    def _closed(self, path: str, asked: Mapping[str, str]) -> bool:
        open_to_all = path == "/robots.txt" or path.startswith("/usr/themes/")
        return self.gate and not open_to_all and GATE_COOKIE not in asked.get("cookie", "")

    def _current_theme(self) -> Theme:
        if self._theme.source is not self.source:
            self._theme = Theme(self.source)
        return self._theme

    def _answer(self, target: str, asked: Mapping[str, str]) -> SampleResponse:
        path, _, query = target.partition("?")
        path = unquote(path)
        if path == "/robots.txt":
            return _text("User-agent: *\nDisallow: /search/\n", "text/plain")
        if path in self.source.files:
            return _file(path, self.source.files[path], asked)
        visit = PageContext(_site(asked.get("host", "")), next(self._loads))
        for pattern, answer in ROUTES:
            if found := pattern.fullmatch(path):
                return answer(self, visit, found, query) or self._missing(visit)
        return self._missing(visit)

    def _missing(self, visit: PageContext) -> SampleResponse:
        text = "这里没有你要找的页面，也许它从来没有存在过。"
        return _page(404, self._current_theme().missing(visit, "页面没找到", text))

    def _post(self, visit: PageContext, found: re.Match[str], query: str) -> SampleResponse | None:
        post = self.source.post(int(found[1]))
        if post is None:
            return None
        last = theme.comment_pages(post)
        page = int(found[2]) if len(found.groups()) > 1 else last
        if not 1 <= page <= last:
            return None
        reply_to = parse_qs(query).get("replyTo", [None])[0]
        return _page(200, self._current_theme().post(visit, post, page, reply_to))

    def _home(self, visit: PageContext, found: re.Match[str], _query: str) -> SampleResponse | None:
        return self._list(visit, self.source.about, "/page/", self.source.posts, found[1])

    def _category(self, visit: PageContext, found: re.Match[str], _query: str) -> SampleResponse | None:
        name = self.source.categories.get(found[1])
        if name is None:
            return None
        posts = tuple(post for post in self.source.posts if found[1] in post.categories)
        return self._list(visit, f"分类 {name} 下的文章", f"/category/{found[1]}/", posts, found[2])

    def _tag(self, visit: PageContext, found: re.Match[str], _query: str) -> SampleResponse | None:
        posts = tuple(post for post in self.source.posts if found[1] in post.tags)
        if not posts:
            return None
        return self._list(visit, f"标签 {found[1]} 下的文章", f"/tag/{quote(found[1], safe='')}/", posts, found[2])

    def _list(
        self, visit: PageContext, title: str, base: str, posts: tuple[SamplePost, ...], number: str | None
    ) -> SampleResponse | None:
        page = int(number or 1)
        if not 1 <= page <= theme.list_pages(posts):
            return None
        return _page(200, self._current_theme().listing(visit, title, base, posts, page))

    def _catalogue(self, visit: PageContext, _found: re.Match[str], _query: str) -> SampleResponse:
        return _page(200, self._current_theme().catalogue(visit))

    def _independent(self, visit: PageContext, found: re.Match[str], _query: str) -> SampleResponse | None:
        page = self.source.page(found[1])
        if page is None:
            return None
        last = theme.comment_pages(page)
        number = int(found[2] or last)
        return _page(200, self._current_theme().page(visit, page, number)) if 1 <= number <= last else None

    def _feed(self, visit: PageContext, _found: re.Match[str], _query: str) -> SampleResponse:
        return _text(self._current_theme().feed(visit), "application/rss+xml; charset=UTF-8")

    def _attachment(self, visit: PageContext, found: re.Match[str], _query: str) -> SampleResponse | None:
        attachment = self.source.attachments.get(int(found[1]))
        return _page(200, self._current_theme().attachment(visit, *attachment)) if attachment else None


ROUTES: tuple[
    tuple[re.Pattern[str], Callable[[SampleBlog, PageContext, re.Match[str], str], SampleResponse | None]], ...
] = (
    (re.compile(r"/(?:page/(\d{1,6})/?)?"), SampleBlog._home),
    (re.compile(r"/archives/(\d{1,9})/?"), SampleBlog._post),
    (re.compile(r"/archives/(\d{1,9})/comment-page-(\d{1,6})/?"), SampleBlog._post),
    (re.compile(r"/category/([^/]+)(?:/(\d{1,6}))?/?"), SampleBlog._category),
    (re.compile(r"/tag/([^/]+)(?:/(\d{1,6}))?/?"), SampleBlog._tag),
    (re.compile(r"/content\.html"), SampleBlog._catalogue),
    (re.compile(r"(/[a-z]+\.html)(?:/comment-page-(\d{1,6})/?)?"), SampleBlog._independent),
    (re.compile(r"/feed/?"), SampleBlog._feed),
    (re.compile(r"/attachment/(\d{1,9})/?"), SampleBlog._attachment),
)


@lru_cache(maxsize=1)
def _bundled() -> SampleSource:
    return load()


def _site(host: str) -> str:
    """Return the origin of the links in the page frame; an invalid host is not repeated."""
    imitated = sites.first()
    if host in imitated.hosts:
        return f"https://{host}"
    return f"http://{host}" if _HOST.fullmatch(host) else imitated.origin


def _page(status: int, html: str, headers: Mapping[str, str] | None = None) -> SampleResponse:
    body = html.encode("utf-8", "replace")
    return SampleResponse(status, {"Content-Type": HTML, "Vary": "Accept-Encoding", **(headers or {})}, body)


def _text(text: str, content_type: str) -> SampleResponse:
    return SampleResponse(200, {"Content-Type": content_type}, text.encode())


def _file(path: str, body: bytes, asked: Mapping[str, str]) -> SampleResponse:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if asked.get("if-none-match") == etag:
        return SampleResponse(304, {"ETag": etag}, b"")
    content_type = TYPES.get(path[path.rfind(".") :], "application/octet-stream")
    return SampleResponse(200, {"Content-Type": content_type, "ETag": etag}, body)


def _failure(status: int) -> SampleResponse:
    wait = {"Retry-After": "1"} if status in (429, 503) else {}
    return SampleResponse(status, {"Content-Type": HTML, **wait}, f"<h1>Error {status}</h1>".encode())


def _compressed(response: SampleResponse, asked: Mapping[str, str]) -> SampleResponse:
    content_type = response.headers.get("Content-Type", "")
    textual = content_type.startswith(("text/", "application/")) and content_type != "application/zip"
    fits = textual and "Content-Encoding" not in response.headers
    if not (fits and response.body and "gzip" in asked.get("accept-encoding", "")):
        return response
    packed = gzip.compress(response.body, mtime=0)
    return replace(response, headers={**response.headers, "Content-Encoding": "gzip"}, body=packed)
