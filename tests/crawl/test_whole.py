"""Absence is concluded only from a page that is proven whole: cut pages whose framing is in order."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping

import pytest

from archiver.items import CUT, EMPTY
from archiver.sample import SampleResponse
from archiver.sample.source import load
from archiver.store.endings import LEARNED
from tests.zygote import Completed

from .conftest import Crawled
from .test_alive import later, publish

HTML = {"Content-Type": "text/html; charset=UTF-8"}
THREADED = 207
PAGES = (f"/archives/{THREADED}", "/category/Mathematics", "/content.html")


def page(archive: Crawled, target: str) -> bytes:
    host = archive.site.removeprefix("http://")
    return archive.blog.respond("GET", target, {"Host": host}).body


def coded(body: bytes, coding: str) -> SampleResponse:
    return SampleResponse(200, HTML | ({"Content-Encoding": coding} if coding else {}), body)


def look_again(archive: Crawled) -> Completed:
    return archive.crawl("catalogue", "category", "--full", index=False)


def state(archive: Crawled) -> list[object]:
    queries = (
        "SELECT id, markdown, missing_runs, status FROM posts ORDER BY id",
        "SELECT id, text, deleted_at FROM comments ORDER BY id",
        "SELECT post_id, source FROM sightings ORDER BY 1, 2",
    )
    return [archive.rows(query) for query in queries]


@pytest.mark.parametrize(("share", "packed"), [(0.6, False), (0.97, True)], ids=["plain", "gzip"])
def test_a_page_cut_short_with_its_framing_in_order_replaces_nothing(
    known: Crawled, share: float, packed: bool
) -> None:
    before = state(known)
    for target in PAGES:
        whole = page(known, target)
        cut = whole[: int(len(whole) * share)]
        known.blog.overrides[target] = coded(gzip.compress(cut), "gzip") if packed else coded(cut, "")
    done = look_again(known)
    assert done.returncode == 3
    assert state(known) == before
    wanted = [f"https://kexue.fm{target}" for target in sorted(PAGES)]
    assert known.rows("SELECT url FROM gaps WHERE reason = ? ORDER BY url", CUT) == [(url,) for url in wanted]
    known.blog.overrides.clear()
    assert look_again(known).returncode == 0
    assert state(known) == before


def test_a_coding_that_does_not_end_in_order_is_no_content(known: Crawled) -> None:
    """What else may be amiss with a coding: tests/warc/test_coding.py."""
    target = PAGES[0]
    known.blog.overrides[target] = coded(gzip.compress(page(known, target))[:-8], "gzip")
    assert known.crawl("catalogue", "--recheck", "100", index=False).returncode == 3
    assert known.rows("SELECT reason FROM gaps WHERE url LIKE ?", f"%{target}") == [(CUT,)]


@pytest.mark.parametrize("body", [b"", b"\r\n"])
def test_an_empty_page_is_asked_for_once_more_and_replaces_nothing(known: Crawled, body: bytes) -> None:
    """It shows nothing of the markup either: no alarm that the blog has changed."""
    before = state(known)
    known.blog.overrides |= dict.fromkeys(PAGES, coded(body, ""))
    known.blog.requests.clear()
    assert look_again(known).returncode == 3
    assert [known.asked().count(target) for target in PAGES] == [2, 2, 2]
    assert known.rows("SELECT count(*) FROM gaps WHERE reason = ?", EMPTY) == [(len(PAGES),)]
    assert state(known) == before
    assert known.archiver("--home", known.home, "rebuild").returncode == 0
    assert known.rows("SELECT count(*) FROM gaps WHERE reason = ?", EMPTY) == [(len(PAGES),)]
    assert state(known) == before


def test_a_page_of_comments_cut_short_deletes_none(known: Crawled) -> None:
    target = f"/archives/{THREADED}/comment-page-1"
    whole = page(known, target)
    known.blog.overrides[target] = coded(whole[: whole.rindex(b"comment-")], "")
    before = state(known)
    assert look_again(known).returncode == 3
    assert state(known) == before
    assert known.rows("SELECT url FROM gaps WHERE reason = ?", CUT) == [(f"https://kexue.fm{target}",)]


def test_a_page_that_was_cut_once_is_asked_for_again_in_the_same_run(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    wanted = "/archives/105"
    whole = page(archive, wanted)
    cuts = iter([coded(gzip.compress(whole[: len(whole) // 2]), "gzip")])
    answer = archive.blog.respond
    archive.blog.respond = lambda method, target, headers: (  # type: ignore[method-assign]
        next(cuts, None) or answer(method, target, headers) if target == wanted else answer(method, target, headers)
    )
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.asked().count(wanted) == 2
    assert archive.rows("SELECT count(*) FROM posts WHERE id = 105") == [(1,)]


def without_end(archive: Crawled) -> None:
    """Have the blog serve no closing tags, as pages without them are whole too."""
    answer = archive.blog.respond

    def respond(method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        found = answer(method, target, {name: headers[name] for name in headers if name.lower() != "accept-encoding"})
        body = found.body.replace(b"</body>", b"").replace(b"</html>", b"").rstrip()
        return SampleResponse(found.status, {k: v for k, v in found.headers.items() if k != "Content-Encoding"}, body)

    archive.blog.respond = respond  # type: ignore[method-assign]


def test_a_site_whose_pages_never_close_is_archived_and_its_end_learned(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(source=load())
    without_end(archive)
    assert archive.crawl("catalogue", "category", index=False).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(16,)]
    archive.blog.source = archive.blog.source.edited(105, body="<p>改过的正文，$x$。</p>")
    archive.crawl("catalogue", "--recheck", "100", index=False)
    late = archive.rows("SELECT count(*) FROM post_revisions WHERE issues LIKE '%cut short%' AND seen_at > '0'")
    assert late[0][0] <= 3  # the first of their kind
    assert archive.rows("SELECT pages FROM page_endings WHERE kind = 'post'") == [(3,)]


def test_a_theme_that_closes_no_page_any_more_keeps_no_run_from_the_news_and_proves_nothing(known: Crawled) -> None:
    source = known.blog.source
    known.blog.source = source.deleted(source.posts[0].id)
    without_end(known)
    before = state(known)
    for _ in range(LEARNED):
        assert known.crawl("catalogue", "--recheck", "0", index=False).returncode != 0
        assert state(known) == before
    for number in range(LEARNED + 1):
        publish(known, 900 + number)
    for _ in range(2):
        known.crawl("catalogue", "--recheck", "0", index=False)
        later(known, 1)
    assert known.rows("SELECT count(*) FROM posts WHERE id >= 900") == [(LEARNED + 1,)]
    assert known.rows("SELECT count(*) FROM posts WHERE missing_runs > 0") == [(0,)]
    assert known.rows("SELECT count(*) FROM comments WHERE deleted_at IS NOT NULL") == [(0,)]


def test_a_rebuild_tells_cut_pages_too(known: Crawled) -> None:
    for target in PAGES:
        whole = page(known, target)
        known.blog.overrides[target] = coded(gzip.compress(whole[: len(whole) // 2]), "gzip")
    look_again(known)
    before = state(known)
    assert known.archiver("--home", known.home, "rebuild", "--processes", "1").returncode == 0
    assert state(known) == before
