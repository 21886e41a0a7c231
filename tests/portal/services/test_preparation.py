"""Drawing and making: by whom, on what, and that what is hidden is gone before anybody decides."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from sqlalchemy import select, update

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label
from archive_store.models.cases import Item
from archive_store.models.copies import Release
from archive_store.parsing.documents import PageText
from archive_store.request_words import Step
from portal.dissemination.prepare import strip_height
from portal.services.preparation import RELEASE_DPI, Drawn, places_of
from tests.portal.services import requests as way
from tests.portal.stages import WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

OTHERS = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
BOX = Drawn(1, 0.1, 0.1, 0.6, 0.2, "personal_privacy")


@pytest.fixture
def world(preparing_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with preparing_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def request_id(preparing_stage: Stage) -> str:
    return preparing_stage.request_id


def release(world: World) -> Release:
    with world.opened.database.read() as session:
        return session.scalars(select(Release).where(Release.voided_at.is_(None))).one()


@pytest.mark.parametrize("who", OTHERS)
def test_only_an_archivist_prepares(world: World, request_id: str, who: str) -> None:
    preparation, item_id = world.opened.services.preparation, way.item_ids(world, request_id)[0]
    actor = world.actor(who)
    for act in (
        lambda: preparation.bench(actor, request_id),
        lambda: preparation.save_boxes(actor, request_id, item_id, [BOX]),
        lambda: preparation.settle(actor, request_id, item_id, withheld="unrelated", own_marks=frozenset()),
        lambda: preparation.find_words(actor, request_id, item_id, WITNESS, "personal_privacy"),
        lambda: preparation.preview(actor, request_id, item_id, 1),
        lambda: preparation.order(actor, request_id),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_an_archivist_without_the_mark_of_an_item_does_not_find_the_request(world: World, request_id: str) -> None:
    with world.opened.database.write() as unit:
        second = way.item_ids(world, request_id)[1]
        unit.session.execute(update(Item).where(Item.id == second).values(label=Label.of(3)))
    for who in ("archivist", "second_archivist"):
        with pytest.raises(NotFoundError):
            world.opened.services.preparation.bench(world.actor(who), request_id)
        with pytest.raises(NotFoundError):
            world.opened.services.copy_requests.page(world.actor(who), request_id)


@pytest.mark.parametrize(
    "box",
    [
        Drawn(3, 0.1, 0.1, 0.2, 0.2, "personal_privacy"),
        Drawn(1, 0.5, 0.1, 0.2, 0.2, "personal_privacy"),
        Drawn(1, 0.1, 0.1, 1.2, 0.2, "personal_privacy"),
        Drawn(1, float("nan"), 0.1, 0.2, 0.2, "personal_privacy"),
        Drawn(1, 0.1, 0.1, 0.2, 0.2, "auxiliary_volume"),
        Drawn(1, 0.1, 0.1, 0.2, 0.2, "no such ground"),
    ],
)
def test_a_box_beyond_its_page_or_without_a_ground_is_refused(world: World, request_id: str, box: Drawn) -> None:
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    item_id = way.item_ids(world, request_id)[0]
    preparation.save_boxes(actor, request_id, item_id, [BOX])
    with pytest.raises(InvalidInputError):
        preparation.save_boxes(actor, request_id, item_id, [box])
    kept = [len(item.boxes) for item in preparation.bench(actor, request_id).items]
    assert kept == [1, 0, 0]


def test_a_marked_item_does_not_leave_uncovered(world: World, request_id: str) -> None:
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    with pytest.raises(RefusedError, match="第 2 项"):
        preparation.order(actor, request_id)
    second = way.item_ids(world, request_id)[1]
    preparation.settle(actor, request_id, second, withheld="", own_marks=frozenset({"personal_privacy"}))
    assert preparation.bench(actor, request_id).objections == []
    with pytest.raises(InvalidInputError):
        preparation.settle(actor, request_id, second, withheld="", own_marks=frozenset({"informant"}))
    with pytest.raises(InvalidInputError):
        preparation.settle(actor, request_id, second, withheld="not_a_party", own_marks=frozenset())


def test_keeping_everything_back_is_a_refusal_and_not_a_release(world: World, request_id: str) -> None:
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    for item_id in way.item_ids(world, request_id):
        preparation.settle(actor, request_id, item_id, withheld="unrelated", own_marks=frozenset())
    with pytest.raises(RefusedError, match="拟不予复制"):
        preparation.order(actor, request_id)


def test_words_are_found_wherever_they_stand(world: World, request_id: str) -> None:
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    found = [
        preparation.find_words(actor, request_id, item_id, WITNESS, "personal_privacy").boxes
        for item_id in way.item_ids(world, request_id)
    ]
    assert [len(boxes) for boxes in found] == [0, 1, 0]
    second = way.item_ids(world, request_id)[1]
    assert preparation.find_words(actor, request_id, second, "ＺＨＯＵ yanshi", "minor").boxes
    with pytest.raises(InvalidInputError):
        preparation.find_words(actor, request_id, way.item_ids(world, request_id)[1], "  ", "minor")


def test_words_over_a_line_end_get_a_box_on_each_line() -> None:
    text = "甲乙\n丙丁"
    places = ((0.8, 0.1, 0.85, 0.12), (0.85, 0.1, 0.9, 0.12), None, (0.1, 0.2, 0.15, 0.22), (0.15, 0.2, 0.2, 0.22))
    boxes = places_of("乙 丙", PageText(text, places), 4, "minor")
    assert [(box.page, round(box.x0, 2), round(box.y1, 2)) for box in boxes] == [(4, 0.85, 0.12), (4, 0.1, 0.22)]


def test_a_release_holds_every_page_and_shows_boxes_not_words(world: World, request_id: str) -> None:
    way.covered(world, request_id, WITNESS)
    way.made(world, request_id)
    row = release(world)
    assert row.problem == ""
    assert (row.pages_done, row.page_total) == (4, 4)
    assert set(row.pages) == {"1:1", "1:2", "2:1", "3:1"}
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    box = preparation.bench(actor, request_id).items[1].boxes[0]
    image = Image.open(io.BytesIO(world.opened.services.releases.released_image(actor, request_id, 2, 1))).convert("L")
    height = image.height - strip_height(RELEASE_DPI)
    left, right = round(box.x0 * image.width) + 4, round(box.x1 * image.width) - 4
    under = image.crop((left, round(box.y0 * height) + 2, right, round(box.y1 * height) - 2))
    assert under.resize((1, 1)).getpixel((0, 0)) < 60  # type: ignore[operator]  # grey


def test_what_is_drawn_afterwards_makes_a_release_stale(world: World, request_id: str) -> None:
    way.covered(world, request_id, WITNESS)
    way.made(world, request_id)
    first = way.item_ids(world, request_id)[0]
    world.opened.services.preparation.save_boxes(world.actor("archivist"), request_id, first, [BOX])
    assert not world.opened.services.preparation.bench(world.actor("archivist"), request_id).is_fresh
    with pytest.raises(RefusedError, match="尚未制作完成"):
        way.handed_up(world, request_id)


def test_a_new_label_makes_a_release_stale(world: World, request_id: str) -> None:
    way.covered(world, request_id, WITNESS)
    way.made(world, request_id)
    first = way.item_ids(world, request_id)[0]
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).where(Item.id == first).values(label=Label.of(0)))
    with pytest.raises(RefusedError):
        way.handed_up(world, request_id)


def test_an_interrupted_release_is_made_anew_and_one_that_fell_is_not(world: World, request_id: str) -> None:
    way.covered(world, request_id, WITNESS)
    preparation, actor = world.opened.services.preparation, world.actor("archivist")
    preparation.order(actor, request_id)
    with world.opened.database.read() as session:
        fallen = session.scalars(select(Release.id)).one()
    preparation.order(actor, request_id)
    world.opened.tasks["make_release"](fallen)
    assert release(world).manifest is None
    way.work(world)
    made = release(world)
    world.opened.tasks["make_release"](made.id)
    assert release(world).manifest_sha256 == made.manifest_sha256


def test_who_reviewed_does_not_prepare(world: World, request_id: str) -> None:
    from archive_store.identity import Role  # noqa: PLC0415
    from archive_store.models.accounts import RoleGrant  # noqa: PLC0415
    from archive_store.models.copies import RequestStep  # noqa: PLC0415

    with world.opened.database.write() as unit:
        unit.session.execute(
            update(RequestStep)
            .where(RequestStep.step == Step.GIVE_OPINION)
            .values(actor_id=world.ids["second_archivist"])
        )
        assert unit.session.scalars(select(RoleGrant).where(RoleGrant.role == Role.ARCHIVIST)).first()
    first = way.item_ids(world, request_id)[0]
    with pytest.raises(RefusedError, match="保密审查"):
        world.opened.services.preparation.save_boxes(world.actor("second_archivist"), request_id, first, [BOX])


def test_a_release_that_was_made_is_not_made_over_by_a_slower_worker(world: World, request_id: str) -> None:
    """Its hash may be approved by then: a second maker that began before must not put another in its place."""
    way.covered(world, request_id, WITNESS)
    world.opened.services.preparation.order(world.actor("archivist"), request_id)
    releases = world.opened.services.releases
    with world.opened.database.read() as session:
        release_id = session.scalars(select(Release.id)).one()
    order = releases._order(release_id)
    assert order is not None
    manifest, pages = releases._made(order)
    way.work(world)
    with world.opened.database.read() as session:
        before = session.get_one(Release, release_id)
    releases._finish(release_id, manifest=manifest, pages=pages)
    releases._finish(release_id, problem="演示")
    with world.opened.database.read() as session:
        after = session.get_one(Release, release_id)
    assert (after.manifest_sha256, after.pages, after.problem) == (before.manifest_sha256, before.pages, "")
