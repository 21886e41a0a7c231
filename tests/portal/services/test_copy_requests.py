"""The secrecy review: who is asked, what is opened for it, and what happens where the first does not answer."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import Role
from archive_store.labels import Label, Mark
from archive_store.models.accounts import MarkGrant, RoleGrant
from archive_store.models.cases import Item, PartyBinding, Person
from archive_store.request_words import Advice, RequestState, Step
from tests.portal.conftest import log_in, make_app
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

MARKED = Label.of(1, [Mark.PERSONAL_PRIVACY])


@pytest.fixture
def world(sealed_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with sealed_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def referred(world: World, sealed_stage: Stage) -> str:
    """A request whose one marked item lies with the reviewer."""
    request_id = way.submitted(world, sealed_stage.case_id)
    way.accepted(world, request_id)
    world.opened.services.copy_requests.refer(world.actor("archivist"), request_id, world.ids["reviewer"])
    return request_id


def mark_the_first(world: World, request_id: str) -> str:
    """An item that was not referred gets a mark; its title names someone."""
    first = way.item_ids(world, request_id)[0]
    values = {"label": MARKED, "title": "检查笔录（吴演示）"}
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).where(Item.id == first).values(**values))
    return first


def second_reviewer(world: World) -> str:
    """The legal office's account, as well cleared as the first, becomes a reviewer."""
    with world.opened.database.write() as unit:
        for row in unit.session.scalars(select(RoleGrant).where(RoleGrant.account_id == world.ids["legal"])):
            row.role = Role.SECRECY_REVIEWER
    return world.ids["legal"]


def test_an_item_marked_since_is_not_shown_to_the_reviewer_to_whom_it_was_not_opened(
    world: World, referred: str
) -> None:
    first = mark_the_first(world, referred)
    text = log_in(make_app(world.opened), "reviewer").get(f"/requests/{referred}").text
    assert "吴演示" not in text
    requests, reviewer = world.opened.services.copy_requests, world.actor("reviewer")
    advice = dict.fromkeys(requests.page(reviewer, referred).to_review, (Advice.RELEASE, ""))
    assert first in advice
    with pytest.raises(RefusedError, match="重新送审"):
        requests.give_opinion(reviewer, referred, advice)


def test_sent_anew_it_is_with_the_new_reviewer_alone(world: World, referred: str) -> None:
    requests, archivist = world.opened.services.copy_requests, world.actor("archivist")
    mark_the_first(world, referred)
    second = second_reviewer(world)
    requests.refer(archivist, referred, second)
    with pytest.raises(NotFoundError):
        requests.page(world.actor("reviewer"), referred)
    assert world.actor("reviewer").item_grants == frozenset()
    reviewer = world.actor("legal")
    assert len(reviewer.item_grants) == 2
    advice = dict.fromkeys(requests.page(reviewer, referred).to_review, (Advice.RELEASE, ""))
    requests.give_opinion(reviewer, referred, advice)


def test_a_party_to_the_case_is_not_among_the_reviewers_to_choose_from(world: World, sealed_stage: Stage) -> None:
    request_id = way.submitted(world, sealed_stage.case_id)
    way.accepted(world, request_id)
    requests, archivist = world.opened.services.copy_requests, world.actor("archivist")
    assert [one.id for one in requests.page(archivist, request_id).reviewers] == [world.ids["reviewer"]]
    with world.opened.database.write() as unit:
        person = Person(
            case_id=sealed_stage.case_id, name="李演示", kind="natural", role="third_person", label=Label(), position=9
        )
        unit.session.add(person)
        unit.session.flush()
        unit.session.add(PartyBinding(account_id=world.ids["reviewer"], person_id=person.id, proof="演示"))
    assert requests.page(archivist, request_id).reviewers == []


def test_a_party_with_an_office_of_its_own_still_reads_its_request_as_a_party(world: World, referred: str) -> None:
    with world.opened.database.write() as unit:
        grant = RoleGrant(account_id=world.ids["party"], role=Role.ARCHIVIST)
        grant.valid_from, grant.ground = date(2024, 1, 1), "演示"
        unit.session.add(grant)
    text = log_in(make_app(world.opened), "party").get(f"/requests/{referred}").text
    assert "张演示" in text
    for hidden in ("档案演示", "个人隐私", "居民身份证"):
        assert hidden not in text, hidden


def test_a_request_that_was_sent_back_shows_why_and_can_be_withdrawn(world: World, sealed_stage: Stage) -> None:
    request_id = way.submitted(world, sealed_stage.case_id)
    archivist, reason = world.actor("archivist"), "演示：请补充用途"
    world.opened.services.copy_requests.take(archivist, request_id, Step.RETURN_TO_REQUESTER, reason)
    client = log_in(make_app(world.opened), "party")
    text = client.get(f"/requests/{request_id}", follow_redirects=True).text
    assert reason in text
    assert 'value="withdraw"' in text
    client.post(f"/requests/{request_id}/step", data={"step": "withdraw"})
    assert way.state_of(world, request_id) == "withdrawn"


@pytest.mark.parametrize(
    "proofs", [("居民身份证 130100199001010000", "本案当事人"), ("居民身份证", "130100199001010000")]
)
def test_whole_identity_numbers_are_not_taken_into_the_notes(
    world: World, sealed_stage: Stage, proofs: tuple[str, str]
) -> None:
    request_id = way.submitted(world, sealed_stage.case_id)
    with pytest.raises(InvalidInputError, match="末四位"):
        world.opened.services.copy_requests.accept(world.actor("archivist"), request_id, *proofs)
    assert way.state_of(world, request_id) == "submitted"


def test_who_may_not_know_the_person_who_asks_learns_of_no_request(world: World, referred: str) -> None:
    """Every page of a request names who asks: the label of that person counts like an item's."""
    requests, staff = world.opened.services.copy_requests, ("archivist", "leader", "reviewer")
    for who in (*staff, "party"):
        assert requests.page(world.actor(who), referred).request.id == referred
    with world.opened.database.write() as unit:
        unit.session.execute(update(Person).where(Person.name == "张演示").values(label=Label.of(1, [Mark.MINOR])))
        unit.session.execute(delete(MarkGrant).where(MarkGrant.mark == Mark.MINOR))
    for who in staff:
        with pytest.raises(NotFoundError):
            requests.page(world.actor(who), referred)
        assert requests.listed(world.actor(who), RequestState) == []
    assert requests.page(world.actor("party"), referred).request.id == referred
