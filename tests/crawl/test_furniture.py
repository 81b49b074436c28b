"""The blog besides its posts: asked for after them and once, and nothing dead in the replay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from archiver.sample import SampleResponse
from archiver.sample.source import load

from .conftest import Crawled

ALL = ("catalogue", "category", "furniture")
FURNITURE = ("/page/", "/tag/", "/feed", "/me.html", "/attachment/")


def walked(archive: Crawled) -> dict[str, Any]:
    done = archive.archiver("--home", archive.home, "walk", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (3 if found["dead"] else 0)
    return found


def is_furniture(target: str) -> bool:
    return target == "/" or target.startswith(FURNITURE) or target.endswith(".zip")


def test_a_walk_through_the_replay_finds_nothing_dead_and_nothing_was_fetched_twice(
    crawled: Callable[..., Crawled],
) -> None:
    archive = crawled(source=load(), gate=True)
    assert archive.crawl(*ALL, "--concurrency", "1", index=False).returncode == 0
    found = walked(archive)
    assert found["dead"] == []
    assert found["not_there"] == 1  # MathJax, which the sample blog names and does not have
    assert found["shown"] >= len({*archive.asked()} - {"/robots.txt", "/feed"})
    asked = archive.asked()
    assert len(asked) == len(set(asked))
    posts = [number for number, target in enumerate(asked) if target.startswith("/archives/")]
    furniture = [number for number, target in enumerate(asked) if is_furniture(target)]
    assert max(posts) < min(furniture)
    assert {"/favicon.ico", "/usr/themes/geekg/fonts/gleanings.woff", "/usr/themes/geekg/print.css"} <= set(asked)
    assert not [target for target in archive.asked(None) if target.startswith(("/search", "/admin"))]


def test_a_walk_names_what_is_dead_and_what_leads_there(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.crawl("furniture", "--without", "tags,files", index=False).returncode == 0
    dead = {row["url"]: row for row in walked(archive)["dead"]}
    assert dead["https://kexue.fm/usr/uploads/2010/11/sundial-tables.zip"]["reason"] == "left out by --without"
    assert dead["https://kexue.fm/usr/uploads/2010/11/sundial-tables.zip"]["linked_from"] == "https://kexue.fm/"
    left_out = archive.rows("SELECT DISTINCT kind FROM gaps WHERE reason = 'left out by --without' ORDER BY kind")
    assert left_out == [("file",), ("tag",)]
    assert archive.crawl(*ALL, "--full", index=False).returncode == 0
    assert walked(archive)["dead"] == []
    assert archive.rows("SELECT * FROM gaps WHERE kind <> 'requisite'") == []


def test_a_quiet_run_asks_for_no_furniture_and_a_new_post_renews_what_shows_it(
    crawled: Callable[..., Crawled],
) -> None:
    archive = crawled(source=load())
    archive.crawl(*ALL, index=False)
    archive.blog.requests.clear()
    archive.crawl(*ALL, "--recheck", "0", index=False)
    assert not [target for target in archive.asked(None) if is_furniture(target)]
    post = archive.blog.source.posts[0]
    archive.blog.source = archive.blog.source.published(replace(post, id=999, title="新", comments=()))
    archive.blog.requests.clear()
    archive.crawl(*ALL, "--recheck", "0", index=False)
    renewed = [target for target in archive.asked() if is_furniture(target)]
    assert {"/", "/feed"} < set(renewed)
    assert (
        len(renewed) == len(set(renewed)) == 2 + len(post.tags) + 1
    )  # and a page of the front page's list that was not there before


def test_furniture_that_fails_is_a_gap_and_costs_no_post(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load(), broken={"/feed": 404, "/me.html": 404})
    assert archive.crawl(*ALL, index=False).returncode == 0
    assert archive.rows("SELECT url, kind FROM gaps WHERE kind <> 'requisite' ORDER BY url") == [
        ("https://kexue.fm/feed", "feed"),
        ("https://kexue.fm/me.html", "page"),
    ]
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]
    assert walked(archive)["not_there"] == 2  # the page, and MathJax


def test_a_limited_crawl_leaves_the_furniture_for_later(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    assert archive.crawl(*ALL, "--limit", "2", index=False).returncode == 0
    assert not [target for target in archive.asked() if is_furniture(target)]


def test_a_post_that_only_a_page_links_is_asked_for_once(crawled: Callable[..., Crawled]) -> None:
    source = load()
    linking = source.posts[-1]
    archive = crawled(source=source.edited(linking.id, body=f'{linking.body}<p><a href="/archives/7777">旧文</a></p>'))
    for _ in range(2):
        assert archive.crawl(*ALL, index=False).returncode == 0
    assert archive.asked(404).count("/archives/7777") == 1
    assert archive.rows("SELECT reason FROM gaps WHERE url LIKE '%/7777'") == [("HTTP 404",)]
    assert walked(archive)["dead"] == []


def test_the_comments_of_an_independent_page_are_had_in_full_and_none_of_their_pages_twice(
    crawled: Callable[..., Crawled],
) -> None:
    source = load()
    page = source.pages[0]
    said = tuple(replace(page.comments[0], id=number) for number in range(5001, 5024))
    archive = crawled(source=replace(source, pages=(replace(page, comments=said),)))
    assert archive.crawl(*ALL, index=False).returncode == 0
    assert archive.rows("SELECT page, count(*) FROM page_comments GROUP BY page") == [(1, 10), (2, 10), (3, 3)]
    asked = [target for target in archive.asked() if target.startswith("/me.html")]
    assert sorted(asked) == ["/me.html", "/me.html/comment-page-1", "/me.html/comment-page-2"]
    assert walked(archive)["dead"] == []


def test_a_further_run_looks_again_at_a_page_of_which_no_list_tells(crawled: Callable[..., Crawled]) -> None:
    source = load()
    archive = crawled(source=source)
    archive.crawl(*ALL, index=False)
    page = source.pages[0]
    archive.blog.source = replace(source, pages=(replace(page, body=page.body + "<p>后来补记。</p>"),))
    archive.blog.requests.clear()
    archive.crawl("catalogue", index=False)
    archive.crawl(*ALL, "--without", "pages", index=False)
    assert "/me.html" not in archive.asked()
    archive.crawl(*ALL, index=False)
    assert archive.asked().count("/me.html") == 1
    assert archive.rows("SELECT count(*) FROM page_revisions") == [(1,)]
    assert archive.rows("SELECT count(*) FROM pages WHERE text LIKE '%后来补记。'") == [(1,)]


def test_a_linked_folder_is_a_page_and_a_linked_file_names_the_posts_that_link_it(
    crawled: Callable[..., Crawled],
) -> None:
    source, paper = load(), "/usr/uploads/2010/11/sundial-tables.zip"
    linking = source.posts[-1]
    body = f'{linking.body}<p><a href="/sci/">工具</a>，<a href="{paper}">用表</a></p>'
    tool = SampleResponse(200, {"Content-Type": "text/html"}, "<title>工具</title><p>算一算$x$</p></html>".encode())
    archive = crawled(source=source.edited(linking.id, body=body), overrides={"/sci/": tool})
    assert archive.crawl(*ALL, index=False).returncode == 0
    assert archive.rows("SELECT title, text FROM pages WHERE url LIKE '%/sci/'") == [("工具", "算一算$x$")]
    size = len(source.files[paper])
    assert archive.rows("SELECT url, content_type, size, post_id, text FROM file_links") == [
        (f"https://kexue.fm{paper}", "application/zip", size, linking.id, "用表")
    ]
    shown = archive.archiver("--home", archive.home, "show", "https://kexue.fm/sci/")
    assert shown.stdout == "# 工具\n\n算一算$x$\n"


def test_what_stands_among_a_theme_s_files_is_the_same_for_a_crawl_and_for_a_rebuild(
    crawled: Callable[..., Crawled],
) -> None:
    source = load()
    linking = source.posts[-1]
    kinds = {
        "/usr/themes/paper.pdf": "file", "/static/notes.html": "page", "/static/linked.js": "requisite",
        "/static/shown.js": "requisite", "/static/drawn.svg": "requisite",
    }  # fmt: skip
    links = "".join(f'<a href="{target}">.</a>' for target in kinds if "shown" not in target)
    page = SampleResponse(200, {"Content-Type": "text/html"}, b"<html><title>Notes</title><p>of a talk</p></html>")
    archive = crawled(
        source=source.edited(linking.id, body=f'{linking.body}<p>{links}<script src="/static/shown.js"></script></p>'),
        overrides=dict.fromkeys(kinds, SampleResponse(200, {"Content-Type": "text/plain"}, b"there"))
        | {"/static/notes.html": page},
    )
    assert archive.crawl(*ALL, index=False).returncode == 0
    tables = ("frontier", "files", "pages")
    live = {table: archive.rows(f"SELECT url FROM {table} ORDER BY url") for table in tables}
    found = dict(archive.rows("SELECT url, kind FROM frontier"))
    assert {target: found.get(f"https://kexue.fm{target}") for target in kinds} == kinds
    assert archive.archiver("--home", archive.home, "rebuild").returncode == 0
    assert {table: archive.rows(f"SELECT url FROM {table} ORDER BY url") for table in tables} == live
    assert dict(archive.rows("SELECT url, kind FROM frontier")) == found


@pytest.mark.parametrize("address", ["http://[", "http://chalk.example:99999/a.png", "//chalk.example:port/a.png"])
def test_a_picture_at_what_is_no_address_costs_no_post(crawled: Callable[..., Crawled], address: str) -> None:
    source = load()
    post = source.posts[-1]
    archive = crawled(source=source.edited(post.id, body=f'{post.body}<p><img src="{address}">图</p>'))
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.rows("SELECT markdown LIKE '%图' FROM posts WHERE id = ?", post.id) == [(1,)]


def test_nothing_that_a_post_links_on_the_blog_is_dead_in_the_replay(crawled: Callable[..., Crawled]) -> None:
    source = load()
    linking = source.posts[-1]
    targets = ("/2010/", "/2010/11/", "/author/1/", "/feed/archives/12/", "/sitemap.xml", "/talks/slides.key")
    links = "".join(f'<a href="{target}">.</a>' for target in (*targets, f"/index.php/archives/{linking.id}/"))
    answers = {target.rstrip("/"): SampleResponse(200, {"Content-Type": "text/plain"}, b"there") for target in targets}
    answers |= {target: answers[target.rstrip("/")] for target in targets}
    archive = crawled(source=source.edited(linking.id, body=f"{linking.body}<p>{links}</p>"), overrides=answers)
    assert archive.crawl(*ALL, index=False).returncode == 0
    assert walked(archive)["dead"] == []
    kinds = dict(archive.rows("SELECT url, kind FROM frontier"))
    asked = [kinds["https://kexue.fm" + (target.rstrip("/") if "feed" in target else target)] for target in targets]
    assert asked == ["front", "front", "front", "feed", "file", "file"]


def test_a_feed_that_every_page_names_for_itself_is_not_asked_for(crawled: Callable[..., Crawled]) -> None:
    source = load()
    base = source.templates["base.html"]
    feeds = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="/feed/{own}" />' for own in ("comments", "me.html")
    )
    templates = source.templates | {"base.html": base.replace("</head>", feeds + "</head>")}
    archive = crawled(source=replace(source, templates=templates))
    assert archive.crawl(*ALL, index=False).returncode == 0
    assert {"/feed", "/feed/comments"} == {target for target in archive.asked(None) if target.startswith("/feed")}
    assert walked(archive)["dead"] == []


def test_all_comments_of_an_attachment_are_had(crawled: Callable[..., Crawled]) -> None:
    source = load()
    page, linking = source.pages[0], source.posts[-1]
    said = tuple(replace(page.comments[0], id=number) for number in range(5001, 5024))
    body = f'{linking.body}<p><a href="/attachment/77/">图</a></p>'
    source = replace(source.edited(linking.id, body=body), pages=(replace(page, comments=said),))
    archive = crawled(source=source)
    host = {"Host": archive.site.removeprefix("http://")}
    for part in ("", "/comment-page-1", "/comment-page-2", "/comment-page-3"):
        shown = archive.blog.respond("GET", f"/me.html{part}", host)
        as_attachment = replace(shown, body=shown.body.replace(b"/me.html/", b"/attachment/77/"))
        archive.blog.overrides[f"/attachment/77{part or '/'}"] = as_attachment
    assert archive.crawl(*ALL, index=False).returncode == 0
    had = "SELECT c.page, count(*) FROM page_comments c JOIN pages p ON p.id = c.page_id WHERE p.url LIKE ? GROUP BY 1"
    assert archive.rows(had, "%/attachment/77/") == [(1, 10), (2, 10), (3, 3)]
    assert walked(archive)["dead"] == []


def test_a_new_post_renews_the_lists_it_stands_in_whatever_their_addresses_say(
    crawled: Callable[..., Crawled],
) -> None:
    source = load()
    post = replace(source.posts[0], tags=("C++",), comments=())
    templates = {
        name: text.replace("tag | path", 'tag | replace("+", "") | path') for name, text in source.templates.items()
    }
    side = f'<a href="/{post.date[:4]}/{post.date[5:7]}/">.</a></body>'
    templates["base.html"] = templates["base.html"].replace("</body>", side)
    lists = ("/tag/C/", f"/{post.date[:4]}/{post.date[5:7]}/")
    shown = SampleResponse(200, {"Content-Type": "text/html"}, b"<html></html>")
    archive = crawled(
        source=replace(source.edited(post.id, tags=post.tags), templates=templates),
        overrides=dict.fromkeys(lists, shown),
    )
    archive.crawl(*ALL, index=False)
    archive.blog.source = archive.blog.source.published(replace(post, id=999, title="新"))
    archive.blog.requests.clear()
    archive.crawl(*ALL, "--recheck", "0", index=False)
    assert set(lists) <= set(archive.asked())


def test_a_page_that_is_gone_is_kept_and_asked_for_less_and_less(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    archive.crawl(*ALL, index=False)
    archive.blog.broken["/me.html"] = 404
    for _ in range(3):
        assert archive.crawl(*ALL, "--recheck", "10", index=False).returncode == 0
    assert archive.asked(404).count("/me.html") == 2
    assert archive.rows("SELECT count(*) FROM pages WHERE url LIKE '%/me.html'") == [(1,)]
    assert archive.rows("SELECT reason, failures FROM gaps WHERE kind = 'page'") == [("HTTP 404", 2)]
    assert walked(archive)["dead"] == []  # the replay shows it as it was
