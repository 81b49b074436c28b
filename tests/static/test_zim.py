"""A ZIM file, opened by libzim's own reader, checked by zimcheck, and served by kiwix-serve."""

from __future__ import annotations

import re
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("libzim", reason="ZIM files need libzim")


@pytest.fixture(scope="module")
def file(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("zim") / "blog.zim"
    command = [sys.executable, "-m", "archiver", "--home", str(demo), "export", "zim", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file}: written\n", "")
    assert [path.name for path in file.parent.iterdir()] == ["blog.zim"]
    return file


def test_libzim_reads_it_and_finds_chinese_words(file: Path) -> None:
    from libzim.reader import Archive
    from libzim.search import Query, Searcher

    archive = Archive(file)
    assert archive.main_entry.get_item().path == "index.html"
    assert archive.get_metadata("Language") == b"zho"
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d", archive.get_metadata("Date"))
    assert b"CC BY-NC-ND" in archive.get_metadata("License")
    assert bytes(archive.get_illustration_item(48).content).startswith(b"\x89PNG")
    found = Searcher(archive).search(Query().set_query("梯度"))
    paths = list(found.getResults(0, 5))
    assert paths
    for path in paths:
        assert "梯度" in bytes(archive.get_entry_by_path(path).get_item().content).decode()
    assert not archive.has_entry_by_path("worker.js")


@pytest.mark.skipif(shutil.which("zimcheck") is None, reason="needs zimcheck: apt install zim-tools")
def test_zimcheck_finds_no_fault(file: Path) -> None:
    # All of its checks but that of the low level: up to 3.6 it does not know files of libzim 9.3 and newer.
    checks = ("--empty", "--metadata", "--favicon", "--main", "--url_internal", "--url_external", "--redirect_loop")
    done = subprocess.run(["zimcheck", *checks, str(file)], capture_output=True, text=True, timeout=60)
    assert "Overall Test Status: Pass" in done.stdout, done.stdout


@pytest.mark.skipif(shutil.which("kiwix-serve") is None, reason="needs kiwix-serve: apt install kiwix-tools")
def test_kiwix_serves_its_pages(file: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["kiwix-serve", "--address", "127.0.0.1", "--port", str(port), str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            page = _asked(f"http://127.0.0.1:{port}/blog/index.html")
        finally:
            server.terminate()
    assert 'href="posts.html"' in page


def _asked(url: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"expected an answer at {url}, found none")


def test_what_is_missing_is_told_with_the_command_that_adds_it(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from archiver.cli import main

    monkeypatch.setitem(sys.modules, "libzim.writer", None)
    done = CliRunner().invoke(main, ["--home", str(demo), "export", "zim", str(tmp_path / "blog.zim")])
    assert done.exit_code == 2
    assert re.search(r"libzim|\[zim\]", done.output)  # whatever the installed program knows of its extras
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_libzim_cannot_write_is_one_line_and_leaves_nothing(demo: Path, tmp_path: Path) -> None:
    target = tmp_path / "blog.zim"
    target.write_bytes(b"before")
    command = [sys.executable, "-m", "archiver", "--home", str(demo), "export", "zim", str(target)]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (20_000, 20_000))
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, preexec_fn=limit)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert f"expected to write {target}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["blog.zim"]
    assert target.read_bytes() == b"before"
