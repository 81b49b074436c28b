"""What somebody keeps for themselves, through the reader's pages and forms."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archiver.store.location import database_url
from archiver.store.own import NAME
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def own(library: Path, home: Path) -> Iterator[Client]:
    """A reader in whose home nothing is kept yet."""
    with serving(home, database_url(library), ServeOptions(port=0, replay_port=0)) as address:
        yield Client(int(address.rstrip("/").rpartition(":")[2]))


def test_looking_keeps_nothing(own: Client, home: Path) -> None:
    for path in ("/", "/own", "/posts", "/posts/1001"):
        assert own.get(path).status == 200
    assert all(
        own.post(f"/own/posts/1001/{what}", on=0).status == 204 for what in ("favourite", "read", "place", "list")
    )
    assert not home.exists() or not (home / NAME).exists()


def test_a_favourite_is_one_until_it_is_no_longer(own: Client) -> None:
    answer = own.post("/own/posts/1001/favourite", on=1, back="/posts/1001")
    assert (answer.status, answer.headers["location"]) == (303, "/posts/1001")
    for path in ("/own", "/posts", "/", "/topics/1"):
        assert re.search(r'href="/posts/1001".{1,400}★ favourite', own.get(path).text, re.DOTALL), path
    own.post("/own/posts/1001/favourite", on=0)
    assert "★ favourite" not in own.get("/posts").text


def test_the_front_page_leads_to_the_place_where_one_stopped(own: Client) -> None:
    own.post("/own/posts/1001/place", anchor="s1", block=2, share=40)
    assert 'href="/posts/1001?on=1#s1"' in own.get("/").text
    assert 'data-anchor="s1" data-block="2"' in own.get("/posts/1001").text
    assert "read to 40 %" in own.get("/posts").text


def test_the_end_of_a_post_makes_it_read_and_forgets_the_place(own: Client) -> None:
    own.post("/own/posts/1001/place", anchor="s1", block=2, share=40)
    own.post("/own/posts/1001/place", share=100)
    assert "Read on" not in own.get("/").text
    assert "✓ read" in own.get("/posts").text
    own.post("/own/posts/1001/read", on=0)
    assert "✓ read" not in own.get("/posts").text


def test_it_is_kept_beside_an_archive_on_a_server_too(reader: Client) -> None:
    for what in ("favourite", "list"):
        assert reader.post(f"/own/posts/1002/{what}", on=1).status == 204
    assert reader.post("/own/series/1002/list").status == 204
    assert _listed(reader)[0] == "1002"
    assert reader.get("/own/unread").status == 303
    for what in ("favourite", "list"):
        reader.post(f"/own/posts/1002/{what}", on=0)


def test_the_next_unread_post_is_the_next_older_one(own: Client) -> None:
    listed = list(dict.fromkeys(re.findall(r'class="entry-title" href="(/posts/\d+)"', own.get("/posts").text)))
    own.post(f"/own{listed[1]}/read", on=1)
    assert own.get(f"/own/unread?after={listed[0].rpartition('/')[2]}").headers["location"] == listed[2]
    assert own.get(f"/own/unread?after={listed[-1].rpartition('/')[2]}").headers["location"] == listed[0]
    for path in listed:
        own.post(f"/own{path}/read", on=1)
    assert own.get("/own/unread").headers["location"] == "/own"


def _listed(own: Client) -> list[str]:
    found = re.search(r'class="entries listed".*?</ol>', own.get("/own").text, re.DOTALL)
    return re.findall(r'class="entry-title[^"]*" href="/posts/(\d+)"', found[0]) if found else []


def test_the_reading_list_keeps_its_order(own: Client) -> None:
    for number in (1003, 1001, 1002, 1001):
        own.post(f"/own/posts/{number}/list", on=1)
    assert _listed(own) == ["1003", "1001", "1002"]
    own.post("/own/list/1002/move", way="up")
    own.post("/own/list/1003/move", way="down")
    own.post("/own/list/1002/move", way="up")  # is the first already
    assert _listed(own) == ["1002", "1003", "1001"]
    assert re.search(r'href="/posts/1001">Next in the list', own.get("/posts/1003").text)
    assert "Next in the list" not in own.get("/posts/1001").text
    own.post("/own/list/1003/remove")
    own.post("/own/posts/1002/list", on=0)
    assert _listed(own) == ["1001"]
    assert own.post("/own/list/1001/move", way="left").status == 400


@pytest.mark.parametrize("path", ["series/1002", "topics/1"])
def test_a_series_or_topic_is_listed_at_once_in_its_order(own: Client, path: str) -> None:
    shown = own.get(f"/{path}").text
    assert f'action="/own/{path}/list"' in shown
    assert own.post(f"/own/{path}/list", back=f"/{path}").headers["location"] == f"/{path}"
    assert _listed(own) == re.findall(r'class="entry-title" href="/posts/(\d+)"', shown)
    assert own.post(f"/own/{path}9/list").status == 404


def test_notes_and_tags_are_found_by_their_words(own: Client) -> None:
    own.post("/own/posts/1001/note", text="矩阵的迹\r\n与 Trace <b>", tags="线性代数， to teach,线性代数")
    own.post("/own/posts/1002/note", text="别的", tags="线性代数")
    assert "矩阵的迹\n与 Trace &lt;b&gt;" in own.get("/posts/1001").text
    for query, found in (
        ("q=trace+%E8%BF%B9", {"1001"}), ("q=TEACH", {"1001"}), ("q=trace+nowhere", set()),
        ("tag=%E7%BA%BF%E6%80%A7%E4%BB%A3%E6%95%B0", {"1001", "1002"}), ("tag=teach", set()), ("", {"1001", "1002"}),
    ):  # fmt: skip
        shown = re.findall(r'class="entry-title" href="/posts/(\d+)"', own.get(f"/own?{query}").text)
        assert set(shown) == found, query
    own.post("/own/posts/1002/note", text=" ", tags=",")
    assert "别的" not in own.get("/own").text
    assert own.post("/own/posts/1001/note", tags="x" * 101).status == 400
    assert "to teach" in own.get("/own").text


def test_a_highlight_stays_until_the_words_are_gone(own: Client, home: Path) -> None:
    path, quote = "/own/posts/1001/highlights", "设$0<x<y$则 $a<b$成立"
    assert own.post(path, quote="没有的话").status == 400
    for _ in range(2):
        assert own.post(path, quote=quote, before="开头一段，", after="，见").status == 204
    shown = own.get("/posts/1001").text
    assert shown.count("data-quote=") == 1
    assert "$a&lt;b$" in re.findall(r'data-quote="([^"]*)"', shown)[0]
    assert "no longer in the text" not in shown
    key = re.findall(r'name="key" value="(\w+)"', shown)[0]
    own.post(path, key=key, note="很好")
    assert "很好" in own.get("/own?q=%E5%BE%88%E5%A5%BD").text
    with closing(sqlite3.connect(home / NAME)) as connection, connection:
        connection.execute("UPDATE highlights SET quote = '后来改了的话'")
    for page in ("/posts/1001", "/own"):
        assert "no longer in the text" in own.get(page).text
    own.post(path, key=key, on=0)
    assert "后来改了的话" not in own.get("/own").text


def test_forms_of_other_origins_are_refused(own: Client) -> None:
    path, mine = "/own/posts/1001/favourite", f"http://127.0.0.1:{own.port}"
    foreign = (
        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"}, {"Origin": "https://evil.example"}, {"Host": "evil.example"},
    )  # fmt: skip
    assert [own.post(path, headers, on=1).status for headers in foreign] == [403] * len(foreign)
    assert own.post(path, {"Origin": mine}, on=1).status == 204
    assert own.get("/").headers["referrer-policy"] == "same-origin"  # any stricter, and browsers send "null"
    assert own.post(path, {"Sec_Fetch_Site": "same-origin", "Origin": mine}, on=1).status == 204


def test_a_form_that_makes_no_sense_changes_nothing(own: Client, home: Path) -> None:
    assert own.post("/own/posts/1001/place", share=101).status == 400
    assert own.post("/own/posts/1001/favourite", on="perhaps").status == 400
    assert own.post("/own/posts/999999/favourite", on=1).status == 404
    assert own.post("/own/posts/1001/favourite", on=1, back="x" * 2_000_000).status == 413
    assert not (home / NAME).exists()
    assert own.post("/own/posts/1001/read", on=1, back="//evil.example/").headers["location"] == "/own"


def test_remote_forms_need_the_token(library: Path, home: Path) -> None:
    with serving(home, database_url(library), ServeOptions(port=0, remote=True, token="secret")) as address:
        client = Client(int(address.partition("/?")[0].rpartition(":")[2]))
        assert client.post("/own/posts/1001/favourite", on=1).status == 401
        assert client.post("/own/posts/1001/favourite", {"Authorization": "Bearer secret"}, on=1).status == 204


def test_what_is_kept_of_a_post_that_the_archive_lost_is_shown_by_its_address(own: Client, home: Path) -> None:
    own.post("/own/posts/1001/favourite", on=1)
    with closing(sqlite3.connect(home / NAME)) as connection, connection:
        connection.execute("UPDATE marks SET post_id = 4711")
    assert "https://kexue.fm/archives/1001" in own.get("/own").text


@pytest.mark.parametrize(("spoil", "told"), [("DROP", "not a database"), ("NEW", "use a newer archiver")])
def test_a_file_that_cannot_be_used_is_named_and_left_alone(own: Client, home: Path, spoil: str, told: str) -> None:
    own.post("/own/posts/1001/favourite", on=1)
    file = home / NAME
    if spoil == "DROP":
        file.write_bytes(b"no database" * 100)
    else:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    answer = own.get("/own")
    assert answer.status == 503
    assert told in answer.text
    assert file.read_bytes() == before
