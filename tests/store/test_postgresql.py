"""The tables on a server: what is otherwise there than in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from archiver.errors import UsageError
from archiver.store import migrate, models, query, runs, schema, views
from archiver.store.database import Archive
from archiver.store.models import Base
from tests.zygote import Zygote

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def url(server: Callable[[], str]) -> str:
    return server()


def test_the_tables_are_those_of_the_models(url: str) -> None:
    migrate.upgrade(url)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": migrate.include_name})
        assert compare_metadata(context, Base.metadata) == []
        assert not migrate.check(connection)


@pytest.mark.parametrize("view", views.VIEWS, ids=lambda view: view.name)
def test_the_views_have_the_same_columns(url: str, view: views.View) -> None:
    assert query.run(url, f"SELECT * FROM {view.name}").columns == tuple(view.columns)


@pytest.mark.parametrize("question", schema.EXAMPLES)
def test_the_examples_can_be_asked(url: str, question: str) -> None:
    assert query.run(url, schema.EXAMPLES[question]).columns


def test_counts_of_runs_are_numbers(url: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO runs (started_at, command, version, counts) VALUES ('t', 'c', '1', '{\"bytes\": 5000000000}')"
        )
    assert query.run(url, "SELECT bytes, new FROM run_log").rows == [(5_000_000_000, None)]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM runs",
        "DROP TABLE runs",
        "COMMIT",
        "SELECT 1; DROP TABLE runs",
        "SET TRANSACTION READ WRITE",
        "WITH gone AS (DELETE FROM runs RETURNING id) SELECT * FROM gone",
        "SELECT nextval('runs_id_seq')",
        "COPY runs TO '/tmp/runs'",
        "SELECT pg_sleep(9)",
        "SELECT nothing FROM runs",
    ],
)
def test_abuse_is_refused(url: str, sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        query.run(url, sql, timeout=0.3)
    assert "\n" not in str(caught.value)


def test_parameters_and_signs_that_look_like_them(url: str) -> None:
    assert query.run(url, "SELECT '100%', ':x'").rows == [("100%", ":x")]
    assert query.run(url, "SELECT '100%?', CAST(? AS text)", ("a",)).rows == [("100%?", "a")]
    assert query.run(url, "SELECT :a + 1 FROM generate_series(1, 9)", {"a": 1}, limit_rows=2).rows == [(2,), (2,)]


COMMANDS = (
    *("status", "gaps", "runs", "history 1", "accept", "accept 1", "verify", "rebuild", "crawl", "migrate", "search x"),
    *("search --rebuild", "replay", "serve", "walk", "sql SELECT", "export atom x", "export sqlite x"),
)


def schema_of(url: str, name: str) -> str:
    return make_url(url).update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)


def test_a_schema_that_the_url_names_is_made_and_holds_the_archive_alone(server: Callable[[], str]) -> None:
    url = server()
    for name in ("kexue", '"Another, Blog"'.replace(" ", "\\ ")):
        with Archive(schema_of(url, f"{name},public")) as archive:
            runs.begin(archive.session, "crawl", now="2026-01-01T00:00:00Z")
            archive.commit()
    counted = "SELECT table_schema, count(*) FROM information_schema.tables WHERE {} GROUP BY 1 ORDER BY 1"
    ours = query.run(url, counted.format("table_schema IN ('kexue', 'Another, Blog')")).rows
    public = query.run(url, counted.format("table_schema = 'public'")).rows
    assert [name for name, _ in ours] == ["Another, Blog", "kexue"]
    assert {count for _, count in ours} == {public[0][1]}
    assert query.run(url, "SELECT count(*) FROM runs").rows == [(0,)]
    assert query.run(schema_of(url, "kexue"), "SELECT id, command FROM run_log").rows == [(1, "crawl")]


def test_views_stay_as_they_are_until_they_change(server: Callable[[], str]) -> None:
    url = server()
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW mine AS SELECT id FROM post_overview")
    migrate.upgrade(url)
    assert query.run(url, "SELECT * FROM mine").rows == []
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW mine")
        connection.exec_driver_sql("GRANT SELECT ON post_revisions TO PUBLIC")
        connection.exec_driver_sql("COMMENT ON VIEW post_revisions IS 'of another version'")
    migrate.upgrade(url)
    rights = "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = 'post_revisions'"
    assert ("PUBLIC",) in query.run(url, f"{rights} AND privilege_type = 'SELECT'").rows
    about = "SELECT obj_description('post_revisions'::regclass)"
    assert len(query.run(url, about).rows[0][0]) == 64


def test_any_text_and_any_number_of_a_post_can_be_stored(server: Callable[[], str]) -> None:
    url, number = server(), 0xFF_FFFF_FFFF + 2**32
    seen = dict.fromkeys(("first_seen_at", "last_seen_at", "last_changed_at"), "2026")
    with Archive(url) as archive:
        archive.session.add(models.Post(id=number, title="a\0b", url="u", author="", markdown="", text="", **seen))
        archive.commit()
    assert query.run(url, "SELECT id, title FROM posts").rows == [(number, "a\ufffdb")]


def test_text_is_in_the_order_of_its_bytes(server: Callable[[], str]) -> None:
    url = server()
    with Archive(url) as archive:
        archive.session.add_all(models.Tag(name=name) for name in ("b", "B", "a", "中", "_"))
        archive.commit()
    found = [name for (name,) in query.run(url, "SELECT name FROM tags ORDER BY name").rows]
    assert found == sorted(found) == ["B", "_", "a", "b", "中"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://127.0.0.1:1/x", "refused"),
        ("postgres://127.0.0.1:1/x", "refused"),
        ("postgresql+psycopg2://127.0.0.1/x", "expected a URL that begins with postgresql://"),
        ("nosuch://127.0.0.1/x", "expected a URL that begins with sqlite:// or postgresql://, found nosuch://"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_cannot_be_asked_is_one_line(
    archiver: Zygote, tmp_path: Path, url: str, said: str, command: str
) -> None:
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "a.warc.gz").touch()
    done = archiver("--home", tmp_path, "--db", url, *command.split())
    assert (done.returncode > 0, done.stderr.count("\n")) == (True, 1), done.stderr
    assert said in done.stderr
    assert "SQL" not in done.stderr  # nobody has asked anything yet


def test_sums_and_means_are_plain_numbers(url: str) -> None:
    found = query.run(url, "SELECT sum(n), avg(n), sum(n) * -1 FROM (VALUES (CAST(1 AS bigint)), (2)) AS x (n)").rows
    assert repr(found) == "[(3, 1.5, -3)]"


@pytest.mark.parametrize("sql", ["SELECT 'a;b'", 'SELECT 1 AS "a;b"', "SELECT 'it''s; so' -- and; so on", "SELECT 1;"])
def test_a_semicolon_in_a_text_is_no_second_statement(url: str, sql: str) -> None:
    assert len(query.run(url, sql).rows) == 1


@pytest.mark.parametrize(
    "sql",
    [
        r"SELECT E'\'; DROP TABLE runs; --'",
        "SELECT $$'$$; DROP TABLE runs; --'",
        "SELECT 1 /* /* */ ' */; DROP TABLE runs; --'",
        "SELECT 1 -- '\n; DROP TABLE runs; --'",
    ],
)
def test_a_second_statement_is_found_however_it_is_hidden(url: str, sql: str) -> None:
    with pytest.raises(UsageError, match="one statement"):
        query.run(url, sql)
