"""The four checks: one fault at a time is found in its property, what was not looked at has not passed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.four_check_report import FourCheckReport, Moment, Outcome, Property
from archive_store.four_checks import CheckedItem, CheckInput, Scan, SealState, run, seen_by
from archive_store.labels import Label, Level, Mark, Volume
from archive_store.regulation.facts import Finding, Severity

DIGEST = "0f" * 64
GOOD = CheckedItem(
    1,
    "行政处罚决定书",
    Volume.MAIN,
    Label(),
    DIGEST,
    DIGEST,
    size_recorded=10,
    size_read=10,
    pages_recorded=2,
    pages_counted=2,
    format_name="PDF",
    scan=Scan.CLEAN,
    names_person=False,
    names_informant=False,
)
SECOND = replace(GOOD, number=2, title="送达回证")
FILE = CheckInput(
    Moment.STORAGE,
    (GOOD, SECOND),
    handed_over_by="张演示",
    accepted_by="李演示",
    seal=SealState.VALID,
    described_otherwise=(),
)


def with_second(**changes: object) -> CheckInput:
    return replace(FILE, items=(GOOD, replace(SECOND, **changes)))  # type: ignore[arg-type]


def failed(report: FourCheckReport) -> list[tuple[str, int | None]]:
    return [(line.code, line.item_number) for line in report.failures]


ITEM_FAULTS = [
    ({"digest_recomputed": "00" * 64}, "Z1", Property.AUTHENTICITY, "可能被改动"),
    ({"digest_recomputed": None}, "Z1", Property.AUTHENTICITY, "读不出来"),
    ({"digest_recorded": None}, "Z1", Property.AUTHENTICITY, "没有登记摘要值"),
    ({"size_read": 9}, "Z2", Property.AUTHENTICITY, "实际为9字节"),
    ({"pages_counted": 3}, "Z3", Property.AUTHENTICITY, "登记为2页，文件为3页"),
    ({"pages_recorded": None}, "Z3", Property.AUTHENTICITY, "登记为无页码"),
    ({"metadata_missing": ("日期", "责任者")}, "W3", Property.INTEGRITY, "日期、责任者"),
    ({"problems": ("文件残缺。",)}, "K1", Property.USABILITY, "文件残缺。"),
    ({"format_known": False, "format_name": "WPS"}, "K2", Property.USABILITY, "WPS"),
    ({"format_known": False, "format_name": ""}, "K2", Property.USABILITY, "无法识别"),
    ({"needs_password": True}, "K3", Property.USABILITY, "去除密码"),
    ({"scan": Scan.INFECTED}, "A1", Property.SECURITY, "请隔离"),
    ({"scan": Scan.NOT_RUN}, "A1", Property.SECURITY, "请补查"),
    ({"label": Label(Level.PUBLIC), "names_person": True}, "A4", Property.SECURITY, "个人身份信息"),
    ({"label": Label(Level.PUBLIC), "volume": Volume.AUXILIARY}, "A3", Property.SECURITY, "属于副卷"),
    ({"label": Label.of(0, [Mark.MINOR])}, "A3", Property.SECURITY, "未成年人信息"),
    ({"names_informant": True}, "A4", Property.SECURITY, "没有举报人信息标识"),
]


@pytest.mark.parametrize(("changes", "code", "of", "says"), ITEM_FAULTS)
def test_one_fault_of_an_item_fails_its_property_and_no_other(
    changes: dict[str, object], code: str, of: Property, says: str
) -> None:
    report = run(with_second(**changes))
    assert failed(report) == [(code, 2)]
    assert says in report.failures[0].text
    assert [part.of for part in report.parts if not part.passed] == [of]
    assert not report.passed


OPEN = Finding("R17", "第十七条", "缺少决定书，请补入。", Severity.BLOCKS)
FILE_FAULTS = [
    ({"handed_over_by": ""}, "Z4", "没有登记移交人"),
    ({"accepted_by": ""}, "Z4", "没有登记接收人"),
    ({"accepted_by": "张演示"}, "Z4", "同一人"),
    ({"seal": SealState.INVALID}, "Z5", "无效"),
    ({"seal": SealState.NOT_SEALED}, "Z5", "没有封存签名"),
    ({"described_otherwise": ((None, "案卷题名与封存时不一致"),)}, "Z6", "与封存时不一致"),
    ({"items": (GOOD, replace(SECOND, number=3))}, "W1", "缺少第2件"),
    ({"files_not_listed": ("extra.pdf",)}, "W2", "extra.pdf"),
    ({"metadata_missing": ("保管期限",)}, "W3", "保管期限"),
    ({"findings": (OPEN,)}, "W4", "第十七条：缺少决定书，请补入。"),
    ({"entry_label": Label(Level.SECRET), "highest_level_allowed": Level.INTERNAL}, "A2", "最高只能保存内部"),
]


@pytest.mark.parametrize(("changes", "code", "says"), FILE_FAULTS)
def test_one_fault_of_the_file_is_found(changes: dict[str, object], code: str, says: str) -> None:
    report = run(replace(FILE, **changes))  # type: ignore[arg-type]
    assert failed(report) == [(code, None)]
    assert says in report.failures[0].text


def test_a_number_given_twice_is_found() -> None:
    assert failed(run(with_second(number=1))) == [("W1", 1)]


def test_an_item_above_the_profile_is_found() -> None:
    subject = replace(with_second(label=Label(Level.SECRET)), highest_level_allowed=Level.INTERNAL)
    assert failed(run(subject)) == [("A2", 2)]


def test_a_file_without_items_has_not_passed() -> None:
    report = run(replace(FILE, items=()))
    assert not report.part(Property.USABILITY).passed
    assert not report.passed
    assert report.failures == ()


def test_a_scan_that_was_not_run_is_not_called_clean() -> None:
    items = (replace(GOOD, scan=Scan.NOT_RUN), replace(SECOND, scan=Scan.NOT_RUN))
    report = run(replace(FILE, items=items))
    (line,) = (line for line in report.part(Property.SECURITY).lines if line.code == "A1")
    assert line.outcome is Outcome.NOT_CHECKED
    assert "未查" in line.text
    assert report.passed


def test_a_hint_of_the_regulation_fails_nothing() -> None:
    assert run(replace(FILE, findings=(replace(OPEN, severity=Severity.WARNS),))).passed


def test_before_hand_over_custody_and_seal_do_not_apply() -> None:
    subject = replace(FILE, moment=Moment.FILING, handed_over_by="", accepted_by="", seal=SealState.NOT_SEALED)
    report = run(subject)
    outcomes = {line.code: line.outcome for line in report.part(Property.AUTHENTICITY).lines}
    assert outcomes["Z4"] is outcomes["Z5"] is Outcome.NOT_APPLICABLE
    assert report.passed


@pytest.mark.parametrize("moment", [Moment.TRANSFER, Moment.SEALING])
def test_from_the_transfer_on_both_hands_are_known(moment: Moment) -> None:
    subject = replace(FILE, moment=moment, seal=SealState.NOT_SEALED)
    assert run(subject).passed
    assert failed(run(replace(subject, handed_over_by=""))) == [("Z4", None)]
    assert failed(run(replace(subject, accepted_by=""))) == [("Z4", None)]


def test_a_broken_seal_is_told_at_any_moment() -> None:
    for moment in Moment:
        assert ("Z5", None) in failed(run(replace(FILE, moment=moment, seal=SealState.INVALID)))


def test_a_good_file_passes_with_a_line_for_each_check() -> None:
    report = run(FILE)
    assert report.passed
    assert [part.of.zh for part in report.parts] == ["真实性", "完整性", "可用性", "安全性"]
    lines = [line for part in report.parts for line in part.lines]
    assert all(line.outcome is Outcome.PASSED and line.text.endswith("。") for line in lines)
    assert len({line.code for line in lines}) == len(lines)


def test_what_no_parser_knows_is_not_called_readable() -> None:
    part = run(with_second(looked_into=False, format_name="WPS")).part(Property.USABILITY)
    opened = [(line.outcome, line.item_number) for line in part.lines if line.code == "K1"]
    assert opened == [(Outcome.PASSED, None), (Outcome.NOT_CHECKED, 2)]
    assert "共1件" in part.lines[0].text
    assert part.verdict == "通过（另有 1 项未检测）"


def test_names_that_nobody_looked_for_are_not_called_absent() -> None:
    unread = {"names_person": None, "names_informant": None}
    part = run(with_second(**unread)).part(Property.SECURITY)
    assert [line.item_number for line in part.lines if line.outcome is Outcome.NOT_CHECKED] == [2]
    nothing = replace(FILE, items=(replace(GOOD, names_person=None), replace(SECOND, names_person=None)))
    (line,) = (line for line in run(nothing).part(Property.SECURITY).lines if line.code == "A4")
    assert (line.outcome, line.item_number) == (Outcome.NOT_CHECKED, None)


@pytest.mark.parametrize("code", ["Z1", "Z2", "Z4", "Z5", "Z6", "W1", "W2", "A1", "A2"])
def test_what_a_reason_cannot_mend_cannot_be_waived(code: str) -> None:
    lines = [line for part in run(FILE).parts for line in part.lines if line.code == code]
    assert not any(line.waivable for line in lines)


def test_a_reader_is_told_nothing_of_items_that_are_hidden() -> None:
    report = run(
        with_second(digest_recomputed="00" * 64, looked_into=False, label=Label(Level.PUBLIC, frozenset(Mark)))
    )
    assert failed(report) == [("Z1", 2), ("A3", 2)]
    shown = seen_by(report, frozenset({1}))
    assert shown.passed
    texts = [line.text for part in shown.parts for line in part.lines]
    assert not any("送达回证" in text or "第2件" in text or "共2件" in text for text in texts)
    assert shown == run(replace(FILE, items=(GOOD,)))


def test_who_sees_every_item_sees_the_whole_report() -> None:
    report = run(with_second(problems=("文件残缺。",), names_person=None))
    assert seen_by(report, frozenset({1, 2})) == report


def test_a_kept_report_is_read_back_as_it_was() -> None:
    report = run(with_second(needs_password=True))
    assert FourCheckReport.from_json(report.as_json()) == report


item_changes = st.sampled_from([changes for changes, *_ in ITEM_FAULTS])


@given(st.lists(item_changes, max_size=6), st.sampled_from(Moment))
def test_more_faults_never_make_a_file_pass(changes: list[dict[str, object]], moment: Moment) -> None:
    items = [GOOD, SECOND]
    for number, change in enumerate(changes, 3):
        items.append(replace(GOOD, number=number, **change))  # type: ignore[arg-type]
    report = run(replace(FILE, moment=moment, items=tuple(items)))
    assert report.passed is (not changes)
    assert {line.item_number for line in report.failures} == set(range(3, 3 + len(changes)))
