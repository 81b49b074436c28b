"""Comments in markup nobody has seen: ids on any element, in any of several ways of nesting, with something broken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from html import escape

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from archiver import profile
from archiver.items import Comment, Post
from archiver.pages import dates
from archiver.pages.comments import DRIFT, parse_comment_page
from archiver.pages.marks import Naming
from archiver.pages.post import parse_post
from archiver.urls import Site

URL = "https://kexue.fm/archives/9001"
OWNER = "林知微"
NAMES = ("甲", "tom & jerry", "<guest>", OWNER, "乙")
MONTHS = ("March 4th, 2022", "May 21st, 2023", "June 1st, 2024", "July 12th, 2024")


class Said:
    """A comment to be shown, with its answers."""

    def __init__(self, number: int, parent: int | None, kind: str = "comment") -> None:
        self.number, self.parent, self.kind = number, parent, kind
        self.name, self.date = NAMES[number % len(NAMES)], MONTHS[number % len(MONTHS)]
        self.url = "https://example.org/" if number % 3 == 0 else None
        self.text = f"第{number}条，$x_{number}<y$。"
        self.answers: list[Said] = []

    @property
    def shown_name(self) -> str:
        return f'<a href="{self.url}">{escape(self.name)}</a>' if self.url else escape(self.name)

    @property
    def id(self) -> str:
        return f'id="{self.kind}-{self.number}"'

    @property
    def reply(self) -> str:
        return (
            f'<span><a href="/archives/9001/comment-page-1?replyTo={self.number}#respond-post-9001">回复评论</a></span>'
        )

    @property
    def words(self) -> str:
        return f"<p>{escape(self.text)}</p>"


def all_of(shape: Callable[[Said, int], str], said: Said, depth: int) -> str:
    return "".join(shape(answer, depth + 1) for answer in said.answers)


def text_ids(said: Said, depth: int) -> str:
    """The id on the text: what was seen in a saved copy of the blog."""
    below = all_of(text_ids, said, depth)
    if depth:
        head = f"<strong>{said.shown_name}</strong> 发表于 <small>{said.date}</small>"
        text = f'<div class="comment_content" {said.id}>{said.words}</div>'
        return f'<div class="comment_reply">{head}{text}{said.reply}{below}</div>'
    head = f'<p class="ListUser"><strong>{said.shown_name}</strong></p><p class="ListDate">{said.date}</p>'
    text = f'<div class="ListContent" {said.id}>{said.words}</div>'
    return f'<li class="ComListLi">{head}<span class="ListNr">{said.number}#</span>{text}{said.reply}{below}</li>'


def both_ids(said: Said, depth: int) -> str:
    """As `text_ids`, with the id on the item of a thread too."""
    return text_ids(said, depth).replace("<li ", f"<li {said.id} ", 1)


def item_ids(said: Said, depth: int) -> str:
    """The id on the item, answers in a list within it."""
    below = f'<ol class="children">{all_of(item_ids, said, depth)}</ol>' if said.answers else ""
    date = f'<a href="/archives/9001/comment-page-1#comment-{said.number}">{said.date}</a>'
    head = f'<div class="ListUser">{said.shown_name}</div><div class="ListDate">{date}</div>'
    return f'<li {said.id}>{head}<div class="ListContent">{said.words}</div>{said.reply}{below}</li>'


def article_ids(said: Said, depth: int) -> str:
    """The id on an element beside the list of answers."""
    below = f"<ul>{all_of(article_ids, said, depth)}</ul>" if said.answers else ""
    head = f"<header><cite>{said.shown_name}</cite> says: <time>{said.date}</time></header>"
    return f"<li><article {said.id}>{head}<div>{said.words}</div>{said.reply}</article>{below}</li>"


def definitions(said: Said, depth: int) -> str:
    """Names and dates as terms, texts as definitions, answers as lists in these."""
    below = f"<dl>{all_of(definitions, said, depth)}</dl>" if said.answers else ""
    term = f"<dt><b>{said.shown_name}</b>, {said.date}</dt>"
    return f"{term}<dd><div {said.id}>{said.words}</div>{said.reply}{below}</dd>"


def rows(said: Said, depth: int) -> str:
    """Rows of a table, answers as tables in cells."""
    below = f"<table><tbody>{all_of(rows, said, depth)}</tbody></table>" if said.answers else ""
    head = f"<td>{said.shown_name}<br>{said.date}</td>"
    return f"<tr>{head}<td><div {said.id}>{said.words}</div>{said.reply}{below}</td></tr>"


def anchors(said: Said, depth: int) -> str:
    """The id on an empty anchor."""
    below = f"<ol>{all_of(anchors, said, depth)}</ol>" if said.answers else ""
    head = f'<a {said.id}></a><p class="a">{said.shown_name}</p><p class="b">{said.date}</p>'
    return f"<li>{head}<div>{said.words}</div>{said.reply}{below}</li>"


SHAPES = {
    "text_ids": (text_ids, "ol"),
    "both_ids": (both_ids, "ol"),
    "item_ids": (item_ids, "ol"),
    "article_ids": (article_ids, "ol"),
    "definitions": (definitions, "dl"),
    "rows": (rows, "table"),
    "anchors": (anchors, "ol"),
}


def page(comments: str, *, pager: str = "", counter: str = "", link: str = URL) -> str:
    return f"""<!DOCTYPE html><html><head><title>试</title></head><body><div id="content">
<div class="Post"><div class="PostHead"><div class="title-wrap"><h1><a href="{link}">试</a></h1>
<span class="submitted">By {OWNER} | 2022-03-04 | 12位读者 | </span></div></div>
<div class="PostContent" id="PostContent"><p>正文$x$。</p></div></div>
<div id="tools" class="tools"><span class="cat">分类：<a href="/category/A">甲</a></span>{counter}</div>
<div id="PostComment"><p><a href="#comment_form">发表你的看法</a></p><div id="comments">{pager}{comments}{pager}</div>
<form id="comment_form"><textarea></textarea></form></div></div></body></html>"""


def forest(parents: list[int | None]) -> list[Said]:
    """Return comments numbered from 101, each an answer to the one with that place or to none."""
    said: list[Said] = []
    for place, parent in enumerate(parents):
        one = Said(101 + place, None if parent is None else 101 + parent)
        said.append(one)
        if parent is not None:
            said[parent].answers.append(one)
    return said


def shown(said: list[Said], shape: str) -> str:
    write, tag = SHAPES[shape]
    return f"<{tag}>{''.join(write(one, 0) for one in said if one.parent is None)}</{tag}>"


def read(html: str) -> Post:
    found = parse_post(URL, html.encode())
    assert not any("fault" in issue for issue in found.comment_issues), found.comment_issues
    return found


def facts(comments: tuple[Comment, ...]) -> dict[int, tuple[object, ...]]:
    return {
        each.id: (each.parent_id, each.author, each.author_url, each.published_on, each.content.text.strip())
        for each in comments
    }


def expected(said: list[Said]) -> dict[int, tuple[object, ...]]:
    days = dict(zip(MONTHS, ("2022-03-04", "2023-05-21", "2024-06-01", "2024-07-12"), strict=True))
    return {one.number: (one.parent, one.name, one.url, days[one.date], one.text) for one in said}


PARENTS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*(st.none() if n == 0 else st.none() | st.integers(0, n - 1) for n in range(size)))
)


@settings(max_examples=80, deadline=None)
@given(PARENTS, st.sampled_from(sorted(SHAPES)))
def test_every_comment_is_read_whole_wherever_its_id_stands(parents: tuple[int | None, ...], shape: str) -> None:
    said = forest(list(parents))
    assert facts(read(page(shown(said, shape))).comments) == expected(said)


@settings(max_examples=60, deadline=None)
@given(PARENTS, st.sampled_from(["text_ids", "both_ids", "item_ids"]), st.booleans())
def test_classes_and_tags_help_and_are_never_needed(parents: tuple[int | None, ...], shape: str, in_divs: bool) -> None:
    said = forest(list(parents))
    bare = re.sub(r' class="[^"]*"', "", shown(said, shape))
    bare = re.sub(r"(</?)(?:li|ol)\b", r"\1div", bare) if in_divs else bare
    assert facts(read(page(bare)).comments) == expected(said)


# Something about the markup is broken


def _marks(tree: HtmlElement) -> list[HtmlElement]:
    return [each for each in tree.iter() if re.match(r"comment-\d", each.get("id") or "")]


def _inner(tree: HtmlElement, chance: random.Random) -> HtmlElement:
    """Return any element within the comments and outside of their texts."""
    box = tree.get_element_by_id("comments")
    words = ("ListContent", "comment_content")
    return chance.choice(
        [e for e in box.iterdescendants() if not any(a.get("class") in words for a in e.iterancestors())]
    )


def rename_an_id(tree: HtmlElement, chance: random.Random) -> None:
    chance.choice(_marks(tree)).set("id", "other")


def rename_all_ids(tree: HtmlElement, chance: random.Random) -> None:
    for mark in _marks(tree):
        mark.set("id", f"x{mark.get('id')}")


def rename_ids_and_lose_links(tree: HtmlElement, chance: random.Random) -> None:
    rename_an_id(tree, chance)
    for link in tree.xpath("//a[contains(@href, 'replyTo')]"):
        link.drop_tree()


def wrap(tree: HtmlElement, chance: random.Random) -> None:
    inner = _inner(tree, chance)
    box = lxml.html.Element("div")
    inner.addprevious(box)
    box.tail, inner.tail = inner.tail, None
    box.append(inner)


def unwrap(tree: HtmlElement, chance: random.Random) -> None:
    _inner(tree, chance).drop_tag()


def double(tree: HtmlElement, chance: random.Random) -> None:
    inner = _inner(tree, chance)
    inner.addnext(lxml.html.fragment_fromstring(lxml.html.tostring(inner, with_tail=False)))


def move(tree: HtmlElement, chance: random.Random) -> None:
    inner, place = _inner(tree, chance), _inner(tree, chance)
    if inner not in (place, *place.iterancestors()):
        place.addnext(inner)


def lose_a_date(tree: HtmlElement, chance: random.Random) -> None:
    dated = [each for each in tree.iter() if (each.text or "") in MONTHS]
    chance.choice(dated).text = "不久以前"


def rename_boxes(tree: HtmlElement, chance: random.Random) -> None:
    for name in ("comments", "PostComment"):
        tree.get_element_by_id(name).set("id", f"other-{name}")


MUTATIONS = (
    *(rename_an_id, rename_all_ids, rename_ids_and_lose_links, wrap, unwrap, double, move, lose_a_date, rename_boxes),
)


@settings(max_examples=150, deadline=None)
@given(
    PARENTS,
    st.sampled_from(["text_ids", "both_ids", "item_ids"]),
    st.sampled_from(MUTATIONS),
    st.integers(0, 999),
    st.booleans(),
)
def test_whatever_breaks_each_comment_is_read_or_counted_as_missing(
    parents: tuple[int | None, ...],
    shape: str,
    mutation: Callable[[HtmlElement, random.Random], None],
    seed: int,
    classes: bool,
) -> None:
    said = forest(list(parents))
    tree = lxml.html.document_fromstring(page(shown(said, shape)))
    mutation(tree, random.Random(seed))
    html = lxml.html.tostring(tree, encoding="unicode")
    found = read(html if classes else re.sub(r' class="(?!Post|submitted|title|cat|tools)[^"]*"', "", html))
    missing = expected(said).keys() - {each.id for each in found.comments}
    assert {each.id for each in found.comments} <= expected(said).keys()
    places = {each.id: place for place, each in enumerate(found.comments)}
    assert all(places[each.parent_id] < places[each.id] for each in found.comments if each.parent_id)
    assert len(missing) <= found.comments_unread
    assert bool(found.comments_unread) == bool(found.comment_issues)
    assert (found.content.text, found.quality.issues) == ("正文$x$。", ())


# None, and none that are there


BARE = re.compile(r'<form id="comment_form">.*?</form>', re.DOTALL)


def without_form(comments: str, counter: str = "") -> Post:
    return read(BARE.sub("", page(comments, counter=counter)))


def test_none_is_read_as_none_only_when_the_page_says_so() -> None:
    silent = "the page has a place for comments and does not say that there are none"
    said = {
        "暂无评论": (0, ()),
        "<h3>0 Comments</h3>": (0, ()),
        "<p>No comments yet.</p>": (0, ()),
        "<p>Comments are closed.</p>": (None, ()),
        "<form><textarea></textarea></form>": (None, ()),
        "<p>10 comments</p>": (None, (silent,)),
        "": (None, (silent,)),
    }
    found = {words: without_form(words) for words in said}
    assert {words: (post.comment_count, post.comment_issues) for words, post in found.items()} == said
    counted = without_form("", counter="0 评论")
    assert (counted.comment_count, counted.comment_issues) == (0, ())


def test_comments_at_a_service_are_told_and_those_of_the_page_read() -> None:
    embed = '<div id="disqus_thread"></div><script src="//chalk.disqus.com/embed.js"></script>'
    thread = f"shortname chalk, address {URL}"
    told = f"comments are at Disqus ({thread}), which loads them by a script: none of them is archived"
    none = without_form(embed)
    assert (none.comment_count, none.comment_issues) == (None, (told,))
    both = read(page(shown([Said(101, None)], "item_ids") + embed))
    assert ([each.id for each in both.comments], both.comment_issues) == ([101], (told,))


def test_the_words_of_somebody_without_a_name_are_no_name() -> None:
    html = re.sub(r' class="ListContent"', "", shown([Said(101, None), Said(102, None)], "item_ids"))
    html = re.sub(r'(class="ListUser">).*?(</div>)', r"\1 \2", html, count=1)
    found = {each.id: (each.author, each.content.text.strip(), each.notes) for each in read(page(html)).comments}
    assert found[101] == ("", "第101条，$x_101<y$。", ("no name found",))
    assert found[102][:2] == (NAMES[2], "第102条，$x_102<y$。")


# Kinds, quotes, pagers


def test_pingbacks_and_trackbacks_are_read_by_their_ids() -> None:
    said = [Said(101, None), Said(103, None, "pingback"), Said(104, None, "trackback")]
    assert [(each.id, each.kind) for each in read(page(shown(said, "text_ids"))).comments] == [
        (101, "comment"),
        (103, "pingback"),
        (104, "trackback"),
    ]


@pytest.mark.parametrize("address", ["http://[?replyTo=101", "http://[/?replyTo=101&a=1", "?a=1&replyTo=101#="])
def test_a_link_that_is_no_address_loses_no_comment(address: str) -> None:
    said = [Said(101, None), Said(102, None)]
    lost = shown(said, "text_ids").replace('id="comment-101"', "", 1)
    odd = lost.replace("/archives/9001/comment-page-1?replyTo=101#respond-post-9001", address)
    assert [each.id for each in read(page(odd)).comments] == [101, 102]


def test_comments_beside_a_box_that_ends_early_are_no_fault() -> None:
    found = read(page('<p>2022-03-04</p></div><div id="comment-2"><a id="comment-3"></a><p>2022-03-04</p></div>'))
    assert len(found.comments) + found.comments_unread == 2


def quoting(said: Said, quoted: str) -> str:
    return shown([said], "item_ids").replace("<p>", f'<p><a href="{quoted}">@甲|comment-101</a> ', 1)


def test_a_quote_is_a_reference_and_no_parent_where_the_page_shows_threads() -> None:
    both = shown([Said(101, None)], "item_ids") + quoting(Said(102, None), f"{URL}/comment-page-1#comment-101")
    found = read(page(both)).comments
    assert [(each.parent_id, each.quotes_id, each.notes) for each in found] == [(None, None, ()), (None, 101, ())]


def test_a_quote_is_the_parent_of_last_resort_in_a_flat_list_and_a_note_says_so() -> None:
    both = shown([Said(101, None)], "item_ids") + quoting(Said(102, None), "#comment-101")
    flat = re.sub(r"<span><a [^>]*replyTo.*?</span>", "", both)
    answer = read(page(flat)).comments[1]
    assert (answer.parent_id, answer.quotes_id) == (101, 101)
    assert answer.notes == ("the page shows no threads; taken for an answer to what it quotes",)


def test_a_quote_of_a_comment_elsewhere_is_a_reference_alone() -> None:
    flat = re.sub(r"<span><a [^>]*replyTo.*?</span>", "", quoting(Said(102, None), f"{URL}#comment-7"))
    answer = read(page(flat)).comments[0]
    assert (answer.parent_id, answer.quotes_id) == (None, 7)


def pager(last: int) -> str:
    return f'<ol><li class="current"><a href="{URL}/comment-page-{last}#comments">{last}</a></li></ol>'


def test_a_pager_is_believed_as_far_as_the_post_can_have_comments() -> None:
    comments = shown([Said(101, None)], "item_ids")
    found = read(page(comments, pager=pager(9), counter="30 评论"))
    assert (found.comment_page, found.comment_pages, found.comment_issues) == (9, 9, ())
    found = read(page(comments, pager=pager(999_999), counter="30 评论"))
    assert found.comment_pages == 30 + DRIFT
    assert found.comment_issues == (
        "the pager claims 999999 pages, the post 30 comments: pages from 36 on are not asked for",
    )
    assert read(page(comments, pager=pager(999_999))).comment_pages == 100


LINKED = {
    "wordpress, its newest page": (
        (
            f'<nav><div class="nav-links"><a class="prev page-numbers" href="{URL}/comment-page-2/#comments">‹</a>'
            f'<a class="page-numbers" href="{URL}/comment-page-1/#comments">1</a>'
            f'<a class="page-numbers" href="{URL}/comment-page-2/#comments">2</a>'
            '<span aria-current="page" class="page-numbers current">3</span></div></nav>'
        ),
        (3, 3),
    ),
    "wordpress, its oldest page": (
        (
            '<nav><div class="nav-links"><span aria-current="page" class="page-numbers current">1</span>'
            f'<a class="page-numbers" href="{URL}/comment-page-2/#comments">2</a>'
            f'<a class="next page-numbers" href="{URL}/comment-page-2/#comments">›</a></div></nav>'
        ),
        (1, 2),
    ),
    "wordpress, as a list": (
        (
            f'<ul class="page-numbers"><li><a class="page-numbers" href="{URL}/comment-page-1/#comments">1</a></li>'
            '<li><span aria-current="page" class="page-numbers current">2</span></li></ul>'
        ),
        (2, 2),
    ),
    "older ones only": (
        f'<div class="nav-previous"><a href="{URL}/comment-page-4/#comments">Older Comments</a></div>',
        (5, 5),
    ),
    "newer ones only": (
        f'<div class="nav-next"><a href="{URL}/comment-page-2/#comments">Newer Comments</a></div>',
        (1, 2),
    ),
    "links for answering": (f'<a href="{URL}/comment-page-9/?replytocom=101#respond">Reply</a>', (1, 1)),
}
"""Pagers under a post's own address, with the page they are on and how many there are."""


@pytest.mark.parametrize("case", LINKED)
def test_a_pager_need_not_link_the_page_it_is_on(case: str) -> None:
    markup, expected = LINKED[case]
    found = read(page(shown([Said(101, None)], "item_ids"), pager=markup, counter="30 评论"))
    assert (found.comment_page, found.comment_pages) == expected


# Ids of other forms


def own(mark: str) -> Site:
    """Return a blog that is like the first one, but for the ids of its comments."""
    text, source = Site().profile.written
    return Site(profile.read(text.replace("[comments]\n", f"[comments]\nmark = '{mark}'\n"), source))


def with_ids(write: Callable[[int], str], address: str, mark: str) -> list[tuple[int, int | None]]:
    said = forest([None, 0, None])
    html = re.sub(
        r'(id="|#)comment-(\d+)', lambda found: f"{found[1]}{write(int(found[2]))}", shown(said, "article_ids")
    )
    found = parse_comment_page(f"{address}/comment-page-1", page(html).encode(), own(mark))
    assert [each.content.text.strip() for each in found.comments] == [each.text for each in said]
    return [(each.id, each.parent_id) for each in found.comments]


def test_an_id_of_another_form_is_its_number() -> None:
    assert with_ids("c{}".format, URL, r"c(?P<id>\d+)") == [(101, None), (102, 101), (103, None)]
    assert with_ids("isso-{}".format, URL, r"isso-(?P<id>\d+)") == [(101, None), (102, 101), (103, None)]


def test_an_id_that_is_no_number_makes_one_that_is_the_same_ever_after() -> None:
    words = with_ids("comment-ab{}".format, URL, r"comment-(?P<id>\w+)")
    assert [each for each, _ in words] == [4632359603991143541, 4645368520934694892, 4659119013096876084]
    assert words == with_ids("comment-ab{}".format, f"{URL[:-1]}9", r"comment-(?P<id>\w+)")
    assert [parent for _, parent in words] == [None, words[0][0], None]


def test_an_id_that_others_have_on_other_pages_is_told_by_its_page() -> None:
    one, other = (with_ids("comment{}".format, address, r"comment(?P<place>\d+)") for address in (URL, f"{URL[:-1]}9"))
    assert {each for each, _ in one}.isdisjoint(each for each, _ in other)
    assert one[1][1] == one[0][0]


@given(st.text(max_size=30), st.text(max_size=30))
def test_every_number_made_of_an_id_fits_a_database(word: str, whose: str) -> None:
    naming = Naming(re.compile(r"(?s)(?P<id>.+)|(?P<place>)"), whose)
    found = naming.of(word)
    assert found is not None
    assert 0 < found[1] < 1 << 63
    assert found == naming.of(word)


# Dates


@pytest.mark.parametrize(
    ("written", "zone", "day"),
    [
        ("2024-03-03T23:12:00+00:00", "+08:00", "2024-03-04"),
        ("2024-03-03T23:12:00Z", "-05:00", "2024-03-03"),
        ("2024-03-03T23:12:00+08:00", "+08:00", "2024-03-03"),
        ("2024-07-03T22:12:00Z", "Europe/Berlin", "2024-07-04"),
        ("2024-03-03 23:12", "+08:00", "2024-03-03"),
        ("2024-03-03", "+08:00", "2024-03-03"),
        ("9999-12-31T23:59:59-11:00", "+08:00", "9999-12-31"),
        ("lately", "+08:00", None),
    ],
)
def test_a_date_for_programs_is_the_day_by_the_clock_of_the_blog(written: str, zone: str, day: str | None) -> None:
    assert dates.day_at(written, zone) == day


@pytest.mark.parametrize(
    "written",
    [
        *(
            "March 3, 2024 at 5:12 pm",
            "Mar 3rd, 2024",
            "2024年3月3日 下午5:12",
            "2024/03/03 17:12",
            "3 March 2024, 17:12",
        ),
        *("3. März 2024 um 17:12 Uhr", "3 mars 2024 à 17h12", "3 de marzo de 2024 a las 17:12", "03.03.2024 17:12"),
        *("3 marzo 2024 alle 17:12", "3 marca 2024 o 17:12", "3 марта 2024 в 17:12", "3 maart 2024 om 17:12"),
    ],
)
def test_dates_beside_comments_are_read_in_many_languages_and_their_times_cut(written: str) -> None:
    html = shown([Said(101, None)], "text_ids").replace(f"<small>{MONTHS[1]}", f"<small>{written}")
    html = html.replace(f">{MONTHS[1]}<", f">{written}<")
    (comment,) = read(page(re.sub(r' class="[^"]*"', "", html))).comments
    assert (comment.published_on, comment.author, comment.content.text.strip()) == (
        "2024-03-03",
        NAMES[1],
        "第101条，$x_101<y$。",
    )


def test_a_link_in_a_comment_is_no_pager() -> None:
    link = f'<a href="{URL}/comment-page-99#comments">那里</a>'
    comments = shown([Said(101, None)], "item_ids").replace("</p>", f"{link}</p>", 1)
    assert read(page(comments)).comment_pages == 1


def test_a_date_in_a_text_is_not_the_date_of_the_comment() -> None:
    said = [Said(101, None), Said(102, 101)]
    said[0].answers.append(said[1])
    for shape in ("text_ids", "both_ids", "item_ids"):
        forged = shown(said, shape).replace("</p></div>", "</p><p>June 1st, 2010</p></div>")
        found = read(page(forged))
        assert [each.published_on for each in found.comments] == ["2023-05-21", "2024-06-01"], shape
        assert found.comments_unread == 0


def test_ids_in_the_text_of_a_post_are_no_comments() -> None:
    html = page(shown([Said(101, None)], "item_ids")).replace("<p>正文", '<p id="comment-5">正文')
    assert [each.id for each in read(html).comments] == [101]


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_page_of_comments_is_read_as_the_post_is(shape: str) -> None:
    said = forest([None, 0, 1, None])
    found = parse_comment_page(f"{URL}/comment-page-1", page(shown(said, shape)).encode())
    assert facts(found.comments) == expected(said)
