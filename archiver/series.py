"""Tells from titles which posts are parts of one series, and in which order.

The blog numbers the parts of a series in many ways: `NAME（一）：…`, `NAME：1、…`, `NAME：1. …`, `【NAME】 1. …`,
`《NAME1》：…`, `《NAME》：…(一)`, `NAME之一：…`, `NAME（上）`. Where a title holds several numbers the first one
counts and the others order what has the same first one: `…：20、MLA好在哪里?（上）`. A few series carry no numbers:
`细水长flow之…：`. Those are believed only when each part and another one are linked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

LEAST_NUMBERED = 2
"""Parts that make a series when they are numbered."""

LEAST_UNNUMBERED = 3
"""Parts that make a series when only their titles begin alike."""

_CHINESE = "零一二三四五六七八九"
_THIRDS = {"上": 1, "中": 2, "下": 3}
_NUMBER = r"\d{1,2}|[零一二三四五六七八九十]{1,3}"
_PART = rf"{_NUMBER}|[上中下](?=篇?[)）])"
_BRACKETED = rf"[(（]\s*(?P<number>{_PART})篇?\s*[)）]"
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"《(?P<name>[^》]+)》\s*[：:].*[(（](?P<number>{_NUMBER})[)）]\s*$",
        rf"【(?P<name>[^】]+)】[\s·⋅・]*(?:{_BRACKETED}|(?P<bare>{_NUMBER})\s*[.．、：:])",
        rf"(?P<name>.{{2,}}?){_BRACKETED}\s*(?=[》：:—-]|$)",
        rf"(?P<name>.{{2,}}?)(?:[：:]|——)\s*(?P<number>{_NUMBER})\s*[、.．](?!\d)",
        r"(?P<name>.*[\u4e00-\u9fff])(?P<number>\d{1,2})》?\s*[：:]",
        rf"(?P<name>.{{2,}}?)之(?P<number>{_NUMBER})\s*(?=[：:、(（—]|$)",
    )
)
_FURTHER = re.compile(rf"[(（]\s*({_PART})篇?\s*[)）]")
_UNNUMBERED = re.compile(r"(?P<name>[^：:《【之]{3,20})之[^：:]{1,40}[：:]|“(?P<quoted>[^”]{3,20})”[：:]")
_ORNAMENT = re.compile(r"[\s《》【】“”\"'‘’「」]|系列$|——?$|[：:·⋅・,，]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Titled:
    """A post, as far as its place in a series depends on it."""

    id: int
    title: str
    published_on: str | None = None
    """YYYY-MM-DD."""
    cites: Collection[int] = ()
    """Numbers of the posts it links to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPart:
    """A post's place in a series."""

    post_id: int
    label: str
    """Number as the title writes it, such as `二十一`, `3` or `上`; empty in a series without numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Posts that belong together, in order."""

    name: str
    parts: tuple[SeriesPart, ...]


@dataclass(frozen=True, slots=True)
class _TitlePart:
    """What a title says: of which series it is a part, and which one."""

    name: str
    order: tuple[int, ...]
    label: str


@dataclass(slots=True)
class _TitleGroup:
    numbered: bool
    members: list[tuple[_TitlePart, Titled]] = field(default_factory=list)


def detect(posts: Iterable[Titled]) -> list[Series]:
    """Return the series among posts, by their first parts' numbers.

    Parts are ordered by number, then by date: the same posts give the same series, in whatever order they come.
    """
    groups: dict[tuple[bool, str], _TitleGroup] = {}
    for post in posts:
        for numbered, place in ((True, _numbered(post.title)), (False, _unnumbered(post.title))):
            if place:
                key = (numbered, _key(place.name))
                groups.setdefault(key, _TitleGroup(numbered)).members.append((place, post))
                break
    found = [_series(group) for group in groups.values() if _convincing(group)]
    return sorted(found, key=lambda series: series.parts[0].post_id)


def _convincing(group: _TitleGroup) -> bool:
    if group.numbered:
        return len({place.order for place, _ in group.members}) >= LEAST_NUMBERED
    posts = [post for _, post in group.members]
    numbers = {post.id for post in posts}
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for post in posts:
        for other in numbers & set(post.cites) - {post.id}:
            linked[post.id].add(other)
            linked[other].add(post.id)
    return len(posts) >= LEAST_UNNUMBERED and len(linked) == len(posts)


def _series(group: _TitleGroup) -> Series:
    ordered = sorted(group.members, key=lambda member: (member[0].order, member[1].published_on or "", member[1].id))
    return Series(
        name=ordered[0][0].name,
        parts=tuple(SeriesPart(post_id=post.id, label=place.label) for place, post in ordered),
    )


def _numbered(title: str) -> _TitlePart | None:
    """Return what the first number in a title says; where two forms agree on it, the more particular one."""
    found = [match for form in _FORMS if (match := form.match(title))]
    if not found:
        return None
    first = found[0] if found[0].re is _FORMS[0] else min(found, key=_position)
    label = first[_group(first)]
    rest = "" if first.re is _FORMS[0] else title[first.end() :]
    further = tuple(_value(number) for number in _FURTHER.findall(rest))
    return _TitlePart(_name(first["name"]), (_value(label), *further), label)


def _group(match: re.Match[str]) -> str:
    return "bare" if match.groupdict().get("bare") else "number"


def _position(match: re.Match[str]) -> int:
    return match.start(_group(match))


def _unnumbered(title: str) -> _TitlePart | None:
    match = _UNNUMBERED.match(title)
    return _TitlePart(_name(match["name"] or match["quoted"]), (), "") if match else None


def _value(number: str) -> int:
    """Return a number written in digits, in Chinese up to 99, or as the first, middle or last third."""
    if number in _THIRDS:
        return _THIRDS[number]
    if number.isdecimal():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    if not ten:
        return int("".join(str(_CHINESE.index(sign)) for sign in number))
    return 10 * (_CHINESE.find(tens) if tens else 1) + (_CHINESE.find(ones) if ones else 0)


def _name(text: str) -> str:
    return text.strip().strip("《【").rstrip("》】：:—-·⋅・ ").removesuffix("系列").rstrip("—-》 ")


def _key(name: str) -> str:
    """Return a name without what varies between the parts of one series: width, case, spaces, brackets."""
    return _ORNAMENT.sub("", unicodedata.normalize("NFKC", name).casefold())
