"""Pictures that stand in pages themselves: each is kept once, and none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver import media
from archiver.items import CommentPage, Content, EmbeddedPicture, Image
from archiver.store import embedded
from tests.store.test_pages import Shelf, comment, page, shelf

__all__ = ["shelf"]

ALL = "SELECT url, media_type, size, length(data) FROM embedded_pictures ORDER BY size"


def picture(data: bytes) -> EmbeddedPicture:
    return EmbeddedPicture(url=media.digest_url(data), media_type="image/png", data=data)


def content(*data: bytes) -> Content:
    pictures = tuple(map(picture, data))
    images = tuple(Image(position=n, url=one.url, alt="", caption="") for n, one in enumerate(pictures))
    return Content(markdown="甲", text="甲", images=images, embedded=pictures)


def test_a_picture_is_kept_once_wherever_it_stands(shelf: Shelf) -> None:
    said = replace(comment(1), content=content(b"1", b"22"))
    shelf.see(replace(page(said=(said,)), content=content(b"1", b"1")))
    shelf.see(replace(page("改了，这里换了一段话来说，长短差不多。"), content=content(b"333")))
    shelf.see(page("又改了，这里再换一段话来说，长短差不多。"))
    assert shelf.rows(ALL) == [(picture(b"1" * 1).url, "image/png", 1, 1)] + [
        (picture(str(n).encode() * n).url, "image/png", n, n) for n in (2, 3)
    ]


def test_pictures_of_a_page_of_comments_are_kept(shelf: Shelf) -> None:
    said = replace(comment(1), content=content(b"1"))
    embedded.save(shelf.archive.session, CommentPage(post_id=1, page=1, comments=(said,)))
    assert len(shelf.rows(ALL)) == 1


def test_other_bytes_than_the_address_names_are_told(shelf: Shelf) -> None:
    embedded.keep(shelf.archive.session, [picture(b"1"), replace(picture(b"22"), data=b"23")])
    shelf.archive.commit()
    assert [embedded.is_whole(one) for one in sorted(embedded.read(str(shelf.database)), key=lambda one: one.data)] == [
        True,
        False,
    ]


@pytest.mark.parametrize("data", [b"", b"1"])
def test_an_address_by_digest_is_as_the_standard_has_it(data: bytes) -> None:
    address = media.digest_url(data)
    assert media.is_digest(address)
    assert len(address) == len("ni:///sha-256;") + 43
    assert media.digest_url(b"Hello World!") == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"  # RFC 6920
