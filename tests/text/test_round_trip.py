"""Any markup: the Markdown reads as the page does, and holds the same formulas."""

from __future__ import annotations

import html

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from archiver.text import commonmark, engines, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of

RESOLVE = Site().resolve

SIGNS = "_ __ * ** ` `` ~ ~~ < <b> <eos> <!-- & &amp; &#42; # ## - + = --- > ! | |---| 1. [ ] ( ) { } : a_b \\ \\ 10%"
LONGER = "甲乙,abc,12, ,\n,　,，,“引”,🙂,# t,- a,> q,2) b,[x](y),![i](j),[r]: z,http://a.b/c_d,\\eqref{eq:a_b}"
WORDS = st.sampled_from([*SIGNS.split(), *LONGER.split(",")])
PLAIN = (
    r"$x$ $a_1*b_2$ $\{0,1\}$ $[0,1)$ $a<b$ $a|b$ \(a_b\) $$x^2$$ \[x\] $`a`$ $\$$ $~x~$ $\alpha\_$ $p(y|x)$ $<eos>$"
)
FORMULAS = st.sampled_from(
    [
        *PLAIN.split(),
        r"$\text{if $z$}$",
        "$x\n=\ny$",
        "$a &amp b$",
        "$$a\n- b\n= c$$",
        "$$a\n\n  b$$",
        "$u\n\nv$",
        "\\begin{equation}a &= b \\\\[4pt]\n> c\n# d\n\\end{equation}",
        "$$a |\n| --- |\n| b$$",
        "$u\n```\nv$",
        "\\begin{align*}x*y\\\\\n1. z\n\\end{align*}",
        "\\begin{array}{c|c}a\\\\\\hline\n|---|\n\\begin{array}{c}b\\end{array}\\end{array}",
    ]
)
PROSE = st.lists(WORDS, max_size=5).map("".join).map(html.escape)
MATHS = st.tuples(FORMULAS.map(html.escape), st.sampled_from(["<br/>\n", "<br>", "\n"])).map(
    lambda pair: pair[0].replace("\n", pair[1])
)
ADDRESSES = st.sampled_from(
    ["/archives/12", "http://x.y/a_(b)c*d", "javascript:1", "#z", "http://x.y/$a$b", "/a b", "http://["]
)


def tagged(tag: str) -> st.SearchStrategy[str]:
    return st.deferred(lambda: INLINE).map(lambda inside: f"<{tag}>{inside}</{tag}>")


LINKS = st.tuples(ADDRESSES, st.deferred(lambda: INLINE)).map(lambda pair: f'<a href="{pair[0]}">{pair[1]}</a>')
PICTURES = PROSE.map(lambda alt: f'<img src="/a.png" alt="{alt}"/>')
BREAKS = st.sampled_from(["<br/>\n", "<br/><br/>"])
TAGS = [tagged(tag) for tag in ("strong", "em", "b", "u", "font", "span", "del", "sup", "hs", "code")]
INLINE: st.SearchStrategy[str] = st.lists(
    st.one_of(PROSE, PROSE, MATHS, MATHS, BREAKS, PICTURES, LINKS, *TAGS), max_size=4
).map("".join)


def wrapped(tag: str, inside: st.SearchStrategy[str], item: str = "") -> st.SearchStrategy[str]:
    opening, closing = (f"<{item}>", f"</{item}>") if item else ("", "")
    return st.lists(inside, max_size=3).map(
        lambda parts: f"<{tag}>{''.join(opening + part + closing for part in parts)}</{tag.split()[0]}>"
    )


BLOCK: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        INLINE.map(lambda inside: f"<p>{inside}</p>"),
        INLINE,
        INLINE.map(lambda inside: f'<h3 id="t">{inside}<a href="#t"> #</a></h3>'),
        PROSE.map(lambda code: f'<pre><code class="language-py">{code}</code></pre>'),
        st.just("<hr/>"),
        wrapped("blockquote", BLOCK),
        wrapped("div", BLOCK),
        wrapped('font color="red"', BLOCK),
        wrapped("ul", st.tuples(INLINE, BLOCK).map("".join), "li"),
        wrapped("ol", st.one_of(INLINE, BLOCK), "li"),
        st.lists(wrapped("tr", st.one_of(INLINE, INLINE, BLOCK), "td"), min_size=1, max_size=2).map(
            lambda rows: f"<table>{''.join(rows)}</table>"
        ),
    )
)


MARKUP = "* ** _ __ [x](https://e.x/a*b_c) ![p](https://e.x/q) [ ] ( ) ! ` \\ # ## - > | --- ~~ & &amp; <strong> </em>"
WORDS_AND_MARKS = "< 1. ``` a 中 1 é 。 “ **中** *a* **a。** $x$"
SIGNS = r"\_ \* \\ \$ \] \n `b` [a] [1]: [^1]: <a <b> &a &# ![\_&*](https://e.x/) <strong>中</strong> |"
BLOCKS = ["> a\n> ", "\n>\n> ", "| ", " |\n| --- |\n| ", "```\n", "\n```", "$a\n- b$", " ", " * ", "\n", "\n\n"]
MARKED = st.lists(st.sampled_from([*f"{MARKUP} {WORDS_AND_MARKS} {SIGNS}".split(), *BLOCKS]), max_size=12).map("".join)


@settings(max_examples=400)
@given(MARKED)
@example("中**[a](https://e.x)**中")
@example("[a](https://e.x)_b_[c](https://e.x)")
@example("# a #\n\n```\n\n**b**")
@example("> a\n> $x$\n>\n> # b\n\n| a | $x$ |\n| --- | --- |\n| `b` | c\\_d |\n\n```\n$a\n\n- b\n```")
@example("$a\n```\nb$\n\n$c\n```\nd$\n\n```\ne\n```\n\nf")
@example("| # a |\n| --- |\n\na $x\0$\n\nb $y |\n| --- |\n| z$")
def test_what_is_read_without_a_parser_is_read_as_by_one(markdown: str) -> None:
    tokens = commonmark.new_parser().parse(markdown)
    assume(all(token.type != "html_block" for token in tokens))
    pieces = [piece for token in tokens for piece in (token.children or [token])]
    seen = [piece.content for piece in pieces if piece.type not in ("html_inline", "image")]
    found = commonmark.read(markdown)
    assert "".join(found.text.split()) == "".join("".join(seen).split())
    assert found.formulas == [piece.content for piece in pieces if piece.type == commonmark.FORMULA]


@settings(max_examples=150)
@given(st.lists(BLOCK, min_size=1, max_size=3).map("".join))
def test_the_markdown_of_any_markup_reads_as_the_page_does(markup: str) -> None:
    body = body_of(markup)
    content = engines.read(body, RESOLVE)
    assert quality.check(body, content, RESOLVE) == ()


STRAYS = st.sampled_from(["$", "$$", r"\(", r"\[", r"\$", r"\begin{equation}", "$5", "}", "{"])


@settings(max_examples=150)
@given(st.lists(st.one_of(BLOCK, st.tuples(STRAYS, BLOCK, STRAYS).map("".join)), min_size=1, max_size=3).map("".join))
def test_openers_without_an_end_mislead_no_reader(markup: str) -> None:
    body = body_of(markup)
    assert quality.check(body, engines.read(body, RESOLVE), RESOLVE) == ()


IDIOMS = st.sampled_from(
    [
        '<a id="r" href="#n">1</a>',
        '<sup id="s"><a href="#n">[a]</a></sup>',
        '<ol><li id="n">{}<a href="#r">↩</a><a href="#s">↩</a></li></ol>',
        '<ol><li id="n"><p>{}</p><a href="#r">^</a></li><li>{}</li></ol>',
        '<ul><li><input type="checkbox" checked>甲{}</li></ul>',
        "<dl><dt>{}</dt><dd>{}</dd><dd>{}</dd></dl>",
        "<dl><dd>{}</dd><dt>a<dd>{}<dl><dt>b<dd>{}</dl></dl>",
        '<ol><li id="n">a<p>{}</p>{}<a href="#r">^</a></li></ol>',
        '<h2 id="k">{}</h2><a href="#k">{}</a><table id="m"><td>{}</table>',
        '<a href="#m">{}</a><a name="k" href="/z">{}</a><ul id="k"><li>{}</ul>',
        '<div class="admonition"><p class="admonition-title">{}</p>{}</div>',
        '<div class="callout"><div class="callout-title">a</div>{}</div>',
        "<details><summary>{}</summary>{}</details>",
        '<video poster="/p.png" src="/v.mp4"></video><picture><source srcset="/c.webp"></picture>{}',
        '<noscript><iframe src="/f"></iframe></noscript>{}',
        "<p>a<d-footnote>{}</d-footnote>b<d-cite key='a'></d-cite></p>",
        '<aside role="doc-footnote" id="n"><span class="label"><a href="#r">1</a></span>{}</aside>',
        '<a id="r" href="#n">{}</a><aside role="doc-footnote" id="n"><a href="#r">1</a>{}</aside>',
        "<q>{}</q>",
        "<ruby>{}<rt>{}</rt></ruby>",
        '<img class="emoji" alt="👍" src="/a.png">',
        '<ol reversed><li value="7">{}</li><li>{}</li></ol>',
        "<mark>{}</mark><kbd>{}</kbd>",
        '<div class="toolbar">{}</div><pre>a</pre>',
        '<div style="background: url(/b.png)">{}</div>',
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(IDIOMS, BLOCK), min_size=1, max_size=4))
@example([("<h2>{}</h2>", "<pre><code></code></pre>")])
@example([("<p>a<d-footnote>{}</d-footnote></p>", "<p># 1</p>")])
@example([("<q>{}</q>", r'<p><img src="/a.png" alt="\eqref{eq:a_b}\"/></p>')])
def test_idioms_around_any_markup_read_as_the_page_does(pairs: list[tuple[str, str]]) -> None:
    body = sources.settle(body_of("".join(idiom.replace("{}", block) for idiom, block in pairs)))
    assert quality.check(body, engines.read(body, RESOLVE), RESOLVE) == ()


SEEN = (
    "a", "abbr", "aside", "b", "blockquote", "button", "canvas", "caption", "cite", "code", "dd", "del", "details",
    "div", "dl", "dt", "em", "embed", "fieldset", "figure", "form", "h2", "h4", "i", "iframe", "img", "kbd", "label",
    "li", "mark", "menu", "nav", "noscript", "object", "ol", "p", "picture", "pre", "q", "ruby", "rt", "samp",
    "section", "select", "small", "span", "strong", "sub", "summary", "sup", "svg", "table", "td", "template", "th",
    "tr", "u", "ul", "video", "d-code", "d-footnote",
)  # fmt: skip
HIDDEN = (
    "embed", "iframe", "img", "noscript", "object", "picture", "select", "svg", "template", "video", "button",
    "canvas",
)  # fmt: skip
"""What shows no text of its own, or where none of an article is."""
MARKS = st.sampled_from(["", " id='i'", " class='admonition'", " class='note info'", " class='callout'", " href='#i'"])
TREES: st.SearchStrategy[str] = st.deferred(
    lambda: st.tuples(st.sampled_from(SEEN), MARKS, st.lists(TREES, max_size=2).map("".join)).map(
        lambda tree: _element(*tree)
    )
)


def _element(tag: str, marks: str, inside: str) -> str:
    if tag in ("embed", "img", "iframe", "video", "object"):
        return f"<{tag}{marks} src='/@.png'></{tag}>".replace("</embed>", "").replace("</img>", "")
    return f"<{tag}{marks}>{'' if tag in HIDDEN else '@ '}{'' if tag in HIDDEN else inside}</{tag}>"


@settings(max_examples=150)
@given(st.lists(TREES, min_size=1, max_size=3).map("".join))
@example("<a id='i'>@ <d-footnote>@ <a href='#i'>@ </a></d-footnote></a>")
def test_nothing_that_is_seen_vanishes_without_an_issue(markup: str) -> None:
    first, *pieces = markup.split("@")
    numbered = first + "".join(f"w{number}z{piece}" for number, piece in enumerate(pieces))
    body = sources.settle(body_of(numbered))
    content = engines.read(body, RESOLVE)
    issues = quality.check(body, content, RESOLVE)
    assert not any("reads" in issue or "agree" in issue for issue in issues)
    assert issues or all(f"w{number}z" in content.markdown for number in range(len(pieces)))
