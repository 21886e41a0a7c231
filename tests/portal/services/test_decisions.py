"""The leader's decision: by whom, on what exactly, with which grounds, and what makes it fall."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label
from archive_store.models.accounts import CaseGrant
from archive_store.models.cases import Item
from archive_store.models.copies import CopyRequest, Decision, Release, SignedCopy
from archive_store.request_words import Step
from archive_store.work import MAKE_COPY
from portal.dissemination.release import Outcome
from portal.services.decisions import Ruling
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

OTHERS = ("handler", "other_handler", "archivist", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


@pytest.fixture
def world(awaiting_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with awaiting_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def request_id(awaiting_stage: Stage) -> str:
    return awaiting_stage.request_id


def seen(world: World, request_id: str) -> str:
    return world.opened.services.decisions.screen(world.actor("leader"), request_id).release_hash


@pytest.mark.parametrize("who", OTHERS)
def test_only_the_leader_in_charge_decides(world: World, request_id: str, who: str) -> None:
    decisions, actor = world.opened.services.decisions, world.actor(who)
    for step in (Step.APPROVE, Step.APPROVE_PART, Step.REFUSE):
        with pytest.raises(NotFoundError):
            decisions.decide(actor, request_id, Ruling(step, "x", {1: "unrelated"}, "not_a_party", "演示"))
    for act in (
        lambda: decisions.screen(actor, request_id),
        lambda: decisions.send_back(actor, request_id, "演示"),
        lambda: world.opened.services.copy_requests.extend(actor, request_id, 5, "演示"),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert way.state_of(world, request_id) == "awaiting_approval"


def test_the_leader_of_another_department_does_not_find_it(world: World, request_id: str) -> None:
    from archive_store.models.accounts import Department, Leadership  # noqa: PLC0415

    with world.opened.database.write() as unit:
        other = unit.session.scalars(select(Department.id).where(Department.name == "水资源管理处")).one()
        unit.session.execute(update(Leadership).values(department_id=other))
    with pytest.raises(NotFoundError):
        world.opened.services.decisions.screen(world.actor("leader"), request_id)
    assert world.opened.services.tasks.of(world.actor("leader")) == []


def test_the_screen_shows_each_page_as_it_will_leave(world: World, request_id: str) -> None:
    screen = world.opened.services.decisions.screen(world.actor("leader"), request_id)
    assert [item.outcome for item in screen.items] == [Outcome.GRANTED, Outcome.PARTLY, Outcome.GRANTED]
    assert [len(item.pages) for item in screen.items] == [2, 1, 1]
    image = world.opened.services.releases.released_image(world.actor("leader"), request_id, 2, 1)
    assert image.startswith(b"\xff\xd8")
    for who in ("party", "handler", "reviewer", "legal", "auditor"):
        with pytest.raises(NotFoundError):
            world.opened.services.releases.released_image(world.actor(who), request_id, 2, 1)


def test_an_approval_names_exactly_the_release_that_was_seen(world: World, request_id: str) -> None:
    decisions, leader = world.opened.services.decisions, world.actor("leader")
    for wrong in ("", "0" * 64):
        with pytest.raises(RefusedError):
            decisions.decide(leader, request_id, Ruling(Step.APPROVE, wrong))
    decisions.decide(leader, request_id, Ruling(Step.APPROVE, seen(world, request_id)))
    assert way.state_of(world, request_id) == "approved"


def test_a_label_that_changed_since_stops_the_approval(world: World, request_id: str) -> None:
    was_seen = seen(world, request_id)
    with world.opened.database.write() as unit:
        first = way.item_ids(world, request_id)[0]
        unit.session.execute(update(Item).where(Item.id == first).values(label=Label.of(2)))
    with pytest.raises(RefusedError):
        world.opened.services.decisions.decide(world.actor("leader"), request_id, Ruling(Step.APPROVE, was_seen))


def test_an_item_that_is_listed_no_more_stops_the_approval_and_is_told_of(world: World, request_id: str) -> None:
    was_seen = seen(world, request_id)
    with world.opened.database.write() as unit:
        first = way.item_ids(world, request_id)[0]
        unit.session.execute(update(Item).where(Item.id == first).values(listable=False))
    with pytest.raises(RefusedError):
        world.opened.services.decisions.decide(world.actor("leader"), request_id, Ruling(Step.APPROVE, was_seen))
    bench = world.opened.services.preparation.bench(world.actor("archivist"), request_id)
    assert [said for said in bench.objections if "第 1 项已改为不向当事人列示" in said]


def test_what_the_leader_keeps_back_has_a_ground_and_is_not_in_the_copy(world: World, request_id: str) -> None:
    decisions, leader = world.opened.services.decisions, world.actor("leader")
    was_seen = seen(world, request_id)
    for withheld in ({}, {1: "not_a_party"}, {9: "unrelated"}, {1: "unrelated", 2: "unrelated", 3: "unrelated"}):
        with pytest.raises(InvalidInputError):
            decisions.decide(leader, request_id, Ruling(Step.APPROVE_PART, was_seen, withheld))
    decisions.decide(leader, request_id, Ruling(Step.APPROVE_PART, was_seen, {2: "personal_privacy"}))
    way.work(world)
    transfer = world.opened.services.copies.open(world.actor("party"), request_id)
    content = b"".join(transfer.chunks)
    assert b"/Count 4" in content or b"/Count 5" in content  # the certificate and three pages


def test_a_refusal_has_a_ground_and_words(world: World, request_id: str) -> None:
    decisions, leader = world.opened.services.decisions, world.actor("leader")
    with pytest.raises(InvalidInputError):
        decisions.decide(leader, request_id, Ruling(Step.REFUSE, reason="演示"))
    with pytest.raises(RefusedError, match="理由"):
        decisions.decide(leader, request_id, Ruling(Step.REFUSE, ground="not_a_party"))
    decisions.decide(leader, request_id, Ruling(Step.REFUSE, ground="not_a_party", reason="演示：不是本案当事人"))
    way.work(world)
    with world.opened.database.read() as session:
        assert session.scalars(select(Decision.outcome)).all() == ["refused"]
        assert session.scalars(select(SignedCopy)).all() == []


def test_a_request_that_is_decided_closes_what_was_opened_to_the_reviewer(world: World, request_id: str) -> None:
    with world.opened.database.read() as session:
        item_id = session.scalars(select(CaseGrant.item_id)).one()
    assert item_id is not None
    assert world.actor("reviewer").item_grants == {item_id}
    way.approved(world, request_id)
    assert world.actor("reviewer").item_grants == frozenset()


def test_sent_back_it_is_prepared_again_and_approved_anew(world: World, request_id: str) -> None:
    decisions = world.opened.services.decisions
    with pytest.raises(RefusedError, match="理由"):
        decisions.send_back(world.actor("leader"), request_id, " ")
    decisions.send_back(world.actor("leader"), request_id, "演示：第 1 项也要遮盖")
    assert way.state_of(world, request_id) == "in_preparation"
    way.made(world, request_id)
    way.handed_up(world, request_id)
    way.approved(world, request_id)
    assert way.state_of(world, request_id) == "approved"


def test_a_changed_release_lets_the_approval_fall_and_withdraws_its_copy(world: World, request_id: str) -> None:
    way.approved(world, request_id)
    decisions = world.opened.services.decisions
    decisions.change_release(world.actor("archivist"), request_id, "演示：漏了一处")
    with world.opened.database.read() as session:
        first = session.scalars(select(SignedCopy)).one()
    assert first.withdrawn_at is not None
    with pytest.raises(RefusedError):
        world.opened.services.copies.open(world.actor("party"), request_id)
    way.made(world, request_id)
    way.handed_up(world, request_id)
    assert world.opened.services.releases.named_blobs() == images(world)[-1]
    way.approved(world, request_id)
    assert b"".join(world.opened.services.copies.open(world.actor("party"), request_id).chunks).startswith(b"%PDF")


def images(world: World) -> list[set[str]]:
    """The page images of each release, the oldest first."""
    with world.opened.database.read() as session:
        return [{*row.pages.values()} for row in session.scalars(select(Release).order_by(Release.prepared_at))]


def test_images_of_a_request_that_is_over_are_let_go(world: World, request_id: str) -> None:
    assert world.opened.services.releases.named_blobs() == images(world)[0] != set()
    world.opened.services.decisions.decide(
        world.actor("leader"), request_id, Ruling(Step.REFUSE, ground="not_a_party", reason="演示")
    )
    assert world.opened.services.releases.named_blobs() == set()


def test_what_fell_is_not_undone_a_second_time_by_a_slower_worker(world: World, request_id: str) -> None:
    decisions = world.opened.services.decisions
    decisions.decide(world.actor("leader"), request_id, Ruling(Step.APPROVE, seen(world, request_id)))
    with world.opened.database.read() as session:
        first = session.scalars(select(Decision)).one().id
    decisions.change_release(world.actor("archivist"), request_id, "演示")
    way.handed_up(world, request_id)
    way.approved(world, request_id)
    making = next(task for kind, task in world.opened.tasks.items() if kind == MAKE_COPY)
    making.__self__._void(first, "演示：来晚了")  # type: ignore[attr-defined]
    assert way.state_of(world, request_id) == "approved"


def test_a_page_that_is_lost_lets_the_approval_fall_instead_of_waiting_for_ever(world: World, request_id: str) -> None:
    with world.opened.database.read() as session:
        lost = next(iter(session.scalars(select(Release)).one().pages.values()))
    world.opened.copies.delete(lost)
    way.approved(world, request_id)
    assert way.state_of(world, request_id) == "in_preparation"
    with world.opened.database.read() as session:
        assert session.scalars(select(Decision)).one().voided_at is not None
        assert session.scalars(select(SignedCopy)).all() == []


def test_a_label_that_changes_between_approval_and_copy_lets_the_approval_fall(world: World, request_id: str) -> None:
    decisions, leader = world.opened.services.decisions, world.actor("leader")
    decisions.decide(leader, request_id, Ruling(Step.APPROVE, seen(world, request_id)))
    with world.opened.database.write() as unit:
        first = way.item_ids(world, request_id)[0]
        unit.session.execute(update(Item).where(Item.id == first).values(label=Label.of(0)))
    way.work(world)
    assert way.state_of(world, request_id) == "in_preparation"
    with world.opened.database.read() as session:
        assert session.scalars(select(SignedCopy)).all() == []


def test_a_deadline_is_prolonged_once(world: World, request_id: str) -> None:
    requests, leader = world.opened.services.copy_requests, world.actor("leader")
    for days in (0, 21):
        with pytest.raises(InvalidInputError):
            requests.extend(leader, request_id, days, "演示")
    before = requests.page(leader, request_id).request.due_on
    requests.extend(leader, request_id, 10, "演示：件数较多")
    after = requests.page(leader, request_id).request.due_on
    assert before is not None
    assert after is not None
    assert after > before
    with pytest.raises(RefusedError, match="已经延长"):
        requests.extend(leader, request_id, 5, "演示")


def test_a_deadline_that_is_over_is_not_prolonged(world: World, request_id: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(CopyRequest).values(due_on=world.opened.desk.today() - timedelta(days=1)))
    with pytest.raises(RefusedError, match="期限已过"):
        world.opened.services.copy_requests.extend(world.actor("leader"), request_id, 5, "演示")


def test_the_leader_finds_the_request_on_the_work_list(world: World, request_id: str) -> None:
    tasks = world.opened.services.tasks.of(world.actor("leader"))
    assert [(task.endpoint, task.arguments) for task in tasks] == [("decisions.screen", {"request_id": request_id})]
