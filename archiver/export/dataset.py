"""One data set of many blogs: Parquet in partitions by blog and year, in a folder or in object storage.

    posts/blog=NAME/year=YYYY/part-0.parquet        comments and formulas likewise
    pages/blog=NAME/part-0.parquet                  and what else has no dates

The partitions are Hive's, which pyarrow, DuckDB and Spark read as columns. A file is rewritten only when its bytes
differ, and one with nothing left in it is removed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archiver.errors import ArchiverError, UsageError
from archiver.export import parquet, rows
from archiver.export.folder import MANIFEST
from archiver.export.notice import Attribution, notice
from archiver.export.place import Destination
from archiver.export.rows import COMMENTS, FORMULAS, POSTS, Column, Table, Type
from archiver.store.library import Library

NO_YEAR = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name of the partition without a value (its setting `hive.exec.default.partition.name`)."""

BLOG = Column("blog", Type.TEXT, "Name of the blog.")
"""The first column of every file, though its path says it too: not every reader looks at that."""

FILE = "part-0.parquet"
README = "README.md"

_OURS = re.compile(rf"({'|'.join(table.name for table in rows.TABLES)})/blog=([^/]+)/(year=[^/]+/)?{FILE}")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")

Open = Callable[[], AbstractContextManager[Library]]


@dataclass(slots=True)
class DatasetReport:
    """What an export did."""

    written: int = 0
    """Files that are new or have changed."""
    same: int = 0
    removed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Why blogs could not be read, by name; their files stay as they were."""


def write(blogs: Mapping[str, Open], target: str) -> DatasetReport:
    """Write the archives of blogs, by name, to a folder, or to object storage by a URL such as `s3://bucket/prefix`.

    Each file is replaced separately, so readers may find old and new ones. The next export completes a killed one.
    Raises UsageError when pyarrow is not installed, for a URL that it does not know, and when something other than an
    earlier export is there; ArchiverError when it cannot be written.
    """
    parquet.expect_pyarrow()
    place = Destination(target)
    sizes = place.sizes()
    former = _former(place, sizes)
    report, digests, notices = DatasetReport(), dict[str, str](), dict[str, Attribution]()
    if not sizes:
        place.put(MANIFEST, b"")  # so that a first export that was killed is recognised as one
    for name, opened in blogs.items():
        with TemporaryDirectory() as folder:
            try:
                with opened() as library:
                    notices[name] = _write(library, name, Path(folder))
            except ArchiverError as error:
                report.failed[name] = str(error)
                continue
            for path in sorted(Path(folder).rglob(FILE)):
                file, data = path.relative_to(folder).as_posix(), path.read_bytes()
                digests[file] = hashlib.sha256(data).hexdigest()
                if former.get(file) == digests[file] and sizes.get(file) == len(data):
                    report.same += 1
                else:
                    place.put(file, data)
                    report.written += 1
    kept = {file: digest for file, digest in former.items() if _blog(file) in report.failed}
    stale = [file for file in sizes if _blog(file) not in (None, *report.failed) and file not in digests]
    place.put(README, _readme(notices).encode())
    place.put(MANIFEST, "".join(f"{digest}  {file}\n" for file, digest in sorted((kept | digests).items())).encode())
    for file in stale:
        place.remove(file)
    report.removed = len(stale)
    return report


def _former(place: Destination, sizes: Mapping[str, int]) -> dict[str, str]:
    """Return the SHA-256 of each file of an earlier export.

    Raises UsageError when something else is there.
    """
    lines = place.read(MANIFEST).decode("utf-8", "replace").splitlines() if MANIFEST in sizes else None
    found = [_LINE.fullmatch(line) for line in lines or ()]
    if (sizes and lines is None) or not all(found):
        raise UsageError(
            f"{place.target}: expected nothing or an earlier export of a fleet, found other files; choose another place"
        )
    return {match[2]: match[1] for match in found if match}


def _blog(file: str) -> str | None:
    """Return the blog that a file of an export belongs to; None for one that is not ours."""
    ours = _OURS.fullmatch(file)
    return ours[2] if ours else None


def _write(library: Library, name: str, folder: Path) -> Attribution:
    """Write the partitions of a blog to a local folder; return what has to be said about its texts."""
    said = notice(library.posts(), library.site.profile)
    years: dict[int, str] = {}
    for table in rows.TABLES:
        with parquet.Partitions(folder, table, BLOG, said) as partitions:
            for row in rows.rows(library, table, lambda: None):
                partitions.add(_partition(table, name, row, years), {BLOG.name: name} | row)
    return said


def _partition(table: Table, name: str, row: Mapping[str, Any], years: dict[int, str]) -> str:
    """Return the file that a row goes to; `years` are the years of the posts so far, by number."""
    above = f"{table.name}/blog={name}"
    if table is FORMULAS:
        return f"{above}/year={years[row['post_id']]}/{FILE}"
    if table not in (POSTS, COMMENTS):
        return f"{above}/{FILE}"
    year = row["published_on"][:4] if row["published_on"] else NO_YEAR
    if table is POSTS:
        years[row["id"]] = year
    return f"{above}/year={year}/{FILE}"


def _readme(notices: Mapping[str, Attribution]) -> str:
    """Return a page that says what the files are, and whose."""
    cells = ((name, said.title, said.source, said.author or "unnamed", said.license) for name, said in notices.items())
    blogs = "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in cells)
    return (
        "# Blogs as tables\n\n"
        f"Each table is a folder of Parquet files, `TABLE/blog=NAME/{FILE}`; posts and comments are partitioned "
        f"by their year, formulas by that of their post: `posts/blog=NAME/year=2024/{FILE}`. Rows without a date are "
        f"in `year={NO_YEAR}`. `{MANIFEST}` has the SHA-256 of each file.\n\n"
        f"| blog | title | source | author | licence |\n| --- | --- | --- | --- | --- |\n{blogs}\n"
        + "\n".join(rows.described(table, (BLOG, *table.columns), "") for table in rows.TABLES)
    )
