"""A log to work on, and the hand of someone who owns the database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
from sqlalchemy import text

from archive_store.audit.events import Event, EventName
from archive_store.audit.log import AuditLog
from archive_store.models.audit import APPEND_ONLY_DDL
from archive_store.unit_of_work import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

TABLES = ("audit_leaves", "audit_nodes", "audit_checkpoints")


class Grow(Protocol):
    """Appends events and gives positions to all, or leaves some waiting."""

    def __call__(self, count: int, *, waiting: int = 0) -> None: ...


def events(count: int) -> list[Event]:
    """Events with details that differ."""
    return [
        Event(EventName.ITEM_VIEW_PAGE, "a1", "item", f"i{n}", details={"page": n}, request_id=f"r{n}")
        for n in range(count)
    ]


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


@pytest.fixture
def log() -> AuditLog:
    return AuditLog()


@pytest.fixture
def grow(database: Database, log: AuditLog) -> Grow:
    def grow_by(count: int, *, waiting: int = 0) -> None:
        for number, has_position in ((count, True), (waiting, False)):
            with database.write() as unit:
                log.append_many(unit.session, events(number))
            if has_position:
                with database.write() as unit:
                    log.sequence(unit.session, number)

    return grow_by


@pytest.fixture
def tamper(engine: Engine) -> Callable[[], AbstractContextManager[Connection]]:
    """A connection of the database's owner, who takes the triggers away and puts them back."""
    drops = {"sqlite": "DROP TRIGGER {name}", "postgresql": "DROP TRIGGER {name} ON {table}"}

    @contextmanager
    def opened() -> Iterator[Connection]:
        with engine.begin() as connection:
            for table in TABLES:
                for action in ("insert", "update", "delete"):
                    name = f"{table}_{action}"
                    if any(f"TRIGGER IF NOT EXISTS {name} " in s or f"TRIGGER {name} " in s for s in ddl(engine)):
                        connection.execute(text(drops[engine.dialect.name].format(name=name, table=table)))
            yield connection
            for statement in ddl(engine):
                connection.exec_driver_sql(statement)

    return opened


def ddl(engine: Engine) -> tuple[str, ...]:
    return APPEND_ONLY_DDL[engine.dialect.name]
