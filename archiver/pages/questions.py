"""A question and its answers as one text, on pages that say in the words of schema.org that they hold them.

https://schema.org/QAPage and https://schema.org/Question name the properties. Microdata and RDFa mark the elements
themselves; JSON-LD repeats the texts, and each is looked for on the page, which has their formulas, pictures and code.
Remarks on a question or answer are not part of the text, and a list of questions (https://schema.org/FAQPage) is
an article like any other.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree, html
from lxml.html import HtmlElement

from archiver.pages import dates, schema_org, values
from archiver.pages.claims import Claim
from archiver.pages.document import text_of
from archiver.pages.schema_org import MICRODATA, RDFA, Node, Syntax
from archiver.text import engines
from archiver.text.agreement import letters

ENGINE = "schema.org/Question"
"""Engine of a text that is a question with its answers."""

MOST = 1000
"""Answers read from a page; the busiest of Stack Exchange have some hundred, in pages of thirty."""

_ANSWERS = ("acceptedAnswer", "suggestedAnswer")
_DATES = ("dateCreated", "datePublished")
_PAGE = re.compile(r"(?<!FAQ)Page\Z")
_SIGNED = re.compile(r"\s*(?:asked|answered)\b", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-z][^<>]*>")


class QuestionPart(NamedTuple):
    """A question or an answer."""

    text: HtmlElement
    author: str
    date: str
    accepted: bool


def find(page: HtmlElement) -> list[QuestionPart]:
    """Return the question of a page and its answers, in page order; nothing where it has none or several."""
    for syntax in (MICRODATA, RDFA):
        if found := _marked(page, syntax):
            return found
    return _repeated(page)


def claims(tree: HtmlElement) -> Iterator[Claim]:
    """Yield who asked the question of a page, and when."""
    for asked in find(tree)[:1]:
        yield Claim("authors", asked.author, ENGINE)
        yield Claim("published_at", asked.date, ENGINE)


def together(parts: list[QuestionPart]) -> HtmlElement:
    """Return a new element with copies of the texts in it, each answer under a heading that says whose it is."""
    whole = html.Element("div")
    for number, part in enumerate(parts):
        if number:
            etree.SubElement(whole, "h2").text = _heading(part)
        whole.append(copy.deepcopy(part.text))
        whole[-1].tail = None
    return whole


def _heading(answer: QuestionPart) -> str:
    said = ("Accepted answer" if answer.accepted else "Answer") + (f" by {answer.author}" if answer.author else "")
    return f"{said}, {answer.date}" if answer.date else said


def _part(text: HtmlElement, author: str | None, date: str | None, accepted: bool) -> QuestionPart:
    day = dates.moment(date or "") or ""
    return QuestionPart(text, values.name(author or "") or "", day[:10], accepted)


# Marked by attributes


def _marked(page: HtmlElement, syntax: Syntax) -> list[QuestionPart]:
    asked = [each for each in page.xpath(f"//*[@{syntax.type}]") if _is_asked(each, syntax)]
    found = [(question, part) for question in asked if (part := _part_of(question, syntax, False))]
    if len(found) != 1:
        return []
    question, part = found[0]
    answers = [each for each in question.iterdescendants(etree.Element) if _is_answer(each, question, syntax)]
    read = (_part_of(each, syntax, "acceptedAnswer" in _names(each, syntax)) for each in answers[:MOST])
    return [part, *filter(None, read)]


def _is_asked(element: HtmlElement, syntax: Syntax) -> bool:
    """Return whether an element is a question that a page is about, rather than one in an article or in a list."""
    above = _scope(element, syntax)
    return "Question" in _types(element, syntax) and (above is None or any(map(_PAGE.search, _types(above, syntax))))


def _is_answer(element: HtmlElement, question: HtmlElement, syntax: Syntax) -> bool:
    """Return whether an element is an answer to a question, which older pages do not always name."""
    named = not _names(element, syntax).isdisjoint(_ANSWERS)
    return (named or "Answer" in _types(element, syntax)) and _scope(element, syntax) is question


def _part_of(thing: HtmlElement, syntax: Syntax, accepted: bool) -> QuestionPart | None:
    members: dict[str, HtmlElement] = {}
    for member in _members(thing, syntax):
        for name in _names(member, syntax):
            members.setdefault(name, member)
    if "text" not in members:
        return None
    date = next((members[name] for name in _DATES if name in members), None)
    author = members.get("author")
    named = author
    if author is not None and syntax.scope in author.attrib:
        named = next((each for each in _members(author, syntax) if "name" in _names(each, syntax)), author)
    signed = _signature(thing, members["text"], syntax) if named is None or date is None else ("", "")
    return _part(
        members["text"],
        signed[0] if named is None else schema_org.said(named, "name"),
        signed[1] if date is None else schema_org.said(date, "dateCreated"),
        accepted,
    )


def _signature(thing: HtmlElement, text: HtmlElement, syntax: Syntax) -> tuple[str, str]:
    """Return who asked or answered, and when, if no attribute says so: `asked <span title="…">`, and a link."""
    for line in thing.iterdescendants(etree.Element):
        if _SIGNED.match(line.text or "") and _scope(line, syntax) is thing and text not in line.iterancestors():
            when = next((said for each in line.iter() if (said := each.get("datetime") or each.get("title"))), "")
            for box in line.iterancestors():
                if (who := next((name for link in box.iter("a") if (name := text_of(link))), "")) or box is thing:
                    return who, when
    return "", ""


def _members(thing: HtmlElement, syntax: Syntax) -> Iterator[HtmlElement]:
    """Yield the elements that say something about a thing, and not about one within it."""
    for element in thing.iterdescendants(etree.Element):
        if syntax.property in element.attrib and _scope(element, syntax) is thing:
            yield element


def _scope(element: HtmlElement, syntax: Syntax) -> HtmlElement | None:
    return next((above for above in element.iterancestors() if syntax.scope in above.attrib), None)


def _types(element: HtmlElement, syntax: Syntax) -> set[str]:
    return {schema_org.local_name(each) for each in element.get(syntax.type, "").split()}


def _names(element: HtmlElement, syntax: Syntax) -> set[str]:
    return {schema_org.local_name(each) for each in element.get(syntax.property, "").split()}


# Repeated in JSON-LD


def _repeated(page: HtmlElement) -> list[QuestionPart]:
    """Return the parts of a thread if every text in the JSON-LD is on the page: some sites cut them short."""
    asked = [question for root in schema_org.roots(page) for question in _questions(root)]
    if len(asked) != 1:
        return []
    told = [(asked[0], False)]
    for name in _ANSWERS:
        nodes = (each for each in asked[0].properties.get(name, ()) if isinstance(each, Node))
        told += [(node, name == "acceptedAnswer") for node in nodes]
    found = [part for node, accepted in told[: MOST + 1] if (part := _located(page, node, accepted))]
    if len(found) < len(told[: MOST + 1]) or len({part.text for part in found}) < len(found):
        return []
    places = {element: place for place, element in enumerate(page.iter())}
    return sorted(found, key=lambda part: places[part.text])


def _questions(root: Node) -> Iterator[Node]:
    if "Question" in root.types:
        yield root
    elif any(map(_PAGE.search, root.types)):
        about = root.properties.get("mainEntity", ())
        yield from (each for each in about if isinstance(each, Node) and "Question" in each.types)


def _located(page: HtmlElement, node: Node, accepted: bool) -> QuestionPart | None:
    text = next((each for each in node.properties.get("text", ()) if isinstance(each, str)), "")
    if _MARKUP.search(text):
        text = text_of(html.fragment_fromstring(text, create_parent="div"))
    element = engines.element_around(page, text) if len(letters(text)) >= engines.MIN_BODY else None
    if element is None:
        return None
    author = next(iter(node.properties.get("author", [])), "")
    date = next((each for name in _DATES for each in node.properties.get(name, ()) if isinstance(each, str)), "")
    return _part(element, author.name if isinstance(author, Node) else author, date, accepted)
