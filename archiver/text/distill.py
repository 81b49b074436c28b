"""Says the elements of Distill (https://github.com/distillpub/template) in plain HTML: code, footnotes, citations."""

from __future__ import annotations

from lxml import etree
from lxml.html import HtmlElement

from archiver.text import dom

_TAGS = ("d-code", "d-footnote", "d-cite", "dt-fn", "dt-cite")


def candidates(body: HtmlElement) -> list[HtmlElement]:
    """Return the elements inside a body that browsers know by Distill's scripts only, in page order."""
    return list(body.iter(*_TAGS))


def settle(body: HtmlElement) -> None:
    """Put plain elements in their place, in the body itself."""
    cited: dict[str, int] = {}
    for number, element in enumerate(candidates(body)):
        if element.tag == "d-code":
            _name_code(element)
        elif element.tag in ("d-cite", "dt-cite"):
            _cite(element, cited)
        else:
            _move_note(element, next(element.iterancestors("d-article", "dt-article"), body), f"d-footnote-{number}")


def _name_code(element: HtmlElement) -> None:
    element.tag = "pre" if element.get("block") is not None else "code"
    if language := element.get("language"):
        element.set("data-lang", language)


def _cite(element: HtmlElement, cited: dict[str, int]) -> None:
    """Give what is cited its number, as the page's script would: counted in the order of the text."""
    keys = [key for each in (element.get("key") or element.get("bibtex-key") or "").split(",") if (key := each.strip())]
    if keys and not dom.words(element):
        element.text = f"[{', '.join(str(cited.setdefault(key, len(cited) + 1)) for key in keys)}]"


def _move_note(element: HtmlElement, article: HtmlElement, name: str) -> None:
    """Put a note that stands in the line into a list at the end, with links there and back."""
    link = etree.Element("a", href=f"#{name}", id=f"{name}-back")
    link.text = "*"
    element.addprevious(link)
    tail, element.tail = element.tail, None
    link.tail = tail
    element.tag = "li"
    element.set("id", name)
    etree.SubElement(element, "a", href=f"#{name}-back").text = "↩"
    notes = article[-1] if len(article) and article[-1].get("class") == "d-footnotes" else None
    if notes is None:
        notes = etree.SubElement(article, "ol", {"class": "d-footnotes"})
    notes.append(element)
