"""Commands for scheduled crawls: schedule and watch."""

from __future__ import annotations

import sys
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import Command, Context, length
from archiver.cli.crawling import crawl

if TYPE_CHECKING:
    from archiver.schedule import Schedule

PASS_ON = {"ignore_unknown_options": True}


def _time(ctx: click.Context, option: click.Parameter, text: str | None) -> time | None:
    from archiver.schedule import parse_time

    return parse_time(text) if text else None


def repeated(command: Command) -> Command:
    """Add the period, and the arguments for `archiver crawl`."""
    words = click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[CRAWL OPTIONS]...")
    explained = "Time from the start of one run to the start of the next: 12h, 7d."
    every = click.option(
        "--every", metavar="DURATION", callback=length, default="24h", show_default=True, help=explained
    )
    return every(words(command))


def installed(command: Command) -> Command:
    """Add the options to install what is printed."""
    for add in (
        click.option("--install", "action", flag_value="install", help="Install it for you instead of printing it."),
        click.option("--uninstall", "action", flag_value="uninstall", help="Remove what --install made."),
    ):
        command = add(command)
    return command


def timed(command: Command) -> Command:
    """Add the options of a schedule that the system keeps."""
    for add in (
        installed,
        click.option("--at", metavar="HH:MM", callback=_time, help="Time of a run. [in the hour after midnight]"),
        click.option(
            "--on-failure", default="", metavar="COMMAND", help="Shell command for an alarm. [archiver status]"
        ),
    ):
        command = add(command)
    return repeated(command)


def planned(obj: Context, words: tuple[str, ...], **asked: Any) -> Schedule:
    """Return a schedule of crawls; their arguments are checked now, not at night."""
    from archiver.schedule import Schedule

    contact = crawl.make_context("crawl", list(words)).params["contact"]
    # A timer does not have our environment.
    if contact and not any(word.startswith("--contact") for word in words):
        words += ("--contact", contact)
    options: tuple[str, ...] = ("--warc", obj.warc_url) if obj.warc_url else ()
    options += ("--keep-local", str(obj.keep_local)) if obj.keep_local is not None else ()
    return Schedule(home=obj.home, db=obj.db or "", options=options, arguments=words, **asked)


@click.group(short_help="Have systemd or cron run the crawl or serve the reader.")
def schedule() -> None:
    """Print, or install, the systemd units or crontab lines that run the crawl or serve the reader."""


@schedule.command("systemd", context_settings=PASS_ON)
@timed
@click.option(
    "--account", default="", metavar="NAME", help="Install for the whole system instead, to run as this account."
)
@click.pass_obj
def schedule_systemd(obj: Context, /, action: str | None, **asked: Any) -> None:
    """Print a timer, the service it starts and an alarm if that fails. CRAWL OPTIONS: as for `archiver crawl`."""
    from archiver import schedule as schedules
    from archiver.config import user_config_home

    plan = planned(obj, **asked)
    config = user_config_home()
    if action == "install":
        lines = [f"Wrote {path}" for path in schedules.install_systemd(plan, config)]
        lines += [f"Now run: {step}" for step in schedules.enable_systemd()]
    elif action == "uninstall":
        lines = [f"Removed {path}" for path in schedules.uninstall_systemd(plan, config)] or ["Nothing was installed."]
    else:
        lines = [f"# {name}\n{text}" for name, text in schedules.systemd_units(plan).items()]
    click.echo("\n".join(lines))


@schedule.command("cron", context_settings=PASS_ON)
@timed
@click.pass_obj
def schedule_cron(obj: Context, /, action: str | None, **asked: Any) -> None:
    """Print lines for your crontab. CRAWL OPTIONS: as for `archiver crawl`."""
    from archiver import schedule as schedules

    plan = planned(obj, **asked)
    if action == "install":
        click.echo("Installed." if schedules.install_cron(plan) else "It was installed already.")
    elif action == "uninstall":
        click.echo("Removed." if schedules.uninstall_cron(plan) else "Nothing was installed.")
    else:
        click.echo(schedules.cron_block(plan), nl=False)


@schedule.command("reader", short_help="Print a systemd unit that serves the reader.")
@installed
@click.pass_obj
def schedule_reader(obj: Context, /, action: str | None) -> None:
    """Print a systemd unit that serves the reader from the time you log in, as `archiver serve` does."""
    from archiver import schedule as schedules
    from archiver.config import user_config_home

    plan, config = planned(obj, ()), user_config_home()
    if action == "install":
        lines = [f"Wrote {path}" for path in schedules.install_reader(plan, config)]
        lines += [f"Now run: {step}" for step in schedules.enable_systemd(schedules.READER)]
    elif action == "uninstall":
        lines = [f"Removed {path}" for path in schedules.uninstall_reader(plan, config)] or ["Nothing was installed."]
    else:
        lines = [f"# {name}\n{text}" for name, text in schedules.reader_unit(plan).items()]
    click.echo("\n".join(lines))


@click.command(context_settings=PASS_ON)
@repeated
@click.pass_obj
def watch(obj: Context, /, every: timedelta, words: tuple[str, ...]) -> None:
    """Crawl again and again until stopped: for containers. CRAWL OPTIONS: as for `archiver crawl`."""
    from archiver import schedule as schedules

    run_once = schedules.crawl_process(planned(obj, words, every=every).crawl)
    with schedules.stop_on_signals() as stop:
        code = schedules.watch(run_once, every, stop=stop, jitter=schedules.up_to(every / 24))
    sys.exit(code)


COMMANDS = (schedule, watch)
