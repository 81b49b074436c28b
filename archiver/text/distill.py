"""Says the elements of Distill (https://github.com/distillpub/template) in plain HTML: code and citations."""

from __future__ import annotations

from lxml.html import HtmlElement

from archiver.text import dom

_TAGS = ("d-code", "d-cite", "dt-cite")


def candidates(body: HtmlElement) -> list[HtmlElement]:
    """Return the elements inside a body that browsers know only through Distill's scripts, in page order."""
    return list(body.iter(*_TAGS))


def settle(body: HtmlElement) -> None:
    """Replace them by plain elements, in the body itself."""
    cited: dict[str, int] = {}
    for element in candidates(body):
        if element.tag == "d-code":
            _name_code(element)
        else:
            _cite(element, cited)


def _name_code(element: HtmlElement) -> None:
    element.tag = "pre" if element.get("block") is not None else "code"
    if language := element.get("language"):
        element.set("data-lang", language)


def _cite(element: HtmlElement, cited: dict[str, int]) -> None:
    """Give the citations their numbers, as the page's script would: in the order of the text."""
    keys = [key for each in (element.get("key") or element.get("bibtex-key") or "").split(",") if (key := each.strip())]
    if keys and not dom.words(element):
        element.text = f"[{', '.join(str(cited.setdefault(key, len(cited) + 1)) for key in keys)}]"
