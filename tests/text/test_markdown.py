"""What the Markdown of a body looks like, construct by construct."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver.items import Content

Read = Callable[[str], Content]
Written = Callable[[str], str]


# Formulas


def test_formulas_stand_byte_for_byte_and_keep_their_place(read: Read) -> None:
    content = read(
        "<p>设$a_1*b_2$，若<br/>\n"
        "\\begin{align}u &amp;= v \\\\[4pt]<br/>\n&lt; w\\label{eq:u}\\end{align}<br/>\n则止。</p>"
    )
    assert content.markdown == "设$a_1*b_2$，若\n\\begin{align}u &= v \\\\[4pt]\n< w\\label{eq:u}\\end{align}\n则止。"
    assert [(f.position, f.display, f.environment, f.label) for f in content.formulas] == [
        (0, False, None, None),
        (1, True, "align", "eq:u"),
    ]
    assert content.formulas[1].tex == "\\begin{align}u &= v \\\\[4pt]\n< w\\label{eq:u}\\end{align}"


@pytest.mark.parametrize(
    ("markup", "tex"),
    [
        ("$u<br/>\n_k$", "$u\n_k$"),
        ("$u<br>_k$", "$u\n_k$"),
        ("$u<br /> \n_k$", "$u \n_k$"),
        ("$u\r\n_k$", "$u\n_k$"),
        ("$u<!-- x -->_k$", "$u_k$"),
        ("$u<wbr/>_k$", "$u_k$"),
        ("$u&#13;_k$", "$u\n_k$"),
        ("$u\x0b_k$", "$u_k$"),
        (r"$p(\text{&lt;eos&gt;}|y)$", r"$p(\text{<eos>}|y)$"),
        ("$a&amp;lt;b$", "$a&lt;b$"),
    ],
)
def test_line_breaks_and_comments_inside_a_formula_leave_its_source(read: Read, markup: str, tex: str) -> None:
    content = read(f"<p>令{markup}为例</p>")
    assert [formula.tex for formula in content.formulas] == [tex]
    assert content.markdown == f"令{tex}为例"
    assert content.text == content.markdown


def test_displays_stand_on_lines_of_their_own(written: Written) -> None:
    assert written("<p>得$$u$$$$v$$故</p>") == "得\n$$u$$\n$$v$$\n故"
    assert written("<p>得<br/><br/>$$u$$</p>") == "得\n\n$$u$$"
    assert written("<p><b>得$$u$$</b>故</p>") == "**得\n$$u$$**\n故"


def test_nothing_is_maths_in_code(read: Read) -> None:
    content = read("<p><code>$x$</code></p><pre><code>$y$ \\[z\\]</code></pre><textarea>$w$</textarea>")
    assert content.formulas == ()
    assert content.markdown == "`$x$`\n\n```\n$y$ \\[z\\]\n```\n\n`$w$`"


def test_openers_without_an_end_are_kept_and_reported(read: Read) -> None:
    content = read(
        "<p>大约$120，没有下文</p><p>由$F=m\\frac{v}{t}<br/>\n$$\\begin{aligned}a\\end{aligned}$$</p><p>而$k$照常</p>"
    )
    assert "大约$120，没有下文" in content.markdown
    assert "由$F=m\\frac{v}{t}\n$$\\begin{aligned}a\\end{aligned}$$" in content.markdown
    assert content.unclosed == ("$120，没有下文", "$")
    assert content.formulas[-1].tex == "$k$"


def test_a_formula_across_another_tag_is_reported_and_not_made_up_by_readers(read: Read) -> None:
    content = read("<p>若$a <b>x</b> b$则</p>")
    assert content.formulas == ()
    assert len(content.unclosed) == 2
    assert content.markdown == "若\\$a **x** b\\$则"


def test_an_environment_across_another_tag_is_not_made_up_by_readers(written: Written) -> None:
    assert written(r"<p>\begin{a}<b>x</b>\end{a}</p>") == r"\\begin{a}**x**\end{a}"


def test_references_outside_formulas_stay_text(read: Read) -> None:
    content = read(r"<p>由\eqref{eq:a_b}与$\eqref{eq:a_b}$</p>")
    assert content.markdown == r"由\eqref{eq:a_b}与$\eqref{eq:a_b}$"
    assert len(content.formulas) == 1


def test_a_line_has_no_room_for_an_empty_one_and_a_heading_for_none(read: Read) -> None:
    content = read("<p>若$u\n\nv$则</p><h2>令$u\nv$</h2><p>又$$u\n\nv$$</p>")
    assert content.markdown == "若$u\nv$则\n\n## 令$u v$\n\n又\n$$u\n\nv$$"
    assert [formula.tex for formula in content.formulas] == ["$u\n\nv$", "$u\nv$", "$$u\n\nv$$"]


# Prose


@pytest.mark.parametrize(
    ("prose", "markdown"),
    [
        ("3 < 5 & A&B", "3 < 5 & A&B"),
        ("直到<eos>为止", r"直到\<eos>为止"),
        ("&amp;与&#42;", r"\&amp;与\&#42;"),
        ("*args、**kwargs", r"\*args、\*\*kwargs"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("head_dim_2与_init_", r"head_dim_2与_init\_"),
        ("_私有", r"\_私有"),
        ("[0, 1]与[1](x)", r"[0, 1]与[1\](x)"),
        (r"C:\new\_x", r"C:\new\\\_x"),
        ("`反引号`与~波浪~", r"\`反引号\`与\~波浪\~"),
        ("行\\", "行\\\\"),
        ("# 非标题", r"\# 非标题"),
        ("#非标题", "#非标题"),
        ("- 非列表", r"\- 非列表"),
        ("+ 非列表", r"\+ 非列表"),
        ("-1度", "-1度"),
        ("12. 非列表", r"12\. 非列表"),
        ("3.14", "3.14"),
        ("> 非引用", r"\> 非引用"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("[r]: z", r"[r\]: z"),
        ("|---|", r"\|---|"),
        ("    缩进", "缩进"),
        (r"写作\[a", r"写作\\[a"),
    ],
)
def test_prose_is_escaped_only_where_it_would_be_misread(written: Written, prose: str, markdown: str) -> None:
    markup = prose.replace("&", "&amp;").replace("<", "&lt;")
    assert written(f"<p>{markup}</p>") == markdown


def test_later_lines_of_a_paragraph_begin_nothing(written: Written) -> None:
    assert written("<p>甲\n- 乙\n===\n# 丙<br/>2. 丁</p>") == "甲\n\\- 乙\n\\===\n\\# 丙  \n2\\. 丁"


def test_after_a_formula_a_line_may_begin_anyhow(written: Written) -> None:
    assert written("<p>$x$- 乙</p>") == "$x$- 乙"
    assert written("<p>$$x$$- 乙</p>") == "$$x$$\n\\- 乙"


def test_line_breaks_are_kept_and_two_of_them_end_the_paragraph(written: Written) -> None:
    assert written("<p>甲<br/>\n乙<br><br/>丙<br/></p>") == "甲  \n乙\n\n丙"


def test_white_space_of_the_source_is_white_space(written: Written) -> None:
    assert written("<div>\n甲\n\n  乙 <b> 丙 </b> 丁\n</div>\n<p>　　戊</p>") == "甲\n乙 **丙** 丁\n\n　　戊"


def test_tags_without_a_meaning_leave_their_text(written: Written) -> None:
    known = '<u>甲</u><font color="red">乙</font><span style="color:Red">丙</span>'
    assert written(f"<p>{known}<hs>丁<trong>戊</trong><font:0017>己</p>") == "甲乙丙丁戊己"


def test_what_no_reader_sees_is_left_out(written: Written) -> None:
    markup = "<p>甲<script>x</script><!-- y --><style>z</style><svg><text>w</text></svg></p><noscript>v</noscript>"
    assert written(markup) == "甲"


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("这是<strong>重点</strong>。", "这是**重点**。"),
        ("这是<strong>“重点”</strong>所在", "这是<strong>“重点”</strong>所在"),
        ("这是<em>重点：</em>所在", "这是<em>重点：</em>所在"),
        ("这是<em>重点：</em> 所在", "这是*重点：* 所在"),
        ("<b>甲</b><b>乙</b>", "**甲**<strong>乙</strong>"),
        ("<b><i>甲</i>乙</b>", "**<em>甲</em>乙**"),
        ("<b>甲<b>乙</b></b>丙", "**甲乙**丙"),
        ("<b></b>甲<i> </i>乙", "甲 乙"),
        ("<s>甲</s>与x<sup>2</sup>", "~~甲~~与x<sup>2</sup>"),
        ("<b>若$x$</b>则", "<strong>若$x$</strong>则"),
        ("<b>甲<br/><br/>乙</b>丙", "**甲**\n\n**乙**丙"),
    ],
)
def test_emphasis_closes_beside_chinese(written: Written, markup: str, markdown: str) -> None:
    assert written(f"<p>{markup}</p>") == markdown


def test_blocks_inside_inline_tags_are_blocks(written: Written) -> None:
    assert written('<font color="green"><p>甲</p><b><div>乙</div>丙</b></font>') == "甲\n\n**乙**\n\n**丙**"


# Code


def test_code_keeps_language_indentation_and_empty_lines(read: Read) -> None:
    code = "def f(x):\n\n    return x &lt; 1\n\n\n\t# end\n"
    content = read(f'<pre class="line-numbers"><code class="language-python">{code}</code></pre>')
    exact = code.replace("&lt;", "<")
    assert [(block.language, block.code) for block in content.code_blocks] == [("python", exact)]
    assert content.markdown == f"```python\n{exact}```"
    assert exact.rstrip("\n") in content.text


@pytest.mark.parametrize(
    ("markup", "language", "code"),
    [
        ("<pre>a\n  b</pre>", "", "a\n  b"),
        ("<pre>\na</pre>", "", "a"),
        ("<pre><code>\na</code></pre>", "", "\na"),
        ('<pre class="lang-c++">a</pre>', "c++", "a"),
        ("<pre>a<br/>\n  b<br/>c</pre>", "", "a\n  b\nc"),
        ("<pre><span>a</span>\r\n<b>b</b></pre>", "", "a\nb"),
    ],
)
def test_code_is_taken_as_browsers_show_it(read: Read, markup: str, language: str, code: str) -> None:
    (block,) = read(markup).code_blocks
    assert (block.language, block.code) == (language, code)


def test_fences_and_spans_are_longer_than_what_is_in_them(written: Written) -> None:
    assert written("<pre>a\n````\nb</pre>") == "`````\na\n````\nb\n`````"
    assert written("<p><code>a``b</code><i><code>`</code></i></p>") == "```a``b```*`` ` ``*"


def test_neighbouring_code_is_one_span(written: Written) -> None:
    assert written("<p>甲<code>a</code><b></b><code>b`</code></p>") == "甲`` ab` ``"


# Links and pictures


def test_links_lead_to_canonical_addresses_and_are_listed(read: Read) -> None:
    content = read(
        '<p><a href="/archives/12/#s">前文</a>、<a href="http://spaces.ac.cn/category/Big-Data/">分类</a>、'
        '<a href="https://example.org/a_(b)?x=1&amp;copy=2">外链</a>、<a href="javascript:go()">脚本</a>、'
        '<a href="#s">本页</a>、<a name="s">锚</a>、<a href="http://[">坏</a></p>'
    )
    assert content.markdown == (
        "[前文](https://kexue.fm/archives/12)、[分类](https://kexue.fm/category/Big-Data)、"
        "[外链](<https://example.org/a_(b)?x=1&copy=2>)、脚本、[本页](#s)、"
        '<a id="s"></a>锚、坏'
    )
    assert [(link.position, link.url, link.text, link.kind, link.target_post_id) for link in content.links] == [
        (0, "https://kexue.fm/archives/12", "前文", "post", 12),
        (1, "https://kexue.fm/category/Big-Data", "分类", "site", None),
        (2, "https://example.org/a_(b)?x=1&copy=2", "外链", "external", None),
        (3, "javascript:go()", "脚本", "other", None),
        (4, "#s", "本页", "other", None),
        (5, "http://[", "坏", "other", None),
    ]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("见[0,1]", "[见[0,1]](https://kexue.fm/archives/1)"),
        ("见[0,1)", "[见&#91;0,1)](https://kexue.fm/archives/1)"),
        ("见$[0,1)$", "[见$[0,1)$](https://kexue.fm/archives/1)"),
        ("<b>粗</b>体", "[**粗**体](https://kexue.fm/archives/1)"),
        ("甲<br/>乙", "[甲  \n乙](https://kexue.fm/archives/1)"),
        ("<p>甲</p><p>乙</p>", "[甲](https://kexue.fm/archives/1)\n\n[乙](https://kexue.fm/archives/1)"),
        ("", ""),
    ],
)
def test_a_link_may_hold_anything(written: Written, text: str, markdown: str) -> None:
    assert written(f'<a href="/archives/1">{text}</a>') == markdown


def test_an_exclamation_mark_before_a_link_makes_no_picture(written: Written) -> None:
    assert written('<p>看!<a href="/archives/1">这里</a></p>') == "看\\![这里](https://kexue.fm/archives/1)"


PICTURE = (
    '<p></p><div class="pic-container"><div class="typecho-caption aligncenter"><div style="margin: 5px">'
    '<a href="{link}"><img alt="{alt}" src="/usr/uploads/2020/01/7.png"/></a></div>{caption}</div></div>'
)


def test_a_picture_stands_before_its_caption(read: Read) -> None:
    content = read(
        PICTURE.format(
            link="/usr/uploads/2020/01/7.png", alt="损失&quot;1&quot;", caption='<p class="c">损失 &lt; 1</p>'
        )
    )
    assert content.markdown == '![损失"1"](https://kexue.fm/usr/uploads/2020/01/7.png)\n\n损失 < 1'
    assert [(image.url, image.alt, image.caption) for image in content.images] == [
        ("https://kexue.fm/usr/uploads/2020/01/7.png", '损失"1"', "损失 < 1")
    ]
    assert content.links == ()


def test_a_caption_like_the_alternative_text_is_not_lost(read: Read) -> None:
    content = read(PICTURE.format(link="/attachment/8/", alt="轨道", caption="<p>轨道</p>"))
    assert content.markdown == "![轨道](https://kexue.fm/usr/uploads/2020/01/7.png)\n\n轨道"
    assert content.images[0].caption == "轨道"
    assert [(link.url, link.kind) for link in content.links] == [("https://kexue.fm/attachment/8/", "site")]


@pytest.mark.parametrize(
    "markup",
    [
        '<p><img src="/a.png" alt="甲"/></p><p>正文</p>',
        '<div><p><img src="/a.png" alt="甲"/></p><p>正文</p></div>',
        '<div><img src="/a.png" alt="甲"/><img src="/b.png"/><p>正文</p></div>',
        '<div><img src="/a.png" alt="甲"/><p>' + "正文" * 200 + "</p></div>",
    ],
)
def test_text_beside_a_picture_is_no_caption(read: Read, markup: str) -> None:
    assert {image.caption for image in read(markup).images} == {""}


def test_pictures_without_an_address_are_none(read: Read) -> None:
    content = read('<p>甲<img alt="x"/><img src="data:image/png;base64,AAAA"/><img src=""/>乙</p>')
    assert (content.markdown, content.images) == ("甲乙", ())


def test_signs_in_alternative_texts_are_harmless(written: Written) -> None:
    assert written('<p><img src="/a.png" alt="[x](y) $5 *"/>价$6$</p>') == (
        "![[x](y) \\$5 \\*](https://kexue.fm/a.png)价$6$"
    )
    assert written('<p><img src="/a.png" alt="a]b"/></p>') == "![a&#93;b](https://kexue.fm/a.png)"


def test_players_and_frames_are_links(read: Read) -> None:
    content = read(
        '<iframe src="//player.example.com/v?a=1"></iframe><video>旧<source src="/v.mp4"/></video>'
        '<object data="/o.swf"><param name="movie" value="/o.swf"/></object><iframe src="javascript:x"></iframe>'
    )
    assert (
        content.markdown == "<https://player.example.com/v?a=1>\n\n<https://kexue.fm/v.mp4>\n\n<https://kexue.fm/o.swf>"
    )
    assert [link.kind for link in content.links] == ["external", "site", "site"]


# Blocks


def test_headings_lose_their_anchor_only(written: Written) -> None:
    assert written('<h2 id="t">题<a href="#t"> #</a></h2><h3>C#</h3><h4>见<a href="#t">前</a> #</h4><h2> </h2>') == (
        '## <a id="t"></a>题\n\n### C#\n\n#### 见[前](#t) \\#'
    )


def test_headings_are_one_line(written: Written) -> None:
    assert written("<h2>甲<br/>乙\n<div>丙</div></h2>") == "## 甲 乙 丙"


def test_lists_nest_and_number(written: Written) -> None:
    numbered = '<ol start="3"><li>乙</li><li>丙<p>段</p></li></ol>'
    assert (
        written(f"<ul><li>甲{numbered}</li><li></li><li><p>丁</p><ul><li>戊</li></ul></li></ul>")
        == "- 甲\n\n  3. 乙\n  4. 丙\n\n     段\n-\n- 丁\n  - 戊"
    )


def test_lists_beside_one_another_stay_apart(written: Written) -> None:
    assert written("<ul><li>甲</li></ul><ul><li>乙</li></ul><ol><li>丙</li></ol><ol><li>丁</li></ol>") == (
        "- 甲\n\n* 乙\n\n1. 丙\n\n1) 丁"
    )


def test_lists_of_nothing_make_no_rule(written: Written) -> None:
    nothing = "<ul><li><ul><li><ul><li></li><li>甲</li></ul></li></ul></li></ul>"
    assert written(nothing) == "- - - <!-- -->\n    - 甲"


def test_what_stands_between_items_belongs_to_the_one_before(written: Written) -> None:
    assert written("<ul>甲<li>乙</li>丙<ul><li>丁</li></ul></ul>") == "- 甲\n- 乙\n\n  丙\n  - 丁"


def test_quotes_and_lists_prefix_every_line_of_a_formula(written: Written) -> None:
    formula = "\\begin{align}u\\\\<br/>\n- v\\end{align}"
    assert written(f'<blockquote class="cite"><div><b>命题</b> 若<br/>\n{formula}</div></blockquote>') == (
        "> **命题** 若\n> \\begin{align}u\\\\\n> - v\\end{align}"
    )
    assert written(f"<ul><li>若{formula}</li></ul>") == "- 若\n  \\begin{align}u\\\\\n  - v\\end{align}"


def test_a_quote_may_hold_blocks(written: Written) -> None:
    assert written("<blockquote>甲<pre>a\n\nb</pre><blockquote>乙</blockquote></blockquote>") == (
        "> 甲\n>\n> ```\n> a\n>\n> b\n> ```\n>\n> > 乙"
    )


def test_rules_survive(written: Written) -> None:
    assert written("<hr/><p>甲</p><ul><li><hr/></li></ul>") == "___\n\n甲\n\n- ___"


def test_simple_tables_are_pipes(written: Written) -> None:
    markup = (
        "<table><caption>表</caption><thead><tr><th>甲</th><th>乙</th></tr></thead><tr><td>a|b<br/>c</td></tr></table>"
    )
    assert written(markup) == "表\n\n| 甲 | 乙 |\n| --- | --- |\n| a\\|b<br>c |"
    assert written("<table><tr><td>$x_1$</td></tr></table>") == "| $x_1$ |\n| --- |"


@pytest.mark.parametrize(
    ("cell", "inside"),
    [
        ("<td>$p(y|x)$", "<td>$p(y|x)$</td>"),
        ("<td>$u<br/>\n= v$&amp;lt;", "<td>$u\n= v$&amp;lt;</td>"),
        ('<td colspan="2" onclick="x">甲', '<td colspan="2">甲</td>'),
        ("<td><pre></pre><code>$x$<img/></code>", "<span>$x$</span>"),
        ("<td><ul><li>甲</li></ul>", "<td><ul><li>甲</li></ul></td>"),
        ("<td><pre>a\n\nb &lt;c</pre>", "<td><pre>a&#10;\nb &lt;c</pre></td>"),
        ('<td><p>甲<script>x</script></p><p><a href="javascript:x">乙</a></p>', ""),
        ('<td><pre></pre><a href="/archives/1">甲</a><img src="/a.png" alt="&quot;"/>',
         '<a href="https://kexue.fm/archives/1">甲</a><img src="https://kexue.fm/a.png" alt="&quot;"></td>'),
    ],
)  # fmt: skip
def test_tables_that_pipes_cannot_say_are_html(written: Written, cell: str, inside: str) -> None:
    markdown = written(f"<table><tr>{cell}</td></tr></table>")
    if inside:
        assert markdown.startswith("<table>\n<tr>")
        assert inside in markdown
        assert "\n\n" not in markdown
    else:
        assert markdown == "| 甲<br>乙 |\n| --- |"


def test_a_table_in_html_shows_addresses_of_frames_and_no_anchors(written: Written) -> None:
    cell = '<h2>题<a href="#t">#</a></h2><iframe src="//v.example.com/1?a=1&amp;b=2"></iframe><img alt="x"/><u>甲</u>'
    assert written(f"<table><tr><td>{cell}</td></tr></table>") == (
        "<table>\n<tr><td><h2>题</h2>"
        '<a href="https://v.example.com/1?a=1&amp;b=2">https://v.example.com/1?a=1&amp;b=2</a><span>甲</span></td></tr>\n'
        "</table>"
    )


def test_a_table_in_html_keeps_the_text_of_any_depth(written: Written) -> None:
    deep = "<div>" * 40 + "$x$甲" + "</div>" * 40
    markdown = written(f"<table><tr><td><ul><li>{deep}</li></ul></td></tr></table>")
    assert "$x$甲" in markdown


def test_tables_out_of_order_keep_their_text(written: Written) -> None:
    assert written("<table>甲<tr><td>乙</td></tr></table>") == "甲\n\n乙"
