"""The views of a fleet over the archives of all blogs, in its own schema (`store.schema_views`)."""

from __future__ import annotations

from archiver.fleet import tables
from archiver.fleet.blogs import Fleet
from archiver.store import schema_views


def refresh(fleet: Fleet) -> bool:
    """Bring the views in line with the blogs and their tables; return whether they changed.

    Raises ArchiverError as `schema_views.refresh` does.
    """
    return schema_views.refresh(fleet.url, [blog.name for blog in fleet.blogs()], into=tables.SCHEMA)
