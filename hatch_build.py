"""Brings MathJax into the package while it is built, in a wheel and in an editable install alike.

The files come from a package that carries MathJax 3.2.2 as npm has it, byte for byte. It is a documentation extension
and asks for a whole documentation generator; so it is wanted while building only, and only where the files are not yet
in their place.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "sphinx-mathjax-offline"
VERSION = "0.0.2"
TARGET = "archiver/web/reader/mathjax"
FONTS = "output/chtml/fonts/woff-v2"
FILES = ("tex-chtml-full.js", "ui/safe.js")
LICENSE = "LICENSE"
NOTICE = "MathJax 3.2.2. Copyright (c) 2009-2022 The MathJax Consortium. Licensed under the Apache License 2.0:\n\n"


class MathJax(BuildHookInterface):  # type: ignore[type-arg]
    """Copies the parts of MathJax the reader serves, with their licence."""

    def dependencies(self) -> list[str]:
        """Return what has to be installed to build: nothing where an earlier build left the files."""
        return [] if self._complete() else [f"{CARRIER}=={VERSION}"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in their place."""
        del version, build_data
        if not self._complete():
            self._copy()

    def _complete(self) -> bool:
        return (self._target / LICENSE).is_file()  # written last

    @property
    def _target(self) -> Path:
        return Path(self.root) / TARGET

    def _copy(self) -> None:
        source = _located(CARRIER, "tex-chtml-full.js").parent
        shutil.rmtree(self._target, ignore_errors=True)
        (self._target / FONTS).mkdir(parents=True)
        for name in FILES:
            (self._target / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, self._target / name)
        for font in sorted((source / FONTS).glob("*.woff")):
            shutil.copyfile(font, self._target / FONTS / font.name)
        # The carrier has no copy of the licence; a part of the build backend comes under the same one.
        text = _located("packaging", "LICENSE.APACHE").read_text(encoding="utf-8")
        (self._target / LICENSE).write_text(NOTICE + text, encoding="utf-8")


def _located(distribution: str, name: str) -> Path:
    for file in metadata.files(distribution) or ():
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"expected {name} in the package {distribution}, found none: install another version of it")
