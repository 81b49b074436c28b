"""The item pipeline: hands what a request came to over to the store, and counts it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler

from archiver.crawl.canary import Canary
from archiver.crawl.run import Run, run_of
from archiver.errors import ArchiverError
from archiver.items import Catalogue, Gap, Outcome, Topics
from archiver.store import outcomes
from archiver.store.outcomes import Effect
from archiver.text import EXTRACTOR_VERSION

logger = logging.getLogger(__name__)


class StorePipeline:
    """Stores each outcome whole or not at all; a page that cannot be stored is a gap, a failing disk ends the run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.canary = Canary(run)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawler's run."""
        return cls(run_of(crawler))

    def process_item(self, item: Outcome) -> Outcome:
        """Store an outcome and settle its address, unless the database has failed before."""
        try:
            if self.run.archive.failure is not None:
                raise self.run.archive.failure
            self._settle(item)
            self.run.settled()
        except ArchiverError as error:
            self.run.stop(error)
            raise
        return item

    def _settle(self, outcome: Outcome) -> None:
        try:
            with self.run.archive.savepoint():
                self.canary.judge(outcome.kind, outcome.item)
                effect = self._save(outcome)
            self.run.counts.add(outcome, effect)
        except ArchiverError:
            raise
        except Exception as error:
            logger.exception("a fault of the archiver at %s", outcome.url)
            gap = replace(outcome, item=Gap(reason=f"a fault of the archiver, please report it: {error!r}"))
            self.run.counts.add(gap, self._save(gap))

    def _save(self, outcome: Outcome) -> Effect:
        if isinstance(outcome.item, Catalogue):
            self.run.catalogue_read = True
        elif isinstance(outcome.item, Topics) and outcome.item.body:
            self.run.keep_index(outcome.item)
        run = self.run
        return outcomes.save(
            run.archive.session, outcome, run_id=run.id, cycle=run.cycle, extractor_version=EXTRACTOR_VERSION
        )
