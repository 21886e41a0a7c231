"""Case folders for tests: read without parser processes, and the workbook that says the same as a description."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from pydantic import TypeAdapter

from archive_store.case_columns import CASE_FIELDS, CASE_SHEET, ITEM_COLUMNS, ITEM_SHEET, PERSON_COLUMNS, PERSON_SHEET
from archive_store.case_reading import FolderReading, read_case_folder
from archive_store.parsing import spreadsheet
from archive_store.parsing.documents import Sheet
from archive_store.regulation.catalogue import DocumentCatalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from archive_store.case_columns import Column
    from archive_store.case_folder import CaseFolder

_SHEETS = TypeAdapter(tuple[Sheet, ...])


@cache
def catalogue() -> DocumentCatalogue:
    """The packaged document types."""
    return load_catalogue()


def sheets(path: Path) -> tuple[Sheet, ...]:
    """The cells of a workbook, read in this process."""
    with path.open("rb") as file:
        return _SHEETS.validate_python(spreadsheet.read(file).value)


def read(folder: Path) -> FolderReading:
    """Read a case folder as the intake does."""
    return read_case_folder(folder, catalogue(), sheets)


def workbook(
    case: Mapping[str, object], items: Sequence[Mapping[str, object]], persons: Sequence[Mapping[str, object]] = ()
) -> bytes:
    """A workbook with these cells by heading."""
    book = Workbook()
    sheet = book.active
    sheet.title = CASE_SHEET
    for name, value in case.items():
        sheet.append([name, value])
    for title, rows in ((ITEM_SHEET, items), (PERSON_SHEET, persons)):
        table = book.create_sheet(title)
        headings = [*dict.fromkeys(heading for row in rows for heading in row)]
        table.append(headings)
        for row in rows:
            table.append([row.get(heading) for heading in headings])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def as_workbook(case: CaseFolder) -> bytes:
    """The workbook that says what a description says, in Chinese words where there are some."""
    said = case.model_dump(mode="json")
    rows = [_row(ITEM_COLUMNS, item) for item in said["items"]]
    persons = [_row(PERSON_COLUMNS, person) for person in said["persons"]]
    return workbook(_row(CASE_FIELDS, said), rows, persons)


def _row(columns: Sequence[Column], said: Mapping[str, Any]) -> dict[str, object]:
    return {column.heading: _cell(column, said) for column in columns}


def _cell(column: Column, said: Mapping[str, Any]) -> object:
    value: Any = said
    for step in column.path:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(column.choices.get(part, part) for part in value)
    if column.path == ("type",):
        return catalogue().title(str(value))
    return column.choices.get(value, value) if isinstance(value, str) else value
