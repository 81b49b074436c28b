"""A blog that lives: each day its author and its readers do something, and some days its server does something else.

All of it follows from a seed. What happens to the blog is in `HAPPENINGS`, each with the share of days on which it
does; what happens to its server is in `WEATHERS`, each with the share of days on which it begins and how long it lasts.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from archiver.sample import SampleBlog, SampleComment, SamplePost, SampleResponse, load
from archiver.sample.theme import THREADS_PER_PAGE, PageContext, Theme, comment_pages

WORDS = (
    *("矩阵", "梯度", "概率", "公式", "模型", "向量", "月食", "星图", "函数", "级数"),
    *("恒等式", "直觉", "推导", "近似", "误差", "对称", "积分", "迭代", "边界", "样本"),
)
AUTHORS = ("小林", "Ada", "云上", "Noether", "石头", "Émile", "归零")
CATEGORIES = 5

_PAGE = re.compile(r"/archives/(\d+)(?:/comment-page-(\d+))?/?")


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a post as it was served whole."""

    post: SamplePost
    page: int
    """Which page of the comments is on it."""
    own: bool
    """Whether it is the post's own address, and not that of a page of comments."""

    @property
    def comments(self) -> tuple[SampleComment, ...]:
        """The comments on it, with all answers."""
        first = (self.page - 1) * THREADS_PER_PAGE
        found = list(self.post.threads[first : first + THREADS_PER_PAGE])
        for comment in found:  # grows meanwhile
            found += self.post.replies(comment.id)
        return tuple(found)


class LivingBlog(SampleBlog):
    """A sample blog that changes from day to day; `shown` holds what it served of its posts since that was emptied."""

    def __init__(self, seed: int, today: date, *, posts: int, pace: float = 1.0) -> None:
        """Found a blog with some posts; `pace` is how much more happens than `HAPPENINGS` and `WEATHERS` say."""
        self.random = random.Random(seed)
        self.today = today
        self.pace = pace
        self._numbers, self._said, self._texts = itertools.count(101), itertools.count(1), itertools.count(1)
        bundled = load()
        self._templates = bundled.templates
        few = dict(list(bundled.categories.items())[:CATEGORIES])
        super().__init__(replace(bundled, posts=(), attachments={}, categories=few))
        self.shown: list[Shown] = []
        self.weather = ""
        self._until = today
        self._attic: list[tuple[date, SamplePost]] = []
        """Posts that come back, and when."""
        self._former: list[SamplePost] = []
        """States of posts before an edit."""
        for age in range(posts, 0, -1):
            self._publish(today - timedelta(days=9 * age))
        for post in self.random.sample(self.source.posts, 6):
            for _ in range(self.random.choice((1, 4, 12, 23))):
                self._say(post.id)

    # -- what is served ------------------------------------------------------------------------------------------------

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        """Answer as the weather lets it."""
        path = target.partition("?")[0]
        stormy = _STORMS.get(self.weather)
        found = stormy(path) if stormy else None
        response = found or super().respond(method, target, headers)
        page = _PAGE.fullmatch(path)
        post = self.source.post(int(page[1])) if page else None
        if page and post and response.status == 200 and response.fault is None:
            self.shown.append(Shown(post, int(page[2] or comment_pages(post)), page[2] is None))
        return response

    def _closed(self, path: str, asked: Mapping[str, str]) -> bool:
        return super()._closed(path, asked) or (self.weather == "gate shut" and path != "/robots.txt")

    def page_of(self, post: SamplePost, site: str) -> str:
        """Return a post's page as it is in fair weather."""
        sky = replace(self.source, templates=self._templates, posts=(post,))
        return Theme(sky).post(PageContext(site, 0), post, comment_pages(post), None)

    # -- what happens --------------------------------------------------------------------------------------------------

    def wake(self, today: date, *, quiet: bool = False) -> None:
        """Let a day begin; on a quiet one nothing happens, and the weather is fair."""
        self.today = today
        for due, post in [entry for entry in self._attic if entry[0] <= today or quiet]:
            self._attic.remove((due, post))
            self.source = self.source.published(post)
        for happens, share in () if quiet else HAPPENINGS:
            if self.random.random() < share * self.pace:
                happens(self)
        self._turn(quiet)

    def _turn(self, quiet: bool) -> None:
        """Let the weather change, if it is time."""
        if not quiet and self.weather and self.today < self._until:
            return
        self.weather = ""
        for name, share, longest in () if quiet else WEATHERS:
            if self.random.random() < share * self.pace:
                self.weather = name
                self._until = self.today + timedelta(days=self.random.randint(1, longest))
                break
        self.gate = self.weather == "gate"
        broken = self.random.sample(self.source.posts, 2) if self.weather in ("broken", "cut") else ()
        fault = 500 if self.weather == "broken" else "truncate"
        self.broken = {f"/archives/{post.id}": fault for post in broken}
        changed = {name: _retouched(self.weather, text) for name, text in self._templates.items()}
        self.source = replace(self.source, templates=changed)

    def _publish(self, day: date | None = None) -> None:
        slugs = list(self.source.categories)
        post = SamplePost(
            id=next(self._numbers),
            title=f"{self._words(3)}（{next(self._texts)}）",
            date=(day or self.today).isoformat(),
            categories=(self.random.choice(slugs),),
            tags=tuple(self.random.sample(WORDS, self.random.randint(1, 3))),
            readers=self.random.randint(10, 2000),
            body="\n".join(self._paragraph() for _ in range(self.random.randint(3, 6))),
        )
        self.source = self.source.published(post)

    def _words(self, number: int) -> str:
        return "的".join(self.random.choices(WORDS, k=number))

    def _paragraph(self) -> str:
        """Return a paragraph that no other one is equal to."""
        number, power = next(self._texts), self.random.randint(2, 9)
        words = "，".join(self._words(3) for _ in range(4))
        return f"<p>第{number}段：{words}，于是 $x_{{{number}}}^{{{power}}} \\leq y$ 成立。</p>"

    def _any(self) -> SamplePost:
        return self.random.choice(self.source.posts)

    def _change(self, post: SamplePost, **changes: object) -> None:
        self._former.append(post)
        self.source = self.source.edited(post.id, **changes)

    def _edit(self) -> None:
        post = self._any()
        parts = post.body.split("\n")
        place = self.random.randrange(len(parts))
        parts[place : place + self.random.randint(0, 1)] = [self._paragraph()]
        self._change(post, body="\n".join(parts))

    def _shorten(self) -> None:
        post = self._any()
        if (parts := post.body.split("\n"))[3:]:
            self._change(post, body="\n".join(parts[1:]))

    def _retitle(self) -> None:
        self._change(self._any(), title=f"{self._words(2)}（{next(self._texts)}）")

    def _retag(self) -> None:
        self._change(self._any(), tags=tuple(self.random.sample(WORDS, self.random.randint(1, 4))))

    def _undo(self) -> None:
        """Have a post be again what it was before an edit; comments stay."""
        for former in reversed(self._former):
            now = self.source.post(former.id)
            if now:
                self._change(now, title=former.title, body=former.body, tags=former.tags)
                return

    def _delete(self) -> None:
        post = self._any()
        self.source = self.source.deleted(post.id)
        if self.random.random() < 0.4:
            self._attic.append((self.today + timedelta(days=self.random.randint(2, 20)), post))

    def _hide_many(self) -> None:
        for post in self.random.sample(self.source.posts, len(self.source.posts) // 3):
            self.source = self.source.deleted(post.id)
            self._attic.append((self.today + timedelta(days=9), post))

    def _categorise(self) -> None:
        post = self._any()
        self._change(
            post, categories=tuple(self.random.sample(list(self.source.categories), self.random.randint(1, 2)))
        )

    def _empty_category(self) -> None:
        slug, other = self.random.sample(list(self.source.categories), 2)
        self._move(slug, other)

    def _rename_category(self) -> None:
        """Give a category another name, and every other time another address."""
        slug = self.random.choice(list(self.source.categories))
        new = f"Part-{next(self._texts)}" if self.random.random() < 0.5 else slug
        names = {new if key == slug else key: value for key, value in self.source.categories.items()}
        self.source = replace(self.source, categories=names | {new: self._words(2)})
        if new != slug:
            self._attic = [(due, _moved(post, slug, new)) for due, post in self._attic]
            self._move(slug, new)

    def _move(self, slug: str, other: str) -> None:
        self.source = replace(self.source, posts=tuple(_moved(post, slug, other) for post in self.source.posts))

    def _say(self, number: int | None = None) -> None:
        talked = [post for post in self.source.posts if post.comments] or self.source.posts
        post = self.source.post(number) if number else self.random.choice((self._any(), self.random.choice(talked)))
        assert post
        answered = self.random.choice(post.comments).id if post.comments and self.random.random() < 0.3 else None
        said = SampleComment(
            id=next(self._said),
            parent=answered,
            author=self.random.choice(AUTHORS),
            url=self.random.choice((None, "https://example.org/")),
            date=self.today.isoformat(),
            html=self._remark(),
        )
        self.source = self.source.edited(post.id, comments=(*post.comments, said))

    def _remark(self) -> str:
        return f"<p>第{next(self._texts)}句：{self._words(3)}。</p>"

    def _said_under(self) -> tuple[SamplePost, SampleComment] | None:
        said = [(post, comment) for post in self.source.posts for comment in post.comments]
        return self.random.choice(said) if said else None

    def _reword(self) -> None:
        if found := self._said_under():
            post, old = found
            new = replace(old, html=self._remark())
            self.source = self.source.edited(post.id, comments=tuple(new if c == old else c for c in post.comments))

    def _unsay(self) -> None:
        """Take a comment away, with those that answer it."""
        if found := self._said_under():
            post, comment = found
            lost = {comment.id}
            for other in post.comments:  # an answer comes after what it answers
                lost |= {other.id} if other.parent in lost else set()
            self.source = self.source.edited(post.id, comments=tuple(c for c in post.comments if c.id not in lost))

    def _replace_comment(self) -> None:
        """Take a comment away and have another one said under the same post: its counter stays."""
        if found := self._said_under():
            post, comment = found
            if not post.replies(comment.id):
                left = tuple(other for other in post.comments if other != comment)
                self.source = self.source.edited(post.id, comments=left)
                self._say(post.id)


def _moved(post: SamplePost, slug: str, other: str) -> SamplePost:
    slugs = dict.fromkeys(other if each == slug else each for each in post.categories)
    return replace(post, categories=tuple(slugs))


HAPPENINGS: Iterable[tuple[Callable[[LivingBlog], None], float]] = (
    (LivingBlog._publish, 0.12),
    (LivingBlog._edit, 0.5),
    (LivingBlog._shorten, 0.05),
    (LivingBlog._retitle, 0.05),
    (LivingBlog._retag, 0.05),
    (LivingBlog._undo, 0.06),
    (LivingBlog._delete, 0.06),
    (LivingBlog._hide_many, 0.008),
    (LivingBlog._categorise, 0.06),
    (LivingBlog._empty_category, 0.015),
    (LivingBlog._rename_category, 0.02),
    (LivingBlog._say, 0.6),
    (LivingBlog._say, 0.4),
    (LivingBlog._reword, 0.25),
    (LivingBlog._unsay, 0.12),
    (LivingBlog._replace_comment, 0.1),
)
"""What can happen on a day, and on what share of days it does."""

WEATHERS = (
    ("down", 0.03, 4),
    ("busy", 0.02, 2),
    ("reset", 0.015, 2),
    ("robots 500", 0.015, 2),
    ("robots 404", 0.015, 2),
    ("robots forbid", 0.015, 3),
    ("gate", 0.03, 4),
    ("gate shut", 0.015, 2),
    ("theme renamed", 0.01, 5),
    ("theme strange", 0.01, 5),
    ("catalogue strange", 0.01, 5),
    ("catalogue broken", 0.01, 5),
    ("broken", 0.02, 5),
    ("cut", 0.015, 2),
)
"""Name, share of days on which it begins, and the most days it lasts."""

_NO = SampleResponse(500, {"Content-Type": "text/html"}, b"<h1>Error</h1>")
_BUSY = SampleResponse(503, {"Content-Type": "text/html", "Retry-After": "7200"}, b"<h1>Busy</h1>")
_NOT_THERE = SampleResponse(404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>")
_FORBIDDEN = SampleResponse(200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /\n")
_RESET = SampleResponse(200, {"Content-Type": "text/html"}, b"", "reset")

_STORMS: dict[str, Callable[[str], SampleResponse | None]] = {
    "busy": lambda path: None if path == "/robots.txt" else _BUSY,
    "reset": lambda path: _RESET,
    "catalogue broken": lambda path: _NO if path == "/content.html" else None,
    "robots 500": lambda path: _NO if path == "/robots.txt" else None,
    "robots 404": lambda path: _NOT_THERE if path == "/robots.txt" else None,
    "robots forbid": lambda path: _FORBIDDEN if path == "/robots.txt" else None,
}
"""What is answered instead of a page."""


def _retouched(weather: str, template: str) -> str:
    """Return a template as a changed theme has it."""
    if weather == "theme renamed":
        return template.replace('id="PostContent"', 'id="entry"').replace('"PostContent"', '"entry"')
    if weather == "theme strange":
        return template.replace('id="PostContent"', "").replace("h1>", "b>").replace("PostContent", "entry")
    if weather == "catalogue strange":
        return template.replace('/archives/{{ post.id }}" target', '/?p={{ post.id }}" target')
    return template
