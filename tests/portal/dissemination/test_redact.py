"""Boxes: refused where they make no sense, never smaller than drawn, and what lies below has no effect on a release."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archive_store.errors import InvalidInputError
from archive_store.parsing.documents import PageImage
from portal.dissemination.prepare import CopyMark, release_page
from portal.dissemination.redact import INK, Box, burn, cover_of
from portal.dissemination.watermark import WatermarkPress
from tests.portal.dissemination.conftest import sheet

if TYPE_CHECKING:
    from tests.proofs import ProofBook

PRESS = WatermarkPress()


@pytest.mark.parametrize(
    "edges",
    [
        (0.5, 0.1, 0.5, 0.2),
        (0.6, 0.1, 0.5, 0.2),
        (0.1, 0.3, 0.5, 0.2),
        (-0.01, 0.1, 0.5, 0.2),
        (0.1, 0.1, 1.01, 0.2),
        (0.1, 0.1, 0.5, 1.5),
        (math.nan, 0.1, 0.5, 0.2),
        (0.1, 0.1, math.inf, 0.2),
    ],
)
def test_a_box_beyond_the_page_or_without_area_is_refused(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidInputError, match="遮盖框"):
        Box(1, *edges, ground="minor", number=7)


def test_a_box_on_no_page_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="页"):
        Box(0, 0.1, 0.1, 0.2, 0.2, "minor", 7)


fractions = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).filter(lambda pair: pair[0] < pair[1])


@given(fractions, fractions, st.integers(1, 3000), st.integers(1, 3000))
def test_pixels_are_never_less_than_what_was_drawn(
    across: list[float], down: list[float], width: int, height: int
) -> None:
    box = Box(1, across[0], down[0], across[1], down[1], "minor", 7)
    left, top, right, bottom = box.pixels(width, height)
    assert 0 <= left <= across[0] * width
    assert across[1] * width <= right <= width
    assert 0 <= top <= down[0] * height
    assert down[1] * height <= bottom <= height


def test_a_box_is_solid_but_for_its_number() -> None:
    image = Image.effect_noise((300, 200), 90).convert("RGB")
    box = Box(1, 0.1, 0.1, 0.9, 0.5, "minor", 7)
    burn(image, [box])
    left, top, right, bottom = box.pixels(300, 200)
    inside = image.crop((left, top, right, bottom))
    assert set(inside.crop((0, 0, 40, inside.height)).get_flattened_data()) == {INK}
    assert image.tobytes() != cover_of((300, 200), []).convert("RGB").tobytes()
    shown = cover_of((300, 200), [box]).convert("RGB").crop((left, top, right, bottom))
    assert inside.tobytes() == shown.tobytes()


def test_a_box_too_small_for_a_number_is_plain() -> None:
    image = Image.new("RGB", (300, 200), "white")
    burn(image, [Box(1, 0.5, 0.5, 0.51, 0.51, "minor", 7)])
    assert set(image.get_flattened_data()) == {INK, (255, 255, 255)}


def test_a_number_never_reaches_beyond_its_box() -> None:
    boxes = [Box(1, 0.1, 0.1 + n / 20, 0.1 + (n + 1) / 40, 0.13 + n / 20, "minor", 123) for n in range(17)]
    image = Image.new("RGB", (400, 560), "white")
    burn(image, boxes)
    for box in boxes:
        image.paste((255, 255, 255), box.pixels(*image.size))
    assert image.getextrema() == ((255, 255), (255, 255), (255, 255))


places = st.tuples(fractions, fractions)


@settings(max_examples=25, deadline=None)
@given(st.lists(places, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_what_lies_under_a_box_does_not_change_one_byte_of_the_release(
    drawn: list[tuple[list[float], list[float]]], seed: int
) -> None:
    boxes = [Box(1, x[0], y[0], x[1], y[1], "minor", 7) for x, y in drawn]
    original = sheet("identity 430000199001011234", seal=True)
    other = Image.frombytes("RGB", (original.width, original.height), original.rgb)
    colour = (seed & 255, seed >> 8 & 255, seed >> 16 & 255)
    for box in boxes:
        other.paste(colour, box.pixels(original.width, original.height))
    released = [_released(page, boxes) for page in (original, PageImage(*other.size, other.tobytes()))]
    assert released[0] == released[1]


def test_bytes_of_a_release_that_depend_on_hidden_pixels(proofs: ProofBook, *, full: bool) -> None:
    tries, different = (400 if full else 20), 0
    boxes = [Box(1, 0.1, 0.1, 0.7, 0.2, "minor", 7), Box(1, 0.31, 0.4, 0.9, 0.83, "informant", 4)]
    original = sheet("identity 430000199001011234", seal=True)
    wanted = _released(original, boxes)
    for _ in range(tries):
        other = Image.frombytes("RGB", (original.width, original.height), original.rgb)
        for box in boxes:
            place = box.pixels(*other.size)
            noise = Image.effect_noise((place[2] - place[0], place[3] - place[1]), 128).convert("RGB")
            other.paste(noise, place)
        different += _released(PageImage(*other.size, other.tobytes()), boxes) != wanted
    proofs.record("releases that depend on hidden pixels", different, f"0 of {tries}", holds=different == 0)


def _released(page: PageImage, boxes: list[Box]) -> bytes:
    return release_page(page, boxes, CopyMark("演1", "张演示"), (1, 1, 1), PRESS, 72).jpeg
