"""Findings: what still blocks the seal, what a reason lets pass, and what no reason does."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, true

from archive_store.findings import OpenFinding, blocking, case_facts, findings_of, item_facts, late_flags
from archive_store.four_check_report import FourCheckReport, Line, Moment, Outcome, Property, PropertyReport
from archive_store.models.base import now
from archive_store.models.cases import Case, FourCheckReportRow, Waiver
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.facts import Finding, Severity
from archive_store.regulation.rules import load_regulation
from archive_store.vocabulary import CaseState, Fact, Late
from tests.archive_store.rows import DAY, account, add_item, draft_case, stored_file

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

RULES = load_regulation(load_catalogue())
FAULT = Line("Z1", "内容未被改动", Outcome.FAILED, "第1件被改动。", 1, waivable=False)
MATTER = Line("A3", "密级与卷别、标识相符", Outcome.FAILED, "第1件定为公开。", 1)


def keep(session: Session, case: Case, *lines: Line, later: int = 0) -> None:
    report = FourCheckReport(Moment.TRANSFER, (PropertyReport(Property.AUTHENTICITY, lines),))
    at = now() + timedelta(seconds=later)
    row = FourCheckReportRow(case_id=case.id, moment=report.moment, passed=False, report=report.as_json())
    row.made_by, row.made_at, row.confirmed_at = "service:test", at, at
    session.add(row)
    session.flush()


def keys(session: Session, case: Case, known: ColumnElement[bool] | None = None) -> dict[str, OpenFinding]:
    return {found.finding.key: found for found in findings_of(session, case, RULES, DAY, known=known)}


def waive(session: Session, case: Case, key: str) -> None:
    waiver = Waiver(case_id=case.id, finding_key=key, reason="演示：已核实")
    waiver.waived_by = account(session, "档案演示甲").id
    session.add(waiver)
    session.flush()


def test_what_was_late_is_told_of_the_file_and_of_the_item(session: Session) -> None:
    case = draft_case(session)
    assert late_flags(case, RULES, DAY) == {}
    assert case.ended_on is not None
    case.accepted_at = datetime.combine(case.ended_on + timedelta(days=40), time(4), UTC)
    item = add_item(session, case)
    item.recording = {"recorded_at": "2026-01-01T08:00:00+08:00", "stored_at": "2026-01-03T08:00:00+08:00"}
    in_time = add_item(session, case)
    in_time.recording = {"recorded_at": "2026-01-01T08:00:00+08:00", "stored_at": "2026-01-01T09:00:00+08:00"}
    without_times = add_item(session, case)
    without_times.recording = {"recorded_at": "2026-01-01T08:00:00+08:00"}
    session.flush()
    assert late_flags(case, RULES, DAY) == {None: (Late.FILING,), 1: (Late.RECORDING,)}


def test_an_empty_file_cannot_be_sealed(session: Session) -> None:
    found = keys(session, draft_case(session))
    assert found["A01"].blocks


def test_a_number_used_twice_is_a_hint_to_who_may_know_the_other_case_and_does_not_block(session: Session) -> None:
    case = draft_case(session)
    assert "A02" not in keys(session, case, known=true())
    twin = draft_case(session)
    assert not keys(session, case, known=true())["A02"].blocks
    assert "A02" not in keys(session, case, known=Case.id != twin.id)


def test_what_is_kept_of_a_case_says_nothing_of_another(session: Session) -> None:
    case = draft_case(session)
    draft_case(session)
    assert "A02" not in keys(session, case)


def test_a_reason_lets_pass_the_one_finding_that_it_names(session: Session) -> None:
    case = draft_case(session)
    before = {key for key, found in keys(session, case).items() if found.blocks}
    waive(session, case, "A01")
    after = keys(session, case)
    assert after["A01"].waived_because == "演示：已核实"
    assert {key for key, found in after.items() if found.blocks} == before - {"A01"}


def test_a_failure_that_no_reason_mends_blocks_in_spite_of_one(session: Session) -> None:
    case = draft_case(session, state=CaseState.ACCEPTED)
    add_item(session, case)
    keep(session, case, FAULT, MATTER)
    for key in ("Z1@1", "A3@1"):
        assert keys(session, case)[key].blocks
        waive(session, case, key)
    found = keys(session, case)
    assert found["Z1@1"].blocks
    assert not found["Z1@1"].waivable
    assert not found["A3@1"].blocks


def test_only_the_latest_run_of_the_checks_counts(session: Session) -> None:
    case = draft_case(session, state=CaseState.ACCEPTED)
    keep(session, case, FAULT)
    keep(session, case, MATTER, later=5)
    assert {"Z1@1", "A3@1"} & keys(session, case).keys() == {"A3@1"}


def test_what_was_said_of_a_draft_before_it_came_back_no_longer_counts(session: Session) -> None:
    case = draft_case(session)
    keep(session, case, FAULT)
    assert "Z1@1" not in keys(session, case)


def test_the_checks_themselves_are_not_asked_of_the_checks(session: Session) -> None:
    case = draft_case(session, state=CaseState.ACCEPTED)
    keep(session, case, FAULT)
    found = findings_of(session, case, RULES, DAY, checked=False)
    assert all(one.finding.rule_id != "Z1" for one in found)


def test_hints_never_block() -> None:
    hint = OpenFinding(Finding("X", "第一条", "提示。", Severity.WARNS))
    block = OpenFinding(Finding("Y", "第一条", "须补正。", Severity.BLOCKS))
    assert blocking([hint, block]) == [block]


def test_facts_follow_the_rows(session: Session) -> None:
    case = draft_case(session, facts=[Fact.HEARING.value] if hasattr(Fact, "HEARING") else [])
    item = add_item(session, case, signed=False, contains=["R08"], recording=None)
    item.files.append(stored_file(role="rendition", problem="文件残缺。"))
    facts = item_facts(item)
    assert (facts.signed, facts.contains, facts.problem) == (False, frozenset({"R08"}), "文件残缺。")
    assert {str(fact) for fact in case_facts(case).facts} == set(case.facts)
