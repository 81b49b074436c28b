"""Whether a crawl that is killed again and again ends with the archive of one that is not.

    python -m benchmarks.kill [SITE] [--kills N] [--seed N] [--access-log FILE] [--home DIR] [-- OPTION...]

SITE is crawled twice: once in peace, then killed (SIGKILL) at N random moments and run again each time. A fifth of the
kills come while the program starts and looks what the last run left behind. Without SITE it is the bundled sample blog.
FILE is where the server writes a line of JSON a request, with its path; without it only what the archive knows of is
counted. What follows `--` goes to `archiver crawl`.

Ends with 1 when the archives differ, when one of them is not in order, or when an address was asked for more than once
and once a kill.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.bundled import sample_folder
from archiver.errors import ArchiveDamaged, ExitCode
from archiver.sample import SampleBlog, serving
from archiver.store import query
from archiver.warc.index import NAME as INDEX_NAME
from archiver.warc.index import update_index
from archiver.warc.reader import iter_records
from archiver.warc.storage import Storage

Row = tuple[Any, ...]

TABLES = (
    *("posts", "post_revisions", "comments", "formulas", "code_blocks", "images", "links", "post_witnesses"),
    *("categories", "tags", "topics", "sightings", "frontier"),
)
"""Tables whose rows are compared, save what depends on when a page was fetched, and in which order."""

BY_CHANCE = re.compile(
    r".*_at|reader_count|(current_)?revision_id|capture_id|run_id|seq|attempts|failures|failed_since|reason|not_before"
)
"""Columns that are different in every crawl."""

NUMBERED_BY_US = frozenset({"post_revisions", "formulas", "categories", "tags", "topics"})
"""Tables whose `id` follows the order in which pages came."""

PAIRS = {
    "post_categories": "SELECT post_id, slug FROM post_categories JOIN categories ON categories.id = category_id",
    "post_tags": "SELECT post_id, name FROM post_tags JOIN tags ON tags.id = tag_id",
    "topic_posts": "SELECT name, l.position, post_id, title FROM topic_posts AS l JOIN topics ON topics.id = topic_id",
    "pictures": "SELECT DISTINCT url, payload_sha256 FROM captures WHERE status = 200 AND content_type LIKE 'image/%'",
}
"""What is compared of tables that refer to such an `id`, and the bytes of the pictures."""

STARTING = 0.2
"""Share of the kills that come before the first request."""

MOST_RUNS = 5
"""Runs in a row that may end with pages missing; then the site is to blame."""


# -- what an archive holds ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(home: Path) -> Iterator[sqlite3.Connection]:
    """Open an archive's database for reading; an empty one if there is none."""
    path = home / "archive.db"
    with contextlib.closing(query.connect(path) if path.exists() else sqlite3.connect(":memory:")) as connection:
        yield connection


def contents(home: Path) -> dict[str, Counter[Row]]:
    """Return the rows of an archive by table, without what no two crawls have in common."""
    with opened(home) as database:
        queries = {table: _select(database, table) for table in TABLES if table in _tables(database)}
        return {name: Counter(database.execute(statement)) for name, statement in (queries | PAIRS).items()}


def _tables(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _select(database: sqlite3.Connection, table: str) -> str:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    chance = {"id"} if table in NUMBERED_BY_US else set()
    return f"SELECT {', '.join(c for c in columns if c not in chance and not BY_CHANCE.fullmatch(c))} FROM {table}"


def differences(whole: Path, other: Path) -> list[str]:
    """Say how the contents of an archive differ from those of another."""
    expected, found = contents(whole), contents(other)
    return [
        f"{table}: {sum((expected[table] - found[table]).values())} rows missing, "
        f"{sum((found[table] - expected[table]).values())} rows too many, "
        f"such as {str(next(iter((expected[table] - found[table]) + (found[table] - expected[table]))))[:200]}"
        for table in expected
        if expected[table] != found[table]
    ]


def disorder(home: Path, *, at_rest: bool = True) -> list[str]:
    """Say what is not in order in an archive: rows that contradict each other or the WARC files.

    `at_rest` is whether the last run ended by itself: then no address is leased, no file open, no record without a row,
    and the index is the one that can be made of the records.
    """
    with opened(home) as database:
        if _tables(database) < {"posts", "captures", "frontier"}:
            return ["the database has no tables"] if at_rest else []
        found = [f"database: {row}" for row in database.execute("PRAGMA integrity_check") if row != ("ok",)]
        found += [f"reference: {row}" for row in database.execute("PRAGMA foreign_key_check")]
        found += [f"post {number} has the same revision twice in a row" for (number,) in database.execute(_DOUBLED)]
        lost = "SELECT id FROM posts WHERE current_revision_id IS NULL"
        found += [f"post {number} has no current revision" for (number,) in database.execute(lost)]
        if at_rest:
            leased = database.execute("SELECT url FROM frontier WHERE state = 'leased'")
            found += [f"{url} is leased to nobody" for (url,) in leased]
            found += [f"{path.name} is open" for path in (home / "warc").glob("*.open")]
        rows = set(database.execute("SELECT warc_file, warc_offset, warc_length, record_id FROM captures"))
    records = set(_responses(home, found if at_rest else []))
    found += [f"a row of {row[0]} at {row[1]} points at no record" for row in rows - records]
    if at_rest:
        found += [f"the record of {row[0]} at {row[1]} has no row" for row in records - rows]
        found += _index_disorder(home)
    return found


_DOUBLED = """
SELECT DISTINCT post_id FROM (
  SELECT post_id, content_sha256, lag(content_sha256) OVER (PARTITION BY post_id ORDER BY id) AS before
  FROM post_revisions
) WHERE content_sha256 = before
"""


def _index_disorder(home: Path) -> list[str]:
    index = home / INDEX_NAME
    with tempfile.TemporaryDirectory() as folder:
        update_index(Storage(home / "warc"), Path(folder) / index.name)
        made = (Path(folder) / index.name).read_bytes()
    return [] if index.exists() and index.read_bytes() == made else [f"{index.name} is not what can be made anew"]


def _responses(home: Path, damage: list[str]) -> Iterator[Row]:
    for path in sorted((home / "warc").glob("*.warc.gz*")):
        try:
            for record in iter_records(path):
                if record.type in ("response", "revisit"):
                    yield record.warc_file, record.offset, record.length, record.record_id
        except ArchiveDamaged as error:
            damage.append(str(error))


# -- crawling and killing ----------------------------------------------------------------------------------------------


@dataclass
class Subject:
    """A site, and how it is crawled."""

    site: str
    options: Sequence[str]
    asked: Callable[[], list[str]] | None = None
    """Paths the server was asked for up to now."""

    def start(self, home: Path) -> subprocess.Popen[str]:
        """Start the command as a user would."""
        words = ["--home", str(home), "crawl", "--site", self.site, "--json", *self.options]
        return subprocess.Popen(
            [sys.executable, "-m", "archiver", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self, home: Path) -> dict[str, Any]:
        """Crawl to the end; return the last report."""
        for _ in range(MOST_RUNS):
            process = self.start(home)
            printed, errors = process.communicate()
            if process.returncode not in (ExitCode.DONE, ExitCode.INCOMPLETE):
                sys.exit(f"expected a crawl of {self.site}, found exit code {process.returncode}: {errors or printed}")
            if process.returncode == ExitCode.DONE:
                break
        report: dict[str, Any] = json.loads(printed)
        return report


@dataclass
class Killing:
    """One crawl that is killed again and again."""

    subject: Subject
    home: Path
    addresses: int
    """How many there are to settle."""
    starting: float
    working: float
    """Seconds a crawl takes before its first request, and after it."""
    random: random.Random
    kills: int = 0
    moments: list[float] = field(default_factory=list)

    def kill(self, left: int) -> bool:
        """Start the crawl and kill it; return False when it was through before that."""
        moment = self._moment(left)
        process = self.subject.start(self.home)
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.kills += 1
            self.moments.append(moment)
            return True
        return process.returncode != ExitCode.DONE

    def _moment(self, left: int) -> float:
        """Return when to kill, so that the crawl is not through before the last kill."""
        if self.random.random() < STARTING:
            return self.random.uniform(0, self.starting)
        share = self.working * (1 - self._settled() / self.addresses) / left
        return self.starting + self.random.uniform(0, 0.9 * share)

    def _settled(self) -> int:
        with opened(self.home) as database:
            if "frontier" not in _tables(database):
                return 0
            count = database.execute("SELECT count(*) FROM frontier WHERE state NOT IN ('pending', 'leased')")
            return int(count.fetchone()[0])


def measure(subject: Subject, folder: Path, kills: int, seed: int) -> list[str]:
    """Crawl in peace and with kills; print figures, and return what is wrong."""
    whole, killed = folder / "whole", folder / "killed"
    began = time.monotonic()
    report = subject.finish(whole)
    took = time.monotonic() - began
    rows = contents(whole)
    print(f"in peace: {rows['posts'].total()} posts, {rows['frontier'].total()} addresses in {took:.1f} s")
    before = len(subject.asked()) if subject.asked else 0
    killing = Killing(
        subject,
        killed,
        addresses=rows["frontier"].total(),
        starting=took - report["seconds"],
        working=report["seconds"],
        random=random.Random(seed),
    )
    began = time.monotonic()
    for left in range(kills, 0, -1):
        if not killing.kill(left):
            break
    last = subject.finish(killed)
    print(f"killed:   {killing.kills} times in {last['run']} runs, {time.monotonic() - began:.1f} s")
    asked = Counter(subject.asked()[before:]) if subject.asked else _captured(killed)
    again = {path: count - 1 for path, count in asked.items() if count > 1 and not path.endswith("/robots.txt")}
    most = max(again.values(), default=0)
    print(f"asked for again: {sum(again.values())} of {asked.total()}, one at most {most} times; robots.txt aside")
    wrong = [f"killed {killing.kills} times only: the crawl was through"] if killing.kills < kills else []
    wrong += [f"{path} was asked for {count} times more than once" for path, count in again.items()
              if count > killing.kills]  # fmt: skip
    return wrong + disorder(whole) + disorder(killed) + differences(whole, killed)


def _captured(home: Path) -> Counter[str]:
    with opened(home) as database:
        return Counter(url for (url,) in database.execute("SELECT target_uri FROM captures"))


def _logged(path: Path) -> list[str]:
    return [json.loads(line)["path"] for line in path.read_text("utf-8").splitlines()]


def main() -> int:
    """Measure as the command line says; print what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site", nargs="?", help="origin of the site; the bundled sample blog if not given")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--access-log", type=Path, help="lines of JSON with the `path` of each request")
    parser.add_argument("--home", type=Path, help="folder for the two archives; kept. [a temporary one]")
    parser.add_argument("options", nargs="*", help="for `archiver crawl`, after `--`")
    given = parser.parse_args()
    quick = ["--delay", "0", "--concurrency", "4"]
    with contextlib.ExitStack() as stack:
        folder = given.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subject = Subject(given.site, given.options or ["catalogue", "category", *quick])
        if given.site is None:
            subject.options = given.options or [*quick, "--index", str(sample_folder() / "index.md")]
            blog = SampleBlog()
            subject.site = stack.enter_context(serving(blog))
            subject.asked = lambda: [target for _, target, _ in blog.requests]
        elif given.access_log:
            subject.asked = lambda: _logged(given.access_log)
        wrong = measure(subject, folder, given.kills, given.seed)
    print("\n".join(wrong) or "the archives are equal and in order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
