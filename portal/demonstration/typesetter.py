"""Documents set by typst: the same data always gives the same bytes.

Data goes in as JSON (`sys.inputs.page`), never as markup; only the two fonts of the package are used; the date in
the PDF's metadata is the document's own.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from datetime import UTC, date, datetime, time
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pylopdf_fonts_zh_cn as fonts
import typst
from PIL import Image

if TYPE_CHECKING:
    from types import TracebackType

MAIN = "document.typ"


class Typesetter:
    """Compiles pages in a folder of its own that holds the templates and the pictures of the documents."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="anjuan-demonstration-")
        self.root = Path(self._folder.name)
        with as_file(files(__package__).joinpath("templates")) as templates:
            shutil.copytree(templates, self.root, dirs_exist_ok=True)
        self._compiler = typst.Compiler(
            root=str(self.root),
            font_paths=typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[str(fonts.sans_path().parent)],
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def pdf(self, page: dict[str, Any], on: date) -> bytes:
        """The document as a PDF whose metadata bears the date `on`."""
        (made,) = self._compiled(page, "pdf", timestamp=_noon(on))
        return made

    def images(self, page: dict[str, Any], dpi: int) -> list[Image.Image]:
        """Every page of the document as an RGB picture."""
        made = self._compiled(page, "png", ppi=dpi)
        return [Image.open(io.BytesIO(png)).convert("RGB") for png in made]

    def _compiled(
        self,
        page: dict[str, Any],
        output: Literal["pdf", "png"],
        ppi: float | None = None,
        timestamp: datetime | None = None,
    ) -> list[bytes]:
        made = self._compiler.compile(
            str(self.root / MAIN), format=output, ppi=ppi, sys_inputs=_inputs(page), timestamp=timestamp
        )
        return made if isinstance(made, list) else [made or b""]

    def keep_picture(self, name: str, content: bytes) -> None:
        """Lay a picture beside the templates, so that a page can name it."""
        (self.root / name).write_bytes(content)


def _inputs(page: dict[str, Any]) -> dict[str, str]:
    return {"page": json.dumps(page, ensure_ascii=False, sort_keys=True)}


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(4, 0), tzinfo=UTC)
