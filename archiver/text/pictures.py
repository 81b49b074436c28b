"""Pictures of a body: where each is found, and the words that belong to it.

Many pages load a picture only when it comes into view. Until then `src` is empty or holds a placeholder, and the
address is in an attribute for a script, in `srcset`, in the sources of a `<picture>` or in a `<noscript>` next to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from lxml import etree

from archiver.items import EmbeddedPicture
from archiver.text import dom, embedded

Follow = Callable[[str], str | None]
"""Maps an address as written to the absolute one it leads to, or to None when it leads nowhere on the web."""

_LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-actualsrc", "data-original-src", "data-cfsrc")
"""What scripts of lazy loading put in place of `src`."""
_LATE_SETS = ("data-srcset", "data-lazy-srcset")
_FILE = re.compile(r"\S+\.(?:avif|bmp|gif|jpe?g|png|svg|webp)(?:[?#]\S*)?", re.IGNORECASE)
_LONGEST = 2000  # characters of an address in an attribute of no known name
_NEXT = re.compile(r",\s+|(?<=\d[wx]),")  # between the candidates of a `srcset`, whose addresses may hold commas
_SIZE = re.compile(r"(\d+(?:\.\d+)?)[wx]")
_MOST_SOURCES = 10
_ELSEWHERE = re.compile(r"(?!https?:|data:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_DOT = frozenset({"0", "1"})

_BLOCK_BOXES = frozenset({"center", "div", "figure"})
_BOXES = _BLOCK_BOXES | {"a", "font", "picture", "span"}
_CAPTIONS = frozenset({"caption", "figcaption", "figure-caption", "image-caption", "img-caption", "wp-caption-text"})
MAX_CAPTION = 300
"""Characters; a longer text next to a picture is not its caption."""


def address(image: etree._Element, follow: Follow) -> str | None:
    """Return where the picture of an `<img>` is, or None when its page does not say."""
    return next(addresses(image, follow), None)


def addresses(image: etree._Element, follow: Follow) -> Iterator[str]:
    """Yield every address at which the picture of an `<img>` may be, the best first: twins have one in common.

    That of a picture that is in the page itself comes only where there is no other.
    """
    elsewhere = False
    for url in _remote(image, follow):
        elsewhere = True
        yield url
    if not elsewhere and (picture := _own(image, follow)):
        yield picture.url


def own(image: etree._Element, follow: Follow) -> EmbeddedPicture | None:
    """Return the picture of an `<img>` that is in the page itself; None where it is elsewhere, or nowhere."""
    return None if next(_remote(image, follow), None) else _own(image, follow)


def _own(image: etree._Element, follow: Follow) -> EmbeddedPicture | None:
    """Return the first picture in the addresses of an `<img>`, unless it is a placeholder for the one next to it."""
    written = (each for each in _written(image) if each and embedded.is_data(each))
    found = next(filter(None, map(embedded.picture, written)), None)
    return None if found is None or spare(image, follow) else found


def spare(image: etree._Element, follow: Follow) -> str | None:
    """Return the address of the picture in a `<noscript>` next to an image or its box: what a script would show."""
    boxes = (box for box in (image, image.getparent()) if box is not None)
    beside = (near for box in boxes for near in (box.getnext(), box.getprevious()) if near is not None)
    spares = (next(near.iter("img"), None) for near in beside if near.tag == "noscript")
    return next((url for inside in spares if inside is not None for url in _remote(inside, follow)), None)


def _remote(image: etree._Element, follow: Follow) -> Iterator[str]:
    written = (each for each in _written(image) if each and not embedded.is_data(each))
    return (url for each in written if (url := follow(each)))


def is_promised(image: etree._Element) -> bool:
    """Return whether an `<img>` holds a picture or an address that could be one's; `file:` and the like cannot."""
    return any(written and not _ELSEWHERE.match(written.strip()) for written in _written(image))


def is_dot(image: etree._Element) -> bool:
    """Return whether a picture is too small to show anything, as are those that count readers."""
    return image.get("width") in _DOT and image.get("height") in _DOT


def caption(image: etree._Element) -> str:
    """Return the text that is alone with a picture in a box, or is its caption by class, else nothing.

    The blog writes `div.typecho-caption > div > a > img` with a `<p>` after the inner `<div>`. A box with an id is the
    text's own, unless it says that it is there for a caption.
    """
    box = image
    for outer in image.iterancestors():
        named = outer.get("id") and outer.tag != "figure" and "caption" not in outer.get("class", "")
        if not _is_box(outer) or named or len(list(islice(_shown(outer), 2))) > 1:
            break
        if text := dom.words(outer):
            return text if outer.tag in _BLOCK_BOXES and len(text) <= MAX_CAPTION else _beside(box)
        box = outer
    return _beside(box)


def _is_box(element: etree._Element) -> bool:
    """Return whether an element may be there for a picture; a paragraph may if it is in a figure."""
    above = element.getparent() if element.tag == "p" else None
    return element.tag in _BOXES or (above is not None and above.tag == "figure")


def _beside(box: etree._Element) -> str:
    """Return the text of the element after a picture's box, or its paragraph, if its class says caption."""
    paragraph = box.getparent()
    if paragraph is not None and paragraph.tag == "p" and len(paragraph) == 1 and not dom.words(paragraph):
        box = paragraph
    after = _follower(box)
    if after is None or _CAPTIONS.isdisjoint(after.get("class", "").lower().split()):
        return ""
    text = dom.words(after)
    return text if len(text) <= MAX_CAPTION else ""


def _follower(box: etree._Element) -> etree._Element | None:
    """Return the element after another if no text is between them; comments of the page do not count."""
    before = box
    for after in box.itersiblings():
        if (before.tail or "").strip():
            break
        if isinstance(after.tag, str):
            return after
        before = after
    return None


def _shown(box: etree._Element) -> Iterator[etree._Element]:
    return (image for image in box.iter("img") if next(image.iterancestors("noscript"), None) is None)


def _written(image: etree._Element) -> Iterator[str | None]:
    """Yield what may be an image's address, the likeliest first: the largest picture of a set is the whole one."""
    yield from (_largest(image.get(name)) for name in (*_LATE_SETS, "srcset"))
    yield from (image.get(name) for name in _LATE)
    yield image.get("src")
    for name, value in image.attrib.items():
        if str(name).startswith("data-") and len(value) <= _LONGEST and _FILE.fullmatch(str(value).strip()):
            yield str(value)
    picture = image.getparent()
    if picture is not None and picture.tag == "picture":
        sources = islice(picture.iter("source"), _MOST_SOURCES)
        yield from (_largest(source.get("srcset") or source.get("data-srcset")) for source in sources)


def _largest(candidates: str | None) -> str | None:
    """Return the address of a `srcset` for the widest or densest screen."""
    found = [words for each in _NEXT.split(candidates) if (words := each.split())] if candidates else []
    return max(found, key=_size)[0].rstrip(",") if found else None


def _size(candidate: list[str]) -> float:
    size = _SIZE.fullmatch(candidate[-1])
    return float(size[1]) if size else 1.0
