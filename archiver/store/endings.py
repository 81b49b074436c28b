"""How pages of each kind end on this site: learned from the pages that came.

A page that does not close its document, where pages of its kind do, was cut short; so was the first of its kind, where
other pages do. Where they never do, an end counts as theirs once some pages had it. On a site none of whose pages is
known to close its document a page is read, and nothing is concluded from what it does not show; so is one of a kind
that closed it once, when some pages in a row ended alike without that, as after a change of the theme.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from archiver.items import CLOSED, CUT, Catalogue, CommentPage, Gap, Item, Listing, Page, Post
from archiver.store import models
from archiver.store.database import upsert

LEARNED = 3
"""Pages of a kind that must have ended alike before that counts as the end of such pages."""

KINDS = frozenset({"catalogue", "category", "comments", "page", "post"})
"""Kinds of page that have an end of their own."""

PAGES = (Catalogue, CommentPage, Listing, Page, Post)
"""Items that have an end."""

_ROWS: Any = models.PageEnding.__table__


class Ending(Enum):
    """What the end of a page says about the page."""

    WHOLE = auto()
    UNKNOWN = auto()
    """It is not known how pages of the kind end; or they lately end like this, and did not before."""
    CUT = auto()


def judge(session: Session, kind: str, ending: str | None) -> Ending:
    """Return what the end of a page says; None is the end of an item not read from a page."""
    if ending is None or ending == CLOSED:
        return Ending.WHOLE
    known = _known(session, kind)
    if ending and known.get(ending, 0) >= LEARNED:
        return Ending.UNKNOWN if CLOSED in known else Ending.WHOLE
    closes = CLOSED in known or session.execute(_ANY_CLOSED).first() is not None
    return Ending.CUT if closes else Ending.UNKNOWN


def _known(session: Session, kind: str) -> dict[str, int]:
    return {row.ending: row.pages for row in session.execute(_KNOWN, {"kind": kind})}


_ANY_CLOSED = select(_ROWS.c.kind).where(_ROWS.c.ending == CLOSED).limit(1)
_FORGET = delete(models.PageEnding).where(_ROWS.c.kind == bindparam("kind"), _ROWS.c.ending != CLOSED)
_KNOWN = select(_ROWS.c.ending, _ROWS.c.pages).where(_ROWS.c.kind == bindparam("kind"))


def of_item(session: Session, kind: str, item: Item) -> Ending:
    """Return what the end of the page that an item was read from says."""
    return judge(session, kind, item.ending) if isinstance(item, PAGES) else Ending.WHOLE


def judged(session: Session, kind: str, item: Item) -> Item:
    """Return an item, or the gap in its place if its page was cut short."""
    if of_item(session, kind, item) is not Ending.CUT:
        return item
    return Gap(reason=CUT, ending=item.ending if isinstance(item, PAGES) else None)


def learn(session: Session, kind: str, item: Item) -> None:
    """Note how a page ends that is stored or seems to be cut short, as long as the end is not known.

    Other ends count from the last page that closed its document: those before it were cut short.
    """
    ending = item.ending if isinstance(item, (*PAGES, Gap)) else None
    if ending is None:
        return
    known = _known(session, kind)
    if ending == CLOSED and known.keys() - {CLOSED}:
        session.execute(_FORGET, {"kind": kind})
    if known.get(ending, 0) >= (1 if ending == CLOSED else LEARNED):
        return
    insertion = upsert(session.get_bind().dialect.name, _ROWS)
    again = {"pages": _ROWS.c.pages + 1}
    statement = insertion.on_conflict_do_update(index_elements=[_ROWS.c.kind, _ROWS.c.ending], set_=again)
    session.execute(statement, {"kind": kind, "ending": ending, "pages": 1})
