"""Keys of an index: URLs with the host reversed, as every web archive sorts them.

SURT, the Sort-friendly URI Reordering Transform, in the form Wayback machines use: scheme, user, `www.`, default port
and fragment are left out, escapes are normalised, everything is in lower case, parameters are sorted. Two URLs with the
same key are taken for the same page. The rules are those of IIPC's webarchive-commons; the tests compare with
the package `surt`, which its licence (AGPL) keeps out of this one.
"""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote_to_bytes

_LONGEST = 1 << 14  # twice what servers take: what follows is quadratic in the worst case, and ends all the same
_URL = re.compile(rb"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_SCHEME = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]*:")
_REPEATED = re.compile(rb"^(?:https?://)+(?=https?://)")  # http://https://host: the last one counts
_LINE_BREAKS = bytes.maketrans(b"", b""), b"\n\r\t"
_PORTS = {b"http": 80, b"https": 443}
_WWW = re.compile(rb"^www\d*\.")
_UNESCAPED = bytes(range(0x21, 0x7F)).translate(None, b"%#")

# Session numbers say nothing about the page. What comes before and after each is kept.
_PATH_SESSIONS = (
    re.compile(rb"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.DOTALL),
    re.compile(rb"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.DOTALL),
)
_QUERY_SESSIONS = tuple(
    re.compile(rb"(.*)(?:" + session + rb")(?:&(.*))?", re.DOTALL | re.IGNORECASE)
    for session in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
)


def surt(url: str) -> str:
    """Return the key of a URL; the URL itself when it is invalid, for example because of its port or length.

    >>> surt("https://www.Example.org:8443/archives/1008/?b=2&a=1#more")
    'org,example:8443)/archives/1008?a=1&b=2'

    Numeric hosts are understood as one number or four, not in the old octal and shortened forms.
    """
    if len(url) > _LONGEST:
        return url
    try:
        return _key(url.encode()).decode()
    except ValueError:
        return url


def _key(url: bytes) -> bytes:
    if not url:
        return b"-"
    url = url.strip().translate(*_LINE_BREAKS)
    if not url:
        raise ValueError("nothing but white space")
    if not _SCHEME.match(url):
        url = b"http://" + url
    found = _URL.fullmatch(_REPEATED.sub(b"", url))
    assert found is not None  # noqa: S101 - the expression matches everything
    scheme, authority, path, query = (part or b"" for part in found.groups())
    name, port = _host_and_port(authority)
    if not name and path and scheme.startswith(b"http"):  # too many slashes
        name, _, path = path.lstrip(b"/").partition(b"/")
        path = b"/" + path
    host = _normal_host(name)
    path = _path(path, rooted=bool(host))
    query = _query(query)
    start = _start(scheme, host, port) if host else scheme + b":"
    return start + (path or (b"/" if query else b"")) + (b"?" + query if query else b"")


def _host_and_port(authority: bytes) -> tuple[bytes, int | None]:
    """Raise ValueError when the port is not a port number."""
    address = authority.rstrip(b":").rpartition(b"@")[2]
    before, bracket, literal = address.partition(b"[")
    host, _, rest = literal.partition(b"]") if bracket else before.partition(b":")
    port = rest.partition(b":")[2] if bracket else rest
    if port and (not port.isdigit() or int(port) > 65535):
        raise ValueError(authority)
    return host.lower(), int(port) if port else None


def _start(scheme: bytes, host: bytes, port: int | None) -> bytes:
    if scheme != b"dns":
        host = _WWW.sub(b"", host)
    turned = b",".join(reversed(host.split(b".")))
    return turned + (b":%d)" % port if port and port != _PORTS.get(scheme.lower()) else b")")


@lru_cache(maxsize=1024)
def _normal_host(host: bytes) -> bytes:
    host = _unescape(host)
    if not host.isascii():
        with contextlib.suppress(ValueError):  # not a name at all: stays, escaped
            host = host.decode("utf-8", "ignore").encode("idna")
    host = host.replace(b"..", b".").strip(b".")
    if host.isdigit():
        host = b".".join(b"%d" % byte for byte in (int(host) & 0xFFFFFFFF).to_bytes(4, "big"))
    return _escape(host.lower()).lower()


def _path(path: bytes, *, rooted: bool) -> bytes:
    path = _unescape(path)
    if rooted:
        path = _without_dots(path)
    path = _escape(path).lower()
    for session in _PATH_SESSIONS:
        path = session.sub(rb"\1\2", path) if session.fullmatch(path) else path
    return path[:-1] if path.endswith(b"/") and len(path) > 1 else path


def _without_dots(path: bytes) -> bytes:
    """Resolve `.` and `..`, and drop empty steps but the last."""
    kept: list[bytes] = []
    for step in path.split(b"/")[1:]:
        if step == b".." and kept:
            kept.pop()
        elif step != b".":
            kept.append(step)
    return b"/" + b"/".join([step for step in kept[:-1] if step] + kept[-1:])


def _query(query: bytes) -> bytes:
    query = _escape(_unescape(query))
    for session in _QUERY_SESSIONS:
        if found := session.fullmatch(query):
            query = found[1] + (found[2] or b"")
    # A name without `=` comes before the same name with an empty value.
    parameters = [parameter.split(b"=", 1) for parameter in query.lower().split(b"&")]
    return b"&".join(b"=".join(parameter) for parameter in sorted(parameters))


def _unescape(text: bytes) -> bytes:
    while (plain := unquote_to_bytes(text)) != text:
        text = plain
    return text


def _escape(text: bytes) -> bytes:
    return quote_from_bytes(text, safe=_UNESCAPED).encode()
