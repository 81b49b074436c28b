"""One's own page: where to read on, the reading list, favourites, notes; and the forms that keep these."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver.clock import timestamp
from archiver.errors import UsageError
from archiver.store.own import Listed, Mark, Note, Own, ReadingPosition
from archiver.store.pool import Row
from archiver.web.reader import highlights, parameters, view
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.queries import ReaderQueries

_LARGEST_FORM = 1_000_000  # bytes: a Chinese character takes nine
_LONGEST_NOTE = 50_000  # characters
_LONGEST_TAG = 100
_RECENT = 30

_ON = Parameter("on", "1 to keep it, 0 to forget it", bool, default=True)
_PLACE = (
    Parameter("anchor", "the anchor of a heading", default="", most=500),
    Parameter("block", "how many blocks after the heading", int, default=0, most=1_000_000),
    Parameter("share", "how much of the text is before it, in percent", int, default=0, most=100),
)
_SOUGHT = (
    Parameter("q", "words of notes or tags", default="", most=1_000),
    Parameter("tag", "one of one's own tags", most=_LONGEST_TAG),
)
_NOTE = (
    Parameter("text", "a note", default="", most=_LONGEST_NOTE),
    Parameter("tags", "tags with commas between them", default="", most=_LONGEST_NOTE),
)
_WAY = Parameter("way", "up or down", required=True, choices=("up", "down"))
_AFTER = Parameter("after", "number of a post", int, most=10**10)

Form = dict[str, str]
Keep = Callable[[Desk, Own, int, Form], None]
"""Keeps what a form says about the post, series or topic with a number."""


def overview(request: Request) -> Response:
    """Show what is kept, or the notes that a search finds or that have a tag."""
    here = desk(request)
    asked = parameters.read(request, _SOUGHT)
    notes = sorted(_own(here).notes().values(), key=lambda note: note.changed_at, reverse=True)
    found = [note for note in notes if note.matches(asked["q"].split()) and asked["tag"] in (None, *note.tags)]
    titles = {row["id"]: row for row in here.queries.named(note.post_id for note in found)}
    marks = list(_own(here).marks().values())
    return view.page(
        request,
        "own.html",
        stopped=_posts(here, marks, "stopped_at"),
        listed=_listed(here),
        asked=asked,
        highlights=[] if asked["tag"] else highlights.sought(here, asked["q"].split()),
        notes=[(note, titles.get(note.post_id)) for note in found],
        tags=Counter(tag for note in notes for tag in note.tags).most_common(),
        marks={mark.post_id: mark for mark in marks},
        favourites=_posts(here, marks, "favourite_at"),
        finished=_posts(here, marks, "read_at")[:_RECENT],
        read=sum(mark.read_at is not None for mark in marks),
    )


def unread(request: Request) -> Response:
    """Redirect to the next unread post, from new to old; after the oldest comes the newest."""
    here = desk(request)
    after = parameters.read(request, [_AFTER])["after"]
    read = {number for number, mark in _own(here).marks().items() if mark.read_at}
    numbers = here.queries.numbers()
    at = numbers.index(after) + 1 if after in numbers else 0
    found = next((number for number in (*numbers[at:], *numbers[:at]) if number not in read and number != after), None)
    return RedirectResponse(f"{here.root}/own" if found is None else f"{here.root}/posts/{found}", 303)


def _favour(own: Own, post: Row, form: Form) -> None:
    own.favour(post["id"], post["url"], _values(form, _ON)["on"])


def _read(own: Own, post: Row, form: Form) -> None:
    own.read(post["id"], post["url"], _values(form, _ON)["on"])


def _stop(own: Own, post: Row, form: Form) -> None:
    place = ReadingPosition(**_values(form, *_PLACE)) if _values(form, _ON)["on"] else None
    if place is not None and place.share == 100:  # the end
        own.read(post["id"], post["url"], True)
    else:
        own.stop(post["id"], post["url"], place)


def _list(own: Own, post: Row, form: Form) -> None:
    if _values(form, _ON)["on"]:
        own.enlist([Listed(post_id=post["id"], url=post["url"])])
    else:
        own.unlist(post["id"])


def _annotate(own: Own, post: Row, form: Form) -> None:
    values = _values(form, *_NOTE)
    text = values["text"].replace("\r\n", "\n").strip()
    tags = tuple(dict.fromkeys(filter(None, (" ".join(tag.split()) for tag in re.split("[,，、]", values["tags"])))))
    if any(len(tag) > _LONGEST_TAG for tag in tags):
        raise UsageError(f"tags: expected at most {_LONGEST_TAG} characters each, with commas between them")
    own.annotate(Note(post_id=post["id"], url=post["url"], text=text, tags=tags, changed_at=timestamp()))


def _highlight(here: Desk, own: Own, number: int, form: Form) -> None:
    post = here.queries.post(number)
    if post is None and "key" not in form:
        raise Missing(f"post {number}")
    highlights.keep(here, own, post or {"id": number}, _values(form, *highlights.PARAMETERS))


def _move(here: Desk, own: Own, number: int, form: Form) -> None:
    del here
    own.move(number, {"up": -1, "down": 1}[_values(form, _WAY)["way"]])


def _unlist(here: Desk, own: Own, number: int, form: Form) -> None:
    del here, form  # the archive may no longer have the post
    own.unlist(number)


def _outline(parts: Callable[[ReaderQueries, int], list[Row]]) -> Keep:
    """Return the action that puts all posts of a series or topic into the reading list, in order."""

    def keep(here: Desk, own: Own, number: int, form: Form) -> None:
        del form
        held = here.queries.addresses(row["id"] for row in parts(here.queries, number))
        if not held:
            raise Missing(str(number))
        own.enlist(Listed(post_id=post, url=url) for post, url in held.items())

    return keep


def last_stop(here: Desk) -> tuple[Mark, Row | None] | None:
    """Return the post in which reading last stopped, and where."""
    found = _posts(here, list(here.own.marks().values()), "stopped_at")[:1] if here.own else []
    return found[0] if found else None


def _posts(here: Desk, marks: list[Mark], moment: str) -> list[tuple[Mark, Row | None]]:
    """Return the marks with this time set, latest first, each with its post in brief if the archive has it."""
    chosen = sorted((mark for mark in marks if getattr(mark, moment)), key=lambda mark: str(getattr(mark, moment)))
    held = {row["id"]: row for row in here.queries.named([mark.post_id for mark in chosen])}
    return [(mark, held.get(mark.post_id)) for mark in reversed(chosen)]


def _listed(here: Desk) -> list[tuple[Listed, Row | None]]:
    """Return the reading list, each with its post in brief if the archive has it."""
    listed = _own(here).reading_list()
    held = {row["id"]: row for row in here.queries.named(each.post_id for each in listed)}
    return [(each, held.get(each.post_id)) for each in listed]


def _own(here: Desk) -> Own:
    if here.own is None:
        raise Missing("page")
    return here.own


def _values(form: Form, *expected: Parameter) -> dict[str, Any]:
    return {each.name: each.read(form.get(each.name)) for each in expected}


def _of_post(keep: Callable[[Own, Row, Form], None]) -> Keep:
    """Return the action that keeps something about a post that the archive has."""

    def kept(here: Desk, own: Own, number: int, form: Form) -> None:
        post = here.queries.post(number)
        if post is None:
            raise Missing(f"post {number}")
        keep(own, post, form)

    return kept


def _kept(keep: Keep) -> Callable[[Request], Any]:
    """Return what answers a form: it redirects back to where the form says."""

    def answer(request: Request, form: Form) -> Response:
        here = desk(request)
        keep(here, _own(here), view.number_in(request), form)
        back = form.get("back")
        if back is None:
            return Response(status_code=204)
        return RedirectResponse(view.local(back, f"{here.root}/own"), 303)

    async def respond(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await _form(request))

    return respond


async def _form(request: Request) -> Form:
    """Return the fields of a form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


ROUTES = [
    Route("/own", overview, methods=["GET"]),
    Route("/own/unread", unread, methods=["GET"]),
    *(
        Route(f"/own/{path}", _kept(keep), methods=["POST"])
        for path, keep in (
            ("posts/{id:int}/favourite", _of_post(_favour)),
            ("posts/{id:int}/read", _of_post(_read)),
            ("posts/{id:int}/place", _of_post(_stop)),
            ("posts/{id:int}/list", _of_post(_list)),
            ("posts/{id:int}/note", _of_post(_annotate)),
            ("posts/{id:int}/highlights", _highlight),
            ("list/{id:int}/move", _move),
            ("list/{id:int}/remove", _unlist),
            ("topics/{id:int}/list", _outline(ReaderQueries.outline)),
            ("series/{id:int}/list", _outline(ReaderQueries.parts)),
        )
    ),
]
