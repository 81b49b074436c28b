"""What crawls of a fleet tell each other of a server."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archiver import clock
from archiver.crawl.servers import domain
from archiver.errors import ArchiveLocked
from archiver.fleet.blogs import Blog
from archiver.fleet.blogs import Fleet as Blogs
from archiver.fleet.servers import SharedServers, groups
from tests.fleet.conftest import Fleet

PICTURE = "http://pictures.example.org/a.png"
SHARED = "http://static.example.org/b.png"  # of the same domain


@pytest.mark.postgresql
def test_a_pause_and_a_rest_are_kept_by_whoever_asks_the_server_next(fleet: Fleet) -> None:
    one = Blog(name="one", url="http://127.0.0.1/", base="http://127.0.0.1:1", profile="")
    two = Blog(name="two", url="http://[::1]/", base="http://[::1]:1", profile="")
    with Blogs(fleet.url, make=True) as known:
        known.add([one, two])
        with SharedServers(known, two) as second:
            with SharedServers(known, one) as first:
                assert first.turn(PICTURE, 1000) == timedelta(0)
                assert 900 < first.turn(PICTURE, 1000).total_seconds() <= 1000
                assert 900 < second.turn(SHARED, 0).total_seconds() <= 1000
                assert second.turn(two.base, 1000) == timedelta(0)
                first.rest(PICTURE, clock.now() + timedelta(hours=1), "HTTP 429")
                first.rest(PICTURE, clock.now() + timedelta(minutes=1), "a shorter one")
            until = second.rest_until(SHARED)
            assert until
            assert timedelta(minutes=59) < until - clock.now() <= timedelta(hours=1)
            assert second.turn(SHARED, 0) > timedelta(minutes=59)
            assert second.rest_until(two.base) is None


@pytest.mark.postgresql
def test_a_server_is_held_by_one_crawl_until_its_process_lets_go(fleet: Fleet) -> None:
    one = Blog(name="one", url="http://127.0.0.1/1", base="http://127.0.0.1:1", profile="")
    two = Blog(name="two", url="http://127.0.0.1/2", base="http://127.0.0.1:2", profile="")
    with Blogs(fleet.url, make=True) as known:
        known.add([one, two])
        with SharedServers(known, one), pytest.raises(ArchiveLocked, match=r"two: another crawl .* 127\.0\.0\.1"):
            SharedServers(known, two)
        SharedServers(known, two).close()


def test_blogs_are_one_group_that_share_a_domain_or_an_address() -> None:
    known = {"a": {"x.org", "1.1.1.1"}, "b": {"y.org", "2.2.2.2"}, "c": {"z.org", "1.1.1.1", "2.2.2.2"}, "d": {"w.org"}}
    found = groups(known)
    assert found["a"] == found["b"] == found["c"] != found["d"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.example.co.uk", "example.co.uk"),
        ("Example.org", "example.org"),
        ("someone.github.io", "someone.github.io"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("localhost", "localhost"),
        ("github.io", "github.io"),
    ],
)
def test_a_domain_is_what_was_registered(host: str, expected: str) -> None:
    assert domain(host) == expected
