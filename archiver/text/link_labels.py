"""Where the label of a link or picture ends in Markdown: markdown-it's answer, in time proportional to the text.

markdown-it walks from each bracket to its end or that of the paragraph, past all the brackets that are open there too:
a page of stray brackets takes minutes. Here what is known of one bracket serves those before it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

from markdown_it import MarkdownIt, helpers
from markdown_it.rules_inline import StateInline

_LABELS = "labels"  # in the parser's environment
_UNCLOSED = -1
_NESTED = -2
"""Of a label with a link in it, which makes it none."""


class _LabelEnds(NamedTuple):
    """Ends of labels by their beginnings, of links, in which there may be no other, and of pictures."""

    links: dict[int, int]
    pictures: dict[int, int]


def use(parser: MarkdownIt) -> None:
    """Let a parser ask here."""
    others = {name: getattr(helpers, name) for name in helpers.__all__}
    parser.helpers = SimpleNamespace(**others | {"parseLinkLabel": _end})  # type: ignore[assignment]


def _end(state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: N803 - as markdown-it calls it
    """Return where the label ends whose bracket is at `start`; -1 where it does not."""
    known: _LabelEnds = state.env.setdefault(_LABELS, {}).setdefault(state, _LabelEnds({}, {}))
    own = known.links if disableNested else known.pictures
    if start not in own:
        own[start] = _walked(state, start, known, is_link=disableNested)
    return own[start] if 0 <= own[start] < state.posMax else -1  # less of the text may be in question than before


def _walked(state: StateInline, start: int, known: _LabelEnds, *, is_link: bool) -> int:
    before, level, found = state.pos, 1, _UNCLOSED
    state.pos = start + 1
    while state.pos < state.posMax:
        at = state.pos
        if state.src[at] == "]":
            level -= 1
            if level == 0:
                found = at
                break
        state.md.inline.skipToken(state)
        if state.src[at] != "[":
            continue
        if state.pos == at + 1:  # a mere bracket
            end = known.links.get(at, _NESTED) if is_link else known.pictures.get(at, known.links.get(at, _NESTED))
            if end == _UNCLOSED or (end == _NESTED and is_link and at in known.links):
                found = end
                break
            if 0 <= end < state.posMax:
                state.pos = end
                state.md.inline.skipToken(state)
            else:
                level += 1
        elif is_link:
            found = _NESTED
            break
    state.pos = before
    return found
