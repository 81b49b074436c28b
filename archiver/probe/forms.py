"""Forms of the addresses of posts, derived from examples: `/2021/11/12/git-for-notes/` is one of many."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import unquote

MOST_NAMES = 6
"""Number of different names in one place of an address up to which they are parts of the site, not of each post."""

LEAST_EACH = 3
"""Addresses that each such name must have on average."""

RESERVED = (
    "404", "about", "admin", "archive", "archives", "assets", "atom", "author", "authors", "categories", "category",
    "comments", "contact", "css", "feed", "feeds", "fonts", "friends", "images", "img", "js", "lib", "links",
    "login", "pages", "rss", "search", "series", "sitemap", "static", "tag", "tags", "topics", "uploads",
    "wp-admin", "wp-content", "wp-includes", "wp-json", "xmlrpc",
)  # fmt: skip
"""First parts of paths at which engines have something other than posts."""

OVERVIEWS = ("all", "all-posts", "archive", "archives", "articles", "blog", "essays", "notes", "posts", "writing")
"""Last parts of paths at which blogs have a page that links all their posts."""

_FOLDERS = frozenset({"articles", "blog", "essays", "notes", "posts", "writing"})
"""Names of folders that blogs keep their posts in."""

_LISTS = ("all", "all-posts", "archive", "archives", "categories", "category", "page", "tag", "tags")
"""Last parts of paths at which there are lists, in the folder of the posts as well."""

_OF_PAGES = r"(?:19|20)\d\d|(?:index|page)-?\d*"
"""Names of lists of a year, and of further pages of lists."""

_NO_INDEX = r"(?!index\.html?\Z)"
"""Keeps the last part of an address from being the page of the folder before it."""

_LANGUAGE = re.compile(r"/[a-z]{2}(?:-[A-Za-z]{2,4})?(?=/)")
"""The folder of a translation, as most engines name it: a language, and where it is spoken (BCP 47)."""

_LONGEST_NUMBER = 9
_NO_FOLDER = r"(?!(?:.*/)?index\.html?\Z)"
"""Keeps a group for a folder from matching one of the pages in it."""
_DATE = re.compile(r"/(?:19|20)\d\d(?:-\d\d){2}-[^/]|/(?:19|20)\d\d/(?:\d\d/){0,2}[^/]*[^\d/]")
"""A day before a name, or a year above one."""

_HTML = ".html"
_ENDINGS = ("/index.html", "/index.htm")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """A form of addresses, as a rule of a profile has it."""

    pattern: str
    canonical: str
    example: str
    posts: int
    """How many of the examples have this form."""


class _AddressShape(NamedTuple):
    """What addresses of one form have in common."""

    parts: tuple[str, ...]
    """Of each part of the path: `year`, `two` digits, `number`, or `name`."""
    ending: str
    """Of the last part: a suffix such as `.html`, or a slash, or nothing."""


def forms(paths: Collection[str], *, twins: bool = False) -> tuple[AddressForm, ...]:
    """Return the forms of addresses of posts, the most frequent first, that fit all of these paths.

    Paths are those of canonical addresses, below the path of the blog. The front page is not one. With `twins` each
    page is known with and without `.html` at its end.
    """
    found: defaultdict[_AddressShape, list[str]] = defaultdict(list)
    for path in paths:
        if path.strip("/"):
            found[_shape(path)].append(path)
    known: dict[str, AddressForm] = {}
    for shape, examples in found.items():
        form = _form(shape, examples, twins=twins)
        before = known.get(form.pattern)
        known[form.pattern] = replace(before, posts=before.posts + form.posts) if before else form
    return tuple(sorted(known.values(), key=lambda form: -form.posts))


def twins(paths: Collection[str], known: Collection[str]) -> set[str]:
    """Return those of some paths that equal known ones except for `.html` at the end, spelt like the known ones.

    GitHub Pages and others answer to both. Empty unless one of them is a known one with another spelling.
    """
    spelt = set(map(_turned, paths))
    if spelt.isdisjoint(known):
        return set()
    patterns = [re.compile(form.pattern) for form in forms(known)]
    return {path for path in spelt if any(pattern.fullmatch(path) for pattern in patterns)}


def _turned(path: str) -> str:
    """Return a path with `.html` at its end where it has none, and without where it has."""
    return path.removesuffix(_HTML) if path.endswith(_HTML) else path.rstrip("/") + _HTML


def alike(paths: Collection[str], known: Collection[str]) -> set[str]:
    """Return those of some paths that have dates where known ones do: only posts have forms with dates."""
    dated = {shape for shape in map(_shape, known) if "year" in shape.parts}
    return {path for path in paths if path.strip("/") and _shape(path) in dated}


def translated(paths: Collection[str], known: Collection[str]) -> set[str]:
    """Return those of some paths that are in the folder of known ones, in that of a language."""
    folders = {path.rstrip("/").rpartition("/")[0] for path in known} - {""}
    return {path for path in paths if (found := _LANGUAGE.match(path)) and _lies_in(path[found.end() :], folders)}


def _lies_in(path: str, folders: Collection[str]) -> bool:
    above, _, name = path.rstrip("/").rpartition("/")
    return bool(name) and above in folders


def in_folders(paths: Collection[str]) -> set[str]:
    """Return those of some paths that are in a folder called after posts, and name no list, where there are several."""
    found = {path for path in paths if not _FOLDERS.isdisjoint(stem(path).split("/")[:-1]) and not _names_list(path)}
    return found if len(found) >= LEAST_EACH else set()


def _names_list(path: str) -> bool:
    parts = stem(path).split("/")
    return not set(_LISTS).isdisjoint(parts[-2:]) or re.fullmatch(_OF_PAGES, parts[-1]) is not None


def without_pages(posts: Collection[str], menu: Collection[str]) -> set[str]:
    """Return what a list names, but not what menus link, if its address is unlike those of all the rest.

    Hugo's feeds name pages too.
    """
    linked = set(map(stem, menu))
    shapes = {_shape(path) for path in posts if stem(path) not in linked}
    return {path for path in posts if not shapes or _shape(path) in shapes}


def dated(paths: Collection[str]) -> set[str]:
    """Return those of some paths that have a date in them, where most do; what is below another belongs to it.

    WordPress has pages of pictures below posts.
    """
    found = {path for path in paths if _DATE.search(path)}
    own = {path for path in found if found.isdisjoint(_above(path))}
    return own if 2 * len(found) > len(paths) else set()


def stem(path: str) -> str:
    """Return a path without what is only spelling: the suffix of a page, or the slash of a folder."""
    return _split(path)[0].rstrip("/")


def _above(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, the outermost first."""
    parts = path.rstrip("/").split("/")
    return ("/".join(parts[:end]) + "/" for end in range(2, len(parts)))


def _shape(path: str) -> _AddressShape:
    bare, ending = _split(path)
    return _AddressShape(tuple(map(_kind, bare.strip("/").split("/"))), ending)


def _split(path: str) -> tuple[str, str]:
    for ending in _ENDINGS:
        if path.endswith(ending):
            return path.removesuffix(ending), "/"
    found = re.search(r"\.[A-Za-z]{3,5}\Z|/\Z", path)
    return (path[: found.start()], found[0]) if found else (path, "")


def _kind(part: str) -> str:
    if re.fullmatch(r"(?:19|20)\d\d", part):
        return "year"
    if re.fullmatch(r"\d\d", part):
        return "two"
    return "number" if re.fullmatch(r"[1-9]\d{0,8}", part) else "name"


_PATTERNS = {"year": r"(?:19|20)\d\d", "two": r"\d\d", "number": r"[1-9]\d{0,8}", "name": r"[^/]+"}


def _form(shape: _AddressShape, examples: list[str], *, twins: bool) -> AddressForm:
    columns = list(zip(*(_split(path)[0].strip("/").split("/") for path in examples), strict=True))
    parts = list(_patterns(shape, columns))
    ending = re.escape(shape.ending)
    example = examples[0]
    if _is_number(shape, columns):
        before = "".join(f"/{part}" for part in parts[:-1])
        kept = "/".join(["", *(column[0] for column in columns[:-1])])
        return AddressForm(
            f"{before}/(?P<post>[1-9]\\d{{0,{_LONGEST_NUMBER - 1}}}){_tail(shape)}", f"{kept}/{{post}}{shape.ending}",
            example, len(examples),
        )  # fmt: skip
    twins = twins and shape.ending in ("", _HTML)
    inside = _unreserved(shape, columns, parts[0], twins=twins) + "/".join(parts)
    if twins:
        return AddressForm(rf"/(?P<name>{inside})(?:\.html)?", f"/{{name}}{shape.ending}", example, len(examples))
    if shape.ending in ("", "/"):
        return AddressForm(f"/(?P<name>{inside}){_tail(shape)}", f"/{{name}}{shape.ending}", example, len(examples))
    return AddressForm(f"/(?P<name>{_NO_FOLDER}{inside}{ending})", "/{name}", example, len(examples))


def _tail(shape: _AddressShape) -> str:
    """Return what may follow the last part: other spellings of the same address."""
    return r"(?:/(?:index\.html?)?)?" if shape.ending in ("", "/") else re.escape(shape.ending)


def _is_number(shape: _AddressShape, columns: list[tuple[str, ...]]) -> bool:
    """Whether the last part of an address is the number of the post, behind parts that are always the same."""
    fixed = all(len(set(column)) == 1 for column in columns[:-1])
    return shape.parts[-1] in ("number", "two", "year") and fixed and "year" not in shape.parts[:-1]


def _patterns(shape: _AddressShape, columns: list[tuple[str, ...]]) -> Iterator[str]:
    for place, (kind, column) in enumerate(zip(shape.parts, columns, strict=True)):
        names = sorted(set(column))
        last = place == len(columns) - 1
        few = len(names) <= MOST_NAMES and len(column) >= LEAST_EACH * len(names)
        few |= len(names) == 1 < len(column) and names[0] in OVERVIEWS
        if kind != "name" or last or not few:
            yield _PATTERNS[kind] if kind != "name" or not last else _last(shape, columns)
        else:
            yield re.escape(names[0]) if len(names) == 1 else f"(?:{'|'.join(map(re.escape, names))})"


def _unreserved(shape: _AddressShape, columns: list[tuple[str, ...]], first: str, *, twins: bool) -> str:
    """Return what keeps a form from fitting everything, if its `first` part may be anything."""
    if any(kind in ("year", "number") for kind in shape.parts) or (len(columns) > 1 and first != _PATTERNS["name"]):
        return ""
    others = "|".join(re.escape(name) for name in (*RESERVED, *_LISTS[:2]) if name not in columns[0])
    own = r"(?!html\Z)" if twins else ""
    suffixes = rf"|[^/]+\.{own}[A-Za-z0-9]{{2,5}}/?\Z" if twins or shape.ending in ("", "/") else ""
    return rf"(?!(?:{others}|{_OF_PAGES})(?:[/.]|\Z){suffixes})"


def _last(shape: _AddressShape, columns: list[tuple[str, ...]]) -> str:
    """Return the pattern of the names of posts; their folder may also hold lists, of a year or with their own name."""
    if not _is_folder(columns) or "year" in shape.parts:
        return _NO_INDEX + "[^/]+?"
    lists = "|".join(name for name in _LISTS if name not in columns[-1])
    return rf"(?!(?:{lists}|{_OF_PAGES})(?:[/.]|\Z))[^/]+?"


def _is_folder(columns: list[tuple[str, ...]]) -> bool:
    """Return whether all addresses begin with the same part."""
    return len(set(columns[0])) == 1 < len(columns)


def words(path: str) -> str:
    """Return the last part of a path, as people read it."""
    return unquote(_split(path)[0].rstrip("/").rsplit("/", 1)[-1])
