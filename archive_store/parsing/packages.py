"""The words of documents that are ZIP packages of XML: Office Open XML, OpenDocument, OFD (GB/T 33190).

Runs in a parser process. Only the parts that hold what a reader sees are unpacked, each measured as it unpacks.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, BinaryIO
from xml.etree import ElementTree as ET

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.zipped import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PARTS = 20_000
MAX_UNPACKED_BYTES = 256 * 2**20
TOO_LARGE = "文件展开后过大，没有提取其中的文字。文件本身完好。"
BROKEN = "文件内容已损坏，或者与格式不符，不能提取其中的文字。"

SHARED = "xl/sharedStrings.xml"
READERS: dict[str, tuple[str, frozenset[str], frozenset[str]]] = {
    "docx": (
        r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml",
        frozenset({"t"}),
        frozenset({"p"}),
    ),
    "xlsx": (r"xl/(worksheets/sheet\d+|comments\d*)\.xml", frozenset({"t"}), frozenset({"row", "comment"})),
    "pptx": (r"ppt/(slides/slide\d+|notesSlides/notesSlide\d+)\.xml", frozenset({"t"}), frozenset({"p"})),
    "ofd": (r"(.*/)?(Pages|Tpls)/[^/]+/Content\.xml", frozenset({"TextCode"}), frozenset({"TextObject"})),
    **dict.fromkeys(("odt", "ods", "odp"), (r"content\.xml", frozenset(), frozenset({"p", "h"}))),
}
"""By extension: which parts are read, elements whose text counts, and elements after which a paragraph ends."""


def paragraphs(file: BinaryIO, extension: str) -> Iterator[str]:
    """The paragraphs of a package, part by part in the order of their numbers.

    Raises:
        ParserRefusedError: it cannot be read, or unpacks to too much.
    """
    wanted, worded, ending = READERS[extension]
    try:
        with zipfile.ZipFile(file) as archive:
            package = _Package(archive)
            shared = [*_shared(package.content(SHARED))] if extension == "xlsx" and SHARED in package.parts else []
            for name in sorted(package.parts, key=_numbers):
                if re.fullmatch(wanted, name):
                    content = package.content(name)
                    yield from _of_part(content, worded, ending, shared) if worded else _mixed(content, ending)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ET.ParseError) as error:
        raise ParserRefusedError(BROKEN) from error


class _Package:
    """The parts of a package by name, and how much more may be unpacked of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.parts = {part.filename: part for part in archive.infolist()}
        if len(self.parts) > MAX_PARTS:
            raise ParserRefusedError(TOO_LARGE)
        self._archive, self._left = archive, MAX_UNPACKED_BYTES

    def content(self, name: str) -> bytes:
        pieces = chunks(self._archive, self.parts[name], self._left, too_large=TOO_LARGE, broken=BROKEN)
        content = b"".join(pieces)
        self._left -= len(content)
        return content


def _ends(content: bytes) -> Iterator[tuple[str, ET.Element]]:
    """Elements as they end, by their local names; what was given is let go."""
    for _, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 - no declarations, so no entities
        yield element.tag.rpartition("}")[2], element
        element.clear()


def _mixed(content: bytes, ending: frozenset[str]) -> Iterator[str]:
    """Paragraphs of OpenDocument, whose words stand between and within spans."""
    for _, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 - no declarations, so no entities
        if element.tag.rpartition("}")[2] in ending:
            yield "".join(element.itertext())
            element.clear()


def _shared(content: bytes) -> Iterator[str]:
    """The strings that cells of a workbook name by number."""
    line: list[str] = []
    for name, element in _ends(content):
        if name == "t":
            line.append(element.text or "")
        elif name == "si":
            yield "".join(line)
            line = []


def _of_part(content: bytes, worded: frozenset[str], ending: frozenset[str], shared: list[str]) -> Iterator[str]:
    line: list[str] = []
    value = ""
    for name, element in _ends(content):
        if name in worded:
            line.append(element.text or "")
        if name == "v":
            value = element.text or ""
        elif name == "c":  # a cell ends
            kind = element.get("t")
            known = shared[int(value)] if kind == "s" and value.isdecimal() and int(value) < len(shared) else ""
            line += [known if kind == "s" else value, " "]
            value = ""
        if name in ending:
            yield "".join(line)
            line = []
    yield "".join(line)


def _numbers(name: str) -> list[tuple[int, str]]:
    """Numbers in a name as numbers, so that slide10 comes after slide2."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d{1,9})", name)]
