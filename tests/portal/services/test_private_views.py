"""Identity numbers in full: only for who may, only on a ground, and every look is an event that says which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.labels import Label, Level, Mark
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Case, Person
from archive_store.vocabulary import UnmaskGround
from tests.portal.conftest import log_in
from tests.portal.oracle_world import masked

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

NUMBER, PHONE = "130100199001010000", "13900000001"
STRANGERS = ("other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def party(world: World, case_id: str) -> str:
    with world.opened.database.read() as session:
        return session.scalars(select(Person.id).where(Person.case_id == case_id)).one()


def looks(world: World) -> list[dict[str, str]]:
    with world.opened.database.read() as session:
        rows = session.scalars(select(AuditLeaf).where(AuditLeaf.name == "person:unmask").order_by(AuditLeaf.id))
        return [json.loads(row.details or "{}") for row in rows]


@pytest.mark.parametrize("who", STRANGERS)
def test_for_everybody_else_there_is_no_such_person(world: World, sealed: str, app: Flask, who: str) -> None:
    person, service, actor = party(world, sealed), world.opened.services.private_views, world.actor(who)
    with pytest.raises(NotFoundError):
        service.masked(actor, sealed, person)
    with pytest.raises(NotFoundError):
        service.in_full(actor, sealed, person, "identity", "")
    client = log_in(app, who)
    there, nothing = (client.get(f"/cases/{sealed}/persons/{one}") for one in (person, "0" * 32))
    assert masked(there) == masked(nothing)
    assert there.status_code == 404
    assert looks(world) == []


@pytest.mark.both_databases
def test_a_person_above_ones_clearance_or_of_another_case_is_as_absent(world: World, sealed: str) -> None:
    person, service, archivist = party(world, sealed), world.opened.services.private_views, world.actor("archivist")
    with pytest.raises(NotFoundError):
        service.masked(archivist, "0" * 32, person)
    for table, label in ((Person, Label.of(Level.SECRET)), (Case, Label.of(Level.INTERNAL, {Mark.INFORMANT}))):
        with world.opened.database.write() as unit:
            kept = unit.session.scalars(select(table.label)).first()
            unit.session.execute(update(table).values(label=label))
        with pytest.raises(NotFoundError):
            service.masked(archivist, sealed, person)
        with world.opened.database.write() as unit:
            unit.session.execute(update(table).values(label=kept))
    assert service.masked(archivist, sealed, person).private.identity_number == "130*************00"


@pytest.mark.parametrize("who", ["handler", "archivist", "leader"])
def test_who_may_sees_it_on_a_ground_that_the_event_names(world: World, sealed: str, app: Flask, who: str) -> None:
    person, client = party(world, sealed), log_in(app, who)
    address = f"/cases/{sealed}/persons/{person}"
    assert address in client.get(f"/cases/{sealed}").text
    asked = client.get(address).text
    assert "130*************00" in asked
    assert NUMBER not in asked
    shown = client.post(address, data={"ground": "service", "reference": " 演水罚〔2026〕 3号 "})
    assert shown.status_code == 200
    assert NUMBER in shown.text
    assert PHONE in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert NUMBER not in client.get(f"/cases/{sealed}").text
    assert looks(world) == [{"person": person, "ground": "service", "reference": "演水罚〔2026〕 3号"}]


@pytest.mark.parametrize(
    ("ground", "reference"),
    [
        ("", ""),
        ("drafting", ""),
        ("nothing", ""),
        ("identity", "一" * 61),
        ("identity", "证件 130100199001010000"),
        ("identity", "一\x07"),
    ],
)
def test_without_a_ground_nothing_is_shown_and_nothing_noted(
    world: World, sealed: str, app: Flask, ground: str, reference: str
) -> None:
    person, client = party(world, sealed), log_in(app, "archivist")
    answer = client.post(f"/cases/{sealed}/persons/{person}", data={"ground": ground, "reference": reference})
    assert answer.status_code == 422
    assert "130*************00" in answer.text
    assert f"证件号码</dt><dd>{NUMBER}" not in answer.text
    with pytest.raises(InvalidInputError):
        world.opened.services.private_views.in_full(world.actor("archivist"), sealed, person, ground, reference)
    assert looks(world) == []


def test_who_writes_a_draft_sees_them_on_that_ground(world: World, draft: str) -> None:
    ((_, private),) = world.opened.services.intake.persons_in_full(world.actor("handler"), draft)
    assert private.identity_number == NUMBER
    assert looks(world) == [{"ground": UnmaskGround.DRAFTING}]
