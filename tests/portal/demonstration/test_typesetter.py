from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import typst

from portal.demonstration.source import load_cases

if TYPE_CHECKING:
    from portal.demonstration.typesetter import Typesetter

ON = date(2025, 4, 11)
PAGE = {
    "mark": "演示样本",
    "bureau": "石门市演示水务局",
    "title": "行政处罚决定书",
    "number": "石水罚字〔2025〕5号",
    "key": "k",
}


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_a_picture_that_is_not_there_is_an_error(typesetter: Typesetter) -> None:
    with pytest.raises(typst.TypstError):
        typesetter.pdf(PAGE | {"photos": [{"file": "missing.jpg", "caption": ""}]}, ON)


def test_nothing_in_the_data_is_markup(typesetter: Typesetter) -> None:
    line = '#panic("x") *粗* $y$ `z` <a> @b \\ = 标题 // 注'
    assert line in text_of(typesetter.pdf(PAGE | {"body": [line]}, ON)).replace("\r\n", "")


def test_the_same_data_gives_the_same_bytes(typesetter: Typesetter) -> None:
    page = PAGE | {"sign": [["承办人", "演示承办人甲", "2025年4月11日"]], "office": "某局", "seal": "石门市演示水务局"}
    assert typesetter.pdf(page, ON) == typesetter.pdf(page, ON)


def test_the_date_of_the_document_is_the_date_of_the_file(typesetter: Typesetter) -> None:
    assert b"20250411" in typesetter.pdf(PAGE, ON)
    assert typesetter.pdf(PAGE, ON) != typesetter.pdf(PAGE, date(2025, 4, 12))


def test_every_page_says_that_it_is_a_demonstration(typesetter: Typesetter) -> None:
    document = pypdfium2.PdfDocument(typesetter.pdf(PAGE | {"body": ["采砂" * 200] * 12}, ON))
    assert len(document) > 2
    assert all("演示样本" in page.get_textpage().get_text_range() for page in document)
    document.close()


def test_a_number_stands_in_the_text_as_a_reader_would_search_it(typesetter: Typesetter) -> None:
    assert "石水罚字〔2025〕5号" in text_of(typesetter.pdf(PAGE, ON))


def test_tables_stand_where_the_text_says(typesetter: Typesetter) -> None:
    page = PAGE | {"body": ["前文。", "【表】", "后文。"], "tables": [{"columns": ["名称"], "rows": [["河砂"]]}]}
    text = text_of(typesetter.pdf(page, ON))
    assert text.index("前文") < text.index("名称") < text.index("河砂") < text.index("后文")


def test_pages_become_pictures(typesetter: Typesetter) -> None:
    (image,) = typesetter.images(PAGE, 72)
    assert image.size == (595, 842)
    assert image.mode == "RGB"


def test_the_fonts_have_every_character_of_the_demonstration(typesetter: Typesetter) -> None:
    """In PDF/A mode typst refuses a character that the font lacks."""
    letters = sorted(set("".join(case.model_dump_json() for case in load_cases())) - set("\n\r"))
    page = PAGE | {"title": "", "body": ["甲" + "".join(letters)], "fields": [["".join(letters), "".join(letters)]]}
    typesetter._compiler.compile(
        str(typesetter.root / "document.typ"),
        format="pdf",
        sys_inputs={"page": json.dumps(page)},
        pdf_standards="a-2b",
        timestamp=0,
    )
