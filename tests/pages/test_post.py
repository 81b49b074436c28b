"""What a page of a post is believed to say, and what is not (see also tests/golden)."""

from __future__ import annotations

import pytest

from archiver.items import Post
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.document import date_in
from archiver.pages.post import parse_post
from archiver.sample import SampleBlog

URL = "https://kexue.fm/archives/207"
HOST = {"Host": "kexue.fm"}
LICENSE = "https://creativecommons.org/licenses/by-sa/4.0/"


def page() -> str:
    return SampleBlog().respond("GET", "/archives/207", HOST).body.decode()


def read(text: str) -> Post:
    return parse_post(URL, text.encode())


def changed(old: str, new: str, count: int = 1) -> Post:
    text = page()
    assert old in text
    return read(text.replace(old, new, count))


WHOLE = read(page())


@pytest.mark.parametrize("mark", ['<div class="PostContent" id="PostContent">', 'id="comments">'])
def test_no_link_in_a_text_or_a_comment_relicenses_a_post(mark: str) -> None:
    text = page()
    place = text.index(mark) + len(mark)
    relicensed = read(text[:place] + f'<p>图片：<a href="{LICENSE}">CC BY-SA</a></p>' + text[place:])
    assert relicensed.license_url == WHOLE.license_url != LICENSE


@pytest.mark.parametrize(
    "written", ["1,301,789", "1，301，789", "1 301 789", "1\u2009301\u2009789", "1\xa0301\xa0789", "1301789"]
)
def test_numbers_are_read_with_their_separators(written: str) -> None:
    assert changed(f"{WHOLE.reader_count}位读者", f"{written}位读者").reader_count == 1_301_789


@pytest.mark.parametrize("impossible", ["2026-02-31", "2026-13-01", "0000-00-00"])
def test_impossible_dates_are_no_dates(impossible: str) -> None:
    assert date_in(f"By X | {impossible} | 2021-03-04") == "2021-03-04"
    assert date_in(impossible) is None


def test_a_line_of_the_catalogue_with_an_impossible_date_stays_a_line() -> None:
    row = "<ul><li><span>2月</span><ul><li>31日: <a href='/archives/9'>t</a></li></ul></li></ul>"
    rows = f"<div id='archives'><h3>2021年 (共1篇)</h3>{row}</div>"
    (entry,) = parse_catalogue("https://kexue.fm/content.html", rows.encode()).entries
    assert (entry.post_id, entry.year, entry.published_on) == (9, 2021, None)


def test_a_tag_named_twice_is_one() -> None:
    tag = WHOLE.tags[0]
    text = page()
    start = text.rindex("<a", 0, text.index(f">{tag}</a>"))
    link = text[start : text.index("</a>", start) + 4]
    assert read(text.replace(link, f"{link}, {link}")).tags == WHOLE.tags


@pytest.mark.parametrize(
    "unread",
    [
        f'<script type="math/asciimath">{"a^2" * 1000}</script>',
        '<span class="katex"><span class="katex-html">a2</span></span>',
        '<mjx-container class="MathJax">a2</mjx-container>',
        '<span class="MathJax"><nobr>a2</nobr></span>',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
    ],
)
def test_what_is_not_taken_over_is_an_issue_and_never_proven(unread: str) -> None:
    assert WHOLE.quality.issues == ()
    post = changed('id="PostContent">', f'id="PostContent"><p>{unread}</p>')
    assert len(post.quality.issues) == 1
    assert "not read" in post.quality.issues[0]


def test_a_picture_without_any_address_is_none() -> None:
    assert changed('id="PostContent">', 'id="PostContent"><p><img alt="x"></p>').quality.issues == ()


@pytest.mark.parametrize("lost", ["how_to_cite", "pay", "content_tips"])
def test_a_footer_that_is_not_recognised_is_an_issue(lost: str) -> None:
    post = changed(f'id="{lost}"', f'id="new-{lost}"')
    assert any(f"no `#{lost}`" in issue for issue in post.quality.issues)
    assert post.content.formulas == WHOLE.content.formulas


def test_a_footer_outside_the_text_is_an_issue() -> None:
    text = page()
    start = text.index('<div id="how_to_cite"')
    moved = text[:start] + '</div></div><div class="Post">' + text[start:]
    assert any("`#how_to_cite` stands outside" in issue for issue in read(moved).quality.issues)


def test_a_second_text_is_an_issue() -> None:
    post = changed('<div id="comments"', '<div id="PostContent"><p>又一篇。</p></div><div id="comments"')
    assert "there is a second `#PostContent` on the page" in post.quality.issues


def test_the_heading_is_the_one_that_leads_to_the_post() -> None:
    assert changed("<body>", "<body><h1><a href='/'>科学空间</a></h1>").title == WHOLE.title


def test_a_heading_without_a_link_is_one_where_the_title_has_it() -> None:
    text = page()
    start = text.index("<h1>") + 4
    bare = text[:start] + WHOLE.title + text[text.index("</h1>", start) :]
    assert read(bare).title == WHOLE.title
