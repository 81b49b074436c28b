"""A small archive with everything the reader has to show, and with what must not happen to who reads it."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from archiver import items, media
from archiver.store import captures, embedded, lists, pages, posts, relations, runs
from archiver.store import comments as said
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.text import tex
from archiver.urls import Site
from archiver.warc import message
from archiver.warc.writer import WarcWriter

BLOG = Site().origin

PICTURE = f"{BLOG}/usr/uploads/2026/01/a.png"
DRAWING = f"{BLOG}/usr/uploads/2026/01/b.svg"
SKETCH = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><circle r='9'/></svg>"
LIE = f"{BLOG}/usr/uploads/2026/01/lie.png"
MATHS = rf"""
开头一段，设$0<x<y$则$a<b$成立，见\eqref{{eq:one}}。

## 第一节 $\alpha$

\begin{{equation}}\newcommand{{tr}}{{\mathop{{\text{{tr}}}}}} \tr(A) = \sum_i \lambda_i \label{{eq:one}}\end{{equation}}

再看$\tr(AB)=\tr(BA)$与[《漫谈（一）》](https://kexue.fm/archives/1002)，以及[别处](https://example.org/x)。

### 细节

![示意]({PICTURE})

示意

```python
def f(x):
    return x < 1
```

| 甲 | 乙 |
| --- | --- |
| $a_1$ | $b<c$ |
"""
HOSTILE = rf"""
<script>window.hit = 1; fetch("http://192.0.2.1/")</script>

<table onclick="window.hit = 1"><tr><td><img src="x" onerror="window.hit = 1"> $a&lt;b$</td></tr></table>

[坏](javascript:window.hit=1) <svg onload="window.hit = 1"></svg> <iframe src="/sql"></iframe>
<style>body {{ display: none }}</style> <base href="http://192.0.2.1/"> <form action="/sql"><button>x</button></form>

$\href{{javascript:window.hit=1}}{{x}}$ ![]({LIE})
"""
SCRIPTS = """<!DOCTYPE html><html><body onload="hit()"><p>页面 $x$</p><a id=out
href="{blog}/archives/1001">x</a><script>
function hit() {{
  document.title = "ran";
  fetch("{reader}/api/status").then(() => {{ document.title = "reached" }}, () => {{}});
}}
try {{ localStorage.x = 1 }} catch (e) {{ window.stored = false }}
</script></body></html>"""
PLAIN = "<!DOCTYPE html><html><body class='a>b'><p>{}</p></body></html>"


def png() -> bytes:
    """Return a picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")
    )


class Library:
    """An archive that is filled by hand."""

    def __init__(self, home: Path, db: str | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.archive = Archive(database_url(home, db))
        self.writer = WarcWriter(home / "warc", "shelf", software="test")
        self.run, _ = runs.begin(self.archive.session, "crawl", now="2026-01-01T00:00:00Z")

    def record(self, url: str, body: bytes, kind: str, at: str, status: int = 200) -> int:
        """Record an answer and return the number of its capture."""
        response = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        path = url.removeprefix(BLOG)
        request = f"GET {path} HTTP/1.1\r\nHost: kexue.fm\r\n\r\n".encode()
        place = self.writer.write_exchange(
            target_uri=url, request=request, response=response, fetched_at=at, ip_address=None
        )
        assert message.parse(response).status == status
        capture = items.Capture(
            url=url,
            target_uri=url,
            fetched_at=at,
            status=status,
            content_type=kind,
            payload_sha256=place.payload_sha256,
            warc_file=place.warc_file,
            warc_offset=place.offset,
            warc_length=place.length,
            record_id=place.record_id,
        )
        captures.add(self.archive.session, capture, self.run)
        self.archive.commit()
        return int(self.archive.session.connection().exec_driver_sql("SELECT max(id) FROM captures").scalar_one())

    def post(
        self,
        number: int,
        title: str,
        markdown: str,
        *,
        at: str = "2026-01-01T01:00:00Z",
        on: str = "2025-12-01",
        page: str = "",
        comments: Iterable[items.Comment] = (),
        links: tuple[int | tuple[str, str], ...] = (),
        tags: tuple[str, ...] = ("矩阵", "a/b"),
    ) -> None:
        """Record a post's page and what was read from it; `links` are posts, or addresses elsewhere with their text."""
        url = f"{BLOG}/archives/{number}"
        body = (page or PLAIN.format(title)).encode()
        capture = self.record(url, body, "text/html; charset=UTF-8", at)
        post = items.Post(
            id=number,
            url=url,
            title=title,
            author="苏剑林",
            published_on=on,
            categories=(items.Category(slug="Big-Data", name="信息时代"),),
            tags=tags,
            license="署名",
            license_url=None,
            reader_count=1234,
            comment_count=len(tuple(comments)),
            content=_content(markdown, links),
            content_sha256=hashlib.sha256((title + markdown).encode()).hexdigest(),
            quality=items.Quality(engine="site"),
            comments=tuple(comments),
            comment_page=1,
            comment_pages=1,
        )
        posts.save(self.archive.session, post, capture_id=capture, seen_at=at, extractor_version=1)
        said.save(self.archive.session, post, seen_at=at, capture_id=capture)
        self.archive.commit()

    def page(self, path: str, title: str, markdown: str, comments: tuple[items.Comment, ...] = (), *, at: str) -> None:
        """Record an independent page and what was read from it."""
        url = BLOG + path
        capture = self.record(url, PLAIN.format(title).encode(), "text/html; charset=UTF-8", at)
        page = items.Page(
            url=url,
            title=title,
            content=_content(markdown),
            content_sha256=hashlib.sha256((title + markdown).encode()).hexdigest(),
            quality=items.Quality(engine="site"),
            comments=comments,
        )
        pages.save(self.archive.session, page, capture_id=capture, seen_at=at, proven=True)
        self.archive.commit()

    def file(self, path: str, data: bytes, kind: str, *, at: str) -> None:
        """Record a linked file."""
        capture = self.record(BLOG + path, data, kind, at)
        file = items.File(url=BLOG + path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        pages.save_file(self.archive.session, file, capture_id=capture, seen_at=at)
        self.archive.commit()

    def close(self) -> None:
        """Finish."""
        relations.refresh(self.archive.session)
        counts = {"new": 4, "requests": 9}
        runs.end(self.archive.session, self.run, "complete", 0, counts, now="2026-01-02T00:00:00Z")
        self.archive.commit()
        self.writer.close()
        self.archive.close()


def comment(
    number: int, words: str, parent: int | None = None, *, author: str = "读者", owner: bool = False
) -> items.Comment:
    """Return a comment."""
    return items.Comment(
        id=number,
        parent_id=parent,
        author=author,
        author_url=None,
        is_owner=owner,
        published_on="2026-01-02",
        content=_content(words),
    )


def _content(markdown: str, links: tuple[int | tuple[str, str], ...] = ()) -> items.Content:
    found = tex.scan(markdown, markdown=True)
    formulas = tuple(tex.formula(markdown[span.start : span.end], n, span) for n, span in enumerate(found.spans))
    targets = tuple(
        items.PostLink(position=n, url=f"{BLOG}/archives/{target}", text="x", kind="post", target_post_id=target)
        if isinstance(target, int)
        else items.PostLink(position=n, url=target[0], text=target[1], kind="external", target_post_id=None)
        for n, target in enumerate(links)
    )
    return items.Content(markdown=markdown, text=markdown, formulas=formulas, links=targets)


def filled(home: Path, reader: str = "http://127.0.0.1:9", db: str | None = None) -> Path:
    """Make the archive in a folder, its tables elsewhere if so told; archived scripts think that `reader` is it."""
    library = Library(home, db)
    top = [comment(100 + n, f"第{n}条，$x_{n}$") for n in range(24)]
    deep = [comment(200, "问$\\href{javascript:window.hit=1}{y}$ <b onclick=hit()>")]
    deep += [comment(201 + n, f"答{n}", 200 + n, owner=n % 2 == 0, author="苏剑林") for n in range(14)]
    library.record(PICTURE, png(), "image/png", "2026-01-01T00:30:00Z")
    library.record(
        DRAWING, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml", "2026-01-01T00:30:01Z"
    )
    sketch = items.EmbeddedPicture(url=media.digest_url(SKETCH), media_type="image/svg+xml", data=SKETCH)
    embedded.keep(library.archive.session, [sketch])
    library.record(LIE, b"<script>alert(1)</script>", "image/png", "2026-01-01T00:30:02Z")
    library.post(1001, r"迹与$e^{i\pi}$", MATHS, comments=[*top, *deep], links=(1002, 1999))
    library.post(
        1002, "漫谈（一）：开始", "第一版，$x$。\n\n不变的一段。\n\n再一段。\n\n第四段。\n\n第五段。", on="2024-01-01"
    )
    library.post(1003, "漫谈（二）：后来", "第二篇。", on="2024-02-01", links=(1002,))
    hostile = SCRIPTS.format(reader=reader, blog=BLOG)
    library.post(1004, '<script>window.hit = 1</script>"><b>题', HOSTILE, on="2023-01-01", page=hostile)
    changed = "第二版，$x+1$。\n\n不变的一段。\n\n再一段。\n\n第四段。\n\n第五段。"
    library.post(1002, "漫谈（一）：开始", changed, on="2024-01-01", at="2026-02-01T01:00:00Z")
    said = (comment(300, "问$z_1$"), comment(301, "答<script>hit()</script>", 300, owner=True, author="苏剑林"))
    library.page("/me.html", "关于本站", "从前的话。", at="2026-01-01T02:00:00Z")
    library.page("/me.html", "关于本站", r"这里设$0<u<v$。" + HOSTILE, said, at="2026-02-01T02:00:00Z")
    library.file("/usr/uploads/2026/01/t.pdf", b"%PDF-", "application/pdf", at="2026-01-01T02:00:01Z")
    index = items.Topic(
        position=0,
        name="矩阵",
        links=(
            items.TopicLink(position=0, post_id=1001, title="迹", url="https://kexue.fm/archives/1001"),
            items.TopicLink(position=1, post_id=1999, title="没有", url="https://kexue.fm/archives/1999"),
        ),
    )
    lists.save_topics(library.archive.session, items.Topics(source="index.md", topics=(index,)), run_id=library.run)
    library.close()
    return home
