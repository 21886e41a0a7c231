"""Text of files without pages: of every format what a reader would see, of hostile ones a refusal within the limits."""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

from archive_store.parsing import formats, words
from archive_store.parsing.errors import ParserCrashedError, ParserFailedError, ParserRefusedError
from tests.archive_store.parsing import office_makers as make
from tests.archive_store.parsing.makers import pdf_naming_a_chinese_font

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.parsing.documents import Documents, Words

MIB = 2**20
BOMB = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 99}">' for n in range(9)) + "]>"
OUTSIDE = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def table(*rows: list[object]) -> bytes:
    made, target = Workbook(), io.BytesIO()
    made.active.title = "台账"
    for row in rows:
        made.active.append(row)
    made.save(target)
    return target.getvalue()


def read(documents: Documents, content: bytes) -> Words:
    return documents.words(content, formats.detect(io.BytesIO(content)).media_type)


FILES: dict[str, tuple[str, bytes]] = {
    "docx": ("docx", make.docx("询问笔录", "当事人擅自采砂")),
    "xlsx": ("xlsx", table(["当事人", "张演示", 12], ["擅自采砂", 3.5])),
    "pptx": ("pptx", make.pptx("第一张", "擅自采砂")),
    "ofd": ("ofd", make.ofd("公文", "擅自采砂")),
    "odt": ("odt", make.odt("前<text:span>擅自</text:span>采砂后")),
    "doc": ("doc", make.doc("询问笔录\r当事人擅自采砂\r")),
    "xls": ("xls", make.xls("当事人", "擅自采砂")),
    "ppt": ("ppt", make.ppt("第一张", "擅自采砂")),
    "rtf": ("rtf", rb"{\rtf1\ansi\ansicpg936 \'c9\'c3\'d7\'d4\'b2\'c9\'c9\'b0\par}"),
    "html": ("html", "<html><head><title>x</title></head><p>擅自<b>采砂</b></p><script>隐藏</script></html>".encode()),
    "text in GB18030": ("txt", "当事人擅自采砂\r\n".encode("gb18030")),
    "text in UTF-16": ("txt", "当事人擅自采砂".encode("utf-16")),
    "xml": ("xml", "<?xml version='1.0'?><a>擅自采砂</a>".encode()),
    "mail": ("eml", make.mail("关于采砂", "当事人擅自采砂")),
    "mail with html": ("eml", make.mail("关于采砂", "见下", html="<p>擅自采砂</p>")),
    "mail with a document": ("eml", make.mail("附件", "见附件", ("笔录.docx", make.docx("当事人擅自采砂")))),
    "mail with a PDF": ("eml", make.mail("附件", "见附件", ("笔录.pdf", pdf_naming_a_chinese_font("擅自采砂")))),
    "mail with a ZIP": ("eml", make.mail("附件", "见附件", ("a.zip", make.zipped(("a.docx", make.docx("擅自采砂")))))),
}


@pytest.mark.parametrize("name", FILES)
def test_the_words_of_every_format_are_found(documents: Documents, name: str) -> None:
    extension, content = FILES[name]
    assert formats.detect(io.BytesIO(content)).extension == extension
    found = read(documents, content)
    assert "擅自采砂" in "".join(found.parts)
    assert not found.cut
    assert "隐藏" not in "".join(found.parts)


def test_rows_of_a_workbook_keep_their_cells_together(documents: Documents) -> None:
    assert "张演示 12" in read(documents, FILES["xlsx"][1]).parts[0]


def test_of_a_field_the_result_is_found_and_not_the_instruction(documents: Documents) -> None:
    (part,) = read(documents, make.doc("见\x13 HYPERLINK x \x14第三页\x15为准")).parts
    assert part == "见第三页为准"


def test_slides_and_pages_come_in_the_order_of_their_numbers(documents: Documents) -> None:
    found = "".join(read(documents, make.pptx(*(f"第{n}张" for n in range(1, 13)))).parts)
    assert found.index("第2张") < found.index("第10张")


def test_a_long_text_comes_in_parts_of_about_a_page_and_is_cut_where_nobody_could_have_written_it(
    documents: Documents,
) -> None:
    lines = [f"第{n}行" + "水" * 90 for n in range(100)]
    found = read(documents, "\n".join(lines).encode())
    assert len(found.parts) > 4
    assert "".join(found.parts).replace("\n", "") == "".join(lines)
    endless = read(documents, ("水" * 3_000_000).encode())
    assert endless.cut
    assert sum(map(len, endless.parts)) <= words.MAX_CHARACTERS


def test_attachments_within_attachments_are_read_to_a_depth_and_no_further(documents: Documents) -> None:
    assert "inmost words" in "".join(read(documents, make.nested_mail(2, "inmost words")).parts)
    found = read(documents, make.nested_mail(30, "inmost words"))
    assert "level 29" in found.parts[0]
    assert "inmost words" not in "".join(found.parts)


def test_packages_within_mail_give_names_and_words_as_far_as_they_can_be_read(documents: Documents) -> None:
    page = b"<!DOCTYPE html><html><p>words of a page</p></html>"
    inner = make.zipped(("c.txt", b"words within a package within a package"))
    whole = make.zipped(("笔录.txt", "GBK: 采砂".encode("gbk")), ("a.html", page), ("b.zip", inner), ("sub/", b""))
    found = "".join(read(documents, make.mail("附件", "见附件", ("附件.zip", whole))).parts)
    for words_of in ("笔录.txt", "采砂", "words of a page", "b.zip", "c.txt", "within a package within"):
        assert words_of in found
    in_utf8 = make.package(询问_DOT_txt="x")
    assert "询问.txt" in "".join(read(documents, make.mail("附件", "见附件", ("附件.zip", in_utf8))).parts)


HARM: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda made: made[:-30],
    "locked": lambda made: make.flagged(made, 1),
    "a changed byte": lambda made: made[:45] + bytes([made[45] ^ 0xFF]) + made[46:],
}


@pytest.mark.parametrize("harm", [*HARM, "a bomb"])
def test_a_package_in_a_mail_that_cannot_be_read_leaves_the_rest_of_the_mail(documents: Documents, harm: str) -> None:
    made = make.zipped(("a.txt", b"words inside " * 9))
    assert "words inside" in "".join(read(documents, make.mail("a", "b", ("x.zip", made))).parts)
    bomb = make.zipped(("a.txt", b"words inside " * 4 * MIB))
    broken = HARM[harm](made) if harm in HARM else bomb
    found = "".join(read(documents, make.mail("附件", "见附件", ("x.zip", broken), ("b.txt", b"words after it"))).parts)
    assert "x.zip" in found
    assert "words after it" in found
    assert "words inside" not in found


def bomb_of_zeros() -> bytes:
    return make.docx("x" * (600 * MIB // 8))  # squeezed to less than a thousandth


def package_that_lies() -> bytes:
    """Its directory says that the part is ten bytes long."""
    content = bytearray(make.docx("水" * 200_000))
    at = content.rindex(b"PK\1\2")
    struct.pack_into("<I", content, at + 24, 10)
    return bytes(content)


def loop_of_sectors() -> bytes:
    """The chain of the document's sectors leads back to its beginning."""
    content = bytearray(make.doc("水" * 4000))
    table_at = 512
    for sector in range(3, 9):
        struct.pack_into("<I", content, table_at + 4 * sector, 3)
    return bytes(content)


HOSTILE: dict[str, bytes] = {
    "a bomb of entities": make.docx("&e8;", declaration=BOMB),
    "an entity from outside": make.docx("&e;", declaration=OUTSIDE),
    "an entity from outside in xml": f"<?xml version='1.0'?>{OUTSIDE}<a>&e;</a>".encode(),
    "a package that lies about a size": package_that_lies(),
    "a document cut off": FILES["docx"][1][:-60],
    "an old document cut off": FILES["doc"][1][:1800],
    "a chain of sectors without end": loop_of_sectors(),
    "a locked document": make.doc("x" * 4000, flags=0x0300),
    "no xml at all": make.package(word__document_DOT_xml=b"\xff\xfe\x00" * 99),
    "a table of pieces that points anywhere": make.doc("x")[:0x400] + b"\xff" * 8000,
}

READ_AS_THEY_ARE = {"a table of pieces that points anywhere", "a chain of sectors without end"}
"""Nothing tells these from proper ones but their words."""


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_refused_in_words(documents: Documents, name: str) -> None:
    content = HOSTILE[name]
    if name not in READ_AS_THEY_ARE:
        with pytest.raises((ParserRefusedError, ParserFailedError)) as refusal:
            read(documents, content)
        assert refusal.value.message
        return
    with suppress(ParserRefusedError):
        assert sum(map(len, read(documents, content).parts)) < MIB


def test_what_unpacks_without_measure_is_refused(documents: Documents) -> None:
    with pytest.raises(ParserRefusedError, match="过大"):
        documents.words(bomb_of_zeros(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document")


@pytest.mark.parametrize(
    "content",
    [
        b"<html>" + b"<div>" * 400_000,
        b"<?xml version='1.0'?>" + b"<a>" * 400_000 + b"</a>" * 400_000,
        rb"{\rtf1 " + b"{" * 200_000,
        b"From: a\r\nSubject: b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\n" * 50_000,
    ],
    ids=["html", "xml", "rtf", "mail"],
)
def test_what_nests_without_end_ends_within_the_limits(documents: Documents, content: bytes) -> None:
    """It is read, refused, or its process is lost; the next call is answered."""
    with suppress(ParserRefusedError, ParserFailedError):
        documents.words(content, formats.detect(io.BytesIO(content)).media_type)
    assert read(documents, FILES["docx"][1]).parts


def test_an_answer_of_another_shape_is_no_answer() -> None:
    from archive_store.parsing.documents import Documents as Asked  # noqa: PLC0415 - beside the fixture's name
    from tests.archive_store.parsing.test_documents import LyingPool  # noqa: PLC0415

    for lie in (None, {"parts": [1], "cut": False}, {"parts": ["x" * 20_000], "cut": False}):
        with pytest.raises(ParserCrashedError):
            Asked(LyingPool(lie)).words(b"x", "text/plain")


def test_a_zip_that_is_no_document_has_no_words(documents: Documents) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a.txt", "x")
    with pytest.raises(ParserRefusedError):
        documents.words(target.getvalue(), "application/zip")
