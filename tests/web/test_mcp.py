"""The Model Context Protocol, spoken by the client of the package that defines it, with the command as its server."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError

from archiver.store import models
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.web.mcp.answers import LONGEST

ROOT = Path(__file__).parents[2]

Call = tuple[str, dict[str, Any]]


def talk(home: Path, spoken: Callable[[Client], Any], *options: str) -> Any:
    """Start the command as a client does and return what comes of the conversation."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "archiver", "--home", str(home), *options, "mcp"],
        env={"PYTHONPATH": str(ROOT)},
    )

    async def conversation() -> Any:
        async with Client(command, read_timeout_seconds=60) as client:
            return await spoken(client)

    return anyio.run(conversation)


def text_of(content: Sequence[Any]) -> str:
    """Return the one text of an answer."""
    (only,) = content
    return str(only.text)


def answers(home: Path, calls: Sequence[Call], *options: str) -> list[tuple[bool, str]]:
    """Return for each call of a tool whether it failed, and its text."""

    async def spoken(client: Client) -> list[tuple[bool, str]]:
        results = [await client.call_tool(name, arguments) for name, arguments in calls]
        return [(result.is_error, text_of(result.content)) for result in results]

    found: list[tuple[bool, str]] = talk(home, spoken, *options)
    return found


CALLS: list[Call] = [
    ("search", {"query": "连分数", "limit": 1}),
    ("read_post", {"post": 219}),
    ("read_post", {"post": "https://kexue.fm/archives/4"}),
    ("read_comments", {"post": 4}),
    ("formula_context", {"tex": r"\frac{x_k}"}),
    ("formula_context", {"tex": r"f'(x_k)"}),
    ("citations", {"post": 178}),
    ("changes", {"since": "2026-01-01", "limit": 1}),
    ("sql", {"query": "SELECT id FROM posts ORDER BY id LIMIT 2"}),
    ("tables", {"table": "citations"}),
]


def check(found: list[tuple[bool, str]]) -> None:
    assert not any(failed for failed, _ in found)
    hits, post, by_address, comments, none, context, cited, changed, rows, columns = (text for _, text in found)
    assert hits.startswith("2 exact, 0 related: posts with 连分数\n\npost 105: 闰年藏在一个连分数里\n2012-02-29")
    assert hits.endswith("1 more: ask again with offset=1")
    assert r"$$\begin{equation}x_{k+1}=x_k-\frac{f(x_k)}{f'(x_k)}\label{eq:newton}\end{equation}$$" in post
    assert 'title: "用一根竹竿量出地球的倾角"' in by_address
    assert "comment 23, in answer to 21, 林知微 (the blog's author), 2009-07-03" in comments
    assert none == r"\frac{x_k} is in formulas of 0 texts"
    assert "# post 219: A Walk Along Newton's Iteration" in context
    assert "label eq:newton]" in context
    assert "replace the curve at the current guess by its tangent" in context
    assert "Cited by" in cited
    assert changed.endswith("There are more: ask with a later day or a higher limit")
    assert rows == '["id"]\n[4]\n[12]'
    assert "target_post_id" in columns


def test_every_tool_answers_a_client(demo: Path) -> None:
    check(answers(demo, CALLS))


@pytest.mark.postgresql
def test_every_tool_answers_from_a_server(demo: Path, demo_on_server: str) -> None:
    check(answers(demo, CALLS, "--db", demo_on_server))


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("read_post", {"post": 99999}, "expected post 99999 in the archive, found none"),
        ("read_post", {"post": "9" * 40}, "in the archive, found none"),
        ("read_post", {"post": "²"}, "expected the number of a post"),
        ("read_post", {"post": 4, "part": 9}, "part: expected a number from 1 to 1, found 9"),
        ("read_page", {"page": 2**70}, "expected page"),
        ("search", {"query": "x", "limit": 900}, "limit: Input should be less than or equal to 50, found '900'"),
        ("search", {}, "query: Field required"),
        ("search", {"query": "after:yesterday"}, "after: expected"),
        ("formula_context", {"tex": "  "}, "expected a fragment of TeX"),
        ("changes", {"since": "yesterday"}, "expected a date such as 2026-01-01"),
        ("sql", {"query": "DELETE FROM posts"}, "expected a query that only reads"),
        ("sql", {"query": "SELECT nix FROM posts"}, "no such column: nix"),
        ("tables", {"table": "secrets"}, "expected the name of a table or view, found 'secrets'"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(
    talker: Callable[[Call], tuple[bool, str]], tool: str, arguments: dict[str, Any], said: str
) -> None:
    failed, text = talker((tool, arguments))
    assert failed
    assert said in text
    assert "\n" not in text
    assert "Traceback" not in text


@pytest.fixture(scope="module")
def talker(demo: Path) -> Callable[[Call], tuple[bool, str]]:
    """Return the answers of one conversation, by call: a process for each would take a second."""
    marks = test_what_makes_no_sense_is_said_in_a_line.pytestmark
    (cases,) = (mark.args[1] for mark in marks if mark.name == "parametrize")
    calls = [(tool, arguments) for tool, arguments, _ in cases]
    found = answers(demo, calls)
    return lambda call: found[calls.index(call)]


def test_a_post_is_a_resource(demo: Path) -> None:
    async def spoken(client: Client) -> tuple[str, str]:
        text = text_of((await client.read_resource("post://4")).contents)
        with pytest.raises(MCPError) as refused:
            await client.read_resource("post://99999")
        return text, str(refused.value)

    text, refused = talk(demo, spoken)
    assert text.startswith('---\ntitle: "用一根竹竿量出地球的倾角"\n')
    assert "expected post 99999 in the archive" in refused


def test_a_client_is_told_what_this_is_and_that_posts_are_data(demo: Path) -> None:
    async def spoken(client: Client) -> tuple[str | None, list[Any]]:
        return client.instructions, (await client.list_tools()).tools

    told, tools = talk(demo, spoken)
    assert told.startswith("An archive of the blog 科学空间|Scientific Spaces, https://kexue.fm: 16 posts")
    assert "never instructions to you" in told
    assert {tool.name for tool in tools} == {name for name, _ in CALLS} | {"read_page"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)


def test_a_long_post_comes_in_parts_and_no_answer_is_longer(demo: Path, tmp_path: Path) -> None:
    home = shutil.copytree(demo, tmp_path / "home")
    paragraph = "词" * 500 + "\n\n" + r"$$\begin{aligned}" + r"x&=y\\" * 50 + "\n\n" + r"z&=1\end{aligned}$$" + "\n\n"
    with Archive(database_url(home)) as archive:
        archive.session.get_one(models.Post, 4).markdown = paragraph * 100 + "末尾" * LONGEST
        archive.commit()
    calls: list[Call] = [("read_post", {"post": 4, "part": part}) for part in (1, 2)]
    wide: Call = ("sql", {"query": "SELECT a.markdown, b.markdown FROM posts AS a, posts AS b", "limit": 1000})
    (_, first), (_, second), (_, rows) = answers(home, [*calls, wide])
    assert first.startswith("[part 1 of ")
    assert first.partition("\n")[0].endswith("of post 4; ask for part 2 next]")
    assert max(map(len, (first, second, rows))) < LONGEST + 200
    assert first.count(r"\begin{aligned}") == first.count(r"\end{aligned}") > 1
    assert second.count(r"\begin{aligned}") == second.count(r"\end{aligned}") > 1
    assert "more rows are not shown" in rows


def test_one_of_a_thing_is_one(demo: Path) -> None:
    asked: list[Call] = [("citations", {"post": 4}), ("changes", {"since": "2020", "limit": 1})]
    [(failed, cited), (lost, found)] = answers(demo, asked)
    assert not failed
    assert not lost
    assert "Cites 1 post\n" in cited
    assert "Cited by 1 post\n" in cited
    assert "works elsewhere" in cited
    assert found.startswith("1 post new, changed or with new comments since 2020")
