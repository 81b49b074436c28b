"""The reader of several blogs: a list, one search, and the reader of each below its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver import profile, sites
from archiver.urls import Site
from archiver.web.reader.serve import ServeOptions, serving_shelf
from archiver.web.reader.shelf import Shelf, Volume
from tests.web.reader.conftest import Client

pytestmark = pytest.mark.postgresql

NAMES = {"whole": "科学空间", "even": "Even", "odd": "Odd <&>", "fresh": "Fresh"}


@pytest.fixture(scope="module")
def shelf(blogs: str, demo: Path) -> Iterator[Shelf]:
    text = sites.first().written[0]
    titles = 'titles = { zh-Hans = "科学空间", en = "Scientific Spaces" }'
    assert titles in text
    volumes = {
        name: Volume(Site(profile.read(text.replace(titles, f'titles = {{ en = "{title}" }}'), name)), demo)
        for name, title in NAMES.items()
    }
    with closing(Shelf(blogs, lambda: volumes)) as shelf:
        yield shelf


@pytest.fixture(scope="module")
def client(shelf: Shelf) -> Iterator[Client]:
    with serving_shelf(shelf, ServeOptions(port=0)) as address:
        yield Client(int(address.rstrip("/").rpartition(":")[2]))


def links(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', text)]


def test_the_front_page_lists_the_blogs(client: Client) -> None:
    page = client.get("/", Accept_Language="en").text
    for title in ("科学空间", "Even", "Odd &lt;&amp;&gt;"):
        assert f">{title}</a>" in page
    assert "16 posts" in page
    assert ">Fresh</span>" in page
    assert "nothing is archived yet" in page
    assert "尚无存档" in client.get("/", Accept_Language="zh").text


def test_every_link_leads_somewhere(client: Client) -> None:
    """Links of a blog's pages stay below its name, and lead to a page."""
    seen, todo = {"/"}, ["/"]
    while todo and len(seen) < 250:
        path = todo.pop(0)
        answer = client.get(path, Accept_Language="en")
        if answer.status in (301, 303, 307):
            continue
        assert answer.status == 200 or "does not have this post" in answer.text, path
        own = "/" + path.split("/")[1]
        if "html" in answer.headers["content-type"] and own in ("/", "/-", "/whole"):
            for link in links(answer.text):
                target = (path.partition("?")[0] if link.startswith("?") else "") + link.partition("#")[0]
                if target.startswith("/"):
                    assert own in ("/", "/-") or target == "/" or target.startswith(f"{own}/"), (path, link)
                    if target not in seen:
                        seen.add(target)
                        todo.append(quote(target, safe="/?&=%-_.~:"))
    assert any(path.startswith("/whole/posts/") for path in seen)
    assert any(path.startswith("/whole/media?") for path in seen)


def test_all_blogs_are_searched_together(client: Client) -> None:
    asked = quote("概率")
    found = client.get(f"/-/api/search?q={asked}").json
    blogs = {hit["blog"] for hit in found["hits"]}
    assert blogs >= {"whole", "odd"}
    assert all(hit["path"].startswith(f"/{hit['blog']}/posts/") for hit in found["hits"])
    assert found["failed"] == {}
    page = client.get(f"/-/search?q={asked}").text
    assert page.count('class="hit"') == len(found["hits"])
    assert client.get(found["hits"][0]["path"]).status == 200
    narrowed = client.get(f"/-/api/search?blog=odd&q={asked}").json
    assert {hit["blog"] for hit in narrowed["hits"]} == {"odd"}
    assert client.get("/-/api/search?blog=none&q=a").status == 400


def test_what_is_not_there_is_said_so(client: Client) -> None:
    assert client.get("/none/").status == 404
    assert client.get("/-/static/nothing.css").status == 404
    fresh = client.get("/fresh/")
    assert fresh.status == 503
    assert "nothing is archived yet" in fresh.text
    assert "no replay" in client.get("/whole/original/", Accept_Language="en").text


def test_the_blogs_own_paths_lead_to_its_posts(client: Client) -> None:
    answer = client.get("/whole/archives/159")
    assert (answer.status, answer.headers["location"]) == (301, "/whole/posts/159")


def test_it_is_guarded_as_one_blogs_reader_is(client: Client, shelf: Shelf) -> None:
    assert client.get("/", Host="evil.example").status == 403
    assert client.get("/whole/", Host="evil.example").status == 403
    assert client.get("/", "POST").status == 405
    assert "default-src 'none'" in client.get("/whole/").headers["content-security-policy"]
    with serving_shelf(shelf, ServeOptions(port=0, remote=True, token="secret")) as address:
        remote = Client(int(address.rpartition(":")[2].partition("/")[0]))
        assert remote.get("/").status == remote.get("/whole/").status == 401
        assert remote.get("/whole/", Cookie="archiver-token=secret").status == 200


def test_a_blog_of_several_has_its_own_catalogue(client: Client) -> None:
    links = re.findall(r'href="([^"]+)"', client.get("/whole/opds/new").text)
    assert all(link.startswith("/whole/") for link in links)
    book = next(link for link in links if link.endswith(".epub"))
    assert client.get(book).headers["content-type"] == "application/epub+zip"
    assert client.get("/whole/feeds/new.xml").status == 200
    assert "/opds" not in client.get("/").text


def test_a_blog_of_several_has_nothing_of_ones_own(client: Client) -> None:
    assert client.get("/whole/own").status == 404
    assert client.get("/whole/own/posts/159/favourite", "POST").status == 405
    assert "/own" not in client.get("/whole/posts/159").text.replace("/static/own.", "")


def test_a_language_holds_for_all(client: Client) -> None:
    for below in ("/-", "/whole"):
        answer = client.get(f"{below}/language/zh?back=//evil.example")
        assert answer.status == 303
        assert answer.headers["location"] == ("/" if below == "/-" else "/whole/")
        assert "Path=/" in answer.headers["set-cookie"]
