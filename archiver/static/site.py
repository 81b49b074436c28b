"""All files of a site, one at a time: a folder and a ZIM file are made from the same ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from html import unescape
from importlib import resources
from pathlib import Path

from archiver.counting import counted
from archiver.export.notice import Attribution, notice
from archiver.export.pictures import PictureFile, Pictures
from archiver.export.rows import Step
from archiver.media import SVG
from archiver.static import formulas, icon, search
from archiver.static.links import FRONT, LIST, MANIFEST, WORKER, Links, named
from archiver.static.pages import OWN, Pages
from archiver.store.library import Library
from archiver.text import svg
from archiver.warc.storage import Storage
from archiver.web.reader import look, words
from archiver.web.reader.desk import Desk, Static

_KINDS = {
    ".bib": "text/x-bibtex; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".webmanifest": "application/manifest+json",
}
_TITLE = re.compile(r"<title>([^<]*)</title>")
_SIDES = (192, 512)  # what browsers require of an app's icon (Web Application Manifest)
_FONT = "static/math.ttf"  # as `math.css` names it
_SHELL = "/* the files every page needs */"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A file of a site."""

    path: str
    """Its path, with slashes between folders; ASCII only."""
    media_type: str
    data: bytes
    title: str = ""
    """The title of a page."""


@dataclass(slots=True)
class StaticSite:
    """A site that is being made from an archive."""

    home: Path
    library: Library
    warc: Storage
    language: str
    """One of `words.LANGUAGES`."""
    step: Step
    _pictures: dict[str, str | None] = field(default_factory=dict)
    _found: list[PictureFile] = field(default_factory=list)

    @property
    def notice(self) -> Attribution:
        """Whose texts these are."""
        return notice(self.library.posts(), self.library.site.profile)

    @property
    def title(self) -> str:
        """What the blog is called."""
        return words.title(self.library.site.profile.titles, self.language)

    def files(self) -> Iterator[SiteFile]:
        """Yield all files: pages, each followed by its pictures, the search index, and the files they need."""
        here = Desk.open(self.home, self.library.database, site=self.library.site)
        with closing(here):
            here = replace(here, static=Static(sentences=self.notice.sentences(self.language)))
            archive = Pictures(self.library, self.warc)
            pages = dict(named(here))
            links = Links(here, lambda url: self._picture(archive, url), pages)
            names = []
            for file in self._all(here, links, pages):
                names.append(file.path)
                yield file
            yield _json(LIST, names)
            yield self._worker(links)

    def report(self) -> str | None:
        """Return a sentence about pictures that are missing, if any are."""
        missing = sorted(url for url, name in self._pictures.items() if name is None)
        if not missing:
            return None
        number = f"{counted(len(missing), 'picture')} {'is' if len(missing) == 1 else 'are'}"
        return f"{number} not in the archive, and shown by description alone: {missing[0]}{' …' * (len(missing) > 1)}"

    def _all(self, here: Desk, links: Links, named: Mapping[str, str]) -> Iterator[SiteFile]:
        pages = Pages(here, self.language)
        for address, name in named.items():
            yield self._page(pages, links, address, name)
            for picture in self._found:
                yield SiteFile(path=_image(picture), media_type=picture.media_type, data=picture.data)
            self._found.clear()
            if name.startswith("posts/") and name.endswith(".html"):
                self.step()
        slugs = {row["name"]: row["slug"] for row in here.queries.categories()}
        yield from (_file(name, data) for name, data in search.files(self.library, slugs))
        own = {f"static/{path.name}": path for path in sorted(OWN.iterdir())}
        icons = {f"static/icon-{side}.png": side for side in _SIDES}
        yield _file(_FONT, _font())
        for name in sorted({*links.files, *own, *icons} - {f"static/{WORKER}"}):
            if name in icons:
                yield _file(name, icon.draw(look.colour(self.library.site.profile), icons[name]))
            else:
                yield _file(name, own[name].read_bytes() if name in own else pages.get(f"/{name}"))
        yield self._manifest()

    def _page(self, pages: Pages, links: Links, address: str, name: str) -> SiteFile:
        data = pages.get(address)
        if not name.endswith(".html"):
            return _file(name, data)
        html = links.relative(formulas.set_all(data.decode()), address)
        title = _TITLE.search(html)
        return replace(_file(name, html.encode()), title=unescape(title[1]) if title else "")

    def _picture(self, archive: Pictures, url: str) -> str | None:
        if url not in self._pictures:
            picture = _safe(archive.find(url))
            self._pictures[url] = _image(picture) if picture else None
            self._found += [picture] if picture else []
        return self._pictures[url]

    def _manifest(self) -> SiteFile:
        return _json(
            MANIFEST,
            {
                "name": self.title,
                "short_name": self.title,
                "lang": "zh-Hans" if self.language == "zh" else "en",
                "id": "./",
                "start_url": FRONT,
                "scope": "./",
                "display": "standalone",
                "background_color": "#fbfaf6",
                "theme_color": look.colour(self.library.site.profile),
                "icons": [
                    {"src": f"static/icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"}
                    for side in _SIDES
                ],
            },
        )

    def _worker(self, links: Links) -> SiteFile:
        """Return the script that keeps files; it keeps those that every page needs without being told."""
        needed = [FRONT, _FONT, *sorted(name for name in links.files if name.startswith("static/"))]
        source = (OWN / WORKER).read_text("utf-8").replace(f"[{_SHELL}]", json.dumps(needed))
        return _file(WORKER, source.encode())


def _file(name: str, data: bytes) -> SiteFile:
    return SiteFile(path=name, media_type=_KINDS[Path(name).suffix], data=data)


def _json(name: str, value: object) -> SiteFile:
    return _file(name, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


def _safe(picture: PictureFile | None) -> PictureFile | None:
    """Return a picture that only shows, even when it is opened by itself."""
    if picture is None or picture.media_type != SVG:
        return picture
    data = svg.without_scripts(picture.data)
    return replace(picture, data=data) if data is not None else None


def _font() -> bytes:
    """Return STIX Two Math, which has stretchy brackets and roots; the library that draws formulas has it."""
    return (resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf").read_bytes()


def _image(picture: PictureFile) -> str:
    return f"images/{picture.name}"
