"""From a record to its outcome: the same values that a crawl gets from the same bytes.

Pure except for reading the file, so that any process can do it.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from archiver import __version__
from archiver.errors import ArchiverError, PageLeadsOn, PageNotRecognised, StorageUnreachable
from archiver.items import CUT, EMPTY, GATE, Asset, Gap, Item, Listing, Page, Post, PostList, Unmodified
from archiver.pages.answers import REDIRECTS, is_empty, refusal
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.charset import as_utf8
from archiver.pages.comments import parse_comment_page
from archiver.pages.ending import ending_of
from archiver.pages.gate import is_gate
from archiver.pages.independent import parse_page, read_file
from archiver.pages.listing import parse_listing
from archiver.pages.post import parse_post
from archiver.pages.post_lists import parse_post_list
from archiver.pages.topics import parse_topics
from archiver.settings import DOWNLOAD_MAXSIZE
from archiver.store.chronicle import CaptureRow
from archiver.text import EXTRACTOR_VERSION, shapes
from archiver.urls import BESIDE, ROBOTS, Site, from_bytes
from archiver.warc.reader import Record, read_record
from archiver.warc.storage import Storage

PAGES: dict[str, Callable[[str, bytes, Site], Item]] = {
    "catalogue": parse_catalogue,
    "category": parse_listing,
    "comments": parse_comment_page,
    "file": read_file,
    "index": parse_topics,
    "list": parse_post_list,
    "page": parse_page,
    "post": parse_post,
}
"""Kinds of page and file with content, as in the frontier, and what reads them."""

VERSION = f"{__version__}, extractor {EXTRACTOR_VERSION}"
"""What two machines must have in common for one to read pages as the other would."""

UNASKED = frozenset({ROBOTS})
"""Paths that are fetched, but are not addresses of the frontier."""


@dataclass(frozen=True, slots=True)
class Task:
    """A page to be read."""

    warc_file: str
    offset: int
    kind: str
    url: str
    """As requested: links on the page are resolved against it."""
    site: Site
    """Where the blog was fetched from."""


def kind_of(url: str, index: str | None, site: Site) -> str | None:
    """Return the kind of page at a canonical address; None for what a crawl does not keep in its frontier.

    `index` is the address of the curated index, if the run had one. Anything that is not a page is a file.
    """
    if url == index:
        return "index"
    if not site.owns(url) or urlsplit(url).path in UNASKED:
        return None
    return site.frontier_kind(url)


def is_page(seen: CaptureRow, kind: str) -> bool:
    """Return whether a capture holds a page that has to be read."""
    return seen.status == 200 and not seen.truncated and kind in PAGES


def without_reading(storage: Storage, seen: CaptureRow) -> Item:
    """Return the outcome of a capture that holds no page; a redirect's record says where it led."""
    if seen.truncated:
        return Gap(reason=f"the response broke off: {seen.truncated}")
    if seen.status == 200:
        return Asset(url=seen.target_uri, content_type=seen.content_type, size=0)
    if seen.status == HTTPStatus.NOT_MODIFIED and seen.revisit_of:  # else nobody had asked whether it was modified
        return Unmodified()
    return refusal(seen.status, _location(storage, seen) if seen.status in REDIRECTS else None)


def _location(storage: Storage, seen: CaptureRow) -> str | None:
    try:
        return read_record(storage, seen.warc_file, seen.warc_offset).http_header(b"location")
    except StorageUnreachable:
        raise
    except ArchiverError:
        return None


def read(storage: Storage, task: Task) -> Item:
    """Return the outcome of a page: its content, or the gap it leaves."""
    try:
        record = read_record(storage, task.warc_file, task.offset)
        body, whole = record.undone(DOWNLOAD_MAXSIZE)
        if is_empty(task.kind, record.http_status or 0, body):
            return Gap(reason=EMPTY)
        if not whole:
            return Gap(reason=CUT, ending=ending_of(body))
        if is_gate(task.site.profile.gate, record.http_status or 0, body):
            return Gap(reason=GATE)
        if task.kind == "list":  # the numbers of its pages may be in the head
            return parse_post_list(task.url, body, task.site, _headers(record))
        if task.kind != "file":
            body = as_utf8(body, record.http_header(b"content-type"))
        return _with_shapes(PAGES[task.kind](task.url, body, task.site))
    except StorageUnreachable:  # the page is none the worse for it
        raise
    except PageLeadsOn as error:
        return Gap(reason=str(error), permanent=True)
    except PageNotRecognised as error:
        return Gap(reason=str(error), unrecognised=True)
    except ArchiverError as error:
        return Gap(reason=str(error))
    except Exception as error:
        return Gap(reason=f"a fault of the archiver, please report it: {error!r}")


def _with_shapes(item: Item) -> Item:
    """Return an outcome with the shapes of its formulas: many processes read, and all wait for the one that stores."""
    if not isinstance(item, Post | Page):
        return item
    found = shapes.joined(formula.tex for formula in item.content.formulas)
    return replace(item, content=replace(item.content, shapes=found))


def read_elsewhere(storage: Storage, tasks: list[Task], version: str) -> list[Item]:
    """Return the outcomes of pages, on a machine of an executor.

    Raises ArchiverError when the program there is not this `version`.
    """
    if version != VERSION:
        raise ArchiverError(
            f"expected blog-archiver {version} on the machines of the executor, found {VERSION} on {platform.node()}; "
            "install the same on all"
        )
    return [read(storage, task) for task in tasks]


def _headers(record: Record) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in record.http_headers}


def follow_ups(item: Item, site: Site) -> list[tuple[str, str]]:
    """Return the address and kind of everything a page makes a crawl ask for, on the blog itself."""
    match item:
        case Post():
            pages = [number for number in range(1, item.comment_pages + 1) if number != item.comment_page]
            pictures = dict.fromkeys(image.url for image in item.content.images if site.owns(image.url))
            comments = [(site.discussion_url(item.url, number), "comments") for number in pages]
            return comments + [(url, site.frontier_kind(url)) for url in pictures]
        case Page():
            return [(url, "page") for url in item.further]
        case PostList():
            kinds = ((entry.url, site.kind(entry.url)) for entry in item.entries)
            named = [(url, site.frontier_kind(url)) for url, kind in kinds if kind == "post" or kind in BESIDE]
            return [(url, "list") for url in item.further] + named
        case Listing():
            after = [(site.category_url(item.category.slug, item.next_page), "category")] if item.next_page else []
            return after + [(entry.url, "post") for entry in item.entries]
    return []


def redirect(record: Record, site: Site) -> str | None:
    """Return the canonical address a response redirects to; None when it does not redirect."""
    if record.http_status not in REDIRECTS:
        return None
    location = next((value for name, value in record.http_headers if name.lower() == b"location"), b"")
    return site.resolve(from_bytes(location), record.target_uri or "") if location else None


def canonical(url: str, site: Site) -> str:
    """Return the canonical form of an address as a crawl stores it."""
    return site.resolve(url) or url
