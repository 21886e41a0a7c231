"""The fields that a query may name, what each one takes, and the facets of a result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from archive_store.labels import Level, Volume
from archive_store.vocabulary import ActKind, Late, Procedure, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldKind(StrEnum):
    """What a field takes after its colon."""

    TEXT = "text"
    CHOICE = "choice"
    YEAR = "year"
    DAY = "day"


class Sort(StrEnum):
    """The orders of a result."""

    RELEVANCE = "relevance"
    DATE = "date"
    DATE_NEWEST = "date_newest"
    ARCHIVAL_CODE = "archival_code"

    @property
    def zh(self) -> str:
        """The order's name in Chinese."""
        return {"relevance": "相关度", "date": "日期从早到晚", "date_newest": "日期从晚到早"}.get(self.value, "档号")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the Chinese name that is typed, the key in the index, and whether entries of items have it."""

    name: str
    key: str
    kind: FieldKind
    of_items: bool = False


_FIELDS = (
    Field("当事人", "party", FieldKind.TEXT),
    Field("案号", "case_number", FieldKind.TEXT),
    Field("档号", "archival_code", FieldKind.TEXT),
    Field("文号", "document_number", FieldKind.TEXT, of_items=True),
    Field("标题", "title", FieldKind.TEXT, of_items=True),
    Field("承办人", "handler", FieldKind.TEXT),
    Field("部门", "department", FieldKind.TEXT),
    Field("设备", "device", FieldKind.TEXT, of_items=True),
    Field("年度", "year", FieldKind.YEAR),
    Field("日期", "day", FieldKind.DAY, of_items=True),
    Field("类别", "kind", FieldKind.CHOICE),
    Field("程序", "procedure", FieldKind.CHOICE),
    Field("阶段", "stage", FieldKind.CHOICE, of_items=True),
    Field("文书", "document_type", FieldKind.CHOICE, of_items=True),
    Field("密级", "level", FieldKind.CHOICE, of_items=True),
    Field("卷别", "volume", FieldKind.CHOICE, of_items=True),
    Field("逾期", "late", FieldKind.CHOICE, of_items=True),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in _FIELDS}
BY_KEY: Mapping[str, Field] = {field.key: field for field in _FIELDS}

FACETS = ("year", "kind", "procedure", "department_id", "document_type", "stage", "level", "volume", "late")
"""Facets of a result and keys of its filters; values are codes, years and ids as text."""


def choices(document_types: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """For each field that takes a choice, its codes with their Chinese titles; types of document are data."""
    return {
        "kind": {str(kind): kind.zh for kind in ActKind},
        "procedure": {str(procedure): procedure.zh for procedure in Procedure},
        "stage": {str(stage): stage.zh for stage in Stage},
        "level": {str(int(level)): level.zh for level in Level},
        "volume": {str(volume): volume.zh for volume in Volume},
        "late": {str(late): late.zh for late in Late},
        "document_type": document_types,
    }
