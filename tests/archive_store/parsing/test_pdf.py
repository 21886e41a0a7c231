from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pikepdf
import pytest

from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from archive_store.parsing.formats import Kind
from archive_store.parsing.geometry import MAX_PAGES, MAX_PIXELS
from tests.archive_store.parsing import makers
from tests.archive_store.parsing.makers import BLUE, RED, WHITE, fill, pdf_of, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.parsing.documents import Documents, PageImage

PDF = "application/pdf"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "cut off": lambda: makers.coloured_pdf(3)[:300],
    "header alone": lambda: b"%PDF-1.7\n",
    "header and noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 50,
    "no pages": lambda: makers.saved(pikepdf.new()),
    "password": makers.locked_pdf,
    "circling pages": makers.pdf_with_circling_pages,
    "circling forms": makers.pdf_with_circling_forms,
    "claims many pages": lambda: makers.pdf_with_many_pages_claimed(MAX_PAGES + 1),
    "bomb": lambda: makers.pdf_bomb(6_000),
}


def at(image: PageImage, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place given in fractions."""
    place = 3 * (int(y * image.height) * image.width + int(x * image.width))
    return tuple(image.rgb[place : place + 3])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_and_the_next_reader_served(impatient: Documents, name: str) -> None:
    content = HOSTILE[name]()
    probe = impatient.probe(content)
    assert probe.media_type == PDF
    for call in (impatient.text, impatient.render):
        try:
            call(content, PDF, 1)
        except (ParserRefusedError, ParserFailedError) as error:
            assert error.message.endswith("。")  # noqa: PT017 - either outcome is right, silence is not
    assert impatient.probe(b"the next reader's").media_type == "text/plain"


@pytest.mark.parametrize(
    ("name", "word"),
    [("cut off", "损坏"), ("header and noise", "损坏"), ("password", "密码"), ("claims many pages", "上限")],
)
def test_what_is_wrong_is_said(documents: Documents, name: str, word: str) -> None:
    probe = documents.probe(HOSTILE[name]())
    assert word in str(probe.problem)
    assert probe.kind is Kind.PAGES


def test_pages_sizes_and_text_are_found(documents: Documents) -> None:
    probe = documents.probe(pdf_of("", words("text")))
    assert (probe.pages, probe.has_text_layer, probe.problem) == (2, True, None)
    assert probe.page_sizes == ((300, 400), (300, 400))
    assert not documents.probe(pdf_of(fill(RED))).has_text_layer


def test_a_huge_page_is_named_and_drawn_small(documents: Documents) -> None:
    huge = makers.huge_pdf(99_000)
    assert "第 1 页" in str(documents.probe(huge).problem)
    image = documents.render(huge, PDF, 1, dpi=300)
    assert image.width * image.height <= MAX_PIXELS * 1.001
    assert at(image, 0.5, 0.5) == RED


def test_a_page_that_is_not_there_is_refused(documents: Documents) -> None:
    for page in (0, 2):
        with pytest.raises(ParserRefusedError, match="共 1 页"):
            documents.render(pdf_of(""), PDF, page)


@pytest.mark.parametrize(
    ("wish", "size"),
    [({"width": 600}, (600, 800)), ({"dpi": 144}, (600, 800)), ({"width": 400, "turn": 90}, (400, 300))],
)
def test_a_page_is_drawn_at_the_size_asked_for(
    documents: Documents, wish: dict[str, int], size: tuple[int, int]
) -> None:
    image = documents.render(pdf_of(""), PDF, 1, **wish)
    assert (image.width, image.height) == size
    assert at(image, 0.5, 0.5) == WHITE


def test_the_pages_own_rotation_and_a_turn_add_up(documents: Documents) -> None:
    corner = fill(RED, (0, 350, 50, 50))
    upright, turned = pdf_of(corner), pdf_of(corner, Rotate=90)
    assert at(documents.render(upright, PDF, 1, width=90), 0.05, 0.05) == RED
    assert at(documents.render(turned, PDF, 1, width=90), 0.95, 0.05) == RED
    assert at(documents.render(turned, PDF, 1, width=90, turn=90), 0.95, 0.95) == RED
    assert documents.probe(turned).page_sizes == ((400, 300),)


def test_what_lies_outside_the_crop_box_is_not_drawn(documents: Documents) -> None:
    cropped = pdf_of(fill(RED) + " " + fill(BLUE, (100, 100, 100, 100)), CropBox=[100, 100, 200, 200])
    image = documents.render(cropped, PDF, 1, width=50)
    assert (image.width, image.height) == (50, 50)
    assert {at(image, x, y) for x in (0.02, 0.98) for y in (0.02, 0.98)} == {BLUE}


def test_a_stamp_that_is_an_annotation_is_drawn(documents: Documents) -> None:
    assert at(documents.render(makers.pdf_with_a_stamp(), PDF, 1, width=300), 0.5, 0.5) == RED


def test_chinese_text_whose_font_is_not_in_the_file_is_drawn(documents: Documents) -> None:
    content = makers.pdf_naming_a_chinese_font("行政处罚")
    image = documents.render(content, PDF, 1, width=300)
    assert image.rgb.count(0) > 100
    assert documents.text(content, PDF, 1).text == "行政处罚"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_each_character_has_its_box_where_it_is_drawn(documents: Documents, rotation: int) -> None:
    content = pdf_of(words("H H", 100, 300, 60), Rotate=rotation, CropBox=[50, 50, 280, 390])
    page = documents.text(content, PDF, 1)
    image = documents.render(content, PDF, 1, width=600)
    assert page.text == "H H"
    assert page.boxes[1] is None
    inked = [_ink(image, box) for box in page.boxes if box]
    assert sum(inked) == sum(_ink(image, (0, 0, 1, 1)) for _ in "x") > 0
    assert min(inked) > 0


def _ink(image: PageImage, box: tuple[float, float, float, float]) -> int:
    left, right = int(box[0] * image.width), -int(-box[2] * image.width)
    rows = range(int(box[1] * image.height), -int(-box[3] * image.height))
    dark = (image.rgb[3 * (y * image.width + x)] < 128 for y in rows for x in range(left, right))
    return sum(dark)


def test_lines_are_parted_and_text_beside_the_page_has_no_box(documents: Documents) -> None:
    content = pdf_of(words("one") + words("two", 30, 300) + words("beside", -200, 200))
    page = documents.text(content, PDF, 1)
    lines = page.text.split("\n")
    assert lines[:2] == ["one", "two"]
    assert len(page.boxes) == len(page.text)
    assert all(box is None for box, character in zip(page.boxes, page.text, strict=True) if character == "\n")


def test_a_page_without_text_has_none(documents: Documents) -> None:
    page = documents.text(pdf_of(fill(RED)), PDF, 1)
    assert (page.text, page.boxes) == ("", ())


def test_characters_beyond_the_first_plane_stay_whole(documents: Documents) -> None:
    page = documents.text(_with_meaning("A", 0x20BB7), PDF, 1)
    assert page.text == "\U00020bb7"
    assert page.boxes[0] is not None


def test_characters_that_mean_nothing_are_replaced(documents: Documents) -> None:
    for code in (0xD800, 0xFFFE, 0x01):
        assert documents.text(_with_meaning("A", code), PDF, 1).text in {"\ufffd", ""}


def _with_meaning(character: str, code: int) -> bytes:
    """A PDF whose one character is said to mean a code point, by a table in the file (ToUnicode)."""
    meaning = chr(code).encode("utf-16-be", "surrogatepass").hex()
    table = f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def
1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <{ord(character):02x}> <{meaning}> endbfchar
endcmap CMapName currentdict /CMap defineresource pop end end"""
    with pikepdf.open(io.BytesIO(pdf_of(words(character)))) as document:
        document.pages[0].Resources.Font.F1.ToUnicode = document.make_stream(table.encode())
        return makers.saved(document)
