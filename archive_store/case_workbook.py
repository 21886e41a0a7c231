"""A case described by 案卷目录.xlsx: the cells of its sheets become the same data that `case.json` holds.

Words are taken as people write them: Chinese or code, full width or half, dates as dates or in words. Whatever cannot
be read is a slip with its sheet, row and column; nothing is guessed where a reading would be doubtful.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias
from unicodedata import normalize

from archive_store.case_columns import (
    CASE_FIELDS,
    CASE_SHEET,
    EXAMPLE,
    FACTS,
    ITEM_COLUMNS,
    ITEM_SHEET,
    NUMBER_HEADING,
    PERSON_COLUMNS,
    PERSON_SHEET,
    WAYS,
    Column,
    Shape,
    by_heading,
    plain,
)
from archive_store.case_folder import FORMAT, WORKBOOK, FolderFinding
from archive_store.deadlines import CHINA
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from archive_store.parsing.documents import Cell, Sheet
    from archive_store.regulation.catalogue import DocumentCatalogue

Location: TypeAlias = "tuple[int | str, ...]"
Row: TypeAlias = "tuple[int, tuple[Cell | None, ...]]"

HEADING_ROWS = 10
"""The headings stand in one of these first rows; captions may stand above."""
YES = frozenset({"是", "有", "对", "√", "✓", "✔", "y", "yes", "true", "1", "齐全"})
NO = frozenset({"否", "无", "不", "×", "✗", "n", "no", "false", "0", "不齐全"})
DIVIDERS = re.compile(r"[、，,；;/\n]+")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|号)?")
DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
MOMENT = re.compile(
    r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2})(?: ?[日号] ?|[ t])"
    r"(\d{1,2}) ?[:时点] ?(\d{1,2}) ?(?:[:分] ?(\d{1,2})?)? ?秒?(?:\.\d+)? ?(z|[+-]\d{2}:?\d{2})?"
)
LOST = "读取时解析程序中断或超时，工作簿可能已损坏或有害。请另存一份后重试。"
SHORTEST_BEGINNING = 2
SAID_CHOICES = 8
LETTERS = 26


class _SlipError(ValueError):
    """A cell that cannot be read, with what to do."""


@dataclass(frozen=True, slots=True)
class _Place:
    sheet: str
    heading: str = ""
    row: int = 0
    column: str = ""


@dataclass(slots=True)
class _Head:
    """The heading row of a sheet: its columns by position, and where 序号 stands."""

    sheet: str
    row: int
    columns: tuple[Column, ...]
    at: dict[int, Column] = field(default_factory=dict)
    number_at: int | None = None

    def place(self, column: Column) -> _Place:
        """The place of a column as a whole."""
        return _Place(self.sheet, column.heading, self.row)


@dataclass(slots=True)
class WorkbookDescription:
    """What the workbook says as data, and the cell that each part of it came from."""

    file: str = WORKBOOK
    data: dict[str, Any] | None = None
    slips: tuple[FolderFinding, ...] = ()
    _places: dict[Location, _Place] = field(default_factory=dict, repr=False)

    def at(self, location: Location, message: str) -> FolderFinding:
        """A finding at a place in the data: its cell, or the nearest that is known."""
        place = self._place(tuple(location))
        return FolderFinding(self.file, place.heading, place.row, message, place.sheet, place.column)

    def note(self, location: Location, place: _Place) -> None:
        """Remember where a part of the data stands."""
        self._places[location] = place

    def _place(self, location: Location) -> _Place:
        for length in range(len(location), 0, -1):
            start = location[:length]
            if start in self._places:
                return self._places[start]
            inner = next((place for known, place in self._places.items() if known[:length] == start), None)
            if inner is not None and length == len(location):
                return inner
        return _Place(
            {"items": ITEM_SHEET, "persons": PERSON_SHEET}.get(str(location[0]) if location else "", CASE_SHEET)
        )


def read_workbook(
    path: Path, catalogue: DocumentCatalogue, sheets: Callable[[Path], Iterable[Sheet]]
) -> WorkbookDescription:
    """Read a workbook; what is none, is locked or too large is a slip."""
    try:
        found = tuple(sheets(path))
    except ParserRefusedError as error:
        return WorkbookDescription(slips=(FolderFinding(WORKBOOK, "", 0, error.message),))
    except ParserFailedError:
        return WorkbookDescription(slips=(FolderFinding(WORKBOOK, "", 0, LOST),))
    return describe(found, catalogue)


def describe(sheets: Iterable[Sheet], catalogue: DocumentCatalogue) -> WorkbookDescription:
    """The sheets of a workbook as a description."""
    return _Reading({plain(sheet.name): sheet for sheet in sheets}, catalogue).description()


class _Reading:
    """One pass over the sheets, collecting data, places and slips."""

    def __init__(self, sheets: Mapping[str, Sheet], catalogue: DocumentCatalogue) -> None:
        self._sheets = sheets
        self._titles = {plain(kind.title): kind.code for kind in catalogue} | {
            kind.code: kind.code for kind in catalogue
        }
        self._shown = {plain(kind.title): kind.title for kind in catalogue}
        self._made = WorkbookDescription()
        self._slips: list[FolderFinding] = []

    def description(self) -> WorkbookDescription:
        data: dict[str, Any] = {"format": FORMAT}
        self._case(data)
        data["items"] = self._table(ITEM_SHEET, "items", ITEM_COLUMNS, needed=True)
        data["persons"] = self._table(PERSON_SHEET, "persons", PERSON_COLUMNS, needed=False)
        self._name_twice(data["items"])
        self._made.data, self._made.slips = data, tuple(self._slips)
        return self._made

    # --- the sheet 案卷: a field and its value in each row

    def _case(self, data: dict[str, Any]) -> None:
        sheet = self._sheet(CASE_SHEET, needed=True)
        known = by_heading(CASE_FIELDS)
        for column in CASE_FIELDS:
            self._made.note(column.path, _Place(CASE_SHEET, column.heading))
        yes_or_no = {plain(zh): ("facts", code) for code, zh in FACTS.items()}
        yes_or_no |= {plain(zh): ("served", code) for code, zh in WAYS.items()}
        seen: set[str] = set()
        for number, cells in sheet.rows if sheet else ():
            name, value = _text(cells, 0), _at(cells, 1)
            if plain(name) in known:
                column = known[plain(name)]
                place = _Place(CASE_SHEET, column.heading, number, "B")
                if value is not None and column.heading in seen:
                    self._slip(place, "这一项写了两次，请只留一行")
                if value is not None:
                    seen.add(column.heading)
                self._take(data, (), column, value, place)
            elif plain(name) in yes_or_no:
                self._yes(data, *yes_or_no[plain(name)], value, _Place(CASE_SHEET, name.strip(), number, "B"))
            elif value is not None and number > 1:
                self._slip(_Place(CASE_SHEET, name.strip(), number, "A"), f"没有“{name.strip()}”这一项，请核对名称")

    def _yes(self, data: dict[str, Any], key: str, code: str, value: Cell | None, place: _Place) -> None:
        """A row such as “举行听证 | 是”."""
        if value is None:
            return
        try:
            chosen = _flag(_words(value))
        except _SlipError as slip:
            self._slip(place, str(slip))
            return
        if chosen and code not in data.setdefault(key, []):
            data[key].append(code)

    # --- sheets with a heading row

    def _table(self, name: str, key: str, columns: tuple[Column, ...], *, needed: bool) -> list[dict[str, Any]]:
        sheet = self._sheet(name, needed=needed)
        if sheet is None:
            return []
        heading = _heading_row(sheet, by_heading(columns))
        if heading is None:
            if needed or sheet.rows:
                said = "”“".join(column.heading for column in columns if column.required)
                self._slip(_Place(name), f"没有找到列标题。请保留标题行，其中要有“{said}”")
            return []
        head = self._head(sheet, heading, columns)
        rows: list[dict[str, Any]] = []
        for number, cells in sheet.rows:
            if number > heading[0] and self._is_to_be_read(head, number, cells, len(rows) + 1):
                rows.append(self._row(head, (key, len(rows)), number, cells))
        return rows

    def _head(self, sheet: Sheet, heading: Row, columns: tuple[Column, ...]) -> _Head:
        """The columns by their position; one that is used and not understood, or there twice, is a slip."""
        number, cells = heading
        known, head = by_heading(columns), _Head(sheet.name, number, columns)
        for n in range(max(len(row) for line, row in sheet.rows if line >= number)):
            words = _text(cells, n)
            column = known.get(plain(words))
            used = any(line > number and _at(row, n) is not None for line, row in sheet.rows)
            place = _Place(sheet.name, words.strip(), number, letters(n))
            if column is not None:
                if column in head.at.values():
                    self._slip(place, "有两列是同一标题，请只留一列")
                head.at[n] = column
            elif plain(words) == plain(NUMBER_HEADING):
                head.number_at = n
            elif used:
                said = (
                    f"没有“{words.strip()}”这一列，请核对标题，或删去此列"
                    if words
                    else "此列没有标题，请补上或删去此列"
                )
                self._slip(place, said)
        for column in columns:
            if column.required and column not in head.at.values():
                self._slip(head.place(column), f"没有“{column.heading}”这一列，请补上")
        return head

    def _is_to_be_read(self, head: _Head, row: int, cells: tuple[Cell | None, ...], position: int) -> bool:
        """Whether a row says anything and is no example; a number that is out of order is a slip."""
        if not any(_at(cells, n) is not None for n in head.at):
            return False
        cell = None if head.number_at is None else _at(cells, head.number_at)
        if cell is not None and plain(cell.text).startswith(EXAMPLE):
            return False
        if cell is not None and plain(cell.text) != str(position):
            place = _Place(head.sheet, NUMBER_HEADING, row, letters(head.number_at or 0))
            self._slip(place, f"序号应为 {position}：序号从 1 起逐行连续，也可以不写")
        return True

    def _row(self, head: _Head, location: Location, number: int, cells: tuple[Cell | None, ...]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        self._made.note(location, _Place(head.sheet, "", number))
        for column in head.columns:
            self._made.note((*location, *column.path), head.place(column))
        for n, column in head.at.items():
            self._take(row, location, column, _at(cells, n), _Place(head.sheet, column.heading, number, letters(n)))
        return row

    # --- cells

    def _take(
        self, target: dict[str, Any], location: Location, column: Column, cell: Cell | None, place: _Place
    ) -> None:
        """Put the value of a cell where it belongs."""
        self._made.note((*location, *column.path), place)
        if cell is None:
            return
        try:
            value = self._value(column, cell)
        except _SlipError as slip:
            self._slip(place, str(slip))
            return
        *outer, last = column.path
        for name in outer:
            target = target.setdefault(name, {})
        if isinstance(value, list):
            value = [*target.get(last, []), *(part for part in value if part not in target.get(last, []))]
        target[last] = value

    def _value(self, column: Column, cell: Cell) -> Any:  # noqa: ANN401 - JSON values
        if column.shape is Shape.DAY:
            return _day(cell)
        if column.shape is Shape.MOMENT:
            return _moment(cell)
        words = _words(cell)
        readers: dict[Shape, Callable[[], Any]] = {
            Shape.TEXT: words.strip,
            Shape.PATH: lambda: words.strip().replace("\\", "/"),
            Shape.FLAG: lambda: _flag(words),
            Shape.NUMBER: lambda: _number(words),
            Shape.NAMES: lambda: _parts(words),
            Shape.CHOICE: lambda: _choice(words, column.choices),
            Shape.CHOICES: lambda: [_choice(part, column.choices) for part in _parts(words)],
            Shape.TYPE: lambda: self._type(words),
        }
        return readers[column.shape]()

    def _type(self, words: str) -> str:
        code = self._titles.get(plain(words))
        if code is not None:
            return code
        near = [f"“{self._shown[name]}”" for name in get_close_matches(plain(words), self._shown, n=2, cutoff=0.5)]
        hint = f"，相近的有{'、'.join(near)}" if near else ""
        raise _SlipError(f"没有“{words.strip()}”这种文书类型{hint}。请从空白目录的下拉列表中选择")

    def _name_twice(self, items: list[dict[str, Any]]) -> None:
        first: dict[str, int] = {}
        for n, item in enumerate(items):
            name = item.get("file")
            if name in first:
                row = self._made.at(("items", first[name]), "").line
                self._slips.append(self._made.at(("items", n, "file"), f"与第{row}行是同一文件，同一文件不能列为两件"))
            elif name:
                first[name] = n

    def _sheet(self, name: str, *, needed: bool) -> Sheet | None:
        sheet = self._sheets.get(plain(name))
        if sheet is None and needed:
            self._slip(_Place(name), f"没有名为“{name}”的工作表，请补上或改回原名")
        return sheet

    def _slip(self, place: _Place, message: str) -> None:
        self._slips.append(FolderFinding(WORKBOOK, place.heading, place.row, message, place.sheet, place.column))


def letters(index: int) -> str:
    """The letters of a column, from 0: A, B, ... Z, AA."""
    index, last = divmod(index, LETTERS)
    return (letters(index - 1) if index else "") + chr(ord("A") + last)


def _heading_row(sheet: Sheet, known: Mapping[str, Column]) -> Row | None:
    """The first row with at least two known headings."""
    for number, cells in sheet.rows:
        if number > HEADING_ROWS:
            break
        if sum(plain(cell.text) in known for cell in cells if cell) > 1:
            return number, cells
    return None


def _at(cells: tuple[Cell | None, ...], n: int) -> Cell | None:
    return cells[n] if n < len(cells) else None


def _text(cells: tuple[Cell | None, ...], n: int) -> str:
    cell = _at(cells, n)
    return cell.text if cell else ""


def _words(cell: Cell) -> str:
    """The words of a cell.

    Raises:
        _SlipError: it holds a formula, an error, or a number whose last digits are lost.
    """
    if cell.kind == "formula":
        raise _SlipError("这一格是公式，系统不计算公式。请改为直接填写的内容（复制后“选择性粘贴—数值”）")
    if cell.kind == "error":
        raise _SlipError(f"这一格显示为错误（{cell.text}），请重新填写")
    if cell.kind == "number" and "e" in cell.text:
        raise _SlipError("这一格存成了数字，后几位已经丢失。请把单元格格式设为“文本”后重新填写")
    return cell.text


def _parts(words: str) -> list[str]:
    return [part.strip() for part in DIVIDERS.split(words) if part.strip()]


def _flag(words: str) -> bool:
    said = plain(words)
    if said in YES or said in NO:
        return said in YES
    raise _SlipError(f"“{words.strip()}”看不明白，请写“是”或“否”")


def _number(words: str) -> float | int:
    try:
        value = float(plain(words))
    except ValueError as error:
        raise _SlipError(f"“{words.strip()}”不是数字，请只写数字") from error
    return int(value) if value.is_integer() else value


def _choice(words: str, choices: Mapping[str, str]) -> str:
    """The code of a word: written in full, as a code, or by a beginning that fits one word only."""
    said = plain(words)
    for code, zh in choices.items():
        if said in {plain(zh), plain(code)}:
            return code
    begun = [code for code, zh in choices.items() if plain(zh).startswith(said)]
    if len(begun) == 1 and len(said) >= SHORTEST_BEGINNING:
        return begun[0]
    shown = list(choices.values())
    near = get_close_matches(words.strip(), shown, n=2, cutoff=0.4)
    said_choices = near if len(shown) > SAID_CHOICES and near else shown[:SAID_CHOICES]
    more = "等" if len(shown) > len(said_choices) else ""
    raise _SlipError(f"“{words.strip()}”不在可选的词之内，可以写：{'、'.join(said_choices)}{more}")


def _day(cell: Cell) -> str:
    if cell.kind in {"day", "moment"}:
        return cell.text[:10]
    said = plain(_words(cell))
    found = DAY.fullmatch(said) or DIGITS.fullmatch(said)
    try:
        if found:
            return date(*map(int, found.groups())).isoformat()
    except ValueError as error:
        raise _SlipError(f"没有“{cell.text.strip()}”这一天，请核对") from error
    raise _SlipError(f"“{cell.text.strip()}”不是日期，请写成 2026-11-01 的样子")


def _moment(cell: Cell) -> str:
    """A moment in ISO 8601; without a zone it is China's time."""
    if cell.kind == "moment":
        return datetime.fromisoformat(cell.text).replace(tzinfo=CHINA).isoformat()
    if cell.kind == "day":
        raise _SlipError("只有日期，没有时刻。请写成 2026-11-01 09:30 的样子")
    found = MOMENT.fullmatch(" ".join(normalize("NFKC", _words(cell)).casefold().split()))
    if found is None:
        raise _SlipError(f"“{cell.text.strip()}”不是时间，请写成 2026-11-01 09:30 的样子")
    *numbers, zone = found.groups()
    try:
        value = datetime(*(int(part or 0) for part in numbers), tzinfo=CHINA)  # type: ignore[misc,arg-type]
    except ValueError as error:
        raise _SlipError(f"没有“{cell.text.strip()}”这一时刻，请核对") from error
    if zone:
        offset = "+00:00" if zone == "z" else zone
        return value.replace(tzinfo=None).isoformat() + offset
    return value.isoformat()
