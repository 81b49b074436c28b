"""Parquet: columns for DuckDB, pandas, polars and Spark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from archiver import extras
from archiver.errors import UsageError
from archiver.export import rows
from archiver.export.folder import replacing_folder
from archiver.export.notice import Notice, notice
from archiver.export.rows import Step, Table, Type
from archiver.store.library import Library

GROUP_ROWS = 1000
"""Rows of a row group: what is held in memory; a post is about 25 kB, its Markdown and its plain text."""


def write(library: Library, target: Path, step: Step) -> None:
    """Write a folder with a file a table, for posts, pages and what belongs to them, and a page that describes them.

    Raises as `replacing_folder` does, and UsageError when pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(extras.missing("parquet")) from error
    said = notice(library.posts(), library.site.profile)
    with replacing_folder(target) as folder:
        for table in rows.TABLES:
            _write(folder.path(f"{table.name}.parquet"), table, rows.rows(library, table, step), said)
        folder.write("README.md", rows.readme(said, ".parquet"))


def _write(path: Path, table: Table, values: Iterator[dict[str, Any]], said: Notice) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        Type.INTEGER: pa.int64(),
        Type.TEXT: pa.string(),
        Type.FLAG: pa.bool_(),
        Type.TEXTS: pa.list_(pa.string()),
        Type.INTEGERS: pa.list_(pa.int64()),
        Type.BYTES: pa.binary(),
    }
    fields = [pa.field(c.name, types[c.type], metadata={"description": c.about}) for c in table.columns]
    schema = pa.schema(fields, metadata={"description": table.about, "notice": " ".join(said.sentences())})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(values, GROUP_ROWS)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
