"""Who may ask for what, and that a party never learns more than section 7 lists."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label, Mark
from archive_store.models.accounts import MarkGrant
from archive_store.models.base import now
from archive_store.models.cases import Item, PartyBinding, Person
from archive_store.models.copies import CopyRequest
from archive_store.request_words import Channel, RequestState, Step
from portal.services.asking import Asked
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

ADMINISTRATORS = ("sysadmin", "secadmin", "auditor")
NOT_PARTIES = ("handler", "other_handler", "archivist", "leader", "reviewer", "legal", *ADMINISTRATORS)


@pytest.fixture
def world(sealed_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with sealed_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def case_id(sealed_stage: Stage) -> str:
    return sealed_stage.case_id


def items_of(world: World, case_id: str) -> list[Item]:
    with world.opened.database.read() as session:
        return [*session.scalars(select(Item).where(Item.case_id == case_id).order_by(Item.number))]


@pytest.mark.parametrize("who", NOT_PARTIES)
def test_nobody_but_a_party_asks_online(world: World, case_id: str, who: str) -> None:
    item = items_of(world, case_id)[0]
    with pytest.raises(NotFoundError):
        world.opened.services.asking.begin(world.actor(who), case_id, Asked(frozenset({item.id})))
    with pytest.raises(NotFoundError):
        world.opened.services.asking.party_case(world.actor(who), case_id)
    assert world.opened.services.asking.own_cases(world.actor(who)) == []


def test_a_party_sees_neutral_titles_of_the_main_volume_alone(world: World, case_id: str) -> None:
    shown = world.opened.services.asking.party_case(world.actor("party"), case_id)
    assert [(item.position, item.title) for item in shown.items] == [
        (1, "现场检查笔录"),
        (2, "询问笔录"),
        (3, "行政检查结果告知书"),
    ]
    assert [item.pages for item in shown.items] == [2, 1, 1]


@pytest.mark.parametrize("label", [Label.of(2), Label.of(1, [Mark.INFORMANT])])
def test_what_a_party_may_not_know_is_not_counted_either(world: World, case_id: str, label: Label) -> None:
    second = items_of(world, case_id)[1]
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).where(Item.id == second.id).values(label=label))
    shown = world.opened.services.asking.party_case(world.actor("party"), case_id)
    assert [(item.position, item.title) for item in shown.items] == [(1, "现场检查笔录"), (2, "行政检查结果告知书")]


def test_items_that_are_not_listed_cannot_be_asked_for(world: World, case_id: str) -> None:
    hidden = items_of(world, case_id)[3]
    for item_id in (hidden.id, "0" * 32):
        with pytest.raises(InvalidInputError, match="目录"):
            world.opened.services.asking.begin(world.actor("party"), case_id, Asked(frozenset({item_id})))


def test_a_draft_is_nobodys_but_its_writers(world: World, case_id: str) -> None:
    asking = world.opened.services.asking
    draft = asking.begin(world.actor("party"), case_id, Asked(frozenset()))
    for who in NOT_PARTIES:
        with pytest.raises(NotFoundError):
            world.opened.services.copy_requests.page(world.actor(who), draft)
        with pytest.raises(NotFoundError):
            asking.draft(world.actor(who), draft)
    assert asking.draft(world.actor("party"), draft)[0].state is RequestState.DRAFT


def test_a_party_does_not_see_another_partys_request(world: World, case_id: str) -> None:
    request_id = way.submitted(world, case_id)
    with world.opened.database.write() as unit:
        person = Person(case_id=case_id, name="李演示", kind="natural", role="third_person", label=Label(), position=9)
        unit.session.add(person)
        unit.session.flush()
        bound = PartyBinding(account_id=world.ids["legal"], person_id=person.id, proof="演示")
        unit.session.add(bound)
        from archive_store.identity import Role  # noqa: PLC0415
        from archive_store.models.accounts import RoleGrant  # noqa: PLC0415

        for grant in unit.session.scalars(select(RoleGrant).where(RoleGrant.account_id == world.ids["legal"])):
            grant.role = Role.PARTY
    other = world.actor("legal")
    assert world.opened.services.asking.party_case(other, case_id).items
    with pytest.raises(NotFoundError):
        world.opened.services.copy_requests.page(other, request_id)
    assert world.opened.services.copy_requests.listed(other, RequestState) == []


def test_a_party_whose_binding_ended_is_a_stranger(world: World, case_id: str) -> None:
    request_id = way.submitted(world, case_id)
    with world.opened.database.write() as unit:
        unit.session.execute(update(PartyBinding).values(ended_at=now()))
    for act in (
        lambda: world.opened.services.asking.party_case(world.actor("party"), case_id),
        lambda: world.opened.services.copy_requests.page(world.actor("party"), request_id),
        lambda: world.opened.services.copies.open(world.actor("party"), request_id),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_who_stands_for_one_person_no_more_loses_its_requests_though_it_stands_for_another(
    world: World, case_id: str
) -> None:
    request_id = way.submitted(world, case_id)
    with world.opened.database.write() as unit:
        unit.session.execute(update(PartyBinding).values(ended_at=now()))
        person = Person(case_id=case_id, name="李演示", kind="natural", role="third_person", label=Label(), position=9)
        unit.session.add(person)
        unit.session.flush()
        unit.session.add(PartyBinding(account_id=world.ids["party"], person_id=person.id, proof="演示"))
    party = world.actor("party")
    assert world.opened.services.asking.party_case(party, case_id).items
    with pytest.raises(NotFoundError):
        world.opened.services.copy_requests.page(party, request_id)
    assert world.opened.services.copy_requests.listed(party, RequestState) == []


def test_a_request_without_items_or_purpose_is_not_sent(world: World, case_id: str) -> None:
    asking, party = world.opened.services.asking, world.actor("party")
    draft = asking.begin(party, case_id, Asked(frozenset()))
    with pytest.raises(InvalidInputError, match="至少选择一件"):
        asking.submit(party, draft)
    asking.save(party, draft, Asked(frozenset({items_of(world, case_id)[0].id})))
    with pytest.raises(InvalidInputError, match="用途"):
        asking.submit(party, draft)


def test_a_submitted_request_has_a_number_that_tells_no_count_and_a_deadline(world: World, case_id: str) -> None:
    request_ids = [way.submitted(world, case_id) for _ in range(2)]
    with world.opened.database.read() as session:
        rows = [session.get_one(CopyRequest, request_id) for request_id in request_ids]
    assert all(row.due_on is not None and row.submitted_at is not None for row in rows)
    tails = [(row.number or "").rsplit("-", 1)[1] for row in rows]
    assert len({*tails}) == 2
    assert all(len(tail) == 6 for tail in tails)
    with pytest.raises(RefusedError):
        world.opened.services.asking.save(world.actor("party"), request_ids[0], Asked(frozenset()))


def test_only_an_archivist_writes_down_at_the_counter(world: World, case_id: str) -> None:
    with world.opened.database.read() as session:
        person = session.scalars(select(Person.id).where(Person.case_id == case_id)).one()
    item = items_of(world, case_id)[0].id
    asked = Asked(frozenset({item}), "演示：核对事实")
    for who in ("handler", "other_handler", "leader", "reviewer", "party", "legal", *ADMINISTRATORS):
        with pytest.raises((NotFoundError, RefusedError)):
            world.opened.services.asking.enter_at_counter(world.actor(who), case_id, person, asked)
    request_id = world.opened.services.asking.enter_at_counter(world.actor("archivist"), case_id, person, asked)
    world.opened.services.asking.submit(world.actor("archivist"), request_id)
    with world.opened.database.read() as session:
        request = session.get_one(CopyRequest, request_id)
    assert (request.channel, request.requester_id, request.recipient) == (Channel.COUNTER, None, "张演示")
    assert request.entered_by == world.ids["archivist"]


def test_who_wrote_a_request_down_withdraws_it_only_with_a_reason(world: World, case_id: str) -> None:
    request_id = way.submitted(world, case_id)
    services = world.opened.services.copy_requests
    with pytest.raises(RefusedError, match="理由"):
        services.take(world.actor("archivist"), request_id, Step.WITHDRAW_AT_COUNTER)
    services.take(world.actor("party"), request_id, Step.WITHDRAW)
    assert way.state_of(world, request_id) == "withdrawn"


def test_a_lapsed_binding_lends_its_name_to_no_request(world: World, case_id: str) -> None:
    """An account that stands for two persons asks as the one whose binding still holds."""
    with world.opened.database.write() as unit:
        for row in unit.session.scalars(select(PartyBinding)):
            row.valid_to = date(2026, 1, 1)
        person = Person(case_id=case_id, name="李演示", kind="natural", role="third_person", label=Label(), position=9)
        unit.session.add(person)
        unit.session.flush()
        unit.session.add(PartyBinding(account_id=world.ids["party"], person_id=person.id, proof="演示"))
    draft = world.opened.services.asking.begin(world.actor("party"), case_id, Asked(frozenset()))
    with world.opened.database.read() as session:
        assert session.get_one(CopyRequest, draft).recipient == "李演示"


def test_a_person_whom_the_archivist_may_not_know_does_not_stand_at_the_counter(world: World, case_id: str) -> None:
    asking, archivist = world.opened.services.asking, world.actor("archivist")
    hidden = Label.of(1, [Mark.INFORMANT])
    assert hidden.marks - archivist.marks
    with world.opened.database.write() as unit:
        person = Person(case_id=case_id, name="李演示", kind="natural", role="third_person", label=hidden, position=9)
        unit.session.add(person)
        unit.session.flush()
        person_id = person.id
    assert [person.name for person in asking.askers(archivist, case_id)] == ["张演示"]
    for one in (person_id, "0" * 32):
        with pytest.raises(InvalidInputError, match="请从本案"):
            asking.enter_at_counter(archivist, case_id, one, Asked(frozenset()))


def test_an_item_that_the_archivist_may_not_read_is_refused_at_the_counter_like_none(
    world: World, case_id: str
) -> None:
    asking, archivist = world.opened.services.asking, world.actor("archivist")
    first, second, third, _ = items_of(world, case_id)
    with world.opened.database.write() as unit:
        person = unit.session.scalars(select(Person.id).where(Person.case_id == case_id)).one()
        unit.session.execute(delete(MarkGrant).where(MarkGrant.account_id == world.ids["archivist"]))
    archivist = world.actor("archivist")
    draft = asking.enter_at_counter(archivist, case_id, person, Asked(frozenset({first.id, third.id}), "演示"))
    with world.opened.database.read() as session:
        kept = [row.position for row in session.get_one(CopyRequest, draft).items]
    assert kept == [1, 2]  # a gap would tell of the second
    for one in (second.id, "0" * 32):
        with pytest.raises(InvalidInputError, match="目录"):
            asking.save(archivist, draft, Asked(frozenset({one}), "演示"))


def test_a_draft_that_was_never_sent_is_thrown_away_and_not_withdrawn(world: World, case_id: str) -> None:
    """Withdrawn it would stand in the archivists' lists, who may not know of it."""
    asking, party = world.opened.services.asking, world.actor("party")
    draft = asking.begin(party, case_id, Asked(frozenset()))
    with pytest.raises(RefusedError, match="删除"):
        world.opened.services.copy_requests.take(party, draft, Step.WITHDRAW)
    assert world.opened.services.copy_requests.listed(world.actor("archivist"), RequestState) == []
    asking.discard(party, draft)


def test_a_party_is_told_why_its_request_was_sent_back(world: World, case_id: str) -> None:
    request_id = way.submitted(world, case_id)
    requests, asking = world.opened.services.copy_requests, world.opened.services.asking
    requests.take(world.actor("archivist"), request_id, Step.RETURN_TO_REQUESTER, "演示：请补充用途")
    assert asking.sent_back_for(world.actor("party"), request_id) == "演示：请补充用途"
    with pytest.raises(NotFoundError):
        asking.sent_back_for(world.actor("archivist"), request_id)
