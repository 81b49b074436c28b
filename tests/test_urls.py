from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import profile, sites
from archiver.urls import LARGEST_WRITTEN, Site

POST = "https://kexue.fm/archives/8265"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://kexue.fm/archives/8265",
        "http://kexue.fm/archives/8265/",
        "https://www.kexue.fm/archives/8265#comments",
        "https://spaces.ac.cn/archives/8265",
        "http://www.spaces.ac.cn/archives/8265/#how_to_cite",
        "/archives/8265",
        "//spaces.ac.cn/archives/8265",
        "https://kexue.fm/archives/8265.html",
        "https://link.zhihu.com/?target=https%3A//spaces.ac.cn/archives/8265",
        "  https://kexue.fm/archives/8265\n",
        "https://kexue.fm/archives/8265?replyTo=1",
    ],
)
def test_every_spelling_of_a_post_is_one_url(spelling: str) -> None:
    assert Site().resolve(spelling) == POST


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/category/Big-Data", "https://kexue.fm/category/Big-Data"),
        ("/category/Big-Data/", "https://kexue.fm/category/Big-Data"),
        ("/category/Big-Data/1/", "https://kexue.fm/category/Big-Data"),
        ("/category/Big-Data/2", "https://kexue.fm/category/Big-Data/2/"),
        ("/archives/9/comment-page-3#comment-17", "https://kexue.fm/archives/9/comment-page-3"),
        ("/archives/9/comment-page-3?replyTo=17#respond-post-9", "https://kexue.fm/archives/9/comment-page-3"),
        ("/content.html?tag=muon", "https://kexue.fm/content.html?tag=muon"),
        ("/search/注意力/", "https://kexue.fm/search/%E6%B3%A8%E6%84%8F%E5%8A%9B/"),
        ("/usr/uploads/a b%20c%zz.png", "https://kexue.fm/usr/uploads/a%20b%20c%25zz.png"),
        ("https://bbs.spaces.ac.cn/archives/9", "https://bbs.spaces.ac.cn/archives/9"),
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://example.org/a\tb\x00", "https://example.org/ab%00"),
    ],
)
def test_other_addresses_are_absolute_and_safe(href: str, expected: str) -> None:
    assert Site().resolve(href) == expected


@pytest.mark.parametrize(
    "href",
    [
        "mailto:a@example.org",
        "javascript:alert(1)",
        "htthttps://example.org",
        "http://[broken",
        "data:,x",
        "file:///etc",
    ],
)
def test_what_is_no_web_address_has_none(href: str) -> None:
    assert Site().resolve(href) is None


def test_a_test_server_stands_for_the_blog() -> None:
    site = Site(base="http://127.0.0.1:8000")
    assert site.resolve("http://127.0.0.1:8000/archives/8265/") == POST
    assert site.resolve("http://127.0.0.1:9000/archives/8265") == "http://127.0.0.1:9000/archives/8265"
    assert site.fetch_url(POST) == "http://127.0.0.1:8000/archives/8265"
    assert site.fetch_url("https://example.org/x") == "https://example.org/x"


@pytest.mark.parametrize("host", ["kexue.fm.example.org", "notkexue.fm", "kexue.fm@example.org", "127.0.0.1"])
def test_a_host_that_only_looks_like_the_blog_is_another_site(host: str) -> None:
    assert Site().post_id(Site().resolve(f"https://{host}/archives/8265")) is None


@pytest.mark.parametrize(
    "path", ["/archives/08265", "/archives/", "/archives/82x", "/archives/8265/x", "/archives/8265/feed"]
)
def test_addresses_that_are_no_posts(path: str) -> None:
    assert Site().post_id(Site().resolve(path)) is None


def test_parts_of_canonical_urls() -> None:
    assert Site().post_id(POST) == 8265
    assert Site().post_id(Site().discussion_url(POST, 2)) is None
    assert Site().comment_page(Site().discussion_url(POST, 2)) == (8265, 2)
    assert Site().category(Site().category_url("Big-Data")) == ("Big-Data", 1)
    assert Site().category(Site().category_url("Big-Data", 3)) == ("Big-Data", 3)
    assert Site().category(POST) is None
    assert Site().comment_page(None) is None


@given(st.text(max_size=60), st.sampled_from(["/", "//", "/archives/", "//kexue.fm/"]))
def test_a_link_from_the_root_leads_to_the_same_from_every_page(text: str, prefix: str) -> None:
    pages = ("https://kexue.fm", "https://kexue.fm/archives/8265?page=2", "https://kexue.fm/category/Mathematics/")
    assert len({Site().resolve(prefix + text, page) for page in pages}) == 1


@given(st.text(max_size=60), st.sampled_from(["", "/", "https://kexue.fm/", "https://spaces.ac.cn/archives/", "//"]))
def test_canonical_urls_stay_as_they_are(text: str, prefix: str) -> None:
    site = Site()
    first = site.resolve(prefix + text)
    if first is not None:
        assert site.resolve(first) == first
        assert first.isprintable()
        assert " " not in first


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "front"), ("/page/2/", "front"), ("/page/1000/", None), ("/tag/a/", "tag"), ("/feed/comments", "feed"),
        ("/me.html", "page"), ("/me.html/comment-page-2", "page"), ("/sci/integral/index.html", "page"),
        ("/attachment/9/", "page"), ("/sci/", "page"), ("/sci/integral/", "page"), ("/a/b/c/d/", None),
        ("/2009/03/", "front"), ("/2009/page/2/", "front"), ("/author/1/2/", "front"), ("/2009/03/05/", None),
        ("/2009/13/", None), ("/archives/8/feed/", None), ("/feed/me.html", "feed"), ("/feed/archives/8", "feed"),
        ("/attachment/9/comment-page-2", "page"), ("/sitemap.xml", "file"), ("/tool.php", None), ("/tag/a.b/", "tag"),
        ("/content.html", None), ("/me.html?a=1", None), ("/archives/8", None), ("/x.png", None),
        ("/archives/1711.07971", "page"), ("/archives/a-title/", "page"), ("/archives/8/", None), ("/archives/", None),
        ("/archives/a.warc.gz", None),
        ("/usr/uploads/2010/a.xyz", "file"), ("/usr/uploads/2010/a.png", None), ("/papers/A.PDF", "file"),
    ],
)  # fmt: skip
def test_what_belongs_to_the_blog_beside_its_posts(path: str, kind: str | None) -> None:
    assert Site().furniture_kind(Site().origin + path) == kind


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/index.php/archives/8/", "/archives/8"), ("/index.php", "/"), ("/index.php/index.php/me.html", "/me.html"),
        ("/2009/03", "/2009/03/"), ("/2009/03/page/1/", "/2009/03/"), ("/2009/page/2", "/2009/page/2/"),
        ("/2009/12/", "/2009/12/"), ("/author/1", "/author/1/"), ("/author/1/1/", "/author/1/"),
        ("/page/1/", "/"), ("/tag/page/1/", "/tag/page/"), ("/tag/page/2", "/tag/page/2/"),
        ("/feed/archives/8/", "/feed/archives/8"), ("/feed/", "/feed"),
        ("/attachment/9/comment-page-2/", "/attachment/9/comment-page-2"), ("/index.phpx", "/index.phpx"),
    ],
)  # fmt: skip
def test_spellings_of_what_belongs_to_the_blog(path: str, canonical: str) -> None:
    assert Site().canonical(Site().origin + path) == Site().origin + canonical


def test_pages_of_comments_name_what_they_are_under() -> None:
    site = Site()
    for spelling, whose in (("/me.html/comment-page-2/", "/me.html"), ("/archives/8/comment-page-2", "/archives/8")):
        assert Site().discussion(site.canonical(Site().origin + spelling)) == (Site().origin + whose, 2)
        assert Site().discussion_url(Site().origin + whose, 2) == site.canonical(Site().origin + spelling)
    assert Site().discussion(Site().origin + "/me.html") is None
    assert Site().discussion("https://example.org/me.html/comment-page-2") is None


def named(*forms: str) -> Site:
    """Return a blog whose posts are known by their addresses alone, which have one of these forms."""
    toml = (Path(sites.__file__).parent / "kexue.toml").read_text("utf-8")
    rules = "".join(
        f"[[addresses]]\nkind = 'post'\npattern = '{form.replace('{name}', '(?P<name>.+?)')}'\ncanonical = '{form}'\n"
        for form in forms
    )
    before, after = toml.partition("[[addresses]]")[0], toml.partition("[reader]")[2]
    return Site(profile.read(f"{before}{rules}[reader]{after}".replace("kexuefm-", "chalk-"), "chalk"))


@pytest.mark.parametrize(
    ("forms", "path", "key"),
    [
        (("/{name}/",), "/2021/11/12/git-for-notes/", "chalk-2021-11-12-git-for-notes"),
        (("/{name}.html",), "/2021/11/12/git-for-notes.html", "chalk-2021-11-12-git-for-notes"),
        (("/posts/{name}/",), "/posts/git-for-notes/", "chalk-git-for-notes"),
        (("/posts/{name}/", "/notes/{name}/"), "/notes/git/", "chalk-git-[0-9a-f]{10}"),
        (("/{name}/",), "/notes/git/", "chalk-git-[0-9a-f]{10}"),
        (("/{name}/",), "/2021/%E7%86%B5/", "chalk-[0-9a-f]{10}"),
        (("/{name}/",), "/2021/12-notes_on%20git/", "chalk-12-notes-on-git-[0-9a-f]{10}"),
    ],
)
def test_posts_without_a_number_are_cited_by_what_tells_them_apart(forms: tuple[str, ...], path: str, key: str) -> None:
    site = named(*forms)
    assert re.fullmatch(key, site.citation(site.origin + path))


@given(st.lists(st.text("a1-/", min_size=1, max_size=6), min_size=2, max_size=2, unique=True))
def test_no_two_posts_have_the_same_key(names: list[str]) -> None:
    site = named("/{name}/")
    urls = {site.canonical(f"{site.origin}/{name}/") for name in names}
    keys = {site.citation(url) for url in urls if url and (site.post_id(url) or 0) > LARGEST_WRITTEN}
    assert len(keys) == sum((site.post_id(url) or 0) > LARGEST_WRITTEN for url in urls)
    assert all(re.fullmatch("chalk-[A-Za-z0-9-]+", key) for key in keys)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/2021/11/12/git-for-notes/", "git-for-notes"), ("/a/b.html", "b"), ("/a/index.html", "a"), ("/", ""),
        ("/2021/%E7%86%B5/", "熵"), ("/archives/8", "8"),
    ],
)  # fmt: skip
def test_an_address_has_a_name_for_people(path: str, name: str) -> None:
    assert Site().name(Site().origin + path) == name


def test_a_blog_under_a_path_has_its_styles_feeds_and_searches_below_it() -> None:
    toml = (Path(sites.__file__).parent / "kexue.toml").read_text("utf-8")
    site = Site(profile.read(toml.replace("since =", 'path = "/blog"\nsince ='), "chalk"))
    for path in ("/static/a.css", "/usr/themes/a.css"):
        assert site.file_kind(f"{site.origin}/blog{path}") == "requisite"
    assert site.is_feed_of_all(f"{site.origin}/blog/feed")
    assert site.is_never_asked(f"{site.origin}/blog/search/a/")
    assert not site.is_never_asked(f"{site.origin}/blog/archives/8")
