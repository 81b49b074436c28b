"""Each folder of `golden` holds one hazard: a page as the blog serves it, and by hand what it says.

`expected.json` names the page's address and only the fields that matter for the hazard. `page` says what it is: `post`
when absent, `article` (of any site), `comments`, `independent`, `listing`, `catalogue`, `gate`, or `not_recognised`:
reading it `as` one of those is refused. `mark` is what the ids of its comments look like, where that is of its own.
Fields are those of `archiver.items`; those of a text (`formulas`, `markdown`, ...) may stand beside those of its post
or comment. `<field>_contains` and `<field>_lacks` list pieces, `<field>_begin` how each value begins; `rendered_text`
lists the lines that the Markdown renders to; `number` is the page number of a list.

Pages that engines made of one article (`golden/README.md`) name the file of what all of them say with `like`, and only
what theirs says `instead`, by positions of values (null where one is missing) or as a whole; `why` tells the reason.
`sources`, `listings`, `languages`, `pictures`, `headings`, `provenances` and `day` are views of their content that are
the same whatever delimiters and levels an engine chose.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from parsel import Selector

from archiver import profile
from archiver.errors import PageNotRecognised
from archiver.items import Article, Formula
from archiver.pages import article, catalogue, comments, gate, independent, listing
from archiver.pages import post as posts
from archiver.profile import Profile
from archiver.urls import Site

HERE = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in HERE.iterdir() if folder.is_dir())
ABOUT_THE_CASE = frozenset({"page", "url", "as", "why", "mark"})
READERS: dict[str, Callable[..., Any]] = {
    "post": posts.parse_post,
    "article": article.parse_article,
    "comments": comments.parse_comment_page,
    "independent": independent.parse_page,
    "listing": listing.parse_listing,
    "catalogue": catalogue.parse_catalogue,
}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    expected = expectation(case)
    body = (HERE / case / "page.html").read_bytes()
    kind = expected.get("page", "post")
    if kind == "gate":
        assert gate.is_gate(Site().profile.gate, expected["status"], body) is expected["is_gate"]
    elif kind == "not_recognised":
        with pytest.raises(PageNotRecognised):
            READERS[expected["as"]](expected["url"], body)
    else:
        blog = [Site(marked(expected["mark"]))] if "mark" in expected else []
        found = READERS[kind](expected["url"], body, *blog)
        wrong = differences({key: expected[key] for key in expected if key not in ABOUT_THE_CASE}, found, case)
        assert not wrong, "\n".join(wrong)


def marked(mark: str) -> Profile:
    """Return the profile of a blog that is like the first one, but for the ids of its comments."""
    text, source = Site().profile.written
    return profile.read(text.replace("[comments]\n", f"[comments]\nmark = '{mark}'\n"), source)


def expectation(case: str) -> dict[str, Any]:
    """Return what a page is to say: by its own file, and by the one that this says it is like."""
    own: dict[str, Any] = json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))
    if "like" not in own:
        return own
    common: dict[str, Any] = json.loads((HERE / own.pop("like")).read_text(encoding="utf-8"))
    for name, changes in own.pop("instead", {}).items():
        assert own.get("why"), f"{case}: expected a reason for what is instead"
        assert all(int(position) < len(common[name]) for position in changes), f"{case}: {name} has no such position"
        values = [changes.get(str(position), value) for position, value in enumerate(common[name])]
        common[name] = [value for value in values if value is not None]
    return common | own


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
    if name in VIEWS:
        return VIEWS[name](value)
    return getattr(value, name) if hasattr(value, name) else getattr(value.content, name)


def plain_delimiters(text: str) -> str:
    """Return a text with its formulas between dollar signs, on one line each."""
    text = re.sub(r"\\\((.*?)\\\)", r"$\1$", text, flags=re.DOTALL)
    return " ".join(re.sub(r"\\\[(.*?)\\\]", r"$$\1$$", text, flags=re.DOTALL).split())


def source(formula: Formula) -> str:
    """Return a formula between one or two dollar signs, its blanks as one."""
    bare = " ".join(re.sub(r"\A(?:\$\$?|\\[(\[])|(?:\$\$?|\\[)\]])\Z", "", formula.tex).split())
    return f"$${bare}$$" if formula.display else f"${bare}$"


def headings(article: Article) -> list[str]:
    """Return the headings of an article without their levels and the names that links within the page have for them."""
    prose = re.sub(r"^( *)```.*?^\1```$", "", article.content.markdown, flags=re.DOTALL | re.MULTILINE)
    return [
        plain_delimiters(heading)
        for heading in re.findall(r'^#+ (?:<a id="[^"]*"></a>)*(.*)$', prose, flags=re.MULTILINE)
    ]


VIEWS: dict[str, Callable[[Article], Any]] = {
    "sources": lambda article: [source(formula) for formula in article.content.formulas],
    "listings": lambda article: [block.code.rstrip("\n").split("\n") for block in article.content.code_blocks],
    "languages": lambda article: [block.language for block in article.content.code_blocks],
    "pictures": lambda article: [
        [image.url.rpartition("/")[2], plain_delimiters(image.caption)] for image in article.content.images
    ],
    "headings": headings,
    "provenances": lambda article: dict(Counter(formula.provenance for formula in article.content.formulas)),
    "day": lambda article: (article.published_at or "")[:10],
}
"""What engines write alike, by the names of fields of what is expected of an article."""


def rendered(markdown: str) -> list[str]:
    """Return the lines of text a reader of the Markdown sees."""
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    lines = "".join(Selector(f"<div>{html}</div>").xpath("//text()").getall()).splitlines()
    return [line for line in lines if line]


def test_every_case_expects_something() -> None:
    for case in CASES:
        expected = expectation(case)
        assert expected.get("page") == "not_recognised" or expected.keys() - ABOUT_THE_CASE, case
