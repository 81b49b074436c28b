"""Comments as the discussion they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from archiver.store.pool import Row
from archiver.urls import Site
from archiver.web.reader import markup

_DEEPEST = 6  # levels that are drawn as such; the blog allows ten, a phone has no room for them


@dataclass(slots=True)
class Remark:
    """A comment and the answers to it."""

    row: Row
    site: Site
    root: str = ""
    """Path below which the blog's reader is."""
    former: Sequence[Row] = ()
    """How it was worded before, oldest first."""
    depth: int = 0
    answers: list[Remark] = field(default_factory=list)

    @property
    def html(self) -> Markup:
        """The text, ready to be shown."""
        return markup.remark(self.row["markdown"], self.site, self.root)

    @property
    def former_html(self) -> list[tuple[str, Markup]]:
        """Each former wording with the time up to which it was there."""
        return [(row["replaced_at"], markup.remark(row["markdown"], self.site, self.root)) for row in self.former]

    @property
    def number(self) -> int:
        """How many comments this one and its answers are."""
        return 1 + sum(answer.number for answer in self.answers)

    def flat(self) -> Iterator[Remark]:
        """Yield this comment and its answers, in the order they are read."""
        yield self
        for answer in self.answers:
            yield from answer.flat()


def threads(
    rows: Sequence[Row], former: Mapping[int, Sequence[Row]], site: Site, root: str = "", *, latest_first: bool = False
) -> list[Remark]:
    """Return the comments at the top level, earliest first or latest first, each with its answers, earliest first.

    `former` are the wordings that comments had before, by comment, oldest first.

    An answer whose parent the archive does not have is at the top level.
    """
    by_id = {row["id"]: Remark(row, site, root, former.get(row["id"], ())) for row in rows}
    top: list[Remark] = []
    for remark in by_id.values():  # in the order of their numbers, so a parent comes before its answers
        parent = by_id.get(remark.row["parent_id"] or 0)
        if parent is None or parent.row["id"] >= remark.row["id"]:
            top.append(remark)
        else:
            remark.depth = min(parent.depth + 1, _DEEPEST)
            parent.answers.append(remark)
    return top[::-1] if latest_first else top
