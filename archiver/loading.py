"""Loading libraries without a search for garbage among what they make, which is there to stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Import in this block what a process keeps to its end; no collection looks at it then or later.

    A crawl loads some hundred thousand objects, and would go through all of them many times: a sixth of what one of 40
    posts takes of the processor.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
