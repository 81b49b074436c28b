"""What every command shares: where the archive is, errors as one line, rows in the form asked for."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from archiver.cli import process
from archiver.config import without_secrets
from archiver.counting import counted
from archiver.errors import FULL, ArchiverError, ExitCode, NotArchived, UsageError

if TYPE_CHECKING:
    from archiver.crawl.place import ArchiveLocation
    from archiver.store.library import Library
    from archiver.store.results import Result, Stream
    from archiver.urls import Site
    from archiver.warc.storage import Storage

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """Options of every command."""

    home: Path
    home_given: bool
    db: str | None
    verbosity: int
    warc_url: str | None = None
    keep_local: int | None = None

    def site(self, base: str = "") -> Site:
        """Return the blog that the archive is of, and where it is fetched from: its own server by default."""
        from archiver.store import blog

        return blog.site(self.home, self.database(), base)

    def place(self, site: str = "", *, mirror: bool = False) -> ArchiveLocation:
        """Return where the archive is and where the blog is fetched from."""
        from archiver.crawl.place import ArchiveLocation
        from archiver.pages import selectors

        known = self.site(site)
        selectors.check(known.profile)
        return ArchiveLocation(home=self.home, db=self.db, site=known, mirror=mirror, **self.warc_options)

    @property
    def warc_options(self) -> dict[str, Any]:
        """Where closed WARC files go, for commands that write."""
        return {"warc_url": self.warc_url, "keep_local": self.keep_local}

    def storage(self) -> Storage:
        """Return the archive's WARC files, for reading."""
        from archiver.storage.elsewhere import storage

        return storage(self.home, self.database())

    def database(self) -> str:
        """Return the URL of the archive's database."""
        from archiver.store.location import database_url

        return database_url(self.home, self.db)

    def library(self) -> Library:
        """Return the archive, for reading."""
        from archiver.store.library import Library

        return Library(self.database(), self.site())

    def called(self, numbers: Sequence[int]) -> list[str]:
        """Return what posts are called in a sentence: by the numbers in their addresses, or else by their paths."""
        from archiver.urls import LARGEST_WRITTEN

        if all(number <= LARGEST_WRITTEN for number in numbers):
            return list(map(str, numbers))
        site, known = self.site(), self.ask("SELECT url FROM frontier WHERE kind = 'post'")
        paths = {site.post_id(url): site.path(url) for (url,) in known.rows}
        return [paths.get(number) or str(number) for number in numbers]

    def ask(self, sql: str, *parameters: Any) -> Result:
        """Return the answer of a read-only query."""
        from archiver.store import query

        return query.run(self.database(), sql, parameters)


class Group(click.Group):
    """Turns errors, ours and the system's, into one line and their exit code, an interrupt or SIGTERM into 130."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Run the command as a program: with these arguments, or with the process's own."""
        if args is None:
            process.speak_chinese()
        process.prepare_streams()
        words = sys.argv[1:] if args is None else args
        set_ = (value for name, value in os.environ.items() if name.startswith("ARCHIVER_"))
        for word in (*words, *set_):
            if word and not _is_text(word):
                # The database, the records and JSON hold text: a path that is not text could be in none of them.
                process.complain(f"Error: expected arguments and file names in UTF-8, found {word!r}; rename it")
                sys.exit(ExitCode.USAGE)
        return super().main(args, *more, **options)

    def make_context(self, *names: Any, **options: Any) -> click.Context:
        """Read what comes before the command, and the settings files, whose faults are one line, too."""
        try:
            return super().make_context(*names, **options)
        except ArchiverError as error:
            process.complain(f"Error: {error}")
            raise click.exceptions.Exit(error.exit_code) from error
        except click.ClickException as error:
            _make_printable(error)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with process.interruptible():
                return self._written(ctx)
        except ArchiverError as error:
            process.complain(f"Error: {error}")
            ctx.exit(error.exit_code)
        except click.ClickException as error:
            _make_printable(error)
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(ExitCode.INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever was reading has left, and click ends without a word
            process.silence_output()
            process.complain(
                f"Error: expected to use {error.filename or 'the output'}, found: {error.strerror or error}"
            )
            ctx.exit(ExitCode.DISK_FULL if error.errno in FULL else ExitCode.FAILED)

    def _written(self, ctx: click.Context) -> Any:
        """Run the command, and write its output before the exit code is settled."""
        try:
            return super().invoke(ctx)
        finally:
            sys.stdout.flush()


def _make_printable(error: click.ClickException) -> None:
    if not isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the help, with its line ends
        vars(error)["message"] = process.printable(error.message)  # for type checkers it is final


def _is_text(word: str) -> bool:
    """Return whether a value from the system is text: Python puts surrogates for bytes that are not."""
    return word.isascii() or not any("\ud800" <= character <= "\udfff" for character in word)


def _site(ctx: click.Context | None) -> Site:
    """Return the blog that the archive of a command is of."""
    from archiver.urls import Site

    return ctx.obj.site() if ctx and isinstance(ctx.obj, Context) else Site()


def _addresses(ctx: click.Context | None, table: str) -> list[str]:
    """Return the addresses of the posts or pages that the archive of a command has."""
    asked = ctx.obj.ask(f"SELECT url FROM {table}") if ctx and isinstance(ctx.obj, Context) else None  # noqa: S608
    return [str(url) for (url,) in asked.rows] if asked else []


class PostNumber(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """The number of a post; or its address, its comments', its path, the last part of it or its BibTeX key."""

    name = "post"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; raises UsageError when there is none, or several posts may be meant."""
        from archiver.urls import LARGEST_POST, LARGEST_WRITTEN

        site = _site(ctx)
        text = str(value).removeprefix(site.profile.citation_key)
        given = int(text[:20]) if text.isascii() and text.isdigit() else 0
        if LARGEST_WRITTEN < given <= LARGEST_POST or (given and site.post_url(given)):
            return given
        url = site.resolve(text)
        url = (site.discussion(url) or (url,))[0]
        number = site.post_id(url)
        if url and number and site.post_url(number):
            return number
        held = _addresses(ctx, "posts")
        meant = [url] if url in held else [each for each in held if value in (site.name(each), site.citation(each))]
        if len(meant) > 1:
            raise UsageError(f"expected the address of one post, found {value!r}, which may be {' or '.join(meant)}")
        if found := site.post_id(meant[0] if meant else None):
            return found
        if number:
            raise NotArchived(str(url))
        raise UsageError(f"expected the number of a post, such as 8265, or its address, found {str(value)[:80]!r}")


class PostOrPage(PostNumber):
    """A post as above, or the canonical address of an independent page: given whole, or as `me.html`."""

    name = "post or page"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number of a post or the address of a page; raises UsageError when it is neither."""
        site = _site(ctx)
        url = site.resolve(str(value))
        if url is None or site.furniture_kind(url) != "page":
            return super().convert(value, param, ctx)
        page = (site.discussion(url) or (url,))[0]
        if page in _addresses(ctx, "pages"):
            return page
        with suppress(UsageError):
            return super().convert(value, param, ctx)
        return page


class Seconds(click.FloatRange):
    """A number of seconds; not `nan`, which is a float and within any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"expected a number of seconds, found {value!r}", param, ctx)
        return seconds


PAUSE = Seconds(0, 86_400)
"""The pause between requests: a day at most, as with a longer one a crawl never ends."""


STANDARD_OUTPUT = Path("-")
"""What stands for it where a command writes a file."""


class Target(click.Path):
    """A file or folder that a command writes: any but those that the archive itself consists of."""

    def __init__(self, *, dash: bool = False) -> None:
        super().__init__(path_type=Path, allow_dash=dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; raises UsageError when writing there would harm the archive."""
        given = Path(os.fsdecode(super().convert(value, param, ctx)))
        if ctx and isinstance(ctx.obj, Context) and given != STANDARD_OUTPUT:
            _spare(ctx.obj, given)
        return given


def write_text(target: Path, text: str, said: str) -> None:
    """Write a text to a file, and say of it what is to be said; or to standard output, and nothing else there."""
    from archiver.durable import replacing

    if target == STANDARD_OUTPUT:
        click.echo(text, nl=False)
        return
    with replacing(target) as file:
        file.write(text.encode())
    click.echo(f"{target}: {said}")


def _spare(archive: Context, given: Path) -> None:
    """Raise UsageError when a path is the archive's folder, one around it, or a part of the archive."""
    from archiver import config, sites
    from archiver.store import location, lock, own
    from archiver.warc import index

    path, home = given.resolve(), archive.home.resolve()
    database = location.plain_file(archive.database())
    files = [home / location.FILE_NAME, home / own.NAME, *([database.resolve()] if database else [])]
    names = (lock.NAME, index.NAME, sites.FILE, config.FILE, "warc", "logs")
    parts = {(home / name).resolve() for name in names}
    beside = any(path.parent == each.parent and path.name.startswith(each.name) for each in files)
    if beside or home.is_relative_to(path) or not parts.isdisjoint((path, *path.parents)):
        raise UsageError(f"{given}: expected a place of its own, found a part of the archive; choose another")


def as_rows(command: Command) -> Command:
    """Add the options of a command that prints rows: for programs, in one of three forms."""
    for option in (
        click.option(
            "--csv", "format_", flag_value="csv", help="Print CSV; cells a spreadsheet would run are disarmed."
        ),
        click.option("--nl", "format_", flag_value="lines", help="Print one JSON object per line."),
        click.option("--json", "format_", flag_value="json", help="Print a JSON list of objects."),
    ):
        command = option(command)
    return command


def as_json(command: Command) -> Command:
    """Add the option to print JSON."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON.")(command)


def print_found(
    whole: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], columns: Sequence[str], format_: str
) -> None:
    """Print what a command found for programs: all of it as JSON, or its rows, with these columns, in another form."""
    from archiver.store.results import Result

    if format_ == "json":
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    # A cell of CSV holds no list.
    cell = _as_text if format_ == "csv" else lambda value: value
    print_rows(Result(tuple(columns), [tuple(cell(row[name]) for name in columns) for row in rows]), format_)


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple | dict) else value


def by_kind(counts: Mapping[str, int]) -> str:
    """Return how many pages there are of each kind: `1 catalogue, 10 categories`."""
    return ", ".join(counted(count, "comment page" if kind == "comments" else kind) for kind, count in counts.items())


def room(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    """Read a number of bytes such as `10GB`; a callback for options."""
    if text is None:
        return None
    found = _ROOM.fullmatch(text.strip())
    if not found:
        raise click.BadParameter(f"expected a number of bytes such as 500MB, 10GB or 0, found {text!r}")
    return int(float(found[1]) * 1000 ** " KMGT".index(found[2].upper() or " "))


_ROOM = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([KMGT]?)i?B?", re.IGNORECASE)


def length(ctx: click.Context, option: click.Parameter, text: str | None) -> timedelta | None:
    """Read a duration such as `26h`; a callback for options."""
    from archiver.schedule import parse_duration

    return parse_duration(text) if text else None


def origin(_context: click.Context, _option: click.Parameter, site: str) -> str:
    """Return the origin that an option names, or nothing if it names none; a callback for options.

    Raises UsageError when it is not one.
    """
    if not site:
        return ""
    try:
        parts = urlsplit(site)
        whole = bool(parts.hostname) and (parts.port is not None or not parts.netloc.endswith(":"))
    except ValueError:  # invalid brackets or port
        whole = False
    if not whole or parts.scheme not in ("http", "https") or parts.path.strip("/") or parts.query:
        raise UsageError(f"--site: expected an origin such as https://example.org, found {without_secrets(site)!r}")
    return f"{parts.scheme}://{parts.netloc}"


def print_rows(found: Result | Stream, format_: str | None = None) -> None:
    """Print rows in the chosen form; a table by default, cut to the terminal's width only when there is a terminal."""
    from shutil import get_terminal_size

    from archiver.store import results

    if format_ is None:
        width = get_terminal_size().columns if sys.stdout.isatty() else None
        lines = results.as_table(found, width)
    else:
        lines = {"json": results.as_json, "lines": results.as_lines, "csv": results.as_csv}[format_](found)
    sys.stdout.writelines(lines)
