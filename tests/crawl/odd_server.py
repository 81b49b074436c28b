"""A web server on loopback that sends exactly what it is told to, and notes every byte of what it got and sent.

At the end, the odd replies themselves: what servers send that a recorder has to keep as it is.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

MOST_SENT = 64 << 20
"""A flood that nobody stops ends here, and the test with it."""

_READ_SIZE = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close() sends a reset


class End(Enum):
    """What happens to the connection when the pieces are sent."""

    KEEP = "wait for the next request"
    CLOSE = "close in order"
    RESET = "reset"
    STALL = "send nothing more, and wait for the client to hang up"
    FLOOD = "send the last piece again until the client hangs up"
    DROP_NEXT = "read one more request and close without an answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent for a path."""

    pieces: tuple[bytes, ...]
    end: End = End.KEEP
    pause: float = 0.0
    """Seconds after each piece."""


@dataclass(slots=True)
class Served:
    """One request and what was sent for it."""

    connection: int
    """Number of the connection, counted from 0."""
    request: bytes
    sent: bytearray = field(default_factory=bytearray)


class OddServer:
    """Serves replies by path (query included) while it is entered, one thread for each connection."""

    def __init__(self, replies: Mapping[str, Reply], tls: ssl.SSLContext | None = None) -> None:
        self._replies = replies
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.served: dict[str, list[Served]] = {}
        """By path, in the order they came."""

    def __enter__(self) -> Self:
        """Start to listen."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Stop to listen."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        for number in range(1 << 30):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):  # the client may leave at any time
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            with connection:
                for request in _requests(connection):
                    served = Served(number, request)
                    path = request.split(b" ", 2)[1].decode("ascii")
                    self.served.setdefault(path, []).append(served)
                    if not _answer(connection, self._replies[path], served):
                        return


def _requests(connection: socket.socket) -> Iterator[bytes]:
    data = b""
    while piece := connection.recv(_READ_SIZE):
        data += piece
        head, blank, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if blank and len(body) >= (int(length[1]) if length else 0):
            yield data
            data = b""


def _answer(connection: socket.socket, reply: Reply, served: Served) -> bool:
    """Send a reply; return whether another request may come."""
    for piece in reply.pieces:
        _send(connection, piece, served)
        time.sleep(reply.pause)
    match reply.end:
        case End.CLOSE if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()  # says that it closes, which plain close() does not
        case End.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        case End.STALL | End.DROP_NEXT:
            connection.recv(_READ_SIZE)
        case End.FLOOD:
            while len(served.sent) < MOST_SENT:
                _send(connection, reply.pieces[-1], served)
    return reply.end is End.KEEP


def _send(connection: socket.socket, piece: bytes, served: Served) -> None:
    served.sent += piece  # before it is sent: the client may have it before the call returns
    connection.sendall(piece)


# -- the replies -------------------------------------------------------------------------------------------------------


def _chunked(body: bytes, size: int = 700) -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def _reply(head: str | bytes, body: bytes = b"", end: End = End.KEEP, pause: float = 0.0) -> Reply:
    """Return a reply in one piece, from a head with plain line ends; `%d` becomes the length of the body."""
    lines = (head.encode() if isinstance(head, str) else head).replace(b"%d", b"%d" % len(body)).split(b"\n")
    return Reply((b"\r\n".join(lines) + b"\r\n\r\n" + body,), end, pause)


HTML = "<p>数学 $e^{i\\pi}+1=0$</p>".encode() * 40
PACKED = gzip.compress(HTML, mtime=0)

_OK = "HTTP/1.1 200 OK\nContent-Length: %d"
_CHUNKED = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"
_NO_LENGTH = "HTTP/1.1 200 OK"
_TOO_LONG = "HTTP/1.1 200 OK\nContent-Length: 99999"

ODD = {
    "/plain": _reply(f"{_OK}\nContent-Type: text/html", HTML),
    "/case-and-order": _reply("HTTP/1.1 200 OK\nx-zULU: 1\nCONTENT-LENGTH: %d\nServer: odd\naLPHA: 2\nx-zULU: 3", HTML),
    "/gzip": _reply(f"{_OK}\nContent-Encoding: gzip", PACKED),
    "/chunked": _reply(_CHUNKED, _chunked(HTML)),
    "/chunked-gzip": _reply(f"{_CHUNKED}\nContent-Encoding: gzip", _chunked(PACKED, 50)),
    "/two-cookies": _reply(f"{_OK}\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2; HttpOnly", HTML),
    "/latin-1": _reply(f"{_OK}\nX-Author: André".encode("latin-1"), HTML),
    "/utf-8": _reply(f"{_OK}\nX-Author: 苏剑林", HTML),
    "/reason": _reply("HTTP/1.1 200 Aye, Captain\nContent-Length: %d", HTML),
    "/no-reason": _reply("HTTP/1.1 200\nContent-Length: %d", HTML),
    "/folded": _reply(f"{_OK}\nX-Long: one\n two\n\tthree", HTML),
    "/no-colon": _reply(f"{_OK}\nthis line has no colon\nX-After: 1", HTML),
    "/spaces": _reply("HTTP/1.1 200 OK\nX-Two:  two  \nX-Tab:\tt\t\nX-None:none\nContent-Length:   %d  ", HTML),
    "/http-1.0": _reply("HTTP/1.0 200 OK\nContent-Type: text/html", HTML, End.CLOSE),
    "/query?q=%E6%95%B0&a=%20b&c=1%2F2": _reply(_OK, HTML),
    "/404": _reply("HTTP/1.1 404 Not Found\nContent-Length: %d", b"gone"),
    "/503": _reply("HTTP/1.1 503 Service Unavailable\nRetry-After: 120\nContent-Length: %d", b"later"),
    "/301": _reply("HTTP/1.1 301 Moved Permanently\nLocation: /plain\nContent-Length: %d", b"there"),
    "/204": _reply("HTTP/1.1 204 No Content\nX-Nothing: true"),
    "/empty": _reply(_OK),
    "/binary": _reply(f"{_OK}\nContent-Type: image/png", bytes(range(256)) * 300),
    "/short": _reply(_TOO_LONG, HTML, End.CLOSE),
}
"""The 22 cases recorders were compared by."""

_BYTEWISE = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
_TRAILERS = b"5;name=value\r\nhello\r\n0\r\nX-Sum: 5\r\nX-More: 6\r\n\r\n"

WHOLE = {
    "/304": _reply('HTTP/1.1 304 Not Modified\nETag: "1"\nContent-Length: 5000'),
    "/line-feeds": Reply((b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",)),
    "/trailers": _reply(f"{_CHUNKED}\nTrailer: X-Sum", _TRAILERS),
    "/bytewise": Reply(tuple(bytes([byte]) for byte in _BYTEWISE), pause=0.001),
    "/until-close": Reply((b"HTTP/1.1 200 OK\r\n\r\n", HTML, HTML), End.CLOSE, pause=0.05),
    "/close-said": _reply(f"{_OK}\nConnection: close", HTML, End.CLOSE),
    "/post": _reply(_OK, b"posted"),
    "/head": _reply("HTTP/1.1 200 OK\nContent-Length: 5000"),
    **{
        f"/many/{n}": Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", b"page %02d" % n), pause=0.02)
        for n in range(12)
    },
}
"""Further whole responses."""

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal"

INTERIM = {
    "/hints": (Reply((HINTS + FINAL,)), (HINTS,)),
    "/continue-hints": (Reply((CONTINUE, HINTS, FINAL), pause=0.03), (CONTINUE, HINTS)),
    "/torn-hints": (Reply((HINTS[:20], HINTS[20:] + FINAL[:9], FINAL[9:]), pause=0.03), (HINTS,)),
}
"""Responses with interim ones before them, and those."""

EXCESS = {
    "/excess": (FINAL, b"HTTP/1.1 200 OK\r\n\r\nforged"),
    "/excess-204": (b"HTTP/1.1 204 No Content\r\n\r\n", b"content"),
    "/excess-head": (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", b"content"),
    "/excess-chunk": (_BYTEWISE, b"1\r\nb\r\n0\r\n\r\n"),
}
"""Responses, and what is sent after their end: no part of them."""

CUT = {
    "/short": (ODD["/short"], "disconnect"),
    "/chunks-cut": (_reply(_CHUNKED, _chunked(HTML)[:-9], End.CLOSE), "disconnect"),
    "/head-cut": (Reply((b"HTTP/1.1 200 OK\r\nContent-Ty",), End.CLOSE), "disconnect"),
    "/reset": (_reply(_TOO_LONG, HTML, End.RESET, pause=0.1), "disconnect"),
    "/reset-no-length": (_reply(_NO_LENGTH, HTML, End.RESET, pause=0.1), "disconnect"),
    "/lossy": (_reply(_TOO_LONG, HTML, End.CLOSE), "disconnect"),
    "/stall": (_reply(_TOO_LONG, HTML, End.STALL), "time"),
    "/stall-chunks": (_reply(_CHUNKED, _chunked(HTML)[:-5], End.STALL), "time"),
    "/declared": (_reply("HTTP/1.1 200 OK\nContent-Length: 9999999", HTML, End.STALL), "length"),
    "/two-lengths": (_reply(f"{_OK}\nContent-Length: 4", b"hello", End.STALL), "unspecified"),
    "/stopped": (_reply(_TOO_LONG, HTML, End.STALL), "unspecified"),
}
"""Responses that end early, and why, in the words of WARC-Truncated."""

_BLOCK = bytes(1 << 16)
_FILLER = b"x" * 900

FLOODS = {
    "/endless": Reply((b"HTTP/1.1 200 OK\r\n\r\n", _BLOCK), End.FLOOD),
    "/endless-chunks": Reply(
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + _BLOCK + b"\r\n"), End.FLOOD
    ),
    "/endless-chunk-sizes": Reply(
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", (b"1;%s\r\na\r\n" % _FILLER) * 70), End.FLOOD
    ),
    "/endless-head": Reply((b"HTTP/1.1 200 OK\r\n", (b"X-Flood: %s\r\n" % _FILLER) * 70), End.FLOOD),
}
"""Responses that never end."""

NOTHING = {
    "/silent": Reply((), End.STALL),
    "/closed": Reply((), End.CLOSE),
    "/garbage": Reply((b"SSH-2.0-OpenSSH_9.2\r\n",), End.CLOSE),
    "/torn-status": Reply((b"HTTP/1.1 2",), End.CLOSE),
    "/only-hints": Reply((HINTS,), End.CLOSE),
}
"""What is no response."""

STALE = {"/stale/1": _reply(_OK, b"first", End.DROP_NEXT), "/stale/2": _reply(_OK, b"second")}
"""A kept connection that turns out to be dead."""

REPLIES = {
    **ODD,
    **WHOLE,
    **{path: reply for path, (reply, _) in INTERIM.items()},
    **{path: Reply((response + rest,)) for path, (response, rest) in EXCESS.items()},
    **{path: reply for path, (reply, _) in CUT.items()},
    **FLOODS,
    **NOTHING,
    "/untaken": _reply(_OK, HTML),
}
"""All of them but STALE."""
