"""Extras: packages that not everybody needs, and how to install one next to this program."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "blog-archiver"
"""Name of this program's package."""

_OF_EXTRA = re.compile(r"""([^;]+);.*\bextra == ["']([^"']+)["']""")


def missing(extra: str) -> str:
    """Return what to say where an extra is not installed, with the command that adds its packages here."""
    needed = requirements(extra)
    name = re.split(r"[^\w.-]", needed[0])[0]
    return f"expected {name} next to this program, found none: {command(needed)}"


def requirements(extra: str) -> list[str]:
    """Return the requirements of an extra, as pip takes them; the package with the extra where nothing tells them."""
    try:
        found = [_OF_EXTRA.match(each) for each in requires(PACKAGE) or ()]
    except PackageNotFoundError:  # a checkout that nobody installed
        found = []
    return [each[1].strip() for each in found if each and each[2] == extra] or [f"{PACKAGE}[{extra}]"]


def command(needed: list[str]) -> str:
    """Return the command that adds packages to the environment this program runs in, whatever made that."""
    prefix, python = Path(sys.prefix), shlex.quote(sys.executable)
    words = " ".join(map(shlex.quote, needed))
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {prefix.name} {words}"
    if (prefix / "uv-receipt.toml").exists() or find_spec("pip") is None:
        return f"uv pip install --python {python} {words}"
    return f"{python} -m pip install {words}"
