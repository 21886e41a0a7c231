"""Leases and noted work: one holder at a time, nothing forgotten, nothing done too early."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.holders import Holder
from archive_store.models.base import now
from archive_store.models.cases import Case
from archive_store.models.work import IndexState, Lease, Work
from archive_store.unit_of_work import Database
from archive_store.work import (
    INDEX_CASE,
    PREPARE_PLAYING,
    RECOGNISE_TEXT,
    RETRY_SECONDS,
    drop_lease,
    hold_lease,
    mark_failed,
    next_work,
    note,
    note_index,
    note_once,
)
from tests.archive_store.rows import draft_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


@contextmanager
def writing(database: Database) -> Iterator[Session]:
    with database.write() as unit:
        yield unit.session


def hold(database: Database, holder: str, seconds: float = 60) -> bool:
    with writing(database) as session:
        return hold_lease(session, "worker", holder, seconds)


def test_a_lease_is_refused_to_everybody_but_its_holder(database: Database) -> None:
    assert hold(database, "first")
    assert not hold(database, "second")
    assert hold(database, "first")


def test_only_its_holder_gives_a_lease_back(database: Database) -> None:
    hold(database, "first")
    with writing(database) as session:
        drop_lease(session, "worker", "second")
    assert not hold(database, "second")
    with writing(database) as session:
        drop_lease(session, "worker", "first")
    assert hold(database, "second")


def test_a_lease_that_ran_out_is_free(database: Database) -> None:
    hold(database, "first", seconds=-1)
    assert hold(database, "second")


def test_a_killed_holder_is_not_waited_for_and_a_living_one_is(database: Database) -> None:
    living = Holder.here()
    hold(database, str(replace(living, started="1")), seconds=1800)
    assert hold(database, str(living), seconds=1800)
    assert not hold(database, str(Holder.here()))
    with database.read() as session:
        assert session.get_one(Lease, "worker").holder == str(living)


def test_nothing_is_noted_where_its_cause_was_not_committed(database: Database) -> None:
    with pytest.raises(RuntimeError), writing(database) as session:  # noqa: PT012 - the block is what fails
        note(session, INDEX_CASE, "a")
        raise RuntimeError
    with database.read() as session:
        assert next_work(session) is None


def test_work_comes_in_the_order_in_which_it_was_noted_and_once_done_no_more(database: Database) -> None:
    with writing(database) as session:
        for subject in ("b", "a"):
            note(session, INDEX_CASE, subject)
    for subject in ("b", "a"):
        with writing(database) as session:
            work = next_work(session)
            assert work is not None
            assert work.subject_id == subject
            work.done_at = now()
    with database.read() as session:
        assert next_work(session) is None


def test_failed_work_waits_longer_each_time_and_is_never_given_up(database: Database) -> None:
    with writing(database) as session:
        note(session, INDEX_CASE, "a")
    for attempt in range(len(RETRY_SECONDS) + 2):
        with writing(database) as session:
            work = session.scalars(select(Work)).one()
            mark_failed(work, "x" * 5000)
            wait = timedelta(seconds=RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            assert wait - timedelta(seconds=60) < work.not_before - now() <= wait
            assert len(work.last_error) == 2000
            assert next_work(session) is None
        assert work.done_at is None


def test_each_change_raises_what_the_index_has_to_follow(database: Database) -> None:
    with writing(database) as session:
        case = draft_case(session)
        note_index(session, case.id)
        session.flush()
        note_index(session, case.id)
    with database.read() as session:
        assert session.get_one(IndexState, session.scalars(select(Case.id)).one()).wanted == 2
        assert len(session.scalars(select(Work)).all()) == 2


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
