"""What changed between two texts, in prose and in formulas."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.text import commonmark, tex
from archiver.text.diff import ChangeKind, Difference, DiffSegment, compare, compare_tex

PIECES = st.sampled_from(["梯度", "的", "，", "。", "\n\n", " ", "$x$", r"$\|x\|_2$", "$$a=b$$", "$", "\\", "`$`", "a"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def marked(difference: Difference) -> str:
    """Return the prose with deletions in [-…-] and insertions in {+…+}."""
    marks = {ChangeKind.EQUAL: "{}", ChangeKind.DELETE: "[-{}-]", ChangeKind.INSERT: "{{+{}+}}"}
    return "".join(marks[segment.kind].format(segment.text) for segment in difference.prose)


@settings(max_examples=150)
@given(TEXTS, TEXTS)
def test_both_texts_can_be_told_from_the_difference(before: str, after: str) -> None:
    prose = compare(before, after).prose
    assert "".join(segment.text for segment in prose if segment.kind != ChangeKind.INSERT) == before
    assert "".join(segment.text for segment in prose if segment.kind != ChangeKind.DELETE) == after
    assert all(one.kind != other.kind for one, other in pairwise(prose))
    assert all(segment.text for segment in prose)


@settings(max_examples=100)
@given(TEXTS, TEXTS)
def test_every_formula_that_came_or_went_is_named(before: str, after: str) -> None:
    old, new = ([text[slice(*place)] for place in commonmark.formulas(text)] for text in (before, after))
    changes = compare(before, after).formulas
    gone = [change.before for change in changes if change.before]
    come = [change.after for change in changes if change.after]
    assert sorted([*old, *come]) == sorted([*new, *gone])
    for change in changes:
        assert "".join(s.text for s in change.segments if s.kind != ChangeKind.INSERT) == (change.before or "")
        assert "".join(s.text for s in change.segments if s.kind != ChangeKind.DELETE) == (change.after or "")


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    difference = compare(text, text)
    assert not difference.formulas
    assert difference.hunks() == []
    assert (difference.inserted, difference.deleted) == (0, 0)


def test_prose_is_compared_by_character() -> None:
    difference = compare("首先计算它的梯度，然后下降。", "首先估计它的期望梯度，然后下降。")
    assert marked(difference) == "首先[-计算-]{+估计+}它的{+期望+}梯度，然后下降。"
    assert (difference.inserted, difference.deleted) == (4, 2)


def test_a_character_in_common_by_chance_splits_no_edit() -> None:
    assert marked(compare("甲的乙", "丙的丁")) == "[-甲的乙-]{+丙的丁+}"


def test_a_formula_is_one_sign_of_the_prose() -> None:
    assert marked(compare(r"设$\alpha=1$。", r"设$\alpha=2$。")) == r"设[-$\alpha=1$-]{+$\alpha=2$+}。"


def test_a_changed_formula_is_split_between_tokens() -> None:
    (change,) = compare(r"设 $\alpha_{12} + \beta$。", r"设 $\alpha_{13} + \boldsymbol{\beta}$。").formulas
    assert change.before == r"$\alpha_{12} + \beta$"
    assert change.segments == (
        DiffSegment(ChangeKind.EQUAL, r"$\alpha_{"),
        DiffSegment(ChangeKind.DELETE, "12"),
        DiffSegment(ChangeKind.INSERT, "13"),
        DiffSegment(ChangeKind.EQUAL, "} + "),
        DiffSegment(ChangeKind.INSERT, r"\boldsymbol{"),
        DiffSegment(ChangeKind.EQUAL, r"\beta"),
        DiffSegment(ChangeKind.INSERT, "}"),
        DiffSegment(ChangeKind.EQUAL, "$"),
    )


def test_formulas_that_have_little_in_common_are_two() -> None:
    changes = compare(r"$\int f(x)\,dx$", r"$\boldsymbol{W}_q\boldsymbol{h}$").formulas
    assert [(change.before, change.after) for change in changes] == [
        (r"$\int f(x)\,dx$", None),
        (None, r"$\boldsymbol{W}_q\boldsymbol{h}$"),
    ]


def test_an_added_formula_does_not_shift_the_others() -> None:
    (change,) = compare("$a+b$ 与 $c+d$", "$a+b$ 与 $e^x$ 与 $c+d$").formulas
    assert (change.before, change.after) == (None, "$e^x$")


def test_tex_commands_are_never_split() -> None:
    segments = compare_tex(r"\alpha\beta", r"\alphabet\beta")
    assert [segment.text for segment in segments] == [r"\alpha", r"\alphabet", r"\beta"]


def test_hunks_show_changes_with_what_is_around_them() -> None:
    same = "".join(chr(0x4E00 + number) for number in range(200))
    hunks = compare(f"甲甲{same}乙乙", f"丙丙{same}丁丁").hunks(5)
    assert hunks == [
        (
            DiffSegment(ChangeKind.DELETE, "甲甲"),
            DiffSegment(ChangeKind.INSERT, "丙丙"),
            DiffSegment(ChangeKind.EQUAL, same[:5]),
        ),
        (
            DiffSegment(ChangeKind.EQUAL, same[-5:]),
            DiffSegment(ChangeKind.DELETE, "乙乙"),
            DiffSegment(ChangeKind.INSERT, "丁丁"),
        ),
    ]
    (both,) = compare(f"甲甲{same[:8]}乙乙", f"丙丙{same[:8]}丁丁").hunks(5)
    assert DiffSegment(ChangeKind.EQUAL, same[:8]) in both


def test_what_is_around_a_change_cuts_no_formula() -> None:
    (hunk,) = compare(r"很长的公式$\alpha+\beta+\gamma$，甲", r"很长的公式$\alpha+\beta+\gamma$，乙").hunks(2)
    assert hunk[0].text == r"$\alpha+\beta+\gamma$，"


def test_what_has_nothing_in_common_is_replaced_as_a_whole() -> None:
    before, after = "".join(map(chr, range(0x4E00, 0x5800))), "".join(map(chr, range(0x6000, 0x6A00)))
    assert marked(compare(before, after)) == f"[-{before}-]{{+{after}+}}"


def test_a_dollar_sign_without_its_other_hides_no_formula_of_later_paragraphs() -> None:
    before = "共$5。\n\n其中$p(c)$、$n_9$，\n\n完。"
    difference = compare(before, before.replace("n_9", "n_9+1"))
    assert [(change.before, change.after) for change in difference.formulas] == [("$n_9$", "$n_9+1$")]
    assert [segment.text for segment in difference.prose if segment.kind != ChangeKind.EQUAL] == ["$n_9$", "$n_9+1$"]


@given(TEXTS)
def test_formulas_lie_one_after_the_other(text: str) -> None:
    places = [place for pair in commonmark.formulas(text) for place in pair]
    assert places == sorted(places)
    assert all(tex.scan(text[start:end]).sources(text[start:end]) for start, end in commonmark.formulas(text))
