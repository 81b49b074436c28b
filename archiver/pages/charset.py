"""In which characters a page is written: by its byte order mark, its header, its own word or what fits its bytes.

As browsers find it out (HTML Standard, "determining the character encoding"), except that a page which is UTF-8 is read
as UTF-8, whatever is said of it.
"""

from __future__ import annotations

import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

FEW = 0.1
"""Share of broken letters up to which a page counts as one of its characters with damage rather than of others."""

_LAST_RESORT = "gb18030"
_UTF_8 = "utf-8"
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")


def as_utf8(body: bytes, content_type: str | None) -> bytes:
    """Return a page in UTF-8, by its byte order mark or the header `Content-Type` where it is not in UTF-8 anyway.

    Where neither says what it is, it comes back unchanged: the page itself may. So do XML and JSON, which always do.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind.endswith(("xml", "json")) and "html" not in kind:
        return body
    marked, mark = read_bom(body)
    charset = marked or http_content_type_encoding(content_type)
    if charset is None or charset == _UTF_8:
        return body
    if not marked and not _is_wide(charset, body) and _is_utf8(body):
        return body
    text = _text(body[len(mark or b"") :], charset)
    return text.encode() if text is not None and (marked or _is_nearly_whole(text)) else body


def decode(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of a page and what was wrong with its bytes.

    The blog sends UTF-8. What has no byte order mark is read as UTF-8 with marks if only a little is wrong, else as
    what the page declares, else as GB18030. NUL and lone surrogates, which no tree can hold, become U+FFFD.
    """
    flaws: tuple[str, ...] = ()
    marked, mark = read_bom(body)
    if marked and mark:
        text = to_unicode(body[len(mark) :], marked)
    else:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text, name = _guessed(body)
            flaws = (f"the page is not UTF-8 throughout, as the blog's are; read as {name}",)
    if b"\0" not in body and not flaws:  # UTF-8 has no surrogates
        return text, flaws
    clean = _UNHOLDABLE.sub("\ufffd", text)
    return clean, flaws if clean == text else (*flaws, "signs that no page can hold were replaced")


def _text(body: bytes, charset: str) -> str | None:
    """Return bytes as text, or None where what Python knows by this name reads no pages: `hex`, `idna`, `punycode`."""
    try:
        text = to_unicode(body, charset)
        text.encode()  # escapes and UTF-7 can make surrogates
    except (LookupError, UnicodeError):
        return None
    return text


def _is_wide(charset: str, body: bytes) -> bool:
    """Return whether the bytes bear out that a page is in UTF-16 or UTF-32: its tags then have zeros in them."""
    return charset.startswith(("utf-16", "utf-32")) and b"\0" in body


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return _is_nearly_whole(to_unicode(body, _UTF_8))
    return True


def _is_nearly_whole(text: str) -> bool:
    return text.count("\ufffd") <= FEW * sum(char > "\x7f" for char in text)


def _guessed(body: bytes) -> tuple[str, str]:
    marked = to_unicode(body, _UTF_8)
    if _is_nearly_whole(marked):
        return marked, "UTF-8 with marks"
    for name in (html_body_declared_encoding(body), _LAST_RESORT):
        if name and not name.startswith("utf-"):  # what says so in ASCII is in none of them
            text = _text(body, name)
            if text is not None and _is_nearly_whole(text):
                return text, name
    return marked, "UTF-8 with marks"
