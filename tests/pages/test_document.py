"""Pages that mean harm, or were damaged on the way: bounded time, the text kept, the page marked."""

from __future__ import annotations

import re

import pytest

from archiver.errors import PageNotRecognised
from archiver.items import Post
from archiver.pages.charset import as_utf8, decode
from archiver.pages.document import DEEPEST, LARGEST, parse, parse_with_flaws
from archiver.pages.post import parse_post
from archiver.sample import SampleBlog

URL = "https://kexue.fm/archives/131"
PAGE = SampleBlog().respond("GET", "/archives/131", {"Host": "kexue.fm"}).body
START = b'id="PostContent">'


def post_with(markup: bytes) -> Post:
    head, _, tail = PAGE.partition(START)
    assert tail
    return parse_post(URL, head + START + markup + tail)


@pytest.mark.parametrize("tag", ["div", "strong", "blockquote", "ul><li", "font"])
def test_text_nested_a_hundred_thousand_deep_is_kept(tag: str) -> None:
    names = [name.strip("<>") for name in f"<{tag}>".split("><")]
    deep = f"<{tag}>" * 100_000 + "深处的字" + "".join(f"</{name}>" for name in reversed(names)) * 100_000
    post = post_with(f"<p>前面的字。</p>{deep}<p>后面的字。</p>".encode())
    for words in ("前面的字。", "深处的字", "后面的字。"):
        assert words in post.content.markdown
    assert f"elements nested deeper than {DEEPEST} were taken out, their text kept" in post.quality.issues


def test_a_million_attributes_are_passed_over() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(1_000_000 // 4))
    post = post_with(f"<p {attributes}>属性很多。</p>".encode())
    assert "属性很多。" in post.content.markdown
    assert "a tag with thousands of attributes was shortened" in post.quality.issues


def test_a_run_of_dollars_is_read_and_an_odd_one_noted() -> None:
    post = post_with(b"<p>" + b"$" * 10_001 + "后面的字。</p>".encode())
    assert "后面的字。" in post.content.markdown
    assert post.quality.notes


def test_a_page_larger_than_any_real_one_is_not_read() -> None:
    with pytest.raises(PageNotRecognised, match="expected a page of at most 4 MiB, found 20 MiB"):
        post_with(b"$" * (20 << 20))
    assert 10 * len(PAGE) < LARGEST


def test_what_no_tree_can_hold_is_replaced_and_marked() -> None:
    post = post_with("<p>前\x00后，$a\x00b$。</p>".encode() + b"<p>\xed\xa0\x80</p>")
    assert "前\ufffd后" in post.content.markdown
    assert "$a\ufffdb$" in post.content.markdown
    assert any("signs that no page can hold" in issue for issue in post.quality.issues)


@pytest.mark.parametrize("sign", ["\x0b", "\x01", "\uffff", "&#11;", "&#1;", "&#x1F;", "&#xfffe;", "&#0000011;"])
def test_a_control_character_behind_anything_costs_nothing(sign: str) -> None:
    strewn = re.sub(rb"</(?:script|a|div|p|li|em|code)>", rb"\g<0>" + sign.encode(), PAGE)
    assert strewn.count(sign.encode()) > 50
    assert parse_post(URL, strewn) == parse_post(URL, PAGE)


@pytest.mark.parametrize("sign", ["\f", "&#12;", "&#xC;"])
def test_a_form_feed_is_a_blank(sign: str) -> None:
    assert parse(URL, f"<p>one{sign}two".encode()).text_content() == "one two"


@pytest.mark.parametrize(
    ("reference", "text"), [("&#110;", "n"), ("&#65", "A"), ("&#x1F600;", "😀"), ("&#x11;1", "1"), ("&#650;", "ʊ")]
)
def test_other_references_stay(reference: str, text: str) -> None:
    assert parse(URL, f"<p>{reference}".encode()).text_content() == text


def test_a_page_in_gbk_that_says_utf_8_is_readable_and_marked() -> None:
    post = parse_post(URL, PAGE.decode().encode("gb18030"))
    assert post.title == parse_post(URL, PAGE).title
    assert post.content == parse_post(URL, PAGE).content
    assert post.quality.issues == ("the page is not UTF-8 throughout, as the blog's are; read as gb18030",)


@pytest.mark.parametrize("name", ["hex", "idna", "punycode", "unicode_escape", "rot13"])
def test_what_only_python_calls_a_charset_is_none(name: str) -> None:
    page = f'<meta charset="{name}"><p>黎曼猜想</p>\\ud800'.encode("gbk")
    assert "黎曼猜想" in decode(as_utf8(page, f"text/html; charset={name}"))[0]


def test_one_broken_letter_does_not_cost_the_others() -> None:
    whole = parse_post(URL, PAGE).content.markdown
    broken = post_with("破".encode()[:2])
    assert whole in broken.content.markdown
    assert broken.quality.issues


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<p>前<wbr>后<b>粗</b>$a$</p><p>末</p>", "前后**粗**$a$\n\n末"),
        ("<p>设$a+<wbr>b$，$c$</p>", "设$a+b$，$c$"),
        ("<p>前<embed src='https://v.example/1'>后$x$</p><p>末</p>", "前\n\n<https://v.example/1>\n\n后$x$\n\n末"),
        ("<picture><source srcset='/b.webp'><img src='/b.png'></picture>", "![](https://kexue.fm/b.png)"),
        ("<p>前<image src='/a.png'>后</p>", "前![](https://kexue.fm/a.png)后"),
        ("<p>前</p></body></html><p>后</p>", "前\n\n后"),
        ("<pre><p>a</p></pre><p>后</p>", "```\na\n```\n\n后"),
    ],
)
def test_html_is_read_as_browsers_read_it(markup: str, markdown: str) -> None:
    whole = post_with(b"").content.markdown
    assert post_with(markup.encode()).content.markdown == f"{markdown}\n\n{whole}"


@pytest.mark.parametrize(
    ("body", "text"), [(b"\xef\xbb\xbfa", "a"), (b"", ""), ("é".encode("latin-1") * 3, "茅茅"[:0])]
)
def test_decoding_never_fails(body: bytes, text: str) -> None:
    assert text in decode(body)[0]


@pytest.mark.parametrize("body", [b"", b"   ", b"<!-- -->"])
def test_an_empty_page_is_not_recognised(body: bytes) -> None:
    with pytest.raises(PageNotRecognised):
        parse_with_flaws(URL, body)


@pytest.mark.parametrize("tag", ["main", "article", "header", "figure", "section", "x-part"])
def test_a_page_that_leaves_body_out_has_one(tag: str) -> None:
    page = f"<!doctype html><title>t</title><script>1</script><{tag}>a</{tag}>b<p>c</p>d"
    tree, _ = parse_with_flaws("/", page.encode())
    head, body = tree
    assert [child.tag for child in head] == ["title", "script"]
    assert (body.tag, body.text_content()) == ("body", "abcd")
