"""Search: what it finds, what it leaves out, and that it has an answer to anything."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from archiver.errors import ArchiveDamaged, UsageError
from archiver.store import cjk, coverage, migrate, passages, search_check, search_words, suggestions
from archiver.store.database import Archive
from archiver.store.search import Hit, Results, SearchIndex, opened, search
from archiver.store.search_file import FileIndex
from archiver.store.search_kinds import POSTS
from archiver.store.search_query import Filters, parse
from archiver.store.search_tables import TABLES
from archiver.text import tex
from archiver.urls import Site
from tests.conftest import ON_BOTH


@pytest.fixture(scope="module", params=ON_BOTH)
def index(request: pytest.FixtureRequest, demo: Path) -> Iterator[SearchIndex]:
    """The index of the demo's archive, in its file and on a server."""
    on_server = request.param == "server"
    with opened(request.getfixturevalue("demo_on_server") if on_server else demo / "archive.db") as index:
        yield index


def posts(results: Results) -> set[int]:
    return {hit.post_id for hit in results.hits if hit.post_id and not hit.related}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("圭表", {4}),
        ("贝叶斯公式", {207}),
        ("连分数 向日葵", {240}),
        ("连分数 -向日葵", {105}),
        ('"连分数给出"', {105}),
        ('连分数 -"连分数给出"', {240}),
        ("“连分数给出”", {105}),
        ("SOFTMAX 温度", {159}),
        ("title:闰年", {105}),
        ("title:逼近", set()),
        ("tag:连分数", {105, 240}),
        ("tag:连分数 -tag:历法", {240}),
        ("tag：黄金分割", {240}),
        ("category:物理化学", {226}),
        ("category:bIg-dAtA after:2025", {274}),
        ("topic:抬头看天", {4, 58}),
        ("author:nobody", set()),
        ("year:2009", {4, 12}),
        ("before:2009-07", {12}),
        ("before:2009-07-02", {12}),
        ("before:2009-07-03", {4, 12}),
        ("after:2025-01-02", {274}),
        ("after:2025 before:2025-6-1", {263}),
        (r"tex:\label{eq:bayes}", {207}),
        (r'tex:"\frac{2\ell}{\pi d}"', {131}),
        (r"\label{eq:newton}", {219}),
        (r"tex:\Label{eq:bayes}", set()),
        ("tex:0; 历法", {105}),
        (r"tag:概率 -tex:\label{eq:bayes} -生日", {131}),
        ("has:code year:2023", {219}),
        ("has:images 向日葵", {240, 251}),
        ("牛顿冷却定律 has:comments", set()),
        ("eq bayes", {207}),
    ],
)
def test_what_a_query_finds(index: SearchIndex, query: str, found: set[int]) -> None:
    assert posts(search(index, query, Site())) == found


def test_comments_are_found_by_text_author_date_and_their_post(index: SearchIndex) -> None:
    def found(query: str) -> set[int | None]:
        return {hit.comment_id for hit in search(index, query, Site()).hits if not hit.related}

    assert found("in:comments 冬至") >= {88}
    assert found("in:comments 农历 author:历书") == {240}
    assert found("in:comments title:竹竿 author:林知微") == {23}
    assert found("in:comments 北望 影子") == {21}
    assert found(r"in:comments tex:\frac{7}{19}") >= {240}
    assert found("in:comments tag:概率 -生日 -author:换 before:2014") == set()


def test_filters_may_be_arguments(index: SearchIndex) -> None:
    found = search(index, "散列", Site(), filters=Filters(tags=("概率",), after="2013"))
    assert posts(found) == {144}
    assert posts(search(index, "", Site(), filters=Filters(has=("code",), before="2015"))) == {131}
    assert search(index, "冬至", Site(), filters=Filters(comments=True)).hits[0].comment_id


def test_a_title_comes_before_mentions(index: SearchIndex) -> None:
    assert search(index, "生日", Site()).hits[0].post_id == 144
    assert search(index, "岭回归：加一个$\\lambda$，到底加了什么", Site()).hits[0].post_id == 178


def test_a_sentence_gives_what_covers_most_of_it_marked_as_related(index: SearchIndex) -> None:
    found = search(index, "冬天咖啡里的牛奶应该什么时候加？", Site())
    assert (found.exact, found.hits[0].post_id, found.hits[0].related) == (0, 226, True)
    assert search(index, "冬天咖啡里的牛奶应该什么时候加？ year:2009", Site()).hits == ()
    assert search(index, '"冬天咖啡里的牛奶应该"', Site()).hits == ()


def test_few_exact_hits_are_followed_by_related_ones_page_by_page(index: SearchIndex) -> None:
    whole = search(index, "连分数 向日葵", Site(), limit=50)
    assert (whole.exact, whole.related) == (1, len(whole.hits) - 1)
    assert [hit.related for hit in whole.hits] == [False] + [True] * whole.related
    assert whole.related > 1
    assert len({hit.post_id for hit in whole.hits}) == whole.total
    steps = range(0, whole.total + 2, 2)
    pages = [search(index, "连分数 向日葵", Site(), limit=2, offset=at).hits for at in steps]
    assert sum(pages, ()) == whole.hits


def test_pages_of_exact_hits_fit_together(index: SearchIndex) -> None:
    whole = search(index, "的", Site(), limit=50)
    pages = [search(index, "的", Site(), limit=3, offset=at).hits for at in range(0, whole.total, 3)]
    assert sum(pages, ()) == whole.hits
    assert search(index, "的", Site(), limit=0).exact == whole.exact > 10


def test_texts_come_in_pieces_with_what_was_looked_for_marked(index: SearchIndex) -> None:
    (hit,) = [hit for hit in search(index, "闰年 连分数", Site()).hits if not hit.related]
    assert hit.title == (("闰年", True), ("藏在一个", False), ("连分数", True), ("里", False))
    assert ("连分数", True) in hit.passage
    assert "\n" not in "".join(text for text, _ in hit.passage)
    formula = search(index, r"tex:\label{eq:bayes}", Site()).hits[0].formulas
    assert len(formula) == 1
    assert r"\label{eq:bayes}" in formula[0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "expected something to search for"),
        (" \t\n", "expected something to search for"),
        ('"', "expected something to search for"),
        ("--- *** ()", "expected something to search for"),
        ("before:gestern", "before: expected a year, month or day"),
        ("after:2024-13", "after: expected"),
        ("after:2024-00", "after: expected"),
        ("after:2024-01-32", "after: expected"),
        ("after:2024-01-00", "after: expected"),
        ("year:2024-05", "year: expected a year"),
        ("in:nowhere", "in: expected one of posts, comments, pages, found 'nowhere'"),
        ("sort:best", "sort: expected one of newest, oldest, found 'best'"),
        ("-sort:newest", "-sort"),
        ("has:fun", "has: expected one of code, comments, formulas, images"),
        ("tag: 优化", "tag: expected something right after the colon"),
        ("-year:2024", "-year"),
        ("x " * 65, "at most 64 words"),
        ("长" * 1001, "at most 1000 characters, found 1001"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(index: SearchIndex, query: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        search(index, query, Site())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


PIECES = st.sampled_from(
    ["tag:", "title:", "-", '"', "“", "tex:", "\\frac{1}", "in:comments", "before:", "2024", "NEAR(", "AND", "*", "^",
     "连分数", "x", "：", "OR", "s*", "線",
     "year:2009", "has:code", "'", "{", "+", "。", "\0", "\u200b", "\u2060", "\ud800", "𠮷", ")"]
)  # fmt: skip
QUERIES = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES).map(" ".join))


def answer(index: SearchIndex, query: str) -> tuple[tuple[Hit, ...], str]:
    """Return hits, and how the query was understood or why it was not."""
    try:
        found = search(index, query, Site(), limit=3)
    except UsageError as error:
        return (), str(error)
    return found.hits, f"understood as {found.understood}"[:400]


@settings(max_examples=100)
@given(QUERIES)
@example("-" * 500)
@example('"' * 999)
@example(" ".join(["连分数"] * 64))
@example("长" * 1000)
def test_anything_has_an_answer_or_one_clear_message(index: SearchIndex, query: str) -> None:
    found, message = answer(index, query)
    assert re.fullmatch(r"[^\n]{10,400}", message)
    for hit in found:
        assert "".join(text for text, _ in hit.title)


@given(st.text())
def test_a_text_comes_back_from_the_index_as_it_was(text: str) -> None:
    assert cjk.plain(cjk.spaced(text)) == cjk.plain(text)


@pytest.mark.parametrize("text", ["。", "a。", "。.", "。a"])
def test_signs_without_end_are_looked_through_once(text: str) -> None:
    assert cjk.plain(cjk.spaced(text * 200_000)) == text * 200_000
    assert cjk.spaced(text[:1] + "。" * 200_000).count(cjk.BREAK) == text[:1].isalnum()


@settings(max_examples=30)
@given(st.text(alphabet="ab 梯度，。\n", max_size=30), st.lists(st.text(alphabet="ab梯度", min_size=1), max_size=3))
def test_marking_changes_no_text(text: str, words: list[str]) -> None:
    assert "".join(segment.text for segment in passages.mark(text, words)) == text


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("求梯度下降", "梯度", True),
        ("阶梯。度量", "梯度", False),
        ("阶梯, 度量", "梯度", False),
        ("阶梯\n度量", "梯度", False),
        ("阶梯 度量", "梯度", False),
        ("阶梯\u2060度量", "梯度", True),
        ("用 LoRA 微调", "用LoRA微调", True),
        ("用LoRA微调", "LoRA", True),
        ("用LoRA。微调", "LoRA微调", False),
        ("QLoRA", "LoRA", False),
        ("Schrödinger方程", "schrodinger方程", True),
        ("gradient-clipping", '"gradient clipping"', True),
        ("クラス", "ラス", True),
        ("𠮷野家", "野家", True),
        ("北京：首都", '"北京，首都"', True),
        ("北京首都", '"北京，首都"', False),
    ],
)
def test_words_are_found_where_they_stand_whole(text: str, query: str, found: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f'CREATE VIRTUAL TABLE t USING fts5(text, tokenize = "{cjk.TOKENIZER}")')
        database.execute("INSERT INTO t VALUES (?)", (cjk.spaced(text),))
        (word,) = parse(query).words
        rows = database.execute("SELECT 1 FROM t WHERE t MATCH ?", (cjk.phrase(word.text),)).fetchall()
    assert bool(rows) == found


WRITTEN = st.text("梯度下 a。＿\n\u2060\u3099か𠮷𰀀Ｂꭰ", max_size=12)


@settings(max_examples=300)
@given(st.lists(st.tuples(WRITTEN, WRITTEN), max_size=5), WRITTEN)
@example([("阶梯。度量", "梯𰀀度"), ("梯度", "Ｂ梯")], "梯度ｂ梯")
def test_a_pair_is_found_where_its_characters_follow_one_another(texts: list[tuple[str, str]], query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        for table in (each for each in TABLES if each.rows == "posts"):
            database.execute(table.statement)
            database.executemany(table.insert, [(number, *table.entry(*each)) for number, each in enumerate(texts)])
        index, terms = FileIndex(database), coverage.grams([query])
        assert index.covering(POSTS, terms) == index.covering(replace(POSTS, pairs=""), terms)


def test_the_passage_is_where_most_of_the_words_are() -> None:
    text = "梯度。" + "无关。" * 200 + "低秩近似的梯度下降。" + "无关。" * 200
    shown = passages.passage(text, ["低秩", "梯度"])
    assert [piece for piece, marked in shown if marked] == ["低秩", "梯度"]
    assert shown[0].text.startswith("…")
    assert len("".join(piece for piece, _ in shown)) <= passages.WIDTH + 2


TEXTS = st.lists(
    st.sampled_from(
        [
            "梯度下降，",
            "价格是",
            "$x_1$",
            "$",
            "\n",
            r"$\frac{a}{b}$",
            r"\(低秩\)",
            "softmax ",
            "。",
            "$$y\n%z\n=1$$",
            "\\$",
        ]
    )
).map("".join)


@settings(max_examples=200)
@given(TEXTS, st.lists(st.sampled_from(["梯度", "softmax", "低秩", "x", "价格"]), max_size=2), st.integers(1, 30))
def test_a_passage_cuts_no_formula_and_takes_no_prose_for_one(text: str, words: list[str], width: int) -> None:
    formulas = tex.scan(text).sources(text)
    shown = passages.passage(text, words, [r"\frac"], width=width)
    assert all(piece in formulas for piece, _ in shown if tex.is_formula(piece))
    prose = [piece.strip("…") for piece, _ in shown if not tex.is_formula(piece)]
    between = [" ".join(each.split()) for each in _between(text)]
    assert all(any(" ".join(piece.split()) in each for each in between) for piece in prose)


def _between(text: str) -> Iterator[str]:
    at = 0
    for span in tex.scan(text).spans:
        yield text[at : span.start]
        at = span.end
    yield text[at:]


def test_a_passage_shows_the_formula_that_tells_most_about_what_was_looked_for() -> None:
    long = "$" + r"\msign(A) + " * 30 + "0$"
    text = r"无关。" * 100 + rf"记作$\msign$。于是$\msign(M)=UV^{{\top}}$成立，又{long}。"
    shown = passages.passage(text, (), [r"\msign"])
    assert [piece for piece, marked in shown if marked] == [r"$\msign(M)=UV^{\top}$"]


def test_what_looks_like_a_formula_in_a_listing_is_none_where_the_formulas_are_known() -> None:
    text = "echo $HOME and $PATH\n设$x$为温度"
    shown = passages.passage(text, ["温度"], formulas=["$x$"])
    assert shown == (("echo $HOME and $PATH 设", False), ("$x$", False), ("为", False), ("温度", True))


@pytest.mark.parametrize("width", range(50, 70))
def test_a_passage_ends_and_begins_with_whole_words(width: int) -> None:
    text = "Newton's iteration converges quadratically, and a residual connection is no attention at all. " * 3
    shown = "".join(piece for piece, _ in passages.passage(text, ["residual"], width=width))
    assert set(re.findall(r"[\w']+", shown)) <= set(re.findall(r"[\w']+", text))


def test_a_word_longer_than_a_passage_is_cut() -> None:
    assert passages.passage("a" * 300, ())[0].text == "a" * passages.WIDTH


def test_one_of_two_words_will_do(index: SearchIndex) -> None:
    one, other = (posts(search(index, word, Site(), limit=50)) for word in ("连分数", "softmax"))
    both = search(index, "连分数 OR softmax", Site(), limit=50)
    assert posts(both) == one | other
    assert len(one | other) > max(len(one), len(other)) > 0
    assert both.understood == "posts with 连分数 or softmax"
    assert posts(search(index, "连分数 OR softmax 向日葵", Site())) < one | other


@pytest.mark.parametrize("query", ["OR", "连分数 OR", "OR 连分数", "连分数 OR tag:几何", '连分数 "OR"'])
def test_or_at_an_end_is_a_word(query: str) -> None:
    assert "OR" in [term.text for term in parse(query).words]


def test_the_beginning_of_a_word_finds_all_of_it(index: SearchIndex) -> None:
    found = search(index, "harmon*", Site())
    assert posts(found) == posts(search(index, "harmonic", Site())) != set()
    assert "harmonic" in "".join(
        text.lower() for hit in found.hits for text, marked in hit.title + hit.passage if marked
    )
    assert found.understood == "posts with harmon*"
    assert not posts(search(index, '"harmon"', Site()))


def test_traditional_characters_find_simplified_ones(index: SearchIndex) -> None:
    assert posts(search(index, "連分數", Site())) == posts(search(index, "连分数", Site())) != set()
    (hit,) = [hit for hit in search(index, "閏年", Site()).hits if not hit.related]
    assert ("闰年", True) in hit.title


def test_hits_are_sorted_by_date_when_asked_for(index: SearchIndex) -> None:
    dates = [hit.published_on for hit in search(index, "的 sort:newest", Site(), limit=50).hits if hit.post_id]
    assert dates == sorted(dates, key=str, reverse=True)
    oldest = search(index, "的 sort:oldest", Site(), limit=50)
    assert [hit.published_on for hit in oldest.hits if hit.post_id] == dates[::-1]
    assert oldest.understood == "posts with 的, oldest first"


@pytest.mark.parametrize(
    ("query", "meant"),
    [("harmonik", "Harmonic"), ("调和harmonik级数", "调和Harmonic级数"), ("harmonic", None), (r"tex:\harmonik", None)],
)
def test_a_slip_of_the_pen_is_told_from_a_word(index: SearchIndex, query: str, meant: str | None) -> None:
    assert suggestions.meant(index, query) == meant


def test_an_archive_suggests_queries_that_it_has_hits_for(index: SearchIndex) -> None:
    suggested = suggestions.examples(index)
    assert {query.partition(":")[0] for query in suggested} > {"tag", "category", "year", "tex"}
    assert all(search(index, query, Site()).exact for query in suggested)


def test_an_archive_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "archive.db"
    migrate.upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE posts_fts")
    with pytest.raises(UsageError, match="archiver search --rebuild"), opened(file):
        pass


def test_an_archive_of_before_the_pairs_has_the_same_answers(demo: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(demo / "archive.db", tmp_path))
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE pairs_fts")
    assert search_check.differing(file) == []
    with opened(demo / "archive.db") as index, opened(file) as before:
        for query in ("怎样用连分数逼近圆周率", "softmax的梯度 怎么算", "title:连分数 分数怎么逼近"):
            found, message = answer(index, query)
            assert any(hit.related for hit in found)
            assert answer(before, query) == (found, message)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UsageError, match="refused") as caught, opened("postgresql+psycopg://127.0.0.1:1/x"):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.postgresql
def test_a_server_without_an_index_says_what_to_do(server: Callable[[], str]) -> None:
    url = server()
    with Archive(url) as archive:
        archive.session.execute(text("DROP TABLE posts_fts"))
        archive.commit()
    with pytest.raises(UsageError, match="archiver search --rebuild"), opened(url):
        pass


@pytest.mark.postgresql
@settings(max_examples=100)
@given(QUERIES)
@example("的 的")
@example("分分 -title:题")
@example("eq bayes title:公式")
@example("in:comments 影子 是")
@example("的 sort:oldest")
@example("连分数 OR softmax OR 的")
@example("a OR b* 的")
@example("s* x* -y*")
@example("like:x/y")
@example("like:x_i^2 sort:oldest")
@example(r"in:comments like:\frac{x}{*}")
@example(r"tex:\frac{*}{n} 是 -like:\frac{x}{y}")
def test_a_server_finds_what_a_file_does_in_the_same_order(demo: Path, demo_on_server: str, query: str) -> None:
    with opened(demo / "archive.db") as file, opened(demo_on_server) as server:
        assert answer(server, query) == answer(file, query)


@given(st.text(st.characters(codec="utf-8")))
@example("Schrödinger方程，阶梯。度量 Ǆ ﬁ ① Ⅷ か\u3099")
def test_the_words_for_a_server_are_those_of_sqlite(words: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f'CREATE VIRTUAL TABLE t USING fts5(text, tokenize = "{cjk.TOKENIZER}")')
        database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
        database.execute("INSERT INTO t VALUES (?)", (cjk.spaced(words),))
        found = tuple(word for (word,) in database.execute("SELECT term FROM v ORDER BY offset"))
    assert search_words.words(words).words == found


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"not a database" * 100)
    with pytest.raises(UsageError, match="found a file that is none"), opened(tmp_path / "archive.db"):
        pass


def test_a_damaged_index_says_how_to_make_it_anew(demo: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(demo / "archive.db", tmp_path))
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE posts_fts_data SET block = x'00ff' WHERE id > 10")
        database.commit()
    with pytest.raises(ArchiveDamaged, match="archiver search --rebuild"), opened(file) as index:
        search(index, "逼近", Site())
