"""The form of `case.json`: what a folder must say of the case that it holds.

One case per folder: `case.json` and the files that it names. The models here are the schema
(`docs/case-folder.md` is written from them); `read_case_folder` turns every slip into a finding that
names file, field and line, and never stops at the first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

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
MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024

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
    """The whole of `case.json`."""

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
    """One slip: the file, the field in it, the line (1-based, 0 where there is none) and what to do."""

    file: str
    field: str
    line: int
    message: str

    def __str__(self) -> str:
        """One line for people."""
        place = f"{self.file}" + (f" 第{self.line}行" if self.line else "")
        return f"{place} {self.field}：{self.message}" if self.field else f"{place}：{self.message}"


def read_case_folder(folder: Path) -> tuple[CaseFolder | None, list[FolderFinding]]:
    """Read and check one case folder; the case is None when findings make it unusable."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return None, [_whole("文件夹里没有 case.json，请按说明补上")]
    if path.stat().st_size > MAX_DESCRIPTION_BYTES:
        return None, [_whole("文件过大，不像是案卷说明")]
    case, findings, text = _parse(path.read_bytes())
    if case is None:
        return None, findings
    missing = [
        FolderFinding(DESCRIPTION, f"items.{n}", _line(text, ("items", n)), f"缺少文件 {name}")
        for n, item in enumerate(case.items)
        for name in (item.file, item.rendition.file if item.rendition else item.file)
        if not _is_inside(folder, name)
    ]
    return (None if missing else case), list(dict.fromkeys(missing))


def _whole(message: str, line: int = 0) -> FolderFinding:
    return FolderFinding(DESCRIPTION, "", line, message)


def _parse(content: bytes) -> tuple[CaseFolder | None, list[FolderFinding], str]:
    text = ""
    try:
        text = content.decode("utf-8-sig")
        return CaseFolder.model_validate(json.loads(text)), [], text
    except UnicodeDecodeError:
        return None, [_whole("须用 UTF-8 编码保存")], text
    except json.JSONDecodeError as error:
        return None, [_whole(f"不是合格的 JSON：{error.msg}", error.lineno)], text
    except RecursionError:
        return None, [_whole("嵌套过深")], text
    except ValidationError as error:
        return None, _findings(error, text), text


def _is_inside(folder: Path, name: str) -> bool:
    path = (folder / name).resolve()
    return path.is_file() and path.is_relative_to(folder.resolve())


def _findings(error: ValidationError, text: str) -> list[FolderFinding]:
    return [
        FolderFinding(
            DESCRIPTION, ".".join(map(str, slip["loc"])), _line(text, slip["loc"]), _say(slip["type"], slip["msg"])
        )
        for slip in error.errors(include_url=False, include_input=False)
    ]


_SAYINGS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这个字段，请核对拼写",
    "enum": "不在可用的值之内",
    "literal_error": "不在可用的值之内",
    "date_from_datetime_parsing": "日期须写成 2025-04-08 的样子",
    "date_parsing": "日期须写成 2025-04-08 的样子",
    "datetime_parsing": "时间须写成 2025-04-08T09:30:00+08:00 的样子",
    "datetime_from_date_parsing": "时间须写成 2025-04-08T09:30:00+08:00 的样子",
    "string_too_short": "不能为空",
    "string_too_long": "文字太长",
    "string_type": "须是文字",
    "list_type": "须是列表",
    "bool_parsing": "须是 true 或 false",
    "too_short": "至少要有一项",
}


def _say(kind: str, message: str) -> str:
    return _SAYINGS.get(kind) or message.removeprefix("Value error, ")


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """The line of a place in the JSON text; JSON is read as YAML, whose nodes know where they stand."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return 0
    line = node.start_mark.line + 1 if node else 0
    for step in location:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
