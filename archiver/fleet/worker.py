"""A worker: takes jobs of a fleet from its queue, and runs each as a process.

Processes, because Scrapy's reactor starts only once in each, and what kills one crawl must not end the others. A job's
process lives no longer than its worker. Nothing is lost when one ends midway: the archive is made for that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import extras
from archiver.errors import ArchiverError, ExitCode, UsageError
from archiver.fleet import jobs, tables
from archiver.fleet.blogs import Fleet
from archiver.interrupts import SIGNALS
from archiver.schedule.durations import format_duration
from archiver.store import server

if TYPE_CHECKING:
    from procrastinate import App, JobContext

STALLED = timedelta(seconds=30)
"""A worker not heard from for this long is dead, and its jobs go to others."""

_BEATS = 5  # heartbeats in that time
_LONGEST_BEAT = 5  # seconds between heartbeats, however patient this worker is: others may be less so
_TICKS = "ticks"
_EVERY_TICK = "* * * * * */5"  # cron with seconds: every five, look for what is due and whose worker died
_EVERY_HOUR = "7 * * * *"
_KEPT = 24 * 7  # hours that finished jobs stay in the queue's tables
_SOON = 5  # seconds until a job is tried again whose blog or server another program has; more with each attempt
_LATER = 60  # seconds to which this may grow
_MOST_DEATHS = 5  # attempts at a job whose process dies
_GRACE = 90  # seconds a process has to end well: as long as a request may take, and then some
_ATTEMPT = 2.0  # seconds between checks whether a server that went away is back
_LOOK = 0.5  # seconds between checks whether all is done

_SUCCEEDED = frozenset({ExitCode.DONE, ExitCode.INCOMPLETE, ExitCode.MARKUP_CHANGED, ExitCode.RATE_LIMITED})
"""Exit codes of jobs that are over: the list of blogs says when the next crawl is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """How a worker works."""

    home: Path
    """Folder with one folder per blog."""
    concurrency: int = 1
    """Jobs at a time."""
    stalled: timedelta = STALLED
    until_idle: bool = False
    """Whether it ends when nothing is due, queued or running."""
    keep_local: int | None = None
    """Bytes of records that may stay in a blog's folder once they are in object storage; None keeps all."""


class Again(Exception):
    """A job goes back into the queue, for some seconds."""

    def __init__(self, seconds: int = 0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Failed(Exception):
    """A job is over, and has failed."""


def work(url: str, options: WorkerOptions, say: Callable[[str], object]) -> None:
    """Take jobs and run them until a signal or, if asked to, until nothing is left to do.

    If the server goes away, wait for it. Raises UsageError and ArchiverError if it is not there at the start.
    """
    try:
        import procrastinate  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(tables.EXTRA)) from error
    with Fleet(url, make=True) as fleet:
        known = fleet.url
    for name in ("procrastinate", "psycopg"):
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    options.home.mkdir(parents=True, exist_ok=True)
    asyncio.run(_Worker(known, options, say).run())


def end_with_worker() -> None:
    """End this process when the worker that started it ends: that holds the other end of standard input."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not through Python's own buffer, whose lock would be held at the end
            pass
        os._exit(ExitCode.INTERRUPTED)

    threading.Thread(target=wait, daemon=True).start()


class _Worker:
    def __init__(self, url: str, options: WorkerOptions, say: Callable[[str], object]) -> None:
        self._url, self._options, self._say = url, options, say
        self._stop = asyncio.Event()

    async def run(self) -> None:
        from procrastinate.exceptions import ConnectorException
        from psycopg_pool import PoolTimeout

        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._told_to_end, loop)
        while not self._stop.is_set():
            try:
                await self._session()
            except (ArchiverError, ConnectorException, PoolTimeout) as error:
                self._say(f"{server.shown(self._url)}: {server.reason(error.__cause__ or error)}; waiting for it")
                await self._await_server()

    def _told_to_end(self, loop: asyncio.AbstractEventLoop) -> None:
        """End well; a second signal ends the process at once, and the jobs with it."""
        self._stop.set()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    async def _session(self) -> None:
        """Work until told to stop; raise an error of the queue's or ours when the server has gone."""
        app = self._application()
        async with app.open_async():
            common: dict[str, Any] = {
                "install_signal_handlers": False,
                "stalled_worker_timeout": self._options.stalled.total_seconds(),
                "update_heartbeat_interval": min(self._options.stalled.total_seconds() / _BEATS, _LONGEST_BEAT),
            }
            from procrastinate.worker import Worker

            workers: list[Any] = [
                Worker(app, [jobs.QUEUE], concurrency=self._options.concurrency, shutdown_graceful_timeout=0, **common),
                Worker(app, [_TICKS], delete_jobs="always", **common),
            ]
            running = [asyncio.ensure_future(each.run()) for each in workers]
            beside = [asyncio.ensure_future(each) for each in self._beside(app, workers[0])]
            try:
                await asyncio.wait([*running, *beside], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in workers:
                    each.stop()
                ends = await asyncio.gather(*running, return_exceptions=True)
                for task in beside:
                    task.cancel()
                ends += await asyncio.gather(*beside, return_exceptions=True)
            for found in ends:
                if isinstance(found, Exception):
                    raise found
            if not self._stop.is_set():
                raise ArchiverError("the connection was lost")

    def _beside(self, app: App, worker: Any) -> list[Any]:
        """Return what runs alongside the jobs, and ends them when it ends itself."""
        return [self._stop.wait(), self._announced(app, worker), *([self._idle()] if self._options.until_idle else [])]

    async def _announced(self, app: App, worker: Any) -> None:
        """Register the worker, as soon as it has a number."""
        while worker.worker_id is None:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.05)
        name, home = f"{os.uname().nodename} {os.getpid()}", str(self._options.home.resolve())
        await app.connector.execute_query_async(_ANNOUNCE, id=worker.worker_id, name=name, home=home)
        await asyncio.Event().wait()

    async def _idle(self) -> None:
        while not await asyncio.to_thread(_asked, self._url, jobs.is_idle):  # noqa: ASYNC110 - the database knows
            await asyncio.sleep(_LOOK)
        self._stop.set()

    async def _await_server(self) -> None:
        while not self._stop.is_set():
            try:
                await asyncio.to_thread(_asked, self._url, jobs.is_idle)
            except ArchiverError:
                await asyncio.sleep(_ATTEMPT)
            else:
                return

    def _application(self) -> App:
        from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision

        class Retries(BaseRetryStrategy):
            def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
                if not isinstance(exception, Again):
                    return None
                # What has to wait lets others of its server go ahead.
                wait = exception.seconds
                return RetryDecision(retry_in={"seconds": wait}, priority=-1 if wait else 0)

        app = App(
            connector=PsycopgConnector(
                conninfo=server.conninfo(server.in_schema(self._url, tables.SCHEMA)), min_size=1, max_size=4
            )
        )

        @app.task(name=jobs.TASK, queue=jobs.QUEUE, retry=Retries(), pass_context=True)
        async def run(context: JobContext, *, name: str, words: list[str]) -> None:
            await self._run(app, context, name, words)

        @app.periodic(cron=_EVERY_TICK)
        @app.task(name="tick", queue=_TICKS, queueing_lock="tick")
        async def tick(timestamp: int) -> None:
            await self._rescue(app)
            await asyncio.to_thread(_asked, self._url, jobs.queue_due)

        @app.periodic(cron=_EVERY_HOUR)
        @app.task(name="tidy", queue=_TICKS, queueing_lock="tidy")
        async def tidy(timestamp: int) -> None:
            await app.job_manager.delete_old_jobs(nb_hours=_KEPT, include_failed=True, include_cancelled=True)

        return app

    async def _rescue(self, app: App) -> None:
        """Put the jobs of dead workers back into the queue; if several workers try, one succeeds."""
        from procrastinate.exceptions import ConnectorException
        from procrastinate.jobs import Status

        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._options.stalled.total_seconds()):
            try:
                if job.task_name == jobs.TASK:
                    await manager.retry_job(job)
                    self._say(f"{job.task_kwargs['name']}: taken from a worker that died")
                else:
                    await manager.finish_job(job, status=Status.FAILED, delete_job=True)
            except ConnectorException:
                continue

    def _environment(self) -> dict[str, str]:
        """Return the environment of a job's process, for what its arguments would show to others."""
        keep = self._options.keep_local
        return {"ARCHIVER_DB": self._url} | ({} if keep is None else {"ARCHIVER_KEEP_LOCAL": str(keep)})

    async def _run(self, app: App, context: JobContext, name: str, words: Sequence[str]) -> None:
        """Run a job's process; raise Again when it is to be tried again, Failed when it failed."""
        from procrastinate.exceptions import NoResult

        try:
            await app.connector.execute_query_one_async("SELECT 1 FROM blogs WHERE name = %(name)s", name=name)
        except NoResult:  # removed from the list since
            return
        began = time.monotonic()
        what = words[0] if words else jobs.CRAWL
        output = self._options.home / name / "jobs" / f"{what}.txt"
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "archiver", "--home", str(self._options.home), "fleet", "job", name, "--", *words,
                stdin=asyncio.subprocess.PIPE, stdout=file, stderr=file, process_group=0,
                env=os.environ | self._environment(),
            )  # fmt: skip
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                code = await _ended(process)
        took = format_duration(timedelta(seconds=time.monotonic() - began))
        said = _last_line(output) if code not in (ExitCode.DONE, ExitCode.INTERRUPTED) else ""
        self._say(f"{name}: {shlex.join(words) or what} {_outcome(code)} after {took}{said and ': '}{said}")
        if code == ExitCode.INTERRUPTED:
            raise Again
        soon = min(_SOON * (context.job.attempts + 1), _LATER)
        if code == ExitCode.LOCKED or (code < 0 and context.job.attempts < _MOST_DEATHS):
            raise Again(soon)
        if code in _SUCCEEDED:
            return
        if not words:
            await app.connector.execute_query_async(_FAILED, name=name)
        raise Failed(said)


async def _ended(process: asyncio.subprocess.Process) -> int:
    """Interrupt a process, as Ctrl-C would; return its exit code."""
    process.send_signal(signal.SIGINT)
    try:
        return await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ExitCode.INTERRUPTED


def _outcome(code: int) -> str:
    try:
        return f"ended with exit code {code} ({ExitCode(code).name.lower().replace('_', ' ')})"
    except ValueError:
        return f"died of signal {-code}" if code < 0 else f"ended with exit code {code}"


def _last_line(output: Path) -> str:
    lines = output.read_text("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")


def _asked(url: str, question: Callable[[Fleet], Any]) -> Any:
    with Fleet(url) as fleet:
        return question(fleet)


_ANNOUNCE = "INSERT INTO workers (id, name, home) VALUES (%(id)s, %(name)s, %(home)s)"
_FAILED = """
UPDATE blogs SET ended_at = now(), outcome = 'failed', worker = NULL
WHERE name = %(name)s AND (ended_at IS NULL OR begun_at IS NULL OR ended_at < begun_at)
"""
