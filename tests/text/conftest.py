"""The readers, ready for a few lines of HTML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.pages.document import sorted_links
from archiver.text import engines
from archiver.urls import Site
from tests.text.bodies import body_of

SITE = Site()


@pytest.fixture
def body() -> Callable[[str], HtmlElement]:
    """Build a body."""
    return body_of


@pytest.fixture
def read() -> Callable[[str], Content]:
    """Read a body as a post is read."""
    return lambda markup: sorted_links(engines.read(body_of(markup), SITE.resolve), SITE)


@pytest.fixture
def written() -> Callable[[str], str]:
    """Read a body as a comment is read, and return its Markdown."""
    return lambda markup: engines.read_fragment(body_of(markup), SITE.resolve).markdown
