"""How well half-remembered posts are found: by words, by meaning, and by both as `archiver search` puts them.

    python benchmarks/meaning.py HOME [--questions FILE ...] [--worst 10]

HOME is an archive of the real blog in a file, with vectors (`archiver search --vectors`). Each question of a file has
posts of which any is right; those with none in the archive are left out. MRR is the mean of one over the place of the
first right post. There are two files: what is chosen by the one is held against the other.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from archiver.store import search, vectors
from archiver.urls import Site

QUESTIONS = tuple(Path(__file__).with_name(f"meaning_{name}.json") for name in ("questions", "held_out"))
PAGE = 20
"""Hits among which the right post is looked for: a page of them, as `archiver search` prints it."""

Ranking = Callable[[str], Sequence[int]]


class Asked(NamedTuple):
    """A question and the place of its first right post in each ranking, none where it was not found."""

    question: str
    right: set[int]
    file: str
    places: dict[str, int | None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--questions", type=Path, nargs="+", default=QUESTIONS)
    parser.add_argument("--worst", type=int, default=10, help="questions to show that do worst with both")
    arguments = parser.parse_args()
    file = arguments.home / "archive.db"
    with tempfile.TemporaryDirectory() as folder:
        words_only = Path(folder) / "archive.db"
        copy_without_vectors(file, words_only)
        with search.opened(words_only) as by_words, search.opened(file) as by_both:
            posts = {number for (number,) in by_both.rows("SELECT id FROM posts")}
            questions = [
                Asked(question, right, file.stem, {})
                for file in arguments.questions
                for question, numbers in json.loads(file.read_text("utf-8"))["questions"]
                if (right := posts.intersection(numbers))
            ]
            ((kept, stored),) = by_both.rows("SELECT count(*), sum(length(vectors)) FROM post_vectors")
            print(f"{len(posts)} posts, {kept} with vectors ({(stored or 0) / 1e6:.1f} MB), {len(questions)} questions")
            rankings: dict[str, Ranking] = {
                "words": lambda question: found(by_words, question),
                "meaning": lambda question: list(vectors.nearest(by_both, question))[:PAGE],
                "both": lambda question: found(by_both, question),
            }
            report(questions, rankings, arguments.worst)


def copy_without_vectors(source: Path, target: Path) -> None:
    """Copy a database, all but its vectors."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
        here.execute("DELETE FROM post_vectors")
        here.commit()


def found(index: search.SearchIndex, question: str) -> list[int]:
    """Return the posts that a search finds, in its order."""
    return [hit.post_id for hit in search.search(index, question, Site(), limit=PAGE).hits if hit.post_id]


def report(asked: Sequence[Asked], rankings: dict[str, Ranking], worst: int) -> None:
    """Print the figures of each ranking, and the questions that do worst by the last."""
    files = list(dict.fromkeys(one.file for one in asked))
    print("MRR, hit@1 and hit@5; median milliseconds by the clock and of the processor")
    print(f"{'':10}{''.join(f'{file:>20}' for file in files)}{'ms':>8}{'cpu':>8}")
    for name, ranking in rankings.items():
        ranking(asked[0].question)  # what is read once
        spent, busy = [], []
        for one in asked:
            began, used = time.perf_counter(), time.process_time()
            ranked = ranking(one.question)
            spent.append(1000 * (time.perf_counter() - began))
            busy.append(1000 * (time.process_time() - used))
            one.places[name] = next((place for place, number in enumerate(ranked, 1) if number in one.right), None)
        parts = [[one for one in asked if one.file == file] for file in files]
        cells = [f"{mrr(part, name):.3f}  {hits(part, name, 1):.2f}  {hits(part, name, 5):.2f}" for part in parts]
        times = f"{statistics.median(spent):8.1f}{statistics.median(busy):8.1f}"
        print(f"{name:10}{''.join(f'{cell:>20}' for cell in cells)}{times}")
    last = list(rankings)[-1]
    for one in sorted(asked, key=lambda one: -(one.places[last] or PAGE + 1))[:worst]:
        print(one.question, one.places)


def mrr(asked: Sequence[Asked], name: str) -> float:
    """Return the mean reciprocal rank."""
    return statistics.fmean(1 / place if (place := one.places[name]) else 0.0 for one in asked)


def hits(asked: Sequence[Asked], name: str, first: int) -> float:
    """Return the share of questions with a right post among so many first."""
    return statistics.fmean((one.places[name] or PAGE + 1) <= first for one in asked)


if __name__ == "__main__":
    main()
