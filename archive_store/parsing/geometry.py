"""Sizes of pages and pixels, and boxes on turned pages: pure arithmetic.

A point is 1/72 inch. Boxes are (x0, y0, x1, y1) as fractions 0..1 of the page, from its top left. Turns are degrees
clockwise: 0, 90, 180 or 270.
"""

from __future__ import annotations

from typing import TypeAlias

from archive_store.parsing.errors import ParserRefusedError

Box: TypeAlias = tuple[float, float, float, float]

POINTS_PER_INCH = 72
MAX_PIXELS = 40_000_000
"""Pixels of a rendered page at most; a larger wish is scaled down."""
MAX_IMAGE_PIXELS = 120_000_000
"""Pixels of an image that is opened at most: an A0 drawing at 275 dpi, or a 108 megapixel photograph."""
MAX_PAGES = 5_000
SHORTEST_SIDE, LONGEST_SIDE = 3.0, 14_400.0
"""Points of a side of a page; the upper one is the limit of ISO 32000-1, Annex C."""
DEFAULT_DPI = 150
A4 = (595.0, 842.0)
SCANNER_DPI = range(100, 2401)
"""Resolutions that a scanner writes; 72 and 96 are written by cameras and drawing programs and mean nothing."""
FULL_TURN, QUARTER = 360, 90


def pixel_size(points: tuple[float, float], *, width: int | None, dpi: int | None) -> tuple[int, int]:
    """The pixels of a page of `points` that is to be `width` pixels wide, or at `dpi`; never above `MAX_PIXELS`."""
    wide, high = points
    scale = width / wide if width else (dpi or DEFAULT_DPI) / POINTS_PER_INCH
    scale = min(scale, (MAX_PIXELS / (wide * high)) ** 0.5, MAX_PIXELS / max(points))
    return max(1, round(wide * scale)), max(1, round(high * scale))


def size_problem(number: int, points: tuple[float, float]) -> str | None:
    """What is wrong with the size of page `number`, or nothing."""
    if min(points) >= SHORTEST_SIDE and max(points) <= LONGEST_SIDE:
        return None
    millimetres = " × ".join(f"{side / POINTS_PER_INCH * 25.4:.0f}" for side in points)
    return f"第 {number} 页的尺寸（{millimetres} 毫米）超出可以显示的范围，显示时会缩小。请核对原文件。"


def image_points(pixels: tuple[int, int], dpi: tuple[float, float] | None) -> tuple[float, float]:
    """The size of an image on paper: by a scanner's resolution, else fitted on A4."""
    if dpi and all(round(side) in SCANNER_DPI for side in dpi):
        return pixels[0] / dpi[0] * POINTS_PER_INCH, pixels[1] / dpi[1] * POINTS_PER_INCH
    sheet = A4 if pixels[1] >= pixels[0] else A4[::-1]
    scale = min(sheet[0] / pixels[0], sheet[1] / pixels[1])
    return pixels[0] * scale, pixels[1] * scale


def turned(size: tuple[float, float], turn: int) -> tuple[float, float]:
    """The size of a page after a turn."""
    return (size[1], size[0]) if turn % (2 * QUARTER) else size


def turn_box(box: Box, turn: int) -> Box:
    """Where a box lies when the page is turned clockwise."""
    for _ in range(turn % FULL_TURN // QUARTER):
        x0, y0, x1, y1 = box
        box = (1 - y1, x0, 1 - y0, x1)
    return box


def visible_box(box: Box) -> Box | None:
    """A box cut to the page, or nothing where none of it is on the page."""
    x0, y0, x1, y1 = box
    x0, y0 = round(max(0.0, x0), 5), round(max(0.0, y0), 5)
    x1, y1 = round(min(1.0, x1), 5), round(min(1.0, y1), 5)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def check_page(page: int, pages: int) -> None:
    """Refuse a page (1-based) that the document does not have."""
    if not 1 <= page <= pages:
        raise ParserRefusedError(f"文件没有第 {page} 页（共 {pages} 页）。")
