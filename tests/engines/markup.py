"""A text as its author would write it for an engine: in Markdown or in HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from tests.engines.posts import Code, Formula, Part, Picture

Written = Callable[[Formula], str]
"""How a formula is written where the engine has a way of its own."""


def in_dollars(formula: Formula) -> str:
    """Write TeX between dollars, with a backslash before what Markdown would take for its own."""
    tex = re.sub(r"[\\_*{}<&]", r"\\\g<0>", formula.tex)
    return f"$${tex}$$" if formula.display else f"${tex}$"


def markdown(parts: tuple[Part, ...], pictures: str, formula: Written = in_dollars) -> str:
    """Return a text in Markdown; `pictures` is the address of the folder with its pictures."""

    def block(part: Part) -> str:
        match part:
            case Code(language=language, text=text):
                return f"```{language}\n{text}\n```"
            case Picture(name=name, caption=caption):
                return f"![{caption}]({pictures}{name})"
            case tuple():
                return "".join(formula(each) if isinstance(each, Formula) else each for each in part)
            case Formula():
                return formula(part)
        return part

    return "\n\n".join(map(block, parts)) + "\n"


def html(parts: tuple[Part, ...], pictures: str) -> str:
    """Return a text in HTML, as editors make it."""

    def words(part: str | Formula) -> str:
        if isinstance(part, str):
            return escape(part, quote=False)
        tex = escape(part.tex, quote=False)
        return f"\\[{tex}\\]" if part.display else f"\\({tex}\\)"

    def block(part: Part) -> str:
        match part:
            case Code(language=language, text=text):
                return f'<pre><code class="language-{language}">{escape(text, quote=False)}</code></pre>'
            case Picture(name=name, caption=caption):
                image = f'<img src="{pictures}{name}" alt="{caption}">'
                return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
            case tuple():
                return f"<p>{''.join(map(words, part))}</p>"
        return f"<p>{words(part)}</p>"

    return "\n\n".join(map(block, parts))
