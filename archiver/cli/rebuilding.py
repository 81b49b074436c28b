"""Commands that build the database from records, and accept what is held back: rebuild, import, accept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli.context import Context, as_json, as_rows, by_kind, print_rows
from archiver.counting import counted
from archiver.errors import ExitCode
from archiver.loading import loading

if TYPE_CHECKING:
    from archiver.rebuild.importing import ImportReport
    from archiver.rebuild.records import Progress
    from archiver.rebuild.swap import RebuildReport


@click.command(short_help="Rebuild the database from the WARC files, offline.")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="Processes that read pages. [one per processor]")
@as_json
@click.pass_obj
def rebuild(obj: Context, /, processes: int | None, json_: bool) -> None:
    """Rebuild the database from the WARC files, offline; the old one is kept next to it.

    Ends with 4 if the old one has posts, versions, comments, pages or captures that no WARC file holds.
    """
    with loading():
        from archiver.rebuild import swap

    with _progress(obj) as progress:
        report = swap.rebuild(obj.home, obj.db, processes=processes, progress=progress, **obj.warc_options)
    click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if json_ else rebuilt(report))
    sys.exit(ExitCode.DAMAGED if report.comparison.is_less else ExitCode.DONE)


@click.command("import", short_help="Import another program's captures of the blog.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
@click.pass_obj
def import_(obj: Context, /, file: Path, json_: bool) -> None:
    """Import another program's captures of the blog from FILE, a WARC, WACZ or ARC file, each at its own date.

    Ends with 4 if damaged records were left out; the others are imported.
    """
    with loading():
        from archiver.rebuild.importing import import_warc

    with _progress(obj) as progress:
        report = import_warc(file, obj.home, obj.db, progress=progress, **obj.warc_options)
    click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if json_ else _imported(report))
    sys.exit(ExitCode.DAMAGED if report.tally.damaged else ExitCode.DONE)


@click.command(short_help="Accept what the archive does not believe, or holds for review.")
@click.argument("subjects", nargs=-1)
@as_rows
@click.pass_obj
def accept(obj: Context, /, subjects: tuple[str, ...], format_: str | None) -> None:
    """Accept what the archive does not believe or holds for review; without SUBJECTS, list it.

    A subject is the address of a list or the name of a part of pages, as shown, or the number of a post whose newest
    version is held for review.
    """
    if not subjects:
        waiting = obj.ask(WAITING)
        if format_ or waiting.rows:
            print_rows(waiting, format_)
        else:
            click.echo("everything the blog shows is believed")
        return
    from archiver.rebuild.acceptance import accept
    from archiver.store.results import Result

    done = accept(obj.home, subjects, obj.db, **obj.warc_options)
    if format_:
        print_rows(Result(("subject", "effect"), [(each.subject, each.effect) for each in done]), format_)
    else:
        click.echo("\n".join(f"{each.subject}: {each.effect}" for each in done))


WAITING = """
SELECT subject, kind, reason, first_seen_at AS since, runs, days, CAST(accepted AS INTEGER) AS accepted FROM doubts
UNION ALL
SELECT CAST(p.id AS TEXT), 'post', p.title || ': ' || r.issues, r.seen_at, NULL, NULL, 0
FROM posts AS p JOIN post_revisions AS r ON r.post_id = p.id
WHERE r.status = 'review' AND r.id > p.current_revision_id
  AND r.id = (SELECT max(id) FROM post_revisions WHERE post_id = p.id)
ORDER BY kind, subject
"""
"""What can be accepted, and what is not believed but cannot be."""


@contextmanager
def _progress(obj: Context) -> Iterator[Progress]:
    """Give a function that shows how far a rebuild is, if there is a terminal."""
    if obj.verbosity != 0 or not sys.stderr.isatty():
        yield lambda *_: None
        return
    with click.progressbar(length=1, file=sys.stderr) as bar:

        def show(what: str, done: int, total: int) -> None:
            bar.label, bar.length = what.capitalize(), max(total, 1)
            bar.update(done - bar.pos)

        yield show


def rebuilt(report: RebuildReport) -> str:
    """Return the report of a rebuild for people."""
    pages = by_kind(dict(sorted(report.pages.items())))
    records = f"{counted(report.captures, 'capture')} of {counted(report.runs, 'run')}"
    lines = [f"{records}, pages read: {pages or 'none'} ({report.seconds:g} s)"]
    if report.unrecognised:
        lines.append(f"not recognised: {counted(report.unrecognised, 'page')}; `archiver gaps` says which")
    lines += report.notes
    found = report.comparison
    for change in found.changed:
        formulas = f"formulas +{change.formulas_new} -{change.formulas_lost}"
        characters = f"characters {change.characters_before} to {change.characters_after}"
        lines.append(f"reads differently: {change.post_id} {change.title} ({formulas}, {characters})")
    if found.missing:
        some = ", ".join(map(str, found.missing[:10])) + (" …" if len(found.missing) > 10 else "")
        lines.append(f"in no WARC file, only in the former database: {counted(len(found.missing), 'post')}: {some}")
    for table, rows in found.lost.items():
        lines.append(f"in no WARC file, only in the former database: {counted(rows, 'row')} of {table}")
    lines += [f"as they were read before: {counted(found.kept, 'older revision')}"] if found.kept else []
    if found.vectors_lost:
        of = counted(found.vectors_lost, "post")
        lines.append(f"read differently, so without vectors: {of}; `archiver search --vectors` makes them")
    lines += [f"the former database is now {report.backup}"] if report.backup else []
    lines += ["it may hold what nothing else does, and stays until you remove it"] if found.alone else []
    return "\n".join(lines)


def _imported(report: ImportReport) -> str:
    """Return the report of an import for people."""
    tally = report.tally
    beside = f"{tally.elsewhere} of other sites, {tally.known} known, {tally.damaged} damaged"
    copied = f"{counted(tally.copied, 'capture')} imported, with {counted(tally.beside, 'record')} about them"
    lines = [f"{copied} (left out: {beside})"]
    lines += [f"{number} {reason}: left out" for reason, number in sorted(tally.left_out.items()) if number]
    lines += tally.notes
    lines += [rebuilt(report.rebuilt)] if report.rebuilt else ["the archive is as it was"]
    return "\n".join(lines)


COMMANDS = (rebuild, import_, accept)
