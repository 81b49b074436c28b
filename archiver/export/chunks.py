"""Posts in chunks as JSON Lines, for retrieval: each within one section, no formula cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archiver.durable import replacing
from archiver.export.rows import Step
from archiver.store.library import Library
from archiver.store.values import Post
from archiver.text import chunks, tex


def write(library: Library, target: Path, step: Step) -> None:
    """Write a file with one object per line, for each chunk of each post, in order.

    The texts of a post, joined, are its Markdown. Raises as `replacing` does.
    """
    with replacing(target) as file:
        for post in library.posts():
            revision = next((one.id for one in library.revisions(post.id) if one.current), None)
            for row in rows(post, revision):
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            step()


def rows(post: Post, revision: int | None) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a post as plain values, with its revision if the archive knows it."""
    for number, chunk in enumerate(chunks.chunks(post.markdown), 1):
        yield {
            "post": post.id,
            "revision": revision,
            "chunk": number,
            "title": post.title,
            "headings": list(chunk.headings),
            "text": chunk.text,
            "url": post.url + _place(chunk.headings),
            "published_on": post.published_on,
            "license_url": post.license_url,
        }


def _place(headings: tuple[str, ...]) -> str:
    """Return what to append to the address to link to a heading in any browser: a text fragment.

    https://wicg.github.io/scroll-to-text-fragment/#syntax. A formula in it would not be found: pages show it set.
    """
    if not headings or tex.scan(headings[-1]).spans:
        return ""
    return "#:~:text=" + quote(headings[-1], safe="").replace("-", "%2D")
