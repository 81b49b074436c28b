"""Says in plain elements what pages say in idioms of their own: footnotes, check boxes, quotes, readings, emoji.

Browsers draw quotation marks around `<q>` and a box for an `<input>`, and set a note's number apart; no text says so.
Each idiom becomes text where it stands, a `dom.PROSE`, so that every reader of the body reads the same. A footnote is
recognised whatever made it: it is a list item with a link back to what links to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from archiver.text import code, distill, dom, notes

NOTE = "note"
"""Attribute of a `div` that is a footnote, and of the `dom.PROSE` it begins with: its mark as in Markdown."""

_ALWAYS = frozenset({"details", "q", "ruby"})
_BARE = ("details", "noscript", "picture", "q", "ruby")
"""Tags of idioms that need no attribute."""
_CALLED = re.compile(r"admonition|markdown-alert|callout|note ")
_LISTED = re.compile(r"copy|clipboard|toolbar|crayon-syntax|highlight-tools")
_QUOTES = (("“", "”"), ("‘", "’"))
_EMOJI = re.compile(r":\w+:|[^\w\s]{1,12}")
"""The text for the picture of an emoji: a character with its modifiers and joiners, or its name or old emoticon."""
_BACKGROUND = re.compile(r"background(?:-image)?\s{0,9}:[^;]{0,200}?url\(\s{0,9}([\"']?)(.+?)\1\s{0,9}\)")
_TOOLS = frozenset(
    {"btn-clipboard", "btn-copy", "clipboard-copy", "code-copy", "copy-btn", "copy-button", "copy-code", "copybtn"}
    | {"copy-code-button", "highlight-tools", "toolbar", "zeroclipboard-container"}
)
"""Classes of the buttons that highlighters put next to code, with NexT, Butterfly, Prism, GitHub, Sphinx."""
_ADMONITIONS = frozenset({"admonition", "callout", "markdown-alert", "theme-admonition"})
"""Classes of boxes with Sphinx and Python-Markdown, Quarto, GitHub, Docusaurus."""
_NOTES = frozenset({"danger", "default", "important", "info", "primary", "success", "tip", "warning"})
"""What else a `note` of Hexo's themes is called; that word alone may mean anything."""
_TITLES = ("admonition-heading", "admonition-title", "admonitionHeading", "callout-title", "markdown-alert-title")
_LONGEST_TOOL = 40  # characters; a longer text is no button's label
_BEFORE_TITLE = 8  # elements: an icon and the boxes around it
_HOLDS_LISTING = etree.XPath("boolean(descendant::pre or descendant::td[@class='code'])")
_MARK = re.compile(r"\W*(?:[^\W\d_]+ )?\d{1,4}\W*|\W*\w{1,3}\W*|[^\w\s]{1,3}")
"""Text of a link to a footnote that is only its mark; any other is part of the sentence."""
_LONGEST_BACK = 30  # characters of a link back; a longer one is part of the note
_LISTS = frozenset({"ol", "ul"})


def candidates(body: HtmlElement, told: list[HtmlElement] | None = None) -> list[HtmlElement]:
    """Return every element inside a body that may be an idiom.

    `told` are the body's elements with attributes, if these are known already.
    """
    return [*distill.candidates(body), *notes.candidates(body), *_found(body, told)]


def settle(body: HtmlElement) -> None:
    """Put plain elements in place of idioms, in the body itself."""
    distill.settle(body)
    notes.settle(body)
    found = _found(body)
    listings: dict[HtmlElement, bool] = {}
    _settle_notes(body, [element for element in found if element.tag == "li" or _is_note(element)])
    _settle_frames(body, [element for element in found if element.tag == "noscript"])
    for element in found:
        if idiom := _IDIOMS.get(str(element.tag)):
            idiom(element)
        if element.get("style"):
            _show_background(element)
        if element.get("class"):
            _settle_listing(element, listings)


def _found(body: HtmlElement, told: list[HtmlElement] | None = None) -> list[HtmlElement]:
    """Return what may be an idiom of a tag, a style or a class, in page order."""
    found = [element for element in (dom.told(body) if told is None else told) if _may_be_one(element)]
    bare = [element for element in body.iterdescendants(*_BARE) if not element.attrib and _may_be_one(element)]
    return cast("list[HtmlElement]", dom.in_order(body, [*found, *bare]) if bare else found)


def _may_be_one(element: HtmlElement) -> bool:
    classes, style = element.get("class", ""), element.get("style", "")
    if _is_of_tag(element, classes) or ("background" in style and "url(" in style):
        return True
    return bool(classes) and _LISTED.search(classes) is not None


def _is_of_tag(element: HtmlElement, classes: str) -> bool:
    """Return whether browsers show more of an element than its text, and its attributes say what."""
    match str(element.tag):
        case "div" | "section":
            return bool(classes) and _CALLED.search(classes) is not None
        case "li" | "aside":
            return _refers_back(element) or (element.tag == "aside" and _CALLED.search(classes) is not None)
        case "img":
            return ("emoji" in classes and "alt" in element.attrib) or "smiley" in classes
        case "input":
            return bool(element.get("type") == "checkbox")
        case "video":
            return "poster" in element.attrib
        case "picture":
            return next(element.iter("img"), None) is None
        case "noscript":
            return next(element.iter("audio", "iframe", "video"), None) is not None
        case "th":
            return classes == "filename"
        case tag:
            return tag in _ALWAYS


def _refers_back(element: HtmlElement) -> bool:
    """Return whether an item may be a footnote: it has an id, and a link within the page."""
    if element.get("id") is None or (element.tag == "aside" and not _is_note(element)):
        return False
    return any(link.get("href", "").startswith("#") for link in element.iter("a"))


def _prose(text: str, **attributes: str) -> HtmlElement:
    element = etree.Element(dom.PROSE, attributes)
    element.text = text
    return cast("HtmlElement", element)


def _replace(element: HtmlElement, text: str) -> None:
    element.addprevious(_prose(text))
    element.drop_tree()


def _begin(element: HtmlElement, prose: HtmlElement) -> None:
    """Put prose before everything inside an element."""
    prose.tail, element.text = element.text, None
    element.insert(0, prose)


def _quote(quote: HtmlElement) -> None:
    depth = sum(1 for _ in quote.iterancestors("q"))
    opening, closing = _QUOTES[depth % 2]
    _begin(quote, _prose(opening))
    quote.append(_prose(closing))


def _ruby(ruby: HtmlElement) -> None:
    """Put readings in brackets, as browsers without ruby show them, if the page has none."""
    if next(ruby.iter("rp"), None) is None:
        for reading in ruby.iter("rt"):
            _begin(reading, _prose("("))
            reading.append(_prose(")"))


def _task(box: HtmlElement) -> None:
    """Replace the check box of a task list by Markdown's."""
    if next(box.iterancestors("li"), None) is None:
        return
    blank = "" if (box.tail or "")[:1].isspace() else " "
    _replace(box, ("[ ]" if box.get("checked") is None else "[x]") + blank)


def _emoji(image: HtmlElement) -> None:
    alt = dom.clean(image.get("alt", "")).strip()
    if _EMOJI.fullmatch(alt):
        _replace(image, alt)


def _show_background(element: HtmlElement) -> None:
    """Give an element that only stands for the picture behind it that picture."""
    found = _BACKGROUND.search(element.get("style", ""))
    after = element.getnext()
    if found and found[2].startswith("data:") and after is not None and after.tag in ("img", "picture"):
        return  # a blurred one, shown until the picture itself is there
    if found and not dom.words(element) and next(element.iter("img", *dom.EMBEDS), None) is None:
        etree.SubElement(element, "img", src=found[2])


def _disclose(details: HtmlElement) -> None:
    _set_off(details, details.find("summary"))


def _set_off(box: HtmlElement, title: HtmlElement | None) -> None:
    """Make a box set apart from the text a quote with a bold title, which is all that Markdown can say."""
    box.tag = "blockquote"
    if title is None or next(title.iterdescendants(*dom.BLOCKS, "strong", "b"), None) is not None:
        return
    bold = etree.Element("strong")
    bold.text, title.text = title.text, None
    bold.extend(list(title))
    title.append(bold)
    title.tag = "p"


def _admonition(box: HtmlElement) -> None:
    classes = frozenset(box.get("class", "").split())
    if _ADMONITIONS.isdisjoint(classes) and ("note" not in classes or _NOTES.isdisjoint(classes)):
        return
    inside = (element for element in islice(box.iterdescendants(etree.Element), _BEFORE_TITLE))
    _set_off(box, next((element for element in inside if element.get("class", "").startswith(_TITLES)), None))


def _poster(video: HtmlElement) -> None:
    video.addprevious(etree.Element("img", src=video.get("poster", "")))


def _source(picture: HtmlElement) -> None:
    """Give a `<picture>` that has only sources an `<img>` that shows one."""
    etree.SubElement(picture, "img")


def _settle_frames(body: HtmlElement, spares: list[HtmlElement]) -> None:
    """Show the players and frames that a script would have put next to a `<noscript>`, if they are not there."""
    shown: set[str] = set()
    for frame in body.iter(*dom.EMBEDS) if spares else ():
        if next(frame.iterancestors("noscript"), None) is None:
            shown.update(dom.embedded(frame, str))
    for spare in spares:
        for frame in list(spare.iter(*dom.EMBEDS)):
            if shown.isdisjoint(urls := dom.embedded(frame, str)):
                shown.update(urls)
                spare.addprevious(frame)


_IDIOMS: dict[str, Callable[[HtmlElement], None]] = {
    **dict.fromkeys(("aside", "div", "section"), _admonition),
    "details": _disclose,
    "img": _emoji,
    "input": _task,
    "picture": _source,
    "q": _quote,
    "ruby": _ruby,
    "video": _poster,
}


# Code blocks


def _settle_listing(element: HtmlElement, listings: dict[HtmlElement, bool]) -> None:
    """Remove what only serves a code block next to it, and reduce that to the code and its name.

    `listings` remembers which boxes hold one: a page may have thousands of tools in one box.
    """
    classes = frozenset(element.get("class", "").split())
    box = element.getparent()
    if "crayon-syntax" in classes:
        _settle_crayon(element)
    elif element.tag == "th":
        _settle_name(element)
    elif box is not None and not _TOOLS.isdisjoint(classes) and len(dom.words(element)) <= _LONGEST_TOOL:
        inside = next(element.iter("pre", "table", "textarea"), None) is not None
        if box not in listings:
            listings[box] = bool(_HOLDS_LISTING(box)) or next(element.iterancestors("pre"), None) is not None
        if listings[box] and not inside:
            element.drop_tree()


def _settle_name(cell: HtmlElement) -> None:
    """Put the name of a file, for which a table of code has a row, before the table."""
    table, row = next(cell.iterancestors("table"), None), cell.getparent()
    if table is None or row is None or len(row) > 1 or row.getprevious() is not None or not code.is_listing(table):
        return
    cell.tag = "p"
    table.addprevious(cell)
    row.drop_tree()


def _settle_crayon(box: HtmlElement) -> None:
    """Put a `<pre>` in place of a code block of Crayon, which has the code as it was typed in a field to copy from."""
    source = next((field for field in box.iter("textarea") if "crayon-plain" in field.get("class", "").split()), None)
    if source is None:
        return
    named = {name: part for part in box.iter("span") for name in part.get("class", "").split()}
    listing = etree.Element("pre")
    listing.text = source.text
    if "crayon-language" in named:
        listing.set("data-lang", dom.words(named["crayon-language"]).lower())
    if "crayon-title" in named:
        title = etree.Element("p")
        title.text = dom.words(named["crayon-title"])
        box.addprevious(title)
    box.addprevious(listing)
    box.drop_tree()


# Footnotes


def _settle_notes(body: HtmlElement, items: list[HtmlElement]) -> None:
    """Give footnotes their marks, numbered as the text refers to them, and make paragraphs of their lists."""
    wanted = {item.get("id"): item for item in items}
    if not wanted:
        return
    references: dict[HtmlElement, list[HtmlElement]] = {}
    for link in body.iter("a"):
        item = wanted.get(link.get("href", "").removeprefix("#")) if link.get("href", "").startswith("#") else None
        if item is not None and item not in link.iterancestors() and next(link.iter("li"), None) is None:
            references.setdefault(item, []).append(link)
    answered = {item: backs for item, links in references.items() if (backs := _backs(item, links))}
    boxes = {box for item in answered if (box := item.getparent()) is not None and box.tag in _LISTS}
    boxes = {box for box in boxes if all(item in answered for item in box.iterchildren("li"))}
    number = 0
    for item, links in references.items():
        if item.getparent() not in boxes and not (_is_note(item) and item in answered):
            continue
        number += 1
        words = dom.words(item)
        for link in links:
            if _MARK.fullmatch(dom.words(link)):
                _replace(_alone(link), f"[^{number}]")
            else:
                link.addnext(_prose(f"[^{number}]"))
                link.drop_tag()
        for back in answered[item]:
            if len(dom.words(back)) <= _LONGEST_BACK and words != dom.words(back):
                _alone(back).drop_tree()
            else:
                back.drop_tag()
        for label in item.xpath("span[@class='label']") if _is_note(item) else ():
            label.drop_tree()
        _begin(_first_block(item), _prose(f"[^{number}]: ", **{NOTE: ""}))
        item.tag = "div"
        item.set(NOTE, "")
    for box in boxes:
        for item in box.iterchildren("li"):
            item.tag = "div"
        box.tag = "div"


def _is_note(element: HtmlElement) -> bool:
    """Return whether an element outside of any list is a footnote by its role, as Sphinx writes it."""
    return bool(element.tag == "aside" and element.get("role") == "doc-footnote")


def _backs(item: HtmlElement, links: list[HtmlElement]) -> list[HtmlElement]:
    """Return the links in a footnote that lead back to a link to it, or else to an element around one."""
    inner = [back for back in item.iter("a") if back.get("href", "")[:1] == "#"]
    for places in ([*links, *map(_alone, links)], [link.getparent() for link in links]):
        ids = {place.get("id") or place.get("name") for place in places}
        if backs := [back for back in inner if back.get("href", "")[1:] in ids]:
            return backs
    return []


def _alone(link: HtmlElement) -> HtmlElement:
    """Return the `<sup>` around a link that holds nothing else, or the link."""
    box = link.getparent()
    if box is None or box.tag != "sup" or len(box) > 1 or dom.words(box) != dom.words(link):
        return link
    return box


def _first_block(item: HtmlElement) -> HtmlElement:
    first = item[0] if len(item) and not (item.text or "").strip() else None
    return first if first is not None and first.tag == "p" else item
