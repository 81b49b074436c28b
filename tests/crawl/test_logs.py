"""Logs hold events, not texts, and they do not pile up."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.bundled import sample_folder
from archiver.crawl import logs
from archiver.items import Gap, Outcome
from tests.zygote import Zygote

from .conftest import POSTS, Crawled

TEXT = "本文的全部内容"


def test_a_log_holds_no_text_of_what_was_fetched_also_when_it_is_shown(
    archiver: Zygote, crawled: Callable[..., Crawled]
) -> None:
    archive = crawled()
    index = str(sample_folder() / "index.md")
    words = ("crawl", "--site", archive.site, "--delay", "0", "--index", index)
    done = archiver("--home", archive.home, "-v", *words)
    log = (archive.home / "logs" / "run-000001.jsonl").read_text("utf-8")
    assert done.returncode == 0
    assert "INFO" in done.stderr
    levels = [json.loads(line)["level"] for line in log.splitlines()]
    assert set(levels) == {"INFO"}
    texts = [text[at : at + 12] for (text,) in archive.rows("SELECT text FROM posts") for at in (0, 40, 80)]
    assert len(texts) == 3 * len(POSTS)
    for text in texts:
        assert text not in log + done.stderr


@pytest.mark.parametrize(("event", "shown"), [("item_error", "a fault at "), ("dropped", "dropped ")])
def test_an_item_that_could_not_be_stored_is_named_by_its_address(event: str, shown: str) -> None:
    item = Outcome(item=Gap(reason=TEXT), kind="post", url="https://kexue.fm/archives/1", capture_id=1, fetched_at="")
    said = getattr(logs.EventFormatter(), event)(item, ValueError("why"), None, None)
    message = said["msg"] % said["args"]
    assert message.startswith(f"{shown}https://kexue.fm/archives/1")
    assert TEXT not in message
    assert logs.EventFormatter().scraped(item, None, None) is None


def test_no_message_is_so_long_that_it_could_hold_a_page(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "run-000001.jsonl"
    logger = logging.getLogger("tests.logs")
    with logs.logging_to(file):
        logger.warning("%s", TEXT * 1000)
        logger.debug("not at all")
        try:
            raise ValueError(TEXT * 1000)
        except ValueError:
            logger.exception("at an address")
    first, second = map(json.loads, file.read_text("utf-8").splitlines())
    assert len(first["message"]) == len(second["traceback"]) == logs.LONGEST
    assert second["message"] == "at an address"


def log_of(folder: Path, run: int, size: int = 1) -> Path:
    file = logs.log_file(folder, run)
    file.touch()
    os.truncate(file, size)
    return file


def test_logs_are_kept_by_number_and_those_of_failures_longer(tmp_path: Path) -> None:
    runs = range(1, 2 * logs.KEPT + 21)
    for run in runs:
        log_of(tmp_path, run)
    (tmp_path / "notes.jsonl").touch()
    logs.prune(tmp_path, failed={3, 7})
    kept = {3, 7, *runs[-logs.KEPT :]}
    assert {path.name for path in tmp_path.iterdir()} == {f"run-{run:06}.jsonl" for run in kept} | {"notes.jsonl"}


def test_logs_are_kept_by_size_and_the_newest_whatever_its_size(tmp_path: Path) -> None:
    half = logs.MOST_BYTES // 2
    files = [log_of(tmp_path, run, size) for run, size in ((1, 1), (2, half), (3, half), (1_000_000, 1))]
    logs.prune(tmp_path, failed={1})
    assert [file.exists() for file in files] == [False, False, True, True]
    log_of(tmp_path, 1_000_001, 3 * half)
    logs.prune(tmp_path, failed=())
    assert sorted(tmp_path.iterdir()) == [logs.log_file(tmp_path, 1_000_001)]
