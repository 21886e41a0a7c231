"""Cover, table of contents and closing note: nothing dropped, nothing read as markup, PDF/A."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from archive_store.forms import (
    ClosingFacts,
    ContentsFacts,
    ContentsRow,
    CoverFacts,
    VolumeFacts,
    closing_note_pdf,
    contents_pdf,
    cover_pdf,
)
from archive_store.labels import Volume
from archive_store.vocabulary import ActKind, Procedure, Retention
from tests import services
from tests.judges import pdf as judges

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 4, 8)
VOLUME = VolumeFacts("演示市水务局", "J001-XZZF·2025-Y30-ZF-0012", "张演示无证采砂案", Volume.MAIN, demonstration=True)
COVER = CoverFacts(
    volume=VOLUME,
    case_number="演水罚字〔2025〕12号",
    kind=ActKind.PENALTY,
    procedure=Procedure.ORDINARY,
    parties=("张演示", "演示砂石有限公司"),
    department="水政监察支队",
    handlers=("演示甲", "演示乙"),
    started=date(2025, 3, 1),
    ended=DAY,
    filed=DAY,
    sealed=DAY,
    retention=Retention.YEARS_30,
    label="内部 · 个人隐私",
    items=18,
    pages=64,
)
CLOSING = ClosingFacts(
    volume=VOLUME,
    items=18,
    pages=64,
    recordings=2,
    notes=("第 7 件为复印件。",),
    see_also=("J001-XZZF·2025-Y30-ZF-0013",),
    compiled_by="演示甲",
    compiled=DAY,
    checked_by="演示丙",
    checked=DAY,
    sealed_by="演示丁",
    sealed=DAY,
)


def rows(count: int) -> tuple[ContentsRow, ...]:
    return tuple(
        ContentsRow(n, f"演水字〔2025〕{n}号", "演示市水务局", f"第{n}份询问笔录", DAY, f"{n}-{n}")
        for n in range(1, count + 1)
    )


def text_of(made: bytes, folder: Path) -> str:
    program = services.need_program("pdftotext", "poppler-utils")
    path = folder / "sheet.pdf"
    path.write_bytes(made)
    said = subprocess.run([program, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return "".join(said.split())


@pytest.mark.parametrize("title", ["#panic()", "*粗* _斜_ $x$", "= 标题", '"引号"\\反斜杠', "@引用 <标签>", "// 注释"])
def test_a_title_is_never_read_as_markup(title: str, tmp_path: Path) -> None:
    made = cover_pdf(replace(COVER, volume=replace(VOLUME, title=title)))
    assert "".join(title.split()) in text_of(made, tmp_path)


@pytest.mark.parametrize(
    "name", ["张𠮷", "张\U000f0000", "张\ue010", "张\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_a_rare_character_does_not_stop_a_seal(name: str, tmp_path: Path) -> None:
    said = text_of(cover_pdf(replace(COVER, parties=(name,))), tmp_path)
    assert f"张〔U+{ord(name[1]):04X}〕" in said


def test_what_is_never_seen_leaves_no_trace(tmp_path: Path) -> None:
    assert "张演示" in text_of(cover_pdf(replace(COVER, parties=("张\u200b演\x07示",))), tmp_path)


def test_every_row_of_a_long_table_of_contents_is_there(tmp_path: Path) -> None:
    said = text_of(contents_pdf(ContentsFacts(VOLUME, rows(300), DAY)), tmp_path)
    assert [n for n in range(1, 301) if f"第{n}份" not in said] == []


def test_long_notes_go_on_over_the_page(tmp_path: Path) -> None:
    notes = tuple(f"说明第{n}条，" + "内容" * 60 for n in range(60))
    said = text_of(closing_note_pdf(replace(CLOSING, notes=notes)), tmp_path)
    assert [n for n in range(60) if f"说明第{n}条" not in said] == []


def test_the_banner_stands_on_demonstration_sheets_alone(tmp_path: Path) -> None:
    earnest = replace(VOLUME, demonstration=False)
    banner = "演示数据，不具法律效力"
    assert banner in text_of(cover_pdf(COVER), tmp_path)
    assert banner not in text_of(cover_pdf(replace(COVER, volume=earnest)), tmp_path)
    assert banner not in text_of(closing_note_pdf(replace(CLOSING, volume=earnest)), tmp_path)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert cover_pdf(COVER) == cover_pdf(COVER)


def test_a_sheet_ends_with_a_line_end() -> None:
    assert cover_pdf(COVER).endswith(b"%%EOF\n")


def test_who_compiled_and_who_checked_stand_on_the_closing_note(tmp_path: Path) -> None:
    said = text_of(closing_note_pdf(CLOSING), tmp_path)
    assert all(words in said for words in ("立卷人演示甲", "检查人演示丙", "封存人演示丁", "音像记录2件"))


def test_verapdf_accepts_all_three(tmp_path: Path) -> None:
    sheets = {
        "cover": cover_pdf(COVER),
        "contents": contents_pdf(ContentsFacts(VOLUME, rows(40), DAY)),
        "closing": closing_note_pdf(CLOSING),
    }
    paths = [tmp_path / f"{name}.pdf" for name in sheets]
    for path, made in zip(paths, sheets.values(), strict=True):
        path.write_bytes(made)
    passes, said = judges.verapdf("2b", *paths)
    assert passes, said
