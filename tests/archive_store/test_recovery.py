"""Which two people bring a third back into an account: never its owner, never one alone, never of its own kind."""

from __future__ import annotations

from itertools import product

import pytest

from archive_store.identity import ADMINISTRATORS, Actor, Role
from archive_store.recovery import may_begin, may_confirm, offices_for

SYSTEM, SECURITY, AUDITOR = Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.SECURITY_AUDITOR


def person(name: str, role: Role) -> Actor:
    return Actor(name, name, frozenset({role}))


@pytest.mark.parametrize("owner", Role)
def test_the_two_offices_differ_and_neither_confirms_for_its_own_kind(owner: Role) -> None:
    begins, confirms = offices_for(person("o", owner))
    assert begins is not confirms
    assert {begins, confirms} <= ADMINISTRATORS
    assert owner not in {begins, confirms}


def test_nobody_else_begins_or_confirms_and_nobody_for_oneself() -> None:
    expected = {SYSTEM: (SECURITY, AUDITOR), SECURITY: (SYSTEM, AUDITOR)}
    for owner, role in product(Role, Role):
        begins, confirms = expected.get(owner, (SYSTEM, SECURITY))
        actor, whose = person("a", role), person("o", owner)
        assert may_begin(actor, whose) == (role is begins)
        assert may_confirm(actor, whose, "another") == (role is confirms)
        assert not may_confirm(actor, whose, "a")
        assert not may_begin(actor, person("a", owner))
        assert not may_confirm(actor, person("a", owner), "another")
