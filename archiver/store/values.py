"""What a library hands out: frozen values, with the columns of the tables they come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post in its current revision; the columns of `posts` that say something about it."""

    id: int
    title: str
    url: str
    author: str
    published_on: str | None
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    markdown: str
    text: str
    license: str | None
    license_url: str | None
    reader_count: int | None
    comment_count: int | None
    status: str
    first_seen_at: str
    last_seen_at: str
    last_changed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment, also one that is gone; see the table `comments`."""

    id: int
    post_id: int
    parent_id: int | None
    author: str
    author_url: str | None
    is_owner: bool
    is_trackback: bool
    published_on: str | None
    markdown: str
    text: str
    first_seen_at: str
    last_seen_at: str
    deleted_at: str | None
    quotes_id: int | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRevision:
    """A former wording of a comment; see the table `comment_revisions`."""

    comment_id: int
    seen_at: str
    replaced_at: str
    author: str
    markdown: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula of a post; see the table `formulas`."""

    post_id: int
    position: int
    display: bool
    environment: str | None
    label: str | None
    tag: str | None
    tex: str
    provenance: str
    converter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An independent page in its present wording; see the table `pages`."""

    id: int
    title: str
    url: str
    markdown: str
    text: str
    first_seen_at: str
    last_seen_at: str
    last_changed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageComment:
    """A comment under a page, also one that is gone; see the table `page_comments`."""

    page_id: int
    id: int
    parent_id: int | None
    author: str
    author_url: str | None
    is_owner: bool
    is_trackback: bool
    published_on: str | None
    markdown: str
    text: str
    first_seen_at: str
    last_seen_at: str
    deleted_at: str | None
    quotes_id: int | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFormula:
    """A formula of a page; see the table `page_formulas`."""

    page_id: int
    position: int
    display: bool
    environment: str | None
    label: str | None
    tag: str | None
    tex: str
    provenance: str
    converter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A linked file that is not a picture; see the table `files`."""

    url: str
    content_type: str
    size: int
    sha256: str
    first_seen_at: str
    last_seen_at: str
    posts: tuple[int, ...]
    """The posts that link it, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of a post; see the table `images`."""

    post_id: int
    position: int
    url: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPicture:
    """A picture whose bytes are in pages themselves; see the table `embedded_pictures`."""

    url: str
    media_type: str
    size: int
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One seen version of a post; see the table `post_revisions`."""

    id: int
    post_id: int
    seen_at: str
    title: str
    markdown: str
    text: str
    status: str
    issues: tuple[str, ...]
    current: bool
    """Whether it is the version the post shows now."""
    lost: bool
    """Whether the record it was read from is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPost:
    """A post in a series or topic, or one that cites or is cited."""

    post_id: int
    title: str
    label: str = ""
    """Its number as the title writes it, in a series that has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostGroup:
    """A series, or a topic of the curated index, with the posts the archive holds of it, in order."""

    id: int
    name: str
    entries: tuple[RelatedPost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLocation:
    """Where the bytes of an address are: a record of a WARC file."""

    url: str
    fetched_at: str
    content_type: str
    warc_file: str
    warc_offset: int
