"""Whatever changes about the markup, every post is archived: see `python -m benchmarks.mutations` for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.sample import serving
from benchmarks.mutations import MutatedBlog, Mutation, Texts, lost, mutations, texts
from tests.zygote import Zygote

from .conftest import Crawled, few

KNOWN = {mutation.name: mutation for mutation in mutations()}
SOME = (
    *("#archives renamed", ".Post renamed", ".title-wrap unwrapped", "#PostContent wrapped", "#PostContent renamed"),
    *("#comments moved", "#comments doubled", ".tools unwrapped", "#how_to_cite renamed", r"no \d+\s*评论"),
)


def crawled_with(archiver: Zygote, folder: Path, mutation: Mutation | None) -> tuple[int, Texts]:
    blog = MutatedBlog(mutation, source=few())
    with serving(blog) as site:
        archive = Crawled(archiver, folder / "archive", blog, site)
        code = archive.crawl().returncode
    return code, texts(archive.home)


@pytest.fixture(scope="module")
def whole(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """What is archived of the blog as it is."""
    return crawled_with(archiver, tmp_path_factory.mktemp("whole"), None)[1]


@pytest.mark.parametrize("name", SOME)
def test_a_change_of_the_markup_costs_no_post_and_stops_no_crawl(
    archiver: Zygote, tmp_path: Path, whole: Texts, name: str
) -> None:
    code, found = crawled_with(archiver, tmp_path, KNOWN[name])
    assert code in (0, 6)
    assert lost(whole, found) == []


def test_the_comparison_tells_what_is_lost(whole: Texts) -> None:
    number, (title, text, formulas, proven) = next(iter(whole.items()))
    assert formulas
    assert lost(whole, {}) == [f"{number} is missing" for number in whole]
    assert lost(whole, whole | {number: (title, text[:-1], formulas, proven)})
    assert lost(whole, whole | {number: (title, text, formulas[:-1], proven)})
    assert lost(whole, whole | {number: (title, text + "x", formulas, True)})
    assert not lost(whole, whole | {number: (title, text + "x", formulas, False)})
