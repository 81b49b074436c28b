"""Lists of posts in JSON, and the search indexes of themes: WordPress's REST API, JSON Feed, generators' indexes.

A search index is for the theme's script alone, so each generator and theme names things its own way. What is
read here is what all have in common: objects with an address and a title.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote

from archiver.pages.elements import each, name_of, text_of
from archiver.pages.listed import MOST, ListEntry, ListPage, page_of, plain, with_parameter

SEARCH_ROOT = "search"
"""Outermost element of the indexes of Hexo's plugins, and of themes that write the same."""

MOST_PAGES = 1000
"""Pages of a WordPress list that are believed, with 100 posts each."""

_ADDRESSES = ("permalink", "url", "relpermalink", "uri", "href", "link", "path", "loc")
"""Names of an address, first the one that is most often complete."""
_TITLES = ("title", "name")
_PUBLISHED = ("datepublished", "publishdate", "publishedat", "published", "pubdate", "date", "createdat", "created")
_MODIFIED = ("datemodified", "modifiedgmt", "modified", "lastmod", "lastmodified", "updatedat", "updated")
_LISTS = ("posts", "articles", "items", "entries", "results", "data", "docs", "pages")
"""Names of a list of posts among other lists, the most telling first."""
_APART = re.compile(r"[^a-z]")


def read_json(text: str, url: str, headers: Mapping[str, str]) -> ListPage | None:
    """Read a list in JSON; None where it is not JSON or nothing in it looks like a list of posts."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and str(value.get("version", "")).startswith("https://jsonfeed.org/version/"):
        return _json_feed(value, url)
    objects = _objects(value)
    if isinstance(value, list) and (not value or _is_wordpress(value[0])):
        told = {name.lower(): each for name, each in headers.items()}
        return _wordpress(objects, url, told) if value or "x-wp-totalpages" in told else None
    entries = [_entry(each, url) for each in objects[:MOST]]
    entries = [entry for entry in entries if entry.hrefs and entry.title]
    return ListPage("search-index", entries, whole=len(objects) <= MOST) if entries else None


def read_search(body: bytes, url: str) -> ListPage:
    """Read an index of a search in XML, such as those of hexo-generator-search and hexo-generator-searchdb."""
    reading = ListPage("search-index")
    for element in each(body, {"entry"}, url):
        if name_of(element) != "entry":
            break
        if len(reading.entries) >= MOST:
            reading.whole = False
            break
        parts = {name_of(child): child for child in reversed(element)}
        texts = {name: text_of(parts[name]) for name in ("url", "title", "date") if name in parts}
        href = texts.get("url") or (parts["link"].get("href") if "link" in parts else "")
        if href:
            href = href if "/" in href else unquote(href)  # where each character is escaped, the theme decodes them
            reading.entries.append(ListEntry((href,), url, texts.get("title", ""), texts.get("date", "")))
    return reading


def _json_feed(feed: Mapping[str, Any], url: str) -> ListPage:
    """Read a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    reading = ListPage("json-feed", whole=False)
    items = _objects(feed.get("items"))
    for item in items[:MOST]:
        hrefs = tuple(filter(None, (_text(item.get("url")), _address(item.get("id")))))
        if hrefs:
            dates = _text(item.get("date_published")), _text(item.get("date_modified"))
            reading.entries.append(ListEntry(hrefs, url, _text(item.get("title")), *dates))
    if further := _text(feed.get("next_url")):
        reading.further.append(further)
    return reading


def _wordpress(posts: list[dict[str, Any]], url: str, told: Mapping[str, str]) -> ListPage:
    """Read a page of `wp/v2/posts` (https://developer.wordpress.org/rest-api/reference/posts/).

    `modified_gmt` is UTC, which only its name says; `date` is by the blog's clock, as `date_gmt` shows. How many
    pages and posts there are is in the headers `X-WP-TotalPages` and `X-WP-Total`.
    """
    reading = ListPage("wp-json", whole=len(posts) <= MOST, total=_number(told.get("x-wp-total")))
    for post in posts[:MOST]:
        if href := _text(post.get("link")):
            modified = _text(post.get("modified_gmt"))
            title = plain(_text(post.get("title")))
            reading.entries.append(ListEntry((href,), url, title, _published(post), modified and f"{modified}Z"))
    pages = _number(told.get("x-wp-totalpages")) or 1
    reading.whole &= pages <= MOST_PAGES
    this = page_of(url, "page")
    numbers = range(1, min(pages, MOST_PAGES) + 1)
    reading.further += [with_parameter(url, "page", str(page)) for page in numbers if page != this]
    return reading


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else None


def _published(post: Mapping[str, Any]) -> str:
    """Return when a post of WordPress was published, with the offset of the blog's clock on that day."""
    local, utc = _text(post.get("date")), _text(post.get("date_gmt"))
    with suppress(ValueError, TypeError):
        ahead = datetime.fromisoformat(local) - datetime.fromisoformat(utc)
        return datetime.fromisoformat(local).replace(tzinfo=timezone(ahead)).isoformat()
    return local


def _is_wordpress(value: object) -> bool:
    return isinstance(value, dict) and "link" in value and isinstance(value.get("title"), dict)


def _objects(value: object, depth: int = 0) -> list[dict[str, Any]]:
    """Return the objects of a list, or of the list in an object that is most likely that of posts."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict)]
    if not isinstance(value, dict) or depth > 1:
        return []
    names = {_bare(name): name for name in value}
    telling = [value[names[name]] for name in _LISTS if name in names]
    candidates = (_objects(each, depth + 1) for each in [*telling, *value.values()])
    return next((found for found in candidates if any(_entry(each, "").hrefs for each in found)), [])


def _entry(value: Mapping[str, Any], url: str) -> ListEntry:
    """Return what an object says about a post, whatever the names; one without an address is not a post."""
    named = {_bare(name): each for name, each in value.items()}
    return ListEntry(
        tuple(dict.fromkeys(_said(named, _ADDRESSES))),
        url,
        title=plain(next(_said(named, _TITLES), "")),
        published=next(_said(named, _PUBLISHED), ""),
        modified=next(_said(named, _MODIFIED), ""),
    )


def _said(named: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    return filter(None, (_text(named.get(name)) for name in names))


def _bare(name: str) -> str:
    """Return the letters of a name in lower case: `relPermalink`, `rel_permalink` and `relpermalink` are one."""
    return _APART.sub("", name.lower())


def _text(value: object) -> str:
    """Return a text, or the one that WordPress rendered; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("rendered")
    return value if isinstance(value, str) else ""


def _address(value: object) -> str:
    text = _text(value)
    return text if text.startswith(("http://", "https://")) else ""
