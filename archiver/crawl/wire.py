"""The bytes of each HTTP exchange as they went over the wire, request and response.

Scrapy hands out neither the request as sent nor the reason phrase, header order and case, bad header lines and chunks
of the response; none of its signals has them. Here its HTTP/1.1 handler gets its connections from a pool that puts a
tap into each, above TLS, so the bytes are plain. The tap uses what Twisted documents: a pool answers `getConnection`,
an endpoint `connect`, and `ProtocolWrapper` sits between a protocol and its transport. Nothing is patched.

Two things are relied on that are documented nowhere, and hold in Scrapy 2.19: the handler keeps its pool in
`_pool`, and asks it for a connection before it first waits. `fallback_reason` says when the first does not hold; an
exchange for which the second did not has no bytes here. Twisted was tried from 21.7 to 26.10.
"""

# Twisted has no types for its protocols.
# mypy: allow-untyped-calls

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

import scrapy
from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.error import TimeoutError as TwistedTimeout
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from archiver import clock
from archiver.warc import message
from archiver.warc.message import Message

FRAMING_ROOM = 1 << 20
"""Bytes that an exchange may have beyond DOWNLOAD_MAXSIZE: the setting counts the body without headers and chunks."""

_POOL = "_pool"
_DOUBTS = frozenset({"dataloss", "partial", "download_stopped"})  # Scrapy's flags on a body that may not be whole
_HEAD_END = re.compile(rb"\n\r?\n")
_TRAILERS = re.compile(rb"(?:[^\r\n][^\n]*\n)*\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_NO_CONTENT = frozenset({204, 304})

_TIMEOUTS = (TwistedTimeout, DownloadTimeoutError)
_CANCELS = (CancelledError, DownloadCancelledError)

logger = logging.getLogger(__name__)


class CertificateRefused(Exception):
    """A server could not prove its identity; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, byte for byte."""

    request: bytes
    """As sent: request line, headers, empty line, body."""
    response: Message
    """As received, from the status line to the end of the message: chunks and content coding are still on.

    Only the final response, because a WARC reader takes the first status line of a record for the response's
    (WARC 1.1, section 6.3). What a server sends beyond the message's end belongs to no response (RFC 9112, section 6.3)
    and is left out: whether it arrives in time is chance, and would change the payload's digest. So are the heads of
    1xx responses that came before.
    """
    truncated: str | None
    """Why the response ends early, in the words of WARC 1.1, section 5.13; None for a whole one.

    `length` for a limit on the size, `time` for the time limit, `disconnect` for a connection that was lost and
    `unspecified` for one that was given up, for example over a response that makes no sense. Also of a response Scrapy
    takes for whole: one without a length whose connection did not end in order (RFC 9112, section 8).
    """
    ip_address: str
    """Of the machine that was spoken to; IPv6 without brackets."""
    sent_at: datetime
    """When the request's first byte went out, in UTC."""


_exchanges: WeakKeyDictionary[Request, Exchange] = WeakKeyDictionary()


def take_exchange(request: Request) -> Exchange | None:
    """Return the last exchange of a request, and forget it.

    For a downloader middleware nearest to the downloader: in `process_response`, and in `process_exception`, because a
    download that fails may have received something anyway. None when nothing came back that begins like an HTTP
    response, when the response is from elsewhere (a cache), and wherever bytes cannot be captured.

    An exchange that is not taken is kept as long as its request lives.
    """
    return _exchanges.pop(request, None)


def supported() -> bool:
    """Return whether bytes can be captured with the Scrapy that is installed."""
    return fallback_reason() is None


@cache
def fallback_reason() -> str | None:
    """Return why bytes cannot be captured with the Scrapy that is installed, as a sentence; None when they can be."""
    return _obstacle(HTTP11DownloadHandler)


def _obstacle(handler: type) -> str | None:
    """Return what the handler lacks; found without an instance, which would need a running reactor."""
    for name in ("__init__", "download_request"):
        code = getattr(getattr(handler, name, None), "__code__", None)
        if _POOL not in getattr(code, "co_names", ()):
            return f"Scrapy {scrapy.__version__} has no {handler.__name__}.{_POOL} in {name}() to take the bytes from."
    if not iscoroutinefunction(handler.download_request):  # type: ignore[attr-defined]
        return f"Scrapy {scrapy.__version__} has a {handler.__name__}.download_request() that is no coroutine."
    return None


class WireDownloadHandler(HTTP11DownloadHandler):
    """Downloads over HTTP/1.1 as Scrapy's handler does, and keeps what went over the wire for `take_exchange`.

    For `http` and `https` in DOWNLOAD_HANDLERS. It is Scrapy's handler and nothing more when `supported()` is false.
    A response that exceeds DOWNLOAD_MAXSIZE by more than FRAMING_ROOM in headers and chunk sizes is cut off.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._body_limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self._capturing = supported()
        self._missed = False
        if self._capturing:
            self._pool: Any = _TappedPool(self._pool)

    async def download_request(self, request: Request) -> Response:
        """Download, and keep the exchange also when that fails."""
        if not self._capturing:
            return await super().download_request(request)
        tape = _Tape(request.method, self._limit(request))
        _recording.set(tape)
        try:
            response = await super().download_request(request)
        except BaseException as error:
            keep_exchange(request, tape.finish(error, doubtful=True))
            if tape.distrust:
                raise CertificateRefused(tape.distrust) from error
            raise
        exchange = tape.finish(None, doubtful=not _DOUBTS.isdisjoint(response.flags))
        keep_exchange(request, exchange)
        if exchange is None:
            self._say_missed(request)
        return response

    def _limit(self, request: Request) -> int | None:
        body_limit = request.meta.get("download_maxsize", self._body_limit)
        return body_limit + FRAMING_ROOM if body_limit else None

    def _say_missed(self, request: Request) -> None:
        if not self._missed:
            logger.warning("expected to see the response of %s pass, saw none; there may be more such", request.url)
            self._missed = True


def keep_exchange(request: Request, exchange: Exchange | None) -> None:
    """Keep the last exchange of a request for `take_exchange`; for download handlers."""
    _exchanges.pop(request, None)  # of an earlier download of the same request, if nobody took it
    if exchange is not None:
        _exchanges[request] = exchange


class _Tape:
    """What passes for one request, until it is finished; holds at most `limit` bytes of the answer."""

    def __init__(self, method: str, limit: int | None) -> None:
        self._method = method
        self._limit = limit
        self._tap: _Tap | None = None
        self._finished = False
        self.distrust: str | None = None
        """What is wrong with the server's certificate, if anything is."""
        self._rewind()

    def _rewind(self) -> None:
        self._sent: list[bytes] = []
        self._received: list[bytes] = []
        self._size = 0
        self._overflowed = False
        self._closed: bool | None = None  # by the other side: cleanly or not; None while it is open, or closed by us

    def sent(self, pieces: Iterable[bytes], tap: _Tap) -> None:
        if self._finished:
            return
        if tap is not self._tap:
            # The pool repeats a request on a new connection when a kept one turns out to be dead.
            self._rewind()
            self._tap = tap
            self._sent_at = clock.now()
        self._sent.extend(pieces)

    def received(self, data: bytes) -> bool:
        """Add a part of the answer; return whether there is room for more."""
        if self._finished:
            return True
        room = len(data) if self._limit is None else self._limit - self._size
        self._overflowed = len(data) > room
        if self._overflowed:
            data = data[:room]
        self._received.append(data)
        self._size += len(data)
        return not self._overflowed

    def closed(self, *, cleanly: bool) -> None:
        self._closed = cleanly

    def finish(self, error: BaseException | None, *, doubtful: bool) -> Exchange | None:
        """Return the exchange and let go of it; None when no response came.

        `error` is what the download ended with, `doubtful` whether Scrapy is not sure of the response.
        """
        request, received, tap = b"".join(self._sent), b"".join(self._received), self._tap
        self._finished = True
        self._tap = None
        self._sent, self._received = [], []
        response = _final(received)
        if tap is None or response.status is None:
            return None
        end = _message_end(response, self._method, closed=self._closed is True)
        whole = end is not None or not (doubtful or self._overflowed)
        return Exchange(
            request=request,
            response=response if end is None else _up_to(response, end),
            truncated=None if whole else self._reason(error),
            ip_address=tap.getPeer().host,
            sent_at=self._sent_at,
        )

    def _reason(self, error: BaseException | None) -> str:
        """Return why the response is not whole, in the words of WARC 1.1, section 5.13."""
        if self._overflowed or isinstance(error, _CANCELS):  # Scrapy cancels what exceeds DOWNLOAD_MAXSIZE
            return "length"
        if isinstance(error, _TIMEOUTS):
            return "time"
        return "unspecified" if self._closed is None else "disconnect"


# Set for the pool by the handler, which knows the request; the task of a download has its own.
_recording: ContextVar[_Tape | None] = ContextVar("recording", default=None)


class _TappedPool:
    """A connection pool whose connections are tapped."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.sending: _Tape | None = None
        """What is written to a connection at this moment belongs here."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:  # noqa: N802
        tape = _recording.get()
        connection: Deferred[Any] = self._pool.getConnection(key, _TappedEndpoint(endpoint, self, tape))
        return connection.addCallback(_Connection, self, tape)


class _Connection:
    """A connection out of the pool, for one request.

    A kept connection comes wrapped in Twisted's own retrying one, so its tap cannot be reached from here: it learns by
    the pool which tape the bytes are for that are written while the request is handed over.
    """

    def __init__(self, connection: Any, pool: _TappedPool, tape: _Tape | None) -> None:
        self._connection = connection
        self._pool = pool
        self._tape = tape

    def request(self, request: Any) -> Any:
        self._pool.sending = self._tape
        try:
            return self._connection.request(request)
        finally:
            self._pool.sending = None


class _TappedEndpoint:
    """An endpoint that taps the connections it makes; the first request on them is the one it was made for."""

    def __init__(self, endpoint: Any, pool: _TappedPool, tape: _Tape | None) -> None:
        self._endpoint = endpoint
        self._pool = pool
        self._tape = tape

    def connect(self, factory: Any) -> Any:
        connecting = self._endpoint.connect(_TapFactory(factory, self._pool, self._tape))
        return connecting.addCallback(lambda tap: tap.wrappedProtocol)


class _TapFactory(WrappingFactory):
    """Builds protocols with a tap between them and their connection."""

    noisy = False

    def __init__(self, factory: Any, pool: _TappedPool, tape: _Tape | None) -> None:
        super().__init__(factory)
        self._pool = pool
        self._tape = tape

    def buildProtocol(self, addr: Any) -> _Tap:  # noqa: N802
        return _Tap(self, self.wrappedFactory.buildProtocol(addr), self._pool, self._tape)


class _Tap(ProtocolWrapper):
    """Stands between the HTTP client and its connection, and copies to a tape what passes."""

    transport: Any

    def __init__(self, factory: Any, protocol: Any, pool: _TappedPool, tape: _Tape | None) -> None:
        super().__init__(factory, protocol)
        self._pool = pool
        self._tape = tape

    def write(self, data: bytes) -> None:
        self._copy_sent((data,))
        super().write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802
        pieces = list(data)
        self._copy_sent(pieces)
        super().writeSequence(pieces)

    def _copy_sent(self, pieces: Iterable[bytes]) -> None:
        if self._pool.sending is not None:
            self._tape = self._pool.sending
        if self._tape is not None:
            self._tape.sent(pieces, self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._tape is not None and not self._tape.received(data):
            self.abortConnection()
        else:
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        if self._tape is not None:
            self._tape.closed(cleanly=reason.check(ConnectionDone) is not None)
            self._tape.distrust = _certificate_problem(reason.value, self.transport)
        super().connectionLost(reason)

    # Once we hang up, what still comes is no part of the response, and the connection was not lost but given up.

    def loseConnection(self) -> None:  # noqa: N802
        self._tape = None
        super().loseConnection()

    def abortConnection(self) -> None:  # noqa: N802
        self._tape = None
        self.transport.abortConnection()


def _certificate_problem(error: BaseException | None, transport: Any) -> str | None:
    """Return what was wrong with a certificate if a connection was lost over it.

    The error itself only says that something was. OpenSSL knows what; its Python library does not hand it out.
    """
    if isinstance(error, VerificationError):
        return "it is for another host"
    if not isinstance(error, SSL.Error) or "certificate verify failed" not in str(error):
        return None
    library: Any = SSL
    try:
        result = library._lib.SSL_get_verify_result(transport.getHandle()._ssl)
        return str(library._ffi.string(library._lib.X509_verify_cert_error_string(result)).decode())
    except AttributeError:  # in some other version of it
        return "it could not be verified"


def _final(received: bytes) -> Message:
    """Return the response that the 1xx ones before it announce, with all that followed its head."""
    start = 0
    while True:
        end = _HEAD_END.search(received, start)
        rest = end.end() if end else len(received)
        head = message.parse(received[start:rest])
        if not end or (head.status or 0) // 100 != 1:
            return replace(head, block=received[start:], payload=received[rest:])
        start = rest


def _up_to(response: Message, end: int) -> Message:
    surplus = len(response.block) - end
    return replace(response, block=response.block[:end], payload=response.payload[: len(response.payload) - surplus])


def _message_end(response: Message, method: str, *, closed: bool) -> int | None:
    """Return where a response ends by its own account (RFC 9112, section 6.3), or None when that has not come.

    `closed` is whether the server ended the connection in order, which ends one that tells no length (section 8).
    """
    received = len(response.block)
    start = received - len(response.payload)
    if not _HEAD_END.search(response.block):
        return None
    if method == "HEAD" or response.status in _NO_CONTENT:
        return start
    if codings := message.tokens(response.headers, b"transfer-encoding"):
        return _chunks_end(response.block, start) if codings[-1] == "chunked" else None
    lengths = set(message.tokens(response.headers, b"content-length"))
    if not lengths:
        return received if closed else None
    length = _LENGTH.fullmatch(lengths.pop())
    if lengths or not length:
        return None
    end = start + int(length[0])
    return end if end <= received else None


def _chunks_end(response: bytes, position: int) -> int | None:
    """Return where a chunked body ends, trailers included (RFC 9112, section 7.1); None when it is cut short."""
    for start, end in message.chunks(response, position):
        if start == end:
            trailers = _TRAILERS.match(response, end)
            return trailers.end() if trailers else None
    return None
