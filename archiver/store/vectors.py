"""Search by meaning: posts as vectors (`vector_index`), and those nearest to a question.

A search uses the vectors it finds, also of a former revision; without the extra it does not ask for any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archiver.store.search_kinds import SearchIndex
from archiver.text import embedding

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from archiver.text.chunks import Chunk

FLOAT = "<f2"
"""How a number of a vector is stored, as numpy calls it: half of 32 bits ranks the same."""


class Near(NamedTuple):
    """How near a post is to a question."""

    share: float
    """Of the nearest post's nearness; negative for what is further away than most."""
    passage: int
    """Which of its passages is nearest."""


def nearest(index: SearchIndex, question: str) -> dict[int, Near]:
    """Return the posts with vectors by their nearness to a question, the nearest first.

    A post is as near as its nearest passage and all of them on average. None without the model, or where no vectors
    are kept.
    """
    if not embedding.installed() or not index.has("post_vectors"):
        return {}
    rows = index.rows("SELECT post_id, vectors FROM post_vectors WHERE model = ? ORDER BY post_id", embedding.MODEL)
    if not rows:
        return {}
    import numpy as np

    asked = embedding.of_question(question)
    stored = np.frombuffer(b"".join(vectors for _, vectors in rows), FLOAT).reshape(-1, asked.size)
    counts = np.array([len(vectors) // (stored.itemsize * asked.size) - 1 for _, vectors in rows])
    starts = np.cumsum(counts) - counts
    titles = starts + np.arange(len(rows))
    passages = np.delete(stored, titles, axis=0).astype(np.float32)
    scores = _nearness(passages, stored[titles].astype(np.float32), asked)
    near = np.maximum.reduceat(scores, starts) + np.add.reduceat(scores, starts) / counts
    shares = near / max(near.max(), _LEAST)
    return {
        int(rows[at][0]): Near(float(shares[at]), int(np.argmax(scores[starts[at] :][: counts[at]])))
        for at in np.argsort(-near, kind="stable")
    }


def _nearness(passages: NDArray[float32], titles: NDArray[float32], asked: NDArray[float32]) -> NDArray[float32]:
    """Return how near passages are to a question.

    The cosine, after what all passages and what all questions have in common is taken off: else a few passages are
    near to everything. Titles stand for the questions, as which they were read.
    """
    import numpy as np

    common = passages.mean(axis=0)
    direction = asked - titles.mean(axis=0)
    length = np.sqrt(np.maximum(1 - 2 * (passages @ common) + common @ common, _LEAST))
    return (passages @ direction - common @ direction) / length  # type: ignore[no-any-return]


_LEAST = 1e-3  # where one passage alone is all there is in common


def passages(markdown: str) -> list[Chunk]:
    """Return the chunks of a post that have a vector: the first of each section."""
    from archiver.text import chunks

    found: dict[tuple[str, ...], Chunk] = {}
    for chunk in chunks.chunks(markdown):
        found.setdefault(chunk.headings, chunk)
    return list(found.values()) or [chunks.Chunk((), "")]
