"""How well half-remembered posts are found: by words, by meaning, and by both as `archiver search` puts them.

    python benchmarks/meaning.py HOME [--questions FILE] [--worst 10]

HOME is an archive of the real blog in a file, with vectors (`archiver search --vectors`). Each question of the file has
posts of which any is right; those with none in the archive are left out. MRR is the mean of one over the place of the
first right post. The questions are parted in two: what is chosen by the one half is held against the other.
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

QUESTIONS = Path(__file__).with_name("meaning_questions.json")
DEEP = 100
"""Hits among which the right post is looked for."""

Ranking = Callable[[str], Sequence[int]]


class Asked(NamedTuple):
    """A question and the place of its first right post in each ranking, none where it was not found."""

    question: str
    right: set[int]
    held_out: bool
    places: dict[str, int | None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--worst", type=int, default=10, help="questions to show that do worst with both")
    arguments = parser.parse_args()
    file = arguments.home / "archive.db"
    with tempfile.TemporaryDirectory() as folder:
        words_only = Path(folder) / "archive.db"
        copy_without_vectors(file, words_only)
        with search.opened(words_only) as by_words, search.opened(file) as by_both:
            posts = {number for (number,) in by_both.rows("SELECT id FROM posts")}
            all_questions = json.loads(arguments.questions.read_text("utf-8"))["questions"]
            questions = [
                Asked(question, right, bool(number % 2), {})
                for number, (question, numbers) in enumerate(all_questions)
                if (right := posts.intersection(numbers))
            ]
            ((kept, stored),) = by_both.rows("SELECT count(*), sum(length(vectors)) FROM post_vectors")
            print(f"{len(posts)} posts, {kept} with vectors ({(stored or 0) / 1e6:.1f} MB), {len(questions)} questions")
            rankings: dict[str, Ranking] = {
                "words": lambda question: found(by_words, question),
                "meaning": lambda question: [number for number, _ in vectors.nearest(by_both, question)][:DEEP],
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
    return [hit.post_id for hit in search.search(index, question, Site(), limit=DEEP).hits if hit.post_id]


def report(asked: Sequence[Asked], rankings: dict[str, Ranking], worst: int) -> None:
    """Print the figures of each ranking, and the questions that do worst by the last."""
    print("MRR, hit@1 and hit@5 of both halves and of all; median milliseconds")
    print(f"{'':10}{'tuning':>20}{'held out':>20}{'all':>20}{'ms':>8}")
    for name, ranking in rankings.items():
        ranking(asked[0].question)  # what is read once
        spent = []
        for one in asked:
            began = time.perf_counter()
            ranked = ranking(one.question)
            spent.append(1000 * (time.perf_counter() - began))
            one.places[name] = next((place for place, number in enumerate(ranked, 1) if number in one.right), None)
        halves = [[one for one in asked if not one.held_out], [one for one in asked if one.held_out], asked]
        cells = [f"{mrr(half, name):.3f}  {hits(half, name, 1):.2f}  {hits(half, name, 5):.2f}" for half in halves]
        print(f"{name:10}{''.join(f'{cell:>20}' for cell in cells)}{statistics.median(spent):8.1f}")
    last = list(rankings)[-1]
    for one in sorted(asked, key=lambda one: -(one.places[last] or DEEP + 1))[:worst]:
        print(one.question, one.places)


def mrr(asked: Sequence[Asked], name: str) -> float:
    """Return the mean reciprocal rank."""
    return statistics.fmean(1 / place if (place := one.places[name]) else 0.0 for one in asked)


def hits(asked: Sequence[Asked], name: str, first: int) -> float:
    """Return the share of questions with a right post among so many first."""
    return statistics.fmean((one.places[name] or DEEP + 1) <= first for one in asked)


if __name__ == "__main__":
    main()
