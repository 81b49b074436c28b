"""How fast the archive is replayed, beside pywb on the same records.

    python benchmarks/replay.py                                # this program alone
    python benchmarks/replay.py --pywb ~/pywb/bin/python       # and pywb, from an environment that has it

Makes an archive of invented pages (60 to 150 KB of HTML, sent gzip-coded) and pictures (50 KB), starts the servers, and
asks for addresses at random, one client, a new connection each time. The servers take turns, round after round, so that
a busy machine slows all of them; each figure is the median of its rounds, each ratio taken within a round. `from disk`
is with no answer kept in memory, so that every request reads and inflates its record.
"""

from __future__ import annotations

import argparse
import gzip
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver import items
from archiver.clock import timestamp
from archiver.store import captures, runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.urls import Site
from archiver.warc.writer import WarcWriter
from archiver.web.exchange import MEMORY

BLOG = Site().origin

SERVE = "from pathlib import Path; from archiver.web import replay; replay.serve(Path({!r}), {!r}, {}, memory={})"
WAYBACK = "import sys; from pywb.apps.cli import wayback; sys.exit(wayback(['-b', '127.0.0.1', '-p', '{}']))"
MANAGER = "from pywb.manager.manager import main; main([{}])"


@dataclass(frozen=True)
class Server:
    """A way to ask for the pages."""

    name: str
    port: int
    prefix: str


@dataclass(frozen=True)
class Round:
    """What one server did in one round."""

    per_second: float
    median: float
    p99: float


def make_archive(home: Path, exchanges: int) -> list[str]:
    """Write an archive; return the paths in it, pages and pictures by turns."""
    chance = random.Random(1)
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    paths = []
    with Archive(database_url(home)) as archive, WarcWriter(home / "warc", "kexue.fm", software="benchmark") as writer:
        run, _ = runs.begin(archive.session, "benchmark", now=timestamp())
        for number in range(exchanges):
            moment += timedelta(seconds=3)
            path, content_type, coding, body = picture(number, chance) if number % 2 else page(number, chance)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{coding}Content-Length: {len(body)}\r\n\r\n"
            place = writer.write_exchange(
                target_uri=BLOG + path,
                request=f"GET {path} HTTP/1.1\r\nHost: kexue.fm\r\n\r\n".encode(),
                response=head.encode() + body,
                fetched_at=moment,
                ip_address="127.0.0.1",
            )
            capture = items.Capture(
                url=BLOG + path,
                target_uri=BLOG + path,
                fetched_at=timestamp(moment),
                status=200,
                content_type=content_type,
                payload_sha256=place.payload_sha256,
                warc_file=place.warc_file,
                warc_offset=place.offset,
                warc_length=place.length,
                record_id=place.record_id,
            )
            captures.add(archive.session, capture, run)
            paths.append(path)
        archive.commit()
    return paths


def page(number: int, chance: random.Random) -> tuple[str, str, str, bytes]:
    """Return an invented page: path, media type, coding header, body."""
    size, text = chance.randrange(60, 150) << 10, "<!DOCTYPE html><html><head><title>x</title></head><body>"
    while len(text) * 2.5 < size:
        words = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(60))
        text += (
            f'<p>{words} $\\boldsymbol{{q}}_t$ <a href="{BLOG}/archives/{chance.randrange(600)}">{words[:8]}</a></p>\n'
        )
    body = gzip.compress(f"{text}</body></html>".encode(), 6, mtime=0)
    return f"/archives/{number + 1}", "text/html; charset=UTF-8", "Content-Encoding: gzip\r\n", body


def picture(number: int, chance: random.Random) -> tuple[str, str, str, bytes]:
    """Return an invented picture."""
    return f"/usr/uploads/2026/11/{number}.jpg", "image/jpeg", "", chance.randbytes(50_000)


@contextmanager
def running(arguments: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a server while the block lasts."""
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens on a port."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"expected a server on port {port}, found none: {process.args!r}")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ask(server: Server, path: str) -> bytes:
    """Return the whole answer to one request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        host = f"Host: 127.0.0.1:{server.port}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        connection.sendall(f"GET {server.prefix}{path} HTTP/1.1\r\n{host}".encode())
        pieces = []
        while piece := connection.recv(1 << 20):
            pieces.append(piece)
    return b"".join(pieces)


def one_round(server: Server, paths: list[str], seconds: float) -> Round:
    """Ask for addresses at random for some seconds."""
    times: list[float] = []
    start = time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        answer = ask(server, random.choice(paths))
        times.append(time.perf_counter() - now)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"{server.name}: expected status 200, found {answer[:200]!r}")
    per_second = len(times) / (time.perf_counter() - start)
    times.sort()
    return Round(per_second, statistics.median(times) * 1e3, times[int(len(times) * 0.99)] * 1e3)


def check_same(servers: list[Server], paths: list[str]) -> None:
    """Make sure that the raw answers are the same bytes from everybody."""
    for path in paths[:20]:
        bodies = {ask(server, path).partition(b"\r\n\r\n")[2] for server in servers if "raw" in server.name}
        if len(bodies) > 1:
            raise SystemExit(f"{path}: expected the same bytes from every server, found {len(bodies)} kinds")


def report(servers: list[Server], rounds: dict[str, list[Round]]) -> None:
    """Print a line for each server: medians over the rounds, and the ratio to pywb's raw pages."""
    print(f"{'server':<26}{'requests/s':>12}{'median ms':>12}{'p99 ms':>10}{'times pywb raw':>17}")
    base = rounds.get("pywb raw")
    for server in servers:
        done = rounds[server.name]
        ratio = statistics.median(a.per_second / b.per_second for a, b in zip(done, base, strict=True)) if base else 0
        figures = [statistics.median(getattr(each, name) for each in done) for name in ("per_second", "median", "p99")]
        times = f"{ratio:>16.1f}x" if base else ""
        print(f"{server.name:<26}{figures[0]:>12.0f}{figures[1]:>12.2f}{figures[2]:>10.2f}{times}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pywb", metavar="PYTHON", help="a Python that can import pywb")
    parser.add_argument("--exchanges", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each server in each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Make the archive, start the servers, and let them take turns."""
    paths = make_archive(folder, options.exchanges)
    keeping, reading, other = free_port(), free_port(), free_port()
    servers = [
        Server("archiver raw", keeping, "/@id_"),
        Server("archiver raw, from disk", reading, "/@id_"),
        Server("archiver rewriting", keeping, ""),
    ]
    rounds: dict[str, list[Round]] = {}
    with ExitStack() as stack:
        for port, memory in ((keeping, MEMORY), (reading, 0)):
            code = SERVE.format(str(folder), database_url(folder), port, memory)
            stack.enter_context(running([sys.executable, "-c", code], port, folder))
        if options.pywb:
            stack.enter_context(running(prepared_pywb(options.pywb, folder, other), other, folder))
            servers += [
                Server("pywb raw", other, f"/blog/2026id_/{BLOG}"),
                Server("pywb rewriting", other, f"/blog/2026mp_/{BLOG}"),
            ]
        check_same(servers, paths)
        for _ in range(options.rounds):
            for server in servers:
                rounds.setdefault(server.name, []).append(one_round(server, paths, options.seconds))
    report(servers, rounds)


def prepared_pywb(python: str, folder: Path, port: int) -> list[str]:
    """Give pywb the records, and return the command that serves them."""
    (records,) = (folder / "warc").iterdir()
    for words in (["init", "blog"], ["add", "blog", str(records)]):
        code = MANAGER.format(", ".join(map(repr, words)))
        subprocess.run([python, "-c", code], cwd=folder, check=True, capture_output=True)
    return [python, "-c", WAYBACK.format(port)]


if __name__ == "__main__":
    main()
