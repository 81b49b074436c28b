"""What making a database again costs, beside reading the same pages and nothing else.

    python -m benchmarks.rebuild ARCHIVE [--rounds N] [--processes N] [--offline]

ARCHIVE is the folder of one. Its WARC files are linked, not copied, into a folder of their own for each try, and the
archive is left as it is. Each round reads the pages in one process, rebuilds on one process and on several, so that
all see the same machine; medians are printed, and the spread. `--offline` crawls the archive without a network too,
into another one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver import urls
from archiver.items import Gap
from archiver.rebuild import reading
from archiver.rebuild.reading import Task
from archiver.rebuild.swap import RebuildReport, rebuild
from archiver.store import query
from archiver.urls import Site
from archiver.warc.storage import Storage

CRAWL = """
import sys
from pathlib import Path
from archiver.crawl import runner
from archiver.crawl.place import ArchiveLocation
options = runner.CrawlOptions(sources=("catalogue", "category"), source=Path(sys.argv[1]))
report = runner.crawl(ArchiveLocation(home=Path(sys.argv[2])), options)
print(report.seconds, report.counts["requests"])
"""


@contextmanager
def linked(archive: Path) -> Iterator[Path]:
    """Give a folder that has the archive's WARC files and nothing else."""
    with tempfile.TemporaryDirectory(dir=archive) as folder:
        home = Path(folder)
        (home / "warc").mkdir()
        for path in (archive / "warc").glob("*.warc.gz"):
            (home / "warc" / path.name).hardlink_to(path)
        yield home


def tasks(archive: Path) -> list[Task]:
    """Return the pages of an archive, as a rebuild reads them."""
    columns = "url, target_uri, warc_file, warc_offset"
    found = query.run(archive / "archive.db", f"SELECT {columns} FROM captures WHERE status = 200 ORDER BY id")
    pages = []
    for url, target, file, offset in found.rows:
        kind = reading.kind_of(url, None, Site())
        if kind in reading.PAGES:
            pages.append(Task(file, offset, kind, target, Site(base=urls.origin(target))))
    return pages


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds work takes, and those of processor time here: what other processes read is not in it."""
    before, began = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - began, time.process_time() - before


def read_pages(archive: Path, pages: list[Task]) -> None:
    """Read every page in this process, and keep nothing."""
    storage = Storage(archive / "warc")
    unread = [item.reason for page in pages if isinstance(item := reading.read(storage, page), Gap)]
    if len(unread) == len(pages):
        sys.exit(f"expected pages that can be read, found none of {len(pages)}: {'; '.join(sorted(set(unread)))}")


def rebuilt(archive: Path, processes: int) -> RebuildReport:
    """Rebuild into a folder of its own."""
    with linked(archive) as home:
        return rebuild(home, processes=processes)


def crawled(archive: Path) -> str:
    """Crawl the archive without a network; return seconds and requests."""
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-c", CRAWL, str(archive), home]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def shown(name: str, seconds: list[float], pages: int) -> float:
    """Print a line about several tries, and return their median."""
    median = statistics.median(seconds)
    spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
    print(f"{name:<34} {median:7.2f} s  ({spread})  {1000 * median / pages:6.2f} ms a page")
    return median


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--offline", action="store_true")
    given = parser.parse_args()
    archive: Path = given.archive.resolve()
    pages = tasks(archive)
    posts = query.run(archive / "archive.db", "SELECT count(*) FROM posts").rows[0][0]
    print(f"{posts} posts, {len(pages)} pages to read, {os.cpu_count()} processors")
    works: dict[str, Callable[[], object]] = {
        "reading alone": lambda: read_pages(archive, pages),
        "rebuild on one process": lambda: rebuilt(archive, 1),
        f"rebuild on {given.processes} processes": lambda: rebuilt(archive, given.processes),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(given.rounds):
        for name, work in works.items():
            times[name].append(timed(work))
    reading_, one, several = (shown(name, [wall for wall, _ in found], len(pages)) for name, found in times.items())
    for name, found in times.items():
        shown(f"{name}, processor time here", [cpu for _, cpu in found], len(pages))
    print(f"one process over reading alone: {one / reading_:.2f}; {given.processes} processes: {one / several:.2f} x")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB here")
    if given.offline:
        print(f"offline crawl, seconds and requests: {', '.join(crawled(archive) for _ in range(given.rounds))}")


if __name__ == "__main__":
    main()
