"""The cells of a workbook (XLSX) as plain words. Runs in a parser process.

Formulas are never evaluated and come out as such, external links are not looked at, and nothing is believed before it
is measured: the size of each part as it really unpacks (not as the archive says), rows, columns, sheets.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import OLE, detect
from archive_store.parsing.wire import Answer
from archive_store.parsing.zipped import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive_store.parsing.wire import Json

MAX_BYTES = 8 * 2**20
MAX_PARTS = 500
MAX_UNPACKED_BYTES = 64 * 2**20
MAX_SHEETS = 20
MAX_ROWS = 2000
MAX_COLUMNS = 60
LONGEST_TEXT = 6000
EXACT_DIGITS = 15
"""A spreadsheet keeps numbers as binary fractions: digits beyond these are lost (identity numbers have 18)."""

BROKEN = "不是可以读取的 Excel 工作簿（.xlsx）。请用表格软件打开，另存为 .xlsx 后重试。"
LOCKED = "工作簿设有打开密码或是旧格式（.xls）。请去掉密码，另存为 .xlsx 后重试。"
TOO_LARGE = "工作簿过大，不像是案卷目录。请只保留目录所用的工作表，另存后重试。"


def read(file: BinaryIO) -> Answer:
    """Every sheet with its cells: `[{"name": ..., "rows": [[number, [cell, ...]], ...]}, ...]`.

    A cell is `[kind, text]` or null where it is empty; kinds are text, number, day, moment, flag, formula, error.
    Days and moments are ISO 8601 without a zone. Rows without any cell are left out.

    Raises:
        ParserRefusedError: it is no workbook, is locked, or is larger than a list of a case can be.
    """
    _measure(file)
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ParserRefusedError(BROKEN) from error
    sheets = book.worksheets
    if len(sheets) > MAX_SHEETS:
        raise ParserRefusedError(TOO_LARGE)
    answer: list[Json] = []
    for sheet in sheets:
        sheet.reset_dimensions()  # what the file says of its size is not to be relied on
        answer.append({"name": sheet.title, "rows": _rows(sheet.title, sheet.iter_rows())})
    return Answer(answer)


def _measure(file: BinaryIO) -> None:
    """Unpack every part once, counting, before anything reads it."""
    size = file.seek(0, io.SEEK_END)
    if size > MAX_BYTES:
        raise ParserRefusedError(TOO_LARGE)
    if detect(file) is OLE:
        raise ParserRefusedError(LOCKED)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise ParserRefusedError(TOO_LARGE)
            left = MAX_UNPACKED_BYTES
            for part in parts:
                left -= sum(map(len, chunks(archive, part, left, too_large=TOO_LARGE, broken=BROKEN)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ParserRefusedError(BROKEN) from error
    file.seek(0)


def _rows(name: str, rows: Iterable[tuple[object, ...]]) -> list[Json]:
    found: list[Json] = []
    for number, row in enumerate(rows, 1):
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise ParserRefusedError(
                f"工作表“{name}”过大：最多 {MAX_ROWS} 行、{MAX_COLUMNS} 列。请删去目录以外的内容后重试。"
            )
        found.append([number, cells])
    return found


def _cell(cell: object) -> Json:
    value, kind = getattr(cell, "value", None), getattr(cell, "data_type", "")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind in {"f", "e"}:
        return ["formula" if kind == "f" else "error", str(value)[:LONGEST_TEXT]]
    return _plain(value)


def _plain(value: object) -> Json:
    if isinstance(value, bool):
        return ["flag", "是" if value else "否"]
    if isinstance(value, int | float):
        return ["number", _digits(value)]
    if isinstance(value, datetime):
        whole = value.time() == time()
        return ["day", value.date().isoformat()] if whole else ["moment", value.isoformat(timespec="seconds")]
    if isinstance(value, date):
        return ["day", value.isoformat()]
    if isinstance(value, time | timedelta):
        return ["text", str(value)]
    return ["text", str(value)[:LONGEST_TEXT]]


def _digits(value: float) -> str:
    """The number as a person would write it; one with more digits than are kept says so by an exponent."""
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < 10**EXACT_DIGITS else f"{float(value):e}"
