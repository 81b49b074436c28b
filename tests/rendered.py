"""A blog as static engines render it, in our own words, served on loopback: posts, lists, pages, what themes add."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Note:
    """One post."""

    slug: str
    title: str
    day: str
    text: str
    tags: tuple[str, ...] = ("limits",)
    changed: str = ""


NOTES = tuple(
    Note(
        f"note-{number:02}",
        f"Note {number} on chalk",
        f"20{10 + number % 9}-{1 + number % 12:02}-{1 + number % 28:02}",
        f"<p>The {number}th line of chalk has length $\\ell_{{{number}}} = \\frac{{1}}{{{number + 1}}}$, "
        f"and the sum of all of them grows as slowly as a board dries.</p><p>Nobody wipes it before noon, as far as "
        f"the caretaker knows, and what is left at night is copied by hand.</p>",
    )
    for number in range(1, 25)
)


@dataclass
class Rendered:
    """The blog's files as its server has them, by path."""

    notes: tuple[Note, ...] = NOTES
    address: str = "/{year}/{month}/{day}/{slug}/"
    generator: str = "Hexo 7.3.0"
    under: str = ""
    """The blog's path on a host that it shares with another site."""
    heeds_queries: bool = True
    without: tuple[str, ...] = ()
    """Paths of files that it does not have."""
    beside: str = ""
    """What every post's page has below the text."""
    origin: str = field(default="", init=False)
    asked: list[str] = field(default_factory=list, init=False)

    def path(self, note: Note) -> str:
        year, month, day = note.day.split("-")
        return self.under + self.address.format(year=year, month=month, day=day, slug=note.slug)

    def files(self) -> dict[str, tuple[str, str]]:
        """Return media type and text of each file."""
        newest = sorted(self.notes, key=lambda note: note.day, reverse=True)
        links = "".join(f'<li><a href="{self.path(note)}">{note.title}</a></li>' for note in newest)
        found = {
            "/": ("text/html", self._page("Chalk Marks", f"<main><ul>{links}</ul></main>")),
            "/about/": (
                "text/html",
                self._page("About", "<article><h1>About</h1><p>A board, and who wipes it.</p></article>"),
            ),
            "/sitemap.xml": ("application/xml", self._sitemap()),
            "/feed/": ("application/rss+xml", self._rss(newest[:10])),
            "/feed/?paged=2": ("application/rss+xml", self._rss(newest[10:20])),
            "/feed/?paged=3": ("application/rss+xml", self._rss(newest[20:])),
            "/atom.xml": ("application/atom+xml", self._feed(newest[:10])),
        }
        for note in self.notes:
            for tag in note.tags:
                found[f"/tags/{tag}/"] = ("text/html", self._page(tag, f"<main><ul>{links}</ul></main>"))
        own = {self.under + path: file for path, file in found.items()}
        own |= {self.path(note): ("text/html", self._note(note)) for note in self.notes}
        return self._elsewhere() | {path: file for path, file in own.items() if path not in self.without}

    def _elsewhere(self) -> dict[str, tuple[str, str]]:
        """Return the files of the site that the host has beside the blog."""
        if not self.under:
            return {}
        about_tea = "<html><title>Tea</title><body><p>Nothing here is about chalk.</p></body></html>"
        return {"/": ("text/html", about_tea), "/tea/": ("text/html", about_tea), "/ink.css": ("text/css", "p {}")}

    def _page(self, title: str, body: str) -> str:
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Chalk Marks</title>'
            f'<meta property="og:site_name" content="Chalk Marks"><meta name="generator" content="{self.generator}">'
            f'<link rel="alternate" type="application/atom+xml" href="{self.under}/atom.xml">'
            f"{'<link rel=stylesheet href=/ink.css>' if self.under else ''}</head>"
            f'<body><nav><a href="{self.under}/">Home</a> <a href="{self.under}/about/">About</a>'
            f"{'<a href=/tea/>Tea</a> <a href=/>Us</a>' if self.under else ''}</nav>{body}</body></html>"
        )

    def _note(self, note: Note) -> str:
        tags = "".join(f'<a rel="tag" href="{self.under}/tags/{tag}/">{tag}</a>' for tag in note.tags)
        head = f'<h1 class="p-name">{note.title}</h1><time datetime="{note.day}T09:00:00+01:00">{note.day}</time>'
        return self._page(
            note.title,
            f'<article class="h-entry"><header>{head} <a class="p-author" rel="author" href="{self.under}/about/">'
            f'Ada Sponge</a></header><div class="e-content">{note.text}</div><footer>{tags}</footer></article>'
            + self.beside,
        )

    def _sitemap(self) -> str:
        urls = [(self.path(note), note.changed or note.day) for note in self.notes] + [
            (f"{self.under}/about/", "2010-01-01")
        ]
        rows = "".join(f"<url><loc>{self.origin}{path}</loc><lastmod>{day}</lastmod></url>" for path, day in urls)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        )

    def _feed(self, newest: list[Note]) -> str:
        rows = "".join(
            f'<entry><title>{note.title}</title><link href="{self.origin}{self.path(note)}"/>'
            f"<id>{self.origin}{self.path(note)}</id><published>{note.day}T09:00:00+01:00</published>"
            f"<updated>{note.day}T09:00:00+01:00</updated></entry>"
            for note in newest
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Chalk Marks</title>{rows}</feed>'

    def _rss(self, newest: list[Note]) -> str:
        rows = "".join(
            f"<item><title>{note.title}</title><link>{self.origin}{self.path(note)}</link></item>" for note in newest
        )
        generator = "<generator>https://wordpress.org/?v=6.9</generator>" if "WordPress" in self.generator else ""
        return f'<rss version="2.0"><channel><title>Chalk Marks</title>{generator}{rows}</channel></rss>'

    def edit(self, slug: str, *, text: str, changed: str) -> None:
        """Change the text of a post."""
        self.notes = tuple(
            replace(note, text=text, changed=changed) if note.slug == slug else note for note in self.notes
        )


@contextmanager
def serving(blog: Rendered) -> Iterator[str]:
    """Serve a blog on a free port of loopback while the block runs; yield its origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            blog.asked.append(self.path)
            path = self.path if blog.heeds_queries else self.path.partition("?")[0]
            kind, text = blog.files().get(path, ("", ""))
            body = text.encode() or b"nothing here"
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    blog.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield blog.origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
