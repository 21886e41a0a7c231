"""Figures of supervision: for the legal office alone, and made of nothing that it may not know."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from archive_store.errors import NotFoundError
from archive_store.identity import Role
from archive_store.labels import Label, Level, Mark
from archive_store.models.accounts import Leadership, MarkGrant, RoleGrant
from archive_store.models.base import now
from archive_store.models.cases import Case, Waiver
from archive_store.models.copies import CopyRequest
from archive_store.request_words import RequestState
from archive_store.vocabulary import CaseState
from tests.portal.conftest import log_in, make_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.services.supervision import Board
    from tests.portal.conftest import World
    from tests.portal.stages import Stage

WRONG = ("handler", "archivist", "leader", "reviewer", "party", "sysadmin", "secadmin", "auditor")


@pytest.fixture
def world(copied_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with copied_stage.world(tmp_path) as opened:
        yield opened


def board(world: World) -> Board:
    return world.opened.services.supervision.board(world.actor("legal"))


def change(world: World, **values: object) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(Case).values(**values))


@pytest.mark.parametrize("who", WRONG)
def test_for_every_other_office_there_are_no_figures(world: World, who: str) -> None:
    with pytest.raises(NotFoundError):
        world.opened.services.supervision.board(world.actor(who))


HIDDEN = (
    Label.of(Level.CONFIDENTIAL),
    Label.of(Level.INTERNAL, [Mark.COMMERCIAL_SECRET]),
    Label.of(0, [Mark.INFORMANT]),
)


@pytest.mark.parametrize("label", HIDDEN)
def test_a_case_that_the_legal_office_may_not_know_of_is_in_no_figure(world: World, label: Label) -> None:
    with world.opened.database.write() as unit:  # not even with the mark granted
        given = {"mark": Mark.INFORMANT, "valid_from": date(2024, 1, 1), "ground": "演示"}
        unit.session.add(MarkGrant(account_id=world.ids["legal"], **given))
    change(world, label=label)
    shown = board(world)
    assert (shown.years, shown.rows, shown.total.cases, shown.total.requests) == ([], [], 0, 0)


def test_what_was_done_is_counted_under_its_department_and_year(world: World, copied_stage: Stage) -> None:
    with world.opened.database.write() as unit:
        waived = {"finding_key": "R08", "reason": "演示：已核实", "waived_by": world.ids["archivist"]}
        unit.session.add(Waiver(case_id=copied_stage.case_id, **waived))
    shown = board(world)
    assert (shown.year, shown.years) == (2026, [2026])
    (row,) = shown.rows
    assert (row.department, row.cases, row.sealed, row.filed_late, row.overdue) == ("水政监察支队", 1, 1, 0, 0)
    assert (row.requests, row.open_requests, row.granted, row.refused, row.late_requests) == (1, 0, 1, 0, 0)
    assert row.let_pass == 1
    assert shown.total.cases == 1


def test_late_filing_and_late_answers_are_told(world: World) -> None:
    change(world, accepted_at=now() + timedelta(days=400))
    with world.opened.database.write() as unit:
        unit.session.execute(update(CopyRequest).values(due_on=date(2026, 1, 1)))
    assert (board(world).total.filed_late, board(world).total.late_requests) == (1, 1)
    change(world, accepted_at=None, state=CaseState.DRAFT, ended_on=date(2025, 1, 10))
    assert (board(world).total.overdue, board(world).total.filed_late) == (1, 0)


def test_the_first_page_of_the_legal_office_is_the_board(world: World) -> None:
    client = log_in(make_app(world.opened), "legal")
    page = client.get("/").text
    assert "监督看板" in page
    assert "水政监察支队" in page
    assert "张演示" not in page
    assert client.get("/?year=1999").text.count("2026年") == page.count("2026年")


def test_whoever_supervises_and_has_another_office_sees_both(world: World) -> None:
    given = {"role": Role.LEADER, "valid_from": date(2024, 1, 1), "ground": "演示"}
    with world.opened.database.write() as unit:
        unit.session.add(RoleGrant(account_id=world.ids["legal"], **given))
        unit.session.execute(update(Leadership).values(account_id=world.ids["legal"]))
        unit.session.execute(update(CopyRequest).values(state=RequestState.AWAITING_APPROVAL, closed_at=None))
    page = log_in(make_app(world.opened), "legal").get("/").text
    assert "监督看板" in page
    assert "待审批申请" in page
