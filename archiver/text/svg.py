"""SVG from HTML: the file that an `<svg>` of a page would be on its own.

It is what browsers see: names in the spelling of SVG and in its namespace, as the HTML standard has them; comments, and
editors' private notes are left out. What the styles of the page do to a drawing is not in it.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from archiver.text import dom

_NAMESPACE = "http://www.w3.org/2000/svg"
_XHTML = "http://www.w3.org/1999/xhtml"
_MATHML = "http://www.w3.org/1998/Math/MathML"
_PREFIXES = {
    "xlink": "http://www.w3.org/1999/xlink",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
_ROOT = f'<svg xmlns="{_NAMESPACE}" xmlns:xlink="{_PREFIXES["xlink"]}"/>'
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_CAPITALS = """
altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform attributeName attributeType
baseFrequency baseProfile calcMode clipPath clipPathUnits diffuseConstant edgeMode feBlend feColorMatrix
feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow
feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
fePointLight feSpecularLighting feSpotLight feTile feTurbulence filterUnits foreignObject glyphRef gradientTransform
gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lengthAdjust limitingConeAngle
linearGradient markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength
patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio
primitiveUnits radialGradient refX refY repeatCount repeatDur requiredExtensions requiredFeatures specularConstant
specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage tableValues targetX
targetY textLength textPath viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan
"""
"""Names with capitals, which HTML ignores: WHATWG HTML, "adjust SVG attributes" and the table after it."""
_SPELLINGS = {name.lower(): name for name in _CAPITALS.split()}


def file(drawing: etree._Element) -> bytes:
    """Return a drawing as a file of its own."""
    root = etree.fromstring(_ROOT)
    for name, value in _attributes(drawing, _NAMESPACE).items():
        root.set(name, value)
    root.text = _text(drawing)
    copies: dict[etree._Element | None, etree._Element] = {drawing: root}
    for element in drawing.iterdescendants():
        parent = copies.get(element.getparent())
        if parent is None:
            continue
        if isinstance(element.tag, str) and _NAME.fullmatch(element.tag):
            copies[element] = _copy(element, parent)
        if element.tail:
            dom.append_text(parent, dom.clean(element.tail))
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8")


def _copy(element: etree._Element, parent: etree._Element) -> etree._Element:
    namespace = _namespace(str(element.tag), parent)
    name = _SPELLINGS.get(str(element.tag), element.tag) if namespace == _NAMESPACE else element.tag
    default: Any = {None: namespace}  # which lxml takes and its stubs do not know
    copy = etree.SubElement(parent, f"{{{namespace}}}{name}", _attributes(element, namespace), nsmap=default)
    copy.text = _text(element)
    return copy


def _namespace(tag: str, parent: etree._Element) -> str:
    """Return the namespace of an element: a drawing may hold HTML inside `foreignObject`."""
    outer, _, name = str(parent.tag)[1:].partition("}")
    if outer == _XHTML or name == "foreignObject":
        return {"svg": _NAMESPACE, "math": _MATHML}.get(tag, _XHTML)
    return outer


def _attributes(element: etree._Element, namespace: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for written, value in element.attrib.items():
        prefix, _, name = str(written).rpartition(":")
        if not _NAME.fullmatch(name) or name == "xmlns" or (prefix and prefix not in _PREFIXES):
            continue
        name = _SPELLINGS.get(name, name) if namespace == _NAMESPACE else name
        found[f"{{{_PREFIXES[prefix]}}}{name}" if prefix else name] = dom.clean(str(value))
    return found


def _text(element: etree._Element) -> str | None:
    text = dom.clean(element.text) if element.text else None
    return _CDATA.sub("", text) if text and element.tag in ("script", "style") else text


_RUNNING = frozenset({"script", "foreignobject", "handler", "iframe", "embed", "object"})
_MOVING = frozenset({"set", "animate"})
_WITHIN = ("#", "data:image/")


def without_scripts(data: bytes) -> bytes | None:
    """Return a file of SVG without what runs scripts or leads elsewhere; None for one that is not XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    for element in list(root.iter(etree.Element)):
        name = _local(element.tag)
        moves = element.get("attributeName", "").lower().rpartition(":")[2]
        parent = element.getparent()
        if parent is not None and (name in _RUNNING or (name in _MOVING and (moves == "href" or moves[:2] == "on"))):
            parent.remove(element)
            continue
        for attribute, value in list(element.attrib.items()):
            leads = _local(attribute) == "href" and not str(value).strip().lower().startswith(_WITHIN)
            if leads or _local(attribute).startswith("on"):
                del element.attrib[attribute]
    return etree.tostring(root, encoding="utf-8")


def _local(name: str | bytes) -> str:
    return str(name).rpartition("}")[2].lower()
