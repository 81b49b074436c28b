"""A site of files in Chromium: from a folder, from a host, and without a network; its search beside the archive's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, sync_playwright

from archiver.cli import main
from archiver.store import blog, search
from archiver.store.library import Library
from archiver.store.location import database_url
from archiver.store.search_words import words
from tests.web.test_browser import ARGUMENTS, CHROMIUM, pytestmark, serious, with_axe  # noqa: F401 - pytestmark marks this module too

QUERIES = (
    "梯度", "的", "黑", "注意力", "公式 向量", '"向量"', '"的向量"', "Attention", "attention mask", '"self attention"',
    "線性", "\\boldsymbol", "tex:\\frac{1}{2}", "tex:x_", "tex:=", "a*", "model OR 模型", "的 -梯度", "-title:的",
    "title:的", "year:2024", "after:2020 before:2023 的", "sort:oldest 的", "用LoRA微调", "梯度。下降",
    "为什么现在的大模型都用Decoder-only架构", "哈哈", "友情链接", "-tex:\\frac", "tag:优化", "没有这个词组",
    'title:"序列" OR 矩阵', "café", "  ", "OR", "*",
)  # fmt: skip
FIND = """async (query) => {
  const found = await archive.find(query);
  const number = (row) => (row.kind === "posts" ? row.id : -row.id);
  return found && { exact: found.exact.map(number), related: found.related.map(number) };
}"""


@pytest.fixture(scope="module")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosted") / "deep" / "site"
    done = CliRunner().invoke(main, ["--home", str(demo), "export", "site", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def browser(site: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        assert CHROMIUM, "expected Chromium, found none"
        with playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS) as browser:
            yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert problems == []
    context.close()


@pytest.fixture
def host(site: Path) -> Iterator[str]:
    """The site on a host that serves nothing but files, below a path of its own."""
    handler = partial(_Quiet, directory=str(site.parents[1]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/deep/site"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def post_with_formulas(site: Path) -> Path:
    return max((site / "posts").glob("*.html"), key=lambda path: path.read_text("utf-8").count("<math"))


def test_a_page_of_a_file_shows_formulas_and_gives_their_tex(page: Page, site: Path) -> None:
    page.goto(post_with_formulas(site).as_uri())
    page.wait_for_selector("html[data-formulas=set]")
    boxes = page.locator(".text math").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert boxes
    assert min(boxes) > 0
    formula = page.locator(".text .tex.display").first
    source = formula.locator("annotation").text_content()
    formula.locator("button.copy").click()
    page.wait_for_selector(".toast.shown")
    assert formula.get_attribute("data-tex") == source


def test_formulas_have_a_mathematical_font_wherever_they_are_read(page: Page, site: Path) -> None:
    page.goto(post_with_formulas(site).as_uri())
    states = "async () => { await document.fonts.ready; return [...document.fonts].map((one) => one.status); }"
    assert page.evaluate(states) == ["loaded"]


def test_the_search_of_a_file_finds_chinese_and_leads_there(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.locator(".hero input[name=q]").fill("梯度")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit mark")
    assert page.locator(".hit mark").first.inner_text() == "梯度"
    page.locator(".hit a").first.click()
    page.wait_for_selector("article.post")
    assert "梯度" in page.locator("article.post").inner_text()


def test_the_search_says_what_it_does_not_know(page: Page, site: Path) -> None:
    page.goto(f"{(site / 'search.html').as_uri()}?q=has:code")
    assert "has:" in page.locator("#results .notice").inner_text()
    page.locator("input[name=q]").fill("year:soon")
    page.wait_for_function("document.querySelector('#results .notice')?.textContent.includes('year:soon')")


def test_the_search_finds_what_the_archive_finds(
    page: Page, site: Path, demo: Path, in_thread: Callable[[Callable[[], Any]], Any]
) -> None:
    page.goto((site / "search.html").as_uri())

    def asked() -> tuple[dict[str, Any], list[tuple[str, str]]]:
        url = database_url(demo)
        known = blog.site(demo, url)
        with Library(url, known) as library:
            texts = [(post.text, words(post.text).held) for post in library.posts()]
        with search.opened(url) as index:
            return {query: _answer(index, query, known) for query in QUERIES}, texts

    answers, texts = in_thread(asked)
    page.evaluate("() => archive.ready()")
    assert page.evaluate("texts => texts.map(archive.held)", [text for text, _ in texts]) == [held for _, held in texts]
    assert {query: page.evaluate(FIND, query) for query in QUERIES} == answers
    assert sum(bool(answer and answer["exact"]) for answer in answers.values()) > len(QUERIES) / 2


def _answer(index: search.SearchIndex, query: str, known: Any) -> dict[str, list[int]] | None:
    try:
        hits = search.search(index, query, known, limit=1000).hits
    except Exception:  # the query asks for nothing
        return None
    found: dict[str, list[int]] = {"exact": [], "related": []}
    for hit in hits:
        found["related" if hit.related else "exact"].append(hit.post_id or -(hit.page_id or 0))
    return found


@pytest.fixture
def in_thread() -> Callable[[Callable[[], Any]], Any]:
    """Run something where no event loop of the browser's is."""
    from concurrent.futures import ThreadPoolExecutor

    def run(work: Callable[[], Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result(60)

    return run


def test_all_of_it_is_read_without_a_network(page: Page, site: Path, host: str) -> None:
    page.goto(f"{host}/index.html")
    page.locator("#keep button").click()
    page.wait_for_function("(done) => document.querySelector('#keep [role=status]').textContent === done",
                           arg=page.locator("#keep").get_attribute("data-kept"))  # fmt: skip
    page.context.set_offline(True)
    page.goto(f"{host}/posts/{post_with_formulas(site).name}")
    assert page.locator(".text math").first.is_visible()
    page.goto(f"{host}/search.html?q=梯度")
    page.wait_for_selector(".hit mark")
    page.goto(f"{host}/")
    assert page.locator(".hero h1").is_visible()


def test_all_but_the_search_works_without_scripts(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(post_with_formulas(site).as_uri())
    assert page.locator(".text math").first.is_visible()
    assert page.locator(".text annotation").first.is_hidden()
    page.goto((site / "search.html").as_uri())
    assert page.locator("noscript").is_visible()
    assert page.locator("form:visible, .examples:visible").count() == 0
    page.locator("noscript a").first.click()
    assert page.locator(".entry").count()
    context.close()


@with_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(browser: Browser, site: Path, scheme: str) -> None:
    dark = scheme == "dark"
    context = browser.new_context(
        color_scheme="dark" if dark else "light", bypass_csp=True, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    found = []
    for name in ("index.html", "search.html?q=tex:x_", "tags.html", f"posts/{post_with_formulas(site).name}"):
        page.goto(f"{site.as_uri()}/{name}")
        if "?" in name:
            page.wait_for_selector(".hit mark")
        found += serious(page)
    context.close()
    assert found == []


def test_a_formula_wider_than_a_phone_scrolls_with_its_paragraph_without_scripts(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(post_with_formulas(site).as_uri())
    page.locator(".text > p .tex:not(.display)").first.evaluate("(node) => { node.style.paddingLeft = '600px'; }")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(browser: Browser, site: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    for path in (site / "index.html", site / "search.html", site / "tags.html", post_with_formulas(site)):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()
