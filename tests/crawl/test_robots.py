"""robots.txt as RFC 9309 says."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import pairwise

import pytest

from archiver.crawl.robots import LONGEST, PRODUCT, parse_rules
from archiver.sample import SampleResponse

from .conftest import Crawled

PAGE = "https://kexue.fm/x/y"
TEXT = {"Content-Type": "text/plain"}
EVERYONE = "User-agent: *\nDisallow: /x"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        pytest.param("\ufeffUser-agent: *\nDisallow: /x", False, id="byte order mark"),
        pytest.param("USER-AGENT: *\nDISALLOW: /x", False, id="case of a line"),
        pytest.param("User-agent: Blog-Archiver\nDisallow: /x", False, id="case of a name"),
        pytest.param("User-agent: blog-archiver/2.0\nDisallow: /x", False, id="a version after a name"),
        pytest.param(
            "User-agent: blog-archiver\nDisallow: /z\n\nUser-agent: *\nDisallow: /", True, id="own group only"
        ),
        pytest.param(f"User-agent: {PRODUCT}\nDisallow: /x\n\nUser-agent: {PRODUCT}\nDisallow: /z", False, id="merged"),
        pytest.param("User-agent: a\nUser-agent: blog-archiver\nDisallow: /x", False, id="two names"),
        pytest.param("User-agent: *\nDisallow: /x\nAllow: /x/y", True, id="longest match"),
        pytest.param("User-agent: *\nDisallow: /x/y\nAllow: /x/y", True, id="equal matches"),
        pytest.param("User-agent: *\nDisallow: /%78/y", False, id="escapes"),
        pytest.param("User-agent: * # all\nDisallow: /x # no", False, id="comments"),
        pytest.param("User-agent: *\rDisallow: /x\r", False, id="line ends"),
        pytest.param("User-agent: *\nDisallow: /*y$", False, id="signs"),
        pytest.param("User-agent: *\nDisallow:", True, id="nothing"),
        pytest.param("User-agent: blog\nDisallow: /x", True, id="the beginning of a name"),
        pytest.param(f"User-agent: blog\nDisallow:\n\n{EVERYONE}", False, id="the beginning of a name frees nobody"),
        pytest.param("User-agent: blog-archiver-news\nDisallow: /x", True, id="more than a name"),
        pytest.param("User-agent: blog-archiver (of blogs)\nDisallow: /x", False, id="words after a name"),
        pytest.param("User-agent: a/1\rUser-agent: blog-archiver/2\rDisallow: /x", False, id="versions and line ends"),
        pytest.param(f"User-agent:\n\n{EVERYONE}", False, id="no name"),
        pytest.param(f"User-agent: a\nSitemap: https://kexue.fm/s.xml\n{EVERYONE}", False, id="what is no rule"),
        pytest.param("User-agent: *\n# one\u2028Disallow: /x", True, id="what ends no line"),
        pytest.param("User-agent: *\0\nDisallow: /x", False, id="a zero byte"),
        pytest.param("User-agent: *\nDisallow: /X", True, id="case of a path"),
    ],
)
def test_rules_are_read_as_the_standard_says(rules: str, allowed: bool) -> None:
    assert parse_rules(rules.encode()).can_fetch(PAGE, PRODUCT) is allowed


def test_bytes_that_are_no_text_and_more_than_counts_do_no_harm() -> None:
    latin = "# r\xe8gles\nUser-agent: *\nDisallow: /x\n".encode("latin-1")
    assert not parse_rules(latin).can_fetch(PAGE, PRODUCT)
    assert LONGEST >= 500 * 1024
    assert not parse_rules(latin + b"#" * (LONGEST * 2)).can_fetch(PAGE, PRODUCT)


def test_an_address_is_compared_byte_by_byte_whatever_its_encoding() -> None:
    text = parse_rules("User-agent: *\nDisallow: /数".encode())
    latin = parse_rules(b"User-agent: *\nDisallow: /\xe8")
    for rules, path, allowed in (
        (text, "/%E6%95%B0%E5%AD%A6", False),
        (text, "/%e6%95%b0", False),
        (text, "/%E6%95%B1", True),
        (latin, "/%E8", False),
    ):
        assert rules.can_fetch(f"https://kexue.fm{path}", PRODUCT) is allowed


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_a_line_that_the_limit_cuts_forbids_nothing(ending: str) -> None:
    """What is left of `Disallow: /archives/58/private` may be `Disallow: /`."""
    known, last = f"{EVERYONE}{ending}#", f"{ending}Disallow: /archives/58/private"
    filler = "a" * (LONGEST - len(known) - len(last) + len("archives/58/private"))
    rules = parse_rules((known + filler + last).encode())
    assert rules.can_fetch("https://kexue.fm/archives/58", PRODUCT)
    assert not rules.can_fetch(PAGE, PRODUCT)


def test_a_byte_order_mark_hides_no_rule(crawled: Callable[..., Crawled]) -> None:
    rules = "\ufeffUser-agent: *\nDisallow: /archives/58\n".encode()
    archive = crawled(overrides={"/robots.txt": SampleResponse(200, TEXT, rules)})
    archive.crawl("catalogue", index=False)
    assert "/archives/58" not in archive.asked(None)
    assert "/archives/105" in archive.asked(None)


@pytest.mark.parametrize("target", ["/robots.txt", "http://127.0.0.2/robots.txt", "ftp://kexue.fm/robots.txt"])
def test_a_redirect_that_leads_to_no_rules_forbids_nothing(crawled: Callable[..., Crawled], target: str) -> None:
    archive = crawled(overrides={"/robots.txt": SampleResponse(302, {"Location": target}, b"")})
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]


def test_rules_are_found_after_five_redirects(crawled: Callable[..., Crawled]) -> None:
    rules = SampleResponse(200, TEXT, b"User-agent: *\nDisallow: /archives/58\n")
    hops = ["/robots.txt", *(f"/rules/{number}" for number in range(5))]
    moved = {start: SampleResponse(301, {"Location": to}, b"") for start, to in pairwise(hops)}
    archive = crawled(overrides={**moved, hops[-1]: rules})
    archive.crawl("catalogue", index=False)
    assert archive.asked(None)[:6] == hops
    assert "/archives/58" not in archive.asked(None)
    assert "/archives/105" in archive.asked(None)


def test_rules_that_were_cut_short_are_asked_for_again(crawled: Callable[..., Crawled]) -> None:
    cut = gzip.compress(EVERYONE.encode())[:-4]
    archive = crawled(overrides={"/robots.txt": SampleResponse(200, TEXT | {"Content-Encoding": "gzip"}, cut)})
    assert archive.crawl("catalogue", index=False).returncode == 7
    assert archive.asked(None) == ["/robots.txt"] * 3
