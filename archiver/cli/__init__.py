"""The `archiver` command.

Results go to standard output, progress to standard error and only to a terminal, errors as one line. Heavy imports are
inside the commands: `archiver --help` has to answer at once.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from archiver import __version__
from archiver.cli import (
    asking,
    configuring,
    crawling,
    exporting,
    fleet,
    fleet_asking,
    fleet_rebuilding,
    history,
    keeping,
    meeting,
    notifying,
    own,
    reading,
    rebuilding,
    scheduling,
    searching,
    serving,
    setting_up,
)
from archiver.cli.context import Context, Group, room
from archiver.cli.settings import DEFAULT_HOME, Home, home_of, name_variables


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--home",
    type=Home(),
    callback=home_of,
    is_eager=True,
    help="Folder of the archive. [$ARCHIVER_HOME, else ./data]",
)
@click.option("--db", metavar="URL", help="URL of the database, if it is not in the folder. [$ARCHIVER_DB]")
@click.option(
    "--warc",
    metavar="URL",
    help="Object storage for closed WARC files, such as s3://bucket/prefix. [$ARCHIVER_WARC, else as before]",
)
@click.option(
    "--keep-local",
    metavar="SIZE",
    callback=room,
    help="Keep at most this much of the stored files here, such as 10GB. [$ARCHIVER_KEEP_LOCAL, else all]",
)
@click.option("-v", "--verbose", is_flag=True, help="Show the log on standard error.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def main(
    ctx: click.Context,
    home: Path | None,
    db: str | None,
    warc: str | None,
    keep_local: int | None,
    verbose: bool,
    quiet: bool,
) -> None:
    """Keep a complete, searchable, replayable copy of a blog."""
    named = ctx.get_parameter_source("home") in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    ctx.obj = Context(
        home=home or Path(DEFAULT_HOME),
        home_given=named,
        db=db or None,
        verbosity=1 if verbose else -1 if quiet else 0,
        warc_url=warc or None,
        keep_local=keep_local,
    )


for module in (
    crawling,
    meeting,
    asking,
    searching,
    history,
    reading,
    serving,
    exporting,
    keeping,
    own,
    rebuilding,
    scheduling,
    notifying,
    configuring,
    setting_up,
    fleet,
):
    for command in module.COMMANDS:
        main.add_command(command)
for command in (*fleet_asking.COMMANDS, *fleet_rebuilding.COMMANDS):
    fleet.fleet.add_command(command)
name_variables(main)
