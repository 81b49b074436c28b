"""The profiles of engines that come along: addresses and pages as each engine makes them are told apart and read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from archiver import profile
from archiver.pages.post import parse_post
from archiver.profile import ENGINES
from archiver.urls import Site

GOLDEN = Path(__file__).parent / "golden"
HOME = "https://chalk.example"

KNOWN = sorted(path.stem for path in ENGINES.glob("*.toml"))

POSTS = {
    "cnblogs": [],
    "generic": [("/notes/(?P<name>[^/]+?)/?", "/notes/{name}/")],
    "ghost": [("/(?P<name>(?!about)[a-z0-9-]+)/?", "/{name}/")],
    "hexo": [(r"/(?P<name>\d{4}/\d\d/\d\d/[^/]+)/?", "/{name}/")],
    "hugo": [("/posts/(?P<name>(?!page/)[^/]+)/?", "/posts/{name}/")],
    "jekyll": [(r"/(?P<name>(?:[^/]+/)?\d{4}/\d\d/\d\d/[^/]+\.html)", "/{name}")],
    "pelican": [(r"/(?P<name>(?!index|archives|authors|categories|tags)[^/]+)\.html", "/{name}.html")],
    "typecho": [(r"/archives/(?P<post>\d+)/?", "/archives/{post}/")],
    "wordpress": [(r"/(?P<name>\d{4}/\d\d/\d\d/[^/]+)/?", "/{name}/")],
}
"""Forms of the posts of a blog made by each engine, which are the blog's own."""


def site(engine: str, *posts: tuple[str, str], host: str = "chalk.example", zone: str = "+08:00") -> Site:
    """Return a blog of which a small profile says where its posts are, and its engine's the rest."""
    lists = "[places]\nlists = ['/sitemap.xml']\n" if engine == "generic" else ""
    rules = "".join(
        f"[[addresses]]\nkind = 'post'\npattern = '{pattern}'\ncanonical = '{canonical}'\n"
        for pattern, canonical in posts or POSTS[engine]
    )
    own = (
        f"extends = '{engine}'\nname = 'chalk'\ntitles = {{ en = 'Chalk' }}\norigin = 'https://{host}'\n"
        f"hosts = ['{host}']\nsince = 2009\nzone = '{zone}'\nlanguage = 'english'\ncitation_key = 'chalk-'\n{lists}"
    )
    return Site(profile.read(own + rules, f"{engine}.toml"))


def test_there_is_a_blog_here_for_every_engine() -> None:
    assert sorted(POSTS) == KNOWN
    assert {engine for engine, _, _ in ADDRESSES} == {*KNOWN}


ADDRESSES = [
    # Any engine
    ("generic", "/", "front"), ("generic", "/page/2/", "front"), ("generic", "/notes/limits/", "post"),
    ("generic", "/tags/limits/", "tag"), ("generic", "/categories/maths/page/2/", "front"),
    ("generic", "/2024/03/", "front"), ("generic", "/about/", "page"), ("generic", "/feed.xml", "feed"),
    ("generic", "/sitemap.xml", "list"), ("generic", "/sitemap/posts.xml.gz", "list"),
    ("generic", "/papers/limits.pdf", "file"), ("generic", "/about/?share=1", None),
    # Typecho
    ("typecho", "/archives/12/", "post"), ("typecho", "/index.php/archives/12/", "post"),
    ("typecho", "/archives/12/comment-page-3", "comments"), ("typecho", "/about.html", "page"),
    ("typecho", "/about.html/comment-page-2", "page"), ("typecho", "/category/maths/2/", "front"),
    ("typecho", "/category/maths/limits/", "front"), ("typecho", "/tag/limits/", "tag"),
    ("typecho", "/author/1/", "front"), ("typecho", "/2024/", "front"), ("typecho", "/page/3/", "list"),
    ("typecho", "/feed/", "list"), ("typecho", "/feed/archives/12/", "feed"), ("typecho", "/attachment/7/", "page"),
    ("typecho", "/usr/uploads/2024/03/limits.zip", "file"),
    # WordPress
    ("wordpress", "/2024/03/04/limits/", "post"), ("wordpress", "/2024/03/04/limits/comment-page-2/", "comments"),
    ("wordpress", "/about/", "page"), ("wordpress", "/about/comment-page-2/", "page"),
    ("wordpress", "/category/maths/limits/page/2/", "front"), ("wordpress", "/tag/limits/page/2/", "tag"),
    ("wordpress", "/author/ada/", "front"), ("wordpress", "/2024/03/page/2/", "front"),
    ("wordpress", "/page/2/", "front"), ("wordpress", "/feed/", "list"), ("wordpress", "/feed/?paged=3", "list"),
    ("wordpress", "/comments/feed/", "feed"), ("wordpress", "/wp-json/wp/v2/posts?per_page=100&page=2", "list"),
    ("wordpress", "/wp-sitemap-posts-post-1.xml", "list"), ("wordpress", "/wp-content/uploads/2024/03/a.pdf", "file"),
    ("wordpress", "/?p=12", None),
    # Hexo
    ("hexo", "/2024/03/04/limits/", "post"), ("hexo", "/archives/", "list"), ("hexo", "/archives/page/2/", "list"),
    ("hexo", "/archives/2024/03/", "front"), ("hexo", "/categories/maths/limits/", "front"),
    ("hexo", "/tags/limits/page/2/", "tag"), ("hexo", "/page/2/", "front"), ("hexo", "/about/", "page"),
    ("hexo", "/about/index.html", "page"), ("hexo", "/atom.xml", "feed"), ("hexo", "/sitemap.xml", "list"),
    ("hexo", "/baidusitemap.xml", "list"),
    # Hugo
    ("hugo", "/posts/limits/", "post"), ("hugo", "/posts/", "front"), ("hugo", "/posts/page/2/", "front"),
    ("hugo", "/tags/limits/", "tag"), ("hugo", "/tags/limits/index.xml", "feed"), ("hugo", "/categories/", "front"),
    ("hugo", "/index.xml", "list"), ("hugo", "/about/", "page"), ("hugo", "/archives/", "front"),
    # Jekyll
    ("jekyll", "/2024/03/04/limits.html", "post"), ("jekyll", "/maths/2024/03/04/limits.html", "post"),
    ("jekyll", "/page2/", "front"), ("jekyll", "/blog/page3/", "front"), ("jekyll", "/feed.xml", "list"),
    ("jekyll", "/about/", "page"), ("jekyll", "/about.html", "page"), ("jekyll", "/tags/limits/", "tag"),
    ("jekyll", "/category/maths.html", "front"), ("jekyll", "/archive/", "front"),
    # Pelican
    ("pelican", "/limits.html", "post"), ("pelican", "/pages/about.html", "page"), ("pelican", "/index2.html", "front"),
    ("pelican", "/archives.html", "list"), ("pelican", "/archives2.html", "list"),
    ("pelican", "/category/maths.html", "front"), ("pelican", "/category/maths2.html", "front"),
    ("pelican", "/author/ada.html", "front"), ("pelican", "/tag/limits.html", "tag"),
    ("pelican", "/feeds/all.atom.xml", "list"), ("pelican", "/feeds/maths.atom.xml", "feed"),
    # Ghost
    ("ghost", "/limits/", "post"), ("ghost", "/tag/maths/page/2/", "tag"), ("ghost", "/author/ada/", "front"),
    ("ghost", "/page/2/", "front"), ("ghost", "/rss/", "list"), ("ghost", "/tag/maths/rss/", "feed"),
    ("ghost", "/sitemap-posts.xml", "list"), ("ghost", "/about/", "page"),
    # cnblogs
    ("cnblogs", "/p/12345678.html", "post"), ("cnblogs", "/p/limits.html", "post"),
    ("cnblogs", "/archive/2012/03/04/2345678.html", "post"), ("cnblogs", "/p/", "front"),
    ("cnblogs", "/archive/2012/03.html", "front"), ("cnblogs", "/category/123456.html", "front"),
    ("cnblogs", "/tag/limits/", "tag"), ("cnblogs", "/rss", "list"), ("cnblogs", "/default.html", "list"),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "path", "kind"), ADDRESSES)
def test_an_engine_s_addresses_are_told_apart(engine: str, path: str, kind: str | None) -> None:
    blog = site(engine)
    assert blog.kind(blog.canonical(HOME + path) or "") == kind


@pytest.mark.parametrize(
    "path",
    ["/", "/about/", "/archives/", "/archives/2024/", "/tags/", "/tags/limits/", "/categories/", "/categories/maths/"],
)
def test_the_file_of_a_folder_is_the_folder(path: str) -> None:
    blog = site("hexo")
    assert blog.canonical(f"{HOME}{path}index.html") == blog.canonical(HOME + path) == HOME + path


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("generic", "/search/?q=limits"), ("generic", "/2024/?share=twitter"), ("generic", "/login"),
        ("typecho", "/archives/12/?replyTo=7"), ("typecho", "/index.php/search/limits/"), ("typecho", "/admin/"),
        ("wordpress", "/2024/03/04/limits/?replytocom=7"), ("wordpress", "/wp-login.php?redirect_to=x"),
        ("wordpress", "/?s=limits"), ("wordpress", "/2024/03/04/limits/trackback/"), ("wordpress", "/wp-admin/"),
        ("wordpress", "/2024/03/04/limits/embed/"), ("ghost", "/members/"),
    ],
)  # fmt: skip
def test_addresses_without_end_are_never_asked_for(engine: str, path: str) -> None:
    assert site(engine).is_never_asked(HOME + path)


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("generic", "/css/main.css"), ("typecho", "/usr/themes/default/style.css"), ("hexo", "/lib/font/x.woff2"),
        ("wordpress", "/wp-includes/js/wp-embed.min.js"), ("wordpress", "/wp-content/themes/slate/style.css"),
        ("pelican", "/theme/css/main.css"), ("ghost", "/assets/built/screen.css"), ("jekyll", "/assets/main.css"),
    ],
)  # fmt: skip
def test_what_pages_are_made_with_is_known(engine: str, path: str) -> None:
    assert site(engine).file_kind(HOME + path) == "requisite"


@pytest.mark.parametrize("engine", ["typecho", "wordpress"])
def test_pages_of_comments_are_those_of_their_post(engine: str) -> None:
    blog = site(engine)
    own = HOME + {"typecho": "/archives/12/", "wordpress": "/2024/03/04/limits/"}[engine]
    further = blog.discussion_url(own, 3)
    assert blog.discussion(blog.canonical(further)) == (own, 3)
    assert blog.comment_page(blog.canonical(further)) == (blog.post_id(own), 3)


@pytest.mark.parametrize(
    ("engine", "case"),
    [
        ("generic", "article-no-names"), ("ghost", "article-ghost"),
        ("hexo", "article-hexo-next"), ("hugo", "article-hugo-papermod"), ("jekyll", "article-jekyll-minima"),
        ("pelican", "article-pelican"), ("typecho", "article-typecho"), ("wordpress", "article-wordpress-block"),
        ("wordpress", "article-wordpress-classic"),
    ],
)  # fmt: skip
def test_a_post_is_read_where_its_engine_puts_it(engine: str, case: str) -> None:
    page = json.loads((GOLDEN / case / "expected.json").read_text("utf-8"))
    url: str = page["url"]
    host = url.split("/")[2]
    rule = ("/archives/(?P<post>[0-9]+)/", "/archives/{post}/") if engine == "typecho" else ("/.+", "")
    zone = re.search(r"[+-]\d\d:\d\d\Z", page.get("published_at", ""))
    blog = site(engine, rule, host=host, zone=zone[0] if zone else "+08:00")
    post = parse_post(url.replace("http:", "https:"), (GOLDEN / case / "page.html").read_bytes(), blog)
    assert (post.title, post.author) == (page["title"], ", ".join(page["authors"]))
    assert post.tags == tuple(page.get("tags", post.tags))
    assert [each.name for each in post.categories] == page.get("categories", [each.name for each in post.categories])
    assert post.published_on == page.get("day", page.get("published_at", "")[:10] or None)
    assert {each["tex"] for each in page.get("formulas", [])} <= {each.tex for each in post.content.formulas}
    assert [piece for piece in page.get("markdown_lacks", []) if piece in post.content.markdown] == []
    assert (post.quality.engine, post.quality.issues) == ("trafilatura" if engine == "generic" else "site", ())


@pytest.mark.parametrize(("engine", "day"), [("typecho", "2024-03-04"), ("wordpress", "2024-03-05")])
def test_moments_of_typecho_are_of_the_blog_s_clock_whatever_offset_they_claim(engine: str, day: str) -> None:
    when = '<time datetime="2024-03-04T20:07:00+00:00"{}>in the evening</time>'
    page = (
        "<html><body><article><h1>On chalk</h1>"
        f"{when.format(' itemprop=datePublished')}"
        "<div class=post-content itemprop=articleBody><p>Nobody wipes it.</p></div>"
        '</article><div id="comments"><ol class="comment-list"><li id="comment-3"><cite class="fn">Ben</cite>'
        f'{when.format("")}<div class="comment-content"><p>Still wet.</p></div></li></ol></div></body></html>'
    )
    blog = site(engine, (r"/archives/(?P<post>\d+)/", "/archives/{post}/"))
    post = parse_post(f"{HOME}/archives/12/", page.encode(), blog)
    assert (post.published_on, [each.published_on for each in post.comments]) == (day, [day])


def test_a_post_at_cnblogs_says_whose_it_is_below_its_text() -> None:
    page = (GOLDEN / "article-cnblogs" / "page.html").read_bytes()
    blog = site("cnblogs", ("/qiangjiao/p/(?P<post>[0-9]+).html", "/qiangjiao/p/{post}.html"), host="www.cnblogs.com")
    post = parse_post("https://www.cnblogs.com/qiangjiao/p/1234567.html", page, blog)
    assert (post.title, post.author, post.published_on) == ("两支粉笔的长度", "黑板擦", "2021-05-06")
    assert (post.quality.engine, len(post.content.formulas)) == ("site", 5)


THEMES = {
    "cnblogs": ['<div id="cnblogs_post_body" class="blogpost-body">{}</div>'],
    "ghost": [
        '<article class="gh-article post"><section class="gh-content gh-canvas">{}</section></article>',
        '<section class="post-full-content"><div class="post-content">{}</div></section>',
        '<article><section class="post-content">{}</section></article>',
    ],
    "hexo": [
        '<article class="article"><div class="e-content article-entry" itemprop="articleBody">{}</div></article>',
        '<article class="post-block"><div class="post-body" itemprop="articleBody">{}</div></article>',
        '<div id="post"><article class="post-content" id="article-container">{}</article></div>',
        '<div class="card"><div id="articleContent">{}</div></div>',
        '<article class="mx-auto"><div class="post-content"><div class="markdown-body">{}</div></div></article>',
    ],
    "hugo": [
        '<article class="post-single"><div class="post-content md-content">{}</div></article>',
        '<main><div class="post-content">{}</div></main>',
    ],
    "jekyll": [
        '<article class="post h-entry"><div class="post-content e-content" itemprop="articleBody">{}</div></article>',
        '<article><div class="post-content">{}</div></article>',
    ],
    "pelican": [
        '<section id="content"><article><div class="entry-content">{}</div></article></section>',
        '<main><div class="entry-content">{}</div></main>',
    ],
    "typecho": [
        '<article class="post"><div class="post-content" itemprop="articleBody">{}</div></article>',
        '<article class="post"><div class="entry-content fmt" itemprop="articleBody">{}</div></article>',
    ],
    "wordpress": [
        '<main><div class="entry-content wp-block-post-content">{}</div></main>',
        '<article class="post hentry"><div class="entry-content">{}</div></article>',
        '<div class="hentry"><div class="entry-content">{}</div></div>',
    ],
}
"""What common themes of an engine have around the text."""


@pytest.mark.parametrize(("engine", "theme"), [(name, theme) for name, themes in THEMES.items() for theme in themes])
def test_the_text_is_found_in_common_themes(engine: str, theme: str) -> None:
    text = "<p>A line of chalk is $\\ell$ long, as far as the caretaker knows.</p><p>It was wiped at noon.</p>"
    page = (
        "<!doctype html><html lang=en><head><title>On lines</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<h1>On lines</h1>{theme.format(text)}<footer>Sponges and sons</footer></body></html>"
    )
    post = parse_post(HOME + "/x", page.encode(), site(engine, ("/x", "")))
    assert post.quality.engine == "site"
    assert post.content.markdown.strip().splitlines()[0].startswith("A line of chalk")
    assert post.content.markdown.strip().endswith("wiped at noon.")
