"""Independent pages and files as rows: what a sight of one changes, and what it must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from archiver import items
from archiver.items import Content, Gap, Outcome, Page, Quality
from archiver.store import captures, frontier, outcomes, runs, search, search_index
from archiver.store.database import Archive
from archiver.store.search import Results
from archiver.urls import Site
from tests.store.test_posts import indexed

URL = "https://kexue.fm/me.html"
DAY = [f"2026-11-{day:02}T00:00:00Z" for day in range(1, 9)]
WORDS = "关于这个小站，说来话长，用$x$记未知数。"


def formula(tex: str, position: int = 0) -> items.Formula:
    return items.Formula(position=position, display=False, environment=None, label=None, tag=None, tex=tex)


def content(words: str, *formulas: str) -> Content:
    found = tuple(formula(tex, position) for position, tex in enumerate(formulas))
    return Content(markdown=words, text=words, formulas=found)


def comment(number: int, words: str = "好", parent: int | None = None) -> items.Comment:
    return items.Comment(
        id=number, parent_id=parent, author="甲", author_url=None, is_owner=False, published_on="2026-11-01",
        content=content(words),
    )  # fmt: skip


def page(words: str = WORDS, *formulas: str, said: tuple[items.Comment, ...] = (), number: int = 1) -> Page:
    return Page(
        url=URL, title="关于", content=content(words, *formulas), content_sha256=words, quality=Quality(engine="site"),
        comments=said, comment_page=number, ending="</html>",
    )  # fmt: skip


class Shelf:
    """An archive that is shown one page after the other, a run each."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.archive = Archive(database)
        self.days = iter(DAY)

    def see(self, item: items.Item, kind: str = "page", url: str = URL) -> items.Item:
        """Store what an address came to, as a crawl does; return what was made of it."""
        session, day = self.archive.session, next(self.days)
        run, _ = runs.begin(session, "crawl", now=day)
        frontier.add(session, url, kind, run_id=run, now=day)
        number = captures.add(session, capture(url, day), run_id=run)
        item = outcomes.judged(session, kind, url, item)
        outcome = Outcome(item=item, kind=kind, url=url, capture_id=number, fetched_at=day)
        outcomes.save(session, outcome, Site(), run_id=run, extractor_version=1)
        self.archive.commit()
        return item

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.archive.session.connection().exec_driver_sql(sql)]

    def search(self, words: str) -> Results:
        with search.opened(self.database) as index:
            return search.search(index, words, Site())


def capture(url: str, day: str) -> items.Capture:
    return items.Capture(
        url=url, target_uri=url, fetched_at=day, status=200, content_type="application/pdf", payload_sha256="0" * 64,
        warc_file="a.warc.gz", warc_offset=int(day[8:10]), warc_length=1, record_id=f"<urn:{day}>",
    )  # fmt: skip


@pytest.fixture
def shelf(database: str) -> Iterator[Shelf]:
    shelf = Shelf(database)
    yield shelf
    shelf.archive.close()


def test_a_page_that_changed_keeps_what_it_said_before(shelf: Shelf) -> None:
    for words in (WORDS, WORDS, WORDS + "又及。"):
        shelf.see(page(words, "$x$"))
    assert shelf.rows("SELECT text, first_seen_at, last_seen_at, last_changed_at FROM pages") == [
        (WORDS + "又及。", DAY[0], DAY[2], DAY[2])
    ]
    assert shelf.rows("SELECT text, seen_at, replaced_at FROM page_revisions") == [(WORDS, DAY[0], DAY[2])]
    assert shelf.rows("SELECT position, tex FROM page_formulas") == [(0, "$x$")]


def test_a_page_that_lost_half_of_what_it_had_is_a_gap_until_it_is_so_in_three_runs(shelf: Shelf) -> None:
    shelf.see(page(WORDS, "$x$", "$y$", "$z$"))
    for _ in range(2):
        assert shelf.see(page("没了。")) == Gap(
            reason=f"kept as it was: 3 formulas became 0; {len(WORDS)} characters of text became 3"
        )
        assert shelf.rows("SELECT text FROM pages") == [(WORDS,)]
    assert isinstance(shelf.see(page("没了。")), Page)
    assert shelf.rows("SELECT text FROM pages") == [("没了。",)]
    assert shelf.rows("SELECT text FROM page_revisions") == [(WORDS,)]
    assert shelf.rows("SELECT * FROM gaps") == []


def test_a_page_that_is_cut_short_replaces_nothing(shelf: Shelf) -> None:
    shelf.see(page())
    assert isinstance(shelf.see(replace(page(WORDS + "又"), ending="<p>")), Gap)
    assert shelf.rows("SELECT text FROM pages") == [(WORDS,)]


def test_a_comment_that_a_page_no_longer_shows_is_deleted_and_one_on_another_page_is_not(shelf: Shelf) -> None:
    shelf.see(page(said=(comment(1), comment(2)), number=2))
    shelf.see(page(said=(comment(3),), number=1), url=f"{URL}/comment-page-1")
    shelf.see(page(said=(comment(2, "改了"),), number=2))
    found = shelf.rows("SELECT id, page, text, deleted_at FROM page_comments ORDER BY id")
    assert found == [(1, 2, "好", DAY[2]), (2, 2, "改了", None), (3, 1, "好", None)]
    unread = replace(page(said=(comment(1),), number=2), comments_unread=1)
    shelf.see(unread)
    assert shelf.rows("SELECT count(*) FROM page_comments WHERE deleted_at IS NOT NULL") == [(0,)]


def test_a_page_that_shows_no_comments_at_all_proves_none_deleted(shelf: Shelf) -> None:
    """It may have closed them, or left them to a script."""
    for said in ((comment(1), comment(2)), ()):
        shelf.see(page(said=said))
    assert shelf.rows("SELECT count(*) FROM page_comments WHERE deleted_at IS NULL") == [(2,)]


def test_a_page_not_known_to_be_whole_proves_no_comment_absent(shelf: Shelf) -> None:
    for said in ((comment(1), comment(2)), (comment(2),)):
        shelf.see(replace(page(said=said), ending="</div>"))
    assert shelf.rows("SELECT count(*) FROM page_comments WHERE deleted_at IS NULL") == [(2,)]


def test_a_page_is_found_by_its_words_and_formulas_after_the_posts(shelf: Shelf) -> None:
    shelf.see(page(WORDS, r"$\alpha\beta$"))
    shelf.see(page(WORDS + "原来如此。", r"$\alpha\gamma$"))
    for words in ("说来话长", "title:关于", r"tex:\gamma", "小站 -消失", "in:pages 原来如此"):
        (hit,) = shelf.search(words).hits
        assert (hit.page_id, hit.post_id, hit.url) == (1, None, URL), words
    for words in (r"tex:\beta", "小站 -原来", "小站 tag:优化", "小站 year:2024", "in:comments 小站"):
        assert shelf.search(words).hits == (), words


def test_an_index_of_pages_made_anew_is_the_one_kept_up(shelf: Shelf) -> None:
    for words in (WORDS, WORDS + "原来如此。"):
        shelf.see(page(words))
    session = shelf.archive.session
    kept = indexed(session, "pages")
    assert kept
    assert search_index.rebuild(session.connection())["pages_fts"] == 1
    assert indexed(session, "pages") == kept


def test_a_file_is_a_row_with_its_type_size_and_digest(shelf: Shelf) -> None:
    url = "https://kexue.fm/usr/uploads/2010/11/a.pdf"
    shelf.see(items.File(url=url, size=10, sha256="a"), "file", url)
    shelf.see(items.File(url=url, size=12, sha256="b"), "file", url)
    assert shelf.rows("SELECT url, content_type, size, sha256, first_seen_at, last_seen_at FROM files") == [
        (url, "application/pdf", 12, "b", DAY[0], DAY[1])
    ]
