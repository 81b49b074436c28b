"""Cards of labelled equations, read as Anki reads them: lines with # are no cards, quotes as in CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

import archiver
from archiver.cli import main
from tests.web.reader.library import Library


def cards(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader((line for line in file if not line.startswith("#")), delimiter="\t"))
    assert {len(row) for row in rows} == {4}
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def export(home: Path, path: Path, *options: str) -> dict[str, list[str]]:
    done = CliRunner().invoke(main, ["--home", str(home), "export", "anki", str(path), *options])
    assert (done.exit_code, done.output) == (0, f"{path}: written\n")
    return cards(path)


def test_each_labelled_equation_is_a_card(demo: Path, tmp_path: Path) -> None:
    found = export(demo, tmp_path / "cards.txt")
    with archiver.open(demo) as library:
        ((labelled,),) = library.query("SELECT count(*) FROM formulas WHERE label IS NOT NULL").rows
    assert len(found) == labelled
    assert not [text for row in found.values() for text in row if "label{" in text or "newcommand" in text]
    assert any(r"\(" in front for front, _, _ in found.values())
    assert not [text for row in found.values() for text in row if "$" in text]
    assert any("<br>" in front.partition("<br><br>")[2] for front, _, _ in found.values())  # a heading and its text
    head = (tmp_path / "cards.txt").read_text("utf-8").splitlines()[:6]
    assert head[:4] == ["#separator:tab", "#html:true", "#guid column:1", "#tags column:4"]
    assert head[4].startswith("#deck:")


def test_a_card_asks_by_words_and_number_and_answers_with_the_equation(demo: Path, tmp_path: Path) -> None:
    ((front, back, tags),) = export(demo, tmp_path / "cards.txt", "--post", "207").values()
    assert front.startswith("<b>三门问题还能怎么问</b> (1)<br><br>")
    assert front.endswith(r"\(O_3\)表示主持人打开3号门。由贝叶斯公式")
    assert back.startswith(r"\[P(C_2|O_3)=\frac")
    assert 'href="https://kexue.fm/archives/207"' in back
    assert tags == "概率 贝叶斯 悖论"
    assert "#deck:三门问题还能怎么问\n" in (tmp_path / "cards.txt").read_text("utf-8")


@pytest.mark.parametrize("options", [(), ("--post", "207", "--post", "105")])
def test_a_card_keeps_its_key(demo: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    every, some = export(demo, tmp_path / "all.txt"), export(demo, tmp_path / "some.txt", *options)
    assert some.items() <= every.items()


def test_a_tag_is_one_word_and_the_number_of_an_equation_is_set(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    equation = '# "甲"\n\n\\begin{equation}\n#1\tx\\tag{$*$}\\label{a}\\end{equation}'
    library.post(1, '# "一"', equation, tags=("a b", "c\td", "\u3000e\u3000f"))
    library.close()
    ((front, back, tags),) = export(tmp_path / "home", tmp_path / "cards.txt").values()
    assert front.startswith(r"<b># &quot;一&quot;</b> (\(*\))<br><br>")
    assert back.startswith("\\[#1\tx\\]<br>")
    assert tags == "a_b c_d e_f"
