"""Rights are asked for by who answers for a person, granted by another, and ended at once; nobody serves oneself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive_store.accounts import office_today
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import AskState, Role
from archive_store.models.accounts import Account, Leadership, RightsAsk
from archive_store.rights import LAST_ONE, ONLY_ONE_OFFICE
from portal.services.rights import ASKER_GONE, NO_SUCH_PERSON, NOT_ONESELF, NewAsk
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine

TOMORROW = office_today() + timedelta(days=1)
ASKERS = ("leader", "other_leader", "sysadmin", "archivist")


@pytest.fixture
def offices(engine: Engine) -> Offices:
    return open_offices(engine)


def test_only_who_answers_for_people_asks(offices: Offices) -> None:
    for who in PEOPLE:
        if who not in ASKERS:
            with pytest.raises(NotFoundError):
                offices.ask(who, "handler", "role:archivist")
            with pytest.raises(NotFoundError):
                offices.rights.offered(offices.actor(who))


def test_a_leader_asks_only_for_the_people_of_the_own_department(offices: Offices) -> None:
    for login in ("other_handler", "newcomer", "party", "sysadmin", "nobody", ""):
        with pytest.raises(InvalidInputError) as refusal:
            offices.ask("leader", login, "role:archivist")
        assert refusal.value.message == NO_SUCH_PERSON


def test_a_leader_asks_for_nothing_that_is_not_of_the_own_department(offices: Offices) -> None:
    for right in (
        "role:party",
        "role:service",
        "membership:rivers",
        "leadership:rivers",
        "department:rivers",
        "case:k",
    ):
        with pytest.raises(InvalidInputError):
            offices.ask("leader", "handler", right)


def test_a_system_administrator_asks_only_for_a_leader_where_there_is_none(offices: Offices) -> None:
    for right in ("role:handler", "clearance:2", "leadership:water", "membership:bare"):
        with pytest.raises(InvalidInputError):
            offices.ask("sysadmin", "newcomer", right)
    offices.grant(offices.ask("sysadmin", "newcomer", "leadership:bare"))
    assert offices.actor("newcomer").in_charge == {"bare"}
    with pytest.raises(InvalidInputError):
        offices.ask("sysadmin", "handler", "leadership:bare")


def test_an_archivist_asks_only_that_an_empty_account_be_a_partys(offices: Offices) -> None:
    for login, right in (("handler", "role:party"), ("leader", "role:party"), ("newcomer", "role:handler")):
        with pytest.raises(InvalidInputError):
            offices.ask("archivist", login, right)
    offices.grant(offices.ask("archivist", "newcomer", "role:party"))
    assert offices.actor("newcomer").roles == {Role.PARTY}


def test_nobody_asks_for_oneself(offices: Offices) -> None:
    with pytest.raises(RefusedError) as refusal:
        offices.ask("leader", "leader", "deputy:water")
    assert refusal.value.message == NOT_ONESELF


def test_only_a_security_administrator_decides_and_ends(offices: Offices) -> None:
    ask_id = offices.ask("leader", "handler", "clearance:2")
    for who in PEOPLE:
        if "secadmin" not in who:
            with pytest.raises(NotFoundError):
                offices.rights.decide(offices.actor(who), ask_id, granted=True, ground="x")
            with pytest.raises(NotFoundError):
                offices.rights.end(offices.actor(who), "handler", "role", "role-handler", "x")
    assert offices.actor("handler").clearance == 0


def test_nobody_grants_or_ends_ones_own(offices: Offices) -> None:
    with offices.desk.database.write() as unit:
        common = {"kind": "clearance", "value": "2", "valid_from": office_today(), "ground": "演示"}
        unit.session.add(RightsAsk(id="own", account_id="secadmin", asked_by="leader", **common))
        unit.session.add(RightsAsk(id="asked", account_id="handler", asked_by="secadmin", **common))
    for ask_id in ("own", "asked"):
        with pytest.raises(RefusedError):
            offices.grant(ask_id)
    with pytest.raises(RefusedError) as refusal:
        offices.rights.end(offices.actor("secadmin"), "secadmin", "role", "role-secadmin", "x")
    assert refusal.value.message == NOT_ONESELF


def test_nothing_is_asked_granted_refused_or_ended_without_a_ground(offices: Offices) -> None:
    with pytest.raises(InvalidInputError):
        offices.rights.ask(offices.actor("leader"), NewAsk("handler", "clearance:2", "  "))
    ask_id = offices.ask("leader", "handler", "clearance:2")
    for granted in (True, False):
        with pytest.raises(InvalidInputError):
            offices.rights.decide(offices.actor("secadmin"), ask_id, granted=granted, ground=" ")
    with pytest.raises(InvalidInputError):
        offices.rights.end(offices.actor("secadmin"), "handler", "role", "role-handler", "")


def test_a_right_begins_when_it_is_granted_and_ends_the_sessions(offices: Offices) -> None:
    version = _version(offices, "handler")
    ask_id = offices.ask("leader", "handler", "role:archivist", TOMORROW)
    assert offices.actor("handler").roles == {Role.HANDLER}
    assert _version(offices, "handler") == version
    offices.grant(ask_id)
    assert offices.actor("handler").roles == {Role.HANDLER, Role.ARCHIVIST}
    assert _version(offices, "handler") == version + 1
    with pytest.raises(RefusedError):
        offices.grant(ask_id)


def test_a_refused_or_withdrawn_ask_gives_nothing(offices: Offices) -> None:
    refused, withdrawn = (offices.ask("leader", "handler", right) for right in ("clearance:2", "mark:minor"))
    offices.rights.decide(offices.actor("secadmin"), refused, granted=False, ground="演示：材料不齐")
    with pytest.raises(NotFoundError):
        offices.rights.withdraw(offices.actor("other_leader"), withdrawn)
    offices.rights.withdraw(offices.actor("leader"), withdrawn)
    for ask_id in (refused, withdrawn):
        with pytest.raises(RefusedError):
            offices.grant(ask_id)
    assert (offices.actor("handler").clearance, offices.actor("handler").marks) == (0, frozenset())


def test_an_ask_falls_with_the_office_of_who_asked(offices: Offices) -> None:
    ask_id = offices.ask("leader", "handler", "clearance:2")
    with offices.desk.database.write() as unit:
        unit.session.query(Leadership).filter_by(account_id="leader").one().ended_at = offices.desk.clock()
    with pytest.raises(RefusedError) as refusal:
        offices.grant(ask_id)
    assert refusal.value.message == ASKER_GONE
    with offices.desk.database.read() as session:
        assert session.get_one(RightsAsk, ask_id).state is AskState.OPEN


def test_a_new_person_is_asked_for_with_the_membership(offices: Offices) -> None:
    member = offices.ask("leader", "newcomer", "membership:water")
    handler = offices.ask("leader", "newcomer", "role:handler")
    with pytest.raises(RefusedError):
        offices.grant(handler)
    offices.grant(member)
    offices.grant(handler)
    assert offices.actor("newcomer").departments == {"water"}
    assert offices.actor("newcomer").roles == {Role.HANDLER}


def test_a_second_office_of_an_administrator_is_refused_when_it_is_granted_too(offices: Offices) -> None:
    offices.grant(offices.ask("leader", "newcomer", "membership:water"))
    first, second = (offices.ask("leader", "newcomer", f"role:{role}") for role in ("security_auditor", "handler"))
    offices.grant(first)
    with pytest.raises(RefusedError) as refusal:
        offices.grant(second)
    assert refusal.value.message == ONLY_ONE_OFFICE


def test_the_same_is_asked_for_once(offices: Offices) -> None:
    offices.ask("leader", "handler", "clearance:2")
    with pytest.raises(RefusedError):
        offices.ask("leader", "handler", "clearance:2")


def test_a_term_that_cannot_be_is_refused(offices: Offices) -> None:
    for days in ((-1, None), (0, -1), (2, 1)):
        first, last = (office_today() + timedelta(days=n) if n is not None else None for n in days)
        with pytest.raises(InvalidInputError):
            offices.rights.ask(offices.actor("leader"), NewAsk("handler", "clearance:2", "演示", first, last))


def test_an_ended_right_is_gone_at_once(offices: Offices) -> None:
    secadmin, version = offices.actor("secadmin"), _version(offices, "handler")
    offices.rights.end(secadmin, "handler", "role", "role-handler", "演示：调离")
    assert offices.actor("handler").roles == frozenset()
    assert _version(offices, "handler") == version + 1
    for kind, grant_id in (("role", "role-handler"), ("mark", "role-handler"), ("king", "x")):
        with pytest.raises(NotFoundError):
            offices.rights.end(secadmin, "handler", kind, grant_id, "x")


def test_the_last_administrator_of_a_kind_stays(offices: Offices) -> None:
    for login, role in (("sysadmin", Role.SYSTEM_ADMINISTRATOR), ("auditor", Role.SECURITY_AUDITOR)):
        with pytest.raises(RefusedError) as refusal:
            offices.rights.end(offices.actor("secadmin"), login, "role", f"role-{login}", "x")
        assert refusal.value.message == LAST_ONE.format(role=role.zh)
    offices.rights.end(offices.actor("secadmin"), "second_secadmin", "role", "role-second_secadmin", "演示：调离")
    assert offices.actor("second_secadmin").roles == frozenset()


def test_every_step_is_an_event(offices: Offices) -> None:
    offices.grant(offices.ask("leader", "handler", "clearance:2"))
    offices.rights.withdraw(offices.actor("leader"), offices.ask("leader", "handler", "mark:minor"))
    refused = offices.ask("leader", "handler", "clearance:3")
    offices.rights.decide(offices.actor("secadmin"), refused, granted=False, ground="演示")
    offices.rights.end(offices.actor("secadmin"), "handler", "role", "role-handler", "演示")
    asked = "account:ask_right"
    ways = [asked, "account:grant", asked, "account:withdraw_right", asked, "account:refuse_right", "account:revoke"]
    assert offices.events() == ways


def _version(offices: Offices, login: str) -> int:
    with offices.desk.database.read() as session:
        return session.get_one(Account, login).rights_version
