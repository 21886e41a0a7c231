"""Workbooks are measured before they are read, nothing in them is evaluated, and hostile ones are only refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

from archive_store.parsing import spreadsheet
from archive_store.parsing.documents import Documents, Sheet
from archive_store.parsing.errors import ParserCrashedError, ParserRefusedError
from tests.archive_store.parsing.test_documents import LyingPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.parsing.wire import Json

MIB = 2**20


def book(*rows: list[object]) -> bytes:
    made = Workbook()
    made.active.title = "案卷"
    for row in rows:
        made.active.append(row)
    return saved(made)


def saved(made: Workbook) -> bytes:
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def rebuilt(content: bytes, change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """The same workbook with parts changed and parts more."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in (more or {}).items():
            new.writestr(name, part)
    return target.getvalue()


def cells(documents: Documents, content: bytes) -> list[list[tuple[str, str] | None]]:
    (sheet, *_) = documents.sheets(content)
    return [[None if cell is None else (cell.kind, cell.text) for cell in row] for _, row in sheet.rows]


def test_every_kind_of_cell_comes_out_as_words(documents: Documents) -> None:
    day, moment = date(2026, 11, 1), datetime(2026, 11, 1, 9, 30)  # noqa: DTZ001 - a spreadsheet knows no zones
    found = cells(documents, book(["字", 12, 1.5, True, day, moment, None, " ", "=1+1"]))
    assert found == [
        [
            ("text", "字"),
            ("number", "12"),
            ("number", "1.5"),
            ("flag", "是"),
            ("day", "2026-11-01"),
            ("moment", "2026-11-01T09:30:00"),
            None,
            None,
            ("formula", "=1+1"),
        ]
    ]


def test_a_number_with_more_digits_than_are_kept_says_so(documents: Documents) -> None:
    assert cells(documents, book([130100199001010000]))[0][0] == ("number", "1.301002e+17")


def test_rows_keep_their_numbers_where_others_are_empty(documents: Documents) -> None:
    made = Workbook()
    made.active["B7"] = "七"
    assert documents.sheets(saved(made)) == (Sheet("Sheet", ((7, (None, ("text", "七"))),)),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4",
        b"PK\3\4 broken",
        book(["x"])[:-200],
        rebuilt(book(["x"]), lambda name, part: b"" if name == "xl/workbook.xml" else part),
        rebuilt(book(["x"]), lambda name, part: b"<a>" if "sheet1" in name else part),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(documents: Documents, content: bytes) -> None:
    with pytest.raises(ParserRefusedError) as refusal:
        documents.sheets(content)
    assert "请" in refusal.value.message


def test_a_locked_or_old_workbook_is_refused_with_the_way_out(documents: Documents) -> None:
    with pytest.raises(ParserRefusedError, match="密码"):
        documents.sheets(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048))


def test_bombs_are_refused_before_they_are_read(documents: Documents) -> None:
    for more in (
        {"xl/bomb.xml": bytes(40 * MIB)},
        {f"xl/{n}.xml": bytes(MIB) for n in range(80)},
        {f"xl/{n}.xml": b"" for n in range(600)},
    ):
        with pytest.raises(ParserRefusedError, match="过大"):
            documents.sheets(rebuilt(book(["x"]), lambda _, part: part, more))
    with pytest.raises(ParserRefusedError, match="过大"):
        documents.sheets(book(["x"]) + bytes(spreadsheet.MAX_BYTES))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(documents: Documents, encoding: str) -> None:
    lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'.encode(encoding)
    hostile = rebuilt(book(["x"]), lambda name, part: lol if "sheet1" in name else part)
    with pytest.raises(ParserRefusedError):
        documents.sheets(hostile)


def test_too_many_rows_columns_and_sheets_are_refused(documents: Documents) -> None:
    long, wide, many = Workbook(), Workbook(), Workbook()
    long.active.cell(spreadsheet.MAX_ROWS + 1, 1, "x")
    wide.active.cell(1, spreadsheet.MAX_COLUMNS + 1, "x")
    for _ in range(spreadsheet.MAX_SHEETS):
        many.create_sheet()
    for made in (long, wide, many):
        with pytest.raises(ParserRefusedError, match="过大"):
            documents.sheets(saved(made))


def test_empty_rows_to_the_end_of_the_sheet_are_no_content(documents: Documents) -> None:
    def stretch(name: str, part: bytes) -> bytes:
        last = b'<row r="1048576"><c r="XFD1048576"/></row></sheetData>'
        return part.replace(b"</sheetData>", last) if "sheet1" in name else part

    assert cells(documents, rebuilt(book(["x"]), stretch)) == [[("text", "x")]]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [{"name": "x"}],
        [{"name": "x", "rows": [[0, []]]}],
        [{"name": "x", "rows": [[1, [["script", "x"]]]]}],
        [{"name": "x", "rows": [[1, [["text", "x" * 7000]]]]}],
        [{"name": "x", "rows": [[1, [["text"]]]]}],
    ],
)
def test_an_answer_of_another_shape_is_not_believed(answer: Json) -> None:
    with pytest.raises(ParserCrashedError):
        Documents(LyingPool(answer)).sheets(b"")
