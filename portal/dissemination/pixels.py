"""Pixels in, JPEG out: the few operations on page images that the other modules share.

A page is RGB, eight bits a channel, rows from the top. JPEG is what a signed copy holds: about a fifth of PNG for
scans, and PDF takes it as it is, so that the digest of the bytes that the leader saw is the digest of the bytes that
the copy holds.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Protocol

import pylopdf_fonts_zh_cn as fonts
from PIL import Image, ImageChops, ImageDraw, ImageFont

from archive_store.forms.typesetting import printable

QUALITY = 80
POINTS_AN_INCH = 72
_COLOUR_STEP = 24  # a channel difference that the eye calls colour once a 4x4 square is averaged


class RasterPage(Protocol):
    """A rendered page: `rgb` holds width x height x 3 bytes."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def rgb(self) -> bytes: ...


def as_image(page: RasterPage) -> Image.Image:
    """The page as an image that may be drawn on; nothing but pixels comes along."""
    return Image.frombytes("RGB", (page.width, page.height), page.rgb)


def jpeg(image: Image.Image, quality: int = QUALITY, subsampling: str = "4:4:4") -> bytes:
    """The image as baseline JPEG without any metadata; grey where it has no colour."""
    out = io.BytesIO()
    (image if has_colour(image) else image.convert("L")).save(out, "JPEG", quality=quality, subsampling=subsampling)
    return out.getvalue()


def has_colour(image: Image.Image) -> bool:
    """Whether a seal, a coloured pen or a photograph would lose something in grey."""
    red, green, blue = image.reduce(4).split()
    steps = (ImageChops.difference(red, green), ImageChops.difference(green, blue))
    return max(step.getextrema()[1] for step in steps) >= _COLOUR_STEP  # type: ignore[operator]  # one channel each


@lru_cache(maxsize=64)
def face(size: int) -> ImageFont.FreeTypeFont:
    """The sans face at a size in pixels."""
    return ImageFont.truetype(str(fonts.sans_path()), size)


def words_mask(words: str, size: int) -> Image.Image:
    """The words as a mask (255 where ink is), cut to their own extent."""
    shown = printable(words)
    letters = face(size)
    left, top, right, bottom = (round(edge) for edge in letters.getbbox(shown))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(mask).text((-left, -top), shown, fill=255, font=letters)
    return mask
