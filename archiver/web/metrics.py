"""Figures about archives for Prometheus, queried from their databases at each scrape.

Nothing is counted while the program runs, so any program that reaches the databases gives the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import __version__, extras
from archiver.errors import ArchiverError, UsageError
from archiver.store import sizes
from archiver.store.pool import ReadOnlyPool, Row
from archiver.store.totals import LAST_COMPLETE, TOTALS
from archiver.text import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

EXTRA = "metrics"

LABEL = "blog"
"""The label that distinguishes the figures of several archives."""


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """An archive with figures to report."""

    name: str
    """The label of its figures."""
    database: str
    """URL of its database."""
    home: Path | None = None
    """Its folder, if it is on this machine: the WARC files in it are measured."""


AT_ONCE = 8
"""How many archives are queried at a time: most of an answer is waiting for a server."""

Sources = Callable[[], Iterable[MetricsSource]]
"""Called for each scrape: a fleet's blogs come and go."""


def exposition(sources: Sources, accept: str = "") -> tuple[bytes, str]:
    """Return the figures in the format a client accepts, by its `Accept` header, and the name of that format.

    Raises UsageError without the extra `metrics`.
    """
    registry = _registry(sources)
    from prometheus_client.exposition import choose_encoder

    encode, kind = choose_encoder(accept)
    return encode(registry), kind


@contextmanager
def serving(sources: Sources, port: int, host: str) -> Iterator[int]:
    """Serve the figures by HTTP while the block lasts; yield the port, any free one for 0.

    Raises UsageError without the extra `metrics`, ArchiverError when the port is taken.
    """
    registry = _registry(sources)
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ArchiverError(
            f"expected to serve figures on port {port} of {host}, found: {error.strerror}; choose another port"
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(sources: Sources) -> CollectorRegistry:
    """Return a registry of its own: the library's global one also has figures of the process."""
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.registry import Collector
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(EXTRA)) from error

    class Archives(Collector):
        def collect(self) -> Iterator[Metric]:
            try:
                found = list(sources())
            except ArchiverError:  # the list is on a server that is gone: this program is still there, and says so
                found = []
            return _metrics(found)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Archives())
    return registry


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures of one archive."""

    values: Row
    gaps: list[tuple[str, int]]
    """Number of gaps by kind."""
    outcome: str | None
    """Of the last crawl that ended."""


GAUGES = {
    "posts": "Posts the archive holds.",
    "posts_gone": "Posts the blog no longer shows.",
    "revisions": "Versions of posts.",
    "revisions_for_review": "Versions of posts held for review.",
    "comments": "Comments the archive holds.",
    "comments_missing": "Comments that the blog counts or shows and the archive does not hold.",
    "formulas": "Formulas in posts.",
    "images": "Pictures that posts show.",
    "pages": "Independent pages.",
    "files": "Linked files.",
    "captures": "Captures of any address.",
    "gaps_failing": "Addresses that failed in three runs in a row and more.",
    "doubts": "Things the blog shows that are not believed.",
    "last_run_start_timestamp_seconds": "When the last crawl that ended had begun.",
    "last_run_end_timestamp_seconds": "When the last crawl that ended did.",
    "last_run_exit_code": "Exit code of the last crawl that ended.",
    "last_complete_run_timestamp_seconds": "When the last crawl that was complete had begun.",
    "database_bytes": "Size of the database, its log and indexes included.",
    "warc_bytes": "Size of the WARC files in the archive's folder.",
}
"""Figures of an archive without further labels, and what they mean; unknown ones are left out."""

_ASKED = f"""
SELECT {TOTALS}, {LAST_COMPLETE}, r.started_at, r.finished_at, r.exit_code AS last_run_exit_code, r.outcome
FROM (SELECT 1 AS one) AS always LEFT JOIN runs AS r
    ON r.id = (SELECT max(id) FROM runs WHERE outcome IS NOT NULL AND command LIKE '%crawl%')
"""  # noqa: S608  # both are constants

_GAPS = "SELECT kind, count(*) FROM gaps GROUP BY kind ORDER BY kind"


def _metrics(sources: Iterable[MetricsSource]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    build = InfoMetricFamily("archiver_build", "Versions of this program and of what reads pages in it.")
    build.add_metric([], {"version": __version__, "extractor": str(EXTRACTOR_VERSION)})
    up = GaugeMetricFamily("archiver_up", "1 when the archive's database answers, else 0.", labels=[LABEL])
    gaps = GaugeMetricFamily("archiver_gaps", "Addresses known and not held.", labels=[LABEL, "kind"])
    outcome = InfoMetricFamily("archiver_last_run", "How the last crawl that ended did.", labels=[LABEL])
    gauges = {name: GaugeMetricFamily(f"archiver_{name}", about, labels=[LABEL]) for name, about in GAUGES.items()}
    known = list(sources)
    with ThreadPoolExecutor(AT_ONCE) as executor:
        figures = list(executor.map(_figures, known))
    for source, found in zip(known, figures, strict=True):
        up.add_metric([source.name], float(found is not None))
        if found is None:
            continue
        for name, gauge in gauges.items():
            if found.values.get(name) is not None:
                gauge.add_metric([source.name], found.values[name])
        for kind, number in found.gaps:
            gaps.add_metric([source.name, kind], number)
        if found.outcome:
            outcome.add_metric([source.name], {"outcome": found.outcome})
    yield from (build, up, gaps, outcome, *gauges.values())


def _figures(source: MetricsSource) -> _Figures | None:
    """Return the figures of an archive; None when its database does not answer."""
    try:
        with closing(ReadOnlyPool(source.database)) as pool:
            row = pool.row(_ASKED) or {}
            gaps = [(str(kind), int(number)) for kind, number in pool.tuples(_GAPS)]
    except ArchiverError:
        return None
    moments = {
        "last_run_start_timestamp_seconds": row["started_at"],
        "last_run_end_timestamp_seconds": row["finished_at"],
        "last_complete_run_timestamp_seconds": row["last_complete_run_at"],
    }
    row |= {name: datetime.fromisoformat(moment).timestamp() for name, moment in moments.items() if moment}
    row["database_bytes"] = sizes.of_database(source.database)[0]
    row["warc_bytes"] = sizes.of_records(source.home) if source.home else None
    return _Figures(row, gaps, row["outcome"])
