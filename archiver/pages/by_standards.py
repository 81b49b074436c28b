"""An article as its page describes it by web standards, and its text as general rules find it.

Where a profile says in which places of a page something is, those come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urljoin

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Article, Quality
from archiver.pages import body as bodies
from archiver.pages import dates, distill, places, questions, schema_org, standards, titles, values
from archiver.pages.body import Body
from archiver.pages.claims import Claim, Claims, Reader
from archiver.profile import PostMarkup
from archiver.text import engines, notation, quality, sources
from archiver.text.guess import guess
from archiver.text.notation import Notation, Scripts
from archiver.urls import Site

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
    questions.claims,
    standards.names,
    standards.rels,
    standards.times,
    standards.papers,
    standards.customs,
    standards.headers,
    standards.attribution,
    standards.keywords,
    standards.html,
)
"""Standards in the order in which they are believed: those made for machines first, then the general ones."""


MACHINES = frozenset({"json-ld", "microdata", "rdfa", "h-entry", "opengraph", "citation", "dublin-core"})
"""Witnesses made for machines: where they disagree, the page is odd."""

RULES = "trafilatura"
"""Witness of values that no standard gives and general rules find."""


def read(
    tree: HtmlElement,
    url: str,
    flaws: tuple[str, ...] = (),
    scripts: Scripts | None = None,
    site: Site | None = None,
    written: Notation | None = None,
) -> Article:
    """Return the article of a page, with `flaws` of its bytes among its notes.

    `scripts` is as of `archiver.pages.article`; `site` is the blog, where it is one whose profile says what stands
    where, and its addresses come out as canonical ones; `written` is how the page writes TeX, where that is known
    already. Raises PageNotRecognised when there is nothing to read.
    """
    markup = site.profile.post if site else PostMarkup()
    said = Claims(_claims(tree, markup))
    base = _base(tree, url, said)
    address = partial(values.address, base=base)
    title = titles.title(tree, said, next(iter(site.profile.titles.values()), "") if site else "")
    site_name = said.one("site_name", values.word)
    authors, published_at = _byline(tree, said, url)
    settled = sources.settle(tree, written or notation.of(tree, scripts and partial(_loaded, scripts, base)))
    found = places.text(settled, markup) or bodies.find(settled)
    if found is None:
        raise PageNotRecognised(url or "the page", "expected an article, found no text")
    places.drop(found.element, markup.without)
    tags = said.many("tags", lambda tag: None if tag in (title, site_name) else values.word(tag))
    bodies.trim(found.element, title, authors, published_at, tags)
    resolve = partial(site.resolve if site else values.target, base=base)
    content = engines.read(found.element, resolve)
    canonical, license_url = said.one("canonical_url", address), said.one("license_url", address)
    return Article(
        url=url or canonical or "",
        title=title,
        authors=authors,
        published_at=published_at,
        modified_at=said.one("modified_at", dates.moment),
        tags=tags,
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


def claims(tree: HtmlElement) -> Claims:
    """Return what a page says by web standards."""
    return Claims(_claims(tree, PostMarkup()))


def _claims(tree: HtmlElement, markup: PostMarkup) -> Iterator[Claim]:
    yield from places.claims(tree, markup.fields)
    for reader in READERS:
        yield from reader(tree)


def _base(tree: HtmlElement, url: str, said: Claims) -> str:
    """Return the base address of a page's links: the one of `<base>`, or where the page was or says it is."""
    own = url or next((each.value for each in said.all("canonical_url") if values.address(each.value, "")), "")
    given = tree.xpath("//base[@href]")
    try:
        return urljoin(own, given[0].get("href")) if given else own
    except ValueError:
        return own


def _byline(tree: HtmlElement, said: Claims, url: str) -> tuple[tuple[str, ...], str | None]:
    """Return authors and date; if no standard names them, the address and then general rules may."""
    authors, published_at = said.many("authors", values.name), said.one("published_at", dates.moment)
    if not published_at and (day := dates.in_address(url)):
        published_at = said.settle("published_at", day, "address")
    if (authors and published_at) or questions.find(tree):  # general rules may find any of several people
        return authors, published_at
    found = guess(tree)
    named = tuple(filter(None, map(values.name, (found.author or "").split(";"))))
    if not authors and named:
        authors = said.settle("authors", named, RULES)
    if not published_at and found.date:
        published_at = said.settle("published_at", found.date, RULES)
    return authors, published_at


def _license(said: Claims, url: str | None) -> str | None:
    """Return the name of the licence from its address if possible, else in the words of the page."""
    if url and (name := values.license_at(url)):
        return said.settle("license", name, said.witnesses["license_url"])
    return said.one("license")


def _language(said: Claims, text: str) -> str | None:
    """Return the language the page names, unless the letters of the text indicate another."""
    claimed, written = said.one("language", values.language), values.language_of(text)
    return said.settle("language", written, "text") if written and (claimed or "")[:2] != written else claimed


def _issues(found: Body) -> list[str]:
    return ["nobody found a text on the page: all of it is taken"] if found.engine == bodies.ALL else []


def _notes(said: Claims, base: str) -> list[str]:
    """Return what is odd about what a page says or omits."""
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
