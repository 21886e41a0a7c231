"""A database put back as it was, again and again; and one of SQLite moved to PostgreSQL, row by row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import create_engine, func, insert, select, text

from archive_store.database import make_engine
from archive_store.models import Base

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

KEPT = "kept"
"""The schema that holds the rows as they were."""
WITHOUT_TRIGGERS = text("SET LOCAL session_replication_role = replica")
"""Rows are put back as they are: neither append-only tables nor references are asked."""


class Keeper(Protocol):
    """Keeps what a database holds, and puts it back."""

    def keep(self) -> None:
        """Keep what is there now."""

    def restore(self) -> None:
        """Put back what was kept."""

    def close(self) -> None:
        """Let go of it."""


class SqliteKeeper:
    """By SQLite's own backup, into memory and back."""

    def __init__(self, path: Path) -> None:
        self._path, self._copy = str(path), sqlite3.connect(":memory:")

    def keep(self) -> None:
        with closing(sqlite3.connect(self._path)) as live:
            live.backup(self._copy)

    def restore(self) -> None:
        with closing(sqlite3.connect(self._path)) as live:
            self._copy.backup(live)

    def close(self) -> None:
        self._copy.close()


class PostgresKeeper:
    """By a second schema with the same rows: a new database for each try would take ten times as long."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        self._tables = [table.name for table in Base.metadata.sorted_tables]

    def keep(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {KEPT}"))
            for name in self._tables:
                connection.execute(text(f"CREATE TABLE {KEPT}.{name} AS TABLE public.{name}"))

    def restore(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(WITHOUT_TRIGGERS)
            for name in self._tables:
                connection.execute(text(f"DELETE FROM public.{name}"))  # noqa: S608 - our names
                connection.execute(text(f"INSERT INTO public.{name} SELECT * FROM {KEPT}.{name}"))  # noqa: S608

    def close(self) -> None:
        self._engine.dispose()


def move_to_postgres(path: Path, url: str) -> None:
    """Put every row of an SQLite database into the empty tables at `url`, and have its counters go on after them."""
    source, target = make_engine(f"sqlite:///{path}"), make_engine(url)
    with source.connect() as here, target.begin() as there:
        there.execute(WITHOUT_TRIGGERS)
        for table in Base.metadata.sorted_tables:
            rows = [dict(row._mapping) for row in here.execute(select(table))]
            if rows:
                there.execute(insert(table), rows)
            _go_on_counting(there, table.name)
    source.dispose()
    target.dispose()


def _go_on_counting(connection: Connection, name: str) -> None:
    """Have the next own number of a table follow the highest."""
    table = Base.metadata.tables[name]
    for column in table.primary_key.columns:
        counter = connection.scalar(select(func.pg_get_serial_sequence(name, column.name)))
        if counter:
            highest = connection.scalar(select(func.max(column)))
            connection.execute(select(func.setval(counter, (highest or 0) + 1, False)))
