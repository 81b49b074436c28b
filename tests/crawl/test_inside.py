"""Versions of Scrapy that lack what is relied upon: a run says so, and is no less polite or careful for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

from archiver.crawl.inside import inside, keep_suffixes_at_hand
from archiver.crawl.servers import SUFFIXES
from archiver.errors import ArchiverError
from archiver.sample import SampleResponse
from tests.zygote import ROOT, Completed

from .conftest import Crawled

WITHOUT = """
import asyncio, sys

def get(self, name):
    if name == "{name}" and sys._getframe(1).f_globals["__name__"].startswith("archiver."):
        {first}
        raise AttributeError(name)
    return object.__getattribute__(self, name)

{owner}.__getattribute__ = get
"""
"""A part of Scrapy that calls something else than we do."""

ROBOTS = b"User-agent: *\nCrawl-delay: 1\n"


def words(archive: Crawled) -> list[str]:
    """Return a crawl by name."""
    site = archive.site.replace("127.0.0.1", "localhost")
    return ["--home", str(archive.home), "crawl", "catalogue", "--site", site, "--delay", "0", "--limit", "1"]


def crawl_with(archive: Crawled, change: str) -> Completed:
    """Crawl with a Scrapy that a statement has changed."""
    first = f"import archiver.settings\nfrom scrapy.core import downloader, engine\n{change}"
    return archive.archiver.after(first, *words(archive))


def test_a_resolver_that_is_not_asked_ends_the_run_at_the_first_answer(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    other = "archiver.settings.TWISTED_DNS_RESOLVER = 'scrapy.resolver.CachingThreadedResolver'"
    done = crawl_with(archive, other)
    assert done.returncode == 1
    assert "expected to look up localhost by TWISTED_DNS_RESOLVER" in done.stdout
    assert archive.asked(None) == ["/robots.txt"]


def test_no_console_is_loaded(crawled: Callable[..., Crawled]) -> None:
    told = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code = f"{told}from archiver.cli import main\nmain()"
    program = [sys.executable, "-c", code, *words(crawled())]  # a process that has imported nothing yet
    loaded = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False).stderr.split()
    assert "scrapy.extensions.corestats" in loaded
    assert not {"scrapy.extensions.telnet", "scrapy.extensions.remote_control"} & {*loaded}


def test_the_resolver_is_asked_by_the_scrapy_that_is_installed(crawled: Callable[..., Crawled]) -> None:
    done = crawl_with(crawled(), "")
    assert done.returncode == 0, done.stderr


def test_without_the_pauses_of_a_server_a_run_ends_rather_than_hurry(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    archive.blog.overrides["/robots.txt"] = SampleResponse(200, {"Content-Type": "text/plain"}, ROBOTS)
    done = crawl_with(archive, WITHOUT.format(owner="downloader.Downloader", name="per_slot_settings", first=""))
    assert done.returncode == 1
    assert "expected `per_slot_settings` in Scrapy's Downloader" in done.stdout


def test_without_a_way_to_wake_the_engine_what_waits_is_asked_for_by_its_own_clock(
    crawled: Callable[..., Crawled],
) -> None:
    archive = crawled(broken={"/content.html": [503]})
    clock = "asyncio.get_running_loop().call_later(0.1, self.nextcall.schedule)"
    change = WITHOUT.format(owner="engine._Slot", name="nextcall", first=clock)
    done = crawl_with(archive, f"{change}engine.ExecutionEngine._SLOT_HEARTBEAT_INTERVAL = 60")
    assert (done.returncode, done.stderr) == (0, "")
    log = (archive.home / "logs" / "run-000001.jsonl").read_text("utf-8")
    assert "ERROR" not in {json.loads(line)["level"] for line in log.splitlines()}
    assert archive.asked(None)[:3] == ["/robots.txt", "/content.html", "/content.html"]


def test_what_scrapy_lacks_is_named() -> None:
    assert inside(SimpleNamespace(slots=1), "slots") == 1
    with pytest.raises(ArchiverError, match=r"expected `slots` in Scrapy's SimpleNamespace.*install the version"):
        inside(SimpleNamespace(), "slots")


def test_a_cookie_jar_that_knows_suffixes_otherwise_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    cookies = ModuleType("cookies")
    keep_suffixes_at_hand(cookies)
    assert "cookies._split_domain" in caplog.text
    caplog.clear()
    keep_suffixes_at_hand(cookies)
    assert not caplog.text
    assert vars(cookies)["_split_domain"] is SUFFIXES
