"""How time grows with pages made to be slow: eight times the page takes about 8 times as long, 64 if it were squared.

    python -m benchmarks.hostile

Prints a ratio for each kind of text and reader; ends with 1 when one is over 32.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from lxml import html

from archiver.text import engines, tex
from archiver.urls import Site

BODIES = {
    "breaks": "甲<br/>",
    "empty paragraphs": "<p></p>",
    "plain tags": "<span>文*</span>",
    "bold": "<b>文*</b>",
    "links": '<a href="/archives/1">文[</a>',
    "pictures": '<img src="/a.png" alt="x"/>',
    "captions": '<div><a><img src="/a.png"/></a><p>c</p></div>',
    "code": "<code>`</code>",
    "comments": "<!-- x -->甲",
    "entities": "&amp;lt;",
    "paragraphs": "<p>文$x$字</p>",
    "stars": "*_`~[](",
    "strays": "<p>$x<b>y</b>\\begin{a}</p>",
    "items": "<li>文",
    "quotes": "<blockquote>文</blockquote>",
    "nested": "<div><b>文",
}
"""What pages consist of, over and over."""

TEXTS = (
    *("$", "$$$", "$x", r"\begin{a}", r"\begin{a}{", r"\begin{", r"\end{a}", "{", "${", "${ $ }", r"\[ { \] ", r"\("),
    *(r"\ref{", "\\", r"\begin{a}\end{a}{", "$}"),
)
"""What texts consist of that are searched for formulas."""

TIMES = 8
MOST = 32
"""Half-way, in logarithms, between what is linear and what is squared."""


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of the best of three runs."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return max(best, 1e-4)


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """Return how much longer TIMES the size takes; `work` prepares a size."""
    return seconds(work(TIMES * size)) / seconds(work(size))


def cases() -> Iterator[tuple[str, Callable[[int], Callable[[], object]], int]]:
    """Yield name, work for a size, and the smaller size."""
    resolve = Site().resolve
    for unit in TEXTS:
        yield f"scan {unit}", lambda size, unit=unit: lambda text=unit * size: tex.scan(text), 2000
        yield f"scan ${unit}", lambda size, unit=unit: lambda text="$" + unit * size: tex.scan(text), 2000
    for name, unit in BODIES.items():
        for reader in (engines.read_fragment, engines.read):

            def prepare(size: int, unit: str = unit, reader: Callable[..., object] = reader) -> Callable[[], object]:
                body = html.fragment_fromstring(unit * size, create_parent="div")
                return lambda: reader(body, resolve)

            yield f"{reader.__name__} {name}", prepare, 400


def main() -> None:
    """Print the ratios."""
    worst = 0.0
    for name, work, size in cases():
        ratio = growth(work, size)
        worst = max(worst, ratio)
        print(f"{ratio:6.1f}  {name}")
    print(f"worst {worst:.1f}, {MOST} allowed; {TIMES} is linear")
    sys.exit(worst > MOST)


if __name__ == "__main__":
    main()
