"""A site as a folder."""

from __future__ import annotations

from pathlib import Path

from archiver.errors import UsageError
from archiver.export.folder import replacing_folder
from archiver.export.rows import Step
from archiver.static.site import StaticSite
from archiver.store.library import Library
from archiver.warc.storage import Storage


def write(library: Library, target: Path, step: Step, *, home: Path, warc: Storage, language: str) -> str | None:
    """Write the reader's pages as files to a folder; return what is missing, in words.

    Raises UsageError when there is no post or `target` holds something else, DiskFull and ArchiverError when it cannot
    be written.
    """
    if not library.count():
        raise UsageError("expected posts to make a site of, found none: run `archiver crawl` first")
    site = StaticSite(home, library, warc, language, step)
    with replacing_folder(target) as folder:
        for file in site.files():
            folder.write(file.path, file.data)
    return site.report()
