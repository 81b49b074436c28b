"""Pages of comments as they are seen again and again: what is new, what vanished, what was edited, what is doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import event, select, text

from archiver import items
from archiver.items import Outcome
from archiver.store import comments, missing, models, outcomes
from archiver.store.comments import Sight
from archiver.store.database import Archive
from archiver.urls import Site
from tests.store.test_posts import DAY, POST, Shelf, changed, comment, content

LONG = content("很长的一段文字。" * 20)


@pytest.fixture
def shelf(database: str) -> Iterator[Shelf]:
    with Archive(database) as archive:
        yield Shelf(archive, database)


def post(*numbers: int, count: int | None = None, page: int = 1, pages: int = 1, **fields: object) -> items.Post:
    """Return the post with the last page of its comments."""
    said = tuple(comment(number) for number in numbers)
    claimed = len(numbers) if count is None else count
    shown = replace(POST, comments=said, comment_count=claimed, comment_page=page, comment_pages=pages)
    return replace(shown, **fields)  # type: ignore[arg-type]


def earlier(page: int, *numbers: int, **fields: object) -> items.CommentPage:
    said = tuple(comment(number) for number in numbers)
    return items.CommentPage(post_id=8, page=page, comments=said, **fields)  # type: ignore[arg-type]


def see(shelf: Shelf, shown: items.Post | items.CommentPage, day: int = 0, *, whole: bool = True) -> Sight:
    """Store a page as seen on a day."""
    if isinstance(shown, items.Post):
        shelf.put(shown)
    return comments.save(shelf.session, shown, seen_at=DAY[day], capture_id=None, whole=whole)


def live(shelf: Shelf) -> list[int]:
    there = select(models.Comment.id).where(models.Comment.deleted_at.is_(None)).order_by(models.Comment.id)
    return list(shelf.session.execute(there).scalars())


def doubts(shelf: Shelf) -> list[tuple[object, ...]]:
    return [
        tuple(row) for row in shelf.session.execute(text("SELECT claimed, held, missing, unread FROM comment_gaps"))
    ]


def test_an_edited_comment_keeps_each_of_its_former_wordings(shelf: Shelf) -> None:
    see(shelf, post(5))
    for day, words in enumerate(("改", "又改"), 1):
        worded = replace(comment(5, words=words), content_sha256=words)
        comments.save(shelf.session, replace(earlier(1), comments=(worded,)), seen_at=DAY[day], capture_id=None)
    former = shelf.session.execute(
        select(models.CommentRevision).order_by(models.CommentRevision.replaced_at)
    ).scalars()
    assert [(row.text, row.seen_at, row.replaced_at) for row in former] == [("好", *DAY[:2]), ("改", *DAY[1:3])]
    assert shelf.session.get_one(models.Comment, 5).text == "又改"


def test_a_comment_that_is_only_read_otherwise_has_no_former_wording(shelf: Shelf) -> None:
    for words in ("好", "好。"):
        read = replace(comment(5, words=words), content_sha256="a" * 64)
        see(shelf, replace(post(), comments=(read,), comment_count=1))
    assert shelf.session.get_one(models.Comment, 5).text == "好。"
    assert shelf.count(models.CommentRevision) == 0


def test_a_comment_that_vanishes_while_another_appears_is_found_by_the_ids(shelf: Shelf) -> None:
    see(shelf, post(5, 6))
    see(shelf, post(6, 7), 1)
    assert live(shelf) == [6, 7]
    assert shelf.session.get_one(models.Comment, 5).deleted_at == DAY[1]


def test_pages_are_read_back_until_what_vanished_is_explained(shelf: Shelf) -> None:
    see(shelf, post(5, 6, count=6, page=3, pages=3))
    for page, numbers in ((2, (3, 4)), (1, (1, 2))):
        see(shelf, earlier(page, *numbers))
    # 4 is deleted and 7 appears: the counter stays, 5 moves to the second page.
    assert see(shelf, post(6, 7, count=6, page=3, pages=3), 1) == Sight(new=1, look_before=True)
    assert see(shelf, earlier(2, 3, 5), 1).look_before
    assert see(shelf, earlier(1, 1, 2), 1) == Sight()
    assert live(shelf) == [1, 2, 3, 5, 6, 7]


def test_a_page_that_shows_what_it_showed_leads_no_further(shelf: Shelf) -> None:
    see(shelf, post(5, 6, count=4, page=2, pages=2))
    see(shelf, earlier(1, 3, 4))
    assert see(shelf, post(5, 6, count=4, page=2, pages=2), 1) == Sight()
    assert see(shelf, post(5, 6, 7, count=5, page=2, pages=2), 2) == Sight(new=1)
    assert see(shelf, post(5, 6, 7, 8, count=7, page=2, pages=2), 3) == Sight(new=1, look_before=True)


def test_nothing_is_concluded_from_a_page_where_some_comments_cannot_be_read(shelf: Shelf) -> None:
    see(shelf, post(5, 6))
    see(shelf, post(5, count=2, comments_unread=1, comment_issues=("1 of 2 comments could not be read",)), 1)
    assert live(shelf) == [5, 6]
    assert doubts(shelf) == [(2, 2, 0, 1)]


def test_of_a_page_that_may_be_cut_short_one_comment_is_unread_only_where_there_are_any(shelf: Shelf) -> None:
    see(shelf, post(), whole=False)
    assert comments.missing(shelf.session) == 0
    see(shelf, post(5, 6), 1, whole=False)
    assert doubts(shelf) == [(2, 2, 0, 1)]
    see(shelf, post(count=0), 2, whole=False)
    assert live(shelf) == [5, 6]


def test_no_comment_on_a_page_whose_counter_has_some_means_nothing(shelf: Shelf) -> None:
    see(shelf, post(5, 6))
    see(shelf, post(count=2), 1)
    assert live(shelf) == [5, 6]
    see(shelf, post(count=0), 2)
    assert live(shelf) == []


def test_comments_of_pages_that_are_gone_go_only_when_the_counter_agrees(shelf: Shelf) -> None:
    see(shelf, post(5, 6, count=4, page=2, pages=2))
    see(shelf, earlier(1, 3, 4))
    see(shelf, post(3, 4, count=4), 1)  # the pager is lost
    assert live(shelf) == [3, 4, 5, 6]
    see(shelf, post(3, 4, count=2), 2)
    assert live(shelf) == [3, 4]


def test_what_the_counter_says_and_the_archive_does_not_hold_is_a_gap_with_numbers(shelf: Shelf) -> None:
    see(shelf, post(5, 6, count=12))
    assert doubts(shelf) == [(12, 2, 10, 0)]
    see(shelf, post(5, 6), 1)
    assert doubts(shelf) == []


def test_comments_at_a_service_are_a_gap_of_posts_that_count_none(shelf: Shelf) -> None:
    see(shelf, post(comment_count=None))
    assert (comments.elsewhere(shelf.session), doubts(shelf)) == (0, [])
    told = f"{items.ELSEWHERE}giscus (repository a/b)"
    see(shelf, post(comment_count=None, comment_issues=(told,)), 1)
    assert (comments.elsewhere(shelf.session), doubts(shelf)) == (1, [(None, 0, None, 0)])
    assert comments.missing(shelf.session) == 0
    shown = shelf.session.execute(text(missing.IN_BRIEF)).all()
    assert [(row.kind, row.reason) for row in shown] == [("comments", json.dumps([told]))]


def test_a_counter_that_is_lost_forgets_nothing(shelf: Shelf) -> None:
    see(shelf, post(5, 6, count=12))
    see(shelf, replace(post(5, 6), comment_count=None), 1)
    assert doubts(shelf) == [(12, 2, 10, 0)]


def test_a_comment_stays_with_its_post_when_another_page_shows_its_number(shelf: Shelf) -> None:
    see(shelf, post(5))
    shelf.put(replace(POST, id=9, url="https://kexue.fm/archives/9"))
    said = (comment(5), comment(6, 5))
    comments.save(shelf.session, items.CommentPage(post_id=9, page=1, comments=said), seen_at=DAY[1], capture_id=None)
    rows = shelf.session.execute(select(models.Comment.id, models.Comment.post_id, models.Comment.parent_id))
    assert sorted(map(tuple, rows)) == [(5, 8, None), (6, 9, None)]
    page = shelf.session.get_one(models.CommentPage, (9, 1))
    assert (page.unread, json.loads(page.issues)) == (1, ["comment 5 is another post's in the archive; left there"])


def test_a_quoted_comment_need_not_be_archived(shelf: Shelf) -> None:
    see(shelf, replace(post(), comments=(replace(comment(5), quotes_id=4),), comment_count=1))
    assert shelf.session.get_one(models.Comment, 5).quotes_id == 4


def test_comments_of_a_page_held_for_review_are_held_as_well(shelf: Shelf) -> None:
    def store(shown: items.Post, capture: int, day: int) -> None:
        outcome = Outcome(item=shown, kind="post", url=None, capture_id=capture, fetched_at=DAY[day])
        outcomes.save(shelf.session, outcome, Site(), run_id=shelf.run, extractor_version=1)

    shelf.put(replace(POST, id=9, url="https://kexue.fm/archives/9"))  # gives a capture to refer to
    store(post(5, 6, content=LONG), 1, 1)
    half = changed(post(6, 7, 8, count=9), content=content("残缺"))
    for day in (2, 3):  # seen again, it is as doubtful as before
        store(half, 1, day)
        assert live(shelf) == [5, 6]
        assert shelf.post().comment_count == 2
    store(changed(post(6, 7), sha="d", content=LONG), 1, 4)
    assert live(shelf) == [6, 7]


@pytest.mark.parametrize("database", ["file"], indirect=True)
def test_storing_a_page_costs_what_the_page_has_not_what_the_post_has(shelf: Shelf) -> None:
    see(shelf, post(1, count=800))
    for page in range(2, 40):
        see(shelf, earlier(page, *range(page * 100, page * 100 + 20)))
    loaded: list[int] = []

    @event.listens_for(shelf.session.connection(), "after_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if statement.startswith("SELECT comments."):
            plan = shelf.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
            loaded.extend(len(row) for row in plan if "SCAN" in str(row))

    assert see(shelf, earlier(3, *range(300, 320)), 1) == Sight()
    assert loaded == []
    assert len(comments._before(shelf.session, 8, 3, [300])) == 20
