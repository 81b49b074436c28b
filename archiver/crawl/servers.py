"""What crawls that share a server tell each other about it: when it may be asked next, and how long it wants to rest.

An archive of its own has nobody to tell. A fleet's crawls keep it in their database.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Protocol

from tldextract import TLDExtract

SUFFIXES = TLDExtract(suffix_list_urls=(), include_psl_private_domains=True)
"""The public suffixes, including `github.io` and the like, as bundled with the library: the list is not downloaded."""


class Servers(Protocol):
    """The servers that crawls share, by the addresses asked for."""

    def turn(self, url: str, pause: float) -> timedelta:
        """Take the turn to ask a URL's server and return no time, or return how long to wait before the next try.

        `pause` is the least number of seconds between two requests of any crawls. A turn is taken when the request
        goes out and not before: a late request, as on a busy machine, would shorten the pause after it.
        """

    def rest_until(self, url: str) -> datetime | None:
        """Return when the rest ends that a URL's server asked for; None when there is none, or it is over."""

    def rest(self, url: str, until: datetime, reason: str) -> None:
        """Note that a URL's server asked for a rest."""


class Unshared:
    """Servers that no other crawl asks; this run's own pauses and its archive's database are enough."""

    def turn(self, url: str, pause: float) -> timedelta:
        """Return no time."""
        return timedelta(0)

    def rest_until(self, url: str) -> datetime | None:
        """Return None."""
        return None

    def rest(self, url: str, until: datetime, reason: str) -> None:
        """Tell nobody."""


UNSHARED = Unshared()


def domain(host: str) -> str:
    """Return the name that a host was registered under, below a public suffix; a host that has none is its own."""
    with suppress(ValueError):
        return str(ip_address(host.strip("[]")))
    found = SUFFIXES(host.lower())
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host.lower()


def addresses(host: str) -> set[str]:
    """Return the IP addresses that a host has now; none where its name leads nowhere."""
    with suppress(OSError, UnicodeError):  # UnicodeError: a label that is too long
        return {str(each[4][0]) for each in socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)}
    return set()
