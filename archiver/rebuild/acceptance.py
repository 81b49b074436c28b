"""What the owner declares right where the archive has doubts: every guard can be overruled this way.

An acceptance is a run without requests. Its command, in the warcinfo record of its file, says what was accepted, so
that the database can be rebuilt from the records.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from archiver import __version__, sites, urls
from archiver.clock import timestamp
from archiver.errors import ArchiverError, ExitCode, UsageError
from archiver.items import Post
from archiver.rebuild import reading
from archiver.rebuild.reading import Task
from archiver.storage.elsewhere import storage
from archiver.storage.spool import Spool
from archiver.store import blog, chronicle, doubts, outcomes, posts, runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.store.lock import locked
from archiver.urls import Site
from archiver.warc import index, journal
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.storage import Storage
from archiver.warc.writer import WarcWriter

OUTCOME = "accepted"
"""Outcome of such a run."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One thing that was accepted."""

    subject: str
    effect: str
    """What accepting does, in a few words."""


def accept(
    home: Path,
    subjects: tuple[str, ...],
    db: str | None = None,
    *,
    warc_url: str | None = None,
    keep_local: int | None = None,
) -> list[Accepted]:
    """Accept lists and parts of pages by the subject of their doubt, and held versions by the number of their post.

    Raises UsageError, before anything changes, for what is not waiting to be accepted; ArchiveLocked while a run writes
    to the archive.
    """
    site = blog.site(home, database_url(home, db))
    files = storage(home, database_url(home, db))
    with locked(home, db), Archive(database_url(home, db)) as archive:
        session = archive.session
        for subject in subjects:
            _check(archive, subject)
        spool = Spool(archive, files.folder, warc_url, keep_local)
        site = replace(site, base=runs.fetched_from(session) or "")
        command = shlex.join((journal.ACCEPT, *subjects))
        number, cycle = runs.begin(session, command, now=timestamp(), blog=site.origin, site=site.base)
        done = [accept_one(archive, files, subject, site, run_id=number) for subject in subjects]
        start = RunStart(
            run=number, cycle=cycle, command=command, site=site.base, started_at=timestamp(),
            blog=site.origin, profile=sites.lines_of(site.profile),
        )  # fmt: skip
        end = RunEnd(
            run=number, finished_at=timestamp(), outcome=OUTCOME, exit_code=ExitCode.DONE, rest_until=None,
            missing_counted=False, counts={}, addresses=chronicle.unarchived(session, number),
            doubts=doubts.as_rows(session),
        )  # fmt: skip
        software = f"blog-archiver/{__version__}"
        with WarcWriter(files.folder, site.profile.name, software=software, info=start.as_fields()) as writer:
            spool.opened(writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, end.finished_at).warc_file)
        runs.end(session, number, OUTCOME, ExitCode.DONE, {}, now=end.finished_at)
        archive.commit()
        index.update_index(files, home / index.NAME, [])
        spool.settle()
        spool.close()
    return done


def accept_one(archive: Archive, warc: Storage, subject: str, site: Site, *, run_id: int) -> Accepted:
    """Accept one thing; what no longer waits to be accepted stays as it is.

    Raises ArchiverError when the page of a held version no longer reads as a post.
    """
    session = archive.session
    held = posts.held(session, int(subject)) if is_post(subject) else None
    if held is not None:
        task = Task(held.warc_file, held.warc_offset, "post", held.url, replace(site, base=urls.origin(held.url)))
        post = reading.read(warc, task)
        if not isinstance(post, Post):
            raise ArchiverError(f"post {subject}: expected the page that is held for review to read, found {post}")
        outcomes.accept(session, post, held, site, run_id=run_id)
        return Accepted(subject, f"the version of {held.seen_at} is current now")
    doubts.accept(session, subject)
    return Accepted(subject, "believed as it is from the next crawl on")


def is_post(subject: str) -> bool:
    """Return whether what is to be accepted is named by a post's number."""
    return subject.isascii() and subject.isdigit() and len(subject) <= len(str(urls.LARGEST_POST))


def _check(archive: Archive, subject: str) -> None:
    session = archive.session
    if is_post(subject):
        if posts.held(session, int(subject)) is None:
            raise UsageError(f"expected a post whose newest version is held for review, found none for {subject}")
        return
    standing = doubts.standing(session)
    if subject not in standing:
        known = ", ".join(standing) or "none"
        raise UsageError(f"expected the number of a held post or one of these doubts ({known}), found {subject}")
    if standing[subject].kind == doubts.PAGES:
        raise UsageError(
            f"{subject}: pages that cannot be read cannot be accepted; a newer archiver may read them, and "
            "`archiver rebuild` then takes them from the records"
        )
