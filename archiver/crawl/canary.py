"""The canary: notices that the blog differs from what it used to show, before anything is concluded from it.

It guards conclusions, not progress. If pages of a kind are not as expected, they wait; if a list lost much of what it
had, neither its links nor its gaps count. Everything else continues, and the run ends with exit code 6 until this is
resolved. A single odd page is a gap. A part that all pages lack, such as the licence, stops nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from archiver.clock import timestamp
from archiver.items import Catalogue, Gap, Item, Listing, Post, PostList
from archiver.pages.promises import parts
from archiver.store import doubts, lists, posts
from archiver.store.database import Archive
from archiver.store.doubts import LIST, PAGES, PART, Doubt
from archiver.urls import Site

FALL = 0.2
"""Share by which what a kind of page yields may fall."""

LEAST = 10
"""Pages of a kind from which a share of them is meaningful."""

FEW = 2
"""Pages of a kind that are meaningful when there are no more and none is as expected."""

SINGLE = frozenset({"catalogue", "index"})
"""Kinds with a single page, which is meaningful alone, since without it there is no news."""


class Canary:
    """Judges the pages of one run."""

    def __init__(self, archive: Archive, run_id: int, site: Site) -> None:
        self.closed: dict[str, str] = {}
        """Kinds of page no longer asked for in this run, and why."""
        self._session = session = archive.session
        self._run_id = run_id
        self._site = site
        self._first_crawl = not lists.any_read(session)
        self._usual = posts.unproven_share(session)
        self._before = doubts.standing(session)
        self._seen: dict[str, Doubt] = {}
        self._proven: set[str] = set()
        """Subjects that turned out to be as expected."""
        self._good: Counter[str] = Counter()
        self._odd: defaultdict[str, list[str]] = defaultdict(list)
        """Addresses of pages that are not what they promise, by kind."""
        self._unproven: Counter[str] = Counter()
        """Pages whose text could not be verified, by kind."""
        self._kept: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        """Parts of pages that were there, and that were not."""
        self._reasons: dict[str, str] = {}

    def judge(self, kind: str, url: str | None, item: Item) -> str:
        """Return why nothing is to be concluded from a page; nothing when it is believed."""
        if isinstance(item, Gap):
            return self._judge_odd(kind, url or "", item.reason) if item.unrecognised else ""
        self._good[kind] += not isinstance(item, Listing | PostList) or bool(item.entries)  # empty pages show nothing
        for part, there in parts(item, self._site.profile.post):
            (self._kept if there else self._lost)[f"{kind}: {part}"] += 1
        if isinstance(item, Post) and item.quality.issues:
            self._unproven[kind] += 1
            self._reasons[kind] = item.quality.issues[0]
        return self._judge_list(url or "", item) if isinstance(item, Catalogue | Listing | PostList) else ""

    def take_odd(self, kind: str) -> list[str]:
        """Return the addresses of a kind's odd pages, once."""
        return self._odd.pop(kind, [])

    def close_lost(self) -> list[tuple[str, str]]:
        """Return the pages that have to wait if the run ended with only a few of a kind, each with the reason."""
        lost = [kind for kind, odd in self._odd.items() if self._is_lost(kind, FEW, len(odd))]
        self.closed |= {kind: self._evidence(kind, len(self._odd[kind]), len(self._odd[kind])) for kind in lost}
        return [(url, self.closed[kind]) for kind in lost for url in self.take_odd(kind)]

    def conclude(self) -> None:
        """Store what is not believed, and drop what is as expected again."""
        for kind, reason in self.closed.items():
            self._note(kind, PAGES, reason)
        for kind, number in self._unproven.items():
            self._judge_unproven(kind, number)
        for part, number in self._lost.items():
            self._judge_part(part, number)
        self._proven |= {kind for kind in self._good if kind not in self._seen}
        self._proven |= set(self._kept)
        for subject in self._proven & self._before.keys():
            doubts.settle(self._session, subject)
        for doubt in self._seen.values():
            doubts.store(self._session, doubt)

    def _judge_odd(self, kind: str, url: str, reason: str) -> str:
        odd = self._odd[kind]
        odd.append(url)
        self._reasons[kind] = reason
        if kind not in self.closed:
            total = self._good[kind] + len(odd)
            single = kind in SINGLE
            early = (single or self._first_crawl) and self._is_lost(kind, 1 if single else FEW, len(odd))
            many = total >= LEAST and len(odd) > FALL * total
            if early or many or (kind in self._before and not self._good[kind]):
                self.closed[kind] = self._evidence(kind, len(odd), total)
        return self.closed.get(kind, "")

    def _is_lost(self, kind: str, least: int, odd: int) -> bool:
        return not self._good[kind] and odd >= least

    def _evidence(self, kind: str, number: int, total: int) -> str:
        return f"{number} of {total} {kind} pages are not as expected; the last one: {self._reasons[kind]}"

    def _judge_unproven(self, kind: str, number: int) -> None:
        """Doubt texts that cannot be verified, if there are far more of them than in the archive."""
        total, most = self._good[kind], self._usual + FALL
        none_proven = number == total and most < 1 and (kind in self._before or total > FEW)
        if not self._first_crawl and (none_proven or (total >= LEAST and number > most * total)):
            self._note(kind, PAGES, self._evidence(kind, number, total))

    def _judge_part(self, part: str, number: int) -> None:
        if not self._kept[part] and (number >= LEAST or part in self._before):
            self._note(part, PART, f"none of {number} pages has it")

    def _judge_list(self, url: str, page: Catalogue | Listing | PostList) -> str:
        match page:
            case Catalogue():
                problem = self._catalogue_problem(page)
            case Listing():
                problem = self._listing_problem(page)
            case PostList():
                problem = self._post_list_problem(page)
        if not problem:
            self._proven.add(url)
            return ""
        doubt = self._counted(url, LIST, problem)
        if doubts.is_believed(doubt):
            self._proven.add(url)
            return ""
        self._seen[url] = doubt
        return problem

    def _catalogue_problem(self, catalogue: Catalogue) -> str:
        found = Counter(entry.year for entry in catalogue.entries)
        for year, claimed in catalogue.year_totals:
            if found[year] != claimed:
                return f"the catalogue says {claimed} posts for {year}, {found[year]} were recognised"
        before = lists.sighted(self._session, lists.CATALOGUE)
        if len(catalogue.entries) < (1 - FALL) * before:
            return f"the catalogue lists {len(catalogue.entries)} posts, {before} were in it before"
        return ""

    def _listing_problem(self, listing: Listing) -> str:
        before = lists.sighted(self._session, lists.CATEGORY + listing.category.slug)
        if not listing.entries and before:
            return f"category {listing.category.slug} lists no post, {before} were in it before"
        return ""

    def _post_list_problem(self, page: PostList) -> str:
        before = lists.sighted(self._session, page.source)
        found = sum(self._site.post_id(entry.url) is not None for entry in page.entries)
        if page.whole and found < (1 - FALL) * before:
            return f"{page.url} lists {found} posts, {before} were in it before"
        return ""

    def _counted(self, subject: str, kind: str, reason: str) -> Doubt:
        before = self._before.get(subject)
        return doubts.seen_again(before, subject, kind, reason, run_id=self._run_id, now=timestamp())

    def _note(self, subject: str, kind: str, reason: str) -> None:
        self._seen[subject] = self._counted(subject, kind, reason)
