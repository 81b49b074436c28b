"""Writes what is known about a text in front of it, as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def write(fields: Mapping[str, object]) -> str:
    """Return fields as YAML between two lines of dashes; those that are None or empty lists are left out."""
    lines = (f"{name}:{_value(value)}\n" for name, value in fields.items() if value not in (None, []))
    return f"---\n{''.join(lines)}---\n"


def _value(value: object) -> str:
    """Return what follows the name of a field; a list of fields has each item on a line of its own."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return "".join(f"\n- {_yaml(item)}" for item in value)
    return f" {_yaml(value)}"


def _yaml(value: object) -> str:
    """Return a value as JSON, which YAML 1.2 includes, with those characters escaped that YAML does not print."""
    text = json.dumps(value, ensure_ascii=False)
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
