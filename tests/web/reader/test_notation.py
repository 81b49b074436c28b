"""A page for each labelled equation and each macro."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html

from archiver.store.location import database_url
from archiver.store.pool import ReadOnlyPool
from archiver.text import macros
from archiver.web.reader import notation
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client
from tests.web.reader.library import BLOG, Library, comment

FIRST = r"""
先看**第二个\eqref{eq:two}，再看[别处](https://a.example/)**。

## 第一节

$$\newcommand{tr}{\mathop{\text{tr}}} \tr(A)$$

\begin{align}a &= b\label{eq:one}\\ c &= d \notag\\ e &= f'\label{eq:two}\end{align}

## 第二节

由式$\eqref{eq:one}$得到$\tr(B)=0$，也由\ref{eq:one}得到。

```
\eqref{eq:one} in a listing
```
"""
SECOND = rf"""
\begin{{equation}} a &= b \\ c &= d\\ e &= f'\end{{equation}}

$$\newcommand{{\tr}}[1]{{T(#1)}}\tr{{x}}$$ 参看[式]({BLOG}/archives/1#mjx-eqn-eq%3Aone)，$\trace$。
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("notation")
    library = Library(home)
    said = [comment(7, r"\eqref{eq:two}怎么来的？"), comment(8, "无关。")]
    library.post(1, "甲", FIRST, comments=said)
    library.post(2, "乙", SECOND, on="2025-12-02")
    library.close()
    return home


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[Client]:
    with serving(home, database_url(home), ServeOptions(port=0, replay_port=0)) as address:
        yield Client(int(address.rstrip("/").rpartition(":")[2]))


@pytest.fixture
def pool(home: Path) -> Iterator[ReadOnlyPool]:
    pool = ReadOnlyPool(database_url(home))
    yield pool
    pool.close()


def sections(client: Client, path: str) -> dict[str, str]:
    """Return what stands in each section of a page, by the id of its heading."""
    tree = html.fromstring(client.get(path).text)
    found = [each for each in tree.iter("section") if isinstance(each, html.HtmlElement)]
    return {each.get("aria-labelledby", ""): str(each.text_content()) for each in found}


def test_equations_have_the_numbers_they_have_in_their_post(pool: ReadOnlyPool) -> None:
    assert [(each.label, each.number) for each in notation.equations(pool, 1)] == [("eq:one", "1"), ("eq:two", "2")]
    assert notation.labels(pool) == {"eq:one": [1], "eq:two": [1]}


def test_the_page_of_a_label_shows_the_equation_and_what_refers_to_it(client: Client) -> None:
    page = client.get("/posts/1/labels/eq:one").text
    assert r"\begin{align*}a &amp;= b\\ c &amp;= d \\ e &amp;= f&#x27;\end{align*}" in page
    assert r"\label{eq:one}" in page  # the source, as it is
    assert '<a href="/posts/1#s1" lang="zh-Hans">第一节</a>' in page
    found = sections(client, "/posts/1/labels/eq:one")
    for words in ("References to it 2", "第二节", r"由式$(1)$得到$\tr(B)=0$，也由1得到。", "乙 2025-12-02"):
        assert words in found["mentions"]
    assert "listing" not in found["mentions"]
    assert "2025-12-02" in found["same"]
    other = sections(client, "/posts/1/labels/eq:two")["mentions"]
    assert "先看第二个(2)，再看别处。" in other  # as it is read, not as Markdown
    assert "Comment by 读者" in other
    assert "无关" not in other


def test_the_page_of_a_macro_has_its_wordings_posts_and_examples(client: Client) -> None:
    found = sections(client, "/macros/tr")
    assert r"\newcommand{\tr}[1]{T(#1)}" in found["definition-1"] + found["definition-2"]
    assert r"\newcommand{tr}{\mathop{\text{tr}}}" in found["definition-1"] + found["definition-2"]
    examples = html.fromstring(client.get("/macros/tr").text).cssselect(".equation > span")
    assert {r"$$  \tr(A)$$", r"$$ \tr{x}$$"} <= {str(each.text) for each in examples}
    assert client.get("/macros/none").status == 404
    assert client.get("/posts/1/labels/none").status == 404


def test_lists_are_sought_and_lead_to_the_pages(client: Client) -> None:
    assert 'href="/posts/1/labels/eq%3Atwo"' in client.get("/labels?q=TWO").text
    assert "eq%3Aone" not in client.get("/labels?q=two").text
    assert 'href="/macros/tr"' in client.get(f"/macros?q={quote(chr(92) + 'tr')}").text
    assert 'href="/posts/1/labels/eq%3Aone"' in client.get("/posts/1").text
    assert 'href="/macros/tr"' in client.get("/posts/2").text


def test_labels_and_macros_are_rows_for_programs(client: Client) -> None:
    assert client.get("/api/labels").json == [{"label": "eq:one", "posts": [1]}, {"label": "eq:two", "posts": [1]}]
    assert [each["number"] for each in client.get("/api/posts/1/labels").json] == ["1", "2"]
    assert [each["name"] for each in client.get("/api/macros").json] == ["tr"]


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        (r"\newcommand{tr}{x}", "tr"),
        (r"\newcommand{\tr}[2]{x}", "tr"),
        (r"\renewcommand*\tr{x}", "tr"),
        (r"\DeclareMathOperator*{\argmin}{arg\,min}", "argmin"),
        (r"\def\R{\mathbb{R}}", "R"),
    ],
)
def test_a_definition_names_its_macro(definition: str, name: str) -> None:
    assert list(macros.definitions(f"a{definition}b")) == [definition]
    assert macros.name(definition) == name
    assert macros.uses(rf"{definition} \{name} + 1", name)
    assert not macros.uses(rf"{definition} \{name}x", name)


def test_a_query_finds_the_longest_line_and_none_is_made_of_quotes() -> None:
    assert notation.sought("\\begin{align}a\\\\[2pt] b + c\\label{x}\\end{align}") == "tex:'b + c'"
    assert notation.sought("$f'(x)$") is None
