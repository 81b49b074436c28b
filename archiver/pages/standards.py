"""What a page says of its article by standards of the head and of markup, each read by one small function.

OpenGraph (https://ogp.me), Dublin Core (https://www.dublincore.org/specifications/dublin-core/dcq-html/), Highwire's
`citation_` names as Google Scholar wants them, the names of HTML itself, microformats
(https://microformats.org/wiki/h-entry) and `rel` (https://microformats.org/wiki/existing-rel-values). What themes do
without any standard comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import dates
from archiver.pages.claims import Claim
from archiver.pages.document import has_class, text_of, title_of
from archiver.pages.surroundings import cards, is_aside

_OPENGRAPH = {
    "og:title": "title",
    "article:author": "authors",
    "og:article:author": "authors",
    "article:published_time": "published_at",
    "og:article:published_time": "published_at",
    "article:modified_time": "modified_at",
    "og:article:modified_time": "modified_at",
    "og:updated_time": "modified_at",
    "article:tag": "tags",
    "og:article:tag": "tags",
    "article:section": "categories",
    "og:locale": "language",
    "og:url": "canonical_url",
    "og:description": "description",
    "og:site_name": "site_name",
}
_DUBLIN_CORE = {
    "title": "title",
    "creator": "authors",
    "creator.personalname": "authors",
    "date": "published_at",
    "issued": "published_at",
    "created": "published_at",
    "date.issued": "published_at",
    "date.created": "published_at",
    "modified": "modified_at",
    "date.modified": "modified_at",
    "subject": "tags",
    "rights": "license",
    "license": "license_url",
    "language": "language",
    "description": "description",
    "publisher": "site_name",
}
_CITATION = {
    "title": "title",
    "author": "authors",
    "authors": "authors",
    "publication_date": "published_at",
    "online_date": "published_at",
    "date": "published_at",
    "keywords": "tags",
    "language": "language",
    "journal_title": "site_name",
}
_HTML = {
    "author": "authors",
    "date": "published_at",
    "pubdate": "published_at",
    "publish_date": "published_at",
    "publishdate": "published_at",
    "last-modified": "modified_at",
    "revised": "modified_at",
    "description": "description",
    "application-name": "site_name",
    "language": "language",
    "content-language": "language",
    "dcterms.rightsholder": "authors",
}
_LISTS = re.compile(r"[,，;；、]")
_REVERSED = re.compile(r"([^,]+),\s*([^,]+)")


def opengraph(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what `og:` and `article:` say."""
    for name, value in _metas(tree):
        if name in _OPENGRAPH:
            yield from _listed(_OPENGRAPH[name], value, "opengraph")


def dublin_core(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what `DC.`, `DCTERMS.` and the like say."""
    for name, value in _metas(tree):
        prefix, _, rest = name.replace(":", ".").partition(".")
        if prefix in ("dc", "dct", "dcterms") and rest in _DUBLIN_CORE:
            yield from _listed(_DUBLIN_CORE[rest], value, "dublin-core")


def citation(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what `citation_` says, `Gauss, Carl` as `Carl Gauss`."""
    for name, value in _metas(tree):
        field = _CITATION.get(name.removeprefix("citation_")) if name.startswith("citation_") else None
        if field:
            yield from _listed(field, value, "citation")


def names(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what the names of HTML's own `<meta>` say: `author`, `description` and customary ones."""
    for name, value in _metas(tree):
        if name in _HTML:
            yield Claim(_HTML[name], value, "meta")


def keywords(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the `keywords` of HTML, which many themes fill with the site's: believed last."""
    for name, value in _metas(tree):
        if name == "keywords":
            yield from _listed("tags", value, "meta")


def _metas(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("http-equiv")
        if name and element.get("content"):
            for each in name.lower().split():
                yield each, element.get("content", "")


def _listed(field: str, value: str, witness: str) -> Iterator[Claim]:
    """Yield a claim for each of several values; a person in libraries' form, `Gauss, Carl`, as `Carl Gauss`."""
    if field == "authors" and witness in ("citation", "dublin-core"):
        for each in value.split(";"):
            turned = _REVERSED.fullmatch(each.strip())
            yield Claim(field, f"{turned[2]} {turned[1]}" if turned else each, witness)
        return
    for each in _LISTS.split(value) if field == "tags" else [value]:
        yield Claim(field, each, witness)


_MICROFORMATS: Mapping[str, tuple[str, ...]] = {
    "title": ("p-name", "entry-title"),
    "authors": ("p-author", "author", "vcard"),
    "published_at": ("dt-published", "published"),
    "modified_at": ("dt-updated", "updated"),
    "tags": ("p-category",),
    "description": ("p-summary",),
}
"""Fields by the classes of h-entry and, where a page has the older hAtom, its own."""


def h_entry(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what the first `h-entry`, or older `hentry`, says about itself."""
    entries = tree.xpath(f"//*[{has_class('h-entry')}]") or tree.xpath(f"//*[{has_class('hentry')}]")
    for field, classes in _MICROFORMATS.items() if entries else ():
        for name in classes:
            found = [each for each in entries[0].xpath(f".//*[{has_class(name)}]") if not is_aside(each)]
            for element in found[: None if field == "tags" else 1]:
                yield Claim(field, _said(element), "h-entry")


def _said(element: HtmlElement) -> str:
    """Return a property's value, as the value class pattern of microformats has it; of a person the name."""
    inner = element.xpath(f".//*[{has_class('p-name')} or {has_class('fn')}]")
    shown = inner[0] if inner else element
    dated = next(shown.iter("time"), shown)
    return dated.get("datetime") or (dated.tag in ("abbr", "span") and dated.get("title")) or text_of(shown)


def canonical(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the address a page gives as its own, in the head (RFC 6596)."""
    for link in tree.xpath("//link[@rel and @href]"):
        if "canonical" in link.get("rel", "").lower().split():
            yield Claim("canonical_url", link.get("href", ""), "rel=canonical")


def rels(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what links say by their `rel`: author, tag, category and licence."""
    for link in tree.xpath("//a[@rel] | //link[@rel]"):
        rel = frozenset(link.get("rel", "").lower().split())
        if link.tag == "link" and "license" in rel:
            yield Claim("license_url", link.get("href", ""), "rel=license")
        elif link.tag == "a" and not rel.isdisjoint(_RELS) and ("license" in rel or not is_aside(link)):
            yield from _linked(link, rel)


_RELS = frozenset({"author", "category", "license", "tag"})


def _linked(link: HtmlElement, rel: frozenset[str]) -> Iterator[Claim]:
    words = text_of(link)
    if "license" in rel:
        yield Claim("license_url", link.get("href", ""), "rel=license")
        yield Claim("license", words, "rel=license")
    elif "author" in rel:
        yield Claim("authors", words, "rel=author")
    elif "category" in rel:
        yield Claim("categories", words, "rel=category")
    else:
        yield Claim("tags", words, "rel=tag")


_UPDATED = re.compile(r"updat|modif", re.IGNORECASE)


def times(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the dates of `<time>` elements that are not in anything around the article."""
    for element in tree.iter("time"):
        if not is_aside(element):
            named = f"{element.get('class', '')} {element.get('itemprop', '')} {element.get('title', '')}"
            before = text_of(element.getparent())[:40] if element.getparent() is not None else ""
            field = "modified_at" if _UPDATED.search(named + before) else "published_at"
            yield from (Claim(field, said, "time") for said in (element.get("datetime"), text_of(element)) if said)


_TAGGED = re.compile(r"/(?:tags?|topics?|label)(?:/|/?#|\.html#)[^/#?]+(?:/|\.html)?\Z", re.IGNORECASE)
_CATEGORISED = re.compile(r"/(?:categor(?:y|ies))(?:/|/?#|\.html#)[^#?]+\Z", re.IGNORECASE)
_LICENSED = re.compile(r"//creativecommons\.org/(?:licenses|publicdomain)/")
_AUTHOR_CLASSES = ("author-name", "post-author", "article-author", "byline-author", "author", "byline", "submitted")
_DATE_CLASSES: tuple[str, ...] = (
    "post-date",
    "entry-date",
    "publish-date",
    "post-meta",
    "article-date",
    "date",
    "posted-on",
    "meta",
)
_DATE_CLASSES += ("article-meta", "post-info", "byline", "submitted", "article__date", "published")
_CATEGORY_CLASSES = ("quarto-category",)
_CLASSES = {"authors": _AUTHOR_CLASSES, "published_at": _DATE_CLASSES, "categories": _CATEGORY_CLASSES}
_LONGEST = 200  # characters of a line about an article
_MOST = 50  # characters of a tag


def customs(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what themes say without standards: links into `/tags/` and `/categories/`, classes of authors and dates."""
    groups: dict[str, HtmlElement] = {}
    others = cards(tree)

    def is_own(element: HtmlElement) -> bool:
        return others.isdisjoint(element.iterancestors("article")) and not is_aside(element)

    for link in islice((link for link in tree.iter("a") if link.get("href") and is_own(link)), 1000):
        words = text_of(link).lstrip("#").strip()
        if _LICENSED.search(link.get("href", "")):
            yield Claim("license_url", link.get("href", ""), "link")
            yield Claim("license", words, "link")
            continue
        field = _taxonomy(link.get("href", ""))
        if field and len(words) <= _MOST and groups.setdefault(field, _group(link)) is _group(link):
            yield Claim(field, words, "link")
    for field, classes in _CLASSES.items():
        for name in classes:
            for element in tree.xpath(f"//*[{has_class(name)}][not(self::body)]")[: 50 if field == "categories" else 5]:
                words = text_of(element)
                if len(words) <= _LONGEST and is_own(element):
                    yield Claim(field, words, f"class={name}")


def headers(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the dates that stand alone in the `<header>` of the first heading."""
    for heading in islice((each for each in tree.iter("h1") if not is_aside(each) and not leads_home(each)), 1):
        for line in (line for box in heading.iterancestors("header") for line in box.iter("div", "p", "small", "span")):
            words = text_of(line) if not len(line) else ""
            if len(words) <= _MOST and dates.moment(words) and _is_alone(words):
                yield Claim("modified_at" if _UPDATED.search(words) else "published_at", words, "header")


def _is_alone(dated: str) -> bool:
    """Return whether a line has no more than a label before its date, and no word right after it, as sentences do."""
    days = filter(None, (form(dated) for form in dates.FORMS))
    _, begin, end = min(days, key=lambda each: each[1], default=("", 0, len(dated)))
    return len(dated[:begin].split()) <= _LABEL and not _GOES_ON.match(dated, end)


_LABEL = 2  # words: `Last updated`, `Posted on`
_GOES_ON = re.compile(r"\s+(?!by\b)[^\W\d_]")


def attribution(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the person whom a Creative Commons notice names (https://www.w3.org/submissions/ccREL/)."""
    for element in tree.xpath("//*[@property='cc:attributionName']")[:1]:
        yield Claim("authors", text_of(element), "cc:attributionName")


def papers(tree: HtmlElement) -> Iterator[Claim]:
    """Yield the authors of a paper as LaTeXML sets them: the first line of each, without marks of notes."""
    for person in tree.xpath(f"//*[{has_class('ltx_role_author')}]//*[{has_class('ltx_personname')}]")[:_MOST_AUTHORS]:
        said = [person.text]
        for part in takewhile(lambda each: each.tag != "br", person.iterchildren(etree.Element)):
            said += ["" if part.tag == "sup" or "ltx_note" in part.get("class", "") else text_of(part), part.tail]
        yield Claim("authors", "".join(filter(None, said)).strip(" &"), "latexml")


_MOST_AUTHORS = 1000


def _taxonomy(href: str) -> str | None:
    """Return what a link names according to where it leads, `tags` or `categories`."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return None
    place = parts.path + ("#" + parts.fragment if parts.fragment else "")
    return "categories" if _CATEGORISED.search(place) else "tags" if _TAGGED.search(place) else None


def _group(link: HtmlElement) -> HtmlElement:
    """Return the element with a link and others of its kind: one line or list, of the same article."""
    box = link.getparent()
    above = box.getparent()
    return above if box.tag in ("li", "span", "td") and above is not None else box


def html(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what HTML itself says: `lang`, the first heading, `<title>`."""
    root = tree.getroottree().getroot()
    yield Claim("language", root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "", "lang")
    for heading in tree.iter("h1"):
        if not is_aside(heading) and not leads_home(heading):
            yield Claim("title", title_of(heading), "h1")
    for title in tree.xpath("//head/title")[:1]:
        yield Claim("title", text_of(title), "title")


def leads_home(heading: HtmlElement) -> bool:
    """Return whether a heading is the name of a site: it links to the front page."""
    link = next(heading.iter("a"), next(heading.iterancestors("a"), None))
    return link is not None and _HOME.fullmatch(link.get("href") or "#") is not None


_HOME = re.compile(r"(?:https?://[^/]+)?/?(?:index\.html?)?")
