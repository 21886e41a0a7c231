from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

from portal.demonstration import office


def document_of(docx: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        assert package.namelist()[0] == "[Content_Types].xml"
        return package.read("word/document.xml").decode()


def test_a_docx_holds_its_lines_as_text_and_not_as_markup() -> None:
    root = ET.fromstring(document_of(office.docx("标题", ["<w:b/> & 第一行", "第二行"])))  # noqa: S314 - our own bytes
    texts = [node.text for node in root.iter() if node.tag.endswith("}t")]
    assert texts == ["标题", "<w:b/> & 第一行", "第二行"]


def test_a_docx_is_the_same_every_time() -> None:
    assert office.docx("标题", ["行"]) == office.docx("标题", ["行"])


def test_a_text_file_is_utf8_with_windows_line_ends() -> None:
    assert office.plain_text("标题", ["行"]).decode("utf-8") == "标题\r\n\r\n行\r\n"
