"""The way back into an account: two people, a code that counts once and one day, and nothing told to outsiders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import BindingKind, RecoveryState, Role
from archive_store.login_bindings import Identity, bind
from archive_store.models.accounts import Account, RoleGrant, WebSession
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.login_bindings import LoginBinding
from archive_store.models.recovery import Recovery
from archive_store.models.tokens import AccessToken
from archive_store.private_fields import FieldSeal
from archive_store.recovery import CODE_LASTS, WAITS
from archive_store.second_factor import FactorRules, SecondFactors
from archive_store.security_keys import SecurityKeys
from portal.services.recovery import BAD_CODE, RecoveryService
from portal.services.work_list import office_tasks
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from portal.services.desk import Desk

NEW = "另一句谁也想不到的演示密码"
SEEN = "演示：当面核对证件"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def backend() -> str:
    """On SQLite alone; the tables are compared on both in `test_migrations`."""
    return "sqlite"


@dataclass
class Bureau:
    """The offices with a clock that can be put forward."""

    offices: Offices
    desk: Desk
    later: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.desk = replace(self.desk, clock=lambda: now() + self.later)
        self.factors = SecondFactors(FieldSeal(bytes(32)), SecurityKeys("http://localhost"), FactorRules())
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.recovery = RecoveryService(self.desk, self.factors, cheap)

    def begin(self, login: str = "handler", by: str = "sysadmin") -> str:
        return self.recovery.begin(self.offices.actor(by), login, SEEN)

    def confirm(self, recovery_id: str, by: str = "secadmin") -> str:
        return self.recovery.confirm(self.offices.actor(by), recovery_id, SEEN)

    def account(self, login: str = "handler") -> Account:
        with self.desk.database.read() as session:
            return session.get_one(Account, login)

    def state(self, recovery_id: str) -> RecoveryState:
        with self.desk.database.read() as session:
            return session.get_one(Recovery, recovery_id).state

    def waits_for(self, login: str) -> list[str]:
        with self.desk.database.read() as session:
            tasks = office_tasks(session, self.offices.actor(login), self.desk.today())
            return [task.arguments["recovery_id"] for task in tasks if task.endpoint == "recovery.page"]


@pytest.fixture
def bureau(engine: Engine) -> Bureau:
    offices = open_offices(engine)
    return Bureau(offices, offices.desk)


def test_only_the_two_offices_take_part_and_never_for_themselves(bureau: Bureau) -> None:
    for login in PEOPLE:
        if login != "sysadmin":
            with pytest.raises(NotFoundError):
                bureau.begin(by=login)
    for login in ("sysadmin", "secadmin"):
        with pytest.raises((NotFoundError, RefusedError)):
            bureau.begin(login, by=login)
    for unknown in ("nobody", ""):
        with pytest.raises(NotFoundError):
            bureau.begin(unknown)
    recovery_id = bureau.begin()
    for login in PEOPLE:
        if not login.endswith("secadmin"):
            actor = bureau.offices.actor(login)
            with pytest.raises(NotFoundError):
                bureau.recovery.confirm(actor, recovery_id, SEEN)
            with pytest.raises(NotFoundError):
                bureau.recovery.refuse(actor, recovery_id, SEEN)
            if login != "sysadmin":
                with pytest.raises(NotFoundError):
                    bureau.recovery.withdraw(actor, recovery_id)
                with pytest.raises(NotFoundError):
                    bureau.recovery.shown(actor, recovery_id)
    assert bureau.offices.events() == ["recovery:begin"]


@pytest.mark.parametrize(
    ("owner", "begins", "confirms"),
    [
        ("handler", "sysadmin", "secadmin"),
        ("auditor", "sysadmin", "secadmin"),
        ("sysadmin", "secadmin", "auditor"),
        ("secadmin", "sysadmin", "auditor"),
    ],
)
def test_two_others_bring_the_owner_back(bureau: Bureau, owner: str, begins: str, confirms: str) -> None:
    for login in PEOPLE:
        if login != begins and not (begins == "secadmin" and login == "second_secadmin"):
            with suppress(NotFoundError, RefusedError):
                bureau.begin(owner, by=login)
                pytest.fail(login)
    recovery_id = bureau.begin(owner, by=begins)
    for login in PEOPLE:
        expected = login == confirms or (confirms == "secadmin" and login == "second_secadmin")
        assert bool(bureau.waits_for(login)) == expected, login
    code = bureau.confirm(recovery_id, by=confirms)
    assert bureau.waits_for(confirms) == []
    assert bureau.account(owner).password_hash == "x"
    assert bureau.recovery.use(f" {code} ", NEW) == owner
    assert bureau.account(owner).password_hash != "x"
    assert bureau.offices.events() == ["recovery:begin", "recovery:confirm", "recovery:use"]


def test_a_used_code_ends_every_session_token_and_binding_and_does_not_work_again(bureau: Bureau) -> None:
    with bureau.desk.database.write() as unit:
        account = unit.session.get_one(Account, "handler")
        account.command_token_hash, account.failed_logins = "t", 4
        account.locked_until = now() + timedelta(hours=1)
        for name, whose in (("a", "handler"), ("b", "handler"), ("c", "leader")):
            row = WebSession(id=name, token_hash=name, account_id=whose, rights_version=1, ends_at=now() + CODE_LASTS)
            unit.session.add(row)
        for whose in ("handler", "leader"):
            unit.session.add(AccessToken(account_id=whose, name="x", scope="search", token_hash=whose, ends_at=now()))
            bind(unit.session, whose, Identity(BindingKind.SINGLE_SIGN_ON, "https://demo", whose, "演示"), now())
    code = bureau.confirm(bureau.begin())
    with pytest.raises(InvalidInputError):
        bureau.recovery.use(code, "演示handler演示handler")
    bureau.recovery.use(code, NEW)
    account = bureau.account()
    assert (account.command_token_hash, account.failed_logins, account.locked_until) == (None, 0, None)
    assert account.rights_version == 2
    with bureau.desk.database.read() as session:
        assert [*session.scalars(select(WebSession.id))] == ["c"]
        withdrawn = select(AccessToken.account_id).where(AccessToken.withdrawn_at.is_not(None))
        assert [*session.scalars(withdrawn)] == ["handler"]
        assert [*session.scalars(select(LoginBinding.account_id))] == ["leader"]
    with pytest.raises(RefusedError):
        bureau.recovery.use(code, NEW)


def test_every_code_that_does_not_work_has_the_same_answer_and_is_an_event(bureau: Bureau) -> None:
    used = bureau.confirm(bureau.begin())
    bureau.recovery.use(used, NEW)
    closed = bureau.confirm(bureau.begin("leader"))
    bureau.offices.people.close(bureau.offices.actor("sysadmin"), "leader", "演示")
    expired_id = bureau.begin()
    over = bureau.confirm(expired_id)
    bureau.later = CODE_LASTS
    answers = set()
    for code in ("nothing", used, closed, over):
        with pytest.raises(RefusedError) as refusal:
            bureau.recovery.use(code, NEW)
        answers.add(refusal.value.message)
    assert answers == {BAD_CODE}
    assert bureau.state(expired_id) is RecoveryState.EXPIRED
    with bureau.desk.database.read() as session:
        refused = select(AuditLeaf.name).where(AuditLeaf.outcome == "refused")
        assert [*session.scalars(refused)] == ["recovery:use"] * 4
    assert bureau.offices.events()[-1] == "recovery:expire"


def test_what_nobody_confirms_or_uses_lapses_with_an_event(bureau: Bureau) -> None:
    waiting, confirmed = bureau.begin(), bureau.begin("leader")
    code = bureau.confirm(confirmed)
    bureau.later = CODE_LASTS - MINUTE
    assert bureau.recovery.lapse() == 0
    bureau.later = CODE_LASTS
    assert bureau.recovery.lapse() == 1
    assert (bureau.state(waiting), bureau.state(confirmed)) == (RecoveryState.OPEN, RecoveryState.EXPIRED)
    bureau.later = WAITS
    with pytest.raises(RefusedError):
        bureau.confirm(waiting)
    assert (bureau.recovery.lapse(), bureau.recovery.lapse()) == (1, 0)
    assert bureau.state(waiting) is RecoveryState.EXPIRED
    with pytest.raises(RefusedError):
        bureau.recovery.use(code, NEW)
    assert bureau.offices.events().count("recovery:expire") == 2


def test_a_refused_or_withdrawn_recovery_changes_nothing(bureau: Bureau) -> None:
    refused = bureau.begin()
    for ground in ("", " ", "字" * 501):
        with pytest.raises(InvalidInputError):
            bureau.recovery.refuse(bureau.offices.actor("secadmin"), refused, ground)
        with pytest.raises(InvalidInputError):
            bureau.recovery.begin(bureau.offices.actor("sysadmin"), "leader", ground)
    with pytest.raises(RefusedError):
        bureau.begin()
    bureau.recovery.refuse(bureau.offices.actor("secadmin"), refused, "演示：来人不是本人")
    withdrawn = bureau.begin()
    bureau.recovery.withdraw(bureau.offices.actor("sysadmin"), withdrawn)
    for recovery_id in (refused, withdrawn):
        with pytest.raises(RefusedError):
            bureau.confirm(recovery_id)
    assert bureau.account().password_hash == "x"
    assert bureau.account().rights_version == 1
    assert bureau.offices.events() == ["recovery:begin", "recovery:refuse", "recovery:begin", "recovery:withdraw"]


def test_a_second_code_ends_the_first(bureau: Bureau) -> None:
    first = bureau.confirm(bureau.begin())
    second = bureau.confirm(bureau.begin())
    with pytest.raises(RefusedError):
        bureau.recovery.use(first, NEW)
    assert bureau.recovery.use(second, NEW) == "handler"


def test_who_began_must_still_be_in_office_when_it_is_confirmed(bureau: Bureau) -> None:
    recovery_id = bureau.begin()
    with bureau.desk.database.write() as unit:
        unit.session.execute(update(RoleGrant).where(RoleGrant.account_id == "sysadmin").values(ended_at=now()))
    with pytest.raises(RefusedError):
        bureau.confirm(recovery_id)


def test_an_owner_who_became_an_administrator_is_confirmed_by_the_office_of_now(bureau: Bureau) -> None:
    recovery_id = bureau.begin("party")
    with bureau.desk.database.write() as unit:
        grant = unit.session.get_one(RoleGrant, "role-party")
        grant.role = Role.SECURITY_ADMINISTRATOR
    with pytest.raises(NotFoundError):
        bureau.confirm(recovery_id)
    bureau.confirm(recovery_id, by="auditor")


def test_an_account_not_in_use_or_closed_is_not_recovered(bureau: Bureau) -> None:
    with pytest.raises(RefusedError):
        bureau.begin("newcomer")
    bureau.offices.people.close(bureau.offices.actor("sysadmin"), "handler", "演示")
    with pytest.raises(RefusedError):
        bureau.begin()
    assert not bureau.recovery.offered(bureau.offices.actor("sysadmin"), "handler")
    assert bureau.recovery.offered(bureau.offices.actor("sysadmin"), "leader")
    assert not bureau.recovery.offered(bureau.offices.actor("sysadmin"), "sysadmin")


@pytest.mark.parametrize(
    "people", [("handler", None, "handler"), ("sysadmin", "handler", "handler"), ("sysadmin", "sysadmin", "handler")]
)
def test_the_table_itself_refuses_one_person_alone(bureau: Bureau, people: tuple[str, str | None, str]) -> None:
    begun, settled, owner = people
    row = Recovery(account_id=owner, ground="x", begun_by=begun, settled_by=settled, state=RecoveryState.CONFIRMED)
    with pytest.raises(ConflictError), bureau.desk.database.write() as unit:
        unit.session.add(row)
