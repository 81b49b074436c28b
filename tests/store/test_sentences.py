"""Formulas in the sentences they stand in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.store.passages import WIDTH, leading, sentences


def test_a_sentence_ends_at_its_full_stop_and_never_in_a_formula() -> None:
    text = "标题\n先说一句。设$a.\\ b!\\ c$则\n$$x = 1.\\ y$$成立。再说一句$x$。"
    formulas = ["$a.\\ b!\\ c$", "$$x = 1.\\ y$$", "$x$"]
    whole = "设$a.\\ b!\\ c$则\n$$x = 1.\\ y$$成立。"
    assert list(sentences(text, formulas, "x")) == [(1, whole), (2, "再说一句$x$。")]
    assert list(sentences(text, formulas, "a.")) == [(0, whole)]
    assert list(sentences("标题\n其中$x$\n另一行", ["$x$"], "x")) == [(0, "其中$x$\n另一行")]


def test_a_long_sentence_is_cut_at_blanks_and_not_in_formulas() -> None:
    long = " ".join(["word"] * 100)
    ((_, found),) = sentences(f"{long} $z$ {long}", ["$z$"], "z")
    assert set(found.split()) == {"word", "$z$"}
    assert len(found) <= 2 * WIDTH + len("$z$")
    formula = f"${'y' * WIDTH}$"
    ((_, found),) = sentences(f"{formula}字$z$字{formula}", [formula, "$z$", formula], "z")
    assert found == "字$z$字"


def test_a_long_sentence_that_leads_to_a_formula_begins_with_a_whole_word() -> None:
    for last in ("x", "xx", "xxx", "xxxx", "xxxxx"):
        ((_, found),) = leading(f"{'word ' * 200}{last} $z$", ["$z$"], "z")
        assert set(found.split()) == {"word", last}


@given(st.lists(st.sampled_from(["字", "word ", "。", ". ", "\n", "$x$", "$$y.\n z$$"]), max_size=200))
def test_every_formula_asked_for_is_in_its_sentence_whole(pieces: list[str]) -> None:
    formulas = [piece for piece in pieces if piece.startswith("$")]
    text = "".join(pieces)
    found = list(sentences(text, formulas, "y"))
    assert [place for place, _ in found] == [place for place, tex in enumerate(formulas) if "y" in tex]
    for _, sentence in found:
        assert "$$y.\n z$$" in sentence
        assert sentence.count("$") % 2 == 0
        assert sentence in text
        assert len(sentence) <= 2 * WIDTH + len("$$y.\n z$$")
