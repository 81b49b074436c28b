from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import captures, comments, lists, models, posts, runs, search, search_index
from archiver.store.database import Archive
from archiver.store.posts import Change
from archiver.store.search_check import differing
from archiver.urls import Site

DAY = [f"2026-11-{day:02}T00:00:00Z" for day in range(1, 9)]


def content(markdown: str = "一段文字，$x$。", **fields: object) -> items.Content:
    formula = items.Formula(position=0, display=False, environment=None, label=None, tag=None, tex="$x$")
    return items.Content(markdown=markdown, text=markdown, formulas=(formula,), **fields)  # type: ignore[arg-type]


def comment(number: int, parent: int | None = None, words: str = "好") -> items.Comment:
    return items.Comment(
        id=number,
        parent_id=parent,
        author="甲",
        author_url=None,
        is_owner=False,
        published_on="2026-11-01",
        content=items.Content(markdown=words, text=words),
    )


def page(shown: list[items.Comment]) -> items.CommentPage:
    return items.CommentPage(post_id=8, page=1, comments=tuple(shown))


POST = items.Post(
    id=8,
    url="https://kexue.fm/archives/8",
    title="题目",
    author="某人",
    published_on="2026-10-01",
    categories=(items.Category(slug="A", name="甲"), items.Category(slug="B", name="乙")),
    tags=("一", "二"),
    license="署名",
    license_url="https://creativecommons.org/licenses/by-nc-nd/2.5/cn/",
    reader_count=10,
    comment_count=1,
    content=content(),
    content_sha256="a" * 64,
    quality=items.Quality(engine="site"),
    comments=(),
    comment_page=1,
    comment_pages=1,
)


class Shelf:
    """An archive with one run, into which posts are put day by day."""

    def __init__(self, archive: Archive, url: str) -> None:
        self.url = url
        self.archive, self.session, self.day = archive, archive.session, -1
        self.run, _ = runs.begin(self.session, "crawl", now=DAY[0])

    def put(self, post: items.Post) -> Change:
        self.day += 1
        capture = items.Capture(
            url=post.url,
            target_uri=post.url,
            fetched_at=DAY[self.day],
            status=200,
            content_type="text/html",
            payload_sha256="0" * 64,
            warc_file="w.warc.gz",
            warc_offset=self.day,
            warc_length=1,
            record_id=f"<urn:uuid:{self.day}>",
        )
        number = captures.add(self.session, capture, self.run)
        change = posts.save(self.session, post, capture_id=number, seen_at=DAY[self.day], extractor_version=1)
        self.archive.commit()
        return change

    def post(self) -> models.Post:
        return self.session.get_one(models.Post, POST.id)

    def count(self, table: type[models.Base]) -> int:
        return len(self.session.execute(select(table)).all())


@pytest.fixture
def shelf(database: str) -> Iterator[Shelf]:
    with Archive(database) as archive:
        yield Shelf(archive, database)


def changed(post: items.Post = POST, sha: str = "b", **fields: object) -> items.Post:
    return dataclasses.replace(post, content_sha256=sha * 64, **fields)  # type: ignore[arg-type]


def test_a_new_post_has_one_revision_and_all_its_rows(shelf: Shelf) -> None:
    assert shelf.put(POST) == Change.NEW
    row = shelf.post()
    assert (row.title, row.first_seen_at, row.last_seen_at, row.last_changed_at) == ("题目", DAY[0], DAY[0], DAY[0])
    revision = shelf.session.get_one(models.PostRevision, row.current_revision_id)
    assert (revision.capture_id, revision.status, revision.issues) == (1, "good", "[]")
    tables = (models.PostCategory, models.PostTag, models.Formula)
    assert [shelf.count(table) for table in tables] == [2, 2, 1]


def test_seen_again_unchanged_only_the_sight_and_the_counters_move(shelf: Shelf) -> None:
    shelf.put(POST)
    assert shelf.put(dataclasses.replace(POST, reader_count=99)) == Change.UNCHANGED
    row = shelf.post()
    assert (row.last_seen_at, row.last_changed_at, row.reader_count) == (DAY[1], DAY[0], 99)
    assert shelf.count(models.PostRevision) == 1


def test_counters_get_a_row_a_day_or_when_a_comment_came(shelf: Shelf) -> None:
    shelf.put(POST)
    for seen_at, counters in (
        ("2026-11-01T23:59:59Z", (11, 1)),
        ("2026-11-01T23:59:59Z", (12, 2)),
        ("2026-11-01T12:00:00Z", (13, 3)),  # what a rebuild reads late
        ("2026-11-02T23:59:58Z", (14, 2)),
        ("2026-11-02T23:59:59Z", (15, 2)),
    ):
        post = dataclasses.replace(POST, reader_count=counters[0], comment_count=counters[1])
        posts.save(shelf.session, post, capture_id=1, seen_at=seen_at, extractor_version=1)
    rows = shelf.session.execute(select(models.PostStat.seen_at, models.PostStat.reader_count))
    assert rows.all() == [(DAY[0], 10), ("2026-11-01T23:59:59Z", 12), ("2026-11-02T23:59:59Z", 15)]


def test_a_changed_post_gets_a_revision_and_the_old_one_stays(shelf: Shelf) -> None:
    shelf.put(POST)
    later = changed(title="新题目", content=content("改过的一段文字。"), tags=("二", "三"))
    assert shelf.put(later) == Change.CHANGED
    row = shelf.post()
    assert (row.title, row.markdown, row.first_seen_at, row.last_changed_at) == ("新题目", "改过的一段文字。", *DAY[:2])
    revisions = shelf.session.execute(select(models.PostRevision).order_by(models.PostRevision.id)).scalars().all()
    assert [revision.title for revision in revisions] == ["题目", "新题目"]
    names = select(models.Tag.name).join(models.PostTag, models.PostTag.tag_id == models.Tag.id)
    assert set(shelf.session.execute(names).scalars()) == {"二", "三"}


def test_a_post_that_goes_back_to_an_old_version_has_three_revisions(shelf: Shelf) -> None:
    for post in (POST, changed(), POST):
        shelf.put(post)
    assert shelf.count(models.PostRevision) == 3


def test_a_page_that_does_not_prove_itself_never_replaces_one_that_did(shelf: Shelf) -> None:
    shelf.put(POST)
    doubtful = changed(content=content("面目全非的一页。"), quality=items.Quality(engine="readability", issues=("疑",)))
    assert shelf.put(doubtful) == Change.HELD
    assert shelf.post().markdown == POST.content.markdown
    kept = shelf.session.execute(select(models.PostRevision).order_by(models.PostRevision.id.desc())).scalars().first()
    assert kept is not None
    assert (kept.status, json.loads(kept.issues), kept.markdown) == ("review", ["疑"], "面目全非的一页。")
    assert shelf.put(doubtful) == Change.UNCHANGED
    assert shelf.put(changed(sha="c", content=content("又好了的一页，$x$。"))) == Change.CHANGED
    assert shelf.post().markdown == "又好了的一页，$x$。"


def test_a_first_page_that_does_not_prove_itself_is_shown_for_want_of_a_better(shelf: Shelf) -> None:
    assert shelf.put(dataclasses.replace(POST, quality=items.Quality(engine="site", issues=("疑",)))) == Change.NEW
    assert shelf.post().markdown == POST.content.markdown


def test_a_body_that_shrinks_by_more_than_half_is_kept_for_review(shelf: Shelf) -> None:
    shelf.put(dataclasses.replace(POST, content=content("长文" * 100)))
    assert shelf.put(changed(content=content("长文" * 40))) == Change.HELD
    assert shelf.post().text == "长文" * 100
    assert shelf.put(changed(sha="d", content=content("长文" * 60))) == Change.CHANGED


def test_counters_make_a_row_a_day_or_when_comments_come(shelf: Shelf) -> None:
    shelf.put(POST)
    shelf.put(dataclasses.replace(POST, reader_count=20))
    shelf.day = 1
    posts.save(
        shelf.session,
        dataclasses.replace(POST, reader_count=21),
        capture_id=1,
        seen_at="2026-11-02T01:00:00Z",
        extractor_version=1,
    )
    assert shelf.count(models.PostStat) == 2
    posts.save(
        shelf.session,
        dataclasses.replace(POST, comment_count=2),
        capture_id=1,
        seen_at="2026-11-02T02:00:00Z",
        extractor_version=1,
    )
    assert shelf.count(models.PostStat) == 3


def test_comments_keep_their_first_sight_and_take_their_last_text(shelf: Shelf) -> None:
    shelf.put(POST)
    assert comments.save(shelf.session, page([comment(5), comment(7, 5)]), seen_at=DAY[1], capture_id=None).new == 2
    assert (
        comments.save(shelf.session, page([comment(5, words="改"), comment(9)]), seen_at=DAY[2], capture_id=None).new
        == 1
    )
    row = shelf.session.get_one(models.Comment, 5)
    assert (row.markdown, row.first_seen_at, row.last_seen_at) == ("改", DAY[1], DAY[2])
    assert shelf.session.get_one(models.Comment, 7).parent_id == 5


def test_foreign_keys_are_enforced(shelf: Shelf) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key|No row"):
        comments.save(
            shelf.session,
            items.CommentPage(post_id=404, page=1, comments=(comment(5),)),
            seen_at=DAY[1],
            capture_id=None,
        )


@pytest.mark.parametrize("database", ["file"], indirect=True)
def test_the_database_is_in_wal_mode(shelf: Shelf) -> None:
    assert shelf.session.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_what_was_not_committed_is_gone_and_a_savepoint_undoes_only_itself(shelf: Shelf) -> None:
    shelf.put(POST)
    comments.save(shelf.session, page([comment(1)]), seen_at=DAY[1], capture_id=None)
    with pytest.raises(ZeroDivisionError):
        half_done(shelf)
    shelf.archive.commit()
    assert list(shelf.session.execute(select(models.Comment.id)).scalars()) == [1]


def half_done(shelf: Shelf) -> None:
    with shelf.archive.savepoint() as session:
        comments.save(session, page([comment(2)]), seen_at=DAY[1], capture_id=None)
        raise ZeroDivisionError


# The index of search follows


def indexed(session: Session, rows: str) -> list[tuple[object, ...]]:
    """Return every word that the index of a table has, where it is, and how many words each row has."""
    if session.get_bind().dialect.name == "postgresql":
        return [tuple(row) for row in session.execute(text(f"SELECT * FROM {rows}_fts ORDER BY id"))]
    session.execute(
        text(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.words_{rows} USING fts5vocab(main, {rows}_fts, instance)")
    )
    asked = (f"temp.words_{rows} ORDER BY doc, col, offset", f"{rows}_fts_docsize ORDER BY id")
    return [tuple(row) for table in asked for row in session.execute(text(f"SELECT * FROM {table}"))]


def found(shelf: Shelf, query: str) -> list[int]:
    with search.opened(shelf.url) as index:
        return [
            hit.comment_id or hit.post_id or 0 for hit in search.search(index, query, Site()).hits if not hit.related
        ]


def test_what_is_stored_can_be_found_and_what_is_replaced_cannot(shelf: Shelf) -> None:
    shelf.put(POST)
    assert found(shelf, "一段文字") == found(shelf, "title:题目") == found(shelf, "tex:$x$") == [8]
    other = items.Formula(position=0, display=True, environment=None, label=None, tag=None, tex="$$y^2$$")
    words = "换了内容。" * 9
    shelf.put(changed(title="新题", content=items.Content(markdown=words, text=words, formulas=(other,))))
    assert found(shelf, "换了内容") == found(shelf, "title:新题") == found(shelf, "tex:y^2") == [8]
    assert found(shelf, "一段文字") == found(shelf, "title:题目") == found(shelf, "tex:$x$") == []
    assert differing(shelf.url) == []


def test_a_revision_for_review_is_not_found(shelf: Shelf) -> None:
    shelf.put(changed(content=content("很长的一段文字。" * 20)))
    shelf.put(changed(sha="c", content=content("残缺")))
    assert (found(shelf, "残缺"), found(shelf, "很长的一段")) == ([], [8])


def test_comments_can_be_found_and_their_new_words(shelf: Shelf) -> None:
    shelf.put(POST)
    comments.save(
        shelf.session,
        page([comment(1, words="读到这里"), comment(2, words="原来如此")]),
        seen_at=DAY[0],
        capture_id=None,
    )
    comments.save(
        shelf.session,
        page([comment(1, words="读到这里"), comment(2, words="改过的话")]),
        seen_at=DAY[1],
        capture_id=None,
    )
    shelf.archive.commit()
    assert found(shelf, "in:comments 读到这里 author:甲") == [1]
    assert (found(shelf, "in:comments 原来如此"), found(shelf, "in:comments 改过的话")) == ([], [2])


def test_what_is_rolled_back_is_not_found(shelf: Shelf) -> None:
    shelf.put(POST)
    comments.save(shelf.session, page([comment(1, words="半途而废")]), seen_at=DAY[0], capture_id=None)
    shelf.session.rollback()
    assert found(shelf, "in:comments 半途而废") == []


@pytest.mark.parametrize("again", [True, False], ids=["stored again", "left"])
@pytest.mark.parametrize("whole", [True, False], ids=["the transaction", "a savepoint"])
def test_the_index_is_as_the_rows_whatever_is_taken_back(shelf: Shelf, whole: bool, again: bool) -> None:
    shelf.put(POST)
    other = comment(1, words="写着，$a_1$。")
    comments.save(shelf.session, page([other]), seen_at=DAY[0], capture_id=None)
    shelf.archive.commit()

    with pytest.raises(ZeroDivisionError):
        half_edited(shelf)
    if whole:
        edit(shelf.session)
        shelf.session.rollback()
    if again:
        edit(shelf.session)
        edit(shelf.session, "又改了")
    shelf.archive.commit()
    assert differing(shelf.url) == []
    assert (found(shelf, "title:新题"), found(shelf, "in:comments 写着")) == (([8], []) if again else ([], [1]))


def test_what_another_writer_stores_after_a_rollback_is_taken_out_of_the_index_again(shelf: Shelf) -> None:
    shelf.put(POST)
    edit(shelf.session)
    shelf.session.rollback()
    with Archive(shelf.url) as archive:
        edit(archive.session, "别的")
        archive.commit()
    edit(shelf.session, "又改了")
    shelf.archive.commit()
    assert differing(shelf.url) == []
    assert (found(shelf, "in:comments 别的"), found(shelf, "in:comments 又改了")) == ([], [1])


def edit(session: Session, words: str = "改了，$b_1$") -> None:
    body = content(f"新的，一段文字，{words}。")
    formula = dataclasses.replace(body.formulas[0], tex=f"${words}$")
    edited = changed(sha=words[0], title="新题", content=dataclasses.replace(body, formulas=(formula,)))
    posts.save(session, edited, capture_id=1, seen_at=DAY[1], extractor_version=1)
    worded = [comment(1, words=words), comment(2, words="二，三")]
    comments.save(session, page(worded), seen_at=DAY[1], capture_id=None)


def half_edited(shelf: Shelf) -> None:
    with shelf.archive.savepoint():
        edit(shelf.session)
        raise ZeroDivisionError


def test_an_index_made_anew_is_the_one_kept_up(shelf: Shelf) -> None:
    shelf.put(POST)
    shelf.put(changed(title="新题", content=content("新的，一段文字，$z$。")))
    comments.save(shelf.session, page([comment(1), comment(2, words="二，三")]), seen_at=DAY[0], capture_id=None)
    worded = [comment(1, words="改了"), comment(2, words="二，三")]
    comments.save(shelf.session, page(worded), seen_at=DAY[1], capture_id=None)
    shelf.put(doubted := changed(sha="c", title="再改", content=content("短")))
    held = posts.held(shelf.session, 8)
    assert held
    posts.accept(shelf.session, doubted, held)
    shelf.archive.commit()
    assert (found(shelf, "title:再改"), found(shelf, "title:新题")) == ([8], [])
    tables = ("posts", "comments", "formulas", "shapes", *(["pairs"] if shelf.url.startswith("sqlite") else []))
    kept = [indexed(shelf.session, table) for table in tables]
    assert all(kept)
    counts = search_index.rebuild(shelf.session.connection())
    rows = {"posts": 1, "pages": 0, "comments": 2, "formulas": 1, "shapes": 1, "pairs": 1}
    assert counts == {f"{table}_fts": rows[table] for table in {*tables, "pages"}}
    assert [indexed(shelf.session, table) for table in tables] == kept
    shelf.archive.commit()
    assert differing(shelf.url) == []
    assert found(shelf, "短") == [8]


FORMULA = content().formulas[0]
CODE = items.CodeBlock(position=0, language="", code="x")
PICTURE = items.Image(position=0, url="https://kexue.fm/a.png", alt="", caption="")


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        ("formulas", lambda n: {"formulas": tuple(dataclasses.replace(FORMULA, position=i) for i in range(n))}),
        ("code_blocks", lambda n: {"code_blocks": tuple(dataclasses.replace(CODE, position=i) for i in range(n))}),
        ("images", lambda n: {"images": tuple(dataclasses.replace(PICTURE, position=i) for i in range(n))}),
    ],
)
def test_a_version_with_less_than_half_of_what_it_had_is_held(shelf: Shelf, kind: str, of: Any) -> None:
    def holding(number: int) -> items.Content:
        return dataclasses.replace(content(), **of(number))

    shelf.put(changed(sha="1", content=holding(5)))
    assert shelf.put(changed(sha="2", content=holding(3))) == Change.CHANGED
    assert shelf.put(changed(sha="3", content=holding(1))) == Change.HELD
    table = {"formulas": models.Formula, "code_blocks": models.CodeBlock, "images": models.Image}[kind]
    assert shelf.count(table) == 3


@pytest.mark.parametrize("lost", [{"tags": ()}, {"license": None, "license_url": None}])
def test_a_version_without_its_tags_or_licence_is_held(shelf: Shelf, lost: dict[str, Any]) -> None:
    shelf.put(POST)
    assert shelf.put(changed(**lost)) == Change.HELD
    assert (shelf.count(models.PostTag), shelf.post().license_url) == (2, POST.license_url)


@pytest.mark.parametrize(
    ("title", "count", "issues"), [("题目", 0, 0), ("题 目", 0, 0), ("别的", 0, 1), ("题目", 4, 1)]
)
def test_a_first_sight_is_judged_by_what_the_catalogue_says(shelf: Shelf, title: str, count: int, issues: int) -> None:
    entry = items.CatalogueEntry(
        post_id=8,
        url="https://kexue.fm/archives/8",
        title=title,
        year=2026,
        published_on="2026-10-01",
        comment_count=count,
    )
    catalogue = items.Catalogue(entries=(entry,), year_totals=((2026, 1),), categories=())
    lists.save_catalogue(shelf.session, catalogue, run_id=shelf.run)
    assert shelf.put(POST) == Change.NEW
    revision = shelf.session.get_one(models.PostRevision, shelf.post().current_revision_id)
    assert len(json.loads(revision.issues)) == issues


def test_what_a_page_always_has_against_it_holds_back_no_edit(shelf: Shelf) -> None:
    doubted = items.Quality(engine="site", issues=("1 of 3 pictures of the page are not read",))
    shelf.put(changed(sha="1", quality=doubted))
    more = items.Quality(engine="site", issues=("2 of 4 pictures of the page are not read",))
    assert shelf.put(changed(sha="2", title="改了", quality=more)) == Change.CHANGED
    assert (shelf.post().title, posts.unproven_share(shelf.session)) == ("改了", 1.0)
    other = items.Quality(engine="site", issues=(*more.issues, "the page holds mathematics that is not read: `<math>`"))
    assert shelf.put(changed(sha="3", quality=other)) == Change.HELD
    assert shelf.put(changed(sha="4", title="又改了")) == Change.CHANGED
    assert posts.unproven_share(shelf.session) == 0.0
