"""Atom: a feed of new posts, and one of changes to old ones (RFC 4287).

What a feed reader of the blog itself never shows is that a post of years ago was corrected; the second feed does, the
changed formulas first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from archiver.dates import clock
from archiver.export.folder import replacing_folder
from archiver.export.notice import Notice, notice
from archiver.export.rows import Step
from archiver.profile import Profile
from archiver.store.library import Library
from archiver.store.values import Post, Revision
from archiver.text import xhtml
from archiver.text.diff import Difference, Segment, compare
from archiver.urls import Site

MOST = 50
"""Entries of a feed."""

_ATOM = "http://www.w3.org/2005/Atom"
_EPOCH = "1970-01-01T00:00:00Z"
_TAGS = {"delete": "del", "insert": "ins"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    id: str
    title: str
    url: str
    author: str
    updated: str
    published: str
    html: str


def write(library: Library, target: Path, step: Step) -> None:
    """Write a folder with `new.xml`, the posts published last, and `changes.xml`, the latest changes.

    Posts have all of their text; formulas are TeX, as on the blog.

    Raises as `replacing_folder` does.
    """
    profile = library.site.profile
    said = notice(library.posts(), profile)
    changes: list[_Entry] = []
    new: list[_Entry] = []
    for post in library.posts():
        revisions = [one for one in library.revisions(post.id) if one.status == "good"]
        new.append(_new(post, library.site))
        changes += (_change(post, before, after, library.site) for before, after in pairwise(revisions))
        changes = _latest(changes)
        step()
    newest = sorted(new, key=lambda entry: (entry.published, entry.id), reverse=True)[:MOST]
    with replacing_folder(target) as folder:
        folder.write("new.xml", _feed("new", "new posts", said, newest, profile))
        folder.write("changes.xml", _feed("changes", "changes to posts", said, changes, profile))


def _latest(entries: Iterable[_Entry]) -> list[_Entry]:
    return sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)[:MOST]


def _tag(profile: Profile, path: str) -> str:
    """Return an identifier for good (RFC 4151)."""
    return f"tag:{urlsplit(profile.origin).hostname},{profile.since}:{path}"


def _new(post: Post, site: Site) -> _Entry:
    text = xhtml.tree(post.markdown, str, str, mathml=False)
    return _Entry(
        id=_tag(site.profile, site.path(post.url).lstrip("/")),
        title=post.title,
        url=post.url,
        author=post.author,
        updated=post.first_seen_at,
        published=_midnight(post.published_on, site.profile) if post.published_on else post.first_seen_at,
        html=etree.tostring(text, encoding="unicode"),
    )


def _midnight(day: str, profile: Profile) -> str:
    return datetime.fromisoformat(day).replace(tzinfo=clock(profile.zone)).isoformat()


def _change(post: Post, before: Revision, after: Revision, site: Site) -> _Entry:
    title = f"{before.title} → {after.title}" if before.title != after.title else after.title
    return _Entry(
        id=_tag(site.profile, f"{site.path(post.url).strip('/')}/{after.seen_at}"),
        title=title,
        url=post.url,
        author=post.author,
        updated=after.seen_at,
        published=after.seen_at,
        html="".join(_changes(compare(before.markdown, after.markdown))) or "<p>Only markup or metadata changed.</p>",
    )


def _changes(difference: Difference) -> Iterator[str]:
    for change in difference.formulas:
        yield f"<p><code>{_marked(change.segments)}</code></p>"
    for hunk in difference.hunks():
        yield f"<p>… {_marked(hunk)} …</p>"


def _marked(segments: Iterable[Segment]) -> str:
    return "".join(
        f"<{tag}>{escape(segment.text)}</{tag}>" if (tag := _TAGS.get(segment.kind)) else escape(segment.text)
        for segment in segments
    )


def _feed(name: str, what: str, said: Notice, entries: list[_Entry], profile: Profile) -> bytes:
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    _add(feed, "id", _tag(profile, f"archive/{name}"))
    _add(feed, "title", f"{said.title}: {what}")
    _add(feed, "updated", max((entry.updated for entry in entries), default=said.archived_until or _EPOCH))
    _add(etree.SubElement(feed, f"{{{_ATOM}}}author"), "name", said.author or said.title)
    _add(feed, "link", href=said.source)
    _add(feed, "rights", f"{said.license} {said.license_url}".strip())
    for entry in entries:
        _entry(etree.SubElement(feed, f"{{{_ATOM}}}entry"), entry)
    return etree.tostring(feed, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _entry(element: etree._Element, entry: _Entry) -> None:
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "link", href=entry.url)
    _add(element, "updated", entry.updated)
    _add(element, "published", entry.published)
    _add(etree.SubElement(element, f"{{{_ATOM}}}author"), "name", entry.author)
    _add(element, "content", entry.html, type="html")


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> None:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    if text is not None:
        element.text = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
