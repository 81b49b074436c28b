r"""A post as a BibTeX entry, under the key the blog's own citation of it has.

The blog's has title, author, year, month and URL. Ours has those fields, the exact date, and when the archive last saw
the post as `urldate` (biblatex manual, section 2.2.2).
"""

from __future__ import annotations

from archiver.text import tex

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""Names that every style of BibTeX defines, and that biblatex reads as numbers; therefore without braces."""

# BibTeX counts braces whether or not a backslash is before them.
_ESCAPED = str.maketrans({
    **{sign: f"\\{sign}" for sign in "&%#_$"},
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
})  # fmt: skip


def entry(
    *,
    key: str,
    title: str,
    author: str,
    url: str,
    published_on: str | None,
    archived_on: str | None,
    language: str,
    note: str | None = None,
) -> str:
    """Return a post's entry, with a line end; dates are `YYYY-MM-DD`, the language as biblatex names it."""
    year, month = (published_on or "")[:4], (published_on or "")[5:7]
    fields = {
        "title": f"{{{escaped(title)}}}",  # a second pair of braces keeps the case of letters
        "author": escaped(author),
        "year": year,
        "month": MONTHS[int(month) - 1] if month else "",
        "date": published_on,
        "url": url,
        "urldate": archived_on,
        "note": escaped(note or ""),
        "language": language,
    }
    lines = (
        f"  {name:<8} = {value if name == 'month' else f'{{{value}}}'},\n" for name, value in fields.items() if value
    )
    return f"@online{{{key},\n{''.join(lines)}}}\n"


def escaped(text: str) -> str:
    """Return text escaped for TeX, its formulas unchanged; line ends become spaces."""
    text = " ".join(text.split())
    pieces: list[str] = []
    position = 0
    for span in tex.scan(text).spans:
        source = text[span.start : span.end].replace(r"\{", r"\lbrace ").replace(r"\}", r"\rbrace ")
        if _balanced(source):
            pieces += [text[position : span.start].translate(_ESCAPED), source]
            position = span.end
    return "".join([*pieces, text[position:].translate(_ESCAPED)])


def _balanced(source: str) -> bool:
    depth = 0
    for sign in source:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0
