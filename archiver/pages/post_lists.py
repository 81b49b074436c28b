"""Lists of posts of any blog: sitemaps, feeds, WordPress's REST API, indexes of searches, and pages that link posts.

The bytes say what a list is: an address may answer with anything. A front page, robots.txt and convention
say where lists are.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from archiver.errors import PageNotRecognised
from archiver.items import ListedPost, PostList
from archiver.pages import dates, feeds, indexes, list_pages, sitemaps
from archiver.pages.charset import as_utf8, decode
from archiver.pages.document import parse
from archiver.pages.elements import root_name
from archiver.pages.ending import TAIL, ending_of
from archiver.pages.listed import LARGEST, LONGEST, MOST, ListEntry, ListPage, one_line, with_parameter
from archiver.urls import Site

_GZIP = b"\x1f\x8b"
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may come before a list without being part of it: a byte order mark, and what careless programs print."""
_LONGEST_DATE = 100
_FEED = re.compile(r"(?:rss|atom|rdf|feed)\+|\A(?:text|application)/xml\b")
_REMARKS = re.compile(r"\bcomments?\b|评论", re.IGNORECASE)
_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


class WellKnown(NamedTuple):
    """A path at which lists of posts are."""

    path: str
    source: str
    """The engine, plug-in or theme that puts one there by default."""


WELL_KNOWN = (
    WellKnown("/wp-json/wp/v2/posts?per_page=100", "WordPress: REST API, which gives no more than 100 at once"),
    WellKnown("/sitemap_index.xml", "WordPress: Yoast SEO"),
    WellKnown("/wp-sitemap.xml", "WordPress since 5.5"),
    WellKnown("/sitemap.xml", "Hugo, Ghost, Docusaurus; hexo-generator-sitemap, jekyll-sitemap, Pelican's plug-in"),
    WellKnown("/sitemap-index.xml", "Astro, Gatsby"),
    WellKnown("/sitemapindex.xml", "Nikola"),
    WellKnown("/sitemap.txt", "hexo-generator-sitemap"),
    WellKnown("/content.json", "hexo-generator-json-content"),
    WellKnown("/search.xml", "hexo-generator-search, hexo-generator-searchdb"),
    WellKnown("/local-search.xml", "Hexo: theme Fluid"),
    WellKnown("/index.json", "Hugo: PaperMod and other themes with a search"),
    WellKnown("/search.json", "Quarto; hexo-generator-searchdb"),
    WellKnown("/searchindex.json", "Hugo: themes with a search"),
    WellKnown("/baidusitemap.xml", "hexo-generator-baidu-sitemap"),
    WellKnown("/archives/", "hexo-generator-archive; Hugo: PaperMod"),
    WellKnown("/archives.html", "Pelican"),
    WellKnown("/archive.html", "Nikola"),
    WellKnown("/archive/", "Jekyll and Hakyll, by habit"),
    WellKnown("/", "Typecho: it has no other list of everything"),
    WellKnown("/atom.xml", "hexo-generator-feed, Octopress, Zola"),
    WellKnown("/feed.xml", "jekyll-feed"),
    WellKnown("/index.xml", "Hugo"),
    WellKnown("/feed/", "WordPress, Typecho"),
    WellKnown("/rss/", "Ghost"),
    WellKnown("/rss.xml", "Nikola, Gatsby, Astro"),
    WellKnown("/feeds/all.atom.xml", "Pelican"),
    WellKnown("/rss2.xml", "hexo-generator-feed"),
    WellKnown("/feed.json", "JSON Feed: micro.blog, Publii, Eleventy"),
)
"""Where to look for lists: complete ones first, and among them the one that says most about each post."""


def parse_post_list(url: str, body: bytes, site: Site, headers: Mapping[str, str] = {}) -> PostList:
    """Read one page of a list of posts, whatever its form; `headers` are the response's, in upper or lower case.

    Addresses of other hosts are left out. A list may still be compressed as it came.
    Raises PageNotRecognised where it is not a list of posts.
    """
    body, is_cut = _unpacked(url, body)
    reading, ending = _read(url, body.lstrip(_BLANK), site, headers)
    own = site.resolve(url) or url
    further = dict.fromkeys(filter(None, (_own(href, url, site) for href in reading.further[:MOST])))
    further.pop(own, None)
    # A rebuild knows pages of lists by their addresses alone.
    strays = {each for each in further if site.kind(each) != "list"} if site.kind(own) == "list" else set()
    return PostList(
        url=own,
        reader=reading.reader,
        entries=_posts(reading.entries, site),
        further=tuple(each for each in further if each not in strays),
        supposed_after=reading.supposed_after,
        total=reading.total,
        whole=reading.whole and not is_cut and not strays,
        ending=ending,
    )


def announced(url: str, body: bytes, site: Site) -> tuple[str, ...]:
    """Return the addresses of lists that a page names, the most telling first; none if it is not a page.

    These are the ones of WordPress's posts, of sitemaps, and of feeds other than of comments.
    """
    try:
        links = list(parse(url, body).iter("link"))
    except PageNotRecognised:
        return ()
    found: dict[str, list[str | None]] = {"https://api.w.org/": [], "sitemap": [], "alternate": []}
    for link in links:
        to = _own(link.get("href") or "", url, site)
        for relation in (link.get("rel") or "").lower().split():
            if relation == "https://api.w.org/":
                found[relation].append(_posts_of_api(to))
            elif relation == "sitemap" or (
                relation == "alternate" and _is_feed(link.get("type"), link.get("title"), to or "")
            ):
                found[relation].append(to)
    return tuple(dict.fromkeys(address for addresses in found.values() for address in addresses if address))


def in_robots(text: str, site: Site) -> tuple[str, ...]:
    """Return the blog's own sitemaps that a robots.txt names (https://www.sitemaps.org/protocol.html)."""
    return tuple(dict.fromkeys(filter(None, (_own(found[1], "", site) for found in _SITEMAP.finditer(text)))))


def _unpacked(url: str, body: bytes) -> tuple[bytes, bool]:
    """Return a list without gzip, and whether it ends early.

    Raises PageNotRecognised where it is too large, or not gzip after all.
    """
    is_cut = False
    if body.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            body = stream.decompress(body, LARGEST + 1)
        except zlib.error as error:
            raise PageNotRecognised(url, f"expected a list of posts, found what is no gzip ({error})") from error
        is_cut = not stream.eof
    if len(body) > LARGEST:
        raise PageNotRecognised(url, f"expected a list of at most {LARGEST >> 20} MiB, found more")
    return body, is_cut


def _read(url: str, body: bytes, site: Site, headers: Mapping[str, str]) -> tuple[ListPage, str | None]:
    """Return what a list says, and how its markup ends; None if it is not markup."""
    if body[:1] in (b"[", b"{"):
        if reading := indexes.read_json(decode(body)[0], url, headers):
            return reading, None
        raise _unknown(url, "JSON without posts that have an address and a title")
    root = root_name(body)
    ending = ending_of(body)
    if root in sitemaps.ROOTS:
        reading = sitemaps.read_sitemap(body, url)
    elif root in feeds.ROOTS:
        reading = feeds.read_feed(body, url)
    elif root == indexes.SEARCH_ROOT:
        reading = indexes.read_search(body, url)
    elif root is None and (lines := sitemaps.read_text(decode(body)[0], url)):
        return lines, None
    elif page := list_pages.read_page(url, as_utf8(body, _content_type(headers)), site):
        return page, ending
    else:
        raise _unknown(url, f"<{root}> without links to posts" if root else "nothing like these")
    reading.whole &= _is_closed(root, body)
    return reading, ending


def _content_type(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), None)


def _is_closed(root: str, body: bytes) -> bool:
    """Return whether markup ends with its outermost element: what is cut short is read as far as it goes."""
    tail = body[-TAIL:].replace(b"\0", b"").lower()  # in UTF-16 every other byte is zero
    return bool(re.search(rb"</(?:[\w.-]+:)?%s\s*>|\A\s*<[^>]*/>\s*\Z" % re.escape(root.encode()), tail))


def _unknown(url: str, found: str) -> PageNotRecognised:
    return PageNotRecognised(
        url, f"expected a sitemap, a feed, an index of posts in JSON or XML, or a page that links posts, found {found}"
    )


def _posts(entries: list[ListEntry], site: Site) -> tuple[ListedPost, ...]:
    """Return the blog's own entries, each address once, with what any of its entries says first."""
    found: dict[str, ListedPost] = {}
    for entry in entries:
        url = next(filter(None, (_own(href, entry.base, site) for href in entry.hrefs)), None)
        if url is None:
            continue
        listed = _post(url, entry)
        known = found.setdefault(url, listed)
        if known is not listed:
            found[url] = ListedPost(
                url=url,
                title=known.title or listed.title,
                published_on=known.published_on or listed.published_on,
                modified_at=known.modified_at or listed.modified_at,
                comment_count=listed.comment_count if known.comment_count is None else known.comment_count,
                zone=known.zone or listed.zone,
            )
    return tuple(found.values())


def _post(url: str, entry: ListEntry) -> ListedPost:
    published, modified = _moment(entry.published), _moment(entry.modified)
    count = entry.comment_count
    return ListedPost(
        url=url,
        title=one_line(entry.title),
        published_on=published[:10] if published else None,
        modified_at=modified,
        comment_count=int(count) if count.isascii() and count.isdigit() and len(count) < 8 else None,
        zone=next((found[0] for found in map(dates.OFFSET.search, filter(None, (published, modified))) if found), ""),
    )


def _moment(text: str) -> str | None:
    return dates.moment(text[:_LONGEST_DATE]) if text else None


def _own(href: str, base: str, site: Site) -> str | None:
    """Return the canonical form of an address of the blog; None for another's."""
    url = site.resolve(href, base) if 0 < len(href) <= LONGEST else None
    return url if url and site.owns(url) else None


def _is_feed(media_type: str | None, title: str | None, url: str) -> bool:
    """Return whether a link is to a feed of posts; WordPress and Typecho also name one of comments."""
    return bool(_FEED.search((media_type or "").lower())) and not _REMARKS.search(f"{title} {urlsplit(url).path}")


def _posts_of_api(root: str | None) -> str | None:
    """Return where the posts are of a REST API, whose root may be a path or, without rewriting, a parameter."""
    if not root:
        return None
    route = "wp/v2/posts"
    if "rest_route=" in root:
        return with_parameter(with_parameter(root, "rest_route", f"/{route}"), "per_page", "100")
    return f"{root.rstrip('/')}/{route}?per_page=100"
