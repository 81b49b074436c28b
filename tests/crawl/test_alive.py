"""A run always gets to the news, and believes only what is proven."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from archiver.sample import SampleBlog, SampleResponse, serving
from archiver.sample.source import load
from tests.zygote import Completed

from .conftest import Crawled

HTML = {"Content-Type": "text/html; charset=UTF-8"}
TEXT = {"Content-Type": "text/plain; charset=UTF-8"}
POST = 131
PICTURE = "/usr/uploads/"
ALL = ("catalogue", "category")


def crawl(archive: Crawled, *words: str) -> Completed:
    return archive.crawl(*(words or ALL), "--recheck", "0", "--concurrency", "1", index=False)


def state(archive: Crawled, path: str) -> tuple[str, int]:
    (row,) = archive.rows("SELECT state, failures FROM frontier WHERE url = ?", f"https://kexue.fm{path}")
    return row


def outcome(archive: Crawled) -> tuple[str, int]:
    (row,) = archive.rows("SELECT outcome, exit_code FROM runs ORDER BY id DESC LIMIT 1")
    return row


def later(archive: Crawled, days: int) -> None:
    """Put everything the archive remembers of times back by some days, as if they had gone by."""
    with contextlib.closing(sqlite3.connect(archive.home / "archive.db")) as database, database:
        moved = ("frontier", "not_before"), ("doubts", "last_seen_at"), ("runs", "started_at")
        for table, column in moved:
            back = f"strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '-{days} days')"
            database.execute(f"UPDATE {table} SET {column} = {back} WHERE {column} IS NOT NULL")


def publish(archive: Crawled, number: int) -> None:
    """Publish one more post."""
    source = archive.blog.source
    old = source.post(POST)
    assert old
    archive.blog.source = source.published(
        replace(old, id=number, title=f"新文{number}", date="2026-01-01", comments=())
    )


def shrink(archive: Crawled, by: int = 6) -> set[int]:
    """Take posts out of the blog; return their numbers."""
    source = archive.blog.source
    lost = {each.id for each in source.posts[:by]}
    for number in lost:
        source = source.deleted(number)
    archive.blog.source = source
    return lost


def missing(archive: Crawled) -> set[int]:
    return {number for (number,) in archive.rows("SELECT id FROM posts WHERE missing_runs > 0")}


# -- one address -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 404, 403])
def test_an_address_that_always_fails_keeps_no_run_from_the_news(crawled: Callable[..., Crawled], status: int) -> None:
    archive = crawled()
    first = crawl(archive)
    assert first.returncode == 0
    (picture,) = archive.rows("SELECT url FROM images LIMIT 1")[0]
    path = picture.removeprefix("https://kexue.fm")
    archive.blog.broken[path] = status
    archive.crawl("catalogue", "--full", "--recheck", "0", index=False)
    for run in range(2):
        archive.blog.requests.clear()
        publish(archive, 900 + run)
        crawl(archive, "catalogue")
        assert "/content.html" in archive.asked()
        assert f"/archives/{900 + run}" in archive.asked()
        later(archive, 1)
    assert archive.rows("SELECT count(*) FROM posts WHERE id >= 900") == [(2,)]
    assert archive.rows("SELECT count(*) FROM gaps WHERE url = ?", picture) == [(1,)]


def test_new_failures_make_a_run_incomplete_and_old_ones_get_a_line(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    archive.blog.broken["/archives/105"] = 500
    codes, tries = [], []
    for _ in range(6):
        archive.blog.requests.clear()
        done = crawl(archive, "catalogue")
        codes.append(done.returncode)
        tries.append(archive.asked(500).count("/archives/105"))
        later(archive, 1)
    assert codes == [3, 3, 0, 0, 0, 0]
    assert tries == [5, 2, 2, 0, 1, 0]  # in the next run, after a day, after two; failing, it is asked for once
    assert "1 address failing for longer" in done.stdout
    assert state(archive, "/archives/105") == ("failed", 4)


def test_a_failure_that_healed_is_forgotten(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    archive.blog.broken["/archives/105"] = [500] * 5
    assert crawl(archive, "catalogue").returncode == 3
    archive.blog.requests.clear()
    assert crawl(archive, "catalogue").returncode == 0
    assert archive.asked()[:2] == ["/robots.txt", "/content.html"]
    assert state(archive, "/archives/105") == ("done", 0)


def test_a_run_that_was_cut_off_reads_the_lists_again(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    assert archive.crawl("catalogue", "--limit", "1", "--recheck", "0", index=False).returncode == 0
    publish(archive, 900)
    archive.blog.requests.clear()
    assert crawl(archive, "catalogue").returncode == 0
    assert archive.asked()[:2] == ["/robots.txt", "/content.html"]
    assert archive.rows("SELECT count(*) FROM posts WHERE id = 900") == [(1,)]


def test_what_an_address_went_through_is_told(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    archive.blog.broken["/archives/105"] = 500
    crawl(archive, "catalogue")
    crawl(archive, "catalogue")
    shown = archive.archiver("--home", archive.home, "gaps", "--json").stdout
    assert '"failures": 2' in shown
    assert re.search(r'"failed_since": "2\d{3}-', shown)
    assert re.search(r'"not_before": "2\d{3}-', shown)


def test_a_limit_counts_posts_that_were_had(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    for number in (58, 105):
        archive.blog.broken[f"/archives/{number}"] = 404
    words = ("--limit", "2", "--concurrency", "1", "--recheck", "0")
    assert archive.crawl("catalogue", *words, index=False).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(2,)]


# -- hosts -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def nowhere() -> Iterator[str]:
    """Give an origin at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def test_a_site_that_nobody_answers_for_is_unreachable(known: Crawled) -> None:
    with nowhere() as known.site:
        done = crawl(known)
    assert (done.returncode, outcome(known)) == (7, ("unreachable", 7))
    assert missing(known) == set()


def test_a_site_that_is_lost_during_a_run_is_unreachable(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    with serving(SampleBlog()) as elsewhere:
        archive.site = elsewhere
        assert archive.crawl("catalogue", "--limit", "1", index=False).returncode == 0
    with nowhere() as archive.site:
        assert crawl(archive).returncode == 7
    assert archive.rows("SELECT count(*) FROM frontier WHERE state = 'failed' AND kind = 'post'") == [(0,)]


def test_rules_that_forbid_everything_end_the_run_as_refused(known: Crawled) -> None:
    known.blog.overrides["/robots.txt"] = SampleResponse(200, TEXT, b"User-agent: *\nDisallow: /\n")
    later(known, 2)
    known.blog.requests.clear()
    assert crawl(known).returncode == 7
    assert outcome(known) == ("refused", 7)
    assert known.asked(None) == ["/robots.txt"]
    late = known.archiver("--home", known.home, "status", "--max-age", "26h")
    assert (late.returncode, "expected a complete run" in late.stderr) == (1, True)
    del known.blog.overrides["/robots.txt"]
    assert crawl(known).returncode == 0


def test_what_another_host_does_concerns_its_addresses_only(known: Crawled) -> None:
    with nowhere() as other:
        index = f"{other}/index.md"
        done = known.crawl("catalogue", "index", "--index", index, "--recheck", "0", index=False)
    assert (done.returncode, outcome(known)) == (3, ("incomplete", 3))
    assert known.rows("SELECT url FROM gaps WHERE kind = 'index'") == [(index,)]


def test_a_home_belongs_to_one_blog(known: Crawled) -> None:
    before = known.rows("SELECT count(*) FROM runs")
    known.site = known.site.replace("127.0.0.1", "localhost")
    refused = crawl(known)
    assert refused.returncode == 2
    assert "found http://localhost:" in refused.stderr
    assert known.rows("SELECT count(*) FROM runs") == before
    assert crawl(known, *ALL, "--mirror").returncode == 0


def test_a_host_that_never_answered_binds_no_home(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    right, archive.site = archive.site, "http://blog.invalid"
    assert crawl(archive).returncode == 7
    archive.site = right
    assert crawl(archive).returncode == 0


# -- lists -------------------------------------------------------------------------------------------------------------


def test_a_catalogue_that_lost_a_fifth_of_its_posts_proves_nothing_and_stops_nothing(known: Crawled) -> None:
    shrink(known)
    publish(known, 900)
    done = crawl(known)
    assert (done.returncode, outcome(known)) == (6, ("markup changed", 6))
    assert "not as expected, so nothing is concluded from it" in done.stdout
    (reason,) = known.rows("SELECT reason FROM doubts WHERE subject LIKE '%/content.html'")[0]
    assert reason == "the catalogue lists 11 posts, 16 were in it before"
    assert missing(known) == set()
    assert known.rows("SELECT count(*) FROM posts WHERE id = 900") == [(1,)]  # its category tells of it
    assert crawl(known).returncode == 6


def test_links_of_a_list_that_is_not_believed_have_no_effect(known: Crawled) -> None:
    shrink(known)
    publish(known, 900)
    known.blog.requests.clear()
    assert crawl(known, "catalogue").returncode == 6
    assert known.asked() == ["/robots.txt", "/content.html"]  # and not the new post


def test_a_catalogue_whose_sums_do_not_add_up_proves_nothing(known: Crawled) -> None:
    body = known.blog.respond("GET", "/content.html", {"Host": "kexue.fm"}).body
    wrong = body.replace("(共1篇)".encode(), "(共7篇)".encode(), 1)
    assert wrong != body
    known.blog.overrides["/content.html"] = SampleResponse(200, HTML, wrong)
    done = crawl(known)
    assert done.returncode == 6
    assert "the catalogue says 7 posts" in done.stdout
    del known.blog.overrides["/content.html"]
    assert crawl(known).returncode == 0
    assert known.rows("SELECT count(*) FROM doubts") == [(0,)]


def test_a_smaller_catalogue_is_believed_when_the_owner_says_so(known: Crawled) -> None:
    lost = shrink(known)
    assert crawl(known, "catalogue").returncode == 6
    shown = known.archiver("--home", known.home, "accept")
    assert "https://kexue.fm/content.html" in shown.stdout
    assert "16 were in it before" in shown.stdout
    done = known.archiver("--home", known.home, "accept", "https://kexue.fm/content.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert crawl(known, "catalogue").returncode == 0
    assert missing(known) == lost


def test_a_smaller_catalogue_is_believed_after_three_runs_on_three_days(known: Crawled) -> None:
    lost = shrink(known)
    codes = []
    for _ in range(4):
        codes.append(crawl(known, "catalogue").returncode)
        later(known, 1)
    assert codes == [6, 6, 0, 0]
    assert missing(known) == lost


def test_three_runs_of_one_day_make_nothing_believed(known: Crawled) -> None:
    shrink(known)
    assert [crawl(known, "catalogue").returncode for _ in range(4)] == [6, 6, 6, 6]


def test_a_category_that_emptied_is_believed_when_the_owner_says_so(known: Crawled) -> None:
    page = "<html><head><title>分类 信息时代 下的文章</title></head><body><div id='content'></div></body></html>"
    known.blog.overrides["/category/Big-Data"] = SampleResponse(200, HTML, page.encode())
    done = crawl(known)
    assert done.returncode == 6
    assert "category Big-Data lists no post" in done.stdout
    known.archiver("--home", known.home, "accept", "https://kexue.fm/category/Big-Data")
    assert crawl(known).returncode == 0
    assert crawl(known).returncode == 0


def test_what_is_not_waiting_cannot_be_accepted(known: Crawled) -> None:
    for subject in ("https://kexue.fm/content.html", "131", "post", "9" * 23):
        done = known.archiver("--home", known.home, "accept", subject)
        assert done.returncode == 2
        assert done.stderr.startswith("Error: expected ")
    assert known.rows("SELECT count(*) FROM runs") == [(1,)]


# -- pages of a kind ---------------------------------------------------------------------------------------------------


def test_pages_of_a_kind_that_changed_wait_and_the_rest_goes_on(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    shell = SampleResponse(200, HTML, b"<html><body><div id='content'><a href='/archives/58'>x</a></div></body></html>")
    slugs = {slug for each in archive.blog.source.posts for slug in each.categories}
    archive.blog.overrides |= {f"/category/{slug}": shell for slug in slugs}
    done = crawl(archive)
    assert (done.returncode, outcome(archive)) == (6, ("markup changed", 6))
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]
    assert archive.rows("SELECT count(*) FROM frontier WHERE kind = 'category' AND state = 'failed'") == [(0,)]
    assert crawl(archive).returncode == 6
    archive.blog.overrides.clear()
    assert crawl(archive).returncode == 0
    assert archive.rows("SELECT count(*) FROM doubts") == [(0,)]


def test_a_changed_theme_concludes_nothing_and_heals_when_it_is_changed_back(known: Crawled) -> None:
    shell = SampleResponse(
        200, HTML, b"<html><body><article><a href='/archives/4'>new theme</a></article></body></html>"
    )
    known.blog.overrides |= {f"/archives/{each.id}": shell for each in known.blog.source.posts}
    posts = known.rows("SELECT * FROM posts")
    assert known.crawl(*ALL, "--recheck", "100", index=False).returncode == 6
    assert known.rows("SELECT * FROM posts") == posts
    assert known.rows("SELECT count(*) FROM frontier WHERE failures > 0 AND kind = 'post'") == [(0,)]
    known.blog.overrides.clear()
    assert crawl(known).returncode == 0


def test_a_catalogue_that_is_none_is_never_an_old_failure(known: Crawled) -> None:
    archive, shell = known, SampleResponse(200, HTML, b"<html><body><p>moved to the new archive page</p></body></html>")
    archive.blog.overrides["/content.html"] = shell
    for _ in range(3):
        assert crawl(archive).returncode == 6
        later(archive, 1)
    archive.blog.overrides.clear()
    publish(archive, 300)
    assert crawl(archive).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts WHERE id = 300") == [(1,)]


@pytest.mark.parametrize("status", [500, 404])
def test_a_run_without_the_catalogue_is_never_complete(known: Crawled, status: int) -> None:
    known.blog.broken["/content.html"] = status
    codes = []
    for _ in range(4):
        codes.append(crawl(known).returncode)
        later(known, 1)
    assert codes == [3] * 4
    assert known.rows("SELECT count(*) FROM posts WHERE missing_runs > 0") == [(0,)]


def test_a_single_odd_page_is_a_gap(known: Crawled) -> None:
    known.blog.overrides[f"/archives/{POST}"] = SampleResponse(
        200, HTML, b"<html><body><p>maintenance</p></body></html>"
    )
    done = known.crawl(*ALL, "--recheck", "100", index=False)
    assert (done.returncode, outcome(known)) == (3, ("incomplete", 3))
    assert known.rows("SELECT count(*) FROM doubts") == [(0,)]


# -- versions held for review ------------------------------------------------------------------------------------------


def cut(archive: Crawled) -> None:
    """Have the blog show less than half of a post."""
    archive.blog.source = archive.blog.source.edited(POST, body="<p>只剩下这一句了。</p>")
    archive.crawl("catalogue", "--recheck", "100", index=False)


def test_a_held_version_becomes_current_when_the_owner_says_so(known: Crawled) -> None:
    cut(known)
    assert known.rows("SELECT markdown FROM posts WHERE id = ?", POST) != [("只剩下这一句了。",)]
    assert str(POST) in known.archiver("--home", known.home, "accept").stdout
    done = known.archiver("--home", known.home, "accept", str(POST))
    assert (done.returncode, done.stderr) == (0, "")
    assert known.rows("SELECT markdown FROM posts WHERE id = ?", POST) == [("只剩下这一句了。",)]
    assert known.rows("SELECT count(*) FROM formulas WHERE post_id = ?", POST) == [(0,)]
    assert known.archiver("--home", known.home, "accept").stdout == "everything the blog shows is believed\n"


def test_what_was_accepted_is_in_the_records(known: Crawled) -> None:
    cut(known)
    known.archiver("--home", known.home, "accept", str(POST))
    versions = "SELECT post_id, status, markdown FROM post_revisions ORDER BY post_id, id"
    current = (
        "SELECT p.id, p.markdown, r.markdown FROM posts AS p JOIN post_revisions AS r ON r.id = current_revision_id"
    )
    before = known.rows(versions), sorted(known.rows(current))
    rebuilt = known.archiver("--home", known.home, "rebuild", "--processes", "1")
    assert (rebuilt.returncode, rebuilt.stderr) == (0, "")
    assert (known.rows(versions), sorted(known.rows(current))) == before


# -- parts of pages ----------------------------------------------------------------------------------------------------


def everywhere(archive: Crawled, old: str, new: str) -> None:
    """Have the blog write something otherwise on all its pages."""
    answer = archive.blog.respond

    def respond(method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        found = answer(method, target, {name: headers[name] for name in headers if name.lower() != "accept-encoding"})
        return replace(found, body=found.body.replace(old.encode(), new.encode()))

    archive.blog.respond = respond  # type: ignore[method-assign]


def test_a_part_that_is_lost_everywhere_is_told_and_stops_nothing(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    everywhere(archive, "位读者", "次阅读")
    done = crawl(archive, "catalogue")
    assert done.returncode == 6
    assert "post: readers: none of 16 pages has it" in done.stdout
    assert archive.rows("SELECT count(*) FROM posts") == [(16,)]
    assert crawl(archive, "catalogue").returncode == 6  # as long as it is so, though no post was asked for
    assert archive.archiver("--home", archive.home, "accept", "post: readers").returncode == 0
    assert crawl(archive, "catalogue").returncode == 0
    assert archive.archiver("--home", archive.home, "rebuild", "--processes", "1").returncode == 0
    assert archive.rows("SELECT subject, accepted FROM doubts") == [("post: readers", 1)]


def test_comments_that_are_lost_everywhere_stop_no_post(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    everywhere(archive, 'id="comment-', 'id="remark-')
    everywhere(archive, "comment-page", "remark-page")
    everywhere(archive, "replyTo", "answerTo")
    done = crawl(archive, "catalogue")
    assert done.returncode in (0, 6)
    assert archive.rows("SELECT count(*) FROM posts") == [(16,)]
    kept = archive.rows("SELECT count(*) FROM comments")[0][0]
    status = archive.archiver("--home", archive.home, "status", "--json").stdout
    assert kept == 49 or json.loads(status)["comments_missing"] >= 49 - kept


def test_texts_that_no_longer_prove_themselves_are_told_though_few_were_looked_at(known: Crawled) -> None:
    everywhere(known, 'id="PostContent"', 'id="Text"')
    texts = known.rows("SELECT id, markdown FROM posts ORDER BY id")
    done = known.crawl(*ALL, "--recheck", "4", index=False)
    assert (done.returncode, outcome(known)) == (6, ("markup changed", 6))
    assert "4 of 4 post pages are not as expected" in done.stdout
    assert known.rows("SELECT id, markdown FROM posts ORDER BY id") == texts
