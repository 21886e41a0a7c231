"""The bench as it is worked at: no box is lost unnoticed, and it says how far the pages are and what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label, Mark
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.cases import Item
from archive_store.models.work import Work
from archive_store.work import MAKE_RELEASE, mark_failed
from portal.services.preparation import CHANGED_MEANWHILE, Drawn, Making, boxes_mark
from tests.portal.services import requests as way
from tests.portal.stages import WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.services.preparation import Bench, PreparationService
    from tests.portal.conftest import World
    from tests.portal.stages import Stage

OTHERS = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
BOX = Drawn(1, 0.1, 0.1, 0.4, 0.15, "personal_privacy")


@pytest.fixture
def world(preparing_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with preparing_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def request_id(preparing_stage: Stage) -> str:
    return preparing_stage.request_id


def service(world: World) -> PreparationService:
    return world.opened.services.preparation


def seen(world: World, request_id: str) -> Bench:
    return service(world).bench(world.actor("archivist"), request_id)


def save(world: World, request_id: str, *boxes: Drawn, began_from: str | None = None) -> str:
    item_id = way.item_ids(world, request_id)[0]
    return service(world).save_boxes(world.actor("archivist"), request_id, item_id, boxes, began_from)


def test_nobody_else_learns_how_far_the_pages_are(world: World, request_id: str) -> None:
    for who in OTHERS:
        with pytest.raises(NotFoundError):
            service(world).progress(world.actor(who), request_id)


def test_an_item_that_was_not_asked_for_is_not_reached_through_a_request(world: World, request_id: str) -> None:
    asked = way.item_ids(world, request_id)
    with world.opened.database.read() as session:
        other = next(item.id for item in session.scalars(select(Item)) if item.id not in asked)
    with pytest.raises(NotFoundError):
        service(world).preview(world.actor("archivist"), request_id, other, 1)
    with pytest.raises(NotFoundError):
        service(world).save_boxes(world.actor("archivist"), request_id, other, [BOX])


def test_a_box_that_another_drew_meanwhile_is_not_lost(world: World, request_id: str) -> None:
    empty = seen(world, request_id).items[0].boxes_mark
    first = save(world, request_id, BOX, began_from=empty)
    assert first == boxes_mark([BOX]) == seen(world, request_id).items[0].boxes_mark
    with pytest.raises(ConflictError, match=CHANGED_MEANWHILE):
        save(world, request_id, began_from=empty)
    assert len(seen(world, request_id).items[0].boxes) == 1
    save(world, request_id, began_from=first)
    assert seen(world, request_id).items[0].boxes == []


def test_a_ground_that_allows_no_covering_finds_no_words(world: World, request_id: str) -> None:
    item_id = way.item_ids(world, request_id)[1]
    for words, ground in ((WITNESS, "auxiliary_volume"), (WITNESS, "nothing"), ("字" * 101, "minor")):
        with pytest.raises(InvalidInputError):
            service(world).find_words(world.actor("archivist"), request_id, item_id, words, ground)


def test_a_mark_is_the_requesters_own_only_where_it_can_be(world: World, request_id: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).values(label=Label.of(1, [Mark.WORK_SECRET, Mark.PERSONAL_PRIVACY])))
    actor, item_id = world.actor("archivist"), way.item_ids(world, request_id)[0]
    for mark in (Mark.WORK_SECRET, Mark.COMMERCIAL_SECRET):
        with pytest.raises(InvalidInputError):
            service(world).settle(actor, request_id, item_id, withheld="", own_marks=frozenset({mark.value}))
    assert seen(world, request_id).items[0].may_be_own == [Mark.PERSONAL_PRIVACY]
    service(world).settle(actor, request_id, item_id, withheld="", own_marks=frozenset({"personal_privacy"}))
    assert [ground.code for ground in seen(world, request_id).items[0].grounds_against] == ["work_secret"]


def test_progress_follows_the_release_and_a_change_makes_it_stale(world: World, request_id: str) -> None:
    actor = world.actor("archivist")
    assert seen(world, request_id).progress.stage is Making.NONE
    way.covered(world, request_id, WITNESS)
    service(world).order(actor, request_id)
    assert service(world).progress(actor, request_id).stage is Making.UNDER_WAY
    with world.opened.database.write() as unit:
        mark_failed(unit.session.scalars(select(Work).where(Work.kind == MAKE_RELEASE)).one(), "演示：解析中断。")
    assert seen(world, request_id).progress.problem == "演示：解析中断。"
    with world.opened.database.write() as unit:
        unit.session.execute(update(Work).values(not_before=now()))
    way.work(world)
    made = seen(world, request_id)
    assert (made.progress.stage, made.progress.done, made.progress.total) == (Making.MADE, 4, 4)
    assert made.progress.problem == made.submit_obstacle == ""
    save(world, request_id, BOX)
    changed = seen(world, request_id)
    assert changed.progress.stage is Making.STALE
    assert changed.submit_obstacle


def test_what_stands_against_submitting_is_said_in_words(world: World, request_id: str) -> None:
    with world.opened.database.write() as unit:
        first = Item.id == way.item_ids(world, request_id)[0]
        unit.session.execute(update(Item).where(first).values(label=Label.of(1, [Mark.MINOR])))
    way.covered(world, request_id, WITNESS)
    assert len(seen(world, request_id).objections) == 1
    save(world, request_id, BOX)
    assert seen(world, request_id).objections == []
    way.made(world, request_id)
    shown = seen(world, request_id)
    assert shown.progress.stage is Making.MADE
    assert "保密审查意见" in shown.submit_obstacle


def test_nothing_is_changed_while_the_leader_decides(world: World, request_id: str) -> None:
    way.covered(world, request_id, WITNESS)
    way.made(world, request_id)
    way.handed_up(world, request_id)
    assert not seen(world, request_id).may_change
    with pytest.raises(RefusedError):
        save(world, request_id, BOX)


def test_every_preview_is_an_event(world: World, request_id: str) -> None:
    item_id = way.item_ids(world, request_id)[0]
    jpeg = service(world).preview(world.actor("archivist"), request_id, item_id, 2)
    assert jpeg.startswith(b"\xff\xd8")
    with world.opened.database.read() as session:
        names = [leaf.name for leaf in session.scalars(select(AuditLeaf).where(AuditLeaf.object_id == item_id))]
    assert names.count("item:view_page") == 1


def test_searching_an_item_for_words_is_an_event_that_does_not_say_which(world: World, request_id: str) -> None:
    item_id = way.item_ids(world, request_id)[1]
    world.opened.services.preparation.find_words(
        world.actor("archivist"), request_id, item_id, WITNESS, "personal_privacy"
    )
    with world.opened.database.read() as session:
        leaf = session.scalars(
            select(AuditLeaf).where(AuditLeaf.object_id == item_id, AuditLeaf.name == "search:query")
        ).one()
    assert WITNESS not in str(leaf.details)
