"""Images by Pillow: frames, sizes, pixels. Runs in a parser process.

What leaves is pixels alone: no EXIF, position, comment or colour profile of the file goes with them.
"""

from __future__ import annotations

import struct
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from archive_store.parsing import geometry
from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.wire import Answer, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("JPEG", "PNG", "TIFF")
CHECKED_FRAMES = 20
"""Frames that are decoded when a file is probed; beyond them only sizes are read."""
SIXTEEN_TO_EIGHT_BITS = 1 / 256
SIDEWAYS = range(5, 9)
ORIENTATION = 0x0112
MAX_DPI = 10_000
THUMB = (64, 64)
TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (TIFF 6.0, tag 274)."""
TOO_MANY = f"图像文件有 {{}} 页，超过每个文件 {geometry.MAX_PAGES} 页的上限。请分成几个文件。"
TOO_LARGE = f"图像超过 {geometry.MAX_IMAGE_PIXELS // 10_000} 万像素的上限，没有打开。请缩小后重新提供。"
BROKEN = "图像已损坏，无法读取。请核对后重新提供。"
Image.MAX_IMAGE_PIXELS = geometry.MAX_IMAGE_PIXELS


def inspect(file: BinaryIO) -> Answer:
    """Frames and their sizes on paper, for `Documents.probe`; the first frames are decoded to find damage."""
    with _opened(file) as image:
        count = _frames(image)
        problem = TOO_MANY.format(count) if count > geometry.MAX_PAGES else None
        sizes: list[Json] = []
        for number in range(min(count, geometry.MAX_PAGES)):
            _seek(image, number)
            sizes.append(list(geometry.image_points(_upright_size(image), _resolution(image))))
            if number < CHECKED_FRAMES:
                image.draft(None, THUMB)
                image.load()
        return Answer({"pages": count, "page_sizes": sizes, "problem": problem, "has_text_layer": False})


def render(file: BinaryIO, *, page: int, width: int | None, dpi: int | None, turn: int) -> Answer:
    """A frame as RGB pixels, upright as its EXIF orientation says, on white; never larger than the frame itself."""
    with _opened(file) as image:
        geometry.check_page(page, _frames(image))
        _seek(image, page - 1)
        own = _turned(_upright_size(image), turn)
        points = geometry.image_points(own, _resolution(image))
        size = geometry.pixel_size(points, width=width, dpi=dpi)
        if size[0] >= own[0]:
            size = geometry.pixel_size(own, width=own[0], dpi=None)
        image.draft(None, (max(size), max(size)))
        pixels = _pixels(image, _turned(size, turn))
        if turn:
            pixels = pixels.transpose(TURNS[turn])
        return Answer([pixels.width, pixels.height], [pixels.tobytes()])


def text(file: BinaryIO, *, page: int) -> Answer:
    """Nothing: an image has no text layer."""
    with _opened(file) as image:
        geometry.check_page(page, _frames(image))
    return Answer({"text": "", "boxes": []})


def _turned(size: tuple[int, int], turn: int) -> tuple[int, int]:
    return size[::-1] if turn in {90, 270} else size


def _pixels(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The upright frame in RGB at `size`, made small before it is made colourful: memory is what bombs go for."""
    orientation = _orientation(image)
    before = size[::-1] if orientation in SIDEWAYS else size
    image.load()
    pixels = _resizable(image)
    if pixels.size != before:
        pixels = pixels.resize(before, Image.Resampling.LANCZOS, reducing_gap=2.0)
    pixels = _on_white(pixels)
    return pixels.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else pixels


def _resizable(image: Image.Image) -> Image.Image:
    """The frame in a mode whose neighbouring pixels can be mixed."""
    if image.mode in {"L", "RGB", "RGBA"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return image.point(lambda value: value * SIXTEEN_TO_EIGHT_BITS).convert("L")
    if image.mode in {"1", "F"}:
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Image.Image]:
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=FORMATS) as image:
                yield image
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise ParserRefusedError(TOO_LARGE) from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise ParserRefusedError(BROKEN) from error


def _seek(image: Image.Image, number: int) -> None:
    """Go to a frame (from 0); Pillow measures only the first one."""
    image.seek(number)
    if image.width * image.height > geometry.MAX_IMAGE_PIXELS:
        raise ParserRefusedError(TOO_LARGE)


def _frames(image: Image.Image) -> int:
    """Frames that are pages: those of a TIFF. A photograph's embedded preview, say, is none."""
    return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation that is still to be obeyed; of a TIFF Pillow does it while loading."""
    if image.format == "TIFF":
        return 1
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1  # unreadable remarks do not make a photograph unreadable


def _upright_size(image: Image.Image) -> tuple[int, int]:
    return image.size[::-1] if _orientation(image) in SIDEWAYS else image.size


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    """Dots per inch as the file says, where it says something possible."""
    try:
        across, down = (float(side) for side in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < MAX_DPI and 0 < down < MAX_DPI else None
