"""What a check found: values for reports, in words and in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    DAMAGE = "damage"
    """Something is not what was written."""
    WARNING = "warning"
    """Nothing is lost, but the user should know."""
    LOST = "lost"
    """It is lost, the database says so, and nothing can be done: what was read from it stays there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be, and where."""

    severity: Severity
    what: str
    """A few words, the same for every finding of the kind: `gzip member`, `block digest`, `missing record`, ..."""
    file: str
    """Name within the folder or package, without `.open`."""
    expected: str
    found: str
    offset: int | None = None
    """Bytes from the start of the file to the record, or to where the trouble starts."""
    record_id: str | None = None
    """With its angle brackets; None when unknown."""
    url: str | None = None
    """The address that was requested, if known."""
    affected: tuple[str, ...] = ()
    """Record ids of the known captures that cannot be read, or not be trusted, because of this."""

    def __str__(self) -> str:
        """Say all of it in one line."""
        place = self.file if self.offset is None else f"{self.file}, offset {self.offset}"
        about = ", ".join(part for part in (self.url, self.record_id and f"record {self.record_id}") if part)
        return f"{place}: {self.what}: expected {self.expected}, found {self.found}" + (f" ({about})" if about else "")
