"""What runs in the parser process: probing, rendering, reading text; descriptors in, JSON and bytes out.

PDF by PDFium, images by Pillow, recordings by PyAV. Sizes are limited before pixels are made.
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import av
import pypdfium2
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import PAGED, PLAYING, detect

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIXELS = 60_000_000
MAX_PAGES = 20_000
POINTS_PER_INCH = 72
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
Answer = tuple[Any, list[bytes]]
IMAGE_ERRORS = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def probe(files: list[int]) -> Answer:
    """What a file is, how many pages or seconds it has, or what is wrong with it."""
    with _file(files) as file:
        if os.fstat(file.fileno()).st_size == 0:
            return _probed("application/x-empty", "bin", problem="文件是空的"), []
        media_type, extension = detect(file)
        file.seek(0)
        try:
            if media_type in PAGED:
                return _probed(media_type, extension, pages=_pages(file, media_type)), []
            if media_type in PLAYING:
                return _probed(media_type, extension, seconds=_seconds(file)), []
        except ParserRefusedError as error:
            return _probed(media_type, extension, problem=error.message), []
        return _probed(media_type, extension), []


def render(files: list[int], media_type: str, page: int, width: int | None, dpi: int | None) -> Answer:
    """One page as RGB pixels: [width, height] and the bytes, row by row."""
    with _file(files) as file:
        image = _pdf_page(file, page, width, dpi) if media_type == "application/pdf" else _image(file, page, width)
        return list(image.size), [image.tobytes()]


def text(files: list[int], media_type: str, page: int) -> Answer:
    """The text of a PDF page and a box for each character, as fractions of the page from its top left."""
    if media_type != "application/pdf":
        return {"text": "", "boxes": []}, []
    with _file(files) as file, _pdf(file) as document:
        sheet = document[page - 1]
        layer = sheet.get_textpage()
        words = layer.get_text_range()
        return {"text": words, "boxes": [_box(sheet, layer, n) for n in range(layer.count_chars())]}, []


def _probed(
    media_type: str, extension: str, pages: int | None = None, seconds: float | None = None, problem: str = ""
) -> dict[str, Any]:
    return {
        "media_type": media_type,
        "extension": extension,
        "pages": pages,
        "duration_seconds": seconds,
        "problem": problem,
    }


@contextmanager
def _file(files: list[int]) -> Iterator[BinaryIO]:
    with os.fdopen(os.dup(files[0]), "rb") as file:
        file.seek(0)
        yield file


@contextmanager
def _pdf(file: BinaryIO) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        said = "PDF 加了密码，无法读取" if "password" in str(error).lower() else "PDF 已损坏，无法读取"
        raise ParserRefusedError(said) from error
    try:
        yield document
    finally:
        document.close()


def _pages(file: BinaryIO, media_type: str) -> int:
    if media_type != "application/pdf":
        return _frames(file)
    with _pdf(file) as document:
        count = len(document)
        if not 0 < count <= MAX_PAGES:
            raise ParserRefusedError("PDF 没有页面，或页数超出限制")
        try:
            document[0].get_size()
        except pypdfium2.PdfiumError as error:
            raise ParserRefusedError("PDF 已损坏，无法读取") from error
        return count


def _frames(file: BinaryIO) -> int:
    try:
        with Image.open(file) as image:
            image.load()
            return getattr(image, "n_frames", 1)
    except IMAGE_ERRORS as error:
        raise ParserRefusedError("图像已损坏或过大，无法读取") from error


def _seconds(file: BinaryIO) -> float:
    try:
        with av.open(file) as container:
            if not container.streams.video and not container.streams.audio:
                raise ParserRefusedError("音像文件中没有画面和声音")
            return max(float(container.duration or 0) / av.time_base, 0.001)
    except (av.FFmpegError, ValueError) as error:
        raise ParserRefusedError("音像文件已损坏，无法读取") from error


def _pdf_page(file: BinaryIO, page: int, width: int | None, dpi: int | None) -> Image.Image:
    with _pdf(file) as document:
        try:
            sheet = document[page - 1]
            wide, high = sheet.get_size()
            scale = dpi / POINTS_PER_INCH if dpi else (width or 1400) / wide
            scale = min(scale, (MAX_PIXELS / max(wide * high, 1)) ** 0.5)
            return sheet.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
        except (pypdfium2.PdfiumError, IndexError, ZeroDivisionError) as error:
            raise ParserRefusedError("该页已损坏，无法显示") from error


def _image(file: BinaryIO, page: int, width: int | None) -> Image.Image:
    try:
        with Image.open(file) as opened:
            frame = next(frame for n, frame in enumerate(ImageSequence.Iterator(opened), start=1) if n == page)
            upright = ImageOps.exif_transpose(frame).convert("RGB")
            if width and upright.width != width:
                upright = upright.resize(
                    (width, max(1, round(upright.height * width / upright.width))), Image.Resampling.LANCZOS
                )
            clean = Image.new("RGB", upright.size)
            clean.paste(upright)
            return clean
    except (*IMAGE_ERRORS, StopIteration) as error:
        raise ParserRefusedError("图像已损坏或过大，无法显示") from error


def _box(sheet: pypdfium2.PdfPage, layer: pypdfium2.PdfTextPage, index: int) -> list[float]:
    wide, high = sheet.get_size()
    left, bottom, right, top = layer.get_charbox(index)
    return [round(left / wide, 5), round(1 - top / high, 5), round(right / wide, 5), round(1 - bottom / high, 5)]
