"""Security keys: every answer that is not one to this session's own question, by this person's own key, is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Level
from archive_store.login_guard import LoginGuard
from archive_store.models.accounts import Account
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.second_factor import SecondFactor
from archive_store.models.security_keys import KeyChallenge, SecurityKey
from archive_store.private_fields import FieldSeal
from archive_store.second_factor import FactorRules, SecondFactors
from archive_store.security_keys import LASTS, MOST, KeyAnswer, SecurityKeys
from archive_store.totp import hotp, step_at
from portal.services.accounts import AccountService
from portal.services.recovery import RecoveryService
from portal.services.second_factor import SecondFactorService
from portal.services.security_keys import SecurityKeyService
from tests.portal.conftest import PASSWORD
from tests.portal.services.offices import Offices, open_offices
from tests.portal.soft_key import ORIGIN, SoftKey

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from archive_store.identity import Actor

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NEW = "另一句谁也想不到的演示密码"
GARBAGE = ("", "x", "{}", "[]", "1", "null", '{"id":1}', "[" * 9000, '{"id":"a","rawId":"Ω","type":"public-key"}')


class Door:
    """The services with a clock that is put forward, and the handler, who has one key."""

    def __init__(self, offices: Offices) -> None:
        self.later, start = timedelta(), now()
        self.desk = replace(offices.desk, clock=lambda: start + self.later)
        self.offices = offices
        self.factors = SecondFactors(FieldSeal(bytes(32)), SecurityKeys(ORIGIN), FactorRules())
        self.keys = SecurityKeyService(self.desk, self.factors)
        self.codes = SecondFactorService(self.desk, self.factors)
        guard = LoginGuard(attempts=100, address_attempts=100, wait=timedelta(minutes=10))
        self.accounts = AccountService(self.desk, self.factors, guard)
        self.accounts._hasher = CHEAP
        with self.desk.database.write() as unit:
            for account in unit.session.scalars(select(Account)):
                account.password_hash = CHEAP.hash(PASSWORD)
        self.handler = offices.actor("handler")
        self.key = self.register(self.handler)

    def register(self, actor: Actor, key: SoftKey | None = None, name: str = "办公室的密钥") -> SoftKey:
        key = key or SoftKey()
        options, challenge = self.keys.begin(actor)
        self.keys.confirm(actor, name, KeyAnswer(key.made(options), challenge), "")
        return key

    def log_in(self, answer: KeyAnswer | str, login: str = "handler", password: str = PASSWORD) -> str:
        return self.accounts.log_in(login, password, answer).account_id

    def refusal(self, answer: KeyAnswer | str, login: str = "handler", password: str = PASSWORD) -> str:
        with pytest.raises(RefusedError) as refused:
            self.log_in(answer, login, password)
        return refused.value.message

    def events(self) -> list[str]:
        with self.desk.database.read() as session:
            return list(session.scalars(select(AuditLeaf.name).order_by(AuditLeaf.id)))


@pytest.fixture
def backend() -> str:
    """On SQLite alone; the race runs on both below."""
    return "sqlite"


@pytest.fixture
def door(engine: Engine) -> Door:
    return Door(open_offices(engine))


def test_whoever_has_no_key_of_the_account_does_not_come_in_and_hears_one_answer(door: Door) -> None:
    strange, own = SoftKey(), door.key
    strange.user = own.user
    leader = door.register(door.offices.actor("leader"))
    answers = {door.refusal(code) for code in ("", "123456")}
    answers |= {door.refusal(KeyAnswer(text, door.keys.request()[1])) for text in GARBAGE}
    answers |= {door.refusal(KeyAnswer(text, "")) for text in GARBAGE}
    answers.add(door.refusal(strange.answer(door.keys.request())))
    strange.id = own.id
    answers.add(door.refusal(strange.answer(door.keys.request())))
    answers.add(door.refusal(leader.answer(door.keys.request())))
    answers.add(door.refusal(leader.answer(door.keys.request(), user=own.user)))
    answers.add(door.refusal(own.answer(door.keys.request(), user=leader.user)))
    answers.add(door.refusal(own.answer(door.keys.request()), password="错的密码错的密码错的"))
    answers.add(door.refusal(own.answer(door.keys.request()), login="nobody"))
    assert len(answers) == 1
    assert door.log_in(own.answer(door.keys.request())) == "handler"


@pytest.mark.parametrize(
    ("origin", "party"),
    [("http://localhost:9000", "localhost"), ("https://evil.example", "localhost"), (ORIGIN, "evil.example")],
)
def test_what_was_signed_for_another_address_does_not_count_here(door: Door, origin: str, party: str) -> None:
    door.key.origin, door.key.party = origin, party
    door.refusal(door.key.answer(door.keys.request()))
    with pytest.raises(RefusedError):
        door.register(door.handler, SoftKey(origin=origin, party=party))


def test_an_answer_counts_once_and_for_its_own_question_alone(door: Door) -> None:
    answer = door.key.answer(door.keys.request())
    assert door.log_in(answer) == "handler"
    door.refusal(answer)
    with pytest.raises(RefusedError):
        door.accounts.step_up(door.handler, PASSWORD, answer)
    asked, other = door.keys.request(), door.keys.request()
    door.refusal(KeyAnswer(door.key.signed(asked[1]), other[1]))
    door.refusal(KeyAnswer(door.key.signed("AAAA"), "AAAA"))
    late = door.key.answer(door.keys.request())
    door.later += LASTS
    door.refusal(late)


def test_a_question_that_came_with_a_wrong_password_is_spent(door: Door) -> None:
    answer = door.key.answer(door.keys.request())
    door.refusal(answer, password="错的密码错的密码错的")
    door.refusal(answer)


@pytest.mark.parametrize("count", [0, 4, 5])
def test_a_key_whose_counter_does_not_grow_is_taken_for_a_copy(door: Door, count: int) -> None:
    door.log_in(door.key.answer(door.keys.request(), count=5))
    door.refusal(door.key.answer(door.keys.request(), count=count))
    assert "factor:key_copied" in door.events()
    assert door.log_in(door.key.answer(door.keys.request(), count=6)) == "handler"


def test_a_key_that_does_not_count_is_taken(door: Door) -> None:
    for _ in range(2):
        assert door.log_in(door.key.answer(door.keys.request(), count=0)) == "handler"


def test_a_new_key_is_the_answer_to_a_fresh_question_of_this_session(door: Door) -> None:
    options, challenge = door.keys.begin(door.handler)
    key = SoftKey()
    made = KeyAnswer(key.made(options), challenge)
    for wrong in (KeyAnswer(made.credential, door.keys.begin(door.handler)[1]), KeyAnswer(made.credential, "")):
        with pytest.raises(RefusedError):
            door.keys.confirm(door.handler, "名称", wrong, "")
    for text in GARBAGE:
        with pytest.raises(RefusedError):
            door.keys.confirm(door.handler, "名称", KeyAnswer(text, door.keys.begin(door.handler)[1]), "")
    with pytest.raises(InvalidInputError):
        door.keys.confirm(door.handler, " ", made, "")
    door.keys.confirm(door.handler, "名称", made, "")
    with pytest.raises(RefusedError):
        door.keys.confirm(door.handler, "名称", made, "")
    with pytest.raises(RefusedError, match="已经登记过"):
        door.register(door.offices.actor("leader"), key)
    assert {one.name for one in door.codes.standing(door.handler).keys} == {"办公室的密钥", "名称"}
    for _ in range(MOST - 2):
        door.register(door.handler)
    with pytest.raises(RefusedError, match="最多"):
        door.keys.begin(door.handler)


def test_one_removes_ones_own_keys_alone_and_never_the_last_that_is_required(door: Door) -> None:
    mine = door.codes.standing(door.handler).keys[0].id
    with pytest.raises(NotFoundError):
        door.keys.remove(door.offices.actor("leader"), mine)
    with pytest.raises(NotFoundError):
        door.keys.remove(door.handler, "f" * 32)
    door.factors.rules = FactorRules(key_required=True)
    cleared = replace(door.handler, clearance=Level.CONFIDENTIAL)
    with pytest.raises(RefusedError):
        door.keys.remove(cleared, mine)
    door.register(door.handler)
    door.keys.remove(cleared, mine)
    with pytest.raises(RefusedError):
        door.keys.remove(cleared, door.codes.standing(door.handler).keys[0].id)
    door.keys.remove(door.handler, door.codes.standing(door.handler).keys[0].id)
    assert door.log_in("") == "handler"
    assert {"factor:add_key", "factor:remove_key"} <= set(door.events())


def test_a_key_is_required_of_administrators_and_of_whoever_is_cleared_for_secrets(door: Door) -> None:
    handler, auditor = door.offices.actor("leader"), door.offices.actor("auditor")
    assert not door.codes.is_due(auditor)
    door.factors.rules = FactorRules(key_required=True)
    assert not door.codes.is_due(replace(handler, clearance=Level.INTERNAL))
    for level in (Level.CONFIDENTIAL, Level.SECRET, Level.TOP_SECRET):
        assert door.codes.is_due(replace(handler, clearance=level))
    for login in ("sysadmin", "secadmin", "auditor"):
        assert door.codes.is_due(door.offices.actor(login))
    door.register(auditor)
    assert not door.codes.is_due(auditor)


def test_a_code_stands_in_for_a_key_unless_a_key_is_required(door: Door) -> None:
    auditor = door.offices.actor("auditor")
    door.codes.begin(auditor)
    with door.desk.database.read() as session:
        seed = door.factors.key(session.get_one(SecondFactor, "auditor"))

    def code() -> str:
        door.later += timedelta(seconds=30)
        return hotp(seed, step_at(door.desk.clock()))

    spare = door.codes.confirm(auditor, code(), "")
    door.factors.rules = FactorRules(key_required=True)
    assert door.log_in(code(), "auditor") == "auditor", "before there is a key"
    key = door.register(auditor)
    door.refusal(code(), "auditor")
    door.refusal(spare[0], "auditor")
    door.refusal("", "auditor")
    assert door.log_in(key.answer(door.keys.request()), "auditor") == "auditor"
    door.factors.rules = FactorRules(any_required=True)
    assert door.log_in(code(), "auditor") == "auditor"
    door.codes.remove(auditor)
    with pytest.raises(RefusedError):
        door.keys.remove(auditor, door.codes.standing(auditor).keys[0].id)


@pytest.mark.parametrize("lifts", [False, True])
def test_a_recovery_by_two_takes_lost_keys_away_where_both_saw_that(door: Door, lifts: bool) -> None:  # noqa: FBT001
    recovery, offices = RecoveryService(door.desk, door.factors, CHEAP), door.offices
    begun = recovery.begin(offices.actor("sysadmin"), "handler", "演示：密钥遗失", lifts_factor=lifts)
    recovery.use(recovery.confirm(offices.actor("secadmin"), begun, "演示：当面核对"), NEW)
    if lifts:
        assert door.log_in("", password=NEW) == "handler"
    else:
        door.refusal("", password=NEW)
        assert door.log_in(door.key.answer(door.keys.request()), password=NEW) == "handler"


def test_questions_that_nobody_answered_do_not_pile_up(door: Door) -> None:
    for _ in range(5):
        door.keys.request()
    door.later += LASTS
    door.keys.request()
    with door.desk.database.read() as session:
        assert len(session.scalars(select(KeyChallenge)).all()) == 1
        assert len(session.scalars(select(SecurityKey)).all()) == 1
