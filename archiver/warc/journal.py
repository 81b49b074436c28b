"""What a run writes about itself into its WARC files, so that the database can be rebuilt from nothing else.

Each file begins with who writes it (`RunStart`, in the warcinfo record); a run that finishes says how it went
(`RunEnd`, in a metadata record, the last one of its last file). A run without an end was killed. Both are fields as in
`application/warc-fields`: `archiver-run: 42`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import PurePath
from typing import Any, Self
from urllib.parse import quote, unquote

from archiver.warc.reader import Record

CONTENT_TYPE = "application/warc-fields"
"""Content type of the record with a run's end; programs that index WARC files skip such records."""

IMPORT = "import"
"""First word of the command of a run that imported another program's captures."""

ACCEPT = "accept"
"""First word of the command of a run by which the owner accepted something."""

PROBE = "probe"
"""Command of a run whose captures are not content."""

_PREFIX = "archiver-"
_INDEX = "urn:index:"
_INDEX_URL = re.compile(r"--index (https?://\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecordFields:
    """Base: values as the fields of a record. Text stands as it is, everything else as JSON."""

    run: int
    """Number of the run."""

    def as_fields(self) -> dict[str, str]:
        """Return the fields, by name."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {_PREFIX + name.replace("_", "-"): _written(value) for name, value in values}

    @classmethod
    def of(cls, block: bytes) -> Self | None:
        """Return the values in a record's block; None when this program did not write it, or not all of it."""
        found = parse(block)
        names = ((each, _PREFIX + each.name.replace("_", "-")) for each in fields(cls))
        # Older programs did not write fields that have a default.
        told = [(each, name) for each, name in names if name in found or each.default is MISSING]
        try:
            return cls(**{each.name: _read(found[name], str(each.type)) for each, name in told})
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart(_RecordFields):
    """Which run writes a file."""

    cycle: int
    """First of the runs that it resumes, or its own number."""
    command: str
    site: str
    """Origin the blog is fetched from."""
    started_at: str
    blog: str = ""
    """Origin of the blog's canonical addresses; empty in files of an older program."""
    profile: Sequence[str] | None = None
    """Lines of the profile the archive's owner wrote; None for a bundled one, known by its origin."""

    @property
    def index_url(self) -> str | None:
        """Address of the curated index, if the run read one on the web."""
        found = _INDEX_URL.search(self.command)
        return found[1] if found else None

    @property
    def accepted(self) -> tuple[str, ...]:
        """What the owner accepted."""
        return tuple(shlex.split(self.command)[1:]) if self.command.startswith(f"{ACCEPT} ") else ()

    @property
    def is_import(self) -> bool:
        """Whether the file holds another program's captures."""
        return self.command.split()[:1] == [IMPORT]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd(_RecordFields):
    """How a run ended."""

    finished_at: str
    outcome: str
    exit_code: int
    rest_until: str | None
    """Time until which the site asked to be left alone."""
    missing_counted: bool
    """Whether the posts that its catalogue did not list were counted as missing."""
    counts: Mapping[str, Any]
    addresses: Sequence[Mapping[str, Any]] = ()
    """The addresses of its cycle that are not archived: columns of their rows."""
    doubts: Sequence[Mapping[str, Any]] | None = None
    """What is not believed at its end: columns of the rows; None in files that do not tell."""

    def as_block(self) -> bytes:
        """Return the content of the record."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.as_fields().items()).encode()


def parse(block: bytes) -> dict[str, str]:
    """Return the fields of an `application/warc-fields` block, names in lower case, folded lines joined."""
    text = re.sub(r"\r?\n[ \t]+", " ", block.decode("utf-8", "replace"))
    pairs = (line.partition(":") for line in re.split(r"\r?\n", text) if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def software(block: bytes) -> str:
    """Return the version of this program that wrote a file, as its warcinfo record names it; empty for another's."""
    name, _, version = parse(block).get("software", "").partition("/")
    return version if name == "blog-archiver" else ""


def index_uri(source: str) -> str:
    """Return the target URI of the record that keeps a local file's curated index; only the file's name is told."""
    return _INDEX + quote(PurePath(source).name)


def index_source(record: Record) -> str | None:
    """Return the name of the file whose curated index a record keeps; None for any other record."""
    uri = record.target_uri or ""
    return unquote(uri.removeprefix(_INDEX)) if record.type == "resource" and uri.startswith(_INDEX) else None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(value: str, annotation: str) -> Any:
    is_text = annotation == "str" or (annotation == "str | None" and value != _written(None))
    return value if is_text else json.loads(value)
