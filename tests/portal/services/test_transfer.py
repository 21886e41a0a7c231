"""Hand-over and acceptance: the wrong people first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.cases import Case
from archive_store.vocabulary import CaseState
from tests.portal.conftest import write_case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases

WRONG = ("other_handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def state(world: World, case_id: str) -> CaseState:
    with world.opened.database.read() as session:
        return session.get_one(Case, case_id).state


def test_only_a_handler_of_the_case_hands_it_over(world: World, draft: str) -> None:
    for who in WRONG:
        with pytest.raises(NotFoundError):
            world.opened.services.transfer.hand_over(world.actor(who), draft)
    assert state(world, draft) is CaseState.DRAFT


def test_only_an_archivist_accepts(world: World, draft: str) -> None:
    world.opened.services.transfer.hand_over(world.actor("handler"), draft)
    for who in (*WRONG[:1], *WRONG[2:], "handler"):
        with pytest.raises((NotFoundError, RefusedError)):
            world.opened.services.transfer.accept(world.actor(who), draft)
    assert state(world, draft) is CaseState.HANDED_OVER


def test_a_file_that_was_handed_over_cannot_be_changed_by_its_handler(world: World, draft: str) -> None:
    world.opened.services.transfer.hand_over(world.actor("handler"), draft)
    with world.opened.database.read() as session:
        item = session.get_one(Case, draft).items[0].id
    with pytest.raises(RefusedError):
        world.opened.services.intake.remove_item(world.actor("handler"), draft, item)


def test_a_number_of_a_hidden_case_is_as_free_as_any(world: World, draft: str, tmp_path: Path) -> None:
    services = world.opened.services
    theirs = {"department": "水资源管理处", "handlers": ["承办演示乙"]}
    folder = write_case(tmp_path / "same", **theirs)
    twin = services.intake.import_case(world.actor("other_handler"), folder).case_id
    assert twin
    for who, case_id in (("handler", draft), ("other_handler", twin)):
        found = services.transfer.findings(world.actor(who), case_id)
        assert "A02" not in {one.finding.key for one in found}, who
    for who, case_id in (("handler", draft), ("other_handler", twin)):
        services.transfer.hand_over(world.actor(who), case_id)
    found = services.transfer.findings(world.actor("archivist"), draft)
    assert "A02" in {one.finding.key for one in found}


def test_acceptance_gives_codes_that_are_never_given_twice(world: World, tmp_path: Path) -> None:
    services, codes = world.opened.services, set()
    for n in range(3):
        folder = write_case(tmp_path / f"case{n}", case_number=f"演水检〔2026〕{n + 1}号")
        case_id = services.intake.import_case(world.actor("handler"), folder).case_id
        assert case_id
        services.transfer.hand_over(world.actor("handler"), case_id)
        codes.add(services.transfer.accept(world.actor("archivist"), case_id))
    assert len(codes) == 3


def test_a_return_needs_reasons_and_reaches_the_handler(world: World, draft: str) -> None:
    transfer = world.opened.services.transfer
    transfer.hand_over(world.actor("handler"), draft)
    with pytest.raises(InvalidInputError):
        transfer.send_back(world.actor("archivist"), draft, "  ")
    transfer.send_back(world.actor("archivist"), draft, "缺送达回证")
    assert state(world, draft) is CaseState.DRAFT
    assert transfer.last_return(world.actor("handler"), draft) == "缺送达回证"


def test_a_waiver_needs_a_reason_and_a_finding_that_is_open(world: World, draft: str) -> None:
    transfer = world.opened.services.transfer
    transfer.hand_over(world.actor("handler"), draft)
    transfer.accept(world.actor("archivist"), draft)
    with pytest.raises(NotFoundError):
        transfer.waive(world.actor("archivist"), draft, "R99", "理由")
    with pytest.raises(InvalidInputError):
        transfer.waive(world.actor("archivist"), draft, "R99", " ")
