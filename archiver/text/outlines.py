"""Outlines of glyphs as short SVG paths: whole numbers, relative to each other (https://www.w3.org/TR/SVG11/paths.html).

The same glyph is the same text wherever it is, except for its first point, so that it compresses well.
"""

from __future__ import annotations

_NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6}
"""Numbers after each command."""


def shortened(path: str, scale: float) -> str:
    """Return a path of the commands M, L, Q, C and Z, spaces between its parts, on a grid finer by this factor."""
    parts = path.split()
    written: list[str] = []
    place, last, left, top = 0, "", 0.0, 0.0
    x = y = start_x = start_y = 0  # on the grid, from the first point on
    while place < len(parts):
        command = parts[place]
        place += 1
        if command == "Z":
            written.append("z")
            last, x, y = "z", start_x, start_y
            continue
        numbers = list(map(float, parts[place : place + _NUMBERS[command]]))
        place += _NUMBERS[command]
        if not last:
            left, top, last = *numbers, "M"
            written.append(f"M{round(left * scale)} {round(top * scale)}")
            continue
        points = [round((n - (top if i % 2 else left)) * scale) for i, n in enumerate(numbers)]
        steps = [n - (y if i % 2 else x) for i, n in enumerate(points)]
        x, y = points[-2:]
        if command == "M":
            start_x, start_y = x, y
        elif command == "L" and not any(steps):
            continue
        command = command.lower()
        if command == "l" and 0 in steps:
            command, steps = ("v", steps[1:]) if steps[0] == 0 else ("h", steps[:1])
        text = "".join(str(step) if step < 0 else f" {step}" for step in steps)
        written.append(text if command == last else command + text.lstrip())
        last = command
    return "".join(written)
