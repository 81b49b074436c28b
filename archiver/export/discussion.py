"""Comments as Markdown after the post they belong to: block quotes, each answer within the one it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archiver.store.values import Comment
from archiver.text.inline import plain

DEEPEST = 6
"""Levels of answers that are shown as such."""


def discussion(
    comments: Iterable[Comment], heading: str = "Comments", gone: str = "no longer on the blog"
) -> Iterator[str]:
    """Yield a heading and the comments, each answer after the comment it answers; nothing without comments."""
    answers: dict[int | None, list[Comment]] = {}
    held = {comment.id: comment for comment in comments}
    for comment in held.values():
        answers.setdefault(comment.parent_id if comment.parent_id in held else None, []).append(comment)
    waiting = [(comment, 1) for comment in reversed(answers.get(None, []))]
    if waiting:
        yield f"## {heading}"
    while waiting:
        comment, depth = waiting.pop()
        waiting += [(answer, depth + 1) for answer in reversed(answers.get(comment.id, []))]
        facts = [f"**{plain(comment.author)}**", comment.published_on, comment.deleted_at and gone]
        lines = [" · ".join(filter(None, facts)), "", *comment.markdown.splitlines()]
        yield "\n".join(f"{'>' * min(depth, DEEPEST)} {line}".rstrip() for line in lines)
