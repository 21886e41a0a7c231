"""PDF by PDFium: page sizes, pixels, text. Runs in a parser process, one call at a time: PDFium bears no threads."""

from __future__ import annotations

import ctypes
import sysconfig
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pypdfium2
from pypdfium2 import raw

from archive_store.parsing import geometry
from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import LOCKED
from archive_store.parsing.wire import Answer, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive_store.parsing.geometry import Box

TEXT_SAMPLE_PAGES = 20
MAX_CHARACTERS = 100_000
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CHANNELS = 3
MAX_POINTS = 1_000_000.0
FONT_FOLDERS = (
    Path(sysconfig.get_path("purelib")) / "pylopdf_fonts_zh_cn",
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
)
PROBLEMS = {
    raw.FPDF_ERR_PASSWORD: LOCKED,
    raw.FPDF_ERR_SECURITY: "PDF 采用了不支持的加密方式，无法读取。请提供未加密的文件。",
}
BROKEN = "PDF 已损坏，无法读取。请核对后重新提供。"


def inspect(file: BinaryIO) -> Answer:
    """Pages, sizes, and whether there is text, for `Documents.probe`."""
    with _opened(file) as document:
        count = len(document)
        sizes = [document.get_page_size(number) for number in range(min(count, geometry.MAX_PAGES))]
        problem = _problem(count, sizes)
        sampled = range(min(len(sizes), TEXT_SAMPLE_PAGES))
        has_text = problem is None and any(_has_text(document, number) for number in sampled)
        points: list[Json] = [list(size) for size in sizes]
        return Answer({"pages": count, "page_sizes": points, "problem": problem, "has_text_layer": has_text})


def render(file: BinaryIO, *, page: int, width: int | None, dpi: int | None, turn: int) -> Answer:
    """A page as RGB pixels with annotations (stamps and signatures are such), on white."""
    with _opened(file) as document, _page(document, page) as sheet:
        points = geometry.turned(_sensible(sheet.get_size()), turn)
        size = geometry.pixel_size(points, width=width, dpi=dpi)
        pixels = (ctypes.c_ubyte * (CHANNELS * size[0] * size[1]))()
        ctypes.memset(pixels, 0xFF, len(pixels))
        bitmap = raw.FPDFBitmap_CreateEx(*size, raw.FPDFBitmap_BGR, pixels, CHANNELS * size[0])
        if not bitmap:
            raise MemoryError
        try:
            flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
            raw.FPDF_RenderPageBitmap(bitmap, sheet, 0, 0, *size, turn // geometry.QUARTER, flags)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return Answer(list(size), [memoryview(pixels).cast("B")])


def text(file: BinaryIO, *, page: int) -> Answer:
    """The characters of a page in PDFium's reading order, a box for each that is drawn."""
    with _opened(file) as document, _page(document, page) as sheet, closing(sheet.get_textpage()) as layer:
        place, handle = _Placing(sheet), layer.raw
        characters: list[str] = []
        boxes: list[Json] = []
        for index in range(min(layer.count_chars(), MAX_CHARACTERS)):
            character = _character(handle, index)
            if character:
                box = None if character.isspace() else place.box(handle, index)
                characters.append(character)
                boxes.append(list(box) if box else None)
        return Answer({"text": "".join(characters), "boxes": boxes})


def lines(file: BinaryIO) -> Iterator[str]:
    """The lines of the text layer, page by page, without their places."""
    with _opened(file) as document:
        for number in range(1, min(len(document), geometry.MAX_PAGES) + 1):
            with _page(document, number) as sheet, closing(sheet.get_textpage()) as layer:
                count = min(layer.count_chars(), MAX_CHARACTERS)
                yield from "".join(_character(layer.raw, index) for index in range(count)).splitlines()


class _Placing:
    """Turns PDFium's page coordinates (points, origin bottom left, before the page's own rotation) into fractions."""

    def __init__(self, sheet: pypdfium2.PdfPage) -> None:
        edges = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(sheet, edges)
        self._left, self._top = edges.left, edges.top
        self._wide = max(edges.right - edges.left, geometry.SHORTEST_SIDE)
        self._high = max(edges.top - edges.bottom, geometry.SHORTEST_SIDE)
        self._turn = sheet.get_rotation()
        self._edges = raw.FS_RECTF()

    def box(self, layer: raw.FPDF_TEXTPAGE, index: int) -> Box | None:
        """The box of a character, as high as its line; nothing where it lies beside the page."""
        edges = self._edges
        if not raw.FPDFText_GetLooseCharBox(layer, index, edges):
            return None
        upright = (
            (edges.left - self._left) / self._wide,
            (self._top - edges.top) / self._high,
            (edges.right - self._left) / self._wide,
            (self._top - edges.bottom) / self._high,
        )
        return geometry.visible_box(geometry.turn_box(upright, self._turn))


def _character(layer: raw.FPDF_TEXTPAGE, index: int) -> str:
    """One character; empty for what stands for none: half a surrogate pair, a hyphen at a line's end, a return."""
    code = raw.FPDFText_GetUnicode(layer, index)
    if 0xD800 <= code < 0xDC00:  # noqa: PLR2004 - first half of a pair
        low = raw.FPDFText_GetUnicode(layer, index + 1)
        return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)) if 0xDC00 <= low < 0xE000 else REPLACEMENT  # noqa: PLR2004
    if 0xDC00 <= code < 0xE000 or code == ord("\r") or raw.FPDFText_IsHyphen(layer, index) == 1:  # noqa: PLR2004
        return ""
    character = chr(code) if code <= 0x10FFFF else REPLACEMENT  # noqa: PLR2004 - the end of Unicode
    return character if character in "\n\t" or (code >= ord(" ") and code & 0xFFFE != 0xFFFE) else REPLACEMENT  # noqa: PLR2004


@contextmanager
def _opened(file: BinaryIO) -> Iterator[pypdfium2.PdfDocument]:
    _bring_fonts()
    file.seek(0)
    try:
        with closing(pypdfium2.PdfDocument(file)) as document:
            yield document
    except pypdfium2.PdfiumError as error:
        raise ParserRefusedError(PROBLEMS.get(error.err_code, BROKEN)) from error


@contextmanager
def _page(document: pypdfium2.PdfDocument, page: int) -> Iterator[pypdfium2.PdfPage]:
    geometry.check_page(page, len(document))
    try:
        sheet = document[page - 1]
    except pypdfium2.PdfiumError as error:
        raise ParserRefusedError(f"PDF 的第 {page} 页已损坏，无法显示。") from error
    with closing(sheet):
        yield sheet


def _problem(count: int, sizes: list[tuple[float, float]]) -> str | None:
    if count > geometry.MAX_PAGES:
        return f"PDF 有 {count} 页，超过每个文件 {geometry.MAX_PAGES} 页的上限。请分成几个文件。"
    if any(size == (0, 0) for size in sizes):
        return BROKEN
    numbered = enumerate(sizes, start=1)
    return next((problem for number, size in numbered if (problem := geometry.size_problem(number, size))), None)


def _sensible(size: tuple[float, float]) -> tuple[float, float]:
    """A size that can be drawn, of whatever a file says: nothing, less than nothing, no number."""
    wide, high = (max(geometry.SHORTEST_SIDE, side) for side in size)
    return min(wide, MAX_POINTS), min(high, MAX_POINTS)


def _has_text(document: pypdfium2.PdfDocument, number: int) -> bool:
    with _page(document, number + 1) as sheet, closing(sheet.get_textpage()) as layer:
        return bool(layer.get_text_range(0, min(layer.count_chars(), MAX_CHARACTERS)).strip())


@cache
def _bring_fonts() -> tuple[object, ...]:
    """Give PDFium Chinese fonts of our own, once; returns what it keeps pointing to.

    Many PDFs only name 宋体 or 仿宋. Without a font that has the characters PDFium leaves them out silently.
    """
    names = [ctypes.create_string_buffer(str(folder).encode()) for folder in FONT_FOLDERS if folder.is_dir()]
    kind = ctypes.POINTER(ctypes.c_char)
    folders = (kind * (len(names) + 1))(*(ctypes.cast(name, kind) for name in names))
    config = raw.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=folders, m_pIsolate=None, m_v8EmbedderSlot=0)
    raw.FPDF_DestroyLibrary()
    raw.FPDF_InitLibraryWithConfig(config)
    return names, folders, config
