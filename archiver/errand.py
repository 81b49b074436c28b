"""What a request is for, and what happened on its way through Scrapy: one value in its `meta`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self

from archiver.items import Holder

KEY = "errand"
"""Key of the value in a request's `meta`, next to what Scrapy keeps there."""

RULES = "robots"
"""Kind of the requests for a robots.txt, which are in no frontier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One address to be asked for; every layer that the request passes adds what it knows.

    The spider says what is asked for; the scheduler, what the frontier knows about it; on the way to the server it is
    noted what the archive has, and on the way back where the answer was recorded, or when to ask again.
    """

    url: str | None = None
    """Canonical address; None for requests that need no place in the frontier."""
    kind: str = "other"
    """Kind of page, as in the frontier."""
    listed: Mapping[str, Any] = field(default_factory=dict)
    """What the list it was found in says about it: see `archiver.store.freshness.wanted`."""
    leased: bool = False
    """Whether it is a leased row of the frontier."""
    archived: bool = False
    """Whether the archive has something of the address."""
    failures: int = 0
    """Runs in a row that failed to get it."""
    attempts: int = 0
    """Times it was asked for in this run and has to be asked for again."""
    knocks: int = 0
    """Times the gate was asked again with its cookie."""
    confirms: Holder | None = None
    """The capture whose validators went with the request."""
    capture_id: int | None = None
    fetched_at: str | None = None
    """Row of the last answer on record, and when it was asked for."""
    wait: timedelta | None = None
    """Wait before the request is repeated; None if it is not, or at once."""
    reason: str = ""
    """Reason for the wait."""
    not_before: str | None = None
    """Time before which the server does not want to be asked for this address; ISO 8601 UTC."""

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> Self:
        """Return the errand in a request's `meta`."""
        return meta.get(KEY) or cls()


def noted(meta: Mapping[str, Any], **news: Any) -> dict[str, Any]:
    """Return a request's `meta` with changes to its errand."""
    return {**meta, KEY: replace(Errand.of(meta), **news)}
