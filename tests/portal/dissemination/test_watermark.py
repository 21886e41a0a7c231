"""The watermark is there, hides nothing, and one viewer's never comes to another."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageChops

from archive_store.parsing.documents import PageImage
from portal.dissemination.pixels import as_image
from portal.dissemination.watermark import WatermarkPress, page_mask
from tests.portal.dissemination.conftest import sheet

MOMENT = datetime(2025, 5, 9, 9, 30, tzinfo=UTC)


def luminance(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def test_black_on_white_keeps_a_contrast_above_ten() -> None:
    both = Image.new("RGB", (400, 400), "white")
    both.paste((0, 0, 0), (0, 0, 200, 400))
    WatermarkPress().lay(both, ("张演示", "2025-05-09 09:30"))
    darkest_paper = both.crop((200, 0, 400, 400)).convert("L").getextrema()[0]
    lightest_ink = both.crop((0, 0, 200, 400)).convert("L").getextrema()[1]
    assert (luminance(int(darkest_paper)) + 0.05) / (luminance(int(lightest_ink)) + 0.05) > 10


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (250, 240, 220)])
def test_the_watermark_shows_on_light_and_on_dark(paper: tuple[int, int, int]) -> None:
    image = Image.new("RGB", (400, 560), paper)
    before = image.copy()
    WatermarkPress().lay(image, ("张演示",))
    for corner in ((0, 0, 200, 280), (200, 0, 400, 280), (0, 280, 200, 560), (200, 280, 400, 560)):
        assert ImageChops.difference(image, before).crop(corner).getbbox() is not None


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (60, 80), (1241, 1754), (4000, 3000)])
def test_every_size_of_page_can_be_marked(size: tuple[int, int]) -> None:
    assert page_mask(("张演示", "2025-05-09 09:30"), *size).size == size


def test_another_viewer_and_another_minute_are_another_mark() -> None:
    press, page = WatermarkPress(), sheet("text")
    images = {
        press.view_jpeg(page, "张演示", MOMENT),
        press.view_jpeg(page, "李演示", MOMENT),
        press.view_jpeg(page, "张演示", MOMENT.replace(minute=31)),
    }
    assert len(images) == 3


def test_threads_never_mix_up_viewers() -> None:
    press, page = WatermarkPress(kept=2), sheet("text", (200, 260))
    names = [f"演示{n}" for n in range(6)]
    alone = {name: WatermarkPress().view_jpeg(page, name, MOMENT) for name in names}
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda name: (name, press.view_jpeg(page, name, MOMENT)), names * 10))
    assert [name for name, image in seen if image != alone[name]] == []


def test_what_is_sent_is_a_jpeg_of_the_same_size_without_metadata() -> None:
    page = sheet("text")
    with Image.open(io.BytesIO(WatermarkPress().view_jpeg(page, "张演示", MOMENT))) as image:
        assert (image.format, image.size) == ("JPEG", (page.width, page.height))
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_name_with_a_rare_character_is_still_marked() -> None:
    page = PageImage(200, 200, as_image(sheet("x", (200, 200))).tobytes())
    assert WatermarkPress().view_jpeg(page, "张𠮷", MOMENT) != WatermarkPress().view_jpeg(page, "张", MOMENT)
