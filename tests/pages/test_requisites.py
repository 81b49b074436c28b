from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.pages.requisites import mathjax_parts, parse_requisites
from archiver.urls import Site

BLOG = Site().origin

SITE = Site(base="http://127.0.0.1:8000")
HEAD = b"""<html><head><title>x</title>
<link rel="stylesheet" href="http://127.0.0.1:8000/usr/themes/geekg/style.css?v=2" />
<link rel="shortcut icon" href="/usr/themes/geekg/icon.png" /><link rel="alternate" href="/feed" />
<script src="/static/MathJax-2.7.9/MathJax.js?config=TeX-AMS-MML_HTMLorMML"></script>
<script src="https://elsewhere.example/count.js"></script><script>var x = "</script>
</head><body><script src="/usr/plugins/late.js"></script></body></html>"""


def test_styles_scripts_icons_and_mathjax_are_found() -> None:
    found = parse_requisites("http://127.0.0.1:8000/archives/1", HEAD, SITE)
    assert found == (
        f"{BLOG}/usr/themes/geekg/style.css?v=2",
        f"{BLOG}/usr/themes/geekg/icon.png",
        f"{BLOG}/static/MathJax-2.7.9/MathJax.js?config=TeX-AMS-MML_HTMLorMML",
    )


@pytest.mark.parametrize(
    ("script", "query"),
    [
        (b'MathJax.cdnVersion = "2.7.9";', "?V=2.7.9"),
        (b'(function(a){a.version="2.7.9";a.cdnVersion="2.7.9";a.cdnFileVersions={}', "?V=2.7.9"),
        (b"a.cdnVersion='2.7.1-beta'", "?V=2.7.1-beta"),
        (b"/* another script */", ""),
        (b'cdnVersion = "x&y"', ""),
        (b"", ""),
    ],
)
def test_mathjax_loads_its_configuration_and_that_its_parts_as_a_browser_asks(script: bytes, query: str) -> None:
    folder = f"{BLOG}/static/MathJax-2.7.9/"
    (config,) = mathjax_parts(f"{folder}MathJax.js?config=TeX-AMS-MML_HTMLorMML", script)
    assert config == f"{folder}config/TeX-AMS-MML_HTMLorMML.js{query}"
    parts = mathjax_parts(config, b"")
    # A blog about matrices sets most of them in \boldsymbol.
    assert {
        f"{folder}jax/output/HTML-CSS/jax.js{query}", f"{folder}extensions/TeX/boldsymbol.js{query}",
        f"{folder}fonts/HTML-CSS/TeX/woff/MathJax_Main-Regular.woff{query}",
    } <= set(parts)  # fmt: skip
    assert len(set(parts)) == len(parts)
    assert all(part.startswith(folder) and mathjax_parts(part, script) == [] for part in parts)
    assert mathjax_parts(f"{BLOG}/usr/themes/geekg/style.css?v=2", script) == []


@pytest.mark.parametrize("body", [b"", b" ", b"<p>no head</p>", b"\xff\xfe\0", b"<head>" * 9])
def test_a_page_of_no_head_needs_nothing(body: bytes) -> None:
    assert parse_requisites(BLOG + "/archives/1", body, SITE) == ()


@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_no_page_is_too_odd(body: bytes) -> None:
    assert isinstance(parse_requisites(BLOG + "/archives/1", b"<head><link rel=stylesheet href=" + body, SITE), tuple)


def test_what_pages_are_made_with_is_told_from_their_pictures() -> None:
    assert Site().file_kind(f"{BLOG}/usr/themes/geekg/style.css") == "requisite"
    assert Site().file_kind(f"{BLOG}/usr/uploads/2020/1.png") == "image"
    assert Site().file_kind("https://elsewhere.example/static/x.js") == "image"
