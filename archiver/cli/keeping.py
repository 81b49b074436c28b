"""Commands on what was recorded: verify, replay, walk."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.context import Context, as_rows, print_found
from archiver.counting import counted
from archiver.errors import ExitCode

if TYPE_CHECKING:
    from archiver.warc.findings import Finding
    from archiver.warc.verify import VerifiedCounts

KNOWN = """
SELECT warc_file, warc_offset, warc_length, record_id, target_uri, payload_sha256, revisit_of, truncated FROM captures
"""
POSTS = """
SELECT c.record_id, r.post_id FROM captures AS c JOIN post_revisions AS r ON r.capture_id = c.id
"""


@click.command(short_help="Check every record, the index and the database.")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_rows
@click.pass_obj
def verify(obj: Context, /, file: Path | None, format_: str | None) -> None:
    """Check every record of the WARC files, the index and the database; or one WARC or WACZ FILE from anywhere."""
    from archiver.warc.findings import Finding, Severity
    from archiver.warc.verify import VerifiedCounts

    tally = VerifiedCounts()
    findings, posts = (_of_file(file, tally), {}) if file else _of_archive(obj, tally)
    gone = [finding for finding in findings if finding.severity == Severity.LOST]
    affected, lost = _read_from((each for each in findings if each not in gone), posts), _read_from(gone, posts)
    damaged = any(finding.severity == Severity.DAMAGE for finding in findings)
    if format_:
        report = {"damaged": damaged, **asdict(tally), "findings": list(map(asdict, findings))}
        report |= {"posts": affected, "posts_lost": lost}
        print_found(report, report["findings"], [each.name for each in fields(Finding)], format_)
    else:
        for finding in findings:
            click.echo(f"{finding.severity}: {finding}")
        volume = f"{counted(tally.files, 'file')}, {counted(tally.records, 'record')}, {tally.bytes / 1e6:.1f} MB"
        click.echo(f"{volume}: {'damaged' if damaged else 'whole'}")
        if affected:
            click.echo(f"Posts that were read from what is damaged: {', '.join(map(str, affected))}")
        if lost:
            click.echo(f"Posts that were read from what is lost: {', '.join(map(str, lost))}")
    sys.exit(ExitCode.DAMAGED if damaged else ExitCode.DONE)


def _read_from(findings: Iterable[Finding], posts: Mapping[str, list[int]]) -> list[int]:
    """Return the posts that were read from the records in findings."""
    records = {record for finding in findings for record in finding.affected}
    return sorted({number for record in records for number in posts.get(record, ())})


def _of_file(file: Path, tally: VerifiedCounts) -> list[Finding]:
    from archiver.warc.outside import is_package
    from archiver.warc.verify import verify_file
    from archiver.warc.wacz_checks import verify_wacz

    return list((verify_wacz if is_package(file) else verify_file)(file, tally))


def _of_archive(obj: Context, tally: VerifiedCounts) -> tuple[list[Finding], dict[str, list[int]]]:
    """Check the archive's own files; return what was found, and the posts read from each record."""
    from archiver.store import lost, warc_files
    from archiver.warc import index as cdxj
    from archiver.warc.verify import KnownCapture, KnownFile, verify

    rows = obj.ask(KNOWN).rows
    fields = ("warc_file", "warc_offset", "warc_length", "record_id", "target_uri")
    known = [
        KnownCapture(**dict(zip(fields, row[:5], strict=True)), payload_sha256=None if row[6] else row[5])
        for row in rows
    ]
    files = {
        name: KnownFile(size=file.size, sha256=file.sha256, spool=file.spool, lost_at=file.lost_at)
        for name, file in warc_files.known(obj.database()).items()
    }
    stranded = [row[3] for row in rows if row[6] and row[7] == lost.UNTOLD]
    index = obj.home / cdxj.NAME
    found = list(verify(obj.storage(), known, index if index.exists() else None, tally, files, stranded))
    found += _of_database(obj)
    found += _of_index(obj.database())
    found += _of_pictures(obj.database())
    posts: dict[str, list[int]] = {}
    for record, number in obj.ask(POSTS).rows:
        posts.setdefault(record, []).append(number)
    return found, posts


def _of_database(obj: Context) -> list[Finding]:
    """Check that the database file is whole; a server checks its own."""
    from archiver.store.query import sqlite_file
    from archiver.warc.findings import Finding, Severity

    database = obj.database()
    if sqlite_file(database) is None:
        return []
    verdicts = [verdict for (verdict,) in obj.ask("PRAGMA integrity_check").rows]
    return [
        Finding(severity=Severity.DAMAGE, what="database", file=_name(database), expected="ok", found=verdict)
        for verdict in verdicts
        if verdict != "ok"
    ]


def _name(database: str) -> str:
    """Return the name of the database in findings."""
    from archiver.store.query import sqlite_file

    file = sqlite_file(database)
    return file.name if file else "the database on the server"


def _of_index(database: str) -> list[Finding]:
    """Check that the search index agrees with the rows."""
    from archiver.store.search_check import differing
    from archiver.warc.findings import Finding, Severity

    return [
        Finding(
            severity=Severity.DAMAGE,
            what="search index",
            file=_name(database),
            expected=f"the words of the rows in {name}",
            found="others: `archiver search --rebuild` rebuilds it",
        )
        for name in differing(database)
    ]


def _of_pictures(database: str) -> list[Finding]:
    """Check the bytes of pictures that are in pages themselves: their addresses are digests."""
    from archiver.store import embedded
    from archiver.warc.findings import Finding, Severity

    return [
        Finding(
            severity=Severity.DAMAGE,
            what="picture in a page",
            file=_name(database),
            expected=f"the bytes of {picture.url}",
            found="others: `archiver rebuild` takes them from the records",
        )
        for picture in embedded.read(database)
        if not embedded.is_whole(picture)
    ]


@click.command(short_help="Serve the archived blog as it was, offline.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free one.")
@click.option("--at", metavar="DATE", help="As of this date, such as 2026 or 2026-11-21. [the latest]")
@click.pass_obj
def replay(obj: Context, /, port: int, at: str | None) -> None:
    """Serve the archived blog on this machine as it was; nothing is ever fetched."""
    from archiver.web.replay import serve

    def ready(url: str, first: str) -> None:
        click.echo(f"The archived blog is at {url.rstrip('/')}{first} (Ctrl-C ends)")

    serve(obj.home, obj.database(), port, at=at, ready=ready)


@click.command(short_help="Follow every link of the archived blog; list the dead ones.")
@as_rows
@click.pass_obj
def walk(obj: Context, /, format_: str | None) -> None:
    """Follow every link, picture, style and script of the archived blog, offline; list the dead ones."""
    from archiver.store.timeline import Timeline
    from archiver.web.replay import Replay
    from archiver.web.walk import DeadLink
    from archiver.web.walk import walk as go

    timeline = Timeline(obj.database())
    found = go(Replay(obj.storage(), timeline, obj.site()), timeline)
    timeline.close()
    if format_:
        print_found(asdict(found), map(asdict, found.dead), [each.name for each in fields(DeadLink)], format_)
    else:
        for dead in found.dead:
            click.echo(f"{dead.url}: {dead.reason}; linked from {dead.linked_from or 'nowhere'}")
        refused = f"{found.not_there} that the blog does not have, {found.forbidden} forbidden"
        click.echo(f"{counted(found.shown, 'address')} shown, {refused}, {len(found.dead)} dead")
    sys.exit(ExitCode.INCOMPLETE if found.dead else ExitCode.DONE)


COMMANDS = (verify, replay, walk)
