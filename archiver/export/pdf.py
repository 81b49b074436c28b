"""PDF: a post, or several as one document, set by Chromium from a page that needs neither scripts nor the network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from archiver.durable import replacing
from archiver.errors import UsageError
from archiver.export import chromium
from archiver.export.discussion import discussion
from archiver.export.drawers import Drawers
from archiver.export.links import escaped, on_the_web
from archiver.export.notice import Attribution, license_of, notice
from archiver.export.pictures import Pictures
from archiver.export.rows import Step
from archiver.store.library import Library
from archiver.store.values import Comment, Post
from archiver.text import xhtml
from archiver.urls import Site
from archiver.warc.storage import Storage

_PATIENCE = 60, 10
"""Seconds Chromium has, plus those per post: a hundred times what it takes."""

_CHINESE = {"Contents": "目录", "Links": "链接", "Comments": "评论", "no longer on the blog": "博客上已不存在"}

_STYLE = """
@page { size: A4; margin: 22mm 20mm 20mm; @bottom-center { content: counter(page) " / " counter(pages);
  font: 9pt sans-serif; color: #555; } @top-center { content: "%s"; font: 9pt sans-serif; color: #555; } }
@page :first { @top-center { content: none; } }
html { font: 10.5pt/1.6 "Noto Serif", "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", SimSun, serif;
  overflow-wrap: break-word; }
h1, h2, h3, h4, h5, h6 { break-after: avoid; line-height: 1.3; }
h1 { font-size: 19pt; margin: 0 0 4pt; }
h2 { font-size: 14pt; } h3 { font-size: 12pt; } h4, h5, h6 { font-size: 10.5pt; }
p { orphans: 3; widows: 3; }
a { color: #134a8e; text-decoration: none; }
img, svg { max-width: 100%%; }
pre { white-space: pre-wrap; background: #f5f5f5; padding: 6pt; font-size: 9pt; line-height: 1.4; }
code { font-family: "Noto Sans Mono", "DejaVu Sans Mono", monospace, sans-serif; }
blockquote { margin: 6pt 0 6pt 6pt; padding-left: 9pt; border-left: 2pt solid #bbb; }
blockquote > p:first-child, p:has(> img:only-child) { break-after: avoid; }
table { border-collapse: collapse; font-size: 9.5pt; } td, th { border: .5pt solid #999; padding: 2pt 5pt; }
.facts, .notice { color: #444; font-size: 9pt; }
.notice { border-top: .5pt solid #999; margin-top: 14pt; padding-top: 4pt; }
.display { display: block; text-align: center; margin: 7pt 0; break-inside: avoid; }
.numbered { display: flex; align-items: center; } .numbered > :first-child { margin: 0 auto; max-width: 88%%; }
.number { padding-left: 6pt; }
.note { font-size: 7pt; line-height: 0; vertical-align: super; }
.notes { font-size: 8.5pt; line-height: 1.45; overflow-wrap: anywhere; border-top: .5pt solid #999; margin-top: 14pt; }
.notes ol { padding-left: 20pt; }
.title { text-align: center; padding-top: 55mm; } .title h1 { font-size: 26pt; }
.contents { break-before: page; } article + article, .contents + article { break-before: page; }
"""

_PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{tongue}" lang="{tongue}">
<head><title>{title}</title><meta name="author" content="{author}"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src file:; style-src 'unsafe-inline'"/>
<style>{style}</style></head>
<body>
{body}
</body>
</html>
"""


def write(
    library: Library,
    target: Path,
    step: Step,
    warc: Storage,
    *,
    posts: Sequence[int],
    title: str | None = None,
    comments: bool = False,
    browser: str | None = None,
    processes: int = 1,
) -> str | None:
    """Write posts, in the order given, as one PDF; return what is missing, in words.

    Several have a title page and contents. With `comments` those of a post follow its text. `browser` is the program
    that sets the pages, Chromium where none is named.

    Raises UsageError when there is no post or no Chromium, DiskFull and ArchiverError when no PDF can be made.
    """
    program = chromium.find(browser)
    said = notice(library.posts(posts), library.site.profile)
    if not said.archived_until:
        raise UsageError("expected posts to make a PDF of, found none: run `archiver crawl` first")
    pictures = Pictures(library, warc)
    with tempfile.TemporaryDirectory(prefix="pdf-") as folder, Drawers(processes) as drawers:
        document = _Document(Path(folder), pictures, drawers, frozenset(posts), library.site)
        for post in library.posts(posts):
            document.add_post(post, library.comments(post.id) if comments else ())
            step()
        page = document.close(title or said.title, said)
        data = chromium.print_to_pdf(program, page, _PATIENCE[0] + _PATIENCE[1] * len(posts))
    with replacing(target) as file:
        file.write(data)
    return pictures.report()


class _Document:
    def __init__(self, folder: Path, pictures: Pictures, drawers: Drawers, numbers: frozenset[int], site: Site) -> None:
        self._folder = folder
        self._pictures = pictures
        self._drawers = drawers
        self._numbers = numbers
        self._site = site
        self._tongue = site.profile.tongue
        self._posts: list[Post] = []
        self._articles: list[str] = []

    def add_post(self, post: Post, comments: Iterable[Comment]) -> None:
        """Add a post."""
        remarks = discussion(comments, self._said("Comments"), self._said("no longer on the blog"))
        body = xhtml.tree("\n\n".join([post.markdown, *remarks]), self._link, self._picture)
        self._drawers.draw_in(body)
        address = f'<a href="{escape(escaped(post.url))}">{escape(post.url)}</a>'
        facts = [escape(post.author), post.published_on or "", address, escape(license_of(post)[0])]
        notes = "".join(self._notes(body, post.id))
        self._articles.append(
            f'<article id="{_place(post.id)}">\n<h1>{escape(_printable(post.title))}</h1>\n'
            f'<p class="facts">{" · ".join(filter(None, facts))}</p>\n{etree.tostring(body, encoding="unicode")}\n'
            f"{notes}</article>\n"
        )
        self._posts.append(post)

    def close(self, title: str, said: Attribution) -> Path:
        """Write the page that holds the posts together, and return it."""
        rights = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in said.sentences(self._tongue))
        if len(self._posts) > 1:
            inside = self._front(title, said.author, rights) + "".join(self._articles)
        else:
            inside = "".join(self._articles) + f'<div class="notice">{rights}</div>'
        page = _PAGE.format(
            tongue=escape(self._tongue),
            title=escape(_printable(title)),
            author=escape(said.author),
            style=_STYLE % escape(_as_css(_printable(title)), quote=False),
            body=inside,
        )
        path = self._folder / "page.xhtml"
        path.write_text(page, "utf-8", errors="replace")
        return path

    def _front(self, title: str, author: str, rights: str) -> str:
        """Return a title page, and the contents."""
        listed = "".join(
            f'<li><a href="#{_place(post.id)}">{escape(_printable(post.title))}</a></li>\n' for post in self._posts
        )
        return (
            f'<div class="title"><h1>{escape(_printable(title))}</h1><p>{escape(author)}</p>'
            f'<div class="facts">{rights}</div></div>\n'
            f'<div class="contents"><h1>{self._said("Contents")}</h1><ol>{listed}</ol></div>\n'
        )

    def _notes(self, body: etree._Element, post: int) -> Iterator[str]:
        """Give the links to the web numbers, and yield the list of where they lead: paper has no links.

        Anchors within the text get names that no other text of the document has.
        """
        numbers: dict[str, int] = {}
        for link in list(body.iter(f"{{{xhtml.NAMESPACE}}}a")):
            if place := link.get("id"):
                link.set("id", f"{post}-{place}")
            href = link.get("href", "")
            if href.startswith("?"):
                link.set("href", f"#{_place(int(href[1:]))}")
            elif href.startswith("#"):
                link.set("href", f"#{post}-{href[1:]}")
            elif href and "".join(map(str, link.itertext())) != href:
                number = numbers.setdefault(href, len(numbers) + 1)
                link.addnext(_mark(post, number, link))
        if numbers:
            yield f'<div class="notes"><h4>{self._said("Links")}</h4>\n<ol>\n'
            for href, number in numbers.items():
                address = f'<a href="{escape(href)}">{escape(href)}</a>'
                yield f'<li id="{post}-note.{number}">{address} <a href="#{post}-link.{number}">↩</a></li>\n'
            yield "</ol></div>\n"

    def _said(self, text: str) -> str:
        return _CHINESE.get(text, text) if self._tongue.startswith("zh") else text

    def _link(self, url: str) -> str | None:
        number = self._site.post_id(url)
        return f"?{number}" if number in self._numbers else on_the_web(url)

    def _picture(self, url: str) -> str | None:
        picture = self._pictures.find(url)
        if picture is None:
            return None
        (self._folder / picture.name).write_bytes(picture.data)
        return quote(picture.name)


def _mark(post: int, number: int, link: etree._Element) -> etree._Element:
    """Return what to append to a link: its number, which leads to the note."""
    mark = etree.Element(f"{{{xhtml.NAMESPACE}}}sup", {"class": "note", "id": f"{post}-link.{number}"})
    etree.SubElement(mark, f"{{{xhtml.NAMESPACE}}}a", {"href": f"#{post}-note.{number}"}).text = f"[{number}]"
    mark.tail, link.tail = link.tail, None
    return mark


def _place(post: int) -> str:
    return f"post-{post}"


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")


def _as_css(text: str) -> str:
    """Return a text as the contents of a CSS string."""
    return "".join(f"\\{ord(sign):x} " if sign in '"\\\n\t<' else sign for sign in text)
