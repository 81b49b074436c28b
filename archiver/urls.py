"""Canonical URLs of the blog, and where to fetch them.

The blog answers under several hosts, schemes and spellings (`notes` of the design, section URL space). Rows carry one
canonical form; a `Site` maps between it and the server that is asked.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit, urlunsplit

BLOG = "https://kexue.fm"
"""Origin of every canonical URL of the blog."""

HOSTS = frozenset({"kexue.fm", "www.kexue.fm", "spaces.ac.cn", "www.spaces.ac.cn"})
"""Host names the blog answers under; the siblings bbs., album. and bsky.spaces.ac.cn are other sites."""

REDIRECTORS = frozenset({"link.zhihu.com"})
"""Hosts whose `?target=` parameter is the address that is meant."""

LARGEST_POST = 999_999_999
"""Greatest number an address of a post may have."""

_POST = re.compile(r"/archives/([1-9]\d{0,8})(?:\.html)?/?")
_COMMENT_PAGE = re.compile(r"/archives/([1-9]\d{0,8})/comment-page-([1-9]\d{0,5})/?")
_PAGE_OF_COMMENTS = re.compile(r"(/.+\.html|/attachment/[1-9]\d{0,8})/comment-page-([1-9]\d{0,5})/?")
_CATEGORY = re.compile(r"/category/([^/]+)(?:/([1-9]\d{0,5}))?/?")
_DATED = r"(?:19|20)\d\d(?:/(?:0[1-9]|1[0-2]))?"
_AUTHOR = r"author/[1-9]\d{0,5}"
_PAGED = re.compile(rf"(/(?:{_DATED}/)?(?=page/)|/(?:tag/[^/]+|{_AUTHOR})/)((?:page/)?)([1-9]\d{{0,5}})/?")
_SLASHED = re.compile(rf"/(?:tag/[^/]+|attachment/[1-9]\d{{0,8}}|{_AUTHOR}|{_DATED})")
_FEED = re.compile(r"(/feed(?:/.*[^/])?)/*")
_FEED_OF_ALL = re.compile(r"/feed(?:/(?:rss|atom))?(?:/comments)?")
_FRONT = re.compile(rf"/(?:{_DATED}/)?(?:page/[1-9]\d{{0,2}}/)?|/{_AUTHOR}/(?:[1-9]\d{{0,2}}/)?")
_TAG_PAGE = re.compile(r"/tag/[^/]{1,300}/(?:[1-9]\d{0,2}/)?")
_FURNITURE = ("/static/", "/usr/themes/", "/usr/plugins/")
_PICTURES = (".apng", ".avif", ".bmp", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp")
_LISTED = r"(?:archives|author|category|feed|page|search|tag|\d{4})"
_FILE = re.compile(rf"(?!/{_LISTED}/).*/[^/]+\.(?!(?:aspx?|cgi|html?|jsp|php)$)[a-z0-9]{{1,8}}", re.I)
"""A document, in whatever folder: what no program makes, and is no page."""
_FOLDER = re.compile(rf"(?!/(?:{_LISTED}|static|usr)/)(?:/[^/]+){{1,3}}/")
"""A tool or a part of the site beside the blog: no calendar and no list, which lead to more of their kind."""
_MEANT = re.compile(r"/archives/(?!\d+/?$)(?![^/]*\.[A-Za-z]\w*/?$)[^/]{1,300}/?")
"""A post by something else than its number: a slip of whoever linked it, or an address of another engine. No file."""
_NEVER = re.compile(r"^/(?:index\.php/)?(?:search|admin|action)(?:/|$)|[?&]replyTo=", re.I)
"""Path and query of what is never asked for: robots.txt forbids searches, answering links are one trap a comment."""

_SCRIPT = re.compile(r"^(?:/index\.php)+(?=/|$)")
"""What Typecho's addresses begin with where the server rewrites none; it redirects there from these."""

_SAFE = "/:@!$&'()*+,;=-._~%"  # RFC 3986, section 3.3: pchar, the separator, and escapes already made
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def origin(url: str) -> str:
    """Return the origin of an absolute address: scheme, host and port as written in it."""
    return "/".join(url.split("/")[:3])


def unwrap(url: str) -> str:
    """Return the address a redirector link stands for, or the link itself."""
    parts = urlsplit(url)
    if parts.hostname in REDIRECTORS:
        target = parse_qs(parts.query).get("target")
        if target:
            return target[0]
    return url


def from_bytes(value: bytes) -> str:
    """Return an address that came as bytes, as browsers take it: what is no UTF-8 is escaped as it stands."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in value)


@dataclass(frozen=True, slots=True)
class Site:
    """Where the blog is fetched from: the blog itself, a mirror or a test server.

    >>> site = Site("http://127.0.0.1:8000")
    >>> site.canonical("http://127.0.0.1:8000/archives/1008/#more")
    'https://kexue.fm/archives/1008'
    >>> site.fetch_url("https://kexue.fm/archives/1008")
    'http://127.0.0.1:8000/archives/1008'
    """

    base: str = BLOG
    """Origin without a trailing slash: scheme, host and port."""

    @property
    def host(self) -> str:
        """Host and port of the server that is asked."""
        return urlsplit(self.base).netloc

    def is_same(self, origin: str) -> bool:
        """Return whether an origin is this site's: of the same host, whatever the port, or another name of the blog."""
        names = {urlsplit(self.base).hostname, urlsplit(origin).hostname}
        return len(names) == 1 or names <= HOSTS

    def resolve(self, href: str, base: str = BLOG + "/") -> str | None:
        """Return the absolute canonical form of a link found on the page `base`, or None when it is no http(s) URL.

        Addresses of the blog lose host variants, fragment and trailing slash as `canonical` describes; other
        addresses keep everything but white space at their ends; what cannot be printed is escaped.
        """
        absolute = href.startswith(("http://", "https://"))
        return _resolved(self, href, BLOG + "/" if absolute else base)

    def canonical(self, url: str) -> str | None:
        """Return the one URL of an address of the blog, without fragment, or None when it is not the blog's.

        Raises ValueError when `url` cannot be parsed.
        """
        return self._canonical(unwrap(url))

    def asked(self, url: str) -> str | None:
        """Return the canonical form of an address that was asked for, or None when it is no http(s) URL.

        A redirector's is its own here: what it answered is not the page its link leads to.
        """
        try:
            return self._canonical(url) or _foreign(url)
        except ValueError:
            return None

    def _canonical(self, url: str) -> str | None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not self._own(parts.hostname, parts.netloc):
            return None
        path = canonical_path(parts.path)
        query = "" if post_id_of_path(path) or _COMMENT_PAGE.fullmatch(path) else parts.query
        return urlunsplit(("https", "kexue.fm", path, _escaped(query, _SAFE + "?"), ""))

    def fetch_url(self, canonical: str) -> str:
        """Return the address to ask this server for a canonical URL; other sites' URLs come back unchanged."""
        if canonical == BLOG or canonical.startswith(BLOG + "/"):
            return self.base + canonical[len(BLOG) :]
        return canonical

    def _own(self, hostname: str | None, netloc: str) -> bool:
        return hostname in HOSTS or netloc == self.host


@lru_cache(maxsize=4096)  # menus and side columns repeat on every page: seven links of eight
def _resolved(site: Site, href: str, base: str) -> str | None:
    try:
        absolute = urljoin(base, unwrap(href.strip()))
        return site.canonical(absolute) or _foreign(absolute)
    except ValueError:  # for example an unclosed IPv6 bracket
        return None


def _foreign(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return "".join(char if char.isprintable() and char != " " else quote(char) for char in url)


def _escaped(text: str, safe: str) -> str:
    """Escape what a URL may not hold; leave escapes that are there as they are."""
    return quote(_ESCAPE.sub("%25", text), safe=safe)


def canonical_path(path: str) -> str:
    """Return the one spelling of a path of the blog.

    Posts lose a trailing slash and `.html`; the first page of a list has no number, further pages end in a slash.
    `/index.php/archives/8` is `/archives/8`.
    """
    path = _SCRIPT.sub("", path)
    if found := _POST.fullmatch(path):
        return f"/archives/{found[1]}"
    if found := _COMMENT_PAGE.fullmatch(path):
        return f"/archives/{found[1]}/comment-page-{found[2]}"
    if found := _CATEGORY.fullmatch(path):
        page = int(found[2] or 1)
        return f"/category/{found[1]}" + (f"/{page}/" if page > 1 else "")
    return _furniture_path(_escaped(path or "/", _SAFE))


def _furniture_path(path: str) -> str:
    """Return the one spelling of a path that is no post, comment page or category; slashes as the blog writes them."""
    if found := _PAGED.fullmatch(path):
        page = int(found[3])
        return found[1] + (f"{found[2]}{page}/" if page > 1 else "")
    if found := _FEED.fullmatch(path):
        return found[1]
    if found := _PAGE_OF_COMMENTS.fullmatch(path):
        return f"{found[1]}/comment-page-{found[2]}"
    return path + "/" if _SLASHED.fullmatch(path) else path


def is_never_asked(url: str) -> bool:
    """Return whether an address is of a kind that is never asked for: searches, administration, links to answer."""
    parts = urlsplit(url)
    return bool(_NEVER.search(_as_read(parts.path) + (f"?{unquote(parts.query)}" if parts.query else "")))


def _as_read(path: str) -> str:
    """Return a path as a server reads it: escapes decoded, `.`, `..` and double slashes worked out."""
    decoded = unquote(path).replace("\\", "/")
    return posixpath.normpath("/" + decoded.lstrip("/")) + ("/" if decoded.endswith("/") else "")


def front_url() -> str:
    """Return the canonical URL of the front page."""
    return f"{BLOG}/"


def feed_url() -> str:
    """Return the canonical URL of the feed of posts."""
    return f"{BLOG}/feed"


def icon_url() -> str:
    """Return the canonical URL of the icon that browsers ask for when a page names none."""
    return f"{BLOG}/favicon.ico"


def dated_urls(day: str) -> tuple[str, str]:
    """Return the canonical URLs of the lists of posts of the year and the month of a day, `YYYY-MM-DD`."""
    year, month, _ = day.split("-")
    return f"{BLOG}/{year}/", f"{BLOG}/{year}/{month}/"


def post_url(post_id: int) -> str:
    """Return the canonical URL of a post."""
    return f"{BLOG}/archives/{post_id}"


def comment_page_url(post_id: int, page: int) -> str:
    """Return the canonical URL of one page of a post's comments."""
    return f"{BLOG}/archives/{post_id}/comment-page-{page}"


def category_url(slug: str, page: int = 1) -> str:
    """Return the canonical URL of a page of a category."""
    return f"{BLOG}/category/{slug}" + (f"/{page}/" if page > 1 else "")


def catalogue_url() -> str:
    """Return the canonical URL of the blog's list of everything."""
    return f"{BLOG}/content.html"


def post_id_of_path(path: str) -> int | None:
    """Return the post a path leads to, or None."""
    found = _POST.fullmatch(path)
    return int(found[1]) if found else None


def post_id(canonical: str | None) -> int | None:
    """Return the post a canonical URL is the address of (not one of its comment pages), or None."""
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    return post_id_of_path(urlsplit(canonical).path)


def file_kind(canonical: str) -> str:
    """Return the kind of what is at an address that is no post, comment page or list of posts, as in the frontier.

    `requisite` is what pages are made with, `image` a picture in them, the others are as `furniture_kind` says.
    """
    path = canonical.removeprefix(BLOG)
    if path != canonical and (path.startswith(_FURNITURE) or canonical == icon_url()):
        return "requisite"
    return furniture_kind(canonical) or "image"


def is_picture(canonical: str) -> bool:
    """Return whether an address names a picture."""
    return urlsplit(canonical).path.lower().endswith(_PICTURES)


def furniture_kind(canonical: str) -> str | None:
    """Return the kind of page or file that belongs to the blog beside its posts; None for anything else.

    `front` (its list of posts, and those of an author, a year or a month), `tag`, `page` (independent pages, pages of
    their comments, attachments, folders such as `/sci/`, posts by something else than their number), `feed` or `file`
    (uploads that are no pictures, documents anywhere). An address with a query is none of them, nor are page 1000 of a
    list and the days of a calendar: such addresses have no end.
    """
    parts = urlsplit(canonical)
    if not canonical.startswith(BLOG + "/") or parts.query or canonical == catalogue_url():
        return None
    if _FRONT.fullmatch(parts.path):
        return "front"
    if _TAG_PAGE.fullmatch(parts.path):
        return "tag"
    if _FEED.fullmatch(parts.path):
        return "feed"
    pages = (_PAGE_OF_COMMENTS, _FOLDER, _MEANT)
    if parts.path.endswith(".html") or any(pattern.fullmatch(parts.path) for pattern in pages):
        return "page"
    uploaded = parts.path.startswith("/usr/uploads/") and not is_picture(canonical)
    return "file" if uploaded or (_FILE.fullmatch(parts.path) and not is_picture(canonical)) else None


def is_feed_of_all(canonical: str) -> bool:
    """Return whether a canonical URL is a feed of all posts or all comments, not that of one post or list."""
    return bool(_FEED_OF_ALL.fullmatch(canonical.removeprefix(BLOG)))


def comment_page(canonical: str | None) -> tuple[int, int] | None:
    """Return post and number of a comment page's canonical URL, or None."""
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    found = _COMMENT_PAGE.fullmatch(urlsplit(canonical).path)
    return (int(found[1]), int(found[2])) if found else None


def discussion(canonical: str | None) -> tuple[str, int] | None:
    """Return the address of a post or independent page, and which page of its comments a canonical URL is; or None."""
    if place := comment_page(canonical):
        return post_url(place[0]), place[1]
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    found = _PAGE_OF_COMMENTS.fullmatch(urlsplit(canonical).path)
    return (BLOG + _furniture_path(found[1]), int(found[2])) if found else None


def discussion_url(url: str, page: int) -> str:
    """Return the canonical URL of one page of the comments of a post or independent page."""
    return f"{url.rstrip('/')}/comment-page-{page}"


def category(canonical: str | None) -> tuple[str, int] | None:
    """Return slug and page number of a category page's canonical URL, or None."""
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    found = _CATEGORY.fullmatch(urlsplit(canonical).path)
    return (unquote(found[1]), int(found[2] or 1)) if found else None
