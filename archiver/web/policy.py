"""What goes out with an archived answer: which of its headers, and what keeps its scripts inside the archive."""

from __future__ import annotations

import re

from archiver.web.exchange import RecordedResponse

PASSED = ("Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Last-Modified")
"""Headers that go out as recorded. All others were for the connection, the cache or the browser's memory of the blog:
cookies, HSTS, the blog's own policies, reports, preloads and refreshes, which would reach or bind the live web."""

_SCRIPT = "'self' 'unsafe-inline' 'unsafe-eval'"  # MathJax 2.7.9 evaluates the page's configuration (measured)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        # An origin of its own for every page: no storage, no cookies, no service worker, no access to another page.
        # Links that open a window need popups, which inherit all this.
        "sandbox allow-scripts allow-popups",
        "default-src 'none'",
        f"script-src {_SCRIPT}",
        "style-src 'self' 'unsafe-inline'",  # MathJax sizes everything it draws
        "img-src 'self' data:",
        "font-src 'self' data:",
        "media-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "manifest-src 'none'",
        "worker-src 'none'",
        "object-src 'none'",
        "form-action 'none'",
        "base-uri 'self'",
        "webrtc 'block'",  # where it is known; Chromium 156 sends a datagram all the same (measured)
    )
)
"""For archived answers."""

OWN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
"""For pages of ours, which have no scripts."""

ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # What a Content-Security-Policy cannot stop: navigation by script, WebRTC, connections ahead of need. Chromium
    # knows this header (measured with 156). Redirects may pass, as all of ours lead into the archive.
    ("Connection-Allowlist", "(response-origin); redirects=allow"),
    # Another date, another capture: the browser must not answer from its cache.
    ("Cache-Control", "no-cache"),
)
"""With every answer."""

_REQUISITE = re.compile(
    r"font/|text/css|(?:application|text)/(?:(?:x-)?(?:java|ecma)script|(?:x-)?font)", re.IGNORECASE
)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:\?|$)", re.IGNORECASE)
_BROKEN = re.compile(rb"[\x00\r\n]")


def passed(exchange: RecordedResponse, *, coded: bool) -> list[tuple[str, str]]:
    """Return the recorded headers that go out; `coded` says whether the body still has its content coding."""
    found = [(name, exchange.headers.get(name.lower().encode())) for name in PASSED]
    return [
        (name, value.decode("latin-1"))
        for name, value in found
        if value is not None and not _BROKEN.search(value) and (coded or name != "Content-Encoding")
    ]


def reason(exchange: RecordedResponse) -> bytes | None:
    """Return the recorded reason phrase; None when it would break the start line."""
    return None if _BROKEN.search(exchange.reason) else exchange.reason


def cors(url: str, content_type: str, origin: str | None) -> tuple[tuple[str, str], ...]:
    """Return what lets a page in its sandbox use fonts, styles and scripts of the archive.

    Such a page has no origin, so its own fonts count as foreign. Pages themselves stay unreadable to it.
    """
    if origin == "null" and (_REQUISITE.match(content_type) or _FONT.search(url)):
        return (("Access-Control-Allow-Origin", "null"), ("Vary", "Origin"))
    return ()
