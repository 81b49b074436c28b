"""The replay's own pages, in Chinese and English, without scripts: for gaps, dates and redirects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from archiver.counting import counted
from archiver.items import LEFT_OUT
from archiver.store.timeline import END_OF_TIME, Known, Linking, StoredCapture
from archiver.urls import origin
from archiver.web.moment import digits_of

Sentence = tuple[str, str]
"""A phrase in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A line with a link to a capture or a day."""

    href: str
    time: str
    note: str


@dataclass(frozen=True, slots=True)
class Miss:
    """What is known about an address that cannot be shown."""

    url: str
    until: str
    """The time that was asked for."""
    captures: list[StoredCapture]
    """All captures, latest first."""
    known: Known | None
    linking: list[Linking]
    """Posts that link there."""
    near: list[str]
    prefix: str
    """What links must begin with to stay at that time."""
    problem: str = ""
    """Why the captures that should show it cannot be read."""


def missing(miss: Miss) -> bytes:
    """Return the page for an address that cannot be shown."""
    return _rendered(
        title=("存档中没有这一页", "This page is not in the archive"),
        address=miss.url,
        sentences=list(_reasons(miss)),
        detail=miss.problem,
        lists=_captures(miss),
        links=[
            (
                "链接到这里的文章 · Posts that link here",
                [(miss.prefix + path_of(one.url), one.title) for one in miss.linking],
            ),
            ("相近的地址 · Addresses nearby", [(miss.prefix + path_of(url), _readable(url)) for url in miss.near]),
        ],
    )


def captures(url: str, held: list[StoredCapture]) -> bytes:
    """Return the page that lists the captures of an address."""
    return _rendered(
        title=("这个地址的各次存档", "Captures of this address"),
        address=url,
        lists=[("", _rows(held))],
        sentences=[] if held else [("没有。", "None.")],
    )


def days(held: Iterable[tuple[str, int, int]], start: list[str]) -> bytes:
    """Return the page that lists the days with captures, and addresses to start from."""
    return _rendered(
        title=("存档的日期", "Dates in the archive"),
        sentences=[
            (
                "选一个日期，看当天的样子；也可以写在地址里：/@2026/、/@20260101120000/。",
                "Choose a date to see the blog at its end. An address may begin with one: /@2026/, /@20260101120000/.",
            )
        ],
        lists=[("", [NoticeRow(_dated(day, start), day, _counted(count, urls)) for day, count, urls in held])],
        links=[("从这里开始 · Start here", [(path_of(url), _readable(url)) for url in start])],
    )


def _counted(count: int, urls: int) -> str:
    return f"{count} 次存档，{urls} 个地址 · {counted(count, 'capture')} of {counted(urls, 'address')}"


def _dated(day: str, start: list[str]) -> str:
    return f"/@{digits_of(day)}" + (path_of(start[0]) if start else "/")


def leaving(url: str, target: str) -> bytes:
    """Return the page for a redirect that left the blog."""
    return _rendered(
        title=("这个地址转向了博客之外", "This address redirected to another site"),
        address=url,
        sentences=[("转向的目标不在存档里：", "Its target is not in the archive:")],
        detail=target,
    )


def wrong(problem: str) -> bytes:
    """Return the page for an invalid address."""
    return _rendered(title=("无法理解这个地址", "This address is invalid"), detail=problem)


def _reasons(miss: Miss) -> Iterator[Sentence]:
    if miss.until != END_OF_TIME:
        yield f"要看的是 {miss.until} 时的样子。", f"Asked for as of {miss.until}."
    if miss.problem:
        yield "有存档，但读不出来：", "It was captured, but cannot be read:"
    elif miss.captures:
        yield (
            "那时还没有可看的存档，别的时候有：",
            "There is nothing to show for that date; other captures:",
        )
    known = miss.known
    if known is None and not miss.captures and miss.linking:
        yield "有文章链接到这个地址，存档没有抓取过它。", "Posts link to this address; the archive never asked for it."
    elif known is None and not miss.captures:
        yield "存档从未见过这个地址。", "The archive has never seen this address."
    elif known is not None and known.state in ("pending", "leased"):
        since = known.first_seen_at
        yield f"{since} 起知道它，还没有抓取。", f"Known since {since}, not fetched yet."
    elif known is not None and known.reason == LEFT_OUT:
        yield (
            "存档知道它，但抓取时要求略去这一类（--without）。",
            "It is known, but was left out on purpose (--without).",
        )
    elif known is not None and known.state != "done":
        reason = known.reason or "?"
        yield f"没有抓到，原因：{reason}", f"It was not archived: {reason}"


def _captures(miss: Miss) -> list[tuple[str, list[NoticeRow]]]:
    earlier = [held for held in miss.captures if held.fetched_at <= miss.until]
    later = [held for held in miss.captures if held.fetched_at > miss.until]
    return [("更早 · Earlier", _rows(earlier)), ("更晚 · Later", _rows(later[::-1]))]


def _rows(held: Iterable[StoredCapture]) -> list[NoticeRow]:
    return [NoticeRow(f"/@{digits_of(one.fetched_at)}{path_of(one.url)}", one.fetched_at, _note(one)) for one in held]


def _note(held: StoredCapture) -> str:
    return f"HTTP {held.status}" + (f" · 不完整 · truncated: {held.truncated}" if held.truncated else "")


def path_of(url: str) -> str:
    """Return the path of an address of the blog on this server."""
    path = url.removeprefix(origin(url))
    return f"/.{path}" if path.startswith("//") else path  # two slashes would name another host


def _readable(url: str) -> str:
    return unquote(url.removeprefix(origin(url)))


def _rendered(**values: object) -> bytes:
    nothing = {"address": "", "sentences": [], "detail": "", "lists": [], "links": []}
    return _template().render(**{**nothing, **values}).encode("utf-8", "replace")


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.get_template("notice.html")
