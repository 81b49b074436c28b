"""An archive for programs that read: posts, pages, comments, series and topics as values, in one state throughout.

Every query of a `Library` sees the archive as it was at the first one, even while a crawl writes to it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from archiver.errors import ArchiverError, NotArchived, UsageError
from archiver.media import MOST_TRIES
from archiver.store import lost, models, query, search, server
from archiver.store.faults import file_fault
from archiver.store.results import Result
from archiver.store.values import (
    Comment,
    CommentRevision,
    EmbeddedPicture,
    File,
    Formula,
    Image,
    Page,
    PageComment,
    PageFormula,
    Post,
    PostGroup,
    RecordLocation,
    RelatedPost,
    Revision,
)
from archiver.urls import Site

Value = TypeVar("Value")


class Library:
    """An archive, opened for reading only."""

    def __init__(self, database: str, site: Site) -> None:
        """Open the archive of a blog, whose database has this URL.

        Raises UsageError when there is none.
        """
        self.database = database
        """URL of its database."""
        self.site = site
        """The blog."""
        self._engine = _engine(database)
        with _explained(database):
            self._connection = self._engine.connect()
            if self._engine.dialect.name == "sqlite":
                self._connection.exec_driver_sql("BEGIN")

    def count(self) -> int:
        """Return how many posts there are."""
        return int(next(self._rows(sa.select(sa.func.count(models.Post.id).label("posts"))))["posts"])

    def posts(self, ids: Collection[int] | None = None) -> Iterator[Post]:
        """Yield all posts by number, or those given, in the order given; missing ones are left out."""
        columns = _columns(models.Post, Post)
        if ids is None:
            for row in self._rows(sa.select(*columns).order_by(models.Post.id)):
                yield self._post(row)
            return
        for number in ids:
            for row in self._rows(sa.select(*columns).where(models.Post.id == number)):
                yield self._post(row)

    def post(self, number: int) -> Post:
        """Return a post by the number in its address.

        Raises UsageError when the archive does not hold it.
        """
        for post in self.posts([number]):
            return post
        raise NotArchived(f"post {number}")

    def comments(self, post_id: int | None = None) -> Iterator[Comment]:
        """Yield the comments by number, of one post or of all."""
        return self._all(models.Comment, Comment, post_id, models.Comment.id)

    def comment_revisions(self, post_id: int) -> list[CommentRevision]:
        """Return the former wordings of a post's comments, by comment, oldest first."""
        former = models.CommentRevision
        found = (
            sa.select(*_columns(former, CommentRevision))
            .join(models.Comment, models.Comment.id == former.comment_id)
            .where(models.Comment.post_id == post_id)
            .order_by(former.comment_id, former.replaced_at)
        )
        return [CommentRevision(**row) for row in self._rows(found)]

    def formulas(self, post_id: int | None = None) -> Iterator[Formula]:
        """Yield the formulas in page order, of one post or of all."""
        return self._all(models.Formula, Formula, post_id, models.Formula.post_id, models.Formula.position)

    def images(self, post_id: int | None = None) -> Iterator[Image]:
        """Yield the pictures in page order, of one post or of all."""
        return self._all(models.Image, Image, post_id, models.Image.post_id, models.Image.position)

    def embedded_pictures(self) -> Iterator[EmbeddedPicture]:
        """Yield the pictures whose bytes are in pages themselves, by address."""
        found = sa.select(*_columns(models.EmbeddedPicture, EmbeddedPicture)).order_by(models.EmbeddedPicture.url)
        return (EmbeddedPicture(**row) for row in self._rows(found))

    def embedded_picture(self, url: str) -> EmbeddedPicture | None:
        """Return the picture that is in a page itself, by the address of its bytes."""
        found = sa.select(*_columns(models.EmbeddedPicture, EmbeddedPicture)).where(models.EmbeddedPicture.url == url)
        return next((EmbeddedPicture(**row) for row in self._rows(found)), None)

    def pages(self) -> Iterator[Page]:
        """Yield the independent pages, by address."""
        return self._all(models.Page, Page, None, models.Page.url)

    def page(self, url: str) -> Page:
        """Return an independent page by its canonical address.

        Raises UsageError when the archive does not hold it.
        """
        found = sa.select(*_columns(models.Page, Page)).where(models.Page.url == url)
        for row in self._rows(found):
            return Page(**row)
        raise NotArchived(url)

    def page_comments(self, page_id: int | None = None) -> Iterator[PageComment]:
        """Yield the comments under independent pages by number, of one page or of all."""
        return self._of_pages(models.PageComment, PageComment, page_id, models.PageComment.id)

    def page_formulas(self, page_id: int | None = None) -> Iterator[PageFormula]:
        """Yield the formulas in page order, of one independent page or of all."""
        return self._of_pages(models.PageFormula, PageFormula, page_id, models.PageFormula.position)

    def files(self) -> Iterator[File]:
        """Yield the linked files that are not pictures, by address."""
        linking = defaultdict(list)
        linked = sa.select(models.Link.url, models.Link.post_id).join(models.File, models.File.url == models.Link.url)
        for row in self._rows(linked.distinct().order_by(models.Link.post_id)):
            linking[row["url"]].append(row["post_id"])
        for row in self._rows(sa.select(*_columns(models.File, File, "posts")).order_by(models.File.url)):
            yield File(**row, posts=tuple(linking[row["url"]]))

    def revisions(self, post_id: int) -> list[Revision]:
        """Return every version of a post the archive has seen, oldest first.

        Raises UsageError when the archive does not hold the post.
        """
        seen = _POST_REVISIONS.c
        current = models.Post.current_revision_id == seen.id
        found = (
            sa.select(
                *_columns(seen, Revision, "current", "lost"),
                current.label("current"),
                seen.capture_id.in_(lost.CAPTURES).label("lost"),
            )
            .join(models.Post, models.Post.id == seen.post_id)
            .where(seen.post_id == post_id)
            .order_by(seen.id)
        )
        revisions = [
            Revision(
                **{
                    **row,
                    "issues": tuple(json.loads(row["issues"])),
                    "current": bool(row["current"]),
                    "lost": bool(row["lost"]),
                }
            )
            for row in self._rows(found)
        ]
        if not revisions:
            raise NotArchived(f"post {post_id}")
        return revisions

    @cached_property
    def series(self) -> tuple[PostGroup, ...]:
        """Every series, by the numbers of their first posts."""
        part = models.SeriesPost
        rows = self._rows(
            sa.select(models.Series.id, models.Series.name, part.post_id, models.Post.title, part.label)
            .join(part, part.series_id == models.Series.id)
            .join(models.Post, models.Post.id == part.post_id)
            .order_by(models.Series.id, part.position)
        )
        return _groups(rows)

    @cached_property
    def topics(self) -> tuple[PostGroup, ...]:
        """Every section of the curated index, in its order."""
        link = models.TopicPost
        rows = self._rows(
            sa.select(models.Topic.id, models.Topic.name, link.post_id, models.Post.title)
            .join(link, link.topic_id == models.Topic.id)
            .join(models.Post, models.Post.id == link.post_id)
            .order_by(models.Topic.position, link.position)
        )
        return _groups(rows)

    def series_of(self, post_id: int) -> PostGroup | None:
        """Return the series a post is part of."""
        return next((one for one in self.series if any(entry.post_id == post_id for entry in one.entries)), None)

    def cited_by(self, post_id: int) -> list[RelatedPost]:
        """Return the posts of the archive that link to a post, by number."""
        return self._linked(models.Link.post_id, models.Link.target_post_id, post_id)

    def cites(self, post_id: int) -> list[RelatedPost]:
        """Return the posts of the archive a post links to, by number."""
        return self._linked(models.Link.target_post_id, models.Link.post_id, post_id)

    def held(self, url: str) -> Iterator[RecordLocation]:
        """Yield where the whole captures of a canonical address are, newest first, at most as many as are tried."""
        capture = models.Capture
        rows = self._rows(
            sa.select(*_columns(capture, RecordLocation), capture.revisit_of, capture.payload_sha256)
            .where(capture.url == url, capture.status == 200, capture.truncated.is_(None))
            .order_by(capture.fetched_at.desc(), capture.id.desc())
            .limit(MOST_TRIES)
        )
        for row in rows:
            values = dict(row)
            original, payload = values.pop("revisit_of"), values.pop("payload_sha256")
            if original is None:
                yield RecordLocation(**values)
                continue
            # A record's id has no index; the payload's digest and the address have one.
            near = (capture.payload_sha256 == payload) | (capture.url == url)
            same = near & (capture.record_id == original)
            yield from (
                RecordLocation(**earlier)
                for earlier in self._rows(sa.select(*_columns(capture, RecordLocation)).where(same))
            )

    def search(
        self, words: str, *, filters: search.Filters | None = None, limit: int = 20, offset: int = 0
    ) -> search.Results:
        """Return what a search finds; see `archiver.store.search.search`. It sees the archive as it is now."""
        with search.opened(self.database) as connection:
            return search.search(connection, words, self.site, filters=filters, limit=limit, offset=offset)

    def query(
        self, sql: str, parameters: query.Parameters = (), *, timeout: float = query.TIMEOUT, limit: int | None = None
    ) -> Result:
        """Return the answer of a query that only reads, whatever it says; see `archiver.store.query.run`.

        It sees the archive as it is now.
        """
        return query.run(self.database, sql, parameters, timeout=timeout, limit_rows=limit)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _categories(self) -> Mapping[int, tuple[str, ...]]:
        link = models.PostCategory
        return self._names(
            sa.select(link.post_id, models.Category.name)
            .join(models.Category, models.Category.id == link.category_id)
            .order_by(link.post_id, models.Category.slug)
        )

    @cached_property
    def _tags(self) -> Mapping[int, tuple[str, ...]]:
        link = models.PostTag
        return self._names(
            sa.select(link.post_id, models.Tag.name)
            .join(models.Tag, models.Tag.id == link.tag_id)
            .order_by(link.post_id, link.position)
        )

    def _names(self, statement: Any) -> Mapping[int, tuple[str, ...]]:
        names: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
        for row in self._rows(statement):
            names[row["post_id"]] += (row["name"],)
        return names

    def _post(self, row: Mapping[str, Any]) -> Post:
        return Post(**row, categories=self._categories[row["id"]], tags=self._tags[row["id"]])

    def _linked(self, wanted: Any, given: Any, post_id: int) -> list[RelatedPost]:
        statement = (
            sa.select(models.Post.id.label("post_id"), models.Post.title)
            .where(models.Post.id.in_(sa.select(wanted).where(given == post_id)), models.Post.id != post_id)
            .order_by(models.Post.id)
        )
        return [RelatedPost(**row) for row in self._rows(statement)]

    def _all(self, model: Any, value: type[Value], post_id: int | None, *order: Any) -> Iterator[Value]:
        statement = sa.select(*_columns(model, value)).order_by(*order)
        if post_id is not None:
            statement = statement.where(model.post_id == post_id)
        return (value(**row) for row in self._rows(statement))

    def _of_pages(self, model: Any, value: type[Value], page_id: int | None, *order: Any) -> Iterator[Value]:
        statement = sa.select(*_columns(model, value)).order_by(model.page_id, *order)
        if page_id is not None:
            statement = statement.where(model.page_id == page_id)
        return (value(**row) for row in self._rows(statement))

    def _rows(self, statement: Any) -> Iterator[Any]:
        with _explained(self.database):
            yield from self._connection.execute(statement.execution_options(yield_per=200)).mappings()


_POST_REVISIONS = sa.table(
    "post_revisions",
    sa.column("capture_id"),
    *(sa.column(field.name) for field in fields(Revision) if field.name not in ("current", "lost")),
)
"""The view of that name, which gives each version its text."""


def _columns(model: Any, value: type, *besides: str) -> list[Any]:
    """Return the columns of a table that a value has a field for; those named, categories and tags come separately."""
    others = {*besides, "categories", "tags"}
    return [getattr(model, field.name) for field in fields(value) if field.name not in others]


def _groups(rows: Iterable[Mapping[str, Any]]) -> tuple[PostGroup, ...]:
    names: dict[int, str] = {}
    entries: defaultdict[int, list[RelatedPost]] = defaultdict(list)
    for row in rows:
        names[row["id"]] = row["name"]
        entries[row["id"]].append(RelatedPost(post_id=row["post_id"], title=row["title"], label=row.get("label", "")))
    return tuple(PostGroup(id=number, name=name, entries=tuple(entries[number])) for number, name in names.items())


def _engine(database: str) -> sa.Engine:
    """Return an engine that only reads."""
    file = query.sqlite_file(database)
    if file is None:
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        return server.engine(database).execution_options(**options)
    return sa.create_engine("sqlite://", creator=lambda: query.connect(file), poolclass=StaticPool)


@contextmanager
def _explained(database: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        name = server.shown(database)
        if fault := file_fault(name, error.orig):
            raise fault from error
        raise ArchiverError(
            f"{name}: expected the database of an archive, found: {server.reason(error)}; `archiver migrate` "
            "brings one of an earlier version up to date"
        ) from error
    except OverflowError as error:
        raise UsageError("expected numbers as a database holds them, found a larger one") from error
