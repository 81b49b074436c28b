"""When the site may be asked again: rests it asked for, and the pause after the last request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from archiver import clock
from archiver.clock import timestamp
from archiver.crawl.servers import Servers
from archiver.errors import RateLimited
from archiver.store import captures, runs
from archiver.store.database import Archive

PATIENCE = timedelta(minutes=10)
"""A run waits this long if the site asks for a rest; asked for a longer one it ends, and the next observes it."""

logger = logging.getLogger(__name__)


class Rests:
    """The clock of a run's rests; it is kept for the next run, and for others that ask the server."""

    def __init__(self, archive: Archive, base: str, servers: Servers) -> None:
        """Take up the rest that the server at `base` asked for; raise RateLimited for one longer than PATIENCE."""
        self._session = session = archive.session
        self._base = base
        self._servers = servers
        told = (runs.rest_until(session), servers.rest_until(base))
        self.until = max(filter(None, told), default=None)
        self.asked: datetime | None = None
        """When a rest ends that an address asked for and a run cannot wait for; it may concern that address alone."""
        if self.until is not None and self.until - clock.now() > PATIENCE:
            raise RateLimited(f"the site wants no requests before {timestamp(self.until)}; run again then")

    @property
    def left(self) -> timedelta | None:
        """How long the site must still be left alone; None if it need not be."""
        left = self.until - clock.now() if self.until else timedelta(0)
        return left if left > timedelta(0) else None

    def leave_time(self, pause: float) -> None:
        """Keep the pause between requests also to the last request of the run before."""
        last = captures.last_fetch(self._session)
        # The row counts whole seconds, so the request may have been a second later.
        wait = timedelta(seconds=pause + 1) - (clock.now() - last) if last else timedelta(0)
        if wait > timedelta(0) and not self.left:
            self.until = clock.now() + min(wait, timedelta(seconds=pause))

    def rest(self, run_id: int, wait: timedelta, reason: str, commit: Callable[[], object]) -> None:
        """Ask for nothing for a while; if the run is killed meanwhile, the next one observes the rest."""
        until = clock.now() + wait
        if self.until is None or until > self.until:
            self.until = until
            logger.info("resting until %s: %s", timestamp(until), reason)
            runs.rest(self._session, run_id, until=timestamp(until))
            commit()
            self._servers.rest(self._base, until, reason)

    def keep(self, reason: str) -> None:
        """Make the next run observe the rest that was asked for."""
        if self.asked is not None:
            self.until = max(self.asked, self.until or self.asked)
            self._servers.rest(self._base, self.until, reason)
