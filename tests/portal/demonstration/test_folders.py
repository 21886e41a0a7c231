from __future__ import annotations

from typing import TYPE_CHECKING

import pypdfium2
import pytest

from archive_store.vocabulary import CarrierKind
from portal.demonstration.folders import FolderWriter
from portal.demonstration.source import ItemSource
from tests import case_folders

if TYPE_CHECKING:
    from pathlib import Path

    from archive_store.case_folder import CaseFolder
    from portal.demonstration.people import Bureau
    from portal.demonstration.source import DocumentType
    from portal.demonstration.typesetter import Typesetter


def read(folder: Path) -> CaseFolder:
    reading = case_folders.read(folder)
    assert reading.findings == ()
    assert reading.case is not None
    return reading.case


def text_of(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_a_recording_without_its_description_is_refused(
    typesetter: Typesetter, bureau: Bureau, types: dict[str, DocumentType]
) -> None:
    item = ItemSource.model_validate({"type": "av_record", "date": "2025-01-01", "make": "video"})
    with pytest.raises(ValueError, match="音像记录"):
        FolderWriter(typesetter, bureau, types).make(item, {}, "k")


def test_a_folder_is_read_without_a_finding_and_holds_nothing_else(small_archive: list[Path]) -> None:
    for folder in small_archive:
        case = read(folder)
        named = {item.file for item in case.items} | {item.rendition.file for item in case.items if item.rendition}
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert found == named | {"case.json"}


def test_every_page_with_text_says_that_it_is_a_demonstration(small_archive: list[Path]) -> None:
    for folder in small_archive:
        for item in read(folder).items:
            pdf = item.rendition.file if item.rendition else item.file
            if pdf.endswith(".pdf") and item.carrier.kind is CarrierKind.BORN_DIGITAL:
                assert all("演示样本" in page for page in text_of(folder / pdf))


def test_a_scan_has_no_text(small_archive: list[Path]) -> None:
    scans = [
        folder / item.file
        for folder in small_archive
        for item in read(folder).items
        if item.carrier.kind is CarrierKind.DIGITISED
    ]
    assert scans
    assert all(set(text_of(path)) == {""} for path in scans)


def test_what_has_no_pages_has_a_rendition_of_the_same_words(small_archive: list[Path]) -> None:
    rendered = [
        (folder / item.file, folder / item.rendition.file)
        for folder in small_archive
        for item in read(folder).items
        if item.rendition
    ]
    assert {original.suffix for original, _ in rendered} == {".docx", ".txt"}
    original, rendition = next(pair for pair in rendered if pair[0].suffix == ".txt")
    words = original.read_text("utf-8").splitlines()[0]
    assert words in text_of(rendition)[0]


def test_case_json_is_written_for_people(small_archive: list[Path]) -> None:
    text = (small_archive[0] / "case.json").read_text("utf-8")
    assert "石水简罚字〔2026〕3号" in text
    assert len(text.splitlines()) > 50
