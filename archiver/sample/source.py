"""What the sample blog is made of: posts, comments, files and templates, read from the package or the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archiver.bundled import sample_folder

MORE = "<!--more-->"
"""Marks the end of a post's excerpt; invisible on the page of the post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleComment:
    """One comment as it is stored."""

    id: int
    parent: int | None
    author: str
    url: str | None
    date: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePage:
    """An independent page, with its text and comments, as it is stored; `body` is the author's HTML.

    An address such as `/me.html` is its `path`.
    """

    id: int
    title: str
    body: str
    path: str
    comments: tuple[SampleComment, ...] = ()

    @property
    def threads(self) -> tuple[SampleComment, ...]:
        """Top-level comments, oldest first."""
        return self.replies(None)

    def replies(self, parent: int | None) -> tuple[SampleComment, ...]:
        """Return the comments below another one, oldest first."""
        return tuple(comment for comment in self.comments if comment.parent == parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePost(SamplePage):
    """One post as it is stored; its `body` has no heading anchors and no footer."""

    path: str = ""
    date: str
    categories: tuple[str, ...]
    """Slugs."""
    tags: tuple[str, ...]
    readers: int

    @property
    def excerpt(self) -> str:
        """The body up to its more mark."""
        return self.body.partition(MORE)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSource:
    """Everything the sample blog serves, before it is rendered."""

    name: str
    owner: str
    about: str
    categories: dict[str, str]
    """Slug to name, in menu order."""
    attachments: dict[int, tuple[str, str]]
    """Id of an attachment page to file name and address of the picture it shows."""
    posts: tuple[SamplePost, ...]
    """Newest first."""
    pages: tuple[SamplePage, ...]
    """Independent pages."""
    files: dict[str, bytes]
    """Path to bytes: pictures, style sheet, scripts."""
    templates: dict[str, str]

    def post(self, post_id: int) -> SamplePost | None:
        """Return the post with this id, or None."""
        return next((post for post in self.posts if post.id == post_id), None)

    def page(self, path: str) -> SamplePage | None:
        """Return the independent page at this path, or None."""
        return next((page for page in self.pages if page.path == path), None)

    def edited(self, post_id: int, **changes: Any) -> SampleSource:
        """Return the blog after an edit of one post; KeyError when there is no such post."""
        if self.post(post_id) is None:
            raise KeyError(post_id)
        posts = (replace(post, **changes) if post.id == post_id else post for post in self.posts)
        return replace(self, posts=tuple(posts))

    def published(self, post: SamplePost) -> SampleSource:
        """Return the blog with one more post."""
        return replace(self, posts=_newest_first([*self.posts, post]))

    def deleted(self, post_id: int) -> SampleSource:
        """Return the blog without one post."""
        return replace(self, posts=tuple(post for post in self.posts if post.id != post_id))


def load(folder: Path | None = None) -> SampleSource:
    """Read the sample blog from `folder`, or from where it is bundled."""
    folder = folder or sample_folder()
    blog = json.loads(_text(folder / "blog.json"))
    return SampleSource(
        name=blog["name"],
        owner=blog["owner"],
        about=blog["about"],
        categories=blog["categories"],
        attachments={int(number): (name, path) for number, (name, path) in blog["attachments"].items()},
        posts=_newest_first(_posts(folder)),
        pages=tuple(_pages(folder)),
        files={path: entry.read_bytes() for path, entry in _walk(folder / "files", "")},
        templates={entry.name: _text(entry) for entry in (folder / "theme").iterdir()},
    )


def parse_post(post_id: int, text: str, comments: tuple[SampleComment, ...] = ()) -> SamplePost:
    """Return the post in a source file: lines `name: value`, an empty line, then the HTML of the body."""
    fields, body = _parted(text)
    return SamplePost(
        id=post_id,
        title=fields["title"],
        date=fields["date"],
        categories=tuple(fields["categories"].split(", ")),
        tags=tuple(tag for tag in fields.get("tags", "").split(", ") if tag),
        readers=int(fields["readers"]),
        body=body,
        comments=comments,
    )


def _parted(text: str) -> tuple[dict[str, str], str]:
    """Return the fields and the body of a source file."""
    head, _, body = text.partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()), body.strip("\n")


def _posts(folder: Path) -> list[SamplePost]:
    sources = sorted((folder / "posts").iterdir(), key=lambda entry: entry.name)
    return [
        parse_post(int(entry.name[:4]), _text(entry), _comments(folder / "comments" / f"{entry.name[:4]}.json"))
        for entry in sources
    ]


def _pages(folder: Path) -> Iterator[SamplePage]:
    for entry in sorted((folder / "pages").iterdir(), key=lambda entry: entry.name):
        fields, body = _parted(_text(entry))
        yield SamplePage(
            id=int(entry.name[:4]),
            title=fields["title"],
            path=fields["path"],
            body=body,
            comments=_comments(folder / "comments" / f"{entry.name[:4]}.json"),
        )


def _comments(entry: Path) -> tuple[SampleComment, ...]:
    if not entry.is_file():
        return ()
    return tuple(
        SampleComment(
            id=comment["id"],
            parent=comment.get("parent"),
            author=comment["author"],
            url=comment.get("url"),
            date=comment["date"],
            html=comment["html"],
        )
        for comment in json.loads(_text(entry))
    )


def _newest_first(posts: list[SamplePost]) -> tuple[SamplePost, ...]:
    return tuple(sorted(posts, key=lambda post: (post.date, post.id), reverse=True))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, path)
        else:
            yield path, entry


def _text(entry: Path) -> str:
    return entry.read_text(encoding="utf-8")
