"""The command about what changed: history."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import Context, PostNumber, as_rows, print_found, print_rows
from archiver.counting import counted
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.store.values import Comment, CommentRevision, Revision
    from archiver.text.diff import Difference, DiffSegment

SHOWN = 60
"""Characters of a comment's former wording that are shown on a line."""


@click.command(short_help="List every version of a POST and what changed in it.")
@click.argument("post", type=PostNumber(), required=False)
@click.argument("versions", nargs=-1, type=click.IntRange(1))
@click.option("--diff", is_flag=True, help="Show what changed: formulas first, then prose by character.")
@click.option("--since", metavar="DAY", help="Instead of one post: all that are new, changed or discussed since then.")
@as_rows
@click.pass_obj
def history(
    obj: Context, /, post: int | None, versions: tuple[int, ...], diff: bool, since: str | None, format_: str | None
) -> None:
    """List every version of a POST and what changed in it, and which of its comments are gone or were edited.

    With --diff, compare the last two VERSIONS, or those named: `archiver history 8265 --diff 1 3`.
    """
    if (post is None) == (since is None):
        given = "neither" if post is None else "both"
        raise UsageError(f"expected a POST, or --since DAY for all posts, such as --since 2026-03-01; found {given}")
    if post is None:
        _print_news(obj, str(since), format_)
        return
    with obj.library() as library:
        revisions = library.revisions(post)
        gone = [comment for comment in library.comments(post) if comment.deleted_at]
        edited = library.comment_revisions(post)
    chosen = _chosen(versions, len(revisions)) if diff or versions else None
    difference = _compare(revisions[chosen[0] - 1], revisions[chosen[1] - 1]) if chosen else None
    if format_:
        found = _as_dict(revisions, gone, edited, chosen, difference)
        print_found(found, found["versions"], tuple(found["versions"][0]), format_)
    elif chosen and difference:
        sys.stdout.writelines(_difference_text(revisions, chosen, difference))
    else:
        sys.stdout.writelines(_history_text(revisions, gone, edited))


def _print_news(obj: Context, since: str, format_: str | None) -> None:
    from archiver.dates import parse_start
    from archiver.store import news, query

    print_rows(query.run(obj.database(), news.SINCE, {"since": parse_start(since)}), format_)


def _chosen(versions: Sequence[int], count: int) -> tuple[int, int] | None:
    """Return which two versions are to be compared, by number from 1; None when there is only one."""
    if any(version > count for version in versions) or len(versions) > 2:
        raise UsageError(f"expected at most two versions from 1 to {count}, found {' '.join(map(str, versions))}")
    if len(versions) == 2:
        return versions[0], versions[1]
    later = versions[0] if versions else count
    return (later - 1, later) if later > 1 else None


def _compare(before: Revision, after: Revision) -> Difference:
    from archiver.text.diff import compare

    return compare(before.markdown, after.markdown)


def _changes(revisions: Sequence[Revision]) -> Iterator[tuple[Revision, Revision | None, Difference | None]]:
    """Yield each version with the one before and what changed."""
    yield revisions[0], None, None
    for before, after in pairwise(revisions):
        yield after, before, _compare(before, after)


def _history_text(
    revisions: Sequence[Revision], gone: Sequence[Comment], edited: Sequence[CommentRevision]
) -> Iterator[str]:
    yield f"{revisions[-1].post_id}  {revisions[-1].title}\n"
    for number, (revision, before, difference) in enumerate(_changes(revisions), 1):
        mark = "*" if revision.current else " "
        yield f"{mark} {number:>3}  {revision.seen_at}  {', '.join(_words(revision, before, difference))}\n"
    for comment in gone:
        yield f"  comment {comment.id} by {comment.author}: no longer on the blog since {comment.deleted_at}\n"
    for former in edited:
        words = " ".join(former.text.split())
        shown = words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
        yield f"  comment {former.comment_id} by {former.author}: edited by {former.replaced_at}, before: {shown}\n"


def _words(revision: Revision, before: Revision | None, difference: Difference | None) -> Iterator[str]:
    if before is None or difference is None:
        yield f"first seen, {counted(len(revision.text), 'character')}"
    elif difference.inserted or difference.deleted:
        yield f"+{difference.inserted} -{difference.deleted} characters"
    if difference and difference.formulas:
        count = len(difference.formulas)
        yield f"{counted(count, 'formula')} changed"
    if before and before.title != revision.title:
        yield f"title: {before.title} -> {revision.title}"
    elif difference and not difference.inserted and not difference.deleted:
        yield "only markup or metadata"
    if revision.lost:
        yield "its record is lost"
    if revision.status == "review":
        yield f"held for review: {'; '.join(revision.issues)}"


def _difference_text(revisions: Sequence[Revision], chosen: tuple[int, int], difference: Difference) -> Iterator[str]:
    before, after = (revisions[number - 1] for number in chosen)
    yield f"{after.post_id}  version {chosen[0]} ({before.seen_at}) -> version {chosen[1]} ({after.seen_at})\n"
    if before.title != after.title:
        yield f"\nTitle\n\n- {before.title}\n+ {after.title}\n"
    if difference.formulas:
        yield "\nFormulas\n"
    for change in difference.formulas:
        yield f"\n{_marked(change.segments)}\n"
    hunks = difference.hunks()
    if hunks:
        yield "\nText\n"
    for hunk in hunks:
        yield f"\n{_marked(hunk)}\n"


def _marked(segments: Iterable[DiffSegment]) -> str:
    """Return segments in colours on a terminal, else with the marks of wdiff: `[-gone-]{+come+}`."""
    return "".join(_mark(segment) for segment in segments).strip("\n")


def _mark(segment: DiffSegment) -> str:
    if segment.kind == "equal":
        return segment.text
    gone = segment.kind == "delete"
    if sys.stdout.isatty():
        return click.style(segment.text, fg="red" if gone else "green", strikethrough=gone, underline=not gone)
    return f"[-{segment.text}-]" if gone else f"{{+{segment.text}+}}"


def _as_dict(
    revisions: Sequence[Revision],
    gone: Sequence[Comment],
    edited: Sequence[CommentRevision],
    chosen: tuple[int, int] | None,
    difference: Difference | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "post_id": revisions[0].post_id,
        "versions": [_version(number, *change) for number, change in enumerate(_changes(revisions), 1)],
        "comments_gone": [
            {"id": comment.id, "author": comment.author, "deleted_at": comment.deleted_at, "text": comment.text}
            for comment in gone
        ],
        "comments_edited": [asdict(former) for former in edited],
    }
    if chosen and difference:
        found["difference"] = {"versions": chosen, **asdict(difference)}
    return found


def _version(number: int, revision: Revision, before: Revision | None, difference: Difference | None) -> dict[str, Any]:
    return {
        "version": number,
        "revision_id": revision.id,
        "seen_at": revision.seen_at,
        "title": revision.title,
        "title_before": before.title if before else None,
        "characters": len(revision.text),
        "inserted": difference.inserted if difference else None,
        "deleted": difference.deleted if difference else None,
        "formulas_changed": len(difference.formulas) if difference else None,
        "status": revision.status,
        "issues": revision.issues,
        "current": revision.current,
        "record_lost": revision.lost,
    }


COMMANDS = (history,)
