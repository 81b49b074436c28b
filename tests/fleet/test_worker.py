"""Workers: politeness over several of them, kills, rests, and what is due."""

from __future__ import annotations

import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fleet.conftest import Fleet, until

pytestmark = pytest.mark.postgresql

PAUSE = 0.5

PATIENT = ("--stalled-after", "60s")
"""For workers that live: on a busy machine, a heartbeat may be seconds late."""


def paused(*more: str) -> tuple[str, ...]:
    return ("--no-images", "--no-comments", "--delay", str(PAUSE), *more, "catalogue")


def test_blogs_on_one_server_take_turns_whichever_workers_crawl_them(fleet: Fleet) -> None:
    for name in ("one", "two"):
        fleet.serve(name, *paused("--limit", "2"))
    fleet.note_turns()
    other = fleet.start("--until-idle", "--concurrency", "2", *PATIENT)
    fleet.work("--concurrency", "2", *PATIENT)
    other.wait(60)
    asked = [each.blog for each in fleet.log]
    assert sum(before != after for before, after in pairwise(asked)) == 1
    assert min(fleet.pauses()) >= PAUSE
    assert len(fleet.pauses()) + 1 >= len(fleet.log)
    assert fleet.rows("SELECT key, pause FROM fleet.servers WHERE asked_at IS NOT NULL") == [("127.0.0.1", PAUSE)]
    states = fleet.status()
    assert {(each["outcome"], each["posts"], each["state"]) for each in states.values()} == {("limited", 2, "idle")}
    assert fleet("run", "--due").stdout == "Nothing was queued.\n"


def test_a_killed_worker_s_blog_is_taken_up_and_nothing_is_lost(fleet: Fleet) -> None:
    blog = fleet.serve("blog", *paused())
    blog.free = 2
    fleet.note_turns()
    first = fleet.start()
    until(lambda: blog.free < 0)
    state = fleet.status()["blog"]
    assert (state["state"], state["worker"].split()[1]) == ("running", str(first.pid))
    first.send_signal(signal.SIGKILL)
    first.wait()
    blog.going_on.set()
    said = fleet.work()
    assert said.splitlines()[0] == "blog: taken from a worker that died"
    assert "blog: crawl ended with exit code 0 (done)" in said
    assert min(fleet.pauses()) >= PAUSE
    assert len(fleet.pauses()) + 1 >= len(fleet.log)
    assert fleet.rows("SELECT outcome FROM blog.runs ORDER BY id") == [(None,), ("complete",)]
    assert fleet.status()["blog"]["posts"] == 4
    verified = fleet.verified("blog")
    assert (verified.returncode, "whole" in verified.stdout) == (0, True)


def test_a_rest_that_one_blog_was_asked_for_is_kept_by_all_of_its_server(fleet: Fleet) -> None:
    fleet.serve("first").refusal = {"Retry-After": "7200"}
    assert "ended with exit code 7 (rate limited)" in fleet.work()
    fleet.serve("second")
    fleet.log.clear()
    assert "the site wants no requests before" in fleet.work()
    assert fleet.log == []
    states = fleet.status()
    assert states["first"]["rest_until"] == states["second"]["rest_until"]
    for state in states.values():
        assert (state["outcome"], state["lag"], state["state"]) == ("rate limited", 0, "idle")
        assert state["next_due_at"][:16] == state["rest_until"][:16]


def test_what_is_due_is_queued_once(fleet: Fleet) -> None:
    blog = fleet.serve("blog", *paused(), every="1s")
    blog.free = 0
    assert fleet("run", "--due").stdout == "blog: queued\n"
    for words in (["--due"], ["blog"], ["--all"]):
        assert fleet("run", *words).stdout == "Nothing was queued.\n"
    worker = fleet.start()
    until(lambda: blog.free < 0)
    assert fleet.status()["blog"]["state"] == "running"
    assert fleet("run", "blog").stdout == "Nothing was queued.\n"
    blog.going_on.set()
    until(lambda: fleet.rows("SELECT 1 FROM fleet.procrastinate_jobs WHERE status = 'succeeded' AND task_name = 'run'"))
    blog.going_on.clear()
    blog.counted, blog.free = "/robots.txt", 0
    until(lambda: blog.free < 0)  # due again
    assert fleet.status()["blog"]["state"] == "running"
    worker.terminate()
    blog.going_on.set()
    worker.wait(60)
    queued = fleet.rows("SELECT queueing_lock FROM fleet.procrastinate_jobs WHERE status IN ('todo', 'doing')")
    assert queued == [("blog crawl",)]


def test_a_worker_that_is_told_to_end_interrupts_its_crawls_and_queues_them_again(fleet: Fleet) -> None:
    blog = fleet.serve("blog", *paused())
    blog.free = 1
    worker = fleet.start()
    until(lambda: blog.free < 0)
    worker.terminate()
    blog.going_on.set()
    _, said = worker.communicate(timeout=60)
    assert (worker.returncode, "crawl ended with exit code 130 (interrupted)" in said) == (0, True)
    assert fleet.status()["blog"]["state"] == "queued"
    assert fleet.rows("SELECT outcome FROM blog.runs") == [("interrupted",)]
    assert "exit code 0 (done)" in fleet.work()


def test_other_commands_are_jobs_too(fleet: Fleet, tmp_path: Path) -> None:
    fleet.serve("blog")
    fleet.work()
    for job in ("verify --json", f"export jsonl {tmp_path / 'out'}", "rebuild"):
        assert fleet("run", "blog", "--job", job).stdout == "blog: queued\n"
    said = fleet.work()
    assert said.count("ended with exit code 0 (done)") == 3
    assert (tmp_path / "out" / "posts.jsonl").exists()
    assert '"damaged": false' in (fleet.home / "blog" / "jobs" / "verify.txt").read_text("utf-8")
    refused = fleet("run", "blog", "--job", "sql 'DROP TABLE posts'")
    assert (refused.returncode, "expected verify, rebuild, export, found sql" in refused.stderr) == (2, True)


def test_a_crawl_from_elsewhere_is_waited_for(fleet: Fleet) -> None:
    fleet.serve("blog")
    with fleet.held("127.0.0.1"):
        worker = fleet.start("--until-idle")
        until(lambda: fleet.rows("SELECT 1 FROM fleet.procrastinate_jobs WHERE task_name = 'run' AND attempts > 0"))
        assert fleet.log == []
        began = time.monotonic()
    _, said = worker.communicate(timeout=60)
    assert "another crawl of this fleet is using the server 127.0.0.1" in said
    assert "exit code 0 (done)" in said
    assert began < fleet.log[0].at
