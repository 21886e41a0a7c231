"""A table of texts: whatever stands in a cell, it never becomes a formula."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from archive_store.forms.text_table import MOST_CHARACTERS, text_table

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "\t=1",
    "\r=1",
    "＝1",
    "'=1",
    "=cmd|' /C calc'!A0",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(DANGEROUS), st.text(max_size=30)), min_size=1, max_size=8))
def test_nothing_in_a_cell_becomes_a_formula(values: list[str]) -> None:
    data = text_table("表", values, [("题名", 20)], [values])
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<f " not in sheet
    cells = [
        cell for row in load_workbook(io.BytesIO(data)).active.iter_rows() for cell in row if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}


def test_notes_heads_and_lines_stand_in_order() -> None:
    data = text_table("表", ["说明"], [("题名", 20), ("页", 5)], [["甲", "1"], ["乙", ""]])
    sheet = load_workbook(io.BytesIO(data)).active
    assert [*sheet.values] == [("说明", None), ("题名", "页"), ("甲", "1"), ("乙", None)]
    assert sheet.freeze_panes == "A3"


def test_what_a_workbook_cannot_hold_is_left_out() -> None:
    data = text_table("表", [], [("题名", 20)], [["采\x00砂\x1f"], ["长" * (MOST_CHARACTERS + 1)]])
    values = [row[0] for row in load_workbook(io.BytesIO(data)).active.values]
    assert values[1] == "采砂"
    assert len(values[2]) == MOST_CHARACTERS
