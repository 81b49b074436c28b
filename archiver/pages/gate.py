"""The page with which a blog answers until it gets its cookie back."""

from __future__ import annotations

from archiver.profile import Gate

_BLANKS = 20
"""Bytes a character of a gate may take, with the white space around it."""


def may_be(gate: Gate, size: int) -> bool:
    """Return whether a body of so many bytes can be the gate."""
    return size <= _BLANKS * gate.longest


def is_gate(gate: Gate, status: int, body: bytes) -> bool:
    """Return whether a response is the cookie gate: short, with all its signs.

    It comes with status 403, and was seen with 200.
    """
    if status not in (200, 403) or not may_be(gate, len(body)):
        return False
    text = "".join(body.decode("utf-8", "replace").split())
    return len(text) < gate.longest and all(sign in text for sign in gate.signs)
