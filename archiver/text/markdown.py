"""Writes the body of a page as Markdown, and collects its formulas, code, pictures and links on the way.

It walks the tree once and only reads it. Formulas are in the Markdown byte for byte.
Tags without a meaning in Markdown (`<u>`, `<font>`, `<span>`, the blog's broken `<hs>` or `<trong>`) leave their text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from archiver.items import SERVED, CodeBlock, EmbeddedPicture, Formula, Image, PostLink
from archiver.media import is_digest
from archiver.text import anchors, blocks, code, commonmark, dom, idioms, inline, pictures, tables, tex
from archiver.text.blocks import Block
from archiver.text.dom import Resolve
from archiver.text.inline import InlineKind, Layout, Part

MAX_DEPTH = 100
"""Elements below this depth lose their markup and keep their text; real posts nest about 15 deep."""
MAX_UNCLOSED = 100
"""How many unclosed openers are reported; the blog has a few."""
_SNIPPET = 40


@dataclass(slots=True)
class Findings:
    """What a body holds besides prose, in page order."""

    formulas: list[Formula] = field(default_factory=list)
    code_blocks: list[CodeBlock] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    links: list[PostLink] = field(default_factory=list)
    embedded: dict[str, EmbeddedPicture] = field(default_factory=dict)
    """By address."""
    unclosed: list[str] = field(default_factory=list)


def write(body: etree._Element, resolve: Resolve) -> tuple[str, Findings]:
    """Return the Markdown of everything inside `body`, and what was found there."""
    writer = _Writer(resolve, anchors.find(body))
    return blocks.joined(writer.blocks(body, 0)), writer.findings


_MARKS = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "del": "del", "s": "del", "strike": "del"}
_MARKS |= {tag: tag for tag in ("kbd", "mark", "sub", "sup")}
_BREAK: Part = (InlineKind.BREAK, "")


class _Writer:
    def __init__(self, resolve: Resolve, within: dict[etree._Element, str]) -> None:
        self.findings = Findings()
        self._resolve = resolve
        self._places = within
        self._names = frozenset(within.values())
        self._reached: list[Part] = []  # places to be marked where something visible follows
        self._targets: dict[str, str | None] = {}
        self._pictures: set[str] = set()
        self._spares: set[str] = set()  # pictures known from a `<noscript>`, which may still come themselves
        self._blocks: list[Block] = []
        self._parts: list[Part] = []
        self._marks: list[tuple[Part, Part]] = []
        self._lines_only = False  # inside a heading or a cell, where no block can stand
        self._blocks_met = False
        self._in_heading = False

    # Walking

    def blocks(self, node: etree._Element, depth: int) -> list[Block]:
        """Return what is inside `node` as blocks of their own."""
        return self._collect(partial(self._flow, node, depth))

    def _flow(self, node: etree._Element, depth: int) -> None:
        """Take everything inside `node`. Text that only `<br>` or comments interrupt is one stretch for MathJax."""
        if depth > MAX_DEPTH:
            self._stretch("".join(dom.texts(node)))
            return
        stretch = dom.clean(node.text) if node.text else ""
        for child in node:
            tag = child.tag
            if tag == "br":
                stretch += dom.BREAK
            elif isinstance(tag, str) and tag != "wbr":
                if stretch:
                    self._stretch(stretch)
                    stretch = ""
                if child in self._places:
                    self._reached.append((InlineKind.RAW, anchors.mark(self._places[child])))
                handler = _HANDLERS.get(tag)
                if handler is None:
                    self._flow(child, depth + 1)
                else:
                    handler(self, child, depth + 1)
            if tail := child.tail:
                stretch += dom.clean(tail)
        if stretch:
            self._stretch(stretch)

    def _arrive(self) -> None:
        self._parts += self._reached
        self._reached.clear()

    def _stretch(self, text: str) -> None:
        if self._reached and not text.isspace():
            self._arrive()
        if "$" not in text and "\\" not in text:
            self._prose(text)
            return
        found = tex.stretch(text)
        at = 0
        for span in found.spans:
            if at < span.start:
                self._prose(text[at : span.start])
            source = dom.unbreak(text[span.start : span.end])
            self.findings.formulas.append(tex.formula(source, len(self.findings.formulas), span))
            self._parts.append((InlineKind.DISPLAY if span.display else InlineKind.INLINE, source))
            at = span.end
        if at < len(text):
            self._prose(text[at:])
        for start in found.unclosed[: MAX_UNCLOSED - len(self.findings.unclosed)]:
            self.findings.unclosed.append(dom.unbreak(text[start : start + _SNIPPET]).split("\n")[0])

    def _formula(self, node: etree._Element, depth: int) -> None:
        """Take a formula that was put in place of another form of it."""
        del depth
        self._arrive()
        source = node.text or ""
        row = tex.formula(
            source,
            len(self.findings.formulas),
            tex.scan(source).spans[0],
            provenance=node.get("provenance", SERVED),
            converter=node.get("converter"),
        )
        self.findings.formulas.append(row)
        self._parts.append((InlineKind.DISPLAY if row.display else InlineKind.INLINE, source))

    def _no_formulas(self, node: etree._Element, depth: int) -> None:
        del depth
        if node.get(idioms.NOTE) is not None:
            self._parts += [(InlineKind.NOTE, (node.text or "").rstrip()), (InlineKind.TEXT, " ")]
        else:
            self._prose(node.text or "")

    def _prose(self, text: str) -> None:
        if text and dom.BREAK not in text:
            self._parts.append((InlineKind.TEXT, text))
            return
        for number, piece in enumerate(text.split(dom.BREAK)):
            if number:
                self._break()
            if piece:
                self._parts.append((InlineKind.TEXT, piece))

    def _break(self) -> None:
        """End a line; an empty line ends the paragraph."""
        parts = self._parts
        while parts and parts[-1][0] is InlineKind.TEXT and parts[-1][1].isspace():
            parts.pop()
        if parts and parts[-1][0] is InlineKind.BREAK:
            self._flush()
        else:
            parts.append(_BREAK)

    def _flush(self) -> None:
        """End the current paragraph. Open marks continue in the next one."""
        if self._lines_only:
            self._parts.append(_BREAK)
            return
        if len(self._parts) > len(self._marks):
            text = inline.render(self._parts + [close for _, close in reversed(self._marks)])
            if text:
                self._blocks.append(Block(text, "p"))
        self._parts = [start for start, _ in self._marks]

    def _line(self, node: etree._Element, depth: int, layout: Layout) -> str:
        """Return what is inside `node` on one line."""
        outside, self._parts, self._lines_only = (self._parts, self._marks, self._lines_only), [], True
        self._marks = []
        self._flow(node, depth)
        line = inline.render(self._parts, layout)
        self._parts, self._marks, self._lines_only = outside
        return line

    def _collect(self, walk: Callable[[], None]) -> list[Block]:
        """Return what a walk writes as blocks of their own."""
        self._flush()
        outside, self._blocks = self._blocks, []
        walk()
        self._flush()
        inside, self._blocks = self._blocks, outside
        return inside

    def _within_line(self, node: etree._Element, depth: int) -> bool:
        """Take a block that is where none can be, in a heading or a cell, without its markup."""
        if self._lines_only:
            self._blocks_met = True
            self._block(node, depth)
        return self._lines_only

    # Blocks

    def _block(self, node: etree._Element, depth: int) -> None:
        self._flush()
        self._flow(node, depth)
        self._flush()

    def _heading(self, node: etree._Element, depth: int) -> None:
        if self._within_line(node, depth):
            return
        self._flush()
        self._in_heading = True
        line = self._line(node, depth, inline.HEADING)
        self._in_heading = False
        if line:
            self._blocks.append(blocks.heading(line, int(node.tag[1])))

    def _quote(self, node: etree._Element, depth: int) -> None:
        if self._within_line(node, depth):
            return
        if inside := blocks.joined(self.blocks(node, depth)):
            self._blocks.append(blocks.quote(inside))

    def _term(self, node: etree._Element, depth: int) -> None:
        self._block(node, depth)
        if self._blocks and self._blocks[-1].kind == "p":
            self._blocks[-1] = self._blocks[-1]._replace(kind=":")

    def _definition(self, node: etree._Element, depth: int) -> None:
        """Take a definition; one without a term, as Wikipedia has for formulas, is a paragraph."""
        self._flush()
        if self._lines_only or not self._blocks or self._blocks[-1].kind != ":":
            self._block(node, depth)
        elif inside := blocks.joined(self.blocks(node, depth)):
            self._blocks.append(blocks.definition(inside))

    def _division(self, node: etree._Element, depth: int) -> None:
        """Take a footnote, or a box that means nothing."""
        if node.get(idioms.NOTE) is None or self._lines_only:
            self._block(node, depth)
            return
        inside = self.blocks(node, depth)
        begun = inside and commonmark.HANGING.match(inside[0].text)
        self._blocks += [Block(blocks.hung(blocks.joined(inside)))] if begun else inside

    def _rule(self, node: etree._Element, depth: int) -> None:
        if not self._within_line(node, depth):
            self._flush()
            self._blocks.append(Block(blocks.RULE))

    def _pre(self, node: etree._Element, depth: int) -> None:
        if code.is_gutter(node):
            return
        text, language = code.text(node), code.language(node)
        self.findings.code_blocks.append(
            CodeBlock(position=len(self.findings.code_blocks), language=language, code=text)
        )
        if self._lines_only:
            self._blocks_met = True
            if text:
                self._parts.append((InlineKind.CODE, text))
            return
        self._flush()
        self._blocks.append(blocks.listing(text, language))

    def _list(self, node: etree._Element, depth: int) -> None:
        if self._within_line(node, depth):
            return
        if depth > MAX_DEPTH:
            self._block(node, depth)
            return
        self._flush()
        items = self._items(node, depth)
        if not items:
            return
        self._blocks.append(blocks.items(node, items, self._blocks[-1].kind if self._blocks else ""))

    def _items(self, node: etree._Element, depth: int) -> list[list[Block]]:
        """Return the items of a list; what is between them belongs to the one before."""
        items: list[list[Block]] = []
        for child in (node, *node):
            beside: list[Block] = []
            if child is not node and child in self._places:
                self._reached.append((InlineKind.RAW, anchors.mark(self._places[child])))
            if child is not node and child.tag == "li":
                items.append(self.blocks(child, depth + 1))
            elif child is not node and isinstance(child.tag, str):
                beside = self._collect(partial(self._dispatch, child, depth + 1))
            text = child.text if child is node else child.tail
            if text and not text.isspace():
                beside += self._collect(partial(self._stretch, dom.clean(text)))
            if beside and items:
                items[-1] += beside
            elif beside:
                items.append(beside)
        return items

    def _table(self, node: etree._Element, depth: int) -> None:
        if code.is_listing(node):
            self._pre(node, depth)
            return
        if self._within_line(node, depth):
            return
        if not tables.is_regular(node):
            self._block(node, depth)
            return
        self._flush()
        rows, captions = tables.rows(node)
        for caption in captions:
            self._block(caption, depth + 1)
        first, self._blocks_met = len(self.findings.formulas), False
        lines = [[self._line(cell, depth + 2, inline.CELL) for cell in row] for row in rows]
        formulas = self.findings.formulas[first:]
        if not any(map(any, lines)):
            return
        simple = not (self._blocks_met or tables.has_spans(rows) or any(set("|\n") & set(f.tex) for f in formulas))
        self._blocks.append(Block(tables.pipes(lines) if simple else tables.html(rows, self._resolve)))

    # Inline

    def _dispatch(self, node: etree._Element, depth: int) -> None:
        _HANDLERS.get(str(node.tag), _Writer._flow)(self, node, depth)

    def _mark(self, node: etree._Element, depth: int) -> None:
        tag = _MARKS[str(node.tag)]
        self._marked((InlineKind.OPEN, tag), (InlineKind.CLOSE, tag), node, depth)

    def _marked(self, start: Part, end: Part, node: etree._Element, depth: int) -> None:
        if any(start == outer for outer, _ in self._marks):  # the same mark inside itself means nothing more
            self._flow(node, depth)
            return
        self._parts.append(start)
        self._marks.append((start, end))
        self._flow(node, depth)
        self._marks.pop()
        self._parts.append(end)

    def _target(self, href: str) -> str | None:
        """Resolve an address once: a picture and the link around it have the same."""
        if href not in self._targets:
            self._targets[href] = dom.target(href, self._resolve)
        return self._targets[href]

    def _link(self, node: etree._Element, depth: int) -> None:
        href = node.get("href")
        if href is None:
            self._flow(node, depth)
            return
        if self._in_heading and dom.is_anchor(node):
            return
        self._arrive()
        url, text = self._target(href), dom.words(node)
        picture = next(node.iter("img"), None) if len(node) else None
        if picture is None or text:
            self._note_link(url, href, text)
        elif url != pictures.address(picture, self._target):
            self._note_link(url, href, picture.get("alt") or "")
        own = name if (name := anchors.name(href)) in self._names and not anchors.is_within(node, name) else None
        leads_to = f"#{own}" if own else url
        if leads_to is None or (picture is not None and not text):
            self._flow(node, depth)
        else:
            self._marked((InlineKind.OPEN, "a"), (InlineKind.CLOSE, f"]({inline.destination(leads_to)})"), node, depth)

    def _note_link(self, url: str | None, href: str, text: str) -> None:
        kind = "other" if url is None else "external"  # where in the blog it leads, `pages` knows
        self.findings.links.append(
            PostLink(
                position=len(self.findings.links), url=url or dom.clean(href), text=text, kind=kind, target_post_id=None
            )
        )

    def _image(self, node: etree._Element, depth: int) -> None:
        del depth
        found = list(pictures.addresses(node, self._target))
        if not found or not self._spares.isdisjoint(found):
            self._spares.difference_update(found)
            return
        url = found[0]
        if is_digest(url) and (picture := pictures.own(node, self._target)):
            self.findings.embedded.setdefault(url, picture)
        alt, caption = dom.clean(node.get("alt", "")).strip(), pictures.caption(node)
        self.findings.images.append(Image(position=len(self.findings.images), url=url, alt=alt, caption=caption))
        self._pictures.update(found)
        self._arrive()
        self._parts.append((InlineKind.RAW, f"![{inline.label(alt)}]({inline.destination(url)})"))

    def _without_script(self, node: etree._Element, depth: int) -> None:
        """Take the pictures that are shown where no script runs, if they are not next to it already."""
        for image in node.iter("img"):
            found = list(pictures.addresses(image, self._target))
            if found and self._pictures.isdisjoint(found) and not pictures.is_dot(image):
                self._image(image, depth)
                self._spares.update(found)

    def _embed(self, node: etree._Element, depth: int) -> None:
        del depth
        for url in dom.embedded(node, self._resolve):
            self._note_link(url, url, "")
            self._flush()
            self._parts.append((InlineKind.RAW, f"<{url}>"))
            self._flush()

    def _code_span(self, node: etree._Element, depth: int) -> None:
        if not code.is_span(node):
            self._flow(node, depth)
        elif text := code.text(node):
            self._parts.append((InlineKind.CODE, text))

    def _drop(self, node: etree._Element, depth: int) -> None:
        """Leave out what no reader sees."""


_HANDLERS: dict[str, Callable[[_Writer, etree._Element, int], None]] = {
    **dict.fromkeys(dom.BLOCKS, _Writer._block),
    **dict.fromkeys(dom.HEADINGS, _Writer._heading),
    **dict.fromkeys(_MARKS, _Writer._mark),
    **dict.fromkeys(dom.EMBEDS, _Writer._embed),
    **dict.fromkeys(dom.NO_MATHS, _Writer._code_span),
    **dict.fromkeys(dom.DROPPED, _Writer._drop),
    dom.FORMULA: _Writer._formula,
    dom.PROSE: _Writer._no_formulas,
    "noscript": _Writer._without_script,
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _Writer._list),
    "a": _Writer._link,
    "blockquote": _Writer._quote,
    "dd": _Writer._definition,
    "div": _Writer._division,
    "dt": _Writer._term,
    "hr": _Writer._rule,
    "img": _Writer._image,
    "pre": _Writer._pre,
    "table": _Writer._table,
}
