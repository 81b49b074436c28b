"""What an archive of a blog must hold, by what the blog was and what it served of itself.

Three promises are checked:

1. Each state of a post, and each wording of a comment, that was served to a run that got to its end is archived, in the
   order in which it was, and none twice in a row; nothing is archived that was not served. What was served to a run
   that was killed or refused may be there or not.
2. A state of a post that stands long enough is asked for: in as many runs as it takes to look again at all posts.
3. A post or comment that is there is never held to be gone; one that is not is, with its text kept, and since a moment
   at which it was not there any more.

Once nothing has happened for some days, the archive shows the blog as it is. Of comments on a page that nothing told
to read again (one reworded there, or one gone and another come) the archive knows what that page last showed; their
number is right in any case.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver.pages.post import parse_post
from archiver.sample import SampleComment, SamplePost
from archiver.sample.theme import comment_pages
from archiver.urls import Site
from benchmarks.living_blog import LivingBlog, Shown

RUNS_UNTIL_GONE = 8
"""Runs that got to their end after which a post that is not there must be known to be gone: three until the shorter
list is believed, three that miss it, and some in which another list was doubted."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run: when, by the clock it had, and whether it got to its end."""

    began: str
    ended: str
    through: bool
    """Whether everything due was asked for, of a blog that was in order."""
    fresh: bool
    """Whether it began a cycle, so that it looked again at its share of posts."""
    suffering: frozenset[int] = frozenset()
    """Posts whose pages could not be had, or could not lately."""


@dataclass
class Standing:
    """How long a post has been as it is."""

    digest: str
    runs: int = 0


@dataclass
class Truth:
    """What the archive of a blog must hold."""

    blog: LivingBlog
    site: str
    recheck: int
    """Posts that each run looks at again."""
    runs: list[Ran] = field(default_factory=list)
    states: defaultdict[int, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))
    """Digests of the states of a post as they were served, each with whether to a run that got to its end."""
    wordings: defaultdict[int, list[tuple[Hashable, bool]]] = field(default_factory=lambda: defaultdict(list))
    read: dict[tuple[int, int], int] = field(default_factory=dict)
    """The last run that got to its end and read a page of a post's comments, by post and page."""
    since: dict[int, int] = field(default_factory=dict)
    """The first run that could find a comment to be there, or gone, as it is now."""
    missing: dict[int, int] = field(default_factory=dict)
    """Runs through which a post has not been there."""
    _standing: dict[int, Standing] = field(default_factory=dict)
    _there: set[int] = field(default_factory=set)
    _digests: dict[SamplePost, str] = field(default_factory=dict)

    def before_run(self) -> None:
        """Take note of which comments are there."""
        there = {comment.id for post in self.blog.source.posts for comment in post.comments}
        for number in there ^ self._there:
            self.since[number] = len(self.runs)
        self._there = there

    def after_run(self, ran: Ran) -> Iterator[str]:
        """Take note of what was served to a run; yield what it should have asked for."""
        number = len(self.runs)
        self.runs.append(ran)
        served, self.blog.shown = self.blog.shown, []
        for shown in served:
            self._note(shown, number, ran.through)
        if ran.through:
            yield from self._overdue({shown.post.id for shown in served if shown.own}, ran)

    def _note(self, shown: Shown, number: int, certain: bool) -> None:
        if shown.own:
            self.states[shown.post.id].append((self.digest(shown.post), certain))
        for comment in shown.comments:
            self.wordings[comment.id].append((_wording(comment), certain))
        if certain:
            self.read[shown.post.id, shown.page] = number

    def _overdue(self, looked_at: set[int], ran: Ran) -> Iterator[str]:
        """Count a run for how long posts have been as they are, and yield those that nobody looked at."""
        posts = {post.id: post for post in self.blog.source.posts}
        for number in self.states.keys() | self.missing.keys():
            self.missing[number] = 0 if number in posts else self.missing.get(number, 0) + 1
        longest = -(-len(posts) // self.recheck) + 2
        for number, post in posts.items():
            digest = self.digest(post)
            standing = self._standing.setdefault(number, Standing(digest))
            if standing.digest != digest or number in looked_at or number in ran.suffering:
                self._standing[number] = Standing(digest)
            elif ran.fresh:
                standing.runs += 1
            if standing.runs > longest:
                yield f"post {number} was not looked at in {standing.runs} runs"

    def digest(self, post: SamplePost) -> str:
        """Return what tells a state of a post from others: the digest of its page as it is read."""
        bare = replace(post, comments=(), readers=0)
        if bare not in self._digests:
            page = self.blog.page_of(bare, self.site).encode()
            self._digests[bare] = parse_post(
                f"{self.site}/archives/{post.id}", page, Site(base=self.site)
            ).content_sha256
        return self._digests[bare]

    # -- the archive ---------------------------------------------------------------------------------------------------

    def differences(self, home: Path, *, settled: bool) -> list[str]:
        """Say how an archive differs from what it must hold; `settled` after days on which nothing happened."""
        database = sqlite3.connect(f"file:{home / 'archive.db'}?mode=ro", uri=True)
        try:
            found = [*self._revisions(database), *self._posts(database, settled), *self._wordings(database)]
            return [*found, *self._comments(database, settled), *(self._settled(database) if settled else ())]
        finally:
            database.close()

    def _revisions(self, database: sqlite3.Connection) -> Iterator[str]:
        query = "SELECT post_id, content_sha256 FROM post_revisions WHERE status = 'good' ORDER BY id"
        stored = _grouped(database.execute(query))
        for number in self.states.keys() | stored.keys():
            if not follows(stored.get(number, []), self.states[number]):
                yield f"post {number}: {len(stored.get(number, []))} revisions, not those that were served: " + _told(
                    stored.get(number, []), self.states[number]
                )

    def _wordings(self, database: sqlite3.Connection) -> Iterator[str]:
        former = "SELECT comment_id, author, text FROM comment_revisions ORDER BY rowid"
        stored = _grouped(database.execute(former))
        for number, *wording in database.execute("SELECT id, author, text FROM comments"):
            stored[number].append(tuple(wording))
        for number in self.wordings.keys() | stored.keys():
            if not follows(stored.get(number, []), self.wordings[number]):
                yield f"comment {number}: its wordings are not those that were served: " + _told(
                    stored.get(number, []), self.wordings[number]
                )

    def _posts(self, database: sqlite3.Connection, settled: bool) -> Iterator[str]:
        there = {post.id for post in self.blog.source.posts}
        status = dict(database.execute("SELECT id, status FROM posts"))
        through = bool(self.runs) and self.runs[-1].through
        for number, found in status.items():
            if number in there and found == "gone" and through and number not in self.runs[-1].suffering:
                yield f"post {number} is there, and held to be gone"
            if found == "live" and self.missing.get(number, 0) >= RUNS_UNTIL_GONE:
                yield f"post {number} has not been there in {self.missing[number]} runs, and is held to be"
        if settled and there - status.keys():
            yield f"posts {sorted(there - status.keys())} are not archived"

    def _comments(self, database: sqlite3.Connection, settled: bool) -> Iterator[str]:
        query = "SELECT id, post_id, page, parent_id, deleted_at FROM comments"
        rows = {row[0]: row[1:] for row in database.execute(query)}
        for post in self.blog.source.posts:
            shown = {each.id: (page, each) for page in _pages(post) for each in Shown(post, page, False).comments}
            held = {number: row for number, row in rows.items() if row[0] == post.id}
            yield from self._there_or_not(post, shown, held)
            live = sum(row[-1] is None for row in held.values())
            if settled and live != len(post.comments):
                yield f"post {post.id}: {len(post.comments)} comments, {live} in the archive"

    def _there_or_not(
        self, post: SamplePost, shown: dict[int, tuple[int, SampleComment]], held: dict[int, tuple[object, ...]]
    ) -> Iterator[str]:
        for number, (page, comment) in shown.items():
            if self.read.get((post.id, page), -1) < self.since[number]:
                continue  # that page was not read since it is there
            _, _, parent, deleted = held.get(number, (None, None, None, "never"))
            if deleted is not None:
                yield f"comment {number} of post {post.id} is there, in the archive it is not: {deleted}"
            elif parent != comment.parent:
                yield f"comment {number} answers {comment.parent}, in the archive {parent}"
        for number in held.keys() - shown.keys():
            _, at, _, deleted = held[number]
            assert isinstance(at, int)
            since = self.since.get(number, 0)
            if deleted is None and self.read.get((post.id, at), -1) >= since:
                yield f"comment {number} of post {post.id} is not there, in the archive it is"
            if deleted is not None and not any(ran.began <= str(deleted) <= ran.ended for ran in self.runs[since:]):
                yield f"comment {number} is not there since run {since + 1}, in the archive since {deleted}"

    def _settled(self, database: sqlite3.Connection) -> Iterator[str]:
        """Yield how what the archive shows differs from the blog after some days on which nothing happened."""
        posts = {row[0]: row[1:] for row in database.execute(_SHOWN)}
        names = self.blog.source.categories
        for post in self.blog.source.posts:
            title, published, digest, slugs, tags = posts.get(post.id, ("", "", "", "", ""))
            expected = (post.title, post.date, self.digest(post), sorted(post.categories), list(post.tags))
            found = (title, published, digest, sorted((slugs or "").split()), (tags or "").split())
            if found != expected:
                yield f"post {post.id}: expected {expected}, found {found}"
        stored = dict(database.execute("SELECT slug, name FROM categories"))
        for slug, name in names.items():
            if stored.get(slug) != name:
                yield f"category {slug} is named {name}, in the archive {stored.get(slug)}"
        waiting = f"SELECT url, state, reason FROM frontier WHERE state NOT IN ('done', 'skipped') AND {_OF_POSTS}"
        there = {f"https://kexue.fm/archives/{post.id}" for post in self.blog.source.posts}
        for url, state, reason in database.execute(waiting):
            if url in there:
                yield f"{url} is {state}: {reason}"


_OF_POSTS = "kind = 'post'"
_SHOWN = """
SELECT p.id, p.title, p.published_on, r.content_sha256,
  (SELECT group_concat(slug, ' ') FROM post_categories JOIN categories AS c ON c.id = category_id WHERE post_id = p.id),
  (SELECT group_concat(name, ' ') FROM
    (SELECT name FROM post_tags JOIN tags AS t ON t.id = tag_id WHERE post_id = p.id ORDER BY position))
FROM posts AS p JOIN post_revisions AS r ON r.id = p.current_revision_id
"""


def follows(stored: Sequence[Hashable], served: Sequence[tuple[Hashable, bool]]) -> bool:
    """Return whether what is stored is what was served: in order, nothing left out that is certain, nothing doubled."""
    reached = {0}
    """How many of those stored may have been, after what was served so far."""
    for state, certain in served:
        kept = {count for count in reached if count and stored[count - 1] == state}
        after = kept | {count + 1 for count in reached - kept if count < len(stored) and stored[count] == state}
        reached = after if certain else after | reached
    return len(stored) in reached


def _told(stored: Sequence[Hashable], served: Sequence[tuple[Hashable, bool]]) -> str:
    names: dict[Hashable, int] = {}
    for state in (*(state for state, _ in served), *stored):
        names.setdefault(state, len(names))
    seen = " ".join(f"{names[state]}{'' if certain else '?'}" for state, certain in served)
    return f"served {seen}, stored {' '.join(str(names[state]) for state in stored)}"


def _grouped(rows: Iterator[tuple[object, ...]] | sqlite3.Cursor) -> defaultdict[int, list[Hashable]]:
    found: defaultdict[int, list[Hashable]] = defaultdict(list)
    for number, *values in rows:
        found[number].append(values[0] if len(values) == 1 else tuple(values))
    return found


def _wording(comment: SampleComment) -> Hashable:
    return comment.author, comment.html.removeprefix("<p>").removesuffix("</p>")


def _pages(post: SamplePost) -> range:
    return range(1, comment_pages(post) + 1)
