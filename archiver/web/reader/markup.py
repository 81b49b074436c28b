r"""Archived Markdown and titles as HTML that is safe to show.

Three steps, in this order: the project's own parser, for which a formula is an opaque token; HTML in which
every formula is escaped text in a `<span class="tex">`; an allow list. A sanitiser run on anything earlier would take
`$a<b$` for the beginning of a tag and drop the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape, unescape
from itertools import groupby
from typing import Any

from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from archiver.text import commonmark, raw, tex
from archiver.urls import Site
from archiver.web.reader import allowlist, code

_REFERENCE = re.compile(r"(\\(?:eq)?ref\{[^{}]{1,200}\})")
_KEPT_POSTS, _KEPT_REMARKS = 256, 8192  # some 20 MB of each
# A paragraph that is one picture; the next one is its caption if it repeats the picture's description.
_PICTURE = re.compile(
    r'<p>(?P<img><img src="[^"]*" alt="(?P<alt>[^"]*)"[^>]*>)</p>(?:\s*<p>(?P<caption>(?P=alt))</p>)?'
)
_WORDS = frozenset({"text", "text_special"})
_LINKS = ("link_open", "link_close")
_MARK = re.compile(r"\[\^(\d{1,6})\]:?")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a text."""

    level: int
    """From 2 on: the page's title is 1."""
    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class RenderedText:
    """A text ready to be shown."""

    html: Markup
    headings: tuple[Heading, ...]


@lru_cache(_KEPT_POSTS)
def post(markdown: str, site: Site, root: str = "") -> RenderedText:
    """Return the text of a post of a blog, whose reader is below `root`; the same text is rendered once."""
    tokens = _parser().parse(markdown)
    renderer = _Renderer()
    _shift(tokens)
    _link_notes(tokens)
    headings = tuple(_headings(tokens, renderer, site, root))
    return RenderedText(_safe(_PICTURE.sub(_figure, _rendered(tokens, renderer)), site, root), headings)


@lru_cache(_KEPT_REMARKS)
def remark(markdown: str, site: Site, root: str = "") -> Markup:
    """Return the text of a comment on a blog, whose reader is below `root`; the same text is rendered once."""
    tokens = _parser().parse(markdown)
    for token in tokens:
        if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):  # not part of the page's outline
            token.tag = "p"
    return _safe(_rendered(tokens, _Renderer()), site, root)


@lru_cache(_KEPT_REMARKS)
def line(text: str) -> Markup:
    """Return a title or another line without markup, its formulas ready to be set."""
    return Markup("".join(_escaped(text)))  # noqa: S704 - all of it escaped


def piece(text: str) -> Markup:
    """Return a piece of a text that was cut at its formulas: one formula, ready to be set, or prose.

    An equation's number cannot be known without the others.
    """
    return formula(text) if tex.is_formula(text) else Markup(escape(_REFERENCE.sub("(…)", text)))  # noqa: S704 - escaped


def source(markdown: str, in_html: frozenset[str] | None = None) -> Markup:
    """Return Markdown as it is written, with only its formulas ready to be set.

    `in_html` are those of the whole text that are in raw HTML, if this is a piece of it.
    """
    in_html = formulas_in_html(markdown) if in_html is None else in_html
    return Markup("".join(_escaped(markdown, markdown=True, in_html=in_html)))  # noqa: S704 - all of it escaped


def formulas_in_html(*markdowns: str) -> frozenset[str]:
    """Return the formulas in the raw HTML of texts, as written there: `<` is `&lt;`."""
    blocks = (token.content for text in markdowns for token in _parser().parse(text) if token.type == "html_block")
    return frozenset(block[span.start : span.end] for block in blocks for span in tex.scan(block, markdown=True).spans)


def formula(source: str) -> Markup:
    """Return one formula, given with its delimiters or environment."""
    scanned = tex.scan(source).spans
    return Markup(_formula(source, display=bool(scanned and scanned[0].display)))  # noqa: S704 - escaped


@cache
def _parser() -> MarkdownIt:
    return commonmark.new_parser()


def _safe(markup: str, site: Site, root: str) -> Markup:
    return Markup(allowlist.clean(markup, site, root))  # noqa: S704 - what the allow list lets through


def _formula(source: str, *, display: bool) -> str:
    return f'<span class="tex{" display" if display else ""}">{escape(source)}</span>'


def _escaped(text: str, *, markdown: bool = False, in_html: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield a text as it is written, escaped, with its formulas marked; those in HTML have entities."""
    at = 0
    for span in tex.scan(text, markdown=markdown).spans:
        yield _referring(text[at : span.start])
        found = text[span.start : span.end]
        yield _formula(unescape(found) if found in in_html else found, display=span.display)
        at = span.end
    yield _referring(text[at:])


def _referring(text: str) -> str:
    r"""Return text without formulas, escaped; MathJax sets `\eqref{..}` even there."""
    parts = _REFERENCE.split(text)
    return "".join(_formula(part, display=False) if n % 2 else escape(part) for n, part in enumerate(parts))


class _Renderer(RendererHTML):
    """Writes tokens as HTML, with our own forms of formulas and code blocks."""

    def renderInline(self, tokens: Sequence[Token], options: Any, env: Any) -> str:  # noqa: N802 - markdown-it's name
        """Return the HTML of a line; adjacent pieces of text are joined first."""
        pieces = []
        for is_text, group in groupby(tokens, lambda token: token.type in _WORDS):
            part = list(group)
            if is_text:
                pieces.append(_referring("".join(token.content for token in part)))
            else:
                pieces.append(super().renderInline(part, options, env))
        return "".join(pieces)

    def formula(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Return a formula."""
        del options, env
        token = tokens[index]
        return _formula(token.content, display=bool(token.meta["display"]))

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Return a listing."""
        del options, env
        return code.coloured(tokens[index].content, tokens[index].info.strip())

    def code_block(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Return a listing."""
        return self.fence(tokens, index, options, env)

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Return a picture."""
        del options, env
        token = tokens[index]
        source = escape(str(token.attrs.get("src", "")))
        return f'<img src="{source}" alt="{escape(token.content)}" loading="lazy" decoding="async">'

    def html_block(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Return markup that has no form in Markdown, its formulas marked."""
        del options, env
        return raw.marked(tokens[index].content, _stand)


def _stand(source: str, display: bool) -> etree._Element:
    span = etree.Element("span", {"class": "tex display" if display else "tex"})
    span.text = source
    return span


def _figure(found: re.Match[str]) -> str:
    caption = f"<figcaption>{found['caption']}</figcaption>" if found["caption"] else ""
    return f"<figure>{found['img']}{caption}</figure>"


def _rendered(tokens: Sequence[Token], renderer: _Renderer) -> str:
    return str(renderer.render(tokens, _parser().options, {}))


def _shift(tokens: Sequence[Token]) -> None:
    """Shift headings so that the highest are of the second level."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=2)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + 2)}"


def _is_link(token: Token) -> bool:
    """Return whether a token begins or ends a link or the target of one."""
    return token.type in _LINKS or (token.type == "html_inline" and token.content.startswith(("<a ", "</a")))


def _link_notes(tokens: Sequence[Token]) -> None:
    """Link the marks of footnotes to them, and back; a mark without a footnote stays as it is written."""
    lines = [token for token in tokens if token.type == "inline" and token.children]
    notes = {
        mark[1]: line
        for token, line in zip(tokens, tokens[2:], strict=False)
        if token.type == "note_open" and (mark := _MARK.match(line.content)) and mark.group().endswith(":")
    }
    seen: set[str] = set()
    for line in lines if notes else ():
        inside = 0
        children: list[Token] = []
        for child in line.children or []:
            inside += child.nesting if child.type in _LINKS else 0
            children += [child] if inside or child.type != "text" else _noted(child, line, notes, seen)
        line.children = children


def _noted(text: Token, line: Token, notes: Mapping[str, Token], seen: set[str]) -> Iterator[Token]:
    """Yield a piece of text with links in place of its marks; `seen` are those referred to so far."""
    at = 0
    for mark in _MARK.finditer(text.content):
        number = mark[1]
        is_own = notes.get(number) is line and text is (line.children or [text])[0] and mark.start() == 0
        if number not in notes:
            continue
        to, place = ("noteref", "note") if is_own else ("note", "noteref")
        own = f' id="{place}-{number}"' if is_own or number not in seen else ""
        seen |= set() if is_own else {number}
        yield Token("text", "", 0, content=text.content[at : mark.start()])
        for markup in (f'<a{own} href="#{to}-{number}">', f"<sup>{number}</sup>", "</a>"):
            yield Token("html_inline", "", 0, content=markup)
        at = mark.end() if is_own else mark.start() + len(f"[^{number}]")
    yield Token("text", "", 0, content=text.content[at:])


def _headings(tokens: Sequence[Token], renderer: _Renderer, site: Site, root: str) -> Iterator[Heading]:
    """Yield the headings, each of which gets an anchor."""
    number = 0
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            number += 1
            anchor = f"s{number}"
            token.attrs["id"] = anchor
            words = [child for child in tokens[place + 1].children or [] if not _is_link(child)]
            line = renderer.renderInline(words, _parser().options, {})
            yield Heading(int(token.tag[1]), anchor, _safe(line, site, root))
