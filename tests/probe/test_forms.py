from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import profile
from archiver.probe.draft import Draft
from archiver.probe.forms import alike, dated, forms, in_folders, translated, twins, without_pages
from archiver.urls import Site

SLUGS = st.from_regex(r"[a-z][a-z0-9]{0,8}(?:-[a-z0-9]{1,8}){1,3}", fullmatch=True)
SHAPES = st.sampled_from(
    ["/{}/", "/{}", "/{}.html", "/posts/{}/", "/2021/03/{}/", "/2021/03/04/{}.html", "/b/2020/{}", "/maths/{}/"]
)


def site(*paths: str) -> Site:
    draft = Draft(origin="https://chalk.example", forms=forms(paths))
    return Site(profile.read(draft.toml(), "site.toml"))


@given(SHAPES, st.lists(SLUGS, min_size=1, max_size=12, unique=True))
def test_every_example_is_a_post_under_its_own_address(shape: str, slugs: list[str]) -> None:
    paths = [shape.format(slug) for slug in slugs]
    made = site(*paths)
    for path in paths:
        url = f"https://chalk.example{path}"
        assert made.canonical(url) == url
        assert made.post_id(url)
    assert len({made.post_id(f"https://chalk.example{path}") for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("paths", "others"),
    [
        (["/git-for-notes/", "/on-limits/", "/chalk/"], ["/tags/", "/about/", "/page/2/", "/feed.xml", "/page2/", "/"]),
        (["/on-limits.html", "/chalk.html"], ["/index2.html", "/archives.html", "/tags.html", "/tag/a.html"]),
        (["/2020/01/02/a/", "/2021/11/12/b/"], ["/2020/01/02/", "/2020/01/", "/about/", "/2020/page/2/"]),
        (["/posts/a/", "/posts/b/", "/posts/c/"], ["/posts/", "/tags/a/", "/posts/a/b/", "/posts/2024/"]),
        (["/blog/a.html", "/blog/b.html", "/blog/c.html"], ["/blog/tags.html", "/blog/page2.html", "/blog/all.html"]),
        (["/posts/a/index.fr.html", "/posts/b/index.fr.html"], ["/posts/a/index.html"]),
        (["/posts/a/", "/posts/b/"], ["/tags/c/", "/fr/posts/", "/posts/a/slides.pdf", "/posts/paper.PDF"]),
        (["/notes/a/", "/ja/b/"], ["/notes/index.html", "/tags/c/", "/notes/paper.pdf", "/pictures/c.png"]),
    ],
)
def test_what_is_beside_the_posts_is_no_post(paths: list[str], others: list[str]) -> None:
    made = site(*paths)
    assert [path for path in others if made.post_id(f"https://chalk.example{path}")] == []


def test_a_number_in_an_address_is_the_number_of_the_post() -> None:
    made = site("/archives/12/", "/archives/345/", "/archives/6/")
    assert made.post_id("https://chalk.example/archives/345") == 345
    assert made.canonical("https://chalk.example/archives/345") == "https://chalk.example/archives/345/"
    assert made.post_url(7) == "https://chalk.example/archives/7/"


def test_names_of_a_few_parts_of_a_site_are_told_from_names_of_posts() -> None:
    many = [f"/{part}/2020/{name}/" for part in ("log", "essays") for name in ("a", "b", "c", "d")]
    assert re.fullmatch(forms(many)[0].pattern, "/log/2021/new/")
    assert not re.fullmatch(forms(many)[0].pattern, "/photos/2021/new/")


def test_a_date_makes_the_form_of_posts() -> None:
    assert alike(["/2019/05/c/", "/about/", "/tags/x/"], ["/2020/01/a/"]) == {"/2019/05/c/"}
    assert alike(["/c/"], ["/a/"]) == set()


def test_where_most_addresses_have_a_date_the_others_are_of_pages() -> None:
    posts = {"/2018/06/17/chalk/", "/2018/06/18/board/", "/posts/2019-02-03-sponge/index.html", "/log/2020/duster/"}
    pictures = {"/2018/06/17/chalk/attachment/box/", "/2018/06/18/board/frame/"}
    assert dated(posts | pictures | {"/about/", "/2018/", "/2018/06/", "/v2/1999"}) == posts
    assert dated({"/2018/06/17/chalk/", "/board/", "/sponge/"}) == set()


def test_translations_of_posts_are_posts_and_what_menus_link_too_is_not() -> None:
    listed = [
        "/posts/a/",
        "/fr/posts/a/",
        "/pt-br/posts/b/",
        "/fr/tags/a/",
        "/fr/posts/",
        "/fr/about/",
        "/xyz/posts/c/",
    ]
    assert translated(listed, {"/posts/a/"}) == {"/fr/posts/a/", "/pt-br/posts/b/"}
    assert translated(["/fr/a/"], {"/a/"}) == set()
    assert without_pages({"/posts/a/", "/research/"}, {"/research", "/posts/"}) == {"/posts/a/"}
    assert without_pages({"/a/", "/b/"}, {"/b/"}) == {"/a/", "/b/"}
    assert without_pages({"/a/", "/b/"}, {"/a/", "/b/"}) == {"/a/", "/b/"}


def test_a_folder_called_after_posts_holds_them() -> None:
    posts = {"/blog/1/limits.html", "/fr/notes/b/", "/posts/c"}
    lists = {"/blog/2024/", "/blog/archive/", "/posts/page/2/", "/posts/", "/blog/tags.html"}
    assert in_folders(posts | lists | {"/people.html"}) == posts
    assert in_folders({"/posts/a/", "/people.html"}) == set()


def test_a_page_with_html_at_its_end_is_the_one_without_where_a_blog_writes_both() -> None:
    listed = {"/posts/a.html", "/posts/b.html", "/posts/c.html"}
    assert twins({"/posts/a", "/posts/old", "/tags/c", "/about"}, listed) == {"/posts/a.html", "/posts/old.html"}
    assert twins({"/posts/old", "/tags/c"}, listed) == set()
    for paths, one, other in (
        (["/posts/a.html"], "/posts/b.html", "/posts/b"),
        (["/chalk", "/on-limits"], "/b", "/b.html"),
    ):
        made = Site(
            profile.read(Draft(origin="https://chalk.example", forms=forms(paths, twins=True)).toml(), "site.toml")
        )
        assert made.canonical(f"https://chalk.example{other}") == f"https://chalk.example{one}"
        assert made.post_id(f"https://chalk.example{other}") == made.post_id(f"https://chalk.example{one}")
        assert made.post_id("https://chalk.example/chalk.png") is None


def test_addresses_that_one_pattern_fits_have_one_form() -> None:
    assert [form.posts for form in forms([f"/notes/{number}/" for number in range(1, 13)])] == [12]
