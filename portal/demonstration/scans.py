"""Pages as a scanner gives them: turned a little, uneven, noisy, without a text layer.

Nothing here is random beyond its seed: the same page and seed give the same bytes.
"""

from __future__ import annotations

import io
import random
from time import struct_time
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

DPI = 150
PAPER = 246
NOISE = 0.055


def scanned(page: Image.Image, seed: str) -> Image.Image:
    """One page as it comes from the scanner: turned by 0.4 to 1.6 degrees, shadow at one edge, dust and noise."""
    chance = random.Random(seed)  # noqa: S311 - the noise of a picture
    angle = chance.choice((-1, 1)) * chance.uniform(0.4, 1.6)
    turned = page.rotate(angle, Image.Resampling.BILINEAR, expand=False, fillcolor=(255, 255, 255))
    paper = Image.new("RGB", page.size, (PAPER, PAPER, PAPER - 6))
    shaded = ImageChops.multiply(ImageChops.multiply(turned, paper), _shadow(page.size, chance))
    return Image.blend(shaded, _noise(page.size, chance), NOISE)


def _noise(size: tuple[int, int], chance: random.Random) -> Image.Image:
    grain = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    return Image.merge("RGB", (grain, grain, grain))


def _shadow(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """The dark strip that the lid leaves at one side."""
    strip = Image.linear_gradient("L").rotate(chance.choice((90, 270))).resize(size)
    lifted = strip.point([min(255, 214 + value) for value in range(256)])
    return Image.merge("RGB", (lifted, lifted, lifted))


def as_pdf(pages: Sequence[Image.Image], on: date) -> bytes:
    """The scanned pages as a PDF of JPEG images."""
    stamp = struct_time((on.year, on.month, on.day, 17, 0, 0, 0, 1, 0))
    target = io.BytesIO()
    pages[0].save(
        target,
        "PDF",
        resolution=DPI,
        save_all=True,
        append_images=pages[1:],
        quality=62,
        producer="",
        creationDate=stamp,
        modDate=stamp,
    )
    return target.getvalue()


def as_tiff(pages: Sequence[Image.Image]) -> bytes:
    """The scanned pages as one grey TIFF of several pages."""
    grey = [page.convert("L") for page in pages]
    target = io.BytesIO()
    grey[0].save(
        target, "TIFF", compression="tiff_adobe_deflate", dpi=(DPI, DPI), save_all=True, append_images=grey[1:]
    )
    return target.getvalue()
