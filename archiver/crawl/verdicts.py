"""The result of a run: its outcome, its exit code, and a sentence about it."""

from __future__ import annotations

from archiver.counting import counted
from archiver.crawl.probe import would_work
from archiver.crawl.run import Run
from archiver.errors import ExitCode
from archiver.store import doubts, frontier, runs
from archiver.store.doubts import Doubt

SHUTDOWN = "shutdown"
"""Scrapy's reason for the end of a crawl that a signal stopped."""

INTERRUPTED = (SHUTDOWN, "")
"""Scrapy's reasons for the end of a spider after a signal; after a second one it gives none."""

Verdict = tuple[str, ExitCode, str]
"""Name of a run's outcome, exit code, and a sentence about it."""


def judge_early_end(run: Run, reason: str) -> Verdict | None:
    """Return what ended a run before it was through, if anything did."""
    if run.fatal is not None:
        return run.fatal.outcome, run.fatal.exit_code, str(run.fatal)
    if reason in INTERRUPTED:
        return "interrupted", ExitCode.INTERRUPTED, "interrupted; nothing is lost, run again to resume"
    return None


def judge_crawl(run: Run) -> Verdict:
    """Judge by what this run asked for; longer failures, which are not news, are only mentioned."""
    counts, session = run.counts, run.archive.session
    if run.unanswered is not None and not counts.pages:
        return run.unanswered.outcome, run.unanswered.exit_code, str(run.unanswered)
    if run.limit is not None and frontier.has_pending(session, without={*run.canary.closed, *run.without}):
        return "limited", ExitCode.DONE, f"stopped after {counted(run.limit, 'post')} as asked; run again to resume"
    if doubted := [each for each in doubts.standing(session).values() if not doubts.is_believed(each)]:
        return runs.MARKUP_CHANGED, ExitCode.MARKUP_CHANGED, _said(doubted)
    if not counts.pages and counts.gaps:
        return "failed", ExitCode.FAILED, f"asked for {counted(sum(counts.gaps.values()), 'address')} and got nothing"
    if counts.failures:
        text = f"{counted(counts.failures, 'address')} could not be fetched; run again, `archiver gaps` says why"
        return runs.INCOMPLETE, ExitCode.INCOMPLETE, text
    if counts.cut:
        return runs.INCOMPLETE, ExitCode.INCOMPLETE, "a list of posts has more pages than are read of one"
    failing = frontier.failing(session)
    text = f"; {counted(failing, 'address')} failing for longer, `archiver gaps` lists them" if failing else ""
    return runs.COMPLETE, ExitCode.DONE, "complete" + text


def _said(doubted: list[Doubt]) -> str:
    """Return a sentence about what is not believed."""
    more = f" (and {len(doubted) - 1} more)" if len(doubted) > 1 else ""
    first = doubted[0]
    return (
        f"not as expected, so nothing is concluded from it: {first.subject}: {first.reason}{more}; "
        "the rest is archived, `archiver accept` says what can be done"
    )


def judge_asked(slugs: tuple[str, ...], run: Run) -> Verdict:
    """Judge a crawl; one asked for a category that the blog does not have has not done its task."""
    outcome, code, message = judge_crawl(run)
    unknown = [slug for slug in slugs if frontier.is_lost(run.archive.session, run.site.category_url(slug))]
    if not unknown or code != ExitCode.DONE:
        return outcome, code, message
    known = '`archiver sql "SELECT slug, name FROM categories"` lists those it has'
    return outcome, ExitCode.FAILED, f"the blog has no category {', '.join(unknown)}; {known}"


def judge_probe(run: Run) -> Verdict:
    """Judge by whether a crawl would work."""
    if would_work(run.findings):
        return "recognised", ExitCode.DONE, "the pages are as expected: a crawl would work"
    return "markup changed", ExitCode.MARKUP_CHANGED, "the pages are not as expected: a crawl would not work"
