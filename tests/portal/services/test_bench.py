"""The bench: whose it is, what may be drawn, that nobody's box is lost, what stands in the way of a release."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label, Mark
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.cases import Item
from archive_store.models.work import Work
from archive_store.request_words import Step
from archive_store.work import MAKE_RELEASE, mark_failed
from portal.services.preparation import CHANGED_MEANWHILE, Drawn, Making, boxes_mark
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from portal.services.preparation import Bench, PreparationService
    from tests.portal.conftest import World

OTHERS = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
BOX = Drawn(1, 0.1, 0.1, 0.4, 0.15, "personal_privacy")


@pytest.fixture
def preparing(world: World, sealed: str) -> str:
    """The id of a request in preparation."""
    way.bind(world, sealed)
    request_id = way.submitted(world, sealed)
    way.accepted(world, request_id)
    way.begun(world, request_id)
    return request_id


def service(world: World) -> PreparationService:
    return world.opened.services.preparation


def seen(world: World, request_id: str) -> Bench:
    return service(world).bench(world.actor("archivist"), request_id)


def save(world: World, request_id: str, *boxes: Drawn, began_from: str | None = None) -> str:
    item = way.item_ids(world, request_id)[0]
    return service(world).save_boxes(world.actor("archivist"), request_id, item, boxes, began_from)


def test_only_an_archivist_works_at_the_bench(world: World, preparing: str) -> None:
    item, bench = way.item_ids(world, preparing)[0], service(world)
    for who in OTHERS:
        actor = world.actor(who)
        for attempt in (
            partial(bench.bench, actor, preparing),
            partial(bench.progress, actor, preparing),
            partial(bench.save_boxes, actor, preparing, item, [BOX]),
            partial(bench.settle, actor, preparing, item, withheld="", own_marks=frozenset()),
            partial(bench.find_words, actor, preparing, item, "Inspection", "personal_privacy"),
            partial(bench.preview, actor, preparing, item, 1),
            partial(bench.order, actor, preparing),
        ):
            with pytest.raises(NotFoundError):
                attempt()


def test_a_box_lies_on_its_page_and_bears_a_ground_for_covering(world: World, preparing: str) -> None:
    for box in (
        replace(BOX, x1=1.01),
        replace(BOX, x0=-0.01),
        replace(BOX, x1=BOX.x0),
        replace(BOX, page=0),
        replace(BOX, page=3),
        replace(BOX, ground="auxiliary_volume"),
        replace(BOX, ground="none"),
    ):
        with pytest.raises(InvalidInputError):
            save(world, preparing, BOX, box)
    assert seen(world, preparing).items[0].boxes == []


def test_another_items_pages_are_not_reached_through_a_request(world: World, preparing: str, sealed: str) -> None:
    asked = way.item_ids(world, preparing)
    with world.opened.database.read() as session:
        other = next(i for i in session.scalars(select(Item.id).where(Item.case_id == sealed)) if i not in asked)
    with pytest.raises(NotFoundError):
        service(world).preview(world.actor("archivist"), preparing, other, 1)
    with pytest.raises(NotFoundError):
        service(world).save_boxes(world.actor("archivist"), preparing, other, [BOX])


def test_a_box_that_another_drew_meanwhile_is_not_lost(world: World, preparing: str) -> None:
    empty = seen(world, preparing).items[0].boxes_mark
    first = save(world, preparing, BOX, began_from=empty)
    assert first == boxes_mark([BOX]) == seen(world, preparing).items[0].boxes_mark
    with pytest.raises(ConflictError, match=CHANGED_MEANWHILE):
        save(world, preparing, began_from=empty)
    assert len(seen(world, preparing).items[0].boxes) == 1
    save(world, preparing, began_from=first)
    assert seen(world, preparing).items[0].boxes == []


def test_words_are_found_on_every_page_whatever_the_spaces(world: World, preparing: str) -> None:
    item = way.item_ids(world, preparing)[0]
    found = service(world).find_words(world.actor("archivist"), preparing, item, " In spection ", "personal_privacy")
    assert [box.page for box in found.boxes] == [1, 2]
    assert found.pages_without_text == []
    save(world, preparing, *found.boxes)


def test_words_and_ground_of_a_search_are_checked(world: World, preparing: str) -> None:
    item = way.item_ids(world, preparing)[0]
    for words, ground in (("", "minor"), ("字" * 101, "minor"), ("张", "auxiliary_volume")):
        with pytest.raises(InvalidInputError):
            service(world).find_words(world.actor("archivist"), preparing, item, words, ground)


def test_a_mark_is_the_requesters_own_only_where_it_is_there_and_can_be(world: World, preparing: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).values(label=Label.of(1, [Mark.WORK_SECRET, Mark.PERSONAL_PRIVACY])))
    actor, item = world.actor("archivist"), way.item_ids(world, preparing)[0]
    for mark in (Mark.WORK_SECRET, Mark.COMMERCIAL_SECRET):
        with pytest.raises(InvalidInputError):
            service(world).settle(actor, preparing, item, withheld="", own_marks=frozenset({mark.value}))
    assert seen(world, preparing).items[0].may_be_own == [Mark.PERSONAL_PRIVACY]
    service(world).settle(actor, preparing, item, withheld="", own_marks=frozenset({"personal_privacy"}))
    assert [ground.code for ground in seen(world, preparing).items[0].grounds_against] == ["work_secret"]


def test_progress_follows_the_release_and_a_change_makes_it_stale(world: World, preparing: str) -> None:
    actor = world.actor("archivist")
    assert seen(world, preparing).progress.stage is Making.NONE
    service(world).order(actor, preparing)
    assert service(world).progress(actor, preparing).stage is Making.UNDER_WAY
    with world.opened.database.write() as unit:
        mark_failed(unit.session.scalars(select(Work).where(Work.kind == MAKE_RELEASE)).one(), "演示：解析中断。")
    assert seen(world, preparing).progress.problem == "演示：解析中断。"
    with world.opened.database.write() as unit:
        unit.session.execute(update(Work).values(not_before=now()))
    way.work(world)
    assert seen(world, preparing).progress.problem == ""
    made = seen(world, preparing)
    assert (made.progress.stage, made.progress.done, made.progress.total) == (Making.MADE, 2, 2)
    assert made.submit_obstacle == ""
    save(world, preparing, BOX)
    changed = seen(world, preparing)
    assert changed.progress.stage is Making.STALE
    assert changed.submit_obstacle


def test_what_must_be_covered_is_not_made_uncovered(world: World, preparing: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).values(label=Label.of(1, [Mark.PERSONAL_PRIVACY])))
    assert len(seen(world, preparing).objections) == 1
    with pytest.raises(RefusedError, match="须先遮盖"):
        service(world).order(world.actor("archivist"), preparing)
    save(world, preparing, BOX)
    assert seen(world, preparing).objections == []
    way.made(world, preparing)
    shown = seen(world, preparing)
    assert shown.progress.stage is Making.MADE
    assert "保密审查意见" in shown.submit_obstacle


def test_nothing_is_changed_while_the_leader_decides(world: World, preparing: str) -> None:
    way.made(world, preparing)
    world.opened.services.copy_requests.take(world.actor("archivist"), preparing, Step.SUBMIT_RELEASE)
    assert not seen(world, preparing).may_change
    with pytest.raises(RefusedError):
        save(world, preparing, BOX)


def test_every_preview_is_an_event(world: World, preparing: str) -> None:
    item = way.item_ids(world, preparing)[0]
    jpeg = service(world).preview(world.actor("archivist"), preparing, item, 2)
    assert jpeg.startswith(b"\xff\xd8")
    with world.opened.database.read() as session:
        names = [leaf.name for leaf in session.scalars(select(AuditLeaf).where(AuditLeaf.object_id == item))]
    assert names.count("item:view_page") == 1
