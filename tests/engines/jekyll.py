"""Jekyll as Debian has it: with the theme it comes with, minima, and with layouts of our own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.engines.engine import ABOUT, TITLE, Files, program, run
from tests.engines.markup import markdown
from tests.engines.posts import ADA, ZONE, Formula, Post

MINIMA = "minima"
_PACKAGES = "jekyll jekyll-theme-minima ruby-jekyll-feed ruby-jekyll-seo-tag ruby-jekyll-sitemap"

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="Jekyll v{{ jekyll.version }}">
<title>{% if page.title %}{{ page.title }} - {% endif %}{{ site.title }}</title>
<script async src="/mathjax.js"></script>
</head>
<body>
<p><a href="/">{{ site.title }}</a> <a href="/archive/">Archive</a> <a href="/about/">About</a></p>
{{ content }}
</body>
</html>
"""
_POST = """\
---
layout: page
---
<article>
<h1>{{ page.title }}</h1>
<div class="meta">{{ page.date | date: "%-d %B %Y" }} by <a rel="author" href="/about/">{{ page.author }}</a>
in {% for each in page.categories %}<a rel="category" href="/{{ each | slugify }}/">{{ each }}</a> {% endfor %}
</div>
{{ content }}
<p>{% for each in page.tags %}<a rel="tag" href="/tags/#{{ each }}">{{ each }}</a> {% endfor %}</p>
</article>
"""
_ARCHIVE = """\
---
layout: page
title: Archive
permalink: /archive/
---
<h1>Archive</h1>
{% assign years = site.posts | group_by_exp: "post", "post.date | date: '%Y'" %}
{% for year in years %}
<h2>{{ year.name }}</h2>
<ul>
{% for post in year.items %}<li>{{ post.date | date: "%m-%d" }} <a href="{{ post.url }}">{{ post.title }}</a></li>
{% endfor %}</ul>
{% endfor %}
"""
_CATEGORY = """\
---
layout: page
title: {name}
permalink: /{slug}/
---
<ul>
{{% for post in site.categories["{name}"] %}}<li><a href="{{{{ post.url }}}}">{{{{ post.title }}}}</a></li>
{{% endfor %}}</ul>
"""
_TAGS = """\
---
layout: page
title: Tags
permalink: /tags/
---
{% for tag in site.tags %}<h2 id="{{ tag[0] }}">{{ tag[0] }}</h2>
<ul>
{% for post in tag[1] %}<li><a href="{{ post.url }}">{{ post.title }}</a></li>
{% endfor %}</ul>
{% endfor %}
"""
_FRONT = """\
---
layout: page
---
<ul>
{% for post in site.posts limit: 10 %}<li><a href="{{ post.url }}">{{ post.title }}</a></li>
{% endfor %}</ul>
"""


class Jekyll(Files):
    """Jekyll; without minima it has our layouts and no plug-in, so neither feed nor sitemap."""

    def __init__(self, folder: Path, theme: str) -> None:
        super().__init__(folder)
        self.theme = theme
        self.name = f"jekyll-{theme}"

    def install(self, folder: Path) -> None:
        """Find Jekyll."""
        self._jekyll = program("jekyll", _PACKAGES)

    def shows(self, post: Post) -> Post:
        """Return a post without comments; minima shows neither categories nor tags."""
        if self.theme == MINIMA:
            return replace(post, categories=(), tags=(), comments=())
        return replace(post, comments=())

    def write(self, posts: tuple[Post, ...]) -> None:
        """Render all posts."""
        self.put("_config.yml", self._config())
        self.put("about.md", f"---\nlayout: page\ntitle: About\npermalink: /about/\n---\n{ABOUT}\n")
        if self.theme == MINIMA:
            self.put("index.md", "---\nlayout: home\n---\n")
        else:
            self._put_layouts(posts)
        texts = {f"_posts/{post.moment:%Y-%m-%d}-{post.slug}.md": _source(post) for post in posts}
        self.put_posts(posts, texts, "pictures")
        run(self._jekyll, "build", "--quiet", "--destination", self.public, folder=self.source)

    def _put_layouts(self, posts: tuple[Post, ...]) -> None:
        files = {"_layouts/page.html": _PAGE, "_layouts/post.html": _POST, "archive.html": _ARCHIVE}
        files |= {"tags.html": _TAGS, "index.html": _FRONT, "mathjax.js": ""}
        for name in {name for post in posts for name in post.categories}:
            files[f"{name}.html"] = _CATEGORY.format(name=name, slug=name.lower())
        for path, text in files.items():
            self.put(path, text)

    def _config(self) -> str:
        own = f"title: {TITLE}\nauthor: {{name: {ADA}}}\nurl: {self.origin}\ntimezone: {ZONE}\nfuture: true\n"
        if self.theme == MINIMA:
            return f"{own}theme: minima\nplugins: [jekyll-feed, jekyll-seo-tag, jekyll-sitemap]\n"
        return f"{own}permalink: /notes/:title.html\n"


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
