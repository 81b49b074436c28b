"""Scrapy's undocumented internals that are relied upon: accessed here, where their absence is reported."""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

import scrapy

from archiver.crawl.servers import SUFFIXES
from archiver.errors import ArchiverError

logger = logging.getLogger(__name__)


def inside(owner: object, name: str) -> Any:
    """Return an attribute of a part of Scrapy. Raises ArchiverError where the version that is installed has none."""
    try:
        return getattr(owner, name)
    except AttributeError:
        raise ArchiverError(
            f"expected `{name}` in Scrapy's {type(owner).__name__}, by which pauses are kept, found none in Scrapy "
            f"{scrapy.__version__}; install the version that constraints.txt names"
        ) from None


def keep_suffixes_at_hand(cookies: ModuleType) -> None:
    """Make Scrapy's cookie jar use the bundled copy of the public suffixes: it would ask the web."""
    if not callable(getattr(cookies, _SPLITTER, None)):
        logger.warning(
            "Scrapy %s has no %s.%s: its cookie jar may ask the web for the list of public suffixes",
            scrapy.__version__,
            cookies.__name__,
            _SPLITTER,
        )
    setattr(cookies, _SPLITTER, SUFFIXES)


_SPLITTER = "_split_domain"
