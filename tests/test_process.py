"""The command as a process: its streams, its encoding, the signals that end it. One line and the promised code."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from archiver.cli.process import interruptible
from archiver.errors import ExitCode
from archiver.sample import SampleBlog, serving
from tests.zygote import ROOT, Zygote

COMMAND = (sys.executable, "-m", "archiver", "--home")


def run(home: Path | bytes, *words: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run([*COMMAND, home, *words], cwd=ROOT, timeout=60, **streams)  # type: ignore[call-overload,no-any-return]


def assert_one_line(said: bytes, reason: str) -> None:
    assert re.fullmatch(rf"Error: [^\n]*{reason}[^\n]*\n", said.decode()), said


def test_a_reader_that_leaves_early_gets_no_traceback(demo: Path) -> None:
    for words in (("sql", "SELECT id FROM posts"), ("sql", "SELECT * FROM posts", "--json"), ("show", "105")):
        reading, writing = os.pipe()
        os.close(reading)
        done = run(demo, *words, stdout=writing)
        os.close(writing)
        assert (done.returncode, done.stderr) == (ExitCode.FAILED, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_to_a_full_disk_ends_with_its_code(demo: Path) -> None:
    for words in (("sql", "SELECT id FROM posts"), ("history", "105"), ("status",)):
        with Path("/dev/full").open("wb") as full:
            done = run(demo, *words, stdout=full)
        assert done.returncode == ExitCode.DISK_FULL
        assert_one_line(done.stderr, "No space left")


def test_closed_output_is_no_error(demo: Path) -> None:
    for words in ("show 105", "history 105"):
        shell = f'"{sys.executable}" -m archiver --home "{demo}" {words} >&-'
        done = subprocess.run(["/bin/sh", "-c", shell], cwd=ROOT, stderr=subprocess.PIPE, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")


def test_chinese_is_read_and_written_where_the_locale_has_none(demo: Path, tmp_path: Path) -> None:
    plain = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = run(demo, "search", "连分数", "--json", env=plain)
    assert (found.returncode, found.stderr) == (0, b"")
    assert json.loads(found.stdout)["exact"] > 0
    for words in (("history", "105", "--diff"), ("export", "markdown", tmp_path / "vault")):
        assert run(demo, *words, env=plain).returncode == 0
    assert any(not path.name.isascii() for path in (tmp_path / "vault").rglob("*.md"))


def test_a_name_that_is_no_text_is_refused_in_one_line(tmp_path: Path) -> None:
    home = os.fsencode(tmp_path) + b"/h\xff\xe9me"
    os.mkdir(home)  # noqa: PTH102  # pathlib takes no bytes
    for words in (("status", "--json"), ("crawl",), ("rebuild",), ("serve",)):
        done = run(home, *words)
        assert done.returncode == ExitCode.USAGE
        assert_one_line(done.stderr, "UTF-8")
    done = subprocess.run([*COMMAND[:3], "status"], cwd=ROOT, env={**os.environb, b"ARCHIVER_HOME": home}, timeout=60)
    assert done.returncode == ExitCode.USAGE
    assert os.listdir(home) == []  # noqa: PTH208


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("lock", os.mkfifo, ("rebuild",)),
        ("lock", Path.mkdir, ("rebuild",)),
        ("index.cdxj", os.mkfifo, ("export", "wacz", "{home}/x.wacz")),
        ("index.cdxj", Path.mkdir, ("crawl", "--site", "http://127.0.0.1:9", "--mirror")),
        ("archive.db", os.mkfifo, ("rebuild",)),
        ("warc/x.warc.gz", os.mkfifo, ("verify",)),
        ("warc/x.warc.gz.open", os.mkfifo, ("rebuild",)),
    ],
)
def test_what_is_no_file_in_the_place_of_one_is_said_in_one_line(
    archiver: Zygote, demo: Path, tmp_path: Path, name: str, make: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    home = shutil.copytree(demo, tmp_path / "home")
    (home / name).unlink(missing_ok=True)
    make(home / name)
    done = archiver("--home", home, *(word.format(home=tmp_path) for word in words))
    assert done.returncode == ExitCode.USAGE
    assert_one_line(done.stderr.encode(), f"{name}: expected a file or nothing, found a (pipe|folder); move it away")


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (("crawl", "--delay", "\x1b[2Jx"), {}),
        (("\x1b[2Jx",), {}),
        (("accept", "\x1b[2Jx"), {}),
        (("--db", "\x1b[2Jx://host/x", "status"), {}),
        (("status",), {"ARCHIVER_CRAWL_DELAY": "\x1b[2Jx"}),
        (("status",), {"ARCHIVER_HOME": "\x1b[2Jx"}),
    ],
)
def test_no_error_hands_the_terminal_a_control_character(
    tmp_path: Path, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    done = subprocess.run(
        [*COMMAND[:3], *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == ExitCode.USAGE
    assert "x1b[2Jx" in done.stderr
    assert "\x1b" not in done.stderr


TOLD = """
import importlib, os, signal
def stop(*_, **__):
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
setattr(importlib.import_module({module!r}), {name!r}, stop)
"""
"""Has the command be told to end when it comes to a function."""


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("archiver.warc.recovery", "recover", ("crawl", "--site", "http://127.0.0.1:9")),
        ("archiver.warc.recovery", "recover", ("rebuild",)),
        ("archiver.rebuild.importing", "known_captures", ("import", "{folder}/README.md.warc")),
        ("archiver.warc.verify", "verify", ("verify",)),
        ("archiver.export.jsonl", "write", ("export", "jsonl", "{folder}/out")),
        ("archiver.store.search", "search", ("search", "x")),
    ],
)
def test_a_command_that_is_told_to_end_says_so_by_its_code(
    archiver: Zygote, demo: Path, tmp_path: Path, module: str, name: str, words: tuple[str, ...]
) -> None:
    home = shutil.copytree(demo, tmp_path / "home")
    (tmp_path / "README.md.warc").write_bytes(b"WARC/1.1")
    given = (word.format(folder=tmp_path) for word in words)
    done = archiver.after(TOLD.format(module=module, name=name), "--home", home, *given)
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.INTERRUPTED, "", "Interrupted.\n")
    assert (home / "lock").read_bytes() == b""
    assert sorted(path.name for path in home.iterdir() if path.name.startswith("import")) == []


@pytest.mark.parametrize(("handled", "code"), [(signal.SIG_DFL, ExitCode.INTERRUPTED), (signal.SIG_IGN, ExitCode.DONE)])
def test_an_interrupt_among_the_imports_ends_without_a_word(
    tmp_path: Path, handled: signal.Handlers, code: int
) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nos._exit(0)\n")
    done = run(
        tmp_path,
        "status",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, handled),
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


class _Dropping:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_that_python_drops_comes_again() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012  # the second line is what is waited in
        _Dropping()
        time.sleep(10)


SIGNALLED = """
import importlib, os, signal
module, name, when = {module!r}, {name!r}, {when!r}
*outer, last = name.split(".")
place = importlib.import_module(module)
for each in outer:
    place = getattr(place, each)
original = getattr(place, last)
def signalled(*words, **named):
    if when == "before":
        os.kill(os.getpid(), signal.SIGINT)
    found = original(*words, **named)
    if when == "after":
        os.kill(os.getpid(), signal.SIGINT)
    return found
setattr(place, last, signalled)
"""
"""Has the command be interrupted before or after a function does its work."""


@pytest.mark.parametrize(
    ("module", "name", "when"),
    [
        ("twisted.internet.base", "ReactorBase._reallyStartRunning", "before"),
        ("scrapy.crawler", "CrawlerProcess.start", "after"),
        ("archiver.crawl.verdicts", "judge_crawl", "before"),
    ],
)
def test_an_interrupt_of_a_crawl_is_never_lost(
    archiver: Zygote, tmp_path: Path, module: str, name: str, when: str
) -> None:
    first = SIGNALLED.format(module=module, name=name, when=when)
    done = archiver.after(first, "--home", tmp_path / "h", "demo")
    assert done.returncode == ExitCode.INTERRUPTED, done
    assert "Traceback" not in done.stderr
    assert (tmp_path / "h/lock").read_bytes() == b""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [("serve", "--port", "0", "--replay-port", "0"), ("replay", "--port", "0")])
def test_a_server_that_is_told_to_end_has_done_its_work(demo: Path, words: tuple[str, ...], end: int) -> None:
    process = subprocess.Popen([*COMMAND, demo, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert b"http://127.0.0.1:" in process.stdout.readline()
    process.send_signal(end)
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == ExitCode.DONE


def test_a_crawl_on_a_terminal_says_what_it_asks_for_and_until_when(tmp_path: Path) -> None:
    shown, terminal = os.openpty()
    said = b""
    with serving(SampleBlog()) as site:
        words = ("crawl", "catalogue", "--site", site, "--delay", "0", "--concurrency", "8", "--no-images")
        running = subprocess.Popen(
            [*COMMAND, tmp_path, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=terminal, stdin=subprocess.DEVNULL
        )
        os.close(terminal)
        with suppress(OSError):  # the other end was closed
            while piece := os.read(shown, 4096):
                said += piece
        assert running.wait(60) == ExitCode.DONE
    os.close(shown)
    wanted = rb"\d+/\d+ +/archives/\d+ .*/min .*until (\w{3} )?\d\d:\d\d or later"
    assert re.search(wanted, said), said[-500:]


def test_status_shows_how_far_a_run_is_until_it_is_told_to_end(demo: Path) -> None:
    shown, terminal = os.openpty()
    watching = subprocess.Popen(
        [*COMMAND, demo, "status", "--watch"], cwd=ROOT, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL
    )
    os.close(terminal)
    said = b""
    while b"not the crawl." not in said:
        said += os.read(shown, 4096)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(60) == ExitCode.DONE
    os.close(shown)
    assert b"ended" in said
    assert b"complete (exit code 0)" in said
    assert re.search(rb"addresses +\d+ of \d+ settled, 0 left", said)


@pytest.mark.parametrize(("words", "begins"), [((), b"20"), (("--json",), b'{"run": 1, ')])
def test_status_that_is_watched_by_a_program_has_a_line_a_change_and_ends_with_its_reader(
    demo: Path, words: tuple[str, ...], begins: bytes
) -> None:
    process = subprocess.Popen(
        [*COMMAND, demo, "status", "--watch", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith(begins)
    process.stdout.close()
    assert process.wait(60) == ExitCode.FAILED
    assert process.stderr.read() == b""
    process.stderr.close()
