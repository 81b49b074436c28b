"""An article page of any site: its text, and what the page says of it by the standards of the web.

A page of the blog is read by its own parser, `archiver.pages.post`, wherever it was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urljoin

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Article, Post, Quality
from archiver.pages import body as bodies
from archiver.pages import dates, distill, schema_org, standards, titles, values
from archiver.pages.body import Body
from archiver.pages.claims import Claim, Claims, Reader
from archiver.pages.document import parse_with_flaws
from archiver.pages.post import parse_post
from archiver.pages.selectors import first
from archiver.text import engines, notation, quality, sources
from archiver.text.guess import guess
from archiver.text.notation import Scripts
from archiver.urls import Site, origin

READERS: tuple[Reader, ...] = (
    standards.canonical,
    schema_org.json_ld,
    schema_org.microdata,
    schema_org.rdfa,
    distill.front_matter,
    standards.h_entry,
    standards.opengraph,
    standards.citation,
    standards.dublin_core,
    standards.names,
    standards.rels,
    standards.times,
    standards.customs,
    standards.keywords,
    standards.html,
)
"""Standards in the order in which they are believed: those made for machines to read, then those for everything."""


MACHINES = frozenset({"json-ld", "microdata", "rdfa", "h-entry", "opengraph", "citation", "dublin-core"})
"""Witnesses made for machines to read: where they disagree, the page is odd."""

RULES = "trafilatura"
"""Witness of what no standard says and general rules find."""


def parse_article(url: str, body: bytes, scripts: Scripts | None = None) -> Article:
    """Read an article page of any site.

    `url` is where it comes from; empty where that is not known, and then the page is asked. `scripts` is asked for what
    the page loads, by addresses as written and absolute, where no script in it configures its mathematics. Raises
    PageNotRecognised when there is nothing to read.
    """
    tree, flaws = parse_with_flaws(url or "the page", body)
    site = Site(base=origin(url)) if url and Site().canonical(url) is None else Site()
    if (number := _number(tree, url, site)) is not None:
        try:
            return of_post(parse_post(site.post_url(number), body, site))
        except PageNotRecognised:
            pass  # an address of the blog under which something else stands
    return _read(tree, url, flaws, scripts)


def of_post(post: Post) -> Article:
    """Return a post of the blog as an article of any site."""
    names = tuple(category.name for category in post.categories)
    said = {"title": post.title, "authors": post.author, "published_at": post.published_on, "categories": names}
    said |= {"tags": post.tags, "license": post.license, "license_url": post.license_url, "canonical_url": post.url}
    return Article(
        url=post.url,
        title=post.title,
        authors=(post.author,) if post.author else (),
        published_at=post.published_on,
        modified_at=None,
        tags=post.tags,
        categories=names,
        license=post.license,
        license_url=post.license_url,
        language=values.language_of(post.content.text),
        canonical_url=post.url,
        description=None,
        site_name=None,
        witnesses={field: "site" for field, value in said.items() if value},
        content=post.content,
        quality=post.quality,
    )


def _number(tree: HtmlElement, url: str, site: Site) -> int | None:
    """Return the number of the blog's post that a page is: by its address, or on a mirror or a disk by its markup."""
    if (number := site.post_id(Site().resolve(url))) is not None:
        return number
    if first(tree, *site.profile.post.text) is None:
        return None
    headings = (site.resolve(link.get("href"), url) for link in tree.xpath("//h1//a[@href]"))
    return next(filter(None, map(site.post_id, headings)), None)


def _read(tree: HtmlElement, url: str, flaws: tuple[str, ...], scripts: Scripts | None) -> Article:
    said = Claims(_claims(tree))
    base = _base(tree, url, said)
    address = partial(values.address, base=base)
    title = titles.title(tree, said)
    site_name = said.one("site_name", values.word)
    authors, published_at = _byline(tree, said)
    found = bodies.find(sources.settle(tree, notation.of(tree, scripts and partial(_loaded, scripts, base))))
    if found is None:
        raise PageNotRecognised(url or "the page", "expected an article, found no text")
    bodies.trim(found.element, title, authors, published_at)
    resolve = partial(values.target, base=base)
    content = engines.read(found.element, resolve)
    canonical, license_url = said.one("canonical_url", address), said.one("license_url", address)
    return Article(
        url=url or canonical or "",
        title=title,
        authors=authors,
        published_at=published_at,
        modified_at=said.one("modified_at", dates.moment),
        tags=said.many("tags", lambda tag: None if tag in (title, site_name) else values.word(tag)),
        categories=said.many("categories", values.category),
        license=_license(said, license_url),
        license_url=license_url,
        language=_language(said, content.text),
        canonical_url=canonical,
        description=said.one("description"),
        site_name=site_name,
        witnesses=said.witnesses,
        content=content,
        quality=Quality(
            engine=found.engine,
            issues=(*_issues(found), *quality.check(found.element, content, resolve)),
            notes=(*flaws, *_notes(said, base), *quality.notes(content)),
        ),
    )


def _loaded(scripts: Scripts, base: str, written: list[str]) -> dict[str, str]:
    """Return the sources of scripts by their addresses as written, under which a saved page has them, or absolute."""
    absolute = {each: values.address(each, base) or each for each in written}
    sources = scripts(list(dict.fromkeys([*written, *absolute.values()])))
    found = {each: sources.get(each, sources.get(absolute[each])) for each in written}
    return {each: source for each, source in found.items() if source is not None}


def _claims(tree: HtmlElement) -> Iterator[Claim]:
    for reader in READERS:
        yield from reader(tree)


def _base(tree: HtmlElement, url: str, said: Claims) -> str:
    """Return the address that links of a page count from: as `<base>` says, or where it was or says it is."""
    own = url or next((each.value for each in said.all("canonical_url") if values.address(each.value, "")), "")
    given = tree.xpath("//base[@href]")
    try:
        return urljoin(own, given[0].get("href")) if given else own
    except ValueError:
        return own


def _byline(tree: HtmlElement, said: Claims) -> tuple[tuple[str, ...], str | None]:
    """Return authors and date; what of them no standard names, general rules may find."""
    authors, published_at = said.many("authors", values.name), said.one("published_at", dates.moment)
    if authors and published_at:
        return authors, published_at
    found = guess(tree)
    named = tuple(filter(None, map(values.name, (found.author or "").split(";"))))
    if not authors and named:
        authors = said.settle("authors", named, RULES)
    if not published_at and found.date:
        published_at = said.settle("published_at", found.date, RULES)
    return authors, published_at


def _license(said: Claims, url: str | None) -> str | None:
    """Return the name of the licence, as its address tells if it can; in the words of the page if not."""
    if url and (name := values.license_at(url)):
        return said.settle("license", name, said.witnesses["license_url"])
    return said.one("license")


def _language(said: Claims, text: str) -> str | None:
    """Return the language the page names, unless the letters of the text say another."""
    claimed, written = said.one("language", values.language), values.language_of(text)
    return said.settle("language", written, "text") if written and (claimed or "")[:2] != written else claimed


def _issues(found: Body) -> list[str]:
    return ["nobody found a text on the page: all of it is taken"] if found.engine == bodies.ALL else []


def _notes(said: Claims, base: str) -> list[str]:
    """Return what is odd about what a page says, or does not say."""
    notes = [] if base else ["it is not known where the page comes from: addresses without a host stand as written"]
    if said.witnesses.get("published_at") == RULES:
        notes.append("published_at: found by general rules")
    days: dict[str, str] = {}
    for claim in said.all("published_at"):
        if claim.witness in MACHINES and (moment := dates.moment(claim.value)):
            days.setdefault(moment[:10], claim.witness)
    if len(days) > 1:
        told = ", ".join(f"{day} ({witness})" for day, witness in days.items())
        notes.append(f"published_at: the page says {told}")
    return notes
