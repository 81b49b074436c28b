"""Canonical URLs of the blog, and where to fetch them.

The blog answers under several hosts, schemes and spellings (`notes` of the design, section URL space). Rows carry one
canonical form; a `Site` maps between it and the server that is asked.
"""

from __future__ import annotations

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
_CATEGORY = re.compile(r"/category/([^/]+)(?:/([1-9]\d{0,5}))?/?")
_FURNITURE = ("/static/", "/usr/themes/", "/usr/plugins/")
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

    Posts lose a trailing slash and `.html`; a category's first page has no number, further pages end in a slash.
    """
    if found := _POST.fullmatch(path):
        return f"/archives/{found[1]}"
    if found := _COMMENT_PAGE.fullmatch(path):
        return f"/archives/{found[1]}/comment-page-{found[2]}"
    if found := _CATEGORY.fullmatch(path):
        page = int(found[2] or 1)
        return f"/category/{found[1]}" + (f"/{page}/" if page > 1 else "")
    return _escaped(path or "/", _SAFE)


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
    """Return the kind of file at an address, as in the frontier: what pages are made with, or a picture in them."""
    path = canonical.removeprefix(BLOG)
    return "requisite" if path != canonical and path.startswith(_FURNITURE) else "image"


def comment_page(canonical: str | None) -> tuple[int, int] | None:
    """Return post and number of a comment page's canonical URL, or None."""
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    found = _COMMENT_PAGE.fullmatch(urlsplit(canonical).path)
    return (int(found[1]), int(found[2])) if found else None


def category(canonical: str | None) -> tuple[str, int] | None:
    """Return slug and page number of a category page's canonical URL, or None."""
    if canonical is None or not canonical.startswith(BLOG + "/"):
        return None
    found = _CATEGORY.fullmatch(urlsplit(canonical).path)
    return (unquote(found[1]), int(found[2] or 1)) if found else None
