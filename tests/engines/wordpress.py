"""WordPress as Debian has it, on MariaDB: a theme of blocks and a classic one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.engines.engine import ABOUT, TITLE, Missing, program, run
from tests.engines.markup import html
from tests.engines.posts import ZONE, Post, picture

_PACKAGES = (
    "wordpress wordpress-theme-twentytwentyone wordpress-theme-twentytwentythree mariadb-server php-cli php-mysql"
)
_TREE = Path("/usr/share/wordpress")
_STARTING = 60
"""Seconds that a server may take to answer."""

_CONFIGURATION = """\
<?php
define('DB_NAME', 'board'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%s'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('FS_METHOD', 'direct');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
"""

_ROUTER = """\
<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path !== '/' && is_file($_SERVER['DOCUMENT_ROOT'] . $path)) { return false; }
$_SERVER['SCRIPT_NAME'] = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
"""

_WRITE = Path(__file__).with_name("wordpress.php")


class WordPress:
    """WordPress with a theme that Debian has a package of."""

    def __init__(self, folder: Path, theme: str) -> None:
        self.folder, self.theme = folder, theme
        self.name = f"wordpress-{theme}"
        self.root = folder / "root"
        self.origin = ""

    def shows(self, post: Post) -> Post:
        """Return all of a post."""
        return post

    def install(self, folder: Path) -> None:
        """Copy WordPress out of Debian's package, and make a database."""
        for name in ("php", "mariadbd", "mariadb-install-db"):
            program(name, _PACKAGES)
        if not (_TREE / "wp-content" / "themes" / self.theme).exists():
            raise Missing(f"expected {_TREE} with {self.theme}, found none: apt install {_PACKAGES}")
        shutil.copytree(_TREE, self.root, ignore=shutil.ignore_patterns("wp-config.php", ".htaccess"))
        (self.root / "wp-config.php").write_text(_CONFIGURATION % self._socket, "utf-8")
        (folder / "router.php").write_text(_ROUTER, "utf-8")
        (self.root / "wp-content" / "uploads").mkdir(exist_ok=True)
        run("mariadb-install-db", *self._database(), "--auth-root-authentication-method=normal", folder=folder)

    def write(self, posts: tuple[Post, ...]) -> None:
        """Put what is new or changed into the database, and take out what is no longer there."""
        for shown in (each for post in posts for each in post.pictures):
            (self.root / "wp-content" / "uploads" / shown.name).write_bytes(picture(shown.name))
        told = {
            "title": TITLE,
            "about": ABOUT,
            "origin": self.origin,
            "theme": self.theme,
            "zone": ZONE,
            "posts": list(map(_told, posts)),
        }
        file = self.folder / "posts.json"
        file.write_text(json.dumps(told), "utf-8")
        run("php", _WRITE, self.root, file, folder=self.root)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the blog with the server that PHP has built in."""
        port = _free_port()
        self.origin = f"http://127.0.0.1:{port}"
        database = ["mariadbd", *self._database(), f"--socket={self._socket}", "--skip-networking"]
        server = ["php", "-S", f"127.0.0.1:{port}", "-t", str(self.root), str(self.folder / "router.php")]
        with _running(database), _running(server):
            _wait_for(lambda: Path(self._socket).exists(), "MariaDB")
            query = "CREATE DATABASE IF NOT EXISTS board"
            run("mariadb", f"--socket={self._socket}", "--user=root", "-e", query, folder=self.folder)
            yield self.origin

    @property
    def _socket(self) -> str:
        return f"/tmp/board-{os.getpid()}-{self.theme[-3:]}.sock"  # its path may have 107 characters

    def _database(self) -> list[str]:
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self.folder / 'database'}", *user]


def _told(post: Post) -> dict[str, Any]:
    told = asdict(post) | {"text": html(post.parts, "/wp-content/uploads/"), "parts": None, "changed": None}
    told["moment"] = f"{post.moment:%Y-%m-%d %H:%M:%S}"
    told["comments"] = [{**asdict(each), "moment": f"{each.moment:%Y-%m-%d %H:%M:%S}"} for each in post.comments]
    return told


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PHP_CLI_SERVER_WORKERS": "3"},
        start_new_session=True,  # PHP's workers outlive the server that started them
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_STARTING)


def _wait_for(ready: Any, what: str) -> None:
    until = time.monotonic() + _STARTING
    while not ready():
        if time.monotonic() > until:
            raise Missing(f"expected {what} to answer within {_STARTING} s, found nothing")
        time.sleep(0.1)
