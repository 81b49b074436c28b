"""Exports that are a folder of files: written next to the previous one, then put in its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.durable import claim, sync_directory, writing
from archiver.errors import UsageError

MANIFEST = ".archiver-export"
"""Lists the files of an export, one per line, so that a later one knows which it may remove."""


class Folder:
    """A folder that is being filled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: list[str] = []

    def path(self, name: str) -> Path:
        """Return where to write a file of the export, named with slashes between folders."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._names.append(name)
        return path

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the export."""
        data = content.encode() if isinstance(content, str) else content
        with self.path(name).open("wb") as file:
            file.write(data)

    def close(self) -> None:
        """Write the list of files, and make all of them durable."""
        self.write(MANIFEST, "".join(f"{name}\n" for name in sorted(self._names)))
        for name in self._names:
            with (self._path / name).open("rb") as file:
                os.fsync(file.fileno())
        for folder in {(self._path / name).parent for name in self._names}:
            sync_directory(folder)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Folder]:
    """Give a new folder to fill, which takes the place of `target`, or of what it links to, when the block ends well.

    Files that an earlier export did not write, such as the settings of a program that opens the folder, stay. Until
    the new folder is whole, `target` stays as it was.

    Raises UsageError when `target` is anything but an empty folder or an earlier export, ArchiveLocked while
    another program writes it, DiskFull and ArchiverError when it cannot be written.
    """
    with writing(target):
        target = target.resolve()
        _check(target)
        new, old = (target.with_name(f".{target.name}.{word}") for word in ("new", "old"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with _held(new, target):
            _restore(target, old)
            try:
                folder = Folder(new)
                yield folder
                folder.close()
                _carry_over(target, new)
                if target.exists():
                    target.rename(old)
                new.rename(target)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                _restore(target, old)
                raise
            sync_directory(target.parent)
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _held(new: Path, target: Path) -> Iterator[None]:
    """Make a folder, empty but for the list of its files, which tells other programs that it is being filled."""
    new.mkdir(exist_ok=True)
    with (new / MANIFEST).open("ab") as file:
        claim(file, new / MANIFEST, target)
        for path in new.iterdir():  # of one that was killed
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MANIFEST:
                path.unlink()
        yield


def _check(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target}: expected a folder or nothing, found a file; choose another place")
    if any(target.iterdir()) and not (target / MANIFEST).exists():
        raise UsageError(f"{target}: expected an empty folder or an earlier export, found other files; choose another")
    if Path.cwd().is_relative_to(target):
        raise UsageError(
            f"{target}: expected a folder you are not in, as a new one takes its place; run from elsewhere"
        )


def _restore(target: Path, old: Path) -> None:
    """Undo the first half of an exchange that was cut off."""
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _carry_over(target: Path, new: Path) -> None:
    """Copy what is in a folder in addition to its export."""
    ours: set[str] = set()
    with suppress(FileNotFoundError):
        ours = set((target / MANIFEST).read_text("utf-8").splitlines()) | {MANIFEST}
    for path in sorted(target.rglob("*")) if target.exists() else ():
        name = path.relative_to(target).as_posix()
        if name in ours or (path.is_dir() and not path.is_symlink()):
            continue
        copy = new / name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy, follow_symlinks=False)
