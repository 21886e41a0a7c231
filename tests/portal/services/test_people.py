"""Accounts and departments are the system administrator's, who gives no rights and takes over nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from portal.services.people import ENROLLED
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from archive_store.models.accounts import Account


@pytest.fixture
def backend() -> str:
    """On SQLite alone: what differs between the databases is in `test_rights`."""
    return "sqlite"


@pytest.fixture
def offices(engine: Engine) -> Offices:
    return open_offices(engine)


def account(offices: Offices, login: str) -> Account:
    return offices.people.account(offices.actor("sysadmin"), login)


def test_only_the_system_administrator_keeps_accounts_and_departments(offices: Offices) -> None:
    people = offices.people
    for who in PEOPLE:
        actor = offices.actor(who)
        for act in (
            people.accounts,
            lambda actor: people.account(actor, "handler"),
            lambda actor: people.close(actor, "handler", "x"),
            lambda actor: people.open(actor, "handler", "x"),
            lambda actor: people.new_code(actor, "newcomer"),
            people.departments,
            lambda actor: people.add_department(actor, "新部门", "X"),
            lambda actor: people.rename_department(actor, "water", "新部门"),
        ):
            if who != "sysadmin":
                with pytest.raises(NotFoundError):
                    act(actor)
    assert offices.events() == []


def test_a_closed_account_is_out_at_once_and_comes_back_with_its_rights(offices: Offices) -> None:
    sysadmin, before = offices.actor("sysadmin"), offices.actor("handler")
    version = account(offices, "handler").rights_version
    offices.people.close(sysadmin, "handler", "演示：休假")
    assert not account(offices, "handler").active
    assert account(offices, "handler").rights_version == version + 1
    with pytest.raises(RefusedError):
        offices.people.close(sysadmin, "handler", "演示")
    offices.people.open(sysadmin, "handler", "演示：返岗")
    assert offices.actor("handler") == before
    with pytest.raises(RefusedError):
        offices.people.open(sysadmin, "handler", "演示")
    assert offices.events() == ["account:disable", "account:enable"]


def test_nobody_closes_oneself_or_the_last_administrator_of_a_kind(offices: Offices) -> None:
    for login in ("sysadmin", "auditor"):
        with pytest.raises(RefusedError):
            offices.people.close(offices.actor("sysadmin"), login, "演示")
    offices.people.close(offices.actor("sysadmin"), "second_secadmin", "演示")
    with pytest.raises(RefusedError):
        offices.people.close(offices.actor("sysadmin"), "secadmin", "演示")


def test_nobody_takes_over_an_account_that_is_in_use_by_a_new_code(offices: Offices) -> None:
    for login in ("secadmin", "auditor", "handler"):
        with pytest.raises(RefusedError) as refusal:
            offices.people.new_code(offices.actor("sysadmin"), login)
        assert refusal.value.message == ENROLLED
    first, second = (offices.people.new_code(offices.actor("sysadmin"), "newcomer") for _ in range(2))
    assert first != second
    assert account(offices, "newcomer").enrolment_hash is not None


def test_closing_needs_a_reason(offices: Offices) -> None:
    for reason in ("", "  ", "长" * 301):
        with pytest.raises(InvalidInputError):
            offices.people.close(offices.actor("sysadmin"), "handler", reason)


def test_accounts_are_found_by_name_or_login_as_written(offices: Offices) -> None:
    sysadmin = offices.actor("sysadmin")
    assert [one.login for one in offices.people.accounts(sysadmin, "secadmin")[0]] == ["secadmin", "second_secadmin"]
    assert offices.people.accounts(sysadmin, "%")[1] == 0
    assert offices.people.accounts(sysadmin)[1] == len(PEOPLE)


def test_a_department_needs_a_name_and_a_code_of_its_own(offices: Offices) -> None:
    wrong = [("", "X"), ("名" * 101, "X"), ("新部门", ""), ("新部门", "水"), ("water", "X"), ("新部门", "D0")]
    for name, code in wrong:
        with pytest.raises(InvalidInputError):
            offices.people.add_department(offices.actor("sysadmin"), name, code)


def test_a_department_is_renamed_and_keeps_its_code(offices: Offices) -> None:
    sysadmin = offices.actor("sysadmin")
    made = offices.people.add_department(sysadmin, "新 部门", "xb")
    offices.people.rename_department(sysadmin, made, "更名部门")
    rows = {row.department.id: row for row in offices.people.departments(sysadmin)}
    assert (rows[made].department.name, rows[made].department.code, rows[made].leaders) == ("更名部门", "XB", ())
    assert rows["water"].leaders == ("演示leader",)
    with pytest.raises(InvalidInputError):
        offices.people.rename_department(sysadmin, made, "water")
    with pytest.raises(NotFoundError):
        offices.people.rename_department(sysadmin, "0" * 32, "另一名")
