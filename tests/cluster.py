"""A throw-away PostgreSQL for the tests: one for all processes of a run, on a Unix socket, gone with the last of them.

Run as a program it is the keeper: it makes a cluster in a folder of its own, and ends it when nobody holds the lock of
its users any more, however they ended.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROLE = "archiver"
TEMPLATE = "archive"
"""The database that those of the tests are copies of: an archive that is empty."""

_DEBIAN = Path("/usr/lib/postgresql")
_PATIENCE = 60  # seconds until the server answers
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "listen_addresses=")


def binaries() -> Path | None:
    """Return the folder of the server's programs, the newest there is: on the path, or where Debian has them."""
    versions = (path for path in _DEBIAN.glob("*/bin") if (path / "initdb").exists())
    newest = max(versions, key=lambda path: float(path.parent.name), default=None)
    there = shutil.which("initdb")
    return newest or (Path(there).resolve().parent if there else None)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Give the URL of a server, without a database, that the processes sharing this folder have in common."""
    users = os.open(folder / "users", os.O_RDWR | os.O_CREAT)
    where = folder / "server"
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not where.exists():
                _start(folder)
        yield f"postgresql+psycopg://{ROLE}@/{{}}?host={where.read_text()}"
    finally:
        os.close(users)


def _start(folder: Path) -> None:
    with (folder / "keeper.log").open("w+") as log:
        started = subprocess.run(
            [sys.executable, "-m", "tests.cluster", folder], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.seek(0)
        assert started.returncode == 0, log.read()


def keep(folder: Path) -> None:
    """Start a cluster, and leave a process behind that ends it when nobody uses it any more."""
    programs = binaries()
    assert programs
    home = Path(tempfile.mkdtemp(prefix="archiver-"))
    try:
        server = Server(programs, home)
        server.start()
        try:
            _prepare(home)
            (folder / "draft").write_text(str(home))
            (folder / "draft").rename(folder / "server")
            if os.fork():
                os._exit(0)
            _await_end(folder)
        finally:
            server.stop()
    finally:
        shutil.rmtree(home)


class Server:
    """A server of PostgreSQL, which refuses to be root: nobody runs it then."""

    def __init__(self, programs: Path, home: Path) -> None:
        self.programs, self.home = programs, home
        self.owner: dict[str, Any] = {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
            self.owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def start(self) -> None:
        """Make a cluster that sorts as people do, which this program must not depend on, and have it answer."""
        version = re.findall(r"\d+", self._run("postgres", "--version"))[0]
        people = ("--locale-provider=icu", "--icu-locale=zh") if int(version) >= 15 else ()
        self._run("initdb", "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *people)
        settings = " ".join(f"-c {setting}" for setting in _SETTINGS)
        log = str(self.home / "log")
        self._run("pg_ctl", "-w", "-t", str(_PATIENCE), "-l", log, "-o", f"-k {self.home} {settings}", "start")

    def stop(self) -> None:
        """End it, whoever is connected."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> str:
        environment = os.environ | {"PGDATA": str(self.home / "data")}
        command = [str(self.programs / program), *arguments]
        # What pg_ctl starts keeps its output, and whoever reads that would wait for it.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command, cwd=self.home, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                **self.owner,
            )  # fmt: skip
            output.seek(0)
            said = output.read()
        assert done.returncode == 0, f"{program}: {said}"
        return said


def _prepare(socket: Path) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from archiver.store import migrate

    url = f"postgresql+psycopg://{ROLE}@/{{}}?host={socket}"
    engine = create_engine(url.format("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(url.format(TEMPLATE))


def _await_end(folder: Path) -> None:
    with (folder / "users").open() as users:
        fcntl.flock(users, fcntl.LOCK_EX)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
