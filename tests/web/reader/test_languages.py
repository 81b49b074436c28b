"""Pages in Chinese are Chinese throughout, and English ones have no Chinese of the program's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lxml import html
from markupsafe import escape

from archiver import errors, items
from archiver.store import schema
from archiver.web.reader import descriptions, sentences, words
from tests.web.reader.conftest import Client
from tests.web.reader.test_pages import PAGES

WRONG = (
    "/posts/999", "/nothing", "/years/199x", "/search?q=x&year=9", "/search?q=%22", "/search?q=after:x", "/new?since=x",
    "/captures", "/labels?page=99", "/posts/1001/labels/eq:none", "/macros/no_such", "/topics/99", "/pages/999",
    "/sql?q=SELECT+no+FROM+posts", "/sql?q=DELETE+FROM+posts",
)  # fmt: skip
NAMES = {
    *(
        "Atom",
        "OPDS",
        "SQL",
        "API",
        "English",
        "TeX",
        "JavaScript",
        "CSV",
        "JSON",
        "WARC",
        "Markdown",
        "HTTP",
        "SHA",
        "URL",
        "SVG",
    ),
    *("RFC", "ISO", "MathML", "AsciiMath", "arXiv", "trafilatura", "gzip", "Record", "ID", "DD", "MM", "YYYY", "Enter"),
    *("MB", "kB", "Aa", "DELETE", "cookie"),
    *("url", "year", "since", "after"),  # in addresses and in queries
}
"""Names of things, of units and of keys, which are the same in all languages."""
EXAMPLES = ("数学研究", "二十一", "梯度", "低秩近似")
"""Chinese that English sentences give as an example."""

_DATA = ("code", "pre", "kbd", "script", "style", "title")
_SHOWN = ("aria-label", "title", "placeholder", "alt")
_ADDRESS = re.compile(r"[!-~]*[/.:_@][!-~]*")  # or the name of a file, a table, a label


def own(page: str) -> Iterator[str]:
    """Yield what the program itself says on a page: what the archive holds is code, or marked by its language."""
    yield from _said(html.fromstring(page), top=True)


def _said(element: html.HtmlElement, *, top: bool = False) -> Iterator[str]:
    classes = (element.get("class") or "").split()
    data = element.tag in _DATA or {"tex", "understood"} & {*classes}
    if not isinstance(element.tag, str) or data or (element.get("lang") is not None and not top):
        return
    yield from (element.get(name, "") for name in _SHOWN)
    yield element.text or ""
    for child in element:
        yield from _said(child)
        yield child.tail or ""


@pytest.mark.parametrize("path", [*PAGES, *WRONG])
def test_a_page_says_nothing_in_the_other_language(reader: Client, path: str) -> None:
    chinese = {word for text in own(reader.get(path, Accept_Language="zh").text)
               for word in re.findall(r"[A-Za-z]{2,}", _ADDRESS.sub(" ", text))}  # fmt: skip
    assert chinese <= NAMES
    english = " ".join(own(reader.get(path, Accept_Language="en").text))
    for example in EXAMPLES:
        english = english.replace(example, "")
    assert re.findall(r"[\u4e00-\u9fff]+", english) == []


def test_every_table_column_and_question_has_its_chinese() -> None:
    described = (*schema.tables(), *schema.views())
    told = {*schema.EXAMPLES, *(each.about for each in described)}
    told |= {column.about for each in described for column in each.columns}
    assert told - descriptions.CHINESE.keys() == set()
    assert descriptions.CHINESE.keys() - told == set()


def test_every_kind_state_and_outcome_has_its_chinese() -> None:
    kinds = re.findall(r"[a-z]+", next(view for view in schema.views() if view.name == "gaps").columns[1].about)
    chinese = words.translator("zh")
    outcomes = {each.outcome for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "outcome")}
    for word in (
        *kinds,
        *outcomes,
        "pending",
        "leased",
        "failed",
        "skipped",
        "incomplete",
        "limited",
        "markup changed",
    ):
        assert chinese(word) != word


def test_reasons_are_told_in_chinese_and_what_has_no_form_is_marked_as_english() -> None:
    for reason in (*errors.FAILURES.values(), items.CUT, items.GATE, items.FORBIDDEN, items.LEFT_OUT, items.TOO_MANY):
        assert re.search("[\u4e00-\u9fff]", sentences.said(reason, "zh"))
        assert sentences.said(reason, "en") == escape(reason)
    assert sentences.said("3 counted on the page, 2 archived", "zh") == "页面计有 3 条，已存档 2 条"
    assert (
        sentences.said("year: expected a year such as 2024, found '9<'", "zh")
        == "year：应为年份，例如 2024，实为 &#39;9&lt;&#39;"
    )
    assert sentences.said("a <new> reason", "zh") == '<span lang="en">a &lt;new&gt; reason</span>'
