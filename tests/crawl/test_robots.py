"""robots.txt as RFC 9309 says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver.crawl.robots import LONGEST, PRODUCT, parse_rules
from archiver.sample import Response

from .conftest import Crawled

PAGE = "https://kexue.fm/x/y"


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
    ],
)
def test_rules_are_read_as_the_standard_says(rules: str, allowed: bool) -> None:
    assert parse_rules(rules.encode()).can_fetch(PAGE, PRODUCT) is allowed


def test_bytes_that_are_no_text_and_more_than_counts_do_no_harm() -> None:
    latin = "# r\xe8gles\nUser-agent: *\nDisallow: /x\n".encode("latin-1")
    assert not parse_rules(latin).can_fetch(PAGE, PRODUCT)
    assert LONGEST >= 500 * 1024
    assert not parse_rules(latin + b"#" * (LONGEST * 2)).can_fetch(PAGE, PRODUCT)


def test_a_byte_order_mark_hides_no_rule(crawled: Callable[..., Crawled]) -> None:
    rules = "\ufeffUser-agent: *\nDisallow: /archives/58\n".encode()
    archive = crawled(overrides={"/robots.txt": Response(200, {"Content-Type": "text/plain"}, rules)})
    archive.crawl("catalogue", index=False)
    assert "/archives/58" not in archive.asked(None)
    assert "/archives/105" in archive.asked(None)


@pytest.mark.parametrize("target", ["/robots.txt", "http://blog.invalid/robots.txt"])
def test_a_redirect_that_leads_to_no_rules_forbids_nothing(crawled: Callable[..., Crawled], target: str) -> None:
    archive = crawled(overrides={"/robots.txt": Response(302, {"Location": target}, b"")})
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts") == [(len(archive.blog.source.posts),)]


def test_a_redirect_within_the_blog_is_followed_to_the_rules(crawled: Callable[..., Crawled]) -> None:
    rules = Response(200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /archives/58\n")
    moved = Response(301, {"Location": "/rules.txt"}, b"")
    archive = crawled(overrides={"/robots.txt": moved, "/rules.txt": rules})
    archive.crawl("catalogue", index=False)
    assert "/archives/58" not in archive.asked(None)
