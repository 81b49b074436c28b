"""Which posts count as gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archiver import items
from archiver.store import freshness, frontier, lists, models, runs
from archiver.store.database import Archive

NOW = "2026-11-21T00:00:00Z"


@pytest.fixture
def archive(database: str) -> Iterator[Archive]:
    with Archive(database) as archive:
        told = dict.fromkeys(("title", "author", "markdown", "text"), "")
        seen = dict.fromkeys(("first_seen_at", "last_seen_at", "last_changed_at"), NOW)
        for number in (1, 2):
            archive.session.add(models.Post(id=number, url=f"https://kexue.fm/archives/{number}", **told, **seen))
        yield archive


def missed(archive: Archive, *listed: int) -> tuple[int, str, int]:
    """Settle a run whose catalogue has these posts; return what is said of the second post, and how many went."""
    run_id, _ = runs.begin(archive.session, "crawl", now=NOW)
    entries = tuple(
        items.CatalogueEntry(
            post_id=number, url=f"https://kexue.fm/archives/{number}", title="t", year=2026, published_on=None,
            comment_count=0,
        )
        for number in listed
    )  # fmt: skip
    catalogue = items.Catalogue(entries=entries, year_totals=((2026, len(listed)),), categories=())
    lists.save_catalogue(archive.session, catalogue, run_id=run_id)
    gone = freshness.settle_missing(archive.session, run_id=run_id, cycle=run_id)
    post = archive.session.get(models.Post, 2)
    assert post
    return post.missing_runs, post.status, gone


def test_only_runs_in_a_row_that_miss_a_post_make_it_count_as_gone(archive: Archive) -> None:
    found = [missed(archive, 1), missed(archive, 1), missed(archive, 1, 2)]
    assert found == [(1, "live", 0), (2, "live", 0), (0, "live", 0)]
    found = [missed(archive, 1) for _ in range(4)]
    assert found == [(1, "live", 0), (2, "live", 0), (3, "gone", 1), (4, "gone", 0)]
    assert archive.session.get_one(models.Post, 1).missing_runs == 0


def test_addresses_beside_the_posts_are_taken_in_up_to_a_limit_of_each_kind(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "MOST_FURNITURE", 2)
    run_id, _ = runs.begin(archive.session, "crawl", now=NOW)
    frontier.add(archive.session, "https://kexue.fm/tag/known/", "tag", run_id=run_id, now=NOW)
    beside = freshness.Beside(archive.session)
    assert [beside.take_in("tag") for _ in range(3)] == [True, False, False]
    assert [beside.take_in("page") for _ in range(3)] == [True, True, False]
