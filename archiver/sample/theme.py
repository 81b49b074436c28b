"""The sample blog's pages: templates filled with posts, comments and values that change on each load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from html import unescape
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from archiver.sample.source import MORE, SampleComment, SamplePage, SamplePost, SampleSource

POSTS_PER_PAGE = 8
THREADS_PER_PAGE = 10
DEEPEST = 10
"""Level of nesting from which a comment can no longer be answered."""

_HEADING = re.compile(r"<h([2-4])>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_QUOTE = re.compile(r'<a class="cite_comment" href="#comment-(\d+)">(.*?)</a>')


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page depends on in addition to its subject."""

    site: str
    """Scheme and host that the client asked for."""
    load: int
    """How many pages were served before: moves the reader counts and the random posts."""


class Theme:
    """Renders the pages of one source."""

    def __init__(self, source: SampleSource) -> None:
        self.source = source
        self._environment = Environment(
            loader=DictLoader(source.templates),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self._environment.filters.update(
            path=lambda text: quote(text, safe=""), cut=cut, day=english_day, month=english_month, rfc822=rfc822
        )

    def post(self, visit: PageContext, post: SamplePost, comment_page: int, reply_to: str | None) -> str:
        """Return the page of a post with one page of its comments."""
        place = self.source.posts.index(post)
        return self._render(
            "post.html",
            visit,
            title=post.title,
            post=post,
            body=Markup(anchored(post.body.replace(MORE, ""))),  # noqa: S704 - our own writing
            headings=headings(post.body),
            older=self.source.posts[place + 1] if place + 1 < len(self.source.posts) else None,
            newer=self.source.posts[place - 1] if place else None,
            similar=self._similar(post),
            reply_to=reply_to,
            **self._discussion(post, comment_page),
        )

    def listing(self, visit: PageContext, title: str, base: str, posts: tuple[SamplePost, ...], page: int) -> str:
        """Return one page of a list of posts; `base` is the path of the list with a slash at its end."""
        first = (page - 1) * POSTS_PER_PAGE
        return self._render(
            "list.html",
            visit,
            title=title,
            base=visit.site + base,
            posts=posts[first : first + POSTS_PER_PAGE],
            page=page,
            pages=list_pages(posts),
        )

    def catalogue(self, visit: PageContext) -> str:
        """Return the list of everything."""
        years: dict[str, dict[int, list[SamplePost]]] = {}
        for post in self.source.posts:
            months = years.setdefault(post.date[:4], {})
            months.setdefault(int(post.date[5:7]), []).append(post)
        return self._render("catalogue.html", visit, title="归档", years=years)

    def page(self, visit: PageContext, page: SamplePage, comment_page: int) -> str:
        """Return an independent page with one page of its comments."""
        return self._render(
            "page.html",
            visit,
            title=page.title,
            post=page,
            body=Markup(anchored(page.body)),  # noqa: S704 - our own writing
            **self._discussion(page, comment_page),
        )

    def missing(self, visit: PageContext, title: str, text: str) -> str:
        """Return the page shown for one that does not exist: a heading and a paragraph."""
        return self._render("missing.html", visit, title=title, text=text)

    def attachment(self, visit: PageContext, name: str, path: str) -> str:
        """Return the page that wraps one picture."""
        return self._render("attachment.html", visit, title=name, path=path)

    def feed(self, visit: PageContext) -> str:
        """Return the RSS feed of the ten newest posts."""
        return self._render("feed.xml", visit, title="", posts=self.source.posts[:10])

    def gate(self) -> str:
        """Return the page that sets a cookie by script and reloads."""
        return self._environment.get_template("gate.html").render()

    @staticmethod
    def _discussion(page: SamplePage, number: int) -> dict[str, object]:
        first = (number - 1) * THREADS_PER_PAGE
        threads = page.threads[first : first + THREADS_PER_PAGE]
        return {"threads": threads, "page": number, "pages": comment_pages(page), "deepest": DEEPEST}

    def _render(self, template: str, visit: PageContext, **values: object) -> str:
        return self._environment.get_template(template).render(
            site=visit.site,
            blog=self.source,
            recent=list(self._recent()),
            popular=self._popular(),
            random=self._random(visit.load),
            readers=lambda post: post.readers + visit.load,
            pager=pager,
            excerpt=lambda post: Markup(anchored(post.excerpt)),  # noqa: S704 - our own writing
            markup=Markup,
            **values,
        )

    def _recent(self) -> Iterator[tuple[SampleComment, str, str]]:
        """Yield the ten newest comments of the blog, each with its path and its source text."""
        said = ((comment, post) for post in self.source.posts for comment in post.comments)
        for comment, post in sorted(said, key=lambda pair: -pair[0].id)[:10]:
            path = f"/archives/{post.id}/comment-page-{page_of(post, comment)}#comment-{comment.id}"
            yield comment, path, source_text(comment.html)

    def _popular(self) -> list[str]:
        tags = [tag for post in self.source.posts for tag in post.tags]
        return sorted(set(tags), key=lambda tag: (-tags.count(tag), tag))[:25]

    def _random(self, load: int) -> list[SamplePost]:
        posts = self.source.posts
        return [posts[(load * 5 + step * 7) % len(posts)] for step in range(min(5, len(posts)))]

    def _similar(self, post: SamplePost) -> list[SamplePost]:
        near = [other for other in self.source.posts if other != post and other.categories[0] == post.categories[0]]
        return near[:5]


def list_pages(posts: tuple[SamplePost, ...]) -> int:
    """Return how many pages a list of posts has."""
    return max(1, -(-len(posts) // POSTS_PER_PAGE))


def comment_pages(post: SamplePage) -> int:
    """Return how many comment pages a post or page has; replies do not count."""
    return max(1, -(-len(post.threads) // THREADS_PER_PAGE))


def page_of(post: SamplePost, comment: SampleComment) -> int:
    """Return the comment page that shows a comment."""
    by_id = {other.id: other for other in post.comments}
    while comment.parent is not None:
        comment = by_id[comment.parent]
    return post.threads.index(comment) // THREADS_PER_PAGE + 1


def pager(page: int, pages: int) -> list[int | None]:
    """Return the page numbers a pager shows: three on each side, the first and the last; None is a gap."""
    shown = sorted({1, pages, *range(max(1, page - 3), min(pages, page + 3) + 1)})
    numbers: list[int | None] = []
    for before, number in zip([0, *shown], shown, strict=False):
        numbers += [None, number] if number > before + 1 else [number]
    return numbers


def anchored(body: str) -> str:
    """Give every heading the id and the `#` link the blog adds."""
    return _HEADING.sub(
        lambda found: (
            f'<h{found[1]} id="{_TAG.sub("", found[2])}">{found[2]}'
            f'<a href="#{_TAG.sub("", found[2])}"> #</a></h{found[1]}>'
        ),
        body,
    )


def headings(body: str) -> list[str]:
    """Return the texts of a body's headings."""
    return [unescape(_TAG.sub("", found[2])) for found in _HEADING.finditer(body)]


def source_text(html: str) -> str:
    """Return roughly what a reader typed for a comment, as the list of recent comments shows it."""
    return unescape(_TAG.sub("", _QUOTE.sub(r"[comment=\1]\2[/comment]", html)))


def cut(text: str, length: int) -> str:
    """Return the start of a text, wherever that ends, as the sidebar does."""
    return text if len(text) <= length else text[:length] + "..."


def english_day(iso: str) -> str:
    """Return a date as comments show it, for example `June 20th, 2025`."""
    day = date.fromisoformat(iso)
    ending = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{_MONTHS[day.month - 1]} {day.day}{ending}, {day.year}"


def english_month(iso: str) -> str:
    """Return the short month of a date, for example `Jun`."""
    return _MONTHS[int(iso[5:7]) - 1][:3]


def rfc822(iso: str) -> str:
    """Return noon of a date in China as a feed writes it."""
    return format_datetime(datetime.fromisoformat(f"{iso}T12:00:00+08:00"))


# Not from the locale: pages must not depend on the machine.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
