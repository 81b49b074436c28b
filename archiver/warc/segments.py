"""Records that were written in pieces, put together again (WARC 1.1, section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.warc.head import END, Head
from archiver.warc.reader import MAX_RECORD

NUMBER = "warc-segment-number"
_ORIGIN = "warc-segment-origin-id"
_TOTAL = "warc-segment-total-length"
_OF_THE_PIECE = frozenset({NUMBER, _ORIGIN, _TOTAL, "content-length", "warc-block-digest", "warc-truncated"})


@dataclass(slots=True)
class _Pieces:
    """The pieces of one record so far."""

    first: Head | None = None
    blocks: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None
    """Bytes of the whole block, as the last piece says."""


class Segments:
    """The pieces of a source, in whatever order they come."""

    def __init__(self) -> None:
        self._records: dict[str, _Pieces] = {}
        self._held = 0

    def add(self, head: Head, block: bytes | memoryview) -> bool:
        """Keep a piece; return False when it is invalid or already there."""
        number, total = head.fields.get(NUMBER, ""), head.fields.get(_TOTAL, "")
        if not _is_count(number) or self._held + len(block) > MAX_RECORD:
            return False
        origin = head.record_id if int(number) == 1 else head.fields.get(_ORIGIN, "")
        pieces = self._records.setdefault(origin, _Pieces())
        if int(number) in pieces.blocks:
            return False
        if int(number) == 1:
            pieces.first = head
        if _is_count(total):
            pieces.total = int(total)
        self._held += len(block)
        pieces.blocks[int(number)] = bytes(block)
        return True

    def joined(self, origin: str) -> bytes | None:
        """Return the whole record that begins with this piece; None when pieces are missing."""
        pieces = self._records.get(origin, _Pieces())
        block = b"".join(pieces.blocks[number] for number in sorted(pieces.blocks))
        whole = sorted(pieces.blocks) == list(range(1, len(pieces.blocks) + 1)) and pieces.total == len(block)
        if pieces.first is None or not whole:
            return None
        kept = [(name, value) for name, value in pieces.first.pairs if name.lower() not in _OF_THE_PIECE]
        lines = "".join(f"{name}: {value}\r\n" for name, value in [*kept, ("Content-Length", str(len(block)))])
        return f"WARC/1.1\r\n{lines}\r\n".encode() + block + END

    def of(self, origin: str) -> int:
        """Return how many pieces of a record have been kept."""
        return len(self._records[origin].blocks) if origin in self._records else 0

    @property
    def origins(self) -> tuple[str, ...]:
        """Ids of the records of which pieces have been kept."""
        return tuple(self._records)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 16
