"""What the readers of a body agree on: which tags matter, and what the text of a node is.

A `<br>` stands as one carriage return among the text of its neighbours, because no other carriage return is left
there: HTML turns those of the page into newlines. `unbreak` makes newlines of them at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import cast

from lxml import etree, html

Resolve = Callable[[str], str | None]
"""Maps a `href` or `src` to its absolute canonical URL, or to None when it leads nowhere on the web.

Where the page's own address is unknown, it may stay as written."""

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl",
        "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main", "menu", "nav",
        "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
).union(HEADINGS)  # fmt: skip
"""Tags that begin a new line; everything else flows inside one."""
DROPPED = frozenset(
    {"head", "input", "link", "meta", "noscript", "option", "param", "script", "select", "source", "style", "svg"}
    | {"template", "title", "track", "button"}
)
"""Tags whose content no reader sees as text. `title` and `head` stand inside `<svg>` or misplaced documents."""
EMBEDS = frozenset({"audio", "embed", "iframe", "object", "video"})
NO_MATHS = frozenset({"code", "textarea"})
"""Inline tags MathJax does not look into, in addition to those that are dropped."""

HOLLOW = ("bgsound", "embed", "image", "keygen", "source", "track", "wbr")
"""Tags that have no content for browsers; libxml2 puts what follows inside."""

FORMULA = "TeX-formula"
"""Tag of an element that is one formula: its text is the TeX with delimiters, its attributes say where it comes from
(`archiver.text.sources`). No page can have it: the parser makes its tags lower-case."""
PROSE = "TeX-prose"
"""Tag of text that holds no formula, whatever its characters."""

BREAK = "\r"
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")  # neither valid in HTML text nor allowed in XML
_TOLD = etree.XPath("descendant::*[@*]")
_LEADING = re.compile(r"https?://\S+\Z|[^\s:/?#]*(?:[/?#]\S*)?\Z")  # or a relative one: RFC 3986, section 4.2
_RENDERED = re.compile(r"(?:^|\s)(?:MathJax(?:_\w+)?|katex(?:-display|-html)?)(?=\s|$)")
_BLANK = " \t\n\r\xa0\u200b\u2060\ufeff"
"""Characters that nobody sees; Docusaurus replaces a zero-width space by a visible character."""
_BROKEN = re.compile(r"\r([ \t]*)\n")


def parser() -> html.HTMLParser:
    """Return a parser of pages in UTF-8, however large.

    All its elements are of one class: with several, such as those of forms in `lxml.html`, every step to one asks
    Python which it is.
    """
    new = html.HTMLParser(encoding="utf-8", huge_tree=True)
    new.set_element_class_lookup(_CLASSES)
    return new


_CLASSES = etree.ElementDefaultClassLookup(
    element=html.HtmlElement, comment=html.HtmlComment, pi=html.HtmlProcessingInstruction, entity=html.HtmlEntity
)


def clean(text: str) -> str:
    r"""Return the text of a node as HTML means it: newlines are `\n`, control characters are gone."""
    if text.isprintable() or _UNWANTED.search(text) is None:  # the first is quicker, and false of a newline
        return text
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def told(element: etree._Element) -> list[etree._Element]:
    """Return the elements inside another that have attributes, in page order."""
    return cast("list[etree._Element]", _TOLD(element))


def in_order(body: etree._Element, elements: Iterable[etree._Element]) -> list[etree._Element]:
    """Return elements inside another in page order, each once."""
    wanted = set(elements)
    return [element for element in body.iter(etree.Element) if element in wanted] if wanted else []


def is_overfull(element: etree._Element) -> bool:
    """Return whether libxml2 put anything inside elements that have no content."""
    return any(hollow.text or len(hollow) or hollow.tag == "image" for hollow in element.iter(*HOLLOW))


def empty(element: etree._Element) -> None:
    """Move what is inside elements without content after them; rename `<image>` to `<img>`, as browsers do."""
    for hollow in element.iter(*HOLLOW):
        if hollow.tag == "image" and next(hollow.iterancestors("svg"), None) is None:
            hollow.tag = "img"
        if not (hollow.text or len(hollow)):
            continue
        tail, hollow.tail, hollow.text = hollow.tail, hollow.text, None
        behind = hollow
        for child in list(hollow):
            behind.addnext(child)
            behind = child
        behind.tail = (behind.tail or "") + (tail or "")


def unbreak(text: str) -> str:
    """Turn every `<br>`, with any newline of the source after it, into one newline."""
    if BREAK not in text:
        return text
    if "\r " not in text and "\r\t" not in text:
        return text.replace("\r\n", "\n").replace(BREAK, "\n")
    return _BROKEN.sub(r"\1\n", text).replace(BREAK, "\n")


@contextmanager
def held(element: etree._Element) -> Iterator[None]:
    """Keep the Python objects of a tree, which lxml otherwise creates again for every walk."""
    objects = list(element.iter())
    yield
    del objects


def texts(element: etree._Element) -> Iterator[str]:
    """Yield all text inside an element in order, comments and scripts left out, each `<br>` as `BREAK`."""
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event == "start":
            if node.tag in DROPPED:
                walk.skip_subtree()
            elif node.tag == "br":
                yield BREAK
            elif node.text:
                yield clean(node.text)
        elif node is not element and node.tail:
            yield clean(node.tail)


def stretches(element: etree._Element) -> Iterator[str]:
    """Yield the texts inside an element that MathJax looks at one by one: any tag but `<br>` and `<wbr>` ends one."""
    stretch = ""
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if node.tag == "br":
            stretch += BREAK * (event == "start")
        elif event in ("start", "end") and node.tag != "wbr":
            if stretch:
                yield stretch
            stretch = ""
        if event == "start":
            if node.tag in DROPPED or node.tag in NO_MATHS or node.tag == "pre":
                walk.skip_subtree()
            elif node.text:
                stretch += clean(node.text)
        elif node is not element and node.tail:
            stretch += clean(node.tail)


def words(element: etree._Element) -> str:
    """Return the text inside an element on one line."""
    text = "".join(texts(element)) if len(element) else clean(element.text or "")
    return " ".join(text.split())


def is_anchor(link: etree._Element) -> bool:
    """Return whether a link inside a heading only marks the heading's own address."""
    if link.tag != "a" or not link.get("href", "").startswith("#") or next(link.iter("img"), None) is not None:
        return False
    return "".join(texts(link)).strip(_BLANK) in ("", "#", "¶", "§", "🔗")


def append_text(element: etree._Element, text: str) -> None:
    """Add text at the end of what is inside an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def is_in_rendering(element: etree._Element) -> bool:
    """Return whether an element is, or is in, a formula set by MathJax or KaTeX; one with its source is replaced."""
    boxes = (box for box in (element, *element.iterancestors()) if box.tag not in ("article", "body", "html", "main"))
    return any(str(box.tag).startswith("mjx-") or _RENDERED.search(box.get("class") or "") for box in boxes)


def embedded(element: etree._Element, resolve: Resolve) -> list[str]:
    """Return the addresses that a player or frame shows, each once; in many, a script puts them in."""
    inside = element.iter("source", "param") if element.tag != "iframe" else ()
    own = [element.get(name) for name in ("data-src", "data-lazy-src", "src", "data")]
    found = [next((href for href in own if href and target(href, resolve)), None)]
    found += [node.get("src") or (node.get("name") == "movie" and node.get("value")) or None for node in inside]
    return list(dict.fromkeys(url for href in found if href and (url := target(href, resolve))))


def target(href: str, resolve: Resolve) -> str | None:
    """Return the address a link leads to, or None when it is neither on the web nor on the page itself (`#..`)."""
    href = clean(href).strip()
    if not href or href.startswith("#"):
        return None
    try:
        url = resolve(href)
    except ValueError:  # not a URL at all, for example an unclosed IPv6 bracket
        return None
    url = url.replace("<", "%3C").replace(">", "%3E") if url else ""
    return url if url and _LEADING.match(url) else None
