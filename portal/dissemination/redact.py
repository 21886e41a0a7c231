"""Redaction: solid boxes burnt into the pixels of a rendered page.

A box replaces the pixels below it; nothing of the page's own objects, text or metadata is taken over, so what lay under
a box is gone. That a release does not depend on it by one byte is proven in the tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from archive_store.errors import InvalidInputError
from portal.dissemination.pixels import words_mask

if TYPE_CHECKING:
    from collections.abc import Iterable

INK = (0, 0, 0)
LETTER = (255, 255, 255)

_MARGIN = 1  # pixels added at each side: the soft edge of a letter that just touches the box
_SMALLEST_LETTER = 8
_LARGEST_LETTER = 26


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a page (from 1) in fractions of its width and height, origin top left.

    `ground` is the code of the ground, `number` what the box shows of it (`archive_store.regulation.grounds`).

    Raises:
        InvalidInputError: it is empty or reaches beyond the page.
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    ground: str
    number: int

    def __post_init__(self) -> None:
        """Refuse what is no part of a page (also not-a-number, which fails every comparison)."""
        if self.page < 1:
            raise InvalidInputError("遮盖框没有对应的页，请重新绘制。", "page")
        if not (0 <= self.x0 < self.x1 <= 1 and 0 <= self.y0 < self.y1 <= 1):
            raise InvalidInputError("遮盖框超出页面或没有面积，请重新绘制。", "box")

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in pixels, rounded outwards: never less than what was drawn."""
        return (
            max(0, math.floor(self.x0 * width) - _MARGIN),
            max(0, math.floor(self.y0 * height) - _MARGIN),
            min(width, math.ceil(self.x1 * width) + _MARGIN),
            min(height, math.ceil(self.y1 * height) + _MARGIN),
        )

    def meets(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        """Whether the rectangle (fractions of the same page) shares some area with the box."""
        return x0 < self.x1 and x1 > self.x0 and y0 < self.y1 and y1 > self.y0


def burn(image: Image.Image, boxes: Iterable[Box]) -> None:
    """Replace the pixels under the boxes, in place; each box shows the number of its ground where it fits."""
    places = [(box, box.pixels(image.width, image.height)) for box in boxes]
    for _, place in places:
        image.paste(INK, place)
    for box, place in places:
        _label(image, place, str(box.number))


def cover_of(size: tuple[int, int], boxes: Iterable[Box]) -> Image.Image:
    """What a page of this size shows at its boxes: the boxes alone, transparent elsewhere (RGBA)."""
    boxes = tuple(boxes)
    drawn = Image.new("RGB", size, LETTER)
    burn(drawn, boxes)
    covered = Image.new("L", size, 0)
    for box in boxes:
        covered.paste(255, box.pixels(*size))
    drawn.putalpha(covered)
    return drawn


def _label(image: Image.Image, place: tuple[int, int, int, int], words: str) -> None:
    left, top, right, bottom = place
    room = bottom - top - 2
    letter = min(_LARGEST_LETTER, round(room * 0.8))
    if letter < _SMALLEST_LETTER:
        return
    mask = words_mask(words, letter)
    if mask.width + 4 <= right - left and mask.height <= room:
        at = (left + (right - left - mask.width) // 2, top + (bottom - top - mask.height) // 2)
        image.paste(LETTER, at, mask)
