"""Code blocks of a page: their lines, their language, and which numbers next to them are not code.

Highlighters give each line an element of its own (`pre > ol > li`, `pre > div`), and many number them, in the line or
in a table with one cell for the numbers and one for the code.
"""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from archiver.text import dom

_LINES = dom.BLOCKS - {"td", "th"}  # the cells of a row are on one line
_KEPT_EMPTY = frozenset({"li", "tr"})  # a line even when it is empty
_FRAMES = frozenset({"ol", "table", "tbody", "tfoot", "thead", "tr", "ul"})  # space between their parts is not code
_GUTTERS = frozenset(
    {"blob-num", "crayon-nums", "gutter", "hljs-ln-numbers", "line-number", "line-numbers-rows", "lineno", "linenodiv"}
    | {"linenos", "ln", "lnt", "rouge-gutter"}
)
"""Classes of line numbers with GitHub, Crayon, SyntaxHighlighter, hexo, highlight.js, Prism, Pygments, Hugo, Rouge."""

_UNSELECTABLE = re.compile(r"(?:^|[\s;-])user-select\s*:\s*none")
"""Style of the numbers that Hugo writes where its highlighter uses no classes: they cannot be selected with it."""

_NAMED = re.compile(
    r"(?:^|\s)(?:(?:lang(?:uage)?[-:]|brush:\s*|highlight-source-)([\w+#.-]+)"
    r"|highlight hl-([\w+#.-]+)"
    r"|highlight-(?!default\s|none\s)([\w+#.-]+)(?=\s+notranslate)|\A([A-Za-z][\w+#]*)(?=\s+hljs\Z))"
)
_BESIDE = re.compile(r"(?:^|\s)(?:highlight|hljs|sourceCode|syntaxhighlighter)\s+([A-Za-z][\w+#]*)(?=\s|$)")
_NO_LANGUAGES = frozenset({"code", "copyable", "hljs", "linenos", "linenums", "nohighlight", "numberLines"})
_NO_LANGUAGES |= {"numberSource", "table"}
_ATTRIBUTES = ("data-lang", "data-language", "data-enlighter-language")
_AROUND = 5  # elements around a code block that may name its language: figure, table, row, cell and a box


def is_listing(element: etree._Element) -> bool:
    """Return whether an element is code as a whole: a `<pre>`, or a table of code with line numbers."""
    if element.tag != "table":
        return bool(element.tag == "pre")
    numbered = any(map(is_gutter, element.iter("td", "th", "pre", "div", "span")))
    parts = element.iter("code", "pre", "td")
    return numbered and any(part.tag != "td" or "code" in part.get("class", "").split() for part in parts)


def is_span(element: etree._Element) -> bool:
    """Return whether an element is inline code; one that holds more than text counts as its contents."""
    return element.tag in dom.NO_MATHS and next(element.iter("pre", "img", *dom.EMBEDS), None) is None


def is_gutter(element: etree._Element) -> bool:
    """Return whether an element of a code block only holds line numbers."""
    classes = element.get("class")
    if classes is not None and not _GUTTERS.isdisjoint(classes.split()):
        return True
    style = element.get("style")
    return style is not None and _UNSELECTABLE.search(style) is not None and dom.words(element).isdigit()


def text(element: etree._Element) -> str:
    """Return the exact text of a code block or of `<code>`, without the newline that HTML ignores after `<pre>`."""
    said = dom.unbreak("".join(_pieces(element)))
    ignored = element.tag == "pre" and element.text and dom.clean(element.text[:2]).startswith("\n")
    return said[1:] if ignored else said


def language(element: etree._Element) -> str:
    """Return the language that a code block is marked with, on itself or nearby, or an empty string."""
    for marked in (element, *element.iter("code", "div", "pre"), *islice(element.iterancestors(), _AROUND)):
        if marked.get("id") and marked is not element and not _BESIDE.search(marked.get("class", "")):
            break
        if found := _language(marked):
            return found
    return ""


def _language(element: etree._Element) -> str:
    classes = element.get("class", "")
    if found := _NAMED.search(classes):
        return next(str(name) for name in found.groups() if name)
    beside = _BESIDE.search(classes)
    if beside and beside[1] not in _NO_LANGUAGES:
        return beside[1]
    return next((value for name in _ATTRIBUTES if (value := element.get(name, "").strip())), "")


def _pieces(listing: etree._Element) -> list[str]:
    """Return the text of a code block piece by piece, with a newline between elements that are lines."""
    pieces: list[str] = []
    begun: list[int] = []  # how many pieces there were when each open line began
    apart = False  # whether a line has begun or ended since the last piece

    def say(piece: str) -> None:
        nonlocal apart
        if apart and pieces and not pieces[-1].endswith(("\n", dom.BREAK)):
            pieces.append("\n")
        apart = False
        pieces.append(piece)

    walk = etree.iterwalk(listing, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        is_line = node is not listing and node.tag in _LINES
        if event == "start":
            apart |= is_line
            begun += [len(pieces)] if is_line else []
            if node.tag in dom.DROPPED or (listing.tag != "code" and is_gutter(node)):
                walk.skip_subtree()
            elif node.tag == "br":
                say(dom.BREAK)
            elif node.text and not (node.text.isspace() and _is_frame(node)):
                say(dom.clean(node.text))
            continue
        if is_line and begun.pop() == len(pieces) and node.tag in _KEPT_EMPTY:
            say("\n")
        apart |= is_line
        tail = node.tail if node is not listing else None
        if tail and not (tail.isspace() and _is_frame(node.getparent())):
            say(dom.clean(tail))
    return pieces


def _is_frame(element: etree._Element) -> bool:
    """Return whether white space in an element is not part of the code: in a table, or in a cell around a `<pre>`."""
    return element.tag in _FRAMES or (element.tag == "td" and next(element.iterchildren("pre"), None) is not None)
