"""Make the page images that will leave: watermark, boxes, a line at the foot, JPEG.

The order matters: boxes are burnt over the watermark, so that what a box shows is the same whatever lies below; the
line at the foot stands on a strip that is added under the page, so that it hides nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from portal.dissemination.pixels import RasterPage, as_image, jpeg, words_mask
from portal.dissemination.redact import Box, burn
from portal.dissemination.release import ReleasedPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.dissemination.watermark import WatermarkPress

PAPER = (255, 255, 255)
RULE = (170, 170, 170)
LETTER = (60, 60, 60)
STRIP_INCHES = 0.28
LONGEST_SIDE_INCHES = 17  # A3; a photograph of many megapixels is brought down to it


@dataclass(frozen=True, slots=True)
class CopyMark:
    """What every page of a copy says of the copy that it belongs to."""

    request_number: str
    recipient: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the watermark."""
        return (f"复制件 {self.request_number}", self.recipient)

    def foot(self, position: int, page: int, pages: int) -> str:
        """The line at the foot of a page."""
        return f"申请编号 {self.request_number}　领取人 {self.recipient}　第 {position} 项　第 {page} 页，共 {pages} 页"


@dataclass(frozen=True, slots=True)
class ReleasedImage:
    """A page as it will leave: its JPEG bytes and what the manifest says of it."""

    jpeg: bytes
    page: ReleasedPage


def release_page(
    raster: RasterPage,
    boxes: Sequence[Box],
    mark: CopyMark,
    place: tuple[int, int, int],
    press: WatermarkPress,
    dpi: int,
) -> ReleasedImage:
    """Make one page of a release.

    Args:
        raster: the page as rendered at `dpi`.
        boxes: what is covered on this page (their own page numbers are not looked at).
        mark: whose copy it is.
        place: number of the item, of the page in it, and how many pages the item has.
        press: lays the watermark.
        dpi: dots an inch.
    """
    image = within_limits(as_image(raster), dpi)
    press.lay(image, mark.lines)
    burn(image, boxes)
    content = jpeg(with_foot(image, mark.foot(*place), dpi))
    height = image.height + strip_height(dpi)
    digest = hashlib.sha256(content).hexdigest()
    return ReleasedImage(content, ReleasedPage(number=place[1], width=image.width, height=height, sha256=digest))


def within_limits(image: Image.Image, dpi: int) -> Image.Image:
    """The image, made smaller where it is larger than any sheet."""
    longest = LONGEST_SIDE_INCHES * dpi
    if max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def strip_height(dpi: int) -> int:
    """Height in pixels of the strip under a page."""
    return round(STRIP_INCHES * dpi)


def with_foot(image: Image.Image, words: str, dpi: int) -> Image.Image:
    """The image with a strip below it that carries the words, made smaller until they fit."""
    strip = strip_height(dpi)
    sheet = Image.new("RGB", (image.width, image.height + strip), PAPER)
    sheet.paste(image, (0, 0))
    sheet.paste(RULE, (0, image.height, image.width, image.height + max(1, dpi // 150)))
    mask = words_mask(words, max(6, strip // 2))
    room = image.width - strip // 2
    if mask.width > room:
        mask = mask.resize((max(1, room), max(1, mask.height * room // mask.width)), Image.Resampling.LANCZOS)
    at = ((image.width - mask.width) // 2, image.height + (strip - mask.height) // 2)
    sheet.paste(LETTER, at, mask)
    return sheet
