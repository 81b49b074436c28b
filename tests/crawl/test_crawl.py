from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archiver.clock import timestamp
from archiver.sample import SampleBlog, serving
from archiver.store import frontier, runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.urls import Site
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage
from tests.zygote import Zygote

from .conftest import Crawled

TWO_PAGES = 207
"""The post whose comments fill two pages."""

TABLES = (
    *("posts", "post_revisions", "categories", "post_categories", "tags", "post_tags", "topics", "topic_posts"),
    *("comments", "formulas", "code_blocks", "images", "links"),
    *("pages", "page_formulas", "page_comments", "files"),
)


@pytest.fixture(scope="module")
def whole(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Crawled, str]]:
    """The sample blog after one run from all sources, and what the run printed."""
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("whole"), blog, site)
        done = archive.crawl("--json")
        assert (done.returncode, done.stderr) == (0, "")
        yield archive, done.stdout


def test_every_post_of_the_blog_is_a_row(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    source = archive.blog.source
    expected = {(post.id, post.title, post.date, source.owner) for post in source.posts}
    assert set(archive.rows("SELECT id, title, published_on, author FROM posts")) == expected
    assert all(
        url == f"https://kexue.fm/archives/{number}" for number, url in archive.rows("SELECT id, url FROM posts")
    )


def test_categories_and_tags_are_all_there(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    pairs = "SELECT post_id, slug FROM post_categories JOIN categories ON categories.id = category_id"
    posts = archive.blog.source.posts
    assert set(archive.rows(pairs)) == {(post.id, slug) for post in posts for slug in post.categories}
    tags = "SELECT post_id, name FROM post_tags JOIN tags ON tags.id = tag_id"
    assert set(archive.rows(tags)) == {(post.id, tag) for post in posts for tag in post.tags}


def test_every_comment_is_a_row_with_its_parent(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    expected = {
        (comment.id, post.id, comment.parent, comment.author, comment.date)
        for post in archive.blog.source.posts
        for comment in post.comments
    }
    assert len(expected) > 20
    assert set(archive.rows("SELECT id, post_id, parent_id, author, published_on FROM comments")) == expected


def test_a_post_found_three_ways_is_fetched_once_and_no_trap_is_entered(whole: tuple[Crawled, str]) -> None:
    """Case 60."""
    archive, _ = whole
    asked = archive.asked(None)
    assert [target for target, count in Counter(asked).items() if count > 1] == []
    assert asked[0] == "/robots.txt"
    traps = re.compile(r"replyTo=|^/search/|^/admin/|/1/$|#")
    assert [target for target in asked if traps.search(target)] == []


def test_every_category_is_walked_to_its_last_page(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    walked = {target for target in archive.asked() if target.startswith("/category/")}
    counts = Counter(slug for post in archive.blog.source.posts for slug in post.categories)
    pages = {f"/category/{slug}" + (f"/{page}/" if page > 1 else "")
             for slug, count in counts.items() for page in range(1, -(-count // 8) + 1)}  # fmt: skip
    assert walked == pages
    assert len(counts) == 10


def test_images_are_fetched_byte_for_byte(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    urls = {url for (url,) in archive.rows("SELECT url FROM images") if url.startswith("https://kexue.fm/usr/")}
    files = archive.blog.source.files
    assert urls
    for url, digest in archive.rows("SELECT url, payload_sha256 FROM captures WHERE url LIKE '%/uploads/%'"):
        assert hashlib.sha256(files[url.removeprefix("https://kexue.fm")]).hexdigest() == digest
    pictures = archive.rows("SELECT url FROM captures WHERE url LIKE '%/uploads/%' AND content_type LIKE 'image/%'")
    assert urls == {url for (url,) in pictures}


def test_topics_are_in_order_with_their_links(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    outline = archive.rows("SELECT topic, position, post_id, status FROM topic_outline")
    assert len({row[0] for row in outline}) >= 2
    assert {status for *_, status in outline} == {"have", "missing"}


def test_the_report_counts_and_compares(whole: tuple[Crawled, str]) -> None:
    archive, printed = whole
    report = json.loads(printed)
    assert (report["outcome"], report["exit_code"], report["unfinished"]) == ("complete", 0, 0)
    assert report["counts"]["new"] == len(archive.blog.source.posts)
    assert report["counts"]["requests"] == len(archive.blog.requests)
    assert "in the index but not in the catalogue" in report["disagreements"]
    assert "in the catalogue but not archived" not in report["disagreements"]


def test_every_exchange_is_a_record_and_every_row_points_at_its_own(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    (path,) = (archive.home / "warc").iterdir()
    assert re.fullmatch(r"kexue\.fm-\d{8}T\d{6}Z-00001\.warc\.gz", path.name)
    with path.open("rb") as stream:
        types: Counter[str] = Counter()
        for record in ArchiveIterator(stream, check_digests="raise"):
            record.content_stream().read()
            types[record.rec_type] += 1
    captures = archive.rows("SELECT * FROM captures")
    once = {"warcinfo": 1, "resource": 1, "metadata": 1}  # the run's start, its index, its end
    revisits = types.pop("revisit", 0)
    assert types == {**once, "response": len(captures) - revisits, "request": len(captures)}
    assert len(captures) == len(archive.blog.requests)
    query = "SELECT warc_file, warc_offset, warc_length, record_id, target_uri, status, payload_sha256 FROM captures"
    for file, offset, length, record_id, target, status, digest in archive.rows(query):
        record = read_record(Storage(archive.home / "warc"), file, offset)
        assert (record.record_id, record.target_uri, record.http_status) == (record_id, target, status)
        assert record.type == "revisit" or hashlib.sha256(record.entity).hexdigest() == digest
        assert length > 0


def test_robots_and_missing_pages_are_recorded_too(whole: tuple[Crawled, str]) -> None:
    archive, _ = whole
    recorded = set(archive.rows("SELECT target_uri, status FROM captures"))
    assert (archive.site + "/robots.txt", 200) in recorded
    assert 404 in {status for _, status in recorded}


def test_a_second_crawl_changes_nothing_but_when_things_were_seen(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    dumps = []
    for _ in range(2):
        assert archive.crawl().returncode == 0
        dumps.append({table: archive.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES})
    columns = {table: [row[1] for row in archive.rows(f"PRAGMA table_info({table})")] for table in TABLES}
    for table in TABLES:
        differing = {
            columns[table][n]
            for first, second in zip(dumps[0][table], dumps[1][table], strict=True)
            for n in range(len(first))
            if first[n] != second[n]
        }
        assert differing <= {"last_seen_at", "reader_count"}, table


def test_the_gate_is_passed_with_its_cookie_and_never_stored(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(gate=True)
    done = archive.crawl("catalogue", "--concurrency", "1")
    assert done.returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]
    assert archive.asked(403) == ["/content.html"]
    assert archive.rows("SELECT count(*) FROM posts WHERE markdown LIKE '%window.location%'") == [(0,)]


def test_a_page_that_fails_is_a_gap_and_the_next_run_gets_it(crawled: Callable[..., Crawled]) -> None:
    number = 105
    archive = crawled(broken={f"/archives/{number}": [500] * 5})
    done = archive.crawl("catalogue")
    assert done.returncode == 3
    assert "archiver gaps" in done.stdout
    found = archive.rows("SELECT state, reason FROM frontier WHERE url LIKE ?", f"%/archives/{number}")
    assert found == [("failed", "HTTP 500")]
    before = len(archive.blog.requests)
    assert archive.crawl("catalogue").returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]
    later = [target for _, target, _ in archive.blog.requests[before:]]
    assert f"/archives/{number}" in later
    assert "/content.html" in later


def test_a_page_that_is_not_there_is_no_reason_to_run_again(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(broken={"/archives/105": 404})
    assert archive.crawl("catalogue").returncode == 0
    assert archive.rows("SELECT reason FROM gaps WHERE url LIKE '%/archives/105'") == [("HTTP 404",)]


def test_a_truncated_page_is_never_stored(crawled: Callable[..., Crawled]) -> None:
    archive = crawled(broken={"/archives/105": "truncate"})
    assert archive.crawl("catalogue").returncode == 3
    assert archive.rows("SELECT count(*) FROM posts WHERE id = 105") == [(0,)]


def test_pages_without_anything_known_in_them_end_with_their_own_exit_code(crawled: Callable[..., Crawled]) -> None:
    from archiver.sample import SampleResponse

    shell = SampleResponse(200, {"Content-Type": "text/html"}, b"<html><body><p>A new theme</p></body></html>")
    archive = crawled(overrides={"/content.html": shell})
    done = archive.crawl("catalogue")
    assert done.returncode == 6
    assert "1 of 1 catalogue pages are not as expected" in done.stdout


def test_a_limit_stops_early_and_the_next_run_goes_on(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    first = archive.crawl("catalogue", "--limit", "3", "--concurrency", "1")
    assert (first.returncode, archive.rows("SELECT count(*) FROM posts")) == (0, [(3,)])
    assert archive.crawl("catalogue").returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]
    assert [target for target, count in Counter(archive.asked()).items() if count > 1] == [
        *("/robots.txt", "/content.html"),
    ]


def test_comments_and_images_can_be_left_out(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    assert archive.crawl("catalogue", "--no-comments", "--no-images").returncode == 0
    assert [target for target in archive.asked() if "comment-page" in target or "uploads" in target] == []


def test_one_category_can_be_walked_alone(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    assert archive.crawl("category", "--category", "Astronomy").returncode == 0
    posts = [post for post in archive.blog.source.posts if "Astronomy" in post.categories]
    assert archive.rows("SELECT count(*) FROM posts") == [(len(posts),)]


def test_a_second_run_beside_the_first_is_refused(crawled: Callable[..., Crawled]) -> None:
    from archiver.store.lock import locked

    archive = crawled()
    with locked(archive.home):
        done = archive.crawl("catalogue")
    assert done.returncode == 5
    assert re.search(r"Error: .*another run is writing to this archive \(pid \d+, since ", done.stderr)
    assert archive.blog.requests == []


def test_robots_txt_is_obeyed(crawled: Callable[..., Crawled]) -> None:
    from archiver.sample import SampleResponse

    rules = SampleResponse(200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /archives/105\n")
    archive = crawled(overrides={"/robots.txt": rules})
    assert archive.crawl("catalogue").returncode == 0
    assert not any(target.startswith("/archives/105") for target in archive.asked(None))
    gap = archive.rows("SELECT state, reason FROM frontier WHERE url LIKE '%/archives/105'")
    assert gap == [("skipped", "Forbidden by robots.txt")]


def test_an_index_that_is_not_there_is_an_error_in_one_line(crawled: Callable[..., Crawled], tmp_path: Path) -> None:
    archive = crawled()
    done = archive.crawl("index", "--index", str(tmp_path / "none.md"), index=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "none.md" in done.stderr


def test_comments_that_come_before_their_post_wait_for_it(crawled: Callable[..., Crawled]) -> None:
    """As after a kill, or when a page of comments is quicker than the reading of its post."""
    archive = crawled()
    archive.home.mkdir()
    early = Site().discussion_url(f"https://kexue.fm/archives/{TWO_PAGES}", 1)
    with Archive(database_url(archive.home)) as database:
        _, cycle = runs.begin(database.session, "crawl catalogue", now=timestamp())
        frontier.add(database.session, early, "comments", run_id=cycle, now=timestamp())
        database.commit()
    assert archive.crawl("catalogue", "--concurrency", "1", index=False).returncode == 0
    first = next(target for target in archive.asked() if target.startswith("/archives/"))
    assert early.endswith(first)
    (post,) = (post for post in archive.blog.source.posts if post.id == TWO_PAGES)
    stored = archive.rows("SELECT id FROM comments WHERE post_id = ? ORDER BY id", TWO_PAGES)
    assert [number for (number,) in stored] == sorted(comment.id for comment in post.comments)
    assert max(Counter(archive.asked()).values()) == 1
