"""What is wrong with the file of a database, in one line and with one exit code whoever finds it."""

from __future__ import annotations

from archiver.errors import ArchiveDamaged, ArchiverError, UsageError


def file_fault(place: object, error: BaseException | None) -> ArchiverError | None:
    """Return what SQLite's error means if it is about the file itself: no database, or a damaged one; else None.

    `place` is the path of the file, or its URL.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    file = str(place).removeprefix("sqlite:///")
    if name.startswith("SQLITE_NOTADB"):
        return UsageError(
            f"{file}: expected the database of an archive, found a file that is none; move it away, or name the --home"
        )
    if name == "SQLITE_CORRUPT_VTAB":
        return ArchiveDamaged(f"{file}: the full-text index is damaged: rebuild it with `archiver search --rebuild`")
    if name.startswith("SQLITE_CORRUPT"):
        return ArchiveDamaged(
            f"{file}: the file is damaged ({error}): move it away and rebuild it with `archiver rebuild`"
        )
    return None
