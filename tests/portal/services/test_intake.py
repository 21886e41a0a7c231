"""Intake: nothing half-imported, nothing lost, nothing from the wrong people."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from archive_store.case_folder import WORKBOOK, CaseFolder
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.labels import Label
from archive_store.models.cases import Case, Item
from portal.config import Profile
from portal.wiring import Installation
from tests.case_folders import as_workbook
from tests.portal.conftest import pdf, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases


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


def as_sheet(folder: Path) -> Path:
    """The same folder with a workbook in the place of `case.json`."""
    case = CaseFolder.model_validate_json((folder / "case.json").read_text(encoding="utf-8"))
    (folder / "case.json").unlink()
    (folder / WORKBOOK).write_bytes(as_workbook(case))
    return folder


def test_a_workbook_and_a_description_in_json_are_the_same_case(world: World, tmp_path: Path) -> None:
    intake, who = world.opened.services.intake, world.actor("handler")
    folder = write_case(tmp_path / "x")
    first = intake.import_case(who, folder)
    (second,) = intake.import_folder(who, as_sheet(folder))
    assert (first.result, second.result) == ("made", "present")
    assert first.case_id == second.case_id
    assert len(list(world.opened.staging.names())) == 2


def test_a_slip_in_a_workbook_brings_nothing_in_and_mending_it_does(world: World, tmp_path: Path) -> None:
    intake, who = world.opened.services.intake, world.actor("handler")
    folder = as_sheet(write_case(tmp_path / "x", department="没有的部门"))
    refused = intake.import_case(who, folder)
    assert [(f.sheet, f.field, f.line, f.column) for f in refused.findings] == [("案卷", "承办机构", 5, "B")]
    assert (count(world), list(world.opened.staging.names())) == (0, [])
    book = load_workbook(folder / WORKBOOK)
    book["案卷"]["B5"] = "水政监察支队"
    book.save(folder / WORKBOOK)
    assert intake.import_case(who, folder).result == "made"


def test_every_secret_in_a_workbook_is_named_with_its_row(world: World, tmp_path: Path) -> None:
    settings = world.opened.settings.model_copy(update={"profile": Profile.OPEN})
    items = [
        {"file": f"0{n}.pdf", "title": "x", "type": "other", "date": "2026-11-02", "label": {"level": "secret"}}
        for n in (1, 2)
    ]
    folder = as_sheet(write_case(tmp_path / "x", items=items))
    with Installation(settings) as opened:
        outcome = opened.services.intake.import_case(world.actor("handler"), folder)
    assert [(f.sheet, f.field, f.line) for f in outcome.findings] == [
        ("卷内文件", "密级", 2),
        ("卷内文件", "密级", 3),
    ]
    assert list(world.opened.staging.names()) == []


def test_files_left_in_the_folder_are_told(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x")
    (folder / "补充.pdf").write_bytes(b"x")
    (folder / "~$案卷目录.xlsx").write_bytes(b"x")
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert (outcome.result, outcome.unnamed) == ("made", ("补充.pdf",))


@pytest.mark.parametrize("who", ["archivist", "leader", "party", "sysadmin", "auditor", "reviewer", "legal"])
def test_only_handlers_get_the_empty_workbook(world: World, who: str) -> None:
    with pytest.raises(NotFoundError):
        world.opened.services.intake.empty_workbook(world.actor(who))
    assert world.opened.services.intake.empty_workbook(world.actor("handler")).startswith(b"PK")


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


def test_an_item_that_its_handler_may_not_read_is_neither_moved_changed_nor_removed(world: World, draft: str) -> None:
    intake, handler = world.opened.services.intake, world.actor("handler")
    with world.opened.database.write() as unit:
        hidden = unit.session.get_one(Case, draft).items[-1]
        hidden.label, hidden_id = Label.of(2), hidden.id
    for item_id in (hidden_id, "0" * 32):
        with pytest.raises(NotFoundError):
            intake.move_item(handler, draft, item_id, 1)
        with pytest.raises(NotFoundError):
            intake.remove_item(handler, draft, item_id)
    with world.opened.database.read() as session:
        assert session.get_one(Item, hidden_id).number == 2
