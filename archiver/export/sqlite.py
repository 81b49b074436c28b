"""SQLite: one clean file to share."""

from __future__ import annotations

from pathlib import Path

from archiver.durable import replacing
from archiver.export.notice import notice
from archiver.export.rows import Step
from archiver.store import handover
from archiver.store.library import Library


def write(library: Library, target: Path, step: Step) -> None:
    """Write a database with the posts and everything that belongs to them, without the archive's own bookkeeping.

    Raises UsageError when the archive is not in SQLite, DiskFull and ArchiverError when it cannot be written.
    """
    said = notice(library.posts(), library.site.profile)
    about = {
        "title": said.title,
        "source": said.source,
        "author": said.author,
        "license": said.license,
        "license_url": said.license_url,
        "archived_until": said.archived_until,
    }
    with replacing(target) as file:
        handover.write(library.database, Path(file.name), about)
    for _ in library.posts():
        step()
