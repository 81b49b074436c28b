"""One page, and the scripts it loads, from an archive in any form, by their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archiver.errors import ArchiveDamaged, ResponseNotArchived
from archiver.warc import forms, outside
from archiver.warc.head import Malformed
from archiver.warc.members import Member
from archiver.warc.reader import Record, record_of
from archiver.warc.surt import surt

_PAGES = ("text/html", "application/xhtml+xml")
_SCRIPTS = ("application/javascript", "text/javascript", "application/x-javascript", "application/ecmascript")
_SHOWN = 3
_HEADS = 8192  # bytes that tell whether a record is worth taking apart: most are pictures


def latest_page(path: Path, url: str) -> Record:
    """Return the latest page of an address in a WARC file, plain or packed in any way, a WACZ or an ARC file.

    Addresses that indexes do not tell apart (https and http, www, the order of a query) count as one. Raises
    UsageError for what is not an archive, ArchiveDamaged for one that cannot be opened, ResponseNotArchived when it
    holds no such page.
    """
    wanted, found = surt(url), None
    others: dict[str, None] = {}
    for record in _captures(path, b"html", _PAGES):
        if surt(record.target_uri or "") == wanted:
            found = max(found or record, record, key=lambda each: each.date)
        elif len(others) < _SHOWN:
            others.setdefault(record.target_uri or "")
    if found is None:
        held = f"pages such as {', '.join(others)}" if others else "no page at all"
        raise ResponseNotArchived(f"{path}: expected a page of {url}, found {held}")
    return found


def latest_scripts(path: Path, urls: Iterable[str]) -> dict[str, bytes]:
    """Return the latest captures of those scripts that the archive holds, by their addresses; see `latest_page`."""
    wanted = {surt(url): url for url in urls}
    found: dict[str, Record] = {}
    for record in _captures(path, b"script", _SCRIPTS) if wanted else ():
        url = wanted.get(surt(record.target_uri or ""))
        if url is not None:
            found[url] = max(found.get(url, record), record, key=lambda each: each.date)
    return {url: record.body for url, record in found.items()}


def _captures(path: Path, named: bytes, kinds: tuple[str, ...]) -> Iterator[Record]:
    """Yield whole responses of the types whose names contain `named`."""
    for source in outside.sources(path):
        if source.fault:
            raise ArchiveDamaged(f"{source.name}: {source.fault}")
        for found in forms.walk(source.file, source.name):
            with suppress(Malformed):  # a fault costs the record it is in and no other; `archiver verify` names it
                if isinstance(found, Member) and named in found.content[:_HEADS].lower():
                    record = record_of(found.content, source.name, found.offset, found.length)
                    if _is_capture(record, kinds):
                        yield record


def _is_capture(record: Record, kinds: tuple[str, ...]) -> bool:
    if not record.is_capture or record.type == "revisit" or record.http_status != 200:
        return False
    kind = record.http_header(b"content-type") or record.header("Content-Type") or ""
    return kind.lower().startswith(kinds)
