"""The type of a picture, by its bytes: servers and pages misname pictures, and call errors pictures."""

from __future__ import annotations

import base64
import hashlib

SVG = "image/svg+xml"

MOST_TRIES = 8
"""Captures of an address that are looked at for one that is a picture."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"BM", 0, "image/bmp"),
    (b"\x00\x00\x01\x00", 0, "image/x-icon"),
)
SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    SVG: ".svg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/x-icon": ".ico",
}
"""Of files, by media type."""
_HEAD = 4096  # bytes in which a drawing begins, after a prologue and comments


def picture_type(data: bytes, claimed: str) -> str | None:
    """Return the media type of a picture; None if it is not one.

    `claimed` is what its server or page calls it: only a drawing has no mark of its own.
    """
    for signature, place, kind in _SIGNATURES:
        if data.startswith(signature, place):
            return kind
    return SVG if claimed.strip().lower().startswith(SVG) and b"<svg" in data[:_HEAD].lower() else None


def encoded(data: bytes) -> str:
    """Return bytes as base64, as JSON and `data:` addresses hold them."""
    return base64.b64encode(data).decode()


def digest_url(data: bytes) -> str:
    """Return the address of bytes that have no other one: `ni:///sha-256;` and their digest (RFC 6920)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def is_digest(url: str) -> bool:
    """Return whether an address is one by digest: nobody can be asked for it."""
    return url.startswith("ni:///")
