"""What pages are shown with is archived as a browser asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from archiver.pages.requisites import mathjax_parts
from archiver.urls import Site
from tests.web.conftest import replaying

from .conftest import Crawled, few

BLOG = Site().origin

FOLDER = "/static/MathJax-2.7.9/"
SCRIPT = f"{FOLDER}MathJax.js?config=TeX-AMS-MML_HTMLorMML"


def test_the_parts_of_mathjax_are_asked_for_once_with_the_version_a_browser_adds(
    crawled: Callable[..., Crawled],
) -> None:
    source = few()
    (config,) = mathjax_parts(BLOG + SCRIPT, b'cdnVersion="2.7.9"')
    wanted = [each.removeprefix(BLOG) for each in (config, *mathjax_parts(config, b""))]
    files = {target.partition("?")[0]: b"/* " + target.encode() + b" */" for target in wanted}
    files[SCRIPT.partition("?")[0]] = b'(function(a){a.cdnVersion="2.7.9"})(window.MathJax)'
    archive = crawled(source=replace(source, files=source.files | files))
    for _ in range(2):
        assert archive.crawl("catalogue", index=False).returncode == 0
    asked = Counter(target for target in archive.asked(None) if target.startswith(FOLDER))
    assert asked == Counter([SCRIPT, *wanted])
    with replaying(archive.home) as client:
        for target in wanted:
            bare, _, query = target.partition("?")
            assert query == "V=2.7.9"
            bodies = {client.get(each, "Accept-Encoding: identity").body for each in (target, bare)}
            assert bodies == {files[bare]}
