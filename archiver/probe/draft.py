"""A profile for a blog, drafted from what it says about itself, as the text of a `site.toml`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from archiver import profile, sites
from archiver.counting import counted
from archiver.probe.forms import AddressForm
from archiver.profile import Profile

_ANY_POST = AddressForm("/.+", "", "/", 0)
"""Takes every address of a page for a post's, as long as their forms are unknown."""

NO_POST = AddressForm("(?!)", "", "", 0)
"""Takes none: leaves addresses to the engine's own forms."""

_FILES = (
    r"(?i)/.*\.(?:7z|avif|bib|bz2|csv|djvu|docx?|epub|gif|gz|ipynb|jpe?g|mov|mp[34]|odp|ods|odt|ogg|pdf|png|pptx?|ps|rar"
    r"|svg|tar|tex|tgz|txt|wav|webm|webp|xlsx?|xz|zip)"
)
"""Takes what is no page, such as papers and pictures beside the posts, however wide their forms are."""

_WITHOUT_LISTS = [
    "# No list was found: posts can be found by links only.",
    'lists = ["furniture"]',
]

_ZONES = {"ja": "+09:00", "ko": "+09:00", "zh": "+08:00"}
"""Zones of languages that are read in one zone."""

_UTC = "+00:00"
_SUMMER = 60
"""Minutes that clocks are ahead in summer."""
_OF_SUMMER = (
    '# In summer its clock is an hour ahead: the name of the zone, such as "Europe/Berlin", would be more exact.'
)

_BIBLATEX = {
    "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "ja": "japanese",
    "ko": "korean", "nl": "dutch", "pl": "polish", "pt": "portuguese", "ru": "russian", "zh": "chinese",
}  # fmt: skip
"""Languages as biblatex names them (its manual, table 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a blog so far."""

    origin: str
    path: str = ""
    engine: str = "generic"
    title: str = ""
    language: str = "en"
    lists: tuple[str, ...] = ()
    """Paths below the blog's own, with their queries."""
    forms: tuple[AddressForm, ...] = (_ANY_POST,)
    others: tuple[str, ...] = ()
    """Further hosts that its own pages and lists name."""
    pages: tuple[str, ...] = ()
    """Paths that look like those of posts but are not."""
    moments: tuple[str, ...] = field(default=(), repr=False)
    """Dates of posts, as listed."""
    zones: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """Offsets from UTC that these are written with, by list."""

    @property
    def name(self) -> str:
        """Host and path, as a name of files."""
        return re.sub(r"[^A-Za-z0-9.]+", "-", urlsplit(self.origin).netloc + self.path).strip("-.")

    def profile(self) -> Profile:
        """Return the profile."""
        return profile.read(self.toml(), sites.FILE)

    def toml(self) -> str:
        """Return the text of the profile's file."""
        lines = [
            f"# {self.title or self.name}, as `archiver init` found it. For the keys, see docs/sites.md.",
            "",
            f"extends = {_quoted(self.engine)}",
            f"name = {_quoted(self.name)}",
            f"titles = {{ {_quoted(self.language)} = {_quoted(self.title or self.name)} }}",
            f"origin = {_quoted(self.origin)}",
            f"hosts = {_list(self._hosts())}",
            *([f"path = {_quoted(self.path)}"] if self.path else []),
            *([] if self.lists else _WITHOUT_LISTS),
            f"since = {self._since()}",
            *self._zone(),
            f"language = {_quoted(_BIBLATEX.get(self.language[:2].lower(), 'english'))}",
            f"citation_key = {_quoted(re.sub(r'[^a-z0-9]+', '-', self.name.lower()).strip('-') + '-')}",
            *(["", "[places]", f"lists = {_list(self.lists)}"] if self.lists else []),
        ]
        if self.pages:
            lines += [
                "",
                "# Pages that are not posts, though their addresses look like it.",
                *_rule("page", _any_of(self.pages)),
            ]
        lines += ["", "# Files are not posts.", *_rule("file", _FILES)]
        for form in self.forms:
            told = [f"# {counted(form.posts, 'post')}, such as {form.example}"] if form.posts else []
            lines += ["", *told, *_rule("post", form.pattern, form.canonical)]
        return "\n".join(lines) + "\n"

    def _hosts(self) -> list[str]:
        host = urlsplit(self.origin).hostname or ""
        other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        named = [host, other] if "." in host and not host.replace(".", "").isdigit() else [host]
        return list(dict.fromkeys([*named, *self.others]))

    def _since(self) -> int:
        years = [int(moment[:4]) for moment in self.moments if moment[:4].isdecimal()]
        return min(years, default=2000)

    def _zone(self) -> list[str]:
        """Return the line with the offset that dates have, or with that of those who read the language.

        Programs write UTC whatever the author's clock: a list with only that does not count. Of two
        offsets an hour apart the lesser is that of winter.
        """
        found = next((Counter(each) for each in self.zones if {*each} - {_UTC}), Counter[str]())
        if not found:
            return [f"zone = {_quoted(_ZONES.get(self.language[:2].lower(), _UTC))}"]
        most = next(zone for zone, _ in found.most_common() if zone != _UTC)
        winter = next((zone for zone in found if _minutes(most) - _minutes(zone) == _SUMMER), most)
        is_ahead = any(_minutes(zone) - _minutes(winter) == _SUMMER for zone in found)
        return [*([_OF_SUMMER] if is_ahead else []), f"zone = {_quoted(winter)}"]


def _minutes(zone: str) -> int:
    hours, minutes = zone[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-1 if zone[0] == "-" else 1)


def _rule(kind: str, pattern: str, canonical: str = "") -> list[str]:
    told = [f"canonical = {_quoted(canonical)}"] if canonical else []
    return ["[[addresses]]", f"kind = {_quoted(kind)}", f"pattern = {_literal(pattern)}", *told]


def _any_of(paths: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(path.rstrip("/")) for path in paths) + ")/?"


def _quoted(text: str) -> str:
    """Return a string of TOML; its escapes are those of JSON, except for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(text: str) -> str:
    """Return a string of TOML without escapes, as regular expressions are read best."""
    return f"'{text}'" if "'" not in text and text.isprintable() else _quoted(text)


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
