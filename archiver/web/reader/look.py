"""The colour and the logo that distinguish the archive of one blog from that of another.

A profile may name them; else the colour is derived from the blog's name and the logo is the first letter of its title.
Contrast is calculated as in WCAG 2.2: 4.5 is enough for text (criterion 1.4.3), 7 for people with low vision (1.4.6).
"""

from __future__ import annotations

import colorsys
import hashlib
from functools import cache
from html import escape

from archiver.profile import Profile

_LIGHT, _DARK = "#fbfaf6", "#17191c"  # --paper of reader.css
_WHITE = "#ffffff"
_CONTRAST = 7.0
_SATURATION = 0.6
_STEPS = 100

_STYLE = (
    ":root {{ --link: {light}; }}\n@media screen {{\n"
    "@media (prefers-color-scheme: dark) {{ :root {{ --link: {dark}; }} }}\n"
    ":root:is([data-theme=light], [data-theme=sepia]) {{ --link: {light}; }}\n"  # as the reader chose: display.css
    ":root[data-theme=dark] {{ --link: {dark}; }}\n}}\n"
)
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="{colour}"/>{sign}</svg>\n'
)
SHELF_ICON = _ICON.format(
    colour="#4a5a6a",
    sign='<path d="M9 8v16M14 8v16M19 9l5 15M7 25h19" fill="none" stroke="#fff" stroke-width="2.4" '
    'stroke-linecap="round"/>',
)
"""The icon of several blogs: books on a shelf."""

SHELF_STYLE = _STYLE.format(light="#3d5268", dark="#a9bfd6")
"""Their colour, which is no blog's; a contrast of 7.8 on light paper and 9.3 on dark."""

_DRAWN = '<path d="{}" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/>'
_WRITTEN = (
    '<text x="16" y="17" text-anchor="middle" dominant-baseline="central" font-family="serif" font-size="20" '
    'fill="#fff">{}</text>'
)


def sign(profile: Profile) -> str:
    """Return the character shown before the blog's title."""
    letters = (letter for letter in next(iter(profile.titles.values())) if letter.isalnum())
    return profile.reader.sign or next(letters, profile.name[0]).upper()


def style_sheet(profile: Profile) -> str:
    """Return the colour of links, on light paper and on dark."""
    light, dark = (_readable(profile, paper) for paper in (_LIGHT, _DARK))
    light, dark = profile.reader.on_light or light, profile.reader.on_dark or dark
    return _STYLE.format(light=light, dark=dark)


def icon(profile: Profile) -> str:
    """Return the icon as SVG: the character in white on the blog's colour."""
    drawing = profile.reader.drawing
    drawn = _DRAWN.format(drawing) if drawing else _WRITTEN.format(escape(sign(profile)))
    return _ICON.format(colour=colour(profile), sign=drawn)


def colour(profile: Profile) -> str:
    """Return the blog's colour, on which white is legible."""
    return profile.reader.colour or _readable(profile, _WHITE)


@cache
def _readable(profile: Profile, paper: str) -> str:
    """Return the shade nearest to the blog's colour that is legible on a paper."""
    hue, lightness, saturation = _own(profile)
    down = _luminance(paper) > 0.5
    for step in range(_STEPS):
        moved = lightness * (1 - step / _STEPS) if down else lightness + (1 - lightness) * step / _STEPS
        colour = _written(colorsys.hls_to_rgb(hue, moved, saturation))
        if contrast(colour, paper) >= _CONTRAST:
            return colour
    return "#000000" if down else _WHITE


def _own(profile: Profile) -> tuple[float, float, float]:
    """Return hue, lightness and saturation of the colour a profile names, or else of one made from the blog's name."""
    if profile.reader.colour:
        return colorsys.rgb_to_hls(*_channels(profile.reader.colour))
    return hashlib.sha256(profile.name.encode()).digest()[0] / 256, 0.5, _SATURATION


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours: from 1 for the same to 21 for black and white (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def _written(channels: tuple[float, float, float]) -> str:
    return "#" + bytes(round(255 * part) for part in channels).hex()
