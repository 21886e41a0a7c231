"""Each test gets a database of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, text

from archive_store.models import Base

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_a_new_database_has_all_tables_and_no_rows(engine: Engine, backend: str) -> None:
    assert engine.dialect.name == backend
    tables = set(inspect(engine).get_table_names())
    assert tables == set(Base.metadata.tables)
    with engine.begin() as connection:
        assert all(
            connection.scalar(text(f'SELECT count(*) FROM "{name}"')) == 0  # noqa: S608 - our own table names
            for name in tables
        )
        connection.execute(text("CREATE TABLE left_over (id INTEGER)"))


def test_nothing_is_left_over_from_the_test_before(engine: Engine) -> None:
    assert "left_over" not in inspect(engine).get_table_names()


def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
