r"""Elements of a page that stand for a formula: what renderers, plugins and editors put in place of TeX.

Each is known by what it is, whatever the site: a script that MathJax 2 reads, what MathJax or KaTeX rendered, MathML,
a picture whose address or description is TeX, an element with the TeX in an attribute, or one whose text is TeX by its
class. Of several forms in one element the one nearest to what the author typed counts: an annotation or attribute
before MathML that has to be converted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast
from urllib.parse import unquote, unquote_plus

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from archiver.items import ANNOTATION, ATTRIBUTE, CONVERTED, SERVED
from archiver.text import asciimath, dom, drawn, katex, pictures, presentation, tex
from archiver.text.agreement import letters


class Rendering(NamedTuple):
    """A formula that one element, or several adjacent ones, stand for."""

    tex: str
    """Without delimiters, unless it is an environment."""
    display: bool
    provenance: str
    """One of `archiver.items`' `SERVED`, `ANNOTATION`, `ATTRIBUTE` and `CONVERTED`."""
    converter: str | None
    elements: tuple[HtmlElement, ...]
    """Everything that is removed when the formula replaces the first one."""


ADDRESS = "image-address 1"
"""The converter's name for TeX from a picture's address."""

_HINT = re.compile(r"math|mjx|tex2jax|katex|latex|formula|(?<![a-z])tex-|eq", re.IGNORECASE)

_ENCODINGS = frozenset({"application/x-tex", "application/x-latex", "text/x-tex", "text/x-latex", "tex", "latex"})
_ATTRIBUTES = ("data-tex", "data-latex", "data-katex", "data-expr", "data-math", "data-formula", "data-equation")
_FLAGS = frozenset({"", "0", "1", "true", "false", "inline", "block", "display"})
_DISPLAYED = frozenset(
    {"block", "display", "display-math", "displaymath", "katex-display", "math-block", "math-display", "math_block"}
    | {"js-display-math", "mwe-math-fallback-image-display", "mwe-math-element-block", "equation"}
)
_BARE = frozenset(
    {"display-math", "inline-math", "katex-eq", "math-display", "math-inline", "math_inline", "math_block"}
    | {"wp-katex-eq"}
)
"""Classes of elements whose text is TeX without delimiters."""
_MARKED = _BARE | {"arithmatex", "js-display-math", "js-inline-math", "latex", "math", "math-container", "math-tex"}
_BARE_TAGS = frozenset({"d-math", "dt-math"})
_MARKED_TAGS = _BARE_TAGS | {"math-renderer"}
_LINES = frozenset({"article", "blockquote", "body", "center", "div", "figure", "main", "p", "section"})
_RENDERED = re.compile(r"(?:^|\s)(?:MathJax\w*|MJXc-display|mjx-chtml|MJXp-display|MJXp-math)(?=\s|$)")
_TEX_SIGN = re.compile(r"\\[A-Za-z,;:!{}|]|[_^]")
_UNMISTAKABLE = re.compile(r"\\[A-Za-z]+\s*[{_^][\s\S]*[}\w]|\\[A-Za-z]+[^A-Za-z:\\]{1,20}\\[A-Za-z]")
_WORD = re.compile(r"(?<![\\A-Za-z{])[^\W\d_]{2,}")
_ARGUMENT = re.compile(r"\\(?:text\w*|math\w+|operatorname\*?|mbox|begin|end)\s*\{[^{}]{0,200}\}|\\[A-Za-z]+")
_PROSE = re.compile(r"[^\W\d_]{4}|[\u3040-\u9fff]{2}")
"""What counts as words outside the commands and texts of a formula."""
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_CDATA = re.compile(r"\A\s*%?\s*<!\[CDATA\[\n?|\n?\s*%?\s*\]\]>\s*\Z")
_DELIMITERS = (("$$", "$$", True), (r"\[", r"\]", True), (r"\(", r"\)", False), ("$", "$", False))

_QUERY = re.compile(
    r"(?:latex\.php|/equation|/render/math|/chart|/cgi-bin/[\w.]*tex[\w.]*|latex/?)\?(?:[^#]*?&)?(?:latex|tex|math|chl)=([^&#]*)"
)
_BEHIND = re.compile(
    r"(?:codecogs\.com/(?:[\w.]+/)*(?:gif|png|svg|pdf|emf|swf)(?:\.(?:latex|image|download|json))?"
    r"|(?:mathtex|mimetex)(?:\.cgi|\.php|\.exe)?|/eqn?edit\.php|/(?:gif|png|svg)\.(?:latex|image))\?(?:latex=)?([^#]*)"
)
_IN_PATH = re.compile(r"(?:upmath\.me|tex\.s2cms\.ru)/(?:svg|png)b?/([^?#]*)")
_SETTINGS = re.compile(
    r"\A(?:\s|\\(?:dpi|bg|fg)\s*\{[^{}]*\}|\\(?:bg|fg)_\w+|\\(?:inline|tiny|small|large|LARGE|huge|fn_\w+)(?![A-Za-z]))+"
)
"""What codecogs accepts before the formula for size and colour."""
_PICTURED = frozenset({"eeimg", "latex", "math", "mathtex", "mwe-math-fallback-image-inline", "tex", "tex-image"})
_PICTURED |= {"mwe-math-fallback-image-display", "ql-img-inline-formula", "ql-img-displayed-equation"}


def candidates(body: HtmlElement, told: list[HtmlElement] | None = None) -> list[HtmlElement]:
    """Return every element inside a body that may be a formula, or of a class that renderers mind, in page order.

    `told` are those of the body that have attributes, where they are known.
    """
    found = [element for element in (dom.told(body) if told is None else told) if _may_be_one(element)]
    bare = [element for element in body.iterdescendants("math", *_MARKED_TAGS) if not element.attrib]
    return cast("list[HtmlElement]", dom.in_order(body, [*found, *bare]) if bare else found)


def _may_be_one(element: HtmlElement) -> bool:
    if element.tag in _TAGS or ":" in str(element.tag):
        return True
    classes = element.get("class")
    if classes is not None and _HINT.search(classes):
        return True
    return any(str(name).startswith("data-") for name in element.keys())  # noqa: SIM118  # `in` would go to children


def rendering(element: HtmlElement) -> Rendering | None:
    """Return the formula that an element is, or None if it is not one or its source cannot be found."""
    tag, classes = str(element.tag), frozenset(element.get("class", "").split())
    for reader in _readers(tag, classes, element):
        if found := reader(element):
            return found
    return None


_Reader = Callable[[HtmlElement], Rendering | None]


def _readers(tag: str, classes: frozenset[str], element: HtmlElement) -> Iterator[_Reader]:
    if tag in _BY_TAG:
        yield _BY_TAG[tag]
    elif tag.endswith(":math"):
        yield _math
    for name in ("katex-display", "katex", "katex-error", "mwe-math-element"):
        if name in classes:
            yield _BY_CLASS[name]
    if _RENDERED.search(element.get("class", "")):
        yield _mathjax2
    if any(name in element.attrib for name in _ATTRIBUTES) or "ql-formula" in classes:
        yield _attributed
    if tag in _MARKED_TAGS or not _MARKED.isdisjoint(classes):
        yield _marked
    if "data-math-style" in element.attrib or "language-math" in classes:
        yield _code


# MathJax 2


def _script(script: HtmlElement) -> Rendering | None:
    kind, _, mode = script.get("type", "").lower().partition(";")
    group = tuple(_renderings_before(script))
    display = re.search(r"mode\s*=\s*display", mode) is not None
    if kind == "math/mml":
        return _mathml_text(script.text or "", display, (*group, script))
    if kind == "math/asciimath":
        converted = asciimath.convert(_CDATA.sub("", dom.clean(script.text or "")))
        return (
            None
            if converted is None
            else Rendering(converted, display, CONVERTED, asciimath.CONVERTER, (*group, script))
        )
    if kind not in ("math/tex", "math/latex"):
        return None
    source = _CDATA.sub("", dom.clean(script.text or ""))
    rendered = any(_RENDERED.search(twin.get("class", "")) and len(twin) for twin in group)
    return Rendering(source, display, ANNOTATION if rendered else SERVED, None, (*group, script))


def _renderings_before(script: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what MathJax put before a script for it, the nearest first: a rendering, and before that a preview."""
    before = _adjoining(script.getprevious())
    if before is not None and not _is_preview(before):
        yield before
        before = _adjoining(before.getprevious())
    if before is not None and _is_preview(before):
        yield before


def _adjoining(before: HtmlElement | None) -> HtmlElement | None:
    """Return an element if MathJax 2 made it and no text follows it."""
    made = before is not None and not (before.tail or "").strip() and _RENDERED.search(before.get("class") or "")
    return before if made else None


def _is_preview(element: HtmlElement) -> bool:
    return "MathJax_Preview" in element.get("class", "")


def _mathjax2(element: HtmlElement) -> Rendering | None:
    """Read what MathJax 2 rendered from the script after it, or else from its MathML."""
    behind = element.getnext()
    if _is_preview(element) and behind is not None and behind.tag != "script" and _adjoining(element) is not None:
        behind = behind.getnext()
    group: tuple[HtmlElement, ...] = (element,)
    if behind is not None and behind.tag == "script" and element in _renderings_before(behind):
        if (source := _script(behind)) or not behind.get("type", "").startswith("math/"):
            return source
        # Its source is not read: the rendering holds what MathJax made of it.
        group = (*_renderings_before(behind), behind)
        element = group[0]
    if _is_preview(element):  # a `</p>` separates an empty one from its script
        nothing = not "".join(dom.texts(element)).strip()
        return Rendering("", False, ANNOTATION, None, (element,)) if nothing else None
    display = any("isplay" in (box.get("class") or "") for box in (element, *element.iterchildren()))
    for inner in element.iter("math"):
        found = _math_in(element, inner, display)
        return found._replace(elements=group) if found else None
    for inner in element.iter(etree.Element):
        if markup := inner.get("data-mathml"):
            return _mathml_text(markup, display, group)
        if "mjx-math" in inner.get("class", "").split() and (label := _labelled(inner)):
            return Rendering(label, display, ATTRIBUTE, None, group)
    return None


def _labelled(math: HtmlElement) -> str:
    """Return the TeX that mathjax-node labels a formula with; in a browser, the label holds words to be spoken."""
    label = dom.clean(math.get("aria-label", "")).strip()
    return label if _is_tex(label) or letters(label) == letters(dom.words(math)) else ""


def _titled(drawing: HtmlElement) -> Rendering | None:
    """Read the title that mathjax-node gives a drawing: TeX, or `Equation` where it had MathML only."""
    title = next(drawing.iterchildren("title"), None)
    if title is None or not drawing.get("aria-labelledby", "").startswith("MathJax-SVG-"):
        return None
    source = dom.clean(title.text or "").strip()
    display = "mjpage__block" in "".join(drawing.xpath("../@class")) or _stands_alone(drawing)
    return Rendering(source, display, ATTRIBUTE, None, (drawing,)) if source not in ("", "Equation") else None


# MathML, MathJax 3 and 4, Wikipedia


def _mathml_text(markup: str, display: bool, elements: tuple[HtmlElement, ...]) -> Rendering | None:
    if not markup.strip():
        return None
    box = lxml.html.fragment_fromstring(markup, create_parent="div")
    math = next(box.iter("math"), None)
    found = _math_in(elements[0], math, display) if math is not None else None
    return found._replace(elements=elements) if found else None


def _math(math: HtmlElement) -> Rendering | None:
    return _math_in(math, math, False)


def _math_in(element: HtmlElement, math: HtmlElement, display: bool) -> Rendering | None:
    """Read a `math` element that is, or is inside, the element of a formula."""
    display = display or math.get("display") == "block" or math.get("mode") == "display"
    for note in math.iter("annotation", "{*}annotation", "m:annotation", "mml:annotation"):
        if note.get("encoding", "").strip().lower() in _ENCODINGS:
            return Rendering(_bare("".join(dom.texts(note)))[0], display, ANNOTATION, None, (element,))
    described = dom.clean(math.get("alttext") or "")
    for source in (math.get("data-latex"), described if "ltx_Math" in math.get("class", "") else None):
        if source:
            return Rendering(dom.clean(source), display, ATTRIBUTE, None, (element,))
    if described.strip() and _is_tex(described):
        return Rendering(_bare(described)[0], display, ATTRIBUTE, None, (element,))
    source = presentation.convert(math)
    return Rendering(source, display, CONVERTED, presentation.CONVERTER, (element,)) if source else None


def _container(container: HtmlElement) -> Rendering | None:
    display = container.get("display") in ("true", "block")
    behind = container.getnext()
    is_of = behind is not None and behind.tag == "script" and container in _renderings_before(behind)
    if behind is not None and is_of and (source := _script(behind)):
        return source._replace(display=display or source.display)
    for node in container.iter(etree.Element):
        whole = node is container or node.tag in ("mjx-math", "math") or node.get("data-mml-node") == "math"
        if whole and (source := node.get("data-latex")):
            return Rendering(dom.clean(source), display, ATTRIBUTE, None, (container,))
        if node.tag == "math":
            return _math_in(container, node, display)
    math = drawn.mathml(container)
    return _math_in(container, math, display) if math is not None else None


def _wikipedia(element: HtmlElement) -> Rendering | None:
    display = any(
        "display" in (part.get("class") or "") or part.get("display") == "block" for part in element.iter("img", "math")
    )
    for math in element.iter("math"):
        return _math_in(element, math, display)
    for image in element.iter("img"):
        if source := dom.clean(image.get("alt", "")).strip():
            return Rendering(source, display, ATTRIBUTE, None, (element,))
    return None


# KaTeX


def _katex_display(element: HtmlElement) -> Rendering | None:
    inside = [part for part in element.iter(etree.Element) if "katex" in part.get("class", "").split()]
    found = _katex(inside[0]) if len(inside) == 1 else None
    return found._replace(display=True, elements=(element,)) if found else None


def _katex(element: HtmlElement) -> Rendering | None:
    boxes = [element, *element.iterancestors()][:4]
    display = any("katex-display" in (box.get("class") or "").split() for box in boxes)
    for math in element.iter("math"):
        return _math_in(element, math, display)
    if source := _untagged(element):
        return Rendering(source, display, ANNOTATION, None, (element,))
    drawing = next((box for box in element.iterchildren("span") if "katex-html" in box.get("class", "").split()), None)
    math = katex.mathml(drawing) if drawing is not None else None
    return _math_in(element, math, display) if math is not None else None


def _untagged(element: HtmlElement) -> str | None:
    """Return the source from MathML that lost its tags to a filter, as on CSDN: the last text in it, or None.

    The filter leaves empty lines between the texts, which TeX does not allow in a formula.
    """
    for box in element.iterchildren("span"):
        if "katex-mathml" in box.get("class", "").split() and not len(box):
            return _BLANK_LINES.split("".join(dom.texts(box)).strip())[-1] or None
    return None


def _katex_error(element: HtmlElement) -> Rendering | None:
    source = "".join(dom.texts(element)).strip()
    return Rendering(*_bare(source), ANNOTATION, None, (element,)) if source else None


# Elements that hold TeX in an attribute or as their text


def _attributed(element: HtmlElement) -> Rendering | None:
    names = (*_ATTRIBUTES, "data-value") if "ql-formula" in element.get("class", "") else _ATTRIBUTES
    for name in names:
        value = dom.clean(element.get(name, ""))
        if value.strip().lower() not in _FLAGS and _is_leaf(element) and _belongs(name, value, element):
            source, display = _bare(value)
            return Rendering(
                source, display or _shows_displayed(element) or _stands_alone(element), ATTRIBUTE, None, (element,)
            )
    return None


def _is_leaf(element: HtmlElement) -> bool:
    """Return whether an element has room for one formula only: neither paragraphs nor code blocks are inside."""
    return next(element.iter("p", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "article", "section"), element) is element


def _belongs(name: str, value: str, element: HtmlElement) -> bool:
    """Return whether an attribute holds TeX; some names serve other programs too."""
    if name in ("data-tex", "data-latex", "data-katex", "data-value"):
        return True
    marks = f"{element.tag} {element.get('class', '')} {element.get('data-type', '')}".lower()
    return any(word in marks for word in ("math", "tex", "formula", "equation")) or bool(
        re.search(r"\\[A-Za-z]", value)
    )


def _marked(element: HtmlElement) -> Rendering | None:
    classes = frozenset(element.get("class", "").split())
    pandoc = "math" in classes and not classes.isdisjoint({"inline", "display"})
    math = drawn.typeset(element) if pandoc else None
    if math is not None:
        return _math_in(element, math, "display" in classes)
    if not all(child.tag in ("br", "wbr") or _is_unclosed(child) for child in element.iterchildren(etree.Element)):
        return None
    text = dom.unbreak("".join(dom.texts(element))).strip()
    source, displayed = _bare(text)
    explicit = pandoc or element.tag in _BARE_TAGS or not _BARE.isdisjoint(classes)
    if source == text and not explicit and not (_TEX_SIGN.search(text) and tex.scan(text).spans == []):
        return None
    if not source.strip():
        return None
    return Rendering(source, displayed or _shows_displayed(element), SERVED, None, (element,))


def _is_unclosed(element: HtmlElement) -> bool:
    """Return whether a start tag was meant to be the end tag of its parent: `<d-math>x<d-math>`."""
    return element.tag in _BARE_TAGS and not dom.words(element).strip()


def _code(code: HtmlElement) -> Rendering | None:
    """Read code in the language `math`, as GitLab and remark-math leave it for a script."""
    box = code.getparent()
    outer = box if code.tag == "code" and box is not None and box.tag == "pre" and len(box) == 1 else code
    source = dom.unbreak("".join(dom.texts(code)))
    if not source.strip() or code.tag not in ("code", "pre", "span", "div"):
        return None
    display = outer.tag == "pre" or _shows_displayed(code)
    return Rendering(_bare(source.strip("\n"))[0], display, SERVED, None, (outer,))


def _shows_displayed(element: HtmlElement) -> bool:
    told = (element.get(name) for name in ("data-display", "data-katex-display", "data-displaymode", "data-math-style"))
    if any(value in ("true", "block", "display") for value in told):
        return True
    if not _DISPLAYED.isdisjoint(element.get("class", "").split()) or "block" in element.get("data-type", "").lower():
        return True
    return element.tag == "div" or (element.tag in _BARE_TAGS and "block" in element.attrib)


def _stands_alone(element: HtmlElement) -> bool:
    """Return whether an element has its line to itself: nothing else is in its paragraph."""
    box = element.getparent()
    if box is None or box.tag not in _LINES:
        return False
    before, after = element.getprevious(), element.getnext()
    said = (box.text if before is None else before.tail, element.tail)
    beside = (near for near in (before, after) if near is not None and near.tag != "noscript")
    return not any((text or "").strip() for text in said) and all(near.tag in dom.BLOCKS for near in beside)


# Pictures


def _image(image: HtmlElement) -> Rendering | None:
    address = pictures.address(image, str) or ""
    from_address = _from_address(address)
    described = [dom.clean(image.get(name, "")).strip() for name in ("alt", "title", "data-formula", "data-eq")]
    pictured = not _PICTURED.isdisjoint(image.get("class", "").split()) or "eeimg" in image.attrib
    twins = tuple(_spares(image, from_address))
    for text in filter(None, described):
        source, display = _bare(text)
        same = from_address is not None and _says(source, _bare(from_address)[0])
        told = pictured and (_is_tex(text) or len(text) <= 3)
        sure = _is_unmistakable(text) and tex.written(source, display=display) is not None
        if same or told or sure or (from_address and _TEX_SIGN.search(text)):
            return Rendering(source, display or _stands_alone(image), ATTRIBUTE, None, (image, *twins))
    if from_address and from_address.strip():
        source, display = _bare(from_address)
        return Rendering(source, display or _stands_alone(image), CONVERTED, ADDRESS, (image, *twins))
    return None


def _from_address(address: str) -> str | None:
    """Return the TeX in the address of a picture that a server typesets, without what only says how large it is."""
    if "?" not in address and "/svg" not in address and "/png" not in address:
        return None
    if found := _QUERY.search(address):
        if "/chart?" in address and "cht=tx" not in address:
            return None
        return unquote_plus(found[1])
    if found := _BEHIND.search(address):
        return _SETTINGS.sub("", unquote(found[1]).replace("&space;", " ").replace("&plus;", "+")).strip()
    found = _IN_PATH.search(address)
    return unquote(found[1]) if found else None


def _says(description: str, address: str) -> bool:
    """Return whether a description says the same as an address, which may have lost punctuation."""
    wanted, told = ("".join(each.split()) for each in (address, description))
    return told == wanted or (len(told) >= len(wanted) and letters(told) == letters(wanted) != "")


def _spares(image: HtmlElement, source: str | None) -> Iterator[HtmlElement]:
    """Yield what the page would show instead of the picture without scripts."""
    for near in (image.getprevious(), image.getnext()):
        if near is not None and near.tag == "noscript" and source is not None:
            spare = next(near.iter("img"), None)
            if spare is not None and _from_address(pictures.address(spare, str) or "") == source:
                yield near


# What is TeX


def _bare(text: str) -> tuple[str, bool]:
    """Return TeX without any delimiters around it, and whether they say that it is displayed."""
    stripped = text.strip()
    spans = tex.scan(stripped).spans
    whole = len(spans) == 1 and (spans[0].start, spans[0].end) == (0, len(stripped))
    if whole and spans[0].environment is None:
        for opener, closer, display in _DELIMITERS:
            if stripped.startswith(opener):
                return stripped[len(opener) : -len(closer)], display
    return text, whole


def _is_unmistakable(text: str) -> bool:
    """Return whether a description is nothing but a formula: a drawing's may hold some among its words."""
    return _UNMISTAKABLE.search(text) is not None and _PROSE.search(_ARGUMENT.sub(" ", text)) is None


def _is_tex(text: str) -> bool:
    """Tell a formula from words that describe one."""
    return bool(_TEX_SIGN.search(text)) or not _WORD.search(text)


_BY_TAG: dict[str, _Reader] = {
    "script": _script,
    "math": _math,
    "mjx-container": _container,
    "img": _image,
    "svg": _titled,
}
_TAGS = frozenset(_BY_TAG) | _MARKED_TAGS
_BY_CLASS: dict[str, _Reader] = {
    "katex-display": _katex_display,
    "katex": _katex,
    "katex-error": _katex_error,
    "mwe-math-element": _wikipedia,
}
