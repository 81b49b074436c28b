"""Highlights in posts: passages with what is written about them, found again by their words."""

from __future__ import annotations

import secrets
from typing import Any

from archiver.clock import timestamp
from archiver.errors import UsageError
from archiver.store.own import Highlight, Own, squeezed
from archiver.store.pool import Row
from archiver.web.reader import markup
from archiver.web.reader.desk import Desk
from archiver.web.reader.parameters import Parameter

PARAMETERS = (
    Parameter("key", "which highlight; none for a new one", most=100),
    Parameter("on", "0 to remove it", bool, default=True),
    Parameter("quote", "words of the post, its formulas as TeX", default="", most=20_000),
    Parameter("before", "the words before them", default="", most=200),
    Parameter("after", "the words after them", default="", most=200),
    Parameter("note", "what is written about them", default="", most=50_000),
)
"""The most that the form of a highlight may hold."""


def keep(here: Desk, own: Own, post: Row, values: dict[str, Any]) -> None:
    """Add, change or remove a highlight, as the values of a form say; the same passage is kept once.

    Raises UsageError when the post does not have the words.
    """
    known = {each.key: each for each in own.highlights(post["id"])}
    note = values["note"].replace("\r\n", "\n").strip()
    if values["key"] is not None:
        found = known.get(values["key"])
        if found is not None and values["on"]:
            own.highlight(Highlight(**{**found.values(), "note": note}))
        elif found is not None:
            own.forget(found.key)
        return
    quote = " ".join(values["quote"].split())
    if not quote or squeezed(quote) not in plain(here, post):
        raise UsageError(f"quote: expected words of the post, found {quote[:80]!r}")
    around = {name: " ".join(values[name].split()) for name in ("before", "after")}
    if any((each.quote, each.before, each.after) == (quote, *around.values()) for each in known.values()):
        return
    own.highlight(
        Highlight(
            key=secrets.token_hex(8),
            post_id=post["id"],
            url=post["url"],
            quote=quote,
            **around,
            note=note,
            revision=post["revision_seen_at"] or "",
            made_at=timestamp(),
        )
    )


def shown(here: Desk, post: Row) -> list[tuple[Highlight, bool]]:
    """Return the highlights of a post, and whether its text still has each."""
    found = here.own.highlights(post["id"]) if here.own else []
    text = plain(here, post) if found else ""
    return [(each, each.fits(text)) for each in found]


def sought(here: Desk, words: list[str]) -> list[tuple[Highlight, bool, Row | None]]:
    """Return the highlights with these words, newest first: if the text still has each, and its post if archived."""
    found = [each for each in here.own.highlights() if each.matches(words)] if here.own else []
    posts = {number: here.queries.post(number) for number in {each.post_id for each in found}}
    texts = {number: plain(here, post) for number, post in posts.items() if post}
    return [(each, each.fits(texts.get(each.post_id, "")), posts[each.post_id]) for each in reversed(found)]


def plain(here: Desk, post: Row) -> str:
    """Return the text of a post as it is in a browser before formulas are set, without white space."""
    return squeezed(markup.post(post["markdown"], here.site, here.root).html.striptags())
