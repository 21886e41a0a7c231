"""A workbook of one sheet in which every cell is text.

Nothing that was written by others can become a formula in it (`=`, `+`, `-`, `@` at the beginning of a title): cells
are stored as texts and formatted as such.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

MOST_CHARACTERS = 32_767
"""A cell takes no more."""
_TEXT = "@"


def text_table(
    title: str, notes: Sequence[str], heads: Sequence[tuple[str, int]], lines: Iterable[Sequence[str]]
) -> bytes:
    """The workbook: lines of notes, the heads (each with the width of its column), then the lines."""
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = title
    row = 0
    for row, note in enumerate(notes, 1):
        _write(sheet, row, [note])
    _write(sheet, row + 1, [head for head, _ in heads])
    for column, (_, width) in enumerate(heads, 1):
        sheet.cell(row + 1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = f"A{row + 2}"
    for number, line in enumerate(lines, row + 2):
        _write(sheet, number, line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write(sheet: Worksheet, row: int, values: Sequence[str]) -> None:
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_CHARACTERS]
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.number_format = _TEXT
