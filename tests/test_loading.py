"""Loading without garbage collection."""

from __future__ import annotations

import gc
from contextlib import suppress

from archiver.loading import loading


def test_collection_goes_on_after_a_failed_import_and_leaves_alone_what_was_loaded() -> None:
    loaded: list[object] = []
    try:
        with suppress(ImportError), loading():
            loaded.append(loaded)
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled()
        assert not any(each is loaded for each in gc.get_objects())
    finally:
        gc.unfreeze()


def test_collection_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with loading(), loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
