"""The blog given back: from a real crawl of the sample blog, and from answers recorded by hand."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.items import LEFT_OUT
from archiver.sample import SampleBlog, serving
from archiver.store import frontier, models
from archiver.store.location import database_url
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage
from archiver.web.replay import Replay
from tests.crawl.conftest import Crawled
from tests.zygote import Zygote

from .conftest import HTML, Client, Shelf, replaying

Replayed = Callable[..., Client]
ROOT = Path(__file__).parents[2]
BLOG = Site().origin
HOSTS = Site().profile.hosts

# -- a crawled blog ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twice:
    """The sample blog crawled, edited and crawled again."""

    archive: Crawled
    between: str
    """14 digits of a second between the two runs."""
    edited: int
    published: int


@pytest.fixture(scope="module")
def twice(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("twice"), blog, site)
        assert archive.crawl("--json").returncode == 0
        edited = blog.source.posts[0]
        new = next(post.id for post in blog.source.posts if post.id != edited.id) + 5000
        time.sleep(1.1)
        between = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        time.sleep(1.1)
        blog.source = blog.source.edited(edited.id, body=edited.body + "<p>后来补记：其实还有第二种证法。</p>")
        blog.source = blog.source.published(replace(edited, id=new, comments=()))
        assert archive.crawl("--full", "--json").returncode == 0
        yield Twice(archive, between, edited.id, new)


@pytest.fixture(scope="module")
def client(twice: Twice) -> Iterator[Client]:
    with replaying(twice.archive.home) as client:
        yield client


def test_every_capture_comes_back_byte_for_byte(twice: Twice, client: Client) -> None:
    every = "SELECT url, fetched_at, status, warc_file, warc_offset, id FROM captures WHERE status <> 304"
    rows = twice.archive.rows(every)
    assert len(rows) > 60
    for url, fetched_at, status, warc_file, offset, number in rows:
        record = read_record(Storage(twice.archive.home / "warc"), warc_file, offset)
        answer = client.get(f"/@{re.sub(r'[^0-9]', '', fetched_at)}id_{url.removeprefix(BLOG)}")
        assert answer.header("X-Archive-Capture") == str(number)
        assert (answer.status, answer.reason, answer.body) == (status, record.http_reason, record.entity)
        for name in ("Content-Type", "Content-Encoding"):
            assert answer.header(name) == record.http_header(name.lower().encode())


def test_pictures_are_those_of_the_blog(twice: Twice, client: Client) -> None:
    files = twice.archive.blog.source.files
    apart = "SELECT DISTINCT url FROM images WHERE url NOT IN (SELECT url FROM embedded_pictures)"
    pictures = [url.removeprefix(BLOG) for (url,) in twice.archive.rows(apart)]
    assert pictures
    for path in pictures:
        for prefix in ("", "/@id_", f"/@{twice.between}"):
            assert client.get(prefix + path).body == files[path]


def links(answer_body: bytes) -> Iterator[str]:
    """Yield every address in the attributes of a page."""
    for element in html.fromstring(answer_body).iter():
        if isinstance(element.tag, str):
            yield from (str(value) for name, value in element.items() if name in ("href", "src", "action"))


@pytest.mark.parametrize("prefix", ["", "/@2026", "/@2199"])
def test_links_of_every_page_stay_in_the_archive_and_nothing_else_changes(
    twice: Twice, client: Client, prefix: str
) -> None:
    if prefix == "/@2026" and not twice.between.startswith("2026"):
        prefix = f"/@{twice.between[:4]}"
    site = twice.archive.site
    servers = b"|".join([re.escape(site.encode()), *(b"https?://" + re.escape(host.encode()) for host in HOSTS)])
    own = re.compile(rb'((?:href|src|action)=")(?:(?:' + servers + rb')(?=[/"])/?|/)')
    pages = twice.archive.rows(
        "SELECT DISTINCT url FROM captures WHERE content_type LIKE 'text/html%' AND status = 200"
    )
    assert len(pages) > 25
    for (url,) in pages:
        path = url.removeprefix(BLOG)
        shown, raw = client.get(prefix + path), client.get("/@id_" + path)
        page, original = gzip.decompress(shown.body), gzip.decompress(raw.body)
        for address in links(page):
            parts = urlsplit(urljoin(f"http://here{prefix}{path}", address))
            assert parts.netloc not in {*HOSTS, urlsplit(site).netloc}
            assert parts.netloc != "here" or parts.path.startswith(f"{prefix}/")
        assert page.replace(b'="%s/' % prefix.encode(), b'="/') == re.sub(own, rb"\1/", original)


def test_a_page_is_shown_as_it_was(twice: Twice, replayed: Replayed) -> None:
    path, note = f"/archives/{twice.edited}", "后来补记"
    latest, then = replayed(twice.archive.home), replayed(twice.archive.home, at=iso(twice.between))

    def text(client: Client, target: str, *headers: str) -> str:
        return str(client.get(target, "Accept-Encoding: identity", *headers).body, "utf-8")

    assert note in text(latest, path)
    assert note not in text(then, path)
    assert note not in text(latest, f"/@{twice.between}{path}")
    assert note in text(then, f"/@2199{path}")
    moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.strptime(twice.between, "%Y%m%d%H%M%S"))
    assert note not in text(latest, path, f"Accept-Datetime: {moment}")
    assert latest.get(f"/archives/{twice.published}").status == 200
    assert then.get(f"/archives/{twice.published}").status == 404


def iso(digits: str) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.strptime(digits, "%Y%m%d%H%M%S"))


def test_a_page_that_came_later_is_named_with_its_date(twice: Twice, client: Client) -> None:
    answer = client.get(f"/@{twice.between}/archives/{twice.published}")
    ((fetched_at,),) = twice.archive.rows(
        "SELECT fetched_at FROM captures WHERE url = ?", f"{BLOG}/archives/{twice.published}"
    )
    hrefs = list(links(answer.body))
    exact = f"/@{re.sub(r'[^0-9]', '', fetched_at)}/archives/{twice.published}"
    assert answer.status == 404
    assert exact in hrefs
    assert f"/@{twice.between}/content.html" in hrefs
    assert client.get(exact).status == 200


def test_the_days_and_the_captures_of_a_page_are_listed(twice: Twice, client: Client) -> None:
    day = f"{twice.between[:8]}"
    assert f"/@{day}/" in set(links(client.get("/@").body))
    listed = [
        href for href in links(client.get(f"/@/archives/{twice.edited}").body) if href.endswith(str(twice.edited))
    ]
    assert len(listed) == 2
    assert all(client.get(href).status == 200 for href in listed)


def test_what_a_memento_says_of_itself(twice: Twice, client: Client) -> None:
    path = f"/archives/{twice.edited}"
    answer = client.get(path)
    link, this = answer.header("Link") or "", answer.header("Content-Location") or ""
    base = f"http://127.0.0.1:{client.port}"
    assert f'<{BLOG}{path}>; rel="original"' in link
    assert f'<{base}{path}>; rel="timegate"' in link
    assert f'<{base}/@link{path}>; rel="timemap"; type="application/link-format"' in link
    assert answer.header("Vary") == "Accept-Datetime"
    again = client.get(this.removeprefix(base))
    assert again.header("Memento-Datetime") == answer.header("Memento-Datetime")
    assert again.header("Vary") == "Accept-Encoding"
    timemap = client.get(f"/@link{path}")
    assert timemap.header("Content-Type") == "application/link-format"
    assert timemap.body.decode().count('rel="memento"') == 2
    assert f"<{this}>" in timemap.body.decode()
    assert client.get(path, "Accept-Datetime: yesterday").status == 400


# -- answers recorded by hand ------------------------------------------------------------------------------------------


def test_a_new_capture_appears_while_the_server_runs(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"first")
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"first"
    shelf.put("/archives/1", b"second", at="2026-01-02T12:00:00Z")
    shelf.put("/archives/2", b"new", at="2026-01-02T12:00:00Z")
    assert client.get("/archives/1").body == b"second"
    assert client.get("/archives/2").body == b"new"


def test_a_database_put_in_the_place_of_another_is_seen(tmp_path: Path, shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"old")
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"old"
    other = Shelf(tmp_path / "other")
    other.put("/archives/1", b"new")
    other.close()
    for file in (other.home / "warc").iterdir():
        file.rename(shelf.home / "warc" / file.name)
    shelf.close()
    for left in ("-wal", "-shm"):
        (shelf.home / f"archive.db{left}").unlink(missing_ok=True)
    (other.home / "archive.db").rename(shelf.home / "archive.db")
    assert client.get("/archives/1").body == b"new"


@pytest.mark.parametrize(
    ("later", "shown"),
    [
        ("200 OK", b"later"),
        ("500 Internal Server Error", b"page"),
        ("429 Too Many Requests", b"page"),
        ("403 Forbidden", b"page"),
        ("404 Not Found", b"page"),
        ("410 Gone", b"page"),
        ("301 Moved Permanently", b"page"),
    ],
)
def test_a_refusal_does_not_hide_what_was_there(shelf: Shelf, replayed: Replayed, later: str, shown: bytes) -> None:
    shelf.put("/archives/1", b"page")
    shelf.put("/archives/1", b"later", "Location: /", at="2026-02-01T12:00:00Z", status=later)
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == shown
    exact = client.get("/@20260201120000/archives/1")
    assert (exact.status, exact.body) == (int(later[:3]), b"later")


def test_a_status_is_given_back_with_its_reason(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", "页面没找到".encode(), HTML, status="404 Nichts da")
    answer = replayed(shelf.home).get("/archives/1")
    assert (answer.status, answer.reason, answer.body.decode()) == (404, "Nichts da", "页面没找到")


@pytest.mark.parametrize("reason", ["O\rK", "\0"])
def test_a_reason_that_would_break_the_start_line_is_the_usual_one(
    shelf: Shelf, replayed: Replayed, reason: str
) -> None:
    shelf.put("/archives/1", b"page", HTML, status=f"200 {reason}")
    answer = replayed(shelf.home).get("/archives/1")
    assert (answer.status, answer.reason) == (200, "OK")


def test_the_gate_never_stands_for_a_page(shelf: Shelf, replayed: Replayed) -> None:
    gate = b"<script>document.cookie='a=1';window.location.href='/archives/1'</script>"
    shelf.put("/archives/1", b"<p>page</p>", HTML)
    for day, status in ((2, "200 OK"), (3, "403 Forbidden")):
        shelf.put("/archives/1", gate, HTML, at=f"2026-01-0{day}T12:00:00Z", status=status)
        shelf.put("/archives/2", gate, HTML, at=f"2026-01-0{day}T12:00:00Z", status=status)
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"<p>page</p>"
    assert client.get("/archives/2").status == 404
    assert client.get("/@20260102120000/archives/2").body == gate


def test_half_a_page_is_shown_only_when_there_is_no_whole_one(shelf: Shelf, replayed: Replayed) -> None:
    whole = gzip.compress(b"<p>" + "全文。".encode() * 2000)
    shelf.put("/archives/1", whole, HTML, "Content-Encoding: gzip")
    for path in ("/archives/1", "/archives/2"):
        shelf.put(path, whole[:-30], HTML, "Content-Encoding: gzip", at="2026-02-01T12:00:00Z", truncated="disconnect")
    client = replayed(shelf.home)
    assert client.get("/archives/1").header("X-Archive-Truncated") is None
    half = client.get("/archives/2")
    assert half.header("X-Archive-Truncated") == "disconnect"
    assert half.header("Content-Encoding") is None
    assert half.body.decode("utf-8", "ignore").startswith("<p>全文。")
    assert client.get("/@id_/archives/2").body == whole[:-30]


def test_redirects_lead_into_the_archive(shelf: Shelf, replayed: Replayed) -> None:
    for path, location in (
        ("/archives/10", "https://www.spaces.ac.cn/archives/11?a=b#c"),
        ("/archives/11", "/archives/12#x"),
        ("/old/13", "14"),
        ("/archives/15", "http://kexue.fm//evil.test/x"),
        ("/archives/16", "//kexue.fm"),
    ):
        shelf.put(path, b"moved", f"Location: {location}", status="302 Found")
    client = replayed(shelf.home)
    for target, location in (
        ("/archives/10", "/archives/11?a=b#c"),
        ("/@2026/archives/10", "/@2026/archives/11?a=b#c"),
        ("/@2026id_/archives/11", "/@2026id_/archives/12#x"),
        ("/@id_/archives/11", "/@id_/archives/12#x"),
        ("/old/13", "/old/14"),
        ("/archives/15", "/.//evil.test/x"),
        ("/archives/16", "/"),
    ):
        answer = client.get(target)
        assert (answer.status, answer.header("Location"), answer.body) == (302, location, b"moved")


def test_a_redirect_to_itself_is_stepped_over(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page")
    location = "Location: https://kexue.fm/archives/1"
    shelf.put(
        "/archives/1",
        b"",
        location,
        at="2026-02-01T12:00:00Z",
        status="301 Moved",
        target_uri="http://kexue.fm/archives/1/",
    )
    shelf.put("/archives/2", b"", "Location: /archives/2/", status="301 Moved")
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"page"
    assert client.get("/archives/1/").body == b"page"
    assert client.get("/@20260201120000/archives/1").body == b"page"
    assert client.get("/archives/2").status == 404


@pytest.mark.parametrize(
    "location", ["https://elsewhere.test/a?b", "//elsewhere.test/", "javascript:alert(1)", "http://["]
)
def test_a_redirect_out_of_the_blog_goes_nowhere(shelf: Shelf, replayed: Replayed, location: str) -> None:
    shelf.put("/archives/1", b"moved", f"Location: {location}", status="302 Found")
    client = replayed(shelf.home)
    answer = client.get("/archives/1")
    assert (answer.status, answer.header("Location")) == (302, None)
    assert answer.header("X-Archive-Location") == location
    assert location.encode() in answer.body
    assert location not in links(answer.body)
    raw = client.get("/@id_/archives/1")
    assert (raw.status, raw.header("Location"), raw.body) == (302, None, b"moved")


def test_a_revisit_has_its_own_head_and_the_payload_of_its_original(shelf: Shelf, replayed: Replayed) -> None:
    body = b"\x89PNG picture"
    original = shelf.put("/usr/a.png", body, "Content-Type: image/png", "X-Cache: old")
    name = "revisits.warc.gz"
    with (shelf.home / "warc" / name).open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        head = StatusAndHeaders("200 OK again", [("Content-Type", "image/png; x=1")], protocol="HTTP/1.1")
        record = writer.create_revisit_record(
            BLOG + "/usr/b.png", "sha1:A", original.target_uri, original.fetched_at, http_headers=head
        )
        writer.write_record(record)
        length = file.tell()
    row: dict[str, Any] = {"warc_file": name, "warc_offset": 0, "warc_length": length}
    row |= {"record_id": record.rec_headers.get_header("WARC-Record-ID"), "revisit_of": original.record_id}
    shelf.put("/usr/b.png", b"", "Content-Type: image/png", at="2026-02-01T12:00:00Z", **row)
    gone = {**row, "revisit_of": "<urn:uuid:gone>", "warc_offset": 0, "warc_length": 1}
    shelf.put(
        "/usr/c.png", b"x" * 9, "Content-Type: image/png", at="2026-02-01T12:00:00Z", revisit_of=gone["revisit_of"]
    )
    client = replayed(shelf.home)
    answer = client.get("/usr/b.png")
    assert (answer.body, answer.reason, answer.header("Content-Type")) == (body, "OK again", "image/png; x=1")
    lost = client.get("/usr/c.png")
    assert lost.status == 404
    assert b"&lt;urn:uuid:gone&gt;" in lost.body


def test_an_unchanged_page_is_the_one_before(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/usr/a.png", b"picture", "Content-Type: image/png")
    shelf.put("/usr/a.png", b"", "ETag: x", at="2026-02-01T12:00:00Z", status="304 Not Modified")
    client = replayed(shelf.home)
    for target in ("/usr/a.png", "/@20260201120000/usr/a.png", "/@202603/usr/a.png"):
        assert (client.get(target).status, client.get(target).body) == (200, b"picture")


def test_a_damaged_record_gives_way_to_an_earlier_capture(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"earlier")
    bad = shelf.put("/archives/1", b"later" * 100, at="2026-02-01T12:00:00Z")
    only = shelf.put("/archives/2", b"only" * 100)
    (file,) = (shelf.home / "warc").iterdir()
    data = bytearray(file.read_bytes())
    for each in (bad, only):
        data[each.warc_offset + each.warc_length // 2] ^= 0xFF
    file.write_bytes(data)
    client = replayed(shelf.home)
    assert client.get("/archives/1").body == b"earlier"
    lost = client.get("/archives/2")
    assert lost.status == 404
    assert f"offset {only.warc_offset}".encode() in lost.body


def test_a_row_that_points_at_another_record_is_not_believed(shelf: Shelf, replayed: Replayed) -> None:
    right = shelf.put("/archives/1", b"one")
    place: dict[str, Any] = {"warc_length": right.warc_length}
    shelf.put("/archives/2", b"two", warc_offset=right.warc_offset, warc_file="../archive.db", **place)
    wrong = shelf.put("/archives/3", b"three")
    shelf.put("/archives/4", b"four", warc_offset=wrong.warc_offset - 1, **place)
    client = replayed(shelf.home)
    assert [client.get(f"/archives/{number}").status for number in (1, 2, 3, 4)] == [200, 404, 200, 404]


def test_a_length_that_is_wrong_does_no_harm(shelf: Shelf, replayed: Replayed) -> None:
    for number, length in enumerate((0, 1, 10, 1 << 20)):
        shelf.put(f"/archives/{number + 1}", b"page", warc_length=length)
    client = replayed(shelf.home)
    assert {client.get(f"/archives/{number}").body for number in (1, 2, 3, 4)} == {b"page"}


def test_odd_messages_come_back_as_they_were(shelf: Shelf, replayed: Replayed) -> None:
    at = "2026-01-01T12:00:00Z"
    shelf.record("/1", b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\nbody\r\n\r\nmore", at)
    shelf.record("/2", b"HTTP/1.0 200\r\nContent-Type:text/plain\r\n folded\r\nno colon\r\n\r\nbody", at)
    chunked = b"4\r\nbody\r\n0\r\n\r\n"
    shelf.record("/3", b"HTTP/1.1 299 Why not\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, at)
    shelf.record("/4", b"HTTP/1.1 200 OK\r\nContent-Type: text/pl\xe9in\r\nX: \xff\r\n\r\n", at)
    shelf.record("/5", b"HTTP/1.1 204 No Content\r\n\r\n", at)
    shelf.record("/6", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", at)
    client = replayed(shelf.home)
    one, two, three, four = (client.get(f"/{number}") for number in (1, 2, 3, 4))
    assert (client.get("/5").status, client.get("/5").header("Content-Length")) == (204, None)
    assert client.get("/6").status == 404
    assert one.body == b"body\r\n\r\nmore"
    assert (two.body, two.reason, two.header("Content-Type")) == (b"body", "", "text/plain folded")
    assert (three.status, three.reason, three.body) == (299, "Why not", b"body")
    assert (four.header("Content-Type"), four.body) == ("text/pl\xe9in", b"")


def test_only_headers_that_describe_the_page_go_out(shelf: Shelf, replayed: Replayed) -> None:
    dropped = (
        *("Set-Cookie: a=1", "Strict-Transport-Security: max-age=9", "Content-Security-Policy: default-src *"),
        *("Content-Security-Policy-Report-Only: report-uri https://r.test", "Report-To: {}", "NEL: {}"),
        *(
            "Reporting-Endpoints: a=https://r.test",
            "Link: <https://l.test>; rel=preload",
            "Refresh: 0; url=https://r.test",
        ),
        *("Alt-Svc: h3", "Clear-Site-Data: *", "Access-Control-Allow-Origin: *", "Service-Worker-Allowed: /"),
        *("WWW-Authenticate: Basic", "X-Pingback: https://kexue.fm/x", "ETag: 1", "Cache-Control: immutable"),
        *("SourceMap: https://s.test", "Transfer-Encoding: identity", "Content-Language: a\rSet-Cookie: b=2"),
    )
    passed = (HTML, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "Content-Disposition: inline")
    shelf.put("/archives/1", b"<p>x", *passed, *dropped)
    for target in ("/archives/1", "/@id_/archives/1"):
        answer = replayed(shelf.home).get(target)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
        assert len(headers) == len(answer.headers)
        assert all(headers[line.partition(": ")[0].lower()] == line.partition(": ")[2] for line in passed)
        policy = headers.pop("content-security-policy")
        assert policy.startswith("sandbox allow-scripts allow-popups; default-src 'none'; ")
        assert "*" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-cache"
        assert "r.test" not in str(headers)
        assert headers.pop("etag") != "1"
        assert not {line.partition(":")[0].lower() for line in dropped} & (headers.keys() - {"link", "cache-control"})


def test_a_coding_is_kept_for_those_who_take_it(shelf: Shelf, replayed: Replayed) -> None:
    page = "<p>" + "没有链接的一页。" * 500
    linked = page + '<a href="https://kexue.fm/">x</a>'
    for path, text in (("/archives/1", page), ("/archives/2", linked)):
        shelf.put(path, gzip.compress(text.encode(), mtime=0), HTML, "Content-Encoding: gzip")
    shelf.put("/archives/3", b"not gzip at all", HTML, "Content-Encoding: gzip")
    shelf.put("/archives/4", linked.encode(), HTML, "Content-Encoding: exotic")
    client = replayed(shelf.home)
    led = linked.replace("https://kexue.fm", "")
    for accepted in ((), ("Accept-Encoding: gzip, br",), ("Accept-Encoding: *",)):
        plain, changed = client.get("/archives/1", *accepted), client.get("/archives/2", *accepted)
        assert plain.body == gzip.compress(page.encode(), mtime=0)
        assert gzip.decompress(changed.body).decode() == led
        assert plain.header("Content-Encoding") == changed.header("Content-Encoding") == "gzip"
    for refused in ("Accept-Encoding: identity", "Accept-Encoding: gzip;q=0", "Accept-Encoding:"):
        answer = client.get("/archives/2", refused)
        assert (answer.body.decode(), answer.header("Content-Encoding")) == (led, None)
        assert client.get("/@id_/archives/2", refused).header("Content-Encoding") == "gzip"
    for target in ("/archives/3", "/@id_/archives/3"):
        assert client.get(target).body == b"not gzip at all"
        assert client.get(target).header("Content-Encoding") is None
    assert client.get("/archives/4").header("Content-Encoding") == "exotic"


def test_a_bomb_is_refused(shelf: Shelf, replayed: Replayed) -> None:
    bomb = gzip.compress(b"\0" * (40 << 20))
    shelf.put("/archives/1", bomb, HTML, "Content-Encoding: gzip")
    client = replayed(shelf.home)
    assert client.get("/archives/1").status == 404
    assert client.get("/@id_/archives/1").body == bomb


def test_requisites_come_from_later_rather_than_not_at_all(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"<p>x", HTML)
    shelf.put("/usr/a.png", b"picture", "Content-Type: image/png", at="2026-03-01T12:00:00Z")
    shelf.put("/archives/2", b"<p>x", HTML, at="2026-03-01T12:00:00Z")
    client = replayed(shelf.home)
    assert client.get("/@20260101/usr/a.png").header("Memento-Datetime") == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert client.get("/@20260101/archives/2").status == 404


def test_a_file_is_found_whatever_query_follows_its_name(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put(
        "/static/MathJax.js?V=2.7.9", b"js", "Content-Type: text/javascript", url=f"{BLOG}/static/MathJax.js?V=2.7.9"
    )
    shelf.put("/a.css", b"css", "Content-Type: text/css")
    shelf.put("/content.html?tag=a", b"tag", HTML)
    client = replayed(shelf.home)
    for target in ("/static/MathJax.js?V=2.7.9", "/static/MathJax.js", "/static/MathJax.js?config=x", "/a.css?1"):
        assert client.get(target).status == 200
    assert client.get("/content.html").status == 404
    assert client.get("/content.html?tag=b").status == 404


def test_fonts_and_scripts_may_be_used_from_the_sandbox_and_pages_not_read(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/a.woff?V=1", b"font", "Content-Type: application/octet-stream")
    shelf.put("/a.js", b"js", "Content-Type: application/x-javascript")
    shelf.put("/archives/1", b"page", HTML)
    client = replayed(shelf.home)
    allowed = "Access-Control-Allow-Origin"
    assert client.get("/a.woff", "Origin: null").header(allowed) == "null"
    assert client.get("/a.js", "Origin: null").header(allowed) == "null"
    assert client.get("/a.js", "Origin: https://evil.test").header(allowed) is None
    assert client.get("/archives/1", "Origin: null").header(allowed) is None


def test_links_to_the_server_the_blog_was_fetched_from_are_led_back(tmp_path: Path, replayed: Replayed) -> None:
    shelf = Shelf(tmp_path / "mirror", "http://mirror.test:8123")
    shelf.put("/archives/1", b"<p>x")
    client = replayed(shelf.home)
    shelf.site = "http://later.test:81"  # by a crawl that began after the server did
    page = b'<a href="http://mirror.test:8123/a"><a href="//later.test:81/b"><a href="http://later.test/c">'
    shelf.put("/archives/2", page, HTML)
    shelf.close()
    assert client.get("/archives/2").body == b'<a href="/a"><a href="/b"><a href="http://later.test/c">'


def test_style_sheets_are_led_back_and_other_text_is_not(shelf: Shelf, replayed: Replayed) -> None:
    body = b"@import '//kexue.fm/a.css'; p{background:url(https://kexue.fm/b.png)}"
    for name, kind in (
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript"),
        ("a.json", "application/json"),
    ):
        shelf.put(f"/{name}", body, f"Content-Type: {kind}")
    client = replayed(shelf.home)
    assert client.get("/@2026/a.css").body == b"@import '/@2026/a.css'; p{background:url(/@2026/b.png)}"
    assert client.get("/@2026/a.js").body == client.get("/@2026/a.json").body == body


# -- addresses that are not archived -----------------------------------------------------------------------------------


def test_a_page_never_seen_says_so_and_what_is_near(shelf: Shelf, replayed: Replayed) -> None:
    for number in (8260, 8266):
        shelf.put(f"/archives/{number}", b"page", HTML)
    answer = replayed(shelf.home).get("/archives/8265")
    text = answer.body.decode()
    assert answer.status == 404
    assert "存档从未见过这个地址" in text
    assert "never seen this address" in text
    assert {"/archives/8260", "/archives/8266"} <= set(links(answer.body))
    assert "<script" not in text
    assert "script-src" not in (answer.header("Content-Security-Policy") or "")


def test_a_gap_is_given_its_reason(shelf: Shelf, replayed: Replayed) -> None:
    session, now = shelf.archive.session, "2026-01-01T12:00:00Z"
    frontier.skip(session, f"{BLOG}/archives/1", "post", "robots.txt <forbids> it", run_id=shelf.run, now=now)
    frontier.add(session, f"{BLOG}/archives/2", "post", run_id=shelf.run, now=now)
    frontier.skip(session, f"{BLOG}/tag/x/", "tag", LEFT_OUT, run_id=shelf.run, now=now)
    shelf.commit()
    client = replayed(shelf.home)
    assert "It is known, but was left out on purpose (--without)" in client.get("/tag/x/").body.decode()
    assert "robots.txt &lt;forbids&gt; it" in client.get("/archives/1").body.decode()
    assert f"Known since {now}, not fetched yet" in client.get("/archives/2").body.decode()


def test_an_address_that_only_posts_link_is_not_said_to_be_unheard_of(shelf: Shelf, replayed: Replayed) -> None:
    paper = f"{BLOG}/usr/uploads/2010/11/a.pdf"
    texts = dict.fromkeys(("author", "markdown", "text", "first_seen_at", "last_seen_at", "last_changed_at"), "")
    shelf.archive.session.add(models.Post(id=7, title="有<附件>的文章", url=f"{BLOG}/archives/7", **texts))
    shelf.archive.session.flush()
    shelf.archive.session.add(models.Link(post_id=7, position=0, url=paper, text="附件", kind="site"))
    shelf.commit()
    body = replayed(shelf.home).get("/usr/uploads/2010/11/a.pdf").body
    text = body.decode()
    assert "the archive never asked for it" in text
    assert "never seen this address" not in text
    assert "有&lt;附件&gt;的文章" in text
    assert "/archives/7" in links(body)


@pytest.mark.parametrize("target", ['/"><script>alert(1)</script>', "/archives/1'onx='", "/<b>", "/%3Cscript%3E"])
def test_an_address_is_text_on_our_pages(shelf: Shelf, replayed: Replayed, target: str) -> None:
    body = replayed(shelf.home).get(target).body.decode()
    assert "<script" not in body
    assert "<b>" not in body
    assert "'onx" not in body


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/../../etc/passwd",
            "/..%2f..%2fetc/passwd",
            "/%2e%2e/archive.db",
            "//etc/passwd",
            "/\\..\\x",
            "/archive.db",
        ),
        *(
            "/@/../x",
            "/@2026/../../archive.db",
            "/@link/..",
            "/@20260101id_//etc/passwd",
            "/warc/",
            "/%00",
            "/%ff",
            "/%",
        ),
    ],
)
def test_paths_lead_nowhere_but_into_the_archive(shelf: Shelf, replayed: Replayed, target: str) -> None:
    shelf.put("/archives/1", b"page")
    answer = replayed(shelf.home).get(target)
    assert answer.status in (200, 400, 404)
    assert b"root:" not in answer.body
    assert b"SQLite" not in answer.body


@pytest.mark.parametrize(
    ("archived", "first"),
    [(("/content.html", "/", "/archives/1"), "/"), (("/content.html", "/archives/1"), "/content.html"), ((), "/@")],
)
def test_a_reader_begins_with_the_front_page_or_else_with_the_list_of_posts(
    shelf: Shelf, archived: tuple[str, ...], first: str
) -> None:
    for path in archived:
        shelf.put(path, b"page", HTML)
    with closing(Timeline(database_url(shelf.home))) as timeline:
        assert Replay(Storage(shelf.home / "warc"), timeline, Site()).first_page() == first


@pytest.mark.parametrize(
    "target", ["/@20261/x", "/@20261301/x", "/@20260230/x", "/@0000/x", "/@2026010124/x", "/@99999999999999/"]
)
def test_a_date_that_is_none_is_a_bad_request(shelf: Shelf, replayed: Replayed, target: str) -> None:
    assert replayed(shelf.home).get(target).status == 400


def test_a_date_alone_leads_to_the_first_page(shelf: Shelf, replayed: Replayed) -> None:
    answer = replayed(shelf.home).get("/@2026")
    assert (answer.status, answer.header("Location")) == (302, "/@2026/")


def test_only_names_of_this_machine_are_answered(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page")
    client = replayed(shelf.home)
    port = client.port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert client.get("/archives/1", host=host).body == b"page"
    for host in (
        "evil.test",
        f"evil.test:{port}",
        "127.0.0.1",
        "localhost",
        f"127.0.0.1:{port + 1}",
        "kexue.fm",
        f"localhost.:{port}",
    ):
        assert client.get("/archives/1", host=host).status == 403
    assert client.send(b"GET /archives/1 HTTP/1.1\r\n\r\n").status == 403
    assert client.send(b"GET /archives/1 HTTP/1.0\r\n\r\n").status == 403
    two = f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.test\r\n\r\n"
    assert client.send(two.encode()).status == 403
    assert client.get("http://evil.test/archives/1").status == 403
    assert client.get(f"http://localhost:{port}/archives/1", host=f"localhost:{port}").body == b"page"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
def test_other_methods_are_refused(shelf: Shelf, replayed: Replayed, method: str) -> None:
    client = replayed(shelf.home)
    body = b"s=x" * 50_000
    head = f"{method} /archives/1 HTTP/1.1\r\nHost: localhost:{client.port}\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = client.send(head.encode() + body)
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")


def test_a_question_about_the_server_as_a_whole_is_answered(shelf: Shelf, replayed: Replayed) -> None:
    answer = replayed(shelf.home).get("*", method="OPTIONS")
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")


def test_empty_lines_before_a_request_are_passed_over(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page")
    client = replayed(shelf.home)
    request = f"\r\n\r\nGET /archives/1 HTTP/1.1\r\nHost: localhost:{client.port}\r\n\r\n"
    assert client.send(request.encode()).body == b"page"


@pytest.mark.skipif(not hasattr(socket, "TCP_DEFER_ACCEPT"), reason="a silent connection keeps a thread here")
def test_silent_connections_keep_nobody_waiting(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page")
    client = replayed(shelf.home)
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", client.port)))
        began = time.monotonic()
        assert client.get("/archives/1").body == b"page"
        assert time.monotonic() - began < 5  # a thread waits for ten seconds


def test_what_the_coding_was_chosen_by_is_named(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", gzip.compress(b"page"), HTML, "Content-Encoding: gzip")
    shelf.put("/archives/2", b"page", HTML)
    client = replayed(shelf.home)
    assert client.get("/@2026/archives/1").header("Vary") == "Accept-Encoding"
    assert client.get("/@2026id_/archives/1").header("Vary") is None
    assert client.get("/@2026/archives/2").header("Vary") is None


def test_head_is_get_without_the_body(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b'<a href="https://kexue.fm/">', HTML)
    client = replayed(shelf.home)
    head, got = client.get("/archives/1", method="HEAD"), client.get("/archives/1")
    assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize(
    "request_",
    [
        *(b"\0\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"get / HTTP/1.1\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n"),
        *(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
            b"\x16\x03\x01\r\n\r\n",
        ),
        *(b"GET / HTTP/1.1\r\nHost: localhost:PORT\r\n folded\r\n\r\n", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n"),
        *(
            b"GET  / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost:PORT\r\nX\0: y\r\n\r\n",
        ),
        *(b"GET /\0 HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n"),
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10_000 + b"\r\n",
    ],
)
def test_what_is_no_request_is_refused(shelf: Shelf, replayed: Replayed, request_: bytes) -> None:
    client = replayed(shelf.home)
    assert client.send(request_.replace(b"PORT", str(client.port).encode())).status in (400, 403, 431)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shelf = Shelf(tmp_path_factory.mktemp("empty") / "shelf")
    shelf.put("/archives/1", b"page", HTML)
    shelf.close()
    with replaying(shelf.home) as client:
        yield client


@given(path=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters=" \0\r\n\t"), max_size=60))
def test_no_address_is_a_fault(empty: Client, path: str) -> None:
    for prefix in ("/", "/@", "/@2026/", "/@link/", "/@/", "/archives/"):
        assert empty.get(prefix + path).status in (200, 302, 400, 404)


@given(st.binary(max_size=80))
def test_no_bytes_are_a_fault(empty: Client, data: bytes) -> None:
    head = f"HTTP/1.1\r\nHost: localhost:{empty.port}\r\n\r\n".encode()
    assert empty.send(b"GET /" + data.replace(b"\r\n\r\n", b"") + b" " + head).status in (200, 302, 400, 403, 404)


def test_slow_clients_keep_nobody_waiting(shelf: Shelf, replayed: Replayed) -> None:
    shelf.put("/archives/1", b"page" * 500_000)
    client = replayed(shelf.home)
    waiting = [socket.create_connection(("127.0.0.1", client.port)) for _ in range(50)]
    try:
        for number, connection in enumerate(waiting):  # some say nothing, some half a request, some read nothing
            if number % 3:
                end = "\r\n\r\n" if number % 3 == 2 else ""
                connection.sendall(f"GET /archives/1 HTTP/1.1\r\nHost: localhost:{client.port}{end}".encode())
        began = time.monotonic()
        assert client.get("/archives/1").status == 200
        assert time.monotonic() - began < 3
    finally:
        for connection in waiting:
            connection.close()


# -- the command -------------------------------------------------------------------------------------------------------

SERVE = """
import json, sys
from pathlib import Path
from archiver.errors import ArchiverError
from archiver.web import replay
home, database, port, at = json.loads(sys.argv[1])
try:
    replay.serve(Path(home), database, port, at=at, ready=lambda *words: print(*words, flush=True))
except ArchiverError as error:
    print(f"{int(error.exit_code)} {error}")
"""


def start(home: Path, port: int = 0, at: str | None = None) -> subprocess.Popen[str]:
    arguments = json.dumps([str(home), database_url(home), port, at])
    return subprocess.Popen([sys.executable, "-c", SERVE, arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_when_asked(shelf: Shelf, ending: signal.Signals) -> None:
    shelf.put("/archives/1", b"page")
    with start(shelf.home, at="2026-01-01") as process:
        assert process.stdout
        url, first = process.stdout.readline().split()
        client = Client(int(url.rstrip("/").rpartition(":")[2]))
        assert client.get(first).status == 200
        assert client.get("/archives/1").body == b"page"
        with socket.create_connection(("127.0.0.1", client.port)):  # one that never asks for anything
            process.send_signal(ending)
            assert process.wait(10) == 0
    with pytest.raises(ConnectionRefusedError):
        client.get("/archives/1")


def test_a_port_that_is_taken_is_said_so(shelf: Shelf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with start(shelf.home, port) as process:
            assert process.communicate()[0].startswith(f"1 port {port} of 127.0.0.1 is taken: ")


@pytest.mark.parametrize(
    ("home", "at", "message"),
    [("nowhere", None, "2 {}/archive.db: expected the database"), ("shelf", "soon", "2 expected a date")],
)
def test_what_makes_no_sense_is_said_so(tmp_path: Path, shelf: Shelf, home: str, at: str | None, message: str) -> None:
    with start(tmp_path / home, at=at) as process:
        assert process.communicate()[0].startswith(message.format(tmp_path / home))
