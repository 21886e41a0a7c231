"""Bindings: no wrong hand makes one, no wrong account or person is in one, and an end is an end at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import Role
from archive_store.labels import Label, Mark
from archive_store.models.accounts import Account
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import PartyBinding, Person
from portal.services.accounts import NewAccount
from portal.services.parties import NO_SUCH_PARTY, NewBinding
from tests.portal.crowded import TERM, persons_of, seal_crowded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World
from tests.portal.rights import given

WRONG = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
PROOF = "身份证原件，末四位 0000"


def new(world: World, case_id: str, name: str = "张演示", login: str = "party", **more: object) -> NewBinding:
    return NewBinding(persons_of(world, case_id)[name], login, **({"proof": PROOF} | more))  # type: ignore[arg-type]


def own_cases(world: World) -> frozenset[str]:
    return world.actor("party").own_cases


def test_only_archivists_bind_and_only_in_sealed_cases(world: World, accepted: str) -> None:
    parties = world.opened.services.parties
    wanted = new(world, accepted)
    with pytest.raises(RefusedError):
        parties.bind(world.actor("archivist"), accepted, wanted)
    world.opened.services.sealing.seal(world.actor("archivist"), accepted)
    for who in WRONG:
        for act in (
            lambda actor: parties.bind(actor, accepted, wanted),
            lambda actor: parties.page(actor, accepted),
            lambda actor: parties.end(actor, accepted, "0" * 32),
        ):
            with pytest.raises(NotFoundError):
                act(world.actor(who))
    assert own_cases(world) == frozenset()


def test_every_account_that_is_no_partys_has_one_answer(world: World, sealed: str) -> None:
    services, archivist = world.opened.services, world.actor("archivist")
    for login, roles in (("both", {Role.PARTY, Role.LEADER}), ("closed", {Role.PARTY}), ("ended", set())):
        services.accounts.create(world.actor("sysadmin"), NewAccount(login, login))
        given(world, login, *(f"role:{role.value}" for role in roles))
    with world.opened.database.write() as unit:
        unit.session.scalars(select(Account).where(Account.login == "closed")).one().active = False
    for login in ("nobody", "", "handler", "archivist", "second_archivist", "sysadmin", "both", "closed", "ended"):
        with pytest.raises(RefusedError) as refusal:
            services.parties.bind(archivist, sealed, new(world, sealed, login=login))
        assert refusal.value.message == NO_SUCH_PARTY, login
    with world.opened.database.read() as session:
        assert session.scalars(select(PartyBinding)).all() == []
        tried = session.scalars(select(AuditLeaf).where(AuditLeaf.name == EventName.PERSON_BIND)).all()
        assert {event.outcome for event in tried} == {"refused"}
        assert not any("account" in str(event.details) for event in tried)


def test_only_who_may_ask_or_acts_for_one_in_term_is_bound(world: World, crowded: str) -> None:
    parties, archivist = world.opened.services.parties, world.actor("second_archivist")
    for name in ("周证人", "举报演示", "过期代理"):
        with pytest.raises(RefusedError):
            parties.bind(archivist, crowded, new(world, crowded, name))
    with pytest.raises(NotFoundError):  # whom the archivist may not know is nobody
        parties.bind(world.actor("archivist"), crowded, new(world, crowded, "举报演示"))
    with pytest.raises(NotFoundError):
        parties.bind(archivist, crowded, NewBinding("0" * 32, "party", PROOF))
    assert own_cases(world) == frozenset()


def test_who_acts_for_another_is_bound_for_a_term_within_that_of_its_papers(world: World, crowded: str) -> None:
    parties, archivist = world.opened.services.parties, world.actor("second_archivist")
    today = world.opened.desk.today()
    for name, day in (
        ("陈代理", TERM + timedelta(days=1)),
        ("陈代理", today - timedelta(days=1)),
        ("孙法人", None),
        ("张演示", today - timedelta(days=1)),
    ):
        with pytest.raises(InvalidInputError):
            parties.bind(archivist, crowded, new(world, crowded, name, valid_to=day))
    made = parties.bind(archivist, crowded, new(world, crowded, "陈代理"))
    with world.opened.database.read() as session:
        assert session.get_one(PartyBinding, made).valid_to == TERM
    assert own_cases(world) == {crowded}


def test_proof_is_written_and_holds_no_whole_identity_number(world: World, sealed: str) -> None:
    for proof in ("", "  ", "身份证 130100199001010000", "字" * 501):
        with pytest.raises(InvalidInputError):
            world.opened.services.parties.bind(world.actor("archivist"), sealed, new(world, sealed, proof=proof))


def test_a_binding_holds_until_it_is_ended_and_then_no_longer(world: World, sealed: str) -> None:
    parties, archivist = world.opened.services.parties, world.actor("archivist")
    made = parties.bind(archivist, sealed, new(world, sealed, login=" Party "))
    assert own_cases(world) == {sealed}
    with pytest.raises(RefusedError, match="已关联"):
        parties.bind(archivist, sealed, new(world, sealed))
    row = parties.page(archivist, sealed).persons[0]
    assert [(bound.login, bound.holds) for bound in row.bound] == [("party", True)]
    parties.end(archivist, sealed, made)
    assert own_cases(world) == frozenset()
    with pytest.raises(NotFoundError):
        parties.end(archivist, sealed, made)
    assert parties.bind(archivist, sealed, new(world, sealed)) != made
    with world.opened.database.read() as session:
        names = session.scalars(select(AuditLeaf.name).where(AuditLeaf.object_type == "person"))
        assert [*names] == ["person:bind", "person:unbind", "person:bind"]


def test_a_binding_of_another_case_is_not_ended_here(world: World, sealed: str, tmp_path: Path) -> None:
    crowded = seal_crowded(world, tmp_path / "crowded")
    parties, archivist = world.opened.services.parties, world.actor("archivist")
    made = parties.bind(archivist, sealed, new(world, sealed))
    with pytest.raises(NotFoundError):
        parties.end(archivist, crowded, made)
    assert own_cases(world) == {sealed}


def test_persons_whom_the_archivist_may_not_know_are_not_on_the_page(world: World, crowded: str) -> None:
    parties = world.opened.services.parties
    names = {who: [row.person.name for row in parties.page(world.actor(who), crowded).persons] for who in
             ("archivist", "second_archivist")}  # fmt: skip
    assert "举报演示" not in names["archivist"]
    assert "举报演示" in names["second_archivist"]


def test_whom_another_represents_is_not_named_to_who_may_not_know_that_person(world: World, crowded: str) -> None:
    """A hidden party's name must not come through its agent's line."""
    with world.opened.database.write() as unit:
        party = unit.session.get_one(Person, persons_of(world, crowded)["张演示"])
        party.label = Label.of(1, {Mark.INFORMANT})
    parties = world.opened.services.parties
    rows = parties.page(world.actor("archivist"), crowded).persons
    assert {row.represents for row in rows} == {""}
    assert "陈代理" in {row.person.name for row in rows}
    seen = parties.page(world.actor("second_archivist"), crowded).persons
    assert "张演示" in {row.represents for row in seen}
