"""Lists of rights are each of one office, and tell the auditor every change with its ground."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive_store.accounts import office_today
from archive_store.errors import NotFoundError
from portal.services.work_list import SOON, office_tasks
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def backend() -> str:
    """On SQLite alone: what differs between the databases is in `test_rights`."""
    return "sqlite"


@pytest.fixture
def offices(engine: Engine) -> Offices:
    return open_offices(engine)


def tasks(offices: Offices, who: str) -> list[tuple[str, str]]:
    with offices.desk.database.read() as session:
        found = office_tasks(session, offices.actor(who), offices.desk.today())
        return [(task.kind, task.title) for task in found]


def test_only_the_security_administrator_sees_who_holds_what(offices: Offices) -> None:
    ask_id = offices.ask("leader", "handler", "clearance:2")
    for who in PEOPLE:
        for look in (
            offices.lists.waiting,
            lambda actor: offices.lists.asked(actor, ask_id),
            offices.lists.people,
            lambda actor: offices.lists.person(actor, "handler"),
        ):
            if "secadmin" in who:
                assert look(offices.actor(who))
            else:
                with pytest.raises(NotFoundError):
                    look(offices.actor(who))


def test_only_the_auditor_reads_the_changes(offices: Offices) -> None:
    for who in PEOPLE:
        if who != "auditor":
            with pytest.raises(NotFoundError):
                offices.lists.changes(offices.actor(who))


def test_the_auditor_reads_each_ask_grant_and_end_with_its_ground(offices: Offices) -> None:
    until = office_today() + timedelta(days=9)
    offices.grant(offices.ask("leader", "handler", "clearance:2", until))
    offices.rights.end(offices.actor("secadmin"), "handler", "role", "role-handler", "演示：调离")
    said = [(row.event.zh, row.actor, row.person, row.right, row.ground) for row in _changes(offices)]
    assert said == [
        ("收回权限", "演示secadmin", "演示handler", "角色：承办人", "演示：调离"),
        ("授予权限", "演示secadmin", "演示handler", "可阅密级：秘密", "演示核对"),
        ("申请授权", "演示leader", "演示handler", "可阅密级：秘密", "演示任命"),
    ]
    assert _changes(offices)[1].last == until


def test_one_sees_ones_own_asks_alone(offices: Offices) -> None:
    offices.ask("leader", "handler", "clearance:2")
    assert [row.login for row in offices.lists.own(offices.actor("leader"))] == ["handler"]
    assert offices.lists.own(offices.actor("other_leader")) == []
    with pytest.raises(NotFoundError):
        offices.lists.own(offices.actor("handler"))


def test_a_leader_is_offered_the_people_of_the_own_department(offices: Offices) -> None:
    assert set(offices.lists.names(offices.actor("leader"))) == {"handler", "legal"}
    assert offices.lists.names(offices.actor("sysadmin")) == {}


def test_work_lists_name_what_waits_for_each_office(offices: Offices) -> None:
    offices.ask("leader", "handler", "clearance:2")
    assert tasks(offices, "secadmin") == [("待授权", "演示handler　可阅密级：秘密")]
    assert tasks(offices, "sysadmin") == [
        ("待启用", "演示newcomer（newcomer）尚未启用账号"),
        ("待定主管", "bare 没有主管领导"),
    ]
    assert tasks(offices, "handler") == tasks(offices, "auditor") == []


def test_rights_about_to_end_are_told_in_time(offices: Offices) -> None:
    soon, later = (office_today() + SOON + timedelta(days=days) for days in (0, 1))
    offices.grant(offices.ask("leader", "handler", "clearance:2", soon))
    offices.grant(offices.ask("leader", "handler", "mark:minor", later))
    assert tasks(offices, "secadmin") == [("即将到期", "演示handler　可阅密级：秘密")]


def test_everyone_reads_the_own_rights(offices: Offices) -> None:
    said = [words for _, words in offices.lists.of_oneself(offices.actor("handler")).rights]
    assert said == ["角色：承办人", "所属部门：water"]


def _changes(offices: Offices) -> list:  # type: ignore[type-arg]  # rows of the list
    return offices.lists.changes(offices.actor("auditor"))
