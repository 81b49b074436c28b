"""Atom: a feed of new posts, and one of changes to old ones (RFC 4287).

The blog's own feed never shows that a post from years ago was corrected; the second feed does, the
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
from archiver.export.notice import Attribution, notice
from archiver.export.rows import Step
from archiver.profile import Profile
from archiver.store.library import Library
from archiver.store.values import Post, Revision
from archiver.text import xhtml
from archiver.text.diff import Difference, DiffSegment, compare
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

    Raises as `replacing_folder` does.
    """
    said = notice(_stepping(library.posts(), step), library.site.profile)
    with replacing_folder(target) as folder:
        folder.write("new.xml", new_posts(library, said))
        folder.write("changes.xml", changes(library, said))


def new_posts(library: Library, said: Attribution | None = None) -> bytes:
    """Return the feed of the posts published last, with their full text; formulas are TeX, as on the blog.

    `said` is the notice of the archive, or that of these posts where none is given.
    """
    profile = library.site.profile
    rows = library.query("SELECT id, url, published_on, first_seen_at FROM posts").rows
    dated = [(_published(day, seen, profile), _post_id(url, library.site), number) for number, url, day, seen in rows]
    posts = list(library.posts([number for _, _, number in sorted(dated, reverse=True)[:MOST]]))
    entries = [_new(post, library.site) for post in posts]
    return _feed("new", "new posts", said or notice(posts, profile), entries, profile)


def changes(library: Library, said: Attribution | None = None) -> bytes:
    """Return the feed of the latest changes to posts, formulas first; `said` as for `new_posts`."""
    profile = library.site.profile
    # The latest changes are in the posts that changed last.
    rows = library.query(
        "SELECT post_id FROM post_revisions WHERE status = 'good' GROUP BY post_id HAVING count(*) > 1 "
        "ORDER BY max(seen_at) DESC LIMIT :most",
        {"most": MOST},
    ).rows
    posts = list(library.posts([number for (number,) in rows]))
    found: list[tuple[str, str, Post, Revision, Revision]] = []
    for post in posts:
        good = [one for one in library.revisions(post.id) if one.status == "good"]
        found += [(b.seen_at, _change_id(post, b, library.site), post, a, b) for a, b in pairwise(good)]
    latest = sorted(found, key=lambda one: one[:2], reverse=True)[:MOST]
    entries = [_change(post, before, after, library.site) for _, _, post, before, after in latest]
    return _feed("changes", "changes to posts", said or notice(posts, profile), entries, profile)


def _stepping(posts: Iterable[Post], step: Step) -> Iterator[Post]:
    for post in posts:
        yield post
        step()


def _tag(profile: Profile, path: str) -> str:
    """Return a permanent identifier (RFC 4151)."""
    return f"tag:{urlsplit(profile.origin).hostname},{profile.since}:{path}"


def _new(post: Post, site: Site) -> _Entry:
    text = xhtml.tree(post.markdown, str, str, mathml=False)
    return _Entry(
        id=_post_id(post.url, site),
        title=post.title,
        url=post.url,
        author=post.author,
        updated=post.first_seen_at,
        published=_published(post.published_on, post.first_seen_at, site.profile),
        html=etree.tostring(text, encoding="unicode"),
    )


def _post_id(url: str, site: Site) -> str:
    return _tag(site.profile, site.path(url).lstrip("/"))


def _change_id(post: Post, after: Revision, site: Site) -> str:
    return _tag(site.profile, f"{site.path(post.url).strip('/')}/{after.seen_at}")


def _published(day: str | None, first_seen_at: str, profile: Profile) -> str:
    """Return when a post was published: at the beginning of its day by the clock of the blog, or when first seen."""
    return datetime.fromisoformat(day).replace(tzinfo=clock(profile.zone)).isoformat() if day else first_seen_at


def _change(post: Post, before: Revision, after: Revision, site: Site) -> _Entry:
    title = f"{before.title} → {after.title}" if before.title != after.title else after.title
    return _Entry(
        id=_change_id(post, after, site),
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


def _marked(segments: Iterable[DiffSegment]) -> str:
    return "".join(
        f"<{tag}>{escape(segment.text)}</{tag}>" if (tag := _TAGS.get(segment.kind)) else escape(segment.text)
        for segment in segments
    )


def _feed(name: str, what: str, said: Attribution, entries: list[_Entry], profile: Profile) -> bytes:
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
