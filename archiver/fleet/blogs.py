"""The blogs of a fleet: the list of them in its database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from archiver import extras, sites
from archiver.errors import ArchiverError, UsageError
from archiver.fleet import tables
from archiver.store import server
from archiver.store.location import database_url

if TYPE_CHECKING:
    from psycopg import Connection

EVERY = timedelta(days=1)
"""From the end of a crawl to the next, where nothing else is asked for."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""Names of blogs: schemas that need no quotes, with room for what a rebuild appends to them."""

_TAKEN = re.compile(r"pg_.*|public|information_schema|fleet|.*_(?:new|bak_.*)")
"""Names of schemas that are not for blogs: the server's, ours, and those that a rebuild makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """A blog that a fleet keeps."""

    name: str
    """Its name, also that of its schema and of its folder in a worker's home."""
    url: str
    """Address of its front page."""
    base: str
    """The origin it is fetched from: its own, unless an option of its crawls names another."""
    profile: str | None = None
    """The text of `site.toml`; None until the blog has been probed."""
    every: timedelta = EVERY
    """From the end of a crawl to the next."""
    options: tuple[str, ...] = ()
    """Arguments for `archiver crawl`."""
    warc: str | None = None
    """URL of the object storage that its records go to; None if they stay in the worker's home."""

    def settle(self, home: Path) -> Path:
        """Make the blog's folder in a worker's home, with its profile; return it."""
        folder = home / self.name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / sites.FILE
        if self.profile is not None and not (file.exists() and file.read_text("utf-8") == self.profile):
            file.write_text(self.profile, "utf-8")
        return folder


def check_name(name: str) -> None:
    """Raise UsageError for what is not a name of a blog."""
    if not _NAME.fullmatch(name) or _TAKEN.fullmatch(name):
        raise UsageError(
            f"expected a name of lower-case letters, digits and _ that begins with a letter, has at most 32 characters "
            f"and is not a schema's already, found {name!r}"
        )


class Fleet:
    """A fleet's database, open for one process. It may be used in a `with` statement."""

    def __init__(self, url: str | None, *, make: bool = False) -> None:
        """Take the database's URL; with `make` its tables are created or brought up to date.

        Raises UsageError where there is no fleet, or the program lacks what one needs, ArchiverError where
        the server cannot be queried.
        """
        self.url = database_url(Path(), url)
        if url is None or not server.is_server(self.url):
            raise UsageError(
                f"expected --db or $ARCHIVER_DB with the fleet's database, such as postgresql://me@host/blogs, found "
                f"{url or 'none'}"
            )
        with self.failing():
            self.connection = connect(self.url)
            if make:
                tables.upgrade(self.connection)
            elif not tables.are_there(self.connection):
                raise UsageError(f"{self.shown}: expected a fleet, found none; `archiver fleet add` creates one")

    @property
    def shown(self) -> str:
        """The database's URL as it may be shown."""
        return server.shown(self.url)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn failures of the server within the block into ArchiverError, those of the driver into UsageError."""
        with failures(self.url):
            yield

    def blogs(self, names: Sequence[str] = ()) -> list[Blog]:
        """Return the blogs in the order of their names: all, or those named; UsageError for an unknown name."""
        columns = ", ".join(Blog.__dataclass_fields__)
        with self.failing():
            rows = self.connection.execute(f"SELECT {columns} FROM blogs ORDER BY name").fetchall()  # noqa: S608
        found = [_blog(*row) for row in rows]
        known = {each.name for each in found}
        if unknown := [name for name in names if name not in known]:
            raise UsageError(
                f"expected names of blogs of this fleet, found {', '.join(unknown)}; `archiver fleet status` lists them"
            )
        return [each for each in found if not names or each.name in names]

    def blog(self, name: str) -> Blog:
        """Return the blog of this name; raise UsageError when there is none."""
        return self.blogs([name])[0]

    def database(self, blog: Blog) -> str:
        """Return the URL of a blog's archive: its schema of this database."""
        return server.in_schema(self.url, blog.name)

    def add(self, blogs: Sequence[Blog]) -> None:
        """Add blogs, or change existing ones of these names; a profile that is known stays if none is given.

        Raises UsageError when another blog already has one's address.
        """
        with self.failing(), self.connection.transaction():
            for each in blogs:
                clash = self.connection.execute(
                    "SELECT name FROM blogs WHERE url = %s AND name <> %s", (each.url, each.name)
                ).fetchone()
                if clash:
                    raise UsageError(
                        f"expected a blog that is not in the fleet yet, found {each.url}, which is {clash[0]}"
                    )
                self.connection.execute(_ADD, _values(each))

    def learn(self, blog: Blog, profile: str) -> None:
        """Store the profile of a blog that none was given for."""
        with self.failing():
            self.connection.execute("UPDATE blogs SET profile = %s WHERE name = %s", (profile, blog.name))

    def remove(self, names: Sequence[str]) -> list[str]:
        """Remove blogs from the list, and their jobs that have not begun; return their names. The archives stay."""
        with self.failing(), self.connection.transaction():
            known = [each.name for each in self.blogs(names)] if names else []
            self.connection.execute("DELETE FROM blogs WHERE name = ANY(%s)", (known,))
            self.connection.execute(_FORGET, (known,))
        return known

    def close(self) -> None:
        """Disconnect from the server."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(url: str) -> Connection[Any]:
    """Return a connection to a fleet's database, each statement a transaction of its own, in the fleet's schema.

    Raises psycopg's errors, and UsageError where that is not installed.
    """
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(tables.EXTRA)) from error
    return psycopg.connect(server.conninfo(server.in_schema(url, tables.SCHEMA)), autocommit=True)


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turn failures of a server within the block into ArchiverError."""
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(tables.EXTRA)) from error
    try:
        yield
    except psycopg.Error as error:
        raise ArchiverError(
            f"{server.shown(url)}: {server.reason(error)}; is the server there, and may this role do that?"
        ) from error


_ADD = """
INSERT INTO blogs (name, url, base, profile, every, options, warc)
VALUES (%(name)s, %(url)s, %(base)s, %(profile)s, %(every)s, %(options)s, %(warc)s)
ON CONFLICT (name) DO UPDATE SET url = excluded.url, base = excluded.base, every = excluded.every,
    profile = coalesce(excluded.profile, CASE WHEN blogs.url = excluded.url THEN blogs.profile END),
    options = excluded.options, warc = excluded.warc
"""
_FORGET = """
SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs
WHERE args ->> 'name' = ANY(%s) AND status = 'todo'
"""


def _blog(*row: Any) -> Blog:
    known = dict(zip(Blog.__dataclass_fields__, row, strict=True))
    return Blog(**known | {"options": tuple(known["options"])})


def _values(blog: Blog) -> dict[str, Any]:
    return {name: getattr(blog, name) for name in Blog.__dataclass_fields__} | {"options": list(blog.options)}
