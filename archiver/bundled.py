"""What is bundled with the program's code: inside an installed package, or at the top of the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def bundled(packaged: str, checkout: str) -> Path:
    """Return where a bundled file or folder is: `packaged` within the package if it exists, else `checkout` next to it.

    The folders stay at the top of the checkout, where people look for them; the wheel carries copies.
    """
    inside = _PACKAGE / packaged
    return inside if inside.exists() else _PACKAGE.parent / checkout


def index_file() -> Path:
    """Return the curated index."""
    return bundled("_data/index.md", "data/index.md")


def sample_folder() -> Path:
    """Return the sample blog."""
    return bundled("_data/sample", "data/sample")


def migrations_folder() -> Path:
    """Return the database's migrations."""
    return bundled("_migrations", "migrations")
