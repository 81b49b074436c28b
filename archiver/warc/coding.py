"""Content codings of HTTP (RFC 9110, section 8.4.1): gzip, deflate, br and zstd, with a bound on the result."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Sequence

from archiver import errors

_PIECE = 4096  # bytes fed at once: a stream that breaks loses at most what its last piece would have given

_Step = Callable[[bytes, int], bytes]  # feeds a piece, returns at most so many bytes of result


class ContentTooLarge(errors.ArchiverError):
    """A body decodes to more than the caller is willing to hold in memory."""


def decode(entity: bytes, codings: Sequence[str], max_size: int) -> bytes:
    """Undo the content codings of a body, listed in the order the server applied them.

    A stream that breaks off gives what could be decoded, as browsers do. A body that is not in the coding it claims,
    or in one that is unknown (br without the package brotli, zstd without backports.zstd before Python 3.14), comes
    back as it is.

    Raises ContentTooLarge when the result would exceed `max_size` bytes.
    """
    for coding in reversed(codings):
        entity = _decoded(coding, entity, max_size)
        if len(entity) > max_size:
            raise ContentTooLarge(
                f"expected at most {max_size} bytes of content after undoing {coding}, found more; "
                "raise the limit if the page is worth it"
            )
    return entity


def _decoded(coding: str, entity: bytes, max_size: int) -> bytes:
    for start in _DECODERS.get(coding, ()):
        step = start()
        decoded = _run(step, entity, max_size) if step else None
        if decoded is not None:
            return decoded
    return entity


def _run(step: _Step, data: bytes, limit: int) -> bytes | None:
    """Return what comes out, at most a little over `limit`; None when the first thing that comes is a fault."""
    out = bytearray()
    try:
        for start in range(0, len(data), _PIECE):
            out += step(data[start : start + _PIECE], limit + 1 - len(out))
            if len(out) > limit:
                break
    except Exception:  # the codecs' errors share no other base
        return bytes(out) or None
    return bytes(out)


def _gzip() -> _Step:
    decoder = zlib.decompressobj(wbits=31)

    def step(piece: bytes, most: int) -> bytes:
        nonlocal decoder
        out = decoder.decompress(piece, most)
        while decoder.eof and decoder.unused_data and len(out) < most:  # a further member
            rest, decoder = decoder.unused_data, zlib.decompressobj(wbits=31)
            try:
                out += decoder.decompress(rest, most - len(out))
            except zlib.error:  # something else follows, for example padding
                return out
        return out

    return step


def _deflate(wbits: int) -> _Step:
    return zlib.decompressobj(wbits).decompress


def _brotli() -> _Step | None:
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        return None
    decoder = brotli.Decompressor()
    return lambda piece, most: bytes(decoder.process(piece, output_buffer_limit=most))


def _zstd() -> _Step | None:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            decoder = importlib.import_module(module).ZstdDecompressor()
        except ImportError:
            continue
        return lambda piece, most: bytes(decoder.decompress(piece, most))
    return None


# `deflate` is zlib's format by the standard and bare deflate by the habit of some servers: the first that works.
_DECODERS: dict[str, tuple[Callable[[], _Step | None], ...]] = {
    "gzip": (_gzip,),
    "x-gzip": (_gzip,),
    "deflate": (lambda: _deflate(zlib.MAX_WBITS), lambda: _deflate(-zlib.MAX_WBITS)),
    "br": (_brotli,),
    "zstd": (_zstd,),
}
