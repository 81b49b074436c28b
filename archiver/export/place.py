"""Where an export of many files goes: a folder, or object storage by its URL, by the file systems of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from archiver.durable import replacing
from archiver.errors import ArchiverError, UsageError


class Destination:
    """A folder or a prefix of a bucket; files are named with slashes below it."""

    def __init__(self, target: str) -> None:
        """Take a path, or a URL such as `s3://bucket/prefix`; raise UsageError for a URL that pyarrow does not know."""
        from pyarrow import ArrowInvalid, fs

        self.target = target
        try:
            if "://" in target:
                self._files, self._base = fs.FileSystem.from_uri(target.rstrip("/"))
            else:
                self._files, self._base = fs.LocalFileSystem(), str(Path(target).absolute())
        except (ArrowInvalid, OSError) as error:
            raise UsageError(
                f"expected a folder, or a URL such as s3://bucket/prefix, found {target}: {error}"
            ) from error
        self._local = isinstance(self._files, fs.LocalFileSystem)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file there."""
        from pyarrow import fs

        with self._failing():
            found = self._files.get_file_info(fs.FileSelector(self._base, recursive=True, allow_not_found=True))
        return {
            PurePosixPath(info.path).relative_to(self._base).as_posix(): info.size
            for info in found
            if info.type == fs.FileType.File
        }

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        with self._failing(), self._files.open_input_stream(self._path(name)) as file:
            return bytes(file.read())

    def put(self, name: str, data: bytes) -> None:
        """Write a file in one piece: until it is whole, what was there stays."""
        path = self._path(name)
        if self._local:
            with self._failing():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            with replacing(Path(path)) as local:
                local.write(data)
            return
        with self._failing(), self._files.open_output_stream(path) as file:
            file.write(data)

    def remove(self, name: str) -> None:
        """Remove a file, and folders that hold nothing else."""
        with self._failing():
            self._files.delete_file(self._path(name))
        if self._local:
            with suppress(OSError):
                for folder in list(PurePosixPath(name).parents)[:-1]:
                    Path(self._path(folder.as_posix())).rmdir()

    def _path(self, name: str) -> str:
        return f"{self._base}/{name}"

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiverError(f"{self.target}: expected a place to read and write, found: {error}") from error
