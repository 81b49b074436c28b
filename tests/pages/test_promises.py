from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver import sites
from archiver.items import Item
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.comments import parse_comment_page
from archiver.pages.listing import parse_front, parse_listing
from archiver.pages.post import parse_post
from archiver.pages.promises import promises
from archiver.sample import SampleBlog

HOST = {"Host": "kexue.fm"}
KNOWN = sites.first().post
READERS: dict[str, Callable[[str, bytes], Item]] = {
    "/content.html": parse_catalogue,
    "/": parse_front,
    "/category/Mathematics": parse_listing,
    "/archives/207": parse_post,
    "/archives/207/comment-page-1": parse_comment_page,
}


@pytest.mark.parametrize("target", READERS)
def test_pages_as_they_are_known_keep_all_they_promise(target: str) -> None:
    item = READERS[target]("https://kexue.fm" + target, SampleBlog().respond("GET", target, HOST).body)
    assert len(promises(item, KNOWN)) >= 4
    assert [promise for promise in promises(item, KNOWN) if not promise.kept] == []


NEEDED = {
    "/content.html": ["posts"],
    "/": ["posts"],
    "/category/Mathematics": ["posts"],
    "/archives/207": ["title", "characters of text"],
    "/archives/207/comment-page-1": ["comments"],
}


@pytest.mark.parametrize("target", READERS)
def test_a_page_is_one_without_what_only_some_have(target: str) -> None:
    item = READERS[target]("https://kexue.fm" + target, SampleBlog().respond("GET", target, HOST).body)
    assert [promise.name for promise in promises(item, KNOWN) if promise.needed] == NEEDED[target]


@pytest.mark.parametrize(
    ("target", "old", "new", "lost"),
    [
        ("/content.html", "日: ", "日; ", "dates"),
        ("/content.html", "(共1篇)", "(共9篇)", "numbers that add up"),
        ("/category/Mathematics", 'class="submitted"', 'class="byline"', "dates"),
        ("/archives/207", "th, 20", "th; 20", "dates of comments"),
    ],
)
def test_a_page_that_lost_something_says_what(target: str, old: str, new: str, lost: str) -> None:
    body = SampleBlog().respond("GET", target, HOST).body.decode()
    assert old in body
    item = READERS[target]("https://kexue.fm" + target, body.replace(old, new).encode())
    assert lost in [promise.name for promise in promises(item, KNOWN) if not promise.kept]
