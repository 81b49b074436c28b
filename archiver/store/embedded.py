"""Rows of pictures whose bytes are in pages themselves: one for the same bytes, however often they occur."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from archiver import media
from archiver.items import CommentPage, Content, EmbeddedPicture, Item, Page, Post
from archiver.store import models, query
from archiver.store.database import upsert

PATIENCE = 600.0
"""Seconds the query of all pictures may take."""

_PICTURES: Any = models.EmbeddedPicture.__table__
_TABLES = "SELECT name FROM sqlite_master WHERE name = 'embedded_pictures'"
_ALL = "SELECT url, media_type, data FROM embedded_pictures ORDER BY url"


def save(session: Session, item: Item) -> None:
    """Store the pictures that are in a page, in its text and its comments; none is ever removed."""
    if isinstance(item, Post | Page | CommentPage):
        keep(session, (picture for content in _contents(item) for picture in content.embedded))


def keep(session: Session, pictures: Iterable[EmbeddedPicture]) -> None:
    """Store pictures that are not stored yet."""
    rows = {
        picture.url: {
            "url": picture.url,
            "media_type": picture.media_type,
            "size": len(picture.data),
            "sha256": hashlib.sha256(picture.data).hexdigest(),
            "data": picture.data,
        }
        for picture in pictures
    }
    if rows:
        statement = upsert(session.get_bind().dialect.name, _PICTURES).on_conflict_do_nothing()
        session.execute(statement, list(rows.values()))


def read(database: str | Path) -> Iterator[EmbeddedPicture]:
    """Yield the pictures of an archive by address; none of one that an earlier version made."""
    file = query.sqlite_file(database)
    if file is not None:
        with query.stream(file, _TABLES) as found:
            if not list(found.rows):
                return
    with query.stream(database, _ALL, timeout=PATIENCE) as pictures:
        for url, media_type, data in pictures.rows:
            yield EmbeddedPicture(url=url, media_type=media_type, data=bytes(data))


def is_whole(picture: EmbeddedPicture) -> bool:
    """Return whether a picture has the bytes that its address names."""
    return media.digest_url(picture.data) == picture.url


def _contents(item: Post | Page | CommentPage) -> Iterator[Content]:
    if not isinstance(item, CommentPage):
        yield item.content
    yield from (comment.content for comment in item.comments)
