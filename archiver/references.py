"""Tells which work a link leads to: a paper on arXiv, one with a DOI, or code on GitHub, each under one name.

The same paper is linked as abstract, PDF and HTML, on mirrors, with and without its version; here all are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN(N) since April 2007, before that archive/YYMMNNN with a
# subject class that may be left out.
_NEW_ID = r"\d{4}\.\d{4,5}"
_OLD_ID = r"[a-z][a-z-]*(?:\.[A-Za-z]{2})?/\d{7}"
_ARXIV = re.compile(
    rf"/(?:abs|pdf|html|format|src|e-print|ps|list|papers|arxiv)?/?(?P<id>{_NEW_ID}|{_OLD_ID})(?:v(?P<version>[1-9]\d?))?"
    r"(?:\.pdf|\.ps|\.html?)?/?"
)
_ARXIV_HOSTS = {
    "arxiv.org", "export.arxiv.org", "browse.arxiv.org", "cn.arxiv.org", "de.arxiv.org", "jp.arxiv.org",
    "xxx.lanl.gov", "ar5iv.org", "ar5iv.labs.arxiv.org", "alphaxiv.org", "papers.cool",
}  # fmt: skip
"""Hosts that show papers of arXiv under its identifiers; papers.cool is the blog's author's own."""

_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)  # arXiv's own DOIs
_DOI_HOSTS = {"doi.org", "dx.doi.org"}
_DOI = re.compile(r"/(10\.\d{4,9}/\S+)")  # https://www.crossref.org/blog/dois-and-matching-regular-expressions/
_GITHUB = re.compile(r"/([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100}?)(?:\.git)?(?:/.*)?")
_GITHUB_HOSTS = {"github.com", "raw.githubusercontent.com"}
_NOT_OWNERS = {
    "about", "apps", "collections", "contact", "enterprise", "explore", "features", "login", "marketplace", "new",
    "notifications", "orgs", "pricing", "search", "security", "settings", "site", "sponsors", "stars", "topics",
    "trending", "users",
}  # fmt: skip
"""First parts of GitHub's own addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A work a link leads to."""

    kind: str
    """`arxiv`, `doi` or `github`."""
    identifier: str
    """`1706.03762`, `math/0211159`, `10.1038/nature14539` or `owner/name`; in lower case, as none of them tells cases
    apart."""
    version: int | None = None
    """Version of a paper on arXiv, when the link names one."""

    @property
    def url(self) -> str:
        """The one address of the work, without its version."""
        return _ADDRESSES[self.kind] + self.identifier


_ADDRESSES = {"arxiv": "https://arxiv.org/abs/", "doi": "https://doi.org/", "github": "https://github.com/"}


def reference(url: str) -> Reference | None:
    """Return what a link leads to, or None when it is not a work this module knows.

    >>> reference("http://cn.arxiv.org/pdf/1706.03762v5.pdf").url
    'https://arxiv.org/abs/1706.03762'
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:  # for example an unclosed IPv6 bracket
        return None
    path = unquote(parts.path)
    if parts.scheme not in ("http", "https"):
        return None
    if host in _ARXIV_HOSTS:
        return _arxiv(path)
    if host in _DOI_HOSTS:
        return _doi(path)
    if host in _GITHUB_HOSTS:
        return _github(path)
    return None


def title(text: str) -> str | None:
    """Return the title that the text of a link names, set in the marks of titles; None where it names none.

    >>> title("《Attention is All You Need》")
    'Attention is All You Need'
    """
    found = _TITLE.fullmatch(text.strip())
    return found[1] or found[2] if found else None


_TITLE = re.compile(r"《\s*([^《》]*[^《》\s])\s*》|“\s*([^“”]*[^“”\s])\s*”")


def _arxiv(path: str) -> Reference | None:
    found = _ARXIV.fullmatch(path)
    if not found:
        return None
    archive, slash, number = found["id"].rpartition("/")
    # math.GT/0309136 and math/0309136 are the same paper.
    identifier = f"{archive.partition('.')[0]}{slash}{number}".lower()
    return Reference(kind="arxiv", identifier=identifier, version=int(found["version"]) if found["version"] else None)


def _doi(path: str) -> Reference | None:
    found = _DOI.fullmatch(path)
    if not found:
        return None
    if of_arxiv := _ARXIV_DOI.fullmatch(found[1]):
        return _arxiv(f"/abs/{of_arxiv[1]}")
    return Reference(kind="doi", identifier=found[1].lower().rstrip("/"))


def _github(path: str) -> Reference | None:
    found = _GITHUB.fullmatch(path)
    if not found or found[1].lower() in _NOT_OWNERS or not found[2].strip("."):
        return None
    return Reference(kind="github", identifier=f"{found[1]}/{found[2]}".lower())
