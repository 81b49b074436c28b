"""Bodies for the readers: built from a few lines of HTML, as a page's parser would build them."""

from __future__ import annotations

from lxml import html
from lxml.html import HtmlElement


def body_of(markup: str) -> HtmlElement:
    """Parse the inside of a body."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    page = html.document_fromstring(f'<html><body><div id="text">{markup}</div></body></html>', parser=parser)
    found = page.find(".//div[@id='text']")
    assert isinstance(found, HtmlElement)
    return found
