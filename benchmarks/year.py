"""Whether an archive that is kept for a year is right at its end, and what it has cost.

    python -m benchmarks.year [--runs N] [--seed N] [--home DIR]

A blog that lives (`living_blog.py`) is crawled once a day by `archiver crawl`, each time in a process of its own whose
clock is what the day says. Its server is down for days, refuses, changes its theme and back; the program is killed at
random moments; the clock jumps. `truth.py` says what the archive must hold; the last days are quiet ones.

Prints a line a month, and all that is wrong; ends with 1 if anything is.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as moment
from pathlib import Path
from typing import Self

from archiver import clock
from archiver.clock import timestamp
from archiver.crawl.canary import LEAST
from archiver.sample import serving
from archiver.store.doubts import BELIEVED
from benchmarks.kill import disorder
from benchmarks.living_blog import LivingBlog
from benchmarks.truth import Ran, Truth

FIRST_DAY = date(2027, 1, 1)
MORNING = moment(3, 20)
MONTH = 30
CHECKED = 10
"""Runs after which the archive is compared with the truth."""
MOST_WRONG = 20
LONGEST = 300
"""Seconds a run may take."""
POSTS, RECHECK = 25, 15
"""Posts on the first day, and those each run looks at again."""
QUIET = 7
"""Runs at the end, two days apart, before which nothing happens: until lists are believed, posts are gone, addresses
that failed are asked for, and all are looked at again."""
LEFT_ALONE = timedelta(days=9)
"""How long an address is left alone that failed in five runs, with a day to spare."""

KILLED = 0.1
"""Share of days on which the run is killed."""
AGAIN = 0.6
"""Share of those on which it is started again the same day."""
JUMPED = 0.03
"""Share of days on which the clock is wrong."""
JUMPS = (timedelta(days=40), timedelta(days=-10), timedelta(hours=-30), timedelta(days=800))

THROUGH = (0, 3, 6)
"""Exit codes of runs that tried everything."""

EXPECTED = {
    **{weather: {7} for weather in ("down", "busy", "reset", "robots 500", "robots forbid", "gate shut")},
    **{weather: {6} for weather in ("theme renamed", "theme strange", "catalogue strange")},
    "catalogue broken": {3},
    **{weather: {0, 3} for weather in ("broken", "cut")},
}
"""Exit codes by the weather; in fair weather 0."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["benchmarks.preloaded"])


def command(words: list[str], ahead: float, output: str) -> None:
    """Be the command, with a clock that is ahead by some seconds; what it used ends the output: KiB and CPU seconds."""
    from archiver.cli import main

    clock.ahead = timedelta(seconds=ahead)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    try:
        main(words)
    finally:
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(used.ru_maxrss, used.ru_utime + used.ru_stime, flush=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    seconds: float
    cpu: float
    """Seconds of it in which it had the processor: the rest is waiting, for the server and for other programs."""
    memory: float
    """Peak, in KiB."""
    requests: int


class Year:
    """A blog, its archive, and what happens to both."""

    def __init__(self, home: Path, seed: int, *, posts: int = POSTS, recheck: int = RECHECK, pace: float = 1.0) -> None:
        """Found a blog that is to be crawled into `home`; its `recheck` is that of the command."""
        home.parent.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.random = random.Random(seed)
        self.blog = LivingBlog(seed, FIRST_DAY, posts=posts, pace=pace)
        self.kills = self.jumps = 0
        self.codes: Counter[str] = Counter()
        """How often runs ended with each exit code in each weather."""
        self.costs: list[Cost] = []
        self.wrong: list[str] = []
        self._server = contextlib.ExitStack()
        self.site = self._server.enter_context(serving(self.blog))
        self.truth = Truth(self.blog, self.site, recheck)
        self._serving, self._cycle_ended = True, True
        self._lists = Lists()
        self._suffering: dict[int, date] = {}
        """Until when a post that could not be had may be left alone."""

    def __enter__(self) -> Self:
        """Return the year itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the server."""
        self._server.close()

    def live(self, days: int) -> None:
        """Let days pass, the last of them quiet ones, and compare the archive with the truth."""
        today = FIRST_DAY
        for number in range(1, days + 1):
            quiet = number > days - QUIET
            today += timedelta(days=2 if quiet else 1)
            self.blog.wake(today, quiet=quiet or number == 1)
            self._open(self.blog.weather != "down")
            self._suffer(today)
            if self._crawl(today, quiet) and self.random.random() < AGAIN:
                self._crawl(today, True)
            if number % CHECKED == 0 or number == days:
                self._report(self.truth.differences(self.home, settled=number == days))
            if number % MONTH == 0 or number == days:
                print(self.line(number), flush=True)
            if len(self.wrong) > MOST_WRONG:
                return
        self._report(disorder(self.home))

    def _open(self, up: bool) -> None:
        """Let the server be there, or not."""
        if up and not self._serving:
            self._server.enter_context(serving(self.blog, int(self.site.rpartition(":")[2])))
        elif not up:
            self._server.close()
        self._serving = up

    def _suffer(self, today: date) -> None:
        for path in self.blog.broken:
            self._suffering[int(path.rpartition("/")[2])] = today + LEFT_ALONE
        self._suffering = {post: until for post, until in self._suffering.items() if until >= today}

    def _crawl(self, today: date, undisturbed: bool) -> bool:
        """Run the command once; return whether it was killed."""
        jump = timedelta(0)
        if not undisturbed and self.random.random() < JUMPED:
            jump = self.random.choice(JUMPS)
            self.jumps += 1
        life = self._life() if not undisturbed and self.random.random() < KILLED else None
        self.truth.before_run()
        self._lists.before_run(self.blog)
        self.blog.requests.clear()
        start = datetime.combine(today, MORNING, UTC) + jump
        began = time.monotonic()
        code, used, said = self._command(start, life)
        took = time.monotonic() - began
        through = code in THROUGH and "strange" not in self.blog.weather and "renamed" not in self.blog.weather
        ran = Ran(timestamp(start), timestamp(start + timedelta(seconds=took + 1)), through,
                  self._cycle_ended, frozenset(self._suffering))  # fmt: skip
        self._report(self.truth.after_run(ran))
        if code not in self._expected() and not (life and code < 0):
            self._report([f"exit code {code} in weather {self.blog.weather or 'fair'!r}: {said}"])
        if through:
            self._lists.after_run()
        self._cycle_ended = code in THROUGH
        self.codes[f"{self.blog.weather or 'fair'}: {code}"] += 1
        if code >= 0:
            memory, cpu = map(float, used.split())
            self.costs.append(Cost(took, cpu, memory, len(self.blog.requests)))
        self.kills += code < 0
        return code < 0

    def _life(self) -> float:
        """Return after how many seconds a run is to be killed."""
        usual = statistics.median(cost.seconds for cost in self.costs[-9:]) if self.costs else 2.0
        return self.random.uniform(0, usual)

    def _command(self, start: datetime, life: float | None) -> tuple[int, str, str]:
        """Run the command with a clock that starts at a time; return its exit code, what it used and its last words."""
        words = ["--home", str(self.home), "crawl", "catalogue", "category", "--site", self.site, "--delay", "0"]
        words += ["--concurrency", "4", "--recheck", str(self.truth.recheck)]
        output = self.home.with_name(self.home.name + ".output")
        output.write_text("")
        ahead = (start - datetime.now(UTC)).total_seconds()
        process = _PROCESSES.Process(target=command, args=(words, ahead, str(output)))
        process.start()
        process.join(LONGEST if life is None else life)
        if process.exitcode is None:
            process.kill()
            process.join()
        *said, used = output.read_text("utf-8").splitlines() or [""]
        return process.exitcode or 0, used, " / ".join(said[-3:])

    def _expected(self) -> set[int]:
        """Return the exit codes a run may have today."""
        codes = EXPECTED.get(self.blog.weather, {0})
        if self.blog.weather == "theme renamed" and self.truth.recheck < LEAST:
            return {0, 6}  # too few posts are looked at for their texts to say anything about the theme
        return codes | {6} if self._lists.doubted and codes & {0, 3} else codes

    def _report(self, wrong: Iterable[str]) -> None:
        for sentence in wrong:
            if not any(known.endswith(sentence) for known in self.wrong):
                self.wrong.append(f"run {len(self.truth.runs)}, {self.blog.today}: {sentence}")
                print(self.wrong[-1], flush=True)

    def line(self, number: int) -> str:
        """Return a line of the table: how large everything is, and what a run took lately."""
        database = sqlite3.connect(f"file:{self.home / 'archive.db'}?mode=ro", uri=True)
        tables = ("posts", "post_revisions", "comments", "comment_revisions", "captures")
        rows = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        database.close()
        lately = self.costs[-MONTH:]
        usual = [statistics.median(getattr(cost, name) for cost in lately) for name in ("requests", "seconds", "cpu")]
        memory = max(cost.memory for cost in lately) / 1024
        sizes = [_size(self.home, pattern) for pattern in ("archive.db*", "warc/*", "index.cdxj", "logs/*")]
        return LINE.format(number, *rows, *sizes, *usual, memory)


class Lists:
    """Which of the blog's lists lost so much that they are not believed at once."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._runs: Counter[str] = Counter()

    def before_run(self, blog: LivingBlog) -> None:
        """Count what the lists have."""
        self._now = dict.fromkeys(blog.source.categories, 0) | {"": len(blog.source.posts)}
        for post in blog.source.posts:
            for slug in post.categories:
                self._now[slug] += 1

    @property
    def doubted(self) -> set[str]:
        """The lists that may be doubted: a catalogue that lost a fifth, and categories that lost all."""
        return {
            name
            for name, before in self._known.items()
            if name in self._now and (self._now[name] < 0.8 * before if name == "" else before and not self._now[name])
        }

    def after_run(self) -> None:
        """Count a run that got to its end: after three a list is believed."""
        for name in self._now:
            self._runs[name] = self._runs[name] + 1 if name in self.doubted else 0
            if name not in self.doubted or self._runs[name] >= BELIEVED:
                self._known[name] = self._now[name]


def _size(home: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in home.glob(pattern)) / 1e6


HEAD = (
    "  run  posts revisions comments reworded captures |  db MB  WARC MB  index MB  logs MB |"
    " requests  s/run    CPU  peak MB"
)
LINE = "{:5} {:6} {:9} {:8} {:8} {:8} | {:6.2f} {:8.2f} {:9.2f} {:8.2f} | {:8.0f} {:6.2f} {:6.2f} {:8.0f}"


def main() -> int:
    """Live through a year as the command line says; print what it cost and what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=1.0, help="by how much more happens than usual")
    parser.add_argument("--home", type=Path, help="folder for the archive; kept. [a temporary one]")
    given = parser.parse_args()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = given.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        year = stack.enter_context(Year(folder / "archive", given.seed, pace=given.pace))
        print(HEAD)
        year.live(given.runs)
    print(f"{year.kills} kills, {year.jumps} wrong clocks, {time.monotonic() - began:.0f} s")
    print(", ".join(f"{name} ({count})" for name, count in sorted(year.codes.items())))
    print(f"{len(year.wrong)} differences" if year.wrong else "the archive is as it must be")
    return 1 if year.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
