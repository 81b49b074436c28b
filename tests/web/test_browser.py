"""The reader and the replay in Chromium: what a person sees, and what archived pages cannot do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.library import filled

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--disable-dev-shm-usage", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
SET = "html[data-formulas=set]"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and "CI" not in os.environ,
        reason="expected Chromium on this machine, found none: on Debian and Ubuntu apt install chromium",
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The reader of an archive whose scripts know where it is."""
    home = tmp_path_factory.mktemp("browsed")
    with serving(filled(home), database_url(home), ServeOptions(port=0, replay_port=0)) as address:
        yield address.rstrip("/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        assert CHROMIUM, "expected Chromium, found none"
        with playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS) as browser:
            yield browser


class Watched:
    """A page and all that it did."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._dismiss)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _dismiss(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def elsewhere(self) -> list[str]:
        """Return what was asked of other machines."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page())
    yield watched
    assert watched.elsewhere() == []
    assert watched.problems == []
    context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def test_formulas_are_set_numbered_and_lead_to_each_other(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    assert page.locator("[data-mjx-error]").count() == 0
    assert page.locator(".text .tex mjx-container").count() == page.locator(".text .tex").count() == 8
    assert page.locator(".text mjx-mtd[id='mjx-eqn:eq:one']").inner_text() is not None
    page.locator(".text .tex a[href='#mjx-eqn%3Aeq%3Aone']").first.click()
    assert page.url.endswith("#mjx-eqn%3Aeq%3Aone")
    assert page.evaluate("document.querySelector('.text img').naturalWidth") == 1


def test_a_reference_shows_the_equation_leads_there_and_back(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    link = page.locator(".text .tex a[href^='#mjx-eqn']").first
    link.hover()
    page.wait_for_selector(".glimpse .tex.display mjx-container")
    page.keyboard.press("Escape")
    assert page.locator(".glimpse").is_hidden()
    page.locator(".text").hover(position={"x": 1, "y": 1})
    page.keyboard.press("Tab")
    link.focus()
    page.wait_for_selector(".glimpse .tex.display", state="visible")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#mjx-eqn')")
    page.locator(".way-back").click()
    assert page.evaluate("[location.hash, document.activeElement.getAttribute('href')]") == [
        "",
        link.get_attribute("href"),
    ]
    assert page.locator(".way-back").is_hidden()


def test_a_link_to_a_post_shows_its_first_lines_with_their_formulas(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    page.locator(".text a[href='/posts/1002']").hover()
    page.wait_for_selector(".glimpse article mjx-container")
    assert "2024-01-01" in page.locator(".glimpse").inner_text()


def test_how_the_text_looks_is_chosen_and_kept(page: Page, address: str) -> None:
    def measured() -> list[object]:
        found: list[object] = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle($('.text')).fontSize, "
            "getComputedStyle($('.text')).fontFamily.includes('system-ui')]"
        )
        return found

    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/posts/1001")
    before = measured()
    page.locator(".display summary").focus()
    page.keyboard.press("Enter")
    for name, value in (("theme", "dark"), ("size", "huge"), ("face", "sans")):
        page.locator(f".display input[name={name}][value={value}]").check()
    page.keyboard.press("Escape")
    assert page.locator(".display form").is_hidden()
    chosen = measured()
    assert all(was != now for was, now in zip(before, chosen, strict=True))
    page.reload()
    assert measured() == chosen
    page.evaluate("localStorage.setItem('archiver-display', 'nonsense')")
    page.reload()
    assert measured() == before


def test_a_printed_post_lists_where_its_links_lead(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    page.emulate_media(media="print")
    shown = page.locator(".printed").inner_text()
    assert "苏剑林 · 2025-12-01 · https://kexue.fm/archives/1001 · 署名" in shown
    listed = page.locator(".printed li").all_inner_texts()
    assert listed == ["https://kexue.fm/archives/1002", "https://example.org/x"]
    marked = page.evaluate(
        "$$('.text a').filter((a) => getComputedStyle(a, '::after').content.includes('counter'))"
        ".map((a) => a.textContent)"
    )
    assert marked == ["《漫谈（一）》", "别处"]
    assert page.locator(".facts, .comments, .related, .display").first.is_hidden()
    page.emulate_media(media="screen")
    assert page.locator(".printed").is_hidden()


def test_the_front_page_tells_what_is_new_since_the_last_visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(SET)
    assert page.locator("#since").is_hidden()
    last = "Date.UTC(2026, 0, 15)"
    page.evaluate(f"localStorage.setItem('archiver-visit', JSON.stringify({{ since: 0, seen: {last} }}))")
    page.reload()
    page.wait_for_selector("#since", state="visible")
    assert page.evaluate(f"JSON.parse(localStorage.getItem('archiver-visit')).since === {last}")
    page.locator("#since a").click()
    page.wait_for_url("**/new?since=2026-01-15T00:00:00Z")
    assert page.locator(".entry").count() == 1


def test_a_click_copies_the_source_of_a_formula(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    page.locator(".text .tex", has_text="").nth(0).click()
    assert page.evaluate("navigator.clipboard.readText()") == "$0<x<y$"
    assert page.locator("#toast").inner_text() == "TeX copied"
    page.locator("[data-copy=citation]").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("@online{kexuefm-1001,")


def test_a_selection_is_copied_as_markdown(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)

    def copied(start: str, end: str) -> str:
        page.evaluate(
            "([start, end]) => { const range = document.createRange(); range.setStart(...eval(start)); "
            "range.setEnd(...eval(end)); getSelection().removeAllRanges(); getSelection().addRange(range); }",
            [start, end],
        )
        page.keyboard.press("Control+c")
        return str(page.evaluate("navigator.clipboard.readText()"))

    whole = copied("[$('.text'), 0]", "[$('.text'), $('.text').childNodes.length]")
    for piece in (
        "开头一段，设$0<x<y$则$a<b$成立，见$\\eqref{eq:one}$。\n\n## 第一节 $\\alpha$\n\n$$\\begin{equation}",
        "\\label{eq:one}\\end{equation}$$\n\n再看$\\tr(AB)=\\tr(BA)$与[《漫谈（一）》](",
        "以及[别处](https://example.org/x)。\n\n### 细节\n\n![示意](https://kexue.fm/usr/uploads/2026/01/a.png)",
        "```\ndef f(x):\n    return x < 1\n```",
        "| 甲 | 乙 |\n| --- | --- |\n| $a_1$ | $b<c$ |",
    ):
        assert piece in whole
    from_within = copied("[$('.text p').firstChild, 2]", "[$('.text .tex mjx-math').firstChild, 0]")
    assert from_within == "一段，设$0<x<y$"


def test_a_comment_in_a_fold_can_be_linked(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001#comment-213")
    page.wait_for_selector("#comment-213", state="visible")
    page.wait_for_selector(SET)


def test_search_answers_while_typing_and_goes_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/posts")
    page.keyboard.press("/")
    page.keyboard.type("漫谈")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    page.locator("#search input[name=q]").fill("BA")
    page.locator("#search input[name=tex]").check()
    page.wait_for_selector(".hit mark mjx-container")
    assert page.locator("[data-mjx-error]").count() == 0
    assert "tex=1" in page.url
    page.locator("#search input[name=q]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/posts/1001")


def test_a_difference_is_set_on_both_sides(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1002/history")
    page.locator("form button", has_text="Compare").click()
    page.wait_for_selector(SET)
    assert page.locator(".before del mjx-container").count() == 1
    assert page.locator(".after ins mjx-container").count() == 1


def test_sql_is_asked_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/sql")
    page.locator("textarea").fill("SELECT id, title FROM posts ORDER BY id")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("td a[href='/posts/1001']")
    page.goto(f"{address}/health")
    assert page.locator("svg .line").count() == 3


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/posts/1001",
        "/posts/1002/difference",
        "/posts/1002/versions/20260201010000",
        "/search?q=x",
        "/sql?q=SELECT+*+FROM+posts",
        "/health",
    ],
)
def test_pages_fit_a_telephone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/posts/1004", "/posts/1001#comment-200", "/search?q=window.hit", "/", "/years/2023"])
def test_what_was_archived_runs_nothing_in_the_reader(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    page.wait_for_selector(SET)
    assert page.evaluate("window.hit") is None
    assert (
        page.locator("main iframe, main script, main svg[onload], main style, main form button:text('x')").count() == 0
    )
    for link in page.locator(".tex a").all():
        assert not (link.get_attribute("href") or "").startswith("javascript")
    assert page.context.cookies() == []


def test_an_archived_page_runs_in_the_replay_and_reaches_nothing(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/original/archives/1004")
    page.wait_for_function("document.title === 'ran'")
    page.wait_for_timeout(200)
    assert page.title() == "ran"
    assert page.evaluate("window.stored") is False
    assert page.evaluate("window.origin") == "null"
    banner = page.locator("archive-banner")
    assert "Archived 2026-01-01T01:00:00Z" in banner.inner_text()
    banner.locator("a", has_text="reader").click()
    page.wait_for_url(f"{address}/posts/1004")


def test_without_script_all_but_formulas_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/posts/1001")
    assert "$a<b$" in page.locator(".text").inner_text()
    page.goto(f"{address}/search?q=%E6%BC%AB%E8%B0%88")
    assert page.locator(".hit").count() == 3
    context.close()


def test_without_scripts_nothing_is_offered_that_would_do_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in ("/posts/1001", "/posts/1001/labels/eq%3Aone", "/posts/1002/versions/20260101010000"):
        page.goto(address + path)
        assert page.locator("[data-copy]").count() == 1
        assert page.locator("[data-copy]:visible, .hint:visible, .quick kbd:visible").count() == 0
    context.close()


@pytest.mark.parametrize("chosen", ["auto", "dark", "sepia"])
def test_paper_is_white_and_ink_dark_whatever_the_screen_has(page: Page, address: str, chosen: str) -> None:
    page.goto(f"{address}/posts/1001")
    colours = """() => ['--paper', '--ink', '--mark', '--keyword', '--link'].map(
        (name) => getComputedStyle(document.documentElement).getPropertyValue(name))"""
    page.emulate_media(media="print", color_scheme="light")
    light = page.evaluate(colours)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("(chosen) => { document.documentElement.dataset.theme = chosen; }", chosen)
    assert page.evaluate(colours) == light
    assert light[:2] == ["#fff", "#000"]


with_axe = pytest.mark.skipif("AXE" not in os.environ, reason="expected $AXE, the path of axe.min.js, found none")


@with_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = context.new_page()
    found = []
    for path in (
        "/",
        "/posts/1001",
        "/search?q=x",
        "/sql?q=SELECT+id,title+FROM+posts",
        "/health",
        "/posts/1002/difference",
        "/tags",
        "/labels",
        "/posts/1001/labels/eq%3Aone",
        "/posts/1002/versions/20260101010000",
        "/own?q=x",
    ):
        page.goto(address + path)
        found += serious(page)
    context.close()
    assert found == []


def serious(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return what axe holds against a page: where, which of its rules, and some of the elements."""
    page.wait_for_load_state("networkidle")
    page.evaluate(Path(os.environ["AXE"]).read_text(encoding="utf-8"))
    return [
        (page.url, each["id"], [node["html"][:100] for node in each["nodes"]][:3])
        for each in page.evaluate("axe.run()")["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def test_lists_are_gone_through_and_marked_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/posts")
    for key in "jjk":
        page.keyboard.press(key)
    with page.expect_response("**/favourite") as answer:
        page.keyboard.press("m")
    assert answer.value.status == 204
    page.locator(".entry").first.locator(".favourite").wait_for()
    first = page.locator(".entry-title").first.get_attribute("href")
    page.keyboard.press("o")
    page.wait_for_url(f"**{first}")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.locator(".choices button", has_text="☆").wait_for()
    page.wait_for_load_state("load")  # the keys come with the page's scripts
    page.keyboard.press("n")
    page.wait_for_url(lambda url: "/posts/" in url and not url.endswith(str(first)))


def test_an_entry_that_says_nothing_but_its_passage_is_marked_by_keys_too(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001/labels/eq%3Aone")
    page.keyboard.press("j")
    with page.expect_response("**/favourite") as answer:
        page.keyboard.press("m")
    assert answer.value.status == 204
    page.locator(".entry .favourite").wait_for()
    with page.expect_response("**/favourite"):
        page.keyboard.press("m")


def test_the_place_where_one_stopped_is_kept_and_found_again(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 900, "height": 300})
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    page.mouse.move(400, 200)
    with page.expect_response("**/place"):
        page.mouse.wheel(0, page.evaluate("document.querySelector('.text h3').offsetTop") - 150)
    page.goto(f"{address}/")
    page.get_by_role("region", name="Read on").get_by_role("link").click()
    page.wait_for_selector(SET)
    page.wait_for_function("scrollY > 100")
    with page.expect_response("**/place"):
        page.mouse.wheel(0, 100_000)
    page.goto(f"{address}/own")
    assert page.get_by_role("heading", name="Recently read").is_visible()


def test_a_selection_with_formulas_is_highlighted_and_found_again(page: Page, address: str) -> None:
    page.goto(f"{address}/posts/1001")
    page.wait_for_selector(SET)
    page.evaluate(
        """() => {
            const [first, later] = [...document.querySelectorAll(".text > p")];
            const range = new Range();
            range.setStart(first.firstChild, 5);
            range.setEndAfter(first.querySelectorAll(".tex")[1]);
            getSelection().addRange(range);
        }"""
    )
    with page.expect_response("**/highlights") as answer:
        page.keyboard.press("h")
    assert answer.value.status == 204
    page.locator("#highlights li").wait_for()
    for _ in range(2):
        page.wait_for_selector(SET)
        page.wait_for_function("[...CSS.highlights.get('kept')].map(String).join('') === '设则'")
        assert page.locator(".text .highlit").count() == 2
        page.reload()
    page.locator("#highlights button", has_text="Remove").click()
    page.wait_for_selector("#highlights", state="hidden")
