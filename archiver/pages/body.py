"""Finds the text of an article on a page of any site.

Two kinds of witness: what the page itself calls the text, by a standard or by a name that themes share, and what the
scorers of `archiver.text.engines` take for it. The element the page names is the text if it contains the scorers' text;
so none of its formulas, pictures and code depend on what a scorer thinks of them. A page that says it is a question
(`archiver.pages.questions`) is not asked further.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree, html
from lxml.html import HtmlElement

from archiver.pages import dates, questions, surroundings
from archiver.pages.document import has_class, own_text, text_of, title_of
from archiver.text import dom, engines, plain
from archiver.text.agreement import letters

CLASSES = (
    "e-content", "entry-content", "post-content", "article-content", "article-body", "post-body", "post__content",
    "article__body", "post_content", "postbody", "gh-content", "post-full-content", "entry-body", "entry__content",
    "article-entry", "RichText", "available-content", "js-post-body", "mw-parser-output", "ltx_page_content",
    "markdown-body", "theme-doc-markdown", "md-content__inner", "content__default", "article-text", "instapaper_body",
    "jp-Notebook", "post-text", "entry",
)  # fmt: skip
"""What themes call the text: WordPress, Hexo, Hugo, Jekyll, Ghost, Pelican, zhihu, Stack Exchange, Wikipedia."""

IDS = (
    "articleContent", "mw-content-text", "page-content", "cnblogs_post_body", "content_views", "js_content",
    "notebook-container",
)  # fmt: skip
"""The same by their ids: matery, MediaWiki, Wikidot, cnblogs, CSDN, WeChat, notebooks of Jupyter."""

NAMED = (
    "//*[contains(concat(' ', normalize-space(@itemprop), ' '), ' articleBody ')]",
    *(f"//*[{has_class(name)}]" for name in CLASSES),
    *(f"//*[@id='{name}']" for name in IDS),
    "//d-article",
    "//dt-article",
    "//*[@data-elementor-type='wp-post' or @data-elementor-type='wp-page']",
    f"//*[*[{has_class('jp-Cell')}]]",  # what holds the cells of a notebook, which themes put in boxes of their own
)
"""Where a page says that the text is."""

PLACES: tuple[str, ...] = ("//article", "//main", "//*[@role='main']", "//*[@role='article']")
PLACES += (f"//*[{has_class('main-container')}]",)  # R Markdown
PLACES += tuple(f"//*[@id='{name}']" for name in ("content", "main", "main-content", "article", "post", "bodyContent"))
"""What holds the text, and may hold more."""

HALF, MOST = 0.5, 0.9
"""Share of the scorers' text that an element has to hold to be the text: where it is named so, and where not."""
NEARLY_ALL = 0.98
"""Share of what a place holds of the scorers' text that a part of it has to hold to be the text itself."""
MOST_PLACES = 100
"""How many elements of one name are looked at."""
PART = 0.05
"""Share that makes an element one of the pieces of the text."""
MUCH_MORE = 3
"""How many times a scorer's text another scorer's, or a named element, has to be, to be believed instead."""
MOST_EXTRA = 0.3
"""Share of an element that the scorers may have left out, where nothing on the page says what the text is."""
LARGER = 1.3
"""How much larger an element may be that holds more formulas, pictures and code."""

_HEADED = re.compile(
    r"(?:by|written by|posted (?:by|on)|published|updated|last modified|作者|发布|发表|更新)\b", re.IGNORECASE
)
_COUNTED = re.compile(
    r"\d+\s*(?:min(?:ute)?s?\b(?:\s+read)?|分钟|words\b|字|views?\b|次阅读|comments?\b|条评论)", re.IGNORECASE
)
_NEIGHBOURS = {
    is_next: re.compile(
        rf"\W*(?:(?:the\s+)?(?:{words})(?:\s+(?:post|article|entry|note|page|one))?|{abroad})(?=\W|\Z)\W*",
        re.IGNORECASE,
    )
    for is_next, words, abroad in (
        (False, "prev|previous|older|earlier|before", "上一?篇|前一篇|上一章"),
        (True, "next|newer|later|after", "下一?篇|后一篇|下一章"),
    )
}
"""How links to the posts after and before one are labelled."""
ALL = "body"
"""Engine of a text that is the whole page, as no engine found one."""

_PIECE = 30  # letters; short enough that one cut by an edge of the text costs little
_LINE = 160  # characters of the longest line about an article
_START = 600  # letters from the beginning within which such lines are
_BLOCKS = ("div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "section", "span", "time", "ul")


class Body(NamedTuple):
    """The text of a page: an element of a copy without what is around it, and who found it."""

    element: HtmlElement
    engine: str


def find(page: HtmlElement) -> Body | None:
    """Return the text of a page in which formulas are settled, and which is not changed; None where there is none."""
    page = copy.deepcopy(page)
    named = {element for path in NAMED[:5] for element in page.xpath(path)}
    asked = questions.find(page)
    surroundings.prune(page, named | {part.text for part in asked} | set(page.iter("h1")))
    if asked and len(letters(text_of(asked[0].text))) >= engines.MIN_BODY:
        return Body(questions.together(asked), questions.ENGINE)
    scorer, selected = _best(page)
    pieces = _pieces(selected) if selected is not None else []
    found = _named(page, pieces) or _place(page, pieces)
    if found:
        return found
    if selected is None:
        rest = page.find("body")
        return Body(rest, ALL) if rest is not None and len(letters(text_of(rest))) >= engines.MIN_BODY else None
    text = plain.read(selected, _nowhere)
    around = engines.element_around(page, text, MOST_EXTRA)
    if around is None and (whole := engines.element_around(page, text, 1.0)) is not None:
        around = whole if _fragile(whole, ()) > _fragile(selected, ()) else None
    return Body(_widened(around) if around is not None else selected, scorer)


def _best(page: HtmlElement) -> tuple[str, HtmlElement | None]:
    """Return the first scorer's choice, or that of another that found many times as much."""
    best: tuple[str, HtmlElement | None] = ("", None)
    for scorer, selected in engines.selections(page):
        if best[1] is None or len(text_of(selected)) > MUCH_MORE * len(text_of(best[1])):
            best = (scorer, selected)
    return best


def trim(
    body: HtmlElement, title: str, authors: tuple[str, ...], published_at: str | None, tags: tuple[str, ...] = ()
) -> None:
    """Remove the title and the lines about the article from the beginning of its text: they are fields of their own."""
    headings = (each for each in _beginning(body) if each.tag in dom.HEADINGS)
    heading = next((each for each in headings if _same(title_of(each), title)), None)
    if heading is not None:
        _drop(heading, body)
    known = frozenset(tag.casefold() for tag in tags)
    bylines = [each for each in _beginning(body) if _is_byline(each, authors, published_at) or _lists_tags(each, known)]
    icons = [each for each in body.iter("ul") if not text_of(each) and not _fragile(each)]  # of share bars
    for element in (*bylines, *icons, *_neighbours(body), *_tiles(body)):
        if element.getparent() is not None:
            _drop(element, body)


def _neighbours(body: HtmlElement) -> list[HtmlElement]:
    """Return the lines at the end of a text that lead to the posts before and after; none if only one does.

    One alone may be the author's own, in a series.
    """
    found: dict[bool, HtmlElement] = {}
    for element in reversed(list(body.iter("p", "li", "div"))):
        if next(element.iterdescendants("p", "li", "div"), None) is not None or not text_of(element):
            continue
        is_next = _leads_to_next(element)
        if is_next is None or is_next in found:
            break
        found[is_next] = element
    return list(found.values()) if len(found) == 2 else []


def _tiles(body: HtmlElement) -> list[HtmlElement]:
    """Return two links that are alone in the last box of a text: an engine's cards of the posts before and after."""
    box = body
    while said := [each for each in box.iterchildren(etree.Element) if text_of(each) or _fragile(each)]:
        if box is not body and len(said) == 2 and all(map(_is_tile, said)) and not own_text(box):
            return said
        box = said[-1]
    return []


def _is_tile(link: HtmlElement) -> bool:
    """Return whether an element is a link around blocks, one of which names the folder of the page that it leads to.

    An author's own cards, as in a comparison, say other things.
    """
    href = link.get("href", "")
    if link.tag != "a" or not _OWN_PAGE.match(href) or _fragile(link):
        return False
    folders = href.rstrip("/").split("/")[:-1]
    return any(words.strip() in folders for block in link.iter("div") if (words := block.text or "").strip())


_OWN_PAGE = re.compile(r"(?!//|#|\w+:)")


def _leads_to_next(line: HtmlElement) -> bool | None:
    """Return whether a line is a link to the post after this one, or to the one before; None where it is neither."""
    links = list(line.iter("a"))
    words, linked = text_of(line), text_of(links[0]) if len(links) == 1 else ""
    if not linked or not words.endswith(linked) or _fragile(line):
        return None
    label = words.removesuffix(linked)
    named = label if re.search(r"\w", label) else linked
    for is_next, word in _NEIGHBOURS.items():
        if (found := word.match(named)) and (named is linked or found.end() == len(label)):
            return is_next
    return None


def _named(page: HtmlElement, pieces: list[str]) -> Body | None:
    for path in NAMED:
        parts = [(_share(each, pieces), each) for each in page.xpath(path)[:MOST_PLACES]]
        if not parts:
            continue
        share, element = max(parts, key=lambda part: part[0])
        pieced = sum(part[0] >= PART for part in parts) > 1  # as by advertisements, or in answers
        if share < MOST and pieced:
            element = _together(_from_first_to_last(parts))
            share = _share(element, pieces)
        size = len(letters(text_of(element)))
        if size >= engines.MIN_BODY and (share >= HALF or size > MUCH_MORE * sum(map(len, pieces))):
            return Body(element, _name(path))
    return None


def _from_first_to_last(parts: list[tuple[float, HtmlElement]]) -> list[HtmlElement]:
    """Return the elements from the first to the last that holds any of the text: between them some are too short."""
    holding = [index for index, (share, _) in enumerate(parts) if share > 0]
    return [element for _, element in parts[holding[0] : holding[-1] + 1]]


def _together(elements: list[HtmlElement]) -> HtmlElement:
    """Return a new element with copies of several in it: what is between them is not part of the text."""
    whole = html.Element("div")
    for element in elements:
        if not any(above in elements for above in element.iterancestors()):
            whole.append(copy.deepcopy(element))
            whole[-1].tail = None
    return whole


def _place(page: HtmlElement, pieces: list[str]) -> Body | None:
    """Return the smallest place that holds nearly all of the scorers' text."""
    held = [
        (path, element)
        for path in PLACES
        for element in page.xpath(path)[:MOST_PLACES]
        if _share(element, pieces) >= MOST
    ]
    if not held:
        return None
    smallest = min if pieces else max  # where no scorer found anything, nothing is known to be enough
    path, element = smallest(held, key=lambda each: len(str(each[1].text_content())))
    if len(letters(text_of(element))) < engines.MIN_BODY:
        return None
    return Body(_narrowed(element, pieces), _name(path))


def _narrowed(element: HtmlElement, pieces: list[str]) -> HtmlElement:
    """Return the innermost element with as much of the scorers' text, and all formulas, code blocks and pictures."""
    wanted = _share(element, pieces) * NEARLY_ALL
    while pieces:
        whole = _fragile(element, ()) + _unlinked(element)
        for child in element.iterchildren(etree.Element):
            if _fragile(child, ()) + _unlinked(child) == whole and _share(child, pieces) >= wanted:
                element = child
                break
        else:
            break
    return element


def _unlinked(element: HtmlElement) -> int:
    """Return how many pictures an element holds that lead nowhere: those of other articles are links to them."""
    return sum(next(image.iterancestors("a"), None) is None for image in element.iter("img"))


def _name(path: str) -> str:
    """Return a path as people write it: `.entry-content`, `article`, `#content`."""
    for pattern, form in ((r"\(@class\), ' '\), ' (\S+) '", "."), (r"\(@itemprop\), ' '\), ' (\S+) '", "itemprop=")):
        if found := re.search(pattern, path):
            return form + found[1]
    found = re.fullmatch(r"//\*\[@(\w+)='([\w-]+)'\]", path)
    return path.removeprefix("//") if not found else f"#{found[2]}" if found[1] == "id" else f"role={found[2]}"


def _pieces(selected: HtmlElement) -> list[str]:
    """Return the letters of a text in pieces: scorers run lines together, so whole lines cannot be looked for."""
    text = letters(plain.read(selected, _nowhere))
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


def _share(element: HtmlElement, pieces: list[str]) -> float:
    """Return how many of some pieces an element holds, 1.0 where there are none."""
    within = letters(plain.read(element, _nowhere))
    return sum(piece in within for piece in pieces) / len(pieces) if pieces else 1.0


def _widened(element: HtmlElement) -> HtmlElement:
    """Return the element, or one around it that is little larger and holds more formulas, pictures or code."""
    above = element.getparent()
    while above is not None and above.tag not in ("body", "html"):
        if len(str(above.text_content())) > LARGER * len(str(element.text_content())):
            break
        if _fragile(above) > _fragile(element):
            element = above
        above = above.getparent()
    return element


def _fragile(element: HtmlElement, pictures: tuple[str, ...] = ("img",)) -> int:
    """Return how many formulas, code blocks and pictures an element holds."""
    return sum(1 for _ in element.iter(dom.FORMULA, "math", "pre", *pictures))


def _beginning(body: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the innermost blocks and lines at the beginning of a text, up to its first paragraph of some length."""
    seen = 0
    for element in body.iter(*_BLOCKS):
        if element is body or (
            element.tag not in dom.HEADINGS and next(element.iterdescendants(*_BLOCKS), None) is not None
        ):
            continue
        size = len(text_of(element))
        if seen > _START or (size > _LINE and element.tag not in dom.HEADINGS):
            return
        yield element
        seen += size


def _is_byline(line: HtmlElement, authors: tuple[str, ...], published_at: str | None) -> bool:
    words = text_of(line)
    if not words or len(words) > _LINE or line.tag in dom.HEADINGS or next(line.iter("img", "code"), None) is not None:
        return False
    day = dates.moment(words)
    dated = day is not None and published_at is not None and day[:10] == published_at[:10]
    by = words.removeprefix("By ").strip() in authors or (
        _HEADED.match(words) and any(each in words for each in authors)
    )
    return bool(by or (dated and len(words) <= _LINE // 2) or (_COUNTED.search(words) and len(words) <= _LINE // 4))


def _lists_tags(line: HtmlElement, tags: frozenset[str]) -> bool:
    """Return whether a line links tags of the article, and says nothing else."""
    if not tags or line.tag in dom.HEADINGS or next(line.iter("a"), None) is None:
        return False
    words = [each.strip(" #,·|").casefold() for each in dom.texts(line)]
    return {word for word in words if word} <= tags


def _drop(element: HtmlElement, body: HtmlElement) -> None:
    """Remove an element, and the boxes around it that held nothing else."""
    above = element.getparent()
    element.drop_tree()
    while above is not None and above is not body and not text_of(above) and not _fragile(above):
        above, emptied = above.getparent(), above
        if above is not None:
            emptied.drop_tree()


def _same(heading: str, title: str) -> bool:
    return bool(heading) and letters(heading).casefold() == letters(title).casefold()


def _nowhere(href: str) -> None:
    """Resolve nothing: no address is asked for."""
