"""The reader and, on an origin of its own, the replay: served until an interrupt."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from archiver.errors import UsageError
from archiver.schedule.loop import stop_on_signals
from archiver.web.banner import Banner
from archiver.web.reader.app import reader
from archiver.web.reader.desk import Desk
from archiver.web.reader.guard import Access, Guard
from archiver.web.reader.shelf import Shelf, application
from archiver.web.replay import Replay
from archiver.web.server import ADDRESS, NAMES, LoopbackServer, listening

_KEEP_ALIVE = 15  # seconds a connection may stay open between two requests


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to serve, and for whom."""

    port: int = 8000
    """0 for any free one; likewise `replay_port`."""
    replay_port: int = 8080
    host: str = ADDRESS
    remote: bool = False
    """Whether other machines may ask, with a token."""
    token: str | None = None
    """None to have one generated."""


class _Server(uvicorn.Server):
    """Leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


Make = Callable[[ExitStack, str], ASGIApp]
"""Makes the application, given the address of the reader; what it opens is closed with the stack."""


@contextmanager
def serving(home: Path, database: str, options: ServeOptions = ServeOptions()) -> Iterator[str]:
    """Serve an archive while the block lasts; yield the address of the reader, with its token if it has one.

    Raises UsageError when there is no archive, or other machines would be let in without permission; ArchiverError when
    a port is taken.
    """

    def made(stack: ExitStack, address: str) -> ASGIApp:
        replay_port = None if options.remote else stack.enter_context(_replaying(home, database, options, address))
        return reader(stack.enter_context(closing(Desk.open(home, database, replay_port))))

    with _served(made, options, forms=True) as address:
        yield address


@contextmanager
def serving_shelf(shelf: Shelf, options: ServeOptions = ServeOptions()) -> Iterator[str]:
    """Serve the archives of several blogs while the block lasts, as `serving` does one, and raise as it does."""
    with _served(lambda _, __: application(shelf), options) as address:
        yield address


@contextmanager
def _served(make: Make, options: ServeOptions, *, forms: bool = False) -> Iterator[str]:
    here = sorted(name.strip("[]") for name in NAMES)
    if options.host not in here and not options.remote:
        raise UsageError(f"--host {options.host}: expected one of {', '.join(here)}; any other needs --allow-remote")
    token = (options.token or secrets.token_urlsafe(24)) if options.remote else None
    with ExitStack() as stack:
        listener = stack.enter_context(listening(options.host, options.port))
        port = listener.getsockname()[1]
        address = f"http://{_written(options.host)}:{port}"
        stack.enter_context(_running(Guard(make(stack, address), Access(port, token, forms)), listener))
        yield f"{address}/" + (f"?token={token}" if token else "")


@contextmanager
def _replaying(home: Path, database: str, options: ServeOptions, reader: str) -> Iterator[int]:
    """Serve the blog as it was, with a banner that leads back, on a port of its own."""
    from archiver.storage.elsewhere import storage
    from archiver.store import blog
    from archiver.store.timeline import Timeline

    with closing(Timeline(database)) as timeline:
        replay = Banner(Replay(storage(home, database), timeline, blog.site(home, database)), timeline, reader)
        with LoopbackServer(replay.respond, options.replay_port) as server:
            yield server.port


@contextmanager
def _running(app: object, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="reader", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def serve(address: AbstractContextManager[str], ready: Callable[[str], object] = print) -> None:
    """Serve what `serving` or `serving_shelf` gave until an interrupt or SIGTERM; `ready` gets the address.

    Raises as these do.
    """
    with stop_on_signals() as stop, address as where:
        ready(where)
        stop.wait()
