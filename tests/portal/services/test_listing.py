"""What is listed: never by the wrong people, never what a party may not know of, never without a neutral title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.cases import item_thing
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Case
from archive_store.permissions import Permission
from archive_store.policy import decide
from portal.services.listing import Choice
from portal.services.parties import NewBinding
from tests.portal.crowded import items_of, persons_of

if TYPE_CHECKING:
    from tests.portal.conftest import World

WRONG = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
TITLE = "检查材料"


def listed(world: World, case_id: str) -> dict[int, str]:
    """What the bound party sees listed, by number."""
    with world.opened.database.read() as session:
        case, actor = session.get_one(Case, case_id), world.actor("party")
        seen = [item for item in case.items if decide(actor, Permission.SEE_LISTED, item_thing(case, item))]
        return {item.number: item.neutral_title for item in seen}


def test_only_archivists_decide_and_only_in_sealed_cases(world: World, accepted: str) -> None:
    listing = world.opened.services.listing
    choices = {items_of(world, accepted)[1]: Choice(listable=True, title=TITLE)}
    with pytest.raises(RefusedError):
        listing.decide(world.actor("archivist"), accepted, choices)
    world.opened.services.sealing.seal(world.actor("archivist"), accepted)
    for who in WRONG:
        with pytest.raises(NotFoundError):
            listing.decide(world.actor(who), accepted, choices)
        with pytest.raises(NotFoundError):
            listing.page(world.actor(who), accepted)


def test_what_a_party_may_not_know_of_is_never_listed(world: World, crowded: str) -> None:
    listing, archivist = world.opened.services.listing, world.actor("second_archivist")
    ids = items_of(world, crowded)
    for number in (2, 3, 4):
        with pytest.raises(InvalidInputError, match=f"第 {number} 件"):
            listing.decide(archivist, crowded, {ids[number]: Choice(listable=True, title=TITLE)})
    with pytest.raises(InvalidInputError):  # all or none
        listing.decide(archivist, crowded, {ids[1]: Choice(True, TITLE), ids[2]: Choice(True, TITLE)})
    page = listing.page(archivist, crowded)
    assert [(row.item.number, bool(row.refusal), row.item.listable) for row in page.rows] == [
        (1, False, False),
        (2, True, False),
        (3, True, False),
        (4, True, False),
    ]


def test_items_that_the_archivist_may_not_read_do_not_exist_here(world: World, crowded: str) -> None:
    listing, archivist = world.opened.services.listing, world.actor("archivist")
    assert [row.item.number for row in listing.page(archivist, crowded).rows] == [1, 2]
    for item_id in (items_of(world, crowded)[3], items_of(world, crowded)[4], "0" * 32):
        with pytest.raises(NotFoundError):
            listing.decide(archivist, crowded, {item_id: Choice(listable=False, title="")})


def test_no_item_is_listed_without_a_title_or_with_an_endless_one(world: World, crowded: str) -> None:
    item_id = items_of(world, crowded)[1]
    for title in ("", "  ", "字" * 201, "一\u202e二"):
        with pytest.raises(InvalidInputError):
            world.opened.services.listing.decide(world.actor("archivist"), crowded, {item_id: Choice(True, title)})


def test_what_is_decided_is_what_the_party_sees_at_once(world: World, crowded: str) -> None:
    services, archivist = world.opened.services, world.actor("archivist")
    item_id = items_of(world, crowded)[1]
    wanted = NewBinding(persons_of(world, crowded)["张演示"], "party", "身份证原件")
    services.parties.bind(archivist, crowded, wanted)
    assert listed(world, crowded) == {}
    assert services.listing.decide(archivist, crowded, {item_id: Choice(True, f" {TITLE} ")}) == []
    assert listed(world, crowded) == {1: TITLE}
    services.listing.decide(archivist, crowded, {item_id: Choice(True, TITLE)})
    services.listing.decide(archivist, crowded, {item_id: Choice(False, TITLE)})
    assert listed(world, crowded) == {}
    with world.opened.database.read() as session:
        events = session.scalars(select(AuditLeaf).where(AuditLeaf.name == EventName.ITEM_SET_LISTABLE)).all()
    assert [event.object_id for event in events] == [item_id, item_id]
    assert not any(TITLE in str(event.details) for event in events)


def test_a_title_that_names_someone_is_saved_and_warned_of(world: World, crowded: str) -> None:
    services = world.opened.services
    item_id = items_of(world, crowded)[1]

    def naming(who: str, title: str) -> list[int]:
        return services.listing.decide(world.actor(who), crowded, {item_id: Choice(True, title)})

    assert naming("archivist", "周证人的证言") == [1]
    assert naming("archivist", "张演示的陈述") == []  # the one party's own
    assert naming("second_archivist", "举报演示提供的照片") == [1]
    assert naming("archivist", "举报演示提供的照片") == []  # a warning would tell who informed


def test_an_empty_title_is_filled_from_the_catalogue(world: World, crowded: str) -> None:
    row = world.opened.services.listing.page(world.actor("archivist"), crowded).rows[0]
    assert row.title == world.opened.catalogue.get("site_inspection_record").neutral_title
