"""A curated index: headings and links, as Markdown or HTML."""

from __future__ import annotations

import re

import lxml.html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from archiver.errors import PageNotRecognised
from archiver.items import Topic, TopicLink, Topics
from archiver.pages.charset import decode
from archiver.pages.document import parse, text_of
from archiver.urls import Site

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n---\s*\n", re.S)
_HTML = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml)", re.I)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def parse_topics(source: str, body: bytes, site: Site | None = None) -> Topics:
    """Read the topics of an index, in order, with the posts each links.

    A topic is a heading with links to posts below it, up to the next heading; other links and headings are skipped.
     `source` is the path or URL the index came from.

    Raises PageNotRecognised when no post is linked.
    """
    site = site or Site()
    base = source if source.startswith(("http://", "https://")) else ""
    topics: list[tuple[str, list[TopicLink]]] = [("", [])]
    for element in _tree(source, body).iter():
        if element.tag in HEADINGS:
            topics.append((text_of(element), []))
        elif element.tag == "a" and (url := site.resolve(element.get("href") or "", base)):
            if (number := site.post_id(url)) is None:
                continue
            links = topics[-1][1]
            links.append(TopicLink(position=len(links), post_id=number, title=text_of(element), url=url))
    kept = [(name, links) for name, links in topics if links]
    if not kept:
        raise PageNotRecognised(source, "expected headings with links to posts below them, found none")
    return Topics(
        source=source,
        topics=tuple(Topic(position=n, name=name, links=tuple(links)) for n, (name, links) in enumerate(kept)),
    )


def _tree(source: str, body: bytes) -> HtmlElement:
    text, _ = decode(body)
    if _HTML.match(text):
        return parse(source, body)
    html = MarkdownIt().render(_FRONT_MATTER.sub("", text))
    return lxml.html.document_fromstring(f"<html><body>{html}</body></html>")
