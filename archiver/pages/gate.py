"""The page the blog answers with until its cookie comes back."""

from __future__ import annotations

LONGEST = 1000
"""Characters without white space that a gate has at most; the shortest article page has twenty times as many."""


def is_gate(status: int, body: bytes) -> bool:
    """Return whether a response is the cookie gate: short, with a script that loads the address again.

    The rule of crawlers that ran against the blog; it comes with status 403, and was seen with 200.
    """
    if status not in (200, 403) or len(body) > 20 * LONGEST:
        return False
    text = "".join(body.decode("utf-8", "replace").split())
    return len(text) < LONGEST and "window.location.href" in text and "<script" in text
