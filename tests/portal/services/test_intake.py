"""Intake: nothing half-imported, nothing lost, nothing from the wrong people."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.models.cases import Case
from tests.portal.conftest import pdf, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World


def count(world: World) -> int:
    with world.opened.database.read() as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0


def test_only_handlers_bring_cases_in(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x")
    for who in ("archivist", "leader", "party", "sysadmin", "auditor", "reviewer", "legal"):
        with pytest.raises(NotFoundError):
            world.opened.services.intake.import_case(world.actor(who), folder)
    assert count(world) == 0


def test_a_slip_names_file_field_and_line_and_brings_nothing_in(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x", kind="nonsense")
    text = (folder / "case.json").read_text(encoding="utf-8")
    (folder / "case.json").write_text(json.dumps(json.loads(text), indent=1, ensure_ascii=False), encoding="utf-8")
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.result == "refused"
    assert [(f.file, f.field) for f in outcome.findings] == [("case.json", "kind")]
    assert outcome.findings[0].line > 1
    assert count(world) == 0


def test_a_missing_file_brings_nothing_in(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x")
    (folder / "02.pdf").unlink()
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.result == "refused"
    assert "02.pdf" in outcome.findings[0].message
    assert list(world.opened.staging.names()) == []


def test_an_unknown_department_or_type_leaves_no_bytes_behind(world: World, tmp_path: Path) -> None:
    outcome = world.opened.services.intake.import_case(
        world.actor("handler"), write_case(tmp_path / "x", department="没有的部门")
    )
    assert outcome.result == "refused"
    assert list(world.opened.staging.names()) == []


def test_the_import_run_again_finds_what_the_first_brought_in(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x")
    first = world.opened.services.intake.import_case(world.actor("handler"), folder)
    second = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert (first.result, second.result) == ("made", "present")
    assert first.case_id == second.case_id
    assert count(world) == 1


def test_an_unreadable_file_comes_in_with_its_problem_named(world: World, draft: str) -> None:
    item = world.opened.services.intake.add_file(
        world.actor("handler"), draft, "坏.pdf", io.BytesIO(b"%PDF-1.4 broken")
    )
    page = world.opened.services.cases.page(world.actor("handler"), draft)
    added = next(i for i in page.items if i.id == item)
    assert added.files[0].problem


def test_the_same_bytes_twice_in_a_case_are_refused(world: World, draft: str) -> None:
    intake, data = world.opened.services.intake, pdf("one more")
    intake.add_file(world.actor("handler"), draft, "a.pdf", io.BytesIO(data))
    with pytest.raises(InvalidInputError):
        intake.add_file(world.actor("handler"), draft, "b.pdf", io.BytesIO(data))
    assert len(list(world.opened.staging.names())) == 3


def test_items_can_be_moved_and_taken_out_and_pages_follow(world: World, draft: str) -> None:
    intake, who = world.opened.services.intake, world.actor("handler")
    items = world.opened.services.cases.page(who, draft).items
    intake.move_item(who, draft, items[1].id, 1)
    moved = world.opened.services.cases.page(who, draft).items
    assert [(i.title, i.number, i.page_from, i.page_to) for i in moved] == [
        ("结案审批表", 1, 1, 1),
        ("现场检查笔录", 2, 2, 3),
    ]
    intake.remove_item(who, draft, moved[0].id)
    left = world.opened.services.cases.page(who, draft).items
    assert [(i.number, i.page_from, i.page_to) for i in left] == [(1, 1, 2)]
    assert len(list(world.opened.staging.names())) == 1


def test_another_handler_cannot_touch_a_draft(world: World, draft: str) -> None:
    with pytest.raises(NotFoundError):
        world.opened.services.intake.add_file(world.actor("other_handler"), draft, "x.pdf", io.BytesIO(pdf("x")))
    with pytest.raises(NotFoundError):
        world.opened.services.cases.page(world.actor("other_handler"), draft)
