from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from tests.archive_store.parsing import makers
from tests.archive_store.parsing.makers import BLUE, GREEN, RED, WHITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.parsing.documents import Documents, PageImage

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff"}
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (lambda: makers.png_bomb(30_000, 30_000), "万像素"),
    "claims to be huge": (lambda: makers.png_bomb(2**31 - 1, 2**31 - 1), "万像素"),
    "cut off jpeg": (lambda: makers.noisy_jpeg()[:9_000], "损坏"),
    "cut off png": (lambda: makers.image("PNG", (900, 900))[:60], "损坏"),
    "jpeg header alone": (lambda: b"\xff\xd8\xff\xe0", "损坏"),
    "tiff without pages": (lambda: b"II*\0" + struct.pack("<I", 8) + bytes(6), "损坏"),
    "tiff that points beyond its end": (lambda: b"II*\0" + struct.pack("<I", 9_999_999), "损坏"),
}


def at(image: PageImage, x: float, y: float) -> tuple[int, ...]:
    place = 3 * (int(y * image.height) * image.width + int(x * image.width))
    return tuple(image.rgb[place : place + 3])


def near(found: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    """JPEG changes colours a little."""
    return all(abs(one - other) < 16 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_is_named_and_refused(documents: Documents, name: str) -> None:
    make, word = HOSTILE[name]
    content = make()
    probe = documents.probe(content)
    assert word in str(probe.problem)
    with pytest.raises((ParserRefusedError, ParserFailedError)):
        documents.render(content, probe.media_type, 1)


def test_pages_of_a_tiff_that_circle_end(documents: Documents) -> None:
    content = bytearray(makers.tiff(RED, GREEN))
    first = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, first)[0]
    second = struct.unpack_from("<I", content, first + 2 + 12 * entries)[0]
    entries = struct.unpack_from("<H", content, second)[0]
    struct.pack_into("<I", content, second + 2 + 12 * entries, first)
    assert documents.probe(bytes(content)).pages == 2


@pytest.mark.parametrize("form", TYPES)
def test_an_image_is_one_page_in_its_colour(documents: Documents, form: str) -> None:
    content = makers.image(form)
    probe = documents.probe(content)
    assert (probe.media_type, probe.pages, probe.problem) == (TYPES[form], 1, None)
    image = documents.render(content, TYPES[form], 1)
    assert (image.width, image.height) == (60, 40)
    assert near(at(image, 0.5, 0.5), RED)


def test_each_page_of_a_tiff_is_a_page(documents: Documents) -> None:
    content = makers.tiff(RED, GREEN, BLUE, dpi=(300, 300), size=(600, 300))
    probe = documents.probe(content)
    assert probe.pages == 3
    assert probe.page_sizes == ((144, 72),) * 3
    for page, colour in enumerate((RED, GREEN, BLUE), start=1):
        assert at(documents.render(content, TYPES["TIFF"], page), 0.5, 0.5) == colour
    with pytest.raises(ParserRefusedError, match="共 3 页"):
        documents.render(content, TYPES["TIFF"], 4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_a_photograph_stands_upright_as_its_camera_noted(documents: Documents, form: str, orientation: int) -> None:
    content = makers.halves(form, exif=makers.exif(orientation))
    image = documents.render(content, TYPES[form], 1)
    sideways = orientation >= 5
    assert (image.width, image.height) == ((40, 80) if sideways else (80, 40))
    first = {1: (0.1, 0.5), 4: (0.1, 0.5), 2: (0.9, 0.5), 3: (0.9, 0.5)}
    first |= {5: (0.5, 0.1), 6: (0.5, 0.1), 7: (0.5, 0.9), 8: (0.5, 0.9)}
    x, y = first[orientation]
    assert near(at(image, x, y), RED)
    assert near(at(image, 1 - x if not sideways else x, 1 - y if sideways else y), BLUE)
    (wide, high) = documents.probe(content).page_sizes[0]
    assert (wide < high) is sideways


@pytest.mark.parametrize(("turn", "x", "y"), [(0, 0.1, 0.5), (90, 0.5, 0.1), (180, 0.9, 0.5), (270, 0.5, 0.9)])
def test_a_turn_is_clockwise(documents: Documents, turn: int, x: float, y: float) -> None:
    assert at(documents.render(makers.halves("PNG"), TYPES["PNG"], 1, turn=turn), x, y) == RED


def test_an_image_is_made_smaller_but_never_larger(documents: Documents) -> None:
    content = makers.image("JPEG", (2000, 1000))
    small = documents.render(content, TYPES["JPEG"], 1, width=500)
    assert (small.width, small.height) == (500, 250)
    turned = documents.render(content, TYPES["JPEG"], 1, width=250, turn=90)
    assert (turned.width, turned.height) == (250, 500)
    large = documents.render(content, TYPES["JPEG"], 1, width=9_000)
    assert (large.width, large.height) == (2000, 1000)


def test_a_scan_is_drawn_at_its_size_on_paper(documents: Documents) -> None:
    content = makers.image("PNG", (1240, 1754), WHITE, dpi=(150, 150))
    image = documents.render(content, TYPES["PNG"], 1, dpi=75)
    assert (image.width, image.height) == (620, 877)


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("1", 0, (0, 0, 0)),
        ("L", 128, (128, 128, 128)),
        ("P", 0, (0, 0, 0)),
        ("I;16", 0x8000, (128, 128, 128)),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (255, 0, 0, 255), RED),
        ("LA", (0, 0), WHITE),
    ],
)
def test_every_mode_becomes_rgb_on_white(
    documents: Documents, mode: str, colour: int | tuple[int, ...], shown: tuple[int, int, int]
) -> None:
    content = makers.image("PNG", colour=colour, mode=mode)
    assert at(documents.render(content, TYPES["PNG"], 1), 0.5, 0.5) == shown


def test_print_colours_become_rgb(documents: Documents) -> None:
    content = makers.image("JPEG", colour=(0, 255, 255, 0), mode="CMYK")
    assert near(at(documents.render(content, TYPES["JPEG"], 1), 0.5, 0.5), RED)


def test_an_image_has_no_text_layer(documents: Documents) -> None:
    assert documents.text(makers.image("PNG"), TYPES["PNG"], 1).text == ""
    with pytest.raises(ParserRefusedError):
        documents.text(makers.image("PNG"), TYPES["PNG"], 2)


def test_damaged_remarks_do_not_make_a_photograph_unreadable(documents: Documents) -> None:
    content = makers.image("JPEG", exif=b"Exif\0\0II*\0" + bytes(range(200, 255)))
    assert documents.probe(content).problem is None
