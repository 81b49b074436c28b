"""What a page of Distill says of its article in its front matter, a script of JSON (https://distill.pub/guide).

The first articles have it as a few lines of YAML, with the authors as `- name: address`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from archiver.pages.claims import Claim

_SCRIPTS = "//d-front-matter//script | //dt-front-matter//script | //script[@type='text/front-matter']"
_ITEM = re.compile(r"\s*-\s+([^\n]+?)(?::(?:\s[^\n]*)?)?\Z")
_FIELD = re.compile(r"\s*(\w+):(?:\s+|\Z)([^\n]*)")
_FIELDS = {
    "title": ("title",),
    "description": ("description",),
    "published_at": ("published", "publishedDate", "date"),
    "modified_at": ("updatedDate",),
}


def front_matter(tree: HtmlElement) -> Iterator[Claim]:
    """Yield title, description, dates and authors; front matter in neither form says nothing."""
    for script in tree.xpath(_SCRIPTS)[:1]:
        try:
            said = json.loads(script.text or "")
        except (ValueError, RecursionError):
            said = _lines(script.text or "")
        if isinstance(said, dict):
            yield from _claims(said)


def _lines(text: str) -> dict[str, Any]:
    """Return fields that are one line of YAML each, or a list of names with addresses."""
    said: dict[str, Any] = {}
    items: list[str] = []
    for line in text.splitlines():
        if item := _ITEM.match(line):
            items.append(item[1].strip("\"' "))
        elif field := _FIELD.match(line):
            items = []
            said[field[1]] = field[2].strip("\"' ") or items
    return said


def _claims(said: dict[str, Any]) -> Iterator[Claim]:
    for field, names in _FIELDS.items():
        for name in names:
            if isinstance(said.get(name), str):
                yield Claim(field, said[name], "distill")
    authors = said.get("authors")
    for author in authors if isinstance(authors, list) else ():
        for name in _names(author):
            yield Claim("authors", name, "distill")


def _names(author: object) -> Iterator[str]:
    """Yield the name of an author: `{"author": name, ..}`, or as of old `{name: address}`."""
    if isinstance(author, str):
        yield author
    elif isinstance(author, dict):
        name = author.get("author") or author.get("name")
        if isinstance(name, str):
            yield name
        elif len(author) == 1:
            yield from (key for key in author if isinstance(key, str))
