"""The worker goes on whatever a piece of work, the sweep or the database does to it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.errors import NotFoundError, UnavailableError
from archive_store.models.work import Work
from archive_store.work import MAKE_COPY, MAKE_RELEASE, note
from portal.wiring import UNNAMED_KEPT_SECONDS
from portal.worker import Worker

if TYPE_CHECKING:
    import pytest

    from tests.portal.conftest import World


def test_a_slip_in_one_piece_of_work_stops_only_that_piece(world: World, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def slips(subject: str) -> None:
        raise KeyError(f"周演示 {subject}")

    world.opened.tasks[MAKE_RELEASE] = slips
    world.opened.tasks[MAKE_COPY] = done.append
    with world.opened.database.write() as unit:
        note(unit.session, MAKE_RELEASE, "first")
        note(unit.session, MAKE_COPY, "second")
    Worker(world.opened).run_until_idle()
    assert done == ["second"]
    with world.opened.database.read() as session:
        first = session.scalars(select(Work).where(Work.kind == MAKE_RELEASE)).one()
    assert (first.done_at, first.attempts, first.last_error) == (None, 1, "KeyError")
    assert "周演示" not in caplog.text


def test_trouble_with_the_database_or_the_disk_does_not_end_the_worker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, rounds = Worker(world.opened), []
    read, write = os.pipe()

    def troubled(*, at_once: bool) -> bool:
        assert not at_once
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise UnavailableError("演示")
        os.write(write, b"x")
        os.close(write)
        return False

    monkeypatch.setattr("portal.worker.AFTER_TROUBLE_SECONDS", 0)
    monkeypatch.setattr(worker, "step", troubled)
    with open(read, encoding="ascii") as stop:  # noqa: PTH123 - a descriptor, not a path
        stop.read(0)
        worker.run(stop)
    assert len(rounds) >= 2


def test_what_goes_away_while_it_is_being_swept_does_not_stop_the_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = world.opened.staging
    kept = staging.put(io.BytesIO(b"old")).name
    path = staging.folder / kept[:2] / kept
    old = path.stat().st_mtime - UNNAMED_KEPT_SECONDS - 60
    os.utime(path, (old, old))
    gone = "0" * 32
    monkeypatch.setattr(staging, "names", lambda: iter([gone, kept]))
    world.opened.sweep()
    try:
        staging.open(kept).close()
    except NotFoundError:
        return
    raise AssertionError("what nothing names is still there")
