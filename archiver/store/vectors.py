"""Search by meaning: posts as vectors (`vector_index`), and those nearest to a question.

A search uses the vectors it finds, also of a former revision; without the extra it does not ask for any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.store.search_kinds import Index
from archiver.text import embedding

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

    from archiver.text.chunks import Chunk

FLOAT = "<f2"
"""How a number of a vector is stored, as numpy calls it: half of 32 bits ranks the same."""


def nearest(index: Index, question: str) -> list[tuple[int, int]]:
    """Return the posts with vectors and which of their passages is nearest to a question, the nearest post first.

    None without the model, or where no vectors are kept.
    """
    if not embedding.installed() or not index.has("post_vectors"):
        return []
    rows = index.rows("SELECT post_id, vectors FROM post_vectors WHERE model = ? ORDER BY post_id", embedding.MODEL)
    if not rows:
        return []
    import numpy as np

    asked = embedding.of_question(question)
    stored = np.frombuffer(b"".join(vectors for _, vectors in rows), FLOAT).reshape(-1, asked.size)
    ends = np.cumsum([len(vectors) // (stored.itemsize * asked.size) for _, vectors in rows])
    titles = np.concatenate(([0], ends[:-1]))
    scores = _nearness(stored.astype(np.float32), titles, asked)
    best = np.maximum.reduceat(scores, titles)
    return [
        (int(rows[at][0]), int(np.argmax(scores[titles[at] : ends[at]])) - 1) for at in np.argsort(-best, kind="stable")
    ]


def _nearness(stored: NDArray[float32], titles: NDArray[int64], asked: NDArray[float32]) -> NDArray[float32]:
    """Return how near passages are to a question; titles are not at all.

    The cosine, after what all passages and what all questions have in common is taken off: else a few passages are
    near to everything. Titles stand for the questions, as which they were read.
    """
    import numpy as np

    common = (stored.sum(axis=0) - stored[titles].sum(axis=0)) / max(len(stored) - len(titles), 1)
    direction = asked - stored[titles].mean(axis=0)
    length = np.sqrt(np.maximum(1 - 2 * (stored @ common) + common @ common, _LEAST))
    scores = (stored @ direction - common @ direction) / length
    scores[titles] = -np.inf
    return scores  # type: ignore[no-any-return]


_LEAST = 1e-3  # squared length; one passage alone is all there is in common


def passages(markdown: str) -> list[Chunk]:
    """Return the chunks of a post that have a vector: the first of each section."""
    from archiver.text import chunks

    found: dict[tuple[str, ...], Chunk] = {}
    for chunk in chunks.chunks(markdown):
        found.setdefault(chunk.headings, chunk)
    return list(found.values()) or [chunks.Chunk((), "")]
