"""What happened in a run, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from archiver import items
from archiver.store.frontier import FAILING
from archiver.store.outcomes import Effect


@dataclass(slots=True)
class Counts:
    """What happened in a run."""

    requests: int = 0
    bytes: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    """Pages recognised, by kind."""
    posts: Counter[str] = field(default_factory=Counter)
    """Posts by the result of storing them: new, changed, unchanged, held."""
    comments_new: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    """Addresses that gave no page, by kind of page."""
    failures: int = 0
    """Addresses that could not be archived, and have not failed often enough to be counted as failing."""
    cut: int = 0
    """Lists with more pages than are read."""
    waiting: Counter[str] = field(default_factory=Counter)
    """Pages that are not believed, by kind."""
    unrecognised: int = 0
    """Pages that arrived and were not what their address promises."""

    def add(self, outcome: items.Outcome, effect: Effect) -> None:
        """Count the outcome of a request, and what storing it did."""
        if isinstance(outcome.item, items.Gap):
            self.gaps[outcome.kind] += 1
            self.unrecognised += outcome.item.unrecognised
            self.failures += 0 < effect.failures < FAILING
            return
        self.pages[outcome.kind] += 1
        self.comments_new += effect.comments_new
        if effect.change is not None:
            self.posts[effect.change] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for the run's row and report."""
        posts = {name: self.posts[name] for name in ("new", "changed", "unchanged", "held", "gone")}
        return {
            "requests": self.requests,
            "bytes": self.bytes,
            **posts,
            "comments_new": self.comments_new,
            "failed": sum(self.gaps.values()),
            "pages": dict(self.pages),
            "gaps": dict(self.gaps),
            "new_failures": self.failures,
            "waiting": dict(self.waiting),
            "unrecognised": self.unrecognised,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }
