"""Commands for a fleet of blogs, each with an archive of its own in one database."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, chdir, nullcontext, suppress
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import Context, as_rows, length, print_found, print_rows
from archiver.cli.crawling import crawl, crawled, report_text
from archiver.cli.fleet_jobs import JOBS, JobContext
from archiver.cli.process import complain
from archiver.errors import ArchiverError, UsageError

if TYPE_CHECKING:
    from archiver.fleet.blogs import Blog, Fleet


@click.group(short_help="Keep many blogs: a list in PostgreSQL, and workers.")
def fleet() -> None:
    """Keep many blogs: a list of them in PostgreSQL, and workers on any machines (docs/fleet.md).

    --db or $ARCHIVER_DB names the database, --home the folder that a worker keeps the blogs' files in.
    """


def crawl_origin(words: Sequence[str]) -> str:
    """Check arguments for `archiver crawl`; return the origin to fetch from that they name, or nothing.

    Raises UsageError for arguments that are invalid there, or in a fleet.
    """
    try:
        asked = crawl.make_context("crawl", list(words), help_option_names=[]).params
    except click.ClickException as error:
        raise UsageError(f"options: {error.format_message()}") from error
    if asked["source"] is not None:
        raise UsageError("options: expected a crawl of the blog itself, found --from")
    return str(asked["site"])


@fleet.command(short_help="Add a blog to the list, or all blogs in a file.")
@click.argument("target", metavar="FILE.toml|URL")
@click.option("--name", default="", help="Name of the blog. [by its address]")
@click.option(
    "--every", default="", metavar="DURATION", help="Time from the end of one crawl to the start of the next. [1d]"
)
@click.option("--profile", default="", metavar="FILE", help="Its profile. [what `archiver init` finds]")
@click.option("--warc", default="", metavar="URL", help="Object storage for its records. [the worker's home]")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="WORD",
    help="Option or argument for `archiver crawl`; may be repeated.",
)
@click.pass_obj
def add(obj: Context, /, target: str, options: tuple[str, ...], **asked: str) -> None:
    """Add a blog to the list, or all blogs in a file; blogs that are already listed are changed."""
    from archiver.fleet import files, servers
    from archiver.fleet.blogs import Fleet

    if target.startswith(("http://", "https://")):
        blogs = [files.of(target, crawl_origin, Path(), url=target, options=options, **asked)]
    elif options or any(asked.values()):
        raise UsageError(f"expected options with the address of one blog, found them with {target}")
    else:
        blogs = files.read(Path(target), crawl_origin)
    with Fleet(obj.db, make=True) as known:
        known.add(blogs)
        servers.meet(known, (servers.host_of(each.base) for each in blogs))
    click.echo("\n".join(f"{each.name}: {each.url}" for each in blogs))


@fleet.command()
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def remove(obj: Context, /, names: tuple[str, ...]) -> None:
    """Remove blogs from the list; their archives stay as they are."""
    from archiver.fleet.blogs import Fleet

    with Fleet(obj.db) as known:
        for name in known.remove(names):
            click.echo(f"{name}: removed from the list; its archive is in the schema {name}")


@fleet.command(short_help="Queue a crawl, or another command, of each of these blogs.")
@click.argument("names", nargs=-1)
@click.option("--due", is_flag=True, help="Every blog that is due for a crawl.")
@click.option("--all", "all_", is_flag=True, help="Every blog.")
@click.option("--job", default="", metavar="WORDS", help="A command other than crawl: verify, rebuild or export.")
@click.pass_obj
def run(obj: Context, /, names: tuple[str, ...], due: bool, all_: bool, job: str) -> None:
    """Queue a job for each of these blogs: a crawl, whether due or not, or another command."""
    from archiver.fleet import jobs
    from archiver.fleet.blogs import Fleet

    if (bool(names), due, all_).count(True) != 1 or (due and job):
        raise UsageError("expected names of blogs, --all, or --due for crawls that are due")
    words = _job_words(job)
    with Fleet(obj.db) as known:
        queued = jobs.queue_due(known) if due else jobs.queue(known, known.blogs(names), words)
    click.echo("\n".join(f"{name}: queued" for name in queued) or "Nothing was queued.")


@fleet.command(short_help="Run jobs until stopped, on any number of machines.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="Jobs at a time.")
@click.option("--until-idle", is_flag=True, help="End when nothing is due, queued or running.")
@click.option(
    "--stalled-after",
    "stalled",
    callback=length,
    default="30s",
    show_default=True,
    metavar="DURATION",
    help="Take over the jobs of workers that have not reported for this long.",
)
@click.option(
    "--metrics-port", type=click.IntRange(1, 65535), metavar="N", help="Port on which to serve figures for Prometheus."
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address on which to serve them.")
@click.pass_obj
def worker(obj: Context, /, stalled: timedelta, metrics_port: int | None, metrics_host: str, **asked: Any) -> None:
    """Run jobs until stopped; there can be any number of workers, on any machines."""
    from archiver.fleet.worker import WorkerOptions, work

    options = WorkerOptions(home=obj.home, stalled=stalled, keep_local=obj.keep_local, **asked)
    with _figures(obj, metrics_port, metrics_host) if metrics_port else nullcontext():
        work(obj.db or "", options, complain)


def _figures(obj: Context, port: int, host: str) -> AbstractContextManager[int]:
    """Serve figures of all blogs of a fleet while the block lasts."""
    from archiver.fleet.blogs import Fleet
    from archiver.web import metrics

    def sources() -> list[metrics.MetricsSource]:
        with Fleet(obj.db) as known:
            return [metrics.MetricsSource(each.name, known.database(each)) for each in known.blogs()]

    return metrics.serving(sources, port, host)


@fleet.command(short_help="Show the state of each blog, and list the workers.")
@as_rows
@click.pass_obj
def status(obj: Context, /, format_: str | None) -> None:
    """Show when each blog was last complete, when it is due and what it holds; and list the workers."""
    from archiver.fleet import status as states
    from archiver.fleet.blogs import Fleet
    from archiver.store.results import Result

    with Fleet(obj.db) as known:
        blogs, workers = states.of(known), states.workers(known)
    shown = [{name: _plain(value) for name, value in asdict(each).items()} for each in blogs]
    if format_:
        heard = [{name: _plain(value) for name, value in asdict(each).items()} for each in workers]
        print_found({"blogs": shown, "workers": heard}, shown, _COLUMNS, format_)
        return
    print_rows(Result(_COLUMNS, [tuple(row[name] for name in _COLUMNS) for row in shown]))
    for each in workers:
        click.echo(f"Worker {each.name}, {each.home}: {', '.join(each.jobs) or 'idle'}")
    if not workers:
        click.echo("No worker has reported lately; `archiver fleet worker` starts one.")


_COLUMNS = (
    *("name", "state", "worker", "outcome", "last_complete_at", "next_due_at", "lag", "rest_until"),
    *("posts", "gaps", "failing", "records_bytes", "database_bytes"),
)


def _plain(value: Any) -> Any:
    """Return a time as stored, a duration in seconds, and anything else unchanged."""
    from archiver.clock import timestamp

    if isinstance(value, timedelta):
        return round(value.total_seconds())
    return timestamp(value) if isinstance(value, datetime) else value


@fleet.command(hidden=True)
@click.argument("name")
@click.argument("words", nargs=-1)
@click.pass_obj
def job(obj: Context, /, name: str, words: tuple[str, ...]) -> None:
    """Run a job of a blog here: what a worker starts, and what ends with it."""
    from archiver.fleet.blogs import Fleet
    from archiver.fleet.worker import end_with_worker

    end_with_worker()
    with Fleet(obj.db) as known:
        blog = known.blog(name)
        here = replace(
            obj, home=obj.home / name, home_given=True, db=known.database(blog), warc_url=blog.warc, verbosity=-1
        )
        if not words:
            sys.exit(_crawl(here, known, blog))
        blog.settle(obj.home)
    command, *rest = words
    with chdir(here.home):
        own = {each.name: getattr(here, each.name) for each in fields(Context)} | {"home": Path()}
        JOBS[command].main(rest, prog_name=command, obj=JobContext(**own, fleet=obj.db or "", blog=name))


def _crawl(here: Context, known: Fleet, blog: Blog) -> int:
    """Crawl a blog, with what its fleet knows of the server; return the exit code."""
    from archiver.fleet import crawls, views

    asked = crawl.make_context("crawl", list(blog.options), help_option_names=[]).params
    report = crawls.crawled(known, blog, here.home.parent, lambda servers: crawled(here, asked, servers))
    click.echo(report_text(here, report))
    with suppress(ArchiverError):  # users need not wait for a new crawl: `fleet sql` does the same
        views.refresh(known)
    return report.exit_code


def _job_words(text: str) -> list[str]:
    """Return the words of a command that may be a job; raises UsageError if it is not one."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--job: expected words, found {text!r}: {error}") from error
    if not words:
        return []
    offered = [name for name, command in JOBS.items() if not command.hidden]
    if words[0] not in offered:
        raise UsageError(f"--job: expected {', '.join(offered)}, found {words[0]}")
    try:
        JOBS[words[0]].make_context(words[0], words[1:], help_option_names=[])
    except click.ClickException as error:
        raise UsageError(f"--job {words[0]}: {error.format_message()}") from error
    return words


COMMANDS = (fleet,)
