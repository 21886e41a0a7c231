"""Released pages: digest of the very bytes, the foot beside the page, nothing larger than a sheet."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from archive_store.parsing.documents import PageImage
from portal.dissemination.prepare import CopyMark, release_page, strip_height, with_foot, within_limits
from portal.dissemination.watermark import WatermarkPress
from tests.portal.dissemination.conftest import sheet

MARK = CopyMark("演复2025-0007", "张演示")
PRESS = WatermarkPress()


def test_the_digest_is_that_of_the_jpeg() -> None:
    image = release_page(sheet("x"), [], MARK, (1, 1, 1), PRESS, 72)
    assert image.page.sha256 == hashlib.sha256(image.jpeg).hexdigest()


def test_the_foot_stands_under_the_page_and_hides_nothing() -> None:
    page = Image.effect_noise((400, 560), 60).convert("RGB")
    sheet_with_foot = with_foot(page, MARK.foot(1, 2, 3), 72)
    assert sheet_with_foot.crop((0, 0, 400, 560)).tobytes() == page.tobytes()
    assert sheet_with_foot.height == 560 + strip_height(72)


@pytest.mark.parametrize("width", [20, 60, 400, 3000])
def test_the_foot_fits_into_pages_of_every_width(width: int) -> None:
    foot = with_foot(Image.new("RGB", (width, 100), "white"), MARK.foot(1, 2, 3) * 3, 150)
    edges = foot.crop((0, 104, 2, foot.height)), foot.crop((width - 2, 104, width, foot.height))
    assert all(edge.convert("L").getextrema()[0] == 255 for edge in edges)


def test_a_huge_photograph_comes_down_to_a_sheet() -> None:
    assert max(within_limits(Image.new("RGB", (8000, 6000)), 150).size) == 17 * 150


def test_a_page_with_a_red_seal_keeps_its_colour_and_a_plain_one_is_grey() -> None:
    seal = release_page(sheet("x", seal=True), [], MARK, (1, 1, 1), PRESS, 72)
    plain = release_page(sheet("x"), [], MARK, (1, 1, 1), PRESS, 72)
    modes = [Image.open(io.BytesIO(image.jpeg)).mode for image in (seal, plain)]
    assert modes == ["RGB", "L"]


def test_the_same_page_gives_the_same_bytes() -> None:
    page = sheet("x")
    again = PageImage(page.width, page.height, page.rgb)
    images = [release_page(one, [], MARK, (1, 1, 1), WatermarkPress(), 72) for one in (page, again)]
    assert images[0] == images[1]
