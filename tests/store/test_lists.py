from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from archiver import items
from archiver.store import lists, models, runs
from archiver.store.database import Archive

NOW = "2026-11-21T00:00:00Z"


@pytest.fixture
def archive(database: str) -> Iterator[Archive]:
    with Archive(database) as archive:
        runs.begin(archive.session, "crawl", now=NOW)
        yield archive


def catalogue(*numbers: int) -> items.Catalogue:
    entries = (
        items.CatalogueEntry(
            post_id=number,
            url=f"https://kexue.fm/archives/{number}",
            title=f"t{number}",
            year=2026,
            published_on="2026-01-01",
            comment_count=0,
        )
        for number in numbers
    )
    return items.Catalogue(entries=tuple(entries), year_totals=((2026, len(numbers)),), categories=())


def listing(*numbers: int) -> items.Listing:
    entries = (
        items.ListingEntry(
            post_id=number, url=f"https://kexue.fm/archives/{number}", title=f"t{number}", published_on=None
        )
        for number in numbers
    )
    category = items.Category(slug="Big-Data", name="信息时代")
    return items.Listing(
        category=category, page=1, entries=tuple(entries), next_page=None, last_page=1, categories=(category,)
    )


def topics(*numbers: int) -> items.Topics:
    links = (
        items.TopicLink(
            position=n,
            post_id=number,
            title="t",
            url=f"https://kexue.fm/archives/{number}",
        )
        for n, number in enumerate(numbers)
    )
    return items.Topics(source="index.md", topics=(items.Topic(position=0, name="甲", links=tuple(links)),))


def test_the_report_says_what_the_sources_disagree_about(archive: Archive) -> None:
    lists.save_catalogue(archive.session, catalogue(1, 2, 3), run_id=1)
    lists.save_listing(archive.session, listing(2, 3, 4), run_id=1)
    lists.save_topics(archive.session, topics(3, 9, 9), run_id=1)
    assert lists.disagreements(archive.session, 1) == {
        "in the catalogue but in no category": [1],
        "in a category but not in the catalogue": [4],
        "in the index but not in the catalogue": [9],
        "in the catalogue but not archived": [1, 2, 3],
        "in the category but not archived": [2, 3, 4],
        "in the index but not archived": [3, 9],
    }


def test_a_source_that_was_not_read_is_not_compared(archive: Archive) -> None:
    lists.save_listing(archive.session, listing(2), run_id=1)
    assert lists.disagreements(archive.session, 1) == {"in the category but not archived": [2]}
    run_id, _ = runs.begin(archive.session, "crawl index", now=NOW)
    lists.save_topics(archive.session, topics(2), run_id=run_id)
    assert set(lists.disagreements(archive.session, run_id)) == {"in the index but not archived"}


def test_an_index_replaces_the_one_before(archive: Archive) -> None:
    for numbers in ((1, 2, 3), (3, 1)):
        lists.save_topics(archive.session, topics(*numbers), run_id=1)
    assert list(archive.session.execute(select(models.TopicPost.post_id).order_by(models.TopicPost.position))) == [
        (3,),
        (1,),
    ]
    assert list(archive.session.execute(select(models.Topic.id))) == [(1,)]
