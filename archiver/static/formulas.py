"""The formulas of a page of the reader as MathML, in place of the script that sets them in a browser.

The TeX of each stays as an annotation, which programs read and a click copies.
"""

from __future__ import annotations

import re
from html import escape, unescape

from lxml import etree

from archiver.text.mathml import Formulas
from archiver.text.mathml_core import NAMESPACE

_FORMULA = re.compile(r'<span class="tex( display)?">([^<]*)</span>')
_TEXT = 'class="text"'
"""Where the text begins, from where formulas are numbered; those in the title and the contents come after it."""
_NAMESPACED = f' xmlns="{NAMESPACE}"'


def set_all(html: str) -> str:
    """Return a page with its formulas set; one that cannot be set stays TeX."""
    places = list(_FORMULA.finditer(html))
    begin = html.find(_TEXT)
    order = [at for at in places if at.start() >= begin] + [at for at in places if at.start() < begin]
    sources = [unescape(at[2]) for at in order]
    formulas = Formulas(sources)
    shown = {
        at.start(): _shown(formulas, position, source, display=bool(at[1]))
        for position, (at, source) in enumerate(zip(order, sources, strict=True))
    }
    return _FORMULA.sub(lambda at: shown[at.start()], html)


def _shown(formulas: Formulas, position: int, source: str, *, display: bool) -> str:
    reference = formulas.referred(source)
    if reference:
        words, target = reference
        return escape(words) if target is None else f'<a href="#{_anchor(target)}">{escape(words)}</a>'
    rendered = formulas.render(position, source, display=display)
    if rendered.element is None:
        return f'<span class="tex{" display" * display}">{escape(source)}</span>'
    number = f'<span class="number">({escape(rendered.number)})</span>' if rendered.number else ""
    place = f' id="{_anchor(position)}"' if rendered.number else ""
    classes = f"tex{' display' * display}{' numbered' * bool(number)}"
    scrolls = ' tabindex="0"' if display and not number else ""
    if number:  # the formula scrolls next to its number
        rendered.element.set("tabindex", "0")
    return f'<span class="{classes}" data-tex{place}{scrolls}>{_annotated(rendered.element, source)}{number}</span>'


def _annotated(math: etree._Element, source: str) -> str:
    """Return MathML for HTML, annotated with its source (MathML Core, section 3.7)."""
    math.attrib.pop("alttext", "")
    children = list(math)
    semantics = etree.SubElement(math, f"{{{NAMESPACE}}}semantics")
    shown = semantics if len(children) == 1 else etree.SubElement(semantics, f"{{{NAMESPACE}}}mrow")
    shown.extend(children)
    annotation = etree.SubElement(semantics, f"{{{NAMESPACE}}}annotation", encoding="application/x-tex")
    annotation.text = source
    return etree.tostring(math, encoding="unicode", with_tail=False).replace(_NAMESPACED, "")


def _anchor(position: int) -> str:
    return f"equation-{position}"
