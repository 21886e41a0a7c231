"""The empty workbook is read by the reader that it is made for, and offers every word."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from archive_store.case_columns import CASE_FIELDS, CASE_SHEET, ITEM_COLUMNS, ITEM_SHEET, PERSON_COLUMNS, PERSON_SHEET
from archive_store.case_folder import WORKBOOK
from archive_store.forms.workbook import empty_workbook
from tests.case_folders import catalogue, read

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = {"案号": "演1号", "案名": "演示案", "执法种类": "行政检查", "程序": "简易程序", "承办机构": "演示支队"}
NEEDED |= {"承办人": "演示甲", "启动日期": "2026-11-01", "办结日期": "2026-11-02"}


def test_the_empty_workbook_asks_for_what_is_needed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / WORKBOOK).write_bytes(empty_workbook(catalogue()))
    found = read(tmp_path).findings
    assert [slip.field for slip in found if slip.sheet == CASE_SHEET] == [*NEEDED]
    assert [(slip.sheet, slip.line) for slip in found if slip.sheet != CASE_SHEET] == [(ITEM_SHEET, 0)]


def test_a_workbook_filled_in_where_it_asks_is_a_case(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(empty_workbook(catalogue(), ["演示支队"])))
    for name, value in book[CASE_SHEET].iter_rows(min_row=2, max_col=2):
        value.value = NEEDED.get(name.value, "是" if name.value == "举行听证" else None)
    book[ITEM_SHEET].append([1, "a.pdf", "笔录", "询问笔录", "2026-11-01"])
    (tmp_path / "a.pdf").write_bytes(b"x")
    book.save(tmp_path / WORKBOOK)
    reading = read(tmp_path)
    assert [str(slip) for slip in reading.findings] == []
    assert reading.case is not None
    assert reading.case.facts == ["hearing"]
    assert len(reading.case.items) == 1


def test_drop_down_lists_hold_every_document_type_and_word() -> None:
    book = load_workbook(io.BytesIO(empty_workbook(catalogue(), ["演示支队"])))
    offered: dict[str, set[object]] = {}
    for sheet in book:
        for rule in sheet.data_validations.dataValidation:
            name, _, cells = rule.formula1.partition("!")
            words = {cell.value for row in book[name][cells.replace("$", "")] for cell in row}
            for cell in str(rule.sqref).split():
                offered[f"{sheet.title}!{cell}"] = words
    assert {kind.title for kind in catalogue()} in offered.values()
    assert {"演示支队"} in offered.values()
    for column in (*CASE_FIELDS, *ITEM_COLUMNS, *PERSON_COLUMNS):
        assert not column.choices or set(column.choices.values()) in offered.values(), column.heading


def test_headings_stand_where_people_look() -> None:
    book = load_workbook(io.BytesIO(empty_workbook(catalogue())))
    assert book.sheetnames == [CASE_SHEET, ITEM_SHEET, PERSON_SHEET, "可选项"]
    headings = [str(cell.value).rstrip("*") for cell in book[ITEM_SHEET][2]]
    assert headings == ["序号", *(column.heading for column in ITEM_COLUMNS)]
