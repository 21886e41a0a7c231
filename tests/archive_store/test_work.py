"""Noted work: what takes long goes last, and nothing is noted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.models.work import Work
from archive_store.unit_of_work import Database
from archive_store.work import INDEX_CASE, PREPARE_PLAYING, RECOGNISE_TEXT, mark_failed, next_work, note, note_once

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


def test_long_work_is_offered_only_as_such_and_the_sooner_wanted_first(database: Database) -> None:
    with database.write() as unit:
        for kind in (RECOGNISE_TEXT, PREPARE_PLAYING, "of_a_kind_to_come", INDEX_CASE):
            note(unit.session, kind, kind)
    with database.read() as session:
        first, long = next_work(session), next_work(session, long=True)
    assert first is not None
    assert long is not None
    assert (first.kind, long.kind) == ("of_a_kind_to_come", PREPARE_PLAYING)


def test_work_that_failed_waits_and_lets_the_rest_pass(database: Database) -> None:
    with database.write() as unit:
        for subject in ("one", "two"):
            note(unit.session, RECOGNISE_TEXT, subject)
        unit.session.flush()
        failing = next_work(unit.session, long=True)
        assert failing is not None
        mark_failed(failing, "演示")
    with database.read() as session:
        found = next_work(session, long=True)
    assert found is not None
    assert found.subject_id == "two"


def test_the_same_work_is_noted_once_while_it_waits(database: Database) -> None:
    with database.write() as unit:
        for subject in ("one", "one", "two"):
            note_once(unit.session, RECOGNISE_TEXT, subject)
    with database.write() as unit:
        waiting = unit.session.scalars(select(Work)).all()
        assert sorted(work.subject_id for work in waiting) == ["one", "two"]
        for work in waiting:
            work.done_at = work.noted_at
        note_once(unit.session, RECOGNISE_TEXT, "one")
    with database.read() as session:
        assert len(session.scalars(select(Work)).all()) == 3
