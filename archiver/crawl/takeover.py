"""What earlier runs left: files that are open, exchanges without a row, files that another machine lost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from urllib.parse import urlsplit

from archiver.clock import timestamp
from archiver.counting import counted
from archiver.storage.spool import Spool, Stock
from archiver.store import captures, frontier, lost, runs
from archiver.store.database import Archive
from archiver.urls import ROBOTS, Site
from archiver.warc import recovery
from archiver.warc.captures import recorded
from archiver.warc.storage import Storage


class Takeover:
    """Puts an archive in order before a run begins to write to it."""

    def __init__(
        self, archive: Archive, warc: Storage, spool: Spool, site: Site, run_id: int, note: Callable[[str], object]
    ) -> None:
        """Close what is open and note the exchanges that were recorded, but not committed."""
        self._session = archive.session
        self._warc = warc
        self._spool = spool
        self._site = site
        self._run_id = run_id
        self._note = note
        known = captures.ends(self._session)
        recovered = recovery.recover(spool.folder, known)
        for file in recovered.files:
            note(file.sentence)
        stock = self._take_stock(recovered.in_use)
        self.files = known.keys()
        """Names of the WARC files that the database knows."""
        self.has_lost = lost.any_left(self._session)
        """Whether rows wait for a lost page to be fetched again."""
        self.newly_lost = bool(stock.lost)
        self._note_missing(warc.names() | {*recovered.in_use} | spool.lost())
        self._take_up(known, stock.returned)

    def _note_missing(self, there: Collection[str]) -> None:
        if missing := sorted(name for name in self.files if name not in there):
            wanted = f"{counted(len(self.files), 'WARC file')} in {self._spool.folder}"
            self._note(
                f"expected {wanted}, found {len(missing)} missing, such as {missing[0]}: bring back what is missing "
                "from a copy; `archiver verify` names the posts that were read from it"
            )

    def _take_up(self, known: dict[str, int], returned: Collection[str]) -> None:
        """Give rows to the exchanges that have none."""
        found = 0
        owner = runs.before(self._session, self._run_id) or self._run_id
        kept = {name: captures.offsets(self._session, name) for name in returned}
        for record, location in recovery.orphans(self._warc, known | dict.fromkeys(returned, 0)):
            if location.offset in kept.get(location.warc_file, ()):
                continue
            if record.type == "revisit":
                payload = captures.payload_sha256(self._session, location.revisit_of or "")
                location = replace(location, payload_sha256=payload or location.payload_sha256)
            self._spool.opened(location.warc_file)
            captures.add(self._session, recorded(record, location, self._site), owner)
            found += 1
        if found:
            self._note(f"{found} exchanges were on disk without a row; they have one now")

    def _take_stock(self, in_use: Collection[str]) -> Stock:
        """Request again what was lost with another machine, and take up what came back with one."""
        stock = self._spool.take_stock(in_use)
        if stock.returned:
            lost.return_(self._session, stock.returned)
            self._note(f"here again, though taken for lost: {counted(len(stock.returned), 'WARC file')}")
        if stock.lost:
            count, unknown = lost.declare(self._session, stock.lost, run_id=self._run_id)
            for url in filter(self._site.owns, unknown):  # targets of redirects in files that are there
                if urlsplit(url).path != ROBOTS:
                    kind = self._site.frontier_kind(url)
                    frontier.add(self._session, url, kind, run_id=self._run_id, now=timestamp())
            self._note(
                f"neither in object storage nor in {self._spool.folder}: {counted(len(stock.lost), 'WARC file')}, "
                f"such as {min(stock.lost)}; {counted(count, 'capture')} will be asked for again"
            )
        return stock
