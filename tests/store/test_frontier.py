from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from archiver.clock import timestamp
from archiver.store import chronicle, frontier, runs
from archiver.store.database import Archive
from archiver.store.models import FrontierEntry as Entry

NOW = "2026-11-21T00:00:00Z"
LATER = "2026-11-21T00:05:00Z"
POST = "https://kexue.fm/archives/8265"
IMAGE = "https://kexue.fm/usr/uploads/x.png"


@pytest.fixture
def archive(database: str) -> Iterator[Archive]:
    with Archive(database) as archive:
        yield archive


@pytest.fixture
def session(archive: Archive) -> Session:
    runs.begin(archive.session, "crawl", now=NOW)
    return archive.session


def lease(session: Session, now: str = NOW, run_id: int = 1) -> str | None:
    found = frontier.lease(session, run_id=run_id, now=now)
    return found.url if found else None


def test_an_address_is_fetched_once_in_a_run_however_often_it_is_found(session: Session) -> None:
    assert frontier.add(session, POST, "post", run_id=1, now=NOW)
    assert not frontier.add(session, POST, "post", run_id=1, now=NOW)
    assert lease(session) == POST
    assert lease(session) is None
    frontier.finish(session, POST, now=NOW)
    assert not frontier.add(session, POST, "post", run_id=1, now=NOW)
    assert not frontier.has_pending(session)


def test_a_new_run_asks_again(session: Session) -> None:
    frontier.add(session, POST, "post", run_id=1, now=NOW)
    lease(session)
    frontier.finish(session, POST, now=NOW)
    run_id, _ = runs.begin(session, "crawl", now=NOW)
    assert frontier.add(session, POST, "post", run_id=run_id, now=NOW)


def test_lists_come_before_posts_and_pictures_last(session: Session) -> None:
    for url, kind in ((IMAGE, "image"), (POST, "post"), ("https://kexue.fm/content.html", "catalogue")):
        frontier.add(session, url, kind, run_id=1, now=NOW)
    assert [lease(session) for _ in range(3)] == ["https://kexue.fm/content.html", POST, IMAGE]


def test_a_postponed_address_waits_and_counts_its_attempts(session: Session) -> None:
    frontier.add(session, POST, "post", run_id=1, now=NOW)
    lease(session)
    frontier.postpone(session, POST, "HTTP 503", not_before=LATER)
    assert lease(session) is None
    assert frontier.has_pending(session)
    again = frontier.lease(session, run_id=1, now=LATER)
    assert again == frontier.Lease(POST, "post", 1, archived=False)


def test_a_lease_left_by_a_dead_run_is_returned(archive: Archive, session: Session) -> None:
    frontier.add(session, POST, "post", run_id=1, now=NOW)
    lease(session)
    archive.commit()
    assert frontier.release(session) == 1
    assert lease(session) == POST


def fail_in(session: Session, run_id: int, now: str) -> int:
    frontier.retry_due(session, run_id=run_id, now=now)
    frontier.add(session, POST, "post", run_id=run_id, now=now)
    assert lease(session, now, run_id) == POST
    return frontier.fail(session, POST, "HTTP 500", now=now)


def test_a_failed_address_is_due_in_the_next_run_and_then_further_apart(session: Session) -> None:
    moment, waits = datetime.fromisoformat(NOW), []
    for run_id in range(1, 9):
        assert fail_in(session, run_id, timestamp(moment)) == run_id
        days = 0
        while not frontier.retry_due(session, run_id=run_id, now=timestamp(moment + timedelta(days=days))):
            days += 1
        waits.append(days)
        moment += timedelta(days=days)
        runs.begin(session, "crawl", now=NOW)
    assert waits == [0, 1, 2, 4, 8, 16, 30, 30]


def test_what_was_archived_again_has_not_failed(session: Session) -> None:
    fail_in(session, 1, NOW)
    frontier.retry_due(session, run_id=1, now=NOW)
    frontier.finish(session, POST, now=NOW)
    runs.begin(session, "crawl", now=NOW)
    assert fail_in(session, 2, NOW) == 1


def test_an_address_that_failed_in_three_runs_is_failing(session: Session) -> None:
    for run_id, now in enumerate((NOW, NOW, "2026-11-22T00:00:00Z"), 1):
        assert frontier.failing(session) == 0
        assert fail_in(session, run_id, now) == run_id
        runs.begin(session, "crawl", now=now)
    assert frontier.failing(session) == 1
    assert frontier.retry_due(session, run_id=4, now="2026-11-24T00:00:00Z") == 1
    found = frontier.lease(session, run_id=4, now=NOW)
    assert found
    assert found.failures == 3


def test_a_clock_that_jumped_back_keeps_no_address_waiting(session: Session) -> None:
    fail_in(session, 1, NOW)
    fail_in(session, 1, NOW)
    assert frontier.retry_due(session, run_id=1, now="2025-01-01T00:00:00Z") == 1


def test_a_refused_address_is_never_asked_for_again(session: Session) -> None:
    frontier.add(session, POST, "post", run_id=1, now=NOW)
    lease(session)
    frontier.fail(session, POST, "robots.txt", now=NOW, refused=True)
    assert not frontier.add(session, POST, "post", run_id=2, now=NOW)


def test_an_unfinished_run_and_the_next_one_are_one_cycle(session: Session) -> None:
    second, cycle = runs.begin(session, "crawl", now=NOW)
    assert cycle == 1
    runs.end(session, second, runs.COMPLETE, 0, {}, now=NOW)
    third, cycle = runs.begin(session, "crawl", now=NOW)
    assert cycle == third


def test_another_command_begins_a_cycle_of_its_own(session: Session) -> None:
    second, cycle = runs.begin(session, "crawl index", now=NOW)
    assert cycle == second


def test_addresses_told_again_in_order_have_failed_as_often_as_they_did(session: Session) -> None:
    later = [f"2026-11-2{day}T00:00:00Z" for day in range(1, 5)]
    runs.begin(session, "crawl", now=NOW)

    def told(date: str, reason: str | None) -> tuple[object, ...]:
        chronicle.settle(session, [chronicle.Settled(url=POST, kind="post", date=date, reason=reason)], run_id=2)
        columns = (Entry.state, Entry.failures, Entry.failed_since, Entry.last_done_at, Entry.first_seen_at)
        return tuple(session.execute(select(*columns)).one())

    assert told(later[0], None) == ("done", 0, None, later[0], later[0])
    assert told(later[1], "HTTP 500") == ("failed", 1, later[1], later[0], later[0])
    assert told(later[2], "HTTP 500") == ("failed", 2, later[1], later[0], later[0])
    assert told(later[3], None) == ("done", 0, None, later[3], later[0])
