from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.identity import ADMINISTRATORS, Role
from archive_store.labels import Level, Mark
from archive_store.vocabulary import MAY_ASK_FOR_COPIES
from portal.demonstration.source import load_cases

if TYPE_CHECKING:
    from portal.demonstration.people import Bureau


def test_an_unknown_department_or_person_is_a_key_error(bureau: Bureau) -> None:
    with pytest.raises(KeyError):
        bureau.department("没有的处")
    with pytest.raises(KeyError):
        bureau.named("没有的人")
    with pytest.raises(KeyError):
        bureau.login("nobody")


def test_no_administrator_holds_another_office(bureau: Bureau) -> None:
    assert all(len(person.roles) == 1 for person in bureau.people if person.roles & ADMINISTRATORS)
    assert {role for person in bureau.people for role in person.roles} >= ADMINISTRATORS


def test_every_office_is_filled(bureau: Bureau) -> None:
    assert {role for person in bureau.people for role in person.roles} == set(Role) - {
        Role.SERVICE,
        Role.CLASSIFICATION_OFFICER,
    }
    assert any("classification_officer" in person.duties for person in bureau.people)  # given apart, with a term


def test_no_administrator_or_party_is_cleared_for_a_secret_or_a_mark(bureau: Bureau) -> None:
    outside = [person for person in bureau.people if person.roles & (ADMINISTRATORS | {Role.PARTY})]
    assert all(person.clearance <= Level.INTERNAL and not person.marks for person in outside)


def test_every_mark_is_granted_to_some_and_kept_from_others(bureau: Bureau) -> None:
    readers = [person for person in bureau.people if person.roles & {Role.HANDLER, Role.ARCHIVIST}]
    for mark in Mark:
        granted = [mark in person.marks for person in readers]
        assert any(granted)
        assert not all(granted)


def test_logins_are_pinyin_and_names_say_that_they_are_fictional(bureau: Bureau) -> None:
    logins = [person.login for person in bureau.people]
    assert len(set(logins)) == len(logins)
    assert all(login.isascii() and login.isalpha() and login.islower() for login in logins)
    assert all("演示" in person.name for person in bureau.people)


def test_each_department_has_a_leader_who_is_not_its_deputy(bureau: Bureau) -> None:
    for department in bureau.departments:
        assert Role.LEADER in bureau.login(department.leader).roles
        assert department.name in bureau.login(department.leader).in_charge
        assert department.deputy != department.leader


def test_handlers_have_certificates_and_one_department(bureau: Bureau) -> None:
    handlers = [person for person in bureau.people if Role.HANDLER in person.roles]
    assert len({person.certificate for person in handlers}) == len(handlers)
    assert all(person.certificate and len(person.departments) == 1 for person in handlers)


def test_three_archivists_can_receive_seal_and_prepare(bureau: Bureau) -> None:
    duties = [person.duties for person in bureau.people if Role.ARCHIVIST in person.roles]
    assert sorted(duty for held in duties for duty in held) == ["copy_preparer", "receiving", "sealing"]


def test_party_accounts_stand_for_people_who_may_ask_for_copies(bureau: Bureau) -> None:
    persons = {(case.name, person.name): person for case in load_cases() for person in case.persons}
    for account in bureau.people:
        assert bool(account.party_of) == (Role.PARTY in account.roles)
        assert all(persons[one.case, one.person].role in MAY_ASK_FOR_COPIES for one in account.party_of)
