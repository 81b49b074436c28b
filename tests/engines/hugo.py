"""Hugo as Debian has it, with layouts of our own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engines.engine import ABOUT, TITLE, Files, program, run
from tests.engines.markup import markdown
from tests.engines.posts import ZONE, Post

_BASE = """\
<!DOCTYPE html>
<html lang="{{ site.LanguageCode }}">
<head>
<meta charset="utf-8">
<title>{{ if .IsHome }}{{ site.Title }}{{ else }}{{ .Title }} - {{ site.Title }}{{ end }}</title>
{{ hugo.Generator }}
{{ range .AlternativeOutputFormats }}
<link rel="{{ .Rel }}" type="{{ .MediaType.Type }}" href="{{ .Permalink }}">
{{ end }}
<script>MathJax = {tex: {inlineMath: [["$", "$"]], tags: "ams"}};</script>
<script async src="/js/mathjax.js"></script>
</head>
<body>
<header>
<a href="{{ site.BaseURL }}">{{ site.Title }}</a> <a href="/about/">About</a> <a href="/categories/">Categories</a>
</header>
{{ block "main" . }}{{ end }}
<footer>Dry since 2019</footer>
</body>
</html>
"""
_SINGLE = """\
{{ define "main" }}
<main>
<h1>{{ .Title }}</h1>
{{ if ne .Type "page" }}
<p class="byline">by <span class="author">{{ .Params.author }}</span>,
<time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time></p>
<p>{{ range .GetTerms "categories" }}<a rel="category" href="{{ .Permalink }}">{{ .Title }}</a> {{ end }}
{{ range .GetTerms "tags" }}<a rel="tag" href="{{ .Permalink }}">{{ .Title }}</a> {{ end }}</p>
{{ end }}
{{ .Content }}
{{ with .PrevInSection }}<p>Before: <a rel="prev" href="{{ .Permalink }}">{{ .Title }}</a></p>{{ end }}
{{ with .NextInSection }}<p>After: <a rel="next" href="{{ .Permalink }}">{{ .Title }}</a></p>{{ end }}
</main>
{{ end }}
"""
_LIST = """\
{{ define "main" }}
<main>
<h1>{{ .Title }}</h1>
<ul>
{{ range .Paginator.Pages }}<li><a href="{{ .Permalink }}">{{ .Title }}</a> {{ .Date.Format "2006-01-02" }}</li>
{{ end }}</ul>
<p>{{ with .Paginator.Prev }}<a href="{{ .URL }}">newer</a>{{ end }}
{{ with .Paginator.Next }}<a href="{{ .URL }}">older</a>{{ end }}</p>
</main>
{{ end }}
"""
_PICTURE = """\
<figure><img src="{{ .Destination | safeURL }}" alt="{{ .Text }}"><figcaption>{{ .Text }}</figcaption></figure>
"""


class Hugo(Files):
    """Hugo with layouts as people write them for themselves."""

    name = "hugo"

    def install(self, folder: Path) -> None:
        """Find Hugo."""
        self._hugo = program("hugo", "hugo")

    def write(self, posts: tuple[Post, ...]) -> None:
        """Render all posts."""
        self.put("config.toml", self._config())
        for name, text in {"baseof": _BASE, "single": _SINGLE, "list": _LIST}.items():
            self.put(f"layouts/_default/{name}.html", text)
        self.put("layouts/_default/_markup/render-image.html", _PICTURE)
        self.put("static/js/mathjax.js", "")
        self.put("content/about.md", f"---\ntitle: About\n---\n{ABOUT}\n")
        self.put_posts(posts, {f"content/posts/{post.slug}.md": _source(post) for post in posts}, "static/pictures")
        run(self._hugo, "--cleanDestinationDir", "--destination", self.public, folder=self.source)

    def _config(self) -> str:
        return (
            f'baseURL = "{self.origin}/"\ntitle = "{TITLE}"\nlanguageCode = "en"\ntimeZone = "{ZONE}"\npaginate = 10\n'
            "[markup.highlight]\nnoClasses = false\n[markup.goldmark.extensions]\ntypographer = false\n"
        )


def _source(post: Post) -> str:
    head = {
        "title": post.title,
        "author": post.author,
        "date": post.moment.isoformat(),
        "lastmod": (post.changed or post.moment).isoformat(),
        "categories": post.categories,
        "tags": post.tags,
    }
    return f"{json.dumps(head, indent=1)}\n\n{markdown(post.parts, '/pictures/')}"
