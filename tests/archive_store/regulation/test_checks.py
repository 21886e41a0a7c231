"""Times, order and the soundness of each item, each broken alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from archive_store.deadlines import CHINA
from archive_store.labels import Volume
from archive_store.regulation.evaluate import evaluate, filing_term
from archive_store.regulation.packaged import packaged
from archive_store.regulation.rules import load_regulation
from archive_store.vocabulary import ActKind, Fact, Late, Procedure, ServiceMethod
from tests.archive_store.regulation.examples import (
    CATALOGUE,
    ENDED,
    EXAMPLES,
    QUIET,
    RECORDED,
    RULES,
    STARTED,
    TODAY,
    item,
    numbered,
    recording,
)

if TYPE_CHECKING:
    from pathlib import Path

    from archive_store.regulation.facts import CaseFacts, Finding, ItemFacts

EMERGENCY = replace(QUIET, facts=frozenset({Fact.EMERGENCY_START}))
OPEN = replace(QUIET, handed_over_at=None, accepted_at=None)
DUE = ENDED + timedelta(days=30)
AT_START = datetime(2025, 5, 6, 22, 0, tzinfo=CHINA)


def found(case: CaseFacts, *items: ItemFacts, today: date = TODAY) -> list[Finding]:
    return evaluate(RULES, case, items, today)


def keys(case: CaseFacts, *items: ItemFacts, today: date = TODAY) -> list[str]:
    return [finding.key for finding in found(case, *items, today=today)]


def flags(case: CaseFacts, *items: ItemFacts) -> list[Late | None]:
    return [finding.late for finding in found(case, *items)]


# --- T28


def test_a_file_is_late_on_the_thirty_first_day_and_not_before() -> None:
    assert keys(OPEN, today=DUE) == []
    assert keys(OPEN, today=DUE + timedelta(days=1)) == ["T28"]


def test_late_filing_is_flagged_for_ever() -> None:
    late = replace(QUIET, handed_over_at=DUE, accepted_at=DUE + timedelta(days=2))
    for today in (DUE + timedelta(days=3), date(2055, 1, 1)):
        (finding,) = found(late, today=today)
        assert finding.key == "T28"
        assert finding.late is Late.FILING
        assert "2025年7月12日归档" in finding.message
        assert "已逾期 2 日" in finding.message


def test_a_file_filed_on_the_last_day_is_never_late() -> None:
    assert keys(replace(QUIET, accepted_at=DUE), today=date(2055, 1, 1)) == []


def test_a_moment_is_judged_by_the_date_in_china() -> None:
    last_minute = datetime(DUE.year, DUE.month, DUE.day, 15, 59, tzinfo=UTC)
    assert keys(replace(QUIET, accepted_at=last_minute)) == []
    assert keys(replace(QUIET, accepted_at=last_minute + timedelta(minutes=1))) == ["T28"]


def test_a_file_handed_over_but_not_accepted_is_told_apart() -> None:
    (finding,) = found(replace(OPEN, handed_over_at=DUE), today=DUE + timedelta(days=1))
    assert "尚待档案管理员接收" in finding.message
    (finding,) = found(OPEN, today=DUE + timedelta(days=1))
    assert "尚未移交" in finding.message


def test_a_bureau_may_count_to_the_hand_over_and_set_a_term_by_kind(tmp_path: Path) -> None:
    text = packaged("full-process-recording-2025.toml").read_text("utf-8")
    old = 'params = { days = 30, counts_to = "acceptance" }'
    assert old in text
    path = tmp_path / "rules.toml"
    new = 'params = { days = 30, counts_to = "hand_over", days_by_kind = { licensing = 60 } }'
    path.write_text(text.replace(old, new), "utf-8")
    rules = load_regulation(CATALOGUE, path)
    handed = replace(OPEN, handed_over_at=DUE, kind=ActKind.PENALTY)
    term = filing_term(rules, handed, TODAY)
    assert term is not None
    assert not term.late
    longer = filing_term(rules, replace(handed, kind=ActKind.LICENSING), TODAY)
    assert longer is not None
    assert longer.deadline.due == ENDED + timedelta(days=60)


# --- T28a, T34


@pytest.mark.parametrize(("lag", "late"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)])
def test_a_recording_stored_after_24_hours_is_flagged(lag: timedelta, late: bool) -> None:  # noqa: FBT001 - a case
    kept = replace(recording(), stored_at=RECORDED + lag)
    assert keys(QUIET, kept) == (["T28a@1"] if late else [])
    assert flags(QUIET, kept) == ([Late.RECORDING] if late else [])


def test_the_lag_is_told() -> None:
    (finding,) = found(QUIET, replace(recording(), stored_at=RECORDED + timedelta(hours=30, minutes=5)))
    assert "约31小时" in finding.message
    assert not finding.blocks


def test_a_recording_stored_before_it_was_made_is_questioned() -> None:
    (finding,) = found(QUIET, replace(recording(), stored_at=RECORDED - timedelta(hours=1)))
    assert "早于录制时间" in finding.message
    assert finding.late is None


@pytest.mark.parametrize("missing", ["recorded_at", "stored_at"])
def test_a_recording_without_its_times_is_questioned(missing: str) -> None:
    times = {"recorded_at": RECORDED, "stored_at": RECORDED} | {missing: None}
    (finding,) = found(QUIET, replace(recording(), **times))  # type: ignore[arg-type]
    assert finding.key == "T28a@1"
    assert "请补填" in finding.message


def test_a_photograph_on_paper_needs_no_recording_times() -> None:
    assert keys(QUIET, item("site_photo")) == []


def test_a_device_that_was_not_said_to_be_handed_in_is_asked_for() -> None:
    assert keys(QUIET, replace(recording(), contains=frozenset())) == ["T34@1"]


# --- T06, T25


@pytest.mark.parametrize(("hours", "late"), [(24, False), (25, True)])
def test_an_emergency_form_after_24_hours_is_flagged(hours: int, late: bool) -> None:  # noqa: FBT001 - a case
    case = replace(EMERGENCY, started_at=AT_START, emergency_form_at=AT_START + timedelta(hours=hours))
    assert keys(case, item("start_approval", "R06a")) == (["T06"] if late else [])
    assert flags(case, item("start_approval", "R06a")) == ([Late.EMERGENCY_FORM] if late else [])


@pytest.mark.parametrize(("days", "late"), [(0, False), (1, False), (2, True)])
def test_of_dates_alone_only_a_certain_lateness_is_flagged(days: int, late: bool) -> None:  # noqa: FBT001 - a case
    form = replace(item("start_approval", "R06a"), date=STARTED + timedelta(days=days))
    assert keys(EMERGENCY, form) == (["T06"] if late else [])
    assert flags(EMERGENCY, form) == ([Late.EMERGENCY_FORM] if late else [])


def test_enforcement_dated_before_the_demand_is_flagged_at_the_item() -> None:
    example = next(each for each in EXAMPLES if each.key == "R26.surcharge")
    first, *rest = example.items
    early = replace(first, date=date(2025, 5, 1))
    assert keys(example.case, *numbered(early, *rest)) == ["T25@1"]


# --- the file itself


def test_an_ordinary_file_says_how_it_began() -> None:
    case = replace(QUIET, kind=ActKind.PENALTY)
    assert keys(case) == ["C01"]
    assert keys(replace(case, procedure=Procedure.SUMMARY)) == ["R18.record", "R18.filing"]


def test_a_decision_was_served_somehow() -> None:
    example = next(each for each in EXAMPLES if each.key == "R24")
    unserved = replace(example.case, served=frozenset())
    (finding,) = found(unserved, *numbered(*example.items))
    assert finding.key == "C02"
    assert finding.blocks


def test_a_document_of_something_that_was_not_declared_is_questioned() -> None:
    (finding,) = found(QUIET, item("hearing_record"))
    assert finding.key == "C03@1"
    assert "举行听证" in finding.message


def test_an_unreadable_file_blocks_and_tells_why() -> None:
    (finding,) = found(QUIET, replace(item("delegation"), problem="文件已加密", has_pages=False))
    assert finding.key == "C04@1"
    assert finding.blocks
    assert "文件已加密" in finding.message


def test_an_item_without_pages_asks_for_a_pdf() -> None:
    (finding,) = found(QUIET, replace(item("delegation"), has_pages=False))
    assert finding.key == "C05@1"
    assert "补交一份 PDF" in finding.message


def test_a_missing_signature_is_noted_where_no_rule_asks_for_it() -> None:
    assert keys(QUIET, replace(item("delegation"), signed=False)) == ["C06@1"]


def test_a_date_in_the_future_is_questioned() -> None:
    assert keys(QUIET, replace(item("delegation"), date=TODAY)) == []
    assert keys(QUIET, replace(item("delegation"), date=TODAY + timedelta(days=1))) == ["C07@1"]


def test_an_internal_paper_in_the_main_volume_is_questioned() -> None:
    assert keys(QUIET, replace(item("closing_report"), volume=Volume.MAIN)) == ["C08@1"]
    assert keys(QUIET, replace(item("delegation"), volume=Volume.AUXILIARY)) == []
    assert keys(QUIET, replace(item("other"), volume=Volume.MAIN)) == []


def test_an_unknown_type_blocks() -> None:
    (finding,) = found(QUIET, replace(item("delegation"), type="no_such_type", volume=Volume.MAIN))
    assert finding.key == "C09@1"
    assert finding.blocks


@pytest.mark.parametrize("statement", ["R99", "R08.nothing", "r08", ""])
def test_an_unknown_statement_is_questioned(statement: str) -> None:
    assert keys(QUIET, item("delegation", statement)) == ["C10@1"]


def test_service_by_any_way_counts_as_served() -> None:
    example = next(each for each in EXAMPLES if each.key == "R24")
    for way in ServiceMethod:
        case = replace(example.case, served=frozenset({way}))
        assert "C02" not in keys(case, *numbered(*example.items))
