"""The list of a result as a workbook: what was found and where it stands, one line a hit.

It holds numbers, titles, dates and labels and no text of a page: content leaves the archive only as an approved copy
(办法 Art. 30, 31). Every cell is text: nothing in a title can become a formula (`=`, `+`, `-`, `@` at its beginning).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from indexer.documents import PageDocument
    from indexer.results import CaseGroup

HEADS = ("序号", "档号", "案号", "案卷题名", "件号", "文件题名", "日期", "密级", "标识", "卷别", "页")
WIDTHS = (6, 34, 26, 40, 6, 34, 12, 8, 20, 8, 8)
MOST_CHARACTERS = 32_767
"""A cell takes no more."""
_VOLUMES = {"main": "正卷", "auxiliary": "副卷"}
_TEXT = "@"


def lines_of(cases: Iterable[CaseGroup]) -> Iterator[tuple[str, ...]]:
    """One line for each hit, in the order of the result, without its number."""
    for case in cases:
        if case.entries:
            yield _line(case.document, entry=True, page="案卷信息")
        for item in case.items:
            if item.entry:
                yield _line(item.document, entry=False, page="文件信息")
            for hit in item.pages:
                yield _line(item.document, entry=False, page=str(hit.page))


def _line(document: PageDocument, *, entry: bool, page: str) -> tuple[str, ...]:
    label = document.partition.label
    of_case = document.archival_code, document.case_number, document.case_title
    if entry:
        return (*of_case, "", "", "", "", "", "", page)
    day = document.day.isoformat() if document.day else ""
    marks = "、".join(sorted(mark.zh for mark in label.marks))
    volume = _VOLUMES.get(document.volume, "")
    return (*of_case, str(document.item_number), document.item_title, day, label.level.zh, marks, volume, page)


def workbook(notes: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """The workbook: lines of notes, the heads, then numbered lines."""
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = "检索结果"
    for note in notes:
        _append(sheet, [note])
    _append(sheet, HEADS)
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = f"A{sheet.max_row + 1}"
    for number, line in enumerate(lines, 1):
        _append(sheet, [str(number), *line])
    for column, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + column)].width = width
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _append(sheet: Worksheet, values: Sequence[str]) -> None:
    row = sheet.max_row + 1 if sheet["A1"].value is not None else 1
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_CHARACTERS]
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.number_format = _TEXT
