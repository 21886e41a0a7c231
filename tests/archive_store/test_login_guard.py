"""Wrong passwords make whoever tries wait, where it tries, and never the owner at the own desk."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from archive_store.login_guard import DEVICES, NOWHERE, REMEMBERED, Caller, LoginGuard, forget_devices
from archive_store.models.accounts import Account, AddressGuard, KnownDevice
from archive_store.models.base import now
from tests.archive_store.rows import account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

START = now()
WAIT = timedelta(minutes=10)
ELSEWHERE = Caller("", "203.0.113.9")


@pytest.fixture
def owner(session: Session) -> Account:
    return account(session, "承办演示甲")


@pytest.fixture
def guard() -> LoginGuard:
    return LoginGuard(attempts=5, address_attempts=20, wait=WAIT)


@pytest.fixture
def desk(session: Session, guard: LoginGuard, owner: Account) -> Caller:
    """The owner's own browser, in which it has logged in once."""
    return Caller(guard.succeeded(session, owner, Caller("", "192.0.2.1"), START), "192.0.2.1")


def flood(session: Session, guard: LoginGuard, whom: Account | None, caller: Caller, times: int = 5) -> None:
    for _ in range(times):
        guard.failed(session, whom, caller, START)


def test_a_flood_from_elsewhere_makes_strangers_wait_and_never_the_owner(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    for n in range(30):
        guard.failed(session, owner, Caller("", f"203.0.113.{n}"), START)
    assert guard.must_wait(session, owner, ELSEWHERE, START)
    assert guard.must_wait(session, owner, Caller("made up", "192.0.2.1"), START)
    assert not guard.must_wait(session, owner, desk, START)


def test_the_owners_own_slips_make_that_browser_wait_alone(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    flood(session, guard, owner, desk, 4)
    assert not guard.must_wait(session, owner, desk, START)
    flood(session, guard, owner, desk, 1)
    assert guard.must_wait(session, owner, desk, START)
    assert not guard.must_wait(session, owner, desk, START + WAIT)
    assert not guard.must_wait(session, owner, ELSEWHERE, START)


def test_the_token_of_one_person_opens_no_way_to_another(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    other = account(session, "承办演示乙")
    flood(session, guard, other, desk)
    assert guard.must_wait(session, other, desk, START)
    assert not guard.must_wait(session, owner, desk, START)


def test_names_tried_one_after_the_other_from_one_address_have_to_wait_there(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    flood(session, guard, None, ELSEWHERE, 19)
    assert not guard.must_wait(session, None, ELSEWHERE, START)
    flood(session, guard, None, ELSEWHERE, 1)
    for whom in (None, owner):
        assert guard.must_wait(session, whom, ELSEWHERE, START)
        assert not guard.must_wait(session, whom, Caller("", "203.0.113.10"), START)
    assert not guard.must_wait(session, owner, Caller(desk.device, ELSEWHERE.address), START)


def test_slips_of_many_people_at_one_address_add_up_for_a_while_only(session: Session, guard: LoginGuard) -> None:
    for n in range(60):
        guard.failed(session, None, ELSEWHERE, START + n * timedelta(minutes=1))
    assert session.scalars(select(AddressGuard.locked_until)).one() is None


def test_tries_while_waiting_do_not_make_it_longer(session: Session, guard: LoginGuard, owner: Account) -> None:
    flood(session, guard, owner, ELSEWHERE, 50)
    assert not guard.must_wait(session, owner, ELSEWHERE, START + WAIT)


def test_a_browser_that_several_people_use_is_known_for_each(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    other = account(session, "承办演示乙")
    assert guard.succeeded(session, other, desk, START) == desk.device
    flood(session, guard, owner, ELSEWHERE)
    flood(session, guard, other, ELSEWHERE)
    assert not guard.must_wait(session, owner, desk, START)
    assert not guard.must_wait(session, other, desk, START)


def test_a_token_that_nobody_gave_is_not_taken_over(session: Session, guard: LoginGuard, owner: Account) -> None:
    assert guard.succeeded(session, owner, Caller("planted", ""), START) != "planted"


def test_a_login_ends_the_count(session: Session, guard: LoginGuard, owner: Account, desk: Caller) -> None:
    flood(session, guard, owner, desk, 4)
    guard.succeeded(session, owner, desk, START)
    flood(session, guard, owner, desk, 4)
    guard.proved(session, owner, desk)
    flood(session, guard, owner, desk, 4)
    assert not guard.must_wait(session, owner, desk, START)


def test_a_command_on_the_machine_leaves_no_browser(session: Session, guard: LoginGuard, owner: Account) -> None:
    assert not guard.succeeded(session, owner, NOWHERE, START)
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 0


def test_few_browsers_are_remembered_and_none_for_ever(session: Session, guard: LoginGuard, owner: Account) -> None:
    tokens = [guard.succeeded(session, owner, Caller("", "a"), START + n * timedelta(hours=1)) for n in range(25)]
    flood(session, guard, owner, ELSEWHERE)
    waits = [guard.must_wait(session, owner, Caller(token, "a"), START) for token in tokens]
    assert waits == [True] * (25 - DEVICES) + [False] * DEVICES
    guard.succeeded(session, owner, Caller("", "a"), START + REMEMBERED + timedelta(days=2))
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1


def test_another_password_leaves_one_browser_known_and_a_reset_none(
    session: Session, guard: LoginGuard, owner: Account, desk: Caller
) -> None:
    guard.succeeded(session, owner, Caller("", "b"), START)
    forget_devices(session, owner, but=desk.device)
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1
    flood(session, guard, owner, ELSEWHERE)
    assert not guard.must_wait(session, owner, desk, START)
    forget_devices(session, owner)
    assert guard.must_wait(session, owner, desk, START)
