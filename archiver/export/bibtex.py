"""BibTeX: every post as an entry, under the key the blog's own citation of it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from archiver.durable import replacing
from archiver.export.notice import license_of, notice
from archiver.export.rows import Step
from archiver.store.library import Library
from archiver.store.values import Post
from archiver.text.bibtex import entry
from archiver.urls import Site


def write(library: Library, target: Path, step: Step, *, posts: Collection[int] | None = None) -> None:
    """Write one file with all posts by number, or with the posts chosen, in the order given.

    Raises DiskFull and ArchiverError when it cannot be written.
    """
    with replacing(target) as file:
        for part in parts(library, posts):
            file.write(part.encode())
            step()


def parts(library: Library, posts: Collection[int] | None = None) -> Iterator[str]:
    """Yield the text of such a file: first what it holds, then the entries."""
    yield "".join(f"% {sentence}\n" for sentence in notice(library.posts(), library.site.profile).sentences())
    for post in library.posts() if posts is None else map(library.post, posts):
        yield "\n" + cite(post, library.site)


def cite(post: Post, site: Site) -> str:
    """Return the entry of one post."""
    name, url = license_of(post)
    gone = "; no longer on the blog" if post.status == "gone" else ""
    return entry(
        key=site.citation(post.url),
        title=post.title,
        author=post.author,
        url=post.url,
        published_on=post.published_on,
        language=site.profile.language,
        archived_on=post.last_seen_at[:10],
        note=f"Blog post, archived as of {post.last_changed_at[:10]}{gone}; {name} {url}".rstrip(),
    )
