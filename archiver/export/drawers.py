"""Formulas drawn on several processes: a book has thousands, of some milliseconds each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Self

from lxml import etree

from archiver.processes import end, settle_in
from archiver.text import formula_pictures
from archiver.text.formula_pictures import Drawing

_CHUNK = 8
"""Formulas handed to a process at once."""

_PATIENCE = 60
"""Seconds for those: a thousand times what they take. A process that was killed may leave its answer cut short."""


class Drawers:
    """So many processes that draw formulas; with one, this one. What they fail to draw is drawn here."""

    def __init__(self, processes: int) -> None:
        self._executor = None
        if processes > 1:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([formula_pictures.__name__])
            self._executor = ProcessPoolExecutor(processes, mp_context=context, initializer=settle_in)

    def __enter__(self) -> Self:
        """Return the drawers themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._end()

    def draw(self, formulas: Sequence[bytes]) -> list[Drawing | None]:
        """Return MathML as drawings in the same order; None where it cannot be drawn."""
        chunks = [formulas[start : start + _CHUNK] for start in range(0, len(formulas), _CHUNK)]
        try:
            futures = [self._executor.submit(_draw, chunk) if self._executor else None for chunk in chunks]
        except BrokenProcessPool:
            self._end()
            futures = [None for _ in chunks]
        return [
            drawing for chunk, future in zip(chunks, futures, strict=True) for drawing in self._drawn(chunk, future)
        ]

    def _drawn(self, chunk: Sequence[bytes], future: Future[list[Drawing | None]] | None) -> list[Drawing | None]:
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
