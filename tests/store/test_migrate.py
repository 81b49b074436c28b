"""Bringing databases to the current tables: new, old, newer, foreign, and stopped halfway."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from archiver.errors import ArchiverError, DatabaseTooNew, UsageError
from archiver.store import database, migrate, views
from archiver.store.models import Base

ROOT = Path(__file__).parents[2]

NewerScripts = Callable[[str], Path]

NEXT = f"{int(migrate.HEAD) + 1:04}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def newer_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewerScripts:
    """Add a further revision with a given body to a copy of the migrations, as a newer program would have."""

    def make(body: str) -> Path:
        folder = shutil.copytree(ROOT / "migrations", tmp_path / "scripts")
        (folder / "versions" / f"{NEXT}_newer.py").write_text(
            "import os, signal\nimport sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = '{NEXT}'\ndown_revision = '{migrate.HEAD}'\n"
            f"def upgrade():\n{textwrap.indent(textwrap.dedent(body), '    ')}"
        )
        monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
        monkeypatch.setattr(migrate, "REVISIONS", (*migrate.REVISIONS, NEXT))
        monkeypatch.setattr(migrate, "HEAD", NEXT)
        return folder

    return make


def schema(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the statements that made each table, index and view: their lines, in any order, quotes left out."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        name: tuple(sorted(line.strip().rstrip(",") for line in sql.replace('"', "").splitlines()))
        for name, sql in rows
    }


def rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(sql).fetchall()


def put(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row; columns that must have a value and are not given get any."""
    for name, kind in connection.execute('SELECT name, type FROM pragma_table_info(?) WHERE "notnull"', (table,)):
        values.setdefault(name, "x" if kind == "VARCHAR" else 0)
    places = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", list(values.values()))


def fill(file: Path) -> None:
    """Store a post with a revision: rows that refer to each other both ways."""
    with closing(sqlite3.connect(file)) as connection, connection:
        put(connection, "runs", id=1)
        put(connection, "captures", id=1, run_id=1)
        put(connection, "posts", id=8, title="标题", status="live", current_revision_id=1)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        versions = "post_revisions" if "post_revisions" in tables else "revisions"  # as it was called before 0008
        put(connection, versions, id=1, post_id=8, capture_id=1, status="good")


def test_the_program_expects_the_newest_revision_there_is() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == migrate.HEAD
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(migrate.REVISIONS)


def test_a_new_database_is_what_all_migrations_make(tmp_path: Path, file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    other = tmp_path / "migrated.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript(migrate.script())
    seen = {view.name for view in views.VIEWS}
    made = {name: lines for name, lines in schema(file).items() if name not in seen}
    assert made == schema(other), "run `python migrations/new.py`"
    assert rows(file, "SELECT * FROM alembic_version") == rows(other, "SELECT * FROM alembic_version")


def test_a_new_database_does_not_load_alembic(tmp_path: Path) -> None:
    code = """
import sys
from archiver.store import migrate
migrate.upgrade("sqlite:///new.db")
sys.exit("alembic" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_a_new_database_has_the_tables_of_the_models(file: Path, engine: Engine) -> None:
    migrate.upgrade(f"sqlite:///{file}")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE VIEW my_view AS SELECT 1 AS one")
        context = MigrationContext.configure(connection, opts={"include_name": migrate.include_name})
        assert compare_metadata(context, Base.metadata) == []


def test_a_new_database_has_every_constraint_of_the_models(tmp_path: Path, file: Path, engine: Engine) -> None:
    """Alembic compares neither CHECK constraints nor the names of all others."""
    migrate.upgrade(engine)
    other = tmp_path / "models.db"
    by_models = create_engine(f"sqlite:///{other}", poolclass=NullPool)
    Base.metadata.create_all(by_models)
    beside = {view.name for view in views.VIEWS} | {"alembic_version"}
    made = {name: lines for name, lines in schema(file).items() if name not in beside and "_fts" not in name}
    assert made == schema(other)


def test_a_new_database_has_the_views(file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    found = {name for (name,) in rows(file, "SELECT name FROM sqlite_master WHERE type = 'view'")}
    assert found == {view.name for view in views.VIEWS}


def test_an_upgrade_of_a_current_database_changes_no_byte(file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    before = file.read_bytes()
    migrate.upgrade(engine)
    assert file.read_bytes() == before


def test_an_upgrade_of_a_current_database_does_not_load_alembic(file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    code = f"""
import sys
from archiver.store import migrate
migrate.upgrade("sqlite:///{file}")
sys.exit("alembic" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_check_tells_whether_an_upgrade_is_needed(engine: Engine, newer_scripts: NewerScripts) -> None:
    with engine.connect() as connection:
        assert migrate.check(connection)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert not migrate.check(connection)
    newer_scripts("pass")
    with engine.connect() as connection:
        assert migrate.check(connection)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert not migrate.check(connection)
        assert migrate.revision(connection) == NEXT


def test_a_database_of_a_newer_program_is_refused_and_left_alone(file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    rows(file, "UPDATE alembic_version SET version_num = '0999'")
    before = file.read_bytes()
    with pytest.raises(DatabaseTooNew) as caught:
        migrate.upgrade(engine)
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(file), "0999", migrate.HEAD, "upgrade the program"):
        assert part in message
    assert file.read_bytes() == before


def test_a_database_of_something_else_is_refused_and_left_alone(file: Path, engine: Engine) -> None:
    rows(file, "CREATE TABLE moz_places (id INTEGER)")
    before = file.read_bytes()
    with pytest.raises(UsageError, match="moz_places"):
        migrate.upgrade(engine)
    assert file.read_bytes() == before


HALFWAY = """
    op.execute("DELETE FROM posts")
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("mood", sa.String()))
    op.create_table("moods", sa.Column("id", sa.Integer(), primary_key=True))
"""


def test_an_error_halfway_leaves_the_old_database(file: Path, engine: Engine, newer_scripts: NewerScripts) -> None:
    migrate.upgrade(engine)
    fill(file)
    before = file.read_bytes()
    newer_scripts(HALFWAY + "    raise RuntimeError('halfway')\n")
    with pytest.raises(RuntimeError, match="halfway"):
        migrate.upgrade(engine)
    assert file.read_bytes() == before


def test_an_interrupt_halfway_stays_one(engine: Engine) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    event.listen(engine, "do_execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        migrate.upgrade(engine)
    event.remove(engine, "do_execute", interrupted)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert not migrate.check(connection)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_kill_halfway_leaves_the_old_database(
    file: Path, engine: Engine, newer_scripts: NewerScripts, journal: str
) -> None:
    migrate.upgrade(engine)
    rows(file, f"PRAGMA journal_mode = {journal}")
    fill(file)
    before = schema(file)
    folder = newer_scripts(HALFWAY + "    os.kill(os.getpid(), signal.SIGKILL)\n")
    code = f"""
import sys
from pathlib import Path
from archiver.store import migrate
migrate.migrations_folder = lambda: Path(sys.argv[1])
migrate.REVISIONS, migrate.HEAD = {(*migrate.REVISIONS,)}, {migrate.HEAD!r}
migrate.upgrade(sys.argv[2])
"""
    killed = subprocess.run([sys.executable, "-c", code, folder, f"sqlite:///{file}"], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert schema(file) == before
    assert rows(file, "SELECT title FROM post_overview") == [("标题",)]
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("own_transactions", [True, False])
def test_a_table_that_others_refer_to_is_rebuilt(
    file: Path, engine: Engine, newer_scripts: NewerScripts, own_transactions: bool
) -> None:
    migrate.upgrade(engine)
    fill(file)
    rows(file, "CREATE VIEW my_view AS SELECT title FROM posts")
    newer_scripts(
        """
        with op.batch_alter_table("posts") as table:
            table.alter_column("author", type_=sa.Text(), nullable=True)
        """
    )
    used = database.connect(f"sqlite:///{file}") if own_transactions else engine
    migrate.upgrade(used)
    with used.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == int(own_transactions)
    used.dispose()
    assert rows(file, "SELECT title FROM my_view") == [("标题",)]
    assert rows(file, "SELECT title, review FROM post_overview") == [("标题", 0)]
    assert rows(file, "SELECT post_id FROM revisions") == [(8,)]
    assert rows(file, "PRAGMA foreign_key_check") == []
    assert "REFERENCES posts (id)" in " ".join(schema(file)["revisions"])


def test_a_migration_that_loses_rows_others_refer_to_is_undone(
    file: Path, engine: Engine, newer_scripts: NewerScripts
) -> None:
    migrate.upgrade(engine)
    fill(file)
    before = file.read_bytes()
    newer_scripts("op.execute('DELETE FROM posts')")
    with pytest.raises(ArchiverError, match=r"row 1 of revisions refers to a row of posts"):
        migrate.upgrade(engine)
    assert file.read_bytes() == before


def former(engine: Engine, revision: str) -> None:
    """Make the tables as an older program left them."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_text_is_stored_once_where_it_is_current(file: Path, engine: Engine) -> None:
    former(engine, "0007")
    fill(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        put(connection, "post_revisions", id=2, post_id=8, capture_id=1, status="review", markdown="新", text="新")
        connection.execute("UPDATE posts SET markdown = '旧', text = '旧'")
        connection.execute("UPDATE post_revisions SET markdown = '旧', text = '旧' WHERE id = 1")
    migrate.upgrade(engine)
    assert rows(file, "SELECT id, markdown, text FROM revisions") == [(1, None, None), (2, "新", "新")]
    assert rows(file, "SELECT id, markdown, text FROM post_revisions") == [(1, "旧", "旧"), (2, "新", "新")]


def test_comments_of_before_keep_what_is_known_of_them(file: Path, engine: Engine) -> None:
    former(engine, "0005")
    fill(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        for number in (5, 6):
            put(connection, "comments", id=number, post_id=8, parent_id=None, is_trackback=number - 5, text="好")
    migrate.upgrade(engine)
    found = "SELECT id, kind, notes, quotes_id, content_sha256, text FROM comments ORDER BY id"
    assert rows(file, found) == [(5, "comment", "[]", None, None, "好"), (6, "trackback", "[]", None, None, "好")]


def test_links_of_an_index_of_before_get_their_addresses(file: Path, engine: Engine) -> None:
    former(engine, "0010")
    rows(file, "INSERT INTO topics (id, name, position) VALUES (1, '基础', 0)")
    rows(file, "INSERT INTO topic_posts (topic_id, position, post_id, title) VALUES (1, 0, 8265, '旋转位置编码')")
    migrate.upgrade(engine)
    assert rows(file, "SELECT post_id, url FROM topic_posts") == [(8265, "https://kexue.fm/archives/8265")]


def test_an_index_with_texts_becomes_one_without(file: Path, engine: Engine) -> None:
    former(engine, "0004")
    fill(file)
    rows(file, "UPDATE posts SET title = '梯度', text = '位置编码'")
    for table, columns in (("posts_fts", "title, text"), ("comments_fts", "author, text")):
        rows(file, f"DROP TABLE {table}")
        rows(file, f'CREATE VIRTUAL TABLE {table} USING fts5({columns}, tokenize = "unicode61")')
    rows(file, "INSERT INTO posts_fts (rowid, title, text) VALUES (8, '梯 度', '位 置 编 码')")
    migrate.upgrade(engine)
    assert [name for name in schema(file) if name.endswith("_content")] == []
    assert rows(file, """SELECT rowid, text FROM posts_fts WHERE posts_fts MATCH '"位 置" title:"梯 度"'""") == [
        (8, None)
    ]
    assert rows(file, "SELECT title, text FROM posts") == [("梯度", "位置编码")]


def test_posts_of_before_get_their_pairs_of_characters(file: Path, engine: Engine) -> None:
    former(engine, "0017")
    fill(file)
    rows(file, "UPDATE posts SET title = '梯度', text = '位置编码'")
    migrate.upgrade(engine)
    for pair in ("梯度", "\u2060梯度", "置编"):
        assert len(rows(file, f"SELECT rowid FROM pairs_fts WHERE pairs_fts MATCH '{pair}'")) == 1


def test_views_of_another_version_are_replaced(file: Path, engine: Engine) -> None:
    migrate.upgrade(engine)
    current = schema(file)
    rows(file, "DROP VIEW gaps")
    rows(file, "DROP VIEW citations")
    rows(file, "CREATE VIEW citations AS SELECT 1 AS one")
    migrate.upgrade(engine)
    assert schema(file) == current


def test_two_upgrades_at_once_both_succeed(file: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate.upgrade, [f"sqlite:///{file}"] * 2))
    assert rows(file, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]


@pytest.mark.parametrize("name", ["100% %(here)s", "中文 目录", "a b'c;d"])
def test_any_folder_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer_scripts: NewerScripts, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    moved = newer_scripts("pass").rename(folder / "scripts")
    monkeypatch.setattr(migrate, "migrations_folder", lambda: moved)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    migrate.upgrade(f"sqlite:///{folder / 'archive.db'}")
    assert rows(folder / "archive.db", "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_developer_needs_no_database_to_compare_models_with_migrations() -> None:
    done = subprocess.run([sys.executable, "-m", "alembic", "check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "No new upgrade operations" in done.stdout


def test_a_new_migration_gets_the_next_number(tmp_path: Path) -> None:
    for name in ("archiver", "migrations", "pyproject.toml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    models = tmp_path / "archiver" / "store" / "models.py"
    models.write_text(models.read_text(encoding="utf-8") + '\nsa_mood = Index("ix_mood", Post.title)\n')
    command = [sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", "add a mood"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (made,) = (tmp_path / "migrations" / "versions").glob(f"{NEXT}_add_a_mood.py")
    assert re.search(r"create_index\('ix_mood'", made.read_text(encoding="utf-8"))
