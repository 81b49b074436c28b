"""A blog nobody wrote a profile for: from its address alone to an archive that is kept up to date."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from archiver import sites
from archiver.items import TOO_MANY
from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions
from archiver.web.reader.serve import serving as shown
from tests.rendered import NOTES, Note, Rendered, serving
from tests.zygote import Zygote

QUICKLY = ("--delay", "0")
PATHS = ["/2021/03/04/{slug}/", "/notes/{slug}/", "/{slug}.html", "/{slug}/", "/a/b/{slug}"]
GISCUS = '<script src="https://giscus.app/client.js" data-repo="chalk/marks" data-mapping="pathname" async></script>'


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "address", ["/{year}/{month}/{day}/{slug}/", "/notes/{slug}.html", "/{slug}/", "/b/{year}/{slug}"]
)
def test_two_commands_archive_a_blog_by_its_address_alone(archiver: Zygote, tmp_path: Path, address: str) -> None:
    blog = Rendered(address=address)
    with serving(blog) as origin:
        begun = archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY)
        assert begun.returncode == 0, begun.stderr
        crawled = archiver("--home", tmp_path, "crawl", *QUICKLY)
    assert crawled.returncode == 0, crawled.stderr
    known = {(note.title, blog.path(note), note.day, "Ada Sponge") for note in blog.notes}
    found = rows(tmp_path, "SELECT title, url, published_on, author FROM posts")
    assert {(title, url.removeprefix(origin), day, author) for title, url, day, author in found} == known
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT tex) FROM formulas") == [(24, 24)]
    assert rows(tmp_path, "SELECT title FROM pages") == [("About",)]
    assert rows(tmp_path, "SELECT DISTINCT t.name FROM tags AS t JOIN post_tags AS p ON p.tag_id = t.id") == [
        ("limits",)
    ]


def test_a_further_crawl_asks_for_what_the_lists_say_is_new_or_changed(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
        gone = next(note for note in blog.notes if note.slug == "note-07")
        blog.notes = tuple(note for note in blog.notes if note is not gone)
        blog.edit("note-05", text="<p>The fifth line was $5$ all along, says the caretaker.</p>", changed="2026-02-03")
        blog.notes += (Note("note-99", "The last note on chalk", "2026-02-01", "<p>There is no more, $0$.</p>"),)
        blog.asked.clear()
        assert archiver("--home", tmp_path, "crawl", "--recheck", "0", *QUICKLY).returncode == 0
        asked = [path for path in blog.asked if "/note-" in path]
        for _ in range(2):
            archiver("--home", tmp_path, "crawl", "--recheck", "0", *QUICKLY)
    edited = next(note for note in blog.notes if note.slug == "note-05")
    assert sorted(asked) == sorted([blog.path(edited), blog.path(blog.notes[-1])])
    assert len(rows(tmp_path, "SELECT post_id FROM revisions GROUP BY post_id HAVING count(*) > 1")) == 1
    assert rows(tmp_path, "SELECT title FROM posts WHERE status = 'gone'") == [(gone.title,)]


def test_an_icon_with_its_version_is_archived_and_a_counter_is_not(archiver: Zygote, tmp_path: Path) -> None:
    """Each page of a blog may have a counter of its own, with another query."""
    shown = '<img src="/hits.gif?n=7"><img src="/chalk.png?v=2.8.0">'
    with serving(blog := Rendered(beside=shown)) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert "/chalk.png?v=2.8.0" in blog.asked
    assert "/hits.gif?n=7" not in blog.asked


def test_a_listed_post_that_is_not_there_is_named_by_its_path(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    blog.without = (lost := blog.path(NOTES[3]),)
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        crawled = archiver("--home", tmp_path, "crawl", *QUICKLY)
    assert f"1 post in the list but not archived: {lost}\n" in crawled.stdout


def test_a_held_version_of_a_post_without_a_number_in_its_address_is_accepted(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
        blog.edit("note-05", text="<p>Wiped.</p>", changed="2026-02-03")
        assert archiver("--home", tmp_path, "crawl", "--recheck", "0", *QUICKLY).returncode == 0
    ((number,),) = rows(tmp_path, "SELECT id FROM posts WHERE url LIKE '%note-05/'")
    assert archiver("--home", tmp_path, "accept", str(number)).returncode == 0
    assert rows(tmp_path, f"SELECT text FROM posts WHERE id = {number}") == [("Wiped.",)]


def test_the_records_alone_make_the_same_archive_of_it(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered(address="/{slug}/")
    home, copy = tmp_path / "home", tmp_path / "copy"
    with serving(blog) as origin:
        assert archiver("--home", home, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", home, "crawl", *QUICKLY).returncode == 0
    shutil.copytree(home / "warc", copy / "warc")
    assert archiver("--home", copy, "rebuild").returncode == 0
    for what in (
        "id, url, title, author, published_on, markdown FROM posts",
        "url, title FROM pages",
        "url, status FROM captures",
    ):
        assert rows(copy, f"SELECT {what} ORDER BY 1, 2") == rows(home, f"SELECT {what} ORDER BY 1, 2")
    assert (copy / sites.FILE).read_text("utf-8") == (home / sites.FILE).read_text("utf-8")


def test_probe_tells_what_made_a_blog_and_what_it_would_not_get(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered(beside=GISCUS)
    with serving(blog) as origin:
        done = archiver("--home", tmp_path, "probe", f"{origin}/", "--json", *QUICKLY)
    found = json.loads(done.stdout)
    assert (done.returncode, found["engine"], found["posts"], found["title"]) == (0, "hexo", 24, "Chalk Marks")
    assert {(each["reader"], each["posts"], each["whole"]) for each in found["lists"]} == {
        ("feed", 10, False),
        ("sitemap", 24, True),
    }
    assert found["post"]["formulas"] == 1
    assert any("giscus (repository chalk/marks" in each for each in found["cannot"])
    assert not (tmp_path / "archive.db").exists()


def test_a_profile_that_was_edited_is_tried_before_a_crawl(archiver: Zygote, tmp_path: Path) -> None:
    with serving(Rendered()) as origin:
        drafted(archiver, tmp_path, origin, ('"/sitemap.xml"', '"/sitmap.xml"'))
        done = archiver("--home", tmp_path, "probe", "--json", *QUICKLY)
        found = json.loads(done.stdout)
        note = f"{origin}{Rendered().path(NOTES[2])}"
        of_post = archiver("--home", tmp_path, "probe", note, *QUICKLY)
    assert (done.returncode, of_post.returncode) == (0, 0)
    assert [(each["reader"], each["posts"]) for each in found["lists"]] == [("feed", 10)]
    assert (found["engine"], found["posts"], found["post"]["title"]) == ("hexo", 10, "Note 8 on chalk")
    assert found["cannot"][0].startswith(f"use a list of the profile: expected a page at {origin}/sitmap.xml")
    assert found["site.toml"] == (tmp_path / sites.FILE).read_text("utf-8")
    assert f"Read {note}:" in of_post.stdout
    assert "begins: The 3th line of chalk" in of_post.stdout
    assert "ends: " in of_post.stdout
    assert not (tmp_path / "archive.db").exists()


def test_the_reader_counts_no_comments_where_they_are_at_a_service(archiver: Zygote, tmp_path: Path) -> None:
    with serving(Rendered(beside=GISCUS)) as origin:
        drafted(archiver, tmp_path, origin)
        assert archiver("--home", tmp_path, "crawl", "--limit", "1", *QUICKLY).returncode == 0
    ((number,),) = rows(tmp_path, "SELECT id FROM posts")
    served = shown(tmp_path, database_url(tmp_path), ServeOptions(port=0, replay_port=0))
    with served as address, urlopen(f"{address}posts/{number}") as answer:
        text = answer.read().decode()
    assert "comments are at giscus (repository chalk/marks" in text
    assert "No comments." not in text
    assert "0 comments" not in text


def test_what_robots_forbids_is_not_asked_for_by_a_visit_either(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    files = Rendered.files
    with serving(blog) as origin, pytest.MonkeyPatch.context() as patch:
        rules = {"/robots.txt": ("text/plain", "User-agent: *\nDisallow: /sitemap.xml\n")}
        patch.setattr(Rendered, "files", lambda self: files(self) | rules)
        done = archiver("--home", tmp_path, "probe", f"{origin}/", "--json", *QUICKLY)
    assert [each["reader"] for each in json.loads(done.stdout)["lists"]][:1] == ["feed"]
    assert "/sitemap.xml" not in blog.asked


class Changed(Rendered):
    """The blog with some of its files written otherwise."""

    def __init__(self, change: Callable[[str, str, str], str], **how: Any) -> None:
        super().__init__(**how)
        self.change = change

    def files(self) -> dict[str, tuple[str, str]]:
        """Return media type and text of each file; one without text is not there."""
        return {path: (kind, self.change(path, text, self.origin)) for path, (kind, text) in super().files().items()}


def drafted(archiver: Zygote, home: Path, origin: str, *edits: tuple[str, str]) -> Path:
    """Begin an archive, and edit its profile as its owner would; return the profile."""
    assert archiver("--home", home, "init", f"{origin}/", *QUICKLY).returncode == 0
    file = home / sites.FILE
    text = file.read_text("utf-8")
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text, "utf-8")
    return file


def test_some_posts_are_found_by_links_where_no_list_tells_of_any(archiver: Zygote, tmp_path: Path) -> None:
    with serving(Rendered()) as origin:
        drafted(archiver, tmp_path, origin, ("[places]", 'lists = ["furniture"]\n\n[places]'))
        assert archiver("--home", tmp_path, "crawl", "--limit", "2", *QUICKLY).returncode == 0
    assert rows(tmp_path, "SELECT count(*) FROM posts") == [(2,)]
    assert rows(tmp_path, "SELECT count(*) FROM pages") == [(0,)]


def test_a_blog_without_any_list_is_archived_by_its_links(archiver: Zygote, tmp_path: Path) -> None:
    def alone(path: str, text: str, _origin: str) -> str:
        return "" if path in ("/feed/", "/atom.xml", "/sitemap.xml") else text.replace('<link rel="alternate"', "<link")

    with serving(Changed(alone, address="/{slug}.html")) as origin:
        text = drafted(archiver, tmp_path, origin).read_text("utf-8")
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert 'lists = ["furniture"]' in text
    assert rows(tmp_path, "SELECT count(*) FROM posts") == [(24,)]
    assert rows(tmp_path, "SELECT title FROM pages") == [("About",)]


def test_a_page_that_only_leads_on_is_no_post_and_no_page(archiver: Zygote, tmp_path: Path) -> None:
    def stub(to: str) -> str:
        return f'<html><head><title>{to}</title><meta http-equiv="refresh" content="0; url={to}"></head></html>'

    def moved(path: str, text: str, origin: str) -> str:
        links = "".join(f'<a href="/{name}/">{name}</a>' for name in ("was-note", "was-about", "note-99"))
        return text.replace("<main>", f"<main>{links}") if path == "/" else text

    blog = Changed(moved, address="/{slug}/")
    files = blog.files
    hidden = ("text/html", files()[blog.path(NOTES[0])][1].replace("Note 1 ", "Note 100 "))
    stubs = {"/was-note/": ("text/html", stub("/note-100/")), "/was-about/": ("text/html", stub("/about/"))}
    blog.files = lambda: files() | stubs | {"/note-100/": hidden}  # type: ignore[method-assign]
    home, copy = tmp_path / "home", tmp_path / "copy"
    with serving(blog) as origin:
        drafted(archiver, home, origin)
        assert archiver("--home", home, "crawl", *QUICKLY).returncode == 0
    shutil.copytree(home / "warc", copy / "warc")
    assert archiver("--home", copy, "rebuild", "--processes", "1").returncode == 0
    for archive in (home, copy):
        titles = {title for (title,) in rows(archive, "SELECT title FROM posts")}
        assert titles == {note.title for note in NOTES} | {"Note 100 on chalk"}
        assert rows(archive, "SELECT title FROM pages") == [("About",)]


def test_a_list_of_addresses_that_lead_elsewhere_is_left_for_the_next(archiver: Zygote, tmp_path: Path) -> None:
    """Where a server answers everything with its front page, that is no list of posts either."""

    def former(path: str, text: str, origin: str) -> str:
        front = path == "/"
        if path == "/sitemap.xml":
            return text.replace(f"{origin}/notes/", f"{origin}/old/")
        text = text.replace('<link rel="alternate"', "<link")
        return text.replace("<main>", '<main><a href="/?p=12">Newest</a>') if front else text

    blog = Changed(former, address="/notes/{slug}/")
    files = blog.files

    def everything() -> dict[str, tuple[str, str]]:
        found = files()
        again = dict.fromkeys(("/feed/", "/atom.xml", "/index.xml", "/feed.xml", "/rss.xml"), found["/"])
        stubs = {
            f"/old/{note.slug}/": f'<meta http-equiv="refresh" content="0; url=/notes/{note.slug}/">' for note in NOTES
        }
        return (
            found | again | {path: ("text/html", f"<html><head>{stub}</head></html>") for path, stub in stubs.items()}
        )

    blog.files = everything  # type: ignore[method-assign]
    found = probed(archiver, tmp_path, blog)
    assert (found["posts"], found["post"]["title"]) == (24, "Note 8 on chalk")
    assert [each["url"].removeprefix(blog.origin) for each in found["lists"]] == ["/"]
    assert [each["example"].startswith("/notes/") for each in found["addresses"]] == [True]


def test_what_a_profile_takes_out_of_texts_is_in_none(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered(notes=tuple(replace(note, text=f"{note.text}<p class='x'>Buy chalk.</p>") for note in NOTES[:4]))
    with serving(blog) as origin:
        drafted(archiver, tmp_path, origin, ("[places]", '[post]\nwithout = [".none", "p.x"]\n\n[places]'))
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert rows(tmp_path, "SELECT count(*), sum(instr(text, 'Buy')) FROM posts") == [(4, 0)]


def test_a_selector_that_is_none_stops_a_crawl_before_it_begins(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    with serving(blog) as origin:
        drafted(archiver, tmp_path, origin, ("[places]", '[post]\ntext = ["div..x"]\n\n[places]'))
        blog.asked.clear()
        done = archiver("--home", tmp_path, "crawl", *QUICKLY)
    assert (done.returncode, blog.asked) == (2, [])
    assert f"{sites.FILE}: post.text: expected a selector in CSS or XPath, found 'div..x'" in done.stderr


def probed(archiver: Zygote, home: Path, blog: Rendered, path: str = "/") -> dict[str, Any]:
    with serving(blog) as origin:
        done = archiver("--home", home, "probe", f"{origin}{path}", "--json", *QUICKLY)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_blog_that_writes_its_former_name_everywhere_is_known_by_both(archiver: Zygote, tmp_path: Path) -> None:
    def former(_path: str, text: str, origin: str) -> str:
        return text.replace(origin, "https://old.example").replace(
            "</title>", '</title><link rel="canonical" href="https://old.example/">', 1
        )

    found = probed(archiver, tmp_path, Changed(former))
    assert (found["posts"], found["post"]["title"]) == (24, "Note 8 on chalk")
    assert 'hosts = ["127.0.0.1", "old.example"]' in found["site.toml"]


def test_a_front_page_that_only_leads_on_is_not_what_the_blog_is_called(archiver: Zygote, tmp_path: Path) -> None:
    def split(path: str, text: str, _origin: str) -> str:
        onward = '<title>Redirecting...</title><meta http-equiv="Refresh" content="0; URL=\'/about/\'">'
        return onward if path == "/" else text.replace("About |", "Home |")

    assert probed(archiver, tmp_path, Changed(split))["title"] == "Chalk Marks"


def test_pages_that_a_sitemap_names_beside_dated_posts_are_none(archiver: Zygote, tmp_path: Path) -> None:
    def alone(path: str, text: str, origin: str) -> str:
        text = text.replace('<link rel="alternate"', "<link")
        more = "".join(f"<url><loc>{origin}/{name}/</loc></url>" for name in ("talks", "cv", "talks/chalk"))
        return "" if path in ("/feed/", "/atom.xml") else text.replace("</urlset>", f"{more}</urlset>")

    found = probed(archiver, tmp_path, Changed(alone))
    assert (found["posts"], [each["posts"] for each in found["addresses"]]) == (24, [24])


def test_a_page_that_links_all_posts_tells_what_no_list_for_programs_does(archiver: Zygote, tmp_path: Path) -> None:
    """The feed names the newest, with `.html`; the page of all posts leaves that out, as servers let it."""

    def listed(path: str, text: str, _origin: str) -> str:
        if path == "/":
            return text.partition("<main>")[0] + '<a href="/posts">All posts</a></body></html>'
        return "" if path == "/sitemap.xml" else text

    blog = Changed(listed, address="/posts/{slug}.html")
    files = blog.files

    def with_posts() -> dict[str, tuple[str, str]]:
        found = files()
        links = "".join(f'<li><a href="/posts/{note.slug}">{note.title}</a></li>' for note in blog.notes)
        page = f'<html><body><ul>{links}<li><a href="/tags/limits">limits</a></ul></body></html>'
        return found | {"/posts": ("text/html", page)}

    blog.files = with_posts  # type: ignore[method-assign]
    found = probed(archiver, tmp_path, blog)
    assert found["posts"] == 24
    assert {each["reader"]: each["posts"] for each in found["lists"]} == {"feed": 10, "html": 24}
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
        urls = {url.removeprefix(origin) for (url,) in rows(tmp_path, "SELECT url FROM posts")}
    assert urls == {blog.path(note) for note in blog.notes}


def test_a_list_of_what_is_not_there_is_left_for_the_next(archiver: Zygote, tmp_path: Path) -> None:
    def stale(path: str, text: str, origin: str) -> str:
        text = text.replace('<link rel="alternate"', "<link").replace("<main>", '<a href="/">All</a><main>')
        if path == "/sitemap.xml":
            return text.replace(f"{origin}/", f"{origin}/theme-demo/")
        if path == "/":
            return text.replace("<main>", '<main><a href="/archive/">Archive</a>')
        return "" if path in ("/feed/", "/atom.xml") else text

    blog = Changed(stale)
    files = blog.files
    blog.files = lambda: files() | {"/archive/": files()["/tags/limits/"]}  # type: ignore[method-assign]
    found = probed(archiver, tmp_path, blog)
    assert (found["posts"], [each["reader"] for each in found["lists"]]) == (24, ["html"])
    assert found["cannot"][0] == "use /sitemap.xml: it names posts at addresses that do not answer, or lead elsewhere"


@pytest.mark.parametrize(("address", "told"), [("/{slug}/", 10), ("/{year}/{month}/{day}/{slug}/", 24)])
def test_a_day_that_no_page_shows_is_that_of_its_address_or_a_list(
    archiver: Zygote, tmp_path: Path, address: str, told: int
) -> None:
    def without_days(path: str, text: str, _origin: str) -> str:
        if path == "/atom.xml":
            return text
        return re.sub("<time.*?</time>|<lastmod>.*?</lastmod>", "", text)

    blog = Changed(without_days, address=address)
    home, copy = tmp_path / "home", tmp_path / "copy"
    with serving(blog) as origin:
        assert archiver("--home", home, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", home, "crawl", *QUICKLY).returncode == 0
    days = dict(rows(home, "SELECT title, published_on FROM posts"))
    known = {note.title: note.day for note in blog.notes}
    assert {title: day for title, day in days.items() if day} == {title: known[title] for title in days if days[title]}
    assert sum(day is not None for day in days.values()) == told
    shutil.copytree(home / "warc", copy / "warc")
    assert archiver("--home", copy, "rebuild", "--processes", "1").returncode == 0
    assert dict(rows(copy, "SELECT title, published_on FROM posts")) == days


def test_a_feed_whose_every_page_is_the_same_has_an_end(archiver: Zygote, tmp_path: Path) -> None:
    """A static copy of WordPress answers each `?paged=N` with its first page."""
    blog = Rendered(generator="WordPress 6.9", heeds_queries=False)
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert "/feed/?paged=2" in blog.asked
    assert "/feed/?paged=3" not in blog.asked


def test_a_feed_of_wordpress_ends_with_a_page_shorter_than_the_first(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered(generator="WordPress 6.9")
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        blog.asked.clear()
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert [path for path in blog.asked if path.startswith("/feed/")] == ["/feed/", "/feed/?paged=2", "/feed/?paged=3"]


class Endless(dict[str, tuple[str, str]]):
    """Files of a server that makes up older pages of its feed, each with posts that no page before had."""

    def get(self, path: str, default: Any = None) -> Any:
        if not path.startswith("/feed.xml?page="):
            return super().get(path, default)
        page = int(path.partition("=")[2])
        items = "".join(f"<item><link>/about/more/{page}-{number}/</link></item>" for number in range(3))
        further = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="/feed.xml?page={page + 1}"/>'
        return "application/rss+xml", f'<rss version="2.0"><channel>{further}{items}</channel></rss>'


def test_a_list_that_goes_on_without_end_is_cut_and_the_run_says_so(archiver: Zygote, tmp_path: Path) -> None:
    blog = Rendered()
    files = Rendered.files
    with serving(blog) as origin, pytest.MonkeyPatch.context() as patch:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        profile = tmp_path / sites.FILE
        lists = '[places]\nmost_pages = 4\nlists = ["/feed.xml?page=1", '
        profile.write_text(profile.read_text("utf-8").replace("[places]\nlists = [", lists), "utf-8")
        patch.setattr(Rendered, "files", lambda self: Endless(files(self)))
        for _ in range(3):
            done = archiver("--home", tmp_path, "crawl", "--recheck", "0", *QUICKLY)
            assert (done.returncode, "raise most_pages" in done.stdout) == (3, True), done.stdout + done.stderr
            blog.notes = blog.notes[:20]  # what the rest of the list would name is not known to be gone
    assert max(int(path.partition("=")[2]) for path in blog.asked if "page=" in path) == 3  # with Atom's feed, four
    for _ in ("crawled", "rebuilt"):
        assert rows(tmp_path, "SELECT count(*) FROM posts WHERE missing_runs > 0") == [(0,)]
        assert rows(tmp_path, "SELECT state, reason FROM frontier WHERE url LIKE '%page=4'") == [("skipped", TOO_MANY)]
        assert archiver("--home", tmp_path, "rebuild", "--processes", "1").returncode == 0
    profile.write_text(profile.read_text("utf-8").replace("most_pages = 4", "most_pages = 6"), "utf-8")
    with serving(blog) as origin, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rendered, "files", lambda self: Endless(files(self)))
        blog.asked.clear()
        archiver("--home", tmp_path, "crawl", "--recheck", "0", "--site", origin, *QUICKLY)
    assert max(int(path.partition("=")[2]) for path in blog.asked if "page=" in path) == 5


def test_a_blog_without_another_list_of_everything_is_told_by_its_front_page(archiver: Zygote, tmp_path: Path) -> None:
    """Typecho has feeds of the newest posts alone: what is no longer on its front page's list is gone."""
    blog = Rendered(generator="Typecho 1.3.0", without=("/sitemap.xml",))
    with serving(blog) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
        gone, blog.notes = blog.notes[0], blog.notes[1:]
        for _ in range(3):
            assert archiver("--home", tmp_path, "crawl", "--recheck", "0", *QUICKLY).returncode == 0
    assert rows(tmp_path, "SELECT title FROM posts WHERE status = 'gone'") == [(gone.title,)]


def test_a_blog_that_has_an_archive_and_no_other_list_is_told_by_it(archiver: Zygote, tmp_path: Path) -> None:
    """What a new Hexo has: no feed, no sitemap, the newest posts and the years beside each page."""
    blog = Rendered(without=("/sitemap.xml", "/atom.xml", "/feed/"))
    files = Rendered.files

    def with_archive(self: Rendered) -> dict[str, tuple[str, str]]:
        found = files(self)
        newest = "".join(f'<a href="{self.path(note)}">{note.title}</a>' for note in self.notes[:5])
        years = "".join(f'<a href="/archives/{year}/">{year}</a>' for year in range(2010, 2019))
        pages = {path: (kind, text.replace("</body>", f"<aside>{newest}{years}</aside></body>"))
                 for path, (kind, text) in found.items()}  # fmt: skip
        return pages | {"/archives/": pages["/"]}

    with serving(blog) as origin, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rendered, "files", with_archive)
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
        assert archiver("--home", tmp_path, "crawl", *QUICKLY).returncode == 0
    assert {title for (title,) in rows(tmp_path, "SELECT title FROM posts")} == {note.title for note in blog.notes}


def test_the_zone_is_that_of_a_post_where_no_list_has_one(archiver: Zygote, tmp_path: Path) -> None:
    with serving(Rendered(without=("/atom.xml", "/feed/"))) as origin:
        assert archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY).returncode == 0
    assert '\nzone = "+01:00"\n' in (tmp_path / sites.FILE).read_text("utf-8")


def test_init_does_not_make_an_archive_that_of_another_blog(archiver: Zygote, tmp_path: Path) -> None:
    with serving(Rendered()) as origin:
        (tmp_path / "archive.db").touch()
        begun = archiver("--home", tmp_path, "init", f"{origin}/", *QUICKLY)
    assert (begun.returncode, "expected a home without an archive" in begun.stderr) == (2, True)
    assert not (tmp_path / sites.FILE).exists()


def test_init_overwrites_nothing_and_says_what_it_wants(archiver: Zygote, tmp_path: Path) -> None:
    (tmp_path / sites.FILE).write_text("# mine\n", "utf-8")
    again = archiver("--home", tmp_path, "init", "http://127.0.0.1:9/")
    assert (again.returncode, "expected a home without a profile" in again.stderr) == (2, True)
    assert (tmp_path / sites.FILE).read_text("utf-8") == "# mine\n"
    for words, said in (
        (("init", "chalk.example"), "expected the address of a blog"),
        (("init", "https://chalk.example/", "--profile", "gramophone"), "expected a file or one of cnblogs, generic"),
        (("probe", "chalk.example"), "expected the address of a blog"),
        (("probe", "http://["), "expected the address of a blog"),
        (("fleet", "add", "http://["), "expected the address of a blog"),
        (("read", __file__, "--url", "http://["), "expected the address of a page"),
    ):
        done = archiver("--home", tmp_path / "other", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
