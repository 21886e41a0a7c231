from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from archive_store.vocabulary import CarrierKind
from portal.demonstration.building import build, cases
from tests.case_folders import read
from tests.portal.demonstration.conftest import SMALL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs import ProofBook


def digests(folders: list[Path]) -> dict[str, str]:
    return {
        path.relative_to(folder.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_unknown_case_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no-such-case"):
        build(tmp_path / "out", only=["no-such-case"])
    assert not (tmp_path / "out").exists()


def test_folders_come_in_the_order_of_the_cases(small_archive: list[Path]) -> None:
    wanted = [case.folder for case in cases() if case.name in SMALL]
    assert [folder.name for folder in small_archive] == wanted


def test_a_second_build_gives_the_same_bytes(small_archive: list[Path], tmp_path: Path) -> None:
    assert digests(build(tmp_path, only=SMALL)) == digests(small_archive)


def test_a_folder_of_an_earlier_build_is_replaced(tmp_path: Path) -> None:
    (folder,) = build(tmp_path, only=["informant"])
    (folder / "left-over.txt").write_text("x", "utf-8")
    (again,) = build(tmp_path, only=["informant"])
    assert again == folder
    assert not (folder / "left-over.txt").exists()


def test_the_whole_archive_is_sound_and_the_same_twice(tmp_path: Path, proofs: ProofBook, *, full: bool) -> None:
    if not full:
        pytest.skip("--full builds the whole archive twice")
    folders = build(tmp_path / "first")
    readings = [read(folder) for folder in folders]
    assert [str(finding) for reading in readings for finding in reading.findings] == []
    unmarked = 0
    for folder, reading in zip(folders, readings, strict=True):
        for item in reading.case.items if reading.case else ():
            pdf = item.rendition.file if item.rendition else item.file
            if pdf.endswith(".pdf") and item.carrier.kind is CarrierKind.BORN_DIGITAL:
                document = pypdfium2.PdfDocument(folder / pdf)
                unmarked += sum("演示样本" not in page.get_textpage().get_text_range() for page in document)
                document.close()
    first, second = digests(folders), digests(build(tmp_path / "second"))
    changed = sum(first[name] != second.get(name) for name in first) + len(second.keys() - first.keys())
    proofs.record("demonstration: files that differ between two builds", changed, f"0 of {len(first)}", changed == 0)
    proofs.record("demonstration: pages that do not say 演示", unmarked, "0", unmarked == 0)
    assert changed == 0
    assert unmarked == 0
