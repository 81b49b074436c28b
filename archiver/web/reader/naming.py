"""The pages about what formulas name: each label and each macro, and where to find them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.web.reader import markup, notation, parameters, searching
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.view import number_in, page

_PER_PAGE = 100
_PARAMETERS = (
    Parameter("q", "a part of the name", default="", most=200),
    Parameter("page", "number of the page", int, default=1, least=1, most=10_000),
)


def labels(request: Request) -> Response:
    """List the labels of all posts."""
    return _listed(request, "labels.html", notation.labels(desk(request).pool))


def label(request: Request) -> Response:
    """Show the equation with a label: where it is, what refers to it, and where it recurs."""
    here = desk(request)
    number, name = number_in(request), str(request.path_params["name"])
    row = here.queries.post(number)
    found = [each for each in notation.equations(here.pool, number) if each.label == name] if row else []
    if row is None or not found:
        raise Missing(f"equation {name} of post {number}")
    headings = markup.post(row["markdown"], here.site, here.root).headings
    numbers = notation.numbers(here.pool, number)
    posts, remarks = notation.linking(here.pool, number, row["url"], name)
    return page(
        request,
        "label.html",
        post=row,
        equation=found[0],
        shown=markup.formula(notation.unnumbered(found[0].tex)),
        section=notation.section(row["markdown"], name, headings),
        mentions=notation.mentions(row["markdown"], name, headings, numbers),
        answers=notation.remarks(here.pool, number, name, numbers),
        linking=posts,
        remarks=remarks,
        same=notation.same(here.pool, number, found[0].tex),
        sought=notation.sought(found[0].tex),
        macros=searching.macros(here.pool.tuples(searching.DEFINING, {"post": number, "page": None})),
        others=[each for each in notation.equations(here.pool, number) if each.label != name],
    )


def macros(request: Request) -> Response:
    """List the macros that posts define."""
    return _listed(request, "macros.html", notation.all_macros(desk(request).pool))


def macro(request: Request) -> Response:
    """Show a macro: how posts define it, and formulas in which they use it."""
    here = desk(request)
    name = str(request.path_params["name"])
    found = notation.all_macros(here.pool).get(name)
    if found is None:
        raise Missing(f"macro {name}")
    used = notation.uses(here.pool, name)
    times = notation.times(used)
    posts = {post: None for each in found for post in each.posts}
    return page(
        request,
        "macro.html",
        macro=name,
        definitions=found,
        times=times,
        posts=_titles(request, posts),
        examples=[
            (
                post,
                markup.formula(tex),
                searching.macros(here.pool.tuples(searching.DEFINING, {"post": post, "page": None})),
            )
            for post, tex in notation.examples(used)
        ],
    )


def _listed(request: Request, template: str, every: dict[str, Any]) -> Response:
    asked = parameters.read(request, _PARAMETERS)
    found = [(name, each) for name, each in every.items() if asked["q"].strip("\\").casefold() in name.casefold()]
    first = (asked["page"] - 1) * _PER_PAGE
    shown = found[first : first + _PER_PAGE]
    if asked["page"] > 1 and not shown:
        raise Missing("page")
    numbers = {post for _, each in shown for one in each for post in (one.posts if hasattr(one, "posts") else (one,))}
    return page(
        request,
        template,
        shown=shown,
        total=len(found),
        q=asked["q"],
        number=asked["page"],
        pages=-(-len(found) // _PER_PAGE),
        titles=_titles(request, numbers),
    )


def _titles(request: Request, numbers: Any) -> dict[int, Any]:
    return {row["id"]: row for row in desk(request).queries.named(numbers)}


ROUTES = [
    Route("/labels", labels, methods=["GET"]),
    Route("/posts/{id:int}/labels/{name:path}", label, methods=["GET"]),
    Route("/macros", macros, methods=["GET"]),
    Route("/macros/{name}", macro, methods=["GET"]),
]
