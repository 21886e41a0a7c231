"""Case folders with a case.json: every slip is named with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.case_folders import read

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "format": "anjuan-case-1",
    "case_number": "演水罚〔2026〕1号",
    "title": "演示",
    "kind": "penalty",
    "procedure": "ordinary",
    "department": "水政监察支队",
    "handlers": ["演示甲"],
    "started": "2026-01-01",
    "ended": "2026-02-01",
    "items": [{"file": "a.pdf", "title": "笔录", "type": "inquiry_record", "date": "2026-01-02"}],
}


def write(folder: Path, data: object) -> Path:
    (folder / "a.pdf").write_bytes(b"x")
    (folder / "case.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def test_a_good_folder_has_no_findings(tmp_path: Path) -> None:
    reading = read(write(tmp_path, GOOD))
    assert reading.case is not None
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "x"}, "kind"),
        ({"started": "1.1.2026"}, "started"),
        ({"handlers": []}, "handlers"),
        ({"colour": "red"}, "colour"),
        ({"ended": "2025-01-01"}, ""),
        ({"items": []}, "items"),
        ({"items": [{"file": "../a.pdf", "title": "x", "type": "other", "date": "2026-01-01"}]}, "items.0.file"),
    ],
)
def test_a_slip_is_named_with_field_and_line(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    reading = read(write(tmp_path, GOOD | change))
    assert reading.case is None
    assert reading.findings[0].field == field
    assert reading.findings[0].message


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[]", b"null"])
def test_what_is_no_description_is_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "case.json").write_bytes(content)
    reading = read(tmp_path)
    assert reading.case is None
    assert reading.findings


def test_a_link_out_of_the_folder_is_no_file_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    write(folder, GOOD)
    (folder / "a.pdf").unlink()
    (tmp_path / "secret").write_bytes(b"x")
    (folder / "a.pdf").symlink_to(tmp_path / "secret")
    reading = read(folder)
    assert reading.case is None
    assert "a.pdf" in reading.findings[0].message
