"""Rows as table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from archiver.store.results import Result, Stream, as_csv, as_json, as_lines, as_table

TAGS = Result(("id", "name", "note"), [(1, "优化", None), (20, "attention", "x"), (3, "梯度下降", "")])
EMPTY = Result(("id", "name"), [])


def table(result: Result, width: int | None = None) -> str:
    return "".join(as_table(result, width))


def parsed(result: Result) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(as_csv(result)), newline="")))


def test_a_table_aligns_chinese() -> None:
    assert table(TAGS) == (
        "  id  name       note\n----  ---------  ------\n   1  优化\n  20  attention  x\n   3  梯度下降\n"
    )


def test_a_table_without_rows_has_its_header() -> None:
    assert table(EMPTY).split() == ["id", "name", "----", "------"]


def test_numbers_are_shown_as_they_are() -> None:
    result = Result(("text", "number"), [("1.10", 0.1), ("007", 2**62), ("1e5", None)])
    for shown in ("1.10", "007", "1e5", "0.1", str(2**62)):
        assert shown in table(result)


def test_a_cell_stays_on_its_line_and_commands_no_terminal() -> None:
    result = Result(("a",), [("one\ntwo\tthree",), ("\x1b[2Jgone\x9b",), ("a\u202ecod.exe",), (b"\x00\x01",)])
    lines = table(result).splitlines()
    assert lines[2:] == ["one two three", "\ufffd[2Jgone\ufffd", "a\ufffdcod.exe", "<2 bytes>"]


def test_joined_characters_stay_joined() -> None:
    assert "👨\u200d👩\u200d👧" in table(Result(("a",), [("👨\u200d👩\u200d👧",)]))


@pytest.mark.parametrize("width", [20, 40, 79])
def test_long_cells_are_cut_to_the_terminal(width: int) -> None:
    result = Result(("id", "标题", "text"), [(1, "旋转位置编码" * 9, "a" * 99), (2, "短", "b" * 5)])
    lines = table(result, width).splitlines()
    assert max(map(wcswidth, lines)) <= width
    assert lines[2].count("…") == 2
    assert lines[3].split() == ["2", "短", "b" * 5]
    assert "…" not in table(result)


def test_a_table_that_fits_is_not_cut() -> None:
    assert table(TAGS, 79) == table(TAGS)


def test_many_columns_keep_a_least_width() -> None:
    row = tuple("abcdefghij" for _ in range(30))
    assert "abcde…" in table(Result(tuple(f"c{n}" for n in range(30)), [row]), 80)


def test_json_is_a_list_of_objects() -> None:
    text = "".join(as_json(TAGS))
    assert json.loads(text) == [dict(zip(TAGS.columns, row, strict=True)) for row in TAGS.rows]
    assert "优化" in text
    assert json.loads("".join(as_json(EMPTY))) == []


def test_json_lines_are_one_object_a_line() -> None:
    lines = list(as_lines(TAGS))
    assert [json.loads(line)["name"] for line in lines] == ["优化", "attention", "梯度下降"]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_json_keeps_columns_of_the_same_name_bytes_and_infinity() -> None:
    result = Result(("id", "id", "id_2", "x"), [(1, 2, b"\xff", float("inf"))])
    assert json.loads("".join(as_lines(result))) == {
        "id": 1,
        "id_2": 2,
        "id_2_2": {"$base64": True, "encoded": "/w=="},
        "x": "inf",
    }


def test_csv_follows_rfc_4180() -> None:
    result = Result(("a", "b,c"), [('say "hi"', "one\r\ntwo"), (None, b"\xff"), (1.5, "中文")])
    assert "".join(as_csv(result)) == ('a,"b,c"\r\n"say ""hi""","one\r\ntwo"\r\n,ff\r\n1.5,中文\r\n')


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "+", "--1", "-1-1"]
)
def test_csv_neutralises_formulas(text: str) -> None:
    """Case 46."""
    assert parsed(Result((text,), [(text,)])) == [["'" + text], ["'" + text]]


@pytest.mark.parametrize("value", [-5, -0.25, "-5", "+3.2e5", "-.5", "a=b", "$-x$", "", "’=1"])
def test_csv_leaves_numbers_and_other_text_alone(value: Any) -> None:
    assert parsed(Result(("a", "b"), [(value, "x")]))[1] == [str(value), "x"]


@given(st.lists(st.tuples(st.text(), st.text(min_size=1)), min_size=1))
def test_csv_and_json_lose_nothing(rows: list[tuple[str, str]]) -> None:
    result = Result(("a", "b"), rows)
    assert [tuple(json.loads(line).values()) for line in as_lines(result)] == rows
    for row, found in zip(rows, parsed(result)[1:], strict=True):
        assert [cell.removeprefix("'") for cell in found] == [cell.removeprefix("'") for cell in row]


@given(st.lists(st.text(max_size=30), min_size=1), st.integers(min_value=14, max_value=60))
def test_any_text_fits_the_terminal(texts: list[str], width: int) -> None:
    lines = table(Result(("a", "b"), [(text, text) for text in texts]), width).split("\n")
    assert len(lines) == len(texts) + 3
    assert max(map(wcswidth, lines)) <= width


@pytest.mark.parametrize("form", [as_lines, as_json, as_csv])
def test_rows_are_written_as_they_are_read(form: Any) -> None:
    def endless() -> Any:
        while True:
            yield (1, "x")

    pieces = form(Stream(("a", "b"), endless()))
    assert len([next(pieces) for _ in range(100)]) == 100
