"""Run after run: what changes, what vanishes, what the site's own changes do to the archive (faults, group F)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from archiver.sample import SampleComment, SampleResponse
from archiver.sample.source import load
from tests.zygote import Completed

from .conftest import Crawled

POST = 131
THREADED = 207
HTML = {"Content-Type": "text/html; charset=UTF-8"}


@pytest.fixture
def archive(known: Crawled) -> Crawled:
    """An archive of its own after one complete run over the catalogue and the categories."""
    return known


def crawl(archive: Crawled, *options: str) -> Completed:
    return archive.crawl("catalogue", "category", *options, index=False)


def post(archive: Crawled, number: int = POST) -> tuple[str, int, str]:
    (row,) = archive.rows("SELECT status, missing_runs, markdown FROM posts WHERE id = ?", number)
    return row


def comment(number: int, parent: int | None = None, words: str = "新的一条。") -> SampleComment:
    return SampleComment(id=number, parent=parent, author="后来人", url=None, date="2026-01-02", html=f"<p>{words}</p>")


def kinds(archive: Crawled) -> dict[str, int]:
    """Return how many pages of each kind the server was asked for since the last look."""
    found: dict[str, int] = {}
    for target in archive.asked(None):
        kind = re.sub(r"\d+", "N", target.strip("/").split("/")[0])
        found[kind] = found.get(kind, 0) + 1
    archive.blog.requests.clear()
    return found


# -- asking for less ---------------------------------------------------------------------------------------------------


def test_a_run_without_news_asks_for_the_lists_and_the_posts_due(archive: Crawled) -> None:
    before = archive.rows("SELECT count(*) FROM post_revisions")
    assert crawl(archive, "--recheck", "3").returncode == 0
    assert kinds(archive) == {"robots.txt": 1, "content.html": 1, "category": 10, "archives": 3, "static": 1}
    assert crawl(archive, "--recheck", "3").returncode == 0  # what answered 404 was tried once more, and waits now
    assert kinds(archive) == {"robots.txt": 1, "content.html": 1, "category": 10, "archives": 3}
    assert archive.rows("SELECT count(*) FROM post_revisions") == before


def test_the_posts_longest_unverified_are_looked_at_first(archive: Crawled) -> None:
    seen = []
    for _ in range(6):
        crawl(archive, "--recheck", "3")
        seen += [target for target in archive.asked() if target.startswith("/archives/")]
        archive.blog.requests.clear()
    assert len(set(seen)) == len(archive.blog.source.posts)


def test_a_full_run_asks_for_everything_and_pictures_only_if_they_changed(archive: Crawled) -> None:
    assert crawl(archive, "--full").returncode == 0
    pictures = [status for _, target, status in archive.blog.requests if "/uploads/" in target]
    assert set(pictures) == {304}
    apart = "SELECT count(DISTINCT url) FROM images WHERE url NOT IN (SELECT url FROM embedded_pictures)"
    assert len(pictures) == archive.rows(apart)[0][0]
    assert {target for target in archive.asked() if re.fullmatch(r"/archives/\d+", target)} == {
        f"/archives/{each.id}" for each in archive.blog.source.posts
    }


# -- changes -----------------------------------------------------------------------------------------------------------


def test_a_new_post_a_new_title_and_new_comments_are_found_by_the_catalogue(archive: Crawled) -> None:
    source = archive.blog.source
    old = source.post(POST)
    assert old
    source = source.published(replace(old, id=900, title="新文", date="2026-01-01", comments=()))
    source = source.edited(105, title="改了的题目")
    threaded = source.post(THREADED)
    assert threaded
    first = threaded.comments[0]
    more = (*threaded.comments, comment(9001), comment(9002, first.id, "回在第一页。"))
    archive.blog.source = source.edited(THREADED, comments=more)
    assert crawl(archive, "--recheck", "0").returncode == 0
    assert archive.rows("SELECT title FROM posts WHERE id IN (105, 900) ORDER BY id") == [("改了的题目",), ("新文",)]
    found = archive.rows("SELECT id, parent_id, page FROM comments WHERE id > 9000 ORDER BY id")
    assert found == [(9001, None, 2), (9002, first.id, 1)]
    asked = [target for target in archive.asked() if target.startswith("/archives/")]
    assert sorted(asked) == sorted(["/archives/105", "/archives/207", "/archives/900", "/archives/207/comment-page-1"])


def test_a_silent_edit_is_found_by_a_second_look_and_the_old_version_stays(archive: Crawled) -> None:
    old = archive.blog.source.post(POST)
    assert old
    archive.blog.source = archive.blog.source.edited(POST, body=old.body + "<p>后来补充：$a&lt;b$。</p>")
    crawl(archive, "--recheck", "0")
    assert archive.rows("SELECT count(*) FROM post_revisions WHERE post_id = ?", POST) == [(1,)]
    assert crawl(archive, "--recheck", "100").returncode == 0
    texts = archive.rows("SELECT markdown FROM post_revisions WHERE post_id = ? ORDER BY id", POST)
    assert ["后来补充：$a<b$。" in text for (text,) in texts] == [False, True]
    assert post(archive)[2] == texts[1][0]


def test_a_body_that_shrinks_is_held_for_review(archive: Crawled) -> None:
    """Case 54."""
    archive.blog.source = archive.blog.source.edited(POST, body="<p>没了。</p>")
    done = crawl(archive, "--recheck", "100")
    assert "1 held for review" in done.stdout
    assert "没了。" not in post(archive)[2]
    assert archive.rows("SELECT status FROM post_revisions WHERE post_id = ? ORDER BY id", POST) == [
        ("good",),
        ("review",),
    ]


# -- what vanishes -----------------------------------------------------------------------------------------------------


def test_a_vanished_post_is_gone_after_three_runs_that_agree_and_comes_back(archive: Crawled) -> None:
    """Case 55."""
    whole = archive.blog.source
    archive.blog.source = whole.deleted(POST)
    text = post(archive)[2]
    for missing, status in ((1, "live"), (2, "live"), (3, "gone")):
        assert crawl(archive, "--recheck", "0").returncode == 0
        assert post(archive) == (status, missing, text)
    archive.blog.source = whole
    assert crawl(archive, "--recheck", "0").returncode == 0
    assert post(archive) == ("live", 0, text)


def test_a_post_that_answers_404_is_gone_after_three_runs(archive: Crawled) -> None:
    """Case 55."""
    archive.blog.broken[f"/archives/{POST}"] = 404
    for missing in (1, 2, 3):
        assert crawl(archive, "--recheck", "100").returncode == 0
        assert post(archive)[1] == missing
    assert post(archive)[0] == "gone"


def test_a_run_that_ended_early_marks_nothing_gone(archive: Crawled) -> None:
    """Case 56."""
    archive.blog.source = archive.blog.source.deleted(POST)
    archive.blog.broken |= {f"/archives/{each.id}": "reset" for each in archive.blog.source.posts}
    for _ in range(3):
        assert crawl(archive, "--recheck", "100").returncode == 7
    assert post(archive)[:2] == ("live", 0)


def test_a_failed_page_does_not_keep_a_believed_catalogue_from_counting(archive: Crawled) -> None:
    archive.blog.source = archive.blog.source.deleted(POST)
    archive.blog.broken["/archives/4"] = 500
    assert crawl(archive, "--recheck", "100").returncode == 3
    assert post(archive)[:2] == ("live", 1)


def test_a_deleted_comment_keeps_its_last_text_and_its_answers(archive: Crawled) -> None:
    """Case 59."""
    threaded = archive.blog.source.post(THREADED)
    assert threaded
    gone, *kept = [each for each in threaded.comments if each.parent is None]
    rest = tuple(replace(each, parent=None) if each.parent == gone.id else each
                 for each in threaded.comments if each is not gone)  # fmt: skip
    archive.blog.source = archive.blog.source.edited(THREADED, comments=rest)
    assert crawl(archive, "--recheck", "0").returncode == 0
    rows = archive.rows("SELECT id, deleted_at IS NOT NULL, markdown <> '' FROM comments WHERE post_id = ?", THREADED)
    assert {row[0]: row[1:] for row in rows} == {each.id: (each is gone, 1) for each in threaded.comments}
    orphans = archive.rows("SELECT parent_id FROM comments WHERE id = ?", 2211)
    assert orphans == [(None,)]
    assert kept


def test_a_comment_that_vanishes_while_another_appears_is_found(archive: Crawled) -> None:
    """The counter stays: the last page differs, and so pages are read back to where the deleted one was."""
    threaded = archive.blog.source.post(THREADED)
    assert threaded
    gone, *kept = [each for each in threaded.comments if each.parent is None]
    rest = [replace(each, parent=None) if each.parent == gone.id else each
            for each in threaded.comments if each is not gone]  # fmt: skip
    archive.blog.source = archive.blog.source.edited(THREADED, comments=(*rest, comment(9001)))
    assert crawl(archive, "--recheck", "100").returncode == 0
    rows = archive.rows("SELECT id FROM comments WHERE post_id = ? AND deleted_at IS NOT NULL", THREADED)
    assert rows == [(gone.id,)]
    assert archive.rows("SELECT count(*) FROM comments WHERE id = 9001 AND deleted_at IS NULL") == [(1,)]
    assert kept


def test_a_pager_without_end_costs_no_more_pages_than_the_post_has_comments(archive: Crawled) -> None:
    host = {"Host": archive.site.removeprefix("http://")}
    page = archive.blog.respond("GET", f"/archives/{THREADED}", host).body.decode()
    claimed = int(re.search(r"(\d+) 评论", page)[1])  # type: ignore[index]
    endless = page.replace("comment-page-1#comments", "comment-page-99999#comments")
    assert endless != page
    archive.blog.overrides[f"/archives/{THREADED}"] = SampleResponse(200, HTML, endless.encode())
    crawl(archive, "--recheck", "100")
    asked = [target for target in archive.asked() if f"/{THREADED}/comment-page-" in target]
    assert len(asked) <= claimed + 5
    shown = archive.rows("SELECT issues FROM comment_gaps WHERE post_id = ?", THREADED)
    assert "the pager claims 99999 pages" in shown[0][0]
    listed = archive.archiver("--home", archive.home, "gaps").stdout
    assert "the pager claims 99999 pages" in listed


def test_comments_at_a_service_are_a_gap_that_names_service_and_thread(archive: Crawled) -> None:
    host = {"Host": archive.site.removeprefix("http://")}
    page = archive.blog.respond("GET", f"/archives/{THREADED}", host).body.decode()
    embed = '<script src="https://giscus.app/client.js" data-repo="a/b" data-mapping="pathname" async></script>'
    archive.blog.overrides[f"/archives/{THREADED}"] = SampleResponse(
        200, HTML, page.replace("</body>", f"{embed}</body>").encode()
    )
    said = crawl(archive, "--recheck", "100").stdout
    assert "Posts whose comments are hosted by a service: 1; `archiver gaps` names it." in said
    listed = archive.archiver("--home", archive.home, "gaps").stdout
    assert f"comments are at giscus (repository a/b, thread by pathname archives/{THREADED})" in listed


def test_an_edited_comment_has_its_new_text(archive: Crawled) -> None:
    threaded = archive.blog.source.post(THREADED)
    assert threaded
    *others, last = threaded.comments
    archive.blog.source = archive.blog.source.edited(THREADED, comments=(*others, replace(last, html="<p>改口。</p>")))
    assert crawl(archive, "--recheck", "100").returncode == 0
    assert archive.rows("SELECT markdown FROM comments WHERE id = ?", last.id) == [("改口。",)]
    former = archive.rows("SELECT comment_id, markdown FROM comment_revisions")
    assert [number for number, _ in former] == [last.id]
    assert former[0][1] != "改口。"


# -- when the site itself changes --------------------------------------------------------------------------------------


def test_a_changed_theme_is_told_and_changes_nothing(archive: Crawled) -> None:
    """Case 53."""
    posts = archive.rows("SELECT * FROM posts")
    shell = "<html><body><div id='content'><article><a href='/archives/4'>new theme</a></article></div></body></html>"
    for each in archive.blog.source.posts:
        archive.blog.overrides[f"/archives/{each.id}"] = SampleResponse(200, HTML, shell.encode())
    done = crawl(archive, "--recheck", "100")
    assert done.returncode == 6
    assert "post pages are not as expected" in done.stdout
    assert archive.rows("SELECT * FROM posts") == posts


def test_a_login_page_never_replaces_a_post(archive: Crawled) -> None:
    text = post(archive)[2]
    page = "<html><head><title>登录</title></head><body><form><input name='password'/></form></body></html>"
    archive.blog.overrides[f"/archives/{POST}"] = SampleResponse(200, HTML, page.encode())
    done = crawl(archive, "--recheck", "100")
    assert done.returncode == 3
    assert post(archive) == ("live", 0, text)
    assert "expected a linked h1" in archive.rows("SELECT reason FROM gaps WHERE url LIKE ?", f"%/{POST}")[0][0]
    assert archive.rows("SELECT count(*) FROM captures WHERE url LIKE ?", f"%/archives/{POST}") == [(2,)]


def test_a_pager_that_leads_in_a_circle_ends(crawled: Callable[..., Crawled]) -> None:
    """Case 57."""
    archive = crawled(source=load())
    first = archive.blog.respond("GET", "/category/Mathematics", {"Host": archive.site.removeprefix("http://")})
    archive.blog.overrides["/category/Mathematics/2/"] = first
    assert archive.crawl("category", "--category", "Mathematics", index=False).returncode == 0
    assert archive.asked().count("/category/Mathematics/2/") == 1


def test_posts_that_move_to_the_next_page_while_it_is_walked_are_not_lost(crawled: Callable[..., Crawled]) -> None:
    """Case 58."""
    archive = crawled(source=load())
    source = archive.blog.source
    old = source.post(POST)
    assert old
    host = {"Host": archive.site.removeprefix("http://")}
    archive.blog.overrides["/category/Mathematics"] = archive.blog.respond("GET", "/category/Mathematics", host)
    archive.blog.source = source.published(replace(old, id=901, date="2026-02-01", categories=("Mathematics",)))
    assert archive.crawl("category", "--category", "Mathematics", index=False).returncode == 0
    found = {number for (number,) in archive.rows("SELECT id FROM posts")}
    assert found >= {each.id for each in source.posts if "Mathematics" in each.categories}
