"""Articles of any site. What each standard and theme says is in tests/golden, `article-...`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archiver
from archiver.errors import PageNotRecognised
from archiver.items import Article
from archiver.pages import dates

GOLDEN = Path(__file__).parents[1] / "golden"
PROSE = "<p>A sentence that is long enough to be taken for prose by everybody who weighs sentences for a living.</p>"


def page(head: str = "", body: str = PROSE) -> Article:
    return archiver.read(f"<html><head>{head}</head><body>{body}</body></html>", "https://a.example/x/")


def ld(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "@id", "@graph", "author", "name", "headline", "datePublished", "keywords", "url"]
            )
            | st.text(),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(ANY_JSON)
def test_no_json_ld_costs_an_article(value: Any) -> None:
    assert "A sentence" in page(ld(value).replace("</", "<\\/").replace("<\\/script>", "</script>")).content.text


@given(st.text(max_size=200))
def test_no_script_of_that_type_costs_an_article(text: str) -> None:
    assert "A sentence" in page(f'<script type="application/ld+json">{text.replace("<", "")}</script>').content.text


def test_json_ld_nested_without_end_costs_no_article() -> None:
    for endless in ("[" * 100_000, '{"@graph":' * 5000 + "1" + "}" * 5000):
        assert "A sentence" in page(f'<script type="application/ld+json">{endless}</script>').content.text


@given(st.text(max_size=60))
def test_what_a_date_is_read_as_is_one(text: str) -> None:
    found = dates.moment(text)
    assert found is None or dates.moment(found) == found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024-05-01T08:30:00.000Z", "2024-05-01T08:30:00+00:00"),
        ("2024-05-01 08:30:00 +0800", "2024-05-01T08:30:00+08:00"),
        ("2024-05-01 08:30", "2024-05-01T08:30:00"),
        ("Wed, 01 May 2024 08:30:00 GMT", "2024-05-01T08:30:00+00:00"),
        ("Posted on May 1st, 2024 by X", "2024-05-01"),
        ("1 May 2024", "2024-05-01"),
        ("2024年5月1日", "2024-05-01"),
        ("20240501", "2024-05-01"),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01", None),
        ("2024-13-01T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_dates_are_as_exact_as_they_are_written(written: str, meant: str | None) -> None:
    assert dates.moment(written) == meant


def test_an_author_that_json_ld_only_refers_to_is_looked_up() -> None:
    person = {"@type": "Person", "@id": "#p", "name": "Ida Rook"}
    graph = {"@graph": [{"@type": "BlogPosting", "headline": "T", "author": {"@id": "#p"}}, person]}
    assert page(ld(graph)).authors == ("Ida Rook",)


def test_lists_of_other_articles_say_nothing_of_this_one() -> None:
    others = {"@type": "ItemList", "itemListElement": [{"@type": "Article", "headline": "Other", "author": "B"}]}
    found = page(ld(others) + "<title>Mine</title>")
    assert (found.title, found.authors) == ("Mine", ())


def test_standards_that_disagree_about_the_day_are_told() -> None:
    head = ld({"@type": "Article", "datePublished": "2020-01-02"})
    head += '<meta property="article:published_time" content="2021-03-04T00:00:00Z">'
    found = page(head)
    assert found.published_at == "2020-01-02"
    assert found.quality.notes == ("published_at: the page says 2020-01-02 (json-ld), 2021-03-04 (opengraph)",)


def test_the_title_is_not_the_first_heading_again() -> None:
    found = page("<title>On Lines | Site</title>", f'<article><h1>On Lines<a href="#x">#</a></h1>{PROSE}</article>')
    assert found.title == "On Lines"
    assert found.content.markdown.startswith("A sentence")
    again = page("<title>On Lines</title>", f"<article><h1>On Lines</h1>{PROSE}<h2>On Lines</h2>{PROSE}</article>")
    assert again.content.markdown.count("On Lines") == 1  # the one within the text stays


def test_a_name_with_a_word_of_menus_costs_no_text() -> None:
    for name in ("content-with-sidebar", "social-share-page", "toc-layout", "comments-open related"):
        assert "A sentence" in page(body=f'<div class="{name}"><h2>H</h2>{PROSE * 5}</div>').content.text


@pytest.mark.parametrize("name", ["with-sidebar", "anchorWithStickyNavbar_x1", "text-no-toc", "entry is-subscribe"])
def test_a_name_that_tells_what_else_there_is_costs_no_heading(name: str) -> None:
    assert "## On oil" in page(body=f'<article>{PROSE}<h2 class="{name}">On oil</h2>{PROSE}</article>').content.markdown


@pytest.mark.parametrize(
    "part",
    [
        f'<h2 id="related-lamps">Related lamps</h2>{PROSE}',
        f'<h2 id="related">Kept lamps</h2>{PROSE}',
        f'<h2 id="comments">Kept remarks</h2><!-- of mine -->{PROSE}',
        f'<h2><span class="mw-headline" id="Social_lamps">Social lamps</span></h2>{PROSE}',
        '<section id="menu-costs-1"><h2>2.1 Menu costs</h2><ul><li>Kept</li></ul></section>',
        f'<div id="sec-toolbar" class="section level2"><h2>Kept lamps</h2>{PROSE}</div>',
        f'<section id="comments" class="level2"><h2>Comments</h2><p>Kept</p></section>{PROSE}',
        '<div id="fig-social"><figure><img src="/a.png"><figcaption>Kept</figcaption></figure></div>',
        '<div id="thm-cookie"><p>Kept</p></div>',
        '<ol><li id="cite_note-Share-3">Kept</li></ol>',
        '<dl><dt id="term-cookie">cookie</dt><dd>Kept</dd></dl>',
    ],
)
def test_an_id_in_the_words_of_the_author_costs_no_text(part: str) -> None:
    read = page(body=f"<article>{PROSE * 4}{part}{PROSE * 4}</article>").content.markdown
    assert next(word for word in ("Kept", "Related lamps", "Social lamps", "Comments") if word in part) in read
    assert ("cookie" in read) == ("term-cookie" in part)


@pytest.mark.parametrize(
    "part",
    [
        '<div id="related-posts"><h3>Related posts</h3><ul><li><a href="/a">Left out</a></li></ul></div>',
        '<section id="related"><h3>Related</h3><a href="/a">Left out altogether</a> 2019</section>',
        '<section id="newsletter"><h3>Newsletter</h3><p>Left out</p><form><input></form></section>',
        '<div id="share"><h3>Share</h3><a href="/a">Left out</a></div>',
        '<h3 id="comments">Left out</h3><ol class="comment-list"><li>Left out</li></ol>',
        '<p id="breadcrumbs"><a href="/">Home</a> Left out</p>',
    ],
)
def test_an_id_that_a_theme_gives_says_what_stands_around(part: str) -> None:
    assert "Left out" not in page(body=f"<article>{PROSE * 4}{part}{PROSE * 4}</article>").content.text


def test_scripts_and_styles_that_a_page_holds_whole_keep_nobody_from_finding_its_text() -> None:
    whole = f"<style>{'a{} ' * 150_000}</style><script>{'f();' * 150_000}</script>"
    read = page(body=f"{whole}<div><p>Menu</p></div><div>{PROSE * 9}</div><div><p>Imprint</p></div>")
    assert "Imprint" not in read.content.text
    assert not read.quality.issues


def test_links_of_a_page_from_nowhere_stay_as_they_are() -> None:
    found = archiver.read(f'<article><a href="b.html">b</a> <img src="c d.png">{PROSE}</article>')
    assert found.url == ""
    assert [link.url for link in found.content.links] == ["b.html"]
    assert [image.url for image in found.content.images] == ["c%20d.png"]
    assert found.quality.issues == ()
    assert "not known where the page comes from" in found.quality.notes[0]


def test_a_page_may_say_where_it_comes_from() -> None:
    head = '<link rel="canonical" href="https://b.example/y/"><base href="/z/">'
    found = archiver.read(f'{head}<article><img src="c.png">{PROSE}</article>')
    assert found.url == found.canonical_url == "https://b.example/y/"
    assert [image.url for image in found.content.images] == ["https://b.example/z/c.png"]


def test_a_page_of_the_blog_is_read_by_its_own_parser_wherever_it_was_found() -> None:
    body = (GOLDEN / "footer-siblings" / "page.html").read_bytes()
    expected = json.loads((GOLDEN / "footer-siblings" / "expected.json").read_text("utf-8"))
    for url in (expected["url"], ""):
        found = archiver.read(body, url)
        assert found.quality.engine == "site"
        assert found.url == expected["url"]
        assert found.witnesses["title"] == "site"


def test_a_page_without_text_is_none() -> None:
    with pytest.raises(PageNotRecognised, match="expected an article, found no text"):
        archiver.read("<title>Nothing</title><nav>Home</nav>")


def test_a_text_in_pieces_is_put_together_without_what_stands_between() -> None:
    parts = [
        f'<div class="article__body">{PROSE.replace("A sentence", f"Sentence {number}") * 3}</div>'
        for number in range(3)
    ]
    found = page(body="<div><p>Buy a clock, and buy another one for the kitchen.</p></div>".join(parts))
    assert found.quality.engine == ".article__body"
    assert [f"Sentence {number}" in found.content.text for number in range(3)] == [True] * 3
    assert "clock" not in found.content.text


def test_formulas_are_read_in_the_form_the_page_brings_them_in() -> None:
    configured = "<script>window.MathJax = {tex: {inlineMath: [['@@', '@@']]}};</script>"
    rendered = '<span class="katex"><span class="katex-mathml"><math><semantics><mi>y</mi><annotation encoding='
    rendered += (
        '"application/x-tex">y^2</annotation></semantics></math></span><span class="katex-html">y2</span></span>'
    )
    for name in ("post-content", "no-name-at-all"):
        found = page(
            configured, f'<div class="{name}">{PROSE}<p>Here @@x^2@@ is served and {rendered} is not.</p></div>'
        )
        assert [(each.tex, each.provenance) for each in found.content.formulas] == [
            ("$x^2$", "served"),
            ("$y^2$", "annotation"),
        ]
        assert found.quality.issues == ()


def distilled(said: str) -> Article:
    return page(body=f"<d-front-matter><script type='text/json'>{said}</script></d-front-matter>{PROSE}")


def test_the_front_matter_of_distill_is_believed() -> None:
    authors = [{"author": "Ann Lee", "authorURL": "https://a.example"}, {"Bo Ray": "https://b.example"}]
    said = {"title": "On sums", "description": "Sums.", "published": "January 10, 2017", "authors": authors}
    article = distilled(json.dumps(said))
    assert (article.title, article.description) == ("On sums", "Sums.")
    assert (article.authors, article.published_at) == (("Ann Lee", "Bo Ray"), "2017-01-10")
    assert article.witnesses["authors"] == "distill"


@given(ANY_JSON)
def test_no_front_matter_of_distill_costs_an_article(value: Any) -> None:
    said = json.dumps({"authors": value, "title": value, "published": value}).replace("<", "\\u003c")
    assert "A sentence" in distilled(said).content.text


def test_the_front_matter_of_the_first_articles_of_distill_is_lines() -> None:
    lines = ["title: Two Lamps: A Study", "authors:", "  - Ada Brook: https://a.example", "  - Tom O'Hare:"]
    article = distilled("\n".join([*lines, "published: 2017-04-04"]))
    assert (article.title, article.authors) == ("Two Lamps: A Study", ("Ada Brook", "Tom O'Hare"))
    assert article.published_at == "2017-04-04"


@pytest.mark.parametrize("said", ["", "{", "[]", "no field", "[" * 100_000, "- :\n" * 100_000, "- a: " * 100_000])
def test_front_matter_in_no_form_says_nothing(said: str) -> None:
    assert "distill" not in distilled(said).witnesses.values()


def test_a_formula_without_source_is_no_menu_because_it_has_one() -> None:
    """MathJax 3 gives what it set the class `CtxtMenu_Attached_0`."""
    formula = '<mjx-container class="MathJax CtxtMenu_Attached_0" jax="SVG"><svg></svg></mjx-container>'
    article = page(body=f"<article>{PROSE}<p>Then {formula} follows.</p></article>")
    assert [issue for issue in article.quality.issues if "whose source the page does not hold: 1" in issue]


def test_parts_of_a_katex_formula_are_no_list_of_tags() -> None:
    formula = '<span class="katex"><span class="katex-html"><span class="tag">(1)</span></span></span>'
    assert page(body=f"<article>{PROSE}<p>Then {formula} follows.</p></article>").quality.issues


def test_notes_beside_the_text_are_of_it() -> None:
    note = '<aside class="footnote" id="n" role="doc-footnote"><p>The word is old.</p></aside>'
    other = "<aside><p>Read this too.</p></aside>"
    more = "<p>Another, of other words, says what a footnote below will have to explain at some length.</p>"
    text = page(body=f"<article>{PROSE}{more}<aside>{note}</aside>{other}</article>").content.text
    assert "The word is old." in text
    assert "Read this too." not in text


def test_an_aside_among_the_paragraphs_is_of_the_text_unless_it_leads_elsewhere_or_is_named_after_what_it_is() -> None:
    more = "<p>Another, of other words, goes on about what stands before it and after what stands between.</p>"
    note = "<aside>A note in the margin, of <i>n</i> words.</aside>"
    promo = '<aside class="promo">A letter once a week.</aside>'
    links = '<aside>See: <a href="/y/">what else was written here</a></aside>'
    text = page(
        body=f"<article>{PROSE}{note}{more}{promo}{PROSE}{links}{more}<aside>The end.</aside></article>"
    ).content.text
    assert "in the margin" in text
    assert not [each for each in ("once a week", "See:", "The end.") if each in text]


def test_years_in_scripts_are_no_date() -> None:
    script = "<script>/* Copyright (c) 2014-2017, 1-1 */ var first = '01-01';</script>"
    assert page(head=script).published_at is None


def test_tags_in_one_list_of_links_are_several() -> None:
    links = '<ul itemprop="keywords"><li><a href="/t/a">one</a></li><li><a href="/t/b">two, too</a></li></ul>'
    article = page(body=f'<article itemscope itemtype="https://schema.org/BlogPosting">{PROSE}{links}</article>')
    assert article.tags == ("one", "two", "too")


def test_a_drawing_described_with_tex_among_words_is_a_picture() -> None:
    alts = [r"How f_n/\varphi^n settles", r"\frac{a}{b} 的图像与渐近线", r"\frac{a}{\text{width}}"]
    images = "".join(f'<p>See <img src="/{number}.png" alt="{alt}"> here.</p>' for number, alt in enumerate(alts))
    content = page(body=f"<article>{PROSE}{images}</article>").content
    assert [image.url for image in content.images] == ["https://a.example/0.png", "https://a.example/1.png"]
    assert [formula.tex for formula in content.formulas] == [r"$\frac{a}{\text{width}}$"]


@pytest.mark.parametrize("address", ["/set.js", "https://a.example/set.js"])
def test_a_configuration_in_a_script_of_its_own_counts_where_the_page_has_none(address: str) -> None:
    html = f'<script src="/set.js"></script><main>{PROSE}<p>Of $5 and $6, @x+1@ is none, as all see.</p></main>'
    given = {address: "MathJax = {tex: {inlineMath: [['@', '@']]}}"}
    formulas = archiver.read(html, "https://a.example/x/", given).content.formulas
    assert [formula.tex for formula in formulas] == ["$x+1$"]
    html = "<script>MathJax = {tex: {inlineMath: [['$', '$']]}}</script>" + html
    formulas = archiver.read(html, "https://a.example/x/", given).content.formulas
    assert [formula.tex for formula in formulas] == ["$5 and $"]


def test_a_script_as_long_as_a_library_is_no_configuration() -> None:
    html = f'<script src="/set.js"></script><article>{PROSE}<p>And @x+1@ is none, as everybody sees.</p></article>'
    given = {"/set.js": "MathJax = {tex: {inlineMath: [['@', '@']]}};" + " " * 60_000}
    assert archiver.read(html, "https://a.example/x/", given).content.formulas == ()


def test_a_page_named_after_its_renderer_has_surroundings_all_the_same() -> None:
    body = f'<div class="katex-page"><nav class="menu">Read this too.</nav><article>{PROSE}</article></div>'
    assert "Read this too." not in page(body=body).content.text


def section(name: str, heading: str) -> str:
    return (
        f"<section id={name!r}><h2>{heading}</h2>{PROSE.replace('A sentence', f'About {name} there is one')}</section>"
    )


@pytest.mark.parametrize(
    ("name", "heading"),
    [("skip-lists", "Skip Lists"), ("related-work", "2.1 Related Work"), ("menu-costs-1", "Menu Costs")],
)
def test_an_id_made_of_a_heading_takes_nothing_out_of_the_text(name: str, heading: str) -> None:
    others = "".join(section(f"part-{each}", f"Part {each}") for each in "abcdefgh")
    assert f"About {name}" in page(body=f"<article>{others}{section(name, heading)}</article>").content.text
    bare = f"<article>{others}<h2 id={name!r}>{heading}</h2>{PROSE}</article>"
    assert f"## {heading}" in page(body=bare).content.markdown


def test_hidden_definitions_are_formulas_of_the_text() -> None:
    hidden = '<div class="hidden"><p><span class="math display">\\[\\def\\v#1{\\mathbf{#1}}\\]</span></p></div>'
    found = page(body=f"<article>{hidden}{PROSE * 3}</article>").content.formulas
    assert [formula.tex for formula in found] == ["$$\\def\\v#1{\\mathbf{#1}}$$"]


@pytest.mark.parametrize("said", ["On Lines | The Shed", "The Shed – On Lines", "On Lines"])
def test_the_title_is_without_the_name_of_the_site_though_no_heading_repeats_it(said: str) -> None:
    named = '<meta property="og:site_name" content="The Shed">'
    assert page(f"{named}<title>{said}</title>", f"<article>{PROSE}</article>").title == "On Lines"


@pytest.mark.parametrize("name", ["post-title", "center description entry-title"])
def test_the_title_may_be_no_heading_while_the_sections_are_of_the_first_rank(name: str) -> None:
    called = f'<div class="{name}"> Two Lamps </div>'
    read = page(
        "<title>Two Lamps | The Shed</title>", f"{called}<article><h1>Oil</h1>{PROSE}<h1>Wick</h1>{PROSE}</article>"
    )
    assert read.title == "Two Lamps"
    assert "# Oil" in read.content.markdown


def test_a_time_whose_machine_form_is_none_is_read_as_written() -> None:
    made = '<article><time datetime="article.date.isoformat()">Wed 05 September 2012</time>'
    assert page(body=made + PROSE * 3).published_at == "2012-09-05"


def test_the_date_of_what_a_text_cites_is_not_its_own() -> None:
    cited = "<p>As Brook showed in her paper on lamps (7 September 2013), oil burns.</p>"
    assert page(body=f"<article>{PROSE * 3}{cited}</article>").published_at is None


def test_a_thing_of_no_type_that_has_an_author_is_the_article() -> None:
    thing = '<div itemscope><p itemprop="author" itemscope itemtype="https://schema.org/Person">'
    thing += '<a>Ada Brook</a><b itemprop="name">Ada Brook</b> 9,986</p>'
    read = page(
        '<meta itemprop="name" content="Two Lamps"><title>x</title>', f"{thing}<article>{PROSE * 3}</article></div>"
    )
    assert (read.authors, read.witnesses["authors"]) == (("Ada Brook",), "microdata")


def test_an_article_that_is_part_of_a_thing_the_page_does_not_mark_is_the_article() -> None:
    kind = 'itemprop="hasPart" itemscope itemtype="https://schema.org/BlogPosting"'
    read = page(body=f'<div {kind}><b itemprop="author">Ada Brook</b>{PROSE * 3}</div>')
    assert (read.authors, read.witnesses["authors"]) == (("Ada Brook",), "microdata")


def test_of_two_places_with_a_name_the_one_that_holds_the_text_counts() -> None:
    teaser = '<div class="article__body"><p>Soon.</p></div>'
    whole = f'<div class="article__body">{PROSE * 5}</div>'
    for body in (teaser + whole, whole + teaser):
        found = page(body=body)
        assert (found.content.text.count("A sentence"), "Soon" in found.content.text) == (5, False)
        assert found.quality.engine == ".article__body"


def test_a_heading_that_is_a_link_to_the_contents_stays() -> None:
    heading = '<h2><a class="toc-backref" href="#id6">2. Oil</a><a class="headerlink" href="#oil">#</a></h2>'
    edit = '<h2>Wick <span class="mw-editsection"><a href="/edit">edit</a></span></h2>'
    read = page(body=f"<article>{PROSE * 3}{heading}{PROSE}{edit}{PROSE}</article>").content.markdown
    assert [line for line in read.split("\n") if line.startswith("#")] == ["## 2. Oil", "## Wick"]
    contents = "".join(f"<li><a href='#s{each}'>Chapter {each}</a></li>" for each in range(60))
    box = f'<div class="contents topic" id="contents"><p>Contents</p><ul>{contents}</ul></div>'
    assert "Chapter" not in page(body=f"<article>{box}{PROSE * 3}").content.text
    assert "A sentence" in page(body=f"<div class='contents'>{PROSE * 3}</div>").content.text


def test_a_heading_is_no_menu_because_its_class_tells_of_one() -> None:
    heading = '<h2 class="anchor anchorWithStickyNavbar_Lw7" id="oil">Oil<a href="#oil">\u200b</a></h2>'
    text = f'{PROSE * 3}{heading}{PROSE}<h2 class="related">Related</h2>'
    read = page(body=f"<article>{text}</article>").content.markdown
    assert [line for line in read.split("\n") if line.startswith("#")] == ["## Oil"]


def test_short_posts_between_long_ones_are_of_the_text() -> None:
    posts = ["Is it so?", PROSE * 3, "Yes, it is.", PROSE.replace("sentence", "second opinion") * 4]
    thread = "".join(f'<div class="post-text"><p>{each}</p></div><div class="votes">7</div>' for each in posts)
    text = page(body=f'<div id="mainbar">{thread}</div>').content.text
    assert "Yes, it is." in text
    assert "7" not in text


def test_a_notebook_is_read_without_its_prompts() -> None:
    cells = f'<div class="cell">{PROSE}</div><div class="cell"><div class="prompt input_prompt">In [1]:</div>'
    cells += "<pre>x = 1</pre></div><div class='cell'><p>With $x$ it is</p><p>$$y$$</p></div>" + "<p>so</p>" * 9
    for box in ('<div id="notebook-container">{}</div>', '<main class="jp-Notebook">{}</main>'):
        read = page(body=box.format(cells)).content
        assert "In [1]" not in read.text
        assert [block.code for block in read.code_blocks] == ["x = 1"]
        assert [formula.tex for formula in read.formulas] == ["$x$", "$$y$$"]


def test_a_table_or_a_box_with_its_caption_on_top_is_of_the_text() -> None:
    table = '<table class="table {}"><tr><th>oil</th></tr><tr><td>7</td></tr></table>'
    tables = "".join(map(table.format, ("caption-top", "meta", "table-hidden")))
    read = page(body=f'<article>{PROSE * 3}{tables}<p class="border-top">A short line</p></article>').content
    assert read.markdown.count("| oil |") == 3
    assert "A short line" in read.text


def test_the_authors_of_a_paper_are_their_names_without_notes_and_addresses() -> None:
    note = '<span class="ltx_note ltx_role_footnote"><sup>2</sup>thanks</span>'
    names = ("Ada Sponge<sup>1</sup>", f"Ben Slate{note}<br>Department of Boards, Town", "&amp;Cy <i>Trowel</i>")
    people = "".join(
        f'<span class="ltx_creator ltx_role_author"><span class="ltx_personname">{name}</span></span>' for name in names
    )
    formula = '<math alttext="n"><mi>n</mi><annotation encoding="application/x-tex">n</annotation></math>'
    title = f'<h1 class="ltx_title">On {formula}-fold boards{note}</h1>'
    found = page(body=f'<article class="ltx_document">{title}<div class="ltx_authors">{people}</div>{PROSE}</article>')
    assert found.authors == ("Ada Sponge", "Ben Slate", "Cy Trowel")
    assert found.title == "On n-fold boards"


def test_whom_a_licence_names_is_the_author_where_nothing_else_tells() -> None:
    licence = '<p>by <a href="/" property="cc:attributionName">Ada Sponge</a></p>'
    assert page(body=f"<article>{PROSE}</article>{licence}").authors == ("Ada Sponge",)


def test_the_cells_of_a_notebook_are_the_text_whatever_holds_them() -> None:
    said = '<div class="jp-Cell-inputWrapper"><div class="jp-RenderedHTMLCommon"><p>With $x$ it is so.</p></div></div>'
    code = '<div class="jp-Cell"><div class="highlight"><pre>{}</pre></div></div>'.format("level = level + 1\n" * 20)
    read = page(body=said + code + said)
    assert len(read.content.formulas) == 2
    assert read.quality.engine == ".jp-Cell"


def test_what_elementor_calls_the_post_is_its_text() -> None:
    box = '<div class="elementor-widget"><div class="elementor-widget-container">{}</div></div>'
    whole = "".join(map(box.format, (f"<h2>Boards</h2>{PROSE * 4}", "<h3>Chalk</h3><p>With $x$.</p>")))
    read = page(body=f'<div class="site"><div data-elementor-type="wp-post"><div>{whole}</div></div></div>')
    assert [formula.tex for formula in read.content.formulas] == ["$x$"]
    assert "elementor" in read.quality.engine


# Questions and their answers

ASKED = "Why do the doors of this cupboard never quite close in winter?"
ANSWERED = "Because the wood is dry then, and the hinges have been there since summer."


def thread(kind: str = "QAPage", asked: str = ASKED, answered: str = ANSWERED, **more: Any) -> Article:
    question = {"@type": "Question", "text": asked, "suggestedAnswer": [{"@type": "Answer", "text": answered, **more}]}
    head = ld({"@context": "https://schema.org", "@type": kind, "mainEntity": question})
    return page(head, f"<div><p>{ASKED}</p></div><i>3 votes</i><ul><li><p>{ANSWERED}</p></li></ul>{PROSE}")


def test_a_question_and_its_answers_are_the_text_of_a_page_that_says_so() -> None:
    assert thread(author="Ada", dateCreated="2024-01-02").content.markdown == (
        f"{ASKED}\n\n## Answer by Ada, 2024-01-02\n\n{ANSWERED}"
    )


@pytest.mark.parametrize(
    "said",
    [{"kind": "FAQPage"}, {"kind": "Article"}, {"answered": "Because the wood is dry"}, {"asked": "Because"}],
)
def test_a_list_of_questions_and_texts_that_are_cut_short_are_read_as_any_page(said: dict[str, str]) -> None:
    found = thread(**said)
    assert found.quality.engine != "schema.org/Question"
    assert "A sentence" in found.content.markdown


def test_a_question_within_an_article_is_not_the_article() -> None:
    asked = f'<div itemscope itemtype="https://schema.org/Question"><p itemprop="text">{ASKED}</p></div>'
    found = page(body=f'<article itemscope itemtype="https://schema.org/Article">{PROSE}{asked}{PROSE}</article>')
    assert found.quality.engine != "schema.org/Question"


def test_a_question_that_is_marked_by_rdfa_has_its_answers() -> None:
    answer = f'<div property="suggestedAnswer" typeof="Answer"><p property="text">{ANSWERED}</p></div>'
    found = page(
        body=f'<div vocab="https://schema.org/" typeof="Question"><p property="text">{ASKED}</p>{answer}</div>{PROSE}'
    )
    assert found.content.markdown == f"{ASKED}\n\n## Answer\n\n{ANSWERED}"


BESIDE = [
    '<p itemprop="keywords">Tags: <a href="/t/">chalk</a>, <a href="/u/">damp</a></p>',
    '<p>Before: <a rel="prev" href="/a/">On dust</a></p>',
    '<p><a rel="prev" href="/a/">On dust</a> | <a rel="next" href="/b/">On damp</a></p>',
    '<div><p>Filed under <a rel="category" href="/c/">Boards</a></p><p><a rel="tag" href="/t/">chalk</a></p></div>',
    '<div><a class="older" href="/a/">On dust</a></div>',
    '<ul><li><b>Older</b> <a rel="prev" href="/a/">On dust</a></li><li><a rel="next" href="/b/">On damp</a></li></ul>',
    '<p><a href="/a/">← Older post</a></p><p><a href="/b/">Newer post: On damp →</a></p>',
    '<p>Previous: <a href="/a/">On dust</a></p><p>Next: <a href="/b/">On damp</a></p>',
    '<p>上一篇：<a href="/a/">On dust</a></p><p>下一篇：<a href="/b/">On damp</a></p>',
]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("body", ["<main><h1>On chalk</h1>{0}{1}</main>", '<div class="entry-content">{0}{1}</div>'])
def test_lines_that_lead_to_the_posts_beside_one_and_to_its_lists_are_not_of_its_text(body: str, beside: str) -> None:
    assert page(body=body.format(PROSE * 3, beside)).content.markdown == page(body=PROSE * 3).content.markdown


@pytest.mark.parametrize(
    "own",
    [
        '<p>What <a rel="tag" href="/t/">chalk</a> leaves on a board is told in the next part.</p>',
        '<p>Next: <a href="/b/">On damp</a></p>',
        "<p>Before noon nobody wipes.</p><p>After noon everybody does.</p>",
        '<p>Before noon, read <a href="/a/">this</a></p><p>After noon, read <a href="/b/">that</a></p>',
        '<div><p>Wet today.</p><p><a rel="tag" href="/t/">chalk</a> <a rel="tag" href="/u/">damp</a></p></div>',
        '<div><a rel="next" href="/b/">On damp</a><h2>Of what follows</h2></div>',
    ],
)
def test_what_only_looks_like_such_a_line_stays(own: str) -> None:
    assert len(page(body=f"<main>{PROSE * 3}{own}</main>").content.markdown) > len(
        page(body=PROSE * 3).content.markdown
    )


@pytest.mark.parametrize(
    "own",
    [
        "<blockquote><p>Wipe early.</p><footer>Ada, on dust</footer></blockquote>",
        '<blockquote><p>Wipe early.</p><footer><img src="/ada.png"> on dust</footer></blockquote>',
        '<figure><img src="/board.png"><footer>A board without dust</footer></figure>',
        '<footer><figure><img src="/board.png"><figcaption>A board without dust</figcaption></figure></footer>',
        '<footer><img src="/board.png"> shows all the dust</footer>',
        '<section><p>Wet today.</p><footer><img src="/board.png"> shows the dust</footer></section>',
        "<section><header>Where dust comes from</header><p>From chalk.</p></section>",
        '<p>As told <span class="previous"><a href="/a/">of dust</a></span>, it is dry.</p>',
        '<div class="next"><a href="/a/">More dust</a></div>',
        '<div><p class="previous"><a href="/a/"><img src="/a.png"> dust</a></p><p class="next">Wet</p></div>',
        '<table><tr><td class="older"><a href="/1/">dust</a></td><td class="newer">damp</td></tr></table>',
        '<div><a href="/b/chalk/"><div>dust</div></a><a href="/b/ink/"><div>stains</div></a></div>',
    ],
)
def test_what_stands_where_themes_put_surroundings_stays_where_it_may_be_a_texts(own: str) -> None:
    for after in ("", PROSE):
        assert "dust" in page(body=f"<main><h1>On limits</h1>{PROSE * 6}{own}{after}</main>").content.markdown


def test_a_date_in_a_sentence_of_the_header_is_neither_that_of_the_article_nor_taken_out() -> None:
    for subtitle in ("A lecture of May 5, 1999", "Notes of May 5, 1999 on dust"):
        found = page(body=f"<article><header><h1>On chalk</h1><p>{subtitle}</p></header>{PROSE * 3}</article>")
        assert found.published_at is None
        assert subtitle in found.content.markdown
    told = page(body=f"<article><header><h1>On chalk</h1><p>Posted on May 5, 1999</p></header>{PROSE * 3}</article>")
    assert told.published_at == "1999-05-05"


def test_the_word_for_an_author_is_no_name() -> None:
    label = '<span class="post-author">本文作者：</span><span class="author-name">周粉笔</span>'
    assert page(body=f"<article><h1>On limits</h1><p>{label}</p>{PROSE * 3}</article>").authors in ((), ("周粉笔",))
    assert page('<meta name="author" content="本文作者: 周粉笔">').authors == ("周粉笔",)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2021/07/05/on-limits/", "2021-07-05"),
        ("/posts/2021/07/05-on-limits/", "2021-07-05"),
        ("/posts/2021-07-05-on-limits.html", "2021-07-05"),
        ("/2021/13/05/on-limits/", None),
        ("/2021/07/05/6/", None),
        ("/v/2021-07-05", None),
    ],
)
def test_the_day_in_an_address_counts_where_the_page_shows_none(path: str, day: str | None) -> None:
    bare = f"<html><body><article><h1>On limits</h1>{PROSE * 3}</article></body></html>"
    shown = bare.replace("</h1>", '</h1><time datetime="2020-02-02">2 February</time>')
    assert archiver.read(bare, f"https://a.example{path}").published_at == day
    assert archiver.read(shown, f"https://a.example{path}").published_at == "2020-02-02"


def test_what_cards_of_other_posts_show_is_not_of_this_one() -> None:
    cards = "".join(
        f'<article class="prenext"><a href="/{name}/"><h5>{name}</h5></a>'
        f'<span class="post-date">2019-01-0{day}</span><p>In short.</p>'
        f'<div><a href="/tags/{name}/">{name}</a></div></article>'
        for day, name in enumerate(("slate", "sponge"), 1)
    )
    text = f"<div><h1>On limits</h1><div>{PROSE * 4}</div></div>"
    read = page(body=text + cards)
    assert (read.tags, read.published_at) == ((), None)
    tagged = page(body=f'<article><h1>On limits</h1><div><a href="/tags/limits/">limits</a></div>{PROSE * 4}</article>')
    assert tagged.tags == ("limits",)


LINES = "".join(f"<p>第{number}课讲粉笔与黑板，写完就擦，擦完再写。</p>" for number in "一二三四五六七八九")
CARDS = "".join(f'<a href="/{name}/"><img src="/{name}.png"><h3>{name}</h3></a>' for name in ("slate", "sponge"))
AUTHOR = (
    '<img src="/ada.png" alt="Ada"><p>Ada wipes boards for a living, and has written on more of them than anyone.</p>'
)


@pytest.mark.parametrize("name", ["entry share", "post-with-toc toc-box", "tagged recommended"])
def test_short_lines_are_a_text_where_a_page_has_no_longer_ones(name: str) -> None:
    assert "第五课" in page(body=f'<h1>On limits</h1><div class="{name}">{LINES}</div>').content.text


@pytest.mark.parametrize(
    ("around", "said"),
    [
        (f'<div class="author_blurb">{AUTHOR}</div>', "wipes boards"),
        (f'<div class="post-author-box">{AUTHOR}</div>', "wipes boards"),
        (f"<section><hr><h4>More Posts</h4>{CARDS}</section>", "slate"),
        (f"<div><div><h4>相关文章</h4></div><div>{CARDS}</div></div>", "slate"),
        ('<h2 id="__comments">Comments</h2><script src="/talk.js"></script>', "Comments"),
        ('<a id="quarto-back-to-top" role="button"><i></i> Back to top</a>', "Back to top"),
        ('<section id="quarto-citation"><h2>Citation</h2><pre>@online{ada}</pre></section>', "@online"),
        ('<div class="sharrre-container"><span>シェアする</span></div>', "シェア"),
        ('<section id="quarto-reuse"><h2>Reuse</h2><div>CC BY 4.0</div></section>', "CC BY"),
    ],
)
def test_what_stands_below_a_text_is_none_of_it(around: str, said: str) -> None:
    read = page(body=f"<main><h1>On limits</h1>{PROSE * 6}{around}</main>")
    assert said not in read.content.markdown
    assert read.content.text.count("A sentence") == 6


def test_links_to_other_posts_that_an_author_chose_stay() -> None:
    chosen = "<h2>Related posts</h2><ul><li><a href='/slate/'>On slates</a></li></ul>"
    for written in (chosen, f'<section id="related-posts" class="level2">{chosen}</section>'):
        assert "On slates" in page(body=f"<main><h1>On limits</h1>{PROSE * 6}{written}{PROSE}</main>").content.text


def test_a_line_of_tags_is_no_beginning_of_a_text() -> None:
    line = "<p>{}<a href='/tags/limits.html'>limits</a>, <a href='/tags/old-chalk.html'>old chalk</a></p>"
    read = page(body=f"<main><h1>On limits</h1>{line.format('')}{PROSE * 6}</main>")
    assert read.tags == ("limits", "old chalk")
    assert read.content.text.startswith("A sentence")
    kept = page(body=f"<main><h1>On limits</h1>{line.format('This is about ')}{PROSE * 6}</main>")
    assert kept.content.text.startswith("This is about limits")


def test_a_thread_that_names_nobody_by_attributes_is_signed_in_words() -> None:
    def signed(verb: str, day: str, name: str) -> str:
        edited = '<div><div>edited <i title="2015-01-01">then</i></div><a href="/u/9">Cy Trowel</a></div>'
        when = f'<div>{verb} <i title="{day} 21:35:13Z">then</i></div>'
        who = f'<a href="/u/1"><img></a><p><a href="/u/1">{name}</a></p>'
        return f"<table><tr><td>{edited}<td><div>{when}{who}</div></table>"

    answers = "".join(
        f'<div itemscope itemtype="http://schema.org/Answer" {prop}><p itemprop="text">{ANSWERED}</p>{sign}'
        "<p>answered by nobody</p></div>"
        for prop, sign in (
            ('itemprop="acceptedAnswer"', signed("answered", "2013-08-03", "Ben Slate")),
            ("", signed("answered", "2013-08-04", "Di Easel")),
        )
    )
    asked = f'<p itemprop="text">{ASKED}</p>{signed("asked", "2013-08-02", "Ada Sponge")}'
    found = page(body=f'<div itemscope itemtype="http://schema.org/Question">{asked}{answers}</div>{PROSE}')
    assert found.content.markdown == (
        f"{ASKED}\n\n## Accepted answer by Ben Slate, 2013-08-03\n\n{ANSWERED}"
        f"\n\n## Answer by Di Easel, 2013-08-04\n\n{ANSWERED}"
    )
    assert found.authors == ("Ada Sponge",)
    assert found.published_at == "2013-08-02"


def test_nobody_who_answered_is_taken_for_the_author_of_a_question() -> None:
    question = {"@type": "Question", "text": ASKED, "acceptedAnswer": {"@type": "Answer", "text": ANSWERED}}
    head = ld({"@context": "https://schema.org", "@type": "QAPage", "mainEntity": question})
    answer = f'<div class="authorinfo"><span>Ada Sponge</span></div><p>{ANSWERED}</p>'
    assert page(head, f"<div><p>{ASKED}</p></div><div>{answer}</div>{PROSE}").authors == ()


def test_the_heading_of_a_table_of_contents_goes_with_it() -> None:
    toc = "<h2>Table of Contents</h2><nav class='toc'><a href='#a'>Chalk</a></nav>"
    for section in ("<h2 id='a'>Chalk</h2>", "<section><h2 id='a'>Chalk</h2></section>"):
        read = page(body=f"<main><h1>On limits</h1>{PROSE * 2}{toc}{section}{PROSE * 4}</main>")
        assert "Contents" not in read.content.markdown
        assert "## Chalk" in read.content.markdown
    kept = page(body=f"<main><h1>On limits</h1>{PROSE}<h2>Contents</h2><p>Two sticks of chalk.</p>{PROSE * 4}</main>")
    assert "## Contents" in kept.content.markdown
