"""Bodies for the readers: built from a few lines of HTML, as a page's parser would build them."""

from __future__ import annotations

from lxml.html import HtmlElement

from archiver.pages.document import parse


def body_of(markup: str) -> HtmlElement:
    """Parse the inside of a body."""
    page = parse("https://kexue.fm/", f'<html><body><div id="text">{markup}</div></body></html>'.encode())
    found = page.find(".//div[@id='text']")
    assert isinstance(found, HtmlElement)
    return found
