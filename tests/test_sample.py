"""The bundled sample blog behaves as the real one: addresses, paging, gate, faults, volatile parts."""

from __future__ import annotations

import gzip
import http.client
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from parsel import Selector

from archiver.bundled import sample_folder
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.comments import parse_comment_page
from archiver.pages.listing import parse_listing
from archiver.pages.post import parse_post
from archiver.pages.topics import parse_topics
from archiver.sample import SampleBlog, SamplePost, SampleResponse, serving, source
from archiver.urls import Site

HOST = {"Host": "127.0.0.1:8000"}
SITE = Site(base="http://127.0.0.1:8000")
MAJORITY = 9
"""Posts one category has at least, so that it takes two pages."""


def page(blog: SampleBlog, target: str, status: int = 200) -> str:
    response = blog.respond("GET", target, HOST)
    assert response.status == status, f"{target}: {response.status}"
    return response.body.decode()


@pytest.fixture
def blog() -> SampleBlog:
    return SampleBlog()


@pytest.fixture
def served(blog: SampleBlog) -> Iterator[http.client.HTTPConnection]:
    with serving(blog) as site_url:
        connection = http.client.HTTPConnection(urlsplit(site_url).netloc, timeout=10)
        yield connection
        connection.close()


# What is in it


def test_every_category_has_posts_and_one_has_two_pages(blog: SampleBlog) -> None:
    counts = {slug: sum(slug in post.categories for post in blog.source.posts) for slug in blog.source.categories}
    assert len(counts) == 10
    assert min(counts.values()) >= 1
    assert counts["Mathematics"] >= MAJORITY
    page(blog, "/category/Mathematics/2/")


def test_ids_are_used_once_and_parents_exist(blog: SampleBlog) -> None:
    said = [comment for post in blog.source.posts for comment in post.comments]
    assert len({comment.id for comment in said}) == len(said)
    for post in blog.source.posts:
        known = {None, *(comment.id for comment in post.comments)}
        assert {comment.parent for comment in post.comments} <= known


def test_pictures_and_attachments_of_the_posts_are_there(blog: SampleBlog) -> None:
    for post in blog.source.posts:
        for path in re.findall(r'(?:src|href)="(/(?:usr|attachment)/[^"]+)"', post.body):
            page_or_file = blog.respond("GET", path, HOST)
            assert page_or_file.status == 200, f"post {post.id}: {path}"


def test_pictures_are_what_their_names_say(blog: SampleBlog) -> None:
    magic = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".svg": b"<svg "}
    for path, data in blog.source.files.items():
        start = magic.get(path[-4:])
        assert start is None or data.startswith(start), path
        assert len(data) < 15_000, path


def test_a_tag_before_a_letter_in_formulas_is_escaped(blog: SampleBlog) -> None:
    for post in blog.source.posts:
        shown = "".join(Selector(post.body).xpath("//text()").getall())
        assert shown.count("\\begin{") == shown.count("\\end{") == post.body.count("\\begin{"), post.id


# Addresses


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 200),
        ("/page/2/", 200),
        ("/page/3/", 404),
        ("/category/Mathematics", 200),
        ("/category/Mathematics/", 200),
        ("/category/Mathematics/1/", 200),
        ("/category/Mathematics/3/", 404),
        ("/category/Nothing", 404),
        ("/content.html", 200),
        ("/content.html?tag=%E9%80%BC%E8%BF%91", 200),
        ("/archives/131", 200),
        ("/archives/131/", 200),
        ("/archives/9", 404),
        ("/archives/131.html", 404),
        ("/archives/131/comment-page-1", 200),
        ("/archives/131/comment-page-2", 404),
        ("/archives/207/comment-page-2?replyTo=2340", 200),
        ("/tag/%E9%80%BC%E8%BF%91/", 200),
        ("/tag/none/", 404),
        ("/feed", 200),
        ("/attachment/9/", 200),
        ("/attachment/4/", 404),
        ("/static/MathJax-2.7.9/MathJax.js?config=TeX-AMS-MML_HTMLorMML", 404),
        ("/search/pi/", 404),
        ("/archives/131/../4", 404),
    ],
)
def test_addresses(blog: SampleBlog, target: str, status: int) -> None:
    page(blog, target, status)


def test_robots(blog: SampleBlog) -> None:
    assert page(blog, "/robots.txt") == "User-agent: *\nDisallow: /search/\n"


def test_the_bare_address_shows_the_last_comment_page(blog: SampleBlog) -> None:
    bare, last = page(blog, "/archives/207"), page(blog, "/archives/207/comment-page-2")
    shown = re.findall(r'<li class="ComListLi" id="comment-(\d+)"', bare)
    assert shown == re.findall(r'<li class="ComListLi" id="comment-(\d+)"', last)
    assert "2210" not in shown
    assert "comment-page-1#comments" in bare


def test_a_comment_page_holds_ten_threads(blog: SampleBlog) -> None:
    tree = Selector(page(blog, "/archives/207/comment-page-1"))
    assert len(tree.xpath("//ol[@class='AllComments']/li")) == 10


def test_the_deepest_comment_cannot_be_answered(blog: SampleBlog) -> None:
    tree = Selector(page(blog, "/archives/207/comment-page-1"))
    deepest = tree.xpath("//li[@id='comment-2226']")
    assert len(deepest.xpath("ancestor-or-self::li[@class='ComListLi']")) == 10
    assert not deepest.xpath("span[@class='comment_reply']")
    assert deepest.xpath("../../span[@class='comment_reply']")


def test_the_pager_names_what_is_there(blog: SampleBlog) -> None:
    first, last = page(blog, "/category/Mathematics"), page(blog, "/category/Mathematics/2/")
    assert "&raquo;" in first
    assert "&laquo;" not in first
    assert "&laquo;" in last
    assert "&raquo;" not in last


def test_the_catalogue_counts_every_post(blog: SampleBlog) -> None:
    text = page(blog, "/content.html")
    assert sum(int(number) for number in re.findall(r"共(\d+)篇", text)) == len(blog.source.posts)
    assert len(re.findall(r'/archives/(\d+)#PostComment"', text)) == len(blog.source.posts)


def test_headings_get_an_anchor(blog: SampleBlog) -> None:
    assert '<h2 id="天在转">天在转<a href="#天在转"> #</a></h2>' in page(blog, "/archives/58")


def test_the_feed_ends_every_item_with_a_link_to_the_rest(blog: SampleBlog) -> None:
    feed = ElementTree.fromstring(page(blog, "/feed"))
    assert len(feed.findall(".//item")) == 10
    encoded = feed.findtext(".//item/{http://purl.org/rss/1.0/modules/content/}encoded")
    assert encoded is not None
    assert encoded.endswith("[...]</a></p>")


# What the archiver makes of it


def test_posts_are_read_as_they_are_stored(blog: SampleBlog) -> None:
    for stored in blog.source.posts:
        post = parse_post(f"{SITE.base}/archives/{stored.id}", page(blog, f"/archives/{stored.id}").encode(), SITE)
        assert (post.title, post.published_on, post.author) == (stored.title, stored.date, blog.source.owner)
        assert [category.slug for category in post.categories] == list(stored.categories)
        assert (post.tags, post.comment_count) == (stored.tags, len(stored.comments))
        assert len(post.content.code_blocks) == stored.body.count("<pre")
        assert len(post.content.images) == stored.body.count("<img") + stored.body.count("<svg")
        assert "打赏" not in post.content.markdown


def test_comments_are_read_as_they_are_stored(blog: SampleBlog) -> None:
    for stored in blog.source.posts:
        url = f"/archives/{stored.id}"
        last = parse_post(SITE.base + url, page(blog, url).encode(), SITE)
        found = list(last.comments)
        for number in range(1, last.comment_pages):
            earlier = f"{url}/comment-page-{number}"
            found += parse_comment_page(SITE.base + earlier, page(blog, earlier).encode(), SITE).comments
        read = {(comment.id, comment.parent_id, comment.author, comment.published_on) for comment in found}
        assert read == {(comment.id, comment.parent, comment.author, comment.date) for comment in stored.comments}


def test_lists_name_every_post(blog: SampleBlog) -> None:
    every = {(post.id, post.title, post.date) for post in blog.source.posts}
    listed = set()
    for slug in blog.source.categories:
        number: int | None = 1
        while number:
            path = f"/category/{slug}/{number}/"
            listing = parse_listing(SITE.base + path, page(blog, path).encode(), SITE)
            listed |= {(entry.post_id, entry.title, entry.published_on) for entry in listing.entries}
            number = listing.next_page
    assert listed == every
    catalogue = parse_catalogue(f"{SITE.base}/content.html", page(blog, "/content.html").encode(), SITE)
    assert {(entry.post_id, entry.title, entry.published_on) for entry in catalogue.entries} == every


def test_the_index_leads_to_posts_but_for_one(blog: SampleBlog) -> None:
    index = parse_topics("index.md", (sample_folder() / "index.md").read_bytes())
    linked = [link.post_id for topic in index.topics for link in topic.links]
    assert [number for number in linked if blog.source.post(number) is None] == [97]
    assert [number for number in set(linked) if linked.count(number) > 1] == [219]


# What depends on the request


def test_links_of_the_chrome_carry_the_host_that_was_asked(blog: SampleBlog) -> None:
    for host, origin in (("127.0.0.1:8000", "http://127.0.0.1:8000"), ("spaces.ac.cn", "https://spaces.ac.cn")):
        body = blog.respond("GET", "/archives/131", {"Host": host}).body.decode()
        assert f'<h1><a href="{origin}/archives/131">' in body
    assert "<script>" not in blog.respond("GET", "/", {"Host": "x/<script>"}).body.decode()


def test_counts_and_random_posts_move_the_same_way_on_every_server() -> None:
    one, other = SampleBlog(), SampleBlog()
    loads = [page(one, "/archives/131") for _ in range(3)]
    assert len(set(loads)) == 3
    assert loads == [page(other, "/archives/131") for _ in range(3)]
    assert "4207位读者" in loads[0]
    assert "4209位读者" in loads[2]


def test_compressed_when_accepted(blog: SampleBlog) -> None:
    response = blog.respond("GET", "/robots.txt", {**HOST, "Accept-Encoding": "gzip, deflate"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.body).startswith(b"User-agent")
    picture = blog.respond("GET", "/usr/themes/geekg/images/logo.png", {**HOST, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in picture.headers


def test_pictures_have_an_etag_and_pages_have_none(blog: SampleBlog) -> None:
    path = "/usr/themes/geekg/images/logo.png"
    etag = blog.respond("GET", path, HOST).headers["ETag"]
    assert blog.respond("GET", path, {**HOST, "If-None-Match": etag}).status == 304
    assert "ETag" not in blog.respond("GET", "/archives/131", HOST).headers


# What goes wrong


def test_gate_opens_with_its_cookie() -> None:
    blog = SampleBlog(gate=True)
    closed = blog.respond("GET", "/archives/131", HOST)
    assert closed.status == 403
    assert b"window.location.href" in closed.body
    cookie = closed.headers["Set-Cookie"].partition(";")[0]
    assert blog.respond("GET", "/archives/131", {**HOST, "Cookie": cookie}).status == 200
    assert blog.respond("GET", "/robots.txt", HOST).status == 200


def test_broken_paths() -> None:
    blog = SampleBlog(broken={"/archives/105": 500, "/archives/131": [429, 503]})
    assert [blog.respond("GET", "/archives/105", HOST).status for _ in range(3)] == [500, 500, 500]
    first, second, third = (blog.respond("GET", "/archives/131", HOST) for _ in range(3))
    assert [first.status, second.status, third.status] == [429, 503, 200]
    assert first.headers["Retry-After"] == "1"


def test_overrides_answer_one_target_only() -> None:
    blog = SampleBlog(overrides={"/archives/131?x=1": SampleResponse(302, {"Location": "/archives/4"}, b"")})
    assert blog.respond("GET", "/archives/131?x=1", HOST).status == 302
    assert blog.respond("GET", "/archives/131", HOST).status == 200


def test_the_blog_changes_between_requests(blog: SampleBlog) -> None:
    before = blog.source
    blog.source = before.edited(131, title="A new title").deleted(4)
    assert "A new title" in page(blog, "/archives/131")
    page(blog, "/archives/4", 404)
    blog.source = before.published(_later_post())
    assert "/archives/300" in page(blog, "/category/Everything")
    with pytest.raises(KeyError):
        before.edited(1, title="no such post")


def _later_post() -> SamplePost:
    head = "title: Later\ndate: 2025-07-01\ncategories: Everything\ntags: a, b\nreaders: 1"
    return source.parse_post(300, f"{head}\n\n<p>text</p>\n")


# On the wire


def test_served_with_keep_alive_and_recorded(blog: SampleBlog, served: http.client.HTTPConnection) -> None:
    for target, status in (("/robots.txt", 200), ("/archives/131", 200), ("/archives/1", 404)):
        served.request("GET", target)
        response = served.getresponse()
        assert (response.status, len(response.read())) == (status, int(response.headers["Content-Length"]))
    served.request("HEAD", "/archives/131")
    assert served.getresponse().read() == b""
    assert blog.requests == [
        ("GET", "/robots.txt", 200),
        ("GET", "/archives/131", 200),
        ("GET", "/archives/1", 404),
        ("HEAD", "/archives/131", 200),
    ]


def test_a_truncated_body_is_shorter_than_announced(blog: SampleBlog, served: http.client.HTTPConnection) -> None:
    blog.broken["/archives/131"] = "truncate"
    served.request("GET", "/archives/131")
    with pytest.raises(http.client.IncompleteRead):
        served.getresponse().read()


def test_a_reset_connection(blog: SampleBlog, served: http.client.HTTPConnection) -> None:
    blog.broken["/archives/131"] = ["reset"]
    served.request("GET", "/archives/131")
    with pytest.raises(ConnectionError):
        served.getresponse()
    assert blog.requests == [("GET", "/archives/131", 0)]
    served.close()
    served.request("GET", "/archives/131")
    assert served.getresponse().status == 200


def test_other_methods_are_refused(served: http.client.HTTPConnection) -> None:
    served.request("POST", "/archives/131/comment", body=json.dumps({"text": "hello"}))
    assert served.getresponse().status == 405
