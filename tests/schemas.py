"""Schemas of one database made of another: several blogs at the price of one."""

from __future__ import annotations

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from archiver.store import migrate, server

OF_POSTS = {"posts": "id", "posts_fts": "id"}
"""Column that has the number of a post, where it is not `post_id`."""


def copied(url: str, source: str, target: str, posts: str = "TRUE") -> None:
    """Make a schema with the rows of another: of posts only those whose `number` fulfils a condition."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {target}")
        for table, of_post in _tables(connection, source):
            connection.exec_driver_sql(f"CREATE TABLE {target}.{table} (LIKE {source}.{table} INCLUDING ALL)")
            where = f" WHERE {posts.replace('number', of_post)}" if of_post else ""
            connection.exec_driver_sql(f"INSERT INTO {target}.{table} SELECT * FROM {source}.{table}{where}")
        for index in ("comments", "formulas"):
            connection.exec_driver_sql(
                f"DELETE FROM {target}.{index}_fts WHERE id NOT IN (SELECT id FROM {target}.{index})"
            )
    migrate.upgrade(server.in_schema(url, target))


def _tables(connection: Connection, schema: str) -> list[tuple[str, str | None]]:
    """Return the tables of a schema, each with its column that has the number of a post."""
    found = connection.exec_driver_sql(
        "SELECT t.tablename, bool_or(c.column_name = 'post_id') FROM pg_tables AS t JOIN information_schema.columns "
        "AS c ON (c.table_schema, c.table_name) = (t.schemaname, t.tablename) WHERE t.schemaname = %s GROUP BY 1",
        (schema,),
    )
    return [(table, OF_POSTS.get(table) or ("post_id" if of_posts else None)) for table, of_posts in found]
