from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver import media
from archiver.web.reader import words
from tests.web.reader.conftest import Client
from tests.web.reader.library import DRAWING, LIE, PICTURE, SKETCH, png

PAGES = (
    "/", "/posts", "/posts/1001", "/posts/1002", "/posts/1004", "/posts/1002/history", "/tags",
    "/posts/1002/difference", "/posts/1002/versions/20260201010000",
    "/tags/a%2Fb", "/categories/Big-Data", "/years/2024", "/topics/1", "/series/1002", "/search", "/sql", "/health",
    "/search?q=%E6%BC%AB%E8%B0%88", "/search?q=lambda&tex=1", "/sql?q=SELECT+id,title+FROM+posts",
    "/labels", "/posts/1001/labels/eq:one", "/macros", "/macros/tr", "/own",
    "/new?since=2026-01-15", "/citations", "/captures?url=https://kexue.fm/archives/1002", "/pages", "/pages/1",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(reader: Client, path: str) -> None:
    for language in words.LANGUAGES:
        answer = reader.get(path, Accept_Language=language)
        assert answer.status == 200
        assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script(?! src=)|<[^>]*\s(on\w+|style)=", answer.text)


def test_the_front_page_shows_what_there_is(reader: Client) -> None:
    text = reader.get("/").text
    for found in ("/posts/1001", "信息时代", "/topics/1", "/series/1002", "/years/2024", "complete", "data-focus"):
        assert found in text
    assert text.index("/posts/1001") < text.index("/posts/1003") < text.index("/posts/1002")


def test_citations_are_counted_by_year_and_by_post(reader: Client) -> None:
    text = reader.get("/citations").text
    assert "<title>2025 → 2024: 1</title>" in text
    assert "<title>2024 → 2024: 1</title>" in text
    assert re.search(r'href="/posts/1002".*<small>2024-01-01</small></span> <span>2</span>', text)


def test_a_post_has_its_text_and_all_that_belongs_to_it(reader: Client) -> None:
    text = reader.get("/posts/1001").text
    for found in (
        '<span class="tex">$0&lt;x&lt;y$</span>', '<a href="#s1">', '<span class="k">def</span>', "/media?url=",
        '<table tabindex="0">', "@online{kexuefm-1001", "/posts/1001/history", "/original/archives/1001",
        "/categories/Big-Data", 'id="comment-213"', 'href="#comment-100"', "署名", "1999",
    ):  # fmt: skip
        assert found in text
    assert "/posts/1001" in reader.get("/posts/1002").text  # cited by


def test_an_independent_page_has_its_text_comments_and_former_wording(reader: Client) -> None:
    text = reader.get("/pages/1").text
    for found in (
        '<span class="tex">$0&lt;u&lt;v$</span>', 'id="comment-301"', '<span class="tex">$z_1$</span>', "从前的话。",
        "/original/me.html", "/captures?url=https%3A%2F%2Fkexue.fm%2Fme.html",
    ):  # fmt: skip
        assert found in text
    assert "hit()</script>" not in text
    listed = reader.get("/pages").text
    assert 'href="/pages/1"' in listed
    assert "/usr/uploads/2026/01/t.pdf" in listed
    assert 'href="/pages/1"' in reader.get("/").text
    assert 'href="/pages/1"' in reader.get("/search?q=" + quote("关于本站")).text


def test_long_discussions_are_folded(reader: Client) -> None:
    text = reader.get("/posts/1001").text
    assert '<details class="answers"><summary>14 answers</summary>' in text
    assert "Show 5 later discussions" in text


def test_comments_are_read_from_the_oldest_on_or_from_the_latest(reader: Client) -> None:
    for address, current, folded in (
        ("/posts/1001", "Oldest first", "later"),
        ("/posts/1001?comments=latest", "Latest first", "earlier"),
    ):
        text = reader.get(address).text
        top = [int(number) for number in re.findall(r'id="comment-(\d+)" data-depth="0"', text)]
        assert top == sorted(top, reverse=current == "Latest first")
        assert re.findall(r'aria-current="true">([^<]+)<', text) == [current]
        assert f"Show 5 {folded} discussions" in text
    assert reader.get("/posts/1001?comments=random").status == 400


def test_rows_on_a_phone_name_their_columns(reader: Client) -> None:
    assert '<td data-label="id" class="number">' in reader.get("/sql?q=SELECT+id,title+FROM+posts").text
    for address, label in (
        ("/posts/1002/history", "Seen"),
        (f"/captures?url={quote('https://kexue.fm/me.html')}", "Time"),
    ):
        assert f'<td data-label="{label}">' in reader.get(address).text


def test_a_version_has_an_address_of_its_own_and_a_citation(reader: Client) -> None:
    links = re.findall(r'href="(/posts/1002/versions/\d{14})"', reader.get("/posts/1002/history").text)
    assert len(links) == 2
    newer, older = (reader.get(link).text for link in links)
    assert '<span class="tex">$x+1$</span>' in newer
    assert "This is the version the archive shows." in newer
    assert '<span class="tex">$x$</span>' in older
    assert "The archive shows another version." in older
    digest = re.findall(r"SHA-256</dt><dd[^>]*><code>([0-9a-f]{64})<", older)[0]
    assert digest not in newer
    assert "@online{kexuefm-1002-2026-01-01," in older
    assert "urldate  = {2026-01-01}" in older
    assert f"SHA-256 {digest[:16]}}}" in older
    assert f'href="{links[0]}">This version</a>' in reader.get("/posts/1002").text
    for wrong in ("/posts/1002/versions/20200101000000", "/posts/1003/versions/x", "/posts/9/versions/20260101000000"):
        assert reader.get(wrong).status == 404


def test_programs_read_posts_as_markdown_by_a_list_of_them(reader: Client) -> None:
    listed = reader.get("/llms.txt")
    assert listed.headers["content-type"].startswith("text/plain")
    assert listed.text.startswith("# 科学空间\n\n> ")
    assert "## 矩阵\n\n- [迹与$e^{i\\pi}$](/posts/1001.md): 2025-12-01\n" in listed.text
    assert "## Optional\n\n- [关于本站](/pages/1.md)\n" in listed.text
    assert len(set(re.findall(r"\((/posts/\d+\.md)\)", listed.text))) == listed.text.count("/posts/") == 4
    post = reader.get("/posts/1001.md")
    assert post.headers["content-type"] == "text/markdown; charset=utf-8"
    assert post.text.startswith("---\ntitle: ")
    assert "$$\\begin{equation}" in post.text
    assert "从前的话" not in reader.get("/pages/1.md").text
    assert reader.get("/posts/9.md").status == reader.get("/pages/9.md").status == 404


def test_series_have_an_order(reader: Client) -> None:
    first, second = reader.get("/posts/1002").text, reader.get("/posts/1003").text
    assert 'rel="next" href="/posts/1003"' in first
    assert 'rel="prev" href="/posts/1002"' in second
    assert "Part 2 of 2" in second


def test_a_difference_marks_what_changed_in_formulas_and_words(reader: Client) -> None:
    text = reader.get("/posts/1002/difference").text
    assert "<del>一</del>" in text
    assert '<del><span class="tex">$x$</span></del>' in text
    assert '<ins><span class="tex">$x+1$</span></ins>' in text
    assert "$x<ins>+1</ins>$" in text
    assert "unchanged paragraphs" in text


def test_what_is_not_there_says_so(reader: Client) -> None:
    none = (
        "/nothing",
        "/posts/999",
        "/pages/999",
        "/topics/99",
        "/years/199x",
        "/categories/No",
        "/posts/1002/difference?from=1&to=1",
    )
    for path in none:
        assert reader.get(path).status == 404, path


def test_pictures_come_from_the_archive_and_only_pictures(reader: Client) -> None:
    picture = reader.get(f"/media?url={quote(PICTURE)}")
    assert (picture.headers["content-type"], picture.body) == ("image/png", png())
    drawing = reader.get(f"/media?url={quote(DRAWING)}")
    assert drawing.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert reader.get(f"/media?url={quote(LIE)}").status == 404
    assert reader.get("/media?url=https://kexue.fm/archives/1001").status == 404


def test_a_picture_that_stands_in_a_page_is_shown_and_runs_nothing(reader: Client) -> None:
    answer = reader.get(f"/media?url={quote(media.digest_url(SKETCH), safe='')}")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "image/svg+xml", SKETCH)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "x-archive-capture" not in answer.headers
    assert reader.get(f"/media?url={quote(media.digest_url(b''), safe='')}").status == 404


def test_formulas_are_set_by_files_of_the_package(reader: Client) -> None:
    script = reader.get("/static/mathjax/tex-chtml-full.js")
    assert script.status == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert reader.get("/static/mathjax/output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").status == 200


def test_search_takes_filters_and_marks_what_it_found(reader: Client) -> None:
    text = reader.get("/search?q=%E6%BC%AB%E8%B0%88&year=2024&category=Big-Data&tag=a/b").text
    assert "<mark>漫谈</mark>" in text
    assert "2 results" in text
    assert "Nothing found" in reader.get("/search?q=%E6%BC%AB%E8%B0%88&year=2023").text
    assert 'href="/posts/1001#comment-205"' in reader.get("/search?q=%E7%AD%945&comments=1").text


def test_a_formula_found_alone_brings_its_definitions(reader: Client) -> None:
    text = reader.get("/search?q=BA&tex=1").text
    assert r'data-macros="\newcommand{tr}{\mathop{\text{tr}}}' in text


def test_sql_links_posts_and_names_their_captures(reader: Client) -> None:
    text = reader.get("/sql?q=SELECT+post_id,+text+FROM+comments+LIMIT+1").text
    assert '<a href="/posts/1001">1001</a>' in text
    assert "shelf-00001.warc.gz" in text or ".warc.gz:" in text
    wrong = reader.get("/sql?q=DELETE+FROM+posts")
    assert wrong.status == 400
    assert "expected a query that only reads" in wrong.text


def test_the_citation_is_a_file(reader: Client) -> None:
    answer = reader.get("/posts/1001/citation.bib")
    assert answer.text.startswith("@online{kexuefm-1001,")


def test_addresses_of_the_blog_lead_to_their_pages(reader: Client) -> None:
    assert reader.get("/archives/1001").headers["location"] == "/posts/1001"
    assert re.fullmatch(r"http://127.0.0.1:\d+/a%20b\?c=1", reader.get("/original/a%20b?c=1").headers["location"])
    assert re.fullmatch(r"http://127.0.0.1:\d+/evil/", reader.get("/original//evil/").headers["location"])


def test_the_language_is_kept_and_leads_nowhere_else(reader: Client) -> None:
    answer = reader.get("/language/zh?back=/posts/1001")
    assert (answer.status, answer.headers["location"]) == (303, "/posts/1001")
    assert "archiver-language=zh" in answer.headers["set-cookie"]
    for back in ("//evil.example", "/\\evil.example", "https://evil.example", "/a%0d%0aX:1"):
        assert reader.get(f"/language/zh?back={back}").headers["location"] == "/"


def test_every_phrase_has_its_chinese() -> None:
    folder = Path(words.__file__).parent / "templates"
    phrases = {found for file in folder.glob("*.html") for found in re.findall(r"\bt\('([^']+)'", file.read_text())}
    chinese, english = words.translator("zh"), words.translator("en")
    blanks = ("1", "2", "3")
    assert len(phrases) > 50
    untold = {phrase for phrase in phrases if chinese(phrase, *blanks) == english(phrase, *blanks)}
    assert untold <= {"SQL"}
