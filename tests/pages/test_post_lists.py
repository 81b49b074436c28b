"""Lists of posts: what is read of each form, and that whatever a server sends is a list or is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import sites
from archiver.errors import PageNotRecognised
from archiver.items import ListedPost, PostList
from archiver.pages.listed import LARGEST, MOST
from archiver.pages.post_lists import WELL_KNOWN, announced, in_robots, parse_post_list
from archiver.profile import read
from archiver.urls import Site

TOML = (Path(sites.__file__).parent / "kexue.toml").read_text("utf-8")
SITE = Site(
    read(
        TOML.replace('"https://kexue.fm"', '"https://chalk.example"').replace(
            '["kexue.fm", "www.kexue.fm", "spaces.ac.cn", "www.spaces.ac.cn"]', '["chalk.example", "www.chalk.example"]'
        ),
        "chalk.toml",
    )
)
HOME = "https://chalk.example"


def listed(body: str | bytes, path: str = "/list", headers: Mapping[str, str] = {}) -> PostList:
    return parse_post_list(HOME + path, body if isinstance(body, bytes) else body.encode(), SITE, headers)


def post(
    path: str, title: str = "", day: str | None = None, modified: str | None = None, count: int | None = None
) -> Any:
    return ListedPost(url=HOME + path, title=title, published_on=day, modified_at=modified, comment_count=count)


# Sitemaps

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="/sitemap.xsl"?>
<!-- made for a test -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
  xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>
  https://www.chalk.example/archives/7/?a=1&amp;b=2#top </loc><lastmod>2024-07-07T11:54:49.000Z</lastmod>
  <image:image><image:loc>https://chalk.example/usr/uploads/board.png</image:loc></image:image></url>
<url><loc>https://elsewhere.example/archives/8</loc></url>
<url><loc>https://chalk.example/about.html</loc><lastmod>2024-07-08</lastmod></url>
<url><loc>https://chalk.example/archives/9</loc><news:news><news:publication_date>2024-07-09</news:publication_date>
  <news:title>Dust &amp; slate</news:title></news:news></url>
<url><loc>https://chalk.example/archives/7</loc></url><url><priority>1</priority></url>
</urlset>"""
SITEMAP_ENTRIES = (
    post("/archives/7", modified="2024-07-07T11:54:49+00:00"),
    post("/about.html", modified="2024-07-08"),
    post("/archives/9", "Dust & slate", "2024-07-09"),
)


@pytest.mark.parametrize(
    "body",
    [
        SITEMAP.encode(),
        gzip.compress(SITEMAP.encode()),
        b"\xef\xbb\xbf\r\n " + SITEMAP.encode(),
        SITEMAP.replace("UTF-8", "UTF-16").encode("utf-16"),
        SITEMAP.replace("<url", "<s:url")
        .replace("</url", "</s:url")
        .replace("loc>", "s:loc>")
        .replace("lastmod>", "s:lastmod>")
        .replace("image:s:loc", "image:loc")
        .replace("set xmlns=", "set xmlns:s=")
        .encode(),
    ],
    ids=["plain", "gzip", "after a blank", "UTF-16", "prefixes"],
)
def test_a_sitemap_names_pages_and_when_they_changed(body: bytes) -> None:
    read_list = listed(body, "/sitemap.xml")
    assert read_list.entries == SITEMAP_ENTRIES
    assert (read_list.url, read_list.reader, read_list.further) == (HOME + "/sitemap.xml", "sitemap", ())
    assert read_list.whole


def test_a_sitemap_that_is_cut_short_is_read_as_far_as_it_goes_and_is_not_whole() -> None:
    cut = SITEMAP.encode()[: SITEMAP.index("Dust")]
    packed = gzip.compress(SITEMAP.encode())
    assert listed(cut).entries[:2] == SITEMAP_ENTRIES[:2]
    assert not listed(cut).whole
    assert not listed(packed[:-20]).whole


def test_an_index_of_sitemaps_leads_to_each_of_them_but_itself() -> None:
    body = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <sitemap><loc>https://chalk.example/post-sitemap.xml</loc><lastmod>2024-01-01</lastmod></sitemap>
    <sitemap><loc>/page-sitemap.xml.gz</loc></sitemap><sitemap><loc>https://chalk.example/sitemap.xml</loc></sitemap>
    <sitemap><loc>https://elsewhere.example/sitemap.xml</loc></sitemap></sitemapindex>"""
    index = listed(body, "/sitemap.xml")
    assert index.further == (f"{HOME}/post-sitemap.xml", f"{HOME}/page-sitemap.xml.gz")
    assert (index.entries, index.whole, index.ending) == ((), True, "</sitemap></sitemapindex>")


def test_a_sitemap_may_be_a_list_of_lines() -> None:
    lines = listed(
        "https://chalk.example/archives/7\r\n\r\nhttps://elsewhere.example/\nhttp://chalk.example/archives/9\n"
    )
    assert lines.entries == (post("/archives/7"), post("/archives/9"))
    assert (lines.reader, lines.whole, lines.ending) == ("sitemap", True, None)


# Feeds

RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"
 xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Chalk Marks</title><link>https://chalk.example/</link>{head}
<item><media:title>a picture</media:title><title>Fish &amp;#8211; &lt;em&gt;and&lt;/em&gt; chips</title>
 <link>https://chalk.example/archives/7</link><comments>https://chalk.example/archives/7#comments</comments>
 <pubDate>Sat, 30 Apr 2022 23:30:00 -0500</pubDate><slash:comments>12</slash:comments></item>
<item><title><![CDATA[A list<int> in C++]]></title><link>https://feeds.example/~r/chalk/9</link>
 <feedburner:origLink>https://chalk.example/archives/9</feedburner:origLink><atom:updated>2024-02-03</atom:updated></item>
<item><title>Elsewhere, with a word of ours</title><link>https://elsewhere.example/</link>
 <guid>https://chalk.example/archives/10</guid></item>
<item><title>No address of ours</title><link>https://elsewhere.example/</link>
 <guid isPermaLink="false">https://chalk.example/?p=11</guid></item>
</channel></rss>"""
RSS_ENTRIES = (
    post("/archives/7", "Fish – and chips", "2022-04-30", count=12),
    post("/archives/9", "A list<int> in C++", modified="2024-02-03"),
    post("/archives/10", "Elsewhere, with a word of ours"),
)


def test_rss_names_the_newest_posts_by_the_first_address_of_the_blog() -> None:
    feed = listed(RSS.format(head=""), "/feed")
    assert feed.entries == RSS_ENTRIES
    assert (feed.reader, feed.further, feed.whole) == ("feed", (), False)


def test_older_entries_are_where_the_feed_says() -> None:
    head = """<atom:link rel="self" href="https://chalk.example/feed"/><atom:link rel="next" href="/feed/2"/>
    <atom:link rel="prev-archive" href="https://chalk.example/feed/2021"/><atom:link rel="next" href="https://e.example/"/>"""
    assert listed(RSS.format(head=head), "/feed").further == (f"{HOME}/feed/2", f"{HOME}/feed/2021")


@pytest.mark.parametrize(
    ("path", "further"),
    [("/feed/", "/feed?paged=2"), ("/feed?paged=2", "/feed?paged=3"), ("/feed?paged=x&y=1", "/feed?paged=2&y=1")],
)
def test_a_feed_of_wordpress_goes_on(path: str, further: str) -> None:
    wordpress = RSS.format(head="<generator>https://wordpress.org/?v=6.9</generator>")
    assert listed(wordpress, path).further == (HOME + further,)


def test_a_feed_of_wordpress_ends_where_a_page_is_empty() -> None:
    empty = "<rss><channel><generator>https://wordpress.org/?v=6.9</generator></channel></rss>"
    assert listed(empty, "/feed?paged=9").further == ()


def test_a_feed_that_says_it_is_complete_is_whole() -> None:
    head = '<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>'
    assert listed(RSS.format(head=head)).whole


def test_rss_1_has_its_items_beside_the_channel() -> None:
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://chalk.example/"><title>Chalk</title>
    <items><rdf:Seq><rdf:li resource="https://chalk.example/archives/7"/></rdf:Seq></items></channel>
    <item rdf:about="https://chalk.example/archives/7"><title>Old chalk</title><link>https://chalk.example/archives/7</link>
    <dc:date>2005-04-06T23:00:00+08:00</dc:date></item></rdf:RDF>"""
    assert listed(rdf).entries == (post("/archives/7", "Old chalk", "2005-04-06"),)


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"
 xml:base="https://chalk.example/blog/"><title>Chalk Marks</title><link rel="next" href="/atom.xml?page=2"/>
<entry><title>AT&amp;amp;T, as text</title><link rel="replies" href="/archives/7/comments"/>
 <link type="application/json" href="/archives/7.json"/><link rel="alternate" type="text/html" href="../archives/7"/>
 <id>tag:chalk.example,2024:7</id><published>2024-02-03T23:00:00-08:00</published>
 <updated>2024-03-04T05:06:07Z</updated><thr:total>3</thr:total></entry>
<entry><title type="html">AT&amp;amp;T, as HTML</title><id>https://chalk.example/archives/9</id></entry>
<entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">as <b>XHTML</b></div></title>
 <link href="https://chalk.example/archives/10"/></entry></feed>"""


def test_atom_says_how_its_titles_are_written_and_where_its_links_count_from() -> None:
    feed = listed(ATOM, "/atom.xml")
    assert feed.entries == (
        post("/archives/7", "AT&amp;T, as text", "2024-02-03", "2024-03-04T05:06:07+00:00", 3),
        post("/archives/9", "AT&T, as HTML"),
        post("/archives/10", "as XHTML"),
    )
    assert feed.further == (f"{HOME}/atom.xml?page=2",)


def test_a_feed_of_comments_names_no_posts() -> None:
    feed = "<rss><channel><item><title>By: 甲</title><link>https://chalk.example/archives/7#comment-4</link></item></channel></rss>"
    assert listed(feed).entries == ()


def test_careless_xml_is_read() -> None:
    feed = "\n<rss><channel><item><title>a&nbsp;b & c</title><link>/archives/7</link><p></item></channel></rss>"
    assert listed(feed).entries == (post("/archives/7", "a b c"),)


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "next_url": f"{HOME}/feed.json?page=2",
    "items": [
        {"id": "1", "url": "/archives/7", "title": "Seven", "date_published": "2024-02-03T04:05:06+08:00"},
        {"id": f"{HOME}/archives/9", "date_modified": "2024-03-04T00:00:00Z"},
        {"id": 3},
    ],
}


def test_a_json_feed_is_a_feed() -> None:
    feed = listed(json.dumps(JSON_FEED))
    assert feed.entries == (
        post("/archives/7", "Seven", "2024-02-03"),
        post("/archives/9", modified="2024-03-04T00:00:00+00:00"),
    )
    assert (feed.reader, feed.further, feed.whole) == ("json-feed", (f"{HOME}/feed.json?page=2",), False)


# WordPress

API = "/wp-json/wp/v2/posts?per_page=100"
POSTS = [
    {
        "id": 7,
        "date": "2024-02-03T23:00:00",
        "date_gmt": "2024-02-04T07:00:00",
        "modified_gmt": "2024-03-04T05:06:07",
        "link": f"{HOME}/archives/7/",
        "title": {"rendered": "Fish &#038; &lt;chips&gt; <em>twice</em>"},
    }
]


@pytest.mark.parametrize(
    ("path", "total", "further"),
    [
        (API, "3", ["&page=2", "&page=3"]),
        (API + "&page=2", "3", ["&page=1", "&page=3"]),
        (API, "1", []),
        (API, None, []),
        (API, "many", []),
    ],
)
def test_wordpress_tells_all_its_posts_page_by_page(path: str, total: str | None, further: list[str]) -> None:
    page = listed(json.dumps(POSTS), path, {"X-WP-TotalPages": total} if total else {})
    assert page.entries == (post("/archives/7", "Fish & <chips> twice", "2024-02-03", "2024-03-04T05:06:07+00:00"),)
    assert (page.reader, page.whole) == ("wp-json", True)
    assert page.further == tuple(f"{HOME}{API}{number}" for number in further)


def test_wordpress_tells_how_many_posts_there_are_and_the_clock_of_the_blog() -> None:
    page = listed(json.dumps(POSTS), API, {"X-WP-TotalPages": "1", "X-WP-Total": "43"})
    assert (page.total, [each.zone for each in page.entries]) == (43, ["-08:00"])
    gmt_lost = [{**POSTS[0], "date_gmt": "0000-00-00T00:00:00"}]
    assert [(each.published_on, each.zone) for each in listed(json.dumps(gmt_lost), API).entries] == [
        ("2024-02-03", "+00:00")
    ]


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("<h2>2024</h2>", "<time>09-25</time> {}"),
        ("<h2><a href='/2024/'>2024</a> <sup>12</sup></h2>", "{} <span>Sep 25</span>"),
        ("<div class=collection-year><span>2024</span></div>", "{} <small>9月25日</small>"),
        ("<h3>2024 年</h3>", "<span>25 September</span> {}"),
    ],
)
def test_a_day_without_a_year_is_of_the_year_above_it(above: str, line: str) -> None:
    def of_year(heading: str, number: int) -> str:
        return f"{heading}<ul><li>{line.format(f'<a href=/archives/{number}>On 2/3 of chalk</a>')}</li></ul>"

    found = page(of_year(above, 7) + of_year(above.replace("2024", "2023"), 9))
    assert [entry.published_on for entry in found.entries] == ["2024-09-25", "2023-09-25"]


@pytest.mark.parametrize("line", ["{}", "<b>13-25</b> {}", "{} <b>7 of 12</b>", "<b>version 1.2.3</b> {}"])
def test_a_line_without_a_day_has_none_under_a_year_either(line: str) -> None:
    found = page(f"<h2>2024</h2><ul><li>{line.format('<a href=/archives/7>On 2/3 of chalk</a>')}</li></ul>")
    assert [entry.published_on for entry in found.entries] == [None]


def test_pages_beyond_belief_are_not_asked_for() -> None:
    page = listed(json.dumps(POSTS), API, {"x-wp-totalpages": "9999999"})
    assert (len(page.further), page.whole) == (999, False)


def test_a_wordpress_without_posts_is_an_empty_list_and_a_refusal_is_none() -> None:
    assert listed("[]", API, {"X-WP-TotalPages": "0"}).entries == ()
    with pytest.raises(PageNotRecognised, match="JSON without posts"):
        listed('{"code":"rest_no_route","message":"No route","data":{"status":404}}', API)


# Indexes of searches

HEXO_POST: dict[str, Any] = {
    "title": "source build&#x2F;run",
    "date": "2024-02-03T04:05:06.000Z",
    "updated": "2024-03-04T05:06:07.000Z",
}
HEXO_POST |= {"comments": True, "path": "archives/7"}


@pytest.mark.parametrize(
    "index",
    [
        [HEXO_POST],
        {
            "meta": {"title": "Chalk", "url": HOME},
            "pages": [{"title": "About", "path": "about.html"}],
            "posts": [HEXO_POST],
        },
        {
            "posts": [HEXO_POST | {"link": "", "permalink": f"{HOME}/archives/7"}],
            "tags": [{"name": "a", "path": "tag/a"}],
        },
        {"data": {"count": 1, "Posts": [HEXO_POST]}},
    ],
    ids=["bare", "with pages", "permalink", "nested"],
)
def test_an_index_of_hexo_names_all_posts(index: object) -> None:
    found = listed(json.dumps(index), "/content.json")
    assert found.entries == (post("/archives/7", "source build/run", "2024-02-03", "2024-03-04T05:06:07+00:00"),)
    assert (found.reader, found.whole, found.ending) == ("search-index", True, None)


@pytest.mark.parametrize(
    "names",
    [
        ("permalink", "title", "date", "lastmod"),
        ("uri", "Title", "publishDate", "lastMod"),
        ("relPermalink", "title", "date_published", "date_modified"),
        ("href", "title", "created_at", "updated_at"),
    ],
)
def test_an_index_of_hugo_names_things_as_its_theme_does(names: tuple[str, ...]) -> None:
    values = ("/archives/7", "Seven", "2024-02-03", "2024-03-04")
    index = [dict(zip(names, values, strict=True)), {"title": "no address"}, {names[0]: "/archives/8"}, 5]
    assert listed(json.dumps(index), "/index.json").entries == (
        post("/archives/7", "Seven", "2024-02-03", "2024-03-04"),
    )


def test_several_parts_of_a_post_are_one_post() -> None:
    index = [{"href": f"archives/7{part}", "title": title} for part, title in (("", "Seven"), ("#more", "More of it"))]
    assert listed(json.dumps(index), "/search.json").entries == (post("/archives/7", "Seven"),)


def test_an_index_in_xml_names_all_posts() -> None:
    index = """<?xml version="1.0" encoding="utf-8"?><search>
    <entry><title>Fish &amp; chips</title><link href="/archives/7"/><url>/archives/7</url>
     <content type="html"><![CDATA[<title>not this</title>]]></content></entry>
    <entry><title><![CDATA[a < b]]></title><url>%2Farchives%2F9%2F</url></entry>
    <entry><title>by its link</title><link href="/archives/10"/></entry><entry><title>nowhere</title></entry>
    </search>"""
    found = listed(index, "/search.xml")
    assert found.entries == (
        post("/archives/7", "Fish & chips"),
        post("/archives/9", "a < b"),
        post("/archives/10", "by its link"),
    )
    assert (found.reader, found.whole) == ("search-index", True)


# Pages

CARD = """<article><a href="/archives/{0}"><img src="a.png" alt=""></a><h2><a href="/archives/{0}">Post {0}</a></h2>
<p class="post-meta"><time datetime="2024-02-0{0}T23:00:00Z">Feb {0}, 2024</time> ·
<time class="updated" datetime="2024-03-0{0}T01:02:03Z">March</time> ·
<a href="/archives/{0}#comments">{0} comments</a></p>
<p>It has been long since May 3, 2001.</p><a href="/archives/{0}#more">Read more</a></article>"""


def page(body: str, path: str = "/", head: str = "") -> PostList:
    return listed(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>", path)


def test_a_page_of_cards_tells_title_days_and_comments() -> None:
    side = '<aside><h3>Recent</h3><a href="/archives/9">Nine</a><a href="/archives/1">One</a></aside>'
    found = page(side + "<main>" + "".join(map(CARD.format, (2, 1))) + "</main>")
    assert found.entries == (
        post("/archives/2", "Post 2", "2024-02-02", "2024-03-02T01:02:03+00:00", 2),
        post("/archives/1", "Post 1", "2024-02-01", "2024-03-01T01:02:03+00:00", 1),
        post("/archives/9", "Nine"),
    )
    assert (found.reader, found.whole, found.ending) == ("html", True, "</html>")


@pytest.mark.parametrize(
    "row",
    [
        "<li><span>2024-02-0{0}</span> <a href='/archives/{0}'>Post {0}</a></li>",
        "<li><a href='/archives/{0}'>Post {0}<time>2024-02-0{0}</time></a></li>",
        "<li><a href='/archives/{0}'><h3>Post {0}</h3><p>An excerpt.</p></a> 2024年2月{0}日</li>",
        "<tr><td>Feb {0}, 2024</td><td><a href='/archives/{0}'>Post {0}</a></td></tr>",
        "<dt>{0} Feb 2024</dt><dd><a href='/archives/{0}'>Post {0}</a></dd>",
        "<div><h2>Post {0}</h2><b title='2024-02-0{0} 00:00:00 +0000'>lately</b><a href='/archives/{0}'></a></div>",
        "<p><a href='/archives/{0}'>阅读全文</a><a href='/archives/{0}'>Post {0}</a><b title='2024-02-0{0}'></b></p>",
    ],
)
def test_an_archive_of_any_theme_tells_title_and_day(row: str) -> None:
    table = "table" if row.startswith("<tr") else "dl" if row.startswith("<dt") else "section"
    rows = "".join(map(row.format, (3, 2)))
    assert page(f"<{table}>{rows}</{table}>", "/2024/").entries == (
        post("/archives/3", "Post 3", "2024-02-03"),
        post("/archives/2", "Post 2", "2024-02-02"),
    )


def test_the_heading_next_to_a_link_is_its_title() -> None:
    month = "<div><h3>Month {0}</h3><p>2024-0{0}-01</p><div><h4>Post {0}</h4><a href='/archives/{0}'></a></div></div>"
    found = page("".join(map(month.format, (2, 1))), "/archives.html")
    assert found.entries == (post("/archives/2", "Post 2", "2024-02-01"), post("/archives/1", "Post 1", "2024-01-01"))


def test_the_day_that_people_read_counts() -> None:
    rows = (
        "<p><time datetime='2024-02-02T16:53:00Z'>2024-02-03</time><a href='/archives/7'>Seven</a></p>" + CARD.format(1)
    )
    assert page(rows).entries[0] == post("/archives/7", "Seven", "2024-02-03")


def test_a_page_leads_to_the_other_pages_of_its_list() -> None:
    pager = """<nav class=pagination><a href="/page/1/">1</a><a href="/page/3/">3</a><a href="/page/9/">9</a>
    <a class=next href="/page/3/">Older</a></nav><a href="/tag/chalk/">chalk</a><a href="/category/Maths">Maths</a>"""
    found = page(CARD.format(1) + pager, "/page/2/")
    assert found.further == (f"{HOME}/", f"{HOME}/page/3/", f"{HOME}/page/9/")
    assert found.whole


def test_what_the_text_of_another_post_mentions_is_not_in_the_list() -> None:
    heading = "<h2><a href='/archives/{0}'>Post {0}</a></h2>"
    row = f"<article>{heading}<p>As <a href='/archives/9'>nine</a> has it.</p></article>"
    found = page("<main>" + "".join(map(row.format, (3, 2))) + "</main><ul><li><a href='/archives/1'>One</a></li></ul>")
    assert [each.url for each in found.entries] == [f"{HOME}/archives/{number}" for number in (3, 2, 1)]


def test_what_stands_below_the_one_post_with_a_heading_is_in_the_list() -> None:
    row = "<main><h2><a href='/archives/3'>Three</a></h2><ul><li><a href='/archives/2'>Two</a></li></ul></main>"
    assert [each.url for each in page(row).entries] == [f"{HOME}/archives/3", f"{HOME}/archives/2"]


def test_a_list_is_not_whole_if_its_further_pages_are_not_known_by_their_addresses() -> None:
    profile = read(SITE.profile.written[0].replace("[places]\n", '[places]\nlists = ["/all.xml"]\n', 1), "chalk.toml")
    for part, whole in (("/all.xml?part=2", True), ("/rest.dat", False)):
        index = f"<sitemapindex><sitemap><loc>{HOME}{part}</loc></sitemap></sitemapindex>"
        found = parse_post_list(f"{HOME}/all.xml", index.encode(), Site(profile))
        assert (found.further, found.whole) == ((f"{HOME}{part}",) if whole else (), whole)


def test_a_page_whose_next_one_is_not_known_is_not_whole() -> None:
    found = page(CARD.format(1), "/", '<link rel="next" href="/?offset=10">')
    assert (found.further, found.whole) == ((), False)


def test_a_page_that_links_no_posts_is_none() -> None:
    with pytest.raises(PageNotRecognised, match=r"expected a sitemap, a feed, .* found <html> without links to posts"):
        listed("<html><body><a href='/about.html'>About</a></body></html>")
    with pytest.raises(PageNotRecognised):
        listed(f"<html><body><a href='{HOME}/archives/7'>The post itself</a></body></html>", "/archives/7")


# Where lists are

FRONT = b"""<!doctype html><html><head>
<link rel="alternate" type="application/rss+xml" title="Chalk Marks" href="/feed">
<link rel="alternate" type="application/rss+xml" title="Chalk Marks &raquo; Comments Feed" href="/comments/feed/">
<link rel="alternate" type="application/atom+xml" href="https://elsewhere.example/atom.xml">
<link rel="alternate" type="application/feed+json" href="/feed.json"><link rel="alternate" hreflang="de" href="/de/">
<link rel="sitemap" type="application/xml" href="/sitemap-index.xml">
<link rel="https://api.w.org/" href="https://chalk.example/wp-json/"></head><body></body></html>"""


def test_a_front_page_names_lists() -> None:
    paths = ["/wp-json/wp/v2/posts?per_page=100", "/sitemap-index.xml", "/feed", "/feed.json"]
    assert announced(f"{HOME}/", FRONT, SITE) == tuple(HOME + path for path in paths)
    assert announced(f"{HOME}/", b"", SITE) == ()
    odd = b'<link rel="alternate" type="application/rss+xml" href="http://[">'
    assert announced(f"{HOME}/", FRONT.replace(b"</head>", odd + b"</head>"), SITE) == announced(
        f"{HOME}/", FRONT, SITE
    )


def test_the_api_of_a_wordpress_without_rewriting_is_a_parameter() -> None:
    front = (
        b'<html><head><link rel="https://api.w.org/" href="https://chalk.example/index.php?rest_route=/"></head></html>'
    )
    (address,) = announced(f"{HOME}/", front, SITE)
    assert address == f"{HOME}/?rest_route=/wp/v2/posts&per_page=100"


def test_robots_txt_names_sitemaps() -> None:
    text = f"User-agent: *\r\nDisallow: /search\r\nSITEMAP : {HOME}/a.xml\r\nSitemap:{HOME}/b.xml.gz\nsitemap: /c.txt\n"
    text += "Sitemap: https://elsewhere.example/d.xml\n# Sitemap: https://chalk.example/e.xml\nSitemap:\n"
    assert in_robots(text, SITE) == (f"{HOME}/a.xml", f"{HOME}/b.xml.gz", f"{HOME}/c.txt")


def test_well_known_places_are_paths_and_each_has_its_source() -> None:
    assert len({each.path for each in WELL_KNOWN}) == len(WELL_KNOWN)
    assert all(each.path.startswith("/") and each.source for each in WELL_KNOWN)


# What nobody expects


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x1f\x8b",
        b"\x1f\x8bno gzip at all, and longer than that",
        b"plain words",
        b"https://chalk.example/archives/7 and words",
        b"[",
        b"[[[[[[[[[[" * 10_000,
        b'{"a":' * 100_000,
        b"[" + b"9" * 10_000 + b"]",
        b'{"posts":[{"url":7,"title":null}]}',
        b"<",
        b"<?xml",
        b"<feed",
        b"<:?xml?><urlset></urlset>",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b'"text"',
    ],
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(PageNotRecognised):
        listed(body)


def test_entities_do_not_grow_and_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    letters = "abcdefghij"
    grows = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(letters))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">{grows}'
    bomb += f'<!ENTITY file SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    feed = "<rss><channel><item><title>T &j; &file;</title><link>/archives/7</link></item></channel></rss>"
    found = listed(bomb + feed)
    assert [len(each.title) < 50 and "secret" not in each.title for each in found.entries] in ([], [True])
    attribute = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="&j;"/></entry></feed>'
    assert len(str(listed(bomb + attribute).entries)) < 1000


def test_a_list_that_unpacks_without_end_is_refused() -> None:
    with pytest.raises(PageNotRecognised, match="at most 50 MiB"):
        listed(gzip.compress(b" " * (LARGEST + 1)))


@pytest.mark.parametrize(
    "body",
    [
        "<urlset>" + "<url><loc>/archives/7</loc></url>" * (MOST + 1) + "</urlset>",
        "<rss><channel>" + "<item><link>/archives/7</link></item>" * (MOST + 1) + "</channel></rss>",
        "<search>" + "<entry><url>/archives/7</url></entry>" * (MOST + 1) + "</search>",
        "[" + ",".join(['{"url":"/archives/7","title":"x"}'] * (MOST + 1)) + "]",
        "https://chalk.example/archives/7\n" * (MOST + 1),
    ],
    ids=["sitemap", "feed", "search", "json", "lines"],
)
def test_a_list_of_more_than_a_list_may_have_is_not_whole(body: str) -> None:
    found = listed(body)
    assert (len(found.entries), found.whole) == (1, False)


FORMS = st.sampled_from(
    [
        *(each.encode() for each in (SITEMAP, RSS, ATOM, json.dumps(JSON_FEED), json.dumps(POSTS), CARD.format(1))),
        gzip.compress(SITEMAP.encode()),
        b"<search><entry><title>a</title><url>/archives/7</url></entry></search>",
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A list in which a stretch is gone, or is something else."""
    body = draw(FORMS)
    begin = draw(st.integers(0, len(body)))
    end = draw(st.integers(begin, min(len(body), begin + 40)))
    return body[:begin] + draw(st.binary(max_size=20)) + body[end:]


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode) | damaged())
def test_any_bytes_are_a_list_or_refused(body: bytes) -> None:
    try:
        found = listed(body, "/list", {"X-WP-TotalPages": "2"})
    except PageNotRecognised:
        return
    assert all(SITE.owns(each.url) for each in found.entries)
    assert len({each.url for each in found.entries}) == len(found.entries)
    for each in found.entries:
        assert each.title == " ".join(each.title.encode().decode().split())
        assert each.published_on is None or date.fromisoformat(each.published_on)
        assert each.modified_at is None or datetime.fromisoformat(each.modified_at)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["/archives/7", "//["]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "title", "posts", "items", "link", "date", "version", "id"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_list_or_refused(value: object) -> None:
    try:
        found = listed(json.dumps(value))
    except PageNotRecognised:
        return
    assert all(SITE.owns(each.url) for each in found.entries)


TITLES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp")), max_size=20)
WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda each: each.replace(microsecond=0))
WRITTEN = st.lists(st.tuples(st.integers(1, 10**6), TITLES, WHEN, st.integers(0, 5000)), unique_by=lambda each: each[0])


@given(WRITTEN)
def test_what_a_sitemap_was_written_of_is_read(posts: list[tuple[int, str, datetime, int]]) -> None:
    rows = (
        f"<url><loc>{HOME}/archives/{n}</loc><lastmod>{when.isoformat()}Z</lastmod></url>" for n, _, when, _ in posts
    )
    found = listed(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{''.join(rows)}</urlset>")
    assert found.entries == tuple(
        post(f"/archives/{n}", modified=f"{when.isoformat()}+00:00") for n, _, when, _ in posts
    )


@given(WRITTEN, st.integers(-11, 12))
def test_what_a_feed_was_written_of_is_read(posts: list[tuple[int, str, datetime, int]], hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    rows = (
        f"<item><title>{escape(escape(title))}</title><link>{HOME}/archives/{n}</link>"
        f"<pubDate>{format_datetime(when.replace(tzinfo=zone))}</pubDate><s:comments>{count}</s:comments></item>"
        for n, title, when, count in posts
    )
    found = listed(f"<rss xmlns:s='http://purl.org/rss/1.0/modules/slash/'><channel>{''.join(rows)}</channel></rss>")
    assert found.entries == tuple(
        post(f"/archives/{n}", title, when.date().isoformat(), count=count) for n, title, when, count in posts
    )


@given(WRITTEN)
def test_what_an_index_was_written_of_is_read(posts: list[tuple[int, str, datetime, int]]) -> None:
    rows = (f"<entry><title>{escape(title)}</title><url>/archives/{n}</url></entry>" for n, title, _, _ in posts)
    found = listed(f"<search>{''.join(rows)}</search>")
    assert found.entries == tuple(post(f"/archives/{n}", title) for n, title, _, _ in posts)
