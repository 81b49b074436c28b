"""What each kind of page promises, and whether a page kept it: for first contact with a site nobody has seen.

The promises are those of the blog's theme, if its profile knows it fully: whatever it says where to find. A page
may well be readable without one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archiver.items import Catalogue, Comment, CommentPage, Item, Listing, Post, PostList
from archiver.profile import NOTHING, PostMarkup


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing a page should have."""

    name: str
    found: str
    """What was found, in a few words; empty when nothing was."""
    kept: bool
    needed: bool = True
    """Whether a page without it is not worth reading."""


@dataclass(frozen=True, slots=True)
class PageCheck:
    """How far one page was recognised."""

    kind: str
    url: str
    capture_id: int | None
    problem: str | None
    """Why nothing was recognised; None when something was."""
    promises: tuple[Promise, ...]

    @property
    def recognised(self) -> bool:
        """Whether the page is what its address promises, with all that is needed."""
        return self.problem is None and all(each.kept for each in self.promises if each.needed)


def promises(item: Item, markup: PostMarkup) -> tuple[Promise, ...]:
    """Return what the kind of page promises, and what was found; nothing for kinds without promises.

    `markup` is what the profile of the blog says of its posts.
    """
    match item:
        case Catalogue():
            return _of_catalogue(item)
        case Listing():
            return _of_listing(item)
        case Post():
            return tuple(_of_post(item, markup))
        case PostList():
            return (_some("entries", len(item.entries)),)
        case CommentPage():
            return _of_comments(item.comments, needed=True)
    return ()


def parts(item: Item, markup: PostMarkup) -> tuple[tuple[str, bool], ...]:
    """Return name and presence of each part that a page should have and can be read without."""
    return tuple((each.name, each.kept) for each in promises(item, markup) if not each.needed)


def _some(name: str, value: object, *, needed: bool = True) -> Promise:
    return Promise(name, str(value or ""), bool(value), needed)


def _all(name: str, values: Iterable[object]) -> Promise:
    """Return the promise that each of several things has a part; a page can be read without it."""
    kept = [bool(value) for value in values]
    return Promise(name, f"{sum(kept)} of {len(kept)}", all(kept), needed=False)


def _of_catalogue(item: Catalogue) -> tuple[Promise, ...]:
    found = Counter(entry.year for entry in item.entries)
    return (
        _some("posts", len(item.entries)),
        _all("dates", (entry.published_on for entry in item.entries)),
        _some("years with a number of posts", len(item.year_totals), needed=False),
        _all("numbers that add up", (found[year] == claimed for year, claimed in item.year_totals)),
        _some("categories in the menu", len(item.categories), needed=False),
    )


def _of_listing(item: Listing) -> tuple[Promise, ...]:
    pager = f"page {item.page} of {item.last_page}"
    return (
        Promise("posts", str(len(item.entries)), True),  # a category may be empty, and then says so
        _all("dates", (entry.published_on for entry in item.entries)),
        Promise("name of the category", item.category.name, item.category.name != item.category.slug, needed=False),
        Promise("pager", pager, (item.next_page is None) == (item.page == item.last_page), needed=False),
    )


def _of_post(item: Post, markup: PostMarkup) -> Iterator[Promise]:
    issues = item.quality.issues
    yield _some("title", item.title)
    yield _some("characters of text", len(item.content.text))
    if markup.byline:
        yield _some("author", item.author, needed=False)
    if markup.heading or markup.fields.published_at:
        yield _some("date", item.published_on, needed=False)
    if markup.taxonomy:
        yield _some("categories", ", ".join(category.name for category in item.categories), needed=False)
    if markup.license:
        yield Promise("licence", item.license_url or "", item.license_url is not None, needed=False)
    if markup.readers is not NOTHING:
        yield Promise("readers", str(item.reader_count or ""), item.reader_count is not None, needed=False)
    if markup.comment_counter is not NOTHING:
        yield Promise("comment counter", str(item.comment_count or 0), item.comment_count is not None, needed=False)
    if markup.heading:  # of a theme that is fully known; what engines have in common need not be there
        engine = item.quality.engine
        yield Promise("text in its place", f"found by {engine}", engine == "site", needed=False)
    yield Promise("proof of the text", "; ".join(issues) or "nothing lost", not issues, needed=False)
    if item.comments or item.comment_count:
        yield from _of_comments(item.comments, needed=False)


def _of_comments(comments: tuple[Comment, ...], *, needed: bool) -> tuple[Promise, ...]:
    return (
        _some("comments", len(comments), needed=needed),
        _all("authors of comments", (comment.author for comment in comments)),
        _all("dates of comments", (comment.published_on for comment in comments)),
        _all("texts of comments", (comment.content.markdown for comment in comments)),
    )
