"""What a run ends with: its outcome and exit code, from what it met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.clock import timestamp
from archiver.crawl.pipelines import StorePipeline
from archiver.crawl.place import ArchiveLocation
from archiver.crawl.run import Run
from archiver.crawl.verdicts import judge_asked, judge_crawl
from archiver.errors import ExitCode, RateLimited
from archiver.items import Gap, Outcome
from archiver.store import frontier


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that has read one page."""
    run = Run(ArchiveLocation(home=tmp_path), "test")
    run.counts.pages["post"] = 1
    yield run
    run.close()


def fail(run: Run, url: str, kind: str, *, permanent: bool = False) -> None:
    """Have an address fail without an answer."""
    frontier.add(run.archive.session, url, kind, run_id=run.id, now=timestamp())
    item = Gap(reason="no answer", permanent=permanent)
    StorePipeline(run).process_item(Outcome(item=item, kind=kind, url=url, capture_id=None, fetched_at=None))


def test_an_address_that_failed_without_an_answer_makes_a_run_incomplete(run: Run) -> None:
    assert judge_crawl(run)[1] == ExitCode.DONE
    fail(run, "https://kexue.fm/archives/1", "post")
    assert judge_crawl(run)[1] == ExitCode.INCOMPLETE


def test_a_list_with_more_pages_than_are_read_makes_a_run_incomplete(run: Run) -> None:
    run.counts.cut = 1
    assert judge_crawl(run)[1] == ExitCode.INCOMPLETE


def test_a_site_that_no_longer_answers_at_the_end_is_no_reason_to_call_a_run_refused(run: Run) -> None:
    run.unanswered = RateLimited("refused us")
    assert judge_crawl(run)[1] == ExitCode.DONE
    run.counts.pages.clear()
    assert judge_crawl(run)[1] == RateLimited.exit_code


def test_a_category_that_is_not_there_fails_a_run_that_nothing_else_was_wrong_with(run: Run) -> None:
    fail(run, run.site.category_url("Nowhere"), "category", permanent=True)
    assert judge_asked(("Mathematics",), run)[1] == ExitCode.DONE
    assert judge_asked(("Nowhere",), run)[1] == ExitCode.FAILED
    fail(run, "https://kexue.fm/archives/1", "post")
    assert judge_asked(("Nowhere",), run)[1] == ExitCode.INCOMPLETE


def test_lists_that_were_not_read_to_their_end_make_no_post_missing(run: Run) -> None:
    session, url = run.archive.session, "https://kexue.fm/page/2"
    run.everything_listed = True
    run.counts.cut = 1
    run.settle_missing()
    assert not run.missing_counted
    run.counts.cut = 0
    frontier.add(session, url, "list", run_id=run.id, now=timestamp())
    frontier.finish(session, url, now=timestamp())
    frontier.fail(session, url, "no answer", now=timestamp())
    run.settle_missing()
    assert not run.missing_counted
    frontier.finish(session, url, now=timestamp())
    run.settle_missing()
    assert run.missing_counted
