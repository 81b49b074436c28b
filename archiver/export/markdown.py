"""Markdown: one file per post or page with front matter, and the pictures; opens in Obsidian or any editor."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from archiver.export.discussion import discussion
from archiver.export.folder import Folder, replacing_folder
from archiver.export.notice import license_of, notice
from archiver.export.pictures import Pictures
from archiver.export.rows import Step
from archiver.store.library import Library
from archiver.store.values import Comment, Page, Post, PostGroup
from archiver.text import embedded, llms
from archiver.text import front_matter as front
from archiver.text.commonmark import with_dollars
from archiver.text.inline import destination, plain
from archiver.urls import Site, origin
from archiver.warc.storage import Storage

PICTURES = "images"
"""Folder of the pictures."""

PAGES = "pages"
"""Folder of the independent pages."""

MOST_BYTES = 180
"""Bytes of a file name without its suffix: file systems allow 255, and sync services lengthen names."""

# A link's or picture's target as our serializer writes it, and what only looks like one: escapes and code.
_TARGET = re.compile(
    r"\\[\s\S]|(?P<ticks>`+)(?!`)[\s\S]*?(?<!`)(?P=ticks)(?!`)|\]\((?:<(?P<angled>[^<>\n]*)>|(?P<bare>[^()\s<>]+))\)"
)
_UNSAFE = re.compile(r'[\\/:*?"<>|#^\[\]%\x00-\x1f\x7f]+')  # of Windows, and of links in Obsidian


def write(
    library: Library, target: Path, step: Step, warc: Storage, *, exact: bool = False, comments: bool = False
) -> str | None:
    """Write a folder with one file per post or page, the pictures, and an index; return what is missing, in words.

    Every formula is between dollar signs, the only ones that Obsidian, Typora, Quarto and GitHub all know; with
    `exact` it is byte for byte as in the archive. With `comments` those of a post follow its text.

    Raises as `replacing_folder` does.
    """
    names = file_names(library.posts(), library.site)
    beside = {page.url: page_name(page.url) for page in library.pages()}
    pictures = Pictures(library, warc)
    with replacing_folder(target) as folder:
        written: dict[str, str] = {}
        for post in library.posts():
            _write_pictures(folder, pictures, [image.url for image in library.images(post.id)], written)
            remarks = library.comments(post.id) if comments else ()
            text = page(post, library.series_of(post.id), names, {**beside, **written}, library.site, remarks)
            folder.write(names[post.id], text if exact else with_dollars(text))
            step()
        for one in library.pages():
            _write_pictures(folder, pictures, embedded.shown(one.markdown), written)
            text = independent_page(one, names, {**beside, **written}, library.site)
            folder.write(beside[one.url], text if exact else with_dollars(text))
        _index(library, folder, names, beside)
    return pictures.report()


def _write_pictures(folder: Folder, pictures: Pictures, urls: Iterable[str], written: dict[str, str]) -> None:
    """Write the pictures that are not `written` yet, and note the file of each."""
    for url in urls:
        if url not in written and (picture := pictures.find(url)):
            written[url] = f"{PICTURES}/{picture.name}"
            folder.write(written[url], picture.data)


def page(
    post: Post,
    series: PostGroup | None,
    names: Mapping[int, str],
    beside: Mapping[str, str],
    site: Site,
    comments: Iterable[Comment] = (),
) -> str:
    """Return a post with its front matter; links lead to the files of other posts, pages and pictures."""

    def local(url: str) -> str:
        return _beside(url, names, beside, site) or url

    name, url = license_of(post)
    foot = f"---\n\n[{post.author or 'source'}]({destination(post.url)}) · {name}" + (f" · <{url}>" if url else "")
    text = _retargeted("\n\n".join([post.markdown, *discussion(comments)]), local)
    return f"{front_matter(post, series, site)}\n{text}\n\n{foot}\n"


def _beside(url: str, names: Mapping[int, str], beside: Mapping[str, str], site: Site) -> str | None:
    """Return the file that an address leads to; a page of comments leads to its post's."""
    page = (site.discussion(site.resolve(url)) or (url,))[0]
    return beside.get(url) or beside.get(page) or names.get(site.post_id(page) or 0)


def independent_page(page: Page, names: Mapping[int, str], beside: Mapping[str, str], site: Site) -> str:
    """Return an independent page with its front matter; it is one folder deeper than the posts."""

    def local(url: str) -> str:
        file = _beside(url, names, beside, site)
        return f"../{file}" if file else url

    fields = {"title": page.title, "url": page.url, "archived": page.last_seen_at, "changed": page.last_changed_at}
    return f"{front.write(fields)}\n{_retargeted(page.markdown, local)}\n\n---\n\n<{page.url}>\n"


def page_name(url: str) -> str:
    """Return the file of an independent page, named after its address: `pages/me.md`."""
    path = unquote(url.removeprefix(origin(url))).removesuffix(".html")
    short = "-".join(_UNSAFE.sub(" ", path).split()).encode()[:MOST_BYTES].decode(errors="ignore")
    return f"{PAGES}/{short or 'page'}.md"


def front_matter(post: Post, series: PostGroup | None, site: Site) -> str:
    """Return what is known about a post as YAML."""
    place = next((i for i, entry in enumerate(series.entries, 1) if entry.post_id == post.id), None) if series else None
    fields: dict[str, object] = {
        "title": post.title,
        "aliases": [post.title],
        "id": post.id if site.post_url(post.id) else None,
        "url": post.url,
        "author": post.author,
        "date": post.published_on,
        "categories": list(post.categories),
        "tags": [re.sub(r"\s+", "-", tag) for tag in post.tags],  # Obsidian's tags have no spaces
        "series": series.name if series else None,
        "series_part": place,
        "license": post.license,
        "license_url": post.license_url,
        "status": post.status,
        "archived": post.last_seen_at,
        "changed": post.last_changed_at,
    }
    return front.write(fields)


def retarget(markdown: str, local: Callable[[str], str]) -> str:
    """Return our Markdown with other targets of links and pictures; code and escapes stay as they are."""

    def replace(found: re.Match[str]) -> str:
        url = found["angled"] or found["bare"]
        return found[0] if url is None else f"]({destination(local(url))})"

    return _TARGET.sub(replace, markdown)


def _retargeted(markdown: str, local: Callable[[str], str]) -> str:
    """Return our Markdown with other targets, even of pictures in HTML, as in tables that need it."""
    text = retarget(markdown, local)
    return embedded.retarget(text, {url: local(url) for url in embedded.shown(text)})


def file_names(posts: Iterable[Post], site: Site) -> dict[int, str]:
    """Return the file of each post: named after its number and title, or its date and the name in its address.

    Of two that would have the same name, also on systems that ignore case, the second is named after the
    key under which it is cited.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for post in posts:
        if site.post_url(post.id):
            name = file_name(post.id, post.title)
        else:
            day = post.published_on or ""
            name = file_name(day, site.name(post.url))
            name = file_name(day, site.citation(post.url)) if name.casefold() in taken else name
        names[post.id] = name
        taken.add(name.casefold())
    return names


def file_name(first: int | str, title: str) -> str:
    """Return a post's file name: its number, if it has one, makes it unique, its title findable."""
    text = unicodedata.normalize("NFC", "".join(sign if sign.isprintable() else " " for sign in title))
    text = " ".join(_UNSAFE.sub(" ", text).split())
    room = MOST_BYTES - len(str(first)) - 1
    short = text.encode()[:room].decode(errors="ignore").strip(" .")
    return (f"{first} {short}".strip() or "post") + ".md"


def _index(library: Library, folder: Folder, names: Mapping[int, str], beside: Mapping[str, str]) -> None:
    parts = ["\n\n".join(notice(library.posts(), library.site.profile).sentences())]
    for heading, groups in (("Topics", library.topics), ("Series", library.series)):
        parts += [f"# {heading}"] if groups else []
        for group in groups:
            lines = (_item(entry.title, names[entry.post_id]) for entry in group.entries)
            parts.append(f"## {group.name}\n\n" + "\n".join(lines))
    posts = sorted(library.posts(), key=lambda post: (post.published_on or "", post.id), reverse=True)
    parts.append("# All posts\n\n" + "\n".join(f"{_item(p.title, names[p.id])} {p.published_on or ''}" for p in posts))
    pages = [_item(page.title, beside[page.url]) for page in library.pages()]
    parts += ["# Pages\n\n" + "\n".join(pages)] if pages else []
    folder.write("index.md", "\n\n".join(parts) + "\n")
    folder.write(llms.NAME, _llms(library, names, beside))


def _llms(library: Library, names: Mapping[int, str], beside: Mapping[str, str]) -> str:
    """Return the list of the files for programs that read."""
    profile = library.site.profile
    topics, series = (
        [(group.name, [entry.post_id for entry in group.entries]) for group in groups]
        for groups in (library.topics, library.series)
    )
    return llms.write(
        next(iter(profile.titles.values())),
        notice(library.posts(), profile).sentences(),
        {post.id: llms.LlmsLink(post.title, names[post.id], post.published_on or "") for post in library.posts()},
        topics,
        series,
        [llms.LlmsLink(page.title, beside[page.url]) for page in library.pages()],
    )


def _item(title: str, name: str) -> str:
    return f"- [{plain(title)}]({destination(name)})"
