"""Hexo with its default theme, and with NexT."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from tests.engines.engine import ABOUT, TITLE, Files, Missing, installing, run
from tests.engines.markup import markdown
from tests.engines.posts import ADA, ZONE, Post

_PACKAGES = (
    "hexo", "hexo-generator-archive", "hexo-generator-category", "hexo-generator-index", "hexo-generator-tag",
    "hexo-renderer-ejs", "hexo-renderer-marked", "hexo-renderer-stylus",
)  # fmt: skip
_MATHEMATICS = """\
hexo.extend.injector.register("head_end", `<script>
MathJax = {tex: {inlineMath: [["$", "$"]], tags: "ams"}};
</script><script async src="/js/mathjax.js"></script>`);
"""


class Hexo(Files):
    """Hexo; `theme` is the name of one, which is a package of its own."""

    def __init__(self, folder: Path, theme: str) -> None:
        super().__init__(folder)
        self.theme = theme
        self.name = f"hexo-{theme}"

    def shows(self, post: Post) -> Post:
        """Return a post as one of the blog's only author, without comments."""
        return replace(post, author=ADA, comments=())

    def install(self, folder: Path) -> None:
        """Install Hexo and the theme with npm."""
        if not (npm := shutil.which("npm")):
            raise Missing("expected npm, found none: install Node.js")
        (self.source / "package.json").write_text(json.dumps({"name": "board", "private": True, "hexo": {}}), "utf-8")
        installing(
            npm, "install", "--no-audit", "--no-fund", *_PACKAGES, f"hexo-theme-{self.theme}", folder=self.source
        )

    def write(self, posts: tuple[Post, ...]) -> None:
        """Render all posts."""
        self.put("_config.yml", self._config())
        self.put("scripts/mathematics.js", _MATHEMATICS)
        self.put("source/js/mathjax.js", "")
        self.put("source/about/index.md", f"---\ntitle: About\ndate: 2019-01-01\n---\n{ABOUT}\n")
        texts = {f"source/_posts/{post.slug}.md": _source(post) for post in posts}
        self.put_posts(posts, texts, "source/pictures")
        run(self.source / "node_modules/.bin/hexo", "generate", folder=self.source)

    def _config(self) -> str:
        return (
            f"title: {TITLE}\nauthor: {ADA}\nlanguage: en\ntimezone: {ZONE}\nurl: {self.origin}\ntheme: {self.theme}\n"
            f"permalink: :year/:month/:day/:title/\npublic_dir: {self.public}\nper_page: 10\n"
        )


def _source(post: Post) -> str:
    changed = f"updated: {post.changed:%Y-%m-%d %H:%M:%S}\n" if post.changed else ""
    return (
        f'---\ntitle: "{post.title}"\ndate: {post.moment:%Y-%m-%d %H:%M:%S}\n{changed}'
        f"categories: {json.dumps([[each] for each in post.categories])}\ntags: {json.dumps(post.tags)}\n---\n"
        + markdown(post.parts, "/pictures/")
    )
