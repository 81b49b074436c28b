"""What stands around and within an article and is none of it: menus, share bars, related posts, comments, contents.

Told by the element itself, by its role (WAI-ARIA), and by the words of its id and classes, which themes of all engines
name alike. A word may also be part of what a theme calls the whole (`with-sidebar`), so it counts only where little of
the page's prose stands.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages.document import text_of, title_of
from archiver.text import dom
from archiver.text.agreement import letters

_TAGS = frozenset({"aside", "dialog", "form", "nav"})
_ROLES = frozenset({"alert", "banner", "complementary", "contentinfo", "dialog", "menu", "navigation", "search"})
_REMARKS = frozenset(
    """
    comments comment-list commentlist comments-area disqus_thread giscus gitalk respond utterances valine waline
    """.split()  # noqa: SIM905
)
_WORDS = frozenset(
    """
    ads advert advertisement breadcrumb breadcrumbs comments consent cookie cookies disqus donate editsection gdpr menu
    modal nav navbar navbox navigation newsletter noprint pager paginate pagination pagenavi popup qrcode recommend
    recommendation recommendations recommended related relatedposts replies reward sharebar sharedaddy sharing share
    sidebar sidenav signup skip social subscribe subscription sponsor toc tocbot toolbar
    """.split()  # noqa: SIM905  # a list of sixty would be longer than this module
)
_WHOLE = frozenset({"widget", "widgets", "widget-area", "jp-relatedposts", "post-nav"})
_WHOLE |= {"input_prompt", "output_prompt", "jp-InputPrompt", "jp-OutputPrompt"}  # `In [1]:` of Jupyter
_WEAK = frozenset(
    """
    author authors avatar back-to-top badge bio button buttons byline copyright cta edit footer hidden kicker labels
    license meta metadata metas post-info print promo readingtime tags tagged taxonomy timestamp
    """.split()  # noqa: SIM905
)
"""Words that also name parts of a text: they count where there is little text and nothing else."""
_NEVER = frozenset({"article", "body", "code", "html", "main", "math", "pre", "svg"})
_SECTION = re.compile(r"(?:^|\s)(?:section|level\d|sect\d)(?=\s|$)")
_COPY = re.compile(r"-\d+\Z")
"""What generators put behind an id that an earlier heading has."""
_NOTES = "//*[@role='doc-footnote' or @role='doc-endnotes']"
"""Notes to the text by their role (DPUB-ARIA), which Sphinx writes as `<aside>`."""
_STATES = ("has-", "is-", "no-", "with-", "js-", "not-", "without-")
_SPLIT = re.compile(r"[\s:/]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PARTS = re.compile(r"[-_]+")

LITTLE = 400
"""Characters of the longest line about an article, such as its tags or its licence."""
PARAGRAPH = 80
"""Characters from which on a paragraph is prose; entries of menus are shorter."""
MOST_LINKS = 0.8
"""Share of links within the page above which what is called contents is a table of them."""
MOST_PROSE = 0.2
"""Share of a page's prose above which a part is nothing around an article, whatever it is called."""


def prune(page: HtmlElement, texts: set[HtmlElement]) -> None:
    """Take out of a page what stands around its article and in it; `texts` may be the article and stay."""
    kept = {above for element in texts for above in element.iterancestors()} | texts
    for element in [each for each in page.iter(etree.Element) if _is_remarks(each)]:
        _take_out(element, kept)
    notes = set(page.xpath(_NOTES))
    kept |= notes.union(above for note in notes for above in note.iterancestors())
    prose = [each for each in page.iter("p") if len(str(each.text_content())) >= PARAGRAPH]
    held: dict[HtmlElement, int] = {}
    for paragraph in prose:
        for above in paragraph.iterancestors():
            held[above] = held.get(above, 0) + len(str(paragraph.text_content()))
    most = MOST_PROSE * held.get(page, 0)
    sections = _sections(page)
    for element in [each for each in page.iter(etree.Element) if _is_around(each, each in sections)]:
        if _is_heading(element):
            element.drop_tag()
        elif held.get(element, 0) <= most and not dom.is_in_rendering(element):
            _take_out(element, kept)


def is_aside(element: HtmlElement) -> bool:
    """Tell whether an element stands in something around the article; its header and footer are of it."""
    return any(
        above.tag in _TAGS or _is_remarks(above) or not _WORDS.isdisjoint(_words_of(above))
        for above in element.iterancestors()
        if above.tag not in _NEVER
    )


def _is_remarks(element: HtmlElement) -> bool:
    return element.tag not in _NEVER and not _REMARKS.isdisjoint([element.get("id", ""), *_classes(element)])


def _sections(page: HtmlElement) -> set[HtmlElement]:
    """Return the sections of a text that got their ids from their headings, as Sphinx and pandoc give them.

    Where no section's id is free of suspicion, somebody may have called one what it is.
    """
    boxes = (each for each in page.iter("section", "div") if each.get("id") and _is_section(each))
    named = {box for box in boxes if _tells_heading(box, next(box.iterchildren(*dom.HEADINGS), None))}
    return named if any(_WORDS.isdisjoint(_words(box.get("id", ""))) for box in named) else set()


def _is_section(box: HtmlElement) -> bool:
    return box.tag == "section" or _SECTION.search(box.get("class", "")) is not None


def _tells_heading(element: HtmlElement, heading: HtmlElement | None) -> bool:
    """Tell whether the id of an element is the words of a heading, which may begin with a number."""
    if heading is None:
        return False
    name = letters(_COPY.sub("", element.get("id", ""))).casefold()
    return bool(name) and letters(title_of(heading)).casefold().endswith(name)


def _is_around(element: HtmlElement, is_section: bool) -> bool:
    tag = element.tag
    if tag in _TAGS or element.get("role") in _ROLES or element.get("aria-modal") == "true":
        return True
    if tag in _NEVER:
        return False
    if tag in dom.HEADINGS:  # not by a part of a name: themes tell in it what they do about menus that cover them
        words = frozenset([*_classes(element), *([] if _tells_heading(element, element) else [element.get("id", "")])])
    else:
        words = _words(element.get("class", "")) if is_section else _words_of(element)
    if not _WORDS.isdisjoint(words) or not _WHOLE.isdisjoint(_classes(element)):
        return True
    if "contents" in words and _links_within(element) >= MOST_LINKS * len(text_of(element)):
        return True
    weak = tag == "footer" or (tag != "span" and not _WEAK.isdisjoint(words))
    return weak and next(element.iter("pre", "img", "math", "script", "table"), None) is None and _is_line(element)


def _is_heading(element: HtmlElement) -> bool:
    """Tell whether an element in a heading is all of it, as of docutils' links back to the contents."""
    heading = next(element.iterancestors(*dom.HEADINGS), None)
    return heading is not None and text_of(element) == title_of(heading)


def _take_out(element: HtmlElement, kept: set[HtmlElement]) -> None:
    if element not in kept and element.getparent() is not None:
        element.drop_tree()


def _classes(element: HtmlElement) -> list[str]:
    return list(element.get("class", "").split())


def _words_of(element: HtmlElement) -> frozenset[str]:
    return _words(f"{element.get('id', '')} {element.get('class', '')}")


@lru_cache(maxsize=4096)
def _words(names: str) -> frozenset[str]:
    """Return names of classes as they are and in their parts: `post-nav`, `post`, `nav`."""
    whole = {name for each in _SPLIT.split(names) if (name := _CAMEL.sub("-", each).lower())}
    return frozenset(whole | {part for name in whole if not name.startswith(_STATES) for part in _PARTS.split(name)})


def _links_within(element: HtmlElement) -> int:
    """Return how many characters of an element lead to other places of its page."""
    return sum(len(text_of(link)) for link in element.iter("a") if link.get("href", "").startswith("#")) or -1


def _is_line(element: HtmlElement) -> bool:
    """Tell whether an element is a line of words: formulas alone, such as hidden definitions, are of the text."""
    words = text_of(element)
    formulas = " ".join(text_of(formula) for formula in element.iter(dom.FORMULA))
    return len(words) <= LITTLE and (not formulas or words != formulas)
