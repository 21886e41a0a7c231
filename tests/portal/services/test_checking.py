"""The four checks along the way: who is shown them, what they stop, and that nothing unseen is called passed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import ConflictError, NotFoundError, RefusedError
from archive_store.four_check_facts import Readings
from archive_store.four_check_report import FourCheckReport, Moment, Outcome, Property
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Case, StoredFile
from archive_store.vocabulary import CaseState
from portal.services.checking import Look
from tests.portal.conftest import log_in, pdf, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases

HIDDEN = {"level": "internal", "marks": ["informant"]}
TITLE = "举报人谈话记录"


def damage_staging(world: World, case_id: str) -> None:
    """Change a byte of a draft's first file, behind the program's back."""
    with world.opened.database.read() as session:
        blob = session.get_one(Case, case_id).items[0].files[0].blob
    assert blob is not None
    path = world.opened.staging._path(blob)
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def latest(world: World, who: str, case_id: str) -> FourCheckReport:
    return world.opened.services.checking.reports(world.actor(who), case_id)[0].report


def codes(report: FourCheckReport) -> set[str]:
    return {line.code for line in report.failures}


def test_only_those_who_read_the_content_are_shown_the_checks(world: World, sealed: str) -> None:
    for who in ("other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor"):
        with pytest.raises(NotFoundError):
            world.opened.services.checking.reports(world.actor(who), sealed)


@pytest.fixture
def with_informant(world: World, tmp_path: Path) -> str:
    """A case handed over whose second item no archivist of these tests may see, and whose bytes were changed."""
    folder = write_case(tmp_path / "hidden")
    said = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    said["items"].reverse()
    said["items"][0] |= {"title": TITLE, "label": HIDDEN}
    (folder / "case.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    case_id = world.opened.services.intake.import_case(world.actor("handler"), folder).case_id
    assert case_id is not None
    damage_staging(world, case_id)
    world.opened.services.transfer.hand_over(world.actor("handler"), case_id)
    return case_id


def test_nothing_is_told_of_an_item_that_the_viewer_may_not_read(world: World, app: Flask, with_informant: str) -> None:
    with world.opened.database.read() as session:
        from archive_store.models.cases import FourCheckReportRow  # noqa: PLC0415

        kept = session.scalars(select(FourCheckReportRow)).one()
        assert "Z1" in codes(FourCheckReport.from_json(kept.report))
    seen = latest(world, "archivist", with_informant)
    assert "Z1" not in codes(seen)
    text = log_in(app, "archivist").get(f"/cases/{with_informant}").text
    assert "四性检测" in text
    assert TITLE not in text
    assert "共2件" not in text


def test_each_step_leaves_a_report(world: World, sealed: str) -> None:
    shown = world.opened.services.checking.reports(world.actor("archivist"), sealed)
    assert [kept.report.moment for kept in shown] == [Moment.SEALING, Moment.TRANSFER, Moment.FILING]
    assert [kept.made_by for kept in shown] == ["档案演示甲", "档案演示甲", "承办演示甲"]


def test_without_a_scanner_nothing_is_called_free_of_harmful_code(world: World, sealed: str) -> None:
    for kept in world.opened.services.checking.reports(world.actor("archivist"), sealed):
        lines = [line for part in kept.report.parts for line in part.lines if line.code == "A1"]
        assert [line.outcome for line in lines] == [Outcome.NOT_CHECKED]
        assert "未检测" in kept.report.summary


def test_a_file_changed_after_hand_over_is_not_taken_over_and_can_be_returned(world: World, draft: str) -> None:
    transfer, archivist = world.opened.services.transfer, world.actor("archivist")
    transfer.hand_over(world.actor("handler"), draft)
    damage_staging(world, draft)
    with pytest.raises(RefusedError, match="摘要值不一致"):
        transfer.accept(archivist, draft)
    with world.opened.database.read() as session:
        case = session.get_one(Case, draft)
        assert (case.state, case.archival_code) == (CaseState.HANDED_OVER, None)
        outcomes = session.scalars(select(AuditLeaf.outcome).where(AuditLeaf.name == "case:accept")).all()
        assert outcomes == ["refused"]
    assert codes(latest(world, "archivist", draft)) >= {"Z1"}
    transfer.send_back(archivist, draft, "文件与移交时不一致")
    assert not any(found.finding.rule_id == "Z1" for found in transfer.findings(world.actor("handler"), draft))


def test_a_file_changed_after_acceptance_is_not_sealed_whatever_the_reason(world: World, accepted: str) -> None:
    services, archivist = world.opened.services, world.actor("archivist")
    damage_staging(world, accepted)
    with pytest.raises(RefusedError, match="摘要值不一致"):
        services.sealing.seal(archivist, accepted)
    found = next(one for one in services.transfer.findings(archivist, accepted) if one.finding.rule_id == "Z1")
    assert found.blocks
    with pytest.raises(RefusedError):
        services.transfer.waive(archivist, accepted, found.finding.key, "理由")
    assert list(world.opened.root.folder.rglob("manifest.json")) == []


def test_a_matter_of_judgement_blocks_the_seal_until_it_is_waived(world: World, tmp_path: Path) -> None:
    services, archivist = world.opened.services, world.actor("archivist")
    folder = write_case(tmp_path / "public")
    said = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    said["items"][1]["label"] = {"level": "public"}
    (folder / "case.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    case_id = services.intake.import_case(world.actor("handler"), folder).case_id
    assert case_id
    services.transfer.hand_over(world.actor("handler"), case_id)
    services.transfer.accept(archivist, case_id)
    for one in services.transfer.findings(archivist, case_id):
        if one.blocks and one.finding.rule_id != "A3":
            services.transfer.waive(archivist, case_id, one.finding.key, "演示：已核实")
    with pytest.raises(RefusedError, match="定为公开"):
        services.sealing.seal(archivist, case_id)
    services.transfer.waive(archivist, case_id, "A3@2", "演示：该件已依法公开")
    services.sealing.seal(archivist, case_id)
    assert codes(latest(world, "archivist", case_id)) == {"A3"}


def import_changed(world: World, folder: Path, **changes: object) -> str:
    case_id = world.opened.services.intake.import_case(world.actor("handler"), write_case(folder, **changes)).case_id
    assert case_id is not None
    return case_id


def test_an_informant_who_is_named_without_the_mark_is_found_before_the_seal(world: World, tmp_path: Path) -> None:
    services = world.opened.services
    person = {"name": "Inspection", "role": "informant", "label": HIDDEN}
    case_id = import_changed(world, tmp_path / "x", persons=[person])
    services.transfer.hand_over(world.actor("handler"), case_id)
    found = [line for line in latest(world, "handler", case_id).failures if line.code == "A4"]
    assert [line.item_number for line in found] == [1]
    assert "Inspection" not in found[0].text
    services.transfer.accept(world.actor("archivist"), case_id)
    with pytest.raises(RefusedError):
        services.sealing.seal(world.actor("archivist"), case_id)


def test_a_page_without_text_is_not_said_to_name_nobody(world: World, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "x", persons=[{"name": "李演示", "role": "informant", "label": HIDDEN}])
    (folder / "02.pdf").write_bytes(pdf(""))
    case_id = world.opened.services.intake.import_case(world.actor("handler"), folder).case_id
    assert case_id
    world.opened.services.transfer.hand_over(world.actor("handler"), case_id)
    lines = latest(world, "handler", case_id).part(Property.SECURITY).lines
    said = [(line.outcome, line.item_number) for line in lines if line.code == "A4"]
    assert said == [(Outcome.PASSED, None), (Outcome.NOT_CHECKED, 2)]


def test_a_file_that_came_in_while_the_checks_read_is_a_conflict(world: World, draft: str) -> None:
    with world.opened.database.read() as session:
        case = session.get_one(Case, draft)
        with pytest.raises(ConflictError):
            world.opened.services.checking.judge(
                session, case, Moment.FILING, Look(Readings({}), world.opened.desk.clock())
            )


def test_a_sealed_object_says_what_was_checked_of_its_own_items_alone(world: World, sealed: str) -> None:
    for name, titles in (("main", ("现场检查笔录", "结案审批表")), ("auxiliary", ("结案审批表", "现场检查笔录"))):
        described = json.loads(world.opened.root.read(f"urn:anjuan:{sealed}:{name}", "case.json"))
        report = FourCheckReport.from_json(described["four_checks"])
        assert report.moment is Moment.SEALING
        assert "共1件" in report.parts[0].lines[0].text
        assert titles[1] not in json.dumps(described, ensure_ascii=False)


def test_a_check_in_storage_that_finds_nothing_new_only_confirms_the_last(world: World, sealed: str) -> None:
    for _ in range(2):
        assert list(world.opened.services.fixity.verify_everything()) == []
    shown = world.opened.services.checking.reports(world.actor("archivist"), sealed)
    assert [kept.report.moment for kept in shown][:2] == [Moment.STORAGE, Moment.SEALING]
    assert shown[0].confirmed_at > shown[0].made_at
    outcomes = {line.code: line.outcome for part in shown[0].report.parts for line in part.lines}
    assert outcomes["Z5"] is outcomes["Z6"] is outcomes["Z1"] is Outcome.PASSED


def test_a_file_row_that_lies_about_its_bytes_is_not_handed_over_as_good(world: World, draft: str) -> None:
    with world.opened.database.write() as unit:
        row = unit.session.scalars(select(StoredFile)).first()
        assert row is not None
        row.size += 1
    world.opened.services.transfer.hand_over(world.actor("handler"), draft)
    assert codes(latest(world, "handler", draft)) >= {"Z2"}
