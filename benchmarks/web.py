"""The reader beside Datasette on the same rows: front page, post and search; memory; and a slow client.

    python benchmarks/web.py HOME [--datasette PATH] [--requests 300]

HOME is an archive. Datasette is not a dependency: without `--datasette`, a program, only the reader is measured.
"""

from __future__ import annotations

import argparse
import http.client
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from archiver.store.location import database_url
from archiver.store.pool import ReadOnlyPool

WORDS = ("梯度", "低秩近似", "attention", "优化器", "概率分布", "LoRA", "奇异值", "扩散模型", "softmax", "位置编码")


@contextmanager
def served(command: list[str], port: int) -> Iterator[int]:
    """Run a server until the block ends; yield its process number."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def timed(port: int, paths: list[str]) -> str:
    """Return median and 99th percentile of requests one after the other on one connection, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    took = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status == 200, (path, answer.status)
    connection.close()
    return f"median {statistics.median(took):7.2f} ms   p99 {statistics.quantiles(took, n=100)[98]:7.2f} ms"


def memory(pid: int) -> str:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line.split(":")[1].strip() for line in status.splitlines() if line.startswith("VmRSS"))


def slow_clients(port: int, path: str, count: int) -> list[socket.socket]:
    """Open connections that ask for something large and read nothing."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        clients.append(client)
    return clients


def free_port() -> int:
    """Return a port nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--datasette")
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    database = database_url(options.home)
    reading = ReadOnlyPool(database)
    posts = [row["id"] for row in reading.rows("SELECT id FROM posts ORDER BY id")]
    facts = reading.rows("SELECT (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM comments) AS comments")[0]
    print(f"{facts['posts']} posts, {facts['comments']} comments, {options.requests} requests each")
    chosen = random.Random(7).choices(posts, k=options.requests)
    file = options.home / "archive.db"

    def per(form: Callable[[str], str]) -> list[str]:
        return [form(quote(WORDS[n % len(WORDS)])) for n in range(options.requests)]

    port, beside = free_port(), free_port()
    command = [sys.executable, "-m", "archiver", "--home", str(options.home), "serve", "--port", str(port)]
    with served([*command, "--replay-port", "0"], port) as pid:
        print("memory at start      ", memory(pid))
        print("reader front         ", timed(port, ["/"] * options.requests))
        print("reader post, first   ", timed(port, [f"/posts/{post}" for post in dict.fromkeys(chosen)]))
        print("reader post, again   ", timed(port, [f"/posts/{post}" for post in dict.fromkeys(chosen)]))
        print("reader search        ", timed(port, per(lambda word: f"/search?q={word}")))
        print("memory at the end    ", memory(pid))
        clients = slow_clients(port, "/static/mathjax/tex-chtml-full.js", 50)
        print("reader front, beside 50 that do not read", timed(port, ["/"] * options.requests))
        for client in clients:
            client.close()
    if options.datasette:
        run = [options.datasette, "serve", str(file), "--port", str(beside), "--host", "127.0.0.1"]
        with served([*run, "--setting", "sql_time_limit_ms", "10000"], beside) as pid:
            table = "/archive/posts"
            print("datasette front      ", timed(beside, ["/"] * options.requests))
            print(
                "datasette table      ", timed(beside, [f"{table}?_sort_desc=published_on&_size=12"] * options.requests)
            )
            print("datasette post       ", timed(beside, [f"{table}/{post}" for post in dict.fromkeys(chosen)]))
            print("datasette LIKE search", timed(beside, per(lambda word: f"{table}?text__contains={word}&_size=20")))
            print("datasette memory     ", memory(pid))


if __name__ == "__main__":
    main()
