"""Boundaries: what is fetched at all. Only the blog, only its pages and pictures, only from where the blog may live.

An address is judged by its text before it becomes a row, each hop of a redirect again before it is asked for, and each
host name by what it resolves to.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError

from archiver.crawl.run import Run, run_of, site_of
from archiver.errand import RULES, Errand
from archiver.items import OUT_OF_BOUNDS

LONGEST_URL = 2000
"""Characters of the longest address asked for; the longest seen on the blog has 120."""


def refusal(url: str, run: Run, *, chosen: bool = False) -> str | None:
    """Return why an address is not fetched, or None when it is.

    `chosen` says that a person named it, as an index on another site.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return f"not a web address ({parts.scheme})"
    if parts.username is not None or parts.password is not None:
        return "an address with a user name"
    if run.site.is_never_asked(url):
        return "a kind of page that is never asked for"
    if len(url) > LONGEST_URL:
        return f"an address of {len(url)} characters"
    if not chosen and parts.hostname not in run.site.profile.hosts and parts.netloc != run.site.host:
        return f"on another site ({parts.hostname})"
    return None


class BoundariesMiddleware:
    """Stops requests and redirects that lead out of bounds, before anything is sent."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's run."""
        return cls(run_of(crawler))

    def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for a request that leads out of bounds."""
        origins = request.meta.get("redirect_urls") or [request.url]
        reason = refusal(request.url, self.run, chosen=_is_chosen(request))
        if reason is None and urlsplit(origins[0]).scheme == "https" and urlsplit(request.url).scheme == "http":
            reason = "a redirect from https to http"
        if reason:
            raise IgnoreRequest(f"{OUT_OF_BOUNDS}: {reason}: {request.url}")

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raise IgnoreRequest with the reason when the look-up of the host was refused."""
        reason = PublicResolver.refused.get(urlsplit(request.url).hostname or "")
        if reason:
            raise IgnoreRequest(f"{OUT_OF_BOUNDS}: {reason}") from exception


def _is_chosen(request: Request) -> bool:
    """Return whether a request may lead to another site: to an index that was named, and to wherever rules are kept.

    Nobody named what an index redirects to, but a site's rules may be kept on any other (RFC 9309, section 2.3.1.2).
    """
    kind = Errand.of(request.meta).kind
    if "redirect_urls" not in request.meta:
        return kind in (RULES, "index")
    host = urlsplit(request.url).hostname or ""
    return kind == RULES and (is_public(host) or not _is_ip(host))  # names are judged when they are looked up


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Return whether a blog can be at an IP address: not a loopback, private, link-local, reserved or embedded one.

    Addresses of IPv4 within IPv6 (mapped, 6to4, Teredo, NAT64) count as what they lead to.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    meant = _embedded(found)
    plain = meant.is_global and not meant.is_multicast and not meant.is_reserved
    return plain and not (isinstance(meant, IPv6Address) and meant.is_site_local)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address.packed.startswith(bytes.fromhex("0064ff9b") + bytes(8)):  # NAT64: RFC 6052, section 2.1
        return IPv4Address(address.packed[-4:])
    return address


class PublicResolver(CachingThreadedResolver):
    """Resolves names, and refuses addresses of this machine or network: a host name may resolve anywhere.

    A site that is itself on loopback, as in tests, may be resolved to it.
    """

    refused: ClassVar[dict[str, str]] = {}
    """Names that were refused and why: Twisted drops the reason of a failed look-up, and there is one resolver."""

    asked: ClassVar[set[str]] = set()
    """Names that were looked up here: an answer from any other name shows that names are looked up elsewhere."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.private_hosts: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Create the resolver for a crawl; its site may be wherever the user said, as long as no name decides that."""
        resolver = super().from_crawler(crawler, reactor)
        site = site_of(crawler.settings)
        host = urlsplit(site.base).hostname or ""
        if host not in site.profile.hosts or _is_ip(host):
            resolver.private_hosts = frozenset({host})
        return resolver

    @classmethod
    def has_judged(cls, request: Request) -> bool:
        """Return whether the host of a request that was answered was looked up here, or did not need to be."""
        host = urlsplit(request.url).hostname or ""
        return host in cls.asked or _is_ip(host) or "proxy" in request.meta

    def getHostByName(self, name: str, timeout: Any = ()) -> Any:  # noqa: N802  # Twisted's name
        """Return a Deferred of the address of a host; it fails when that is not a public one."""
        self.asked.add(name)
        found = super().getHostByName(name, timeout)
        return found if name in self.private_hosts else found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if is_public(address):
            return address
        reason = f"{name} resolves to {address}, which is not a public address"
        self.refused[name] = reason
        raise DNSLookupError(reason)
