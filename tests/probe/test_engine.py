from __future__ import annotations

import lxml.html
import pytest

from archiver.probe import engine
from archiver.profile import ENGINES

PAGES = [
    ("hexo", '<meta name="generator" content="Hexo 7.3.0">'),
    ("hugo", '<meta name="Generator" content="Hugo 0.152.2">'),
    ("jekyll", "<!-- Begin Jekyll SEO tag v2.8.0 -->"),
    ("wordpress", '<link rel="https://api.w.org/" href="/wp-json/">'),
    ("wordpress", '<script src="/wp-content/themes/chalk/a.js"></script><a href="https://gohugo.io/">not this</a>'),
    ("typecho", '<link rel="stylesheet" href="/usr/themes/default/style.css">'),
    ("pelican", '<a href="https://getpelican.com/">Pelican</a>'),
    ("ghost", '<meta name="generator" content="Ghost 5.72">'),
    ("cnblogs", '<div id="cnblogs_post_body"></div>'),
    ("generic", '<meta name="generator" content="Notepad"><p>Hugo and Hexo went up the hill.</p>'),
]


@pytest.mark.parametrize(("name", "markup"), PAGES)
def test_an_engine_is_known_by_what_only_it_writes(name: str, markup: str) -> None:
    tree = lxml.html.document_fromstring(f"<html><head></head><body>{markup}</body></html>")
    assert engine.most_likely(list(engine.signs(tree))) == name
    assert (ENGINES / f"{name}.toml").exists()


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("jekyll", b'<feed><generator uri="https://jekyllrb.com/" version="4.3">Jekyll</generator>'),
        ("wordpress", b"<rss><channel><generator>https://wordpress.org/?v=6.1</generator>"),
        ("hugo", b"<rss><channel><generator>Hugo -- gohugo.io</generator>"),
    ],
)
def test_a_feed_names_what_made_it(name: str, feed: bytes) -> None:
    assert [sign.engine for sign in engine.feed_signs(feed)] == [name]
