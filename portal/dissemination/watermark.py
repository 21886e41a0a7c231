"""The visible watermark: who looks at a page and when, or for whom a copy was made.

Diagonal lines over the whole page, a sixth of the way to middle grey: dark letters stay dark and light paper stays
light, so nothing is hidden (contrast of black on white stays above 10:1), yet light and dark parts of a page both carry
it. The mask is made once for a viewer and a page size and then laid on in one pass.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from PIL import Image

from portal.dissemination.pixels import RasterPage, as_image, jpeg, words_mask

if TYPE_CHECKING:
    from datetime import datetime

GREY = (128, 128, 128)
OPACITY = 40  # of 255
ANGLE = 28.0
VIEW_QUALITY = 78

_WORDS_PER_WIDTH = 30  # size of a letter: width of the page over this
_SMALLEST_LETTER = 9
_LARGEST_LETTER = 48

MaskKey = tuple[tuple[str, ...], int, int]


class WatermarkPress:
    """Lays watermarks; keeps the masks that were used last. Safe for many threads."""

    def __init__(self, kept: int = 32) -> None:
        self._kept = kept
        self._masks: OrderedDict[MaskKey, Image.Image] = OrderedDict()
        self._lock = Lock()

    def view_jpeg(self, page: RasterPage, viewer: str, moment: datetime) -> bytes:
        """The page as a reader sees it: JPEG with the viewer's name and the time to the minute."""
        image = as_image(page)
        self.lay(image, (viewer, f"{moment:%Y-%m-%d %H:%M}"))
        return jpeg(image, VIEW_QUALITY, "4:2:0")

    def lay(self, image: Image.Image, lines: tuple[str, ...]) -> None:
        """Lay the lines over the RGB image, in place."""
        image.paste(GREY, (0, 0), self._mask((lines, image.width, image.height)))

    def _mask(self, key: MaskKey) -> Image.Image:
        with self._lock:
            mask = self._masks.pop(key, None)
        if mask is None:
            mask = page_mask(*key)
        with self._lock:
            self._masks[key] = mask
            while len(self._masks) > self._kept:
                self._masks.popitem(last=False)
        return mask


def page_mask(lines: tuple[str, ...], width: int, height: int) -> Image.Image:
    """A mask of the page's size in which the lines repeat, turned."""
    tile = _tile(lines, max(_SMALLEST_LETTER, min(_LARGEST_LETTER, min(width, height) // _WORDS_PER_WIDTH)))
    mask = Image.new("L", (width, height), 0)
    for row, top in enumerate(range(0, height, tile.height)):
        shift = -(row % 2) * tile.width // 2  # every second row is set off, so that no straight lane stays bare
        for left in range(shift, width, tile.width):
            mask.paste(tile, (left, top))
    return mask


def _tile(lines: tuple[str, ...], letter: int) -> Image.Image:
    masks = [words_mask(line, letter) for line in lines]
    pitch = round(letter * 1.4)
    block = Image.new("L", (max(mask.width for mask in masks), pitch * len(masks)), 0)
    for number, mask in enumerate(masks):
        block.paste(mask, ((block.width - mask.width) // 2, number * pitch))
    turned = block.rotate(ANGLE, resample=Image.Resampling.BICUBIC, expand=True)
    tile = Image.new("L", (turned.width + 3 * letter, turned.height + 2 * letter), 0)
    tile.paste(turned, ((tile.width - turned.width) // 2, (tile.height - turned.height) // 2))
    return tile.point([value * OPACITY // 255 for value in range(256)])
