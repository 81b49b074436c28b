"""Where a crawl may go, and what it may write (faults, group D): to the blog only, and to five places in its folder.

Case 45, packages somebody else made, is about importing. Case 46, cells a spreadsheet would run, is tested in
tests/store/test_results.py.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.settings import Settings
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from archiver.crawl.boundaries import LONGEST_URL, BoundariesMiddleware, PublicResolver, is_public, refusal
from archiver.errand import noted
from archiver.sample import SampleBlog, SampleResponse, SampleSource, serving
from archiver.sample.source import load
from archiver.urls import Site
from tests.zygote import Completed

from .meddler import Meddled, Meddler, Watched, resolving

HOSTILE, PLAIN = 131, 105
GIF = b"GIF89a"


def few(body: str = "") -> SampleSource:
    """Return a blog of two posts, one of which has this too."""
    source = load()
    posts = tuple(post for post in source.posts if post.id in (HOSTILE, PLAIN))
    hostile = source.post(HOSTILE)
    assert hostile
    return replace(source, posts=posts).edited(HOSTILE, body=hostile.body + body)


REQUISITES = ("/static/MathJax-2.7.9/", "/usr/themes/geekg/")
"""Where the files lie that every page is shown with."""


@pytest.fixture(scope="module")
def meddler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meddler]:
    meddler = Meddler(tmp_path_factory.mktemp("meddler"))
    yield meddler
    meddler.close()


@pytest.fixture
def archive(meddler: Meddler, tmp_path: Path) -> Iterator[Meddled]:
    blog = Watched(source=few())
    with serving(blog) as site:
        yield Meddled(meddler, tmp_path / "archive", blog, site)


@pytest.fixture
def elsewhere() -> Iterator[tuple[SampleBlog, str]]:
    """Another server on this machine, and its address."""
    blog = SampleBlog(
        overrides={"/index.html": page(f'<h1>Topic</h1><a href="https://kexue.fm/archives/{PLAIN}">it</a>')}
    )
    with serving(blog) as site:
        yield blog, site


def page(text: str) -> SampleResponse:
    return SampleResponse(200, {"Content-Type": "text/html"}, text.encode())


def redirect(to: str) -> SampleResponse:
    return SampleResponse(302, {"Location": to}, b"")


# -- which addresses are public ----------------------------------------------------------------------------------------

PRIVATE = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.5", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("2001:db8::1", "100::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"),  # NAT64
    *("2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::"),  # 6to4
    *("2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:0:4136:e378:8000:63bf:f5ff:fffe"),  # Teredo
    *("2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.1", "localhost", "kexue.fm", ""),
)
PRIVATE_IN_DISGUISE = (
    *("::127.0.0.1", "::10.0.0.1"),  # compatible with IPv4: RFC 4291, section 2.5.5.1
    "::ffff:0:127.0.0.1",  # translated: RFC 2765
    "::ffff:224.0.0.1",  # multicast
    "64:ff9b:1:7f00:0:100:808:808",  # NAT64 of a network of one's own: RFC 8215
    "fec0::1",  # site-local: RFC 3879
)
PUBLIC = ("8.8.8.8", "104.21.3.4", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_this_machine_or_network_is_not_public(address: str) -> None:
    """Case 42."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PRIVATE_IN_DISGUISE)
def test_an_address_that_stands_for_such_a_one_is_not_public_either(address: str) -> None:
    """Case 42."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_web_is_public(address: str) -> None:
    assert is_public(address)


class Resolver(PublicResolver):
    def __init__(self, site: str) -> None:
        crawler = SimpleNamespace(settings=Settings({"ARCHIVER_SITE": Site(base=site)}))
        self.__dict__ |= vars(PublicResolver.from_crawler(crawler, SimpleNamespace()))  # type: ignore[arg-type]


def resolved(monkeypatch: pytest.MonkeyPatch, name: str, address: str, site: str = "https://kexue.fm") -> Any:
    """Return what a name resolves to for a crawl of a site when the system says that it is this address."""

    def look_up(self: object, name: str, timeout: object = ()) -> Deferred[str]:
        return succeed(address)

    monkeypatch.setattr(CachingThreadedResolver, "getHostByName", look_up)
    found: list[Any] = []
    Resolver(site).getHostByName(name).addBoth(found.append)
    return getattr(found[0], "value", found[0])


@pytest.mark.parametrize("name", ["kexue.fm", "www.spaces.ac.cn", "example.org", "2130706433", "0x7f.1", "127.1"])
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_resolves_to_this_machine_or_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    """Case 42."""
    refused = resolved(monkeypatch, name, address)
    assert isinstance(refused, DNSLookupError)
    assert str(refused).endswith(f"{name} resolves to {address}, which is not a public address.")


def test_only_the_site_that_was_named_may_be_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 42. The blog's own names may not: whoever names them means the blog."""
    site = "http://blog.internal:8000"
    assert resolved(monkeypatch, "blog.internal", "10.0.0.1", site) == "10.0.0.1"
    assert isinstance(resolved(monkeypatch, "other.internal", "10.0.0.1", site), DNSLookupError)
    assert isinstance(resolved(monkeypatch, "kexue.fm", "10.0.0.1", "http://kexue.fm:8000"), DNSLookupError)
    assert resolved(monkeypatch, "kexue.fm", "104.21.3.4") == "104.21.3.4"


def test_a_blog_whose_name_leads_to_this_machine_is_asked_for_nothing(archive: Meddled) -> None:
    """Case 42: DNS rebinding. The address that was looked up and found good is the one that is spoken to."""
    archive.site = archive.site.replace("127.0.0.1", "kexue.fm")
    done = archive.run(meddling=[resolving("kexue.fm", "127.0.0.1")])
    assert (done.returncode, done.stderr) == (7, "")
    assert archive.blog.requests == []


def test_what_is_said_of_such_a_name_is_where_it_leads(archive: Meddled) -> None:
    """Case 42."""
    archive.site = archive.site.replace("127.0.0.1", "kexue.fm")
    done = archive.run(meddling=[resolving("kexue.fm", "127.0.0.1")])
    assert "kexue.fm resolves to 127.0.0.1, which is not a public address" in done.stdout


@pytest.mark.parametrize("host", ["2130706433", "127.0.0.2", "0", "[::1]"])
def test_an_index_elsewhere_on_this_machine_is_not_fetched_however_its_host_is_written(
    archive: Meddled, elsewhere: tuple[SampleBlog, str], host: str
) -> None:
    """Case 42."""
    other, address = elsewhere
    index = address.replace("127.0.0.1", host) + "/index.html"
    done = archive.run("index", "--index", index)
    assert (done.returncode, done.stderr) == (1, "")
    assert other.requests == []
    assert [url for url, *_ in gaps(archive)] == [index]


@pytest.mark.parametrize("path", ["/index.html", "/robots.txt"])
def test_an_index_or_robots_txt_leads_to_no_other_server_on_this_machine(
    archive: Meddled, elsewhere: tuple[SampleBlog, str], path: str
) -> None:
    """Case 42."""
    other, address = elsewhere
    archive.blog.overrides[path] = redirect(address + path)
    archive.run("index", "--index", f"{archive.site}/index.html")
    assert path in archive.asked(302)
    assert other.requests == []


def test_rules_kept_on_another_host_are_asked_for_there_if_that_is_a_public_one(archive: Meddled) -> None:
    """Case 42. They may be anywhere (RFC 9309, section 2.3.1.2); where they cannot be had, nothing is asked for."""
    archive.blog.overrides["/robots.txt"] = redirect("http://rules.invalid/robots.txt")
    done = archive.run(meddling=[resolving("rules.invalid", "127.0.0.1")])
    assert done.returncode == 7
    assert "rules.invalid resolves to 127.0.0.1, which is not a public address" in done.stdout
    assert set(archive.asked(None)) == {"/robots.txt"}


# -- a hostile page ----------------------------------------------------------------------------------------------------

LEADS_AWAY = {
    "http://{elsewhere}/x.png": "127.0.0.1",
    "http://localhost/x.png": "localhost",
    "http://169.254.169.254/latest/meta-data/": "169.254.169.254",
    "http://10.0.0.1/x.png": "10.0.0.1",
    "https://192.168.0.1/x.png": "192.168.0.1",
    "//172.16.0.1/x.png": "172.16.0.1",
    "http://[::1]/x.png": "::1",
    "http://[::ffff:127.0.0.1]/x.png": "::ffff:127.0.0.1",
    "http://[64:ff9b::7f00:1]/x.png": "64:ff9b::7f00:1",
    "http://[2002:7f00:1::]/x.png": "2002:7f00:1::",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/x.png": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "http://2130706433/x.png": "2130706433",
    "http://0x7f000001/x.png": "0x7f000001",
    "http://0177.0.0.1/x.png": "0177.0.0.1",
    "http://127.1/x.png": "127.1",
    "https://kexue.fm.example.org/x.png": "kexue.fm.example.org",
    "https://example.org/kexue.fm/x.png": "example.org",
    "https://bbs.spaces.ac.cn/x.png": "bbs.spaces.ac.cn",
    "https://kexue.fm./x.png": "kexue.fm.",
    "\x01http://10.0.0.2/x.png": "10.0.0.2",
    "https://k\u0435xue.fm/x.png": "xn--kxue-v4d.fm",  # a Cyrillic letter
    "https://xn--kxue-v4d.fm/y.png": "xn--kxue-v4d.fm",
}
"""Pictures that are elsewhere, and the host that the gap names."""

HAS_A_USER = (
    "http://kexue.fm@10.0.0.3/x.png",
    "http://user:secret@{site}/x.png",
    "https://kexue.fm:443@10.0.0.3/y.png",
)

NEVER = (
    *("/search/x/", "/search/x.png", "/admin/login.php", "/admin/x.png", "/action/comments-edit"),
    *("/usr/x.png?replyTo=7", "/usr/x.png?a=1&replyTo=7", "/x/../admin/y.png"),
)
NEVER_IN_DISGUISE = (
    *("/%61dmin/x.png", "/%73earch/x.png", "/usr/x.png?reply%54o=7", "//admin/x.png", "/./admin/x.png"),
    *("/x/../admin/x.png", "/%2e%2e/admin/x.png", "/admin", "/search", "/index.php/action/x", "/index.php/search/x/"),
)

NORMALISED = {
    "http://user:secret@kexue.fm/n1.png": "/n1.png",
    "http://10.0.0.5\\@kexue.fm/n2.png": "/n2.png",
    "\\\\10.0.0.6\\n3.png": "/%5C%5C10.0.0.6%5Cn3.png",
    "/\\10.0.0.6/n4.png": "/%5C10.0.0.6/n4.png",
    "https://\uff4bexue.fm/n5.png": "/n5.png",  # IDNA: the same letter
    "https://kexue\u3002fm/n6.png": "/n6.png",  # IDNA: the same dot
    "https://\u212aexue.fm/n7.png": "/n7.png",
    "HTTPS://WWW.KEXUE.FM:443/n8.png": "/n8.png",
    "http://spaces.ac.cn/n9.png#x": "/n9.png",
    f"/archives/{HOSTILE}?replyTo=7#respond": f"/archives/{HOSTILE}",
}
"""Pictures that are the blog's own, and what is asked for."""

NOWHERE = (
    *("file:///etc/passwd", "ftp://10.0.0.1/x.png", "javascript:alert(1)", "gopher://10.0.0.1:70/1", "data:,x"),
    *("http:\\\\10.0.0.4\\x.png", "ht\ttp://10.0.0.7/x.png", "http:///x.png", "http://[::1", "C:\\x.png"),
)
"""What is no address on the web at all."""

HOPS = {
    "http://{elsewhere}/x.png": r"on another site \(127\.0\.0\.1\): http://{elsewhere}/x\.png",
    "http://169.254.169.254/latest/": r"on another site \(169\.254\.169\.254\): http://169\.254\.169\.254/latest/",
    "http://10.0.0.1/x": r"on another site \(10\.0\.0\.1\): http://10\.0\.0\.1/x",
    "//10.0.0.2/x": r"on another site \(10\.0\.0\.2\): http://10\.0\.0\.2/x",
    "http://[::1]/x": r"on another site \(::1\): http://\[::1\]/x",
    "http://2130706433/x": r"on another site \(2130706433\): http://2130706433/x",
    "https://example.org/x": r"on another site \(example\.org\): https://example\.org/x",
    "http://user@kexue.fm/x": r"an address with a user name: http://user@kexue\.fm/x",
    "/admin/x.png": r"never asked for: http://{site}/admin/x\.png",
    "/usr/x.png?replyTo=9": r"never asked for: http://{site}/usr/x\.png\?replyTo=9",
    "file:///etc/passwd": r"file:///etc/passwd",
    "ftp://10.0.0.1/x": r"ftp://10\.0\.0\.1/x",
    "data:image/png;base64,AAAA": r"data:image/png;base64,AAAA",
    "javascript:alert(1)": r"javascript:alert\(1\)",
}
"""Where pictures are redirected to, and what the gap says."""

EVIL = (
    *("/usr/../../../../tmp/evil1.gif", "https://kexue.fm/usr/../../../../tmp/evil2.gif", "/etc/passwd/evil3.gif"),
    *("/usr/uploads/..%2f..%2f..%2fevil4.gif", "/usr/uploads/evil%00.gif", "/usr/uploads/evil\x00.gif"),
    *("/usr/uploads/CON/evil5.gif", "/usr/uploads/evil6.gif:stream", "/usr/EVIL7.gif", "/usr/evil7.gif"),
    *("/usr/evil8.gif/", "/archives/evil.warc.gz", "/lock/evil", f"/usr/evil/{'a' * 300}.gif", "/evil.gif?x=/../../a"),
)
LONG = f"/usr/{'b' * LONGEST_URL}.png"
VERY_LONG = f"/usr/{'c' * 3000}.png"


@dataclass(frozen=True)
class Visited:
    """What came of a crawl of a hostile page."""

    home: Path
    site: str
    elsewhere: str
    done: Completed
    asked: list[str]
    asked_elsewhere: list[tuple[str, str, int]]
    files: set[str]
    gaps: dict[str, tuple[str, str]]
    """State and reason by address, as the command prints them."""
    rows: dict[str, str]
    """States by address."""

    def at(self, text: str) -> str:
        return text.replace("{site}", urlsplit(self.site).netloc).replace(
            "{elsewhere}", urlsplit(self.elsewhere).netloc
        )


class Hostile(Watched):
    """Answers for every address with `evil` in it, and says under which name to store that."""

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        if "evil" in target.lower():
            names = {"Content-Type": "image/gif", "Content-Disposition": 'attachment; filename="../../evil.gif"'}
            return SampleResponse(200, names, GIF + target.encode())
        return super().respond(method, target, headers)


@pytest.fixture(scope="module")
def hostile(meddler: Meddler, tmp_path_factory: pytest.TempPathFactory) -> Visited:
    folder = tmp_path_factory.mktemp("hostile")
    other = SampleBlog()
    blog = Hostile()
    with serving(other) as elsewhere, serving(blog) as site:
        hosts = {"{site}": urlsplit(site).netloc, "{elsewhere}": urlsplit(elsewhere).netloc}
        starts = [f"/hop/{number}.png" for number in range(len(HOPS))]
        found = (*LEADS_AWAY, *HAS_A_USER, *NEVER, *NORMALISED, *NOWHERE, *EVIL, LONG, VERY_LONG, *starts)
        body = "".join(f'<p><img src="{html.escape(each)}"></p>\n' for each in (*found, "/loop.png", "/6/1", "/5/1"))
        for name, host in hosts.items():
            body = body.replace(name, host)
        blog.source = few(body)
        for start, to in zip(starts, HOPS, strict=True):
            blog.overrides[start] = redirect(to.replace("{elsewhere}", hosts["{elsewhere}"]))
        blog.overrides["/loop.png"] = redirect("/loop.png")
        for hops in (5, 6):
            blog.overrides |= {f"/{hops}/{hop}": redirect(f"/{hops}/{hop + 1}") for hop in range(1, hops + 1)}
            blog.overrides[f"/{hops}/{hops + 1}"] = SampleResponse(200, {"Content-Type": "image/gif"}, GIF)
        archive = Meddled(meddler, folder / "archive", blog, site)
        done = archive.run()
        files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        printed = meddler("--home", archive.home, "gaps", "--json").stdout
        return Visited(
            archive.home,
            site,
            elsewhere,
            done,
            archive.asked(None),
            other.requests,
            files,
            {row["url"]: (row["state"], row["reason"]) for row in json.loads(printed)},
            dict(archive.rows("SELECT url, state FROM frontier")),
        )


def test_pictures_elsewhere_are_not_asked_for_and_each_is_a_gap_that_names_its_host(hostile: Visited) -> None:
    """Case 42, and the homographs of 43."""
    for src, host in LEADS_AWAY.items():
        url = ascii_host(hostile.at(src).removeprefix("\x01"), host)
        assert hostile.gaps[url] == ("skipped", f"on another site ({host})")
    assert hostile.asked_elsewhere == []


def ascii_host(src: str, host: str) -> str:
    """Return an address with its host in ASCII and with a scheme."""
    parts = urlsplit(src, scheme="https")
    return src if parts.netloc.isascii() and src.startswith("http") else f"https://{host}{parts.path}"


def test_addresses_with_a_user_name_are_not_asked_for(hostile: Visited) -> None:
    """Case 43."""
    for src in HAS_A_USER:
        assert hostile.gaps[hostile.at(src)] == ("skipped", "an address with a user name")


def test_searches_answer_forms_and_the_back_office_are_never_asked_for(hostile: Visited) -> None:
    """Case 43."""
    for src in NEVER:
        url = "https://kexue.fm" + src.replace("/x/..", "")
        assert hostile.gaps[url] == ("skipped", "a kind of page that is never asked for")


def test_nothing_is_asked_for_but_what_is_the_blogs(hostile: Visited) -> None:
    """Cases 42 and 43: the whole list of what the server was asked for."""
    expected = {"/robots.txt", "/content.html", f"/archives/{PLAIN}", *NORMALISED.values(), "/loop.png"}
    expected |= {f"/hop/{number}.png" for number in range(len(HOPS))}
    expected |= {f"/{hops}/{hop}" for hops in (5, 6) for hop in range(1, 7)}
    expected |= {target for target in hostile.asked if target.startswith(REQUISITES)}
    assert {target for target in hostile.asked if "evil" not in target.lower()} == expected


def test_a_redirect_out_of_bounds_is_not_followed_and_the_gap_says_where_it_led(hostile: Visited) -> None:
    """Case 42. Other hosts, other schemes, other servers on this machine."""
    for number, reason in enumerate(HOPS.values()):
        state, said = hostile.gaps[f"https://kexue.fm/hop/{number}.png"]
        assert (state, bool(re.search(hostile.at(reason), said))) == ("failed", True), said


def test_more_than_five_redirects_are_not_followed(hostile: Visited) -> None:
    """Case 42."""
    assert hostile.asked.count("/loop.png") == 6
    assert hostile.gaps["https://kexue.fm/loop.png"] == ("failed", "max redirections reached")
    assert hostile.gaps["https://kexue.fm/6/1"] == ("failed", "max redirections reached")
    assert hostile.rows["https://kexue.fm/5/1"] == "done"


def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    """Case 42."""
    middleware = BoundariesMiddleware(SimpleNamespace(site=Site()))  # type: ignore[arg-type]
    middleware.process_request(Request("https://kexue.fm/x.png"))
    hop = Request("http://kexue.fm/x.png", meta={"redirect_urls": ["https://kexue.fm/x.png"]})
    with pytest.raises(IgnoreRequest, match=r"out of bounds: a redirect from https to http: http://kexue\.fm/x\.png"):
        middleware.process_request(hop)


def test_a_row_of_another_site_is_not_asked_for_whoever_put_it_there() -> None:
    """As one from when the profile had other hosts: rows are judged when they are made, and again before the wire."""
    middleware = BoundariesMiddleware(SimpleNamespace(site=Site()))  # type: ignore[arg-type]
    for kind in ("post", "image", "file"):
        with pytest.raises(IgnoreRequest, match=r"on another site \(elsewhere\.example\)"):
            middleware.process_request(Request("https://elsewhere.example/1", meta=noted({}, kind=kind)))
    middleware.process_request(Request("https://elsewhere.example/1", meta=noted({}, kind="index")))


def test_what_leads_out_of_bounds_is_no_reason_to_run_again(hostile: Visited) -> None:
    """Case 42."""
    assert (hostile.done.returncode, hostile.done.stderr) == (0, "")


@pytest.mark.parametrize("target", NEVER_IN_DISGUISE)
def test_what_is_never_asked_for_is_not_asked_for_in_other_words(target: str) -> None:
    """Case 43."""
    run: Any = SimpleNamespace(site=Site())
    assert refusal(f"https://kexue.fm{target}", run) == "a kind of page that is never asked for"


def test_an_index_leads_to_posts_of_the_blog_only(archive: Meddled, tmp_path: Path) -> None:
    """Cases 42 and 43."""
    index = tmp_path / "index.html"
    links = (
        *(f"https://kexue.fm/archives/{PLAIN}?replyTo=7#respond", f"http://kexue.fm@10.0.0.1/archives/{PLAIN}"),
        *(f"http://10.0.0.1/archives/{PLAIN}", "https://kexue.fm/admin/", "https://kexue.fm/search/x/"),
        *("/archives/../admin/", f"https://k\u0435xue.fm/archives/{PLAIN}", "javascript:alert(1)", "http://[::1"),
    )
    index.write_text("<html><h1>Topic</h1>" + "".join(f'<a href="{link}">a link</a>' for link in links), "utf-8")
    done = archive.run("index", "--index", str(index))
    assert (done.returncode, done.stderr) == (0, "")
    assert archive.asked(None)[:2] == ["/robots.txt", f"/archives/{PLAIN}"]
    assert all(target.startswith(("/usr/uploads/", *REQUISITES)) for target in archive.asked(None)[2:])


# -- names -------------------------------------------------------------------------------------------------------------


def test_no_name_out_of_a_page_or_response_becomes_the_name_of_a_file(hostile: Visited) -> None:
    """Case 44. All there is, in and around the archive; each picture has a record under its own address."""
    (warc,) = (hostile.home / "warc").iterdir()
    assert re.fullmatch(r"kexue\.fm-\d{8}T\d{6}Z-00001\.warc\.gz", warc.name)
    kept = {"archive.db", "index.cdxj", "lock", "logs/run-000001.jsonl", f"warc/{warc.name}"}
    assert hostile.files == {f"archive/{name}" for name in kept}
    evil = {url: state for url, state in hostile.rows.items() if "evil" in url.lower()}
    assert len(evil) == len(EVIL)
    assert set(evil.values()) == {"done"}


def test_an_address_that_is_too_long_is_a_gap(hostile: Visited) -> None:
    """Case 44."""
    url = f"https://kexue.fm{LONG}"
    assert hostile.gaps[url] == ("skipped", f"an address of {len(url)} characters")


def test_an_address_that_is_much_too_long_is_a_gap_too(hostile: Visited) -> None:
    """Case 44."""
    url = f"https://kexue.fm{VERY_LONG}"
    assert hostile.gaps[url] == ("skipped", f"an address of {len(url)} characters")


def gaps(archive: Meddled) -> list[tuple[str, str, str]]:
    return archive.rows("SELECT url, state, reason FROM gaps")
