"""What the words of a claim mean: a name, a tag, a language, a count, an address, a licence; None if invalid."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

from archiver.text.agreement import letters
from archiver.urls import Site

_BY = re.compile(
    r"\A(?:by|par|por|von|posted by|written by|authors?|作者)\b\s*[:：]?\s*"
    r"|\A(?:(?:本文|文章|原文)?作者|文)\s*(?:[:：/|]\s*|\Z)",
    re.IGNORECASE,
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d"
_AFTER_NAME = re.compile(
    rf"\s*[|•·]\s.*|\s+(?:on|in|at|am|—|–|@\w+)(?:\s.*|\Z)|,?\s*\(?(?:\d{{1,2}}\s)?\b(?:\d{{4}}\b|{_MONTH}).*"
)
_NO_NAME = re.compile(r"(?:last )?(?:updated|modified|published|posted)\b|user ?name\Z|view all\b", re.IGNORECASE)
_LABEL = re.compile(r"\A(?:tags?|categor(?:y|ies)|标签|分类)\s*[:：]", re.IGNORECASE)
_LONGEST_NAME = 80
_MOST_DIGITS = 9  # any such number fits the columns of every database
_SECTIONS = frozenset({"article", "articles", "blog", "blogs", "post", "posts"})
"""Names in themes for the part of a site with its articles, which is not a category."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SCRIPTS = {
    "ja": (re.compile("[\u3040-\u30ff]"), 0.05),
    "ko": (re.compile("[\uac00-\ud7af]"), 0.05),
    "zh": (re.compile("[\u4e00-\u9fff]"), 0.3),
}
"""Characters of a language, and the share of the letters that identifies it: Japanese is full of Chinese characters."""

_COMMONS = re.compile(r"//creativecommons\.org/(?:licenses|publicdomain)/([a-z+-]+)/(\d\.\d)", re.IGNORECASE)


def name(value: str) -> str | None:
    """Return the name of a person; None for an address, a date or a sentence."""
    found = _AFTER_NAME.sub("", _BY.sub("", value)).strip(" ,;:@")
    if not letters(found) or letters(found).isdigit() or len(found) > _LONGEST_NAME or _NO_NAME.match(found):
        return None
    return None if "://" in found or found.startswith(("www.", "/", "#")) else found


def word(value: str) -> str | None:
    """Return a tag or the name of a site; None for an address or a sentence."""
    found = _LABEL.sub("", value).strip(" #,;、")
    return found if found and len(found) <= _LONGEST_NAME and "://" not in found else None


def category(value: str) -> str | None:
    """Return a category; None for a theme's name for all articles."""
    return None if value.lower() in _SECTIONS else word(value)


def language(value: str) -> str | None:
    """Return a language as BCP 47 writes it: `zh-CN`."""
    tag = value.replace("_", "-").strip()
    if not _LANGUAGE.fullmatch(tag):
        return None
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *(each.upper() if len(each) == 2 else each for each in rest)])


def language_of(text: str) -> str | None:
    """Return the language of a text if its letters reveal it, whatever a theme claims: Japanese, Korean or Chinese."""
    signs = letters(text)
    shares = {tag: len(pattern.findall(signs)) / max(len(signs), 1) for tag, (pattern, _) in _SCRIPTS.items()}
    return next((tag for tag, share in shares.items() if share > _SCRIPTS[tag][1]), None)


def license_at(url: str) -> str | None:
    """Return the name of the Creative Commons licence at an address: `CC BY-NC-SA 4.0`."""
    found = _COMMONS.search(unquote(url))
    if not found:
        return None
    kind = found[1].upper()
    return f"CC0 {found[2]}" if kind == "ZERO" else f"CC {kind} {found[2]}"


def count(value: str) -> int | None:
    """Return the number that the digits of a counter write; None without any, or for more than any counter has."""
    digits = re.sub(r"\D", "", value)
    return int(digits) if 0 < len(digits) <= _MOST_DIGITS else None


def address(value: str, base: str) -> str | None:
    """Return an absolute http(s) address, as written on the page `base`."""
    try:
        found = urljoin(base, value)
        return found if urlsplit(found).scheme in ("http", "https") and urlsplit(found).hostname else None
    except ValueError:
        return None


def target(href: str, base: str) -> str | None:
    """Return the address a link leads to; on a page from nowhere (`base` is empty) one without a host as written."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if base or parts.scheme or parts.netloc:
        return Site().resolve(href, base)
    return "".join(char if char.isprintable() and char != " " else quote(char) for char in href)
