"""Pictures whose bytes are in a page itself, as `data:` addresses (RFC 2397)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from archiver.items import EmbeddedPicture
from archiver.media import SVG, digest_url, encoded, picture_type

_ADDRESS = re.compile(r"ni:///sha-256;[\w-]{43}", re.ASCII)
_SPACE = re.compile(rb"[ \t\n\r\f]+")
_DRAWS = re.compile(rb"<(?:[\w.-]+:)?(?:circle|ellipse|foreignObject|image|line|path|poly\w+|rect|text|use)\b", re.I)
_DOT = 2
"""Pixels of the longer side; there is nothing to see in a picture so small."""


def is_data(address: str) -> bool:
    """Return whether an address holds the data itself."""
    return address.lstrip()[:5].lower() == "data:"


def picture(address: str) -> EmbeddedPicture | None:
    """Return the picture in a `data:` address; None if it is broken, empty or not a picture.

    Empty ones are placeholders for pictures that a script loads. The bytes are never more than the characters.
    """
    head, comma, body = address.strip().partition(",")
    claimed, *settings = (part.strip().lower() for part in head[5:].split(";"))
    if not comma or not claimed.startswith("image/"):
        return None
    data = unquote_to_bytes(re.sub(r"[\t\n\r]", "", body))
    if "base64" in settings:
        data = _decoded(data)
    kind = picture_type(data, claimed)
    if kind is None or _is_blank(data, kind):
        return None
    return EmbeddedPicture(url=digest_url(data), media_type=kind, data=data)


def data_url(media_type: str, data: bytes) -> str:
    """Return the `data:` address of a picture."""
    return f"data:{media_type};base64,{encoded(data)}"


def retarget(markdown: str, targets: Mapping[str, str]) -> str:
    """Return Markdown with new addresses for the pictures that are in a page: no text holds an old one by chance."""
    return _ADDRESS.sub(lambda found: targets.get(found[0], found[0]), markdown)


def shown(markdown: str) -> list[str]:
    """Return the addresses of those pictures in Markdown, each once."""
    return list(dict.fromkeys(_ADDRESS.findall(markdown)))


def _decoded(body: bytes) -> bytes:
    """Decode base64 as forgivingly as browsers do: spaces, and a missing end, are no error."""
    signs = _SPACE.sub(b"", body.partition(b"#")[0]).rstrip(b"=")
    try:
        return base64.b64decode(signs + b"=" * (-len(signs) % 4), validate=True)
    except binascii.Error:
        return b""


def _is_blank(data: bytes, kind: str) -> bool:
    if kind == SVG:
        return _DRAWS.search(data) is None
    if kind == "image/gif":
        sides = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    elif kind == "image/png":
        sides = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    else:
        return False
    return max(sides) <= _DOT
