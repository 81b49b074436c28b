"""Commands that fetch: crawl, demo."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import notifying, progress
from archiver.cli.context import PAUSE, Context, as_json, by_kind, origin
from archiver.counting import counted
from archiver.errors import ArchiverError, ExitCode
from archiver.loading import loading
from archiver.profile import BESIDE, LISTS
from archiver.store.totals import TOTALS

if TYPE_CHECKING:
    from archiver.crawl.place import ArchiveLocation
    from archiver.crawl.run import Run
    from archiver.crawl.runner import CrawlReport
    from archiver.crawl.servers import Servers


def kinds(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the kinds of page in a comma-separated list."""
    found = tuple(sorted({word.strip() for word in value.split(",") if word.strip()}))
    if unknown := [word for word in found if word not in BESIDE]:
        raise click.BadParameter(f"expected some of {', '.join(BESIDE)}, found {', '.join(unknown)}")
    return found


@click.command(short_help="Fetch what is new on the blog.")
@click.argument("sources", nargs=-1, type=click.Choice(LISTS))
@click.option("--site", metavar="URL", default="", callback=origin, help="Where to fetch from. [the blog itself]")
@click.option("--category", "slugs", multiple=True, metavar="SLUG", help="Only this category; may be repeated.")
@click.option("--index", metavar="FILE|URL", default="", help="Curated index, Markdown or HTML. [the bundled one]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after this many posts.")
@click.option("--delay", type=PAUSE, metavar="S", help="Seconds between requests. [3]")
@click.option("--concurrency", type=click.IntRange(1, 64), metavar="N", help="Requests at a time. [1]")
@click.option("--full", is_flag=True, help="Fetch everything again, not only what is new or has changed.")
@click.option(
    "--recheck",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="N",
    help="Re-check this many of the posts unchecked longest, and one independent page per ten.",
)
@click.option("--no-comments", is_flag=True, help="Fetch no further pages of comments.")
@click.option("--no-images", is_flag=True, help="Fetch no pictures.")
@click.option(
    "--without",
    metavar="KINDS",
    default="",
    callback=kinds,
    help="Leave these out, separated by commas: front, tags, pages, feeds, files.",
)
@click.option(
    "--from", "source", type=click.Path(path_type=Path), metavar="DIR", help="Answer from this archive, offline."
)
@click.option("--at", default="", metavar="DATE", help="With --from: as of this date.")
@click.option("--mirror", is_flag=True, help="Treat --site as a copy of the blog in this archive.")
@click.option("--contact", envvar="ARCHIVER_CONTACT", default="", help="Added to the user agent. [$ARCHIVER_CONTACT]")
@as_json
@click.pass_obj
def crawl(obj: Context, /, sources: tuple[str, ...], site: str, json_: bool, **asked: Any) -> None:
    """Fetch what is new, from the blog's lists, categories, a curated index and links, or only from these SOURCES.

    One request at a time, three seconds apart. Stop it when you like: the next run resumes where it stopped.
    """
    try:
        report = crawled(obj, {"sources": sources, "site": site} | asked)
    except ArchiverError as error:
        notifying.tell_error(obj, error)
        raise
    click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if json_ else report_text(obj, report))
    notifying.tell(obj, report)
    if report.exit_code in (ExitCode.DONE, ExitCode.INCOMPLETE):
        _keep_vectors_up(obj)
    sys.exit(report.exit_code)


def _keep_vectors_up(obj: Context) -> None:
    """Make vectors of new posts, if the archive has any and the model is installed: seconds per post."""
    from archiver.cli.searching import bring_vectors_up_to_date
    from archiver.store import vector_index
    from archiver.store.database import Archive
    from archiver.text import embedding

    if not embedding.installed():
        return
    with Archive(obj.database()) as archive:  # a reader would leave files of its own next to the database
        if vector_index.any_kept(archive):
            bring_vectors_up_to_date(obj, archive)


def crawled(obj: Context, asked: dict[str, Any], servers: Servers | None = None) -> CrawlReport:
    """Crawl as the command's options say; return how it went. `servers` are those of a fleet."""
    with loading():
        from archiver.crawl import runner
        from archiver.crawl.servers import UNSHARED

    options = runner.CrawlOptions(
        sources=asked["sources"],
        slugs=asked["slugs"],
        index=asked["index"],
        limit=asked["limit"],
        full=asked["full"],
        recheck=asked["recheck"],
        delay=asked["delay"],
        concurrency=asked["concurrency"],
        comments=not asked["no_comments"],
        images=not asked["no_images"],
        without=asked["without"],
        contact=asked["contact"],
        source=asked["source"],
        at=asked["at"],
        verbose=obj.verbosity > 0,
    )
    return _crawl(obj, obj.place(asked["site"], mirror=asked["mirror"]), options, servers or UNSHARED)


def _crawl(obj: Context, place: ArchiveLocation, options: Any, servers: Servers) -> CrawlReport:
    from archiver.crawl import runner

    if obj.verbosity != 0 or not sys.stderr.isatty():
        return runner.crawl(place, options, servers=servers)
    began = time.monotonic()

    def said(run: Run | None) -> str:
        if run is None:
            return ""
        failed, left = sum(run.counts.gaps.values()), (bar.length or 1) - bar.pos
        return progress.under_way(run.site.path(run.work.asked), failed, bar.pos, left, time.monotonic() - began)

    with click.progressbar(
        length=1,
        label="Addresses",
        width=0,
        bar_template=progress.template(),
        show_pos=True,
        show_eta=False,
        item_show_func=said,
        file=sys.stderr,
    ) as bar:

        def show(run: Run) -> None:
            done, known = run.progress()
            bar.length = max(known, 1)
            bar.update(done - bar.pos, run)

        return runner.crawl(place, options, show, servers)


_MOST_CALLED = 10  # posts in a line of the report


def report_text(obj: Context, report: CrawlReport) -> str:
    """Return the report for people."""
    counts = report.counts
    volume = f"{counted(counts['requests'], 'request')}, {counts['bytes'] / 1e6:.1f} MB"
    posts = [f"{counts[name]} {name}" for name in ("new", "changed", "unchanged")]
    posts += [f"{counts['held']} held for review"] if counts["held"] else []
    posts += [f"{counts['gone']} gone"] if counts["gone"] else []
    lines = [
        f"Run {report.run}: {report.message} ({report.seconds:g} s, {volume})",
        f"Posts: {', '.join(posts)}",
        f"New comments: {counts['comments_new']}. Images: {counts['pages'].get('image', 0)}.",
    ]
    if report.comments_missing:
        lines.append(
            f"Comments counted by the blog but not archived: {report.comments_missing}; `archiver gaps` says where."
        )
    if report.comments_elsewhere:
        lines.append(
            f"Posts whose comments are hosted by a service: {report.comments_elsewhere}; `archiver gaps` names it."
        )
    lines += report.notes
    if counts["waiting"]:
        waiting = by_kind(counts["waiting"])
        lines.append(f"Not believed, so left for later: {waiting}; `archiver accept` says why.")
    if counts["failed"]:
        lines.append(f"Not archived: {by_kind(counts['gaps'])}; `archiver gaps` says why.")
    for name, found in report.disagreements.items():
        shown = ", ".join(obj.called(found[:_MOST_CALLED])) + (" …" if len(found) > _MOST_CALLED else "")
        lines.append(f"{counted(len(found), 'post')} {name}: {shown}")
    return "\n".join(lines)


@click.command()
@click.pass_obj
def demo(obj: Context) -> None:
    """Archive the bundled sample blog, then say what to try next."""
    with loading():
        from archiver.crawl import runner
        from archiver.crawl.servers import UNSHARED
    from archiver.bundled import sample_folder
    from archiver.sample import SampleBlog, serving

    home = obj.home if obj.home_given else obj.home / "demo"
    here = replace(obj, home=home, home_given=True, warc_url=None, keep_local=None)
    options = runner.CrawlOptions(index=str(sample_folder() / "index.md"), delay=0, concurrency=4)
    with serving(SampleBlog()) as site:
        report = _crawl(here, here.place(site), options, UNSHARED)
    click.echo(_demo_text(here, report))
    sys.exit(report.exit_code)


def _demo_text(obj: Context, report: CrawlReport) -> str:
    found = obj.ask(f"SELECT {TOTALS}")  # which is constant
    totals = dict(zip(found.columns, found.rows[0], strict=True))
    nouns = {"posts": "post", "comments": "comment", "formulas": "formula", "images": "image", "captures": "capture"}
    figures = ", ".join(counted(totals[column], noun) for column, noun in nouns.items())
    command = "archiver" if shutil.which("archiver") else sys.argv[0]
    first = obj.ask("SELECT min(id) FROM posts").rows[0][0]
    tries = [f'sql "{EXAMPLE}"', "search 连分数", f"show {first}", "sql --schema", "status", "serve"]
    return "\n".join(
        [
            f"Archived the sample blog into {obj.home} in {report.seconds:g} s: {figures}.",
            "",
            "Try next:",
            *(f"  {command} --home {obj.home} {words}" for words in tries),
            f"  {command} crawl --limit 10      (the real blog, politely: three seconds between requests)",
        ]
    )


EXAMPLE = "SELECT id, title, published_on FROM posts ORDER BY published_on DESC LIMIT 5"


COMMANDS = (crawl, demo)
