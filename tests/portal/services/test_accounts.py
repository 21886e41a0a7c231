"""Accounts: one answer for every wrong login, enrolment once, tokens for their owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from portal.services.accounts import WRONG_LOGIN, NewAccount
from tests.portal.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(("login", "password"), [("handler", "错的密码错的密码错的"), ("nobody", PASSWORD), ("", "")])
def test_every_wrong_login_has_the_same_answer(world: World, login: str, password: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        world.opened.services.accounts.log_in(login, password)
    assert refusal.value.message == WRONG_LOGIN


def test_wrong_passwords_in_a_row_make_the_account_wait(world: World) -> None:
    accounts = world.opened.services.accounts
    for _ in range(world.opened.settings.login_attempts):
        with pytest.raises(RefusedError):
            accounts.log_in("handler", "错的密码错的密码错的")
    with pytest.raises(RefusedError):
        accounts.log_in("handler", PASSWORD)


@pytest.mark.parametrize("who", ["handler", "archivist", "leader", "secadmin", "auditor", "party"])
def test_only_the_system_administrator_makes_accounts(world: World, who: str) -> None:
    with pytest.raises(NotFoundError):
        world.opened.services.accounts.create(world.actor(who), NewAccount("new", "新人"))


def test_an_enrolment_code_works_once(world: World) -> None:
    accounts = world.opened.services.accounts
    _, code = accounts.create(world.actor("sysadmin"), NewAccount("newcomer", "新来演示"))
    with pytest.raises(InvalidInputError):
        accounts.enrol(code, "短")
    assert accounts.enrol(code, PASSWORD) == "newcomer"
    with pytest.raises(RefusedError):
        accounts.enrol(code, PASSWORD)


def test_set_up_refuses_once_an_account_exists(world: World) -> None:
    with pytest.raises(RefusedError):
        world.opened.services.accounts.set_up([NewAccount("x", "x")])


def test_a_command_token_opens_for_its_owner_only(world: World) -> None:
    accounts = world.opened.services.accounts
    token = accounts.issue_command_token(world.actor("archivist"))
    assert accounts.by_command_token("archivist", token).account_id == world.ids["archivist"]
    with pytest.raises(RefusedError):
        accounts.by_command_token("handler", token)
