"""Links of archived texts, as strict readers of addresses want them."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "/:@!$&'()*+,;=-._~%?"


def on_the_web(url: str) -> str | None:
    """Return an address on the web, escaped; None for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    named = parts.scheme in ("http", "https") and re.fullmatch(r"[\w.-]+", parts.hostname or "") is not None
    return escaped(url) if named else None


def escaped(url: str) -> str:
    """Escape what a URL may not hold (RFC 3986); a second # and a stray % would be errors in a book."""
    head, mark, fragment = url.partition("#")
    return quote(_STRAY.sub("%25", head), safe=_SAFE) + mark + quote(_STRAY.sub("%25", fragment), safe=_SAFE)
