"""The one place that commits: all or nothing, and trouble told in words."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store import unit_of_work
from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.models.accounts import Department
from archive_store.unit_of_work import Database

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


def names(database: Database) -> list[str]:
    with database.read() as session:
        return [*session.scalars(select(Department.name))]


def test_an_error_takes_everything_back(database: Database) -> None:
    def enter_and_fail() -> None:
        with database.write() as unit:
            unit.session.add(Department(name="演示处", code="D1"))
            unit.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enter_and_fail()
    assert names(database) == []


def test_what_follows_a_commit_does_not_happen_without_it(database: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        with database.write() as unit:
            unit.after_commit(lambda: done.append("no"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.write() as unit:
        unit.session.add(Department(name="演示处", code="D1"))
        unit.after_commit(lambda: done.extend(names(database)))
    assert done == ["演示处"]


def test_who_waits_too_long_for_another_writer_is_told_and_nothing_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writers of one process take turns where the database has one place for all of them (SQLite)."""
    if database.engine.dialect.name != "sqlite":
        return
    monkeypatch.setattr(unit_of_work, "BUSY_TIMEOUT_MS", 50)
    refused: list[str] = []

    def write() -> None:
        try:
            with database.write() as unit:
                unit.session.add(Department(name="后来", code="D2"))
        except UnavailableError as error:
            refused.append(error.message)

    with database.write() as unit:
        unit.session.add(Department(name="演示处", code="D1"))
        other = Thread(target=write)
        other.start()
        other.join()
    assert len(refused) == 1
    assert "没有保存" in refused[0]
    write()
    assert sorted(names(database)) == ["后来", "演示处"]


def test_writers_of_one_process_all_come_to_their_turn(database: Database) -> None:
    def write(number: int) -> None:
        with database.write() as unit:
            unit.session.add(Department(name=f"演示处{number}", code=f"D{number}"))

    writers = [Thread(target=write, args=(number,)) for number in range(40)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(names(database)) == len(writers)


def test_what_the_database_cannot_hold_is_told_and_nothing_is_written(database: Database) -> None:
    """PostgreSQL takes no NUL in a text; SQLite does."""
    if database.engine.dialect.name == "sqlite":
        return
    with pytest.raises(InvalidInputError, match="不能保存的字符"), database.write() as unit:
        unit.session.add(Department(name="演\0示处", code="D1"))
    assert names(database) == []
