"""How far a crawl is, for the one who started it and for anyone who looks in."""

from __future__ import annotations

import errno
import json
import select
import shutil
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from archiver import clock

if TYPE_CHECKING:
    from archiver.cli.context import Context
    from archiver.store.progress import Progress

_WIDE = 120  # columns of a terminal with room for a bar
_REST = 66  # columns of everything around an address on a line
_PAUSE = 2.0  # seconds between two checks: a polite crawl asks every three


def template() -> str:
    """Return click's template of a line of progress: one that is wider than the terminal would scroll it."""
    wide = shutil.get_terminal_size().columns >= _WIDE
    return "%(label)s  [%(bar)s]  %(info)s" if wide else "%(info)s"


def under_way(path: str, failed: int, done: int, left: int, seconds: float) -> str:
    """Return on one line what came last, how many failed, how fast it goes, and when it will be done at this rate."""
    room = max(min(shutil.get_terminal_size().columns - _REST, 40), 12)
    said = [path if len(path) <= room else f"{path[: room - 1]}…", f"{failed} failed" if failed else ""]
    return " · ".join(filter(None, [*said, rate(done, seconds), f"until {until(done, left, seconds)}"]))


def rate(done: int, seconds: float) -> str:
    """Return how many are done per minute."""
    each = done * 60 / max(seconds, 0.1)
    return f"{each:.0f}/min" if each >= 10 else f"{each:.1f}/min"


def until(done: int, left: int, seconds: float) -> str:
    """Return when the rest will be done at this rate, in local time: new addresses make it later."""
    end = (clock.now() + timedelta(seconds=seconds / max(done, 1) * left)).astimezone()
    today = clock.now().astimezone().date()
    day = "" if end.date() == today else "%a " if end.date() - today < timedelta(days=7) else "%Y-%m-%d "
    return end.strftime(f"{day}%H:%M or later")


def watch(obj: Context, json_: bool) -> None:
    """Show how far the last run is until an interrupt: redrawn on a terminal, else one line per change.

    Raises BrokenPipeError when whoever reads has left, ArchiverError when there is no archive.
    """
    from archiver.store import progress

    terminal = sys.stdout.isatty() and not json_
    page = _page if terminal else _json if json_ else _line
    before = None
    leaving = select.poll()
    leaving.register(sys.stdout, 0)
    try:
        while True:
            found = progress.last(obj.database())
            if terminal or found != before:
                click.echo(("\033[H\033[J" if terminal else "") + page(obj, found))
                sys.stdout.flush()
            before = found
            if leaving.poll(_PAUSE * 1000):
                raise BrokenPipeError(errno.EPIPE, "nobody reads on")
    except KeyboardInterrupt:
        return


def _json(_obj: Context, found: Progress | None) -> str:
    return json.dumps(asdict(found) if found else None, ensure_ascii=False)


def _line(obj: Context, found: Progress | None) -> str:
    if found is None:
        return "No run yet."
    head = f"run {found.run}: {found.settled}/{found.settled + found.left}"
    if found.finished_at:
        return f"{found.finished_at} {head}, {found.outcome} (exit code {found.exit_code})"
    path = obj.site().path(found.url) if found.url else ""
    said = under_way(path, found.failed, found.settled, found.left, _seconds(found))
    return f"{found.answered_at or found.started_at} {head} {said}"


def _page(obj: Context, found: Progress | None) -> str:
    """Return a screen for people."""
    if found is None:
        return f"{obj.home}: no run yet; `archiver crawl` starts one. (Ctrl-C ends this.)"
    total = found.settled + found.left
    rows = {
        "run": f"{found.run}: {found.command}, since {_clock(found.started_at)}",
        "addresses": f"{found.settled:,} of {total:,} settled, {found.left:,} left",
        "records": f"{found.requests:,} answers, {found.bytes / 1e6:.1f} MB",
        "failed": f"{found.failed:,}; `archiver gaps` says why" if found.failed else "none",
    }
    if found.finished_at:
        rows["ended"] = f"{_clock(found.finished_at)}: {found.outcome} (exit code {found.exit_code})"
    else:
        seconds = _seconds(found)
        rows["last answer"] = f"{_ago(found.answered_at)}  {found.url}" if found.answered_at else "none yet"
        rows["rate"] = rate(found.settled, seconds)
        rows["until"] = until(found.settled, found.left, seconds) if found.settled else "not known yet"
    lines = [f"{name:<12}{value}" for name, value in rows.items()]
    return "\n".join([*lines, "", "Ctrl-C ends this page, not the crawl."])


def _seconds(found: Progress) -> float:
    return (clock.now() - datetime.fromisoformat(found.started_at)).total_seconds()


def _clock(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%a %H:%M:%S")


def _ago(moment: str) -> str:
    from archiver.schedule import format_duration

    return f"{format_duration(clock.now() - datetime.fromisoformat(moment))} ago"
