"""What is behind a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import references
from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client
from tests.web.reader.library import Library


def test_a_link_to_a_post_names_it_and_shows_its_first_lines(reader: Client) -> None:
    text = reader.get("/posts/1001").text
    assert '<a href="/posts/1002" title="漫谈（一）：开始 · 2024-01-01" ' in text
    glimpse = reader.get("/posts/1002/glimpse")
    assert '<span class="tex">$x+1$</span>。 不变的一段。' in glimpse.text
    assert "漫谈（一）：开始" in glimpse.text
    assert glimpse.headers["cache-control"] == "private, max-age=600"
    assert "<html" not in glimpse.text
    assert reader.get("/posts/1999/glimpse").status == 404


def test_a_paper_has_the_title_that_most_posts_give_it(tmp_path: Path) -> None:
    library = Library(tmp_path)
    paper = "https://arxiv.org/abs/1706.03762"
    for number, name in enumerate(("论文", "《Attention》", "《Attention is <All>》", "“Attention is <All>”"), 1):
        library.post(number, "题", f"见[{name}]({paper}v{number})。", links=((f"{paper}v{number}", name),))
    library.close()
    with serving(tmp_path, database_url(tmp_path), ServeOptions(port=0, replay_port=0)) as address:
        post = Client(int(address.rstrip("/").rpartition(":")[2])).get("/posts/1").text
    assert 'v1" title="Attention is &lt;All&gt;" ' in post
    assert ">Attention is &lt;All&gt;</a></li>" in post  # among papers and code


@pytest.mark.parametrize("text", ["Transformer", "《》", "《 》", "见《甲》", "《甲》《乙》", "arXiv:1706.03762"])
def test_what_is_not_set_as_a_title_is_none(text: str) -> None:
    assert references.title(text) is None
