r"""A block of lines for crontab(5).

Cron reads a command before the shell does: it ends a command at a `%`, and removes the backslash of a `\%`. It gives no
place for state and no log, so the alarm is what it mails: whatever the commands print.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from datetime import time
from pathlib import Path

from archiver.errors import ArchiverError, UsageError
from archiver.schedule.plan import TOLERATED, Schedule

LONGEST_COMMAND = 998
"""Bytes of a command that every cron takes: MAX_COMMAND of Vixie's, with its end."""

# What `crontab` says when there is no crontab yet: Vixie's, cronie, macOS; then BusyBox.
_NO_CRONTAB = re.compile(rb"no crontab|can't open .*No such file", re.IGNORECASE)


def cron_line(settings: Schedule) -> str:
    """Return the line for a crontab: five fields of time, and the command.

    Where no time was named, the minute comes from the archive's path: the same at every call, a different one for
    another archive. The crawl prints nothing; after a failure `archiver status`, or the alarm command, does. Raises
    UsageError for a period cron cannot express and for a command too long for it.
    """
    return f"{_times(settings)} {_command(settings)}"


def cron_block(settings: Schedule) -> str:
    """Return the line between marks that name the archive, with a comment on what cron mails."""
    begin, end = _marks(settings)
    comment = '# Cron mails errors to the account, or to the MAILTO= above this line; MAILTO="" mails nothing.'
    return f"{begin}\n{comment}\n{cron_line(settings)}\n{end}\n"


def begin_mark(home: Path) -> str:
    """Return the line of a crontab before the run of an archive."""
    return f"# archiver schedule begins: {home}"


def _marks(settings: Schedule) -> tuple[str, str]:
    return begin_mark(settings.home), f"# archiver schedule ends: {settings.home}"


def _times(settings: Schedule) -> str:
    at = settings.at or time(0, _minute(settings))
    if settings.period > 24:
        return f"{at.minute} {at.hour} * * 1"
    hours = range(at.hour % settings.period, 24, settings.period)
    return f"{at.minute} {'*' if settings.period == 1 else ','.join(map(str, hours))} * * *"


def _minute(settings: Schedule) -> int:
    return int.from_bytes(hashlib.sha256(str(settings.home).encode()).digest()) % 60


def _command(settings: Schedule) -> str:
    """Return the command in the form that cron reads.

    The program's own words occur once, as the shell's arguments, because the line must not be long.
    """
    own = settings.command()
    commands = (settings.crawl, settings.deadline, settings.status)
    crawl, deadline, status = (_words(words[len(own) :]) for words in commands)
    tolerated = "|".join(str(int(code)) for code in (0, *TOLERATED))
    alarm = f'"$@" {status}'
    if settings.on_failure:
        alarm = _words(("/bin/sh", "-c", settings.on_failure, "archiver-failure", "cron"))
    command = (
        f'set -- {_words(own)}; "$@" {crawl} > /dev/null; '
        f'case $? in {tolerated}) "$@" {deadline} > /dev/null;; *) false;; esac || {alarm}'
    )
    if len(command.encode()) > LONGEST_COMMAND:
        raise UsageError(
            f"expected a command of at most {LONGEST_COMMAND} bytes for cron, found {len(command.encode())}: "
            f"put it into a script, or use `archiver schedule systemd`"
        )
    return command


def _words(words: tuple[str, ...]) -> str:
    r"""Quote words for the shell behind cron.

    Some crons remove the backslash of `\\` too, others do not. So none of ours is followed by a backslash or by the
    `\%` of a percent sign: each ends a quoted piece, `'a\''%b'`.
    """
    return " ".join(shlex.quote(word).replace("\\", "\\''").replace("%", "\\%") for word in words)


def install_cron(settings: Schedule) -> bool:
    """Put the block into the user's crontab, in place of an earlier one; return whether that changed anything.

    All other lines stay as they are. Raises ArchiverError when there is no program `crontab`, when it refuses, or when
    the marks of the block are damaged.
    """
    return _rewrite(settings, cron_block(settings))


def uninstall_cron(settings: Schedule) -> bool:
    """Remove the block from the user's crontab; return whether there was one.

    Raises ArchiverError as `install_cron` does.
    """
    return _rewrite(settings, "")


def _rewrite(settings: Schedule, block: str) -> bool:
    found = _read()
    wanted = _merged(found, block.encode(), *(mark.encode() for mark in _marks(settings)))
    if wanted == found:
        return False
    _crontab("-", text=wanted)
    return True


def _merged(table: bytes, block: bytes, begin: bytes, end: bytes) -> bytes:
    """Return the crontab with the block, in bytes, since other lines may be in any encoding."""
    lines = table.split(b"\n")
    begins, ends = ([at for at, line in enumerate(lines) if line == mark] for mark in (begin, end))
    if not begins and not ends:
        return table + (b"\n" if block and table and not table.endswith(b"\n") else b"") + block
    if len(begins) != 1 or len(ends) != 1 or ends < begins:
        raise ArchiverError(
            f"expected one line {begin.decode()!r} and one {end.decode()!r} after it in the crontab, found "
            f"{len(begins)} and {len(ends)}; remove them and what is between with `crontab -e`"
        )
    before, after = lines[: begins[0]], lines[ends[0] + 1 :]
    return b"\n".join([*before, block + b"\n".join(after)])


def _read() -> bytes:
    listed = _crontab("-l")
    return listed if listed is not None else b""


def _crontab(argument: str, text: bytes | None = None) -> bytes | None:
    """Run `crontab`; return what it printed, None when there is no crontab to list."""
    program = shutil.which("crontab")
    if not program:
        raise ArchiverError(
            "expected the program crontab, found none: install cron, or use `archiver schedule systemd` "
            "or `archiver watch`"
        )
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603
            [program, argument], input=text, capture_output=True, env=environment, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArchiverError(f"expected {program} to answer, found: {error}") from error
    if done.returncode == 0:
        return done.stdout
    # Any message but "no crontab" may hide one, and writing would destroy it.
    if text is None and _NO_CRONTAB.search(done.stderr):
        return None
    reason = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
    raise ArchiverError(f"expected `crontab {argument}` to succeed, found: {reason}")
