"""`docs/case-folder.md` says what the code does: its example is read, and it names every word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive_store.case_columns import CASE_FIELDS, ITEM_COLUMNS, PERSON_COLUMNS
from archive_store.case_folder import (
    WORKBOOK,
    CarrierPart,
    CaseFolder,
    ItemPart,
    PersonPart,
    RecordingPart,
    RenditionPart,
)
from archive_store.labels import Level, Mark
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
from tests.case_folders import as_workbook, read

if TYPE_CHECKING:
    from enum import StrEnum

    from pydantic import BaseModel

GUIDE = Path(__file__).parents[3] / "docs" / "case-folder.md"
ENUMS = (ActKind, Procedure, Fact, ServiceMethod, Retention, Stage, PersonKind, PersonRole, CarrierKind, Mark)
PARTS = (CaseFolder, ItemPart, PersonPart, RecordingPart, RenditionPart, CarrierPart)


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text("utf-8")


def test_the_example_is_a_case_folder(guide: str, tmp_path: Path) -> None:
    example = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0]
    for item in json.loads(example)["items"]:
        for name in (item["file"], item.get("rendition", item)["file"]):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
    (tmp_path / "case.json").write_text(example, "utf-8")
    reading = read(tmp_path)
    assert reading.findings == ()
    assert reading.case is not None


def test_a_workbook_that_says_the_same_is_the_same_case(guide: str, tmp_path: Path) -> None:
    example = CaseFolder.model_validate_json(re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0])
    for item in example.items:
        for name in (item.file, item.rendition.file if item.rendition else item.file):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
    (tmp_path / WORKBOOK).write_bytes(as_workbook(example))
    reading = read(tmp_path)
    assert [str(finding) for finding in reading.findings] == []
    assert reading.case == example


def test_every_heading_of_the_workbook_is_explained(guide: str) -> None:
    columns = (*CASE_FIELDS, *ITEM_COLUMNS, *PERSON_COLUMNS)
    assert [column.heading for column in columns if column.heading not in guide] == []


@pytest.mark.parametrize("words", ENUMS)
def test_every_word_is_explained(guide: str, words: type[StrEnum]) -> None:
    missing = [word.value for word in words if f"`{word.value}`" not in guide and f'["{word.value}"]' not in guide]
    assert missing == []


def test_every_level_is_explained(guide: str) -> None:
    assert all(f"`{level.name.lower()}` {level.zh}" in guide for level in Level)


@pytest.mark.parametrize("part", PARTS)
def test_every_field_is_explained(guide: str, part: type[BaseModel]) -> None:
    assert [name for name in part.model_fields if f"`{name}`" not in guide] == []
