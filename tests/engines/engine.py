"""An engine: it is installed into a folder, given posts, and serves what it makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

from tests.engines.posts import Post, picture

TITLE = "The Drying Board"
ABOUT = "Two people write here about what is left on a board at night."
INSTALLING = 600
"""Seconds that what comes from an index of packages may take."""


class Missing(RuntimeError):
    """An engine cannot be had on this machine; says what was tried, and how to get it."""


class Engine(Protocol):
    """A program that makes a blog, with one of its themes."""

    name: str

    def shows(self, post: Post) -> Post:
        """Return what can be seen of a post on its page, or on the lists beside it."""

    def install(self, folder: Path) -> None:
        """Install it into an empty folder; raises Missing where it cannot be had."""

    def write(self, posts: tuple[Post, ...]) -> None:
        """Make the blog of these posts, in place of the ones before."""

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the blog on loopback while the block runs, within which it is written; yield its origin."""
        yield ""


class Files:
    """An engine that writes files: its sources in `source`, what it made of them in `public`."""

    def __init__(self, folder: Path) -> None:
        self.source, self.public = folder / "source", folder / "public"
        for each in (self.source, self.public):
            each.mkdir(parents=True)
        self.origin = ""

    def shows(self, post: Post) -> Post:
        """Return a post without its comments: they are for services."""
        return replace(post, comments=())

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve what is in `public`."""
        handler = partial(_Quiet, directory=str(self.public))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.origin = f"http://127.0.0.1:{server.server_port}"
            try:
                yield self.origin
            finally:
                server.shutdown()

    def put(self, path: str, text: str) -> None:
        """Write a file of the sources; one that says the same stays as it is."""
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")

    def put_posts(self, posts: tuple[Post, ...], texts: dict[str, str], pictures: str) -> None:
        """Write the sources of the posts by their paths, and their pictures; sources of others go."""
        folder = self.source / Path(next(iter(texts))).parent
        for file in folder.glob("*.md") if folder.exists() else ():
            if str(file.relative_to(self.source)) not in texts:
                file.unlink()
        for path, text in texts.items():
            self.put(path, text)
        place = self.source / pictures
        place.mkdir(parents=True, exist_ok=True)
        for shown in (each for post in posts for each in post.pictures):
            if not (place / shown.name).exists():
                (place / shown.name).write_bytes(picture(shown.name))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Answer as a host of blogs does for a folder without a page."""
        self.send_error(HTTPStatus.NOT_FOUND)


def program(name: str, package: str) -> str:
    """Return where a program is that Debian has, which root installs; raises Missing where it is not and cannot."""
    if found := shutil.which(name):
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *package.split()]
        done = subprocess.run(
            install,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and (found := shutil.which(name)):
            return found
    raise Missing(f"expected {name}, found none: apt install {package}")


def run(*command: str | Path, folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a program in a folder and return what it prints; raises RuntimeError with its words when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=INSTALLING,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def installing(*command: str | Path, folder: Path) -> None:
    """Run what installs; raises Missing where that fails."""
    try:
        run(*command, folder=folder)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        raise Missing(f"expected an index of packages to answer, found {error}") from error
