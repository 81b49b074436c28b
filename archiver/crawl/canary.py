"""The canary: notices that the blog's markup has changed before anything is stored on the strength of it.

Each rule raises MarkupChanged with its evidence; the run then ends with exit code 6, and what was archived stays as it
was. A single odd page is a gap, not a change of markup.
"""

from __future__ import annotations

from collections import Counter

from archiver.crawl.run import Run
from archiver.errors import MarkupChanged
from archiver.items import Catalogue, Gap, Item, Listing, Post
from archiver.pages.promises import broken
from archiver.store import lists

FALL = 0.2
"""Share by which what a kind of page yields may fall."""

LEAST = 10
"""Pages of a kind before a share of them says anything."""

FIRST_CONTACT = 2
"""Pages of a kind, one of which a first crawl must recognise; of lists, of which there are few, the first."""

CHANGED = "has the blog's theme changed? The last one:"

LISTS = ("catalogue", "category", "home")


class Canary:
    """Judges the pages of one run."""

    def __init__(self, run: Run) -> None:
        self.session = run.archive.session
        self.first_crawl = not lists.any_read(self.session)
        self.good: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()

    def judge(self, kind: str, item: Item) -> None:
        """Take note of what a page came to.

        Raises MarkupChanged when that, with what came before, means that the blog looks different now.
        """
        problem = self._problem(item)
        if problem:
            self.bad[kind] += 1
            self._judge_share(kind, problem)
        elif not isinstance(item, Gap):
            self.good[kind] += 1
        if isinstance(item, Catalogue):
            self._judge_catalogue(item)
        elif isinstance(item, Listing):
            self._judge_listing(item)

    def _problem(self, item: Item) -> str:
        """Return what is wrong with a page, if anything.

        A text that does not prove itself counts only once the archive has seen how many usually do.
        """
        if isinstance(item, Gap):
            return item.reason if item.unrecognised else ""
        doubts = item.quality.issues if isinstance(item, Post) and not self.first_crawl else ()
        return ", ".join((*broken(item), *doubts))

    def _judge_share(self, kind: str, evidence: str) -> None:
        good, bad = self.good[kind], self.bad[kind]
        least = 1 if kind in LISTS else FIRST_CONTACT
        if self.first_crawl and not good and bad >= least:
            raise MarkupChanged(f"none of the first {bad} {kind} pages is as expected, {CHANGED} {evidence}")
        if good + bad >= LEAST and bad > FALL * (good + bad):
            raise MarkupChanged(f"{bad} of {good + bad} {kind} pages are not as expected, {CHANGED} {evidence}")

    def _judge_catalogue(self, catalogue: Catalogue) -> None:
        found = Counter(int(entry.published_on[:4]) for entry in catalogue.entries)
        for year, claimed in catalogue.year_totals:
            if found[year] != claimed:
                raise MarkupChanged(f"the catalogue says {claimed} posts for {year}, {found[year]} were recognised")
        before = lists.sighted(self.session, lists.CATALOGUE)
        if len(catalogue.entries) < (1 - FALL) * before:
            raise MarkupChanged(f"the catalogue lists {len(catalogue.entries)} posts, {before} were in it before")

    def _judge_listing(self, listing: Listing) -> None:
        before = lists.sighted(self.session, lists.CATEGORY + listing.category.slug)
        if not listing.entries and before:
            raise MarkupChanged(f"category {listing.category.slug} lists no post, {before} were in it before")
