"""Engines: SQLite with full durability, or PostgreSQL, under the same sessions.

SQLite: WAL, foreign keys, synchronous FULL (a commit survives a power cut), busy timeout 10 s. A unit of work that
writes begins with `BEGIN IMMEDIATE`, so that it never fails half-way for a lock (https://sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 10_000
CONNECTIONS = 15
"""So many to PostgreSQL from one process, which keeps them; whoever needs another one waits."""
KEPT = 64
"""So many connections to SQLite are kept by one process: to open one takes longer than most questions."""
WRITES = "anjuan_writes"
"""Execution option of a connection whose unit of work writes."""


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///...` or `postgresql+psycopg://...` with our durability settings.

    PostgreSQL runs in its default READ COMMITTED with synchronous_commit on; rows that carry a state are locked
    by the services through their version column. The text of an error never holds the values of a statement.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0)
    waiting = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    engine = create_engine(url, connect_args=waiting, hide_parameters=True, pool_size=KEPT)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's own connection
    del record
    connection.isolation_level = None  # the driver must not begin transactions by itself
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
