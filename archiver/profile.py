"""What a blog is like: its names, the forms of its addresses, where things are on its pages.

A profile is a TOML file for people (`archiver/sites/` has the bundled ones) and a frozen value for the program.
It may extend that of its engine, such as WordPress, or the generic one: then it says only what differs. Reading
one checks it: an error names the table and the key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from archiver.dates import clock
from archiver.errors import ProfileInvalid

Value = TypeVar("Value")

KINDS = ("catalogue", "list", "post", "comments", "category", "front", "tag", "feed", "page", "file")
"""Kinds of address, as in the frontier."""

LISTS = ("catalogue", "lists", "category", "index", "furniture")
"""What a crawl can start from, lists of posts and the rest of the blog; each is a spider."""

BESIDE = {"front": "front", "tags": "tag", "pages": "page", "feeds": "feed", "files": "file"}
"""What `--without` can leave out of the rest of the blog, as kinds of the frontier."""

ENGINES = Path(__file__).parent / "sites" / "engines"
"""Folder of the profiles that others may extend: what is known about an engine."""

Selectors = Annotated[tuple[str, ...], "selectors"]
"""Where an element is, the most trusted place first: CSS, or XPath where it begins with a slash, a dot and one, or a
bracket."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A form of addresses: the paths that match it, and the one spelling of each."""

    kind: str
    pattern: re.Pattern[str]
    """A whole path below the blog's own, its escapes in order; groups `post`, `slug`, `page` and `whose` are numbers
    and names as the kind needs them. A post without a number in its address is recognised by all of the address."""
    canonical: str = ""
    """Path with groups of the pattern in braces; as it is if empty."""
    further: str = ""
    """The same for every page but the first of a list."""

    def path(self, **parts: str | int | None) -> str:
        """Return the path that the parts make, on the page they name."""
        template = self.further if self.further and int(parts.get("page") or 1) > 1 else self.canonical
        return template.format_map(parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Addresses known without a link, as paths."""

    front: str = "/"
    catalogue: str = ""
    """One page that lists all posts, with their numbers of comments; empty where there is none."""
    lists: tuple[str, ...] = ()
    """Lists of posts for programs or people: sitemaps, feeds, indexes, archives; see `archiver.pages.post_lists`."""
    most_pages: int = 1000
    """How many pages of lists of one form, such as feeds, a run reads: a server may generate further ones endlessly."""
    feed: str = ""
    """The feed of posts that readers are pointed to; empty if there is none."""
    icon: str = "/favicon.ico"
    dated: tuple[str, ...] = ()
    """Lists of the posts of a `{year}` and of a `{month}`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apart:
    """Elements known by their ids or classes, in lower case."""

    ids: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    """Prefixes of ids."""
    classes: frozenset[str] = frozenset()


NOTHING = re.compile(r"(?!)()")
"""A pattern that matches nothing: something that a profile does not know."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fields:
    """Where on the page of a post its fields are; fields without a place here are read by web standards."""

    title: Selectors = ()
    authors: Selectors = ()
    published_at: Selectors = ()
    """Read from `datetime` or `content`, or else from their text."""
    modified_at: Selectors = ()
    categories: Selectors = ()
    tags: Selectors = ()
    license_url: Selectors = ()
    comment_count: Selectors = ()
    """Text with the number of comments, the only number in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostMarkup:
    """Where on the page of a post its parts are, and how they are written."""

    fields: Fields = field(default_factory=Fields)
    heading: Selectors = ()
    """The link in the heading that leads to the post itself, in a fully known theme: then the keys below
    count, and not `fields`."""
    text: Selectors = ()
    """The element of the text; if it is not found, general rules look for it."""
    byline: Selectors = ()
    """Author, date and number of readers."""
    author: re.Pattern[str] = NOTHING
    """In the byline; group 1 is the name."""
    readers: re.Pattern[str] = NOTHING
    """In the byline; group 1 is the number."""
    tools: Selectors = ()
    """The box with categories, tags and number of comments."""
    comment_counter: re.Pattern[str] = NOTHING
    """In the tools; group 1 is the number."""
    taxonomy: Selectors = ()
    """Categories and tags, in the tools."""
    breadcrumb: Selectors = ()
    license: Selectors = ()
    """Links to the licence, outside what people write."""
    citation: Selectors = ()
    """The page's own citation of the post."""
    bibtex: Selectors = ()
    """The BibTeX entry in the citation."""
    footer: tuple[str, ...] = ()
    """Ids of what follows the text inside its element."""
    notices: tuple[str, ...] = ()
    """How the paragraphs begin that the blog puts under each text, before its footer."""
    hollow: Selectors = ()
    """Placeholders in the text, which are removed if they are empty."""
    without: Selectors = ()
    """Elements in the text that are not part of it, such as links to other posts: all that any of these finds."""
    apart: Apart = field(default_factory=Apart)
    """Elements that are not the text, for the general rules that look for it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageMarkup:
    """Where on an independent page its parts are."""

    heading: Selectors = ()
    text: Selectors = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CommentMarkup:
    """Where on a page its comments are."""

    boxes: Selectors = ()
    """Elements around all comments, outermost first."""
    authors: tuple[str, ...] = ()
    """Classes of elements around a name."""
    texts: tuple[str, ...] = ()
    """Classes of elements around a text."""
    mark: re.Pattern[str] = re.compile(r"(?P<kind>comment|pingback|trackback)-(?P<id>[1-9]\d{0,17})")
    """The whole id of an element that is or holds a comment. Group `id` is its number, or a word that no other comment
    of the blog has; `place` one that only no other comment of the page has; `kind`, if there is one, what it is."""
    owners: tuple[str, ...] = ("bypostauthor", "comment-by-author", "blog-author")
    """Classes by which a comment, or what is in it, is marked as the blog's own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListMarkup:
    """Where on a list of posts its parts are."""

    posts: Selectors = ()
    """A block for each post."""
    title: Selectors = ()
    """The links in a block, one of which leads to the post."""
    byline: Selectors = ()
    """The element of a block with the date."""
    column: Selectors = ()
    """The part of the page with the posts."""
    empty: str = ""
    """Words in the title of a list without posts, which distinguish it from one whose posts are not recognised."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gate:
    """The page with which a blog answers until it gets its cookie back."""

    longest: int = 0
    """Most characters that it has, without white space; 0 if a blog has no gate."""
    signs: tuple[str, ...] = ()
    """What it contains."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What distinguishes the reader's pages of one blog from another's: colours as `#1d4f73`, and a logo.

    Empty fields are derived from the blog's name and titles.
    """

    colour: str = ""
    """Background of the icon."""
    on_light: str = ""
    """Colour of links on light paper."""
    on_dark: str = ""
    """Colour of links on dark paper."""
    sign: str = ""
    """A character shown before the title."""
    drawing: str = ""
    """The logo on the icon as the data of an SVG path, drawn as a line in a square of 32; its character if empty."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A blog."""

    name: str
    """Its name in sentences; its WARC files are named after it."""
    titles: Mapping[str, str]
    """Its titles by language (BCP 47), its own language first."""
    origin: str
    """Scheme and host of every canonical address."""
    hosts: frozenset[str]
    """All its host names."""
    path: str = ""
    """Path below which all of the blog is: `/blog`; empty if it has its hosts to itself."""
    since: int
    """Year of its first post."""
    zone: str
    """Its time zone: an offset from UTC such as `+08:00`, or a name such as `Europe/Berlin`, with summer time."""
    offsets: bool = True
    """Whether the offsets in times on its pages are right; if not, the times are by its own clock."""
    language: str
    """Language of its posts, as biblatex names it."""
    citation_key: str
    """Prefix of the keys of its citations."""
    lists: tuple[str, ...] = ("lists", "furniture")
    """Where a crawl starts from, as in LISTS; with `index` it has the bundled curated index."""
    root: re.Pattern[str] = NOTHING
    """Beginning of a path that means nothing; this and the next three are also of paths below the blog's own."""
    never: re.Pattern[str] = NOTHING
    """Pattern in the path and query of addresses that are never asked for."""
    requisite: re.Pattern[str] = NOTHING
    """Path of the files that pages are built with, such as the theme's."""
    feed_of_all: re.Pattern[str] = NOTHING
    """Path of a feed of all posts or all comments; every page may have another one."""
    places: Places = field(default_factory=Places)
    addresses: tuple[Rule, ...]
    """Forms of addresses; the first that matches counts."""
    post: PostMarkup = field(default_factory=PostMarkup)
    page: PageMarkup = field(default_factory=PageMarkup)
    comments: CommentMarkup = field(default_factory=CommentMarkup)
    listing: ListMarkup = field(default_factory=ListMarkup)
    gate: Gate = field(default_factory=Gate)
    reader: Look = field(default_factory=Look)
    written: tuple[str, str] = field(init=False, repr=False)
    """Its TOML, and where that is from: another process makes the profile from it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return read, self.written

    @property
    def address(self) -> str:
        """Its address: `https://example.org/blog`, without a slash at the end."""
        return self.origin + self.path

    @property
    def title(self) -> str:
        """All its titles."""
        return "|".join(self.titles.values())

    @property
    def tongue(self) -> str:
        """Language of its posts (BCP 47): that of its first title."""
        return next(iter(self.titles))

    def selectors(self) -> Iterator[tuple[str, str]]:
        """Yield each selector, after the table and key it is in."""
        parts = {"post": self.post, "post.fields": self.post.fields, "page": self.page, "comments": self.comments}
        for table, part in {**parts, "listing": self.listing}.items():
            for key, kind in get_type_hints(type(part), include_extras=True).items():
                for selector in getattr(part, key) if kind == Selectors else ():
                    yield f"{table}.{key}", selector

    def rules(self, kind: str, *groups: str) -> Iterator[Rule]:
        """Yield the forms of a kind of address whose patterns have these groups."""
        return (each for each in self.addresses if each.kind == kind and {*groups} <= {*each.pattern.groupindex})


@cache  # results for addresses are kept by profile: the same text gives the same profile
def read(text: str, source: str) -> Profile:
    """Return the profile in a TOML file; `source` is named when it is wrong.

    Raises ProfileInvalid with what was expected and found, and where.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileInvalid(f"{source}: expected TOML, found: {error}") from error
    profile = _table(Profile, _whole(table, _KeyPath(source)), _KeyPath(source))
    _check(profile, _KeyPath(source))
    object.__setattr__(profile, "written", (text, source))
    return profile


def engines() -> list[str]:
    """Return the names of what a profile may extend."""
    return sorted(each.stem for each in ENGINES.glob("*.toml"))


def _whole(table: dict[str, Any], place: _KeyPath) -> dict[str, Any]:
    """Return a table completed from the engine that it extends."""
    if (name := table.pop("extends", None)) is None:
        return table
    file = ENGINES / f"{name}.toml"
    if name not in engines():
        raise place.at("extends").wrong(f"one of {', '.join(engines())}", repr(name))
    return _joined(table, _whole(tomllib.loads(file.read_text("utf-8")), _KeyPath(file.name)))


def _joined(own: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return a table merged over another: the first wins; its own forms of addresses come first."""
    joined = known | own
    for key in own.keys() & known.keys():
        if isinstance(own[key], dict) and isinstance(known[key], dict):
            joined[key] = _joined(own[key], known[key])
        elif key == "addresses" and isinstance(own[key], list):
            joined[key] = own[key] + known[key]
    return joined


@dataclass(frozen=True, slots=True)
class _KeyPath:
    """A place in a profile."""

    source: str
    path: str = ""

    def at(self, key: str | int) -> _KeyPath:
        step = f"[{key + 1}]" if isinstance(key, int) else f".{key}" if self.path else key
        return _KeyPath(self.source, f"{self.path}{step}")

    def wrong(self, expected: str, found: object) -> ProfileInvalid:
        shown = found if isinstance(found, str) else repr(found)
        return ProfileInvalid(f"{self.source}: {self.path or 'the file'}: expected {expected}, found {shown}")


def _table(kind: type[Value], table: object, place: _KeyPath) -> Value:
    """Return a value of a dataclass from a table that has its fields as keys."""
    if not isinstance(table, dict):
        raise place.wrong("a table", table)
    known: dict[str, Field[Any]] = {each.name: each for each in fields(kind) if each.init}  # type: ignore[arg-type]
    if unknown := [key for key in table if key not in known]:
        raise place.at(unknown[0]).wrong(f"one of {', '.join(known)}", f"the key {unknown[0]!r}")
    if missing := [name for name, each in known.items() if name not in table and not _has_default(each)]:
        raise place.wrong(f"the key {missing[0]!r}", "none")
    types = get_type_hints(kind)
    return kind(**{key: _value(types[key], value, place.at(key)) for key, value in table.items()})


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _value(kind: Any, value: object, place: _KeyPath) -> Any:
    if is_dataclass(kind):
        return _table(kind, value, place)  # type: ignore[arg-type]
    shape = get_origin(kind)
    if shape in (tuple, frozenset):
        if not isinstance(value, list):
            raise place.wrong("a list", value)
        return shape(_value(get_args(kind)[0], each, place.at(number)) for number, each in enumerate(value))
    if shape is re.Pattern:
        return _pattern(value, place)
    if shape is Mapping:
        if not isinstance(value, dict) or not value or not all(isinstance(each, str) for each in value.values()):
            raise place.wrong("a table of words", value)
        return dict(value)
    if type(value) is not kind:
        raise place.wrong({int: "a number", bool: "true or false"}.get(kind, "words in quotes"), value)
    return value


def _pattern(value: object, place: _KeyPath) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise place.wrong("a regular expression in quotes", value)
    try:
        return re.compile(value)
    except re.error as error:
        raise place.wrong("a regular expression", f"{value!r} ({error})") from error


_NEEDED = {"comments": ("page",), "category": ("slug", "page")}
"""Groups that the patterns of a kind must have: they identify its pages."""

_WANTED = {"catalogue": ("places", "catalogue"), "lists": ("places", "lists"), "category": ("listing", "posts")}
"""Table and key that a crawl needs to start from a list."""

_LONGEST_SIGN = 8  # code points: a flag or a family is one character of several

_COUNTED = ("author", "readers", "comment_counter")


def _check(profile: Profile, place: _KeyPath) -> None:
    """Raise ProfileInvalid for values that are valid on their own but do not fit together."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", profile.name):
        raise place.at("name").wrong(
            "a name of letters, digits, dots and hyphens: files are named after it", profile.name
        )
    try:
        clock(profile.zone)
    except ValueError as error:
        expected = "an offset from UTC such as +08:00, or the name of a zone such as Europe/Berlin"
        raise place.at("zone").wrong(expected, repr(profile.zone)) from error
    for number, path in enumerate(profile.places.lists):
        if not path.startswith("/"):
            raise place.at("places").at("lists").at(number).wrong("a path such as /sitemap.xml", repr(path))
    for number, path in enumerate(profile.places.dated):
        _check_groups(path, {"year", "month"}, place.at("places").at("dated").at(number))
    if profile.places.most_pages < 1:
        raise place.at("places").at("most_pages").wrong("a number above zero", profile.places.most_pages)
    host = urlsplit(profile.origin).hostname
    if not re.fullmatch(r"https?://[^/?#@]+", profile.origin):
        raise place.at("origin").wrong("an origin such as https://example.org", profile.origin)
    if host not in profile.hosts:
        raise place.at("hosts").wrong(f"{host} of the origin among them", ", ".join(sorted(profile.hosts)))
    if unknown := [name for name in profile.lists if name not in LISTS]:
        raise place.at("lists").wrong(f"some of {', '.join(LISTS)}", repr(unknown[0]))
    if not re.fullmatch(r"(?:/[^/?#]+)*", profile.path):
        raise place.at("path").wrong("a path without a slash at its end, such as /blog", profile.path)
    for number, rule in enumerate(profile.addresses):
        _check_rule(rule, place.at("addresses").at(number))
    if "post" not in {rule.kind for rule in profile.addresses}:
        raise place.at("addresses").wrong("a form of the addresses of 'post'", "none")
    if any(profile.rules("comments", "post")) and not any(profile.rules("post", "post")):
        raise place.at("addresses").wrong("a form of the addresses of 'post' with a group (?P<post>...)", "none")
    for name, (part, key) in _WANTED.items():
        if name in profile.lists and not getattr(getattr(profile, part), key):
            instead = ' (or `lists = ["furniture"]` at the top of the file: a crawl by links alone)'
            expected = f"what {name!r} of `lists` asks for" + (instead if name == "lists" else "")
            raise place.at(part).at(key).wrong(expected, "none")
    if not {"id", "place"} & {*profile.comments.mark.groupindex}:
        expected = "a group (?P<id>...) or (?P<place>...)"
        raise place.at("comments").at("mark").wrong(expected, profile.comments.mark.pattern)
    for name in _COUNTED:
        if not getattr(profile.post, name).groups:
            raise place.at("post").at(name).wrong("a group in brackets around what is meant", "none")
    _check_look(profile.reader, place.at("reader"))


def _check_look(look: Look, place: _KeyPath) -> None:
    for name in ("colour", "on_light", "on_dark"):
        if not re.fullmatch("(?:#[0-9A-Fa-f]{6})?", getattr(look, name)):
            raise place.at(name).wrong("a colour such as #1d4f73", repr(getattr(look, name)))
    if len(look.sign) > _LONGEST_SIGN or not look.sign.isprintable():
        raise place.at("sign").wrong("a character", repr(look.sign))
    if not re.fullmatch("[MmZzLlHhVvCcSsQqTtAa0-9., -]*", look.drawing):
        raise place.at("drawing").wrong("the data of an SVG path", repr(look.drawing))


def _check_rule(rule: Rule, place: _KeyPath) -> None:
    if rule.kind not in KINDS:
        raise place.at("kind").wrong(f"one of {', '.join(KINDS)}", repr(rule.kind))
    groups = set(rule.pattern.groupindex)
    if rule.kind == "comments" and not groups & {"post", "whose"}:
        raise place.at("pattern").wrong("a group (?P<post>...) or (?P<whose>...)", rule.pattern.pattern)
    if lost := [name for name in _NEEDED.get(rule.kind, ()) if name not in groups]:
        raise place.at("pattern").wrong(f"a group (?P<{lost[0]}>...)", rule.pattern.pattern)
    if (rule.kind in _NEEDED or "post" in groups) and not rule.canonical:
        raise place.at("canonical").wrong("the one spelling of these addresses", "none")
    for name in ("canonical", "further"):
        _check_groups(getattr(rule, name), groups, place.at(name))


def _check_groups(template: str, known: set[str], place: _KeyPath) -> None:
    try:
        used = {group for _, group, _, _ in Formatter().parse(template) if group is not None}
    except ValueError as error:
        raise place.wrong("braces in pairs", f"{template!r} ({error})") from error
    if strange := sorted(used - known):
        raise place.wrong(f"none but {', '.join(sorted(known)) or 'nothing'} in braces", repr(strange[0]))
