"""What the download handler says went over the wire is what a raw server got and sent, byte for byte.

Scrapy's reactor runs once in a process, so this module is also a program: it crawls what it is told to on its standard
input and prints what the handler captured.
"""

# Twisted has no types for its protocols.
# mypy: allow-untyped-calls

from __future__ import annotations

import dataclasses
import gc
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from scrapy import Request, Spider, signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from archiver.crawl import wire
from archiver.warc import message
from tests.crawl.odd_server import (
    CUT,
    EXCESS,
    FLOODS,
    INTERIM,
    MOST_SENT,
    NOTHING,
    ODD,
    REPLIES,
    STALE,
    WHOLE,
    OddServer,
    Served,
)

ROOT = Path(__file__).parents[2]
MAXSIZE = 1 << 18
TIMEOUT = 0.6
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"

OVER_TLS = ("/plain", "/no-colon", "/chunked", "/until-close", "/hints", "/many/1", "/many/2")
OVER_TLS_CUT = ("/short", "/stall", "/reset-no-length")

PARTICULARS: dict[str, dict[str, Any]] = {
    "/post": {"method": "POST", "body": "q=1&text=a"},
    "/head": {"method": "HEAD"},
    "/excess-head": {"method": "HEAD"},
    "/lossy": {"meta": {"download_fail_on_dataloss": False}},
    **{path: {"meta": {"download_timeout": TIMEOUT}} for path in ("/stall", "/stall-chunks", "/silent")},
}
"""What is particular to the request for a path."""

# -- the program -------------------------------------------------------------------------------------------------------

outcomes: dict[str, dict[str, Any]] = {}


class Recorder:
    """A downloader middleware in the place of the archiver's own recorder."""

    def process_response(self, request: Request, response: Response) -> Response:
        note(request, flags=response.flags, status=response.status)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        note(request, error=type(exception).__name__)


def note(request: Request, **outcome: object) -> None:
    exchange = None if request.url.endswith("/untaken") else wire.take_exchange(request)
    outcomes[request.url] = {**outcome, "exchange": as_rows(exchange) if exchange else None}


def as_rows(exchange: wire.Exchange) -> dict[str, Any]:
    block = exchange.response.block
    return dataclasses.asdict(exchange) | {"response": block, "parsed": exchange.response == message.parse(block)}


class Everything(Spider):
    """Asks for each case; one that names a next case, for that one afterwards."""

    name = "everything"
    cases: list[dict[str, Any]]

    async def start(self) -> AsyncIterator[Request]:
        for case in self.cases:
            yield self.ask(case)

    def ask(self, case: dict[str, Any]) -> Request:
        case = dict(case)
        then = case.pop("then", None)
        after = None if then is None else lambda _: self.ask(then)
        return Request(dont_filter=True, callback=after or self.ignore, errback=after or self.ignore, **case)

    def ignore(self, _: Response | Failure) -> None:
        """End the case."""


def stop(request: Request) -> None:
    if request.url.endswith("/stopped"):
        raise StopDownload(fail=False)


def main() -> None:
    """Crawl the cases on standard input and print what came of them, bytes as Latin-1."""
    order = json.load(sys.stdin)
    process = CrawlerProcess(
        {
            "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), wire.WireDownloadHandler),
            "DOWNLOADER_MIDDLEWARES": {Recorder: 1000},
            "DOWNLOAD_MAXSIZE": MAXSIZE,
            "DOWNLOAD_VERIFY_CERTIFICATES": False,
            "CONCURRENT_REQUESTS": 16,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "DOWNLOAD_TIMEOUT": 20,
            "RETRY_ENABLED": False,
            "REDIRECT_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
        }
    )
    crawler = process.create_crawler(Everything)
    held: list[int] = []
    # At this moment kept connections are still open.
    crawler.signals.connect(lambda: held.append(bytes_held()), signals.spider_closed, weak=False)
    crawler.signals.connect(stop, signals.bytes_received)
    with ExitStack() as changes:
        if order["as_if"] == "unsupported":
            changes.enter_context(patch.object(wire, "fallback_reason", lambda: "as if"))
        if order["as_if"] == "blind":
            changes.enter_context(patch.object(wire._TappedPool, "getConnection", untapped))
        process.crawl(crawler, cases=order["cases"])
        process.start()
    gc.collect()
    result = {"outcomes": outcomes, "held": held, "untaken": len(wire._exchanges)}
    json.dump(result, sys.stdout, default=as_text)


def untapped(pool: wire._TappedPool, key: object, endpoint: object) -> object:
    return pool._pool.getConnection(key, endpoint)


def as_text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def bytes_held() -> int:
    """Return how much is still on tapes."""
    tapes = [tape for tape in gc.get_objects() if isinstance(tape, wire._Tape)]
    return sum(len(piece) for tape in tapes for piece in tape._sent + tape._received)


# -- the tests ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class Captured:
    """What a crawl of all cases gave."""

    plain: OddServer
    tls: OddServer
    stale: OddServer
    result: dict[str, Any]
    began: datetime

    def outcome(self, server: OddServer, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.result["outcomes"][server.base + path]
        return found

    def exchange(self, server: OddServer, path: str) -> dict[str, Any]:
        """Return an exchange with its messages as bytes."""
        exchange: dict[str, Any] | None = self.outcome(server, path)["exchange"]
        assert exchange, f"nothing was captured of {path}"
        return exchange | {
            "request": exchange["request"].encode("latin-1"),
            "response": exchange["response"].encode("latin-1"),
        }

    def served(self, server: OddServer, path: str) -> Served:
        return server.served[path][-1]


def crawl(cases: list[dict[str, Any]], as_if: str = "") -> dict[str, Any]:
    """Run the program."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crawl.test_wire"],
        input=json.dumps({"cases": cases, "as_if": as_if}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    result["log"] = ended.stderr
    return result


def case(server: OddServer, path: str, **particulars: Any) -> dict[str, Any]:
    return {"url": server.base + path, **PARTICULARS.get(path, {}), **particulars}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return a server's context with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    plain_key = serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain_key)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.fixture(scope="module")
def captured(tls: ssl.SSLContext) -> Iterator[Captured]:
    began = datetime.now(UTC)
    with OddServer(REPLIES) as plain, OddServer(REPLIES, tls) as secure, OddServer(STALE) as stale:
        cases = [case(plain, path) for path in REPLIES]
        cases += [case(secure, path) for path in OVER_TLS + OVER_TLS_CUT]
        cases.append(case(stale, "/stale/1", then=case(stale, "/stale/2")))
        yield Captured(plain, secure, stale, crawl(cases), began)


@pytest.mark.parametrize("path", [*ODD, *WHOLE])
def test_request_and_response_are_exact(captured: Captured, path: str) -> None:
    exchange, served = captured.exchange(captured.plain, path), captured.served(captured.plain, path)
    assert exchange["request"] == served.request
    assert exchange["response"] == served.sent
    assert exchange["parsed"]


@pytest.mark.parametrize("path", [path for path in [*ODD, *WHOLE] if path not in CUT])
def test_whole_responses_are_not_called_truncated(captured: Captured, path: str) -> None:
    assert captured.exchange(captured.plain, path)["truncated"] is None


@pytest.mark.parametrize("path", INTERIM)
def test_interim_responses_are_kept_apart(captured: Captured, path: str) -> None:
    exchange, served = captured.exchange(captured.plain, path), captured.served(captured.plain, path)
    assert b"".join(INTERIM[path][1]) + exchange["response"] == served.sent
    assert exchange["parsed"]
    assert exchange["truncated"] is None


@pytest.mark.parametrize("path", EXCESS)
def test_what_follows_the_response_is_left_out(captured: Captured, path: str) -> None:
    exchange = captured.exchange(captured.plain, path)
    assert exchange["response"] == EXCESS[path][0]
    assert exchange["parsed"]
    assert exchange["truncated"] is None


@pytest.mark.parametrize("path", CUT)
def test_cut_responses_are_kept_and_say_why(captured: Captured, path: str) -> None:
    exchange, served = captured.exchange(captured.plain, path), captured.served(captured.plain, path)
    assert exchange["request"] == served.request
    assert exchange["response"] == served.sent
    assert exchange["parsed"]
    assert exchange["truncated"] == CUT[path][1]


def test_a_body_cut_short_is_kept_whether_scrapy_raises_or_not(captured: Captured) -> None:
    assert captured.outcome(captured.plain, "/short")["error"] in {"ResponseDataLossError", "ResponseFailed"}
    assert captured.outcome(captured.plain, "/lossy")["flags"] == ["dataloss"]
    assert captured.outcome(captured.plain, "/stopped")["flags"] == ["download_stopped"]


@pytest.mark.parametrize("path", FLOODS)
def test_endless_responses_are_held_up_to_the_limit(captured: Captured, path: str) -> None:
    exchange, served = captured.exchange(captured.plain, path), captured.served(captured.plain, path)
    assert exchange["truncated"] == "length"
    assert served.sent.startswith(exchange["response"])
    assert MAXSIZE < len(exchange["response"]) <= MAXSIZE + wire.FRAMING_ROOM
    assert len(served.sent) < MOST_SENT, "expected the client to hang up"


@pytest.mark.parametrize("path", NOTHING)
def test_what_is_no_response_is_no_exchange(captured: Captured, path: str) -> None:
    outcome = captured.outcome(captured.plain, path)
    assert outcome["exchange"] is None
    assert outcome["error"]


def test_exchanges_on_one_connection_are_kept_apart(captured: Captured) -> None:
    connections = [entry.connection for entries in captured.plain.served.values() for entry in entries]
    shared = [number for number in set(connections) if connections.count(number) > 2]
    assert shared, "expected connections to be used again"


def test_a_request_repeated_on_a_new_connection_is_kept_once(captured: Captured) -> None:
    assert len(captured.stale.served["/stale/2"]) == 1, "expected the first try not to be answered"
    exchange, served = captured.exchange(captured.stale, "/stale/2"), captured.served(captured.stale, "/stale/2")
    assert served.connection == 1
    assert exchange["request"] == served.request
    assert exchange["response"] == served.sent


@pytest.mark.parametrize("path", OVER_TLS + OVER_TLS_CUT)
def test_encrypted_exchanges_are_exact(captured: Captured, path: str) -> None:
    exchange, served = captured.exchange(captured.tls, path), captured.served(captured.tls, path)
    assert exchange["ip_address"] == "127.0.0.1"
    assert exchange["request"] == served.request
    assert served.sent == b"".join(INTERIM[path][1] if path in INTERIM else ()) + exchange["response"]
    assert exchange["truncated"] == (CUT[path][1] if path in CUT else None)


def test_exchanges_say_whom_was_spoken_to_and_when(captured: Captured) -> None:
    exchange = captured.exchange(captured.plain, "/plain")
    assert exchange["ip_address"] == "127.0.0.1"
    assert captured.began <= datetime.fromisoformat(exchange["sent_at"]) <= datetime.now(UTC)


def test_nothing_is_held_afterwards(captured: Captured) -> None:
    assert captured.result["held"] == [0]
    assert captured.result["untaken"] == 0


def test_without_support_the_handler_is_scrapys_own(tls: ssl.SSLContext) -> None:
    with OddServer(REPLIES) as plain, OddServer(REPLIES, tls) as secure:
        result = crawl([case(plain, "/plain"), case(plain, "/short"), case(secure, "/plain")], "unsupported")
        outcomes = result["outcomes"]
        assert [outcomes[server.base + "/plain"]["status"] for server in (plain, secure)] == [200, 200]
        assert [outcome["exchange"] for outcome in outcomes.values()] == [None, None, None]


def test_exchanges_that_pass_unseen_are_reported_once() -> None:
    with OddServer(REPLIES) as plain:
        result = crawl([case(plain, "/plain"), case(plain, "/404")], "blind")
    assert [outcome["exchange"] for outcome in result["outcomes"].values()] == [None, None]
    assert result["log"].count("expected to see the response of") == 1


@pytest.fixture
def tape() -> wire._Tape:
    return wire._Tape("GET", None)


@pytest.fixture
def tap(tape: wire._Tape) -> wire._Tap:
    """Return a tap over which a request has gone out and half an answer has come in."""
    pool = wire._TappedPool(None)
    tap = wire._TapFactory(Factory.forProtocol(Protocol), pool, tape).buildProtocol(None)
    tap.makeConnection(StringTransport())
    tap.write(b"GET / HTTP/1.1\r\n\r\n")
    tap.dataReceived(HALF)
    return tap


@pytest.mark.parametrize("hang_up", ["loseConnection", "abortConnection"])
def test_what_comes_after_hanging_up_is_no_part_of_the_response(tape: wire._Tape, tap: wire._Tap, hang_up: str) -> None:
    getattr(tap, hang_up)()
    tap.dataReceived(b"more")
    tap.connectionLost(Failure(ConnectionDone()))
    exchange = tape.finish(None, doubtful=True)
    assert exchange
    assert (exchange.response.block, exchange.truncated) == (HALF, "unspecified")


def test_a_finished_tape_takes_no_more(tape: wire._Tape, tap: wire._Tap) -> None:
    tape.finish(None, doubtful=True)
    tap.dataReceived(b"more")
    tap.write(b"more")
    assert (tape._sent, tape._received) == ([], [])


def test_a_download_without_an_answer_leaves_nothing_of_an_earlier_one(tape: wire._Tape, tap: wire._Tap) -> None:
    request = Request("http://127.0.0.1/")
    wire.keep_exchange(request, tape.finish(None, doubtful=True))
    wire.keep_exchange(request, None)
    assert wire.take_exchange(request) is None


def test_an_exchange_is_taken_once(tape: wire._Tape, tap: wire._Tap) -> None:
    request = Request("http://127.0.0.1/")
    wire.keep_exchange(request, tape.finish(None, doubtful=True))
    assert wire.take_exchange(request)
    assert wire.take_exchange(request) is None


def test_the_installed_scrapy_is_supported() -> None:
    assert wire.fallback_reason() is None
    assert wire.supported()


class Renamed:
    """A handler of some other version of Scrapy."""

    def __init__(self, crawler: Crawler) -> None:
        self.connections = crawler

    async def download_request(self, request: Request) -> Response:
        raise NotImplementedError


class Blocking(HTTP11DownloadHandler):
    """A handler as it was before 2.14."""

    def __init__(self, crawler: Crawler) -> None:
        self._pool: Any = crawler

    def download_request(self, request: Request, spider: Spider) -> object:  # type: ignore[override]
        return self._pool


@pytest.mark.parametrize(
    ("handler", "reason"), [(Renamed, "no Renamed._pool in __init__()"), (Blocking, "no coroutine")]
)
def test_another_handler_is_refused_with_a_reason(handler: type, reason: str) -> None:
    assert reason in (wire._obstacle(handler) or "")


if __name__ == "__main__":
    main()
