"""Which further pages of a list are worth asking for."""

from __future__ import annotations

from archiver.items import ListedPost, PostList
from spiders.pager import Pager

HOME = "https://chalk.example"


def page(
    number: int, posts: int, *, reader: str = "feed", total: int | None = None, supposed: bool = True, foreign: int = 0
) -> PostList:
    """Return a page of a list with so many posts of its own."""
    entries = tuple(
        ListedPost(url=f"{HOME}/{number}/{each}/", title="", published_on=None, modified_at=None, comment_count=None)
        for each in range(posts)
    )
    further = (f"{HOME}/{reader}/?paged={number + 1}",)
    url = f"{HOME}/{reader}/?paged={number}"
    return PostList(
        url=url,
        reader=reader,
        entries=entries,
        further=further,
        whole=False,
        supposed_after=(posts + foreign) * supposed,
        total=total,
    )


def asked(pager: Pager, *pages: PostList) -> list[int]:
    """Return how many further pages are asked for after each page."""
    return [len(list(pager.further(each))) for each in pages]


def test_no_page_is_supposed_after_one_shorter_than_the_first() -> None:
    assert asked(Pager(99), page(1, 10), page(2, 10), page(3, 9)) == [1, 1, 0]


def test_entries_that_lead_to_other_blogs_make_no_page_shorter() -> None:
    assert asked(Pager(99), page(1, 10), page(2, 4, foreign=6), page(3, 4)) == [1, 1, 0]


def test_a_page_that_is_named_is_asked_for_however_short_the_one_before_is() -> None:
    assert asked(Pager(99), page(1, 10, supposed=False), page(2, 3, supposed=False)) == [1, 1]


def test_no_page_is_supposed_once_as_many_posts_are_named_as_another_list_has() -> None:
    assert asked(Pager(99), page(1, 20, reader="wp-json", total=20, supposed=False), page(1, 10), page(2, 10)) == [
        1,
        1,
        0,
    ]


def test_one_page_more_than_are_read_is_told_and_none_after_it() -> None:
    pager = Pager(2)
    assert list(pager.further(page(1, 10))) == [(f"{HOME}/feed/?paged=2", False)]
    assert list(pager.further(page(2, 10))) == [(f"{HOME}/feed/?paged=3", True)]
    assert list(pager.further(page(1, 10, reader="sitemap", supposed=False))) == [(f"{HOME}/sitemap/?paged=2", False)]
