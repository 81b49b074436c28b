"""Canonical URLs of a blog, and where to fetch them.

A blog answers under several hosts, schemes and spellings. Rows carry one canonical form; a `Site` maps between it and
the server that is asked, and knows what is at an address by the forms in the blog's profile.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

from archiver import sites
from archiver.profile import Profile

REDIRECTORS = frozenset({"link.zhihu.com"})
"""Hosts whose `?target=` parameter is the address that is meant."""

LARGEST_WRITTEN = 999_999_999
"""Greatest number that an address of a post may have in it."""

_MADE_BYTES = 5
LARGEST_POST = LARGEST_WRITTEN + (1 << 8 * _MADE_BYTES)
"""Greatest number of a post: those without one in their address have greater ones than those with one."""

BESIDE = frozenset({"front", "tag", "page", "feed", "file"})
"""Kinds of what belongs to a blog besides its posts."""

ROBOTS = "/robots.txt"
"""Path of what is asked for before anything else (RFC 9309), and is not a page."""

_WITHOUT_QUERY = BESIDE | {"catalogue"}
_PICTURES = (".apng", ".avif", ".bmp", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp")
_PARTS = re.compile(r"(?i).*\.(?:cjs|css|cur|eot|js|json|map|mjs|otf|swf|ttf|vtt|wasm|webmanifest|woff2?)")
"""Paths of what pages are made with, in addition to pictures; what ends otherwise is for people."""
_NAMED_FREELY = frozenset({"catalogue", "list", "category", "post", "comments", "tag"})
"""Kinds of page whose names may end as those of files do: a tag may be named `Vue.js`."""
_SAFE = "/:@!$&'()*+,;=-._~%"  # RFC 3986, section 3.3: pchar, the separator, and escapes already made
_NAMED = re.compile(r"(?:\d+/)*[A-Za-z][A-Za-z0-9-]*")  # with a hyphen for each slash still told apart
_ASCII = re.compile("[A-Za-z0-9]+")
_INDEX = re.compile(r"index\.\w+")
_SUFFIX = re.compile(r"\.(?:html?|php|aspx?)$")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PAGED = frozenset({"front", "catalogue", "category", "tag"})
_NUMBERED = re.compile(r"(?:/page[-/]?\d{1,6}|/index-?\d{0,6}\.html|/[1-9]\d{0,2})?/?\Z|(?<=[a-z])\d{1,4}(?=\.html\Z)")
"""What the address of a further page of a list has more than that of its first: as Typecho, WordPress, Hexo, Hugo,
Jekyll, Pelican and Nikola write it."""
_LOWER_ESCAPE = re.compile(r"%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f])")


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
    """Return an address that came as bytes, as browsers take it: what is not UTF-8 is escaped as it is."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in value)


def first_page(url: str) -> str:
    """Return what the addresses of all pages of a list have in common.

    >>> first_page("https://chalk.example/archives/page/2/") == first_page("https://chalk.example/archives/")
    True
    """
    return _NUMBERED.sub("", url)


def is_picture(url: str) -> bool:
    """Return whether an address names a picture."""
    return urlsplit(url).path.lower().endswith(_PICTURES)


@dataclass(frozen=True, slots=True)
class Site:
    """A blog, and where it is fetched from: the blog itself, a mirror or a test server.

    >>> site = Site(base="http://127.0.0.1:8000")
    >>> site.resolve("http://127.0.0.1:8000/me.html") == site.profile.origin + "/me.html"
    True
    >>> site.fetch_url(site.post_url(1008))
    'http://127.0.0.1:8000/archives/1008'
    """

    profile: Profile = field(default_factory=sites.first)
    base: str = ""
    """Origin without a trailing slash: scheme, host and port; the blog's own if empty."""

    def __post_init__(self) -> None:
        if not self.base:
            object.__setattr__(self, "base", self.profile.origin)

    @property
    def host(self) -> str:
        """Host and port of the server that is asked."""
        return urlsplit(self.base).netloc

    @property
    def origin(self) -> str:
        """Origin of the blog's canonical addresses."""
        return self.profile.origin

    def is_same(self, origin: str) -> bool:
        """Return whether an origin is this site's: of the same host, whatever the port, or another name of the blog."""
        names = {urlsplit(self.base).hostname, urlsplit(origin).hostname}
        return len(names) == 1 or names <= self.profile.hosts

    # Links and canonical addresses

    def resolve(self, href: str, base: str = "") -> str | None:
        """Return the absolute canonical form of a link found on the page `base`, or None when it is not an http(s) URL.

        Without a page it counts from the blog's front page. Addresses of the blog lose host variants, fragment and
        trailing slash as `canonical` describes; other addresses keep everything but white space at their ends; what
        cannot be printed is escaped.
        """
        # Links with an origin, or from the root, mean the same on every page: they are resolved once.
        if href.startswith(("http://", "https://")):
            base = ""
        elif href.startswith("/"):
            base = origin(base)
        return _resolved(self, href, base)

    def canonical(self, url: str) -> str | None:
        """Return the one URL of an address of the blog, without fragment, or None when it is not the blog's.

        Raises ValueError when `url` cannot be parsed.
        """
        return self._canonical(unwrap(url))

    def asked(self, url: str) -> str | None:
        """Return the canonical form of an address that was asked for, or None when it is not an http(s) URL.

        A redirector's is its own here: what it answered is not the page its link leads to.
        """
        try:
            return self._canonical(url) or _foreign(url)
        except ValueError:
            return None

    def _canonical(self, url: str) -> str | None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return None
        if parts.hostname not in self.profile.hosts and parts.netloc != self.host:
            return None
        place = _placed(self.profile, parts.path)
        query = "" if place.kind in ("post", "comments") else _escaped(parts.query, _SAFE + "?")
        return self.profile.origin + place.path + (f"?{query}" if query else "")

    def fetch_url(self, canonical: str) -> str:
        """Return the address to ask this server for a canonical URL; other sites' URLs come back unchanged."""
        own = self.profile.origin
        return self.base + canonical[len(own) :] if f"{canonical}/".startswith(f"{own}/") else canonical

    def owns(self, url: str) -> bool:
        """Return whether a canonical URL is the blog's.

        Of a host that a blog shares with other sites that is what is below its path, and everywhere pictures and what
        pages are made with.
        """
        if url.startswith(f"{self.profile.address}/"):
            return True
        return url.startswith(f"{self.profile.origin}/") and (is_picture(url) or self._is_requisite(url))

    def path(self, canonical: str) -> str:
        """Return a canonical URL of the blog without its origin; another site's as it is."""
        return canonical.removeprefix(self.profile.origin)

    # What is at an address

    def _below(self, path: str) -> str:
        """Return a path as the profile's patterns have it: below that of the blog."""
        own = path.removeprefix(self.profile.path)
        return own if own.startswith("/") else path

    def _place(self, canonical: str | None) -> PathMatch | None:
        if canonical is None or not self.owns(canonical):
            return None
        return _placed(self.profile, urlsplit(canonical).path)

    def kind(self, canonical: str) -> str | None:
        """Return the kind of page or file that is at a canonical URL, as in the frontier; None for anything else.

        `catalogue`, `list` (for programs), `post`, `comments`, `category`, `front` (its list of posts, and those of an
        author, a year or a month), `tag`, `page` (independent pages, pages of their comments, attachments), `feed` or
        `file` (no picture). With a query an address is none of the latter six: such addresses have no end. A
        category that no crawl walks as such is one of the lists of the front page.
        """
        if canonical.partition("?")[0] in _lists(self.profile):
            return "list"
        place = self._place(canonical)
        if place is None:
            return None
        kind = place.kind
        if kind in _PAGED and first_page(canonical) in _first_pages(self.profile):
            return "list"
        if kind == "category" and "category" not in self.profile.lists:
            kind = "front"
        elif kind == "comments" and self.comment_page(canonical) is None:
            kind = "page"  # of the comments under what is not a post
        if kind in _WITHOUT_QUERY and "?" in canonical:
            return None
        return kind

    def furniture_kind(self, canonical: str) -> str | None:
        """Return the kind of page or file that belongs to the blog besides its posts; None for anything else."""
        kind = self.kind(canonical)
        return kind if kind in BESIDE else None

    def file_kind(self, canonical: str) -> str:
        """Return the kind, as in the frontier, of an address that is not a post, comment page or list of posts.

        `requisite` is what pages are made with, `image` a picture in them, the others are as `furniture_kind` says.
        """
        if self.owns(canonical) and self._is_requisite(canonical):
            return "requisite"
        return self.furniture_kind(canonical) or "image"

    def frontier_kind(self, canonical: str) -> str:
        """Return the kind of any page or file of the blog, as in the frontier.

        Whoever asks gets the same, a crawl that has a link and a rebuild that has only what was fetched.
        """
        kind = self.kind(canonical)
        return self.file_kind(canonical) if kind is None or kind in BESIDE else kind

    def _is_requisite(self, canonical: str) -> bool:
        """Return whether an address is that of what pages are made with: by its place, unless its name says otherwise.

        A document or a page among a theme's files is for people.
        """
        parts = urlsplit(canonical)
        if not self.profile.requisite.fullmatch(self._below(parts.path)):
            return False
        kind = _placed(self.profile, parts.path).kind
        if kind is None or kind in _NAMED_FREELY:
            return kind is None
        return bool(parts.query) or _PARTS.fullmatch(parts.path) is not None

    def is_never_asked(self, url: str) -> bool:
        """Return whether an address is of a kind never asked for: searches, administration, links to answer."""
        parts = urlsplit(url)
        query = f"?{unquote(parts.query)}" if parts.query else ""
        return bool(self.profile.never.search(self._below(_as_read(parts.path)) + query))

    def is_feed_of_all(self, canonical: str) -> bool:
        """Return whether a canonical URL is a feed of all posts or all comments, not that of one post or list."""
        return bool(self.profile.feed_of_all.fullmatch(self._below(self.path(canonical))))

    def post_id(self, canonical: str | None) -> int | None:
        """Return the post a canonical URL is the address of (not one of its comment pages), or None."""
        place = self._place(canonical)
        return _number(place) if place and place.kind == "post" else None

    def comment_page(self, canonical: str | None) -> tuple[int, int] | None:
        """Return post and number of a comment page's canonical URL, or None."""
        found = self.discussion(canonical)
        number = self.post_id(found[0]) if found else None
        return (number, found[1]) if found and number else None

    def category(self, canonical: str | None) -> tuple[str, int] | None:
        """Return slug and page number of a category page's canonical URL, or None."""
        place = self._place(canonical)
        if place is None or place.kind != "category":
            return None
        return unquote(place.parts["slug"]), int(place.parts["page"] or 1)

    def discussion(self, canonical: str | None) -> tuple[str, int] | None:
        """Return the address of a post or independent page, and which page of its comments a canonical URL is."""
        place = self._place(canonical)
        if place is None:
            return None
        if place.kind == "comments" and "post" in place.parts:
            return self._numbered(place.parts["post"]), int(place.parts["page"])
        if "whose" not in place.parts:
            return None
        whose = _placed(self.profile, self.profile.path + place.parts["whose"])
        return self.profile.origin + whose.path, int(place.parts["page"])

    # Addresses that are known without a link

    def front_url(self) -> str:
        """Return the canonical URL of the front page."""
        return self._at(self.profile.places.front)

    def catalogue_url(self) -> str:
        """Return the canonical URL of the blog's list of everything; of the front page where there is none."""
        return self._at(self.profile.places.catalogue or self.profile.places.front)

    def list_urls(self) -> tuple[str, ...]:
        """Return the canonical URLs of the lists of posts that programs read, such as sitemaps and feeds."""
        return tuple(map(self._at, self.profile.places.lists))

    def feed_url(self) -> str:
        """Return the canonical URL of the feed of posts; of the front page where there is none."""
        return self._at(self.profile.places.feed or self.profile.places.front)

    def icon_url(self) -> str:
        """Return the canonical URL of the icon that browsers ask for when a page names none."""
        return self.profile.origin + self.profile.places.icon

    def _numbered(self, post: str | int) -> str:
        return self._at(next(self.profile.rules("post", "post")).path(post=post))

    def _at(self, path: str) -> str:
        return self.profile.address + path

    def dated_urls(self, day: str) -> tuple[str, ...]:
        """Return the canonical URLs of the lists of posts of the year and the month of a day, `YYYY-MM-DD`."""
        year, month, _ = day.split("-")
        return tuple(self._at(path.format(year=year, month=month)) for path in self.profile.places.dated)

    def post_url(self, post_id: int) -> str | None:
        """Return the canonical URL of a post by the number in it; None where addresses of posts have none."""
        written = post_id <= LARGEST_WRITTEN and any(self.profile.rules("post", "post"))
        return self._numbered(post_id) if written else None

    def name(self, url: str) -> str:
        """Return the last part of a canonical URL that names anything, as people read it: `git-for-notes`."""
        parts = urlsplit(url).path.rstrip("/").split("/")
        named = [each for each in parts if each and not _INDEX.fullmatch(each)]
        return _SUFFIX.sub("", unquote(named[-1])) if named else ""

    def citation(self, url: str) -> str:
        """Return the key to cite the post with a canonical URL under: no other post of the blog has it.

        A number in the address makes the blog's own key. So does what the addresses of posts do not share, where it is
        a name below numbers (`2021/11/12/git-for-notes`); else a name as far as it is ASCII, and what the number of
        the post is made of.
        """
        number, key = self.post_id(url), self.profile.citation_key
        if number is None or number <= LARGEST_WRITTEN:
            return f"{key}{number}"
        before, after = _shared(self.profile)
        own = urlsplit(url).path.removeprefix(self.profile.path).removeprefix(before).removesuffix(after)
        if _NAMED.fullmatch(own):
            return key + own.replace("/", "-")
        name = "-".join(_ASCII.findall(self.name(url)))
        return f"{key}{name}{'-' if name else ''}{number - LARGEST_WRITTEN - 1:0{2 * _MADE_BYTES}x}"

    def category_url(self, slug: str, page: int = 1) -> str:
        """Return the canonical URL of a page of a category."""
        rule = next(self.profile.rules("category", "slug", "page"))
        return self._at(rule.path(slug=_escaped(slug, _SAFE + "?#"), page=page))

    def discussion_url(self, url: str, page: int) -> str:
        """Return the canonical URL of one page of the comments of a post or independent page."""
        number = self.post_id(url)
        comments = list(self.profile.rules("comments", "page"))
        rules = comments if number is not None else [*self.profile.rules("page", "whose", "page"), *comments]
        alike = (rule for rule in rules if rule.canonical.endswith("/") == url.endswith("/"))
        whose = self.path(url).removeprefix(self.profile.path).rstrip("/")
        return self._at(next(alike, rules[0]).path(post=number, whose=whose, page=page))


@dataclass(frozen=True, slots=True)
class PathMatch:
    """What a path leads to: its kind, its one spelling, and what its parts name."""

    kind: str | None
    path: str
    parts: Mapping[str, str]


@lru_cache(maxsize=4096)  # menus and side columns repeat on every page: seven links of eight
def _resolved(site: Site, href: str, base: str) -> str | None:
    try:
        absolute = urljoin(base or site.profile.origin + "/", unwrap(href.strip()))
        return site.canonical(absolute) or _foreign(absolute)
    except ValueError:  # for example an unclosed IPv6 bracket
        return None


@lru_cache(maxsize=4096)
def _placed(profile: Profile, path: str) -> PathMatch:
    """Return what a path of the blog leads to, by the first form that fits."""
    path = _upper(_escaped(path, _SAFE)) or "/"
    own = path.removeprefix(profile.path) or "/"
    if profile.path and (own == path or not own.startswith("/")):
        return PathMatch(None, path, {})
    root = profile.root.match(own)
    own = own[root.end() :] or "/" if root else own
    for rule in () if own.lower().endswith(_PICTURES) else profile.addresses:  # a picture is no page
        if found := rule.pattern.fullmatch(own):
            parts = found.groupdict()
            return PathMatch(rule.kind, profile.path + (rule.path(**parts) or own), parts)
    return PathMatch(None, profile.path + own, {})


def _number(place: PathMatch) -> int:
    """Return the number of a post: the one in its address, or else one made of all its path."""
    if place.parts.get("post", "").isdecimal():
        return int(place.parts["post"])
    digest = hashlib.sha256(place.path.encode()).digest()
    return LARGEST_WRITTEN + 1 + int.from_bytes(digest[:_MADE_BYTES])


@cache
def _shared(profile: Profile) -> tuple[str, str]:
    """Return what the addresses of all posts begin and end with, below the path of the blog."""
    outside = [(form.partition("{")[0], form.rpartition("}")[2]) for form in _forms(profile)]
    ends = posixpath.commonprefix([after[::-1] for _, after in outside])
    return posixpath.commonprefix([before for before, _ in outside]), ends[::-1]


def _forms(profile: Profile) -> Iterator[str]:
    return (rule.canonical for rule in profile.rules("post"))


@cache
def _lists(profile: Profile) -> frozenset[str]:
    """Return the addresses of a blog's lists, except for their queries, which count pages."""
    return frozenset(url.partition("?")[0] for url in Site(profile).list_urls())


@cache
def _first_pages(profile: Profile) -> frozenset[str]:
    return frozenset(map(first_page, _lists(profile)))


def _foreign(url: str) -> str | None:
    """Return an address elsewhere, printable, or None when it is none; raises ValueError as urlsplit does."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    _ = parts.port  # one that is no port raises ValueError: nobody can ask there
    return "".join(char if char.isprintable() and char != " " else quote(char) for char in url)


def _upper(path: str) -> str:
    """Return a path with its escapes in capitals: WordPress writes small ones (RFC 3986, 6.2.2.1)."""
    return _LOWER_ESCAPE.sub(lambda found: found[0].upper(), path) if "%" in path else path


def _escaped(text: str, safe: str) -> str:
    """Escape what a URL may not hold; leave existing escapes as they are."""
    return quote(_ESCAPE.sub("%25", text), safe=safe)


def _as_read(path: str) -> str:
    """Return a path as a server reads it: escapes decoded, `.`, `..` and double slashes worked out."""
    decoded = unquote(path).replace("\\", "/")
    return posixpath.normpath("/" + decoded.lstrip("/")) + ("/" if decoded.endswith("/") else "")
