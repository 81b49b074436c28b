"""Bodies for the readers: built from a few lines of HTML, as a page's parser would build them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import html
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.text import engines
from archiver.urls import Site

SITE = Site()


def body_of(markup: str) -> HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    page = html.document_fromstring(f'<html><body><div id="text">{markup}</div></body></html>', parser=parser)
    return page.get_element_by_id("text")


@pytest.fixture
def body() -> Callable[[str], HtmlElement]:
    """Build a body."""
    return body_of


@pytest.fixture
def read() -> Callable[[str], Content]:
    """Read a body as a post is read."""
    return lambda markup: engines.read(body_of(markup), SITE.resolve)


@pytest.fixture
def written() -> Callable[[str], str]:
    """Read a body as a comment is read, and return its Markdown."""
    return lambda markup: engines.read_fragment(body_of(markup), SITE.resolve).markdown
