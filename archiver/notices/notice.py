"""What a notification says about a run, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archiver.counting import counted
from archiver.errors import ExitCode

FAILED, BROUGHT, ALWAYS = "failed", "brought", "always"
"""Which runs are reported."""

TOLD = 10
"""Posts of each kind that are named: a first crawl brings a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The notification of a run."""

    title: str
    text: str
    """The text in lines, without a final line end."""
    events: frozenset[str] = frozenset()
    """What happened: FAILED, BROUGHT, both or neither."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Facts for programs, by names in lower case: `run`, `exit_code`, `new`, ..."""
    reader: str = ""
    """Where to read more; empty if unknown."""


def about_run(
    blog: str,
    run: Mapping[str, Any],
    new: Sequence[tuple[str, str]],
    changed: Sequence[tuple[str, str]],
    *,
    message: str = "",
    tolerated: Collection[int] = (),
    reader: str = "",
) -> Notice:
    """Return the notification of a run.

    `run` is its row of the view run_log; `new` and `changed` are titles and addresses of posts; `message` is a sentence
    about how it ended, its outcome if empty; an exit code in `tolerated` is no failure.
    """
    code = ExitCode.FAILED if run["exit_code"] is None else run["exit_code"]
    failed = code != ExitCode.DONE and code not in tolerated
    figures = {name: run[name] or 0 for name in ("new", "changed", "gone", "comments_new", "failed")}
    brought = [
        *([counted(figures["new"], "new post")] if figures["new"] else []),
        *([f"{figures['changed']} changed"] if figures["changed"] else []),
        *([counted(figures["comments_new"], "new comment")] if figures["comments_new"] else []),
    ]
    outcome = run["outcome"] or "not ended"
    said = [", ".join(brought), outcome if failed or not brought else ""]
    lines = [*_listed("New", new), *_listed("Changed", changed)]
    lines += [f"{counted(figures['comments_new'], 'new comment')}."] if figures["comments_new"] else []
    lines += [f"{counted(figures['gone'], 'post')} gone from the blog."] if figures["gone"] else []
    if figures["failed"]:
        lines.append(f"{counted(figures['failed'], 'address')} could not be fetched; `archiver gaps` says why.")
    lines.append(f"Run {run['id']}: {message or outcome} (exit code {code}).")
    return Notice(
        title=f"{blog}: {'; '.join(filter(None, said))}",
        text=_with_reader(lines, reader),
        events=frozenset([FAILED] * failed + [BROUGHT] * bool(brought)),
        facts={name: str(value) for name, value in (figures | {"run": run["id"], "exit_code": int(code)}).items()},
        reader=reader,
    )


def about_error(blog: str, message: str, code: int, *, tolerated: Collection[int] = (), reader: str = "") -> Notice:
    """Return the notification of a run that an error kept from starting, or from ending properly."""
    return Notice(
        title=f"{blog}: the crawl failed",
        text=_with_reader([f"{message} (exit code {int(code)})."], reader),
        events=frozenset([FAILED] if code not in tolerated else []),
        facts={"exit_code": str(int(code))},
        reader=reader,
    )


def wanted(notice: Notice, on: Collection[str]) -> bool:
    """Return whether the settings ask for this notification."""
    return ALWAYS in on or not notice.events.isdisjoint(on)


def _with_reader(lines: list[str], reader: str) -> str:
    return "\n".join([*lines, *([f"Read it at {reader}"] if reader else [])])


def _listed(heading: str, posts: Sequence[tuple[str, str]]) -> list[str]:
    more = len(posts) - TOLD
    lines = [f"{heading}: {title}\n  {url}" for title, url in posts[:TOLD]]
    return [*lines, *([f"{heading}: {more} more"] if more > 0 else [])]
