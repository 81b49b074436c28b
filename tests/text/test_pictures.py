"""Pictures are found where pages put them, and where one is not, the reading says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver.items import Content
from archiver.text import engines, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of

Read = Callable[[str], Content]
DATA = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAMAAAADCAAAAABzQ+pjAAAAFElEQVR4nGP4z/CbYR8rJwPDfzsAG40EBKKMQU8AAAAA"
    "SUVORK5CYII="
)
CIRCLE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Ccircle r='9'/%3E%3C/svg%3E"
EMPTY = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 3'%3E%3C/svg%3E"


def doubts(markup: str) -> tuple[str, ...]:
    body = body_of(markup)
    return quality.check(body, engines.read(body, Site().resolve), Site().resolve)


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="/a.png">',
        f'<img src="{DATA}" data-src="/a.png">',
        '<img src="/loading.gif" data-original="/a.png">',
        '<img data-lazy-src=" /a.png ">',
        f'<img src="{DATA}" data-unheard-of="/a.png">',
        '<img src="/a.png" data-full-size="/b.png">',
        '<img srcset="/s.png 1x, /a.png 2x">',
        '<img srcset="/s.png 320w,/a.png 1280w, /m.png 640w">',
        '<img srcset="/a.png">',
        '<img src="/s.png" srcset="/a.png 2x">',
        f'<img src="/s.png" srcset="{DATA}" data-lazy-srcset="/m.png 300w, /a.png 900w">',
        '<img data-src="/s.png" data-srcset="/a.png 2x"><noscript><img src="/s.png"></noscript>',
        '<img data-src="/s.png"><noscript><img src="/s.png" srcset="/b.png 2x"></noscript>'.replace("/s", "/a"),
        f'<img src="{DATA}" data-srcset="/s.png 1x, /a.png 1.5x">',
        '<picture><source srcset="/b.webp"><img src="/a.png"></picture>',
        '<picture><source srcset="/a.png 1x"><source srcset="/b.png"><img></picture>',
        f'<img src="{DATA}"><noscript><img src="/a.png"></noscript>',
        '<img class="lazy" data-src="/a.png"><noscript><img src="/a.png"></noscript>',
        '<noscript><img src="/a.png"></noscript><img class="lazy" data-src="/a.png">',
        f'<a href="/a.png"><img src="{DATA}"></a><noscript><img src="/a.png"></noscript>',
        '<div class="lazy"></div><noscript><img src="/a.png"></noscript>',
        '<img src="/a.png"><noscript>请打开脚本</noscript>',
        '<img src="/a.png"><noscript><img width="1" height="1" src="/count"></noscript>',
    ],
)
def test_a_picture_is_read_once_wherever_its_address_stands(read: Read, markup: str) -> None:
    for around in ("<p>前{}后</p>", "<figure>{}</figure>"):
        assert [image.url for image in read(around.format(markup)).images] == ["https://kexue.fm/a.png"]
        assert doubts(around.format(markup)) == ()


@pytest.mark.parametrize(
    "box", ["<picture>{}</picture>", "{}<noscript><img src='/a.png'></noscript>", "<a href='/a.png'>{}</a>"]
)
def test_a_caption_belongs_to_the_picture_in_whatever_stands_around_it(read: Read, box: str) -> None:
    picture = box.format("<img data-src='/a.png'>")
    (image,) = read(f"<figure>{picture}<figcaption>题$x$</figcaption></figure>").images
    assert image.caption == "题$x$"


@pytest.mark.parametrize(
    "markup",
    [
        '<div id="attachment_1" class="wp-caption">{}<p class="wp-caption-text">题</p></div>',
        '<figure id="f1">{}<figcaption>题</figcaption></figure>',
        '<p>{}</p><p class="caption">题</p>',
        '{}<div class="image-caption">题</div>',
        '{}<!-- 注 --> <?php ?><div class="image-caption">题</div>',
        '<p>前文</p><p><a href="/b">{}</a></p><p class="caption">题</p>',
    ],
)
def test_a_caption_is_known_by_its_class_and_may_stand_beside(read: Read, markup: str) -> None:
    (image,) = read(markup.format("<img src='/a.png'>")).images
    assert image.caption == "题"


@pytest.mark.parametrize(
    "markup",
    [
        "<p>{}</p><p>正文</p>",
        "<p>{}正文</p><p class='caption'>题</p>",
        "{}<!-- 注 -->文<p class='caption'>题</p>",
        "<div id='all'>{}<p>正文</p></div>",
    ],
)
def test_what_is_after_a_picture_is_no_caption_of_itself(read: Read, markup: str) -> None:
    (image,) = read(markup.format("<img src='/a.png'>")).images
    assert image.caption == ""


@pytest.mark.parametrize(
    "player",
    [
        "<video src='{}'></video>",
        "<video><source src='{}'></video>",
        "<audio data-src='{}'></audio>",
        "<iframe src='about:blank' data-src='{}'></iframe>",
        "<object data='{}'></object>",
        "<embed src='{}'>",
    ],
)
def test_a_player_or_frame_is_a_link_to_what_it_shows(read: Read, player: str) -> None:
    content = read(f"<p>前</p>{player.format('https://v.example/1')}<p>后</p>")
    assert content.markdown == "前\n\n<https://v.example/1>\n\n后"
    assert [link.url for link in content.links] == ["https://v.example/1"]


@pytest.mark.parametrize(
    "player", ["<video></video>", "<iframe srcdoc='甲'></iframe>", "<iframe src='blob:1'></iframe>"]
)
def test_a_player_or_frame_without_an_address_is_an_issue(player: str) -> None:
    assert doubts(f"<p>前</p>{player}") == ("players or frames of the page whose address is not read: 1",)


def test_a_player_for_browsers_without_the_other_is_no_issue() -> None:
    assert doubts("<object data='https://v.example/1'><embed></object><noscript><iframe></iframe></noscript>甲") == ()


def test_a_late_picture_in_a_table_written_as_html_is_there_too(read: Read) -> None:
    content = read("<table><tr><td><pre>a</pre></td><td><img data-src='/a.png'></td></tr></table>")
    assert '<img src="https://kexue.fm/a.png"' in content.markdown


@pytest.mark.parametrize(
    "markup",
    [
        f'<img src="{DATA}">',
        f'<img data-src="{DATA}">',
        "<picture><source srcset='/a.webp'></picture>",
        "<button><img src='/a.png'></button>",
        f'<img src="{DATA}"><noscript>请打开脚本</noscript>',
        '<svg viewBox="0 0 90 90"><path d="M0 0"/></svg>',
    ],
)
def test_a_picture_that_is_not_read_is_an_issue(markup: str) -> None:
    assert doubts(f"<p>前{markup}后</p>") == ("pictures of the page that are not read: 1",)


@pytest.mark.parametrize(
    "markup",
    [
        "<img>",
        "<img alt='x' src=''>",
        "<img src='file:///C:/a.png'>",
        "<img src='htthttps://a/b.png'>",
        "<template><img src='/a.png'></template>",
        "<svg aria-hidden='true'><path d='M0 0'/></svg>",
    ],
)
def test_what_shows_no_picture_is_no_issue(markup: str) -> None:
    assert doubts(f"<p>前{markup}后</p>") == ()


@pytest.mark.parametrize("tag", ["svg", "button", "select"])
def test_an_element_that_swallowed_paragraphs_is_an_issue(tag: str) -> None:
    assert f"text inside `<{tag}>` is not read" in doubts(f"<p>前</p><{tag}><p>后面的全部</p>")


def test_a_label_of_a_button_is_no_issue() -> None:
    assert doubts("<p>前</p><button>复制</button><select><option>甲</select>") == ()


@pytest.mark.parametrize(
    ("markup", "issue"),
    [
        ("<pre>a<iframe src='/f'></iframe></pre>", "players or frames of the page whose address is not read: 1"),
        ("<canvas></canvas>", "drawings by scripts of the page that are not read: 1"),
        ("<input type='range'><input>", "fields of forms that are not read: 2"),
        ("<input type='radio'><input type='hidden'><input type='submit'>", ""),
        ("<noscript><canvas></canvas></noscript>", ""),
        ("<button>甲<code>a</code></button>", "text inside `<button>` is not read"),
        ("<div><template shadowrootmode='open'><p>甲</p></template></div>", "text inside `<template>` is not read"),
        ("<template><p>甲</p></template>", ""),
    ],
)
def test_what_only_a_running_page_shows_is_an_issue(markup: str, issue: str) -> None:
    assert doubts(f"<p>前</p>{markup}<p>后</p>") == ((issue,) if issue else ())


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (DOT, "image/png"),
        (DOT.replace("png;", "jpeg;"), "image/png"),
        (DOT.removesuffix("="), "image/png"),
        (f" {DOT[:60]}\n {DOT[60:]}".replace("data:", "DATA:"), "image/png"),
        (DOT.replace("+", "%2B").replace(";base64", ";charset=utf-8;BASE64"), "image/png"),
        (CIRCLE, "image/svg+xml"),
        (CIRCLE.replace("+xml,", "+xml;utf8,"), "image/svg+xml"),
    ],
)
def test_a_picture_that_stands_in_its_address_is_kept_with_its_bytes(read: Read, address: str, kind: str) -> None:
    for markup in ("<img src=\"{}\" alt='甲'>", '<img data-src="{}">', "<a href='/b'><img src=\"{}\"></a>"):
        body = f"<figure>{markup.format(address)}<figcaption>题</figcaption></figure>"
        content = read(body)
        (image,), (picture,) = content.images, content.embedded
        assert (image.url, image.caption, picture.media_type) == (picture.url, "题", kind)
        assert image.url in content.markdown
        assert doubts(body) == ()


def test_a_background_may_be_a_picture_that_stands_there() -> None:
    body = sources.settle(body_of(f'<div style="color: red; background: #fff url(&quot;{CIRCLE}&quot;) center"></div>'))
    assert [picture.media_type for picture in engines.read(body, Site().resolve).embedded] == ["image/svg+xml"]


@pytest.mark.parametrize("placeholder", [DATA, EMPTY, DOT, CIRCLE])
@pytest.mark.parametrize(
    "markup",
    [
        '<img src="{}" data-src="/a.png">',
        '<img src="{}" srcset="/a.png 2x">',
        '<picture><source srcset="/a.png"><img src="{}"></picture>',
        '<img src="{}"><noscript><img src="/a.png"></noscript>',
    ],
)
def test_what_holds_the_place_of_a_picture_is_none(read: Read, markup: str, placeholder: str) -> None:
    content = read(f"<p>前{markup.format(placeholder)}后</p>")
    assert [image.url for image in content.images] == ["https://kexue.fm/a.png"]
    assert content.embedded == ()


@pytest.mark.parametrize(
    "address",
    [
        DATA,
        EMPTY,
        "data:",
        "data:image/png",
        "data:image/png;base64,",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,PHNjcmlwdD4=",
        "data:image/svg+xml,<b>",
        DOT.replace("image/png", "text/html"),
    ],
)
def test_an_address_that_holds_no_picture_is_an_issue(read: Read, address: str) -> None:
    assert doubts(f'<p>前<img src="{address}">后</p>') == ("pictures of the page that are not read: 1",)
    assert read(f'<p>前<img src="{address}">后</p>').embedded == ()


def test_a_comment_of_the_page_is_no_caption_and_parts_none_from_its_picture(read: Read) -> None:
    picture = "<div><img src='/a.png'></div>{}<p class='caption'>A mill</p>"
    for between, caption in (("", "A mill"), ("<!-- drawn by hand -->", "A mill"), ("<!-- a -->words<!-- b -->", "")):
        (image,) = read(f"<p>before</p>{picture.format(between)}").images
        assert image.caption == caption
    (image,) = read("<div><img src='/a.png'><!-- the end --></div>").images
    assert image.caption == ""
