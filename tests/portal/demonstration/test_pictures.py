from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from PIL import ExifTags, Image

from portal.demonstration import pictures
from portal.demonstration.source import load_cases

TAKEN = datetime(2025, 2, 24, 9, 22, 31, tzinfo=UTC)
SMALL = (320, 240)


def test_an_unknown_scene_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        pictures.scene("moon", "x")


def test_every_scene_that_the_cases_name_can_be_drawn() -> None:
    items = [item for case in load_cases() for item in case.items]
    named = {photo.scene for item in items for photo in item.page.photos}
    named |= {item.recording.scene for item in items if item.recording and item.recording.scene}
    assert named <= set(pictures.SCENES)


@pytest.mark.parametrize("name", sorted(pictures.SCENES))
def test_a_scene_is_the_same_every_time(name: str) -> None:
    assert pictures.scene(name, "演示", SMALL).tobytes() == pictures.scene(name, "演示", SMALL).tobytes()


def test_another_caption_is_another_picture() -> None:
    assert pictures.scene("river", "甲", SMALL).tobytes() != pictures.scene("river", "乙", SMALL).tobytes()


def test_a_photograph_tells_when_and_where_it_was_taken() -> None:
    with Image.open(io.BytesIO(pictures.jpeg(Image.new("RGB", (8, 8)), TAKEN))) as photo:
        exif = photo.getexif()
    assert exif[ExifTags.Base.DateTime] == "2025:02:24 09:22:31"
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2025:02:24 09:22:31"
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (38.0, 14.0, 21.5)


def test_a_picture_for_a_sheet_tells_nothing() -> None:
    with Image.open(io.BytesIO(pictures.jpeg(Image.new("RGB", (8, 8))))) as photo:
        assert not photo.getexif()


def test_a_drawing_is_a_png() -> None:
    with Image.open(io.BytesIO(pictures.png(pictures.scene("map", "图", SMALL)))) as drawing:
        assert drawing.format == "PNG"
