"""The item pipeline: what a request came to, as rows, together with the end of its row in the frontier."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Self

from scrapy.crawler import Crawler

from archiver.crawl.canary import Canary
from archiver.crawl.run import Run, run_of
from archiver.errors import ArchiverError
from archiver.items import Asset, Catalogue, Comment, CommentPage, Gap, Listing, Outcome, Post, Topics
from archiver.store import frontier, lists, posts
from archiver.store.database import timestamp
from archiver.text import EXTRACTOR_VERSION
from archiver.urls import comment_page_url

logger = logging.getLogger(__name__)


class StorePipeline:
    """Stores each outcome whole or not at all; a page that cannot be stored is a gap, a failing disk ends the run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.session = run.archive.session
        self.canary = Canary(run)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawler's run."""
        return cls(run_of(crawler))

    def process_item(self, item: Outcome) -> Outcome:
        """Store an outcome and settle its address."""
        try:
            self._settle(item)
            self.run.settled()
        except ArchiverError as error:
            self.run.stop(error)
            raise
        return item

    def _settle(self, outcome: Outcome) -> None:
        try:
            with self.run.archive.savepoint():
                self._store(outcome)
        except ArchiverError:
            raise
        except Exception as error:
            logger.exception("a fault of the archiver at %s", outcome.url)
            self._gap(outcome, Gap(reason=f"a fault of the archiver, please report it: {error!r}"))

    def _store(self, outcome: Outcome) -> None:
        item = outcome.item
        self.canary.judge(outcome.kind, item)
        if isinstance(item, Gap):
            self._gap(outcome, item)
            return
        match item:
            case Post():
                self._post(item, outcome)
            case CommentPage():
                self._comments(item.post_id, item.page, item.comments, outcome)
            case Catalogue():
                posts.save_categories(self.session, item.categories)
                lists.save_catalogue(self.session, item, run_id=self.run.id)
                self.run.catalogue_read = True
            case Listing():
                lists.save_listing(self.session, item, run_id=self.run.id)
            case Topics():
                lists.save_topics(self.session, item, run_id=self.run.id)
            case Asset():
                pass  # its bytes are in its capture
        if outcome.url:
            frontier.finish(self.session, outcome.url, now=timestamp())
        self.run.counts.pages[outcome.kind] += 1

    def _post(self, post: Post, outcome: Outcome) -> None:
        if outcome.capture_id is None or outcome.fetched_at is None:
            raise ValueError(f"post {post.id} came without a capture")
        change = posts.save(
            self.session,
            post,
            capture_id=outcome.capture_id,
            seen_at=outcome.fetched_at,
            extractor_version=EXTRACTOR_VERSION,
        )
        self.run.counts.posts[change] += 1
        self._comments(post.id, post.comment_page, post.comments, outcome)

    def _comments(self, post_id: int, page: int, comments: Sequence[Comment], outcome: Outcome) -> None:
        """Store a page of comments; while the blog counts more than were found, ask for the page before it."""
        seen_at = outcome.fetched_at or timestamp()
        new = posts.save_comments(self.session, post_id, comments, page, seen_at=seen_at)
        self.run.counts.comments_new += new
        if posts.comments_owed(self.session, post_id):
            for earlier in range(page - 1, 0, -1):
                url = comment_page_url(post_id, earlier)
                if frontier.add(self.session, url, "comments", cycle=self.run.cycle, now=timestamp()):
                    break

    def _gap(self, outcome: Outcome, gap: Gap) -> None:
        if outcome.url:
            frontier.fail(self.session, outcome.url, gap.reason, permanent=gap.permanent, refused=gap.refused)
            self.run.counts.gaps[outcome.kind] += 1
            self.run.counts.unrecognised += gap.unrecognised
