"""Pages read ahead of a rebuild: those of a large blog, one job per WARC file, by any of the workers.

The outcome of a page waits in the fleet's database until the blog's rebuild takes it from there instead of from an
executor; what it does not find, it reads itself. So nothing depends on all being there: a job that is killed is
resumed where it was, one that fails leaves its pages to the rebuild. They are pickled, which only the same version of
the program reads, and kept by what decides them: a page of another version, or of a blog whose profile has
changed, is another page.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from pathlib import Path
from typing import Any

from archiver.counting import counted
from archiver.errors import ArchiveLocked, ArchiverError
from archiver.fleet import jobs
from archiver.fleet.blogs import Blog, Fleet
from archiver.items import Item
from archiver.rebuild import pool, reading, swap
from archiver.rebuild.reading import Task
from archiver.storage.elsewhere import storage
from archiver.store import blog as blogs
from archiver.store import query
from archiver.store.chronicle import CaptureRow
from archiver.urls import Site
from archiver.warc.storage import Storage
from archiver.warc.writer import OPEN_SUFFIX

READ = "read-pages"
"""Job that reads the pages in a WARC file, whose name follows."""
REBUILD = "rebuild"
"""Job that rebuilds a blog's database."""

LARGE = 10_000
"""Number of pages from which a blog is read by several jobs: one processor reads 50 per second."""

PROCESSES = 2
"""Processes that read pages for a job, so that a page that kills its process does not end the job."""

BATCH = 100
"""Pages read between two statements: what is lost with a worker that is killed."""


def queue(fleet: Fleet, blog: Blog, *, large: int = LARGE) -> int | None:
    """Queue the rebuild of a blog and, if it has so many pages or more, the reading of each of its files before it.

    Return how many files those are; None when the rebuild was queued or running already.
    """
    pages = _pages(fleet.database(blog))
    files = sorted(pages) if len(pages) > 1 and sum(pages.values()) >= large else []
    for name in files:
        jobs.queue(fleet, [blog], [READ, name])
    return len(files) if jobs.queue(fleet, [blog], [REBUILD]) else None


def is_older(fleet: Fleet, blog: Blog, extractor: int) -> bool:
    """Return whether a blog shows posts that an extractor older than this one read."""
    return bool(query.run(fleet.database(blog), _OLDER, {"extractor": extractor}).rows)


def read(fleet: Fleet, blog: Blog, home: Path, name: str) -> int:
    """Read those pages in a WARC file of a blog that were not read yet, and keep their outcomes; return how many.

    Raises ArchiverError when the file is not here.
    """
    database = fleet.database(blog)
    files = storage(home, database)
    if name not in _present(files):
        raise _elsewhere(blog, home, [name])
    known = _kept(fleet, blog)
    tasks = [task for task in _tasks(database, blogs.site(home, database), name) if _key(task) not in known]
    with pool.readers(files, PROCESSES) as readers:
        found = readers.read_all((task, task) for task in tasks)
        while some := [(_key(task), pickle.dumps(item)) for task, item in islice(found, BATCH)]:
            with fleet.failing(), fleet.connection.cursor() as cursor:
                cursor.executemany(_KEEP, [(blog.name, reading.VERSION, *values) for values in some])
    return len(tasks)


def rebuild(
    fleet: Fleet, blog: Blog, home: Path, *, processes: int | None = None, keep_local: int | None = None
) -> swap.RebuildReport:
    """Rebuild the database of a blog, from pages read ahead if there are any.

    Raises ArchiveLocked while files of the blog are being read, ArchiverError when some of its records are not here,
    and what `swap.rebuild` raises.
    """
    with fleet.failing():
        if under_way := fleet.connection.execute(_UNDER_WAY, {"name": blog.name, "read": READ}).fetchall():
            raise ArchiveLocked(
                f"{blog.name}: being read: {counted(len(under_way), 'file')} of it; the rebuild waits for it"
            )
    database = fleet.database(blog)
    if missing := sorted(swap.files_known(home, database) - _present(storage(home, database))):
        raise _elsewhere(blog, home, missing)
    ahead = Readings(fleet, blog) if _kept(fleet, blog) else None
    report = swap.rebuild(
        home, database, warc_url=blog.warc, keep_local=keep_local, processes=processes, executor=ahead
    )
    with fleet.failing():
        fleet.connection.execute("DELETE FROM readings WHERE blog = %s", (blog.name,))
    return report


class Readings(Executor):
    """Outcomes of a blog's pages, in place of an executor that would read them; missing ones are read here.

    It accepts `reading.read_elsewhere` with its arguments, and nothing else.
    """

    def __init__(self, fleet: Fleet, blog: Blog) -> None:
        self._fleet = fleet
        self._blog = blog

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the items of some pages."""
        directory, tasks, version = args
        found = self._found(tasks)
        missing = [task for task in tasks if _key(task) not in found]
        found |= dict(zip(map(_key, missing), fn(directory, missing, version, **kwargs), strict=True))
        done: Future[list[Item]] = Future()
        done.set_result([found[_key(task)] for task in tasks])
        return done

    def _found(self, tasks: Sequence[Task]) -> dict[bytes, Item]:
        keys = list(map(_key, tasks))
        with self._fleet.failing():
            rows = self._fleet.connection.execute(_FIND, (self._blog.name, reading.VERSION, keys)).fetchall()
        # Workers trust their fleet's tables, as docs/fleet.md says.
        return {bytes(key): pickle.loads(item) for key, item in rows}  # noqa: S301


def _elsewhere(blog: Blog, home: Path, names: Sequence[str]) -> ArchiverError:
    some = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return ArchiverError(
        f"{blog.name}: expected its records in {home / 'warc'}, found none of {some}: run this where "
        "they are, or keep them in object storage (`archiver fleet add --warc`)"
    )


def _present(files: Storage) -> set[str]:
    """Return the names of the WARC files that can be read, including those that a killed run left open here."""
    return files.names() | {path.name.removesuffix(OPEN_SUFFIX) for path in files.left_open()}


def _pages(database: str) -> dict[str, int]:
    """Return roughly how many pages each WARC file of an archive holds."""
    return {str(name): int(pages) for name, pages in query.run(database, _COUNTS).rows}


def _tasks(database: str, site: Site, name: str) -> Iterator[Task]:
    """Yield the pages in a WARC file, as the archive's database knows them.

    Leaves out what only a rebuild finds out: the kind of a page that a redirect led to, a curated index.
    """
    with query.stream(database, _CAPTURES, {"name": name}) as found:
        for base, *values in found.rows:
            seen = CaptureRow(**dict(zip(found.columns[1:], values, strict=True)))
            there = Site(site.profile, base or "")
            kind = reading.kind_of(seen.url, None, there)
            if kind is not None and reading.is_page(seen, kind):
                yield Task(seen.warc_file, seen.warc_offset, kind, seen.target_uri, there)


def _key(task: Task) -> bytes:
    """Return a digest of everything that the outcome of a page depends on, except the program."""
    parts = (task.warc_file, str(task.offset), task.kind, task.url, task.site.base, *task.site.profile.written)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _kept(fleet: Fleet, blog: Blog) -> set[bytes]:
    with fleet.failing():
        rows = fleet.connection.execute(
            "SELECT key FROM readings WHERE blog = %s AND version = %s", (blog.name, reading.VERSION)
        ).fetchall()
    return {bytes(key) for (key,) in rows}


_OLDER = """
SELECT 1 FROM posts AS p JOIN post_revisions AS r ON r.id = p.current_revision_id
WHERE r.extractor_version < :extractor LIMIT 1
"""
_COUNTS = """
SELECT warc_file, count(*) FROM captures
WHERE status = 200 AND truncated IS NULL AND revisit_of IS NULL AND content_type LIKE '%html%' GROUP BY warc_file
"""
_CAPTURES = """
SELECT r.site, c.id, c.run_id, c.url, c.target_uri, c.fetched_at, c.status, c.content_type, c.warc_file, c.warc_offset,
       c.revisit_of, c.truncated
FROM captures AS c JOIN runs AS r ON r.id = c.run_id
WHERE c.warc_file = :name AND c.status = 200 AND c.revisit_of IS NULL ORDER BY c.warc_offset
"""
_UNDER_WAY = """
SELECT 1 FROM procrastinate_jobs
WHERE args ->> 'name' = %(name)s AND args -> 'words' ->> 0 = %(read)s AND status IN ('todo', 'doing')
"""
_KEEP = "INSERT INTO readings (blog, version, key, item) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_FIND = "SELECT key, item FROM readings WHERE blog = %s AND version = %s AND key = ANY(%s)"
