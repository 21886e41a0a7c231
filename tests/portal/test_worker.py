"""The worker: one at a time, failing work waits and others go on, nothing that was noted is forgotten."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import IO, TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import UnavailableError
from archive_store.models.audit import AuditCheckpoint, AuditLeaf
from archive_store.models.base import now
from archive_store.models.work import Lease, Work
from archive_store.work import hold_lease, note
from portal.worker import LEASE, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.portal.conftest import World

KIND = "demonstration"


def noted(world: World, *subjects: str) -> None:
    with world.opened.database.write() as unit:
        for subject in subjects:
            note(unit.session, KIND, subject)


def work(world: World) -> dict[str, Work]:
    with world.opened.database.read() as session:
        return {row.subject_id: row for row in session.scalars(select(Work).where(Work.kind == KIND))}


def test_while_another_holds_the_lease_nothing_is_done(world: World) -> None:
    done: list[str] = []
    world.opened.tasks[KIND] = done.append
    noted(world, "a")
    with world.opened.database.write() as unit:
        assert hold_lease(unit.session, LEASE, "another machine", 2)
    until = now() + timedelta(seconds=2)
    Worker(world.opened).run_until_idle()
    assert done == ["a"]
    assert now() >= until  # it waited for the other's lease to run out


def test_work_that_fails_waits_and_does_not_hold_up_what_comes_after(world: World) -> None:
    done: list[str] = []

    def task(subject: str) -> None:
        if subject == "bad":
            raise UnavailableError("部件没有应答。")
        done.append(subject)

    world.opened.tasks[KIND] = task
    noted(world, "bad", "good")
    Worker(world.opened).run_until_idle()
    rows = work(world)
    assert done == ["good"]
    assert (rows["bad"].done_at, rows["bad"].attempts, rows["bad"].last_error) == (None, 1, "部件没有应答。")
    assert rows["good"].done_at is not None


def test_what_failed_is_done_when_its_time_has_come(world: World) -> None:
    answers = iter([False, True])

    def task(_: str) -> None:
        if not next(answers):
            raise UnavailableError("部件没有应答。")

    world.opened.tasks[KIND] = task
    noted(world, "a")
    Worker(world.opened).run_until_idle()
    with world.opened.database.write() as unit:
        unit.session.scalars(select(Work).where(Work.kind == KIND)).one().not_before = now() - timedelta(seconds=1)
    Worker(world.opened).run_until_idle()
    assert work(world)["a"].done_at is not None


@pytest.mark.usefixtures("draft")
def test_the_log_gets_its_order_and_a_signed_checkpoint(world: World) -> None:
    Worker(world.opened).run_until_idle()
    with world.opened.database.read() as session:
        assert session.scalars(select(AuditLeaf.id).where(AuditLeaf.position.is_(None))).all() == []
    Worker(world.opened).run_until_idle()
    with world.opened.database.read() as session:
        assert session.scalars(select(AuditCheckpoint)).first() is not None
    assert world.opened.services.audit.verify() == []


def test_an_orderly_end_gives_the_lease_back(world: World, closed_pipe: IO[str]) -> None:
    Worker(world.opened).run(closed_pipe)
    with world.opened.database.read() as session:
        assert session.get(Lease, LEASE) is None


@pytest.fixture
def closed_pipe() -> Iterator[IO[str]]:
    """What a worker sees when the one who started it is gone."""
    reading, writing = os.pipe()
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor, not a path
        yield pipe
