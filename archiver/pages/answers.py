"""The outcome of an answer that holds no page: in a crawl, and from its record when it is read again."""

from __future__ import annotations

from http import HTTPStatus

from archiver.items import Gap

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Statuses that say there is no such page, now and soon."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_READ = frozenset({"catalogue", "category", "comments", "index", "list", "page", "post"})
"""Kinds of page that are read. Anything else may be an empty file."""

_SHOWN = 200  # characters of a redirect's target


def is_empty(kind: str, status: int, body: bytes) -> bool:
    """Return whether an answer has nothing in it where a page was asked for."""
    return status == HTTPStatus.OK and kind in _READ and not body.strip()


def refusal(status: int, location: str | None, *, not_before: str | None = None) -> Gap:
    """Return the gap that a status other than 200 leaves, including redirects that lead to no address of the blog.

    `not_before` is until when the server wants to be left alone about this address, as `Gap` has it.
    """
    reason = f"HTTP {status}" + (f" to {location[:_SHOWN]}" if location else "")
    return Gap(reason=reason, permanent=status in GONE | REDIRECTS, not_before=not_before)
