"""What search finds, and how fast, beside what people would use instead; in one run.

    python benchmarks/search.py HOME [--questions FILE] [--comments 30000] [--growth 10] [--rounds 5] [--server URL]

HOME is an archive; it is copied first. Exact queries are compared with a scan of all texts by a plain regular
expression; titles and sentences have one right post each, in the archive of the real blog. Beside ours there are an
index of trigrams, a LIKE scan, and jieba's words with OR and bm25, which is left out when jieba is not installed.
With the URL of an empty database on a PostgreSQL server, of which its role is a superuser, the same archive is searched
there too, and each answer held against the file's.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from archiver.store import cjk, coverage, search
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.store.models import Base
from archiver.store.search_index import rebuild
from archiver.store.search_query import parse
from archiver.urls import Site

QUESTIONS = Path(__file__).with_name("search_questions.json")
Posts = list[tuple[int, str, str]]
Ranking = Callable[[str], list[int]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--comments", type=int, default=30_000)
    parser.add_argument("--growth", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server")
    arguments = parser.parse_args()
    questions = json.loads(arguments.questions.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "archive.db"
        copy(arguments.home / "archive.db", file)
        add_comments(file, arguments.comments)
        ours(file)
        quality(file, questions)
        others(file)
        sentences(file, questions)
        speed(file, questions, arguments.rounds)
        beside(file, arguments.server, questions, arguments.rounds)
        if arguments.growth > 1:
            multiply(file, arguments.growth)
            print(f"\n# {arguments.growth} times the posts")
            ours(file)
            speed(file, questions, arguments.rounds)
            beside(file, arguments.server, questions, arguments.rounds)


# Databases


def copy(source: Path, target: Path) -> None:
    """Copy a database with what is still in its log."""
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as there, sqlite3.connect(target) as here:
        there.backup(here)
    Archive(database_url(target.parent)).close()


def add_comments(file: Path, wanted: int) -> None:
    """Add comments, sentences of the posts, until there are so many."""
    dice = random.Random(1)
    with sqlite3.connect(file) as database:
        posts = database.execute("SELECT id, text FROM posts").fetchall()
        there, last = database.execute("SELECT count(*), max(id) FROM comments").fetchone()
        texts = [(post, dice.sample(text.split("。"), 1)[0] + "。") for post, text in dice.choices(posts, k=wanted)]
        database.executemany(
            "INSERT INTO comments (id, post_id, page, author, is_owner, is_trackback, markdown, text, first_seen_at, "
            "last_seen_at) VALUES (?, ?, 1, '读者', 0, 0, ?, ?, '', '')",
            [((last or 0) + 1 + n, post, text, text) for n, (post, text) in enumerate(texts[: max(0, wanted - there)])],
        )


def multiply(file: Path, times: int) -> None:
    """Add posts of the same sentences in another order, and formulas, until there are so many times as many."""
    dice = random.Random(2)
    with sqlite3.connect(file) as database:
        rows = database.execute("SELECT id, title, url, author, published_on, text FROM posts").fetchall()
        top = max(row[0] for row in rows) + 1
        for time_ in range(1, times):
            database.executemany(
                "INSERT INTO posts (id, title, url, author, published_on, markdown, text, status, first_seen_at, "
                "last_seen_at, last_changed_at, missing_runs, comments_owed) "
                "VALUES (?, ?, ?, ?, ?, '', ?, 'live', '', '', '', 0, 0)",
                [
                    (time_ * top + n, shuffled(dice, t, ""), f"{url}/{time_}", a, d, shuffled(dice, text, "。"))
                    for n, t, url, a, d, text in rows
                ],
            )
            database.execute(
                "INSERT INTO formulas (post_id, position, display, environment, label, tag, tex, shape_id) "
                "SELECT post_id + ?, position, display, environment, label, tag, tex, shape_id "
                "FROM formulas WHERE post_id < ?",
                (time_ * top, top),
            )


def shuffled(dice: random.Random, text: str, sign: str) -> str:
    """Return the pieces of a text in another order."""
    pieces = text.split(sign) if sign else list(text)
    dice.shuffle(pieces)
    return sign.join(pieces)


def ours(file: Path) -> None:
    """Build our index, and print what it costs."""
    with Archive(database_url(file.parent)) as archive:
        began, cpu = time.perf_counter(), time.process_time()
        rows = rebuild(archive.session.connection())
        archive.commit()
        spent, worked = time.perf_counter() - began, time.process_time() - cpu
    with sqlite3.connect(file) as database:
        characters = database.execute("SELECT sum(length(text)) FROM posts").fetchone()[0]
        sizes = {
            name: database.execute(f"SELECT sum(length(block)) FROM {name}_data").fetchone()[0] + stored(database, name)
            for name in rows
        }
    print(f"{rows['posts_fts']:,} posts of {characters / 1e6:.1f} M characters, {rows['comments_fts']:,} comments, "
          f"{rows['formulas_fts']:,} formulas")  # fmt: skip
    print(f"index: built in {spent:.1f} s, {worked:.1f} s of CPU; " + ", ".join(
        f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()))  # fmt: skip


def stored(database: sqlite3.Connection, name: str) -> int:
    """Return the bytes of the texts a full-text table keeps."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"{name}_content",)).fetchone():
        return 0
    sql = f"SELECT sum(length(CAST(c0 AS BLOB)) + length(CAST(c1 AS BLOB))) FROM {name}_content"
    return int(database.execute(sql).fetchone()[0])


def others(file: Path) -> None:
    """Make the indexes ours is compared with."""
    with sqlite3.connect(file) as database:
        cpu = time.process_time()
        database.execute("CREATE VIRTUAL TABLE other_trigram USING fts5(title, text, tokenize = 'trigram')")
        database.execute("INSERT INTO other_trigram (rowid, title, text) SELECT id, title, text FROM posts")
        print(f"\ntrigrams of the posts: {time.process_time() - cpu:.1f} s of CPU")
        if segmenter():
            cpu = time.process_time()
            database.execute("CREATE VIRTUAL TABLE other_jieba USING fts5(title, text)")
            rows = database.execute("SELECT id, title, text FROM posts").fetchall()
            database.executemany(
                "INSERT INTO other_jieba (rowid, title, text) VALUES (?, ?, ?)",
                [(number, words(title), words(text)) for number, title, text in rows],
            )
            print(f"jieba's words of the posts: {time.process_time() - cpu:.1f} s of CPU")


def segmenter() -> Any:
    """Return jieba, or None."""
    try:
        import jieba
    except ImportError:
        return None
    jieba.setLogLevel(60)
    return jieba


def words(text: str) -> str:
    """Return the words of a text as jieba's search mode sees them, with blanks between."""
    return " ".join(segmenter().cut_for_search(text))


# Truth


def holds(word: str) -> Callable[[str], bool]:
    """Return a test whether a text holds a word: Latin whole, in any case; blanks beside Latin do not count."""
    pieces = re.findall(r"[A-Za-z0-9]+|[\u2e80-\uffff]+", word)
    pattern = ""
    for before, piece in zip(["", *pieces], pieces, strict=False):
        both_latin = before.isascii() and piece.isascii()
        pattern += "" if not before else r"[\W_]+" if both_latin else r"[^\S\n]*"
        pattern += rf"(?<![A-Za-z0-9]){piece}(?![A-Za-z0-9])" if piece.isascii() else piece
    return lambda text: re.search(pattern, text, re.IGNORECASE) is not None


def truth(query: str, posts: Posts, formulas: list[tuple[int, str]]) -> set[int]:
    """Return the posts that hold a query, by looking at all of them."""
    if query.startswith("tex:"):
        return {number for number, tex in formulas if query[4:] in tex}
    test = holds(query.strip('"'))
    return {number for number, title, text in posts if test(title) or test(text)}


def quality(file: Path, questions: dict[str, Any], where: str | Path | None = None) -> None:
    """Print recall and precision of exact queries, and how high the right post of titles stands.

    The truth is the file's; what is asked is `where`, if it is named.
    """
    with sqlite3.connect(file) as database:
        posts = database.execute("SELECT id, title, text FROM posts").fetchall()
        formulas = database.execute("SELECT post_id, tex FROM formulas").fetchall()
    print(f"\n{'exact queries':16} {'n':>3} {'recall':>7} {'precision':>9} {'hits':>12}")
    with search.opened(where or file) as index:
        for kind, queries in questions["exact"].items():
            recalls, precisions, counts = [], [], []
            for query in queries:
                right = truth(query, posts, formulas)
                results = search.search(index, query, Site(), limit=len(posts))
                found = {hit.post_id for hit in results.hits if not hit.related}
                recalls.append(len(found & right) / len(right) if right else 1.0)
                precisions.append(len(found & right) / len(found) if found else 1.0)
                counts.append(len(right))
                if found != right:
                    print(f"  {query}: {len(right - found)} missing, {len(found - right)} too many", file=sys.stderr)
            print(f"{kind:16} {len(queries):3} {mean(recalls):7.3f} {mean(precisions):9.3f} "
                  f"{min(counts):5}..{max(counts):5}")  # fmt: skip
        ranks = [rank(ours_ranked(index, query), post) for query, post in questions["titles"]]
    print(f"titles: n {len(ranks)}, {figures(ranks)}")


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    return statistics.fmean(values)


def ours_ranked(index: search.SearchIndex, query: str) -> list[int]:
    """Return posts as our search ranks them."""
    return [hit.post_id or 0 for hit in search.search(index, query, Site(), limit=50).hits]


def rank(found: list[int], right: int) -> float:
    """Return one by the place of the right post, 0 when it is not there."""
    return 1 / (found.index(right) + 1) if right in found else 0.0


def figures(ranks: list[float]) -> str:
    """Return mean reciprocal rank and shares of right posts among the first."""
    first, five = mean(r == 1 for r in ranks), mean(r >= 1 / 5 for r in ranks)
    return f"MRR {mean(ranks):.3f}, hit@1 {first:.2f}, hit@5 {five:.2f}"


def sentences(file: Path, questions: dict[str, Any]) -> None:
    """Print how high the right post of each sentence stands, by ours and by others."""
    asked = questions["sentences"]
    with search.opened(file) as index, closing(sqlite3.connect(file)) as connection:
        rankings: dict[str, Ranking] = {
            "ours": lambda query: ours_ranked(index, query),
            "pairs OR, bm25 10:1": lambda query: by_bm25(
                connection, "posts_fts", map(cjk.phrase, coverage.grams([query]))
            ),
            "trigrams OR, bm25 10:1": lambda query: by_bm25(
                connection,
                "other_trigram",
                {'"' + query[at : at + 3].replace('"', '""') + '"' for at in range(len(query) - 2)},
            ),
        }
        if segmenter():
            rankings["jieba OR, bm25 10:1"] = lambda query: by_bm25(
                connection, "other_jieba", {f'"{word}"' for word in words(query).split() if word.isalnum()}
            )
        print(f"\nsentences: n {len(asked)}")
        for name, ranking in rankings.items():
            began = time.perf_counter()
            ranks = [rank(ranking(query), post) for query, post in asked]
            spent = (time.perf_counter() - began) / len(asked)
            print(f"  {name:24} {figures(ranks)}, {spent * 1000:.0f} ms each")
            for (query, _), found in zip(asked, ranks, strict=True):
                if name == "ours" and found < 1:
                    print(f"    {found:.2f} {query}", file=sys.stderr)


def by_bm25(connection: sqlite3.Connection, table: str, terms: Iterable[str]) -> list[int]:
    """Return posts that hold any of the terms, by bm25."""
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY bm25({table}, 10.0, 1.0) LIMIT 50"
    return [number for (number,) in connection.execute(sql, (" OR ".join(terms),))]


# Speed


def speed(file: Path, questions: dict[str, Any], rounds: int) -> None:
    """Print how long each kind of query takes: twenty hits with passages, only their number, and by others."""
    print(f"\n{'milliseconds':16} {'ours, a page':>17} {'numbers only':>17} {'LIKE scan':>17} {'trigram':>17}")
    print(f"{'':16} " + " ".join(f"{'median':>8} {'p99':>8}" for _ in range(4)))
    with search.opened(file) as index, closing(sqlite3.connect(file)) as connection:
        trigram = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'other_trigram'").fetchone()
        for kind, queries in kinds(questions).items():
            runs: list[Callable[[str], object] | None] = [
                lambda query: search.search(index, query, Site(), limit=20),
                lambda query: numbers(index, query),
                (lambda query: scan(connection, query)) if kind != "sentences" else None,
                (lambda query: trigrams(connection, query)) if trigram and kind != "sentences" else None,
            ]
            print(f"{kind:16} " + " ".join(f"{timed(run, queries, rounds):>17}" for run in runs))


def kinds(questions: dict[str, Any]) -> dict[str, list[str]]:
    """Return the queries by kind."""
    return {**questions["exact"], "titles": [query for query, _ in questions["titles"]],
            "sentences": [query for query, _ in questions["sentences"]],
            "in comments": [f"in:comments {query}" for query in questions["exact"]["two characters"]]}  # fmt: skip


def beside(file: Path, server: str | None, questions: dict[str, Any], rounds: int) -> None:
    """Search the archive on a server too, and print how its answers and times are beside the file's."""
    if not server:
        return
    upload(file, server)
    print("\non the server:")
    quality(file, questions, server)
    print(
        f"\n{'milliseconds':16} {'n':>4} {'equal':>6} {'file, a page':>17} {'server, a page':>17} {'numbers only':>17}"
    )
    with search.opened(file) as here, search.opened(server) as there:
        for kind, queries in kinds(questions).items():
            same = sum(page(here, query) == page(there, query) for query in queries)
            runs = (lambda query: page(here, query), lambda query: page(there, query), lambda q: numbers(there, q))
            spent = " ".join(f"{timed(run, queries, rounds):>17}" for run in runs)
            print(f"{kind:16} {len(queries):4} {same:6} {spent}")


def page(index: search.SearchIndex, query: str) -> search.Results:
    """Return the first twenty hits."""
    return search.search(index, query, Site(), limit=20)


def upload(file: Path, server: str) -> None:
    """Copy all rows of a file to a server, in place of those there, and print what the index there costs."""
    with Archive(server) as archive, closing(sqlite3.connect(file)) as source:
        source.row_factory = sqlite3.Row
        session = archive.session
        session.execute(text("SET LOCAL session_replication_role = replica"))  # rows may come before what they refer to
        for table in Base.metadata.tables.values():
            session.execute(text(f"DELETE FROM {table.name}"))
            rows = [dict(row) for row in source.execute(f"SELECT * FROM {table.name}")]
            flags = [column.name for column in table.c if column.type.python_type is bool]
            for row in rows:
                row.update({name: bool(row[name]) for name in flags})
            if rows:
                session.execute(insert(table), rows)
        began = time.perf_counter()
        counts = rebuild(session.connection())
        archive.commit()
        spent = time.perf_counter() - began
        sizes = {
            name: session.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one() for name in counts
        }
    print(f"\nindex on the server: built in {spent:.1f} s; " + ", ".join(
        f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()))  # fmt: skip


def timed(run: Callable[[str], object] | None, queries: list[str], rounds: int) -> str:
    """Return median and 99th percentile of the time each query takes, best of the rounds."""
    if run is None:
        return "-"
    best = []
    for query in queries:
        spent = []
        for _ in range(rounds):
            began = time.perf_counter()
            run(query)
            spent.append(time.perf_counter() - began)
        best.append(min(spent) * 1000)
    best.sort()
    return f"{statistics.median(best):8.1f} {best[min(len(best) - 1, int(len(best) * 0.99))]:8.1f}"


def numbers(index: search.SearchIndex, query: str) -> object:
    """Return only the number of the hits."""
    return search.search(index, query, Site(), limit=0)


def scan(connection: sqlite3.Connection, query: str) -> object:
    """Look through all texts with LIKE."""
    asked = parse(query)
    if asked.tex:
        return connection.execute(
            "SELECT DISTINCT post_id FROM formulas WHERE tex LIKE ?", (f"%{asked.tex[0]}%",)
        ).fetchall()
    table = "comments" if asked.filters.comments else "posts"
    terms = [f"%{term.text}%" for term in asked.words]
    where = " AND ".join("text LIKE ?" for _ in terms)
    return connection.execute(f"SELECT id FROM {table} WHERE {where}", terms).fetchall()


def trigrams(connection: sqlite3.Connection, query: str) -> object:
    """Ask the index of trigrams, as far as it can answer: nothing for two characters."""
    asked = parse(query)
    terms = " AND ".join(
        '"' + (t.text if hasattr(t, "text") else t).replace('"', '""') + '"' for t in (*asked.words, *asked.tex)
    )
    return connection.execute(
        "SELECT rowid FROM other_trigram WHERE other_trigram MATCH ? ORDER BY bm25(other_trigram, 10.0, 1.0) LIMIT 20",
        (terms,),
    ).fetchall()


if __name__ == "__main__":
    main()
