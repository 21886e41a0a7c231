"""The second factor: asked for with the password, counts once, told apart from a wrong password by nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from archive_store.errors import IntegrityError, InvalidInputError, NotFoundError, RefusedError
from archive_store.login_guard import LoginGuard
from archive_store.models.accounts import Account, WebSession
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.second_factor import FactorCode, SecondFactor
from archive_store.private_fields import FieldSeal
from archive_store.second_factor import CODES, FactorRules, SecondFactors
from archive_store.security_keys import SecurityKeys
from archive_store.totp import STEP_SECONDS, hotp, step_at
from portal.services.accounts import AccountService
from portal.services.recovery import RecoveryService
from portal.services.second_factor import SecondFactorService
from tests.portal.conftest import PASSWORD
from tests.portal.services.offices import Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine

WRONG = "错的密码错的密码错的"
NEW = "另一句谁也想不到的演示密码"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STEP = timedelta(seconds=STEP_SECONDS)


@pytest.fixture
def backend() -> str:
    """On SQLite alone; the tables are compared on both in `test_migrations`."""
    return "sqlite"


class Phone:
    """The services with a clock that is put forward, and an authenticator of the handler's."""

    def __init__(self, offices: Offices) -> None:
        self.later, start = timedelta(), now()  # a clock that stands: no test crosses into another step by chance
        self.desk = replace(offices.desk, clock=lambda: start + self.later)
        self.offices = offices
        self.factors = SecondFactors(FieldSeal(bytes(32)), SecurityKeys("http://localhost"), FactorRules())
        self.service = SecondFactorService(self.desk, self.factors)
        self.accounts = AccountService(
            self.desk, self.factors, LoginGuard(attempts=5, address_attempts=50, wait=timedelta(minutes=10))
        )
        self.accounts._hasher = CHEAP
        with self.desk.database.write() as unit:
            for account in unit.session.scalars(select(Account)):
                account.password_hash = CHEAP.hash(PASSWORD)
        self.actor = offices.actor("handler")

    def code(self, steps: int = 0) -> str:
        with self.desk.database.read() as session:
            key = self.factors.key(session.get_one(SecondFactor, "handler"))
        return hotp(key, step_at(self.desk.clock()) + steps)

    def turn_on(self) -> list[str]:
        self.service.begin(self.actor)
        codes = self.service.confirm(self.actor, self.code(), "here")
        self.later += 2 * STEP
        return codes

    def log_in(self, code: str = "", password: str = PASSWORD, login: str = "handler") -> str:
        return self.accounts.log_in(login, password, code)[0]

    def refusal(self, *given: str) -> str:
        with pytest.raises(RefusedError) as refused:
            self.log_in(*given)
        return refused.value.message


@pytest.fixture
def phone(engine: Engine) -> Phone:
    return Phone(open_offices(engine))


def test_whoever_has_the_password_alone_does_not_come_in(phone: Phone) -> None:
    phone.turn_on()
    wrong = f"{(int(phone.code()) + 1) % 10**6:06d}"
    answers = {phone.refusal(code) for code in ("", wrong, phone.code(-2), phone.code(2), "x" * 40)}
    phone.later += timedelta(minutes=11)
    answers |= {phone.refusal("", WRONG), phone.refusal(phone.code(), WRONG), phone.refusal("", WRONG, "nobody")}
    assert len(answers) == 1
    with phone.desk.database.write() as unit:
        unit.session.get_one(Account, "handler").locked_until = None
    assert phone.log_in(f" {phone.code()[:3]} {phone.code()[3:]} ") == "handler"


def test_wrong_codes_count_like_wrong_passwords(phone: Phone) -> None:
    phone.turn_on()
    for _ in range(5):
        phone.refusal("000000" if phone.code() != "000000" else "000001")
    assert phone.refusal(phone.code())


def test_a_code_counts_once_at_login_and_step_up_alike(phone: Phone) -> None:
    phone.turn_on()
    code = phone.code()
    assert phone.log_in(code) == "handler"
    phone.refusal(code)
    with pytest.raises(RefusedError):
        phone.accounts.step_up(phone.actor, PASSWORD, code)
    phone.refusal(phone.code(-1))
    phone.later += STEP
    phone.accounts.step_up(phone.actor, PASSWORD, phone.code())
    phone.refusal(phone.code())


def test_a_code_that_came_with_a_wrong_password_is_not_spent(phone: Phone) -> None:
    phone.turn_on()
    phone.refusal(phone.code(), WRONG)
    assert phone.log_in(phone.code()) == "handler"


def test_step_up_and_another_password_ask_for_the_code_too(phone: Phone) -> None:
    phone.turn_on()
    with pytest.raises(RefusedError):
        phone.accounts.step_up(phone.actor, PASSWORD)
    with pytest.raises(RefusedError):
        phone.accounts.change_password(phone.actor, PASSWORD, NEW, "here")
    phone.accounts.change_password(phone.actor, PASSWORD, NEW, "here", phone.code())


def test_each_recovery_code_stands_in_once_and_new_ones_end_the_old(phone: Phone) -> None:
    codes = phone.turn_on()
    assert len(set(codes)) == CODES
    assert phone.log_in(codes[0]) == "handler"
    phone.refusal(codes[0])
    assert phone.log_in(codes[1].lower().replace("-", " ")) == "handler"
    assert phone.service.standing(phone.actor).codes_left == CODES - 2
    phone.service.new_codes(phone.actor)
    phone.refusal(codes[2])


def test_a_recovery_code_is_of_one_person(phone: Phone) -> None:
    codes = phone.turn_on()
    phone.actor = phone.offices.actor("leader")
    phone.service.begin(phone.actor)
    with phone.desk.database.read() as session:
        key = phone.factors.key(session.get_one(SecondFactor, "leader"))
    phone.service.confirm(phone.actor, hotp(key, step_at(phone.desk.clock())), "there")
    phone.refusal(codes[0], PASSWORD, "leader")
    assert phone.log_in(codes[0]) == "handler"


def test_it_is_not_asked_for_before_it_was_confirmed(phone: Phone) -> None:
    for act in (lambda: phone.service.confirm(phone.actor, "000000", ""), lambda: phone.service.begun(phone.actor)):
        with pytest.raises(NotFoundError):
            act()
    first = phone.service.begin(phone.actor)
    assert phone.log_in() == "handler"
    assert phone.service.begun(phone.actor) == first
    assert phone.service.begin(phone.actor) != first
    with pytest.raises(InvalidInputError):
        phone.service.confirm(phone.actor, phone.code(5), "")
    assert not phone.service.standing(phone.actor).is_on
    phone.service.confirm(phone.actor, phone.code(), "")
    phone.refusal(phone.code())
    with pytest.raises(RefusedError):
        phone.service.begin(phone.actor)
    with pytest.raises(NotFoundError):
        phone.service.begun(phone.actor)


def test_turning_it_on_ends_every_other_session(phone: Phone) -> None:
    with phone.desk.database.write() as unit:
        for name, whose in (("here", "handler"), ("there", "handler"), ("another", "leader")):
            ends = now() + timedelta(hours=1)
            unit.session.add(WebSession(id=name, token_hash=name, account_id=whose, ends_at=ends))
    phone.turn_on()
    with phone.desk.database.read() as session:
        assert {*session.scalars(select(WebSession.id))} == {"here", "another"}


def test_key_and_recovery_codes_are_nowhere_in_the_clear(phone: Phone) -> None:
    codes = phone.turn_on()
    with phone.desk.database.read() as session:
        row = session.get_one(SecondFactor, "handler")
        key = phone.factors.key(row)
        assert key not in row.sealed_key
        kept = {*session.scalars(select(FactorCode.code_hash))}
        assert kept.isdisjoint({*codes, *(code.replace("-", "") for code in codes)})
        details = "".join(session.scalars(select(AuditLeaf.details)))
        assert not any(code in details for code in codes)
        row.account_id = "leader"
        with pytest.raises(IntegrityError):
            phone.factors.key(row)
        session.expunge(row)


def test_turned_off_by_its_owner_unless_it_is_required(phone: Phone) -> None:
    with pytest.raises(NotFoundError):
        phone.service.remove(phone.actor)
    with pytest.raises(NotFoundError):
        phone.service.new_codes(phone.actor)
    phone.turn_on()
    phone.service.remove(phone.actor)
    assert phone.log_in() == "handler"
    with phone.desk.database.read() as session:
        assert session.scalars(select(FactorCode)).first() is None
    factors = SecondFactors(FieldSeal(bytes(32)), phone.factors.keys, FactorRules(any_required=True))
    required = SecondFactorService(phone.desk, factors)
    assert not required.is_due(phone.actor)
    for login in ("sysadmin", "secadmin", "auditor"):
        assert required.is_due(phone.offices.actor(login))
        assert not phone.service.is_due(phone.offices.actor(login))
    auditor = phone.offices.actor("auditor")
    required.begin(auditor)
    with phone.desk.database.read() as session:
        key = phone.factors.key(session.get_one(SecondFactor, "auditor"))
    required.confirm(auditor, hotp(key, step_at(phone.desk.clock())), "")
    assert not required.is_due(auditor)
    with pytest.raises(RefusedError):
        required.remove(auditor)


@pytest.mark.parametrize("lifts", [False, True])
def test_a_recovery_by_two_takes_it_away_only_where_both_saw_that(phone: Phone, lifts: bool) -> None:  # noqa: FBT001
    phone.turn_on()
    recovery, offices = RecoveryService(phone.desk, phone.factors, CHEAP), phone.offices
    recovery_id = recovery.begin(offices.actor("sysadmin"), "handler", "演示：手机遗失", lifts_factor=lifts)
    assert recovery.shown(offices.actor("secadmin"), recovery_id).recovery.lifts_factor == lifts
    recovery.use(recovery.confirm(offices.actor("secadmin"), recovery_id, "演示：当面核对"), NEW)
    if lifts:
        assert phone.log_in("", NEW) == "handler"
    else:
        phone.refusal("", NEW)
        assert phone.log_in(phone.code(), NEW) == "handler"
