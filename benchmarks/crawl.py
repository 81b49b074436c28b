"""What recording and storing cost: CPU and peak memory of a crawl beside plain Scrapy, in one run.

    python benchmarks/crawl.py http://127.0.0.1:8000 [http://127.0.0.1:8001 ...] [--rounds 3]

The sites have to be on loopback. Three programs fetch the same addresses with the same concurrency: Scrapy alone, which
stores nothing; Scrapy with our recorder, which writes the WARC and its rows; `archiver crawl`, which does everything.
The medians of the rounds are printed, and their ratios to Scrapy alone.

With sites of several sizes, a line through their costs separates what every run costs from what a post costs. Where
posts cost more from each size to the next, their cost grows with the archive.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CONCURRENCY = "8"
VARIANTS = ("plain", "record", "everything")


@dataclass(frozen=True)
class Cost:
    """What one process used."""

    cpu: float
    """Seconds, user and system."""
    memory: float
    """Peak resident set, MB."""
    wall: float
    """Seconds."""


def measured(command: list[str]) -> Cost:
    """Run a command to its end and return what it used."""
    # Installed programs have their bytecode; without it a crawl begins with compiling this package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(
            f"{command}: exit {os.waitstatus_to_exitcode(status)}\n{process.stderr.read() if process.stderr else ''}"
        )
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.monotonic() - began)


def crawl_command(site: str, home: Path) -> list[str]:
    """Return the command of a whole crawl."""
    options = ["--site", site, "--delay", "0", "--concurrency", CONCURRENCY]
    return [sys.executable, "-m", "archiver", "--home", str(home), "crawl", "catalogue", "category", *options]


def child(variant: str, addresses: Path, home: Path) -> None:
    """Fetch every address of a file with Scrapy, recording it or not."""
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess
    from scrapy.http import Response
    from scrapy.settings import Settings

    from archiver.crawl.place import ArchiveLocation
    from archiver.crawl.run import Run, attach
    from archiver.urls import Site

    urls = addresses.read_text().split()

    class Fetcher(Spider):
        name = "fetcher"

        async def start(self) -> AsyncIterator[Any]:
            for url in urls:
                yield Request(url, callback=self.seen, dont_filter=True)

        def seen(self, response: Response) -> None:
            """Look at nothing."""

    settings = Settings(
        {"CONCURRENT_REQUESTS": int(CONCURRENCY), "CONCURRENT_REQUESTS_PER_DOMAIN": int(CONCURRENCY),
         "TELNETCONSOLE_ENABLED": False, "LOG_LEVEL": "ERROR", "HTTPERROR_ALLOW_ALL": True}
    )  # fmt: skip
    run = None
    if variant == "record":
        settings["DOWNLOADER_MIDDLEWARES"] = {"archiver.crawl.middlewares.WarcMiddleware": 1000}
        settings["DOWNLOAD_HANDLERS"] = dict.fromkeys(("http", "https"), "archiver.crawl.wire.WireDownloadHandler")
        parts = urlsplit(urls[0])
        run = Run(ArchiveLocation(home=home, site=Site(base=f"{parts.scheme}://{parts.netloc}")), "benchmark")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Fetcher)
    if run:
        attach(crawler, run)
    process.crawl(crawler)
    process.start()
    if run:
        run.commit()
        run.close()


def rounds(site: str, count: int, folder: Path) -> tuple[int, dict[str, list[Cost]]]:
    """Measure the variants in turn, as often as asked; return the number of posts, and what each round used."""
    found: dict[str, list[Cost]] = {variant: [] for variant in VARIANTS}
    addresses, posts = folder / "addresses", 0
    for number in range(count):
        home = folder / f"everything-{number}"
        found["everything"].append(measured(crawl_command(site, home)))
        with sqlite3.connect(home / "archive.db") as database:
            addresses.write_text("\n".join(row[0] for row in database.execute("SELECT target_uri FROM captures")))
            posts = database.execute("SELECT count(*) FROM posts").fetchone()[0]
        for variant in ("plain", "record"):
            words = ["--child", variant, str(addresses), str(folder / f"{variant}-{number}")]
            found[variant].append(measured([sys.executable, __file__, *words]))
    return posts, found


def report(posts: int, found: dict[str, list[Cost]]) -> dict[str, float]:
    """Print what the variants used for a site; return the median CPU seconds of each."""
    plain = statistics.median(cost.cpu for cost in found["plain"])
    base = statistics.median(cost.memory for cost in found["plain"])
    print(f"{posts} posts")
    medians = {}
    for variant in VARIANTS:
        cpu, memory, wall = (
            statistics.median(getattr(cost, name) for cost in found[variant]) for name in ("cpu", "memory", "wall")
        )
        medians[variant] = cpu
        ratio = f"{cpu / plain:.2f} x plain"
        print(f"  {variant:<11} {cpu:6.2f} s CPU ({ratio})  {memory:5.0f} MB ({memory - base:+.0f})  {wall:6.2f} s")
    return medians


def report_growth(sizes: dict[int, dict[str, float]]) -> None:
    """Print what every run costs, what a post costs, and what a post costs from each size to the next.

    `sizes` are the CPU seconds of the variants by number of posts.
    """
    posts = sorted(sizes)
    print("CPU by a line through all sizes, and for each post from one size to the next")
    slopes: dict[str, float] = {}
    for variant in VARIANTS:
        seconds = [sizes[number][variant] for number in posts]
        slope, start = statistics.linear_regression(posts, seconds)
        slopes[variant] = slope
        steps = zip(pairwise(posts), pairwise(seconds), strict=True)
        each = " ".join(f"{1000 * (after - before) / (to - of):.1f}" for (of, to), (before, after) in steps)
        ratio = f"{slope / slopes['plain']:.2f} x plain"
        print(f"  {variant:<11} {start:.2f} s + {1000 * slope:.1f} ms a post ({ratio}); {each} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", nargs="*", metavar="SITE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=3, metavar=("VARIANT", "ADDRESSES", "HOME"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]), Path(asked.child[2]))
        return
    if not asked.sites or any(urlsplit(site).hostname not in ("127.0.0.1", "localhost", "::1") for site in asked.sites):
        parser.error("expected the addresses of sites on loopback")
    sizes = {}
    for site in asked.sites:
        with tempfile.TemporaryDirectory() as folder:
            posts, found = rounds(site, asked.rounds, Path(folder))
        sizes[posts] = report(posts, found)
    if len(sizes) > 1:
        report_growth(sizes)


if __name__ == "__main__":
    main()
