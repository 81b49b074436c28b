"""Where a crawl's archive is, and where the blog is fetched from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from archiver.urls import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLocation:
    """Where an archive is, and where the blog is fetched from."""

    home: Path
    db: str | None = None
    site: Site = field(default_factory=Site)
    mirror: bool = False
    """Whether the site is said to be a mirror of the blog that the archive holds."""
    warc_url: str | None = None
    """Where closed WARC files go in object storage, such as `s3://bucket/prefix`; None to keep the previous place."""
    keep_local: int | None = None
    """Bytes of WARC files that may stay in the home once they are stored there; None keeps all."""

    @property
    def warc_folder(self) -> Path:
        """Folder of the WARC files."""
        return self.home / "warc"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.home / "logs"
