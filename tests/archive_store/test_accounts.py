"""From rows to the actor: rights begin, end and are taken away on their day, and nobody gets more than was granted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archive_store.accounts import actor_of, leaders_of, new_token, token_hash
from archive_store.identity import Actor, Role
from archive_store.labels import Label, Level, Mark
from archive_store.models.accounts import (
    Account,
    CaseGrant,
    ClearanceGrant,
    Leadership,
    MarkGrant,
    Membership,
    RoleGrant,
)
from archive_store.models.cases import Case, PartyBinding, Person
from archive_store.vocabulary import PersonKind, PersonRole
from tests.archive_store.rows import account, department, draft_case

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
ENDED = datetime(2026, 11, 1, tzinfo=UTC)
NEVER = [
    {"valid_from": TOMORROW},
    {"valid_from": YESTERDAY - DAY, "valid_to": YESTERDAY},
    {"valid_from": YESTERDAY, "ended_at": ENDED},
]
"""Terms of a right that does not hold today: not begun, run out, taken away."""
HOLDS = [{"valid_from": TODAY}, {"valid_from": YESTERDAY, "valid_to": TODAY}, {"valid_from": YESTERDAY}]
OPEN: dict[str, Any] = {"valid_from": YESTERDAY}


@pytest.fixture
def who(session: Session) -> Account:
    return account(session, "演示甲")


def of(session: Session, who: Account) -> Actor:
    session.flush()
    found = actor_of(session, who.id, today=TODAY)
    assert found is not None
    return found


def grants(who: Account, term: dict[str, Any]) -> list[object]:
    shared: dict[str, Any] = {"account_id": who.id, "ground": "演示", **term}
    return [
        RoleGrant(role=Role.ARCHIVIST, **shared),
        ClearanceGrant(level=3, **shared),
        MarkGrant(mark=Mark.INFORMANT, **shared),
    ]


def bind(session: Session, who: Account, person: Person, **term: object) -> None:
    session.flush()
    session.add(PartyBinding(account_id=who.id, person_id=person.id, proof="演示", **term))


def person(case: Case, role: PersonRole, **more: object) -> Person:
    made = Person(name=f"{role}演示", kind=PersonKind.NATURAL, role=role, label=Label(), **more)
    case.persons.append(made)
    return made


def test_an_unknown_and_a_closed_account_are_nobody(session: Session, who: Account) -> None:
    assert actor_of(session, "0" * 32, today=TODAY) is None
    who.active = False
    session.flush()
    assert actor_of(session, who.id, today=TODAY) is None


def test_without_grants_there_is_no_right_at_all(session: Session, who: Account) -> None:
    assert of(session, who) == Actor(who.id, who.name)


@pytest.mark.parametrize("term", NEVER)
def test_a_right_that_does_not_hold_today_is_none(session: Session, who: Account, term: dict[str, Any]) -> None:
    session.add_all(grants(who, term))
    assert of(session, who) == Actor(who.id, who.name)


@pytest.mark.parametrize("term", HOLDS)
def test_a_right_holds_from_its_first_to_its_last_day(session: Session, who: Account, term: dict[str, Any]) -> None:
    session.add_all(grants(who, term))
    actor = of(session, who)
    assert (actor.roles, actor.clearance, actor.marks) == ({Role.ARCHIVIST}, Level.SECRET, {Mark.INFORMANT})


def test_another_s_grants_are_not_one_s_own(session: Session, who: Account) -> None:
    session.add_all(grants(account(session, "演示乙"), OPEN))
    assert of(session, who) == Actor(who.id, who.name)


def test_of_several_clearances_the_highest_that_holds_counts(session: Session, who: Account) -> None:
    for level, term in ((1, OPEN), (4, NEVER[1]), (2, OPEN)):
        session.add(ClearanceGrant(account_id=who.id, level=level, ground="演示", **term))
    assert of(session, who).clearance is Level.CONFIDENTIAL


def test_departments_and_their_leaders_change_with_the_term(session: Session, who: Account) -> None:
    here = department(session)
    deputy = account(session, "副职演示")
    session.add(Membership(account_id=who.id, department_id=here.id, valid_from=YESTERDAY, valid_to=YESTERDAY))
    session.add(Leadership(account_id=who.id, department_id=here.id, valid_from=YESTERDAY))
    session.add(Leadership(account_id=deputy.id, department_id=here.id, is_deputy=True, valid_from=TOMORROW))
    actor = of(session, who)
    assert (actor.departments, actor.in_charge) == (frozenset(), {here.id})
    assert leaders_of(session, here.id, TODAY) == {who.id}
    assert leaders_of(session, here.id, TOMORROW) == {who.id, deputy.id}


def test_a_case_opened_by_name_closes_with_its_term(session: Session, who: Account) -> None:
    open_case, past, taken = (draft_case(session) for _ in range(3))
    for case, term in ((open_case, {}), (past, {"valid_to": YESTERDAY}), (taken, {"ended_at": ENDED})):
        session.add(CaseGrant(account_id=who.id, case_id=case.id, ground="演示", **term))
    assert of(session, who).case_grants == {open_case.id}


@pytest.mark.parametrize("role", [role for role in PersonRole if role not in (PersonRole.PARTY, PersonRole.APPLICANT)])
def test_informants_witnesses_and_the_like_have_no_case(session: Session, who: Account, role: PersonRole) -> None:
    if role is PersonRole.THIRD_PERSON:
        return
    bind(session, who, person(draft_case(session), role))
    assert of(session, who).own_cases == frozenset()


@pytest.mark.parametrize("role", [PersonRole.PARTY, PersonRole.APPLICANT, PersonRole.THIRD_PERSON])
def test_a_party_has_its_case_while_the_binding_lasts(session: Session, who: Account, role: PersonRole) -> None:
    mine, past, ended = (draft_case(session) for _ in range(3))
    for case, term in ((mine, {}), (past, {"valid_to": YESTERDAY}), (ended, {"ended_at": ENDED})):
        bind(session, who, person(case, role), **term)
    assert of(session, who).own_cases == {mine.id}


def test_an_agent_has_the_case_only_of_one_who_may_ask_and_only_in_its_term(session: Session, who: Account) -> None:
    cases = {name: draft_case(session) for name in ("now", "past", "of_a_witness")}
    for name, case in cases.items():
        role = PersonRole.WITNESS if name == "of_a_witness" else PersonRole.PARTY
        principal = person(case, role)
        session.flush()
        until = YESTERDAY if name == "past" else TODAY
        agent = person(case, PersonRole.AGENT, represents_id=principal.id, representation_until=until)
        bind(session, who, agent)
    assert of(session, who).own_cases == {cases["now"].id}


def test_tokens_are_random_and_only_their_hash_is_kept() -> None:
    made = [new_token() for _ in range(50)]
    assert len({token for token, _ in made}) == 50
    assert all(kept == token_hash(token) and token not in kept for token, kept in made)
