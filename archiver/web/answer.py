"""How a capture goes out: its body, with links led back into the archive, and headers that say which capture it is."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from archiver.store.timeline import StoredCapture
from archiver.web import notices, policy
from archiver.web.conditions import FRAGMENT
from archiver.web.exchange import RecordedResponse
from archiver.web.messages import Request, Response
from archiver.web.moment import ReplayAddress, digits_of, http_date
from archiver.web.rewriter import Rewriter

HTML = ("text/html", "application/xhtml+xml")
"""Media types of pages."""

_CSS = "text/css"
_IN_LOCATION = "/:?#[]@!$&'()*+,;=%-._~"
_OWN_TYPE = ("Content-Type", "text/html; charset=utf-8")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownCapture:
    """A capture to be shown, and how it was requested."""

    held: StoredCapture
    exchange: RecordedResponse
    view: ReplayAddress
    negotiated: bool
    """Whether the address named no date, so that Accept-Datetime may (RFC 7089, section 4.1.2)."""


def answer(request: Request, shown: ShownCapture, rewriter: Rewriter) -> Response:
    """Return a capture as the answer to a request: status and reason as recorded, the body perhaps rewritten."""
    held, exchange = shown.held, shown.exchange
    location = exchange.location
    inside = _inside(held, location, shown.view, rewriter) if location else None
    outside = location.decode("utf-8", "replace") if location and not inside else None
    if outside is not None and not shown.view.raw:
        body, headers = notices.leaving(held.url, outside), [_OWN_TYPE]
    else:
        body, coded = _body(request, shown, rewriter)
        headers = policy.passed(exchange, coded=coded)
    if inside:
        headers.append(("Location", inside))
    elif outside is not None:  # the status stays; without a Location no browser goes anywhere
        headers.append(("X-Archive-Location", _printable(outside)))
    headers += _identity(held, exchange.fragment) + _memento(request, shown) + _vary(shown)
    headers += policy.cors(held.url, held.content_type, request.headers.get("origin"))
    headers += [("Content-Security-Policy", policy.CONTENT_SECURITY_POLICY), *policy.ALWAYS]
    return Response(exchange.status, tuple(headers), body, policy.reason(exchange))


def memento_url(request: Request, held: StoredCapture) -> str:
    """Return the address of exactly this capture."""
    return f"{request.origin}/@{digits_of(held.fetched_at)}{notices.path_of(held.url)}"


def _body(request: Request, shown: ShownCapture, rewriter: Rewriter) -> tuple[bytes, bool]:
    """Return the body to send, and whether it still has its content coding."""
    exchange, view = shown.exchange, shown.view
    codings = exchange.codings
    if view.raw:
        return exchange.entity, True
    led = _led_back(shown, rewriter)
    acceptable = _accepts(request, codings)
    if led is not None:
        packed = acceptable and codings in (["gzip"], ["x-gzip"])
        return (gzip.compress(led, 1, mtime=0), True) if packed else (led, not codings)
    if codings and (not acceptable or shown.held.truncated):  # half a stream is shown as nothing
        return exchange.decoded(), False
    return exchange.entity, True


def _led_back(shown: ShownCapture, rewriter: Rewriter) -> bytes | None:
    """Return a page or style sheet with its links led back into the archive; None when that changes nothing."""
    exchange, view = shown.exchange, shown.view
    kind = exchange.headers.get(b"content-type", b"").decode("latin-1").lower()
    rewrite = rewriter.html if kind.startswith(HTML) else rewriter.css if kind.startswith(_CSS) else None
    if rewrite is None:
        return None
    content = exchange.decoded()
    if exchange.codings and content is exchange.entity:  # a coding that is unknown, or not the one it is said to be
        return None
    led = rewrite(content, view.prefix, view.path.partition("?")[0].count("/") - 1)
    return led if led != content else None


def _accepts(request: Request, codings: list[str]) -> bool:
    """Return whether the client takes a body in these codings (RFC 9110, section 12.5.3)."""
    wished = request.headers.get("accept-encoding")
    if wished is None:
        return True
    taken = set()
    for part in wished.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            taken.add(name.strip().removeprefix("x-"))
    return "*" in taken or all(coding.removeprefix("x-") in taken for coding in codings)


def _inside(held: StoredCapture, location: bytes, view: ReplayAddress, rewriter: Rewriter) -> str | None:
    """Return where in the archive a redirect leads; None when it leaves the blog."""
    try:
        parts = urlsplit(urljoin(held.target_uri, location.decode("utf-8", "replace")))
        if parts.scheme not in ("http", "https") or not (
            parts.hostname in rewriter.names or parts.netloc in rewriter.hosts
        ):
            return None
    except ValueError:
        return None
    path = parts.path or "/"
    path = f"/.{path}" if path.startswith("//") else path  # two slashes would name another host
    path += (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    return (f"/@{view.digits}id_" if view.raw else view.prefix) + quote(path, safe=_IN_LOCATION)


def _identity(held: StoredCapture, fragment: str | None) -> Headers:
    """Return the headers that say which capture this is, and why it is less than the whole if it is."""
    cut = held.truncated or fragment
    headers = [("X-Archive-Capture", str(held.id)), ("X-Archive-Url", _printable(held.target_uri))]
    return headers + ([(FRAGMENT, _printable(cut))] if cut else [])


def _memento(request: Request, shown: ShownCapture) -> Headers:
    """Return the headers of RFC 7089: when this was so, the original, where to ask for other times."""
    held = shown.held
    path = notices.path_of(held.url)
    this = memento_url(request, held)
    date = http_date(held.fetched_at)
    links = (
        f'<{held.url}>; rel="original"',
        f'<{request.origin}{path}>; rel="timegate"',
        f'<{request.origin}/@link{path}>; rel="timemap"; type="application/link-format"',
        f'<{this}>; rel="memento"; datetime="{date}"',
    )
    headers = [("Memento-Datetime", date), ("Link", ", ".join(links))]
    return headers + ([("Vary", "Accept-Datetime"), ("Content-Location", this)] if shown.negotiated else [])


def _vary(shown: ShownCapture) -> Headers:
    """Return the header that names what the choice of the body's coding depended on."""
    return [("Vary", "Accept-Encoding")] if shown.exchange.codings and not shown.view.raw else []


def _printable(text: str) -> str:
    return quote(text, safe=_IN_LOCATION + " ")
