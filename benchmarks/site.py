"""The reader as files: its size, how long a slow device takes to the first page and hit, and its search's answers.

    python benchmarks/site.py HOME [--throttle 6] [--seed 1]

HOME is an archive. The site is served on loopback and opened in Chromium, whose processor is slowed down. 100 queries
are drawn from the archive's own words; what they find has to be what `archiver search` finds, in the same order.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opencc import OpenCC
from playwright.sync_api import Browser, Page, sync_playwright

from archiver.store import blog
from archiver.store.location import database_url
from archiver.store.search import opened, search

FIND = """async (query) => {
  const found = await archive.find(query);
  const number = (row) => (row.kind === "posts" ? row.id : -row.id);
  return [...found.exact.map((row) => [number(row), false]), ...found.related.map((row) => [number(row), true])];
}"""
KINDS = {
    "one character": 10, "two characters": 15, "four characters": 10, "quoted": 15, "two words": 12, "Latin": 13,
    "traditional": 10, "TeX": 15,
}  # fmt: skip
"""How many queries of each kind: 100."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes no notice of a browser that leaves before a file is whole."""

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its address."""
    with Server(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def export(home: Path, folder: Path) -> None:
    """Write the site, and say how long it took and how large it is."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "archiver", "--home", str(home), "export", "site", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"written in {time.perf_counter() - began:.0f} s, of the processor {usage.ru_utime + usage.ru_stime:.0f} s,")
    print(f"with {usage.ru_maxrss / 1e3:.0f} MB of memory at most")
    sizes: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for path in (each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        name = path.relative_to(folder).parts[0] if path.parent != folder else "."
        name = name if name in ("posts", "search", "images") else "lists and the rest"
        if name == "search":
            name = "search: texts" if path.parent.name in ("posts", "pages") else "search: index"
        for place, number in enumerate((1, len(data), len(gzip.compress(data, 6)))):
            sizes[name][place] += number
    for name, (files, whole, packed) in sorted(sizes.items()):
        print(f"  {name:20} {files:5} files {whole / 1e6:7.1f} MB, {packed / 1e6:6.1f} MB by gzip")


def queries(home: Path, seed: int) -> dict[str, list[str]]:
    """Return queries of each kind out of the archive's words."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(home / "archive.db")) as archive:
        texts = [text for (text,) in archive.execute("SELECT text FROM posts ORDER BY id")]
        formulas = [tex for (tex,) in archive.execute("SELECT tex FROM formulas WHERE length(tex) > 16 ORDER BY id")]
    runs = [run for text in texts for run in re.findall(r"[一-鿿]{8,}", text)]
    latin = [word for text in texts for word in re.findall(r"[A-Za-z]{3,12}", text)]
    traditional: Any = OpenCC("s2t")

    def chinese(length: int) -> str:
        run = str(chance.choice(runs))
        at = chance.randrange(len(run) - length + 1)
        return run[at : at + length]

    def tex() -> str:
        source = chance.choice(formulas)
        at, length = chance.randrange(2, len(source) - 12), chance.randrange(3, 11)
        return re.sub(r"\s.*", "", str(source)[at : at + length], flags=re.DOTALL) or "x"

    made: dict[str, Callable[[], str]] = {
        "one character": lambda: chinese(1),
        "two characters": lambda: chinese(2),
        "four characters": lambda: chinese(4),
        "quoted": lambda: f'"{chinese(chance.randrange(3, 7))}"',
        "two words": lambda: f"{chinese(2)} {chinese(2)}",
        "Latin": lambda: chance.choice(latin),
        "traditional": lambda: str(traditional.convert(chinese(3))),
        "TeX": lambda: f'tex:"{tex()}"',
    }
    return {kind: [made[kind]() for _ in range(number)] for kind, number in KINDS.items()}


def compare(page: Page, address: str, home: Path, asked: dict[str, list[str]]) -> int:
    """Say how many answers are the archive's, and return how many are not."""
    url = database_url(home)
    site = blog.site(home, url)
    page.goto(f"{address}/search.html")
    wrong = order = hits = 0
    with opened(url) as index:
        for query in (query for kind in asked.values() for query in kind):
            found = search(index, query, site, limit=10_000).hits
            expected = [[hit.post_id or -(hit.page_id or 0), hit.related] for hit in found]
            answer = page.evaluate(FIND, query)
            hits += len(expected)
            if sorted(answer) != sorted(expected):
                wrong += 1
                print(f"  differs: {query}: {len(answer)} hits for {len(expected)}")
            order += answer != expected
    print(
        f"search: {sum(map(len, asked.values()))} queries, {hits} hits; {wrong} with others, {order} in another order"
    )
    return order


def slow_page(browser: Browser, throttle: float) -> Page:
    """Return a page of a browser that has nothing yet, on a slow processor."""
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    return page


def timed(browser: Browser, throttle: float, address: str, selector: str) -> float:
    """Return the milliseconds from asking for a page until something is on it."""
    page = slow_page(browser, throttle)
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(selector)
    took = 1000 * (time.perf_counter() - began)
    page.context.close()
    return took


def tell(name: str, took: list[float]) -> None:
    """Print how long something took."""
    print(f"  {name:20} median {statistics.median(took):5.0f} ms, at most {max(took):5.0f} ms ({len(took)})")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--throttle", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "site"
        export(options.home, folder)
        asked = queries(options.home, options.seed)
        arguments = ["--no-sandbox", "--disable-gpu"]
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        with (
            served(folder) as address,
            playwright.chromium.launch(executable_path=chromium, args=arguments) as browser,
        ):
            wrong = compare(browser.new_page(), address, options.home, asked)
            print(f"a processor {options.throttle:g} times slower, nothing kept; until something is seen:")
            posts = sorted((folder / "posts").glob("*.html"), key=lambda path: path.stat().st_size)
            for name, path in (
                ("front page", "index.html"),
                ("a post, median", f"posts/{posts[len(posts) // 2].name}"),
                ("the largest post", f"posts/{posts[-1].name}"),
            ):
                tell(name, [timed(browser, options.throttle, f"{address}/{path}", "h1") for _ in range(3)])
            for kind, each in asked.items():
                found = [f"{address}/search.html?q={quote(query)}" for query in each[:4]]
                selector = ".hit, .divider"
                tell(f"hits, {kind}", [timed(browser, options.throttle, one, selector) for one in found])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
