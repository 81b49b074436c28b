"""The command that sends the notification of a run, as a crawl does at its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.context import Context
from archiver.cli.process import complain
from archiver.errors import ArchiverError, ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.crawl.runner import CrawlReport
    from archiver.notices import Notice

_EVENTS = ("failed", "brought", "always")


def _topic(_context: click.Context, _option: click.Parameter, url: str) -> str:
    from archiver.notices import ntfy

    return ntfy.check(url) if url else ""


def _server(_context: click.Context, _option: click.Parameter, url: str) -> str:
    from archiver.notices import mail

    return mail.check(url)


def _addresses(_context: click.Context, _option: click.Parameter, found: tuple[str, ...]) -> tuple[str, ...]:
    for each in found:
        if each.count("@") != 1 or each.strip("@") != each or not each.isprintable() or " " in each:
            raise UsageError(f"expected an e-mail address such as me@example.org, found {each!r}")
    return found


@click.command(short_help="Send the notification of the last crawl.")
@click.option(
    "--on",
    multiple=True,
    type=click.Choice(_EVENTS),
    default=("failed", "brought"),
    show_default=True,
    help="Which crawls to report: failed, those that brought something, or always; may be repeated.",
)
@click.option("--command", default="", metavar="COMMAND", help="Shell command; gets the text on standard input.")
@click.option(
    "--ntfy", default="", metavar="URL", callback=_topic, help="URL of a topic, such as https://ntfy.sh/my-blog."
)
@click.option("--email", multiple=True, metavar="ADDRESS", callback=_addresses, help="Recipient; may be repeated.")
@click.option(
    "--smtp",
    default="smtp://localhost",
    show_default=True,
    metavar="URL",
    callback=_server,
    help="Mail server, such as smtps://me@mail.example.org. Its password: $ARCHIVER_SMTP_PASSWORD.",
)
@click.option("--sender", default="", metavar="ADDRESS", help="Sender of the e-mail. [its first recipient]")
@click.option("--password-file", type=click.Path(path_type=Path), help="File with the password of the mail server.")
@click.option("--apprise", multiple=True, metavar="URL", hide_input=True, help="Apprise URL; may be repeated.")
@click.option("--reader", default="", metavar="URL", help="Address of your reader, for a link to it.")
@click.option("--test", "test_", is_flag=True, help="Send a test notification.")
@click.pass_obj
def notify(obj: Context, /, reader: str, test_: bool, on: tuple[str, ...], **ways: Any) -> None:
    """Send the notification of the last crawl, by command, ntfy, e-mail or Apprise.

    Each crawl does so at its end, if [notify] in config.toml or variables say how.
    """
    from archiver import notices

    chosen = notices.Ways(**ways)
    if not chosen:
        raise UsageError(
            "expected a way to send notifications, found none; see `archiver config notify`, or name one: --ntfy URL"
        )
    notice = _test(obj, reader) if test_ else _about(obj, _last(obj), reader)
    failures = notices.deliver(notice, chosen)
    for sentence in failures:
        complain(f"Error: {sentence}")
    sent = len(chosen.senders()) - len(failures)
    click.echo(f"Sent {sent} of {sent + len(failures)}: {notice.title}")
    sys.exit(ExitCode.FAILED if failures else ExitCode.DONE)


def _test(obj: Context, reader: str) -> Notice:
    from archiver.notices import Notice

    blog = obj.site().profile.name
    return Notice(title=f"{blog}: a test", text=f"Notifications about crawls of {blog} arrive here.", reader=reader)


def tell(obj: Context, report: CrawlReport) -> None:
    """Send the notification of a crawl that ended, if it is wanted; a failure is a line in the log of the run."""
    failures = _sent(lambda reader: _about(obj, report.run, reader, report.message))
    if failures:
        import logging

        from archiver.crawl import logs

        with logs.logging_to(logs.log_file(obj.home / "logs", report.run)):
            for sentence in failures:
                logging.getLogger(__name__).warning(sentence)


def tell_error(obj: Context, error: ArchiverError) -> None:
    """Send the notification of a crawl that an error ended; a typing mistake at a terminal is not reported."""
    if error.exit_code == ExitCode.USAGE and sys.stderr.isatty():
        return

    def about(reader: str) -> Notice:
        from archiver import notices
        from archiver.schedule.plan import TOLERATED

        try:
            blog = obj.site().profile.name
        except ArchiverError:  # perhaps that is the error
            blog = str(obj.home)
        return notices.about_error(blog, str(error), error.exit_code, tolerated=TOLERATED, reader=reader)

    _sent(about)


def _sent(about: Any) -> list[str]:
    """Send a notification as the settings of `notify` say; return a sentence for each failure."""
    root = click.get_current_context().find_root()
    asked = notify.make_context("notify", [], parent=root).params
    on, reader, _ = asked.pop("on"), asked.pop("reader"), asked.pop("test_")
    if not any(asked[way] for way in ("command", "ntfy", "email", "apprise")):
        return []
    from archiver import notices

    try:
        notice = about(reader)
        failures = notices.deliver(notice, notices.Ways(**asked)) if notices.wanted(notice, on) else []
    except (ArchiverError, OSError) as error:
        failures = [f"expected to send a notification, found: {error}"]
    for sentence in failures:
        complain(f"Warning: {sentence}")
    return failures


def _last(obj: Context) -> int:
    """Return the number of the last crawl; raise UsageError when there was none."""
    found = obj.ask("SELECT max(id) FROM runs WHERE command LIKE 'crawl%'").rows[0][0]
    if found is None:
        raise UsageError("expected a crawl to report, found none in this archive; --test sends a notification anyway")
    return int(found)


def _about(obj: Context, run: int, reader: str, message: str = "") -> Notice:
    from archiver import notices
    from archiver.schedule.plan import TOLERATED

    found = obj.ask("SELECT * FROM run_log WHERE id = ?", run)
    row = dict(zip(found.columns, found.rows[0], strict=True))
    posts = obj.ask(BROUGHT, run, run).rows
    return notices.about_run(
        obj.site().profile.name,
        row,
        [(title, url) for title, url, known in posts if not known],
        [(title, url) for title, url, known in posts if known],
        message=message,
        tolerated=TOLERATED,
        reader=reader,
    )


BROUGHT = """
SELECT title, url, EXISTS (
    SELECT 1 FROM revisions AS r JOIN captures AS c ON c.id = r.capture_id WHERE r.post_id = p.id AND c.run_id < ?
) AS known
FROM posts AS p WHERE id IN (
    SELECT r.post_id FROM revisions AS r JOIN captures AS c ON c.id = r.capture_id
    WHERE c.run_id = ? AND r.status = 'good'
)
ORDER BY published_on DESC, id DESC
"""
"""Posts that got a version in a run, and whether there was one before."""

COMMANDS = (notify,)
