"""Jekyll as Debian has it, with the theme it comes with, minima."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engines.engine import ABOUT, TITLE, Files, program, run
from tests.engines.markup import markdown
from tests.engines.posts import ADA, ZONE, Formula, Post

_PACKAGES = "jekyll jekyll-theme-minima ruby-jekyll-feed ruby-jekyll-seo-tag ruby-jekyll-sitemap"


class Jekyll(Files):
    """Jekyll with minima, which shows neither categories nor tags."""

    name = "jekyll-minima"

    def install(self, folder: Path) -> None:
        """Find Jekyll."""
        self._jekyll = program("jekyll", _PACKAGES)

    def write(self, posts: tuple[Post, ...]) -> None:
        """Render all posts."""
        self.put("_config.yml", self._config())
        self.put("index.md", "---\nlayout: home\n---\n")
        self.put("about.md", f"---\nlayout: page\ntitle: About\npermalink: /about/\n---\n{ABOUT}\n")
        texts = {f"_posts/{post.moment:%Y-%m-%d}-{post.slug}.md": _source(post) for post in posts}
        self.put_posts(posts, texts, "pictures")
        run(self._jekyll, "build", "--quiet", "--destination", self.public, folder=self.source)

    def _config(self) -> str:
        return (
            f"title: {TITLE}\nauthor: {{name: {ADA}}}\nurl: {self.origin}\ntimezone: {ZONE}\ntheme: minima\n"
            "future: true\nplugins: [jekyll-feed, jekyll-seo-tag, jekyll-sitemap]\n"
        )


def _source(post: Post) -> str:
    changed = f"last_modified_at: {post.changed:%Y-%m-%d %H:%M:%S}\n" if post.changed else ""
    text = markdown(post.parts, "/pictures/", _in_kramdown)
    return (
        f'---\nlayout: post\ntitle: "{post.title}"\nauthor: {post.author}\ndate: {post.moment:%Y-%m-%d %H:%M:%S}\n'
        f"{changed}categories: {json.dumps(post.categories)}\ntags: {json.dumps(post.tags)}\n---\n"
        f"{{% raw %}}\n{text}{{% endraw %}}\n"
    )


def _in_kramdown(formula: Formula) -> str:
    """Write TeX as kramdown wants it: between two dollars each, whether in a line or on its own."""
    return f"$${formula.tex}$$"
