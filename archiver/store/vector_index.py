"""The vectors of search by meaning: made from the rows of posts, and updated where these have changed.

A vector is made of the beginning of each section of a post, with the title and the headings above it, and without
formulas, which cost time and say nothing to the model. That takes seconds per post, so the transaction that changes the
rows does not wait for it: vectors follow when a run has ended, or by `archiver search --vectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import func, or_, select

from archiver.store.database import Archive, upsert
from archiver.store.models import Post, PostVectors
from archiver.store.vectors import FLOAT, passages
from archiver.text import chunks, embedding

LONGEST = 500
"""Characters of a chunk's prose that are read: see benchmarks/meaning.py."""

_DUE = or_(
    PostVectors.post_id.is_(None),
    PostVectors.revision_id != Post.current_revision_id,
    PostVectors.model != embedding.MODEL,
)
_POSTS = select(Post.id).outerjoin(PostVectors, PostVectors.post_id == Post.id).where(_DUE)


def any_kept(archive: Archive) -> bool:
    """Return whether any post has vectors: then those of new ones are wanted too."""
    found = archive.session.scalar(select(PostVectors.post_id).limit(1))
    archive.session.rollback()
    return found is not None


def due(archive: Archive) -> int:
    """Return how many posts have no vectors, or those of another revision or model."""
    found = archive.session.scalar(select(func.count()).select_from(_POSTS.subquery()))
    archive.session.rollback()
    return found or 0


def bring_up_to_date(archive: Archive, step: Callable[[], object] = lambda: None) -> int:
    """Make the vectors of posts that are new or have changed; return of how many. Each post's are kept at once.

    `step` is called after each. Raises UsageError without the model.
    """
    numbers = archive.session.scalars(_POSTS.order_by(Post.id)).all()
    archive.session.rollback()
    for number in numbers:
        _make(archive, number)
        step()
    return len(numbers)


def take_over(archive: Archive, number: int, title: str, markdown: str, model: str, vectors: bytes) -> bool:
    """Keep the vectors that another database has of a post, if it reads the same here; return whether it does."""
    same = (Post.id == number, Post.title == title, Post.markdown == markdown)
    revision = archive.session.scalar(select(Post.current_revision_id).where(*same))
    if revision is None:
        return False
    _keep(archive, number, revision, model, vectors)
    return True


def _make(archive: Archive, number: int) -> None:
    """Make the vectors of a post, outside of a transaction: others write meanwhile."""
    session = archive.session
    columns = (Post.title, Post.markdown, Post.current_revision_id)
    title, markdown, revision = session.execute(select(*columns).where(Post.id == number)).one()
    session.rollback()
    found = (embedding.of_question(title), embedding.of_passages(list(_texts(title, markdown))))
    stored = b"".join(vectors.astype(FLOAT).tobytes() for vectors in found)
    _keep(archive, number, revision, embedding.MODEL, stored)
    archive.commit()


def _keep(archive: Archive, number: int, revision: int | None, model: str, vectors: bytes) -> None:
    values = {"revision_id": revision, "model": model, "vectors": vectors}
    dialect = archive.session.get_bind().dialect.name
    statement = upsert(dialect, PostVectors.__table__).values(post_id=number, **values)
    archive.session.execute(statement.on_conflict_do_update(index_elements=["post_id"], set_=values))


def _texts(title: str, markdown: str) -> Iterator[str]:
    for chunk in passages(markdown):
        yield "\n".join((title, " > ".join(chunk.headings), chunks.prose(chunk.text)[:LONGEST]))
