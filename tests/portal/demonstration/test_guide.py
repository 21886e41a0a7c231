"""`docs/case-folder.md` says what the code does: its example is read, and it names every word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive_store.case_folder import (
    CarrierPart,
    CaseFolder,
    ItemPart,
    PersonPart,
    RecordingPart,
    RenditionPart,
    read_case_folder,
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
    case, findings = read_case_folder(tmp_path)
    assert findings == []
    assert case is not None


@pytest.mark.parametrize("words", ENUMS)
def test_every_word_is_explained(guide: str, words: type[StrEnum]) -> None:
    missing = [word.value for word in words if f"`{word.value}`" not in guide and f'["{word.value}"]' not in guide]
    assert missing == []


def test_every_level_is_explained(guide: str) -> None:
    assert all(f"`{level.name.lower()}` {level.zh}" in guide for level in Level)


@pytest.mark.parametrize("part", PARTS)
def test_every_field_is_explained(guide: str, part: type[BaseModel]) -> None:
    assert [name for name in part.model_fields if f"`{name}`" not in guide] == []
