"""Tables of the archive, typed and described.

Descriptions of tables (`info["about"]`) and columns (`doc`) are what `archiver sql --schema` and `docs/schema.md` show.
Times are ISO 8601 UTC (`2026-11-21T17:45:00Z`), the blog's own dates `YYYY-MM-DD`, booleans 0 or 1, URLs absolute and
canonical. The blog's ids are the keys of posts and comments.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints: batch migrations of SQLite can only change what has a name."""


class Base(DeclarativeBase):
    """Common base; holds the metadata the migrations are compared with."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        # On a server, integers hold 32 bits and text sorts as in a dictionary by default.
        int: Integer().with_variant(BigInteger(), "postgresql"),
        str: String().with_variant(String(collation="C"), "postgresql"),
    }


def about(text: str, *rules: Any) -> tuple[Any, ...]:
    """Return `__table_args__` with a description of the table after constraints and indexes."""
    return (*rules, {"info": {"about": text}})


def flag(name: str) -> Boolean:
    """Return the type of a yes or no: 0 or 1, by a constraint of that name if the database has no booleans."""
    return Boolean(create_constraint=True, name=name)


class Post(Base):
    """A post in its current revision."""

    __tablename__ = "posts"
    __table_args__ = about(
        "Every post of the blog, with the text of its current revision.",
        CheckConstraint("status IN ('live', 'gone')", name="status"),
        Index(None, "published_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="The blog's own number of the post.")
    title: Mapped[str] = mapped_column(doc="Title as the blog shows it.")
    url: Mapped[str] = mapped_column(unique=True, doc="Canonical address.")
    author: Mapped[str] = mapped_column(doc="Author as the page names them.")
    published_on: Mapped[str | None] = mapped_column(doc="Date of publication, YYYY-MM-DD; the blog shows no time.")
    markdown: Mapped[str] = mapped_column(doc="Full text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Full text without markup, as trafilatura reads it.")
    license: Mapped[str | None] = mapped_column(doc="Licence as the page words it.")
    license_url: Mapped[str | None] = mapped_column(doc="Address of the licence the page links.")
    reader_count: Mapped[int | None] = mapped_column(doc="Readers the page counted when last seen.")
    comment_count: Mapped[int | None] = mapped_column(doc="Comments the page claimed when last seen; it drifts.")
    status: Mapped[str] = mapped_column(default="live", doc="`live`, or `gone` if the blog no longer has it.")
    first_seen_at: Mapped[str] = mapped_column(doc="When the archive first fetched it.")
    last_seen_at: Mapped[str] = mapped_column(doc="When the archive last fetched it.")
    last_changed_at: Mapped[str] = mapped_column(doc="When the archive first saw its current revision.")
    current_revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("revisions.id", use_alter=True), doc="The revision the other columns show."
    )
    missing_runs: Mapped[int] = mapped_column(
        default=0, doc="Complete runs in a row that found it missing; 3 make it gone."
    )
    comments_owed: Mapped[int] = mapped_column(
        default=0,
        doc="Change of the blog's count of comments that the archive has not explained yet; negative if it fell.",
    )


class PostRevision(Base):
    """One seen version of a post."""

    __tablename__ = "revisions"
    __table_args__ = about(
        "Every version of a post; the text of the current one is in posts. The view post_revisions has all.",
        CheckConstraint("status IN ('good', 'review')", name="status"),
        Index(None, "post_id", "content_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number, in the order in which they were first seen.")
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), doc="The post.")
    capture_id: Mapped[int] = mapped_column(ForeignKey("captures.id"), index=True, doc="The exchange it was read from.")
    seen_at: Mapped[str] = mapped_column(doc="When that exchange took place.")
    content_sha256: Mapped[str] = mapped_column(
        doc="SHA-256 of the body's markup and the metadata as served, without counters."
    )
    title: Mapped[str] = mapped_column(doc="Title in this version.")
    markdown: Mapped[str | None] = mapped_column(doc="Full text as Markdown; empty while this version is current.")
    text: Mapped[str | None] = mapped_column(doc="Full text without markup; empty while this version is current.")
    extractor_version: Mapped[int] = mapped_column(doc="Version of the code that read it.")
    engine: Mapped[str] = mapped_column(doc="What found the body: `site`, `trafilatura` or `readability`.")
    status: Mapped[str] = mapped_column(doc="`good`, or `review` if it could not be verified against the page.")
    issues: Mapped[str] = mapped_column(doc="JSON list of reasons not to trust it; `[]` if there are none.")
    notes: Mapped[str] = mapped_column(
        default="[]", doc="JSON list of oddities of the page itself, and of facts from one witness only."
    )


class Category(Base):
    """A section of the blog."""

    __tablename__ = "categories"
    __table_args__ = about("Sections of the blog, as its menu names them.")

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number, in the order in which they were first seen.")
    name: Mapped[str] = mapped_column(doc="Name as shown, for example 数学研究.")
    slug: Mapped[str] = mapped_column(unique=True, doc="Name in addresses, for example Mathematics.")


class PostCategory(Base):
    """A post in a category."""

    __tablename__ = "post_categories"
    __table_args__ = about("Categories of each post; a post may have several.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    category_id: Mapped[int] = mapped_column(
        ForeignKey("categories.id"), primary_key=True, index=True, doc="The category."
    )


class Tag(Base):
    """A keyword of the blog."""

    __tablename__ = "tags"
    __table_args__ = about("Keywords the author gave to posts.")

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number, in the order in which they were first seen.")
    name: Mapped[str] = mapped_column(unique=True, doc="The keyword.")


class PostTag(Base):
    """A post with a tag."""

    __tablename__ = "post_tags"
    __table_args__ = about("Tags of each post, in the order the page names them.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place on the page, from 0.")
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), index=True, doc="The tag.")


class Topic(Base):
    """A section of the curated index."""

    __tablename__ = "topics"
    __table_args__ = about("Sections of the curated index, in its order.")

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number of the section.")
    name: Mapped[str] = mapped_column(doc="Heading of the section.")
    position: Mapped[int] = mapped_column(unique=True, doc="Place in the index, from 0.")


class TopicPost(Base):
    """A link of the curated index."""

    __tablename__ = "topic_posts"
    __table_args__ = about("Links of the curated index; the post may be missing from the blog.")

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), primary_key=True, doc="The section.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the section, from 0.")
    post_id: Mapped[int] = mapped_column(index=True, doc="Number of the post; not every one exists.")
    title: Mapped[str] = mapped_column(doc="Title as the index words it.")
    url: Mapped[str] = mapped_column(doc="Address of the post.")


class Comment(Base):
    """A comment under a post."""

    __tablename__ = "comments"
    __table_args__ = about(
        "Every comment, threaded by parent, with the wording it had when last seen.",
        CheckConstraint("kind IN ('comment', 'pingback', 'trackback')", name="kind"),
        Index(None, "post_id", "parent_id"),
        Index(None, "post_id", "page", "deleted_at"),
    )

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="The blog's own number of the comment, or one derived from its id."
    )
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), doc="The post it is under.")
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("comments.id"), index=True, doc="The comment it answers; empty at the top level."
    )
    page: Mapped[int] = mapped_column(doc="Page of the post's comments it was last seen on.")
    author: Mapped[str] = mapped_column(doc="Name as shown.")
    author_url: Mapped[str | None] = mapped_column(doc="Homepage the name links to.")
    is_owner: Mapped[bool] = mapped_column(flag("is_owner"), doc="1 if the blog's author wrote it.")
    published_on: Mapped[str | None] = mapped_column(doc="Date, YYYY-MM-DD; the blog shows no time.")
    is_trackback: Mapped[bool] = mapped_column(
        flag("is_trackback"),
        default=False,
        doc="1 if it is another page's notice of a link: its kind is not `comment`.",
    )
    markdown: Mapped[str] = mapped_column(doc="Text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Text without markup.")
    first_seen_at: Mapped[str] = mapped_column(doc="When the archive first saw it.")
    last_seen_at: Mapped[str] = mapped_column(doc="When the archive last saw it.")
    deleted_at: Mapped[str | None] = mapped_column(doc="When the archive found it gone; the last text stays.")
    quotes_id: Mapped[int | None] = mapped_column(
        doc="The first comment its text links, of this post or another; not every one exists."
    )
    kind: Mapped[str] = mapped_column(
        default="comment", server_default="comment", doc="`comment`, or `pingback` or `trackback`: a notice of a link."
    )
    content_sha256: Mapped[str | None] = mapped_column(
        doc="SHA-256 of author and markup as served; empty if it was last seen by a version that stored none."
    )
    capture_id: Mapped[int | None] = mapped_column(
        ForeignKey("captures.id"), doc="The exchange its present wording was first read from."
    )
    notes: Mapped[str] = mapped_column(
        default="[]", server_default="[]", doc="JSON list of oddities; `[]` if there are none."
    )


class CommentFormula(Base):
    """A formula of a comment."""

    __tablename__ = "comment_formulas"
    __table_args__ = about("Every formula of the comments of posts, in order.")

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True, doc="The comment.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the comment, from 0.")
    tex: Mapped[str] = mapped_column(doc="Exact source with delimiters or environment.")
    shape_id: Mapped[int | None] = mapped_column(ForeignKey("shapes.id"), index=True, doc="Its shape, as in formulas.")


class CommentRevision(Base):
    """A former wording of a comment."""

    __tablename__ = "comment_revisions"
    __table_args__ = about("Wordings that comments had before they were edited; the present one is in comments.")

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True, doc="The comment.")
    replaced_at: Mapped[str] = mapped_column(primary_key=True, doc="When the archive found another wording.")
    seen_at: Mapped[str] = mapped_column(doc="When the archive first saw this one.")
    capture_id: Mapped[int | None] = mapped_column(
        ForeignKey("captures.id"), doc="The exchange it was first read from, where that is known."
    )
    author: Mapped[str] = mapped_column(doc="Name as shown then.")
    author_url: Mapped[str | None] = mapped_column(doc="Homepage the name linked to then.")
    markdown: Mapped[str] = mapped_column(doc="Text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Text without markup.")


class CommentPage(Base):
    """A page of comments as it was last seen."""

    __tablename__ = "comment_pages"
    __table_args__ = about("Every page of comments that was read, and whether all comments on it were.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    page: Mapped[int] = mapped_column(primary_key=True, doc="Number of the page; the last one is the post's own.")
    seen_at: Mapped[str] = mapped_column(doc="When it was last read.")
    shown: Mapped[int] = mapped_column(doc="Comments that were read on it.")
    unread: Mapped[int] = mapped_column(doc="Comments on it that could not be read, as far as the page tells.")
    issues: Mapped[str] = mapped_column(default="[]", doc="JSON list of reasons to think that some are missing.")


class Shape(Base):
    """A formula, whatever its spelling."""

    __tablename__ = "shapes"
    __table_args__ = about(
        "Every formula of posts, pages and comments, whatever its spelling: `\\dfrac ab` and `\\frac{a}{b}` have the "
        "same shape."
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="Number, derived from the tokens.")
    tokens: Mapped[str] = mapped_column(
        doc="The formula in one spelling, with spaces between its tokens and the macros of its text expanded."
    )


class Formula(Base):
    """A formula of a post."""

    __tablename__ = "formulas"
    __table_args__ = about(
        "Every formula of the current revisions, in page order.",
        CheckConstraint("provenance IN ('served', 'annotation', 'attribute', 'converted')", name="provenance"),
        Index(None, "post_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, doc="Row number.")
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), doc="The post.")
    position: Mapped[int] = mapped_column(doc="Place in the post, from 0.")
    display: Mapped[bool] = mapped_column(
        flag("display"), doc="1 for a formula on its own line, 0 for one within the text."
    )
    environment: Mapped[str | None] = mapped_column(doc="Outermost environment, for example equation.")
    label: Mapped[str | None] = mapped_column(doc="Its first label.")
    tag: Mapped[str | None] = mapped_column(doc="Its first explicit number.")
    tex: Mapped[str] = mapped_column(doc="Exact source with delimiters or environment.")
    provenance: Mapped[str] = mapped_column(
        default="served",
        server_default="served",
        doc="Where the source is from: `served` in the page's text, the `annotation` a renderer left, an `attribute`, "
        "or `converted` from MathML, AsciiMath or a picture's address, which shows the same but is not known to be "
        "exact.",
    )
    converter: Mapped[str | None] = mapped_column(
        doc="Name and version of what converted it; empty if it was not converted."
    )
    shape_id: Mapped[int | None] = mapped_column(
        ForeignKey("shapes.id"), index=True, doc="Its shape; empty if it consists of nothing but styling."
    )


class CodeBlock(Base):
    """A code block of a post."""

    __tablename__ = "code_blocks"
    __table_args__ = about("Every code block of the current revisions.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the post, from 0.")
    language: Mapped[str] = mapped_column(doc="Language as the page names it; empty if it does not.")
    code: Mapped[str] = mapped_column(doc="Exact source.")


class Image(Base):
    """A picture of a post."""

    __tablename__ = "images"
    __table_args__ = about(
        "Every picture of the current revisions; the bytes are in the capture of its address, or in embedded_pictures."
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the post, from 0.")
    url: Mapped[str] = mapped_column(
        index=True, doc="Canonical address; ni:///sha-256;... if it is embedded in the page."
    )
    alt: Mapped[str] = mapped_column(doc="Alternative text.")
    caption: Mapped[str] = mapped_column(doc="Caption below the picture.")


class EmbeddedPicture(Base):
    """A picture whose bytes are in pages themselves."""

    __tablename__ = "embedded_pictures"
    __table_args__ = about("Every picture embedded in a page, as a drawing or a data: address, once each; see images.")

    url: Mapped[str] = mapped_column(primary_key=True, doc="Address, made of its digest: ni:///sha-256;... (RFC 6920).")
    media_type: Mapped[str] = mapped_column(doc="Media type, recognised by its bytes.")
    size: Mapped[int] = mapped_column(doc="Bytes.")
    sha256: Mapped[str] = mapped_column(doc="SHA-256 of the bytes.")
    data: Mapped[bytes] = mapped_column(doc="The bytes; for a drawing, those of its SVG file.")


class Link(Base):
    """A link of a post."""

    __tablename__ = "links"
    __table_args__ = about("Every link in the text of the current revisions.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post it is in.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the post, from 0.")
    url: Mapped[str] = mapped_column(
        index=True, doc="Where it leads; canonical if on the blog, as written if it is not a URL."
    )
    text: Mapped[str] = mapped_column(doc="What it says.")
    kind: Mapped[str] = mapped_column(doc="`post`, `site` (other page of the blog), `external` or `other`.")
    target_post_id: Mapped[int | None] = mapped_column(index=True, doc="The post it leads to; not every one exists.")


class Page(Base):
    """An independent page in its present wording."""

    __tablename__ = "pages"
    __table_args__ = about(
        "Every page of the blog that is neither a post nor a list, such as one about the author or of an attachment."
    )

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="Number, in the order in which they were first seen."
    )
    url: Mapped[str] = mapped_column(unique=True, doc="Canonical address.")
    title: Mapped[str] = mapped_column(doc="Its heading, or the title of the document where it has none.")
    markdown: Mapped[str] = mapped_column(doc="Full text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Full text without markup.")
    engine: Mapped[str] = mapped_column(
        doc="What found the text: `site`, `trafilatura`, `readability`; `none` if the page is read as it is."
    )
    issues: Mapped[str] = mapped_column(
        doc="JSON list of reasons not to trust it, or to think that comments are missing, when last seen."
    )
    content_sha256: Mapped[str] = mapped_column(doc="SHA-256 of the title and of the text's markup as served.")
    capture_id: Mapped[int] = mapped_column(
        ForeignKey("captures.id"), doc="The exchange its present wording was first read from."
    )
    first_seen_at: Mapped[str] = mapped_column(doc="When the archive first fetched it.")
    last_seen_at: Mapped[str] = mapped_column(doc="When the archive last fetched it.")
    last_changed_at: Mapped[str] = mapped_column(doc="When the archive first saw its present wording.")


class PageRevision(Base):
    """A former wording of an independent page."""

    __tablename__ = "page_revisions"
    __table_args__ = about("Wordings that pages had before they were changed; the present one is in pages.")

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), primary_key=True, doc="The page.")
    replaced_at: Mapped[str] = mapped_column(primary_key=True, doc="When the archive found another wording.")
    seen_at: Mapped[str] = mapped_column(doc="When the archive first saw this one.")
    capture_id: Mapped[int] = mapped_column(ForeignKey("captures.id"), doc="The exchange it was first read from.")
    title: Mapped[str] = mapped_column(doc="Title in this wording.")
    markdown: Mapped[str] = mapped_column(doc="Full text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Full text without markup.")


class PageFormula(Base):
    """A formula of an independent page."""

    __tablename__ = "page_formulas"
    __table_args__ = about(
        "Every formula of the pages, in page order, as in formulas for posts.",
        CheckConstraint("provenance IN ('served', 'annotation', 'attribute', 'converted')", name="provenance"),
    )

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), primary_key=True, doc="The page.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place on the page, from 0.")
    display: Mapped[bool] = mapped_column(
        flag("display"), doc="1 for a formula on its own line, 0 for one within the text."
    )
    environment: Mapped[str | None] = mapped_column(doc="Outermost environment, for example equation.")
    label: Mapped[str | None] = mapped_column(doc="Its first label.")
    tag: Mapped[str | None] = mapped_column(doc="Its first explicit number.")
    tex: Mapped[str] = mapped_column(doc="Exact source with delimiters or environment.")
    provenance: Mapped[str] = mapped_column(
        default="served", server_default="served", doc="Where the source is from, as in formulas."
    )
    converter: Mapped[str | None] = mapped_column(
        doc="Name and version of what converted it; empty if it was not converted."
    )
    shape_id: Mapped[int | None] = mapped_column(ForeignKey("shapes.id"), index=True, doc="Its shape, as in formulas.")


class PageComment(Base):
    """A comment under an independent page."""

    __tablename__ = "page_comments"
    __table_args__ = about(
        "Every comment on a page, as in comments for posts; former wordings are in the WARC files only.",
        CheckConstraint("kind IN ('comment', 'pingback', 'trackback')", name="kind"),
    )

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), primary_key=True, doc="The page it is under.")
    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="The blog's own number of the comment, or one derived from its id."
    )
    parent_id: Mapped[int | None] = mapped_column(doc="The comment it answers; empty at the top level.")
    page: Mapped[int] = mapped_column(doc="Page of the comments it was last seen on.")
    author: Mapped[str] = mapped_column(doc="Name as shown.")
    author_url: Mapped[str | None] = mapped_column(doc="Homepage the name links to.")
    is_owner: Mapped[bool] = mapped_column(flag("is_owner"), doc="1 if the blog's author wrote it.")
    is_trackback: Mapped[bool] = mapped_column(
        flag("is_trackback"), doc="1 if it is another page's notice of a link: its kind is not `comment`."
    )
    published_on: Mapped[str | None] = mapped_column(doc="Date, YYYY-MM-DD; the blog shows no time.")
    markdown: Mapped[str] = mapped_column(doc="Text as Markdown, formulas byte for byte.")
    text: Mapped[str] = mapped_column(doc="Text without markup.")
    first_seen_at: Mapped[str] = mapped_column(doc="When the archive first saw it.")
    last_seen_at: Mapped[str] = mapped_column(doc="When the archive last saw it.")
    deleted_at: Mapped[str | None] = mapped_column(doc="When the archive found it gone; the last text stays.")
    quotes_id: Mapped[int | None] = mapped_column(doc="The first comment its text links; not every one exists.")
    kind: Mapped[str] = mapped_column(doc="`comment`, or `pingback` or `trackback`: a notice of a link.")
    content_sha256: Mapped[str] = mapped_column(doc="SHA-256 of author and markup as served.")
    notes: Mapped[str] = mapped_column(doc="JSON list of oddities; `[]` if there are none.")


class File(Base):
    """A linked file."""

    __tablename__ = "files"
    __table_args__ = about(
        "Every linked file that is not a picture, such as a paper or an archive; the bytes are in its capture."
    )

    url: Mapped[str] = mapped_column(primary_key=True, doc="Canonical address.")
    content_type: Mapped[str] = mapped_column(doc="Media type the server named; empty if it named none.")
    size: Mapped[int] = mapped_column(doc="Bytes.")
    sha256: Mapped[str] = mapped_column(doc="SHA-256 of the bytes.")
    capture_id: Mapped[int] = mapped_column(ForeignKey("captures.id"), doc="The exchange in which these bytes arrived.")
    first_seen_at: Mapped[str] = mapped_column(doc="When the archive first fetched it.")
    last_seen_at: Mapped[str] = mapped_column(doc="When the archive last fetched it.")


class ExternalReference(Base):
    """A link to a work elsewhere."""

    __tablename__ = "external_references"
    __table_args__ = about(
        "Links to papers and code elsewhere, each work under one name however it is linked.",
        CheckConstraint("kind IN ('arxiv', 'doi', 'github')", name="kind"),
        Index(None, "kind", "identifier"),
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post that links.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place of the link in the post, as in links.")
    kind: Mapped[str] = mapped_column(doc="`arxiv`, `doi` or `github`.")
    identifier: Mapped[str] = mapped_column(doc="1706.03762, math/0211159, 10.1038/nature14539 or owner/name.")
    version: Mapped[int | None] = mapped_column(doc="Version of a paper on arXiv, when the link names one.")
    url: Mapped[str] = mapped_column(doc="The one address of the work, without its version.")


class Series(Base):
    """Posts that belong together."""

    __tablename__ = "series"
    __table_args__ = about("Series of posts, derived from their titles and links at the end of each crawl.")

    id: Mapped[int] = mapped_column(
        ForeignKey("posts.id"), primary_key=True, autoincrement=False, doc="Number of its first post."
    )
    name: Mapped[str] = mapped_column(doc="What the titles of its posts have in common.")


class SeriesPost(Base):
    """A post in a series."""

    __tablename__ = "series_posts"
    __table_args__ = about("Posts of each series, in order; a post is in one series at most.")

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True, doc="The series.")
    position: Mapped[int] = mapped_column(primary_key=True, doc="Place in the series, from 0.")
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), unique=True, doc="The post.")
    label: Mapped[str] = mapped_column(doc="Its number as the title writes it, for example 二十一; empty without one.")


class Capture(Base):
    """One archived exchange."""

    __tablename__ = "captures"
    __table_args__ = about(
        "Every exchange with the server and where its record is.",
        UniqueConstraint("warc_file", "warc_offset"),
        Index(None, "url", "fetched_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number in the order of recording.")
    url: Mapped[str] = mapped_column(doc="Canonical address.")
    target_uri: Mapped[str] = mapped_column(doc="Address as asked for, as in the WARC.")
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), index=True, doc="The run that fetched it.")
    fetched_at: Mapped[str] = mapped_column(doc="When the request was sent, as in the WARC.")
    status: Mapped[int] = mapped_column(doc="HTTP status.")
    content_type: Mapped[str] = mapped_column(doc="Media type the server named; empty if it named none.")
    payload_sha256: Mapped[str] = mapped_column(
        index=True, doc="SHA-256 of the entity as sent, coding kept; of a revisit, of the one it refers to."
    )
    warc_file: Mapped[str] = mapped_column(doc="File in the archive's warc folder.")
    warc_offset: Mapped[int] = mapped_column(doc="First byte of the response record's gzip member.")
    warc_length: Mapped[int] = mapped_column(doc="Length of that member in bytes.")
    record_id: Mapped[str] = mapped_column(doc="WARC-Record-ID of the response record.")
    revisit_of: Mapped[str | None] = mapped_column(doc="Record that holds the same payload, for a revisit.")
    etag: Mapped[str | None] = mapped_column(doc="Validator that the server sent, for conditional requests.")
    last_modified: Mapped[str | None] = mapped_column(doc="Date that the server sent, for conditional requests.")
    truncated: Mapped[str | None] = mapped_column(doc="Why the record holds less than the whole response, if it does.")


class WarcFile(Base):
    """A WARC file."""

    __tablename__ = "warc_files"
    __table_args__ = about("WARC files: where each is, its size and digest when it was closed, and which were lost.")

    name: Mapped[str] = mapped_column(primary_key=True, doc="Name of the file, as in captures.")
    url: Mapped[str | None] = mapped_column(
        doc="Place in object storage where it is or will be, without its name; empty if all files stay in the home."
    )
    spool: Mapped[str | None] = mapped_column(
        doc="Machine and folder that have a copy; empty once it is only in object storage."
    )
    size: Mapped[int | None] = mapped_column(doc="Bytes; empty while it is written.")
    sha256: Mapped[str | None] = mapped_column(doc="SHA-256 of all of it; empty while it is written.")
    closed_at: Mapped[str | None] = mapped_column(doc="When it was last written to; empty while it is written.")
    uploaded_at: Mapped[str | None] = mapped_column(doc="When it was found to be whole in object storage.")
    lost_at: Mapped[str | None] = mapped_column(
        doc="When it was found neither in object storage nor in the home of the run that looked."
    )


class PostVectors(Base):
    """What search by meaning knows of a post."""

    __tablename__ = "post_vectors"
    __table_args__ = about(
        "Posts as vectors, for search by meaning (extra `meaning`): made by `archiver search --vectors`."
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), doc="The revision they were made from.")
    model: Mapped[str] = mapped_column(doc="The model that made them; only vectors of one model compare.")
    vectors: Mapped[bytes] = mapped_column(
        doc="Of the title, as a question, then of each section: of norm 1, as 16-bit floats (little-endian)."
    )


class PostStat(Base):
    """Counters of a post at a time."""

    __tablename__ = "post_stats"
    __table_args__ = about("Counters, whose changes are not revisions: at most one row per post and day.")

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, doc="The post.")
    seen_at: Mapped[str] = mapped_column(primary_key=True, doc="When.")
    reader_count: Mapped[int | None] = mapped_column(doc="Readers the page counted.")
    comment_count: Mapped[int | None] = mapped_column(doc="Comments the page claimed.")


class Sighting(Base):
    """A post in one of the blog's lists."""

    __tablename__ = "sightings"
    __table_args__ = about("Where each post was listed, the last time each list was read.")

    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="Number; not every one exists.")
    source: Mapped[str] = mapped_column(primary_key=True, doc="`catalogue`, `index`, or kind and path of another list.")
    title: Mapped[str] = mapped_column(doc="Title as listed.")
    published_on: Mapped[str | None] = mapped_column(doc="Date as listed, YYYY-MM-DD.")
    comment_count: Mapped[int | None] = mapped_column(doc="Comments as listed.")
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), index=True, doc="The run that last saw it there.")
    modified_at: Mapped[str | None] = mapped_column(doc="When it was last changed, as listed, in ISO 8601.")


class FrontierEntry(Base):
    """An address and what became of it."""

    __tablename__ = "frontier"
    __table_args__ = about(
        "Every address ever seen, and its state.",
        CheckConstraint("state IN ('pending', 'leased', 'done', 'failed', 'skipped')", name="state"),
        Index(None, "state", "priority", "seq"),
    )

    url: Mapped[str] = mapped_column(primary_key=True, doc="Canonical address.")
    kind: Mapped[str] = mapped_column(
        doc="catalogue, category, index, post, comments, image, requisite, front, tag, page, feed or file."
    )
    state: Mapped[str] = mapped_column(doc="pending, leased, done, failed, or skipped (never to be asked for).")
    reason: Mapped[str | None] = mapped_column(doc="Why it failed or was skipped.")
    permanent: Mapped[bool] = mapped_column(
        flag("permanent"), default=False, doc="1 if there is no point in asking again soon (404, 410)."
    )
    attempts: Mapped[int] = mapped_column(default=0, doc="Unsuccessful requests since it was last opened.")
    failures: Mapped[int] = mapped_column(
        default=0, doc="Runs in a row that asked for it without success; after 3 it makes no run incomplete."
    )
    failed_since: Mapped[str | None] = mapped_column(doc="When the first of these runs asked for it.")
    priority: Mapped[int] = mapped_column(default=0, doc="Lower is fetched first.")
    seq: Mapped[int] = mapped_column(index=True, doc="Order of discovery.")
    not_before: Mapped[str | None] = mapped_column(doc="Time before which it must not be asked for again.")
    first_seen_at: Mapped[str] = mapped_column(doc="When it was first found.")
    last_done_at: Mapped[str | None] = mapped_column(doc="When it was last archived.")
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), doc="The run that last opened it.")


class PageEnding(Base):
    """How pages of a kind end."""

    __tablename__ = "page_endings"
    __table_args__ = about(
        "How pages of each kind end, learned from those stored: a page that ends otherwise was cut short."
    )

    kind: Mapped[str] = mapped_column(primary_key=True, doc="catalogue, category, comments, page or post.")
    ending: Mapped[str] = mapped_column(primary_key=True, doc="`</html>`, or the last one or two tags.")
    pages: Mapped[int] = mapped_column(doc="Stored pages that ended like this, counted until there are enough.")


class Doubt(Base):
    """Something the blog shows that is not believed yet."""

    __tablename__ = "doubts"
    __table_args__ = about(
        "What the blog shows but the archive does not believe yet: nothing is concluded from it.",
        CheckConstraint("kind IN ('list', 'pages', 'part')", name="kind"),
    )

    subject: Mapped[str] = mapped_column(
        primary_key=True, doc="Address of a list; or the kind of page, or part of a page, that is not as expected."
    )
    kind: Mapped[str] = mapped_column(doc="`list` (may be accepted), `pages` or `part` (needs a newer program).")
    reason: Mapped[str] = mapped_column(doc="What is not as expected, as last seen.")
    first_seen_at: Mapped[str] = mapped_column(doc="When this was first seen.")
    last_seen_at: Mapped[str] = mapped_column(doc="When this was last seen.")
    last_run: Mapped[int] = mapped_column(doc="The run that last saw this.")
    runs: Mapped[int] = mapped_column(doc="Runs in a row that saw this.")
    days: Mapped[int] = mapped_column(doc="Days of these runs; a list is believed after 3 runs on 3 days.")
    accepted: Mapped[bool] = mapped_column(
        flag("accepted"), default=False, doc="1 if the owner accepted it: the next run believes it."
    )


class Run(Base):
    """One run of a command that writes."""

    __tablename__ = "runs"
    __table_args__ = about("Every run, what it was asked for and how it ended.")

    id: Mapped[int] = mapped_column(primary_key=True, doc="Number.")
    started_at: Mapped[str] = mapped_column(doc="When it began.")
    finished_at: Mapped[str | None] = mapped_column(doc="When it ended; empty while it runs or if it was killed.")
    command: Mapped[str] = mapped_column(doc="What was asked for.")
    blog: Mapped[str | None] = mapped_column(
        doc="Origin of the blog's canonical addresses, for example https://example.org."
    )
    site: Mapped[str | None] = mapped_column(doc="Origin the blog was fetched from; empty for runs that fetch nothing.")
    version: Mapped[str] = mapped_column(doc="Version of the program.")
    cycle: Mapped[int | None] = mapped_column(doc="First of the runs that belong together; its own number if alone.")
    outcome: Mapped[str | None] = mapped_column(doc="complete, incomplete, interrupted, ... ; empty while running.")
    exit_code: Mapped[int | None] = mapped_column(doc="Exit code of the command.")
    rest_until: Mapped[str | None] = mapped_column(doc="Time before which the site wants no further requests.")
    counts: Mapped[str] = mapped_column(default="{}", doc="JSON object of what happened: requests, new, changed, ...")
