"""The comments on an article page: who said what to whom, and the pager above and below.

Which part of a page belongs to which comment is worked out in `threads`, what that part says in `remarks`. Oddities of
comments stop nothing: they are noted on the comment, or counted on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Comment, CommentPage
from archiver.pages import remarks
from archiver.pages.document import links, parse
from archiver.pages.ending import ending_of
from archiver.pages.marks import Naming, answered, line, pieces
from archiver.pages.metadata import author_of
from archiver.pages.remarks import CommentPart
from archiver.pages.selectors import first, ids_within, unchanged
from archiver.pages.services import sentence, services
from archiver.pages.threads import CommentSurvey
from archiver.profile import Profile
from archiver.text import notation
from archiver.text.notation import Notation
from archiver.urls import Site

DRIFT = 5
"""A pager is believed up to so many more pages than a post has comments by its counter, which drifts."""

MOST_UNCOUNTED = 100
"""Pages up to which a pager is believed where there is no counter; the longest real discussion has 45."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """The comments of one page, and remarks about them."""

    comments: tuple[Comment, ...] = ()
    """Parents before their answers."""
    page: int = 1
    """Number of the page; a bare address shows the last one."""
    pages: int = 1
    unread: int = 0
    """Comments that are on the page and could not be read."""
    issues: tuple[str, ...] = ()
    none: bool = False
    """Whether the page says in words that it has none."""


def parse_comment_page(url: str, body: bytes, site: Site | None = None) -> CommentPage:
    """Read one page of a post's comments.

    Raises PageNotRecognised when the address is not a comment page's, or no comment is on the page.
    """
    site = site or Site()
    place = site.discussion(site.canonical(url))
    number = site.post_id(place[0]) if place else None
    if place is None or number is None:
        raise PageNotRecognised(url, "expected the address of a comment page")
    tree = parse(url, body)
    found = read(tree, place[0], site, url, notation.of(tree))
    if not found.comments:
        said = found.issues[0] if found.issues else "found none"
        raise PageNotRecognised(url, f"expected comments with ids `comment-N`, {said}")
    return CommentPage(
        post_id=number,
        page=place[1],
        comments=found.comments,
        comments_unread=found.unread,
        comment_issues=found.issues,
        ending=ending_of(body),
    )


def read(
    tree: HtmlElement,
    whose: str,
    site: Site,
    url: str,
    written: Notation,
    *,
    owner: str | None = None,
    claimed: int | None = None,
) -> Discussion:
    """Read the comments of a page, which is not changed; whatever goes wrong is an issue.

    `whose` is the canonical address of the post or page they are under, `written` how the page writes TeX, `owner` the
    name of the blog's author, by default the one the page names; `claimed` is what its counter says.
    """
    try:
        with unchanged(tree):
            return _read(tree, whose, site, url, written, owner or author_of(tree, site.profile.post), claimed)
    except Exception as error:  # a post is never lost for its comments
        shown = site.discussion(site.canonical(url))
        page = shown[1] if shown else 1
        return Discussion(
            page=page, pages=page, issues=(f"a fault of the archiver in its comments, please report it: {error!r}",)
        )


def _read(
    tree: HtmlElement, whose: str, site: Site, url: str, written: Notation, owner: str | None, claimed: int | None
) -> Discussion:
    profile = site.profile
    naming = Naming(profile.comments.mark, whose)
    elsewhere = tuple(map(sentence, services(tree, whose)))
    body = first(tree, *profile.post.text)
    named = _ids(tree, naming) - (_ids(body, naming) if body is not None else set())
    box = _box(tree, profile, naming, named)
    if box is None:
        return _paged(Discussion(issues=elsewhere), tree, (), naming, site, url, claimed)
    survey = CommentSurvey(box, naming, profile.zone if profile.offsets else "", body)
    threaded = any(thread.parent for thread in survey.threads.values()) or any(map(answered, survey.box.iter("a")))
    apart = survey.taken_apart()
    parts = [
        part
        for item, group in apart
        for part in remarks.parts(item, group, survey.form, profile.comments, naming, box=survey.box)
    ]
    said = {part.thread.number: remarks.comment(part, site, owner, written) for part in parts}
    in_order = [said[number] for number in survey.threads]
    comments = tuple(in_order if threaded else map(_answering_what_it_quotes, in_order, _known_before(in_order)))
    lost = len(survey.unclaimed) + len(named - set(said))
    if not said and not lost:
        return _paged(_empty(box, tree, elsewhere, claimed), survey.box, parts, naming, site, url, claimed)
    issues = (f"{lost} of {lost + len(said)} comments on the page could not be read",) if lost else ()
    found = Discussion(comments=comments, unread=lost, issues=issues + elsewhere)
    return _paged(found, survey.box, parts, naming, site, url, claimed)


def _empty(box: HtmlElement, tree: HtmlElement, elsewhere: tuple[str, ...], claimed: int | None) -> Discussion:
    """Return the result for a page with a place for comments but none in it, which may still have some."""
    if elsewhere or claimed is not None:
        return Discussion(issues=elsewhere)
    words = " ".join(piece.text.strip() for piece in pieces(box))
    if _NONE.search(words):
        return Discussion(none=True)
    if _CLOSED.search(words) or first(tree, *_FORMS) is not None:
        return Discussion()
    return Discussion(issues=("the page has a place for comments and does not say that there are none",))


_NONE = re.compile(
    r"\bno (?:comments|responses|replies)\b|(?<!\d)0 (?:comments?|responses?|replies)\b"
    r"|\bbe the first to (?:comment|reply)"
    r"|暂无评论|暫無(?:評論|留言)|(?:还|還)?(?:没|沒)有(?:任何|人)?(?:评论|評論|留言)|(?<!\d)0\s*(?:条|條|个|則|则)?\s*(?:评论|評論|留言)"
    r"|コメントはありません|コメントはまだありません|댓글이? 없",
    re.IGNORECASE,
)
"""Words that there are none, as themes of WordPress, Typecho and others have them."""

_CLOSED = re.compile(
    r"\bcomments? (?:is|are|have been)? ?(?:now )?(?:closed|disabled|turned off)"
    r"|(?:评论|評論|留言)(?:功能)?(?:已经?|已經|被)(?:关闭|關閉|禁用)|コメントは(?:受け付けて|許可されて)いません",
    re.IGNORECASE,
)

_FORMS = ("//textarea", "//iframe[contains(@id, 'remote_comment') or @id='comment-editor']")
"""Where a comment is written; in a frame under Jetpack and Blogger."""


def _box(tree: HtmlElement, profile: Profile, naming: Naming, named: set[int]) -> HtmlElement | None:
    """Return the element with the comments: the one known, or the whole page if some are named elsewhere."""
    boxes = [box for selector in profile.comments.boxes if (box := first(tree, selector)) is not None]
    full = next((box for box in boxes if any(map(naming.of, ids_within(box)))), None)
    if full is not None:
        return full
    return tree if named else next(iter(boxes), None)


def _ids(element: HtmlElement, naming: Naming) -> set[int]:
    return {found.number for name in ids_within(element) if (found := naming.of(name))}


def _known_before(comments: list[Comment]) -> Iterator[set[int]]:
    """Yield for each comment the others before it."""
    known: set[int] = set()
    for comment in comments:
        yield known
        known.add(comment.id)


def _answering_what_it_quotes(comment: Comment, known: set[int]) -> Comment:
    """Return a comment of a page that shows no threads as an answer to the one it quotes."""
    if comment.quotes_id not in known:
        return comment
    note = "the page shows no threads; taken for an answer to what it quotes"
    return replace(comment, parent_id=comment.quotes_id, notes=(*comment.notes, note))


# The pager


def _paged(
    found: Discussion,
    rest: HtmlElement,
    parts: tuple[()] | list[CommentPart],
    naming: Naming,
    site: Site,
    url: str,
    claimed: int | None,
) -> Discussion:
    """Return the result with the number of its page and of all pages; a post without a pager has one.

    No more pages are believed than the post has comments, give or take what counters drift.
    """
    asked = site.discussion(site.canonical(url))
    current, last = _pager(rest, {part.text for part in parts}, naming, site, url)
    shown = asked[1] if asked else current or last
    most = max(claimed + DRIFT if claimed is not None else MOST_UNCOUNTED, asked[1] if asked else 1)
    pages = max(shown, last)
    if pages <= most:
        return replace(found, page=shown, pages=pages)
    counted = "no number of comments" if claimed is None else f"{claimed} comments"
    issue = f"the pager claims {pages} pages, the post {counted}: pages from {most + 1} on are not asked for"
    return replace(found, page=min(shown, most), pages=most, issues=(*found.issues, issue))


def _pager(
    rest: HtmlElement, texts: set[HtmlElement | None], naming: Naming, site: Site, url: str
) -> tuple[int | None, int]:
    """Return the page a pager marks as current, if any, and the last one there is; comments are out of `rest`.

    Permalinks and reply links lead to pages of comments too, and are not a pager. Where only the previous and the next
    page are linked, the current one is between them.
    """
    current, beside, last = None, None, 1
    around: set[HtmlElement] = set()
    for element, target in links(rest, site, url):
        place, href = site.discussion(target), element.get("href") or ""
        if (
            not place
            or place[0] != naming.whose
            or not _is_of_pager(href, naming)
            or not texts.isdisjoint(line(element))
        ):
            continue
        above = element.getparent()
        around |= {above, above.getparent()}
        last = max(last, place[1])
        classes = f"{element.get('class') or ''} {above.get('class') or ''}"
        if "current" in classes.split():
            current = place[1]
        elif _BEFORE.search(classes):
            beside = place[1] + 1
        elif _BEHIND.search(classes):
            beside = place[1] - 1
    current = current or _marked(around) or beside
    return current, max(last, current or 1)


_BEFORE = re.compile(r"\bprev(?:ious)?\b")
_BEHIND = re.compile(r"\bnext\b")


def _marked(around: set[HtmlElement]) -> int | None:
    """Return the page that a pager marks as current and does not link, as WordPress does."""
    for element in (each for box in around if box is not None for each in box.iter("span", "strong", "em", "li")):
        text = (element.text or "").strip()
        if text.isdecimal() and len(text) < 8 and "current" in (element.get("class") or "").split():
            return int(text)
    return None


def _is_of_pager(href: str, naming: Naming) -> bool:
    fragment = urlsplit(href).fragment
    return not re.search(r"reply(?:To|tocom)=", href) and not naming.of(fragment) and not fragment.startswith("respond")
