"""First contact: what is recognised in a few pages, and whether a crawl would work."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from archiver.crawl.run import Run, run_of
from archiver.items import Gap, Outcome
from archiver.pages.promises import PageCheck, promises

NEEDED = ("catalogue", "category", "post")
"""Kinds of page without which a crawl makes no sense."""


class ProbePipeline:
    """Collects what was recognised in each page, and stores no post: the captures are kept for a report."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the pipeline for a crawler's run."""
        return cls(run_of(crawler))

    def process_item(self, item: Outcome) -> Outcome:
        """Note the outcome of a page."""
        found = item.item
        problem = found.reason if isinstance(found, Gap) else None
        self.run.findings.append(
            PageCheck(item.kind, item.url or "", item.capture_id, problem, promises(found, self.run.site.profile.post))
        )
        self.run.settled()
        return item


def would_work(findings: list[PageCheck]) -> bool:
    """Return whether a crawl would work: each needed kind of page was met and recognised."""
    good = {finding.kind for finding in findings if finding.recognised}
    return all(kind in good for kind in NEEDED)
