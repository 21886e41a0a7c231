from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pylopdf_fonts_zh_cn
import pytest
from PIL import Image, ImageDraw, ImageFont

from archive_store.parsing import ocr
from tests.services import need_program

if TYPE_CHECKING:
    from archive_store.parsing.documents import Documents, RecognisedText

FONT = Path(str(pylopdf_fonts_zh_cn.__file__)).parent / "NotoSansSC-Regular.otf"
LINES = (
    "行政处罚决定书",
    "石水罚字〔2025〕12号",
    "当事人演示甲在河道内未经许可采砂",
    "违反水法第三十九条的规定",
    "现责令停止违法行为并处罚款",
    "如不服本决定可申请行政复议",
)


def page(turn: int = 0) -> bytes:
    """A scanned page of a few lines, turned clockwise."""
    picture = Image.new("RGB", (1100, 1000), "white")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(LINES):
        draw.text((80, 80 + 130 * number), line, font=ImageFont.truetype(str(FONT), 52), fill="black")
    out = io.BytesIO()
    picture.rotate(-turn, expand=True).save(out, "PNG", dpi=(200, 200))
    return out.getvalue()


def unspaced(text: str) -> str:
    return re.sub(r"\s|[〔〕\[\]()（）]", "", text)


@pytest.fixture(scope="module")
def upright(documents: Documents) -> RecognisedText:
    return documents.ocr(page(), "image/png", 1)


def test_the_words_of_a_scan_are_found(upright: RecognisedText) -> None:
    assert [unspaced(line) for line in upright.text.split("\n") if line] == [unspaced(line) for line in LINES]
    assert upright.confidence > 0.9
    assert upright.turn == 0


def test_each_recognised_character_has_a_box_in_its_line(upright: RecognisedText) -> None:
    assert len(upright.text) == len(upright.boxes)
    first = [box for box, character in zip(upright.boxes, LINES[0], strict=False) if box]
    assert len(first) == len(LINES[0])
    assert [box[0] for box in first] == sorted(box[0] for box in first)
    for x0, y0, x1, y1 in first:
        assert 0.06 < x0 < x1 < 0.45
        assert 0.06 < y0 < y1 < 0.16


def test_a_page_that_lies_on_its_side_is_read_and_its_boxes_lie_where_it_shows_them(documents: Documents) -> None:
    need_program("tesseract", "tesseract-ocr tesseract-ocr-osd")
    found = documents.ocr(page(90), "image/png", 1)
    assert found.turn == 270
    assert unspaced(found.text) == unspaced("".join(LINES))
    box = found.boxes[0]
    assert box
    assert 0.84 < box[0] < box[2] < 0.94
    assert 0.06 < box[1] < box[3] < 0.14


def test_an_empty_page_has_no_text(documents: Documents) -> None:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "PNG")
    found = documents.ocr(out.getvalue(), "image/png", 1)
    assert (found.text, found.boxes, found.confidence) == ("", (), 0.0)


@pytest.mark.parametrize(
    ("report", "turn"),
    [
        ("Rotate: 90\nOrientation confidence: 8.20\n", 90),
        ("Rotate: 90\nOrientation confidence: 0.30\n", 0),
        ("Rotate: 0\nOrientation confidence: 9.00\n", 0),
        ("Rotate: 45\nOrientation confidence: 9.00\n", 0),
        ("Too few characters. Skipping this page\n", 0),
        ("", 0),
    ],
)
def test_a_page_is_turned_only_where_tesseract_is_sure(report: str, turn: int) -> None:
    assert ocr.turn_said(report) == turn


def test_characters_without_boxes_of_their_own_share_the_line() -> None:
    boxes = ocr.boxes_of_line("甲 乙", (0.0, 10.0, 30.0, 20.0), ())
    assert boxes == ((0.0, 10.0, 10.0, 20.0), None, (20.0, 10.0, 30.0, 20.0))


def test_boxes_of_words_go_to_their_characters_and_spaces_get_none() -> None:
    square = [[0, 0], [5, 0], [5, 5], [0, 5]]
    other = [[6, 0], [9, 1], [9, 5], [6, 5]]
    boxes = ocr.boxes_of_line("甲 乙丙", (0, 0, 10, 10), [("甲", 1.0, square), ("乙", 1.0, other)])
    assert boxes == ((0.0, 0.0, 5.0, 5.0), None, (6.0, 0.0, 9.0, 5.0), None)
