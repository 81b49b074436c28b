"""Templates filled in: what every page shares, and how times and sizes are written."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from archiver.urls import LARGEST_POST
from archiver.web.reader import look, markup, sentences, words
from archiver.web.reader.desk import Missing, desk


def page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Return a page on a blog, made from a template."""
    chosen = words.chosen(request)
    here = desk(request)
    of_blog = {
        "root": here.root,
        "replay": here.replay_port is not None,
        "own": here.own,
        "static": here.static,
        "invitation": "Search posts and formulas" if here.static else "Search posts, comments and formulas",
        "blog": here.site.origin,
        "post_url": here.site.post_url,
        "blog_title": words.title(here.site.profile.titles, chosen),
        "blog_titles": here.site.profile.titles,
        "tongue": here.site.profile.tongue,
        "sign": look.sign(here.site.profile),
        "blog_name": here.site.profile.name,
    }
    return filled(request, name, status, **{**of_blog, **values})


def filled(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Return a page made from a template; `root` among the values is the path below which its own links lead."""
    chosen = words.chosen(request)
    common = {
        "t": words.translator(chosen),
        "language": chosen,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "path": request.url.path,
        "line": markup.line,
        "static": None,
        "invitation": "Search posts, comments and formulas",
        "said": partial(sentences.said, language=chosen),
    }
    html = _environment().get_template(name).render({**common, **values})
    # Archived text may hold half a character; a page must not fail because of it.
    return HTMLResponse(html.encode("utf-8", "replace"), status, headers={"Vary": "Accept-Language, Cookie"})


def number_in(request: Request) -> int:
    """Return the number in an address.

    Raises Missing when nothing in the archive can have it.
    """
    number = int(request.path_params["id"])
    if number > LARGEST_POST:
        raise Missing("page")
    return number


def problem(request: Request, status: int, heading: str, detail: str, **values: Any) -> Response:
    """Return the page for an error."""
    return page(request, "problem.html", status, **{"url": None, "gap": None, **values}, heading=heading, detail=detail)


def in_language(request: Request, front: str) -> Response | None:
    """Keep the language an address names in a cookie and redirect back, or to the front; None for another language."""
    chosen = str(request.path_params["language"])
    if chosen not in words.LANGUAGES:
        return None
    back = request.query_params.get("back", front)
    answer = RedirectResponse(local(back, front), 303)
    answer.set_cookie(words.COOKIE, chosen, max_age=365 * 86400, samesite="strict", httponly=True)
    return answer


def local(target: str, otherwise: str) -> str:
    """Return a target that is a path of this server: two slashes, or a backslash, would name another one."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if inside else otherwise


def _day(moment: str | None) -> str:
    return (moment or "")[:10]


def _minute(moment: str | None) -> str:
    return (moment or "").replace("T", " ").removesuffix("Z")[:16]


def _moment(moment: str | None) -> str:
    """Return a time as in addresses, digits alone as web archives write it."""
    return re.sub(r"\D", "", moment or "")


def _size(size: int) -> str:
    number = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError


def _path(text: object) -> str:
    """Return a text as part of an address."""
    return quote(str(text), safe="")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(day=_day, minute=_minute, moment=_moment, size=_size, path=_path)
    return environment
