"""How posts belong together: series derived from titles and links, and the works elsewhere they cite.

Both depend on posts and links alone, so they are derived again at the end of each crawl. A table is only written
when its rows differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from archiver import references, series
from archiver.store import models

_POSTS: Any = models.Post.__table__
_LINKS: Any = models.Link.__table__


def refresh(session: Session) -> None:
    """Bring series and external references in line with the posts and links."""
    found = series.detect(_titled(session))
    heads = [{"id": one.parts[0].post_id, "name": one.name} for one in found]
    _replace(session, {models.Series: heads, models.SeriesPost: list(_part_rows(found))})
    _replace(session, {models.ExternalReference: list(_reference_rows(session))})


def _titled(session: Session) -> Iterator[series.Titled]:
    cites: defaultdict[int, set[int]] = defaultdict(set)
    for post_id, target in session.execute(select(_LINKS.c.post_id, _LINKS.c.target_post_id).distinct()):
        if target is not None:
            cites[post_id].add(target)
    for number, title, published_on in session.execute(select(_POSTS.c.id, _POSTS.c.title, _POSTS.c.published_on)):
        yield series.Titled(id=number, title=title, published_on=published_on, cites=cites[number])


def _part_rows(found: Iterable[series.Series]) -> Iterator[dict[str, Any]]:
    for one in found:
        for position, part in enumerate(one.parts):
            first = one.parts[0].post_id
            yield {"series_id": first, "position": position, "post_id": part.post_id, "label": part.label}


def _reference_rows(session: Session) -> Iterator[dict[str, Any]]:
    links = select(_LINKS.c.post_id, _LINKS.c.position, _LINKS.c.url).where(_LINKS.c.kind == "external")
    for post_id, position, url in session.execute(links.order_by(_LINKS.c.post_id, _LINKS.c.position)):
        if found := references.reference(url):
            yield {
                "post_id": post_id,
                "position": position,
                "kind": found.kind,
                "identifier": found.identifier,
                "version": found.version,
                "url": found.url,
            }


def _replace(session: Session, wanted: Mapping[type[models.Base], list[dict[str, Any]]]) -> None:
    """Make tables hold these rows, in the order of their keys, and no others; each table after those it refers to."""
    tables: list[tuple[Any, list[dict[str, Any]]]] = [(model.__table__, rows) for model, rows in wanted.items()]
    if all(_rows(session, table) == rows for table, rows in tables):
        return
    for table, _ in reversed(tables):
        session.execute(delete(table))
    for table, rows in tables:
        if rows:
            session.execute(insert(table), rows)


def _rows(session: Session, table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
