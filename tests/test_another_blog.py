"""An archive of another blog: what its owner says in `site.toml` holds for everything that is done with it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import archiver
from archiver import profile, sites
from archiver.sample import SampleBlog, serving
from archiver.store.location import database_url
from archiver.urls import LARGEST_WRITTEN, Site
from archiver.web.reader import look
from archiver.web.reader.serve import ServeOptions
from archiver.web.reader.serve import serving as reading
from tests.crawl.conftest import Crawled, few
from tests.zygote import ROOT, Completed, Zygote

NAMED = re.compile(r"kexue|spaces\.ac\.cn|科学空间|scientific spaces", re.IGNORECASE)

TOML = (Path(sites.__file__).parent / "kexue.toml").read_text("utf-8")
CHALK = (
    TOML.replace('"https://kexue.fm"', '"https://chalk.example"')
    .replace('["kexue.fm", "www.kexue.fm", "spaces.ac.cn", "www.spaces.ac.cn"]', '["chalk.example"]')
    .replace('name = "kexue.fm"', 'name = "chalk.example"')
    .replace('{ zh-Hans = "科学空间", en = "Scientific Spaces" }', '{ en = "Chalk Marks" }')
    .replace('"kexuefm-"', '"chalk-"')
    .replace('"category", "index", "furniture"]', '"category", "furniture"]')
)
"""A blog that is like the first one, under other names."""

SLATE = (
    CHALK.replace("chalk.example", "slate.example")
    .replace("Chalk Marks", "Slate & Co")
    .replace('"chalk-"', '"slate-"')
    .replace(r"'/archives/(?P<post>[1-9]\d{0,8})(?:\.html)?/?'", r"'/archives/(?P<name>[1-9]\d{0,8})(?:\.html)?/?'")
    .replace(r"'/archives/(?P<post>[1-9]\d{0,8})/", r"'(?P<whose>/archives/[1-9]\d{0,8})/")
    .replace('"/archives/{post}"', '"/archives/{name}"')
    .replace('"/archives/{post}/comment-page-{page}"', '"{whose}/comment-page-{page}"')
)
SLATE = SLATE[: SLATE.index("[reader]")] + SLATE[SLATE.index("[post]") :]
"""The same blog, its posts known by their addresses alone."""

POSTS = "id, url, title, author, published_on, markdown, text, license_url, comment_count, status FROM posts"
"""All of posts but the numbers of their versions, which follow the order in which pages came."""


@pytest.fixture(scope="module")
def chalk(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    blog = SampleBlog(source=few())
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("chalk"), blog, site)
        (archive.home / sites.FILE).write_text(CHALK, "utf-8")
        assert archive.crawl(index=False).returncode == 0
        yield archive


@pytest.fixture(scope="module")
def slate(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    blog = SampleBlog(source=few())
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("slate"), blog, site)
        (archive.home / sites.FILE).write_text(SLATE, "utf-8")
        assert archive.crawl(index=False).returncode == 0
        yield archive


@contextmanager
def reader(home: Path) -> Iterator[Callable[[str], HTTPResponse]]:
    """Return what asks a reader of the archive, without following redirects."""
    with reading(home, database_url(home), ServeOptions(port=0, replay_port=0)) as address:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=20)

        def get(path: str) -> HTTPResponse:
            connection.request("GET", path)
            return connection.getresponse()

        yield get
        connection.close()


def run(archive: Crawled, home: Path, *words: str | Path) -> Completed:
    return archive.archiver("--home", home, *words)


def test_nothing_but_its_profile_names_a_blog() -> None:
    files = [path for folder in ("archiver", "spiders") for path in (ROOT / folder).rglob("*") if path.is_file()]
    named = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.suffix in (".py", ".toml", ".html", ".css", ".js", ".svg", ".json", ".md")
        and "mathjax" not in path.parts
        and path.parts[len(ROOT.parts) : len(ROOT.parts) + 2] not in (("archiver", "sites"),)
        and NAMED.search(path.read_text("utf-8"))
    ]
    assert len(files) > 200
    assert named == []


def test_rows_and_files_carry_the_blogs_own_addresses(chalk: Crawled) -> None:
    assert chalk.rows("SELECT min(url), count(*) FROM posts WHERE url LIKE 'https://chalk.example/archives/%'") == [
        ("https://chalk.example/archives/105", 4)
    ]
    assert chalk.rows("SELECT DISTINCT blog FROM runs") == [("https://chalk.example",)]
    assert chalk.rows("SELECT DISTINCT kind FROM links WHERE url LIKE '%//kexue.fm/%'") in ([], [("external",)])
    assert all(file.name.startswith("chalk.example-") for file in (chalk.home / "warc").iterdir())


def test_what_reads_the_archive_knows_the_blog(chalk: Crawled, tmp_path: Path) -> None:
    shown = run(chalk, chalk.home, "show", "https://chalk.example/archives/131/")
    assert shown.returncode == 0
    assert shown.stdout == run(chalk, chalk.home, "show", "131").stdout
    assert run(chalk, chalk.home, "show", "https://kexue.fm/archives/131").returncode == 2
    assert run(chalk, chalk.home, "export", "bibtex", tmp_path / "posts.bib").returncode == 0
    entries = (tmp_path / "posts.bib").read_text("utf-8")
    assert "@online{chalk-131," in entries
    assert "Posts of the blog Chalk Marks, https://chalk.example, by" in entries
    assert run(chalk, chalk.home, "walk").returncode in (0, 3)
    with archiver.open(chalk.home) as library:
        assert library.site.profile.name == "chalk.example"


def test_the_reader_is_named_after_the_blog(chalk: Crawled) -> None:
    with reader(chalk.home) as get:
        page = get("/").read().decode()
    assert '<h1 lang="en">Chalk Marks</h1>' in page
    assert "An offline copy of chalk.example" in page
    assert not NAMED.search(page)


def test_the_readers_colour_sign_and_language_are_the_blogs(slate: Crawled) -> None:
    with reader(slate.home) as get:
        front, sheet, icon = (get(path).read().decode() for path in ("/", "/static/blog.css", "/static/icon.svg"))
    assert '<span class="mark" aria-hidden="true">S</span>Slate &amp; Co</a>' in front
    assert front.count("zh-Hans") == 1  # on the word 中文
    light, dark = re.findall("#[0-9a-f]{6}", sheet)[:2]
    assert look.contrast(light, "#ffffff") > 7
    assert look.contrast(dark, "#17191c") > 6.9
    assert ">S</text>" in icon


def test_addresses_of_the_blog_lead_to_the_readers_pages(slate: Crawled) -> None:
    ((post, number),) = slate.rows("SELECT url, id FROM posts WHERE url LIKE '%/131'")
    ((page, its_number),) = slate.rows("SELECT url, id FROM pages WHERE url LIKE '%.html' ORDER BY url LIMIT 1")
    assert number > LARGEST_WRITTEN
    with reader(slate.home) as get:

        def led(path: str) -> tuple[int, str | None]:
            answer = get(path)
            answer.read()
            return answer.status, answer.headers["location"]

        for end in ("", "/", ".html"):
            assert led(urlsplit(post).path + end) == (301, f"/posts/{number}")
        assert led(urlsplit(post).path + "/comment-page-1") == (301, f"/posts/{number}#comments")
        assert led(urlsplit(page).path) == (301, f"/pages/{its_number}")
        assert led("/archives/999") == led("/nothing.html") == (404, None)
        shown = get(f"/posts/{number}").read().decode()
    assert 'href="/original/archives/131"' in shown
    assert str(number) not in re.sub('(?:href|name|action|value|data-post)="[^"]*"', "", shown)


def test_a_post_is_asked_for_by_its_path_the_last_part_of_it_and_its_key(slate: Crawled) -> None:
    shown = run(slate, slate.home, "show", "https://slate.example/archives/131/")
    assert shown.returncode == 0
    key = Site(profile.read(SLATE, "slate")).citation("https://slate.example/archives/131")
    for asked in ("/archives/131", "131", "/archives/131/comment-page-2", key):
        assert run(slate, slate.home, "show", asked).stdout == shown.stdout
    missing = run(slate, slate.home, "show", "/archives/999")
    assert missing.returncode == 2
    assert "expected https://slate.example/archives/999 in the archive, found none" in missing.stderr


def test_the_key_of_a_post_is_the_same_everywhere(slate: Crawled, tmp_path: Path) -> None:
    ((number, url),) = slate.rows("SELECT id, url FROM posts WHERE url LIKE '%/131'")
    key = Site(profile.read(SLATE, "slate")).citation(url)
    assert run(slate, slate.home, "export", "bibtex", tmp_path / "posts.bib").returncode == 0
    assert f"@online{{{key}," in (tmp_path / "posts.bib").read_text("utf-8")
    with reader(slate.home) as get:
        answer = get(f"/posts/{number}/citation.bib")
        assert answer.read().decode().startswith(f"@online{{{key},")
    assert answer.headers["content-disposition"] == f'attachment; filename="{key}.bib"'


def test_exports_of_posts_without_numbers_are_named_after_days_and_addresses(slate: Crawled, tmp_path: Path) -> None:
    for format_, target in (("markdown", "notes"), ("atom", "feeds"), ("epub", "book.epub")):
        assert run(slate, slate.home, "export", format_, tmp_path / target).returncode == 0
    days = slate.rows("SELECT published_on, url FROM posts")
    files = {f"{day} {url.rsplit('/')[-1]}.md" for day, url in days}
    assert {file.name for file in (tmp_path / "notes").glob("*.md")} == files | {"index.md"}
    notes = [file.read_text("utf-8") for file in (tmp_path / "notes").glob("2*.md")]
    assert not any(re.search(r"^id:", note, re.MULTILINE) for note in notes)
    led = re.findall(r"\]\(<?([^()<>]+\.md)>?\)", (tmp_path / "notes" / "index.md").read_text("utf-8") + "".join(notes))
    assert {target for target in led if not target.startswith("pages/")} == files
    feed = (tmp_path / "feeds" / "new.xml").read_text("utf-8")
    assert "<id>tag:slate.example,2009:archives/131</id>" in feed
    with zipfile.ZipFile(tmp_path / "book.epub") as book:
        assert "<dc:language>en</dc:language>" in book.read("EPUB/package.opf").decode()
        assert all(b"zh-CN" not in book.read(name) for name in book.namelist() if name.endswith("html"))
        assert "<h1>Contents</h1>" in book.read("EPUB/nav.xhtml").decode()


def test_scrapys_own_command_line_crawls_the_blog_of_the_home(chalk: Crawled, tmp_path: Path) -> None:
    (tmp_path / sites.FILE).write_text(CHALK, "utf-8")
    here = {"ARCHIVER_HOME": tmp_path, "ARCHIVER_SITE": chalk.site, "DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": 0}
    told = [word for name, value in here.items() for word in ("-s", f"{name}={value}")]
    subprocess.run([sys.executable, "-m", "scrapy", "crawl", "catalogue", *told], cwd=ROOT, check=True, timeout=120)
    again = Crawled(chalk.archiver, tmp_path, chalk.blog, chalk.site)
    assert again.rows("SELECT url FROM posts ORDER BY url") == chalk.rows("SELECT url FROM posts ORDER BY url")
    assert again.rows("SELECT DISTINCT blog FROM runs") == [("https://chalk.example",)]


def test_the_warc_files_alone_make_the_same_archive_again(chalk: Crawled, tmp_path: Path) -> None:
    shutil.copytree(chalk.home / "warc", tmp_path / "warc")
    assert run(chalk, tmp_path, "rebuild").returncode == 0
    again = Crawled(chalk.archiver, tmp_path, chalk.blog, chalk.site)
    for what in ("* FROM captures", "* FROM comments", "* FROM links", "* FROM images", "* FROM pages", POSTS):
        assert again.rows(f"SELECT {what} ORDER BY 1, 2") == chalk.rows(f"SELECT {what} ORDER BY 1, 2")
    assert (tmp_path / sites.FILE).read_text("utf-8") == CHALK
    assert again.crawl(index=False).returncode == 0


def test_an_archive_whose_profile_is_gone_is_not_read_as_another_blogs(chalk: Crawled, tmp_path: Path) -> None:
    shutil.copytree(chalk.home, tmp_path / "bare")
    (tmp_path / "bare" / sites.FILE).unlink()
    done = run(chalk, tmp_path / "bare", "show", "131")
    assert (done.returncode, "expected the profile of https://chalk.example as site.toml" in done.stderr) == (2, True)
    assert run(chalk, tmp_path / "bare", "rebuild", "--processes", "1").returncode == 0
    assert run(chalk, tmp_path / "bare", "show", "131").returncode == 0


def test_an_archive_of_one_blog_is_no_place_for_another(chalk: Crawled) -> None:
    (chalk.home / sites.FILE).write_text(CHALK.replace("chalk.example", "slate.example"), "utf-8")
    try:
        done = chalk.crawl(index=False)
    finally:
        (chalk.home / sites.FILE).write_text(CHALK, "utf-8")
    assert done.returncode == 2
    assert "https://chalk.example" in done.stderr
