"""Case folders with a 案卷目录.xlsx: read as people write, every slip named with sheet, row and column."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from archive_store.case_columns import EXAMPLE, NUMBER_HEADING, plain
from archive_store.case_folder import WORKBOOK, CaseFolder, FolderFinding
from archive_store.case_reading import read_case_folder
from archive_store.case_workbook import letters
from archive_store.labels import Mark, Volume
from archive_store.parsing.errors import ParserTimedOutError
from archive_store.vocabulary import Fact, PersonRole, Retention, ServiceMethod
from tests.case_folders import catalogue, read, workbook

if TYPE_CHECKING:
    from pathlib import Path

    from archive_store.parsing.documents import Sheet

CASE: dict[str, Any] = {
    "案号": "演水罚〔2026〕1号",
    "案名": "演示案",
    "执法种类": "行政处罚",
    "程序": "一般程序",
    "承办机构": "水政监察支队",
    "承办人": "演示甲、演示乙",
    "启动日期": "2026-01-01",
    "办结日期": date(2026, 2, 1),
}
ITEM: dict[str, Any] = {"文件名": "a.pdf", "题名": "笔录", "文书类型": "询问笔录", "日期": "2026年1月2日"}
PERSON: dict[str, Any] = {"姓名或名称": "张演示", "身份": "当事人"}


def write(
    folder: Path,
    case: dict[str, Any] | None = None,
    items: list[dict[str, Any]] | None = None,
    *persons: dict[str, Any],
) -> Path:
    for name in ("a.pdf", "b.docx", "音像/c.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / WORKBOOK).write_bytes(workbook(CASE | (case or {}), [ITEM] if items is None else items, persons))
    return folder


def good(folder: Path) -> CaseFolder:
    reading = read(folder)
    assert [str(found) for found in reading.findings] == []
    assert reading.case is not None
    return reading.case


def slips(folder: Path) -> list[FolderFinding]:
    reading = read(folder)
    assert reading.case is None
    return list(reading.findings)


def place(found: FolderFinding) -> tuple[str, str, int, str]:
    return found.sheet, found.field, found.line, found.column


def test_the_least_that_is_asked_for_is_a_case(tmp_path: Path) -> None:
    case = good(write(tmp_path))
    assert case.handlers == ["演示甲", "演示乙"]
    assert (case.started, case.ended) == (date(2026, 1, 1), date(2026, 2, 1))
    assert [(item.type, item.date) for item in case.items] == [("inquiry_record", date(2026, 1, 2))]


@pytest.mark.parametrize("words", ["行政处罚", "penalty", " 行政处罚 ", "ＰＥＮＡＬＴＹ", "行政 处罚"])
def test_words_may_be_chinese_codes_full_width_or_spaced(tmp_path: Path, words: str) -> None:
    assert good(write(tmp_path, {"执法种类": words})).kind == "penalty"


@pytest.mark.parametrize(
    "day",
    [
        "2026-11-01",
        "2026年11月1日",
        "2026/11/1",
        "2026.11.01",
        "２０２６／１１／０１",
        " 2026 年 11 月 1 日 ",
        "20261101",
        20261101,
        date(2026, 11, 1),
        datetime(2026, 11, 1, 8, 0),  # noqa: DTZ001 - a spreadsheet knows no zones
    ],
)
def test_days_may_be_written_in_every_usual_way(tmp_path: Path, day: object) -> None:
    assert good(write(tmp_path, {"办结日期": day})).ended == date(2026, 11, 1)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1, 10, 30),  # noqa: DTZ001 - a spreadsheet knows no zones
        "2026-01-01 10:30",
        "2026-1-1 10:30:00",
        "2026年1月1日10时30分",
        "2026年1月1日 10：30",
        "2026/1/1 10:30",
        "2026-01-01T10:30:00+08:00",
        "2026-01-01T02:30:00Z",
    ],
)
def test_moments_without_a_zone_are_chinas(tmp_path: Path, moment: object) -> None:
    item = ITEM | {
        "文件名": "音像\\c.mp4",
        "录制设备": "3号",
        "录制时间": moment,
        "存储时间": moment,
        "录制人": "演示甲",
    }
    (part,) = good(write(tmp_path, items=[item])).items
    assert part.file == "音像/c.mp4"
    assert part.recording is not None
    assert part.recording.recorded_at == datetime.fromisoformat("2026-01-01T10:30:00+08:00")


def test_facts_and_ways_are_taken_from_lists_and_from_rows_of_their_own(tmp_path: Path) -> None:
    rows = {
        "案卷情况": "依职权启动，现场检查；hearing",
        "举行听证": "是",
        "抽样取证": "√",
        "听取": None,
        "公告送达": "有",
    }
    case = good(write(tmp_path, rows | {"法制机构审查": "否", "保管期限": "10年"}))
    assert case.facts == [Fact.EX_OFFICIO, Fact.SITE_INSPECTION, Fact.HEARING, Fact.SAMPLING]
    assert (case.served, case.retention) == ([ServiceMethod.PUBLIC_NOTICE], Retention.YEARS_10)


def test_an_item_with_everything_is_read(tmp_path: Path) -> None:
    item = {NUMBER_HEADING: 1} | ITEM | {"文件名": "b.docx", "版式件": "a.pdf", "版式件制作人": "演示甲", "卷": "副卷"}
    item |= {"标识": "个人隐私、举报人", "可列示": "是", "签名盖章齐全": "否", "载体": "纸质", "分辨率": 300}
    (part,) = good(write(tmp_path, items=[item | {"承办人确认": "R08 、R09"}])).items
    assert part.rendition is not None
    assert part.rendition.file == "a.pdf"
    assert (part.volume, part.listable, part.signed) == (Volume.AUXILIARY, True, False)
    assert part.label.label.marks == {Mark.PERSONAL_PRIVACY, Mark.INFORMANT}
    assert (part.carrier.kind, part.carrier.resolution_dpi) == ("digitised", 300)
    assert part.contains == ["R08", "R09"]


def test_persons_are_read_and_stand_for_each_other(tmp_path: Path) -> None:
    agent = {
        "姓名或名称": "李演示",
        "身份": "代理人",
        "代表谁": "张演示",
        "委托期限": "2026/12/31",
        "电话": 13900000001,
    }
    (party, other) = good(write(tmp_path, None, None, PERSON, agent)).persons
    assert (party.role, other.represents, other.phone) == (PersonRole.PARTY, "张演示", "13900000001")


def test_example_rows_and_rows_with_nothing_but_a_number_are_not_read(tmp_path: Path) -> None:
    rows = [{NUMBER_HEADING: EXAMPLE} | ITEM, {NUMBER_HEADING: 1} | ITEM, {NUMBER_HEADING: 2}]
    assert len(good(write(tmp_path, items=rows)).items) == 1


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"执法种类": "惩罚"}, ("案卷", "执法种类", 3, "B"), "行政处罚"),
        ({"启动日期": "去年"}, ("案卷", "启动日期", 7, "B"), "2026-11-01"),
        ({"启动日期": "2026-02-30"}, ("案卷", "启动日期", 7, "B"), "没有"),
        ({"启动日期": 46000}, ("案卷", "启动日期", 7, "B"), "日期"),
        ({"案名": "=A1"}, ("案卷", "案名", 2, "B"), "公式"),
        ({"案名": None}, ("案卷", "案名", 2, "B"), "补上"),
        ({"案明": "x"}, ("案卷", "案明", 9, "A"), "核对"),
        ({"举行听证": "也许"}, ("案卷", "举行听证", 9, "B"), "是"),
        ({"密级": "秘", "标识": "秘密"}, ("案卷", "密级", 9, "B"), "公开"),
        ({"备考": "字" * 5001}, ("案卷", "备考", 9, "B"), "太长"),
    ],
)
def test_a_slip_of_the_case_names_its_cell_and_the_way_out(
    tmp_path: Path, change: dict[str, Any], where: tuple[str, str, int, str], said: str
) -> None:
    found = slips(write(tmp_path, change))
    assert place(found[0]) == where
    assert said in found[0].message


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"文书类型": "询问比录"}, ("卷内文件", "文书类型", 3, "C"), "询问笔录"),
        ({"日期": None}, ("卷内文件", "日期", 3, "D"), "补上"),
        ({"文件名": "没有.pdf"}, ("卷内文件", "文件名", 3, "A"), "没有.pdf"),
        ({"文件名": "a .pdf"}, ("卷内文件", "文件名", 3, "A"), "“a.pdf”"),
        ({"文件名": "../a.pdf"}, ("卷内文件", "文件名", 3, "A"), "相对路径"),
        ({"文件名": "a.pdf"}, ("卷内文件", "文件名", 3, "A"), "第2行"),
        ({"录制设备": "3号"}, ("卷内文件", "录制时间", 2, ""), "补上"),
        ({"分辨率": "很高"}, ("卷内文件", "分辨率", 3, "E"), "数字"),
        ({"分辨率": 10}, ("卷内文件", "分辨率", 3, "E"), "太小"),
        ({"版式件": "a.pdf"}, ("卷内文件", "版式件制作人", 2, ""), "补上"),
        ({"颜色": "红"}, ("卷内文件", "颜色", 1, "E"), "标题"),
    ],
)
def test_a_slip_of_an_item_names_its_cell_and_the_way_out(
    tmp_path: Path, change: dict[str, Any], where: tuple[str, str, int, str], said: str
) -> None:
    found = slips(write(tmp_path, items=[ITEM, ITEM | {"文件名": "b.docx"} | change]))
    sheet, field, line, column = where
    if not column:  # the column is not there: its heading row is named
        line = 1
    assert place(found[0]) == (sheet, field, line, column)
    assert said in found[0].message


def test_all_slips_are_told_at_once_and_each_once(tmp_path: Path) -> None:
    items = [ITEM | {NUMBER_HEADING: 1, "日期": "x"}, ITEM | {NUMBER_HEADING: 5, "文件名": "b.docx", "文书类型": None}]
    found = slips(write(tmp_path, {"程序": "快"}, items, PERSON | {"证件号码": 130100199001010000}))
    assert [place(slip) for slip in found] == [
        ("案卷", "程序", 4, "B"),
        ("卷内文件", "日期", 2, "D"),
        ("卷内文件", "序号", 3, "E"),
        ("人员", "证件号码", 2, "C"),
        ("卷内文件", "文书类型", 3, "C"),
    ]


def test_an_identity_number_whose_digits_are_lost_is_never_taken(tmp_path: Path) -> None:
    (found,) = slips(write(tmp_path, None, None, PERSON | {"证件号码": 130100199001010001}))
    assert "文本" in found.message


def test_someone_who_is_not_in_the_case_cannot_be_represented(tmp_path: Path) -> None:
    (found,) = slips(write(tmp_path, None, None, PERSON | {"身份": "代理人", "代表谁": "无此人"}))
    assert place(found) == ("人员", "代表谁", 2, "C")


def test_missing_sheets_and_headings_are_named(tmp_path: Path) -> None:
    (tmp_path / WORKBOOK).write_bytes(workbook({"项目": "内容"}, [{"名字": "a.pdf"}]))
    found = slips(tmp_path)
    assert ("卷内文件", "", 0, "") in [place(slip) for slip in found]
    assert {slip.field for slip in found if slip.sheet == "案卷"} >= {"案号", "案名", "承办人"}


def test_two_descriptions_in_one_folder_are_an_error(tmp_path: Path) -> None:
    (write(tmp_path) / "case.json").write_text("{}", encoding="utf-8")
    (found,) = slips(tmp_path)
    assert "只留一个" in found.message


def test_another_name_or_an_old_format_is_told_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "目录.xls").write_bytes(b"x")
    (found,) = slips(tmp_path)
    assert "目录.xls" in found.message


def test_files_that_no_row_names_are_told(tmp_path: Path) -> None:
    assert read(write(tmp_path)).unnamed == ("b.docx", "音像/c.mp4")


def test_a_workbook_that_kills_its_parser_is_a_slip_of_this_folder_only(tmp_path: Path) -> None:
    def lost(_: Path) -> tuple[Sheet, ...]:
        raise ParserTimedOutError

    reading = read_case_folder(write(tmp_path), catalogue(), lost)
    assert reading.case is None
    assert "另存" in reading.findings[0].message


def test_columns_are_named_as_spreadsheets_do() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_headings_are_compared_without_what_stands_around_them() -> None:
    assert plain(" 文件名＊ ") == plain("文件名（必填）") == plain("文件名")
