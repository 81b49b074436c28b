from __future__ import annotations

import pytest

from archiver.counting import counted, plural
from archiver.web.reader.words import translator


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "post", "0 posts"),
        (1, "post", "1 post"),
        (2, "address", "2 addresses"),
        (1234, "WARC file", "1,234 WARC files"),
        (3, "entry", "3 entries"),
        (2, "day", "2 days"),
    ],
)
def test_there_is_one_of_a_thing_or_there_are_several(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


def test_pages_count_as_the_command_line_does() -> None:
    assert translator("en")("{:new post}, {} changed, {:new comment}", 1, 1234, 0) == (
        "1 new post, 1,234 changed, 0 new comments"
    )
    assert translator("en")("{:post}", "50+") == f"50+ {plural('post')}"
    assert translator("zh")("{:post}", 1234) == "1,234 篇文章"
