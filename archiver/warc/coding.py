"""Content codings of HTTP (RFC 9110, section 8.4.1): gzip, deflate, br and zstd, with a bound on the result."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from archiver import errors

_MOST_CODINGS = 8  # of one body: servers apply one, curl undoes five
ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""The beginning of a Zstandard frame: RFC 8878, section 3.1.1."""

_ALIAS = "x-gzip"  # of gzip: section 8.4.1.3
_PIECE = 4096  # bytes fed at once: a broken stream loses at most what its last piece would have given


class _Decoder(NamedTuple):
    """One coding of one body."""

    step: Callable[[bytes, int], bytes]
    """Feeds a piece, returns at most so many bytes of result."""
    ended: Callable[[], bool]
    """Whether the stream has ended, with correct checksums."""


class ContentTooLarge(errors.ArchiverError):
    """A body decodes to more than the caller is willing to hold in memory."""


def decode(entity: bytes, codings: Sequence[str], max_size: int) -> bytes:
    """Undo the content codings of a body, listed in the order the server applied them.

    A truncated stream gives what could be decoded, as in browsers. A body that is not in the coding it claims,
    in one that is unknown (br without the package brotli, zstd without backports.zstd before Python 3.14), or in more
    than any server applies, comes back as it is.

    Raises ContentTooLarge when the result would exceed `max_size` bytes.
    """
    return undo(entity, codings, max_size)[0]


def undo(entity: bytes, codings: Sequence[str], max_size: int) -> tuple[bytes, bool]:
    """Return what `decode` does, and whether the codings end in order, with their trailers and checksums.

    A body that is not in the coding it claims, or in an unknown one, has no recognisable end. Raises ContentTooLarge as
    `decode` does.
    """
    whole = True
    for coding in reversed(codings) if len(codings) <= _MOST_CODINGS else ():
        if not entity:
            break
        entity, ended = _undone(coding, entity, max_size)
        whole = whole and ended
        if len(entity) > max_size:
            raise ContentTooLarge(
                f"expected at most {max_size} bytes of content after undoing {coding}, found more; "
                "raise the limit if the page is worth it"
            )
    return entity, whole


def accepted() -> str:
    """Return the codings that can be undone here, as in Accept-Encoding (RFC 9110, section 12.5.3)."""
    return ", ".join(name for name, (start, *_) in _DECODERS.items() if name != _ALIAS and start() is not None)


def fits(entity: bytes, coding: str) -> bool:
    """Return whether a body begins like one in this content coding; True for an unknown coding."""
    known = [start for start in _DECODERS.get(coding, ()) if start() is not None]
    return not entity or not known or any(_run(start, entity[:_PIECE], _PIECE) is not None for start in known)


def _undone(coding: str, entity: bytes, max_size: int) -> tuple[bytes, bool]:
    """Return a body without a coding, and whether that ended in order."""
    for start in _DECODERS.get(coding, ()):
        undone = _run(start, entity, max_size)
        if undone is not None:
            return undone
    return entity, True


def _run(
    start: Callable[[], _Decoder | None], data: bytes, limit: int, piece: int = _PIECE
) -> tuple[bytes, bool] | None:
    """Return the result, at most a little over `limit`, and whether that was all of it, in order.

    None when nothing comes before a fault, or the coding is unknown.
    """
    decoder = start()
    if decoder is None:
        return None
    out = bytearray()
    try:
        for place in range(0, len(data), piece):
            out += decoder.step(data[place : place + piece], limit + 1 - len(out))
            if len(out) > limit:
                return bytes(out), True
        return bytes(out), decoder.ended()
    except Exception:  # the codecs' errors share no other base
        if out:
            return bytes(out), False
        # All of a short stream is in its first piece, the fault in its trailer too.
        return _run(start, data[:_PIECE], limit, piece=1) if piece > 1 else None


def _streams(start: Callable[[], Any], magic: bytes = b"") -> _Decoder:
    """Return a decoder of streams that follow one another, each beginning with `magic`; the rest is padding."""
    decoder = start()

    def step(piece: bytes, most: int) -> bytes:
        nonlocal decoder
        out = b""
        while piece and len(out) < most:
            if decoder.eof:
                if not magic or not piece.startswith(magic[: len(piece)]):
                    break
                decoder = start()
            out += decoder.decompress(piece, most - len(out))
            piece = decoder.unused_data if decoder.eof else b""
        return out

    return _Decoder(step, lambda: bool(decoder.eof))


def _gzip() -> _Decoder:
    return _streams(lambda: zlib.decompressobj(wbits=31), b"\x1f\x8b")


def _deflate(wbits: int) -> _Decoder:
    return _streams(lambda: zlib.decompressobj(wbits))


def _brotli() -> _Decoder | None:
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        return None
    decoder = brotli.Decompressor()
    return _Decoder(
        lambda piece, most: bytes(decoder.process(piece, output_buffer_limit=most)),
        lambda: bool(decoder.is_finished()),
    )


def zstandard() -> Any:
    """Return the module that reads Zstandard, Python's own or its backport; None when there is neither."""
    for module in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    return None


def _zstd() -> _Decoder | None:
    module = zstandard()
    return _streams(module.ZstdDecompressor, ZSTANDARD) if module else None


# `deflate` is zlib's format by the standard and raw deflate on some servers: the first that works.
_DECODERS: dict[str, tuple[Callable[[], _Decoder | None], ...]] = {
    "gzip": (_gzip,),
    _ALIAS: (_gzip,),
    "deflate": (lambda: _deflate(zlib.MAX_WBITS), lambda: _deflate(-zlib.MAX_WBITS)),
    "br": (_brotli,),
    "zstd": (_zstd,),
}
