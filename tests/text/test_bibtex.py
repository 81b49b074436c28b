"""Entries as an independent parser reads them."""

from __future__ import annotations

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from archiver.text import bibtex

ENTRY = {
    "key": "kexuefm-8265",
    "title": "Transformer升级之路：2、博采众长的旋转式位置编码",
    "author": "苏剑林",
    "url": "https://kexue.fm/archives/8265",
    "published_on": "2021-03-23",
    "archived_on": "2026-11-21",
    "language": "chinese",
}


def parsed(**changed: str | None) -> dict[str, str]:
    text = bibtex.entry(**{**ENTRY, **changed})  # type: ignore[arg-type]
    library = parse_string(text)
    assert not library.failed_blocks
    (entry,) = library.entries
    assert (entry.entry_type, entry.key) == ("online", "kexuefm-8265")
    return {field.key: field.value for field in entry.fields}


def test_the_fields_are_those_of_the_blogs_own_citation_and_the_dates() -> None:
    assert parsed(note="Archived.") == {
        "title": "{Transformer升级之路：2、博采众长的旋转式位置编码}",
        "author": "苏剑林",
        "year": "2021",
        "month": "mar",
        "date": "2021-03-23",
        "url": "https://kexue.fm/archives/8265",
        "urldate": "2026-11-21",
        "note": "Archived.",
        "language": "chinese",
    }


def test_a_post_without_a_date_has_no_date() -> None:
    assert not {"year", "month", "date", "urldate", "note"} & set(parsed(published_on=None, archived_on=None))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A & B_1 100% #1", r"A \& B\_1 100\% \#1"),
        ("关于$\\|x\\|_2^{2}$的不等式", "关于$\\|x\\|_2^{2}$的不等式"),
        (r"集合$\{1\}$", r"集合$\lbrace 1\rbrace $"),
        ("a } b { c", r"a \textbraceright{} b \textbraceleft{} c"),
        ("值5$与~x^2", r"值5\$与\textasciitilde{}x\textasciicircum{}2"),
        ("一\n二", "一 二"),
    ],
)
def test_what_means_something_to_tex_is_escaped_outside_formulas(title: str, expected: str) -> None:
    assert parsed(title=title)["title"] == f"{{{expected}}}"


@given(st.text(st.sampled_from("ab 汉{}$\\%@\"',=#~^_&\n"), max_size=20))
def test_no_title_breaks_an_entry(title: str) -> None:
    assert parsed(title=title)["url"] == ENTRY["url"]
