"""A visit to a blog that has no profile yet: some of its pages, one after the other, and what they reveal.

Its front page, its robots.txt, the lists that these name or that its engine has by habit, and one post. What robots.txt
forbids is not asked for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from lxml.html import HtmlElement, tostring

from archiver.crawl import single
from archiver.crawl.robots import PRODUCT, parse_rules
from archiver.errors import ArchiverError, PageLeadsOn, PageNotRecognised, RateLimited, Refused, Unreachable
from archiver.items import ListedPost, Post, PostList
from archiver.pages import by_standards, dates, onward, post_lists, values
from archiver.pages.document import links, parse
from archiver.pages.listed import LARGEST
from archiver.pages.post import parse_post
from archiver.pages.surroundings import is_aside
from archiver.probe import engine
from archiver.probe.draft import NO_POST, Draft
from archiver.probe.engine import EngineSign
from archiver.probe.forms import (
    OVERVIEWS,
    RESERVED,
    AddressForm,
    alike,
    dated,
    forms,
    in_folders,
    stem,
    translated,
    twins,
    without_pages,
    words,
)
from archiver.urls import Site, origin

PAUSE = 3.0
"""Seconds between requests, as of a crawl."""

MOST_TRIES = 12
"""Addresses at which lists are looked for, besides those the blog names."""

MOST_PARTS = 8
"""Further pages of a list that are read: parts of a sitemap."""

_HABITS = ("/sitemap.xml", "/atom.xml", "/feed/", "/feed.xml", "/index.xml", "/rss.xml", "/archives/")
_OF_PAGES = ("page-sitemap", "posts-page", "sitemap-pages", "pages-sitemap")
"""Parts of addresses of sitemaps that hold pages, and no posts: Yoast's, WordPress's, Ghost's."""
_OF_OTHERS = ("categor", "tag", "taxonom", "author", "user", "image", "video")
"""The same of sitemaps that hold lists."""
_FOR_PROGRAMS = re.compile(r"\.(?:json|txt|xml)\Z")
"""Ending of an address that leads to a page only where a server answers anything with one."""

MOST_OVERVIEWS = 3
"""Pages that are read because they may link all posts."""

_NO_NAMES = frozenset(
    {"about", "archive", "blog", "home", "homepage", "index", "main", "posts", "welcome", "首页", "首頁", "主页"}
)
"""What front pages are headed with that is the name of no blog."""
_SEPARATOR = re.compile(r"\s+[-–—|•·]\s+|\s*[|｜]\s*")
"""What is between the name of a site and what it says of itself."""


@dataclass(slots=True)
class FoundList:
    """A list of posts that answered."""

    page: PostList
    posts: int = 0
    """How many of its entries are posts, by the forms of addresses that were worked out."""


@dataclass(slots=True)
class Visit:
    """What a visit found out."""

    site: Site
    draft: Draft
    signs: list[EngineSign] = field(default_factory=list)
    lists: list[FoundList] = field(default_factory=list)
    asked: int = 0
    post: Post | None = None
    problem: str = ""
    """Why no post could be read."""
    stale: list[PostList] = field(default_factory=list)
    """Lists that name posts at addresses that do not answer."""
    refused: list[str] = field(default_factory=list)
    """Why lists that the profile names could not be read."""

    drafted: bool = True
    """Whether the profile is a draft, and not one that the archive has."""

    @property
    def expected(self) -> int:
        """How many posts the blog seems to have."""
        return len({self.site.resolve(entry.url) for found in self.lists for entry in self.posts_of(found.page)})

    def listed_day(self, url: str) -> str | None:
        """Return the day of a post as the first list has it that says one."""
        entries = (entry for found in self.lists for entry in found.page.entries if entry.url == url)
        return next((entry.published_on for entry in entries if entry.published_on), None)

    def posts_of(self, page: PostList) -> list[ListedPost]:
        """Return the entries of a list that are posts, by the forms of addresses that are known by now."""
        return [entry for entry in page.entries if self.site.post_id(entry.url) is not None]


def visit(
    url: str,
    *,
    base: str = "",
    contact: str = "",
    pause: float = PAUSE,
    name: str = "",
    turn: Callable[[str], object] = lambda _url: None,
) -> Visit:
    """Visit a blog by the address of its front page, and draft its profile.

    `base` is the origin to fetch from, if not the blog's own; `name` is the engine, if it is known; `turn` is called
    before each request with its address, and may wait. Raises UsageError, Unreachable and others as
    `archiver.crawl.single.fetch` does, and Refused where robots.txt says no.
    """
    web = _Web(base, contact, pause, turn)
    front = web.page(url)
    parts = urlsplit(front.url if not base else url)
    draft = Draft(origin=f"{parts.scheme}://{parts.netloc}", path=_path(parts.path))
    tree = parse(url, front.body)
    draft = replace(draft, others=_other_hosts(tree, url, draft))
    site = Site(draft.profile(), base)
    web.rules(site)
    if (to := onward.target(tree, url, site)) is not None:
        front = web.page(to)
        tree = parse(to, front.body)
    found = Visit(site, draft, list(engine.signs(tree)))
    title, language = _about(tree)
    found.draft = replace(draft, engine=name or engine.most_likely(found.signs), title=title, language=language)
    _find_lists(found, web, front.body, site)
    _find_overviews(found, web, tree, site)
    found.draft = replace(found.draft, engine=name or engine.most_likely(found.signs))
    _settle(found, tree, base)
    while (stale := _read_post(found, web)) is not None:
        found.lists.remove(stale)
        found.stale.append(stale.page)
        found.draft = replace(found.draft, forms=draft.forms, pages=())
        _find_overviews(found, web, tree, site)
        _settle(found, tree, base)
    found.asked = web.asked
    return found


def revisit(site: Site, url: str = "", *, contact: str = "", pause: float = PAUSE) -> Visit:
    """Look at a blog by the profile it has: its lists, and the post at `url`, or else the first that they name.

    Raises what `visit` does.
    """
    web = _Web("" if site.base == site.origin else site.base, contact, pause, lambda _url: None)
    web.rules(site)
    front = web.page(site.front_url())
    found = Visit(site, Draft(origin=site.origin, path=site.profile.path, title=site.profile.title), drafted=False)
    found.signs += engine.signs(parse(site.front_url(), front.body))
    for listing in site.list_urls():
        try:
            _read_list(found, web, listing, site)
        except ArchiverError as error:
            found.refused.append(str(error))
    if not found.lists:
        _go_by_front(found, front.body, site)
    for each in found.lists:
        each.posts = len(found.posts_of(each.page))
    found.draft = replace(found.draft, engine=engine.most_likely(found.signs), forms=tuple(_by_rules(found)))
    if site.post_id(asked := site.resolve(url) or ""):
        _read_at(found, web, asked)
    else:
        _read_post(found, web)
    found.asked = web.asked
    return found


def _by_rules(found: Visit) -> Iterator[AddressForm]:
    """Yield the forms of addresses of posts that the profile has, with the posts that each fits first."""
    left = {_place(entry.url, found.site) for each in found.lists for entry in found.posts_of(each.page)}
    for rule in found.site.profile.rules("post"):
        fitting = sorted(path for path in left if rule.pattern.fullmatch(path))
        left.difference_update(fitting)
        yield AddressForm(rule.pattern.pattern, rule.canonical, fitting[0] if fitting else "", len(fitting))


def _path(path: str) -> str:
    """Return the path of a blog by that of its front page."""
    folder, _, last = path.rpartition("/")
    return folder.rstrip("/") if "." in last or not last else path.rstrip("/")


def _other_hosts(tree: HtmlElement, asked: str, draft: Draft) -> tuple[str, ...]:
    """Return the hosts that led to the front page, or that it says it is at home under, beside the one it is at.

    A blog that moved to a name of its own often still writes the former one, in its lists as well.
    """
    said = by_standards.claims(tree).one("canonical_url", lambda value: values.address(value, ""))
    hosts = (urlsplit(each).hostname for each in (asked, said or ""))
    return tuple(dict.fromkeys(host for host in hosts if host and host != urlsplit(draft.origin).hostname))


class _Web:
    """Asks a blog's server for one address after the other, by its rules and with a pause between."""

    def __init__(self, base: str, contact: str, pause: float, turn: Callable[[str], object]) -> None:
        self.asked = 0
        self.robots = ""
        """The blog's robots.txt, once it was asked for; empty where there is none."""
        self._base, self._contact, self._pause, self._turn = base, contact, pause, turn
        self._may: Callable[[str], bool] = lambda _url: True

    def page(self, url: str) -> single.FetchedPage:
        """Return what is at an address of the blog; raises ArchiverError for any other answer."""
        if not self._may(url):
            raise Refused(f"robots.txt forbids {url}")
        if self.asked:
            time.sleep(self._pause)
        self.asked += 1
        fetched = self._base + url.removeprefix(origin(url)) if self._base else url
        self._turn(fetched)
        return single.fetch(fetched, contact=self._contact, most=LARGEST, kinds=None)

    def rules(self, site: Site) -> None:
        """Keep to the rules of the blog from now on."""
        try:
            body = self.page(site.origin + "/robots.txt").body
        except ArchiverError:
            return
        rules = parse_rules(body)
        self._may = lambda url: rules.can_fetch(url, PRODUCT)
        self.robots = body.decode("utf-8", "replace")


def _about(tree: HtmlElement) -> tuple[str, str]:
    """Return title and language as the front page says them."""
    said = by_standards.claims(tree)
    title = " ".join((tree.findtext(".//title") or "").split())
    parts = [said.one("site_name") or "", *_SEPARATOR.split(title)]
    named = (part for part in parts if part and part.casefold() not in _NO_NAMES)
    return next(named, ""), said.one("language", values.language) or "en"


def _find_lists(found: Visit, web: _Web, front: bytes, site: Site) -> None:
    """Ask for the lists that the blog names or may have, until one names everything and one the newest."""
    named = dict.fromkeys(
        [*post_lists.announced(site.front_url(), front, site), *post_lists.in_robots(web.robots, site)]
    )
    habits = [each.path for each in post_lists.WELL_KNOWN if found.draft.engine in each.source.lower()]
    tries = dict.fromkeys(site.front_url().rstrip("/") + path for path in [*habits, *_HABITS])
    for url in [*named, *[each for each in tries if each not in named][:MOST_TRIES]]:
        whole = any(each.page.whole and each.page.entries for each in found.lists)
        newest = any(each.page.reader == "feed" for each in found.lists)
        if whole and newest and url not in named:
            break
        _try_list(found, web, url, site)


def _find_overviews(found: Visit, web: _Web, tree: HtmlElement, site: Site) -> None:
    """Read pages that the front page links because they may link all posts, where no list names everything.

    One that names no more than the lists do may be the first of several, and is none. Where there is nothing else, the
    front page itself tells what addresses of posts are like.
    """
    if any(each.page.whole and each.page.entries for each in found.lists):
        return
    known = {stem(_place(each.page.url, site)) for each in found.lists}
    linked = (_place(to, site) for _, to in links(tree, site, site.front_url()) if site.owns(to) and "?" not in to)
    named = dict.fromkeys(path for path in linked if words(path).lower() in OVERVIEWS and stem(path) not in known)
    for path in [*named][:MOST_OVERVIEWS]:
        most = max((len(each.page.entries) for each in found.lists), default=0)
        _try_list(found, web, site.front_url().rstrip("/") + path, site)
        if found.lists and found.lists[-1].page.reader == "html" and len(found.lists[-1].page.entries) <= most:
            found.lists.pop()
    if not any(each.page.entries for each in found.lists):
        _go_by_front(found, tostring(tree), site)


def _go_by_front(found: Visit, body: bytes, site: Site) -> None:
    """Take the posts that the front page links for a list of some."""
    with suppress(PageNotRecognised):
        listed = post_lists.parse_post_list(site.front_url(), body, site)
        found.lists.append(FoundList(replace(listed, url=site.front_url(), whole=False)))


def _try_list(found: Visit, web: _Web, url: str, site: Site) -> None:
    with suppress(ArchiverError):
        _read_list(found, web, url, site)
        read = found.lists[-1].page
        is_known = any(each.page.whole for each in found.lists[:-1])
        if read.reader == "html" and (_FOR_PROGRAMS.search(url) or is_known):
            found.lists.pop()


def _read_list(found: Visit, web: _Web, url: str, site: Site) -> None:
    """Read a list and add it to what was found; raise ArchiverError where there is none."""
    page = web.page(url)
    read = replace(post_lists.parse_post_list(url, page.body, site, page.headers), url=url)
    found.signs += engine.feed_signs(page.body) if read.reader == "feed" else ()
    for part in read.further[:MOST_PARTS] if read.reader == "sitemap" else ():
        try:
            more = web.page(part)
            parsed = post_lists.parse_post_list(part, more.body, site, more.headers)
        except ArchiverError:
            continue
        read = replace(read, entries=read.entries + (() if _says(part, _OF_OTHERS) else parsed.entries))
        if _says(part, _OF_PAGES):
            found.draft = replace(found.draft, pages=tuple(_paths(parsed, site)))
    found.lists.append(FoundList(read))


def _says(url: str, words: tuple[str, ...]) -> bool:
    return any(word in url.lower() for word in words)


def _paths(page: PostList, site: Site) -> Iterator[str]:
    return filter(_leads_on, (_place(entry.url, site) for entry in page.entries))


def _settle(found: Visit, tree: HtmlElement, base: str) -> None:
    """Work out the forms of addresses of posts, by the lists that hold nothing else, and keep the lists that count."""
    site, draft = found.site, found.draft
    certain = [each for each in found.lists if each.page.reader not in ("sitemap", "html")]
    posts = {path for each in certain for path in _paths(each.page, site)}
    menu = _menu(tree, site)
    posts = without_pages(posts, menu)
    posts = set(_not_of_lists(posts, draft, frozenset({"category", "tag"}))) or posts
    listed = [path for each in found.lists if each.page.whole for path in _paths(each.page, site)]
    posts |= alike(listed, posts) | translated(listed, posts)
    beside = set(draft.pages) | menu - posts
    if not posts:
        named = {path for each in found.lists for path in _paths(each.page, site) if _may_be_post(path)}
        apart = set(map(stem, beside))
        posts = dated(named) or in_folders(named) or {path for path in named if stem(path) not in apart}
        posts = set(_not_of_lists(posts, draft)) or posts
    linked = {path for each in found.lists if each.page.reader == "html" for path in _paths(each.page, site)}
    spelt = twins(linked, posts)
    known = forms((posts | spelt) - set(draft.pages), twins=bool(spelt))
    lists = [each for each in found.lists if each.page.entries]
    draft = replace(
        draft,
        forms=tuple(form for form in known if form.posts * 20 >= known[0].posts) or draft.forms,
        lists=tuple(dict.fromkeys(_place(each.page.url, site) for each in lists if _is_kept(each.page, site))),
        moments=tuple(moment for each in lists for entry in each.page.entries for moment in _moments(entry)),
        zones=tuple(tuple(entry.zone for entry in each.page.entries if entry.zone) for each in lists),
    )
    found.site = Site(draft.profile(), base)
    own = found.site.profile.path
    like = [path for path in sorted(beside - posts) if found.site.post_id(found.site.origin + own + path) is not None]
    if like:
        draft = replace(draft, pages=tuple(like))
        found.site = Site(draft.profile(), base)
    found.draft = draft
    for each in found.lists:
        each.posts = len(found.posts_of(each.page))


def _is_kept(page: PostList, site: Site) -> bool:
    """Return whether a list is one of the profile: a front page that only showed what addresses are like is none."""
    return page.whole or _leads_on(_place(page.url, site))


def _place(url: str, site: Site) -> str:
    """Return the path of an address below the blog's own."""
    return site.path(url).removeprefix(site.profile.path)


def _leads_on(path: str) -> bool:
    """Return whether a path leads elsewhere than to the front page, whatever that shows to a query."""
    return bool(path.partition("?")[0].strip("/"))


def _moments(entry: ListedPost) -> Iterator[str]:
    yield from filter(None, (entry.published_on, entry.modified_at))


def _menu(tree: HtmlElement, site: Site) -> set[str]:
    """Return the paths that only the menus of the front page link: of pages, more likely than of posts."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for link, to in links(tree, site, site.front_url()):
        if site.owns(to) and "?" not in to and _leads_on(path := _place(to, site)):
            found[is_aside(link)].add(path)
    return found[True] - found[False]


_LISTED = frozenset({"category", "feed", "file", "front", "list", "tag"})


def _not_of_lists(paths: Iterable[str], draft: Draft, kinds: frozenset[str] = _LISTED) -> Iterator[str]:
    """Yield the paths but those at which the engine has something else than pages, such as the posts of a year."""
    site = Site(replace(draft, forms=(NO_POST,)).profile())
    return (path for path in paths if site.kind(site.profile.address + path) not in kinds)


def _may_be_post(path: str) -> bool:
    first = path.strip("/").split("/")[0].partition(".")[0]
    return first not in RESERVED or any(part.isdigit() for part in path.split("/"))


def _read_post(found: Visit, web: _Web) -> FoundList | None:
    """Read the first post that any list names; return the list, and read none, where there is no post."""
    named = ((each, entry) for each in found.lists for entry in found.posts_of(each.page))
    first, entry = next(named, (None, None))
    if entry is None:
        found.problem = found.problem or "no list names a post"
        return None
    return None if _read_at(found, web, entry.url) else first


def _read_at(found: Visit, web: _Web, url: str) -> bool:
    """Read the post at an address; return whether there is one, though it may not be read."""
    try:
        page = web.page(url)
        if found.site.post_id(found.site.resolve(page.url)) is None:
            raise PageLeadsOn(url, page.url)
        if found.drafted:
            _learn_zone(found, url, page.body)
        found.post = parse_post(url, page.body, found.site)
    except (RateLimited, Refused, Unreachable) as error:
        found.problem = str(error)
    except ArchiverError as error:
        found.problem = str(error)
        return isinstance(error, PageNotRecognised) and not isinstance(error, PageLeadsOn)
    return True


def _learn_zone(found: Visit, url: str, body: bytes) -> None:
    """Add the offset from UTC of the moment that the page of a post gives for its own, behind those of the lists.

    They come first, as a page tells of winter or of summer.
    """
    moment = by_standards.claims(parse(url, body)).one("published_at", dates.moment)
    if moment and (zone := dates.OFFSET.search(moment)):
        found.draft = replace(found.draft, zones=(*found.draft.zones, (zone[0],)))
        found.site = Site(found.draft.profile(), found.site.base)
