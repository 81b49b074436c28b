"""Listings come with their lines and their language, and without the numbers beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver.items import Content
from archiver.text import engines, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of

Read = Callable[[str], Content]

HEXO = (
    '<figure class="highlight python"><table><tr><td class="gutter"><pre><span class="line">1</span><br>'
    '<span class="line">2</span><br></pre></td><td class="code"><pre><span class="line">a = 1</span><br>'
    '<span class="line">b = 2</span><br></pre></td></tr></table></figure>'
)
PYGMENTS = (
    '<table class="highlighttable"><tr><td class="linenos"><div class="linenodiv"><pre>1\n2</pre></div></td>'
    '<td class="code"><div class="highlight-source-python"><pre>a = 1\nb = 2\n</pre></div></td></tr></table>'
)
HUGO = (
    '<div class="highlight"><table class="lntable"><tr><td class="lntd"><pre class="chroma"><code>'
    '<span class="lnt">1\n</span><span class="lnt">2\n</span></code></pre></td><td class="lntd"><pre class="chroma">'
    '<code class="language-python" data-lang="python">a = 1\nb = 2\n</code></pre></td></tr></table></div>'
)
SYNTAX_HIGHLIGHTER = (
    '<div class="syntaxhighlighter  python"><table><tbody><tr><td class="gutter"><div class="line number1">1</div>'
    '<div class="line number2">2</div></td><td class="code"><div class="container"><div class="line number1">'
    '<code class="python plain">a = </code><code class="python value">1</code></div><div class="line number2">'
    '<code class="python plain">b = 2</code></div></div></td></tr></tbody></table></div>'
)
HIGHLIGHT_JS = (
    '<pre><code class="hljs python"><table class="hljs-ln"><tbody><tr><td class="hljs-ln-line hljs-ln-numbers">'
    '<div class="hljs-ln-n">1</div></td><td class="hljs-ln-line hljs-ln-code">a = 1</td></tr>\n'
    '<tr><td class="hljs-ln-line hljs-ln-numbers"><div class="hljs-ln-n">2</div></td>'
    '<td class="hljs-ln-line hljs-ln-code">b = 2</td></tr></tbody></table></code></pre>'
)
ROUGE = (
    '<div class="language-python highlighter-rouge"><div class="highlight"><pre class="highlight"><code>'
    '<table class="rouge-table"><tbody><tr><td class="rouge-gutter gl"><pre class="lineno">1\n2\n</pre></td>'
    '<td class="rouge-code"><pre>a = 1\nb = 2\n</pre></td></tr></tbody></table></code></pre></div></div>'
)
CHROMA = (
    '<div class="highlight"><pre tabindex="0" class="chroma"><code class="language-python" data-lang="python">'
    '<span class="line"><span class="ln">1</span><span class="cl">a = 1\n</span></span>'
    '<span class="line"><span class="ln">2</span><span class="cl">b = 2</span></span></code></pre></div>'
)
SPHINX = (
    '<div class="highlight-python notranslate"><div class="highlight"><pre><span></span>'
    '<span class="linenos">1</span>a = 1\n<span class="linenos">2</span>b = 2\n</pre></div></div>'
)
PANDOC = (
    '<div class="sourceCode" id="cb1"><pre class="sourceCode python"><code class="sourceCode python">'
    '<span id="cb1-1"><a href="#cb1-1" aria-hidden="true"></a>a = 1</span>\n<span id="cb1-2">b = 2</span></code></pre>'
    "</div>"
)
LISTING = "<pre>a = 1\nb = 2</pre>"
PRISM = (
    '<div class="code-toolbar"><pre class="language-python"><code>a = 1\nb = 2</code></pre><div class="toolbar">'
    '<div class="toolbar-item"><span>Python</span></div><div class="toolbar-item"><a>Copy</a></div></div></div>'
)
GITHUB = (
    f'<div class="highlight highlight-source-python">{LISTING}<div class="zeroclipboard-container">'
    '<clipboard-copy value="a"><svg aria-hidden="true"><path d=""/></svg>Copy</clipboard-copy></div></div>'
)
CRAYON = (
    '<div id="crayon-5" class="crayon-syntax"><div class="crayon-toolbar"><div class="crayon-button">x</div>'
    '<span class="crayon-language">Python</span></div><div class="crayon-plain-wrap"><textarea class="crayon-plain">'
    'a = 1\nb = 2</textarea></div><table class="crayon-table"><tr><td class="crayon-nums"><div class="crayon-num">1'
    '</div></td><td class="crayon-code"><div class="crayon-line">a = 1</div></td></tr></table></div>'
)


@pytest.mark.parametrize(
    "markup",
    [
        '<pre class="brush: python"><ol><li>a = 1</li><li>b = 2</li></ol></pre>',
        '<pre class="brush:python; gutter:false">\n<ol>\n<li>a = 1</li>\n<li>b = 2</li>\n</ol></pre>',
        '<pre class="lang:python decode:true"><ul><li>a = 1</li><li>b = 2</li></ul></pre>',
        '<pre class="prettyprint lang-python"><ol class="linenums"><li>a = 1</li><li>b = 2</li></ol></pre>',
        '<pre data-language="python"><div>a = 1</div><div>b = 2</div></pre>',
        '<pre><code class="hljs python"><div class="line">a = 1\n</div><div class="line">b = 2\n</div></code></pre>',
        '<pre class="sourceCode python"><p>a = 1</p><p>b = 2</p></pre>',
        '<pre class="language-python line-numbers">a = 1\nb = 2<span class="line-numbers-rows">1</span></pre>',
        '<div class="language-python"><pre><i class="lineno">1</i>a = 1\n<i class="lineno">2</i>b = 2</pre></div>',
        '<figure class="highlight python"><pre class="lineno">1\n2</pre><pre>a = 1\nb = 2</pre></figure>',
        HEXO,
        PYGMENTS,
        HUGO,
        SYNTAX_HIGHLIGHTER,
        HIGHLIGHT_JS,
        HEXO.replace("<table>", '<div class="copy-btn">复制</div><table>'),
        SYNTAX_HIGHLIGHTER.replace("<table>", '<div class="toolbar"><a href="#">?</a></div><table>').replace(
            "<div ", '<div id="highlighter_1" ', 1
        ),
        ROUGE,
        CHROMA,
        SPHINX,
        PANDOC,
        PRISM,
        GITHUB,
        CRAYON,
        '<pre class="EnlighterJSRAW" data-enlighter-language="python">a = 1\nb = 2</pre>',
        '<pre><code class="python hljs">a = 1\nb = 2</code></pre>',
        '<pre class="language-python">a = 1\nb = 2<a class="copy-code-button">Copy</a></pre>',
    ],
)  # fmt: skip
def test_lines_with_an_element_each_stay_lines_and_numbers_of_lines_are_no_code(markup: str) -> None:
    body = sources.settle(body_of(f"<p>前</p>{markup}<p>后$x$</p>"))
    content = engines.read(body, Site().resolve)
    (block,) = content.code_blocks
    assert (block.language, block.code.rstrip("\n")) == ("python", "a = 1\nb = 2")
    assert content.markdown == "前\n\n```python\na = 1\nb = 2\n```\n\n后$x$"
    assert content.text == "前\na = 1\nb = 2\n后$x$"
    assert quality.check(body, content, Site().resolve) == ()


@pytest.mark.parametrize(
    ("markup", "code"),
    [
        ("<pre><ol><li>a</li><li></li><li>  b</li></ol></pre>", "a\n\n  b"),
        ("<pre><ol><li></li><li>a</li></ol></pre>", "\na"),
        ("<pre><div>a</div>\n<div>b</div></pre>", "a\n\nb"),
        ("<pre>a<br><div>b</div>c</pre>", "a\nb\nc"),
        ("<pre>\n\n  a\n</pre>", "\n  a\n"),
        ("<pre>a <b>b</b>\tc</pre>", "a b\tc"),
    ],
)
def test_what_is_between_lines_is_kept(read: Read, markup: str, code: str) -> None:
    assert [block.code for block in read(markup).code_blocks] == [code]


@pytest.mark.parametrize(
    "classes", ["line-numbers", "hljs", "hljs copyable", "hljs line-numbers", "highlight wp-block-code", ""]
)
def test_words_that_name_no_language_are_none(read: Read, classes: str) -> None:
    assert [block.language for block in read(f'<pre class="{classes}">a</pre>').code_blocks] == [""]


def test_a_language_may_follow_words_that_name_none(read: Read) -> None:
    box = '<pre class="sourceCode numberSource r number-lines"><code class="sourceCode r">x &lt;- 1</code></pre>'
    assert [block.language for block in read(box).code_blocks] == ["r"]


def test_a_language_far_around_is_not_that_of_the_listing(read: Read) -> None:
    assert read('<div class="lang-zh" id="all"><div><pre>a</pre></div></div>').code_blocks[0].language == ""


def test_a_table_of_words_is_no_listing(read: Read) -> None:
    content = read("<table><tr><td class='ln'>1</td><td>甲</td></tr></table>")
    assert (content.markdown, content.code_blocks) == ("| 1 | 甲 |\n| --- | --- |", ())


def test_the_name_of_a_file_above_its_listing_is_no_code() -> None:
    named = PYGMENTS.replace("<tr>", '<tr><th class="filename" colspan="2">a.py</th></tr><tr>', 1)
    content = engines.read(sources.settle(body_of(named)), Site().resolve)
    assert content.markdown == "a.py\n\n```python\na = 1\nb = 2\n```"


def test_a_box_called_like_a_tool_is_text_where_no_code_is() -> None:
    body = body_of("<div><p>前</p><div class='toolbar copy-btn'>后</div></div>")
    assert engines.read(sources.settle(body), Site().resolve).markdown == "前\n\n后"


def test_a_player_in_code_keeps_its_address() -> None:
    body = body_of("<p>甲</p><code>乙<video src='/v.mp4'></video>丙</code>")
    content = engines.read(body, Site().resolve)
    assert quality.check(body, content, Site().resolve) == ()
    assert content.markdown == "甲\n\n乙\n\n<https://kexue.fm/v.mp4>\n\n丙"
