"""EPUB 3: posts as a book, with pictures inside and formulas as SVG or MathML (https://www.w3.org/TR/epub-33/)."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from lxml import etree

from archiver.durable import replacing
from archiver.errors import UsageError
from archiver.export import cover
from archiver.export.contents import ContentsEntry, as_list, as_ncx
from archiver.export.discussion import discussion
from archiver.export.drawers import Drawers
from archiver.export.links import escaped, on_the_web
from archiver.export.notice import Attribution, license_of, notice
from archiver.export.pictures import PictureFile, Pictures
from archiver.export.rows import Step
from archiver.store.library import Library
from archiver.store.values import Comment, Post, PostGroup
from archiver.text import xhtml
from archiver.urls import Site
from archiver.warc.storage import Storage

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: real times would make two books of one archive differ
_MODE = 0o100644 << 16  # a plain file, readable by all
CORE = frozenset({"image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp"})
"""Media types of pictures that every reader of books shows (EPUB 3.3, section 3.2)."""
_STORED = (".png", ".jpg", ".gif", ".webp")  # compressed already

_CHINESE = {
    "Contents": "目录", "Series": "系列", "Topics": "专题", "Undated": "未注明日期", "Comments": "评论",
    "Cover": "封面", "no longer on the blog": "博客上已不存在",
}  # fmt: skip
"""Headings of a book in Chinese; in English for all other languages."""

_AS_READERS_KNOW = {"zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
"""Scripts, by the countries by which readers of books choose fonts."""

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

STYLE = """body { line-height: 1.6; }
img, svg { max-width: 100%; }
svg { fill: currentColor; }
pre { white-space: pre-wrap; }
table { border-collapse: collapse; }
td, th { border: 1px solid #999; padding: 0.2em 0.5em; }
.display { display: block; text-align: center; margin: 0.8em 0; overflow-x: auto; }
@supports (display: flex) {
  .numbered { display: flex; align-items: center; overflow-x: visible; }
  .numbered > :first-child { flex: 1; min-width: 0; overflow-x: auto; }
  .numbered > svg { flex: none; margin: 0 auto; max-width: 88%; }
  .numbered > .number { flex: none; padding-left: 0.5em; }
}
.cover { text-align: center; margin: 0; }
.cover img { max-height: 100vh; }
.facts { color: #666; font-size: 0.9em; }
"""

_PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="{0}" lang="{0}">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}
</body>
</html>
"""

_PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{tongue}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>{tongue}</dc:language>
<dc:creator>{author}</dc:creator>
<dc:source>{source}</dc:source>
<dc:rights>{rights}</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
<meta name="cover" content="cover-image"/>
</metadata>
<manifest>
{items}
</manifest>
<spine toc="ncx">
{spine}
</spine>
</package>
"""


def write(
    library: Library,
    target: Path,
    step: Step,
    warc: Storage,
    *,
    title: str | None = None,
    posts: Sequence[int] | None = None,
    comments: bool = False,
    formulas: str = "svg",
    processes: int = 1,
) -> str | None:
    """Write the posts given, in that order, or all by date, as one book; return what is missing, in words.

    A book of all posts has its contents by year, and pages for its series and topics. With `comments` those of a post
    follow its text. `formulas` is `svg` for pictures of all that can be drawn, by `processes`, or `mathml`.

    Raises UsageError when there is no post, DiskFull and ArchiverError when the book cannot be written.
    """
    order = posts if posts is not None else _by_date(library)
    said = notice(library.posts(order), library.site.profile)
    if not said.archived_until:
        raise UsageError("expected posts to make a book of, found none: run `archiver crawl` first")
    pictures = Pictures(library, warc, CORE)
    with (
        Drawers(processes) as drawers,
        replacing(target) as file,
        zipfile.ZipFile(file, "w") as package,
    ):
        drawing = drawers if formulas == "svg" else None
        book = _Book(package, pictures, frozenset(order), library.site, whole=posts is None, drawers=drawing)
        for post in library.posts(order):
            book.add_post(post, library.comments(post.id) if comments else ())
            step()
        if posts is None:
            book.add_groups("Series", library.series)
            book.add_groups("Topics", library.topics)
        book.close(title or said.title, said)
    return pictures.report()


def _by_date(library: Library) -> list[int]:
    dated = ((post.published_on or "", post.id) for post in library.posts())
    return [number for _, number in sorted(dated)]


class _Book:
    def __init__(
        self,
        package: zipfile.ZipFile,
        pictures: Pictures,
        numbers: frozenset[int],
        site: Site,
        *,
        whole: bool,
        drawers: Drawers | None,
    ) -> None:
        self._package = package
        self._pictures = pictures
        self._numbers = numbers
        self._site = site
        self._whole = whole
        self._drawers = drawers
        self._tongue = escape(_AS_READERS_KNOW.get(site.profile.tongue, site.profile.tongue))
        self._chapters: list[tuple[Post, str]] = []  # and what is in it in addition to XHTML
        self._overviews: list[ContentsEntry] = []
        self._held: dict[str, PictureFile | None] = {}
        self._store("mimetype", b"application/epub+zip", stored=True)
        self._store("META-INF/container.xml", CONTAINER.encode())

    def add_post(self, post: Post, comments: Iterable[Comment]) -> None:
        """Add a chapter."""
        remarks = discussion(comments, self._said("Comments"), self._said("no longer on the blog"))
        body = xhtml.tree("\n\n".join([post.markdown, *remarks]), self._link, self._picture)
        if self._drawers:
            self._drawers.draw_in(body)
        content = etree.tostring(body, encoding="unicode")
        address = f'<a href="{escape(escaped(post.url))}">{escape(post.url)}</a>'
        facts = [escape(post.author), post.published_on or "", address, escape(license_of(post)[0])]
        head = f'<h1>{escape(post.title)}</h1>\n<p class="facts">{" · ".join(filter(None, facts))}</p>\n'
        self._store(f"EPUB/{_chapter(post.id)}", self._page(_printable(post.title), _printable(head) + content))
        within = (name for name, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in content)
        self._chapters.append((post, " ".join(within)))

    def add_groups(self, name: str, groups: Sequence[PostGroup]) -> None:
        """Add a page that lists the chapters by series or topic."""
        if not groups:
            return
        listed = [
            ContentsEntry(
                title=_printable(group.name),
                within=tuple(_heading(entry.post_id, entry.title) for entry in group.entries),
            )
            for group in groups
        ]
        heading = self._said(name)
        href = f"{name.lower()}.xhtml"
        self._store(f"EPUB/{href}", self._page(heading, f"<h1>{heading}</h1>\n{as_list(listed)}"))
        self._overviews.append(ContentsEntry(title=heading, href=href))

    def close(self, title: str, said: Attribution) -> None:
        """Add the files that hold the chapters together."""
        numbers = ",".join(str(post.id) for post, _ in self._chapters)
        identifier = f"urn:sha256:{hashlib.sha256(f'{title} {numbers}'.encode()).hexdigest()}"
        rights = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in said.sentences(self._tongue))
        headings = [*self._overviews, *self._headings()]
        contents = f'<nav epub:type="toc" id="toc"><h1>{self._said("Contents")}</h1>\n{as_list(headings)}</nav>'
        years = sorted({(post.published_on or "")[:4] for post, _ in self._chapters} - {""})
        span = "–".join(dict.fromkeys([years[0], years[-1]])) if years else ""
        self._store("EPUB/cover.svg", cover.draw(title, said.author or said.title, span).encode())
        shown = f'<p class="cover"><img src="cover.svg" alt="{escape(title)}"/></p>'
        self._store("EPUB/cover.xhtml", self._page(self._said("Cover"), shown))
        self._store("EPUB/title.xhtml", self._page(title, f"<h1>{escape(title)}</h1>\n{rights}"))
        self._store("EPUB/nav.xhtml", self._page(title, contents))
        ncx = as_ncx(headings, title=title, tongue=self._tongue, identifier=identifier)
        self._store("EPUB/contents.ncx", ncx.encode())
        self._store("EPUB/style.css", STYLE.encode())
        self._store("EPUB/package.opf", self._manifest(title, said, identifier).encode())

    def _headings(self) -> list[ContentsEntry]:
        """Return the chapters, by year where the book is of all posts, which are in the order of their dates."""
        if not self._whole:
            return [_heading(post.id, post.title) for post, _ in self._chapters]
        by_year = groupby((post for post, _ in self._chapters), key=lambda post: (post.published_on or "")[:4])
        return [
            ContentsEntry(
                title=year or self._said("Undated"), within=tuple(_heading(post.id, post.title) for post in posts)
            )
            for year, posts in by_year
        ]

    def _manifest(self, title: str, said: Attribution, identifier: str) -> str:
        chapters = [(f"post-{post.id}", _chapter(post.id), within) for post, within in self._chapters]
        overviews = [(one.href.removesuffix(".xhtml"), one.href, "") for one in self._overviews]
        fixed = [("cover", "cover.xhtml", ""), ("title", "title.xhtml", ""), ("nav", "nav.xhtml", "nav")]
        pages = [*fixed, *overviews, *chapters]
        items = [_item(name, href, "application/xhtml+xml", properties) for name, href, properties in pages]
        items.append(_item("style", "style.css", "text/css"))
        items.append(_item("ncx", "contents.ncx", "application/x-dtbncx+xml"))
        items.append(_item("cover-image", "cover.svg", "image/svg+xml", "cover-image"))
        held = sorted({p.name: p.media_type for p in self._held.values() if p}.items())
        items += [_item(f"image-{name}", f"images/{name}", media_type) for name, media_type in held]
        return _PACKAGE.format(
            tongue=self._tongue,
            identifier=identifier,
            title=escape(title),
            author=escape(said.author or said.title),
            source=said.source,
            rights=escape(f"{said.license} {said.license_url}".strip()),
            modified=said.archived_until,
            items="\n".join(items),
            spine="\n".join(f'<itemref idref="{name}"/>' for name, _, _ in pages),
        )

    def _said(self, text: str) -> str:
        return _CHINESE.get(text, text) if self._tongue.startswith("zh") else text

    def _page(self, title: str, body: str) -> bytes:
        return _PAGE.format(self._tongue, title=escape(title), body=body).encode()

    def _link(self, url: str) -> str | None:
        number = self._site.post_id(url)
        if number in self._numbers:
            return _chapter(number or 0)
        return on_the_web(url)

    def _picture(self, url: str) -> str | None:
        if url not in self._held:
            picture = self._held[url] = self._pictures.find(url)
            if picture:
                self._store(f"EPUB/images/{picture.name}", picture.data, stored=picture.name.endswith(_STORED))
        held = self._held[url]
        return f"images/{held.name}" if held else None

    def _store(self, name: str, data: bytes, *, stored: bool = False) -> None:
        info = zipfile.ZipInfo(name, _DATE)
        info.external_attr = _MODE
        info.create_system = 3  # Unix, on any machine
        self._package.writestr(info, data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED, 6)


def _heading(number: int, title: str) -> ContentsEntry:
    return ContentsEntry(title=_printable(title), href=_chapter(number))


def _chapter(number: int) -> str:
    return f"post-{number}.xhtml"


def _item(name: str, href: str, media_type: str, properties: str = "") -> str:
    extra = f' properties="{properties}"' if properties else ""
    return f'<item id="{name}" href="{href}" media-type="{media_type}"{extra}/>'


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
