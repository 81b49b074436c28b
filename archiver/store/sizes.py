"""How much room an archive takes, and how much is free."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archiver.errors import UsageError
from archiver.store import query, warc_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes on the disk, by what they are."""

    database_bytes: int | None
    """With what is still in its log; of one on a server, tables and indexes, or None where it cannot be asked."""
    backup_bytes: int
    """Databases that others have replaced."""
    warc_bytes: int
    stored_bytes: int
    """WARC files that are in object storage."""
    log_bytes: int
    free_bytes: int
    """Free space on the disk of the archive's home."""


def measure(home: Path, database: str) -> Sizes:
    """Return the sizes of an archive, with its database at this URL."""
    live, backups = of_database(database)
    return Sizes(
        database_bytes=live,
        backup_bytes=backups,
        warc_bytes=of_records(home),
        stored_bytes=sum(row.size or 0 for row in warc_files.known(database).values() if row.uploaded_at),
        log_bytes=sum(_sizes(home / "logs").values()),
        free_bytes=shutil.disk_usage(home if home.exists() else Path.cwd()).free,
    )


def of_database(database: str) -> tuple[int | None, int]:
    """Return the bytes of the database with this URL, and of those that it took the place of, as in `Sizes`."""
    file = query.sqlite_file(database)
    if file is None:
        return _on_server(database), 0
    files = _sizes(file.parent, file.name)
    backups = sum(size for name, size in files.items() if ".bak-" in name)
    return sum(files.values()) - backups, backups


def of_records(home: Path) -> int:
    """Return the bytes of the WARC files in an archive's folder."""
    return sum(_sizes(home / "warc").values())


def _on_server(database: str) -> int | None:
    """Return the bytes of an archive's tables, with their indexes, on a server."""
    with suppress(UsageError):
        return int(query.run(database, _TABLES).rows[0][0])
    return None


_TABLES = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
"""


def _sizes(folder: Path, beginning: str = "") -> dict[str, int]:
    """Return the bytes of the files of a folder whose names begin so, by name; one may vanish meanwhile."""
    found = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.name.startswith(beginning) and path.is_file():
                found[path.name] = path.stat().st_size
    return found
