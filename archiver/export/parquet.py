"""Parquet: columns for DuckDB, pandas, polars and Spark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

from archiver import extras
from archiver.errors import UsageError
from archiver.export import rows
from archiver.export.folder import Folder, replacing_folder
from archiver.export.notice import Attribution, notice
from archiver.export.rows import Column, Step, Table, Type
from archiver.store.library import Library

SUFFIX = ".parquet"

GROUP_ROWS = 1000
"""Rows of a row group, which is held in memory; a post is about 25 kB, with its Markdown and its plain text."""


def write(library: Library, target: Path, step: Step) -> None:
    """Write a folder of one file per table, for posts, pages and what belongs to them, and a page that describes them.

    Raises as `replacing_folder` does, and UsageError when pyarrow is not installed.
    """
    expect_pyarrow()
    said = notice(library.posts(), library.site.profile)
    with replacing_folder(target) as folder:
        write_tables(library, folder, step, said)
        folder.write("README.md", rows.readme(said, SUFFIX))


def write_tables(library: Library, folder: Folder, step: Step, said: Attribution) -> dict[str, int]:
    """Write one file per table to a folder; return how many rows each has."""
    return {
        table.name: _write(folder.path(table.name + SUFFIX), table, rows.rows(library, table, step), said)
        for table in rows.TABLES
    }


def expect_pyarrow() -> None:
    """Raise UsageError when pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(extras.missing("parquet")) from error


def _write(path: Path, table: Table, values: Iterator[dict[str, Any]], said: Attribution) -> int:
    """Write a file and return how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(table, table.columns, " ".join(said.sentences()))
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(values, GROUP_ROWS)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            written += len(group)
    return written


class Partitions:
    """Files of one table below a folder, filled together: a row group of each is in memory, in all `GROUP_ROWS`."""

    def __init__(self, folder: Path, table: Table, first: Column, said: Attribution) -> None:
        """Take the folder, the table, a column that comes before the table's own, and whose the texts are."""
        # Without the day up to which the blog is archived: what has not changed comes out the same.
        self._schema = _schema(table, (first, *table.columns), " ".join(said.sentences()[:-1]))
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._waiting: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._rows = 0

    def add(self, file: str, row: dict[str, Any]) -> None:
        """Add a row to a file, named with slashes."""
        self._waiting[file].append(row)
        self._rows += 1
        if self._rows >= GROUP_ROWS:
            self._flush(max(self._waiting, key=lambda name: len(self._waiting[name])))

    def _flush(self, file: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        group = self._waiting.pop(file)
        self._rows -= len(group)
        if file not in self._writers:
            path = self._folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writers[file] = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._writers[file].write_table(pa.Table.from_pylist(group, schema=self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in list(self._waiting):
            self._flush(file)
        for writer in self._writers.values():
            writer.close()


def _schema(table: Table, columns: Sequence[Column], said: str) -> Any:
    import pyarrow as pa

    types = {
        Type.INTEGER: pa.int64(),
        Type.TEXT: pa.string(),
        Type.FLAG: pa.bool_(),
        Type.TEXTS: pa.list_(pa.string()),
        Type.INTEGERS: pa.list_(pa.int64()),
        Type.BYTES: pa.binary(),
    }
    fields = [pa.field(c.name, types[c.type], metadata={"description": c.about}) for c in columns]
    return pa.schema(fields, metadata={"description": table.about, "notice": said})
