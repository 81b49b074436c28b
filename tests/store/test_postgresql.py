"""The tables on a server: what is otherwise there than in a file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from archiver.errors import UsageError
from archiver.store import migrate, query, schema, views
from archiver.store.models import Base

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
    assert query.run(url, "SELECT :a + 1 FROM generate_series(1, 9)", {"a": 1}, limit_rows=2).rows == [(2,), (2,)]
