from __future__ import annotations

import pytest

from archiver.bundled import index_file
from archiver.errors import ArchiverError
from archiver.pages.topics import parse_topics
from archiver.urls import Site

MARKDOWN = """---
title: 'a front matter ### with a heading'
---

Some words and [a page that is no post](https://kexue.fm/content.html).

### **Numbers** and [shapes](https://zhida.zhihu.com/search?q=shapes)

- [A first post](https://link.zhihu.com/?target=https%3A//spaces.ac.cn/archives/11)
- [Its neighbour 《甲》 [2]](http://kexue.fm/archives/12/#top)
- [an article elsewhere](https://zhuanlan.zhihu.com/p/11)

---

### No posts here

- [nothing](https://link.zhihu.com/?target=https%3A//spaces.ac.cn/)

### Second

1. [A first post again](/archives/11)
"""


def test_topics_of_markdown_are_in_order_with_their_posts() -> None:
    topics = parse_topics("index.md", MARKDOWN.encode())
    assert [(topic.position, topic.name) for topic in topics.topics] == [(0, "Numbers and shapes"), (1, "Second")]
    assert [(link.position, link.post_id, link.title) for link in topics.topics[0].links] == [
        (0, 11, "A first post"),
        (1, 12, "Its neighbour 《甲》 [2]"),
    ]
    assert [link.post_id for link in topics.topics[1].links] == [11]


def test_an_index_in_html_reads_the_same() -> None:
    html = (
        "<!DOCTYPE html><html><body><h2>Numbers</h2><ul><li><a href='https://spaces.ac.cn/archives/11/'>One</a></li>"
        "<li><a href='http://127.0.0.1:8000/archives/12'>Two</a></li></ul></body></html>"
    )
    topics = parse_topics("https://example.org/index", html.encode(), Site(base="http://127.0.0.1:8000"))
    assert [(topic.name, [link.post_id for link in topic.links]) for topic in topics.topics] == [("Numbers", [11, 12])]


def test_an_index_without_posts_says_what_was_expected() -> None:
    with pytest.raises(ArchiverError, match="expected headings with links to posts"):
        parse_topics("notes.md", b"# Nothing\n\n[x](https://example.org)")


def test_the_bundled_index_holds_the_facts_of_its_source() -> None:
    topics = parse_topics("index.md", index_file().read_bytes()).topics
    links = [link.post_id for topic in topics for link in topic.links]
    assert (len(topics), len(links), len(set(links))) == (20, 266, 262)
    assert {number for number in links if links.count(number) > 1} == {8770, 6088, 4765, 10847}
    assert (min(links), max(links)) == (1754, 11196)
    assert {topic.name: len(topic.links) for topic in topics}["生成扩散模型"] == 30
