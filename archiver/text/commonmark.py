r"""Reads our Markdown back: CommonMark with tables, strikethrough, footnotes and definitions, and formulas as they are.

That is all a reader of the Markdown needs to know about TeX: nothing inside a formula is Markdown, neither a star nor a
line that begins with a dash. `tex` says what is a formula; `\$` is a dollar sign.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lxml import html
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from archiver.text import dom, link_labels, plain, tex

FORMULA = "formula"
"""Type of a formula's token; its content is the exact source, `meta["display"]` tells whether it stands alone."""

_FINDER = "finder"  # in the parser's environment: what finds formulas in a text
_BREAKS = frozenset({"softbreak", "hardbreak"})
_VISIBLE = _BREAKS | {"text", "text_special", "code_inline", FORMULA}
_FENCE = re.compile(r"^(?P<fence>`{3,})[^`\n]*\n(?:.*\n)*?(?P=fence)$", re.MULTILINE)
# Wider than CommonMark: a character with a meaning anywhere but inside a word, or at the beginning of a line. Every
# alternative begins with a letter of its own, as in `tex`.
_MEANING = re.compile(
    r"\\|`|\*|~|<(?=[A-Za-z/!?])|&(?=#?\w)|\[|_(?:(?<![^\W_]_)|(?![^\W_]))|\n(?:[ \t#>+\-=:|\n]|\d{1,9}[.)]|\Z)",
)
_BREAK = re.compile("\n")
_HEADING = re.compile(r"#{1,6} (?=.*[^\s#]\Z)")
_SIMPLE = re.compile(
    r"""!\[(?:[^\[\]\\`<\0\n]|\\[!-/:-@\[-`{-~])*+\]\(https?://[^\s()<>\\`\0\x7f]++\)
    | \[(?<!!\[)(?P<link>[^\[\]\\`*_~<&\n]++)\]\(https?://[^\s()<>\\`\0\x7f]++\)
    | \*(?<!\*\*)(?P<second>\*?)(?=[^\W_])(?P<marked>[^\[\\`*_~<&\n]++)(?<=[^\W_])\*(?P=second)(?!\*)
    | <(?:(?<=.<)|(?=/?[a-z]++>[^\s<]))/?(?:del|em|strong)>
    | \\(?P<escaped>[!-/:-@\[-`{-~])
    | `(?<!``)(?P<code>[^`\0\n]++)`(?!`)
    | \[(?<!!\[)[^\[\]\\`*_~<&\n]*+\](?![(:])(?P<brackets>)
    | \\(?=[A-Za-z])(?P<slash>)
    | \*(?<=\ \*)(?=\ )(?P<star>)
    """,
    re.VERBOSE,
)
"""Pictures, links, marks, code, escaped and plain signs that nothing around them can make anything else of."""
_PLAIN = frozenset({"brackets", "slash", "star"})
_PLACE = "\0"
"""Stands for a formula."""
_FENCE_MARK = "```"
_QUOTED = re.compile(r"(?:>(?: (?!>)[^\t\n]*)?(?:\n|\Z))+")
"""A quote of which each line is marked as one, with no other in it."""
_TABLE = re.compile(r"\|(?: [^|\n]* \|)+\n\|(?: --- \|)+(?:\n\|(?: [^|\n]* \|)+)*")
"""A table without bars in its cells."""
_RULE = re.compile(r"\n[ \t]*[|:\-][|:\- \t]*(?:\n|\Z)")
"""A line that makes a table of the line before it, even inside a formula."""
_LONGEST = 200
"""Lines; a formula with empty lines in it is followed so far."""
HANGING = re.compile(r"(\[\^\d+\]:) |:   ")
"""What begins a footnote (GitHub, pandoc) or a definition (PHP Markdown Extra, pandoc)."""
INDENT = 4
"""Columns by which the further lines of a footnote or a definition are indented."""
_NESTING = 200  # levels of quotes, lists and marks; more than the serializer ever nests


class VisibleText(NamedTuple):
    """What a reader of Markdown sees."""

    text: str
    """One block per line. Formulas are part of it; pictures are not."""
    formulas: list[str]


def read(markdown: str) -> VisibleText:
    """Return the visible text of Markdown and the formulas in it."""
    pieces: list[str] = []
    formulas: list[str] = []
    waiting: list[str] = []
    for block, sources in _blocks(markdown):
        if sources is None:
            waiting.append(block)
            continue
        _parse(waiting, pieces, formulas)
        waiting.clear()
        pieces += (block, "\n")
        formulas += sources
    _parse(waiting, pieces, formulas)
    return VisibleText("".join(pieces), formulas)


def _blocks(markdown: str) -> Iterator[tuple[str, list[str] | None]]:
    """Yield blocks, each with its formulas if it reads as it is yielded.

    Most paragraphs of real posts hold no character with a meaning, or simple ones only, and need no parser. Displayed
    formulas that do not end in their block, and fences inside lists, may reach over several: Markdown with any is
    yielded whole.
    """
    blocks = _split(markdown)
    if blocks is None:
        yield markdown, None
        return
    found = [_NO_FORMULAS if block.startswith(_FENCE_MARK) else tex.scan(block, markdown=True) for block in blocks]
    if any(scan.unclosed and scan.reaching(block) for block, scan in zip(blocks, found, strict=True)):
        yield markdown, None
        return
    for block, scan in zip(blocks, found, strict=True):
        yield _read_simply(block, scan) or (block, None)


_NO_FORMULAS = tex.Scan([], [])


def _read_simply(block: str, scan: tex.Scan) -> tuple[str, list[str]] | None:
    """Return the text of a block and its formulas, or None where only a parser can tell."""
    if block.startswith(_FENCE_MARK):
        info, _, code = block.partition("\n")
        is_plain = code.count(_FENCE_MARK) == 1 and not {"`", "|"}.intersection(info[len(_FENCE_MARK) :])
        return (code[: -len(_FENCE_MARK)], []) if is_plain else None
    if block.startswith(">"):
        return _quote(block) if _QUOTED.fullmatch(block) else None
    if block.startswith("|"):
        return _table(block) if _TABLE.fullmatch(block) else None
    marks = _HEADING.match(block) if block.startswith("#") and "\n" not in block else None
    return _line(block, scan, marks.end() if marks else 0)


def _quote(block: str) -> tuple[str, list[str]] | None:
    """Return what is in a quote: its blocks without the marks."""
    texts: list[str] = []
    formulas: list[str] = []
    for text, sources in _blocks("\n".join([line[2:] for line in block.split("\n")])):
        if sources is None:
            return None
        texts.append(text)
        formulas += sources
    return "\n".join(texts), formulas


def _table(block: str) -> tuple[str, list[str]] | None:
    """Return what is in the cells of a table."""
    head, rule, *rows = [line[2:-2].split(" | ") for line in block.split("\n")]
    texts: list[str] = []
    formulas: list[str] = []
    if any(len(row) != len(head) for row in (rule, *rows)):
        return None
    for row in (head, *rows):
        for cell in row:
            found = _line(cell, tex.scan(cell, markdown=True))
            if found is None:
                return None
            texts.append(found[0])
            formulas += found[1]
    return "\n".join(texts), formulas


def formulas(markdown: str) -> list[tuple[int, int]]:
    """Return where the formulas of Markdown begin and end; one that is not closed ends with its block."""
    blocks = _split(markdown) or [markdown]
    found = [tex.scan(block, markdown=True) for block in blocks]
    if any(scan.reaching(block) for block, scan in zip(blocks, found, strict=True)):
        blocks, found = [markdown], [tex.scan(markdown, markdown=True)]
    places, at = [], 0
    for block, scan in zip(blocks, found, strict=True):
        at = markdown.index(block, at)
        places += [(at + span.start, at + span.end) for span in scan.spans]
        at += len(block)
    return places


def with_dollars(markdown: str) -> str:
    r"""Return Markdown with dollar signs around environments, and in place of `\(..\)` and `\[..\]`."""
    pieces: list[str] = []
    position = 0
    for start, end in formulas(markdown):
        source = markdown[start:end]
        if not source.startswith("$"):
            span = tex.scan(source).spans[0]
            inside = source if span.environment else source[2:-2].strip()
            sign = "$$" if span.display else "$"
            pieces += [markdown[position:start], sign, inside, sign]
            position = end
    return "".join([*pieces, markdown[position:]])


def parts(markdown: str, most: int) -> list[str]:
    """Return Markdown in parts of at most `most` characters, cut at empty lines if there are any.

    Joined they give the whole again. Formulas and code blocks are not cut, except those longer than that.
    """
    spans = [*formulas(markdown), *(fence.span() for fence in _FENCE.finditer(markdown))]
    whole = sorted(span for span in spans if span[1] - span[0] <= most)
    found, start = list[str](), 0
    while len(markdown) - start > most:
        end = _last_cut(markdown, start, start + most, whole)
        found.append(markdown[start:end])
        start = end
    return [*found, markdown[start:]]


def _last_cut(markdown: str, start: int, limit: int, whole: list[tuple[int, int]]) -> int:
    """Return where a part ends: after the last empty line outside any whole, the last line, or the last space."""
    inside = [span for span in whole if span[0] < limit and span[1] > start]
    for sign in ("\n\n", "\n", " "):
        at = markdown.rfind(sign, start, limit)
        while at >= 0:
            cut = at + len(sign)
            around = next((first for first, last in inside if first < cut < last), None)
            if around is None:
                return cut
            at = markdown.rfind(sign, start, around)
    return next((first for first, last in inside if start < first < limit < last), limit)


def _split(markdown: str) -> list[str] | None:
    """Return the blocks of Markdown, no fence cut in two, or None where a fence may be inside anything else."""
    if "```" not in markdown:
        return markdown.split("\n\n")
    blocks, at = [], 0
    for fence in _FENCE.finditer(markdown):
        if fence.start() and not markdown.endswith("\n\n", 0, fence.start()):
            return None
        blocks += [*markdown[at : fence.start()].split("\n\n"), fence[0]]
        at = fence.end()
    blocks += markdown[at:].split("\n\n")
    return None if any("```" in block and _FENCE.fullmatch(block) is None for block in blocks) else blocks


def _line(line: str, scan: tex.Scan, start: int = 0) -> tuple[str, list[str]] | None:
    """Return the text of a paragraph, heading or cell from `start` on and its formulas, or None as `_read_simply`."""
    if scan.unclosed or _PLACE in line or (scan.spans and _RULE.search(line)):
        return None
    at, prose = start, []
    for span in scan.spans:
        prose.append(line[at : span.start])
        at = span.end
    text = _PLACE.join([*prose, line[at:]])
    if text and _MEANING.search("\n" + text):
        if _MEANING.search("\n" + _SIMPLE.sub(")", text)):
            return None
        text = _SIMPLE.sub(_inside, text)
    if not scan.spans:
        return text, []
    formulas = scan.sources(line)
    first, *rest = text.split(_PLACE)
    return first + "".join([formula + after for formula, after in zip(formulas, rest, strict=True)]), formulas


def _inside(found: re.Match[str]) -> str:
    if found.lastgroup in _PLAIN:
        return found[0]
    return found["link"] or found["marked"] or found["escaped"] or found["code"] or ""


def _parse(blocks: list[str], pieces: list[str], formulas: list[str]) -> None:
    if not blocks:
        return
    for token in _parser().parse("\n\n".join(blocks), {}):
        if token.type == "inline" and token.children:
            formulas += [child.content for child in token.children if child.type == FORMULA]
            visible = (child for child in token.children if child.type in _VISIBLE)
            pieces += ["\n" if child.type in _BREAKS else child.content for child in visible]
        elif token.type == "html_block":
            _html(token.content, pieces, formulas)
        elif token.content:
            pieces.append(token.content)
        pieces.append("\n")


def _html(markup: str, pieces: list[str], formulas: list[str]) -> None:
    block = html.fragment_fromstring(markup, create_parent="div")
    pieces.append(plain.read(block, str))
    for stretch in dom.stretches(block):
        formulas += [stretch[span.start : span.end] for span in tex.scan(stretch).spans]


@cache
def _parser() -> MarkdownIt:
    return new_parser().disable(["text_join", "fragments_join"])  # how many pieces a text is split into does not matter


def new_parser() -> MarkdownIt:
    """Return a parser of our Markdown, to which the caller adds rules for rendering."""
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable(["table", "strikethrough"])
    parser.disable("reference")  # what looks like a link definition is a footnote
    link_labels.use(parser)
    parser.normalizeLink = _as_it_is  # type: ignore[method-assign]
    parser.normalizeLinkText = _as_it_is  # type: ignore[method-assign, assignment]
    parser.block.ruler.before("lheading", "hanging", _hanging)
    parser.block.ruler.before("lheading", "formula_lines", _formula_lines)
    parser.inline.ruler.before("escape", FORMULA, _formula)
    return parser


def _as_it_is(url: str) -> str:
    return url


def _formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    span = _finder(state).at(state.pos)
    if span is None or span.end > state.posMax:
        return _stray_dollars(state, silent)
    if not silent:
        token = state.push(FORMULA, "", 0)
        token.content = state.src[span.start : span.end]
        token.meta = {"display": span.display}
    state.pos = span.end
    return True


def _stray_dollars(state: StateInline, silent: bool) -> bool:
    """Step over two dollar signs that open nothing: the second alone is no opener either."""
    if not state.src.startswith("$$", state.pos) or state.pos + 2 > state.posMax:
        return False
    if not silent:
        state.pending += "$$"
    state.pos += 2
    return True


def _finder(state: StateInline) -> tex.Finder:
    known: tex.Finder | None = state.env.get(_FINDER)
    if known is None or known.text is not state.src:
        state.env[_FINDER] = known = tex.Finder(state.src)
    return known


def _formula_lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Make the lines inside a formula plain lines of the paragraph that begins here, whatever they look like."""
    del silent
    known, reached = 0, start
    while True:
        stop = reached + 1
        while stop < end and not state.isEmpty(stop) and not 0 <= state.sCount[stop] < state.blkIndent:
            stop += 1
        text = state.getLines(start, stop, state.blkIndent, False)
        found = tex.scan(text, markdown=True)
        spans, known = found.spans[known:], len(found.spans)
        if stop < end and (openers := found.reaching(text)):
            # Perhaps the formula holds an empty line, on which the paragraph would end.
            text = state.getLines(start, min(end, start + _LONGEST), state.blkIndent, False)
            longer = [span for offset in openers if (span := tex.Finder(text).at(offset))][:1]
            spans += longer
        else:
            longer = []
        breaks = [each.start() for each in _BREAK.finditer(text)]
        for span in spans:
            first, last = (start + bisect_left(breaks, place) for place in (span.start, span.end))
            if _ends_before(state, reached, first, end):
                return False
            _mark_lines(state, first, last)
            reached = max(reached, last)
        if not longer:
            return False


def _ends_before(state: StateBlock, reached: int, line: int, end: int) -> bool:
    """Return whether the paragraph, which reaches to one line, ends before another: some blocks need no empty line."""
    outside, state.parentType = state.parentType, "paragraph"
    rules = state.md.block.ruler.getRules("paragraph")
    ends = any(rule(state, between, end, True) for between in range(reached + 1, line + 1) for rule in rules)
    state.parentType = outside
    return ends


def _mark_lines(state: StateBlock, first: int, last: int) -> None:
    """Mark the lines after the first one of a formula."""
    for line in range(first + 1, last + 1):
        state.sCount[line] = -1  # as markdown-it marks the lines that no rule may take from a paragraph
        if state.isEmpty(line):
            state.tShift[line] = -1


def _hanging(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a footnote, whose mark is part of its text, or a definition of the paragraph before it."""
    begin = state.bMarks[start] + state.tShift[start]
    mark = HANGING.match(state.src, begin, state.eMarks[start])
    if mark is None or state.is_code_block(start):
        return False
    if silent:
        return True
    if mark[1] is None:
        _name_term(state)
        state.push("dd_open", "dd", 1).block = True
    else:
        state.push("note_open", "div", 1).block = True
    inside = len(state.tokens)
    outside = state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType
    state.bMarks[start], state.tShift[start] = mark.end(), 0
    state.blkIndent += INDENT
    state.sCount[start] = state.blkIndent
    state.md.block.tokenize(state, start, end)
    state.blkIndent -= INDENT
    state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType = outside
    if mark[1] is None:
        state.push("dd_close", "dd", -1).block = True
        state.push("dl_close", "dl", -1).block = True
    else:
        line = next((token for token in state.tokens[inside:] if token.type == "inline"), None)
        if line is not None:
            line.content = f"{mark[1]} {line.content}"
        state.push("note_close", "div", -1).block = True
    return True


def _name_term(state: StateBlock) -> None:
    """Open a list of definitions with the paragraph before as its term, or continue the list before."""
    before = state.tokens
    if before and before[-1].type == "dl_close" and before[-1].level == state.level:
        before.pop()
        state.level += 1
        return
    term = before[-3:] if before and before[-1].type == "paragraph_close" and before[-1].level == state.level else []
    del before[len(before) - len(term) :]
    state.push("dl_open", "dl", 1).block = True
    for token in term:
        token.level += 1
        if token.type != "inline":
            token.type, token.tag, token.hidden = token.type.replace("paragraph", "dt"), "dt", False
        before.append(token)
