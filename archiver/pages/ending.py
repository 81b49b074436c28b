"""How a page ends: this reveals a page that was cut short on its way though its framing was in order."""

from __future__ import annotations

import re

from archiver.items import CLOSED

TAIL = 4096
"""Bytes at the end of a page that are looked at; what follows `</html>` are comments and scripts of a few hundred."""

_COMMENT = re.compile(rb"<!--(?:(?!-->)[\s\S])*-->\s*\Z")
_TAGS = re.compile(rb"(?:</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>\s*){1,2}\Z")
_NAME = re.compile(rb"</?[A-Za-z][A-Za-z0-9]*")


def ending_of(body: bytes) -> str:
    """Return how a page ends: `</html>`, or else the last one or two tags; empty when it ends within text or a tag.

    Attributes and what differs from load to load, such as a comment with the time, are left out.
    """
    tail = body[-TAIL:].replace(b"\0", b"").rstrip()  # in UTF-16 every other byte is zero
    if CLOSED.encode() in tail.lower().replace(b" ", b""):
        return CLOSED
    while comment := _COMMENT.search(tail):
        tail = tail[: comment.start()].rstrip()
    tags = _TAGS.search(tail)
    return "".join(name.decode("ascii").lower() + ">" for name in _NAME.findall(tags[0])) if tags else ""
