"""What a fleet's worker tells Prometheus."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fleet.conftest import Fleet, until

pytestmark = pytest.mark.postgresql


def test_a_worker_tells_figures_of_all_blogs(fleet: Fleet) -> None:
    fleet.serve("crawled")
    fleet.work()
    fleet.serve("new", "--site", "http://127.0.0.1:9", "catalogue")  # nobody is there
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    fleet.start("--metrics-port", str(port))
    told: dict[tuple[str, str], float] = {}

    def asked() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            for family in text_string_to_metric_families(answer.read().decode()):
                told.update({(each.name, each.labels.get("blog", "")): each.value for each in family.samples})
        return bool(told)

    until(asked)
    assert told["archiver_up", "crawled"] == 1
    assert told["archiver_posts", "crawled"] == 4
    assert told["archiver_last_run_exit_code", "crawled"] == 0
    assert ("archiver_up", "new") in told
