"""Pelican with the theme it comes with."""

from __future__ import annotations

import sys
import venv
from dataclasses import replace
from pathlib import Path

from tests.engines.engine import ABOUT, TITLE, Files, installing, run
from tests.engines.markup import markdown
from tests.engines.posts import ZONE, Code, Formula, Post


class Pelican(Files):
    """Pelican; `theme` is one that comes along."""

    def __init__(self, folder: Path, theme: str) -> None:
        super().__init__(folder)
        self.theme = theme
        self.name = f"pelican-{theme}"

    def shows(self, post: Post) -> Post:
        """Return a post in its first category, without comments and without languages and tabs in its listings."""
        parts = tuple(Code("", part.text.expandtabs(4)) if isinstance(part, Code) else part for part in post.parts)
        return replace(post, categories=post.categories[:1], parts=parts, comments=())

    def install(self, folder: Path) -> None:
        """Install Pelican into an environment of its own with pip."""
        venv.create(folder / "venv", with_pip=True)
        self._programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        packages = ("pelican[markdown]", "pelican-render-math", "pygments")
        installing(self._programs / "python", "-m", "pip", "install", "--quiet", *packages, folder=folder)

    def write(self, posts: tuple[Post, ...]) -> None:
        """Render all posts."""
        self.put("pelicanconf.py", self._settings())
        self.put("content/pages/about.md", f"Title: About\n\n{ABOUT}\n")
        texts = {f"content/{post.slug}.md": _source(post) for post in posts}
        self.put_posts(posts, texts, "content/pictures")
        run(self._programs / "pelican", "content", "-s", "pelicanconf.py", "-o", self.public, folder=self.source)

    def _settings(self) -> str:
        return (
            f"SITENAME = {TITLE!r}\nSITEURL = {self.origin!r}\nTIMEZONE = {ZONE!r}\nTHEME = {self.theme!r}\n"
            "DEFAULT_LANG = 'en'\nDEFAULT_PAGINATION = 10\nSTATIC_PATHS = ['pictures']\nFEED_DOMAIN = SITEURL\n"
            "DELETE_OUTPUT_DIRECTORY = True\nDEFAULT_DATE_FORMAT = '%d %B %Y'\n"
        )


def _source(post: Post) -> str:
    changed = f"Modified: {post.changed:%Y-%m-%d %H:%M}\n" if post.changed else ""
    return (
        f"Title: {post.title}\nDate: {post.moment:%Y-%m-%d %H:%M}\n{changed}Author: {post.author}\n"
        f"Category: {post.categories[0]}\nTags: {', '.join(post.tags)}\nSlug: {post.slug}\n\n"
        + markdown(post.parts, "{static}/pictures/", _in_dollars)
    )


def _in_dollars(formula: Formula) -> str:
    """Write TeX between dollars as it is: the plug-in keeps Markdown from it."""
    return f"$${formula.tex}$$" if formula.display else f"${formula.tex}$"
