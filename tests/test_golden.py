"""Each folder of `golden` holds one hazard: a page as the blog serves it, and by hand what it says.

`expected.json` names the page's address and only the fields that matter for the hazard. `page` says what it is: `post`
when absent, `article` (of any site), `comments`, `independent`, `listing`, `catalogue`, `gate`, or `not_recognised`:
reading it `as` one of those is refused.
Fields are those of `archiver.items`; those of a text (`formulas`, `markdown`, ...) may stand beside those of its post
or comment. `<field>_contains` and `<field>_lacks` list pieces, `<field>_begin` how each value begins; `rendered_text`
lists the lines that the Markdown renders to; `number` is the page number of a list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from parsel import Selector

from archiver.errors import PageNotRecognised
from archiver.pages import article, catalogue, comments, gate, independent, listing
from archiver.pages import post as posts

HERE = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in HERE.iterdir() if folder.is_dir())
ABOUT_THE_CASE = frozenset({"page", "url", "as"})
READERS: dict[str, Callable[[str, bytes], Any]] = {
    "post": posts.parse_post,
    "article": article.parse_article,
    "comments": comments.parse_comment_page,
    "independent": independent.parse_page,
    "listing": listing.parse_listing,
    "catalogue": catalogue.parse_catalogue,
}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    expected = json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))
    body = (HERE / case / "page.html").read_bytes()
    kind = expected.get("page", "post")
    if kind == "gate":
        assert gate.is_gate(expected["status"], body) is expected["is_gate"]
    elif kind == "not_recognised":
        with pytest.raises(PageNotRecognised):
            READERS[expected["as"]](expected["url"], body)
    else:
        found = READERS[kind](expected["url"], body)
        wrong = differences({key: expected[key] for key in expected if key not in ABOUT_THE_CASE}, found, case)
        assert not wrong, "\n".join(wrong)


def differences(expected: Any, found: Any, where: str) -> list[str]:
    """Return a line for each value that is not as expected."""
    if isinstance(expected, dict):
        return [line for name, value in expected.items() for line in field_differences(name, value, found, where)]
    if isinstance(expected, list):
        if len(expected) != len(found):
            return [f"{where}: expected {len(expected)} values {expected!r}, found {len(found)}: {found!r}"]
        return [
            line
            for index, (value, other) in enumerate(zip(expected, found, strict=True))
            for line in differences(value, other, f"{where}[{index}]")
        ]
    return [] if expected == found else [f"{where}: expected {expected!r}, found {found!r}"]


def field_differences(name: str, expected: Any, found: Any, where: str) -> list[str]:
    """Return a line for each way in which one field of a value is not as expected."""
    where = f"{where}.{name}"
    if name == "rendered_text":
        return differences(expected, rendered(field(found, "markdown")), where)
    if name.endswith("_contains"):
        text = field(found, name.removesuffix("_contains"))
        return [f"{where}: expected {piece!r} in {text!r}" for piece in expected if piece not in text]
    if name.endswith("_lacks"):
        text = field(found, name.removesuffix("_lacks"))
        return [f"{where}: expected no {piece!r} in {text!r}" for piece in expected if piece in text]
    if name.endswith("_begin"):
        values = field(found, name.removesuffix("_begin"))
        begun = len(values) == len(expected) and all(map(str.startswith, values, expected))
        return [] if begun else [f"{where}: expected values that begin {expected!r}, found {values!r}"]
    value = field(found, "page" if name == "number" else name)
    return differences(expected, value.strip("\n") if name == "markdown" else value, where)


def field(value: Any, name: str) -> Any:
    """Return a field of a value or of its text."""
    if isinstance(value, Mapping):
        return value[name]
    return getattr(value, name) if hasattr(value, name) else getattr(value.content, name)


def rendered(markdown: str) -> list[str]:
    """Return the lines of text a reader of the Markdown sees."""
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    lines = "".join(Selector(f"<div>{html}</div>").xpath("//text()").getall()).splitlines()
    return [line for line in lines if line]


def test_every_case_expects_something() -> None:
    for case in CASES:
        expected = json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))
        assert expected.get("page") == "not_recognised" or expected.keys() - ABOUT_THE_CASE, case
