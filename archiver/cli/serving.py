"""Commands that serve: serve for browsers, mcp for language models."""

from __future__ import annotations

import sys

import click

from archiver import extras
from archiver.cli.context import Command, Context
from archiver.errors import UsageError


def serve_options(command: Command) -> Command:
    """Add the options of a command that serves a reader."""
    for option in (
        click.option(
            "--token",
            help="Token; generated if not given. [$ARCHIVER_TOKEN]",
            envvar="ARCHIVER_TOKEN",
            hide_input=True,
        ),
        click.option(
            "--allow-remote", is_flag=True, help="Let other machines in, with a token; there is no replay then."
        ),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option(
            "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one."
        ),
    ):
        command = option(command)
    return command


def tell(address: str) -> None:
    """Say where the reader is."""
    click.echo(f"The reader is at {address} (Ctrl-C ends)")


@click.command(short_help="Serve a reader of the archive on this machine.")
@serve_options
@click.option(
    "--replay-port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port of the replay."
)
@click.pass_obj
def serve(obj: Context, /, port: int, replay_port: int, host: str, allow_remote: bool, token: str | None) -> None:
    """Serve a reader of the archive on this machine: read, search, compare, query in SQL; nothing is ever fetched."""
    from archiver.web.reader.serve import ServeOptions, serving
    from archiver.web.reader.serve import serve as run

    options = ServeOptions(port=port, replay_port=replay_port, host=host, remote=allow_remote, token=token)
    run(serving(obj.home, obj.database(), options), tell)


@click.command(short_help="Serve language models by the Model Context Protocol.")
@click.pass_obj
def mcp(obj: Context) -> None:
    """Serve a client of the Model Context Protocol over standard input and output: see docs/mcp.md.

    It can search, read posts, formulas and citations, and query in SQL; the archive is opened read-only.
    """
    from contextlib import closing

    from archiver.web.reader.desk import Desk

    try:
        from archiver.web.mcp.server import made
    except ImportError as error:
        raise UsageError(extras.missing("mcp")) from error
    with closing(Desk.open(obj.home, obj.database())) as desk:
        if sys.stdin.isatty():
            click.echo("Waiting for a client on standard input; Ctrl-C ends", err=True)
        made(desk).run("stdio")


COMMANDS = (serve, mcp)
