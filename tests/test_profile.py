"""What a profile says, and what is said of one that is wrong."""

from __future__ import annotations

import copy
import pickle
import tomllib
from pathlib import Path

import pytest

from archiver import profile, sites
from archiver.errors import ProfileInvalid
from archiver.pages import selectors
from archiver.pages.selectors import every
from archiver.probe.draft import Draft
from archiver.urls import Site

TOML = (Path(sites.__file__).parent / "kexue.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('origin = "https://kexue.fm"', 'origin = "kexue.fm"', "origin: expected an origin such as"),
        ('hosts = ["kexue.fm", ', "hosts = [", "hosts: expected kexue.fm of the origin among them"),
        (
            '"furniture"]',
            '"sitemap"]',
            "lists: expected some of catalogue, lists, category, index, furniture",
        ),
        ('name = "kexue.fm"', 'name = "../x"', "name: expected a name of letters"),
        ('zone = "+08:00"', 'zone = "China"', "zone: expected an offset from UTC"),
        ('"/{year}/"', '"/{years}/"', "places.dated[1]: expected none but month, year in braces"),
        ('"/{year}/"', '"/{year/"', "places.dated[1]: expected braces in pairs"),
        (
            'posts = ["div.Post"]',
            "posts = []",
            "listing.posts: expected what 'category' of `lists` asks",
        ),
        ("since = 2009", 'since = "2009"', "since: expected a number, found 2009"),
        ('zone = "+08:00"', "zone = 8", "zone: expected words in quotes, found 8"),
        ('zone = "+08:00"', 'zone = "+08:00"\ncolour = "red"', "colour: expected one of name, titles,"),
        ('zone = "+08:00"\n', "", "the file: expected the key 'zone', found none"),
        ('colour = "#1d4f73"', 'colour = "red"', "reader.colour: expected a colour such as #1d4f73, found 'red'"),
        ('sign = "∮"', 'sign = "integrals"', "reader.sign: expected a character, found 'integrals'"),
        ('drawing = "', 'drawing = "\\" onload=', "reader.drawing: expected the data of an SVG path"),
        ('kind = "tag"', 'kind = "label"', "addresses[8].kind: expected one of catalogue, list, post,"),
        ('canonical = "/archives/{post}"', "", "addresses[1].canonical: expected the one spelling"),
        (
            'canonical = "/archives/{post}"',
            'canonical = "/{number}"',
            "addresses[1].canonical: expected none but post in braces",
        ),
        (
            r"/archives/(?P<post>[1-9]\d{0,8})(?:\.html)",
            r"/archives/([1-9]\d{0,8})(?:\.html)",
            "addresses[1].canonical: expected none but nothing in braces",
        ),
        (
            r"(?P<post>[1-9]\d{0,8})/comment-page-",
            r"([1-9]\d{0,8})/comment-page-",
            "addresses[2].pattern: expected a group (?P<post>...) or (?P<whose>...)",
        ),
        (r"'By\s+(.+?)\s*\|'", r"'By\s+(.+?\s*\|'", "post.author: expected a regular expression, found"),
        (r"'By\s+(.+?)\s*\|'", r"'By\s+.+?\s*\|'", "post.author: expected a group in brackets"),
        ('boxes = ["#PostComment", "#comments"]', 'boxes = "#comments"', "comments.boxes: expected a list"),
        (
            "[comments]\n",
            "[comments]\nmark = 'c[0-9]+'\n",
            "comments.mark: expected a group (?P<id>...) or (?P<place>...)",
        ),
        (
            'zone = "+08:00"',
            'zone = "+25:00"',
            "zone: expected an offset from UTC such as +08:00, or the name of a zone such as Europe/Berlin, found",
        ),
        ("[places]", '[places]\nlists = ["sitemap.xml"]', "places.lists[1]: expected a path such as /sitemap.xml"),
        ("titles = { zh-Hans", "titles = { en = 1, zh-Hans", "expected"),
        ("[gate]", "[gate", "expected TOML, found"),
        ('empty = "下的文章"', "[[listing.empty]]", "listing.empty: expected words in quotes"),
    ],
)
def test_a_wrong_profile_is_told_with_the_place(before: str, after: str, said: str) -> None:
    assert before in TOML
    with pytest.raises(ProfileInvalid) as error:
        profile.read(TOML.replace(before, after, 1), "site.toml")
    assert str(error.value).startswith("site.toml: ")
    assert said in str(error.value)


def test_every_key_of_a_shipped_profile_has_a_reader() -> None:
    root = Path(profile.__file__).parent
    code = "".join(path.read_text("utf-8") for path in root.rglob("*.py") if path.name != "profile.py")
    code += Path(profile.__file__).read_text("utf-8").partition("class Profile:")[2]

    def keys(table: object) -> set[str]:
        tables = table.values() if isinstance(table, dict) else table if isinstance(table, list) else ()
        own = set(table) if isinstance(table, dict) else set()
        return own.union(*map(keys, tables))

    names = keys(tomllib.loads(TOML)) - set(sites.first().titles)
    assert {name for name in names if f".{name}" not in code} == set()


def test_a_profile_is_the_same_one_in_another_process_and_as_a_copy() -> None:
    known = sites.first()
    assert pickle.loads(pickle.dumps(known)) is known
    assert copy.deepcopy(known) is known


def test_every_selector_of_a_shipped_profile_can_be_used() -> None:
    from lxml import html

    known, page = sites.first(), html.document_fromstring("<p>x</p>")
    for part in (known.post, known.page, known.comments, known.listing):
        for name, value in ((name, getattr(part, name)) for name in type(part).__dataclass_fields__):
            if isinstance(value, tuple) and name not in ("footer", "notices", "authors", "texts"):
                assert every(page, *value) == []


def test_a_selector_that_is_none_is_told() -> None:
    from lxml import html

    for wrong in ("div#", "//a["):
        with pytest.raises(ProfileInvalid, match="expected a selector in CSS or XPath"):
            every(html.document_fromstring("<p>x</p>"), wrong)


def test_what_cannot_be_a_selector_is_told_with_its_place_before_any_page_is_read() -> None:
    draft = Draft(origin="https://chalk.example", lists=("/feed/",)).toml()
    for table, key in (("post", "text"), ("post.fields", "tags"), ("post", "without"), ("comments", "boxes")):
        known = profile.read(f'{draft}[{table}]\n{key} = ["div..x"]\n', "site.toml")
        with pytest.raises(ProfileInvalid, match=rf"site\.toml: {table}\.{key}: expected a selector .* 'div\.\.x'"):
            selectors.check(known)
    selectors.check(sites.first())


def test_a_selector_of_a_text_or_an_attribute_is_one_of_its_element() -> None:
    from lxml import html

    page = html.document_fromstring('<h1 title="y">x<b>z</b></h1>')
    for written in ("//h1/text()", "//h1/@title", "//h1"):
        assert [each.tag for each in every(page, written)] == ["h1"]
    for written in ("(//h1)[1] = 3", "(1 + 2)"):
        assert every(page, written) == []


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / sites.FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileInvalid, match=r"site\.toml: expected TOML in UTF-8"):
        sites.in_home(tmp_path)


def test_what_is_called_the_number_of_a_post_and_is_none_tells_it_all_the_same() -> None:
    rules = "[[addresses]]\nkind = 'post'\npattern = '/p/(?P<post>.+)'\ncanonical = '/p/{post}'\n"
    draft = Draft(origin="https://chalk.example", lists=("/feed/",)).toml().partition("[[addresses]]")[0] + rules
    site = Site(profile.read(draft, "site.toml"))
    assert site.post_id("https://chalk.example/p/12") == 12
    assert (site.post_id("https://chalk.example/p/on-limits") or 0) > 999_999_999


def test_a_blog_that_no_profile_is_of_is_not_read_as_another() -> None:
    with pytest.raises(ProfileInvalid, match=r"expected the profile of https://chalk\.example as site\.toml"):
        sites.of("https://chalk.example")
    assert sites.of(None) is sites.first() is sites.of(Site().origin)
