"""Our Markdown as a tree of XHTML with MathML: only what every reader of books knows is left in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from lxml import etree, html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from archiver.text import raw
from archiver.text.commonmark import FORMULA, new_parser
from archiver.text.mathml import Formulas

NAMESPACE = "http://www.w3.org/1999/xhtml"

_ATTRIBUTES = {
    "a": {"href", "id", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
    "code": {"class"},
}
_TAGS = {
    *_ATTRIBUTES, "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "li", "blockquote", "pre", "em", "strong", "s", "del",
    "hr", "br", "table", "thead", "tbody", "tr", "sup", "sub", "kbd", "mark", "div", "span",
    "dl", "dt", "dd",
}  # fmt: skip
"""Elements that stay; of others only the text does."""

_GONE = {"script", "style", "iframe", "object", "embed", "video", "audio"}
_FORMULA = "tex-formula"  # stands for a formula until the tree is made

Target = Callable[[str], str | None]
"""Where a link or picture is to lead; None to leave its text alone."""


def tree(markdown: str, link: Target, picture: Target, *, mathml: bool = True) -> etree._Element:
    """Return Markdown as a `div` of XHTML, its formulas as MathML, or as TeX where that is impossible or unwanted."""
    parser = new_parser()
    parser.add_render_rule(FORMULA, _placeholder)
    tokens = parser.parse(markdown, {})
    found = _found(tokens)
    body: etree._Element = html.fragment_fromstring(_markup(parser, tokens), create_parent="div")
    _clean(body, link, picture)
    if mathml:
        _put_formulas(body, found, Formulas(token.content for token in found))
    else:
        etree.strip_tags(body, _FORMULA)
    _name(body)
    return body


def _found(tokens: Sequence[Token]) -> list[Token]:
    """Return the formulas in their order, those of raw HTML too, each with its position."""
    found: list[Token] = []

    def stand(source: str, display: bool) -> etree._Element:
        element = etree.Element(_FORMULA, {"n": str(len(found))})
        element.text = source
        found.append(Token(FORMULA, "", 0, content=source, meta={"display": display}))
        return element

    for token in tokens:
        if token.type == "html_block":
            token.content = raw.marked(token.content, stand)
        for child in token.children or ():
            if child.type == FORMULA:
                child.meta["position"] = len(found)
                found.append(child)
    return found


def _placeholder(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f'<{_FORMULA} n="{tokens[index].meta.get("position", "")}">{escape(tokens[index].content)}</{_FORMULA}>'


def _markup(parser: MarkdownIt, tokens: list[Token]) -> str:
    markup = str(parser.renderer.render(tokens, parser.options, {}))
    return "".join(
        sign for sign in markup if sign.isprintable() or sign in "\n\t"
    )  # XML has no other control characters


def _clean(body: html.HtmlElement, link: Target, picture: Target) -> None:
    places = _places(body)
    for element in list(body.iter()):
        if element is body or element.tag == _FORMULA:
            continue
        if not isinstance(element.tag, str) or element.tag in _GONE:
            element.drop_tree()
        elif element.tag == "img":
            _picture(element, picture)
        elif element.tag not in _TAGS or (element.tag == "a" and not _link(element, link, places)):
            element.drop_tag()
        else:
            allowed = _ATTRIBUTES.get(element.tag, set())
            for name in set(element.attrib) - allowed:
                del element.attrib[name]


def _picture(element: html.HtmlElement, picture: Target) -> None:
    source = picture(element.get("src", ""))
    alt = element.get("alt", "")
    if source is None:
        element.tail = f"[{alt or element.get('src', '')}]{element.tail or ''}"
        element.drop_tree()
        return
    element.attrib.clear()
    element.attrib.update({"src": source, "alt": alt})


def _places(body: html.HtmlElement) -> set[str]:
    """Return the ids of the targets of links; of duplicates only the first keeps its own."""
    found: set[str] = set()
    for element in body.iter("a"):
        if (place := element.get("id")) in found:
            del element.attrib["id"]
        elif place:
            found.add(place)
    return found


def _link(element: html.HtmlElement, link: Target, places: set[str]) -> bool:
    href = element.get("href")
    if any(outer.tag == "a" for outer in element.iterancestors()):
        return False
    if href is None:
        return element.get("id") is not None
    target = link(href)
    if href.startswith("#"):
        target = f"#{quote(href[1:])}" if href[1:] in places else None
    if target is None:
        return False
    element.set("href", target)
    return True


def _put_formulas(body: html.HtmlElement, found: Sequence[Token], formulas: Formulas) -> None:
    positions = {str(position): position for position in range(len(found))}
    for element in list(body.iter(_FORMULA)):
        position = positions.get(element.get("n", ""))
        if position is None:  # in the text of a picture, or an element of the post's own
            element.drop_tag()
            continue
        token = found[position]
        display = bool(token.meta["display"])
        rendered = formulas.render(position, token.content, display=display)
        element.clear(keep_tail=True)
        element.tag = "span"
        element.set("class", "display" if display else "inline")
        if rendered.element is not None:
            element.append(rendered.element)
        else:
            etree.SubElement(element, "code", {"class": "tex"}).text = token.content
        if rendered.number:
            element.set("class", "display numbered")
            etree.SubElement(element, "span", {"class": "number"}).text = f" ({rendered.number})"
    for node in body.iter():
        if isinstance(node.tag, str) and not node.tag.startswith("{") and node.tag not in ("pre", "code"):
            node.text = formulas.reference(node.text) if node.text else node.text
        node.tail = formulas.reference(node.tail) if node.tail else node.tail


def _name(body: etree._Element) -> None:
    for element in body.iter():
        if isinstance(element.tag, str) and not element.tag.startswith("{"):
            element.tag = f"{{{NAMESPACE}}}{element.tag}"
