"""What a request asks of an answer beyond its bytes: only if it changed, or only a part (RFC 9110, sections 13 and 14).

Works on answers as they go out, banner and rewritten links included, so that a validator names exactly what was sent.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from email.utils import parsedate_to_datetime

from archiver.web.messages import Request, Response

FRAGMENT = "X-Archive-Truncated"
"""Header of an incomplete answer: nobody knows where its bytes were, so no range of it is given."""

_RANGE = re.compile(r"bytes=[ \t]*(\d{1,1000})?-(\d{1,1000})?[ \t]*", re.IGNORECASE)
_KEPT = frozenset({"content-location", "content-security-policy"})


def conditioned(request: Request, response: Response) -> Response:
    """Return a 200 answer with its validators, or what the request's conditions turn it into: 304, 206 or 416.

    Several ranges in one request are answered with the whole, as section 14.2 allows.
    """
    if response.status != 200 or request.method not in ("GET", "HEAD"):
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    whole = FRAGMENT not in dict(response.headers)
    headers = (*response.headers, ("ETag", tag), ("Accept-Ranges", "bytes" if whole else "none"))
    response = replace(response, headers=headers)
    if _is_known(request, tag, response.header("last-modified")):
        return Response(304, tuple(each for each in headers if _describes_the_answer(each[0])), b"")
    wished = request.headers.get("range")
    if not wished or not whole or request.method == "HEAD" or not _may_be_part(request, response, tag):
        return response
    return _part(wished, response)


def _describes_the_answer(name: str) -> bool:
    """Return whether a header belongs in a 304: none that describes a body does (section 15.4.5)."""
    return not name.lower().startswith("content-") or name.lower() in _KEPT


def _is_known(request: Request, tag: str, modified: str | None) -> bool:
    """Return whether the client has this answer; a tag counts more than a date (section 13.2.2)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}
    since = _seconds(request.headers.get("if-modified-since"))
    changed = _seconds(modified)
    return since is not None and changed is not None and changed <= since


def _seconds(date: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch; None if it is not one."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):
        return None


def _may_be_part(request: Request, response: Response, tag: str) -> bool:
    """Return whether the client has a part of this very answer, or does not ask (section 13.1.5)."""
    condition = request.headers.get("if-range")
    return condition is None or condition.strip() in (tag, response.header("last-modified"))


def _part(wished: str, response: Response) -> Response:
    """Return the part requested; the whole if the request is invalid or for several."""
    size = len(response.body)
    found = _RANGE.fullmatch(wished)
    if not found or not (found[1] or found[2]):
        return response
    if found[1]:
        first, last = int(found[1]), int(found[2] or size)
        if found[2] and last < first:
            return response
    else:
        first, last = max(0, size - int(found[2])), size
        if not size and int(found[2]):
            return response
    if first >= size:
        headers = tuple(each for each in response.headers if _describes_the_answer(each[0]))
        return Response(416, (*headers, ("Content-Range", f"bytes */{size}")), b"")
    last = min(last, size - 1)
    headers = (*response.headers, ("Content-Range", f"bytes {first}-{last}/{size}"))
    return Response(206, headers, response.body[first : last + 1])
