"""What is around and within an article without being part of it: menus, share bars, related posts, comments, contents.

Recognised by the element itself, by its role (WAI-ARIA), and by the words of its id and classes, which themes of all
engines name alike. A word may also be part of what a theme calls the whole (`with-sidebar`), so it counts only where
little of the page's prose stands. The words of an id may be the author's own, as engines make ids out of headings:
`related-work` names a section, and says nothing about what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, takewhile
from urllib.parse import unquote

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages.document import own_text, text_of, title_of
from archiver.text import dom
from archiver.text.agreement import letters

_TAGS = frozenset({"aside", "dialog", "form", "nav"})
_ROLES = frozenset({"alert", "banner", "complementary", "contentinfo", "dialog", "menu", "navigation", "search"})
_REMARKS = frozenset(
    """
    __comments comments comment-list commentlist comments-area disqus_thread giscus gitalk respond utterances valine
    waline
    """.split()  # noqa: SIM905
)
_WORDS = frozenset(
    """
    ads advert advertisement breadcrumb breadcrumbs comments consent cookie cookies disqus donate editsection gdpr menu
    modal nav navbar navbox navigation newsletter noprint pager paginate pagination pagenavi popup qrcode recommend
    recommendation recommendations recommended related relatedposts replies reward sharebar sharedaddy sharing share
    sharrre sidebar sidenav signup skip social subscribe subscription sponsor toc tocbot toolbar
    """.split()  # noqa: SIM905  # a list of sixty would be longer than this module
)
_WHOLE = frozenset({"widget", "widgets", "widget-area", "article-licensing", "jp-relatedposts"})
_WHOLE |= {"page-foot", "post-nav"}
_WHOLE |= {"quarto-back-to-top", "quarto-citation", "quarto-copyright", "quarto-reuse"}
_WHOLE |= {"input_prompt", "output_prompt", "jp-InputPrompt", "jp-OutputPrompt"}  # `In [1]:` of Jupyter
_WEAK = frozenset(
    """
    author authors avatar back-to-top badge bio button buttons byline copyright cta edit footer hidden kicker labels
    license meta metadata metas post-info print promo readingtime tags tagged taxonomy timestamp
    """.split()  # noqa: SIM905
)
"""Words that also name parts of a text: they count where there is little text and nothing else."""
_RELATIONS = frozenset({"prev", "previous", "next", "tag", "category"})
"""Types of links to the posts next to one (https://html.spec.whatwg.org/#sequential-link-types), and to its lists."""
_NEIGHBOURS = frozenset({"prev", "previous", "next", "older", "newer"})
"""Words of classes of the same."""
_FIELDS = frozenset({"keywords", "articleSection"})
"""Properties of schema.org that are tags and categories."""
_LABELS_IN = frozenset({"b", "em", "i", "small", "span", "strong"})
_LABEL = 24
"""Characters of the longest words before such a link: `The post before this: `."""
_OF_AUTHORS = frozenset({"about", "bio", "blurb", "box", "card", "description", "profile"})
"""Words that with `author` name a box about who wrote a text."""
_NEVER = frozenset({"article", "body", "code", "html", "main", "math", "pre", "svg"})
_PERSONS = frozenset({"author", "avatar", "bio"})
"""Words of boxes with a picture of somebody."""
_UNSEEN = frozenset({"noscript", "script", "style", "template"})
_NOTES = "//*[@role='doc-footnote' or @role='doc-endnotes']"
"""Notes to the text by their role (DPUB-ARIA), which Sphinx writes as `<aside>`."""
_STATES = frozenset({"has", "is", "no", "with", "js", "not", "without"})
_LABELS = re.compile(
    r"(?:alg|cor|def|eq|exm|exr|fig|lem|lst|prp|rem|sol|tbl|thm|bib|ref|term|fn|fnref|cite_note|cite_ref)[-:._]"
)
"""How ids begin that authors refer to: cross-references of Quarto and bookdown, entries of pandoc's bibliographies and
Sphinx's glossaries, notes of Markdown and MediaWiki (https://quarto.org/docs/authoring/cross-references.html)."""
_LEVEL = re.compile(r"(?:^|\s)level[1-6](?=\s|$)")
"""Class of pandoc's sections, whose ids are made of their headings or the author's."""
_SPLIT = re.compile(r"[\s:/]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PARTS = re.compile(r"[-_]+")
_AGAIN = re.compile(r"[-_]\d+\Z")  # of the second heading of the same words
_NUMBER = re.compile(r"\A(?:\d+\.)*\d+\.?\s+")
_SHORT = frozenset({"a", "dt", "span"})
"""Elements that are headed only by what they say, such as MediaWiki's headlines."""

_ELSEWHERE = re.compile(
    r"(?:(?:more|other|popular|recent|recommended|related|similar) (?:articles?|posts?)"
    r"|(?:you )?(?:may|might) also like|read (?:also|next)"
    r"|相关(?:推荐|文章|阅读)|推荐(?:文章|阅读)|猜你喜欢|あわせて読みたい|関連記事)\W*",
    re.IGNORECASE,
)
"""Headings of boxes that lead to other articles."""
MOST_UNLINKED = 0.2
"""Share of such a box, without its heading, that need not be links."""
_CONTENTS = re.compile(r"(?:table of )?contents|目录|目錄|目次", re.IGNORECASE)
"""Headings of a table of contents."""
_BROAD = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""Characters of Chinese, Japanese and Korean, each of which says as much as three letters."""

LITTLE = 400
"""Characters of the longest line about an article, such as its tags or its licence."""
PARAGRAPH = 80
"""Characters from which a paragraph is prose; entries of menus are shorter."""
MOST_LINKS = 0.8
"""Share of links within the page above which something called contents is a table of them."""
MOST_PROSE = 0.2
"""Share of a page's prose above which a part is nothing around an article, whatever it is called."""


def prune(page: HtmlElement, texts: set[HtmlElement]) -> None:
    """Remove from a page what is around its article and in it; `texts` may be the article and stay."""
    kept = {above for element in texts for above in element.iterancestors()} | texts
    for element in [each for each in page.iter(etree.Element) if _is_remarks(each)]:
        _take_out(element, kept)
    notes = set(page.xpath(_NOTES))
    kept |= notes.union(above for note in notes for above in note.iterancestors())
    sizes = [(each, _size(each)) for each in page.iter("p")]
    prose = [each for each in sizes if each[1] >= PARAGRAPH] or sizes
    held: dict[HtmlElement, int] = {}
    for paragraph, size in prose:
        for above in paragraph.iterancestors():
            held[above] = held.get(above, 0) + size
    most = MOST_PROSE * held.get(page, 0)
    for line in _lines_that_lead(page):
        _take_out(line, kept)
    whole = _whole_headings(page)
    for element in [each for each in page.iter(etree.Element) if _is_around(each)]:
        if element in whole:
            element.drop_tag()
        elif held.get(element, 0) <= most and not dom.is_in_rendering(element):
            _take_out(element, kept)
    for heading in [each for each in page.iter(*dom.HEADINGS) if _CONTENTS.fullmatch(text_of(each))]:
        if _is_bare(heading):
            _take_out(heading, kept)
    for box in [box for heading in page.iter(*dom.HEADINGS) if (box := _leading_elsewhere(heading)) is not None]:
        _take_out(box, kept)


def is_aside(element: HtmlElement) -> bool:
    """Return whether an element is in something around the article, whose own header and footer belong to it."""
    return any(
        above.tag in _TAGS
        or _is_remarks(above)
        or (not _WORDS.isdisjoint(_words_of(above)) and not _holds_title(above))
        for above in element.iterancestors()
        if above.tag not in _NEVER
    )


def _holds_title(box: HtmlElement) -> bool:
    """Return whether a box is the header of an article, such as Quarto's with `toc-left`: its heading leads nowhere."""
    headings = box.iter("h1") if box.tag == "header" else iter(())
    return any(next(each.iter("a"), None) is None for each in headings)


def _is_marked(link: HtmlElement) -> bool:
    """Return whether a link says that it leads to the post before or after, or to posts with its tag or category."""
    relations = (link.get("rel") or "").lower().split()
    named = f"{link.get('class', '')} {_box_of(link)}"
    return not _RELATIONS.isdisjoint(relations) or not _NEIGHBOURS.isdisjoint(_words(named))


def _box_of(link: HtmlElement) -> str:
    """Return the classes of the box around only a link, one of a pair: one alone may be the author's."""
    box = link.getparent()
    row = box.getparent() if box is not None and len(box) == 1 else None
    if row is None or row.tag == "tr" or len(row) != 2 or next(link.iter("img", "math", dom.FORMULA), None) is not None:
        return ""
    is_pair = all(not _NEIGHBOURS.isdisjoint(_words(each.get("class") or "")) for each in row)  # a comment has none
    return box.get("class", "") if is_pair and not own_text(row) and not own_text(box) else ""


def _lines_that_lead(page: HtmlElement) -> list[HtmlElement]:
    """Return the largest elements with only marked links, each after a word or two, or the link in a marked box."""
    known: dict[HtmlElement, bool] = {}
    found: dict[HtmlElement, None] = {}
    for link in filter(_is_marked, page.iter("a")):
        line = link if not _NEIGHBOURS.isdisjoint(_words(_box_of(link))) else None
        for above in takewhile(lambda each: _only_leads(each, known), link.iterancestors()):
            line = above
        if line is not None:
            found[line] = None
    return list(found)


def _only_leads(part: HtmlElement, known: dict[HtmlElement, bool]) -> bool:
    """Return whether a part of the page has nothing but marked links and their labels; `known` keeps what was told."""
    if part not in known:
        known[part] = _leads(part, known)
    return known[part]


def _leads(part: HtmlElement, known: dict[HtmlElement, bool]) -> bool:
    if part.tag == "a":
        return _is_marked(part)
    if part.tag in _NEVER or part.tag in dom.HEADINGS or part.tag in (dom.FORMULA, "img"):
        return False
    if any(len((words or "").strip()) > _LABEL for words in (part.text, *(child.tail for child in part))):
        return False
    if next(part.iter("a"), None) is None and text_of(part):
        return part.tag in _LABELS_IN and len(text_of(part)) <= _LABEL
    return all(_only_leads(child, known) for child in part.iterchildren(etree.Element))


def cards(page: HtmlElement) -> set[HtmlElement]:
    """Return the articles of a page that hold little of its prose: they present others, such as the next one."""
    articles = list(page.iter("article"))
    if not articles:
        return set()
    held: Counter[HtmlElement | None] = Counter()
    for paragraph in page.iter("p"):
        if (length := len(text_of(paragraph))) >= PARAGRAPH:
            held.update(dict.fromkeys([None, *paragraph.iterancestors("article")], length))
    return {each for each in articles if held[each] < MOST_PROSE * held[None]}


def _size(paragraph: HtmlElement) -> int:
    """Return how many letters a paragraph has, or as many as would say the same in an alphabet."""
    words = str(paragraph.text_content())
    return len(words) if words.isascii() else len(words) + 2 * len(_BROAD.findall(words))


def _is_bare(heading: HtmlElement) -> bool:
    """Return whether nothing is under a heading, up to one that is not part of it."""
    if (heading.tail or "").strip():
        return False
    after = next((each for each in heading.itersiblings(etree.Element) if each.tag not in _UNSEEN), None)
    if after is None:
        return True
    first = next(after.iter(*dom.HEADINGS), None)
    return first is not None and first.tag <= heading.tag and text_of(after).startswith(text_of(first))


def _leading_elsewhere(heading: HtmlElement) -> HtmlElement | None:
    """Return the box below a heading that says that the links in it lead to other articles."""
    words = text_of(heading)
    if not _ELSEWHERE.fullmatch(words):
        return None
    box = None
    for above in heading.iterancestors("div", "section", "footer"):
        if not text_of(above).startswith(words) or _LEVEL.search(above.get("class", "")):
            break
        linked = sum(len(text_of(link)) for link in above.iter("a"))
        rest = len(text_of(above)) - len(words)
        if rest and rest - linked <= MOST_UNLINKED * rest:
            box = above
    return box


def _is_remarks(element: HtmlElement) -> bool:
    if element.tag in _NEVER or _REMARKS.isdisjoint([element.get("id", ""), *_classes(element)]):
        return False
    if element.tag in dom.HEADINGS:
        after = next((each for each in element.itersiblings(etree.Element) if each.tag not in _UNSEEN), None)
        return after is None or (after.tag not in dom.HEADINGS and _is_remarks(after))
    return not _LEVEL.search(element.get("class", ""))


def _is_around(element: HtmlElement) -> bool:
    tag = element.tag
    if tag == "aside" and _is_note(element):
        return False
    if tag in _TAGS or element.get("role") in _ROLES or element.get("aria-modal") == "true":
        return True
    if tag in _NEVER:
        return False
    words = _words_of(element)
    if not _WORDS.isdisjoint(words) or not _WHOLE.isdisjoint([element.get("id", ""), *_classes(element)]):
        return True
    if "author" in words and not _OF_AUTHORS.isdisjoint(words):
        return True
    if "contents" in words and _links_within(element) >= MOST_LINKS * len(text_of(element)):
        return True
    weak = tag == "footer" or _is_below_title(element)
    weak |= element.get("itemprop") in _FIELDS or (tag != "span" and not _WEAK.isdisjoint(words))
    if not weak or not _is_line(element) or next(element.iterancestors("blockquote", "figure"), None) is not None:
        return False  # a footer of these says whose words they are, or what they show
    shown = element.iter("pre", "math", "script", "table", "img")
    return all(each.tag == "img" and tag == "footer" and _is_portrait(each) for each in shown)


def _is_portrait(picture: HtmlElement) -> bool:
    """Return whether a picture is named as an author's, or in a box that is."""
    return any(not _PERSONS.isdisjoint(_words_of(each)) for each in (picture, *islice(picture.iterancestors(), 3)))


def _is_below_title(element: HtmlElement) -> bool:
    """Return whether an element is a header of an article whose title is not in it, but just before it."""
    if element.tag != "header" or next(element.iter("p", *dom.HEADINGS), None) is not None:
        return False
    before = element.getprevious()
    return before is not None and before.tag == "h1"


def _is_note(aside: HtmlElement) -> bool:
    """Return whether an aside is the author's, as in Distill's margin: among paragraphs, prose, of no other name."""
    return (
        all(any(map(_is_prose, aside.itersiblings("p", preceding=before))) for before in (True, False))
        and (_WORDS | _WEAK | _WHOLE).isdisjoint(_words_of(aside))
        and aside.get("role") is None
        and next(aside.iter("form", "input", "ins", "iframe"), None) is None
        and 2 * sum(len(text_of(link)) for link in aside.iter("a")) < len(text_of(aside))
    )


def _is_prose(paragraph: HtmlElement) -> bool:
    return _size(paragraph) >= PARAGRAPH


def _whole_headings(page: HtmlElement) -> set[HtmlElement]:
    """Return the elements that are a whole heading, such as docutils' links back to the contents."""
    headings = ((heading, title_of(heading)) for heading in page.iter(*dom.HEADINGS))
    return {
        part
        for heading, words in headings
        if words
        for part in heading.iterchildren(etree.Element)
        if text_of(part) == words
    }


def _take_out(element: HtmlElement, kept: set[HtmlElement]) -> None:
    if element not in kept and element.getparent() is not None:
        element.drop_tree()


def _classes(element: HtmlElement) -> list[str]:
    return list(element.get("class", "").split())


def _words_of(element: HtmlElement) -> frozenset[str]:
    """Return the words a theme calls an element by."""
    classes, identified = _words(element.get("class", "")), _words(element.get("id", ""))
    is_telling = not (_WORDS | _WEAK).isdisjoint(identified)
    return classes if is_telling and _is_authors(element) else classes | identified


def _is_authors(element: HtmlElement) -> bool:
    """Return whether the id of an element is the author's label, or made from its heading."""
    name = element.get("id", "")
    if element.tag in dom.HEADINGS or _LABELS.match(name) or _LEVEL.search(element.get("class", "")):
        return True
    if element.tag in _SHORT:
        return _is_slug(name, title_of(element))
    heading = next(element.iter(*dom.HEADINGS), None)
    return heading is not None and _is_slug(name, title_of(heading)) and _is_written(element, heading)


def _is_slug(name: str, heading: str) -> bool:
    """Return whether an id is made from the words of a heading, which some engines strip of its number."""
    return letters(_AGAIN.sub("", unquote(name))).casefold() == letters(_NUMBER.sub("", heading)).casefold()


def _is_written(box: HtmlElement, heading: HtmlElement) -> bool:
    """Return whether most of what is under a heading is not a link, and none of it is a form."""
    if next(box.iter("form", "input"), None) is not None:
        return False
    linked = sum(len(text_of(link)) for link in box.iter("a"))
    return len(text_of(box)) - len(text_of(heading)) > 2 * linked


@lru_cache(maxsize=4096)
def _words(names: str) -> frozenset[str]:
    """Return names of classes as they are and in their parts: `post-nav`, `post`, `nav`."""
    whole = {name for each in _SPLIT.split(names) if (name := _CAMEL.sub("-", each).lower())}
    return frozenset(whole.union(*map(_parts, whole)))


def _parts(name: str) -> Iterator[str]:
    """Yield the parts of a name before one that describes a state: `anchor-with-sticky-navbar` is an anchor."""
    return takewhile(lambda part: part not in _STATES, _PARTS.split(name))


def _links_within(element: HtmlElement) -> int:
    """Return how many characters of an element are links within its page."""
    return sum(len(text_of(link)) for link in element.iter("a") if link.get("href", "").startswith("#")) or -1


def _is_line(element: HtmlElement) -> bool:
    """Return whether an element is a line of words: formulas alone, such as hidden definitions, belong to the text."""
    words = text_of(element)
    formulas = " ".join(text_of(formula) for formula in element.iter(dom.FORMULA))
    return len(words) <= LITTLE and (not formulas or words != formulas)
