"""Network and HTTP (faults, group B): what goes wrong on the way costs a line in `gaps`, never a post.

The command runs as it does from zygote.py, with two things changed that only this module needs, so it is a program too:
settings can be set (`-s NAME=VALUE`, before all other words), and it says how much memory it took. Names below
`.invalid` are not found, without asking anybody.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from scrapy import Request
from scrapy import http as scrapy_http
from warcio.archiveiterator import ArchiveIterator

from archiver import settings
from archiver.clock import timestamp
from archiver.crawl.manners import MannersMiddleware, retry_after
from archiver.crawl.place import ArchiveLocation
from archiver.crawl.run import Run
from archiver.crawl.wire import Exchange
from archiver.errand import KEY, Errand
from archiver.sample import SampleBlog, SampleResponse, SampleSource, serving
from archiver.urls import Site
from archiver.warc import message
from archiver.warc.reader import Record, iter_records, read_record
from archiver.warc.storage import Storage
from tests.certificates import Certificates
from tests.crawl.odd_server import FLOODS, MOST_SENT, End, OddServer, Reply
from tests.zygote import ROOT, Completed, Zygote

TIMEOUT = 1.0
"""Seconds a request may take, where that is the point; longer than any honest answer takes here."""

CAP = 200_000
"""Bytes a response may have, where that is the point."""

MIB = 1 << 20
MEMORY = 250
"""MiB that a run may take, whatever is sent to it."""

HTML = "text/html; charset=UTF-8"
POSTS = (274, 251, 192, 144, 131, 105, 12)
"""Posts of the blog that is crawled whole; one has a picture."""


@cache
def sample() -> SampleBlog:
    return SampleBlog()


@cache
def few_posts() -> SampleSource:
    source = sample().source
    for post in source.posts:
        if post.id not in POSTS:
            source = source.deleted(post.id)
    return source


def small_blog() -> Blog:
    return Blog(few_posts())


# -- the command -------------------------------------------------------------------------------------------------------


class Tuned(Zygote):
    """Runs the command with other settings, and knows what memory it took."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.output, self.errors = folder / "output", folder / "errors"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crawl.test_faults_network"],
            cwd=ROOT,
            env=kept | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.memory = 0
        """MiB the last command took at most."""

    def __call__(self, *arguments: str | Path) -> Completed:
        done = super().__call__(*arguments)
        *errors, memory = done.stderr.splitlines(keepends=True)
        self.memory = int(memory)
        return Completed(done.args, done.returncode, done.stdout, "".join(errors))


def main() -> None:
    """Be the program: serve commands as zygote.py does."""
    from archiver.cli import main as command
    from tests import zygote

    def tuned(arguments: list[str]) -> None:
        while arguments[0] == "-s":
            name, _, value = arguments[1].partition("=")
            setattr(settings, name, ast.literal_eval(value))
            arguments = arguments[2:]
        try:
            command(arguments)
        finally:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, file=sys.stderr)

    ask = socket.gethostbyname

    def look_up(name: str) -> str:
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(name)

    zygote.command = tuned  # type: ignore[assignment,attr-defined]
    socket.gethostbyname = look_up
    zygote.main()


class Archive:
    """An archive, and how to crawl a site into it."""

    def __init__(self, command: Tuned, home: Path) -> None:
        self.command, self.home, self.site = command, home, ""

    def crawl(self, *words: str, **changed: object) -> Completed:
        """Crawl as fast as it goes, one request at a time, with some settings changed."""
        tuning = [word for name, value in changed.items() for word in ("-s", f"{name}={value!r}")]
        quick = ("--delay", "0", "--concurrency", "1")
        return self.command(*tuning, "--home", self.home, "crawl", "--site", self.site, *quick, *words)

    def fetch(self, *posts: int, words: tuple[str, ...] = (), **changed: object) -> Completed:
        """Crawl nothing but robots.txt and these posts."""
        index = self.home.parent / f"{self.home.name}.md"
        links = (f"- [Post {number}](https://kexue.fm/archives/{number})\n" for number in posts)
        index.write_text("# Index\n\n## Topic\n\n" + "".join(links))
        return self.crawl("index", "--index", str(index), "--no-images", "--no-comments", *words, **changed)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.home / 'archive.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    def posts(self) -> set[int]:
        return {number for (number,) in self.rows("SELECT id FROM posts")}

    def state(self, post: int) -> str:
        ((state,),) = self.rows("SELECT state FROM frontier WHERE url = ?", f"https://kexue.fm/archives/{post}")
        return str(state)

    def gap(self, post: int) -> str:
        """Return why a post is missing."""
        ((reason,),) = self.rows("SELECT reason FROM gaps WHERE url = ?", f"https://kexue.fm/archives/{post}")
        return str(reason)

    def records(self, post: int) -> list[Record]:
        """Return the responses recorded for a post, oldest first."""
        query = "SELECT warc_file, warc_offset FROM captures WHERE url = ? ORDER BY id"
        found = self.rows(query, f"https://kexue.fm/archives/{post}")
        return [read_record(Storage(self.home / "warc"), file, offset) for file, offset in found]

    def dump(self, table: str) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT * FROM {table} ORDER BY 1")


class Heard(NamedTuple):
    """One request as it came in."""

    moment: float
    target: str
    headers: dict[str, str]


Answer = Callable[[dict[str, str]], SampleResponse | None]
"""What is answered to a request with these headers; None for what the blog says."""


class Blog(SampleBlog):
    """A sample blog that hears when it is asked, and answers what it is told to: the last answer for ever."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.heard: list[Heard] = []
        self.answers: dict[str, list[Answer]] = {}

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        asked = {name.lower(): value for name, value in headers.items()}
        self.heard.append(Heard(time.time(), target, asked))
        answers = self.answers.get(target, [])
        answer = answers.pop(0) if len(answers) > 1 else answers[0] if answers else lambda _: None
        return answer(asked) or super().respond(method, target, headers)

    def targets(self) -> list[str]:
        return [heard.target for heard in self.heard]


def always(response: SampleResponse) -> list[Answer]:
    return [lambda _: response]


def once(response: SampleResponse) -> list[Answer]:
    return [lambda _: response, lambda _: None]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Tuned]:
    folder = tmp_path_factory.mktemp("tuned")
    command = Tuned(folder, SSL_CERT_FILE=str(certificates.authority_file), SSL_CERT_DIR=str(folder / "none"))
    yield command
    command.close()


@pytest.fixture(scope="module")
def new_archive(command: Tuned, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Archive]:
    return lambda: Archive(command, tmp_path_factory.mktemp("home") / "archive")


@pytest.fixture
def archive(new_archive: Callable[[], Archive]) -> Archive:
    return new_archive()


@pytest.fixture
def blog(archive: Archive) -> Iterator[Blog]:
    """The blog that `archive` is crawled from."""
    blog = small_blog()
    with serving(blog) as archive.site:
        yield blog


@pytest.fixture(scope="module")
def whole(new_archive: Callable[[], Archive]) -> Path:
    """Home of a complete archive of the small blog."""
    archive = new_archive()
    with serving(small_blog()) as archive.site:
        assert archive.crawl("catalogue").returncode == 0
    return archive.home


@pytest.fixture
def complete(archive: Archive, whole: Path) -> Archive:
    """A complete archive of its own."""
    shutil.copytree(whole, archive.home)
    return archive


# -- raw answers -------------------------------------------------------------------------------------------------------


class Replies(dict[str, Reply]):
    """Raw replies by path, and the sample blog's own for every other."""

    def __missing__(self, path: str) -> Reply:
        response = sample().respond("GET", path, {"Host": "kexue.fm"})
        lines = [f"HTTP/1.1 {response.status} OK", *(f"{name}: {value}" for name, value in response.headers.items())]
        return reply("\n".join([*lines, "Content-Length: %d"]), response.body)


def reply(head: str | bytes, body: bytes = b"", end: End = End.KEEP, pause: float = 0.0) -> Reply:
    """Return a reply in one piece, from a head with plain line ends; `%d` becomes the length of the body."""
    lines = (head.encode("latin-1") if isinstance(head, str) else head).replace(b"%d", b"%d" % len(body)).split(b"\n")
    return Reply((b"\r\n".join(lines) + b"\r\n\r\n" + body,), end, pause)


@cache
def page(post: int) -> bytes:
    """Return the page of a post, the same each time."""
    return sample().respond("GET", f"/archives/{post}", {"Host": "kexue.fm"}).body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@dataclass
class Crawled:
    """A crawl of raw replies."""

    archive: Archive
    server: OddServer
    done: Completed

    def times(self, post: int) -> int:
        """Return how many times a post was asked for."""
        return len(self.server.served.get(f"/archives/{post}", []))

    def sent(self, post: int) -> list[bytes]:
        """Return what was sent for a post, each time."""
        return [bytes(served.sent) for served in self.server.served.get(f"/archives/{post}", [])]


OK = "HTTP/1.1 200 OK\nContent-Type: text/html"
GOOD = 105
"""A post nothing happens to: everything else must not be in its way."""

BROKEN = {
    9001: reply(f"{OK}\nContent-Length: 99999", page(GOOD), End.CLOSE),
    9002: reply(f"{OK}\nTransfer-Encoding: chunked", chunked(page(GOOD))[:-9], End.CLOSE),
    9003: reply(f"{OK}\nContent-Length: 99999", page(GOOD), End.RESET, pause=0.2),
}
SLOW = 9004
ENDLESS = {9005: FLOODS["/endless"], 9006: FLOODS["/endless-chunks"]}
HUGE = 9007

NO_LENGTHS = {9011: "-5", 9012: "12abc"}
TWO_LENGTHS = 9013
UNENDED = 144
BOTH = 131


@pytest.fixture(scope="module")
def broken(new_archive: Callable[[], Archive]) -> Iterator[Crawled]:
    """Answers that break off, drip, or never end, before a good one; each tried twice, by one request at a time."""
    odd = {
        **BROKEN,
        **ENDLESS,
        SLOW: Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", *[b"x"] * 100), pause=0.1),
        HUGE: reply(f"{OK}\nContent-Length: 999999999999", page(GOOD), End.STALL),
    }
    with OddServer(Replies({f"/archives/{number}": reply for number, reply in odd.items()})) as server:
        archive = new_archive()
        archive.site = server.base
        done = archive.fetch(*odd, GOOD, DOWNLOAD_TIMEOUT=TIMEOUT, DOWNLOAD_MAXSIZE=CAP, RETRY_TIMES=1)
        yield Crawled(archive, server, done)


@pytest.fixture(scope="module")
def malformed(new_archive: Callable[[], Archive]) -> Iterator[Crawled]:
    """Answers that contradict themselves about their length."""
    body = page(GOOD)
    odd = {number: reply(f"{OK}\nContent-Length: {length}", body) for number, length in NO_LENGTHS.items()}
    odd[TWO_LENGTHS] = reply(f"{OK}\nContent-Length: 4\nContent-Length: %d", body)
    odd[UNENDED] = reply(OK, page(UNENDED), End.RESET, pause=0.1)
    odd[BOTH] = reply(f"{OK}\nContent-Length: 7\nTransfer-Encoding: chunked", chunked(page(BOTH)))
    with OddServer(Replies({f"/archives/{number}": reply for number, reply in odd.items()})) as server:
        archive = new_archive()
        archive.site = server.base
        yield Crawled(archive, server, archive.fetch(BOTH, GOOD, *odd, RETRY_TIMES=0))


def test_what_goes_wrong_with_some_pages_leaves_the_others_alone(broken: Crawled, malformed: Crawled) -> None:
    """Cases 20 to 23."""
    assert (broken.archive.posts(), broken.done.returncode) == ({GOOD}, 3)
    assert (malformed.archive.posts(), malformed.done.returncode) == ({GOOD, BOTH}, 3)
    assert broken.done.stderr == malformed.done.stderr == ""


@pytest.mark.parametrize("post", BROKEN, ids=["length", "chunks", "reset"])
def test_an_answer_that_breaks_off_is_asked_for_again_and_then_listed(broken: Crawled, post: int) -> None:
    """Case 20."""
    assert broken.times(post) == 2
    assert broken.archive.state(post) == "failed"
    assert broken.archive.gap(post).startswith("the answer ended before it was whole")


@pytest.mark.parametrize("post", BROKEN, ids=["length", "chunks", "reset"])
def test_an_answer_that_breaks_off_is_kept_as_what_it_is(broken: Crawled, post: int) -> None:
    """Case 20."""
    records = broken.archive.records(post)
    assert len(records) == 2
    for record in records:
        assert record.header("WARC-Truncated") == "disconnect"
        assert record.entity
        assert page(GOOD).startswith(record.entity)


def test_an_answer_without_a_length_is_whole_only_if_its_connection_ended_in_order(malformed: Crawled) -> None:
    """Case 20. Scrapy takes it for whole, and here it is: by its bytes nobody could tell."""
    assert malformed.archive.gap(UNENDED) == "the response broke off: disconnect"
    (record,) = malformed.archive.records(UNENDED)
    assert record.header("WARC-Truncated") == "disconnect"


def test_chunks_count_where_a_length_contradicts_them(malformed: Crawled) -> None:
    """Case 21: RFC 9112, section 6.3."""
    (record,) = malformed.archive.records(BOTH)
    assert (record.entity, record.header("WARC-Truncated")) == (page(BOTH), None)


def test_a_record_of_such_an_answer_has_both_and_the_chunks_count(malformed: Crawled) -> None:
    """Case 21."""
    (record,) = malformed.archive.records(BOTH)
    assert record.http_header(b"content-length") == "7"
    assert record.entity == page(BOTH)


@pytest.mark.parametrize("post", [*NO_LENGTHS, TWO_LENGTHS], ids=["negative", "malformed", "two"])
def test_a_length_that_makes_no_sense_is_no_content(malformed: Crawled, post: int) -> None:
    """Case 21."""
    assert malformed.archive.state(post) == "failed"
    assert [record.header("WARC-Truncated") for record in malformed.archive.records(post)] == ["unspecified"]


@pytest.mark.parametrize("post", NO_LENGTHS, ids=["negative", "malformed"])
def test_a_length_that_makes_no_sense_is_named(malformed: Crawled, post: int) -> None:
    """Case 21."""
    assert NO_LENGTHS[post] in malformed.archive.gap(post)


def test_a_page_that_drips_is_given_up_at_the_deadline(broken: Crawled) -> None:
    """Case 22: each byte comes in time, the page does not."""
    assert broken.times(SLOW) == 2
    assert broken.archive.gap(SLOW).startswith("no whole answer came in time")
    assert {record.header("WARC-Truncated") for record in broken.archive.records(SLOW)} == {"time"}


@pytest.mark.parametrize("post", [*ENDLESS, HUGE], ids=["body", "chunks", "declared"])
def test_a_body_beyond_the_cap_is_cut_there_and_listed(broken: Crawled, post: int) -> None:
    """Case 23."""
    assert broken.times(post) == 1, "expected no second try: it would be as large"
    assert broken.archive.gap(post).startswith("the answer is larger than the limit")
    (record,) = broken.archive.records(post)
    assert record.header("WARC-Truncated") == "length"
    assert len(record.block) < CAP + MIB
    assert len(broken.sent(post)[0]) < MOST_SENT, "expected the client to hang up"


# -- redirects ---------------------------------------------------------------------------------------------------------

LOOP, SIX_HOPS, FIVE_HOPS, ELSEWHERE, OTHER_POST, REFERRING = 9101, 9102, GOOD, 9103, 9104, 9105
SCHEMES = {
    9111: "file:///etc/passwd",
    9112: "data:text/html,<h1>data</h1>",
    9113: "ftp://127.0.0.1/archives/105",
    9114: "javascript:alert(1)",
}
NOWHERE = {9121: "http://[::1", 9122: "http://127.0.0.1:99999/", 9123: "//", 9124: "http://user:word@127.0.0.1/"}
"""Redirects to what is no address, or none that is asked for."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[OddServer]:
    """Another site, which has all the posts too."""
    with OddServer(Replies()) as server:
        yield server


@pytest.fixture(scope="module")
def redirected(new_archive: Callable[[], Archive], elsewhere: OddServer) -> Iterator[Crawled]:
    targets = {number: target.encode() for number, target in {**SCHEMES, **NOWHERE}.items()}
    targets |= {LOOP: b"/loop", SIX_HOPS: b"/hop/1", FIVE_HOPS: b"/hop/2"}
    targets |= {ELSEWHERE: f"{elsewhere.base}/archives/{GOOD}".encode(), OTHER_POST: b"/archives/131"}
    paths = {f"/archives/{number}": target for number, target in targets.items()}
    paths |= {f"/hop/{hop}": f"/hop/{hop + 1}".encode() for hop in range(1, 5)}
    paths |= {"/hop/5": f"/archives/{GOOD}?whole".encode(), "/loop": f"/archives/{LOOP}".encode()}
    replies = {path: reply(b"HTTP/1.1 302 Found\nContent-Length: 0\nLocation: " + to) for path, to in paths.items()}
    replies[f"/archives/{GOOD}?whole"] = reply(f"{OK}\nContent-Length: %d", page(GOOD))
    with OddServer(Replies(replies)) as server:
        archive = new_archive()
        archive.site = server.base
        yield Crawled(archive, server, archive.fetch(*targets))


def test_five_hops_are_followed_and_a_sixth_is_not(redirected: Crawled) -> None:
    """Case 24."""
    assert redirected.archive.state(FIVE_HOPS) == "done"
    assert GOOD in redirected.archive.posts()
    assert redirected.archive.gap(SIX_HOPS) == "max redirections reached"


def test_a_redirect_loop_ends_and_is_listed(redirected: Crawled) -> None:
    """Case 24."""
    assert redirected.times(LOOP) == 3
    assert redirected.archive.gap(LOOP) == "max redirections reached"


@pytest.mark.parametrize("post", SCHEMES, ids=["file", "data", "ftp", "javascript"])
def test_a_redirect_to_another_scheme_is_listed_with_where_it_leads(redirected: Crawled, post: int) -> None:
    """Case 24."""
    assert redirected.times(post) == 1
    assert SCHEMES[post] in redirected.archive.gap(post)
    assert [record.http_status for record in redirected.archive.records(post)] == [302]


@pytest.mark.parametrize("post", NOWHERE, ids=["bracket", "port", "empty", "user"])
def test_a_redirect_to_what_is_no_address_is_listed(redirected: Crawled, post: int) -> None:
    """Case 24."""
    assert redirected.archive.state(post) == "failed"
    assert redirected.archive.gap(post)


def test_a_redirect_to_another_site_is_not_archived_as_the_post(redirected: Crawled, elsewhere: OddServer) -> None:
    """Case 25."""
    assert redirected.archive.gap(ELSEWHERE).startswith("out of bounds: on another site")
    assert elsewhere.served == {}


def test_a_redirect_to_another_post_is_listed_and_that_post_archived(redirected: Crawled) -> None:
    """Case 25."""
    assert redirected.archive.posts() == {GOOD, 131}
    assert redirected.archive.state(OTHER_POST) == "failed"
    assert "/archives/131" in redirected.archive.gap(OTHER_POST)


def test_a_redirect_from_https_to_http_is_refused_and_flagged(archive: Archive, certificates: Certificates) -> None:
    """Case 25."""
    replies = Replies()
    with OddServer(replies, certificates.context("good")) as server:
        archive.site = server.base
        down = f"http{server.base.removeprefix('https')}/archives/{REFERRING}"
        replies[f"/archives/{REFERRING}"] = reply(f"HTTP/1.1 301 Moved\nContent-Length: 0\nLocation: {down}")
        assert archive.fetch(REFERRING, GOOD).returncode == 0
    assert archive.gap(REFERRING).startswith("out of bounds: a redirect from https to http")
    assert archive.posts() == {GOOD}


# -- refusals ----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def refusal(status: int, wait: str | None = None) -> SampleResponse:
    return SampleResponse(
        status, {"Content-Type": HTML} | ({"Retry-After": wait} if wait is not None else {}), b"not now"
    )


def as_scrapy_has_it(status: int, wait: str | None = None) -> scrapy_http.Response:
    headers = {"Retry-After": wait} if wait is not None else {}
    return scrapy_http.Response("https://kexue.fm/archives/105", status=status, headers=headers)


@pytest.mark.parametrize(
    ("wait", "meant"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("1000000000", DAY),
        pytest.param("9" * 400, DAY, id="400 digits"),
        ("Sat, 21 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Saturday, 21-Nov-26 12:05:00 GMT", timedelta(minutes=5)),
        ("Sat Nov 21 12:05:00 2026", timedelta(minutes=5)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("-5", None),
        ("1e9", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Sat, 99 Nov 2026 99:99:99 GMT", None),
        (None, None),
        pytest.param(
            "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
            None,
            id="year beyond time",
        ),
    ],
)
def test_how_long_to_wait_is_read_from_seconds_and_dates(wait: str | None, meant: timedelta | None) -> None:
    """Case 26: what is no time says nothing, absurd times are cut to a day."""
    assert retry_after(as_scrapy_has_it(429, wait), NOW) == meant


def test_a_short_rest_is_kept_by_the_whole_host_and_the_run_goes_on(archive: Archive, blog: Blog) -> None:
    """Case 26."""
    blog.answers["/archives/131"] = once(refusal(429, "1"))
    done = archive.fetch(144, 131, GOOD)
    assert done.returncode == 0
    assert archive.posts() == {144, 131, GOOD}
    *before, refused, again, last = blog.heard
    assert [heard.target for heard in before] == ["/robots.txt", "/archives/144"]
    assert {again.target, last.target} == {"/archives/131", f"/archives/{GOOD}"}
    assert refused.target == "/archives/131"
    assert again.moment - refused.moment >= 1


@pytest.mark.parametrize("said", ["seconds", "date"])
def test_a_long_rest_ends_the_run_and_the_next_one_keeps_to_it(archive: Archive, blog: Blog, said: str) -> None:
    """Case 26: at most a day of it, once a second address asks for it; then the next run goes on where it was."""
    wait = {"seconds": "1000000000", "date": format_datetime(datetime.now(UTC) + 30 * DAY, usegmt=True)}[said]
    blog.answers["/archives/131"] = once(refusal(429, wait))
    blog.answers["/archives/97"] = once(refusal(429, wait))
    first = archive.fetch(144, 131, 97, GOOD)
    assert (first.returncode, first.stderr) == (7, "")
    assert "refused us for 1 day" in first.stdout
    assert len(blog.targets()) == 4
    assert f"/archives/{GOOD}" not in blog.targets()
    ((until,),) = archive.rows("SELECT rest_until FROM runs")
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= DAY

    second = archive.fetch(144, 131, 97, GOOD)
    assert (second.returncode, second.stdout) == (7, "")
    assert second.stderr == f"Error: the site wants no requests before {until}; run again then\n"
    assert len(blog.heard) == 4

    a_day_later(archive)
    assert archive.fetch(144, 131, 97, GOOD).returncode == 0
    assert archive.posts() == {144, 131, GOOD}
    assert set(blog.targets()[4:]) == {"/robots.txt", "/archives/131", "/archives/97", f"/archives/{GOOD}"}


def test_one_address_that_asks_for_a_long_rest_ends_nothing_and_gets_it(archive: Archive, blog: Blog) -> None:
    blog.answers["/archives/131"] = always(refusal(429, "86400"))
    first = archive.fetch(144, 131, GOOD)
    assert first.returncode == 3
    assert archive.posts() == {144, GOOD}
    before = len(blog.heard)
    assert archive.fetch(144, 131, GOOD, words=("--recheck", "0")).returncode == 0
    assert blog.targets()[before:] == []


@pytest.mark.parametrize("answer", [403, 429, 503])
def test_one_address_that_refuses_for_ever_keeps_no_run_from_the_rest(
    archive: Archive, blog: Blog, answer: int
) -> None:
    blog.answers["/archives/131"] = always(refusal(answer))
    assert archive.fetch(131, 144, GOOD, RETRY_TIMES=1).returncode == 3
    assert archive.posts() == {144, GOOD}
    assert archive.gap(131) == f"HTTP {answer}"


def a_day_later(archive: Archive) -> None:
    """Put back by a day what the archive waits for."""
    connection = sqlite3.connect(archive.home / "archive.db")
    with connection:
        for table, column in (("runs", "rest_until"), ("frontier", "not_before")):
            connection.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '-1 day')")
    connection.close()


@pytest.mark.parametrize("refused", [429, 503, 403, "reset"])
def test_refusals_in_a_row_end_the_run_and_no_post_counts_as_gone(
    complete: Archive, blog: Blog, refused: int | str
) -> None:
    """Case 27: also connections cut, by which the blog was seen to ban."""
    before = complete.dump("posts")
    for post in POSTS:
        if isinstance(refused, int):
            blog.answers[f"/archives/{post}"] = always(refusal(refused))
        else:
            blog.broken[f"/archives/{post}"] = "reset"
    done = complete.crawl("catalogue", "--full", "--concurrency", "8")
    assert (done.returncode, done.stderr) == (7, "")
    assert "at 5 addresses in a row" in done.stdout
    assert complete.dump("posts") == before
    assert {complete.state(post) for post in POSTS} == {"pending"}

    blog.answers.clear()
    blog.broken.clear()
    assert complete.crawl("catalogue", "--full", "--concurrency", "8").returncode == 0
    assert complete.rows("SELECT status, missing_runs, count(*) FROM posts") == [("live", 0, len(POSTS))]
    assert complete.rows("SELECT count(*) FROM post_revisions") == [(len(POSTS),)]


def test_what_was_refused_before_an_answer_waits_too_when_the_run_ends_refused(complete: Archive, blog: Blog) -> None:
    first, answered, *later = POSTS
    paths = {post: f"/archives/{post}" for post in POSTS}

    def until(happened: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 10
        while not happened() and time.monotonic() < give_up:
            time.sleep(0.01)

    done = threading.Event()

    def late_answer(_: object) -> None:
        until(lambda: blog.targets().count(paths[first]) > 1)
        done.set()

    def late_refusal(_: object) -> SampleResponse:
        done.wait(10)
        time.sleep(0.5)  # for the answer to arrive before it
        return refusal(403)

    blog.heard.clear()
    blog.answers[paths[first]] = always(refusal(403))
    blog.answers[paths[answered]] = [late_answer]
    for post in later:
        blog.answers[paths[post]] = [late_refusal]
    assert complete.crawl("catalogue", "--full", "--concurrency", "8").returncode == 7
    assert {complete.state(post) for post in (first, *later)} == {"pending"}
    assert complete.state(answered) == "done"


def test_why_a_connection_failed_is_said_in_words_while_it_waits_to_be_repeated(archive: Archive, blog: Blog) -> None:
    """Cases 20 and 27."""
    blog.broken["/archives/131"] = "reset"
    blog.answers[f"/archives/{GOOD}"] = always(refusal(429, "86400"))
    assert archive.fetch(131, GOOD).returncode == 7
    assert "Failure" not in archive.gap(131)


def test_each_refusal_rests_the_host_for_longer() -> None:
    """Case 27: as long as the server names no time."""
    run = Resting()
    manners = MannersMiddleware(run, retries=9, pause=3.0, passing=())  # type: ignore[arg-type]
    for attempt in range(4):
        request = Request("https://kexue.fm/archives/105", meta={KEY: Errand(attempts=attempt)})
        manners.process_response(request, as_scrapy_has_it(503))
    assert run.rests == [timedelta(seconds=seconds) for seconds in (6, 12, 24, 48)]


def test_an_address_that_is_forbidden_is_asked_for_once_more() -> None:
    manners = MannersMiddleware(Resting(), retries=9, pause=0.0, passing=())  # type: ignore[arg-type]
    forbidden = as_scrapy_has_it(403)
    requests = [Request(forbidden.url, meta={KEY: Errand(attempts=attempt)}) for attempt in range(3)]
    again = [manners.process_response(request, forbidden) for request in requests]
    assert [isinstance(each, Request) for each in again] == [True, False, False]


def test_refusals_end_the_run_only_in_a_row() -> None:
    run = Resting()
    manners = MannersMiddleware(run, retries=0, pause=0.0, passing=())  # type: ignore[arg-type]

    def ask(number: int, status: int) -> None:
        url = f"https://kexue.fm/archives/{number}"
        manners.process_response(Request(url), scrapy_http.Response(url, status=status))

    for number in range(1, 13):
        ask(number, 429 if number % 4 else 200)
        assert (run.unanswered is None) == (number % 4 == 0)
    assert run.stopped is None
    ask(3, 200)  # which was refused before
    for number in range(13, 18):
        ask(13, 429)  # which counts once
        assert run.stopped is None
        ask(number, 429)
    assert "at 5 addresses in a row" in str(run.stopped)
    refused = {f"https://kexue.fm/archives/{number}" for number in range(1, 18) if number % 4 or number > 12}
    refused -= {"https://kexue.fm/archives/3"}
    assert run.waiting == refused


class Resting:
    """As much of a run as manners need."""

    site = Site()

    def __init__(self) -> None:
        self.unanswered: Exception | None = None
        self.rests: list[timedelta] = []
        self.stopped: Exception | None = None
        self.waiting: set[str] = set()

    def stop(self, reason: Exception) -> None:
        self.stopped = reason

    def have_wait(self, url: str, reason: str) -> None:
        self.waiting.add(url)

    def rest(self, wait: timedelta, reason: str) -> None:
        self.rests.append(wait)


# -- robots.txt, and pauses --------------------------------------------------------------------------------------------


def rules(text: str) -> SampleResponse:
    return SampleResponse(200, {"Content-Type": "text/plain"}, text.encode())


@dataclass
class Ruleless:
    """A run that could not have the site's rules, and one that could."""

    archive: Archive
    heard: list[str]
    first: Completed
    state: str
    reason: str
    """Of the gap that the post was after the first run."""
    words: str
    """What the reason is known by."""
    second: Completed


NO_RULES: dict[str, tuple[Reply | None, str]] = {
    "503": (reply("HTTP/1.1 503 Busy\nContent-Length: %d\nRetry-After: 1", b"busy"), "503"),
    "timeout": (Reply((), End.STALL), "took longer"),
    "cut": (Reply((), End.RESET), "Connection to the other side was lost"),
    "refused": (None, "refused"),
    "unknown": (None, "DNS lookup failed"),
}
"""What is answered when robots.txt is asked for, None when nobody is there; and words by which that is known."""


@pytest.fixture(scope="module", params=NO_RULES)
def ruleless(new_archive: Callable[[], Archive], request: pytest.FixtureRequest) -> Iterator[Ruleless]:
    archive = new_archive()
    answer, words = NO_RULES[request.param]
    replies = Replies({"/robots.txt": answer} if answer else {})
    with OddServer(replies) as server:
        nobody = {"refused": f"http://127.0.0.1:{free_port()}", "unknown": "http://blog.invalid"}
        archive.site = nobody.get(request.param, server.base)
        first = archive.fetch(GOOD, DOWNLOAD_TIMEOUT=TIMEOUT, RETRY_TIMES=1)
        heard = list(server.served)
        state, reason = archive.state(GOOD), archive.gap(GOOD)
        replies.clear()
        archive.site = server.base
        yield Ruleless(archive, heard, first, state, reason, words, archive.fetch(GOOD))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_without_rules_nothing_is_asked_for_and_the_run_ends(ruleless: Ruleless) -> None:
    """Cases 28 and 29."""
    assert (ruleless.first.returncode, ruleless.first.stderr) == (7, "")
    assert "/robots.txt" in ruleless.first.stdout
    assert set(ruleless.heard) <= {"/robots.txt"}


def test_why_there_are_no_rules_is_in_the_report(ruleless: Ruleless) -> None:
    """Cases 28 and 29."""
    assert ruleless.words in ruleless.first.stdout


def test_why_there_are_no_rules_is_in_the_gap(ruleless: Ruleless) -> None:
    """Cases 28 and 29."""
    assert ruleless.words in ruleless.reason
    assert "Failure" not in ruleless.reason


def test_the_run_after_one_without_rules_gets_what_that_did_not(ruleless: Ruleless) -> None:
    """Cases 28 and 29."""
    assert ruleless.state != "skipped"
    assert ruleless.second.returncode == 0
    assert ruleless.archive.posts() == {GOOD}


def test_rules_that_cannot_be_had_are_not_asked_for_in_a_hurry(archive: Archive, blog: Blog) -> None:
    """Cases 26 and 28."""
    blog.answers["/robots.txt"] = always(refusal(503, "1"))
    archive.fetch(GOOD)
    pauses = [later.moment - earlier.moment for earlier, later in pairwise(blog.heard)]
    assert all(pause >= 1 for pause in pauses)


@pytest.mark.parametrize(
    "answer",
    [
        SampleResponse(404, {}, b"none"),
        SampleResponse(200, {"Content-Type": HTML}, b"<html><body>\nDisallow: /\n</body></html>"),
    ],
    ids=["none", "a page"],
)
def test_rules_that_are_not_there_or_none_forbid_nothing(archive: Archive, blog: Blog, answer: SampleResponse) -> None:
    """Case 28."""
    blog.answers["/robots.txt"] = always(answer)
    assert archive.fetch(GOOD).returncode == 0
    assert archive.posts() == {GOOD}


def test_rules_without_end_are_read_as_far_as_they_count(archive: Archive, blog: Blog) -> None:
    """Case 28: 10 MB of them cost neither time nor memory."""
    comments = "# This line says nothing.\n" * 400_000
    text = f"User-agent: *\nDisallow: /archives/131\n{comments}Disallow: /archives/{GOOD}\n"
    assert len(text) > 10**7
    blog.answers["/robots.txt"] = always(rules(text))
    assert archive.fetch(131, GOOD).returncode == 0
    assert (archive.posts(), archive.gap(131)) == ({GOOD}, "Forbidden by robots.txt")
    assert archive.command.memory < MEMORY


def test_what_the_rules_forbid_today_is_asked_for_when_they_allow_it(archive: Archive, blog: Blog) -> None:
    """Case 28."""
    blog.answers["/robots.txt"] = always(rules("User-agent: *\nDisallow: /\n"))
    archive.crawl("catalogue")
    assert blog.targets() == ["/robots.txt"]
    blog.answers.clear()
    assert archive.crawl("catalogue").returncode == 0
    assert archive.posts() == set(POSTS)


def test_the_delay_that_the_rules_ask_for_is_kept(archive: Archive, blog: Blog) -> None:
    """Case 28."""
    blog.answers["/robots.txt"] = always(rules("User-agent: *\nCrawl-delay: 0.6\n"))
    assert archive.fetch(131, GOOD, words=("--concurrency", "4")).returncode == 0
    moments = [heard.moment for heard in blog.heard]
    assert len(moments) == 3
    assert all(later - earlier > 0.5 for earlier, later in pairwise(moments))


def test_the_pause_is_kept_between_two_runs(archive: Archive, blog: Blog) -> None:
    """Case 28: coarsely; the next test is exact."""
    assert archive.fetch(GOOD).returncode == 0
    blog.answers["/robots.txt"] = always(rules("User-agent: *\nDisallow: /\n"))
    archive.fetch(131, words=("--delay", "2"))
    *_, last, first = blog.heard
    assert (last.target, first.target) == (f"/archives/{GOOD}", "/robots.txt")
    assert first.moment - last.moment > 1


def record(run: Run, response: message.Message, fetched_at: datetime) -> None:
    exchange = Exchange(
        request=b"GET / HTTP/1.1\r\n\r\n", response=response, truncated=None, ip_address="", sent_at=fetched_at
    )
    run.record("https://kexue.fm/", "https://kexue.fm/", exchange)


def test_a_response_is_not_parsed_again_on_its_way_into_the_archive(tmp_path: Path) -> None:
    response = message.parse(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)
    run = Run(ArchiveLocation(home=tmp_path), "test")
    try:
        with patch.object(message, "parse", wraps=message.parse) as parse:
            record(run, response, datetime.now(UTC))
        assert [call.args[0][:4] for call in parse.call_args_list] == [b"GET "]
    finally:
        run.close()


def test_the_pause_between_two_runs_begins_with_the_last_request(tmp_path: Path) -> None:
    """Case 28."""
    run = Run(ArchiveLocation(home=tmp_path), "test")
    try:
        last = datetime.now(UTC).replace(microsecond=999_999) - timedelta(seconds=1)
        record(run, message.parse(b"HTTP/1.1 200 OK\r\n\r\n"), last)
        run.rests.leave_time(3.0)
        assert run.rests.until
        assert run.rests.until >= last + timedelta(seconds=3)
    finally:
        run.close()


def test_the_longest_rest_counts_and_is_durable_at_once(tmp_path: Path) -> None:
    """Case 26. A run that is killed while it rests leaves the next one to keep to that."""
    run = Run(ArchiveLocation(home=tmp_path), "test")
    try:
        run.rest(timedelta(minutes=5), "busy")
        until = run.rests.until
        with closing(sqlite3.connect(tmp_path / "archive.db")) as others:
            assert until
            assert others.execute("SELECT rest_until FROM runs").fetchall() == [(timestamp(until),)]
        record(run, message.parse(b"HTTP/1.1 200 OK\r\n\r\n"), datetime.now(UTC))
        run.rests.leave_time(3.0)
        run.rest(timedelta(minutes=1), "busy")
        run.rests.asked = datetime.now(UTC) + timedelta(minutes=1)
        run.rests.keep("busy")
        assert run.rests.until == until
    finally:
        run.close()


# -- names, addresses, certificates ------------------------------------------------------------------------------------

UNPROVEN = {"expired": "expired", "wrong host": "another host", "self-signed": "self-signed"}
"""Kinds of certificate, and words by which people know what is wrong with them."""


@dataclass
class Distrusted:
    """A crawl of a site with a certificate that proves nothing."""

    archive: Archive
    done: Completed
    heard: list[str]
    words: str


@pytest.fixture(scope="module", params=UNPROVEN)
def distrusted(
    new_archive: Callable[[], Archive], certificates: Certificates, request: pytest.FixtureRequest
) -> Distrusted:
    archive = new_archive()
    with OddServer(Replies(), certificates.context(request.param)) as server:
        archive.site = server.base
        return Distrusted(archive, archive.fetch(GOOD), list(server.served), UNPROVEN[request.param])


def test_a_certificate_that_proves_who_the_server_is_is_taken(archive: Archive, certificates: Certificates) -> None:
    """Case 29: so what is refused below is refused for the reason it was made for."""
    with OddServer(Replies(), certificates.context("good")) as server:
        archive.site = server.base
        assert archive.fetch(GOOD).returncode == 0
    assert archive.posts() == {GOOD}


def test_a_certificate_that_proves_nothing_is_refused(distrusted: Distrusted) -> None:
    """Case 29: nothing is sent to such a server, and nothing taken from it."""
    assert (distrusted.done.returncode, distrusted.done.stderr) == (7, "")
    assert distrusted.heard == []
    assert distrusted.archive.rows("SELECT count(*) FROM captures") == [(0,)]


def test_what_is_wrong_with_a_certificate_is_said_in_plain_words(distrusted: Distrusted) -> None:
    """Case 29: in the report and in the gap."""
    for text in (distrusted.done.stdout, distrusted.archive.gap(GOOD)):
        assert "certificate" in text
        assert distrusted.words in text


# -- what has not changed ----------------------------------------------------------------------------------------------

WEAK, DATED, RETAGGED, PLAIN = 144, 192, 131, 274
DATE = "Fri, 20 Nov 2026 08:00:00 GMT"


@dataclass
class Validated:
    """Three runs over posts with validators and one without, and what was asked in each."""

    archive: Archive
    runs: list[list[Heard]]
    codes: list[int]
    dumps: list[dict[str, list[tuple[Any, ...]]]]

    def sent(self, run: int, target: str, name: str) -> list[str | None]:
        """Return a header of the requests for a target in a run."""
        return [heard.headers.get(name) for heard in self.runs[run] if heard.target == target]


def validating(number: int, tag: str, later: str | None = None, *, dated: bool = False) -> list[Answer]:
    """Answer as a server with a validator does: 304 to who has it, perhaps with another one."""
    name, condition = ("Last-Modified", "if-modified-since") if dated else ("ETag", "if-none-match")

    def answer(asked: dict[str, str]) -> SampleResponse:
        if asked.get(condition) == tag:
            return SampleResponse(304, {name: later or tag}, b"")
        return SampleResponse(200, {"Content-Type": HTML, name: tag}, page(number))

    return [answer]


@pytest.fixture(scope="module")
def validated(new_archive: Callable[[], Archive]) -> Validated:
    archive, blog = new_archive(), small_blog()
    blog.answers = {
        f"/archives/{WEAK}": validating(WEAK, 'W/"weak"'),
        f"/archives/{DATED}": validating(DATED, DATE, dated=True),
        f"/archives/{RETAGGED}": validating(RETAGGED, '"first"', '"second"'),
    }
    found = Validated(archive, [], [], [])
    with serving(blog) as archive.site:
        for _ in range(3):
            blog.heard = []
            found.codes.append(archive.crawl("catalogue", "--full").returncode)
            found.runs.append(blog.heard)
            found.dumps.append({table: archive.dump(table) for table in ("post_revisions", "images", "formulas")})
    return found


def test_validators_are_sent_back_as_they_came(validated: Validated) -> None:
    """Case 30: also weak ones, and dates where there is no tag."""
    assert validated.codes == [0, 0, 0]
    for run, sent in enumerate([None, 'W/"weak"', 'W/"weak"']):
        assert validated.sent(run, f"/archives/{WEAK}", "if-none-match") == [sent]
    for run, sent in enumerate([None, DATE, DATE]):
        assert validated.sent(run, f"/archives/{DATED}", "if-modified-since") == [sent]


def test_pictures_are_sent_again_only_if_they_changed(validated: Validated) -> None:
    """Case 30."""
    query = "SELECT status, count(*) FROM captures WHERE url LIKE '%/uploads/%' GROUP BY status ORDER BY status"
    assert validated.archive.rows(query) == [(200, 1), (304, 2)]


def test_what_is_confirmed_or_identical_makes_no_revision(validated: Validated) -> None:
    """Case 30."""
    assert len(validated.dumps[0]["post_revisions"]) == len(POSTS)
    assert validated.dumps[0] == validated.dumps[1] == validated.dumps[2]
    assert {validated.archive.state(post) for post in POSTS} == {"done"}


def test_a_304_with_another_tag_changes_neither_the_post_nor_what_is_asked(validated: Validated) -> None:
    """Case 30: what the archive has is what came with the first tag."""
    for run, sent in enumerate([None, '"first"', '"first"']):
        assert validated.sent(run, f"/archives/{RETAGGED}", "if-none-match") == [sent]
    tags = validated.archive.rows("SELECT etag FROM captures WHERE url LIKE ? ORDER BY id", f"%/archives/{RETAGGED}")
    assert tags == [('"first"',), ('"second"',), ('"second"',)]


def test_a_304_that_nobody_asked_for_is_a_gap(archive: Archive, blog: Blog) -> None:
    """Case 30."""
    blog.answers["/archives/131"] = always(SampleResponse(304, {}, b""))
    assert archive.fetch(131, GOOD).returncode == 3
    assert "304" in archive.gap(131)


def test_a_304_never_confirms_a_page_that_was_refused(archive: Archive, blog: Blog) -> None:
    """Cases 30 and 31."""
    login = SampleResponse(200, {"Content-Type": HTML, "ETag": '"login"'}, LOGIN)
    unmodified = SampleResponse(304, {"ETag": '"login"'}, b"")
    blog.answers["/archives/131"] = [lambda asked: unmodified if asked.get("if-none-match") == '"login"' else login]
    assert archive.fetch(131, GOOD).returncode == 3
    assert archive.fetch(131, GOOD).returncode == 3
    assert archive.state(131) == "failed"


def test_a_full_run_walks_also_lists_that_have_not_changed(complete: Archive, blog: Blog) -> None:
    """Case 30."""
    plain = blog.respond("GET", "/content.html", {"Host": "kexue.fm"})
    catalogue = SampleResponse(200, {"Content-Type": HTML, "ETag": '"list"'}, plain.body)
    unmodified = SampleResponse(304, {"ETag": '"list"'}, b"")
    blog.answers["/content.html"] = [lambda asked: unmodified if "if-none-match" in asked else catalogue]
    for _ in range(2):
        blog.heard.clear()
        assert complete.crawl("catalogue", "--full", "--recheck", "0").returncode == 0
        assert {f"/archives/{post}" for post in POSTS} <= set(blog.targets())


# -- pages in place of a post ------------------------------------------------------------------------------------------

GATE = b'<html><script>document.cookie = "seen=1"; window.location.href = window.location.href;</script></html>'
CAPTCHA = b"<html><head><title>One more step</title></head><body><h1>Are you human?</h1><form></form></body></html>"
LOGIN = b'<html><body><div class="Post"><h1><a href="/login">Log in</a></h1><form></form></div></body></html>'
DISGUISES = {131: CAPTCHA, 105: LOGIN, 12: GATE}
KEPT = ("post_revisions", "formulas", "images", "links")


@dataclass
class Disguised:
    """A complete archive before and after a run that was shown other pages in place of posts."""

    archive: Archive
    done: Completed
    before: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def disguised(new_archive: Callable[[], Archive], whole: Path) -> Disguised:
    archive, blog = new_archive(), small_blog()
    shutil.copytree(whole, archive.home)
    before = {table: archive.dump(table) for table in KEPT}
    for post, body in DISGUISES.items():
        blog.answers[f"/archives/{post}"] = always(SampleResponse(200, {"Content-Type": HTML}, body))
    with serving(blog) as archive.site:
        done = archive.crawl("catalogue", "--full", "--no-images", RETRY_TIMES=0)
    return Disguised(archive, done, before)


def test_a_page_in_place_of_a_post_never_replaces_it(disguised: Disguised) -> None:
    """Case 31: neither the gate nor a question nor a form, though they come with status 200."""
    archive = disguised.archive
    assert (disguised.done.returncode, disguised.done.stderr) == (3, "")
    assert {table: archive.dump(table) for table in KEPT} == disguised.before
    assert archive.rows("SELECT count(*) FROM comments WHERE deleted_at IS NOT NULL") == [(0,)]
    assert archive.rows("SELECT status, missing_runs, count(*) FROM posts") == [("live", 0, len(POSTS))]


@pytest.mark.parametrize("post", DISGUISES, ids=["question", "form", "gate"])
def test_a_page_in_place_of_a_post_is_kept_as_evidence_and_listed(disguised: Disguised, post: int) -> None:
    """Case 31."""
    first, *others = disguised.archive.records(post)
    assert first.body != DISGUISES[post]
    assert {record.body for record in others} == {DISGUISES[post]}
    assert disguised.archive.state(post) == "failed"
    assert disguised.archive.gap(post)


# -- heads -------------------------------------------------------------------------------------------------------------

HEADS = {
    274: b"\n".join(b"X-Line-%d: %s" % (n, b"x" * 1000) for n in range(64)),
    251: b"X-Line: " + b"x" * 16_000,
    192: b"\n".join(b"X-%d: y" % n for n in range(3000)),
    178: b'X-Two: one\nX-Two: two\nx-two: three\nETag: "one"\nETag: "two"\nContent-Type: text/plain',
    159: b"X-Eight: " + bytes(range(0x80, 0x100)) + b"\nServer: \xe8\x8b\x8f\xff",
    144: b'ETag: "one\rX-Injected: 1"\nX-Next: %%0d%%0aX-Injected: 2\nX-Bare: a\rX-Injected: 3',
    131: b"WARC/1.1\nWARC-Type: warcinfo\nWARC-Record-ID: <urn:uuid:0>\nX-Empty:",
}
HEAD_NAMES = ("64 KB", "long", "many", "twice", "8 bit", "line ends", "like a record")

COOKIES = 226
LONG_LINE = 9301
MOST_IN_A_LINE = 8190
"""Bytes of one header line that common servers take (Apache's LimitRequestFieldSize)."""


@dataclass
class Headed(Crawled):
    """A crawl of answers with odd heads."""

    again: list[bytes]
    """Requests of a second run for the post whose tag holds a line end."""


@pytest.fixture(scope="module")
def headed(new_archive: Callable[[], Archive]) -> Iterator[Headed]:
    cookies = b"\n".join(b"Set-Cookie: c%d=%s; Path=/" % (n, b"v" * 4000) for n in range(180))
    heads = {**HEADS, COOKIES: cookies, LONG_LINE: b"X-Line: " + b"x" * (64 << 10)}
    odd = {number: reply(f"{OK}\nContent-Length: %d\n".encode() + head, page(number if number < 9000 else GOOD))
           for number, head in heads.items()}  # fmt: skip
    with OddServer(Replies({f"/archives/{number}": reply for number, reply in odd.items()})) as server:
        archive = new_archive()
        archive.site = server.base
        done = archive.fetch(*HEADS, LONG_LINE, COOKIES, GOOD, RETRY_TIMES=0)
        archive.crawl("index", "--index", str(other_index(archive, 144)), "--full", "--recheck", "0", "--no-images")
        yield Headed(archive, server, done, [served.request for served in server.served["/archives/144"][1:]])


def other_index(archive: Archive, post: int) -> Path:
    """Return an index of another name, so that the run does not go on with the one before."""
    index = archive.home.parent / "other.md"
    index.write_text(f"# Index\n\n## Topic\n\n- [Post](https://kexue.fm/archives/{post})\n")
    return index


@pytest.mark.parametrize("post", [*HEADS, COOKIES], ids=[*HEAD_NAMES, "cookies"])
def test_odd_heads_are_recorded_byte_for_byte_and_do_not_hide_the_post(headed: Headed, post: int) -> None:
    """Case 32."""
    assert headed.archive.records(post)[0].block == headed.sent(post)[0]
    assert post in headed.archive.posts()


def test_what_heads_say_makes_no_records(headed: Headed) -> None:
    """Case 32: every record is whole, and one that was written on purpose; so says another reader too."""
    files = sorted((headed.archive.home / "warc").iterdir())
    ((captures,),) = headed.archive.rows("SELECT count(*) FROM captures")
    once = {"warcinfo": len(files), "resource": len(files), "metadata": len(files)}  # start, index and end of a run
    ((revisits,),) = headed.archive.rows("SELECT count(revisit_of) FROM captures")
    written = Counter(**once, request=captures, response=captures - revisits, revisit=revisits)
    assert Counter(record.type for file in files for record in iter_records(file)) == written
    types: Counter[str] = Counter()
    for file in files:
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
                types[record.rec_type] += 1
    assert types == written


def test_what_a_tag_says_is_not_sent_as_a_header(headed: Headed) -> None:
    """Case 32."""
    (request,) = headed.again
    assert b"\r\nX-Injected" not in request
    assert b"\rX-Injected" not in request


def test_a_line_longer_than_any_is_listed(headed: Headed) -> None:
    """Case 32: Twisted takes 16 KB; what came before is kept."""
    assert headed.archive.state(LONG_LINE) == "failed"
    record = headed.archive.records(LONG_LINE)[0]
    assert record.header("WARC-Truncated") == "unspecified"
    assert headed.sent(LONG_LINE)[0].startswith(record.block)


def test_a_page_full_of_cookies_is_not_in_the_way_of_others(headed: Headed) -> None:
    """Case 32."""
    after, *_ = headed.server.served[f"/archives/{GOOD}"]
    assert max(map(len, after.request.split(b"\r\n"))) <= MOST_IN_A_LINE


# -- bombs -------------------------------------------------------------------------------------------------------------


def rle_zstd(size: int) -> bytes:
    """Return a zstd frame of so many spaces (RFC 8878, section 3.1.1): blocks that say `128 KiB of this byte`."""
    blocks = size >> 17
    head = b"\x28\xb5\x2f\xfd\x00\x38"
    block = (1 << 20 | 1 << 1).to_bytes(3, "little") + b" "
    last = (1 << 20 | 1 << 1 | 1).to_bytes(3, "little") + b" "
    return head + block * (blocks - 1) + last


BROTLI = bytes.fromhex(
    "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff"
    "837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc1300715800a07bff37"
)
"""64 MiB of zeros; the library that packs them is not everywhere."""

GZIP = gzip.compress(bytes(MIB), mtime=0) * 300
BOMBS = {
    9401: ("gzip", GZIP),
    9402: ("br", BROTLI),
    9403: ("zstd", rle_zstd(300 * MIB)),
    9404: ("deflate", zlib.compress(bytes(64 * MIB), 1)),
    9405: ("gzip, gzip", gzip.compress(GZIP)),
    9406: ("x-gzip", GZIP),
    9407: ("gzip, br", BROTLI),
    9408: ("gzip", GZIP),
}


@pytest.fixture(scope="module")
def bombed(new_archive: Callable[[], Archive]) -> Iterator[tuple[Archive, Completed, int]]:
    """Small bodies that unpack to 64 MiB and more, a good page after them; what was printed, and the memory it took."""
    archive, blog = new_archive(), small_blog()
    for post, (coding, body) in BOMBS.items():
        packed = SampleResponse(200, {"Content-Type": HTML, "Content-Encoding": coding}, body)
        blog.answers[f"/archives/{post}"] = always(packed)
    with serving(blog) as archive.site:
        done = archive.fetch(*BOMBS, GOOD)
        yield archive, done, archive.command.memory


@pytest.mark.parametrize("post", BOMBS, ids=[coding for coding, _ in BOMBS.values()])
def test_a_bomb_is_refused_and_listed(bombed: tuple[Archive, Completed, int], post: int) -> None:
    """Case 33."""
    archive, done, _ = bombed
    assert (done.returncode, archive.posts()) == (3, {GOOD})
    assert "exceeded DOWNLOAD_MAXSIZE" in archive.gap(post)
    page_url = f"https://kexue.fm/archives/{post}"
    evidence = archive.rows("SELECT payload_sha256 FROM captures WHERE url = ?", page_url)
    assert evidence == [(hashlib.sha256(BOMBS[post][1]).hexdigest(),)], "expected the evidence as it came"


def test_bombs_do_not_fill_the_memory(bombed: tuple[Archive, Completed, int]) -> None:
    """Case 33."""
    *_, memory = bombed
    assert memory < MEMORY


if __name__ == "__main__":
    main()
