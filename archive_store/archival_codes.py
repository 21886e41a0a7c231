"""Archival codes (档号) from a template that is data: given at acceptance, unique, never used again.

Rules kept here, with their source:

- Upper and lower parts are joined by "-", parts of one level by "·" (DA/T 13-2022).
- An entry at 秘密 or above, or with 举报人信息, takes its number from a series of its own, which the code shows.
  The template may give other marks a series too, so that no gap tells of an entry that one may not see.
- A number is never shortened: where the width is used up, the number grows.

The next number of each series is the database's business: the caller asks for `series_key` and brings the number.
No I/O but the packaged template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, Self

from pydantic import BaseModel, Field, model_validator

from archive_store.errors import InvalidInputError
from archive_store.labels import Label, Level, Mark
from archive_store.regulation.packaged import CLOSED, packaged, read_data
from archive_store.vocabulary import ActKind, Retention

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

TEMPLATE_FILE = "archival_codes.toml"
CASE_FIELDS = ("fonds", "category", "year", "retention", "office", "series", "case")

_LEVEL_NAMES = {level.name.lower(): level for level in Level}
_FIELD = re.compile(r"\{(\w+)\}")
_PART = r"[A-Z0-9]{1,20}"
_PATTERNS = {
    "fonds": _PART,
    "category": _PART,
    "year": r"[0-9]{4}",
    "retention": _PART,
    "office": _PART,
    "series": r"[A-Z]*",
    "case": r"[0-9]+",
    "item": r"[0-9]+",
}

Short = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}$")]
Letter = Annotated[str, Field(pattern=r"^[A-Z]?$")]


class Entry(Protocol):
    """The facts of a case that its code is made of; `ended_on` gives the year (年度)."""

    @property
    def fonds(self) -> str:
        """全宗号, capital letters and digits."""
        ...

    @property
    def kind(self) -> ActKind:
        """Kind of act, which gives the 类别号."""
        ...

    @property
    def ended_on(self) -> date:
        """The day on which the act ended."""
        ...

    @property
    def retention(self) -> Retention:
        """保管期限."""
        ...

    @property
    def label(self) -> Label:
        """Label of the entry, which decides the series."""
        ...


@dataclass(frozen=True, slots=True)
class ArchivalCode:
    """A code taken apart; `item` is None for the code of a case."""

    fonds: str
    category: str
    year: int
    retention: str
    office: str
    series: str
    case: int
    item: int | None = None


class _CodeData(BaseModel):
    model_config = CLOSED

    case: str
    item: str
    case_width: Annotated[int, Field(ge=1, le=9)] = 4
    item_width: Annotated[int, Field(ge=1, le=9)] = 3
    category: dict[ActKind, Short]
    retention: dict[Retention, Short]
    series_of_level: dict[str, Letter]
    series_of_mark: dict[Mark, Letter] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sorted(_FIELD.findall(self.case)) != sorted(CASE_FIELDS) or _FIELD.findall(self.item) != ["item"]:
            raise ValueError(f"模板须恰好写明 {'、'.join(CASE_FIELDS)} 和 item 各一次")
        if set(self.series_of_level) != set(_LEVEL_NAMES):
            raise ValueError("series_of_level 须写明五个密级各自的编号序列")
        if set(self.category) != set(ActKind) or set(self.retention) != set(Retention):
            raise ValueError("category 和 retention 须写明每一个值")
        return self

    @model_validator(mode="after")
    def _keeps_series_apart(self) -> Self:
        own = [self.series_of_level[name] for name, level in _LEVEL_NAMES.items() if level.is_state_secret]
        own.append(self.series_of_mark.get(Mark.INFORMANT, ""))
        letters = [letter for letter in (*self.series_of_level.values(), *self.series_of_mark.values()) if letter]
        if not all(own) or len(set(letters)) < len(letters):
            raise ValueError("秘密以上各级和举报人信息须有自己的编号序列，各序列的字母不得相同")
        return self

    @model_validator(mode="after")
    def _can_be_read_back(self) -> Self:
        _, *between = re.split(r"\{\w+\}", (self.case + self.item).replace("{series}{case}", "{case}"))
        if not all(between[:-1]) or re.search(r"[A-Z0-9]", "".join(between)):
            raise ValueError("模板各部分之间须有分隔号，分隔号不得是大写字母或数字")
        return self


class _TemplateData(BaseModel):
    model_config = CLOSED

    code: _CodeData


class CodeTemplate:
    """Makes and reads codes after one template."""

    def __init__(self, data: _CodeData) -> None:
        self._data = data
        self._case = _pattern(data.case)
        self._item = _pattern(data.case + data.item)

    def series(self, label: Label) -> str:
        """The letters of the series that an entry so labelled takes its number from; "" for the ordinary one."""
        marks = (self._data.series_of_mark.get(mark, "") for mark in Mark if mark in label.marks)
        return self._data.series_of_level[label.level.name.lower()] + "".join(marks)

    def series_key(self, entry: Entry, office: str) -> str:
        """The name of the series: one running number is kept for each.

        Raises:
            InvalidInputError: A part of the code cannot stand in a code.

        """
        return self._fill(self._data.case, {**self._parts(entry, office), "case": "#"})

    def format_case(self, entry: Entry, office: str, number: int) -> str:
        """The code of a case with the next number of its series.

        Raises:
            InvalidInputError: A part cannot stand in a code, or the number is below 1.

        """
        width = self._data.case_width
        return self._fill(self._data.case, {**self._parts(entry, office), "case": _number(number, width)})

    def format_item(self, case_code: str, number: int) -> str:
        """The code of an item of a case.

        Raises:
            InvalidInputError: `case_code` is not the code of a case, or the number is below 1.

        """
        if self._case.fullmatch(case_code) is None:
            raise InvalidInputError(f"“{case_code}”不是案卷的档号，请核对。", "archival_code")
        return case_code + self._fill(self._data.item, {"item": _number(number, self._data.item_width)})

    def parse(self, code: str) -> ArchivalCode:
        """Take a code of a case or an item apart.

        Raises:
            InvalidInputError: It is not a code of this template in its one written form.

        """
        found = self._item.fullmatch(code) or self._case.fullmatch(code)
        if found is None or not self._is_written_so(found):
            raise InvalidInputError(f"“{code}”不是本单位的档号，请核对。", "archival_code")
        parts = found.groupdict()
        item = parts.get("item")
        return ArchivalCode(
            parts["fonds"],
            parts["category"],
            int(parts["year"]),
            parts["retention"],
            parts["office"],
            parts["series"],
            int(parts["case"]),
            None if item is None else int(item),
        )

    def _is_written_so(self, found: re.Match[str]) -> bool:
        """One code, one text: no zeros beyond the width, no number 0."""
        widths = {"case": self._data.case_width, "item": self._data.item_width}
        numbers = [(digits, widths[name]) for name, digits in found.groupdict().items() if name in widths]
        return all(int(digits) >= 1 and digits == f"{int(digits):0{width}d}" for digits, width in numbers)

    def _parts(self, entry: Entry, office: str) -> dict[str, str]:
        return {
            "fonds": entry.fonds,
            "category": self._data.category[entry.kind],
            "year": f"{entry.ended_on.year:04d}",
            "retention": self._data.retention[entry.retention],
            "office": office,
            "series": self.series(entry.label),
        }

    def _fill(self, template: str, parts: dict[str, str]) -> str:
        for name, value in parts.items():
            if value != "#" and re.fullmatch(_PATTERNS[name], value) is None:
                raise InvalidInputError(f"“{value}”不能用于档号，只能用大写字母和数字，请核对设置。", name)
        return _FIELD.sub(lambda field: parts[field.group(1)], template)


def load_code_template(source: Path | None = None) -> CodeTemplate:
    """Read the packaged template, or a bureau's own.

    Raises:
        InvalidInputError: The file is not of the form.

    """
    return CodeTemplate(read_data(source or packaged(TEMPLATE_FILE), _TemplateData).code)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _FIELD.split(template)
    named = [f"(?P<{piece}>{_PATTERNS[piece]})" if n % 2 else re.escape(piece) for n, piece in enumerate(pieces)]
    return re.compile("".join(named), re.ASCII)


def _number(number: int, width: int) -> str:
    if number < 1:
        raise InvalidInputError("编号须从1开始，请核对。", "number")
    return f"{number:0{width}d}"
