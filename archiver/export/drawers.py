"""Formulas drawn by several processes: a book has thousands, which take some milliseconds each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from copy import deepcopy
from typing import Self

from lxml import etree

from archiver.processes import end, started
from archiver.text import formula_pictures
from archiver.text.formula_pictures import Drawing
from archiver.text.mathml_core import NAMESPACE

_CHUNK = 8
"""Formulas handed to a process at once."""

_PATIENCE = 60
"""Seconds for those: a thousand times what they take. A process that was killed may leave its answer cut short."""


class Drawers:
    """Processes that draw formulas; one means this process. What they fail to draw is drawn here."""

    def __init__(self, processes: int) -> None:
        self._drawings: dict[bytes, Drawing | None] = {}
        self._executor = started(processes, preload=formula_pictures) if processes > 1 else None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._end()

    def draw_in(self, body: etree._Element) -> None:
        """Put pictures with their TeX in words in place of formulas; those that cannot be drawn stay MathML."""
        found = {math: _without_words(math) for math in body.iter(f"{{{NAMESPACE}}}math")}
        new = list(dict.fromkeys(plain for plain in found.values() if plain not in self._drawings))
        self._drawings.update(zip(new, self._drawn(new), strict=True))
        for math, plain in found.items():
            outer, drawing = math.getparent(), self._drawings[plain]
            if outer is not None and drawing is not None:
                picture = drawing.picture(str(math.get("alttext")), display=math.get("display") == "block")
                picture.tail = math.tail
                outer.replace(math, picture)

    def _drawn(self, formulas: Sequence[bytes]) -> list[Drawing | None]:
        chunks = [formulas[start : start + _CHUNK] for start in range(0, len(formulas), _CHUNK)]
        try:
            futures = [self._executor.submit(_draw, chunk) if self._executor else None for chunk in chunks]
        except BrokenProcessPool:
            self._end()
            futures = [None for _ in chunks]
        drawn = (self._result(chunk, future) for chunk, future in zip(chunks, futures, strict=True))
        return [drawing for drawings in drawn for drawing in drawings]

    def _result(self, chunk: Sequence[bytes], future: Future[list[Drawing | None]] | None) -> list[Drawing | None]:
        if future is not None and self._executor is not None:
            try:
                return future.result(_PATIENCE)
            except (BrokenProcessPool, TimeoutError):
                self._end()
        return _draw(chunk)

    def _end(self) -> None:
        if self._executor is not None:
            end(self._executor)
            self._executor = None


def _draw(formulas: Sequence[bytes]) -> list[Drawing | None]:
    return [formula_pictures.draw(etree.fromstring(formula)) for formula in formulas]


def _without_words(math: etree._Element) -> bytes:
    """Return what is visible of a formula: the same may be written in several ways."""
    plain = deepcopy(math)
    del plain.attrib["alttext"]
    return etree.tostring(plain, with_tail=False)
