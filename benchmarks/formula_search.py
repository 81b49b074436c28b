"""What the search of formulas finds, held against looking at all of them, and how fast; in one run.

    python benchmarks/formula_search.py HOME [--questions FILE] [--formulas 80000] [--random 200] [--rounds 3]

HOME is an archive; it is copied first. Questions are pairs of a formula looked for and one in the archive, each with
what a person says: whether the one is the other, in another spelling or with other letters, is in it, or is not. The
random ones are pieces of the archive's own formulas, letters renamed; truth is a search of every formula's tokens that
knows nothing of the index or its patterns. The formulas are repeated in further posts until there are so many.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from search import copy, ours, timed, upload  # beside this program

from archiver.store import search, search_shapes
from archiver.store.search_kinds import POSTS
from archiver.store.search_query import Query
from archiver.text import shapes
from archiver.urls import Site

QUESTIONS = Path(__file__).with_name("formula_questions.json")
KINDS = {None: "no", search_shapes.WHOLE: "spelling", search_shapes.RENAMED: "letters",
         search_shapes.PART: "part", search_shapes.RENAMED_PART: "part"}  # fmt: skip
SHORTEST, LONGEST = 4, 25
"""Tokens of a random piece."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--formulas", type=int, default=80_000)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server")
    arguments = parser.parse_args()
    judged(json.loads(arguments.questions.read_text("utf-8"))["questions"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "archive.db"
        copy(arguments.home / "archive.db", file)
        repeat(file, arguments.formulas)
        ours(file)
        asked = list(pieces(file, arguments.random))
        equal(file, asked, arguments.rounds)
        if arguments.server:
            beside(file, arguments.server, asked, arguments.rounds)


def judged(questions: Sequence[dict[str, str]]) -> None:
    """Print how many questions get the answer of a person."""
    right = 0
    for each in questions:
        pattern = search_shapes.pattern(each["asked"], renamed=each.get("field", "like") == "like")
        found = KINDS[pattern.rank(" ".join(shapes.tokens(each["formula"])))]
        right += found == each["answer"]
        if found != each["answer"]:
            print(f"  {each['asked']} in {each['formula']}: expected {each['answer']}, found {found}")
    print(f"questions judged by hand: {right} of {len(questions)} as a person answers")


def repeat(file: Path, wanted: int) -> None:
    """Leave out formulas, or add posts with the same ones, until there are so many."""
    with sqlite3.connect(file) as database:
        posts, there, top = database.execute(
            "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM formulas), (SELECT max(id) FROM posts)"
        ).fetchone()
        for time_ in range(1, -(-wanted // there)):
            database.execute(
                "INSERT INTO posts (id, title, url, author, published_on, markdown, text, status, first_seen_at, "
                "last_seen_at, last_changed_at, missing_runs, comments_owed) SELECT id + ?, title, url || ?, author, "
                "published_on, '', '', 'live', '', '', '', 0, 0 FROM posts WHERE id <= ?",
                (time_ * top, f"/{time_}", top),
            )
            database.execute(
                "INSERT INTO formulas (post_id, position, display, environment, label, tag, tex) SELECT post_id + ?, "
                "position, display, environment, label, tag, tex FROM formulas WHERE post_id <= ?",
                (time_ * top, top),
            )
        database.execute(
            "DELETE FROM formulas WHERE id NOT IN (SELECT id FROM formulas ORDER BY id LIMIT ?)", (wanted,)
        )
        distinct = database.execute("SELECT count(DISTINCT tex) FROM formulas").fetchone()[0]
    print(f"\n{posts:,} posts, {there:,} formulas, repeated to {max(wanted, 0):,}, of which {distinct:,} differ")


def pieces(file: Path, count: int) -> Iterator[str]:
    """Yield pieces of formulas with whole groups, every second one with other letters."""
    dice = random.Random(3)
    with sqlite3.connect(file) as database:
        held = [tokens.split() for (tokens,) in database.execute("SELECT tokens FROM shapes ORDER BY id")]
    found = 0
    while found < count:
        tokens = dice.choice(held)
        start = dice.randrange(len(tokens))
        piece = tokens[start : start + dice.randint(SHORTEST, LONGEST)]
        text = " ".join(renamed(dice, piece) if found % 2 else piece)
        if len(piece) >= SHORTEST and shapes.pattern(text) and balanced(piece):
            found += 1
            yield text


def balanced(tokens: Sequence[str]) -> bool:
    """Return whether every group that begins in a piece ends in it."""
    depth = 0
    for token in tokens:
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0 and tokens[0] != "{"


def renamed(dice: random.Random, tokens: Sequence[str]) -> list[str]:
    """Return tokens with other letters, one for one."""
    letters = [chr(each) for each in (*range(ord("a"), ord("z")), *range(ord("A"), ord("Z")))]
    dice.shuffle(letters)
    names = dict(zip(dict.fromkeys(filter(shapes.is_letter, tokens)), letters, strict=False))
    return [names.get(token, token) for token in tokens]


def holds(tokens: Sequence[str], piece: Sequence[str]) -> bool:
    """Return whether one renaming of letters makes a piece a part of tokens, by trying every place."""
    fixed = next((at for at, token in enumerate(piece) if not shapes.is_letter(token)), None)
    if fixed is not None and piece[fixed] not in tokens:
        return False
    for start in range(len(tokens) - len(piece) + 1):
        if fixed is not None and tokens[start + fixed] != piece[fixed]:
            continue
        there: dict[str, str] = {}
        back: dict[str, str] = {}
        for mine, other in zip(piece, tokens[start : start + len(piece)], strict=True):
            if not (shapes.is_letter(mine) and shapes.is_letter(other)):
                if mine != other:
                    break
            elif there.setdefault(mine, other) != other or back.setdefault(other, mine) != mine:
                break
        else:
            return True
    return False


def equal(file: Path, asked: Sequence[str], rounds: int) -> None:
    """Print for how many pieces the search finds what a look at all formulas finds, and how long it takes."""
    with sqlite3.connect(file) as database:
        held = [(shape, tokens.split()) for shape, tokens in database.execute("SELECT id, tokens FROM shapes")]
        posts: dict[int, set[int]] = {}
        used = "SELECT DISTINCT shape_id, post_id FROM formulas WHERE shape_id IS NOT NULL"
        for shape, post in database.execute(used):
            posts.setdefault(shape, set()).add(post)
    with search.opened(file) as index:
        same, hits = 0, []
        for piece in asked:
            wanted = shapes.pattern(piece)
            right = set[int]().union(*(posts.get(shape, ()) for shape, tokens in held if holds(tokens, wanted)))
            found = index.all(POSTS, Query(like=(piece,)))
            same += found == right
            hits.append(len(right))
            if found != right:
                print(f"  {piece}: {len(right - found)} missing, {len(found - right)} too many")
        print(f"\nrandom pieces: {same} of {len(asked)} find the posts that a look at all formulas finds, "
              f"{min(hits)} to {max(hits)}, median {statistics.median(hits):.0f}")  # fmt: skip
        spent = {
            name: timed(anew(index, limit), list(asked), rounds) for name, limit in (("a page", 20), ("numbers", 0))
        }
    print("milliseconds, median and p99: " + ", ".join(f"{name} {each}" for name, each in spent.items()))


def anew(index: search.SearchIndex, limit: int) -> Callable[[str], object]:
    """Return a search that is not helped by what the index remembers of the one before."""

    def run(piece: str) -> object:
        index.ranks(search_shapes.pattern(r"\nothing", renamed=True))
        return search.search(index, Query(like=(piece,)), Site(), limit=limit)

    return run


def beside(file: Path, server: str, asked: Sequence[str], rounds: int) -> None:
    """Search on a server too, and print for how many pieces the page is the same, and how long it takes."""
    upload(file, server)
    with search.opened(file) as here, search.opened(server) as there:
        pages = [
            [search.search(index, Query(like=(piece,)), Site(), limit=20) for piece in asked] for index in (here, there)
        ]
        same = sum(one == other for one, other in zip(*pages, strict=True))
        print(f"on the server: {same} of {len(asked)} pages the same")


if __name__ == "__main__":
    main()
