"""A post as one file with everything in it."""

from __future__ import annotations

from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from archiver.export.notice import notice
from archiver.export.pictures import Pictures
from archiver.static import formulas
from archiver.static.links import Links
from archiver.static.pages import OWN, Pages
from archiver.store.library import Library
from archiver.warc.storage import Storage
from archiver.web.reader.desk import Desk, Static

_STYLES = ("blog", "reader", "phone", "display", "printed")
"""The reader's style sheets, in the order in which its pages have them."""
_STYLE = "<style></style>"


def page(
    library: Library, home: Path, warc: Storage, number: int, *, comments: bool, language: str
) -> tuple[str, str | None]:
    """Return a post as a page of HTML that needs no other file, and what is missing in it, in words.

    Raises UsageError when the archive does not hold the post.
    """
    said = notice([library.post(number)], library.site.profile)
    pictures = Pictures(library, warc)
    with closing(Desk.open(home, library.database, site=library.site)) as here:
        static = Static(sentences=said.sentences(language), alone=True, without_comments=not comments)
        here = replace(here, static=static)
        pages = Pages(here, language)
        address = f"/posts/{number}"
        html = formulas.set_all(pages.get(address).decode())
        html = Links(here, lambda url: _data(pictures, url), {}).relative(html, address)
        styles = [pages.get(f"/static/{name}.css") for name in _STYLES] + [(OWN / "site.css").read_bytes()]
        html = html.replace(_STYLE, f"<style>\n{b''.join(styles).decode()}</style>", 1)
    return html, pictures.report()


def _data(pictures: Pictures, url: str) -> str | None:
    picture = pictures.find(url)
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode()}" if picture else None
