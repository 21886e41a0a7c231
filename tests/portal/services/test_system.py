"""The state of the installation: faults with a way out, the worker, work that waits, and no content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.audit.log import AuditLog
from archive_store.errors import NotFoundError
from archive_store.holders import Holder
from archive_store.unit_of_work import Database
from archive_store.work import INDEX_CASE, WORKER, hold_lease, mark_failed, next_work, note
from portal.services.desk import Desk
from portal.services.system import NO_WORKER, SystemService
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def offices(engine: Engine) -> Offices:
    return open_offices(engine)


@pytest.fixture
def system(engine: Engine, tmp_path: Path) -> SystemService:
    (tmp_path / "keys").mkdir(mode=0o700)
    return SystemService(Desk(Database(engine), AuditLog()), tmp_path, lambda: [("案卷", "3")])


def test_only_the_system_administrator_watches(offices: Offices, system: SystemService) -> None:
    for who in PEOPLE:
        if who != "sysadmin":
            with pytest.raises(NotFoundError):
                system.state(offices.actor(who))


def test_a_worker_that_does_not_run_is_a_problem(offices: Offices, system: SystemService) -> None:
    assert system.problems(offices.actor("sysadmin")) == [NO_WORKER]
    with offices.desk.database.write() as unit:
        hold_lease(unit.session, WORKER, str(Holder.here()), 30)
    state = system.state(offices.actor("sysadmin"))
    assert (state.worker_runs, state.problems) == (True, [])


def test_open_keys_are_a_problem(system: SystemService, tmp_path: Path) -> None:
    (tmp_path / "keys").chmod(0o755)
    assert [problem for problem in system.faults() if "密钥" in problem]


def test_work_that_failed_is_counted_without_its_words(offices: Offices, system: SystemService) -> None:
    with offices.desk.database.write() as unit:
        note(unit.session, INDEX_CASE, "a")
        note(unit.session, INDEX_CASE, "b")
        unit.session.flush()
        work = next_work(unit.session)
        assert work is not None
        mark_failed(work, "演示机密内容")
    state = system.state(offices.actor("sysadmin"))
    assert [(row.kind, row.waiting, row.failing) for row in state.work] == [("建立检索", 2, 1)]
    assert "演示机密内容" not in repr(state)
    assert len(state.problems) == 2
