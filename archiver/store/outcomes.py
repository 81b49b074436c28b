"""The outcome of a request, as rows, together with the end of its row in the frontier."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from archiver.clock import timestamp
from archiver.items import (
    Asset,
    Catalogue,
    CommentPage,
    File,
    Gap,
    Item,
    Listing,
    Outcome,
    Page,
    Post,
    PostList,
    Topics,
    Unmodified,
)
from archiver.store import comments, embedded, endings, frontier, lists, pages, posts
from archiver.store.endings import Ending
from archiver.store.posts import Change, HeldRevision
from archiver.urls import Site


@dataclass(frozen=True, slots=True)
class Effect:
    """The result of storing an outcome."""

    change: Change | None = None
    """What became of a post; None if it was not a post."""
    comments_new: int = 0
    failures: int = 0
    """In how many runs in a row an address could not be archived, including this one; 0 if it was or never can be."""


def save(session: Session, outcome: Outcome, site: Site, *, run_id: int, extractor_version: int) -> Effect:
    """Store an outcome and settle its address; the caller makes that one transaction, or part of one.

    Raises ValueError for a post, page, file or comments without the capture they were read from.
    """
    item = outcome.item
    if isinstance(item, Gap):
        endings.learn(session, outcome.kind, item)
        return Effect(failures=_fail(session, outcome.url, outcome.kind, item, site)) if outcome.url else Effect()
    effect = Effect()
    embedded.save(session, item)
    proven = is_proven(session, outcome)
    match item:
        case Post():
            effect = _save_post(session, item, outcome, site, run_id, extractor_version, proven=proven)
        case CommentPage():
            effect = Effect(comments_new=_save_comments(session, item, outcome, site, run_id, proven=proven))
        case Catalogue():
            posts.save_categories(session, item.categories)
            lists.save_catalogue(session, item, run_id=run_id)
        case PostList():
            lists.save_list(session, item, site, run_id=run_id)
        case Listing():
            lists.save_listing(session, item, run_id=run_id, proven=proven)
        case Topics():
            lists.save_topics(session, item, run_id=run_id)
        case Page():
            new = pages.save(session, item, capture_id=_capture_id(outcome), seen_at=_seen_at(outcome), proven=proven)
            effect = Effect(comments_new=new)
        case File():
            pages.save_file(session, item, capture_id=_capture_id(outcome), seen_at=_seen_at(outcome))
        case Unmodified():
            posts.touch(session, outcome.url, seen_at=_seen_at(outcome))
            pages.touch(session, outcome.url, seen_at=_seen_at(outcome))
        case Asset():
            pass  # its bytes are in its capture
    endings.learn(session, outcome.kind, item)
    if outcome.url:
        frontier.finish(session, outcome.url, now=outcome.fetched_at or timestamp())
    return effect


def judged(session: Session, kind: str, url: str | None, item: Item) -> Item:
    """Return the outcome of a page: itself, or a gap if it was cut short or is not what it was before.

    An independent page that lost half of what it had may be an error page. It is believed when it stays so for as
    many runs in a row as make a failure an old one; the earlier wording stays in any case.
    """
    item = endings.judged(session, kind, item)
    if not isinstance(item, Page) or not (lost := pages.losses(session, item)):
        return item
    seen_so = frontier.failures(session, url or item.url) + 1
    return item if seen_so >= frontier.FAILING else Gap(reason=f"kept as it was: {lost}")


def is_proven(session: Session, outcome: Outcome) -> bool:
    """Return whether a page is known to be whole, so that what it does not show is gone."""
    return endings.of_item(session, outcome.kind, outcome.item) is Ending.WHOLE


def accept(session: Session, post: Post, held: HeldRevision, site: Site, *, run_id: int) -> None:
    """Make a post that was held for review current, with the comments on its page."""
    posts.accept(session, post, held)
    embedded.save(session, post)
    page = Outcome(item=post, kind="post", url=None, capture_id=held.capture_id, fetched_at=held.seen_at)
    _save_comments(session, post, page, site, run_id, proven=is_proven(session, page))


def _fail(session: Session, url: str, kind: str, gap: Gap, site: Site) -> int:
    """Note that an address gave no page; return in how many runs in a row, 0 when that is not a failure.

    For a post that only other people's lists name, a definite no is likely to last; the blog's own list reports the
    rest. Without that list a run does not know what is new, so each time is a new failure, whatever the answer.
    """
    number = site.post_id(url)
    failures = frontier.fail(
        session,
        url,
        gap.reason,
        now=timestamp(),
        permanent=gap.permanent,
        refused=gap.refused,
        rarely=gap.permanent and number is not None and lists.sighting(session, number) is None,
        not_before=gap.not_before,
    )
    if kind == "catalogue" or (kind == "list" and url in site.list_urls()):
        return 1
    return 0 if gap.permanent or gap.refused else 1 if gap.fault else failures


def _save_post(
    session: Session, post: Post, outcome: Outcome, site: Site, run_id: int, extractor_version: int, *, proven: bool
) -> Effect:
    change = posts.save(
        session,
        post if proven else _unproven(post),
        capture_id=_capture_id(outcome),
        seen_at=_seen_at(outcome),
        extractor_version=extractor_version,
    )
    is_current = change in (Change.NEW, Change.CHANGED) or posts.shows(session, post)
    # The comments of one that is held are as doubtful as its text.
    anew = change == Change.NEW
    new = _save_comments(session, post, outcome, site, run_id, proven=proven, anew=anew) if is_current else 0
    return Effect(change, new)


def _unproven(post: Post) -> Post:
    """Return a post marked as read from a page that may not be whole."""
    issue = f"it is not known whether pages of the blog end with {post.ending or 'no tag'}: the page may be cut short"
    return replace(post, quality=replace(post.quality, issues=(*post.quality.issues, issue)))


def _save_comments(
    session: Session,
    shown: Post | CommentPage,
    outcome: Outcome,
    site: Site,
    run_id: int,
    *,
    proven: bool,
    anew: bool = False,
) -> int:
    """Store a page of comments; if it leaves something to explain, have the page before it fetched."""
    seen_at, capture = _seen_at(outcome), outcome.capture_id
    sight = comments.save(session, shown, seen_at=seen_at, capture_id=capture, anew=anew, whole=proven)
    if sight.look_before:
        url, page = _place(shown, outcome, site)
        frontier.add(session, site.discussion_url(url, page - 1), "comments", run_id=run_id, now=timestamp())
    return sight.new


def _place(shown: Post | CommentPage, outcome: Outcome, site: Site) -> tuple[str, int]:
    """Return the post that comments are under, and the number of their page."""
    if isinstance(shown, Post):
        return shown.url, shown.comment_page
    place = site.discussion(outcome.url)
    if place is None:
        raise ValueError(f"expected the address of a page of comments, found {outcome.url}")
    return place[0], shown.page


def _seen_at(outcome: Outcome) -> str:
    if outcome.fetched_at is None:
        raise ValueError(f"expected the time {outcome.url} was fetched at, found none")
    return outcome.fetched_at


def _capture_id(outcome: Outcome) -> int:
    if outcome.capture_id is None:
        raise ValueError(f"expected the capture {outcome.url} was read from, found none")
    return outcome.capture_id
