"""The servers that a fleet's crawls share: one crawl at a time, with pauses and rests shared by all workers.

A server is known by the registrable domain of a host and by each IP address that the host was seen to have. When it was
last asked and until when it rests is one row for each of these, by the clock of the database alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from archiver import clock
from archiver.crawl.servers import addresses, domain
from archiver.errors import ArchiveLocked
from archiver.fleet.blogs import Blog, Fleet, connect, failures

AT_ONCE = 16
"""How many hosts are looked up at once."""

STALE = timedelta(days=30)
"""An address that a host was not seen to have for this long is forgotten."""


def meet(fleet: Fleet, hosts: Iterable[str]) -> None:
    """Note the IP addresses that hosts have now; a host without any keeps its former ones."""
    names = sorted(set(hosts))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [(host, sorted(each)) for host, each in zip(names, pool.map(addresses, names), strict=True) if each]
    with fleet.failing():
        for host, seen in found:
            fleet.connection.execute(_SEEN, (host, seen))
            fleet.connection.execute("DELETE FROM addresses WHERE host = %s AND seen_at < now() - %s", (host, STALE))


def keys(fleet: Fleet) -> dict[str, set[str]]:
    """Return what the server of each blog is known by, by the blog's name."""
    with fleet.failing():
        seen = fleet.connection.execute("SELECT host, address FROM addresses").fetchall()
    known: dict[str, set[str]] = {}
    for host, address in seen:
        known.setdefault(host, set()).add(address)
    hosts = {each.name: host_of(each.base) for each in fleet.blogs()}
    return {name: {domain(host), *known.get(host, ())} for name, host in hosts.items()}


def groups(known: dict[str, set[str]]) -> dict[str, str]:
    """Return for each blog the least key of all blogs connected with it by shared servers."""
    leads: dict[str, str] = {}

    def least(key: str) -> str:
        while leads.setdefault(key, key) != key:
            key = leads[key]
        return key

    for each in known.values():
        ends = sorted({least(key) for key in each})
        leads.update(dict.fromkeys(ends, ends[0]))
    return {name: least(min(each)) for name, each in known.items()}


def host_of(url: str) -> str:
    """Return the host of a URL."""
    return urlsplit(url).hostname or ""


class SharedServers:
    """The servers as the crawl of one blog sees them; holds the blog's own server until closed."""

    def __init__(self, fleet: Fleet, blog: Blog) -> None:
        """Take the server of a blog.

        Raises ArchiveLocked when another crawl has it: the lock is this connection's, so a process that died holds
        none.
        """
        meet(fleet, [host_of(blog.base)])
        own = keys(fleet)[blog.name]
        self._url, self._blog = fleet.url, blog.name
        self._keys: dict[str, list[str]] = {}
        with failures(self._url):
            self._connection = connect(self._url)
            self._connection.execute("SET synchronous_commit = off")  # a moment's loss of the server is over by then
            self._connection.execute(
                "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
            )
            for key in sorted(own):
                taken = self._connection.execute(_HOLD, (key,)).fetchone()
                if not (taken and taken[0]):
                    self._connection.close()
                    raise ArchiveLocked(
                        f"{blog.name}: another crawl of this fleet is using the server {key}; wait for it"
                    )

    def turn(self, url: str, pause: float) -> timedelta:
        """Take the turn to ask a server, or return how long it is until then; see `archiver.crawl.servers`."""
        with failures(self._url):
            found = self._connection.execute(_TURN, {"keys": self._keys_of(url), "pause": pause}).fetchone()
        return found[0] if found else timedelta(0)

    def rest_until(self, url: str) -> datetime | None:
        """Return until when a server asked to be left alone."""
        with failures(self._url):
            row = self._connection.execute(_RESTS, (self._keys_of(url),)).fetchone()
        return clock.now() + row[0] if row and row[0] else None

    def rest(self, url: str, until: datetime, reason: str) -> None:
        """Note until when a server asked to be left alone."""
        values = {"keys": self._keys_of(url), "wait": until - clock.now(), "reason": reason, "blog": self._blog}
        with failures(self._url):
            self._connection.execute(_REST, values)

    def _keys_of(self, url: str) -> list[str]:
        """Return what a URL's server is known by, each with a row."""
        host = host_of(url)
        if host not in self._keys:
            with failures(self._url):
                seen = self._connection.execute("SELECT address FROM addresses WHERE host = %s", (host,)).fetchall()
                known = sorted({domain(host), *(address for (address,) in seen)})
                self._connection.execute(_KNOW, (known,))
            self._keys[host] = known
        return self._keys[host]

    def close(self) -> None:
        """Release the server."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_SEEN = """
INSERT INTO addresses (host, address) SELECT %s, unnest(%s::text[])
ON CONFLICT (host, address) DO UPDATE SET seen_at = now()
"""
_HOLD = "SELECT pg_try_advisory_lock(hashtextextended('archiver server ' || %s, 0))"
_KNOW = "INSERT INTO servers (key) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_TURN = """
WITH known AS (
    SELECT asked_at, pause, rest_until FROM servers WHERE key = ANY(%(keys)s) ORDER BY key FOR UPDATE
), moment AS (
    SELECT greatest(max(asked_at + make_interval(secs => greatest(pause, %(pause)s))), max(rest_until))
        - clock_timestamp() AS wait FROM known
), taken AS (
    UPDATE servers SET asked_at = clock_timestamp(), pause = %(pause)s FROM moment
    WHERE key = ANY(%(keys)s) AND (wait IS NULL OR wait <= interval '0')
)
SELECT greatest(wait, interval '0') FROM moment
"""
_RESTS = """
SELECT max(rest_until) - clock_timestamp() FROM servers
WHERE key = ANY(%s) AND rest_until > clock_timestamp()
"""
_REST = """
UPDATE servers SET rest_until = clock_timestamp() + %(wait)s, reason = %(reason)s, blog = %(blog)s
WHERE key = ANY(%(keys)s) AND (rest_until IS NULL OR rest_until < clock_timestamp() + %(wait)s)
"""
