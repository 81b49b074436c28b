"""What all spiders of the blog share: how each kind of page is read.

A callback yields its follow-up requests first and exactly one outcome last; none of them if the page is not believed,
since what it links may be as wrong as the rest of it. A callback is named after the kind of page in the frontier, so
that any spider can continue what another one left.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Self, cast
from urllib.parse import unquote

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from archiver.errand import KEY, Errand
from archiver.errors import PageLeadsOn, PageNotRecognised, UsageError, in_words
from archiver.items import CUT, EMPTY, FORBIDDEN, GATE, OUT_OF_BOUNDS, Asset, Gap, Item, Outcome, Topics, Unmodified
from archiver.media import is_digest
from archiver.pages.answers import is_empty, refusal
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.charset import as_utf8
from archiver.pages.comments import parse_comment_page
from archiver.pages.ending import ending_of
from archiver.pages.furniture import Address, Role, addresses, kind_to_ask, style_addresses
from archiver.pages.independent import parse_page, read_file
from archiver.pages.listing import parse_listing
from archiver.pages.post import parse_post
from archiver.pages.post_lists import parse_post_list
from archiver.pages.requisites import mathjax_parts, parse_requisites
from archiver.pages.topics import parse_topics
from archiver.urls import Site
from spiders.pager import Pager

Output = Iterator[Request | Outcome]
Found = Iterator[Request | Item]

Judge = Callable[[str, str | None, Item], str]
"""Returns why nothing is to be concluded from a page of this kind, address and content; empty when it is believed."""


class BlogSpider(Spider):
    """Base of the spiders; has no name, so Scrapy does not list it.

    `site` is the blog and where it is fetched from; `comments` and `images` say whether to fetch those, `slugs` which
    categories to walk (all when empty), `known` those of earlier runs. Raises UsageError for an impossible
    category.
    """

    sources: frozenset[str] = frozenset()
    """Lists whose posts are asked for, as in `archiver.profile`; `furniture` for the rest of the blog."""

    judge: Judge = staticmethod(lambda kind, url, item: "")  # the scheduler of a crawl sets a stricter one

    def __init__(
        self,
        site: Site | None = None,
        comments: bool = True,
        images: bool = True,
        slugs: tuple[str, ...] = (),
        known: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.site = site or Site()
        self.with_comments = comments
        self.with_images = images
        self.slugs = tuple(map(self._slug, slugs))
        self.known = known
        self.requisites: set[str] = set()
        self.pager = Pager(self.site.profile.places.most_pages)
        self.furniture: set[str] = set()
        """Addresses of the rest of the blog that were asked for."""
        self.met: set[Address] = set()
        """Links that were judged in this run: nearly all links of a page are on others too."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *arguments: Any, **options: Any) -> Self:
        """Make the spider of a crawl, by default for the blog that its settings name."""
        if options.get("site") is None and (told := crawler.settings["ARCHIVER_BLOG"]):
            options["site"] = load_object(told)(crawler.settings)
        return super().from_crawler(crawler, *arguments, **options)

    def _slug(self, text: str) -> str:
        """Return the name of a category; raises UsageError when no address can have it."""
        whole = self.site.category(self.site.category_url(text)) == (unquote(text), 1)
        if not whole or not text.isprintable() or " " in text or not text.strip("."):
            raise UsageError(f"--category: expected the name in a category's address, such as Big-Data, found {text!r}")
        return text

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests, and items that need no request."""
        raise NotImplementedError(f"{type(self).__name__} must say where to start")
        yield  # makes this an async generator, as Scrapy expects

    def ask(self, url: str, kind: str, **listed: Any) -> Request:
        """Return the request for a canonical URL, to be read as this kind of page.

        `listed` is what the list it was found in says of it; the scheduler decides by that whether it is worth asking.
        """
        return Request(
            self.site.fetch_url(url),
            callback=getattr(self, f"parse_{kind}"),
            errback=self.failed,
            dont_filter=True,
            meta={KEY: Errand(url=url, kind=kind, listed=listed)},
        )

    def parse_catalogue(self, response: Response) -> Output:
        """Read the list of everything and ask for every post in it."""
        return self._read(response, self._catalogue)

    def parse_list(self, response: Response) -> Output:
        """Read a page of a list for programs, such as a sitemap or a feed; ask for its posts and its other pages."""
        return self._read(response, self._list)

    def parse_category(self, response: Response) -> Output:
        """Read a page of a category; ask for its posts and the next page."""
        return self._read(response, self._category)

    def parse_index(self, response: Response) -> Output:
        """Read a curated index and ask for every post it links."""
        return self._read(response, self._index)

    def parse_post(self, response: Response) -> Output:
        """Read an article page; ask for the other pages of its comments and for its pictures."""
        return self._read(response, self._post)

    def parse_comments(self, response: Response) -> Output:
        """Read one page of comments."""
        return self._read(response, self._comments)

    def parse_image(self, response: Response) -> Output:
        """Note a picture; its bytes are in the capture."""
        return self._read(response, self._image)

    def parse_requisite(self, response: Response) -> Output:
        """Note a style, script or font; its bytes are in the capture."""
        return self._read(response, self._requisite)

    def parse_front(self, response: Response) -> Output:
        """Note a page of the front page's list; its links are followed as on every page."""
        return self._read(response, self._image)

    def parse_tag(self, response: Response) -> Output:
        """Note a page of the posts with a tag."""
        return self._read(response, self._image)

    def parse_page(self, response: Response) -> Output:
        """Read a page that is not a post, such as the one about the author; ask for the other pages of its comments."""
        return self._read(response, self._page)

    def parse_feed(self, response: Response) -> Output:
        """Note a feed."""
        return self._read(response, self._image)

    def parse_file(self, response: Response) -> Output:
        """Read an uploaded file that is not a picture."""
        return self._read(response, self._file)

    def _read(self, response: Response, page: Callable[[Response], Found]) -> Output:
        """Yield the requests of a page, then its outcome: its content, or the gap it leaves."""
        links, item = self._understood(response, page)
        found = outcome(Errand.of(response.meta), item)
        doubt = self.judge(found.kind, found.url, item)
        yield from [] if doubt else links
        yield from [] if doubt or isinstance(item, Gap | Unmodified) else self._furnishings(response)
        yield replace(found, doubt=doubt)

    def _furnishings(self, response: Response) -> Iterator[Request]:
        """Yield requests for the rest of the blog that a page or style sheet names, each once per run."""
        if "furniture" not in self.sources:
            return
        for url, kind in self._named(response):
            if self._is_new_furniture(url):
                yield self.ask(url, kind)

    def _is_new_furniture(self, url: str) -> bool:
        """Return whether an address other than a post's is wanted and was not asked for; afterwards it was."""
        if "furniture" not in self.sources or url in self.furniture:
            return False
        self.furniture.add(url)
        return True

    def _named(self, response: Response) -> list[tuple[str, str]]:
        """Return address and kind of what a page or style sheet is the first to name; nothing of an unreadable one."""
        content_type = (response.headers.get("Content-Type") or b"").lower()
        try:
            if content_type.startswith(b"text/css"):
                found = [(url, Role.SHOWN) for url in style_addresses(response.url, response.body, self.site)]
            elif content_type.startswith((b"text/html", b"application/xhtml")):
                found = list(addresses(response.url, _page_of(response), self.site))
            else:
                return []
        except Exception:  # the rest of the blog must not cost a post
            self.logger.exception("a fault of the archiver with the links of %s", response.url)
            return []
        new = [address for address in found if address not in self.met]
        self.met.update(new)
        kinds = [(url, kind_to_ask(url, role, self.site)) for url, role in new]
        left_out = set() if self.with_images else {"image", "requisite"}
        # Links must not lead a crawl from some lists to the whole blog, unless the blog has nothing else.
        telling = {"catalogue", "lists"}
        by_links = self.sources & telling or telling.isdisjoint(self.site.profile.lists)
        left_out |= set() if by_links else {"post"}
        return [(url, kind) for url, kind in kinds if kind and kind not in left_out]

    def _understood(self, response: Response, page: Callable[[Response], Found]) -> tuple[list[Request], Item]:
        """Return the requests of a page, and its content or the gap it leaves."""
        try:
            *links, item = self._checked(response, page)
        except PageLeadsOn as error:
            kind = kind_to_ask(error.to, Role.LINKED, self.site)
            return ([self.ask(error.to, kind)] if kind else []), Gap(reason=str(error), permanent=True)
        except PageNotRecognised as error:
            return [], Gap(reason=str(error), unrecognised=True)
        except Exception as error:
            self.logger.exception("a fault of the archiver at %s", response.url)
            # It may happen to all pages of a kind: then it is as if their markup had changed.
            return [], Gap(
                reason=f"a fault of the archiver, please report it: {error!r}", unrecognised=True, fault=True
            )
        return cast("list[Request]", links), cast("Item", item)

    def _checked(self, response: Response, page: Callable[[Response], Found]) -> Found:
        """Return the requests and the content of a page, or the gap that another status leaves."""
        if is_empty(Errand.of(response.meta).kind, response.status, response.body):
            return iter([Gap(reason=EMPTY)])
        if CUT in response.flags and response.status == 200:
            return iter([Gap(reason=CUT, ending=ending_of(response.body))])
        if response.status == 200:
            elsewhere = self._elsewhere(response)
            return page(response) if elsewhere is None else iter([self.ask(elsewhere, "post"), _moved(elsewhere)])
        if response.status == 304 and _was_conditional(response):
            return iter([Unmodified()])
        not_before = Errand.of(response.meta).not_before
        if GATE in response.flags:
            return iter([Gap(reason=GATE, not_before=not_before)])
        location = response.headers.get("Location")
        leads = location.decode("latin-1") if location else None
        return iter([refusal(response.status, leads, not_before=not_before)])

    def _elsewhere(self, response: Response) -> str | None:
        """Return the address of the post that a redirect led to, if it is not the one asked for."""
        errand = Errand.of(response.meta)
        asked = self.site.post_id(errand.url) if errand.leased else None
        found = self.site.post_id(self.site.resolve(response.url))
        return self.site.resolve(response.url) if asked and found and asked != found else None

    def _catalogue(self, response: Response) -> Found:
        catalogue = parse_catalogue(response.url, _page_of(response), self.site)
        if "category" in self.sources and not self.slugs:
            for category in catalogue.categories:
                yield self.ask(self.site.category_url(category.slug), "category")
        if "catalogue" in self.sources:
            for entry in catalogue.entries:
                listed = {"title": entry.title, "comment_count": entry.comment_count}
                yield self.ask(entry.url, "post", **listed)
        yield catalogue

    def _list(self, response: Response) -> Found:
        headers = {name.decode("latin-1"): values[-1].decode("latin-1") for name, values in response.headers.items()}
        found = parse_post_list(response.url, response.body, self.site, headers)
        for url, is_beyond in self.pager.further(found):
            yield self.ask(url, "list", is_beyond=is_beyond)
        for entry in found.entries:
            if self.site.post_id(entry.url):
                said = {name: getattr(entry, name) for name in ("title", "comment_count", "modified_at")}
                yield self.ask(entry.url, "post", source=found.source, **said)
            elif self.site.furniture_kind(entry.url) and self._is_new_furniture(entry.url):
                yield self.ask(entry.url, self.site.frontier_kind(entry.url))
        yield found

    def _category(self, response: Response) -> Found:
        listing = parse_listing(response.url, _page_of(response), self.site)
        entries = listing.entries
        if listing.next_page and entries:
            url = self.site.category_url(listing.category.slug, listing.next_page)
            yield self.ask(url, "category", last=entries[-1].post_id)
        yield from self._posts(entry.url for entry in entries)
        yield listing

    def _index(self, response: Response) -> Found:
        return self.topics(parse_topics(response.url, _page_of(response), self.site))

    def topics(self, topics: Topics) -> Found:
        """Ask for every post of a curated index."""
        yield from self._posts(link.url for topic in topics.topics for link in topic.links)
        yield topics

    def _posts(self, urls: Iterable[str]) -> Iterator[Request]:
        return (self.ask(url, "post") for url in urls)

    def _post(self, response: Response) -> Found:
        post = parse_post(response.url, _page_of(response), self.site)
        if self.with_comments:
            for page in range(1, post.comment_pages + 1):
                if page != post.comment_page:
                    yield self.ask(self.site.discussion_url(post.url, page), "comments")
        if self.with_images:
            for url in dict.fromkeys(image.url for image in post.content.images if not is_digest(image.url)):
                yield self.ask(url, self.site.frontier_kind(url))
            for url in self._new_requisites(response):
                yield self.ask(url, "requisite")
        yield post

    def _new_requisites(self, response: Response) -> list[str]:
        """Return what the page needs to be shown and no page before it needed."""
        found = parse_requisites(response.url, _page_of(response), self.site)
        new = [url for url in found if url not in self.requisites and self.site.file_kind(url) == "requisite"]
        self.requisites.update(new)
        return new

    def _comments(self, response: Response) -> Found:
        yield parse_comment_page(response.url, _page_of(response), self.site)

    def _page(self, response: Response) -> Found:
        page = parse_page(response.url, _page_of(response), self.site)
        yield from (self.ask(url, "page") for url in page.further if self.with_comments)
        yield page

    def _file(self, response: Response) -> Found:
        yield read_file(response.url, response.body, self.site)

    def _requisite(self, response: Response) -> Found:
        for url in mathjax_parts(Errand.of(response.meta).url or "", response.body):
            yield self.ask(url, "requisite")
        yield from self._image(response)

    @staticmethod
    def _image(response: Response) -> Found:
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        yield Asset(url=response.url, content_type=content_type, size=len(response.body))

    def failed(self, failure: Failure) -> Output:
        """Say why a request got no response."""
        error = failure.value or RuntimeError("no reason given")
        _let_go(error)
        if isinstance(error, IgnoreRequest):
            reason = str(error) or "refused"
            lasting = reason.startswith((OUT_OF_BOUNDS, "max redirections"))
            gap = Gap(reason=reason, refused=reason == FORBIDDEN, permanent=lasting)
        else:
            # Scrapy refuses to make a request for an invalid address.
            gap = Gap(reason=in_words(error), permanent=isinstance(error, ValueError))
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy adds it
        yield outcome(Errand.of(request.meta), gap)


def outcome(errand: Errand, item: Item) -> Outcome:
    """Return the outcome of a request, with what was noted about it on the way."""
    return Outcome(
        item=item, kind=errand.kind, url=errand.url, capture_id=errand.capture_id, fetched_at=errand.fetched_at
    )


def _page_of(response: Response) -> bytes:
    """Return the page in a response, in UTF-8 where its header says in which other characters it is."""
    named = response.headers.getlist("Content-Type")
    return as_utf8(response.body, named[0].decode("latin-1") if named else None)


def _moved(url: str) -> Gap:
    return Gap(reason=f"the blog has {url} in its place", permanent=True)


def _was_conditional(response: Response) -> bool:
    request = response.request
    return request is not None and ("If-None-Match" in request.headers or "If-Modified-Since" in request.headers)


def _let_go(error: BaseException | None) -> None:
    """Free what the frames of a failed download hold: 32 MiB for each bomb, until the next full collection."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__
