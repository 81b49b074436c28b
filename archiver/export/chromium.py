"""Chromium, where it is installed: prints a page of a file to PDF, without a window and without the network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from archiver.errors import ArchiverError, UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
"""What the program is called, by system; the first on the path is taken."""

_BUNDLED = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
"""Where it is on macOS, which does not have it on the path."""

_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-extensions",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",  # the page brings its own
    "--generate-pdf-document-outline",
)


def find(browser: str | None = None) -> str:
    """Return the path of Chromium: of the program named, or of the first that is installed.

    Raises UsageError when there is none.
    """
    for name in (browser,) if browser else (*NAMES, *map(str, _BUNDLED)):
        if found := shutil.which(name):
            return found
    if browser:
        raise UsageError(f"--browser {browser}: expected a program, found none")
    raise UsageError(
        "expected Chromium or Google Chrome, which typesets PDFs, found none: install one "
        "(Debian and Ubuntu: apt install chromium), or name it with --browser PATH"
    )


def print_to_pdf(browser: str, page: Path, patience: float) -> bytes:
    """Return a page as PDF; `browser` is from `find`, `patience` in seconds.

    Raises ArchiverError when Chromium gives none in this time.
    """
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "page.pdf"
        # Its sandbox does not work for root. The page is our own file, without scripts and without the network.
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        profile = f"--user-data-dir={folder}/profile"
        said = _run([browser, *_OPTIONS, *root, profile, f"--print-to-pdf={target}", page.as_uri()], patience)
        data = target.read_bytes() if target.exists() else b""
    if not data.startswith(b"%PDF"):
        raise ArchiverError(f"{browser}: expected a PDF, found none; it said: {said or 'nothing'}")
    return data


def _run(command: list[str], patience: float) -> str:
    """Run a command for at most so many seconds, and return the last line of its errors; end everything it started."""
    process = subprocess.Popen(  # noqa: S603 - the browser the user has, and our own arguments
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        return f"nothing within {patience:.0f} seconds"
    finally:
        _end(process)
    return (errors.decode(errors="replace").strip().splitlines() or [""])[-1]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started, which are in its session."""
    with suppress(ProcessLookupError, PermissionError):  # gone already; macOS refuses for dead ones
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stderr:
        process.stderr.close()
