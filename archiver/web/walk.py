"""A walk through the archived blog as a browser goes, by every link, picture, style and script.

The replay is asked directly: nothing is listened on, nothing is fetched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from archiver.items import FORBIDDEN
from archiver.pages.furniture import Role, addresses, style_addresses
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.web.answer import HTML
from archiver.web.messages import Request, Response
from archiver.web.notices import path_of
from archiver.web.replay import Replay

ORIGIN = "http://localhost"
NOT_THERE = frozenset({403, 404, 410})
"""Statuses by which the blog itself says that nothing is there."""

_HOPS = 10  # of redirects, which browsers follow for twenty


@dataclass(frozen=True, slots=True)
class DeadLink:
    """An address of the blog to which an archived page links, but which the archive cannot show."""

    url: str
    linked_from: str
    """The first page that leads there."""
    reason: str


@dataclass(slots=True)
class Walk:
    """What a walk found."""

    shown: int = 0
    """Addresses the archive shows."""
    not_there: int = 0
    """Addresses of which the blog itself said that nothing is there."""
    forbidden: int = 0
    """Addresses that are never asked for, by the blog's rules or ours."""
    dead: list[DeadLink] = field(default_factory=list)


def walk(replay: Replay, timeline: Timeline) -> Walk:
    """Visit everything that can be reached from the front page and the list of everything."""
    found, site = Walk(), replace(replay.site, base=ORIGIN)
    queue = deque([(site.front_url(), ""), (site.catalogue_url(), "")])
    met = {url for url, _ in queue}
    while queue:
        url, source = queue.popleft()
        response = _answer(replay, url)
        _note(found, url, source, response, timeline, site)
        for target in _leads_to(url, response, site):
            if target not in met:
                met.add(target)
                queue.append((target, url))
    return found


def _answer(replay: Replay, url: str) -> Response:
    """Return what a browser gets at an address in the end, on the blog."""
    target = path_of(url)
    for _ in range(_HOPS):
        response = replay.respond(Request("GET", target, ORIGIN, {"accept-encoding": "identity"}))
        location = response.header("location")
        if not location:
            break
        parts = urlsplit(urljoin(ORIGIN + target, location))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    return response


def _note(found: Walk, url: str, source: str, response: Response, timeline: Timeline, site: Site) -> None:
    """Count an address by its answer."""
    known = timeline.known(url)
    recorded = response.header("memento-datetime") is not None
    if recorded and (response.status < 400 or response.status in NOT_THERE):
        found.not_there += response.status in NOT_THERE
        found.shown += response.status not in NOT_THERE
    elif site.is_never_asked(url) or (known and known.reason == FORBIDDEN):
        found.forbidden += 1
    else:
        reason = known.reason or known.state if known else "never asked for"
        found.dead.append(DeadLink(url, source, f"HTTP {response.status}" if recorded else reason))


def _leads_to(url: str, response: Response, site: Site) -> Iterator[str]:
    """Yield the blog's addresses that a browser would go to or load from an answer."""
    content_type = (response.header("content-type") or "").lower()
    if response.status != 200 or response.header("memento-datetime") is None:
        return
    here = ORIGIN + path_of(url)
    if content_type.startswith("text/css"):
        yield from style_addresses(here, response.body, site)
    elif content_type.startswith(HTML):
        yield from (to for to, role in addresses(here, response.body, site) if role is not Role.NAMED)
