"""Files that list the blogs of a fleet, in TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver import sites
from archiver.config import without_secrets
from archiver.errors import UsageError
from archiver.fleet.blogs import EVERY, Blog, check_name
from archiver.pages import selectors
from archiver.schedule.durations import parse_duration

Check = Callable[[Sequence[str]], str]
"""Checks arguments for `archiver crawl`, and returns the origin to fetch from that they name, or nothing."""

_DEFAULTS: dict[str, type] = {"every": str, "warc": str, "options": list}
_OWN: dict[str, type] = {"name": str, "url": str, "profile": str} | _DEFAULTS
_KINDS: dict[type, str] = {str: "text in quotes", list: "a list of words in quotes"}


def read(file: Path, check: Check) -> list[Blog]:
    """Return the blogs that a file lists, in its order; raise UsageError for a file of any other form.

    Profiles are looked for next to the file.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected TOML in UTF-8, found: {error}") from error
    entries = table.pop("blog", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise UsageError(f"{file}: expected a [[blog]] for each blog, found none")
    _expect(table, _DEFAULTS, str(file))
    blogs: list[Blog] = []
    for number, entry in enumerate(entries, 1):
        where = f"{file}: blog {number}"
        _expect(entry, _OWN, where)
        blogs.append(_entry(where, table | entry, check, file.parent, below="warc" not in entry))
    for name in ("name", "url"):
        values = [getattr(each, name) for each in blogs]
        if double := next((each for each in values if values.count(each) > 1), None):
            raise UsageError(f"{file}: expected blogs with a {name} each, found {double} twice")
    return blogs


def of(
    where: str,
    check: Check,
    folder: Path,
    *,
    url: str,
    name: str = "",
    every: str = "",
    profile: str = "",
    options: Sequence[str] = (),
    warc: str = "",
) -> Blog:
    """Return a blog as a person described it; `where` begins the messages of faults, raised as UsageError."""
    parts = _address(where, url)
    try:
        base = check(options) or f"{parts.scheme}://{parts.netloc}"
        called = name or _name(url)
        check_name(called)
        length = parse_duration(every) if every else EVERY
        text = _profile(profile, url, folder)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    if warc and "://" not in warc:
        raise UsageError(f"{where}: expected a URL of object storage such as s3://bucket/prefix, found {warc!r}")
    return Blog(
        name=called,
        url=url,
        base=base,
        profile=text,
        every=length,
        options=tuple(options),
        warc=warc.rstrip("/") or None,
    )


def _entry(where: str, table: dict[str, Any], check: Check, folder: Path, *, below: bool) -> Blog:
    """Return the blog of a table; `below` says that its records go below a URL common to all."""
    if "url" not in table:
        raise UsageError(f"{where}: expected a url, found none")
    found = of(where, check, folder, **table)
    return replace(found, warc=f"{found.warc}/{found.name}") if below and found.warc else found


def _expect(table: dict[str, Any], known: dict[str, type], where: str) -> None:
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}: expected some of {', '.join(known)}, found {key}")
        words = value if isinstance(value, list) else [value]
        if not isinstance(value, known[key]) or not all(isinstance(each, str) for each in words):
            raise UsageError(f"{where}: {key}: expected {_KINDS[known[key]]}, found {value!r}")


def _address(where: str, url: str) -> Any:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:  # invalid brackets or port
        whole = False
    if not whole or parts.username is not None:
        raise UsageError(
            f"{where}: expected the address of a blog, such as https://example.org/, found {without_secrets(url)!r}"
        )
    return parts


def _name(url: str) -> str:
    """Return a name for a blog from its address: `example_org_blog`."""
    parts = urlsplit(url)
    words = re.findall(r"[a-z0-9]+", f"{parts.netloc.removeprefix('www.')}{parts.path}".lower())
    name = "_".join(words)
    return (name if name[:1].isalpha() else f"blog_{name}")[:32].rstrip("_")


def _profile(given: str, url: str, folder: Path) -> str | None:
    """Return the text of a profile, from a file or a bundled one; None when it is to be found out."""
    host = urlsplit(url).hostname
    if given and (file := folder / given).is_file():
        known = sites.in_file(file)
    elif given:
        known = sites.bundled(given)
    elif host in sites.first().hosts:
        known = sites.first()
    else:
        return None
    if host not in known.hosts:
        raise UsageError(f"profile: expected that of {url}, found that of {known.origin}")
    selectors.check(known)
    return known.written[0]
