"""Migrations lead to exactly the tables that the code knows, on both databases, and keep what is there."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from archive_store.database import make_engine
from archive_store.models.accounts import Department
from portal.wiring import MIGRATIONS, migrate


def test_migrations_lead_to_the_tables_of_the_code(empty_database_url: str) -> None:
    migrate(empty_database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = empty_database_url
    command.check(config)


def test_migrating_again_keeps_what_is_there(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(insert(Department).values(id="d", name="水政监察支队", code="SZ"))
    migrate(empty_database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM departments")).scalar_one() == "水政监察支队"
    engine.dispose()


def test_a_migrated_log_only_grows(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = make_engine(empty_database_url)
    node = "INSERT INTO audit_nodes (level, place, hash) VALUES (1, 0, :hash)"
    with engine.begin() as connection:
        connection.execute(text(node), {"hash": b"x" * 32})
    for change in ("DELETE FROM audit_nodes", "UPDATE audit_nodes SET place = 7"):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(change))
    engine.dispose()
