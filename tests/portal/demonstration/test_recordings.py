from __future__ import annotations

import io
from typing import Literal

import av
import pytest
from PIL import Image

from portal.demonstration import recordings


@pytest.fixture(scope="module")
def film() -> bytes:
    return recordings.film(Image.new("RGB", (1280, 960), (90, 120, 140)), 2, 440)


def test_a_film_plays_in_a_browser(film: bytes) -> None:
    with av.open(io.BytesIO(film), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert container.duration is not None
        assert abs(container.duration / av.time_base - 2) < 0.2


def test_the_index_stands_before_the_film(film: bytes) -> None:
    assert 0 < film.index(b"moov") < film.index(b"mdat")


def test_a_film_is_the_same_every_time(film: bytes) -> None:
    assert recordings.film(Image.new("RGB", (1280, 960), (90, 120, 140)), 2, 440) == film


@pytest.mark.parametrize("kind", ["m4a", "mp3"])
def test_a_sound_record_has_its_length_and_is_the_same_every_time(kind: Literal["m4a", "mp3"]) -> None:
    made = recordings.sound(kind, 3, 440)
    assert made == recordings.sound(kind, 3, 440)
    with av.open(io.BytesIO(made), "r") as container:
        assert not container.streams.video
        assert container.duration is not None
        assert abs(container.duration / av.time_base - 3) < 0.2


def test_another_tone_is_another_record() -> None:
    assert recordings.sound("mp3", 1, 440) != recordings.sound("mp3", 1, 441)
