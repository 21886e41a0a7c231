"""What the rest of the house asks of uploaded files, as typed calls into the parser processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from archive_store.parsing.errors import ParserFailedError

if TYPE_CHECKING:
    from archive_store.parsing.pool import ParserPool

INSIDE = "archive_store.parsing.inside"
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is. `pages` is None where it has none to read; `problem` is a sentence, empty where all is well."""

    media_type: str
    extension: str
    pages: int | None = None
    duration_seconds: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PageImage:
    """Pixels of a page: RGB, 8 bits, row by row from the top."""

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page with a box for each character: fractions of the page, origin top left (x0, y0, x1, y1)."""

    text: str
    boxes: tuple[Box, ...]


class Documents:
    """Probes, renders and reads files in parser processes; errors as for `ParserPool.run`."""

    def __init__(self, pool: ParserPool) -> None:
        self._pool = pool

    def probe(self, file: BinaryIO) -> Probe:
        """What the file is; a file that breaks the parser has its problem named."""
        try:
            return Probe(**self._pool.run(f"{INSIDE}:probe", [file]).value)
        except ParserFailedError:
            return Probe("application/octet-stream", "bin", problem="文件使解析程序中断，无法读取")

    def render(
        self, file: BinaryIO, media_type: str, page: int, *, width: int | None = None, dpi: int | None = None
    ) -> PageImage:
        """One page (1-based) as pixels, `width` wide or at `dpi`."""
        result = self._pool.run(f"{INSIDE}:render", [file], media_type=media_type, page=page, width=width, dpi=dpi)
        wide, high = result.value
        return PageImage(wide, high, result.blobs[0])

    def text(self, file: BinaryIO, media_type: str, page: int) -> PageText:
        """The text layer of a page (1-based); empty where it has none."""
        value = self._pool.run(f"{INSIDE}:text", [file], media_type=media_type, page=page).value
        return PageText(value["text"], tuple((b[0], b[1], b[2], b[3]) for b in value["boxes"]))
