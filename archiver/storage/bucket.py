"""Objects below one URL, such as `s3://bucket/prefix`; the only module that imports obstore.

Credentials and endpoint come from the environment, as each service's own tools read it (`AWS_ACCESS_KEY_ID`,
`AWS_ENDPOINT_URL`, ...).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from archiver import extras
from archiver.config import without_secrets
from archiver.durable import sync_directory, writing
from archiver.errors import ArchiveDamaged, StorageUnreachable, UsageError
from archiver.warc.storage import SUFFIX

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az", "file")
"""Schemes of URLs: Amazon's storage and all that speak its protocol, Google's, Azure's, a mounted folder."""

LARGEST_PUT = 256 << 20
"""Bytes of the largest file sent in one request, through memory; larger ones are sent in parts."""

_TIMEOUTS = {"s3": "AWS_TIMEOUT", "gs": "GOOGLE_TIMEOUT", "az": "AZURE_TIMEOUT"}
"""Environment variables that say how long one request may take."""
_PATIENCE = "5 minutes"
"""How long it may take by default: 64 MiB at 2 Mbit/s. obstore's own 30 s are too short for that."""
_RETRIES = 4
_RETRYING = timedelta(minutes=1)
_PIECE = 1 << 20
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
"""The entity tag of an object put in one request (Amazon S3 API reference, Object); of no other one."""
_NO_BUCKET = "NoSuchBucket"
"""Code in a response by which the protocol distinguishes that from a missing object."""
_METADATA = "/latest/api/token"
"""Where machines of cloud services ask for credentials: whoever ends up there has none."""


@dataclass(frozen=True, slots=True)
class Object:
    """One stored WARC file."""

    size: int
    stored_at: datetime


class Bucket:
    """The WARC files below one URL. Nothing in it is ever replaced or removed.

    May be shared by threads. Raises UsageError for a URL of another kind or without the extra, StorageUnreachable when
    what it names does not answer, or not properly.
    """

    def __init__(self, url: str, *, make: bool = False) -> None:
        """Take the URL; with `make` a missing folder is created."""
        if find_spec("obstore") is None:
            raise UsageError(extras.missing("s3"))
        self.url = normal(url)
        self._make = make
        self._folder = Path(unquote(urlsplit(self.url).path)) if self.url.startswith("file:") else None

    def objects(self) -> dict[str, Object]:
        """Return the stored files, by name."""
        import obstore

        with self._explained("list it"):
            found = obstore.list_with_delimiter(self._store)["objects"]
        files = {each["path"].rpartition("/")[2]: each for each in found}
        return {
            name: Object(each["size"], each["last_modified"])
            for name, each in sorted(files.items())
            if name.endswith(SUFFIX)
        }

    def put(self, path: Path, sha256: str) -> None:
        """Store a closed file under its name, unless it is there already, and check what arrived.

        Raises ArchiveDamaged when there is another file of that name, or what arrived is not what was sent: either
        stays as it is.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        name = path.name
        try:
            with self._explained(f"store {name}"):
                if path.stat().st_size <= LARGEST_PUT:
                    obstore.put(self._store, name, path, mode="create", use_multipart=False)
                elif self._head(name) is None:  # no service creates an object of many parts on a condition
                    obstore.put(self._store, name, path)
        except AlreadyExistsError:
            pass  # the check below tells whether it is this one
        self._sync(name)
        self._check(path, sha256)

    def read(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes of a file between two places, or as many as there are; ArchiveDamaged if it is not there."""
        import obstore

        with self._explained(f"read {name}"):
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file, read in a stream; raises as `read` does."""
        import obstore

        digest = hashlib.sha256()
        with self._explained(f"read {name}"):
            for piece in obstore.get(self._store, name).stream(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def _check(self, path: Path, sha256: str) -> None:
        """Compare an object with its file: by the service's own digest if it reports one, else by reading it back."""
        with self._explained(f"check {path.name}"):
            head = self._head(path.name)
        tag = _MD5.fullmatch((head or {}).get("e_tag") or "")
        if head is not None and head["size"] == path.stat().st_size:
            if tag and tag[1] == _md5(path):
                return
            if self.digest(path.name) == sha256:
                return
        found = f"one of {head['size']} bytes with others" if head else "none"
        raise ArchiveDamaged(
            f"{self.url}/{path.name}: expected the {path.stat().st_size} bytes of {path}, found {found}; compare them, "
            "and move the object away if it is the wrong one"
        )

    def _head(self, name: str) -> Any:
        import obstore

        try:
            return obstore.head(self._store, name)
        except FileNotFoundError:
            return None

    def _sync(self, name: str) -> None:
        """Make a file in a mounted folder survive a power cut; services guarantee that themselves."""
        if self._folder is None:
            return
        with writing(self._folder / name):
            descriptor = os.open(self._folder / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            sync_directory(self._folder)

    @cached_property
    def _store(self) -> ObjectStore:
        from obstore.store import from_url

        if self._folder is None:
            # As an argument it would override the environment's other settings of connections.
            os.environ.setdefault(_TIMEOUTS[self.url.partition(":")[0]], _PATIENCE)
            with self._explained("open it"):
                return from_url(self.url, retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRYING})
        if self._make:
            with self._explained("make the folder"):
                # Not its parent: a share that is not mounted must not be taken for an empty one.
                self._folder.mkdir(exist_ok=True)
        with self._explained("open it"):
            return from_url(self.url)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Raise the failures of a service as ours, in one line."""
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            yield
        except AlreadyExistsError:
            raise
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and what.startswith("read") and _NO_BUCKET not in str(error):
                raise ArchiveDamaged(f"{self.url}: expected to {what}, found none; restore it from a copy") from error
            raise StorageUnreachable(f"{self.url}: expected to {what}, found: {_reason(error)}") from error


def normal(url: str) -> str:
    """Return a URL without a slash at its end; raise UsageError for one that is not of object storage."""
    named = ""
    with suppress(ValueError):
        parts = urlsplit(url)
        named = parts.path.strip("/") if parts.scheme == "file" else parts.netloc
    if not named or parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES[1:])
        raise UsageError(
            f"--warc: expected a URL such as s3://bucket/prefix (or {known}), found {without_secrets(url)!r}"
        )
    return url.rstrip("/")


def _reason(error: BaseException) -> str:
    """Return what went wrong, without the chain of causes, and what can be done."""
    text = " ".join(str(error).partition("\n\nDebug source")[0].split())
    if _METADATA in text or "Missing" in text:
        return "no credentials; set those of the service, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if _NO_BUCKET in text:
        return "no such bucket; make it, or name another one"
    if "403 Forbidden" in text or "401 Unauthorized" in text:
        return "these credentials may not do that; check them, and the rights they have"
    return f"{text[:300]}; is the service there (AWS_ENDPOINT_URL), or the folder mounted?"


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
