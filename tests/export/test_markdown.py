"""Names of files and targets of links."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from archiver.export.markdown import file_name, retarget
from archiver.text.commonmark import with_dollars


@given(st.integers(1, 10**9), st.text(max_size=300))
def test_file_names_are_safe_everywhere(number: int, title: str) -> None:
    name = file_name(number, title)
    assert re.match(rf"{number}[ .]", name)
    assert len(name.encode()) < 200
    assert not re.search(r'[\\/:*?"<>|#^\[\]%\x00-\x1f\x7f]|[ .]\.md$', name)
    assert name.isprintable()


def test_a_file_name_tells_the_title() -> None:
    assert file_name(8265, "Transformer升级之路：2、a/b: c?") == "8265 Transformer升级之路：2、a b c.md"
    assert file_name(7, "???") == "7.md"


@given(st.text(st.sampled_from("ab`\\[]()<>!$ \n"), max_size=40))
def test_nothing_but_targets_changes(markdown: str) -> None:
    changed = retarget(markdown, lambda url: url).replace("%5C", "\\")  # a target of ours holds no backslash
    assert re.sub("[<>]", "", changed) == re.sub("[<>]", "", markdown)


def test_code_and_escapes_are_not_links() -> None:
    markdown = "[a](u) `[b](u)` \\](u) ![c](<u>)\n\n```\n[d](u)\n```"
    assert retarget(markdown, lambda _: "x y") == "[a](<x y>) `[b](u)` \\](u) ![c](<x y>)\n\n```\n[d](u)\n```"


def test_dollar_signs_stand_around_what_has_none() -> None:
    markdown = r"由 $a$ 与 \(b\)，`\(c\)`" + "\n\n\\begin{equation}d\\end{equation}\n\n$$e$$ \\[ f \\]"
    assert with_dollars(markdown) == (
        r"由 $a$ 与 $b$，`\(c\)`" + "\n\n$$\\begin{equation}d\\end{equation}$$\n\n$$e$$ $$f$$"
    )
