"""The `archiver` command.

Results go to standard output, progress to standard error and only to a terminal, errors as one line. Heavy imports are
inside the commands: `archiver --help` has to answer at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archiver import __version__
from archiver.errors import ArchiverError, ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.crawl.run import Place, Run
    from archiver.crawl.runner import Report
    from archiver.pages.promises import Finding
    from archiver.store.results import Result, Stream

DEFAULT_HOME = "data"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """Options of every command."""

    home: Path
    home_given: bool
    db: str | None
    verbosity: int

    def place(self, site: str) -> Place:
        """Return where the archive is and where the blog is fetched from."""
        from archiver.crawl.run import Place

        return Place(home=self.home, db=self.db, site=site)

    def database(self) -> str:
        """Return the URL of the archive's database."""
        from archiver.store.database import database_url

        return database_url(self.home, self.db)

    def ask(self, sql: str, *parameters: Any) -> Result:
        """Return the answer of a read-only query."""
        from archiver.store import query

        return query.run(self.database(), sql, parameters)


class Group(click.Group):
    """Turns errors of ours into one line and their exit code, and an interrupt into 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ArchiverError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(ExitCode.INTERRUPTED)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the archive. [$ARCHIVER_HOME, else ./data]")
@click.option("--db", metavar="URL", help="Database elsewhere than in the folder. [$ARCHIVER_DB]")
@click.option("-v", "--verbose", is_flag=True, help="Show the log on standard error.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def main(ctx: click.Context, home: Path | None, db: str | None, verbose: bool, quiet: bool) -> None:
    """Keep a complete, searchable, replayable copy of the blog kexue.fm."""
    given = home or os.environ.get("ARCHIVER_HOME")
    ctx.obj = Context(
        home=Path(given or DEFAULT_HOME),
        home_given=given is not None,
        db=db or os.environ.get("ARCHIVER_DB") or None,
        verbosity=1 if verbose else -1 if quiet else 0,
    )


def as_json(command: Command) -> Command:
    """Add the option to print JSON."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON.")(command)


@main.command()
@click.argument("sources", nargs=-1, type=click.Choice(["catalogue", "category", "index"]))
@click.option("--site", metavar="URL", default="https://kexue.fm", show_default=True, help="Where to fetch from.")
@click.option("--category", "slugs", multiple=True, metavar="SLUG", help="Only this category; may be repeated.")
@click.option("--index", metavar="FILE|URL", default="", help="Curated index, Markdown or HTML. [the bundled one]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after this many posts.")
@click.option("--delay", type=click.FloatRange(0), metavar="S", help="Seconds between requests. [3]")
@click.option("--concurrency", type=click.IntRange(1, 64), metavar="N", help="Requests at a time. [1]")
@click.option("--full", is_flag=True, help="Ask for everything again, not only for what is new or has changed.")
@click.option(
    "--recheck",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="N",
    help="Posts longest unverified to look at again.",
)
@click.option("--no-comments", is_flag=True, help="Fetch no further pages of comments.")
@click.option("--no-images", is_flag=True, help="Fetch no pictures.")
@click.option("--contact", envvar="ARCHIVER_CONTACT", default="", help="Added to the user agent. [$ARCHIVER_CONTACT]")
@as_json
@click.pass_obj
def crawl(obj: Context, /, sources: tuple[str, ...], site: str, json_: bool, **asked: Any) -> None:
    """Fetch what is new: by the blog's catalogue, its categories and a curated index, or only those SOURCES.

    One request at a time, three seconds apart. Stop it when you like: the next run goes on where it was.
    """
    from archiver.crawl import runner

    options = runner.Options(
        sources=sources or runner.SOURCES,
        slugs=asked["slugs"],
        index=asked["index"],
        limit=asked["limit"],
        full=asked["full"],
        recheck=asked["recheck"],
        delay=asked["delay"],
        concurrency=asked["concurrency"],
        comments=not asked["no_comments"],
        images=not asked["no_images"],
        contact=asked["contact"],
        verbose=obj.verbosity > 0,
    )
    report = _crawl(obj, obj.place(_origin(site)), options)
    click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if json_ else _report_text(report))
    sys.exit(report.exit_code)


def _origin(site: str) -> str:
    """Return the site's origin.

    Raises UsageError when it is not one.
    """
    from urllib.parse import urlsplit

    parts = urlsplit(site)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise UsageError(f"--site: expected an origin such as https://kexue.fm, found {site!r}")
    return f"{parts.scheme}://{parts.netloc}"


def _crawl(obj: Context, place: Place, options: Any) -> Report:
    from archiver.crawl import runner

    if obj.verbosity != 0 or not sys.stderr.isatty():
        return runner.crawl(place, options)
    with click.progressbar(length=1, label="Archiving", show_pos=True, file=sys.stderr) as bar:

        def show(run: Run) -> None:
            done, known = run.progress()
            bar.length = max(known, 1)
            bar.update(done - bar.pos)

        return runner.crawl(place, options, show)


def _report_text(report: Report) -> str:
    """Return the report for a person."""
    counts = report.counts
    volume = f"{counts['requests']} requests, {counts['bytes'] / 1e6:.1f} MB"
    posts = [f"{counts[name]} {name}" for name in ("new", "changed", "unchanged")]
    posts += [f"{counts['held']} held for review"] if counts["held"] else []
    posts += [f"{counts['gone']} gone"] if counts["gone"] else []
    lines = [
        f"Run {report.run}: {report.message} ({report.seconds:g} s, {volume})",
        f"Posts: {', '.join(posts)}",
        f"New comments: {counts['comments_new']}. Images: {counts['pages'].get('image', 0)}.",
    ]
    lines += report.notes
    if counts["failed"]:
        gaps = ", ".join(f"{count} {kind}" for kind, count in counts["gaps"].items())
        lines.append(f"Not archived: {gaps}; `archiver gaps` says why.")
    for name, found in report.disagreements.items():
        shown = ", ".join(map(str, found[:10])) + (" …" if len(found) > 10 else "")
        lines.append(f"{len(found)} posts {name}: {shown}")
    return "\n".join(lines)


@main.command()
@click.option("--site", metavar="URL", default="https://kexue.fm", show_default=True, help="Where to fetch from.")
@click.option("--delay", type=click.FloatRange(0), metavar="S", help="Seconds between requests. [3]")
@as_json
@click.pass_obj
def probe(obj: Context, /, site: str, delay: float | None, json_: bool) -> None:
    """Make first contact: fetch eight pages, show what is recognised and what is not, store no post."""
    from archiver.crawl import runner

    report, findings = runner.probe(obj.place(_origin(site)), runner.Options(delay=delay, verbose=obj.verbosity > 0))
    if json_:
        found = [asdict(finding) | {"recognised": finding.recognised} for finding in findings]
        click.echo(json.dumps(report.as_dict() | {"findings": found}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join([*map(_finding_text, findings), f"{report.message} (captures of run {report.run})"]))
    sys.exit(report.exit_code)


def _finding_text(finding: Finding) -> str:
    """Return what was made of a page, a line for each thing it should have."""
    lines = [f"{'ok ' if finding.recognised else 'NOT'} {finding.kind}  {finding.url}  (capture {finding.capture_id})"]
    lines += [f"      {finding.problem}"] if finding.problem else []
    lines += [
        f"  {'ok ' if each.kept else 'NOT'} {each.name}: {each.found or 'none found'}" for each in finding.promises
    ]
    return "\n".join(lines)


@main.command()
@click.pass_obj
def demo(obj: Context) -> None:
    """Archive the bundled sample blog, then say what to try next."""
    from archiver.bundled import sample_folder
    from archiver.crawl import runner
    from archiver.sample import SampleBlog, serving

    home = obj.home if obj.home_given else obj.home / "demo"
    here = Context(home=home, home_given=True, db=obj.db, verbosity=obj.verbosity)
    options = runner.Options(index=str(sample_folder() / "index.md"), delay=0, concurrency=4)
    with serving(SampleBlog()) as site:
        report = _crawl(here, here.place(site), options)
    click.echo(_demo_text(here, report))
    sys.exit(report.exit_code)


def _demo_text(obj: Context, report: Report) -> str:
    totals = obj.ask(TOTALS).rows[0]
    figures = "{} posts, {} comments, {} formulas, {} images, {} captures".format(*totals)
    first = obj.ask("SELECT min(id) FROM posts").rows[0][0]
    tries = [f'sql "{EXAMPLE}"', f"show {first}", "sql --schema", "status"]
    return "\n".join(
        [
            f"Archived the sample blog into {obj.home} in {report.seconds:g} s: {figures}.",
            "",
            "Try next:",
            *(f"  archiver --home {obj.home} {words}" for words in tries),
            "  archiver crawl --limit 10      (the real blog, politely: three seconds between requests)",
        ]
    )


EXAMPLE = "SELECT id, title, published_on FROM posts ORDER BY published_on DESC LIMIT 5"
TOTALS = """
SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM comments), (SELECT count(*) FROM formulas),
       (SELECT count(*) FROM images), (SELECT count(*) FROM captures)
"""


@main.command()
@click.argument("query", required=False)
@click.option("--json", "format_", flag_value="json", help="Print a JSON list of objects.")
@click.option("--nl", "format_", flag_value="lines", help="Print one JSON object a line.")
@click.option("--csv", "format_", flag_value="csv", help="Print CSV; cells a spreadsheet would run are disarmed.")
@click.option("--schema", is_flag=True, help="Describe every table, view and column instead.")
@click.option("--markdown", is_flag=True, help="Describe them in Markdown (docs/schema.md is made so).")
@click.option("--timeout", type=click.FloatRange(0.001), default=30, show_default=True, help="Seconds allowed.")
@click.pass_obj
def sql(obj: Context, query: str | None, format_: str | None, schema: bool, markdown: bool, timeout: float) -> None:
    """Ask the archive in SQL; it is opened read-only, whatever the QUERY says."""
    from archiver.store import query as queries

    if schema:
        from archiver.store import schema as described

        click.echo(described.as_markdown() if markdown else described.as_text(), nl=False)
        return
    if not query:
        raise UsageError('expected a query, for example: archiver sql "SELECT title FROM posts LIMIT 5"')
    with queries.stream(obj.database(), query, timeout=timeout) as found:
        _print(found, format_)


def _print(found: Result | Stream, format_: str | None = None) -> None:
    """Print rows as asked for; a table by default, cut to the terminal's width only when there is a terminal."""
    from shutil import get_terminal_size

    from archiver.store import results

    if format_ is None:
        width = get_terminal_size().columns if sys.stdout.isatty() else None
        lines = results.as_table(found, width)
    else:
        lines = {"json": results.as_json, "lines": results.as_lines, "csv": results.as_csv}[format_](found)
    sys.stdout.writelines(lines)


@main.command()
@click.argument("post", type=int)
@click.option("--format", "format_", type=click.Choice(["markdown", "text", "json"]), default="markdown")
@click.pass_obj
def show(obj: Context, post: int, format_: str) -> None:
    """Print a POST, by the number in its address."""
    result = obj.ask("SELECT * FROM posts WHERE id = ?", post)
    if not result.rows:
        raise ArchiverError(f"expected post {post} in the archive, found none; `archiver gaps` lists what is missing")
    row = dict(zip(result.columns, result.rows[0], strict=True))
    if format_ == "json":
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        head = f"# {row['title']}\n\n" if format_ == "markdown" else f"{row['title']}\n\n"
        click.echo(head + row[format_])


@main.command()
@as_json
@click.pass_obj
def runs(obj: Context, json_: bool) -> None:
    """List the runs, newest first."""
    columns = "id, started_at, finished_at, outcome, exit_code, requests, new, changed, failed, command"
    result = obj.ask(f"SELECT {columns} FROM run_log ORDER BY id DESC")  # noqa: S608
    _print(result, "json" if json_ else None)


@main.command()
@as_json
@click.pass_obj
def gaps(obj: Context, json_: bool) -> None:
    """List every address the archive knows of and does not hold, and why."""
    result = obj.ask("SELECT url, kind, state, reason, attempts, first_seen_at FROM gaps ORDER BY kind, url")
    _print(result, "json" if json_ else None)


@main.command()
@as_json
@click.pass_obj
def status(obj: Context, json_: bool) -> None:
    """Say what the archive holds, how the last run went, and what needs a look."""
    facts = dict(zip(*_status(obj), strict=True))
    if json_:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {'-' if value is None else value}")


def _status(obj: Context) -> tuple[list[str], list[Any]]:
    result = obj.ask(STATUS)
    return list(result.columns), list(result.rows[0])


STATUS = """
SELECT (SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM posts WHERE status = 'gone') AS posts_gone,
       (SELECT count(*) FROM post_revisions) AS revisions,
       (SELECT count(*) FROM post_revisions WHERE status = 'review') AS revisions_for_review,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM formulas) AS formulas,
       (SELECT count(*) FROM images) AS images,
       (SELECT count(*) FROM captures) AS captures,
       (SELECT count(*) FROM gaps) AS gaps,
       (SELECT max(id) FROM runs) AS last_run,
       (SELECT started_at FROM runs ORDER BY id DESC LIMIT 1) AS last_run_started_at,
       (SELECT outcome FROM runs ORDER BY id DESC LIMIT 1) AS last_run_outcome
"""


@main.command()
@click.pass_obj
def migrate(obj: Context) -> None:
    """Bring the database to the tables this version of the program uses; every crawl does so by itself."""
    from archiver.store.database import Archive
    from archiver.store.migrate import HEAD

    obj.home.mkdir(parents=True, exist_ok=True)
    with Archive(obj.database()):
        click.echo(f"{obj.database()}: tables of revision {HEAD}")
