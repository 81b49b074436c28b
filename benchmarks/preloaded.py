"""Imports what the command imports late; for processes that fork for each command, so that they do it once for all.

Scrapy's reactor starts once a process, and its imports take a second of CPU. The reactor itself is not imported: each
command chooses its own.
"""

from __future__ import annotations

import gc
import importlib
import sys

from scrapy.settings import default_settings

OURS = ("boundaries", "canary", "manners", "middlewares", "pipelines", "robots", "runner", "scheduler")
OTHERS = ("alembic.command", "scrapy.crawler", "scrapy.core.engine", "scrapy.core.scraper", "trafilatura")
PARTS = (
    default_settings.EXTENSIONS_BASE,
    default_settings.DOWNLOADER_MIDDLEWARES_BASE,
    default_settings.SPIDER_MIDDLEWARES_BASE,
)

for name in (
    *OTHERS,
    *(path.rpartition(".")[0] for group in PARTS for path in group),
    "spiders.everything",
    "archiver.cli",
    *(f"archiver.crawl.{part}" for part in OURS),
):
    importlib.import_module(name)
gc.freeze()  # children need not look at it again, which would copy its memory
assert "twisted.internet.reactor" not in sys.modules
