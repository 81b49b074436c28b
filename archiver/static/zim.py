"""A site as one ZIM file, for Kiwix and its kin (https://wiki.openzim.org/wiki/ZIM_file_format)."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from archiver import __version__, extras
from archiver.durable import replacing
from archiver.errors import UsageError
from archiver.export.rows import Step
from archiver.static import icon
from archiver.static.links import FRONT, LIST, WORKER
from archiver.static.site import SiteFile, StaticSite
from archiver.store.library import Library
from archiver.warc.storage import Storage
from archiver.web.reader import look

_ARTICLES = ("posts/", "pages/")
"""Folders whose pages a search in the file is to find; lists only repeat their words."""
_SIDE = 48  # pixels of the picture that a shelf shows
_TITLE, _DESCRIPTION = 30, 80
"""Characters at most (https://wiki.openzim.org/wiki/Metadata)."""
_LANGUAGES = {
    "ar": "ara", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "ja": "jpn", "ko": "kor",
    "nl": "nld", "pl": "pol", "pt": "por", "ru": "rus", "zh": "zho",
}  # fmt: skip
"""ISO 639-3 of languages by ISO 639-1."""
_UNKNOWN = "und"
_ROOM = 1 << 20
"""With fewer bytes free than this, a failure of libzim means a full disk."""


def write(library: Library, target: Path, step: Step, *, home: Path, warc: Storage, language: str) -> str | None:
    """Write the reader's pages as one file with its own full-text index; return what is missing, in words.

    Two files of one archive differ in the number by which programs identify a file, and in the order of threads.

    Raises UsageError where libzim is not installed, or there is no post; else as `replacing` does.
    """
    try:
        import libzim.writer  # noqa: F401 - is it there?
    except ImportError as error:
        raise UsageError(extras.missing("zim")) from error
    if not library.count():
        raise UsageError("expected posts to make a ZIM file of, found none: run `archiver crawl` first")
    site = StaticSite(home, library, warc, language, step)
    tongue = _LANGUAGES.get(library.site.profile.tongue.partition("-")[0], _UNKNOWN)
    with replacing(target) as file, _silent_output(), _made(Path(f"{file.name}.zim"), site, tongue) as made:
        shutil.copyfileobj(made, file)
    return site.report()


@contextmanager
def _made(path: Path, site: StaticSite, tongue: str) -> Iterator[BinaryIO]:
    """Give the file that libzim makes, which requires a name of its own, for as long as the block runs."""
    from libzim.writer import Creator

    names = (path, path.with_name(f"{path.name}.tmp"))
    try:
        for name in names:
            name.unlink(missing_ok=True)
        try:
            _fill(Creator(path).config_indexing(True, tongue), site, tongue)
        except RuntimeError as error:
            # For a full disk libzim says "Unknown exception", or names a place in its source, in several lines.
            full = shutil.disk_usage(path.parent).free < _ROOM
            said = " ".join(str(error).split())
            raise OSError(errno.ENOSPC if full else errno.EIO, f"libzim could not write: {said}") from error
        with path.open("rb") as file:
            yield file
    finally:
        for name in names:
            name.unlink(missing_ok=True)


@contextmanager
def _silent_output() -> Iterator[None]:
    """Keep standard output, where results go, clean: libzim prints its steps there, whatever it is told."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _fill(creator: Any, site: StaticSite, tongue: str) -> None:
    creator.set_mainpath(FRONT)
    with creator:
        creator.add_illustration(_SIDE, icon.draw(look.colour(site.library.site.profile), _SIDE))
        for name, value in _about(site, tongue).items():
            creator.add_metadata(name, value)
        for file in site.files():
            if file.path not in (LIST, WORKER):  # the file itself is what is kept
                creator.add_item(_item(file))


def _about(site: StaticSite, tongue: str) -> Mapping[str, str]:
    """Return the metadata that a shelf shows and searches."""
    said = site.notice
    return {
        "Name": f"{site.library.site.profile.name}_{tongue}_all",
        "Title": site.title[:_TITLE],
        "Description": f"{said.title}, {said.source}"[:_DESCRIPTION],
        "LongDescription": " ".join(said.sentences(site.language)),
        "Language": tongue,
        "Creator": said.author or said.title,
        "Publisher": "blog-archiver",
        "Date": said.archived_until[:10],
        "License": f"{said.license} {said.license_url}".strip(),
        "Source": said.source,
        "Scraper": f"blog-archiver {__version__}",
        "Tags": "_ftindex:yes;_category:blog",
    }


def _item(file: SiteFile) -> Any:
    from libzim.writer import Hint, Item, StringProvider

    class Written(Item):  # type: ignore[misc]  # libzim has no types
        def get_path(self) -> str:
            return file.path

        def get_title(self) -> str:
            return file.title

        def get_mimetype(self) -> str:
            return file.media_type.partition(";")[0]

        def get_contentprovider(self) -> Any:
            return StringProvider(file.data)

        def get_hints(self) -> dict[Any, bool]:
            is_article = file.path == FRONT or (bool(file.title) and file.path.startswith(_ARTICLES))
            return {Hint.FRONT_ARTICLE: is_article}

    return Written()
