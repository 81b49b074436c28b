"""The icon of a site as PNG, for programs that take no SVG: a page of writing on the blog's colour."""

from __future__ import annotations

import struct
import zlib
from functools import cache

_CORNER = 0.2
_LINES = ((0.26, 0.74), (0.42, 0.74), (0.58, 0.74), (0.74, 0.54))
"""The lines of writing: their middle from above, and their end, as fractions of the side."""
_BEGIN, _THICK = 0.26, 0.07
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PAPER = bytes((251, 250, 246))


@cache
def draw(colour: str, side: int) -> bytes:
    """Return a square of so many pixels, in a colour such as `#20446b`."""
    ground = bytes.fromhex(colour[1:])
    rows = b"".join(
        b"\0" + b"".join(_pixel((x + 0.5) / side, (y + 0.5) / side, ground) for x in range(side)) for y in range(side)
    )
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)  # eight bits of red, green, blue and opacity
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _pixel(x: float, y: float, ground: bytes) -> bytes:
    across, down = (max(_CORNER - at, at - (1 - _CORNER), 0.0) for at in (x, y))
    if across**2 + down**2 > _CORNER**2:
        return b"\0\0\0\0"
    written = any(abs(y - middle) < _THICK / 2 and _BEGIN <= x <= end for middle, end in _LINES)
    return (_PAPER if written else ground) + b"\xff"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
