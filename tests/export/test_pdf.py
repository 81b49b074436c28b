"""PDFs, set by Chromium where it is installed."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.cli import main
from archiver.errors import ArchiverError
from archiver.export import chromium


def export(home: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "export", "pdf", *map(str, arguments)])


def asked(program: str, *arguments: str | Path) -> str:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed: apt install poppler-utils")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture(scope="module")
def document(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not any(map(shutil.which, chromium.NAMES)):
        pytest.skip("Chromium is not installed")
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    done = export(demo, "--post", "131", "--post", "12", path)
    assert (done.exit_code, done.output) == (0, f"{path}: written\n")
    return path


@pytest.mark.browser
def test_a_document_says_whose_it_is_and_numbers_its_pages(document: Path) -> None:
    text = asked("pdftotext", "-layout", document, "-")
    assert "许可：CC BY-NC-ND" in text
    assert "目录" in text
    pages = int(re.findall(r"Pages: +(\d+)", asked("pdfinfo", document))[0])
    assert re.search(rf"{pages} ?/ ?{pages}", text)


@pytest.mark.browser
def test_links_of_a_document_lead_to_the_web_and_within_it(document: Path) -> None:
    places = asked("pdfinfo", "-dests", document)
    assert {"post-131", "post-12"} <= set(re.findall(r'"([^"]+)"', places))
    assert "https://kexue.fm/archives/131" in asked("pdfinfo", "-url", document)


def test_without_chromium_a_line_says_what_to_install(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_BUNDLED", ())
    done = export(demo, "--post", "131", tmp_path / "a.pdf")
    assert (done.exit_code, done.output.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])
    assert "apt install chromium" in done.output


def test_a_whole_blog_is_no_document(demo: Path, tmp_path: Path) -> None:
    done = export(demo, tmp_path / "a.pdf")
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "expected --post, --series or --topic" in done.output


def test_a_browser_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    browser, child = tmp_path / "browser", tmp_path / "child"
    browser.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {child}.new; mv {child}.new {child}; wait\n")
    browser.chmod(0o755)
    with pytest.raises(ArchiverError, match="nothing within 1 seconds"):
        chromium.print_to_pdf(str(browser), tmp_path / "page.xhtml", 1)
    state = Path(f"/proc/{child.read_text().strip()}/stat")
    ends = time.monotonic() + 20  # what is killed goes when it is next given a processor
    while state.exists():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if state.read_text().split()[2] == "Z":
                break
        assert time.monotonic() < ends, "it still runs"
        time.sleep(0.01)


def test_what_a_browser_says_is_told(demo: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\necho no usable sandbox >&2\n")
    browser.chmod(0o755)
    done = export(demo, "--post", "131", "--browser", browser, tmp_path / "a.pdf")
    assert (done.exit_code, list(tmp_path.iterdir())) == (1, [browser])
    assert "it said: no usable sandbox" in done.output
