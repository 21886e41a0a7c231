"""Need to know: a case or department is opened to one person until a day, read like one's own, and closed at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.accounts import office_today
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.accounts import CaseGrant, DepartmentGrant, RightsAsk
from archive_store.vocabulary import CaseState
from portal.services.rights import NewAsk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

UNTIL = office_today() + timedelta(days=30)
READERS = ("other_handler", "reviewer", "legal")


def ask(world: World, by: str, case_id: str, login: str, **changes: object) -> str:
    facts: dict[str, object] = {"valid_to": UNTIL} | changes
    new = NewAsk(login, "", "演示：抽查通知", **facts)  # type: ignore[arg-type]  # the fields by name
    return world.opened.services.rights.ask_for_case(world.actor(by), case_id, new)


def decide(world: World, ask_id: str, *, granted: bool = True) -> None:
    world.opened.services.rights.decide(world.actor("secadmin"), ask_id, granted=granted, ground="演示核对")


def reads(world: World, login: str, case_id: str) -> bool:
    """Whether the person reaches case page and list, which have to agree."""
    services, actor = world.opened.services, world.actor(login)
    listed = case_id in [case.id for case in services.cases.listed(actor, frozenset(CaseState))[0]]
    try:
        shown = services.cases.page(actor, case_id)
    except NotFoundError:
        assert not listed
        return False
    assert listed
    return bool(shown.items)


def test_only_the_leader_in_charge_and_archivists_ask_to_open_a_case(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        for who in ("handler", "other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor"):
            for case_id in (sealed_stage.case_id, "0" * 32):
                with pytest.raises((NotFoundError, RefusedError)) as refusal:
                    ask(world, who, case_id, "legal")
                assert refusal.type is NotFoundError or who == "handler"
                with pytest.raises((NotFoundError, RefusedError)):
                    world.opened.services.rights_lists.case(world.actor(who), case_id)


def test_an_opened_case_is_read_until_its_day_and_closed_at_once(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        case_id = sealed_stage.case_id
        for login, by in zip(READERS, ("leader", "archivist", "archivist"), strict=True):
            assert not reads(world, login, case_id)
            ask_id = ask(world, by, case_id, login)
            assert not reads(world, login, case_id)
            decide(world, ask_id)
            assert reads(world, login, case_id), login
            grant_id = _grant(world, ask_id)
            secadmin = world.actor("secadmin")
            world.opened.services.rights.end(secadmin, world.ids[login], "case", grant_id, "演示：抽查结束")
            assert not reads(world, login, case_id)
        _run_out(world, CaseGrant, ask(world, "leader", case_id, "legal"))
        assert not reads(world, "legal", case_id)


def test_an_opened_department_opens_its_sealed_cases_alone(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        rights, leader = world.opened.services.rights, world.actor("leader")
        part = next(iter(leader.in_charge))
        with pytest.raises(RefusedError):
            rights.ask(leader, NewAsk("legal", f"department:{part}", "演示"))
        ask_id = rights.ask(leader, NewAsk("legal", f"department:{part}", "演示", valid_to=UNTIL))
        _run_out(world, DepartmentGrant, ask_id, check=lambda: reads(world, "legal", sealed_stage.case_id))
        assert not reads(world, "legal", sealed_stage.case_id)


def test_opening_lifts_no_clearance_and_no_mark(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        decide(world, ask(world, "leader", sealed_stage.case_id, "legal"))
        full = len(world.opened.services.cases.page(world.actor("archivist"), sealed_stage.case_id).items)
        for held in world.opened.services.rights_lists.person(world.actor("secadmin"), world.ids["legal"])[0].rights:
            if held[0].right.code == "mark:personal_privacy":
                world.opened.services.rights.end(
                    world.actor("secadmin"), world.ids["legal"], "mark", held[0].grant_id, "演示"
                )
        shown = world.opened.services.cases.page(world.actor("legal"), sealed_stage.case_id)
        assert len(shown.items) == full - 1


def test_a_case_is_opened_only_until_a_day_and_only_to_who_reads_by_name(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        with pytest.raises(RefusedError):
            ask(world, "leader", sealed_stage.case_id, "legal", valid_to=None)
        for login in ("sysadmin", "secadmin", "auditor", "archivist"):
            with pytest.raises(RefusedError):
                ask(world, "leader", sealed_stage.case_id, login)
        for login in ("party", "nobody"):
            with pytest.raises(InvalidInputError):
                ask(world, "leader", sealed_stage.case_id, login)


def test_who_grants_is_told_nothing_of_the_case(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        ask_id = ask(world, "leader", sealed_stage.case_id, "legal")
        lists = world.opened.services.rights_lists
        seen = repr(lists.asked(world.actor("secadmin"), ask_id)) + repr(lists.changes(world.actor("auditor")))
        assert sealed_stage.case_id[:8] in seen
        assert "演示河段检查案" not in seen
        assert "演水检" not in seen


def _grant(world: World, ask_id: str) -> str:
    with world.opened.database.read() as session:
        return session.scalars(select(RightsAsk.grant_id).where(RightsAsk.id == ask_id)).one() or ""


def _run_out(world: World, table: type, ask_id: str, check=lambda: True) -> None:  # noqa: ANN001 - a callable
    """Grant, look, and let the last day pass."""
    decide(world, ask_id)
    assert check()
    with world.opened.database.write() as unit:
        past = office_today() - timedelta(days=1)
        unit.session.execute(update(table).where(table.id == _grant(world, ask_id)).values(valid_to=past))
