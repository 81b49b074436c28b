from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from archiver.store import frontier, runs
from archiver.store.database import Archive

NOW = "2026-11-21T00:00:00Z"
LATER = "2026-11-21T00:05:00Z"
POST = "https://kexue.fm/archives/8265"
IMAGE = "https://kexue.fm/usr/uploads/x.png"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(f"sqlite:///{tmp_path / 'archive.db'}") as archive:
        yield archive


@pytest.fixture
def session(archive: Archive) -> Session:
    runs.begin(archive.session, "crawl", now=NOW)
    return archive.session


def lease(session: Session, now: str = NOW, cycle: int = 1) -> str | None:
    found = frontier.lease(session, cycle=cycle, now=now)
    return found.url if found else None


def test_an_address_is_fetched_once_in_a_cycle_however_often_it_is_found(session: Session) -> None:
    assert frontier.add(session, POST, "post", cycle=1, now=NOW)
    assert not frontier.add(session, POST, "post", cycle=1, now=NOW)
    assert lease(session) == POST
    assert lease(session) is None
    frontier.finish(session, POST, now=NOW)
    assert not frontier.add(session, POST, "post", cycle=1, now=NOW)
    assert not frontier.has_pending(session)


def test_a_new_cycle_asks_again(session: Session) -> None:
    frontier.add(session, POST, "post", cycle=1, now=NOW)
    lease(session)
    frontier.finish(session, POST, now=NOW)
    run_id, _ = runs.begin(session, "crawl", now=NOW)
    assert frontier.add(session, POST, "post", cycle=run_id, now=NOW)


def test_lists_come_before_posts_and_pictures_last(session: Session) -> None:
    for url, kind in ((IMAGE, "image"), (POST, "post"), ("https://kexue.fm/content.html", "catalogue")):
        frontier.add(session, url, kind, cycle=1, now=NOW)
    assert [lease(session) for _ in range(3)] == ["https://kexue.fm/content.html", POST, IMAGE]


def test_a_postponed_address_waits_and_counts_its_attempts(session: Session) -> None:
    frontier.add(session, POST, "post", cycle=1, now=NOW)
    lease(session)
    frontier.postpone(session, POST, "HTTP 503", not_before=LATER)
    assert lease(session) is None
    assert frontier.has_pending(session)
    again = frontier.lease(session, cycle=1, now=LATER)
    assert again == frontier.Lease(POST, "post", 1, archived=False)


def test_a_lease_left_by_a_dead_run_is_returned(archive: Archive, session: Session) -> None:
    frontier.add(session, POST, "post", cycle=1, now=NOW)
    lease(session)
    archive.commit()
    assert frontier.release(session) == 1
    assert lease(session) == POST


def test_what_may_work_next_time_is_tried_again_and_what_is_gone_is_not(session: Session) -> None:
    for number, permanent in ((1, False), (2, True)):
        frontier.add(session, f"{POST}{number}", "post", cycle=1, now=NOW)
        lease(session)
        frontier.fail(session, f"{POST}{number}", "no", permanent=permanent)
    assert frontier.tally(session) == {"failed": 2, "unfinished": 1}
    assert frontier.retry_failed(session, cycle=1) == 1
    assert lease(session) == f"{POST}1"


def test_a_refused_address_is_never_asked_for_again(session: Session) -> None:
    frontier.add(session, POST, "post", cycle=1, now=NOW)
    lease(session)
    frontier.fail(session, POST, "robots.txt", refused=True)
    assert not frontier.add(session, POST, "post", cycle=2, now=NOW)


def test_an_unfinished_run_and_the_next_one_are_one_cycle(session: Session) -> None:
    second, cycle = runs.begin(session, "crawl", now=NOW)
    assert cycle == 1
    runs.end(session, second, runs.COMPLETE, 0, {}, now=NOW)
    third, cycle = runs.begin(session, "crawl", now=NOW)
    assert cycle == third


def test_another_command_begins_a_cycle_of_its_own(session: Session) -> None:
    second, cycle = runs.begin(session, "crawl index", now=NOW)
    assert cycle == second
