"""One's own account: sessions are one's own alone, and a password is changed only by who knows the old one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.accounts import Account, WebSession
from tests.portal.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.portal.conftest import World

NEW = "另一句谁也想不到的演示密码"
HOUR = timedelta(hours=1)


def begin(world: World, login: str, name: str, **changes: object) -> None:
    now = world.opened.desk.clock()
    facts = {"id": name, "token_hash": name, "account_id": world.ids[login], "rights_version": 1, "ends_at": now + HOUR}
    with world.opened.database.write() as unit:
        unit.session.add(WebSession(**facts | changes))


def kept(world: World) -> set[str]:
    with world.opened.database.read() as session:
        return {row.id for row in session.query(WebSession)}


def test_one_sees_and_ends_only_ones_own_sessions(world: World) -> None:
    own, handler, now = world.opened.services.own_account, world.actor("handler"), world.opened.desk.clock()
    begin(world, "handler", "here")
    begin(world, "handler", "there", address="192.0.2.7")
    begin(world, "handler", "idle", seen_at=now - HOUR)
    begin(world, "handler", "over", ends_at=now - HOUR)
    begin(world, "handler", "former", rights_version=0)
    begin(world, "leader", "another")
    found = own.sessions(handler, "here")
    assert [(one.id, one.is_this, one.address) for one in found] == [("here", True, ""), ("there", False, "192.0.2.7")]
    for name in ("another", "nothing"):
        with pytest.raises(NotFoundError):
            own.end_session(handler, name)
    own.end_session(handler, "there")
    assert kept(world) == {"here", "idle", "over", "former", "another"}
    own.end_others(handler, "here")
    assert kept(world) == {"here", "another"}


def test_a_password_is_changed_only_by_who_knows_the_old_one(world: World) -> None:
    accounts, handler = world.opened.services.accounts, world.actor("handler")
    with pytest.raises(RefusedError):
        accounts.change_password(handler, "错的密码错的密码错的", NEW, "here")
    for weak in ("短", "password12345", PASSWORD, "承办演示甲承办演示甲承办演示甲"):
        with pytest.raises(InvalidInputError):
            accounts.change_password(handler, PASSWORD, weak, "here")
    assert accounts.log_in("handler", PASSWORD)


def test_another_password_ends_the_other_sessions_and_the_token_for_commands(world: World) -> None:
    accounts, handler = world.opened.services.accounts, world.actor("handler")
    token = accounts.issue_command_token(handler)
    for login, name in (("handler", "here"), ("handler", "there"), ("leader", "another")):
        begin(world, login, name)
    accounts.change_password(handler, PASSWORD, NEW, "here")
    assert kept(world) == {"here", "another"}
    for act in (lambda: accounts.log_in("handler", PASSWORD), lambda: accounts.by_command_token("handler", token)):
        with pytest.raises(RefusedError):
            act()
    assert accounts.log_in("handler", NEW)


def test_wrong_passwords_at_a_step_up_count_like_those_of_a_login(world: World) -> None:
    accounts, handler = world.opened.services.accounts, world.actor("handler")
    for _ in range(world.opened.settings.login_attempts):
        with pytest.raises(RefusedError):
            accounts.step_up(handler, "错的密码错的密码错的")
    with pytest.raises(RefusedError):
        accounts.step_up(handler, PASSWORD)
    with world.opened.database.read() as session:
        assert session.get_one(Account, handler.account_id).locked_until is not None
