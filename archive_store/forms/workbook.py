"""The empty 案卷目录.xlsx: headings, drop-down lists, an example row and how to write each field."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from archive_store.case_columns import (
    CASE_FIELDS,
    CASE_SHEET,
    CHOICE_SHEET,
    EXAMPLE,
    FACTS,
    ITEM_COLUMNS,
    ITEM_SHEET,
    NUMBER_HEADING,
    PERSON_COLUMNS,
    PERSON_SHEET,
    WAYS,
    Shape,
)
from archive_store.case_workbook import letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from archive_store.case_columns import Column
    from archive_store.regulation.catalogue import DocumentCatalogue

ROWS = 500
"""Rows that get drop-down lists; more may be written below."""
HEAD = PatternFill("solid", fgColor="E8EEF5")
NEEDED = PatternFill("solid", fgColor="FDF1DC")
QUIET = Font(color="5B626B", italic=False)
BOLD = Font(bold=True)
TOP = Alignment(vertical="top", wrap_text=True)
TEXT_FORMAT = "@"
HEADING_ROW = 2
YES_NO = ("是", "否")


class _Choices:
    """The sheet of words for the drop-down lists: a list longer than 255 characters must stand in cells."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._ranges: dict[tuple[str, ...], str] = {}

    def range_of(self, title: str, words: Iterable[str]) -> str:
        """The cells that hold these words, written on the first asking."""
        key = tuple(words)
        if key not in self._ranges:
            column = len(self._ranges)
            for row, word in enumerate((title, *key), 1):
                self._sheet.cell(row, column + 1, word)
            self._sheet.cell(1, column + 1).font = BOLD
            self._sheet.column_dimensions[letters(column)].width = max(10, 2 * max(map(len, key)))
            name = letters(column)
            self._ranges[key] = f"{CHOICE_SHEET}!${name}$2:${name}${len(key) + 1}"
        return self._ranges[key]


def empty_workbook(catalogue: DocumentCatalogue, departments: Sequence[str] = ()) -> bytes:
    """The workbook for an archivist to fill in; `departments` are offered for 承办机构."""
    book = Workbook()
    case, items, persons, words = (
        book.active,
        book.create_sheet(ITEM_SHEET),
        book.create_sheet(PERSON_SHEET),
        book.create_sheet(CHOICE_SHEET),
    )
    case.title = CASE_SHEET
    choices = _Choices(words)
    types = [kind.title for kind in catalogue]
    _case(case, choices, departments)
    said = "一行一件，排列顺序就是件号；底色的列必填。序号写“例”的行不收入。一格多项用顿号隔开。"
    _table(items, ITEM_COLUMNS, choices, types, said)
    said = "案中的人，一行一人；没有可不填。序号写“例”的行不收入。证件号码、电话已设为文本格式。"
    _table(persons, PERSON_COLUMNS, choices, types, said)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _case(sheet: Worksheet, choices: _Choices, departments: Sequence[str]) -> None:
    _write(sheet, 1, ("项目", "内容", "填写说明"), BOLD)
    for cell in sheet[1]:
        cell.fill = HEAD
    row = 1
    for row, column in enumerate(CASE_FIELDS, 2):
        needed = "必填。" if column.required else ""
        _write(sheet, row, (column.heading, None, needed + column.hint))
        sheet.cell(row, 3).font = QUIET
        sheet.cell(row, 2).alignment = TOP
        sheet.cell(row, 2).number_format = "yyyy-mm-dd" if column.shape is Shape.DAY else TEXT_FORMAT
        if column.required:
            sheet.cell(row, 2).fill = NEEDED
        words = departments if column.path == ("department",) else _offered(column, ())
        _offer(sheet, f"B{row}", choices, column.heading, words, strict=column.shape is Shape.CHOICE)
    for title, names in (("案卷情况：有的写“是”，系统据此核对卷内该有什么", FACTS), ("送达方式：用过的写“是”", WAYS)):
        row += 2
        sheet.cell(row, 1, title).font = BOLD
        for name in names.values():
            row += 1
            sheet.cell(row, 1, name)
            _offer(sheet, f"B{row}", choices, "是否", YES_NO, strict=True)
    for name, width in (("A", 28), ("B", 46), ("C", 48)):
        sheet.column_dimensions[name].width = width
    sheet.freeze_panes = "B2"


def _table(sheet: Worksheet, columns: Sequence[Column], choices: _Choices, types: Sequence[str], said: str) -> None:
    """A sheet with a line of explanation, the headings, an example row and drop-down lists."""
    sheet.cell(1, 1, said).font = QUIET
    sheet.cell(HEADING_ROW, 1, NUMBER_HEADING)
    sheet.cell(HEADING_ROW + 1, 1, EXAMPLE)
    for n, column in enumerate(columns, 1):
        name = letters(n)
        head = sheet.cell(HEADING_ROW, n + 1, column.heading + ("*" if column.required else ""))
        head.alignment = TOP
        example = sheet.cell(HEADING_ROW + 1, n + 1, column.example or column.hint or None)
        example.font, example.alignment = QUIET, TOP
        sheet.column_dimensions[name].width = column.width
        cells = f"{name}{HEADING_ROW + 2}:{name}{HEADING_ROW + 1 + ROWS}"
        _offer(sheet, cells, choices, column.heading, _offered(column, types), strict=column.shape is not Shape.CHOICES)
        sheet.column_dimensions[name].number_format = _FORMATS.get(column.shape, TEXT_FORMAT)
    for cell in sheet[HEADING_ROW]:
        cell.font, cell.fill = BOLD, NEEDED if str(cell.value).endswith("*") else HEAD
    sheet.column_dimensions["A"].width = 6
    sheet.freeze_panes = f"C{HEADING_ROW + 1}"


_FORMATS = {Shape.DAY: "yyyy-mm-dd", Shape.MOMENT: "yyyy-mm-dd hh:mm", Shape.NUMBER: "General"}


def _offered(column: Column, types: Sequence[str]) -> Sequence[str]:
    if column.shape is Shape.TYPE:
        return types
    if column.shape is Shape.FLAG:
        return YES_NO
    return tuple(column.choices.values()) if column.shape in {Shape.CHOICE, Shape.CHOICES} else ()


def _offer(sheet: Worksheet, cells: str, choices: _Choices, title: str, words: Iterable[str], *, strict: bool) -> None:
    """A drop-down list on cells; a strict one refuses other words when they are typed."""
    words = tuple(words)
    if not words:
        return
    rule = DataValidation("list", formula1=choices.range_of(title, words), allow_blank=True, showErrorMessage=strict)
    rule.errorTitle, rule.error = "不在可选的词之内", "请从下拉列表中选择。"
    sheet.add_data_validation(rule)
    rule.add(cells)


def _write(sheet: Worksheet, row: int, words: Iterable[str | None], font: Font | None = None) -> None:
    for n, word in enumerate(words, 1):
        cell = sheet.cell(row, n, word)
        if font is not None:
            cell.font = font
