from __future__ import annotations

import io
from datetime import date

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageSequence

from portal.demonstration import scans


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    image = Image.new("RGB", (620, 877), (255, 255, 255))
    ImageDraw.Draw(image).rectangle((100, 100, 500, 140), fill=(10, 10, 10))
    return image


def test_a_scan_is_not_the_page(sheet: Image.Image) -> None:
    assert ImageChops.difference(scans.scanned(sheet, "a"), sheet).getbbox() is not None


def test_the_same_seed_gives_the_same_scan_and_another_another(sheet: Image.Image) -> None:
    first, again, other = (scans.scanned(sheet, seed).tobytes() for seed in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_a_scanned_pdf_has_pages_and_no_text(sheet: Image.Image) -> None:
    page = scans.scanned(sheet, "a")
    document = pypdfium2.PdfDocument(scans.as_pdf([page, page], date(2025, 1, 2)))
    assert len(document) == 2
    assert document[0].get_textpage().get_text_range() == ""
    assert round(document[0].get_width()) == round(620 / scans.DPI * 72)
    document.close()


def test_a_scanned_pdf_is_the_same_every_time(sheet: Image.Image) -> None:
    assert scans.as_pdf([sheet], date(2025, 1, 2)) == scans.as_pdf([sheet], date(2025, 1, 2))


def test_a_tiff_has_every_page(sheet: Image.Image) -> None:
    with Image.open(io.BytesIO(scans.as_tiff([sheet, sheet, sheet]))) as tiff:
        assert [frame.mode for frame in ImageSequence.Iterator(tiff)] == ["L"] * 3
