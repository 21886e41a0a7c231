"""The unsigned copy: the approved bytes as they are, one attachment, nothing else on the pages."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pikepdf
import pytest

from portal.dissemination import assemble as module
from portal.dissemination.assemble import MANIFEST_NAME, assemble, jpeg_components
from portal.dissemination.release import CopyManifest
from tests.portal.dissemination.conftest import Made, prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\x89PNG" * 9, b"\xff\xd8\xff\xe0\x00\x04ab" * 2, b"\xff\xd8" + b"\xff" * 99]
)
def test_what_is_no_jpeg_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        jpeg_components(content)


def test_images_lie_in_the_file_byte_by_byte(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "copy.pdf"
    manifest = assemble(made.manifest, made.prepared.pages, target)
    with pikepdf.open(target) as pdf:
        found = [page.obj.Resources.XObject.Im0.read_raw_bytes() for page in pdf.pages[manifest.certificate_pages :]]
    assert found == [file.path.read_bytes() for file in made.prepared.pages]


def test_the_manifest_is_the_one_associated_file(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "copy.pdf"
    manifest = assemble(made.manifest, made.prepared.pages, target)
    with pikepdf.open(target) as pdf:
        assert list(pdf.attachments) == [MANIFEST_NAME]
        assert pdf.Root.AF[0].AFRelationship == pikepdf.Name.Data
        content = pdf.attachments[MANIFEST_NAME].get_file().read_bytes()
        assert len(pdf.pages) == manifest.certificate_pages + manifest.release.page_count
    assert CopyManifest.parse(content) == manifest


def test_image_pages_hold_their_image_alone(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "copy.pdf"
    manifest = assemble(made.manifest, made.prepared.pages, target)
    with pikepdf.open(target) as pdf:
        for page in pdf.pages[manifest.certificate_pages :]:
            assert set(page.obj.keys()) == {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
            assert re.fullmatch(rb"q [\d.]+ 0 0 [\d.]+ 0 0 cm /Im0 Do Q", page.obj.Contents.read_bytes())


def test_the_file_ends_with_a_line_end(made: Made, tmp_path: Path) -> None:
    assemble(made.manifest, made.prepared.pages, tmp_path / "copy.pdf")
    assert (tmp_path / "copy.pdf").read_bytes().endswith(b"%%EOF\n")


def test_groups_of_pages_leave_nothing_behind(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP", 2)
    prepared = prepare(tmp_path / "pages", (3, 2))
    manifest = made.manifest.model_copy(update={"release": prepared.release})
    target = tmp_path / "out" / "copy.pdf"
    target.parent.mkdir()
    assemble(manifest, prepared.pages, target)
    assert [path.name for path in target.parent.iterdir()] == ["copy.pdf"]
    with pikepdf.open(target) as pdf:
        images = [page.obj.Resources.XObject.Im0.read_raw_bytes() for page in pdf.pages[-5:]]
    assert [hashlib.sha256(image).hexdigest() for image in images] == [file.page.sha256 for file in prepared.pages]


def test_a_missing_page_file_leaves_no_parts(made: Made, tmp_path: Path) -> None:
    prepared = prepare(tmp_path / "pages", (2,))
    prepared.pages[1].path.unlink()
    target = tmp_path / "out" / "copy.pdf"
    target.parent.mkdir()
    with pytest.raises(FileNotFoundError):
        assemble(made.manifest, prepared.pages, target)
    assert list(target.parent.iterdir()) == []
