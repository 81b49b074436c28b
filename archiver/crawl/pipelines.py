"""The item pipeline: hands the outcome of a request to the store, and counts it."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler

from archiver.crawl.run import Run, run_of
from archiver.errors import ArchiverError
from archiver.items import Catalogue, CommentPage, Gap, Outcome, Post, PostList, Topics
from archiver.store import freshness, lost, outcomes, posts
from archiver.store.outcomes import Effect
from archiver.text import EXTRACTOR_VERSION

logger = logging.getLogger(__name__)


class StorePipeline:
    """Stores each outcome whole or not at all; a page that cannot be stored is a gap, a failing disk ends the run.

    A page of comments may come while its post is still being read: it waits for the post's own outcome.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.early: dict[int, list[Outcome]] = {}
        """Pages of comments by the post they wait for. Killed with them, the next run fetches them again."""

    def close_spider(self) -> None:
        """Settle the pages of comments whose post did not come in this run."""
        with suppress(ArchiverError):
            for comments in [each for early in self.early.values() for each in early]:
                self._settle(self._of_settled_post(comments))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the pipeline for a crawler's run."""
        return cls(run_of(crawler))

    def process_item(self, item: Outcome) -> Outcome:
        """Store an outcome and settle its address, unless the database has failed before."""
        try:
            if self.run.archive.failure is not None:
                raise self.run.archive.failure
            if isinstance(item.item, CommentPage) and not posts.known(self.run.archive.session, item.item.post_id):
                self.early.setdefault(item.item.post_id, []).append(item)
                return item
            self._settle(item)
            for comments in self.early.pop(self.run.site.post_id(item.url) or 0, []):
                self._settle(self._of_settled_post(comments))
            self.run.settled()
        except ArchiverError as error:
            self.run.stop(error)
            raise
        return item

    def _of_settled_post(self, comments: Outcome) -> Outcome:
        """Return the outcomes of comments, once it is known whether their post is stored."""
        page = comments.item
        if isinstance(page, CommentPage) and not posts.known(self.run.archive.session, page.post_id):
            return replace(comments, item=Gap(reason="the post of these comments could not be archived"))
        return comments

    def _settle(self, outcome: Outcome) -> None:
        item, run = outcome.item, self.run
        if isinstance(item, Gap) and outcome.url and outcome.capture_id is None and run.fatal is not None:
            run.have_wait(outcome.url, item.reason)  # it was on the way when the run ended
            return
        if outcome.doubt:
            self._have_wait(outcome)
            return
        try:
            with self.run.archive.savepoint() as session:
                outcome = replace(outcome, item=outcomes.judged(session, outcome.kind, outcome.url, outcome.item))
                effect = self._save(outcome)
                if isinstance(outcome.item, Post) and effect.change in ("new", "changed"):
                    freshness.renew_furniture(session, outcome.item, self.run.site, run_id=self.run.id)
            self.run.counts.add(outcome, effect)
        except ArchiverError:
            raise
        except Exception as error:
            logger.exception("a fault of the archiver at %s", outcome.url)
            gap = replace(outcome, item=Gap(reason=f"a fault of the archiver, please report it: {error!r}", fault=True))
            self.run.counts.add(gap, self._save(gap))

    def _have_wait(self, outcome: Outcome) -> None:
        """Store nothing of a page that is not believed, nor of the odd ones of its kind before it."""
        run = self.run
        for url in {*run.canary.take_odd(outcome.kind), *([outcome.url] if outcome.url else [])}:
            run.have_wait(url, outcome.doubt)
            run.counts.waiting[outcome.kind] += 1

    def _save(self, outcome: Outcome) -> Effect:
        if isinstance(outcome.item, Catalogue) or (isinstance(outcome.item, PostList) and outcome.item.whole):
            self.run.everything_listed |= outcomes.is_proven(self.run.archive.session, outcome)
        elif isinstance(outcome.item, Topics) and outcome.item.body:
            self.run.work.keep_index(outcome.item)
        run = self.run
        session = run.archive.session
        effect = outcomes.save(session, outcome, run.site, run_id=run.id, extractor_version=EXTRACTOR_VERSION)
        if run.takeover.has_lost and outcome.capture_id is not None:
            lost.found_again(session, outcome.item, outcome.capture_id)
        return effect
