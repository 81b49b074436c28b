"""Read-only SQL: what it answers, what it refuses, and what it says when something is wrong."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from archiver.errors import ArchiveDamaged, UsageError
from archiver.store import migrate, query, results

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def fill(file: Path) -> None:
    migrate.upgrade(URL.create("sqlite", database=str(file)))
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            """
            PRAGMA journal_mode = WAL;
            INSERT INTO tags (id, name) VALUES (1, '优化'), (2, 'attention'), (3, '梯度');
            INSERT INTO posts_fts (rowid, title, text) VALUES (8265, 'RoPE', '旋 转 位 置 编 码'), (1, 'x', '梯 度');
            INSERT INTO formulas_fts (rowid, tex) VALUES (1, '$$\\text{msign}(M)$$');
            """
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "archive.db"
    fill(file)
    return file


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    shutil.copy(filled, tmp_path)
    return tmp_path / filled.name


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def error(archive: str | Path, sql: str, **options: Any) -> str:
    """Return the one line a wrong query is answered with."""
    with pytest.raises(UsageError) as caught:
        query.run(archive, sql, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_rows_and_columns(file: Path) -> None:
    result = query.run(file, "SELECT id, name AS tag FROM tags WHERE id < ? ORDER BY id", (3,))
    assert result.columns == ("id", "tag")
    assert result.rows == [(1, "优化"), (2, "attention")]


def test_named_parameters(file: Path) -> None:
    assert query.run(file, "SELECT id FROM tags WHERE name = :tag", {"tag": "梯度"}).rows == [(3,)]


def test_fewer_rows_on_demand(file: Path) -> None:
    assert query.run(file, "SELECT id FROM tags ORDER BY id", limit_rows=2).rows == [(1,), (2,)]


def test_an_endless_query_may_be_read_in_part(file: Path) -> None:
    assert len(query.run(file, f"{ENDLESS} SELECT i FROM n", limit_rows=1000).rows) == 1000


@pytest.mark.parametrize("folder", ["100%41", "a?mode=rwc", "b#c", "中文 目录", "it's"])
def test_any_folder_will_do(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    file = tmp_path / folder / "archive.db"
    fill(file)
    assert query.run(file, "SELECT count(*) FROM tags").rows == [(3,)]


def test_an_archive_is_a_path_or_a_url(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    for archive in (file, str(file), "archive.db", f"sqlite:///{file}", "sqlite:///archive.db"):
        assert query.run(archive, "SELECT count(*) FROM tags").rows == [(3,)]


def test_rows_of_a_stream_are_read_as_it_goes(file: Path) -> None:
    with query.stream(file, f"{ENDLESS} SELECT i FROM n") as found:
        assert found.columns == ("i",)
        assert [next(found.rows) for _ in range(3)] == [(1,), (2,), (3,)]


def test_errors_of_the_reader_are_its_own(file: Path) -> None:
    with pytest.raises(UnicodeEncodeError), query.stream(file, "SELECT name FROM tags") as found:
        next(found.rows)[0].encode("ascii")


def test_a_pager_left_open_does_not_use_up_the_time(file: Path) -> None:
    with query.stream(file, "SELECT id FROM tags", timeout=0.2) as found:
        next(found.rows)
        time.sleep(0.3)
        assert len(list(found.rows)) == 2


def test_more_rows_than_memory_should_hold(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_ROWS", 500)
    assert "more than 500 rows" in error(file, f"{ENDLESS} SELECT i FROM n")
    with query.stream(file, f"{ENDLESS} SELECT i FROM n") as found, pytest.raises(UsageError, match="more than 500"):
        next(results.as_table(found))


def test_text_that_is_no_utf8_is_shown_as_far_as_it_goes(file: Path) -> None:
    assert query.run(file, "SELECT CAST(x'61ff62' AS TEXT)").rows == [("a\ufffdb",)]


def test_full_text_search_works(file: Path) -> None:
    sql = """
        SELECT rowid, text, bm25(posts_fts) < 0
        FROM posts_fts WHERE posts_fts MATCH '"位 置"'
    """
    assert query.run(file, sql).rows == [(8265, None, 1)]  # the text is in posts alone
    assert len(query.run(file, "SELECT rowid FROM formulas_fts WHERE formulas_fts MATCH '\"\\text{msign}\"'").rows) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA user_version",
        "PRAGMA table_info(posts)",
        "SELECT name FROM pragma_table_info('posts')",
        "PRAGMA foreign_key_check",
        "PRAGMA quick_check",
        "PRAGMA journal_mode",
        "EXPLAIN QUERY PLAN SELECT * FROM post_overview",
        "VALUES (1), (2)",
        "SELECT json_extract('{\"a\": 1}', '$.a'), value FROM json_each('[1, 2]')",
        "SELECT * FROM comment_threads;  -- the end",
        "SELECT sql FROM sqlite_master",
    ],
)
def test_harmless_statements_are_answered(file: Path, sql: str) -> None:
    assert query.run(file, sql).columns


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ATTACH '{other}' AS other", "found ATTACH"),
        ("DETACH main", "found DETACH"),
        ("PRAGMA journal_mode = DELETE", "found PRAGMA journal_mode"),
        ("PRAGMA writable_schema = ON", "found PRAGMA writable_schema"),
        ("PRAGMA user_version = 1", "found PRAGMA user_version"),
        ("PRAGMA query_only = OFF", "found PRAGMA query_only"),
        ("PRAGMA wal_checkpoint(TRUNCATE)", "found PRAGMA wal_checkpoint"),
        ("PRAGMA optimize", "found PRAGMA optimize"),
        ("SELECT * FROM pragma_user_version(1)", "too many arguments"),
        ("SELECT load_extension('{other}')", "found load_extension()"),
        ("SELECT writefile('{other}', 'x')", "no such function: writefile"),
        ("SELECT fts3_tokenizer('simple', x'00')", "found fts3_tokenizer()"),
        ("INSERT INTO tags VALUES (9, 'x')", "found INSERT"),
        ("INSERT INTO posts_fts (posts_fts) VALUES ('delete-all')", "found INSERT"),
        ("WITH x AS (SELECT 1) INSERT INTO tags SELECT 9, 'x' FROM x RETURNING id", "found INSERT"),
        ("UPDATE tags SET name = 'x'", "found UPDATE"),
        ("UPDATE sqlite_master SET sql = ''", "may not be modified"),
        ("DELETE FROM sqlite_master", "may not be modified"),
        ("INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, '')", "found CREATE"),
        ("DELETE FROM tags", "found DELETE"),
        ("REPLACE INTO tags VALUES (1, 'x')", "found INSERT"),
        ("CREATE TABLE x (y)", "found CREATE"),
        ("CREATE TEMP TABLE x (y)", "found CREATE"),
        ("CREATE VIEW x AS SELECT 1", "found CREATE"),
        ("CREATE VIRTUAL TABLE x USING fts5(y)", "found CREATE"),
        ("CREATE TRIGGER x AFTER INSERT ON tags BEGIN SELECT 1; END", "found CREATE"),
        ("DROP TABLE tags", "found CREATE or DROP"),
        ("DROP VIEW gaps", "found CREATE or DROP"),
        ("ALTER TABLE tags ADD COLUMN x", "found ALTER"),
        ("VACUUM", "found ATTACH or VACUUM"),
        ("VACUUM INTO '{other}'", "found ATTACH or VACUUM"),
        ("ANALYZE", "found CREATE or DROP"),
        ("REINDEX", "found REINDEX"),
        ("BEGIN IMMEDIATE", "found a transaction"),
        ("SAVEPOINT x", "found SAVEPOINT"),
        ("EXPLAIN DELETE FROM tags", "found DELETE"),
        ("SELECT 1; DELETE FROM tags", "one statement"),
        ("SELECT 1; ATTACH '{other}' AS x", "one statement"),
        ("", "nothing that asks"),
        ("-- only a remark", "nothing that asks"),
        ("SELECT zeroblob(1000000000)", "too big"),
        (f"{ENDLESS} SELECT count(*) FROM n", "stopped after 0.3 seconds"),
        (f"{ENDLESS} SELECT i FROM n ORDER BY -i", "stopped after 0.3 seconds"),
    ],
)
def test_abuse_is_refused_and_changes_nothing(file: Path, tmp_path: Path, sql: str, found: str) -> None:
    before, other = digest(file), tmp_path / "other.db"
    message = error(file, sql.replace("{other}", str(other)), timeout=0.3)
    assert found in message
    assert digest(file) == before
    assert not other.exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"archive.db", "archive.db-wal", "archive.db-shm"}


def test_a_refusal_says_that_nothing_was_changed(file: Path) -> None:
    assert error(file, "DELETE FROM tags") == (
        "SQL: expected a query that only reads, found DELETE: nothing was changed"
    )


def test_a_query_may_run_while_the_archive_is_written(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO tags VALUES (9, 'x')")
        assert query.run(file, "SELECT count(*) FROM tags").rows == [(3,)]
        writer.execute("COMMIT")
        assert query.run(file, "SELECT count(*) FROM tags").rows == [(4,)]


def test_a_missing_table_lists_those_there_are(file: Path) -> None:
    message = error(file, "SELECT * FROM post")
    assert message.startswith("SQL: no such table: post; there are: alembic_version, backlinks, captures, ")
    assert "posts_fts" in message
    assert "posts_fts_data" not in message
    assert "sqlite_" not in message


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT titel FROM posts", "no such column: titel; nearest: posts.title"),
        ("SELECT p.Titel FROM posts AS p", "no such column: p.Titel; nearest: posts.title"),
        ("SELECT published FROM post_overview", "nearest: post_overview.published_on"),
        ("SELECT zzz FROM tags", "no such column: zzz; tags has id, name"),
    ],
)
def test_a_missing_column_names_the_nearest(file: Path, sql: str, hint: str) -> None:
    assert hint in error(file, sql)


def test_a_view_that_no_longer_works_hides_no_error(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE VIEW broken AS SELECT a FROM nowhere")
    assert "no such table: post" in error(file, "SELECT * FROM post")


@pytest.mark.parametrize(
    ("sql", "parameters", "found"),
    [
        ("SELEC 1", (), 'near "SELEC": syntax error'),
        ("SELECT ?", (), "binding"),
        ("SELECT :a", {}, "binding"),
        ("SELECT ?", (2**70,), "too large"),
        ("SELECT ?", (object(),), "parameter 1"),
        ("SELECT '\udc80'", (), "surrogates"),
        ("SELECT 1\0", (), "null character"),
        ("SELECT * FROM posts_fts WHERE posts_fts MATCH '\"'", (), "unterminated string"),
        ("SELECT abs(-9223372036854775808)", (), "integer overflow"),
    ],
)
def test_any_other_mistake_is_one_line(file: Path, sql: str, parameters: Any, found: str) -> None:
    assert found in error(file, sql, parameters=parameters)


def test_no_archive_says_how_to_make_one(tmp_path: Path) -> None:
    message = error(tmp_path / "archive.db", "SELECT 1")
    for part in ("archive.db", "found nothing", "archiver crawl", "--home"):
        assert part in message
    assert not list(tmp_path.iterdir())
    assert "found a folder" in error(tmp_path, "SELECT 1")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_text("not a database, but long enough to be read as one" * 100)
    assert "found a file that is none" in error(tmp_path / "archive.db", "SELECT 1")


def test_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "archive.db").touch()
    assert "there are: none" in error(tmp_path / "archive.db", "SELECT * FROM posts")


def test_a_damaged_database(file: Path) -> None:
    with file.open("r+b") as handle:
        handle.seek(4096)
        handle.write(b"\xff" * (file.stat().st_size - 4096))
    with pytest.raises(ArchiveDamaged, match="archiver rebuild"):
        query.run(file, "SELECT * FROM tags")


@pytest.mark.parametrize("url", ["nonsense://", "sqlite://", "sqlite:///:memory:", "postgresql://127.0.0.1:1/x"])
def test_a_url_that_leads_nowhere(url: str) -> None:
    assert error(url, "SELECT 1")


def test_a_server_gets_one_statement_only() -> None:
    assert "one statement" in error("postgresql://127.0.0.1:1/x", "SELECT 1; COMMIT; DROP TABLE posts")


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder anybody may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Take away the right to write in a folder; from the superuser too, by being nobody meanwhile."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        with nobody():
            yield
    finally:
        folder.chmod(0o755)


@contextmanager
def nobody() -> Iterator[None]:
    """Be without a superuser's rights."""
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(65534)
    try:
        yield
    finally:
        if superuser:
            os.seteuid(0)


def test_an_archive_on_a_read_only_medium_opens(shared_folder: Path) -> None:
    file = shared_folder / "archive.db"
    fill(file)
    with unwritable(shared_folder):
        assert query.run(file, "SELECT count(*) FROM tags").rows == [(3,)]
        assert "DELETE" in error(file, "DELETE FROM tags")


def test_an_archive_that_may_not_be_read(shared_folder: Path) -> None:
    file = shared_folder / "archive.db"
    fill(file)
    file.chmod(0)
    with nobody():
        assert "may not be read" in error(file, "SELECT 1")
    shared_folder.chmod(0)
    with nobody():
        assert "found Permission denied" in error(file, "SELECT 1")
    shared_folder.chmod(0o755)


def killed_while_open(file: Path) -> None:
    """Leave the latest change in the log, as a killed program does."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM tags WHERE id = 1")
        connection.commit()
        log = file.with_name(file.name + "-wal").read_bytes()
    file.with_name(file.name + "-wal").write_bytes(log)


def test_what_is_in_the_log_is_read(file: Path) -> None:
    before = file.read_bytes()
    killed_while_open(file)
    file.write_bytes(before)
    assert query.run(file, "SELECT count(*) FROM tags").rows == [(2,)]


def test_a_log_that_cannot_be_read_is_not_passed_over(shared_folder: Path) -> None:
    file = shared_folder / "archive.db"
    fill(file)
    before = file.read_bytes()
    killed_while_open(file)
    file.write_bytes(before)
    with unwritable(shared_folder):
        message = error(file, "SELECT count(*) FROM tags")
    assert "latest changes are still in archive.db-wal" in message
    assert "copy both" in message


def killed_while_writing(file: Path) -> None:
    """Leave half a change in the file and what it replaced in the journal, as a killed program does without a log."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM tags")
        connection.execute("CREATE TABLE many AS SELECT zeroblob(3000) FROM pragma_function_list")
        journal = file.with_name(file.name + "-journal")
        left = file.read_bytes(), journal.read_bytes()
        connection.execute("ROLLBACK")
    file.write_bytes(left[0])
    journal.write_bytes(left[1])


def test_what_a_killed_program_left_half_written_is_taken_back(file: Path) -> None:
    killed_while_writing(file)
    assert query.run(file, "SELECT count(*) FROM tags").rows == [(3,)]


def test_a_journal_that_cannot_be_used_is_not_passed_over(shared_folder: Path) -> None:
    file = shared_folder / "archive.db"
    fill(file)
    killed_while_writing(file)
    with unwritable(shared_folder):
        message = error(file, "SELECT count(*) FROM tags")
    assert "latest changes are still in archive.db-journal" in message
