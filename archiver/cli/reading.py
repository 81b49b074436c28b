"""Commands over pages outside any archive: read."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import click

from archiver.cli.process import complain
from archiver.errors import ArchiverError, ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.items import Article, EmbeddedPicture

STDIN = "-"
_WEB = ("http://", "https://")
_NOT_IN_FRONT = frozenset({"content", "quality", "witnesses"})


@click.command(short_help="Print the article of any page as Markdown.")
@click.argument("sources", metavar="FILE|URL...", nargs=-1, required=True)
@click.option("--url", metavar="URL", default="", help="Where a saved page comes from, if it does not say so itself.")
@click.option(
    "--from",
    "archive",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Read the pages at the URLs from this WARC, WACZ or ARC file instead of the web.",
)
@click.option("--format", "format_", type=click.Choice(["markdown", "text", "json"]), default="markdown")
@click.option("--json", "format_", flag_value="json", help="The same as --format json.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write pictures embedded in the page to this folder, and link them. [data: addresses in the Markdown]",
)
@click.option("--contact", envvar="ARCHIVER_CONTACT", default="", help="Added to the user agent. [$ARCHIVER_CONTACT]")
def read(
    sources: tuple[str, ...], url: str, archive: Path | None, format_: str, pictures: Path | None, contact: str
) -> None:
    """Print the article of any page as Markdown: of a saved FILE, of `-` for standard input, or of a URL.

    A URL is fetched once; nothing is archived. The article's metadata come first, as YAML.
    """
    failed = 0
    for source in sources:
        try:
            article = _article(source, url, archive, contact)
        except ArchiverError as error:
            if len(sources) == 1:
                raise
            failed += 1
            complain(f"Error: {error}")
        else:
            click.echo(_written(article, format_, pictures))
    if failed:
        sys.exit(ExitCode.FAILED if failed == len(sources) else ExitCode.INCOMPLETE)


def _article(source: str, url: str, archive: Path | None, contact: str) -> Article:
    from archiver.pages.article import parse_article

    if archive is not None:
        if not source.startswith(_WEB):
            raise UsageError(
                f"expected the address of a page in {archive}, such as https://example.org/post/, found {source!r}"
            )
        from archiver.pages.charset import as_utf8
        from archiver.warc.single import latest_page

        record = latest_page(archive, source)
        page = as_utf8(record.body, record.http_header(b"content-type"))
        return parse_article(url or source, page, partial(_recorded, archive))
    if source.startswith(_WEB):
        from archiver.crawl.single import fetch

        fetched = fetch(source, contact=contact)
        return parse_article(url or fetched.url, fetched.body)
    return parse_article(url, _saved(source), partial(_beside, Path(source)) if source != STDIN else None)


def _recorded(archive: Path, addresses: list[str]) -> dict[str, str]:
    """Return the sources of scripts that an archive holds."""
    from archiver.warc.single import latest_scripts

    found = latest_scripts(archive, (address for address in addresses if address.startswith(_WEB)))
    return {url: body.decode("utf-8", "replace") for url, body in found.items()}


def _beside(page: Path, addresses: list[str]) -> dict[str, str]:
    """Return the sources of scripts that were saved with a page, in its folder or one inside it."""
    from archiver.text.notation import MAX_SCRIPT

    folder, found = page.resolve().parent, {}
    for address in addresses:
        with suppress(OSError, ValueError):  # not a file name
            path = (folder / unquote(address.partition("?")[0])).resolve()
            if path.is_relative_to(folder) and path.is_file() and path.stat().st_size <= 4 * MAX_SCRIPT:
                found[address] = path.read_text("utf-8", "replace")
    return found


def _saved(source: str) -> bytes:
    """Return the content of a file or of standard input."""
    from archiver.pages.document import LARGEST

    if source == STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"expected a file or an address that begins with http:// or https://, found {source!r}")
    with path.open("rb") as file:
        body = file.read(LARGEST + 1)
    if body.startswith((b"\x1f\x8b", b"PK\x03\x04", b"WARC/")):
        raise UsageError(f"expected a page, found an archive; try: archiver read --from {source} URL")
    return body


def _written(article: Article, format_: str, pictures: Path | None) -> str:
    if format_ == "json":
        from archiver.media import encoded

        return json.dumps(asdict(article), ensure_ascii=False, indent=2, default=encoded)
    if format_ == "text":
        return f"{article.title}\n\n{article.content.text}"
    from archiver.text import embedded, front_matter

    values = {each.name: getattr(article, each.name) for each in fields(article) if each.name not in _NOT_IN_FRONT}
    known = {name: list(value) if isinstance(value, tuple) else value or None for name, value in values.items()}
    shown = {picture.url: _address(picture, pictures) for picture in article.content.embedded}
    return f"{front_matter.write(known)}\n{embedded.retarget(article.content.markdown, shown)}"


def _address(picture: EmbeddedPicture, folder: Path | None) -> str:
    """Return the address in Markdown of a picture that is in the page itself: its data, or a file that is written."""
    from archiver.media import SUFFIXES
    from archiver.text import embedded

    if folder is None:
        return embedded.data_url(picture.media_type, picture.data)
    name = hashlib.sha256(picture.data).hexdigest()[:16] + SUFFIXES[picture.media_type]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(picture.data)
    return quote(f"{folder.as_posix()}/{name}")


COMMANDS = (read,)
