"""Posts that belong beside a post, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.conftest import ON_BOTH
from tests.web.reader.conftest import Client
from tests.web.reader.library import Library

SHARED = r"$\boldsymbol{W}\in\mathbb{R}^{n\times m}, \boldsymbol{U}\in\mathbb{R}^{n\times r}$"


@pytest.mark.parametrize("on", ON_BOTH)
def test_related_posts_share_what_others_do_not(request: pytest.FixtureRequest, tmp_path: Path, on: str) -> None:
    url = request.getfixturevalue("server")() if on == "server" else None
    library = Library(tmp_path, url)
    paper = ("https://arxiv.org/abs/1706.03762", "《Attention is All You Need》")
    library.post(1, "甲", rf"谈Muon与Muon。{SHARED}", links=(2, paper), tags=("稀有", "常见"))
    library.post(2, "乙", "无。", tags=("常见",))
    library.post(3, "丙", "无。", tags=("稀有", "常见"))
    library.post(4, "丁", rf"也谈Muon。$x+{SHARED[1:]}、{SHARED}", links=(paper,), tags=("常见",))
    for number in range(5, 25):
        library.post(number, "旁", "别的。$x+1$", links=(1,) if number == 5 else (), tags=("常见",))
    library.close()
    with serving(tmp_path, url or database_url(tmp_path), ServeOptions(port=0, replay_port=0)) as address:
        client = Client(int(address.rstrip("/").rpartition(":")[2]))
        found = {each["id"]: each["reasons"] for each in client.get("/api/posts/1/related").json}
        text = client.get("/posts/1", Accept_Language="en").text
        lonely = client.get("/posts/20").text
    assert list(found) == [5, 2, 4, 3]
    assert found[5] == [{"words": "cites this post", "names": []}]
    assert found[2] == [{"words": "cited by this post", "names": []}]
    assert found[3] == [{"words": "both tagged", "names": ["稀有"]}]
    assert found[4] == [
        {"words": "both cite", "names": ["Attention is All You Need"]},
        {"words": "both mention", "names": ["Muon"]},
    ]
    assert '<span>both tagged <span lang="zh-Hans">稀有</span></span>' in text
    assert 'class="related"' not in lonely
