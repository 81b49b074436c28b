"""Profiles bundled with the program, one TOML file each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from archiver import profile
from archiver.errors import ProfileInvalid
from archiver.profile import Profile

FILE = "site.toml"
"""Name of the profile in the folder of an archive, which takes precedence over the bundled ones."""

_FIRST = "kexue"
"""The blog that an empty archive is for when nobody names one."""


def first() -> Profile:
    """Return the profile of the blog the program was made for."""
    return _shipped()[_FIRST]


def bundled(name: str) -> Profile:
    """Return the bundled profile under a name; raise ProfileInvalid when there is none."""
    if name not in _shipped():
        raise ProfileInvalid(f"expected a file with a profile, or one of {', '.join(_shipped())}, found {name!r}")
    return _shipped()[name]


def of(origin: str | None) -> Profile:
    """Return the profile of the blog with an origin of canonical addresses; the first one where none is named.

    Raises ProfileInvalid for a blog without a profile: read as another blog, its pages would come out wrong.
    """
    if not origin:
        return first()
    known = {each.origin: each for each in _shipped().values()}
    if origin not in known:
        raise ProfileInvalid(
            f"expected the profile of {origin} as {FILE} in the archive's folder, found none: put it there, or let "
            "`archiver rebuild` take it from the WARC files"
        )
    return known[origin]


def in_home(home: Path) -> Profile | None:
    """Return the profile that the owner of an archive wrote for it; None where there is none."""
    file = home / FILE
    if file.exists() and not file.is_file():
        raise ProfileInvalid(f"{file}: expected a profile, found a folder, pipe or device; move it away")
    return in_file(file) if file.exists() else None


def in_file(file: Path) -> Profile:
    """Return the profile in a file that somebody wrote; raise ProfileInvalid for one that cannot be used."""
    try:
        return profile.read(file.read_text("utf-8"), str(file))
    except UnicodeDecodeError as error:
        raise ProfileInvalid(f"{file}: expected TOML in UTF-8, found: {error}") from error


def lines_of(known: Profile) -> list[str] | None:
    """Return what has to be written down to find a profile again: nothing for a bundled one."""
    return None if known in _shipped().values() else known.written[0].splitlines()


@cache
def _shipped() -> dict[str, Profile]:
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {file.stem: profile.read(file.read_text("utf-8"), file.name) for file in files}
