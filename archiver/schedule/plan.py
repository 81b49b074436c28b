"""What is to be run, and when: the part of a schedule that systemd, cron and the loop have in common."""

from __future__ import annotations

import os
import sys
import unicodedata
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path

from archiver.errors import ExitCode, UsageError
from archiver.schedule.durations import format_duration

PERIODS = (1, 2, 3, 4, 6, 8, 12, 24, 24 * 7)
"""Hours between runs that a calendar can express: parts of a day, a day, a week."""

TOLERATED = (ExitCode.INCOMPLETE, ExitCode.LOCKED, ExitCode.INTERRUPTED)
"""Exit codes of a crawl that raise no alarm by themselves.

Incomplete: some picture fails every other day, and the next run resumes; an alarm that rings each time is soon no
longer heard. Locked: another run is doing the work. Interrupted: somebody stopped it, or the machine went down. What
they might hide, a blog that is down for days or an owner of the lock that hangs, shows in `archiver status --max-age`,
which is asked after each of them. Rate limited does alarm: the site said stop to a program that acts for a person.
"""

PATIENCE = 3
"""Periods without a complete run after which even a tolerated exit code is an alarm: two bad days are normal."""


def own_command() -> tuple[str, ...]:
    """Return how this program is started, with an absolute path.

    The script is looked for next to the interpreter, whose symbolic link is not followed, as that is what makes a
    virtual environment.
    """
    script = Path(sys.executable).with_name("archiver")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "archiver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is to be run, and when. Relative paths are made absolute: a timer runs elsewhere.

    Raises UsageError for a word that no unit file or crontab can hold.
    """

    home: Path
    """Folder of the archive."""
    db: str = ""
    """URL of the database, as for `--db`; empty for the one in the folder."""
    options: tuple[str, ...] = ()
    """Other arguments before `crawl`, for example `("--warc", "s3://bucket/prefix")`."""
    arguments: tuple[str, ...] = ()
    """Arguments after `archiver crawl`, for example `("catalogue", "--no-images")`."""
    every: timedelta = timedelta(days=1)
    at: time | None = None
    """Local time of a run; None for some time in the hour after midnight."""
    on_failure: str = ""
    """Shell command for the alarm; empty to print `archiver status`."""
    account: str = ""
    """Account that system-wide units run as; empty for units of the user's own manager."""
    program: tuple[str, ...] = field(default_factory=own_command)
    """How this program is started."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", _absolute(self.home))
        object.__setattr__(self, "db", _absolute_db(self.db))
        object.__setattr__(self, "arguments", _absolute_index(self.arguments))
        for word in (*self.crawl, self.on_failure, self.account):
            _check(word)

    @property
    def crawl(self) -> tuple[str, ...]:
        """The command of one run."""
        return self.command(*self.options, "crawl", *self.arguments)

    @property
    def deadline(self) -> tuple[str, ...]:
        """The command that fails when the last complete run was too long ago."""
        longest = max(self.every * PATIENCE, timedelta(days=1))
        return self.command("status", "--max-age", format_duration(longest))

    @property
    def status(self) -> tuple[str, ...]:
        """The command that reports the state of the archive."""
        return self.command("status")

    def command(self, *words: str) -> tuple[str, ...]:
        """Return a command of this program about this archive."""
        return (*self.program, "--home", str(self.home), *(("--db", self.db) if self.db else ()), *words)

    @property
    def period(self) -> int:
        """Hours between runs.

        Raises UsageError for a period that a calendar cannot say.
        """
        hours = self.every / timedelta(hours=1)
        if hours not in PERIODS:
            possible = ", ".join(f"{period}h" for period in PERIODS[:-1])
            raise UsageError(
                f"expected runs every {possible} or 7d, found {format_duration(self.every)}; "
                f"`archiver watch` can wait for any duration"
            )
        return int(hours)


def _absolute(path: Path) -> Path:
    # `..` cannot simply be cancelled where there are symbolic links, and systemd accepts no path with one.
    return path.resolve() if ".." in path.parts else path.absolute()


def _absolute_db(url: str) -> str:
    path = database_file(url)
    if path is None:
        return url
    scheme, query = url.partition(":///")[0], url.partition("?")
    return f"{scheme}:///{_absolute(path)}{query[1]}{query[2]}"


def database_file(url: str) -> Path | None:
    """Return the file of a SQLite URL with three or four slashes; None for any other URL."""
    scheme, _, rest = url.partition(":///")
    name = rest.partition("?")[0]
    return Path(name) if scheme.startswith("sqlite") and name and name != ":memory:" else None


def _absolute_index(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Make the file of `--index` absolute, in both ways the option can be written."""
    words = list(arguments)
    for position, word in enumerate(words):
        if word.startswith("--index="):
            words[position] = "--index=" + _absolute_file(word.removeprefix("--index="))
        elif position and words[position - 1] == "--index":
            words[position] = _absolute_file(word)
    return tuple(words)


def _absolute_file(name: str) -> str:
    return name if "://" in name or not name else str(_absolute(Path(name)))


def _check(word: str) -> None:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"expected a schedule in UTF-8, found {word!r}; rename it") from error
    if any(unicodedata.category(character) == "Cc" for character in word):
        raise UsageError(f"expected a schedule without control characters, found {word!r}")
