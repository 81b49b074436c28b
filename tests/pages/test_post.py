"""What a page of a post is believed to say, and what is not (see also tests/golden)."""

from __future__ import annotations

import pytest
from lxml.html import document_fromstring, tostring

from archiver.items import Post
from archiver.pages.catalogue import parse_catalogue
from archiver.pages.document import date_in
from archiver.pages.post import parse_post
from archiver.sample import SampleBlog
from archiver.text.guess import guess

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


def test_no_number_is_too_long_for_a_post() -> None:
    assert changed(f"{WHOLE.reader_count}位读者", f"{'1' * 5000}位读者").reader_count is None


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


@pytest.mark.parametrize("place", ["outside", "nowhere"])
def test_a_notice_outside_the_text_is_an_issue_and_one_that_is_not_there_none(place: str) -> None:
    notice = "转载到请包括本文地址"
    text = page().replace(notice, "")
    assert text != page()
    post = read(text.replace("<body>", f"<body><p>{notice}</p>") if place == "outside" else text)
    assert post.quality.issues == ((f"{notice!r} stands outside the text",) if place == "outside" else ())


@pytest.mark.parametrize(
    ("inside", "left"), [("", ""), ("<i></i>", "\n"), ("字", "字"), ('<img src="/usr/uploads/a.png">', "a.png")]
)
def test_what_only_holds_a_place_goes_unless_it_holds_something(inside: str, left: str) -> None:
    post = changed('id="PostContent">', f'id="PostContent"><p>甲<div class="clear">{inside}</div>乙</p>')
    assert left in post.content.markdown.partition("乙")[0]
    assert post.content.markdown.startswith("甲")


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


# -- two witnesses for each field --------------------------------------------------------------------------------------

AUTHOR = ("By 林知微 |", "author={林知微},")
DATE = ("2022-04-01 |", "(Apr. 01, 2022)", "year={2022},", "month={Apr},")
CATEGORIES = ' <a href="https://kexue.fm/category/Questions">问题百科</a>'


def without(*parts: str) -> str:
    text = page()
    for part in parts:
        assert part in text
        text = text.replace(part, "")
    return text


@pytest.mark.parametrize(
    ("here", "other", "said", "there"),
    [
        ("By 林知微", "By 路人", "author: '路人'", "'林知微'"),
        ("author={林知微}", "author={路人}", "author: '林知微'", "'路人'"),
        ("2022-04-01 |", "2022-04-02 |", "date: '2022-04-02'", "'2022-04-01'"),
        ("title={三门", "title={四门", "title: '三门问题还能怎么问'", "'四门问题还能怎么问'"),
    ],
)
def test_witnesses_that_disagree_are_an_issue(here: str, other: str, said: str, there: str) -> None:
    post = changed(here, other)
    assert post.quality.issues == (f"{said} in its place, but {there} elsewhere on the page",)
    assert post.quality.notes == ()
    assert any(f"'{value}'" in said for value in (post.title, post.author, post.published_on))


def test_a_category_in_the_breadcrumb_alone_is_an_issue() -> None:
    post = changed(CATEGORIES, CATEGORIES.replace("Questions", "Big-Data"))
    assert post.quality.issues == ("category Big-Data is in the breadcrumb but not below the text",)
    assert post.categories == WHOLE.categories


@pytest.mark.parametrize(
    ("lost", "note"),
    [
        (AUTHOR[:1], "author: one witness only, elsewhere on the page"),
        (AUTHOR[1:], "author: one witness only, in its place"),
        (DATE[:1], "date: one witness only, elsewhere on the page"),
        (DATE[1:], "date: one witness only, in its place"),
        (("title={三门问题还能怎么问},",), "title: one witness only, in its place"),
        ((CATEGORIES,), "category: one witness only, below the text"),
    ],
)
def test_what_one_witness_says_counts_with_a_note(lost: tuple[str, ...], note: str) -> None:
    post = read(without(*lost))
    assert (post.quality.issues, post.quality.notes) == ((), (note,))
    fields = [(each.title, each.author, each.published_on, each.categories) for each in (post, WHOLE)]
    assert fields[0] == fields[1]


def test_the_breadcrumb_names_the_category_where_nothing_below_the_text_does() -> None:
    text = page()
    start = text.index('<span class="cat">')
    post = read(text[:start] + text[text.index("</span>", start) :])
    assert [category.slug for category in post.categories] == ["Questions"]
    assert "category: one witness only, the breadcrumb" in post.quality.notes
    lost = read((text[:start] + text[text.index("</span>", start) :]).replace(CATEGORIES, ""))
    assert (lost.categories, lost.quality.issues) == ((), ("no category found",))


@pytest.mark.parametrize(
    ("lost", "head", "issues", "found"),
    [
        (AUTHOR, "", ("no author found",), ("", "2022-04-01")),
        (DATE, "", ("no date found",), ("林知微", None)),
        (DATE[:2], "", ("no date found",), ("林知微", None)),  # a month is no date
        (AUTHOR, '<meta name="author" content="Lin Zhiwei">', (), ("Lin Zhiwei", "2022-04-01")),
        (DATE, '<meta property="article:published_time" content="2022-04-02">', (), ("林知微", "2022-04-02")),
        (AUTHOR[:1], '<meta name="author" content="Lin Zhiwei">', (), ("林知微", "2022-04-01")),
    ],
)
def test_a_missing_author_or_date_is_an_issue_unless_general_rules_find_it(
    lost: tuple[str, ...], head: str, issues: tuple[str, ...], found: tuple[str, str | None]
) -> None:
    post = read(without(*lost).replace("<head>", "<head>" + head))
    assert (post.quality.issues, post.author, post.published_on) == (issues, *found)


@pytest.mark.parametrize(
    ("head", "shown", "date"),
    [
        ('<meta itemprop="copyrightYear" content="2022">', "", None),
        ('<meta itemprop="copyrightYear" content="2022">', "2022年1月1日", "2022-01-01"),
        ('<meta itemprop="copyrightYear" content="2022">', "2022年11月12日", None),
        ('<meta itemprop="copyrightYear" content="2022">', "January 1, 2022", "2022-01-01"),
        ("", '<div id="how_to_cite"><time datetime="2020-05-05">5 May</time></div>', None),
        ("", '<div id="comments"><time datetime="2020-05-05">5 May</time></div>', None),
        ("", '<div><time datetime="2020-05-05">5 May</time></div>', "2020-05-05"),
    ],
)
def test_neither_a_year_nor_a_time_of_others_is_guessed_to_be_the_date(head: str, shown: str, date: str | None) -> None:
    tree = document_fromstring(f"<html><head>{head}</head><body><h1>T</h1><p>Some words.</p>{shown}</body></html>")
    before = tostring(tree)
    assert guess(tree).date == date
    assert tostring(tree) == before
