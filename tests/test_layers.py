"""The house of docs/design.md: imports point down, and each library stays behind its door."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = {
    "archiver": 0,  # __init__.py: the version
    "archiver.bundled": 0,
    "archiver.clock": 0,
    "archiver.config": 0,
    "archiver.counting": 0,
    "archiver.dates": 0,
    "archiver.durable": 0,
    "archiver.errand": 0,
    "archiver.errors": 0,
    "archiver.extras": 0,
    "archiver.interrupts": 0,
    "archiver.items": 0,
    "archiver.loading": 0,
    "archiver.media": 0,
    "archiver.processes": 0,
    "archiver.profile": 0,
    "archiver.references": 0,
    "archiver.series": 0,
    "archiver.sites": 0,
    "archiver.urls": 0,
    "archiver.text": 1,
    "archiver.pages": 1,
    "archiver.warc": 1,
    "archiver.storage": 1,
    "archiver.store": 1,
    "archiver.sample": 1,
    "archiver.crawl": 2,
    "archiver.export": 2,
    "archiver.notices": 2,
    "archiver.probe": 2,
    "archiver.rebuild": 2,
    "archiver.web": 2,
    "archiver.settings": 2,
    "archiver.schedule": 2,
    "archiver.fleet": 3,
    "archiver.static": 3,
    "archiver.cli": 4,
    "archiver.__main__": 5,
}
NEIGHBOURS = {
    ("archiver.config", "archiver.errors"),
    ("archiver.dates", "archiver.errors"),
    ("archiver.dates", "archiver.clock"),
    ("archiver.durable", "archiver.errors"),
    ("archiver.errand", "archiver.items"),
    ("archiver.processes", "archiver.interrupts"),
    ("archiver.profile", "archiver.dates"),
    ("archiver.profile", "archiver.errors"),
    ("archiver.sites", "archiver.errors"),
    ("archiver.sites", "archiver.profile"),
    ("archiver.urls", "archiver.profile"),
    ("archiver.urls", "archiver.sites"),
    ("archiver.pages", "archiver.text"),
    ("archiver.storage", "archiver.store"),
    ("archiver.storage", "archiver.warc"),
    ("archiver.store", "archiver.text"),  # what of a passage is a formula
    ("archiver.crawl", "archiver.settings"),
    ("archiver.probe", "archiver.crawl"),  # one page, and the rules of robots.txt
    ("archiver.rebuild", "archiver.settings"),
    ("archiver.web", "archiver.schedule"),  # when the next run is due
    ("archiver.web", "archiver.export"),  # hands out the books and feeds that exports write
}
"""Who may import from the same floor."""

FRONT_DOORS = {("archiver", "archiver.items"), ("archiver", "archiver.pages"), ("archiver", "archiver.store")}
"""`archiver.open` leads to the store, and `archiver.read` to the pages, when they are called."""

SPIDERS_KNOW = {name for name, floor in FLOORS.items() if floor == 0} | {"archiver.pages"}

DOORS = {
    "scrapy": {"archiver.crawl", "spiders"},
    "twisted": {"archiver.crawl", "spiders"},
    "itemadapter": {"archiver.crawl", "spiders"},
    "warcio": {"archiver.warc"},
    "sqlalchemy": {"archiver.store", "migrations"},
    "alembic": {"archiver.store", "migrations"},
    "obstore": {"archiver.storage"},
    "mcp": {"archiver.web"},
    # Parsing is pure: the same bytes give the same values, years later too.
    "socket": {"archiver.crawl", "archiver.web", "archiver.sample"},
    "sqlite3": {"archiver.store"},
}
"""Who may import a library; those not named here are free."""


def violations(root: Path) -> list[str]:
    """Return a sentence for each import in a checkout that the design does not allow."""
    return [
        f"{path.relative_to(root)}: {reason}"
        for folder in ("archiver", "spiders", "migrations")
        for path in sorted((root / folder).rglob("*.py"))
        for reason in _reasons(_module(path.relative_to(root)), path)
    ]


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _reasons(module: str, path: Path) -> Iterator[str]:
    importer = ".".join(module.split(".")[:2]) if module.startswith("archiver.") else module.split(".")[0]
    if importer.startswith("archiver") and importer not in FLOORS:
        yield "has no floor in tests/test_layers.py"
        return
    for name in _imports(path, module):
        library = name.split(".")[0]
        if library in DOORS and importer not in DOORS[library]:
            yield f"{library} may be imported in {sorted(DOORS[library])} only"
        if library in ("archiver", "spiders", "migrations", "tests") and not _allowed(importer, _unit(name)):
            yield f"{importer} may not import {name}"


def _allowed(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    if importer == "migrations":
        return imported == "archiver.store"
    if importer == "spiders":
        return imported in SPIDERS_KNOW
    if imported not in FLOORS:  # spiders, migrations, tests: archiver names them by string
        return False
    return FLOORS[imported] < FLOORS[importer] or (importer, imported) in NEIGHBOURS | FRONT_DOORS


def _unit(name: str) -> str:
    """Return the floor's name for an import: `archiver.warc` for `archiver.warc.reader.Record`."""
    parts = name.split(".")
    two = ".".join(parts[:2])
    return two if two in FLOORS else parts[0]


def _imports(path: Path, module: str) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_imports_point_down() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("archiver/store/x.py", "from archiver.pages.post import parse_post", "archiver.store may not import"),
        ("archiver/pages/x.py", "from archiver import warc", "archiver.pages may not import archiver.warc"),
        ("archiver/warc/x.py", "from ..store import models", "archiver.warc may not import archiver.store.models"),
        ("archiver/text/x.py", "import archiver.pages", "archiver.text may not import archiver.pages"),
        (
            "archiver/urls.py",
            "def f():\n    from archiver.cli import main",
            "archiver.urls may not import archiver.cli",
        ),
        ("archiver/crawl/runner.py", "import spiders.base", "archiver.crawl may not import spiders.base"),
        ("archiver/crawl/x.py", "from archiver.web import app", "archiver.crawl may not import archiver.web"),
        ("archiver/settings.py", "from scrapy import Spider", "scrapy may be imported in"),
        ("archiver/pages/x.py", "import parsel, scrapy.http", "scrapy may be imported in"),
        ("archiver/crawl/x.py", "from warcio.archiveiterator import ArchiveIterator", "warcio may be imported in"),
        ("archiver/cli.py", "if TYPE_CHECKING:\n    from sqlalchemy import Engine", "sqlalchemy may be imported in"),
        ("archiver/web/x.py", "import alembic.command", "alembic may be imported in"),
        ("archiver/pages/x.py", "import socket", "socket may be imported in"),
        ("spiders/x.py", "from archiver.store import posts", "spiders may not import archiver.store.posts"),
        ("spiders/x.py", "from archiver.text import tex", "spiders may not import archiver.text.tex"),
        ("archiver/misc.py", "", "has no floor"),
        ("archiver/cli.py", "from tests import conftest", "archiver.cli may not import tests.conftest"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, file: str, line: str, reason: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line)
    (found,) = violations(tmp_path)
    assert found.startswith(f"{file}: ")
    assert reason in found


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("archiver/pages/post.py", "from archiver.text import engines\nfrom archiver.pages import comments"),
        ("archiver/warc/__init__.py", "from .reader import Record\nfrom archiver import errors, __version__"),
        ("archiver/store/x.py", "from . import models\nfrom ..items import Post\nimport sqlalchemy"),
        ("archiver/crawl/x.py", "from archiver import settings\nfrom archiver.store import posts\nimport scrapy"),
        ("archiver/__main__.py", "from archiver.cli import main"),
        ("archiver/cli.py", "import click\nfrom archiver.crawl import runner"),
        ("spiders/x.py", "from spiders.base import BlogSpider\nfrom archiver.pages.post import parse_post"),
        ("migrations/env.py", "from archiver.store.models import Base\nfrom alembic import context"),
    ],
)
def test_an_allowed_import_is_not(tmp_path: Path, file: str, line: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert violations(tmp_path) == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    asks = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|gmtime|localtime))\(")
    files = [path for folder in ("archiver", "spiders") for path in (ROOT / folder).rglob("*.py")]
    asking = [str(path.relative_to(ROOT)) for path in files if asks.search(path.read_text("utf-8"))]
    assert asking == ["archiver/clock.py"]
