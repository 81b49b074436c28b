"""The posts that every engine is given: our own words, the same each time."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
"""The clock of the blog's authors, which is another one in summer."""

ADA, BEN = "Ada Sponge", "Ben Slate"
CATEGORIES = ("Boards", "Dust", "Lectures")
TAGS = ("chalk", "limits", "sums", "wiping", "damp")
LANGUAGES = (
    ("python", "def wiped(board):\n    # nobody counts the corners\n    return [line for line in board if line < 3]"),
    ("bash", 'for board in *.txt; do\n  echo "$board && dry" > /dev/null\ndone'),
    ("c", "int dust(int *lines) {\n\treturn lines[0] << 2;\n}"),
)
INLINE = (
    r"\ell_{%d} = \frac{1}{%d}",
    r"a_1 < b_1 * c_{%d} * d_{%d}",
    r"\{x : x^2 \leq %d\} \subset \mathbb{R}^{%d}",
    r"\hat y_i \& \tilde y_j, i = %d, j = %d",
)
DISPLAY = (
    r"\sum_{k=1}^{%d} \frac{1}{k^2} < \frac{\pi^2}{6} + %d",
    r"\begin{pmatrix} %d & 0 \\ 0 & %d \end{pmatrix} \cdot v_1 = w_{1,2}",
    r"\int_0^{%d} e^{-x^2} \, dx \neq %d \tag{1}",
)
WORDS = (
    "board", "chalk", "line", "corner", "window", "caretaker", "lecture", "sponge", "noon", "proof", "draft", "sum",
    "stool", "lamp", "cloth", "bucket",
)  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """TeX in a text, on a line of its own or in one."""

    tex: str
    display: bool = False


@dataclass(frozen=True)
class Code:
    """A listing."""

    language: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture with words under it."""

    name: str
    caption: str


Part = str | Formula | Code | Picture | tuple["str | Formula", ...]
"""A paragraph of words alone or with formulas among them, or a block."""


@dataclass(frozen=True)
class Comment:
    """What a reader wrote, and in answer to which comment of the post, by its place among them."""

    author: str
    text: str
    moment: datetime
    parent: int | None = None


@dataclass(frozen=True)
class Post:
    """One post."""

    slug: str
    title: str
    author: str
    moment: datetime
    """When it was published, by the clock of the blog."""
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    parts: tuple[Part, ...]
    comments: tuple[Comment, ...] = ()
    changed: datetime | None = None

    @property
    def formulas(self) -> list[Formula]:
        """Every formula of the text, in order."""
        flat = [each for part in self.parts for each in (part if isinstance(part, tuple) else (part,))]
        return [each for each in flat if isinstance(each, Formula)]

    @property
    def listings(self) -> list[Code]:
        """Every listing of the text, in order."""
        return [part for part in self.parts if isinstance(part, Code)]

    @property
    def pictures(self) -> list[Picture]:
        """Every picture of the text, in order."""
        return [part for part in self.parts if isinstance(part, Picture)]


def posts(count: int = 43) -> tuple[Post, ...]:
    """Return so many posts, the oldest first; every seventh is from half past midnight, when UTC has another day."""
    return tuple(map(_post, range(1, count + 1)))


def edited(before: tuple[Post, ...]) -> tuple[Post, ...]:
    """Return the blog some days later: of its posts one is edited, one is new, and one is no longer there."""
    third = before[2]
    edit = replace(
        third,
        parts=(*third.parts, ("What was said of line three was wrong by ", Formula(r"\varepsilon_{3}"), ".")),
        changed=before[-1].moment + timedelta(days=3),
    )
    return (*before[:2], edit, *before[3:6], *before[7:], _post(len(before) + 1))


def picture(name: str) -> bytes:
    """Return a PNG of one colour, another one for each name."""
    colour = struct.pack(">I", zlib.crc32(name.encode()))[:3]
    rows = b"".join(b"\0" + colour * 24 for _ in range(16))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 16, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _post(number: int) -> Post:
    day = datetime(2019, 1, 6, tzinfo=ZoneInfo(ZONE)) + timedelta(days=47 * number)
    moment = day.replace(hour=0, minute=30) if number % 7 == 0 else day.replace(hour=9 + number % 9, minute=number)
    word = WORDS[number % len(WORDS)]
    inline = [Formula(INLINE[(number + each) % len(INLINE)] % (number, number + each)) for each in (1, 2)]
    parts: list[Part] = [
        f"This is note {number} on the {word}, and it begins where the one before it dried.",
        ("Whoever measures the ", word, " finds ", inline[0], " at noon, and ", inline[1], " once it is wiped."),
        Formula(DISPLAY[number % len(DISPLAY)] % (number, number + 1), display=True),
        _sentence(number, 3),
    ]
    if number % 2:
        parts.append(Code(*LANGUAGES[number % len(LANGUAGES)]))
    if number % 3 == 0:
        parts.append(Picture(f"{word}-{number:02}.png", f"The {word} of note {number}, seen from the door"))
    parts.append(_sentence(number, 7))
    return Post(
        slug=f"on-the-{word}-{number:02}",
        title=f"On the {word}, note {number}",
        author=BEN if number % 5 == 0 else ADA,
        moment=moment,
        categories=(CATEGORIES[number % 3], *(CATEGORIES[:1] if number % 12 == 1 else ())),
        tags=tuple(dict.fromkeys((TAGS[number % 5], TAGS[(number * 3 + 1) % 5]))),
        parts=tuple(parts),
        comments=_comments(number, moment),
    )


def _sentence(number: int, step: int) -> str:
    words = [WORDS[(number * step + each * each) % len(WORDS)] for each in range(5)]
    return f"Of the {words[0]} and the {words[1]} nobody says more, though a {words[2]} by the {words[3]} would do."


def _comments(number: int, moment: datetime) -> tuple[Comment, ...]:
    """Return no comments, a few, or for one post as many as fill several pages; each third answers the one before."""
    count = 28 if number == 8 else number % 4 if number % 6 == 2 else 0
    return tuple(
        Comment(
            f"Reader {place % 5}",
            f"Remark {place} on note {number}: the {WORDS[place % len(WORDS)]} was still wet.",
            moment + timedelta(hours=2 + place),
            parent=place - 1 if place % 3 == 2 else None,
        )
        for place in range(count)
    )
