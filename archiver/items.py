"""What travels between the layers: frozen values, no behaviour.

`pages` makes them from bytes, spiders yield them, `store` turns them into rows. Positions count from 0 in page order.
Dates of the blog are `YYYY-MM-DD` (it shows no time); times of ours are ISO 8601 UTC with a `Z`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVED = "served"
"""Provenance of a formula that is in the page's text, or in a script that a renderer would read."""
ANNOTATION = "annotation"
"""Provenance of a formula from the source that a renderer left with what it rendered."""
ATTRIBUTE = "attribute"
"""Provenance of a formula from an attribute of an element: `alt`, `alttext`, `data-tex` and the like."""
CONVERTED = "converted"
"""Provenance of a formula that was worked out from MathML, AsciiMath or a picture's address: it shows the same, and is
not known to be the TeX its author would have typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """One formula as MathJax 2.7.9 would find it."""

    position: int
    display: bool
    """Whether it is on its own line: `$$`, `\\[` or an environment."""
    environment: str | None
    """Name of the outermost environment, for example `equation`; None between dollar signs or brackets."""
    label: str | None
    """The first `\\label{...}` inside."""
    tag: str | None
    """The first `\\tag{...}` inside."""
    tex: str
    """Exact source with its delimiters; a `<br>` of the page is dropped, the newline after it kept. A source that has
    none of its own is between dollar signs or brackets of ours."""
    provenance: str = SERVED
    """`served`, `annotation`, `attribute` or `converted`."""
    converter: str | None = None
    """Name and version of what converted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock:
    """One `<pre>`, byte for byte."""

    position: int
    language: str
    """As named by the page's `language-...` class; empty when it names none."""
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture of a post."""

    position: int
    url: str
    """Absolute and canonical; of a picture that is in the page itself, that of its bytes."""
    alt: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPicture:
    """A picture whose bytes are in the page itself: a drawing, or a `data:` address."""

    url: str
    """`ni:///sha-256;...` (RFC 6920), an address made of the digest of its bytes."""
    media_type: str
    """As its bytes tell."""
    data: bytes
    """As served; of a drawing in the page, the file that it makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLink:
    """One link in the body of a post."""

    position: int
    url: str
    """Absolute; canonical where it leads to the blog; as written where it is not a URL at all."""
    text: str
    kind: str
    """`post`, `site` (another page of the blog), `external` or `other` (no http URL)."""
    target_post_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The readable content of a post body or a comment."""

    markdown: str
    text: str
    formulas: tuple[Formula, ...] = ()
    code_blocks: tuple[CodeBlock, ...] = ()
    images: tuple[Image, ...] = ()
    links: tuple[PostLink, ...] = ()
    embedded: tuple[EmbeddedPicture, ...] = ()
    """Of the images, those whose bytes are in the page, each once."""
    unclosed: tuple[str, ...] = ()
    """Formula openers without an end: kept in the Markdown as they are."""
    shapes: tuple[str, ...] | None = field(default=None, compare=False)
    """Tokens of each formula, joined by spaces, where a process that reads has worked them out for the one that stores
    them; None where it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A section of the blog."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One reader's (or the author's) comment."""

    id: int
    parent_id: int | None
    author: str
    author_url: str | None
    is_owner: bool
    published_on: str | None
    content: Content
    kind: str = "comment"
    """`comment`, or `pingback` or `trackback`: another page's notice of a link, whose author is that page's title."""
    content_sha256: str = ""
    """SHA-256 of the author and of the text's markup as served: what makes another wording."""
    quotes_id: int | None = None
    """The first comment its text links, of this post or another."""
    notes: tuple[str, ...] = ()
    """What is odd about it, in plain sentences: what was not found, a parent that was guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How a post was read, and what speaks against trusting it."""

    engine: str
    """What found the body: `site`, `trafilatura` or `readability`; `none` where a page is read as it is."""
    issues: tuple[str, ...] = ()
    """What speaks against trusting the reading, in plain sentences; a post with any is marked for review."""
    notes: tuple[str, ...] = ()
    """What is odd about the page itself, or was found in one place only; no reason for review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One article page: the post, and the page of comments shown with it."""

    id: int
    url: str
    title: str
    author: str
    published_on: str | None
    categories: tuple[Category, ...]
    tags: tuple[str, ...]
    """As the page names them, in its order, each once."""
    tag_urls: tuple[str, ...] = ()
    """Their canonical addresses, which need not have the same words: Typecho writes `C++` as `C`."""
    license: str | None
    license_url: str | None
    reader_count: int | None
    comment_count: int | None
    """As the page claims; the blog's own counter drifts."""
    content: Content
    content_sha256: str
    """SHA-256 of the body's markup and the metadata: what makes a revision. Counters are left out."""
    quality: Quality
    comments: tuple[Comment, ...]
    comment_page: int
    """Number of the comment page shown: the last one on the bare address."""
    comment_pages: int
    """Pages of comments there are to be asked for: no more than the post can have."""
    comments_unread: int = 0
    """Comments that are on the page and could not be read."""
    comment_issues: tuple[str, ...] = ()
    """What speaks against having all comments of the page, in plain sentences; no doubt about the post."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article of any site, and what its page says of it."""

    url: str
    """Where it was read, or as the page says; empty where neither is known."""
    title: str
    authors: tuple[str, ...]
    published_at: str | None
    modified_at: str | None
    """ISO 8601, as exact as the page is: a day, a time without a zone, or with one."""
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    license: str | None
    license_url: str | None
    language: str | None
    """As a tag of BCP 47, such as `zh-CN`."""
    canonical_url: str | None
    description: str | None
    site_name: str | None
    witnesses: Mapping[str, str]
    """By field, the standard that said it: `json-ld`, `microdata`, `opengraph`, `time`, ...; see `archiver.pages`."""
    content: Content
    quality: Quality
    """Its engine is what found the text: the selector of a standard, `trafilatura`, `readability`, or `site`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPage:
    """An earlier page of a post's comments."""

    post_id: int
    page: int
    comments: tuple[Comment, ...]
    comments_unread: int = 0
    comment_issues: tuple[str, ...] = ()
    """As of a post's page."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the blog that is neither a post nor a list, such as one about the author, or of an attachment."""

    url: str
    """Canonical; of its own address, also where a page of its comments was read."""
    title: str
    content: Content
    content_sha256: str
    """SHA-256 of the title and of the text's markup as served: what makes another wording."""
    quality: Quality
    comments: tuple[Comment, ...] = ()
    comment_page: int = 1
    comments_unread: int = 0
    comment_issues: tuple[str, ...] = ()
    """All of these as of a post."""
    further: tuple[str, ...] = ()
    """Addresses of the other pages of its comments; none where one of these was read, as the page itself names all."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was linked and is not a picture, such as a paper or an archive; its bytes are in its capture."""

    url: str
    """Canonical."""
    size: int
    """Bytes, without a content coding."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingEntry:
    """One post on a category page."""

    post_id: int
    url: str
    """Canonical."""
    title: str
    published_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a category."""

    category: Category
    page: int
    entries: tuple[ListingEntry, ...]
    next_page: int | None
    last_page: int
    categories: tuple[Category, ...]
    """All categories of the blog's menu, in its order."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One line of the blog's list of everything."""

    post_id: int
    url: str
    """Canonical."""
    title: str
    year: int
    """Under which it is listed."""
    published_on: str | None
    """None where the list gives a date that there is not."""
    comment_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The blog's list of everything, newest first."""

    entries: tuple[CatalogueEntry, ...]
    year_totals: tuple[tuple[int, int], ...]
    """Year and the number of posts the page claims for it."""
    categories: tuple[Category, ...]
    """All categories of the blog's menu, in its order."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPost:
    """One entry of a list of any blog."""

    url: str
    """Absolute and canonical."""
    title: str
    """Empty where the list says none."""
    published_on: str | None
    """The day as the list writes it, whatever its zone."""
    modified_at: str | None
    """ISO 8601, as exact as the list is: a day, a time without a zone, or with one."""
    comment_count: int | None
    zone: str = field(default="", compare=False)
    """Offset from UTC that its dates are written with, such as `+02:00`; empty where they have none."""


LIST, NEWEST = "list/", "newest/"
"""How the names of pages of lists begin, of all posts and of the newest; their paths follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostList:
    """One page of a list of any blog."""

    url: str
    """Canonical."""
    reader: str
    """What it was read as: `sitemap`, `feed`, `wp-json`, `search-index`, `json-feed` or `html`."""
    entries: tuple[ListedPost, ...]
    """In its order, each address once; also what is not a post, as far as the list does not tell."""
    further: tuple[str, ...]
    """Canonical addresses of other pages of the same list."""
    supposed_after: int = 0
    """Entries of this page, of other blogs too, where a further one is only supposed, as nothing names it; else 0."""
    total: int | None = None
    """How many posts there are, where the list says so."""
    whole: bool
    """Whether the list, with its further pages, claims to name everything, and not the newest alone."""
    ending: str | None = None
    """How the page ends, see `archiver.pages.ending`; None of what was not read from markup."""

    @property
    def source(self) -> str:
        """Name of the page as a source of what it says of posts: `list/sitemap.xml`, or `newest/feed`."""
        return (LIST if self.whole else NEWEST) + "/".join(self.url.split("/")[3:])


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLink:
    """One post in a topic."""

    position: int
    post_id: int
    title: str
    """As the index names it, which may differ from the post's own title."""
    url: str
    """Canonical."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One section of a curated index."""

    position: int
    name: str
    links: tuple[TopicLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """A curated index."""

    source: str
    """Path or URL it was read from."""
    topics: tuple[Topic, ...]
    body: bytes = b""
    """The file it was read from; empty when a capture holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A picture, or what a page is made with: fetched for its bytes, which are in its capture."""

    url: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmodified:
    """A page or file the server says is as the archive has it (status 304)."""


CLOSED = "</html>"
"""End of a page that closes its document."""

CUT = "the answer is not whole: it ends early, though not by its framing"
"""Reason of a gap where a page was cut short, or its content coding does not end in order."""

EMPTY = "the answer is empty"
"""Reason of a gap where a page was expected and nothing came, though its framing was in order."""

GATE = "the gate stayed shut, also with its cookie"
"""Reason of a gap where only the page that sets a cookie was to be had."""

OUT_OF_BOUNDS = "out of bounds"
"""How the reason of a gap begins that a redirect out of the blog left."""

ELSEWHERE = "comments are at "
"""How it begins what is said of a page whose comments are at a service that loads them by a script."""

LEFT_OUT = "left out by --without"
"""Reason of the gap of what a crawl was told to leave out; a later one without these words asks for it."""

TOO_MANY = "one page more than are read of lists of its form"
"""Reason of the gap that ends a list without end; a later run that may read more asks for it."""

FORBIDDEN = "Forbidden by robots.txt"
"""Reason of the gap that lasts as long as the site's rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An address that gave no page."""

    reason: str
    permanent: bool = False
    """Whether asking again soon makes no sense, as for 404 and 410."""
    refused: bool = False
    """Whether it must never be asked for, for example by robots.txt."""
    unrecognised: bool = False
    """Whether a page arrived, but not what its address promises."""
    fault: bool = False
    """Whether this program is to blame: such a failure never grows old."""
    not_before: str | None = None
    """Until when the server wants to be left alone about this address; ISO 8601 UTC."""
    ending: str | None = None
    """How the page ends that was cut short; None of other gaps."""


Item = Post | CommentPage | Page | Listing | Catalogue | PostList | Topics | File | Asset | Unmodified | Gap
"""The outcome of a response: exactly one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one request: its outcome, and where the exchange is recorded."""

    item: Item
    kind: str
    """Kind of page that was asked for, as in the frontier."""
    url: str | None
    """Canonical URL that was asked for; None for what needed no request."""
    capture_id: int | None
    """Row of the exchange; None when there was none, or no answer came."""
    fetched_at: str | None
    doubt: str = ""
    """Why nothing is to be concluded from it, as pages of its kind are not as expected; empty when it is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One archived exchange and where its response record is."""

    url: str
    """Canonical."""
    target_uri: str
    """As asked for, as in the WARC."""
    fetched_at: str
    status: int
    content_type: str
    payload_sha256: str
    warc_file: str
    """Name within the archive's `warc` folder."""
    warc_offset: int
    warc_length: int
    """Offset and length of the response record's gzip member, in bytes."""
    record_id: str
    revisit_of: str | None = None
    """Record id of the capture that holds the payload, for a revisit."""
    etag: str | None = None
    last_modified: str | None = None
    """Validators the server sent, as they were (RFC 9110, section 8.8)."""
    truncated: str | None = None
    """Why the record holds less than the whole answer, as in WARC-Truncated; None when it holds all of it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A capture whose record may hold a payload that came again."""

    warc_file: str
    warc_offset: int
    record_id: str
    payload_sha256: str
    revisit_of: str | None
    etag: str | None
    last_modified: str | None
