"""Figures for Prometheus, read by its own parser."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archiver import __version__, extras
from archiver.clock import timestamp
from archiver.errors import ArchiverError, UsageError
from archiver.store import runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.text import EXTRACTOR_VERSION
from archiver.web import metrics
from archiver.web.metrics import MetricsSource
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client
from tests.zygote import ROOT, Zygote

Labels = frozenset[tuple[str, str]]


def figures(text: str) -> dict[tuple[str, Labels], float]:
    """Return figures by name and labels, as Prometheus has them."""
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def of(name: str, **labels: str) -> tuple[str, Labels]:
    return f"archiver_{name}", frozenset(labels.items())


def test_the_reader_tells_what_status_does(demo: Path, archiver: Zygote) -> None:
    status = json.loads(archiver("--home", demo, "status", "--json").stdout)
    with serving(demo, database_url(demo), ServeOptions(port=0, replay_port=0)) as address:
        answer = Client(int(address.rstrip("/").rpartition(":")[2])).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = figures(answer.text)
    blog = "kexue.fm"
    both = {name for name in status if name in metrics.GAUGES}
    assert both >= {"posts", "comments", "captures", "gaps_failing", "database_bytes", "warc_bytes"}
    assert {name: found[of(name, blog=blog)] for name in both} == {name: status[name] for name in both}
    complete = datetime.fromtimestamp(found[of("last_complete_run_timestamp_seconds", blog=blog)], UTC)
    assert timestamp(complete) == status["last_complete_run_at"]
    assert found[of("last_run_exit_code", blog=blog)] == 0
    assert found[of("last_run_info", blog=blog, outcome="complete")] == 1
    assert found[of("build_info", version=__version__, extractor=str(EXTRACTOR_VERSION))] == 1
    assert sum(value for (name, _), value in found.items() if name == "archiver_gaps") == status["gaps"]


def test_the_last_run_is_the_last_crawl_that_ended(database: str) -> None:
    with Archive(database) as archive:
        began = "2026-01-01T00:00:00Z"
        for command, code in (("crawl", 7), ("rebuild", 0), ("crawl", None)):
            number, _ = runs.begin(archive.session, command, now=began)
            if code is not None:
                runs.end(archive.session, number, "limited" if code else "complete", code, {}, now=began)
        archive.commit()
    found = exposed([MetricsSource("a", database)])
    assert found[of("up", blog="a")] == 1
    assert found[of("last_run_exit_code", blog="a")] == 7
    assert found[of("last_run_info", blog="a", outcome="limited")] == 1
    assert of("last_complete_run_timestamp_seconds", blog="a") not in found
    assert of("warc_bytes", blog="a") not in found
    assert found[of("database_bytes", blog="a")] > 0


def exposed(sources: Iterable[MetricsSource]) -> dict[tuple[str, Labels], float]:
    return figures(metrics.exposition(lambda: sources)[0].decode())


def test_an_archive_that_does_not_answer_hides_no_other(demo: Path, tmp_path: Path) -> None:
    def unknown() -> list[MetricsSource]:
        raise ArchiverError("no server")

    gone = f"sqlite:///{tmp_path / 'none.db'}"
    with metrics.serving(
        lambda: [MetricsSource("gone", gone), MetricsSource("here", database_url(demo))], 0, "127.0.0.1"
    ) as port:
        found = figures(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode())
        with (
            pytest.raises(ArchiverError, match=f"port {port} of 127.0.0.1, found: .* choose another"),
            metrics.serving(list, port, "127.0.0.1"),
        ):
            pass
    assert (found[of("up", blog="gone")], found[of("up", blog="here")]) == (0, 1)
    assert of("posts", blog="gone") not in found
    assert found[of("posts", blog="here")] == 16
    assert [name for name, _ in figures(metrics.exposition(unknown)[0].decode())] == ["archiver_build_info"]


def test_figures_are_behind_the_token(demo: Path) -> None:
    with serving(demo, database_url(demo), ServeOptions(port=0, remote=True, token="secret")) as address:
        client = Client(int(address.partition("/?")[0].rpartition(":")[2]))
        assert client.get("/metrics").status == 401
        assert client.get("/metrics", Authorization="Bearer secret").status == 200


def test_without_the_library_one_line_says_how_to_get_it(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with serving(demo, database_url(demo), ServeOptions(port=0, replay_port=0)) as address:
        answer = Client(int(address.rstrip("/").rpartition(":")[2])).get("/metrics")
    assert (answer.status, answer.text) == (501, f"{extras.missing('metrics')}\n")
    with pytest.raises(UsageError, match="expected prometheus-client"), metrics.serving(list, 0, "127.0.0.1"):
        pass


def test_the_library_is_imported_when_figures_are_asked_for() -> None:
    code = "import sys, archiver.web.reader.serve; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
