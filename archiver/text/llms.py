"""A list of texts for programs that read on somebody's behalf: `llms.txt` (https://llmstxt.org), which is Markdown.

A heading, a blurb, then sections of links. Each post stands once: under its first topic, its series or its year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archiver.text.inline import destination, plain

NAME = "llms.txt"
"""What the file is called."""


@dataclass(frozen=True, slots=True)
class LlmsLink:
    """A text and where its Markdown is."""

    title: str
    target: str
    day: str = ""
    """When it was published, YYYY-MM-DD; empty where that is not known."""


Group = tuple[str, Sequence[int]]
"""Name of a topic or series, and the numbers of its posts in order."""


def write(
    title: str,
    blurb: Sequence[str],
    posts: Mapping[int, LlmsLink],
    topics: Iterable[Group],
    series: Iterable[Group],
    pages: Sequence[LlmsLink] = (),
) -> str:
    """Return the list: `blurb` are sentences, `posts` are by number; `pages` come last, as optional."""
    sections = list[tuple[str, list[LlmsLink]]]()
    left = dict(posts)
    for name, numbers in (*topics, *series):
        sections.append((name, [left.pop(number) for number in numbers if number in left]))
    years: dict[str, list[LlmsLink]] = {}
    for link in sorted(left.values(), key=lambda link: link.day, reverse=True):
        years.setdefault(link.day[:4] or "Undated", []).append(link)
    sections += [*years.items(), ("Optional", list(pages))]
    head = f"# {plain(title)}\n\n> {plain(' '.join(blurb))}\n"
    return head + "".join(f"\n## {plain(name)}\n\n{''.join(map(_item, links))}" for name, links in sections if links)


def _item(link: LlmsLink) -> str:
    return f"- [{plain(link.title)}]({destination(link.target)})" + (f": {link.day}\n" if link.day else "\n")
