"""What a page claims about its article, and which standard said it.

Each reader of a standard yields claims; of several about one field the first valid one counts. The readers are
asked in the order of `archiver.pages.by_standards`, the most exact standard first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from lxml.html import HtmlElement

Value = TypeVar("Value")


class Claim(NamedTuple):
    """One value of one field, in the words of the page."""

    field: str
    """A field of `archiver.items.Article`."""
    value: str
    witness: str
    """The standard that said it, such as `json-ld`, `opengraph` or `rel=tag`."""


Reader = Callable[[HtmlElement], Iterator[Claim]]
"""Reads one standard from a page, which is not changed."""

Sense = Callable[[str], str | None]
"""Makes a value from a claim, or None if the claim is invalid."""


class Claims:
    """All claims of a page."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._by_field: dict[str, list[Claim]] = {}
        self.witnesses: dict[str, str] = {}
        """Which standard each value was taken from, by field."""
        for claim in claims:
            value = " ".join(claim.value.split())
            if value:
                self._by_field.setdefault(claim.field, []).append(claim._replace(value=value))

    def all(self, field: str) -> list[Claim]:
        """Return every claim about a field, white space collapsed, the most exact standard first."""
        return self._by_field.get(field, [])

    def one(self, field: str, sense: Sense = str) -> str | None:
        """Return the first valid value, and remember its witness."""
        for claim in self.all(field):
            if value := sense(claim.value):
                self.witnesses[field] = claim.witness
                return value
        return None

    def many(self, field: str, sense: Sense = str) -> tuple[str, ...]:
        """Return all values, each once, of the first standard that names any, and remember it."""
        found: dict[str, str] = {}
        for claim in self.all(field):
            if found and claim.witness != self.witnesses[field]:
                break
            if value := sense(claim.value):
                self.witnesses[field] = claim.witness
                found.setdefault(value.casefold(), value)
        return tuple(found.values())

    def settle(self, field: str, value: Value, witness: str) -> Value:
        """Take a value found by other means, and remember by which."""
        self.witnesses[field] = witness
        return value
