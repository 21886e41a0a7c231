"""The form of a case folder: what it must say of the case that it holds.

One case per folder: its description and the files that this names. The models here are the schema
(`docs/case-folder.md` is written from them), whichever way the case is described: as `case.json` (`case_json`) or as
a workbook (`case_workbook`). `case_reading` reads either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from archive_store.labels import Label, Level, Mark, Volume
from archive_store.vocabulary import (
    ActKind,
    CarrierKind,
    Fact,
    PersonKind,
    PersonRole,
    Procedure,
    Retention,
    ServiceMethod,
    Stage,
)

FORMAT = "anjuan-case-1"
DESCRIPTION = "case.json"
WORKBOOK = "案卷目录.xlsx"

Text = Annotated[str, Field(min_length=1, max_length=500)]
LongText = Annotated[str, Field(max_length=5000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class LabelPart(_Part):
    """Level by name with marks."""

    level: Literal["public", "internal", "confidential", "secret", "top_secret"] = "internal"
    marks: list[Mark] = []

    @property
    def label(self) -> Label:
        """As the archive's own value."""
        return Label.of(Level[self.level.upper()], self.marks)


class CarrierPart(_Part):
    """How the item came to be digital, and where its paper lies."""

    kind: CarrierKind = CarrierKind.BORN_DIGITAL
    paper_location: Annotated[str, Field(max_length=200)] = ""
    digitised_by: Annotated[str, Field(max_length=100)] = ""
    digitised_on: date | None = None
    resolution_dpi: Annotated[int, Field(ge=72, le=2400)] | None = None


class RenditionPart(_Part):
    """A PDF handed in beside an original that has no pages."""

    file: Text
    made_by: Text


class RecordingPart(_Part):
    """What is known of an audio-visual record (Art. 28: stored within 24 hours)."""

    device: Text
    recorded_at: datetime
    stored_at: datetime
    recorder: Text
    place: Annotated[str, Field(max_length=200)] = ""
    duration_seconds: Annotated[float, Field(gt=0)] | None = None

    @field_validator("recorded_at", "stored_at")
    @classmethod
    def _has_zone(cls, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("时间须带时区，例如 2025-05-01T09:30:00+08:00")
        return value


class ItemPart(_Part):
    """One item (件): a document or an audio-visual record."""

    file: Text
    title: Text
    type: Text
    neutral_title: Annotated[str, Field(max_length=200)] = ""
    listable: bool = False
    stage: Stage | None = None
    volume: Volume | None = None
    document_number: Annotated[str, Field(max_length=100)] = ""
    originator: Annotated[str, Field(max_length=200)] = ""
    date: date
    label: LabelPart = LabelPart()
    carrier: CarrierPart = CarrierPart()
    rendition: RenditionPart | None = None
    recording: RecordingPart | None = None
    signed: bool = True
    """Whether every signature or seal that the document's form asks for is on it."""
    contains: list[str] = []
    """Statements of the handler about the content that the rules ask for, by rule id (`R08`, `R14`)."""

    @field_validator("file")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value:
            raise ValueError("文件名须是本文件夹内的相对路径")
        return value


class PersonPart(_Part):
    """A person in the case."""

    name: Text
    kind: PersonKind = PersonKind.NATURAL
    role: PersonRole
    identity_number: Annotated[str, Field(max_length=50)] = ""
    phone: Annotated[str, Field(max_length=50)] = ""
    address: Annotated[str, Field(max_length=300)] = ""
    label: LabelPart = LabelPart()
    represents: Annotated[str, Field(max_length=200)] = ""
    """Name of the person in this case whom an agent or legal representative stands for."""
    representation_until: date | None = None


class CaseHead(_Part):
    """What is said of a case as a whole; a draft begun on a page has just this."""

    case_number: Text
    title: Text
    kind: ActKind
    procedure: Procedure
    facts: list[Fact] = []
    served: list[ServiceMethod] = []
    department: Text
    handlers: Annotated[list[Text], Field(min_length=1)]
    started: date
    ended: date
    retention: Retention = Retention.YEARS_30
    label: LabelPart = LabelPart()
    note: LongText = ""
    persons: list[PersonPart] = []

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ended < self.started:
            raise ValueError("办结日期早于启动日期")
        return self


class CaseFolder(CaseHead):
    """The whole of a description."""

    format: Literal["anjuan-case-1"]
    items: Annotated[list[ItemPart], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_file_once(self) -> Self:
        names = [item.file for item in self.items]
        if len(set(names)) < len(names):
            raise ValueError("同一文件被列为两件")
        return self


@dataclass(frozen=True, slots=True)
class FolderFinding:
    """One slip: where it stands and what to do.

    Attributes:
        file: the description it stands in.
        field: the field, by its code in `case.json`, by its heading in a workbook.
        line: the line or row (1-based), 0 where there is none.
        message: what is wrong and what to do.
        sheet: the sheet of a workbook.
        column: the column's letters.
    """

    file: str
    field: str
    line: int
    message: str
    sheet: str = ""
    column: str = ""

    def __str__(self) -> str:
        """One line for people."""
        place = self.file + (f"“{self.sheet}”" if self.sheet else "")
        place += (f" 第{self.line}行" if self.line else "") + (f"{self.column}列" if self.column else "")
        return f"{place} {self.field}：{self.message}" if self.field else f"{place}：{self.message}"


_SAYINGS = {
    "missing": "缺少此项，请补上",
    "extra_forbidden": "没有这个字段，请核对拼写",
    "enum": "不在可用的值之内",
    "literal_error": "不在可用的值之内",
    "date_from_datetime_parsing": "日期须写成 2025-04-08 的样子",
    "date_parsing": "日期须写成 2025-04-08 的样子",
    "datetime_parsing": "时间须写成 2025-04-08T09:30:00+08:00 的样子",
    "datetime_from_date_parsing": "时间须写成 2025-04-08T09:30:00+08:00 的样子",
    "string_too_short": "不能为空，请补上",
    "string_too_long": "文字太长，请缩短",
    "string_type": "须是文字",
    "list_type": "须是列表",
    "bool_parsing": "须是 true 或 false",
    "too_short": "至少要有一项",
    "greater_than": "数值太小",
    "greater_than_equal": "数值太小",
    "less_than_equal": "数值太大",
}


def say(kind: str, message: str) -> str:
    """What is wrong and what to do, for a kind of validation error and its own words."""
    return _SAYINGS.get(kind) or message.removeprefix("Value error, ")
