"""Commands for a blog that is new: probe, init."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from archiver.cli.context import PAUSE, Context, as_json, origin
from archiver.config import without_secrets
from archiver.errors import ExitCode, UsageError
from archiver.loading import loading

if TYPE_CHECKING:
    from archiver.pages.promises import PageCheck
    from archiver.probe.visit import Visit

_WEB = ("http://", "https://")


@click.command(short_help="Fetch some pages and show what is recognised in them.")
@click.argument("url", required=False, default="")
@click.option("--site", metavar="URL", default="", callback=origin, help="Where to fetch from. [the blog itself]")
@click.option("--delay", type=PAUSE, metavar="S", help="Seconds between requests. [3]")
@click.option("--contact", envvar="ARCHIVER_CONTACT", default="", help="Added to the user agent. [$ARCHIVER_CONTACT]")
@as_json
@click.pass_obj
def probe(obj: Context, /, url: str, site: str, delay: float | None, contact: str, json_: bool) -> None:
    """Fetch some pages, and show what is recognised in them and what is not; no post is stored.

    Without a URL, this looks at the blog of this archive, by its profile; with the URL of one of its posts, it reads
    that post. Any other URL is that of an unknown blog: this finds out which engine made it, which lists it has, and
    how a post reads. `archiver init URL` writes the findings to a file.
    """
    if url and not _is_own(obj, url):
        found = _visit(url, site, delay, contact)
        _show(found, json_)
        sys.exit(ExitCode.DONE if found.post else ExitCode.MARKUP_CHANGED)
    place = obj.place(site)
    if not place.site.profile.post.heading:
        from archiver.probe.visit import PAUSE, revisit

        again = revisit(place.site, url, contact=contact, pause=PAUSE if delay is None else delay)
        _show(again, json_)
        sys.exit(ExitCode.DONE if again.post else ExitCode.MARKUP_CHANGED)
    with loading():
        from archiver.crawl import runner

    report, findings = runner.probe(place, runner.CrawlOptions(delay=delay, verbose=obj.verbosity > 0))
    if json_:
        rows = [asdict(finding) | {"recognised": finding.recognised} for finding in findings]
        click.echo(json.dumps(report.as_dict() | {"findings": rows}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join([*map(_finding_text, findings), f"{report.message} (captures of run {report.run})"]))
    sys.exit(report.exit_code)


@click.command(short_help="Start an archive of the blog at URL: write its profile.")
@click.argument("url")
@click.option("--profile", metavar="NAME|FILE", default="", help="Assume this engine, or take this file as it is.")
@click.option("--site", metavar="URL", default="", callback=origin, help="Where to fetch from. [the blog itself]")
@click.option("--delay", type=PAUSE, metavar="S", help="Seconds between requests. [3]")
@click.option("--contact", envvar="ARCHIVER_CONTACT", default="", help="Added to the user agent. [$ARCHIVER_CONTACT]")
@click.pass_obj
def init(obj: Context, /, url: str, profile: str, site: str, delay: float | None, contact: str) -> None:
    """Start an archive of the blog at URL: look at it as `probe` does, and write its profile, `site.toml`.

    From then on `archiver crawl` in this home needs no option. You can edit the file: what it says overrides what is
    known of the engine.
    """
    from archiver import profile as profiles
    from archiver import sites
    from archiver.pages import selectors

    file = obj.home / sites.FILE
    if file.exists():
        raise UsageError(f"expected a home without a profile, found {file}: edit it, or choose another --home")
    if held := _held(obj):
        raise UsageError(f"expected a home without an archive, found {held}: choose another --home")
    if profile and Path(profile).is_file():
        known = sites.in_file(Path(profile))
        selectors.check(known)
        text = known.written[0]
        if _host(url) not in known.hosts:
            raise UsageError(f"expected in {profile} the profile of {url}, found that of {known.origin}")
    else:
        if profile and profile not in profiles.engines():
            raise UsageError(f"--profile: expected a file or one of {', '.join(profiles.engines())}, found {profile!r}")
        found = _visit(url, site, delay, contact, profile)
        _show(found, as_json=False)
        if not found.expected:
            raise UsageError(
                f"expected posts in the lists of {url}, found none; write {file} by hand (docs/sites.md shows how)"
            )
        text = found.draft.toml()
    obj.home.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    click.echo(f"Wrote {file}. Next: archiver --home {obj.home} crawl")


def _held(obj: Context) -> str | None:
    """Return where there is an archive, in the home or in the database that is named; None if there is none.

    Raises ArchiverError when that database is on a server that does not answer.
    """
    from archiver.store import query, runs
    from archiver.store.location import FILE_NAME
    from archiver.warc.storage import SUFFIX

    if (file := obj.home / FILE_NAME).exists():
        return str(file)
    if records := next((obj.home / "warc").glob(f"*{SUFFIX}"), None):
        return str(records)
    database = obj.database()
    if query.sqlite_file(database) is None:
        obj.ask("SELECT 1")
    return f"that in {without_secrets(database)}" if runs.any_known(database) else None


def _host(url: str) -> str | None:
    """Return the host of an address on the web; raise UsageError for anything else."""
    with suppress(ValueError):
        if url.startswith(_WEB):
            return urlsplit(url).hostname
    raise UsageError(f"expected the address of a blog, such as https://example.org/, found {without_secrets(url)!r}")


def _is_own(obj: Context, url: str) -> bool:
    """Return whether an address is of a blog with a profile: the archive's own, or a bundled one."""
    from archiver import sites

    host = _host(url)
    own = sites.in_home(obj.home)
    return host in (own or sites.first()).hosts


def _visit(url: str, site: str, delay: float | None, contact: str, engine: str = "") -> Visit:
    from archiver.probe.visit import PAUSE, visit

    _host(url)
    return visit(url, base=site, contact=contact, pause=PAUSE if delay is None else delay, name=engine)


def _show(found: Visit, as_json: bool) -> None:
    from archiver.probe import report

    if as_json:
        click.echo(json.dumps(report.as_dict(found), ensure_ascii=False, indent=2))
    else:
        click.echo(report.as_text(found))


def _finding_text(finding: PageCheck) -> str:
    """Return what was recognised in a page, one line for each thing it should have."""
    capture = f"  (capture {finding.capture_id})" if finding.capture_id is not None else ""
    lines = [f"{'ok ' if finding.recognised else 'NOT'} {finding.kind}  {finding.url}{capture}"]
    lines += [f"      {finding.problem}"] if finding.problem else []
    lines += [
        f"  {'ok ' if each.kept else 'NOT'} {each.name}: {each.found or 'none found'}" for each in finding.promises
    ]
    return "\n".join(lines)


COMMANDS = (probe, init)
