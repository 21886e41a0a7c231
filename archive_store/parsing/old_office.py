"""The words of old binary Office files and those of WPS, which are the same: .doc, .xls, .ppt ([MS-DOC], [MS-PPT]).

Runs in a parser process. `olefile` and `xlrd` read the container and the tables; macros are never looked at.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import olefile  # type: ignore[import-untyped]
import xlrd  # type: ignore[import-untyped]

from archive_store.parsing.errors import ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN = "文件内容已损坏，或者与格式不符，不能提取其中的文字。请用办公软件另存为新格式或 PDF。"
LOCKED = "文件设有打开密码，不能提取其中的文字。"
MAX_STREAM_BYTES = 64 * 2**20
READERS = frozenset({"doc", "xls", "ppt"})

_FLAGS_AT, _ENCRYPTED, _TABLE_1 = 0x0A, 0x0100, 0x0200
_CLX_AT = 0x01A2
"""Place of fcClx and lcbClx in the head of a document ([MS-DOC] 2.5.6)."""
_PIECES = 0x02
_PROPERTIES = 0x01
_COMPRESSED = 0x40000000
FIELD_BEGINS, FIELD_RESULT, FIELD_ENDS = "\x13", "\x14", "\x15"
_TEXT_CHARS, _TEXT_BYTES, _CSTRING = 0x0FA0, 0x0FA8, 0x0FBA
_CONTAINER = 0xF


def paragraphs(file: BinaryIO, extension: str) -> Iterator[str]:
    """The paragraphs of a file of one of the three kinds.

    Raises:
        ParserRefusedError: it cannot be read, or is locked.
    """
    ways = {"doc": _of_word, "ppt": _of_slides, "xls": _of_sheets}
    try:
        yield from ways[extension](file)
    except (OSError, ValueError, KeyError, IndexError, struct.error, xlrd.XLRDError, AssertionError) as error:
        raise ParserRefusedError(BROKEN) from error


def _stream(file: BinaryIO, name: str) -> bytes:
    with olefile.OleFileIO(file) as container:
        if container.get_size(name) > MAX_STREAM_BYTES:
            raise ParserRefusedError(BROKEN)
        content: bytes = container.openstream(name).read(MAX_STREAM_BYTES)
        return content


def _of_word(file: BinaryIO) -> Iterator[str]:
    """Text by the table of pieces ([MS-DOC] 2.4.1, 2.8.35)."""
    document = _stream(file, "WordDocument")
    (flags,) = struct.unpack_from("<H", document, _FLAGS_AT)
    if flags & _ENCRYPTED:
        raise ParserRefusedError(LOCKED)
    table = _stream(file, "1Table" if flags & _TABLE_1 else "0Table")
    place, length = struct.unpack_from("<II", document, _CLX_AT)
    text = "".join(_pieces(document, table[place : place + length]))
    for mark in "\x07\x0b\x0c\x0d\x1e\x1f":
        text = text.replace(mark, "\n")
    yield from _without_fields(text).splitlines()


def _pieces(document: bytes, clx: bytes) -> Iterator[str]:
    at = 0
    while clx[at] == _PROPERTIES:
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    if clx[at] != _PIECES:
        raise ValueError("no table of pieces")
    size = int.from_bytes(clx[at + 1 : at + 5], "little")
    found = clx[at + 5 : at + 5 + size]
    count = (len(found) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", found)
    for n in range(count):
        (place,) = struct.unpack_from("<I", found, 4 * (count + 1) + 8 * n + 2)
        length = ends[n + 1] - ends[n]
        if place & _COMPRESSED:
            start = (place & ~_COMPRESSED) // 2
            yield document[start : start + length].decode("cp1252", "replace")
        else:
            yield document[place : place + 2 * length].decode("utf-16-le", "replace")


def _without_fields(text: str) -> str:
    r"""Of a field only its result is what a reader sees: \x13 instruction \x14 result \x15."""
    kept: list[str] = []
    hiding: list[bool] = []
    for character in text:
        if character == FIELD_BEGINS:
            hiding.append(True)
        elif character in {FIELD_RESULT, FIELD_ENDS}:
            if hiding:
                hiding.pop()
            if character == FIELD_RESULT:
                hiding.append(False)
        elif not any(hiding) and (character >= " " or character in "\n\t"):
            kept.append(character)
    return "".join(kept)


def _of_slides(file: BinaryIO) -> Iterator[str]:
    """Text atoms in the order in which they stand ([MS-PPT] 2.9.41)."""
    content = _stream(file, "PowerPoint Document")
    at = 0
    while at + 8 <= len(content):
        head, kind, length = struct.unpack_from("<HHI", content, at)
        at += 8
        if head & 0xF == _CONTAINER:
            continue
        piece = content[at : at + length]
        if kind in {_TEXT_CHARS, _CSTRING}:
            yield from piece.decode("utf-16-le", "replace").replace("\r", "\n").replace("\x0b", "\n").splitlines()
        elif kind == _TEXT_BYTES:
            yield from piece.decode("latin-1").replace("\r", "\n").splitlines()
        at += length


def _of_sheets(file: BinaryIO) -> Iterator[str]:
    book = xlrd.open_workbook(file_contents=file.read(), on_demand=True, formatting_info=False)
    for sheet in book.sheets():
        yield sheet.name
        for number in range(sheet.nrows):
            cells = (str(cell.value).strip() for cell in sheet.row(number) if cell.ctype)
            yield " ".join(cell.removesuffix(".0") for cell in cells if cell)
