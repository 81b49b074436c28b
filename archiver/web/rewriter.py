"""Leads links to the blog back into the archive, in HTML and CSS as bytes; nothing else on a page changes.

A link is changed where a browser would follow it: in the value of an attribute, in `url()` and in `@import`. Of the
value only the start is replaced, and a page without such links comes out byte for byte. Text, TeX, scripts and comments
are stepped over. Pages are cut into tags as browsers cut them, which needs no knowledge of the encoding as long as
ASCII is ASCII in it, as in UTF-8 and GBK. Section numbers are those of the HTML standard.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

_ADDRESSES = frozenset(
    b"action background cite codebase data formaction href icon longdesc manifest poster profile src xlink:href".split()
)
"""Attributes whose value is an address."""

_AHEAD = frozenset((b"preconnect", b"dns-prefetch"))
"""Relations of a `link` for which a browser connects, or looks up a name, before anything is fetched."""

_LISTS = frozenset((b"srcset", b"imagesrcset"))
"""Attributes that list several, each followed by its size."""

# 13.2.5.32 to 39: a name, which may begin with `=`, and perhaps a value.
_NAME = rb"[\s/]*+(?P<name>[^\s/>][^\s/>=]*+)"
_VALUE = rb"""(?:\s*+=\s*+(?P<value>"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+))?+"""
_ATTRIBUTE = re.compile(_NAME + _VALUE)
_REST = rb"(?:" + re.sub(rb"\?P<\w+>", rb"?:", _NAME + _VALUE) + rb")*+[\s/]*+"

_TOKEN = re.compile(
    rb"<!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>)?+)"  # a comment, perhaps unfinished: 13.2.5.43 to 52
    rb"|<(?:[!?]|/[^a-z])[^>]*+"  # what is not a tag either: 13.2.5.41
    rb"|</[a-z][^\s/>]*+[\s/]" + _REST + rb""  # an end tag, whose attributes are ignored
    rb"|<plaintext(?=[\s/>]).*+"
    # Elements whose content is text (13.2.5.2 to 20). A tag that the page's end cuts off is matched too: a pattern that
    # cannot fail takes time in proportion to the page.
    rb"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])(?P<raw_rest>"
    + _REST
    + rb")(?:>|\Z)"
    rb"(?P<content>(?:[^<]++|<(?!/(?P=raw)[\s/>]))*+)"
    # A tag with attributes: the others have nothing to change.
    rb"|<(?P<tag>[a-z][^\s/>]*+)(?P<rest>[\s/]" + _REST + rb")(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)

# In an attribute quotation marks may be written as character references.
_QUOTED = rb"""(?:"[^"\n]*+"|'[^'\n]*+'|&(?:quot|apos|\#0*3[49]|\#x0*2[27]);[^)"'\s]*+"""
_CSS = re.compile(
    rb"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?+"
    rb"|(?P<before>\burl\(\s*+)(?P<url>" + _QUOTED + rb"""|[^)"'\s]*+))"""
    rb"|(?P<import>@import\s*+)(?P<sheet>" + _QUOTED + rb"))"
    rb"""|"(?:[^"\\\n]|\\.)*+"?+|'(?:[^'\\\n]|\\.)*+'?+""",
    re.DOTALL | re.IGNORECASE,
)
_QUOTE = re.compile(rb"""["']|&(?:quot|apos|\#0*3[49]|\#x0*2[27]);""", re.IGNORECASE)

_CANDIDATE = re.compile(rb"([\s,]*+)([^\s,]\S*+)([^,]*+)")  # an entry of a srcset: an address and its size
_REFRESH = re.compile(
    rb"""(\s*+[\d.]*+(?:\s*+[;,]\s*+|\s++)(?:url\s*+=\s*+)?+["']?+)(.++)""", re.DOTALL | re.IGNORECASE
)
_ABSOLUTE = re.compile(rb"[\x00-\x20]*+(?:[a-z][a-z0-9+.-]*+:|[/\\]{2})", re.IGNORECASE)

_UPWARDS = re.compile(rb"(?:\./)*+((?:\.\./)++)")
_PLAINLY_ELSEWHERE = re.compile(rb"\s*+(?:/[^/\\&\t\n\r]|[#?.])")
_PIECE = re.compile(rb"&(?:#\d+|#x[0-9a-f]+|[a-z]+);?|.", re.DOTALL | re.IGNORECASE)
_DISGUISE = re.compile(rb"[&\t\n\r]")
_LONGEST_ORIGIN = 120  # bytes searched for one in disguise

Change = Callable[[bytes], bytes]


class Rewriter:
    """Rewrites links to the blog's servers: some known by name, at any port, others by name and port."""

    def __init__(self, names: Iterable[str], hosts: Iterable[str] = ()) -> None:
        self.names = frozenset(names)
        self.hosts = frozenset(hosts)
        servers = [re.escape(name.encode()) + rb"(?::\d*)?" for name in sorted(self.names)]
        servers += [re.escape(host.encode()) for host in sorted(self.hosts)]
        self._origin = re.compile(
            rb"[\x00-\x20]*(?:https?:)?[/\\]{2,}(?:" + b"|".join(servers) + rb")(?=[/\\?#]|[\x00-\x20]*\Z)",
            re.IGNORECASE,
        )

    def html(self, page: bytes, prefix: str = "", depth: int = 0) -> bytes:
        """Return a page whose links to the blog stay on this server, under `prefix` (such as `/@2026`).

        `depth` is the number of folders the page is in, for links that climb out of more than that.
        """
        change = self._change(prefix, depth)

        return _TOKEN.sub(lambda found: _token(found, change), page)

    def css(self, sheet: bytes, prefix: str = "", depth: int = 0) -> bytes:
        """Return a style sheet whose addresses on the blog stay on this server, under `prefix`."""
        return _css(sheet, self._change(prefix, depth))

    def _change(self, prefix: str, depth: int) -> Change:
        """Return a function that turns an address into one of this server, or leaves it as it is."""
        start = prefix.encode()

        def change(value: bytes) -> bytes:
            found = self._origin.match(value)
            end = found.end() if found else self._disguised_end(value)
            if end:
                return start + _path(value[end:])
            if not start:
                return value
            bare = value.lstrip()
            if bare[:1] == b"/":
                return value if bare[1:2] in (b"/", b"\\") else start + bare
            up = _UPWARDS.match(bare)
            return start + b"/" + bare[up.end() :] if up and len(up[1]) // 3 > depth else value

        return change

    def _disguised_end(self, value: bytes) -> int:
        """Return where an origin ends that is written with character references or line breaks in it; 0 for none."""
        if _PLAINLY_ELSEWHERE.match(value) or not _DISGUISE.search(value[:_LONGEST_ORIGIN]):
            return 0
        plain, ends = _undisguised(value)
        found = self._origin.match(plain)
        return ends[found.end() - 1] if found else 0


def _undisguised(value: bytes) -> tuple[bytes, list[int]]:
    """Return how a browser reads the start of an address, and where in `value` each of these bytes ends."""
    plain, ends = bytearray(), []
    for piece in _PIECE.finditer(value[:_LONGEST_ORIGIN]):
        text = html.unescape(piece[0].decode()).encode() if len(piece[0]) > 1 else piece[0]
        if text not in (b"\t", b"\n", b"\r"):
            plain += text
            ends += [piece.end()] * len(text)
    return bytes(plain), ends


def _path(rest: bytes) -> bytes:
    """Return a path from what follows the origin in an address: never one that names another host."""
    seen = _undisguised(rest)[0] if _DISGUISE.search(rest[:_LONGEST_ORIGIN]) else rest
    if seen[:1] not in (b"/", b"\\"):
        return b"/" + rest.lstrip()
    return b"/." + rest if seen[1:2] in (b"/", b"\\") else rest


def _token(found: re.Match[bytes], change: Change) -> bytes:
    """Return a piece of a page with the addresses in it changed."""
    kind, rest = ("tag", "rest") if found["tag"] else ("raw", "raw_rest")
    tag = found[kind]
    if not tag:
        return found[0]
    content = found["content"] or b""
    if b"=" not in found[rest] and not content:
        return found[0]
    end = found[0][found.end(rest) - found.start() : len(found[0]) - len(content)]  # the bracket, unless the page ends
    content = _css(content, change) if tag.lower() == b"style" else content
    return b"<" + tag + _attributes(tag, found[rest], change) + end + content


def _attributes(tag: bytes, text: bytes, change: Change) -> bytes:
    """Return the attributes of a start tag with the addresses in them changed."""
    if b"=" not in text:
        return text
    if tag.lower() == b"meta":
        return _meta(text, change)
    if tag.lower() == b"link":
        text = _ATTRIBUTE.sub(_relation, text)
    return _ATTRIBUTE.sub(lambda found: _attribute(found, change), text)


def _relation(found: re.Match[bytes]) -> bytes:
    """Return an attribute of a `link`, without connections ahead of need, which no policy of a page prevents."""
    if found["name"].lower() != b"rel" or not found["value"]:
        return found[0]
    value = found["value"]
    relations = _undisguised(value.strip(b"\"'"))[0].lower().split()
    if _AHEAD.isdisjoint(relations):
        return found[0]
    kept = b" ".join(each for each in relations if each not in _AHEAD)
    return found[0][: -len(value)] + b'"' + (kept or b"archived-preconnect") + b'"'


def _attribute(found: re.Match[bytes], change: Change) -> bytes:
    name = found["name"].lower()
    if not found["value"]:
        return found[0]
    if name in _ADDRESSES:
        return _valued(found, change)
    if name in _LISTS:
        return _valued(found, lambda value: _CANDIDATE.sub(lambda one: one[1] + change(one[2]) + one[3], value))
    return _valued(found, lambda value: _css(value, change)) if name == b"style" else found[0]


def _valued(found: re.Match[bytes], change: Change) -> bytes:
    """Return an attribute with its value changed, within its quotation marks if it has any."""
    value = found["value"]
    quote = value[:1] if value[:1] in (b'"', b"'") else b""
    new = change(value[1:-1] if quote else value)
    return found[0][: -len(value)] + quote + new + quote


def _meta(text: bytes, change: Change) -> bytes:
    """Return the attributes of a `meta`, where only a refresh leads anywhere.

    One that leads out of the archive is renamed: a browser would follow it without being asked.
    """
    values = {found["name"].lower(): found for found in reversed([*_ATTRIBUTE.finditer(text)]) if found["value"]}
    kind, content = values.get(b"http-equiv"), values.get(b"content")
    if not kind or not content or _undisguised(kind["value"].strip(b"\"'"))[0].strip().lower() != b"refresh":
        return text
    leads = _REFRESH.match(content["value"].strip(b"\"'"))
    if not leads:
        return text
    new = change(leads[2])
    if new == leads[2] and _ABSOLUTE.match(_undisguised(new)[0]):
        return text[: kind.start("value")] + b'"archived-refresh"' + text[kind.end("value") :]
    place = content.start("value") + content["value"].rindex(leads[2])
    return text[:place] + new + text[place + len(leads[2]) :]


def _css(sheet: bytes, change: Change) -> bytes:
    return _CSS.sub(lambda found: _css_token(found, change), sheet)


def _css_token(found: re.Match[bytes], change: Change) -> bytes:
    before = found["before"] or found["import"]
    if not before:
        return found[0]
    value = found["url"] or found["sheet"] or b""
    quote = _QUOTE.match(value)
    start = quote.end() if quote else 0
    end = len(value) - 1 if start == 1 else len(value)
    return before + value[:start] + change(value[start:end]) + value[end:]
