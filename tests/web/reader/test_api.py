from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client


def test_posts_can_be_chosen_and_paged(reader: Client) -> None:
    found = reader.get("/api/posts?limit=2").json
    assert (found["total"], [post["id"] for post in found["posts"]]) == (4, [1001, 1003])
    assert [post["id"] for post in reader.get("/api/posts?offset=2").json["posts"]] == [1002, 1004]
    assert reader.get("/api/posts?year=2024&tag=a/b&category=Big-Data").json["total"] == 2
    assert reader.get("/api/posts?topic=1").json["total"] == 1


def test_a_post_comes_with_its_connections(reader: Client) -> None:
    post = reader.get("/api/posts/1002").json
    assert [each["id"] for each in post["cited_by"]] == [1001, 1003]
    assert [part["id"] for part in post["series"]] == [1002, 1003]
    assert len(post["revisions"]) == 2
    assert len(reader.get("/api/posts/1001/comments").json) == 39


@pytest.mark.parametrize(
    "written",
    ["http://www.kexue.fm/archives/1002/", "https://spaces.ac.cn/archives/1002#c", " https://kexue.fm/archives/1002"],
)
def test_captures_are_found_however_the_address_is_written(reader: Client, written: str) -> None:
    url = "https://kexue.fm/archives/1002"
    found = reader.get(f"/api/captures?url={quote(written)}").json
    assert found
    assert found == reader.get(f"/api/captures?url={url}").json
    assert {each["url"] for each in found} == {url}
    assert reader.get(f"/captures?url={quote(written)}").text.count(found[0]["warc_file"]) == len(found)


def test_search_answers_with_text_and_counts(reader: Client) -> None:
    found = reader.get(f"/api/search?q={quote('漫谈')}").json
    assert found["exact"] == 3
    assert {hit["post_id"] for hit in found["hits"]} == {1001, 1002, 1003}


def test_sql_answers_in_three_forms(reader: Client) -> None:
    query = quote("SELECT id, title FROM posts ORDER BY id")
    assert reader.get(f"/api/sql?q={query}").json["columns"] == ["id", "title"]
    assert reader.get(f"/api/sql?format=csv&q={query}").text.startswith("id,title\r\n1001,")
    assert reader.get(f"/api/sql?format=json&q={query}").json[1]["id"] == 1002


@pytest.mark.parametrize("number", ["9" * 13, "9" * 19, "9" * 23, "9" * 400])
def test_numbers_no_row_can_have_are_refused(reader: Client, number: str) -> None:
    described = reader.get("/api/openapi.json").json["paths"]
    asked = [
        (path, each)
        for path, methods in described.items()
        for each in methods["get"]["parameters"]
        if each["schema"]["type"] == "integer"
    ]
    assert len(asked) > 8
    for path, each in asked:
        filled = path.replace("{id}", number if each["in"] == "path" else "1001")
        needed = "q=a&url=a&" if each["in"] == "query" else ""
        assert reader.get(f"{filled}?{needed}{each['name']}={number}").status == 400, (path, each["name"])
    pages = ("/posts/{}", "/posts/{}/history", "/posts/{}/difference", "/posts/{}/citation.bib", "/archives/{}")
    for page in (*pages, "/topics/{}", "/series/{}"):
        assert reader.get(page.format(number)).status == 404
    for page in ("/posts/1001/difference?from={}", "/posts/1001/difference?to={}"):
        assert reader.get(page.format(number)).status == 400
    assert reader.get(f"/sql?q=SELECT+1+LIMIT+{number}").status in (200, 400)


def test_everything_described_answers(reader: Client) -> None:
    described = reader.get("/api/openapi.json").json
    values = {"id": "1001", "q": "SELECT 1", "url": "https://kexue.fm/archives/1001"}
    for path, methods in described["paths"].items():
        needed = [each["name"] for each in methods["get"]["parameters"] if each["required"] and each["in"] == "query"]
        asked = (
            path.replace("{id}", "1" if "pages" in path else "1001")
            + "?"
            + "&".join(f"{name}={quote(values[name])}" for name in needed)
        )
        if path == "/api/search":
            asked += "q=x"
        answer = reader.get(asked)
        assert answer.status == 200, asked
        assert answer.headers["content-type"] == "application/json"


def test_what_is_not_there_is_said_to_be_missing(reader: Client) -> None:
    answer = reader.get("/api/posts/9999")
    assert (answer.status, answer.json) == (404, {"problem": "Not found: post 9999"})


@pytest.mark.parametrize(
    "path",
    [
        "/api/posts/0", "/api/posts/x", "/api/posts/99999999999", "/api/posts?year=12", "/api/posts?limit=-1",
        "/api/search", "/api/posts?limit=1e9", "/api/posts?offset=٣", "/api/search?q=",
        "/api/search?q=" + "x" * 2000, "/api/search?q=%22", "/api/search?q=after:x", "/api/search?q=tag:",
        "/api/search?q=x&code=maybe", "/api/search?q=AND+OR+NEAR(", "/api/sql", "/api/sql?q=",
        "/api/sql?q=SELECT+1&format=xml", "/api/sql?q=ATTACH+'x'+AS+y", "/api/sql?q=PRAGMA+journal_mode=DELETE",
        "/api/sql?q=SELECT+load_extension('x')", "/api/sql?q=SELECT+%00", "/api/sql?q=SELECT+1;SELECT+2",
        "/api/captures", "/api/search?q=%ff%fe&tex=1", "/api/search?q=" + "(" * 900, "/media",
        "/media?url=http://[", "/media?url=file:///etc/passwd", "/posts/1002/difference?from=x", "/posts?page=0",
        "/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py",
        "/static/mathjax/../../app.py", "/tags/%00", "/years/%0d%0aX:1", "/original/%0d%0aX:1",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_so_and_never_a_fault(reader: Client, path: str) -> None:
    answer = reader.get(quote(path, safe="/?=&%;'()+,:.*[]"))
    assert answer.status in (200, 302, 400, 404), answer.text
    if path.startswith("/api/") and answer.status != 200:
        assert answer.json["problem"]
    assert b"root:" not in answer.body
    assert "x" not in answer.headers


def test_only_formulas_of_a_post_are_set_as_such_in_its_passage(demo: Path) -> None:
    with serving(demo, database_url(demo), ServeOptions(port=0, replay_port=0)) as address:
        client = Client(int(address.rstrip("/").rpartition(":")[2]))
        words = ("的", "是", "r", "softmax", "概率")
        hits = [hit for word in words for hit in client.get(f"/api/search?q={quote(word)}").json["hits"]]
    with closing(sqlite3.connect(demo / "archive.db")) as database:
        held = {tex for (tex,) in database.execute("SELECT tex FROM formulas UNION SELECT tex FROM page_formulas")}
    spans = re.compile(r'<span class="tex[^>]*>(.*?)</span>', re.DOTALL)
    shown = [unescape(tex) for hit in hits for tex in spans.findall(hit["passage_html"])]
    assert len(shown) > 20
    assert [tex for tex in shown if tex not in held] == []
